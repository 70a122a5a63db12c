"""docs/architecture.md names every module, and no other."""

from __future__ import annotations

import re

from .documents import ROOT, markdown_blocks, markdown_headings

PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "src" / "requests_oauth2client"
# Public packages, named as a whole.
HOMES = {"aio", "cli", "stores", "flask", "starlette", "django", "web", "testing", "vendor_specific"}


def modules() -> set[str]:
    """Every file, and every public package: `_core/effects`, `tokens`, `stores`."""
    paths = {path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")}
    return {str(path) for path in paths if path.name != "__init__" and path.parts[0] not in HOMES} | HOMES


def named_modules() -> set[str]:
    """Collect what stands in the first column of the tables, and the files of `_jose`."""
    section = PAGE.read_text().partition("## Where each thing is")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    jose = next(line for line in section.splitlines() if line.startswith("**JOSE**"))
    cells.append(f"`_jose`: {jose.partition(':')[2]}")
    named = set()
    for part in (part for cell in cells for part in cell.split(";")):
        folder, _, files = part.partition("`:") if "`:" in part else ("", "", part)
        prefix = f"{folder.strip().strip('`')}/" if folder else ""
        named |= {f"{prefix}{name}" for name in re.findall(r"`(\w+)`", files)}
    return named


def test_every_module_is_named() -> None:
    assert modules() - named_modules() == set()


def test_no_module_is_named_that_is_not_there() -> None:
    assert named_modules() - modules() == set()


def test_the_picture_shows_every_layer() -> None:
    picture = PAGE.read_text().split("```")[1]
    assert [
        layer for layer in ("_drivers", "_protocol", "_renewal", "model", "_jose", "_core") if layer not in picture
    ] == []
    assert markdown_blocks(PAGE) == []
    assert "The layer rule" in markdown_headings(PAGE)
