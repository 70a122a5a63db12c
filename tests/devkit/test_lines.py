"""Counting lines: each layer of pyproject.toml has a name, and the sum is that of the files."""

from __future__ import annotations

import pytest

from devkit import lines
from devkit.root import PACKAGE


def test_each_layer_has_a_name_and_each_file_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    lines.main()
    total = capsys.readouterr().out.splitlines()[-1]
    assert f"| {len(list(PACKAGE.rglob('*.py')))} |" in total
