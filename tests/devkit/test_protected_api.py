"""The API answers whoever has a token that is alive, and tells the others why not."""

from __future__ import annotations

import time

import pytest
import requests

from devkit.authorization_server import AuthorizationServer
from devkit.authorization_server.credentials import private_jwk
from devkit.protected_api import ProtectedApi

from .helpers import dpop_proof, granted, post


def get_token(server: AuthorizationServer, name: str, *, headers: dict[str, str] | None = None, **more: str) -> str:
    data = {"grant_type": "client_credentials", "scope": "api.read", **more}
    return str(granted(post(server.token_endpoint, server.clients[name], data, headers=headers))["access_token"])


def call(session: requests.Session, api: ProtectedApi, token: str) -> requests.Response:
    return session.get(f"{api.url}/things/1", headers={"Authorization": f"Bearer {token}"}, timeout=10)


def test_a_token_is_good_until_it_expires(
    authorization_server: AuthorizationServer, protected_api: ProtectedApi
) -> None:
    token = get_token(authorization_server, "short")
    with requests.Session() as session:
        answer = call(session, protected_api, token)
        assert answer.status_code == 200
        assert answer.json()["client_id"] == "short"
        assert answer.json()["scope"] == "api.read"
        time.sleep(2.1)
        refused = call(session, protected_api, token)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("tampered", "status"), [("", 200), ("A", 401)])
def test_a_jwt_is_verified(
    authorization_server: AuthorizationServer, protected_api: ProtectedApi, tampered: str, status: int
) -> None:
    token = get_token(authorization_server, "client_secret_post", resource="urn:devkit:jwt-api") + tampered
    with requests.Session() as session:
        assert call(session, protected_api, token).status_code == status


def test_a_dpop_token_is_no_bearer_token(
    authorization_server: AuthorizationServer, protected_api: ProtectedApi
) -> None:
    headers = {"DPoP": dpop_proof(private_jwk("ES256"), authorization_server.token_endpoint)}
    token = get_token(authorization_server, "dpop", headers=headers)
    with requests.Session() as session:
        assert call(session, protected_api, token).status_code == 401


def test_without_a_token_no_error_is_named(protected_api: ProtectedApi) -> None:
    refused = requests.post(protected_api.url, data={"a": "b"}, timeout=10)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="devkit"'


def test_connections_are_kept_and_requests_counted(protected_api: ProtectedApi) -> None:
    requests_before, connections_before = protected_api.request_count, protected_api.connection_count
    with requests.Session() as session:
        for _ in range(3):
            call(session, protected_api, "unknown")
    assert protected_api.request_count == requests_before + 3
    assert protected_api.connection_count == connections_before + 1
