"""Every program on a page of docs/providers runs as written, with the provider's own host names."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from requests_oauth2client import OAuth2Client
from requests_oauth2client.flask import Logins
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


def test_the_index_has_every_page_and_only_settings_that_exist() -> None:
    text = (FOLDER / "index.md").read_text()
    for page in FOLDER.glob("*.md"):
        assert page.name == "index.md" or f"({page.name}" in text, page.name
    known = set(inspect.signature(OAuth2Client).parameters) | set(inspect.signature(Logins.add).parameters)
    named = set(re.findall(r"`([a-z_]+)=[^`]*`", text))
    assert named <= known, named - known
    assert "metadata_url" in named


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_its_reader_looks_for(document: Path) -> None:
    if document.stem not in {"odd-servers", "further"}:
        text = document.read_text()
        headings = {"## Log out", "## Refresh", "## Errors"}
        assert {heading for heading in headings if heading not in text} == set()
        assert "egister" in text
