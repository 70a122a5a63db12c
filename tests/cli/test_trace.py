"""`--trace` shows what was sent, also of a command that fails, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

import requests_oauth2client

pytestmark = pytest.mark.skipif(
    not hasattr(requests_oauth2client, "recording"), reason="there is no recorder in this version"
)


def test_a_page_shows_what_was_sent(run, place: Path) -> None:
    ended = run("token", "-p", "robot", "--trace=page.html")
    assert ended.code == 0
    page = (place / "page.html").read_text()
    assert "client_credentials" in page
    assert ended.out.strip() not in page
    assert "a-secret-of-the-robot" not in page


def test_the_text_goes_to_stderr(run, server) -> None:
    server.fail("token", times=5, status=400, body='{"error": "invalid_scope"}')
    ended = run("token", "-p", "robot", "--trace")
    assert (ended.code, ended.out) == (3, "")
    assert "invalid_scope" in ended.err
    assert "/token" in ended.err
    assert "a-secret-of-the-robot" not in ended.err


def test_a_page_that_cannot_be_written_does_not_hide_the_result(run) -> None:
    ended = run("token", "-p", "robot", "--trace=/no/such/folder/page.html")
    assert ended.code == 0
    assert "can't be written" in ended.err
