"""The site is built without a warning; its links lead somewhere, its search finds what people look for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from devkit import site
from devkit.site_pages import as_in_the_site

from .documents import ROOT


@pytest.mark.timeout(900)  # it builds everything; a busy machine takes its time
def test_the_site_is_whole_and_can_be_searched(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devkit.site", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    page = re.sub(r"<[^>]+>", "", (tmp_path / "site" / "reference" / "get-tokens.html").read_text())
    assert "async AsyncOAuth2Client.client_credentials(" in " ".join(page.split())
    # words are kept by their stems
    index = (tmp_path / "site" / "searchindex.js").read_text()
    assert [word for word in ("fastapi", "refresh", "dpop", "mismatchingst") if f'"{word}":' not in index] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a><a href="b.html#gone">b</a><img src="no.svg">')
    (tmp_path / "b.html").write_text('<h1 id="here">b</h1><a href="https://example.com">out</a>')
    assert site.broken_links(tmp_path) == ["a.html: b.html#gone", "a.html: no.svg"]


@pytest.mark.parametrize(
    ("written", "file", "page", "shown"),
    [
        ("[a](docs/web.md#flask)", "README.md", "overview", "[a](/web.md#flask)"),
        ("[a](../README.md#errors)", "docs/recipes.md", "recipes", "[a](/overview.md#errors)"),
        ("[a](../CHANGELOG.md)", "docs/recipes.md", "recipes", "[a](/changelog.md)"),
        ("[`x`](../pyproject.toml)", "docs/recipes.md", "recipes", "`x`"),
        ("[a](https://example.com/x.md)", "README.md", "overview", "[a](https://example.com/x.md)"),
        ("[a](#here)", "docs/web.md", "web", "[a](#here)"),
        ("[a](../web.md)", "docs/decisions/README.md", "decisions/README", "[a](/web.md)"),
        ("```\n[a](docs/web.md)\n```", "README.md", "overview", "```\n[a](docs/web.md)\n```"),
        ('<img src="docs/web.md">', "README.md", "overview", '<img src="web.md">'),
        ('<img src="../web.md">', "docs/decisions/README.md", "decisions/README", '<img src="../web.md">'),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(written: str, file: str, page: str, shown: str) -> None:
    assert as_in_the_site(written, ROOT / file, page) == shown


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("providers/microsoft-entra.md#log-users-in-with-fastapi", "@app.get"),
        ("token-lifecycle.md", "one caller renews"),
        ("tutorials/testing.md", "oauth_server"),
        ("errors.md#mismatchingstate", "### MismatchingState"),
        ("agents.md", "MCP"),
    ],
)
def test_the_first_page_leads_there_with_one_click(target: str, word: str) -> None:
    assert f"]({target})" in (ROOT / "docs" / "index.md").read_text()
    assert word in (ROOT / "docs" / target.partition("#")[0]).read_text()
