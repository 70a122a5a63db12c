"""Each way to authenticate gets a token, of the lifetime and kind that was asked for."""

from __future__ import annotations

import pytest
import requests

from devkit.authorization_server import AuthorizationServer
from devkit.authorization_server.credentials import private_jwk
from devkit.protected_api import introspect

from .helpers import dpop_proof, granted, post

METHODS = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt_RS256",
    "private_key_jwt_PS256",
    "private_key_jwt_ES256",
    "private_key_jwt_EdDSA",
    "private_key_jwt_Ed25519",
]
CLIENT_CREDENTIALS = {"grant_type": "client_credentials", "scope": "api.read"}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("name", METHODS)
def test_each_authentication_method_gets_a_token(authorization_server: AuthorizationServer, name: str) -> None:
    client = authorization_server.clients[name]
    tokens = granted(post(authorization_server.token_endpoint, client, CLIENT_CREDENTIALS))
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 300
    assert tokens["scope"] == "api.read"
    assert introspect(authorization_server, tokens["access_token"])["client_id"] == client.client_id


def test_a_basic_secret_must_be_form_encoded(authorization_server: AuthorizationServer) -> None:
    client = authorization_server.clients["client_secret_basic"]
    credentials = (client.client_id, client.client_secret or "")
    url = authorization_server.token_endpoint
    response = requests.post(url, auth=credentials, data=CLIENT_CREDENTIALS, timeout=10)
    assert response.status_code in (400, 401)


def test_a_client_has_its_own_lifetime(authorization_server: AuthorizationServer) -> None:
    client = authorization_server.clients["short"]
    assert granted(post(authorization_server.token_endpoint, client, CLIENT_CREDENTIALS))["expires_in"] == 2


@pytest.mark.parametrize("resource", ["urn:devkit:api", "urn:devkit:jwt-api"])
def test_a_token_is_for_the_resource_asked(authorization_server: AuthorizationServer, resource: str) -> None:
    client = authorization_server.clients["client_secret_post"]
    data = {**CLIENT_CREDENTIALS, "resource": resource, "audience": "tolerated"}
    token = granted(post(authorization_server.token_endpoint, client, data))["access_token"]
    assert token.count(".") == (2 if resource.endswith("jwt-api") else 0)


@pytest.mark.parametrize("name", ["mtls", "mtls_self_signed"])
def test_a_certificate_authenticates_and_binds(authorization_server: AuthorizationServer, name: str) -> None:
    client = authorization_server.clients[name]
    assert client.certificate
    tokens = granted(
        post(
            authorization_server.endpoint("token", mtls=True),
            client,
            CLIENT_CREDENTIALS,
            cert=(str(client.certificate.certificate_file), str(client.certificate.key_file)),
            verify=str(authorization_server.ca_certificate),
        )
    )
    found = introspect(authorization_server, tokens["access_token"])
    assert found["cnf"] == {"x5t#S256": client.certificate.thumbprint}


def test_without_its_certificate_a_client_is_refused(authorization_server: AuthorizationServer) -> None:
    client = authorization_server.clients["mtls"]
    response = post(authorization_server.token_endpoint, client, CLIENT_CREDENTIALS)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_dpop_binds_the_token(authorization_server: AuthorizationServer) -> None:
    client, url = authorization_server.clients["dpop"], authorization_server.token_endpoint
    headers = {"DPoP": dpop_proof(private_jwk("ES256"), url)}
    assert granted(post(url, client, CLIENT_CREDENTIALS, headers=headers))["token_type"] == "DPoP"


def test_secrets_are_not_shown(authorization_server: AuthorizationServer) -> None:
    for client in authorization_server.clients.values():
        shown = repr(client) + repr(authorization_server)
        hidden = [client.client_secret, (client.private_jwk or {}).get("d")]
        assert not [secret for secret in hidden if secret and secret in shown]
