"""Every program on a page of docs/providers runs as written, with the provider's own host names."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.contract.documents import ROOT, markdown_blocks

from .page import Page
from .people import Reader, own_computer

FOLDER = ROOT / "docs" / "providers"
PAGES = [*sorted(path for path in FOLDER.glob("*.md") if path.name != "index.md"), ROOT / "docs" / "odd-servers.md"]


def page_of(document: Path) -> Page:
    """Return what is known about a page."""
    page: Page = import_module(f"tests.providers.{document.stem.replace('-', '_')}").PAGE
    return page


@pytest.mark.filterwarnings("ignore:.*was given no store")
@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.stem)
def test_every_program_of_a_page_runs(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(document)
    reader = Reader(page.shapes())
    page.prepare(tmp_path)
    with own_computer(reader, tmp_path, monkeypatch):
        for block in markdown_blocks(document):
            reader.run(block)
            page.checks.get(block.heading, lambda *_: None)(reader, block)


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.stem)
def test_every_check_has_its_program(document: Path) -> None:
    assert set(page_of(document).checks) <= {block.heading for block in markdown_blocks(document)}
