"""docs/specifications.md names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "specifications.md").read_text()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w/]+(?:\.py|/))`", PAGE))))
def test_a_named_file_exists(path: str) -> None:
    places = [ROOT / path, ROOT / "src" / "requests_oauth2client" / path, ROOT / "tests" / "real" / path]
    assert [place for place in places if place.exists()], path


@pytest.mark.parametrize("row", [line for line in PAGE.splitlines() if line.startswith("| ")][1:])
def test_a_row_has_a_specification_its_rules_and_its_proof(row: str) -> None:
    specification, rules, real = (cell.strip() for cell in row.strip("|").split(" | "))
    assert specification
    assert "`" in rules
    assert real == "none" or real.startswith("`test_")
