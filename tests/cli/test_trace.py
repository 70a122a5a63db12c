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


@pytest.mark.parametrize("arguments", [["--trace", "-p", "robot"], ["-p", "robot", "--trace"]])
def test_a_bare_trace_takes_no_argument_of_the_command(run, server, arguments: list[str]) -> None:
    ended = run("call", *arguments, f"{server.issuer}/jwks")
    assert ended.code == 0
    assert "client_credentials" in ended.err


def test_a_file_may_also_follow(run, place: Path) -> None:
    assert run("token", "-p", "robot", "--trace", "page.html").code == 0
    assert "client_credentials" in (place / "page.html").read_text()


def test_a_failed_login_is_a_picture_with_one_flag(log_in, server, place: Path) -> None:
    server.misbehave("unsigned_id_token")
    ended = log_in("work", "--trace=login.html")
    assert ended.code == 3
    page = (place / "login.html").read_text()
    assert '<li><a href="#x' in page  # what failed, above the diagram
    assert "OIDC Core 3.1.3.7" in page
