"""Logins that fail, each in the way that docs/when-a-login-fails.md describes: functions that raise its errors."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import requests
import responses

from requests_oauth2client import ApiClient, OAuth2AccessTokenAuth, OAuth2Client, OAuth2LoginAuth
from requests_oauth2client.login import BrowserLogin
from requests_oauth2client.testing import AuthorizationServer

CALLBACK = "https://app.example.com/callback"
Failure = Callable[[AuthorizationServer], object]


def client_of(server: AuthorizationServer, **settings: Any) -> OAuth2Client:
    found = OAuth2Client(issuer=server.issuer, auth=("my-app", "my-secret"), redirect_uri=CALLBACK, **settings)
    found.discover()
    return found


def callback(server: AuthorizationServer, deny: str | None = None, **request: Any) -> tuple[OAuth2Client, Any, str]:
    client = client_of(server)
    azr = client.authorization_request(**request)
    return client, azr, str(server.log_in(azr, deny=deny))


def login(server: AuthorizationServer, deny: str | None = None, **request: Any) -> Any:
    client, azr, came = callback(server, deny, **request)
    return client.authorization_code(azr.validate_callback(came))


def known(**metadata: Any) -> AuthorizationServer:
    """A server that knows this client only."""
    given = {"client_secret": "the-right-secret", "redirect_uris": [CALLBACK], **metadata}
    return AuthorizationServer("https://login.test", clients={"my-app": given})


def wrong_secret(server: AuthorizationServer) -> None:
    with known(token_endpoint_auth_method="client_secret_post").installed() as strict:
        client = OAuth2Client(issuer=strict.issuer, auth=("my-app", "my-secret"))
        client.client_credentials()


def other_redirect_uri(server: AuthorizationServer) -> None:
    client, azr, came = callback(server)
    response = azr.validate_callback(came)
    client.authorization_code(str(response), redirect_uri=CALLBACK + "/", code_verifier=azr.code_verifier)


def other_state(server: AuthorizationServer) -> None:
    _, azr, _ = callback(server)
    _, _, other = callback(server)
    azr.validate_callback(other)


def without_issuer(server: AuthorizationServer) -> None:
    _, azr, came = callback(server)
    azr.validate_callback(re.sub(r"[?&]iss=[^&]*", "", came).replace("callback&", "callback?"))


def other_issuer(server: AuthorizationServer) -> None:
    _, azr, came = callback(server)
    azr.validate_callback(came.replace("as.test", "other.test"))


def empty_of_code(server: AuthorizationServer) -> None:
    _, azr, came = callback(server)
    azr.validate_callback(re.sub(r"code=[^&]*&?", "", came))


def code_twice(server: AuthorizationServer) -> None:
    client, azr, came = callback(server)
    client.authorization_code(azr.validate_callback(came))
    client.authorization_code(azr.validate_callback(came))  # the user has pressed "reload"


def lying(**claims: Any) -> Failure:
    def fails(server: AuthorizationServer) -> None:
        server.lie(**claims)
        login(server, scope="openid")

    return fails


def denied(error: str) -> Failure:
    return lambda server: login(server, deny=error, scope="openid")


def clock(seconds: int) -> Failure:
    """The server's clock is ahead of ours, or behind."""

    def fails(server: AuthorizationServer) -> None:
        from requests_oauth2client._core.times import timestamp

        server.lie(iat=timestamp() + seconds, exp=timestamp() + seconds + 300)
        login(server, scope="openid")

    return fails


def lost_keys(server: AuthorizationServer) -> None:
    from requests_oauth2client.testing.lies import LIES

    server.liar.sign = next(one for one in LIES if one.rule == "signature").sign
    login(server, scope="openid")


def unsigned(server: AuthorizationServer) -> None:
    server.misbehave("unsigned_id_token")
    login(server, scope="openid")


def no_openid(server: AuthorizationServer) -> None:
    login(server, scope="profile").subject  # noqa: B018


def no_refresh_token(server: AuthorizationServer) -> None:
    token = login(server, scope="openid")
    server.travel(4000)
    auth = OAuth2AccessTokenAuth(client_of(server), token)
    auth.get_token()


def refused_refresh(server: AuthorizationServer) -> None:
    token = login(server, scope="openid offline_access", prompt="consent")
    client = client_of(server)
    client.revoke_refresh_token(token)
    server.travel(4000)
    OAuth2AccessTokenAuth(client, token).get_token()


def slash(server: AuthorizationServer) -> None:
    with AuthorizationServer("https://as.example.com").installed():
        OAuth2Client(issuer="https://as.example.com/", auth="my-app").discover()


def plain_http(server: AuthorizationServer) -> None:
    OAuth2Client(issuer="http://keycloak:8080/realms/main", auth="my-app").discover()


def not_an_issuer(server: AuthorizationServer) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.get("https://www.example.com/.well-known/openid-configuration", body="<h1>Hello</h1>", status=404)
        web.get("https://www.example.com/.well-known/oauth-authorization-server", body="<h1>Hello</h1>", status=404)
        OAuth2Client(issuer="https://www.example.com", auth="my-app").discover()


def broken_tls(server: AuthorizationServer) -> None:
    with responses.RequestsMock() as web:
        problem = requests.exceptions.SSLError("certificate verify failed: unable to get local issuer certificate")
        web.post("https://as.example.com/token", body=problem)
        OAuth2Client("https://as.example.com/token", ("my-app", "my-secret"), retries=None).client_credentials()


def wrong_scope(server: AuthorizationServer) -> None:
    with known(scope="openid", grant_types=["client_credentials"]).installed() as strict:
        OAuth2Client(issuer=strict.issuer, auth=("my-app", "the-right-secret")).client_credentials(scope="api.admin")


def no_way(server: AuthorizationServer) -> None:
    client = OAuth2Client(issuer=server.issuer, auth="my-app", redirect_uri=CALLBACK)
    OAuth2LoginAuth(client, BrowserLogin(), scope="openid").get_token()


def no_answer(server: AuthorizationServer) -> None:
    client = OAuth2Client(issuer=server.issuer, auth="my-app")
    way = BrowserLogin(timeout=0, open_browser=lambda url: True, tell=lambda text: None)
    OAuth2LoginAuth(client, way, scope="openid").get_token()


def too_little_scope(server: AuthorizationServer) -> None:
    claims = {"aud": "another-api"}
    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({}, claims, {}))
    with responses.RequestsMock() as web:
        challenge = 'Bearer error="insufficient_scope", scope="things.write"'
        web.post("https://api.example.com/things", status=403, headers={"WWW-Authenticate": challenge})
        ApiClient("https://api.example.com", auth=OAuth2AccessTokenAuth(client_of(server), token)).post("things")
