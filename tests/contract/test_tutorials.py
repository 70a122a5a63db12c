"""Each tutorial is walked from its first line to its last: its files, its commands, and what they show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from .documents import ROOT
from .someone import press
from .walks import Walk

PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))


def logs_in_and_out(site: str) -> Callable[[Walk], None]:
    """Do what the page says to do in the browser."""

    def visit(walk: Walk) -> None:
        with requests.Session() as browser:
            home = walk.here(site)
            page = browser.get(home, timeout=60)
            assert "Log in" in page.text
            page = press(browser, page, "Log in")  # of the site
            page = press(browser, page, "Log in")  # of the provider
            assert (page.url, page.status_code) == (home, 200), page.text
            assert "Hello, alice@" in page.text
            page = press(browser, page, "Log out")
            assert "Hello" not in browser.get(home, timeout=60).text

    return visit


# What the reader does with the browser, under which heading.
AFTER: dict[tuple[str, str], Callable[[Walk], None]] = {
    ("flask.md", "The site"): logs_in_and_out("http://127.0.0.1:5000/"),
    ("fastapi.md", "The site"): logs_in_and_out("http://127.0.0.1:8000/"),
    ("django.md", "A project"): logs_in_and_out("http://127.0.0.1:8000/"),
}


@pytest.mark.timeout(900)  # some tens of programs are started, on a busy machine
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_step_works_and_shows_what_the_page_says(page: Path, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("project", "home")]
    for folder in folders:
        folder.mkdir(mode=0o700)
    with Walk(page, *folders) as walk:
        headings = []
        for language, heading, line, text in walk.blocks():
            if headings and heading != headings[-1]:
                AFTER.get((page.name, headings[-1]), lambda _: None)(walk)
            headings.append(heading)
            walk.take(language, line, text)
        AFTER.get((page.name, headings[-1]), lambda _: None)(walk)
    assert {heading for name, heading in AFTER if name == page.name} <= set(headings)
