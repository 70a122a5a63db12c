"""An API client on a real authorization server and a protected API, across real expiries, on both clients."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from devkit.authorization_server import AuthorizationServer
from devkit.flavors import Flavor
from devkit.protected_api import ProtectedApi
from requests_oauth2client.aio.api_client import AsyncApiClient
from requests_oauth2client.aio.auth import AsyncOAuth2ClientCredentialsAuth
from requests_oauth2client.aio.client import AsyncOAuth2Client
from requests_oauth2client.api_client import ApiClient
from requests_oauth2client.auth import OAuth2ClientCredentialsAuth
from requests_oauth2client.client import OAuth2Client
from requests_oauth2client.client_authentication import ClientSecretBasic
from requests_oauth2client.tokens import BearerToken


def credentials_of(server: AuthorizationServer, name: str) -> ClientSecretBasic:
    known = server.clients[name]
    assert known.client_secret
    return ClientSecretBasic(known.client_id, known.client_secret)


def test_the_snippet_of_the_founding_readme(
    authorization_server: AuthorizationServer, protected_api: ProtectedApi
) -> None:
    known = authorization_server.clients["client_secret_post"]
    client_id, client_secret = known.client_id, known.client_secret
    oauth2client = OAuth2Client(authorization_server.token_endpoint, (client_id, client_secret))
    with ApiClient(f"{protected_api.url}/root", auth=OAuth2ClientCredentialsAuth(oauth2client)) as api:
        resp = api.get("/resource")
        assert resp.json()["path"] == api.get("resource").json()["path"] == "/root/resource"
        assert resp.json()["client_id"] == client_id
    oauth2client.session.close()


def test_an_error_status_is_raised_unless_it_is_switched_off(protected_api: ProtectedApi) -> None:
    with ApiClient(protected_api.url, BearerToken("unknown")) as api, pytest.raises(requests.HTTPError, match="401"):
        api.get("things")
    with ApiClient(protected_api.url, BearerToken("unknown"), raise_for_status=False) as api:
        assert api.get("things").status_code == 401


def test_calls_go_on_across_real_expiries(
    flavor: Flavor, authorization_server: AuthorizationServer, protected_api: ProtectedApi
) -> None:
    """Tokens of this client live for 2 seconds."""
    session = flavor.session()
    client: Any = (AsyncOAuth2Client if flavor.is_async else OAuth2Client)(
        authorization_server.token_endpoint, credentials_of(authorization_server, "short"), session=session
    )
    auth: Any = (AsyncOAuth2ClientCredentialsAuth if flavor.is_async else OAuth2ClientCredentialsAuth)(
        client, leeway=0, scope="api.read"
    )
    api: Any = (AsyncApiClient if flavor.is_async else ApiClient)(f"{protected_api.url}/root", auth, session=session)
    tokens = []
    for _ in range(3):
        answer = flavor.run(api.things["a b"].get(params={"fresh": True}))
        assert answer.json()["path"] == "/root/things/a%20b?fresh=true"
        tokens.append(str(auth.token))
        assert flavor.run(api.post("things", json={"n": None})).status_code == 200
        assert str(auth.token) in tokens or tokens.append(str(auth.token)) is None
        time.sleep(1.1)
    assert len(set(tokens)) >= 2
    flavor.run(session.aclose() if flavor.is_async else session.close())


def test_a_token_does_not_go_to_another_host_of_the_same_machine(
    flavor: Flavor, authorization_server: AuthorizationServer, protected_api: ProtectedApi
) -> None:
    """The API answers under two names; only one is the root."""
    session = flavor.session()
    other = f"http://localhost:{urlsplit(protected_api.url).port}"
    client = OAuth2Client(authorization_server.token_endpoint, credentials_of(authorization_server, "short"))
    token = client.client_credentials(scope="api.read")
    make: Any = AsyncApiClient if flavor.is_async else ApiClient
    api = make(protected_api.url, token, session=session, raise_for_status=False)
    assert flavor.run(api.get("things")).status_code == 200
    assert flavor.run(api.get(f"{other}/things")).status_code == 401
    trusting = make(protected_api.url, token, session=session, trusted_origins=[other])
    assert flavor.run(trusting.get(f"{other}/things")).status_code == 200
    flavor.run(session.aclose() if flavor.is_async else session.close())
    client.session.close()
