"""docs/architecture.md names every module, and no other."""

from __future__ import annotations

import re

from .documents import ROOT, markdown_blocks, markdown_headings

PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "src" / "requests_oauth2client"


def modules() -> set[str]:
    folders = (PACKAGE, PACKAGE / "_protocol", PACKAGE / "_jose")
    names = {path.stem for folder in folders for path in folder.glob("*.py")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return (names | packages) - {"__init__"}


def tables_of_modules() -> set[str]:
    """Collect what stands in the first column of the tables, and the files of `_jose`."""
    section = PAGE.read_text().partition("## Where each thing is")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    jose = next(line for line in section.splitlines() if line.startswith("**JOSE**"))
    return set(re.findall(r"`(\w+)`", " ".join([*cells, jose])))


def test_every_module_is_named() -> None:
    assert modules() - tables_of_modules() == {"_protocol"}


def test_no_module_is_named_that_is_not_there() -> None:
    assert tables_of_modules() - modules() == set()


def test_the_picture_shows_every_layer() -> None:
    picture = PAGE.read_text().split("```")[1]
    assert [layer for layer in ("flavors", "protocol", "model", "jose", "ground") if layer not in picture] == []
    assert markdown_blocks(PAGE) == []
    assert "The layer rule" in markdown_headings(PAGE)
