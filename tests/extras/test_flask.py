from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask, session

from requests_oauth2client import BearerToken, InvalidParam, OAuth2Client, TokenSerializer
from requests_oauth2client.flask import FlaskOAuth2ClientCredentialsAuth
from requests_oauth2client.testing import AuthorizationServer, ProtectedApi


@pytest.fixture
def client(oauth_server: AuthorizationServer) -> Iterator[OAuth2Client]:
    made = OAuth2Client(f"{oauth_server.issuer}/token", ("my-service", "my-secret"))
    yield made
    made.session.close()


@pytest.fixture
def protected_api(oauth_server: AuthorizationServer) -> Iterator[ProtectedApi]:
    with ProtectedApi(oauth_server, scope="api.read").installed() as api:
        yield api


def application(auth: Any, api: ProtectedApi) -> Flask:
    app = Flask(__name__)
    app.secret_key = "long enough for a test"

    @app.get("/")
    def index() -> str:
        return str(requests.get(api.url, auth=auth, timeout=10).status_code)

    @app.get("/token")
    def token() -> str:
        return str(auth.token or "")

    @app.get("/forget")
    def forget() -> str:
        auth.forget_token()
        return str(len(session))

    return app


def test_a_token_is_kept_for_each_user(client: OAuth2Client, protected_api: ProtectedApi) -> None:
    auth = FlaskOAuth2ClientCredentialsAuth("api_token", client=client, scope="api.read")
    app = application(auth, protected_api)
    alice, bob = app.test_client(), app.test_client()
    assert alice.get("/").text == "200"
    token = alice.get("/token").text
    assert alice.get("/").text == "200"
    assert alice.get("/token").text == token, "the second call uses the token of the first"
    assert bob.get("/token").text == ""
    assert alice.get("/forget").text == "0"
    assert alice.get("/token").text == ""


def test_the_browser_can_not_read_the_token(client: OAuth2Client, protected_api: ProtectedApi) -> None:
    app = application(FlaskOAuth2ClientCredentialsAuth("t", client=client, scope="api.read"), protected_api)
    browser = app.test_client()
    browser.get("/")
    token = browser.get("/token").text
    with browser.session_transaction() as stored:
        kept = stored["t"]
    assert token not in kept
    with pytest.raises(InvalidParam):
        TokenSerializer().loads(kept)


def test_what_another_key_made_is_replaced(client: OAuth2Client, protected_api: ProtectedApi) -> None:
    app = application(FlaskOAuth2ClientCredentialsAuth("t", client=client, scope="api.read"), protected_api)
    browser = app.test_client()
    with browser.session_transaction() as stored:
        stored["t"] = "eyJ.of.somebody.else.s"
    assert browser.get("/").text == "200"


def test_the_founding_order_of_arguments_works(client: OAuth2Client, protected_api: ProtectedApi) -> None:
    auth = FlaskOAuth2ClientCredentialsAuth(client, "t", scope="api.read")
    assert (auth.client, auth.session_key) == (client, "t")
    assert application(auth, protected_api).test_client().get("/").text == "200"


def test_a_serializer_of_ones_own_is_used(client: OAuth2Client, protected_api: ProtectedApi) -> None:
    auth = FlaskOAuth2ClientCredentialsAuth("t", TokenSerializer(), client=client, scope="api.read")
    browser = application(auth, protected_api).test_client()
    browser.get("/")
    with browser.session_transaction() as stored:
        assert str(TokenSerializer().loads(stored["t"])) == browser.get("/token").text


def test_without_a_client_it_says_what_is_needed() -> None:
    with pytest.raises(InvalidParam, match="client="):
        FlaskOAuth2ClientCredentialsAuth("t")


def test_its_repr_works_outside_a_request(client: OAuth2Client) -> None:
    assert "'t'" in repr(FlaskOAuth2ClientCredentialsAuth("t", client=client))


def test_each_api_has_a_place_of_its_own_in_the_session() -> None:
    app = Flask(__name__)
    app.secret_key = "s" * 40
    auth = FlaskOAuth2ClientCredentialsAuth("token", client=OAuth2Client("https://as.local/token", ("id", "secret")))
    other = auth.for_resource("https://api.local")
    with app.test_request_context():
        auth.token, other.token = BearerToken("own"), BearerToken("other")
        assert (str(auth.token), str(other.token), len(session)) == ("own", "other", 2)
