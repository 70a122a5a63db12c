"""A recording shows a login of a web site from the browser's first request to its last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from requests_oauth2client import recording
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer

from . import flask_site, starlette_site
from .browsers import Browser

SECRET = "planted-secret-of-the-site"


def browser_of(build: Callable[..., Any], server: AuthorizationServer) -> Browser:
    names = ("token_endpoint", "authorization_endpoint", "jwks_uri", "issuer", "end_session_endpoint")
    settings = {"auth": ("app", SECRET), "scope": "openid", **{name: server.metadata[name] for name in names}}
    _, wire = build({"main": settings}, "https://api.test", store=MemoryStore(key=b"k" * 32))
    return Browser(wire, server)


@pytest.mark.parametrize("build", [flask_site.build, starlette_site.build], ids=["flask", "starlette"])
def test_a_login_is_seen_from_its_first_request_to_its_last(
    build: Callable[..., Any], oauth_server: AuthorizationServer
) -> None:
    browser = browser_of(build, oauth_server)
    with recording(all_threads=True) as story:
        browser.log_in("/")
    assert [(one.source, one.target, one.note) for one in story.exchanges if one.note] == [
        ("browser", "application", "login"),
        ("browser", "authorization server", "authorization request"),
        ("browser", "application", "callback"),
        ("application", "authorization server", "authorization_code"),
    ]
    callback = next(one for one in story.exchanges if one.note == "callback")
    assert [check.name for check in callback.checks] == ["state", "iss"]
    assert callback.status in {302, 303}
    told = (story.text(), story.html(), story.har(), story.mermaid())
    cookies = [value for value in browser.cookies.values() if len(value) > 3]
    assert cookies
    assert [secret for secret in (SECRET, *cookies) for form in told if secret in form] == []
