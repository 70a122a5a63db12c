"""Programs as users of today's API write them, one for each subject, against the real server: nothing to change.

Written from API-CONTRACT's names and parameters, with `requests` alone; what is new in this generation does not appear.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import flask
import pytest
import requests

from devkit.authorization_server import AuthorizationServer, TestClient
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi
from requests_oauth2client import (
    ApiClient,
    AuthorizationRequest,
    AuthorizationRequestSerializer,
    BackChannelAuthenticationPollingJob,
    BearerToken,
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    DeviceAuthorizationPollingJob,
    DPoPKey,
    DPoPToken,
    InvalidGrant,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
    PrivateKeyJwt,
    PublicApp,
    RequestParameterAuthorizationRequest,
    RequestUriParameterAuthorizationRequest,
    TokenSerializer,
)
from requests_oauth2client.flask import FlaskOAuth2ClientCredentialsAuth


class Provider:
    """The server, as a program sees it: an issuer, and credentials."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server = server
        self._clients: list[OAuth2Client] = []

    def known(self, name: str) -> TestClient:
        return self.server.clients[name]

    def client(self, name: str, auth: Any = None, **kwargs: Any) -> OAuth2Client:
        known = self.known(name)
        credential = known.client_secret or known.private_jwk
        given = auth or ((known.client_id, credential) if credential else known.client_id)
        client = OAuth2Client.from_discovery_endpoint(
            f"{self.server.issuer}/.well-known/openid-configuration",
            issuer=self.server.issuer,
            auth=given,
            redirect_uri=next(iter(known.redirect_uris), None),
            **kwargs,
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def op(authorization_server: AuthorizationServer) -> Iterator[Provider]:
    provider = Provider(authorization_server)
    yield provider
    provider.close()


def test_client_credentials_and_its_handler(op: Provider, protected_api: ProtectedApi) -> None:
    client = op.client("client_secret_post")
    token = client.client_credentials(scope="api.read")
    assert isinstance(token, BearerToken)
    assert token.expires_in > 0
    assert token.scope == "api.read"
    assert requests.get(protected_api.url, auth=token, timeout=10).ok
    auth = OAuth2ClientCredentialsAuth(client, scope=["api.read"], leeway=30)
    assert requests.get(protected_api.url, auth=auth, timeout=10).ok
    assert isinstance(auth.token, BearerToken)
    auth.forget_token()
    assert auth.token is None
    auth.renew_token()
    assert auth.token is not None


@pytest.mark.parametrize(
    "name", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt_ES256"]
)
def test_each_client_authentication_method(op: Provider, name: str) -> None:
    known = op.known(name)
    secret = str(known.client_secret)
    auth = {
        "client_secret_basic": lambda: ClientSecretBasic(known.client_id, secret),
        "client_secret_post": lambda: ClientSecretPost(known.client_id, client_secret=secret),
        "client_secret_jwt": lambda: ClientSecretJwt(known.client_id, secret, lifetime=60, alg="HS256"),
        "private_key_jwt_ES256": lambda: PrivateKeyJwt(known.client_id, private_jwk=known.private_jwk, alg="ES256"),
    }[name]()
    assert op.client(name, auth).client_credentials(scope="api.read").access_token


def test_authorization_code_with_pkce_refresh_userinfo_and_the_end(op: Provider, browser: Browser) -> None:
    client = op.client("web")
    azr = client.authorization_request(scope="openid offline_access email", prompt="consent")
    assert azr.state
    assert azr.nonce
    assert azr.code_verifier
    assert azr.code_challenge_method == "S256"
    response = azr.validate_callback(browser.authorize(azr.uri))
    token = client.authorization_code(response)
    assert token.id_token.sub == "alice"
    assert token.id_token.issuer == client.issuer
    assert client.userinfo(token)["sub"] == "alice"
    renewed = client.refresh_token(token)
    assert renewed.access_token != token.access_token
    assert client.introspect_token(renewed.access_token, token_type_hint="access_token")["active"] is True
    assert client.revoke_refresh_token(renewed) is True
    with pytest.raises(InvalidGrant) as refused:
        client.refresh_token(renewed)
    assert refused.value.error == "invalid_grant"


def test_the_code_handler_and_a_stored_token(op: Provider, protected_api: ProtectedApi, browser: Browser) -> None:
    client = op.client("web")
    azr = client.authorization_request(scope="openid offline_access api.read", prompt="consent")
    kept = AuthorizationRequestSerializer().dumps(azr)
    azr = AuthorizationRequestSerializer().loads(kept)
    auth = OAuth2AuthorizationCodeAuth(client, azr.validate_callback(browser.authorize(str(azr))))
    assert requests.get(protected_api.url, auth=auth, timeout=10).ok
    stored = TokenSerializer().dumps(auth.token)
    assert isinstance(stored, bytes)
    again = OAuth2AccessTokenAuth(client, TokenSerializer().loads(stored))
    assert requests.get(protected_api.url, auth=again, timeout=10).ok


def test_pushed_and_signed_authorization_requests(op: Provider, browser: Browser) -> None:
    client = op.client("par")
    azr = client.authorization_request(scope="openid")
    pushed = client.pushed_authorization_request(azr)
    assert isinstance(pushed, RequestUriParameterAuthorizationRequest)
    assert client.authorization_code(azr.validate_callback(browser.authorize(pushed.uri))).access_token

    known = op.known("jar")
    client = op.client("jar")
    azr = client.authorization_request(scope="openid")
    signed = azr.sign(known.private_jwk, iss=known.client_id, aud=client.issuer, lifetime=60)
    assert isinstance(signed, RequestParameterAuthorizationRequest)
    assert client.authorization_code(azr.validate_callback(browser.authorize(str(signed)))).access_token


def test_dpop_tokens(op: Provider) -> None:
    key = DPoPKey.generate(alg="ES256")
    client = op.client("dpop")
    token = client.client_credentials(scope="api.read", dpop=True, dpop_key=key)
    assert isinstance(token, DPoPToken)
    assert token.dpop_key is key
    assert client.introspect_token(token)["cnf"]["jkt"] == key.dpop_jkt
    bound = op.client("dpop", dpop_bound_access_tokens=True).client_credentials(scope="api.read")
    assert isinstance(bound, DPoPToken)


def test_token_exchange(op: Provider, browser: Browser) -> None:
    client = op.client("exchange")
    azr = client.authorization_request(scope="openid email")
    token = client.authorization_code(azr.validate_callback(browser.authorize(str(azr))))
    other = client.token_exchange(
        subject_token=token.access_token, subject_token_type="access_token", requested_token_type="access_token",
        scope="openid",
    )  # fmt: skip
    assert other.access_token != token.access_token


def test_ciba(op: Provider) -> None:
    client = op.client("ciba")
    asked = client.backchannel_authentication_request(scope="openid", login_hint="alice", requested_expiry=60)
    op.server.approve_ciba(asked.auth_req_id)
    job = BackChannelAuthenticationPollingJob(client, asked, interval=1)
    token = None
    while token is None:
        token = job()
    assert token.id_token.sub == "alice"


def test_device_authorization(op: Provider, browser: Browser) -> None:
    client = op.client("device")
    codes = client.authorize_device(scope="openid")
    browser.approve_device(codes.verification_uri, codes.user_code)
    job = DeviceAuthorizationPollingJob(client, codes.device_code, interval=codes.interval, slow_down_interval=5)
    token = None
    while token is None:
        token = job()
    assert token.access_token


def test_a_public_client_and_a_request_made_by_hand(op: Provider, browser: Browser) -> None:
    known = op.known("none")
    azr = AuthorizationRequest(
        op.server.authorization_endpoint, client_id=known.client_id, redirect_uri=known.redirect_uri, scope="openid"
    )
    response = azr.validate_callback(browser.authorize(str(azr)))
    client = op.client("none", PublicApp(known.client_id))
    assert client.authorization_code(
        code=response.code, code_verifier=azr.code_verifier, redirect_uri=azr.redirect_uri
    ).access_token


def test_the_api_client(op: Provider, protected_api: ProtectedApi) -> None:
    auth = OAuth2ClientCredentialsAuth(op.client("client_secret_post"), scope="api.read")
    with ApiClient(protected_api.url, auth=auth, none_fields="exclude", bool_fields=("true", "false")) as api:
        assert api.get("things", params={"flag": True}).json()["path"] == "/things?flag=true"
        assert api.things["a b"].get().json()["path"] == "/things/a%20b"
        assert api.post(["things", 1], json={"x": None, "y": 1}).json()["method"] == "POST"


def test_tokens_in_a_flask_session(op: Provider, protected_api: ProtectedApi) -> None:
    app = flask.Flask(__name__)
    app.secret_key = "of a test"
    auth = FlaskOAuth2ClientCredentialsAuth(
        "api_token", TokenSerializer(), client=op.client("client_secret_post"), scope="api.read"
    )

    @app.get("/")
    def index() -> str:
        return json.dumps(requests.get(protected_api.url, auth=auth, timeout=10).ok)

    assert app.test_client().get("/").text == "true"
