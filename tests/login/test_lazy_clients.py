"""A client that knows nothing but its issuer logs users in, in every way."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.flavors import Flavor
from requests_oauth2client import BrowserLogin, DeviceLogin, Login, PasteLogin
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer

LOOPBACK = "http://127.0.0.1/callback"


def made(flavor: Flavor, server: AuthorizationServer, **settings: Any) -> Any:
    return flavor.named("OAuth2Client")(issuer=server.issuer, auth="my-cli", retries=None, **settings)


def paste(server: AuthorizationServer) -> PasteLogin:
    told: list[str] = []

    def ask(_: str) -> str:
        return str(server.log_in(told[0].rpartition(" ")[2]))

    return PasteLogin(ask=ask, tell=told.append)


def code(server: AuthorizationServer) -> DeviceLogin:
    def tell(text: str) -> None:
        if "type in the code" in text:
            server.approve(text.rpartition(" ")[2])

    return DeviceLogin(tell=tell)


@pytest.mark.parametrize("way", [paste, code, lambda server: Login(code(server)), lambda server: Login(paste(server))])
def test_each_way_finds_its_server(flavor: Flavor, oauth_server: AuthorizationServer, way: Any) -> None:
    auth = flavor.named("OAuth2LoginAuth")(made(flavor, oauth_server), way(oauth_server))
    assert oauth_server.requests == []
    token = flavor.run(auth.get_token())
    assert (token.id_token.subject, token.id_token.checked) == ("alice", True)
    assert token.refresh_token, "offline_access is listed by the server, and was asked for"
    assert [one.endpoint for one in oauth_server.requests].count("configuration") == 1


def test_a_function_gets_a_request_that_knows_its_server(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    client = made(flavor, oauth_server, redirect_uri=LOOPBACK)
    auth = flavor.named("OAuth2LoginAuth")(client, oauth_server.log_in)
    assert flavor.run(auth.get_token()).id_token.subject == "alice"


def test_a_browser_gets_a_mode_that_the_server_lists(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    from tests.login.test_logins import Browser

    browser = Browser(oauth_server)
    auth = flavor.named("OAuth2LoginAuth")(
        made(flavor, oauth_server), BrowserLogin(open_browser=browser, tell=lambda _: None)
    )
    assert flavor.run(auth.get_token()).id_token.subject == "alice"
    browser.join()
    assert "response_mode=form_post" in browser.urls[0]


def test_logins_are_pushed_where_the_server_demands_it(flavor: Flavor) -> None:
    registered = {
        "redirect_uris": [LOOPBACK],
        "token_endpoint_auth_method": "none",
        "require_pushed_authorization_requests": True,
    }
    server = AuthorizationServer(clients={"my-cli": registered})
    with server.installed():
        client = made(flavor, server, push=True)
        auth = flavor.named("OAuth2LoginAuth")(client, paste(server), scope="openid")
        assert flavor.run(auth.get_token()).id_token.subject == "alice"
    assert "pushed_authorization_request" in "".join(one.endpoint for one in server.requests)


def test_a_logout_tells_a_server_that_has_to_be_found_first(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    store = MemoryStore(key=b"k" * 32)

    def handler() -> Any:
        client = made(flavor, oauth_server)
        return flavor.named("OAuth2LoginAuth")(client, paste(oauth_server), store=store, subject="me")

    flavor.run(handler().get_token())
    assert flavor.run(handler().log_out()) is True
    assert [one.endpoint for one in oauth_server.requests].count("revocation") == 2
    flavor.run(handler().get_token())
    oauth_server.fail("configuration", times=9)
    assert flavor.run(handler().log_out()) is False, "nobody knows whether there is a revocation endpoint"
