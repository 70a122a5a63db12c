"""Sites whose clients know nothing but their issuer, and clients that sign or push what they ask for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from requests_oauth2client import PrivateKeyJwt
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer

from . import flask_site, starlette_site
from .browsers import BASE, Browser

FRAMEWORKS: dict[str, Callable[..., Any]] = {"flask": flask_site.build, "starlette": starlette_site.build}
KEY = {**generate_private_jwk("ES256"), "kid": "mine"}


class Stage:
    """Sites of one kind, with one store."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self.build, self.store = build, MemoryStore(key=b"k" * 32)

    def site(self, server: AuthorizationServer, **settings: Any) -> Browser:
        known = {"issuer": server.issuer, "auth": ("app", "secret"), "scope": "openid email offline_access"}
        _, wire = self.build({"main": {**known, **settings}}, "https://api.test", store=self.store)
        return Browser(wire, server)


@pytest.fixture(params=FRAMEWORKS)
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(FRAMEWORKS[request.param])


def user_of(browser: Browser) -> Any:
    return json.loads(browser.open("/open").text)["user"]


def count(server: AuthorizationServer, endpoint: str) -> int:
    return [one.endpoint for one in server.requests].count(endpoint)


def test_the_provider_is_found_at_the_first_login(stage: Stage, oauth_server: AuthorizationServer) -> None:
    browser = stage.site(oauth_server)
    assert oauth_server.requests == [], "a site can be made while its provider is down"
    browser.log_in("/")
    assert user_of(browser) == "alice"
    assert count(oauth_server, "configuration") == 1


def test_a_worker_that_knows_nothing_yet_finishes_a_login(stage: Stage, oauth_server: AuthorizationServer) -> None:
    browser = stage.site(oauth_server)
    callback = oauth_server.log_in(browser.begin("/"))
    browser.wire = stage.site(oauth_server).wire
    assert browser.end(callback).status == 303
    assert user_of(browser) == "alice"


def test_a_worker_that_knows_nothing_yet_ends_a_login(stage: Stage, oauth_server: AuthorizationServer) -> None:
    browser = stage.site(oauth_server)
    browser.log_in("/")
    browser.wire = stage.site(oauth_server).wire
    page = browser.open("/auth/logout", form={})
    assert str(page.location).startswith(oauth_server.metadata["end_session_endpoint"])
    assert parse_qs(urlsplit(str(page.location)).query)["post_logout_redirect_uri"] == [f"{BASE}/"]
    assert count(oauth_server, "revocation") == 2
    browser.wire = stage.site(oauth_server).wire
    browser.log_in("/")
    (token, *_) = oauth_server.log_out("alice")
    fresh = stage.site(oauth_server)
    assert fresh.open("/auth/main/backchannel-logout", form={"logout_token": token}).status == 200
    assert user_of(browser) is None


@pytest.mark.parametrize("action", ["login?next=/", "callback?code=x&state=y"])
def test_a_provider_that_is_down_is_an_error_page(stage: Stage, oauth_server: AuthorizationServer, action: str) -> None:
    browser = stage.site(oauth_server, retries=None)
    callback = oauth_server.log_in(begun_elsewhere(stage, oauth_server, browser)) if action[0] == "c" else None
    oauth_server.fail("configuration", times=10)
    page = browser.open(f"/auth/main/{action}") if callback is None else browser.end(callback)
    assert page.status == 400
    oauth_server.fail("configuration", times=0)


def begun_elsewhere(stage: Stage, server: AuthorizationServer, browser: Browser) -> str:
    """Begin a login at a site, and go on at a worker that knows nothing yet."""
    url = browser.begin("/")
    browser.wire = stage.site(server, retries=None).wire
    return url


@pytest.mark.parametrize("form", [False, True])
def test_a_state_that_comes_twice_is_refused(stage: Stage, oauth_server: AuthorizationServer, form: bool) -> None:
    browser = stage.site(oauth_server, response_mode="form_post" if form else "query")
    callback = oauth_server.log_in(browser.begin("/"))
    if form:
        fields = {**callback.form, "state": [callback.form["state"]] * 2}
        page = browser.open(callback.redirect_uri, form=fields, cross_site=True)
    else:
        page = browser.open(f"{callback}&state={callback.form['state']}")
    assert page.status == 400
    assert user_of(browser) is None


@pytest.mark.parametrize("push", [None, True])
def test_requests_are_signed_and_pushed_by_settings_alone(stage: Stage, push: bool | None) -> None:
    registered = {
        "redirect_uris": [f"{BASE}/auth/main/callback"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public_jwk(KEY)]},
        "require_signed_request_object": True,
    }
    server = AuthorizationServer(clients={"app": registered})
    with server.installed():
        settings = {"auth": PrivateKeyJwt("app", KEY), "request_object_signing_key": KEY, "push": push}
        browser = stage.site(server, **settings, scope="openid")
        url = browser.begin("/")
        assert ("request_uri=" if push else "request=") in url
        assert "state=" not in url
        assert browser.end(server.log_in(url)).status == 303
        assert user_of(browser) == "alice"
