"""Each client authentication method, at a real authorization server, on both clients."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import uuid4

import pytest
import requests
from joserfc.jwk import JWKRegistry

from devkit.authorization_server import AuthorizationServer, TestClient
from devkit.flavors import Flavor
from requests_oauth2client import InvalidClient
from requests_oauth2client.client_authentication import (
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretJwt,
    ClientSecretPost,
    PrivateKeyJwt,
    PublicApp,
)

PRIVATE_KEY_JWT = [f"private_key_jwt_{alg}" for alg in ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")]
SECRET_METHODS: dict[str, Any] = {
    "client_secret_basic": ClientSecretBasic,
    "client_secret_post": ClientSecretPost,
    "client_secret_jwt": ClientSecretJwt,
}


def method_of(known: TestClient, **more: Any) -> Any:
    """Make the method that the server expects of a client."""
    if known.auth_method == "private_key_jwt":
        return PrivateKeyJwt(known.client_id, known.private_jwk, **more)
    return SECRET_METHODS[known.auth_method](known.client_id, known.client_secret, **more)


def client_of(flavor: Flavor, server: AuthorizationServer, auth: Any, **more: Any) -> Any:
    return flavor.client(server.token_endpoint, auth, introspection_endpoint=server.introspection_endpoint, **more)


@pytest.mark.parametrize("name", [*SECRET_METHODS, *PRIVATE_KEY_JWT])
def test_each_method_gets_a_token_for_its_client(
    flavor: Flavor, authorization_server: AuthorizationServer, name: str
) -> None:
    known = authorization_server.clients[name]
    client = client_of(flavor, authorization_server, method_of(known))
    token = flavor.run(client.client_credentials(scope="api.read"))
    assert (token.token_type, token.scope) == ("Bearer", "api.read")
    seen = flavor.run(client.introspect_token(token))
    assert (seen["active"], seen["client_id"]) == (True, known.client_id)


@pytest.mark.parametrize("name", [*SECRET_METHODS, *PRIVATE_KEY_JWT])
def test_each_method_is_a_handler_of_plain_requests(authorization_server: AuthorizationServer, name: str) -> None:
    method = method_of(authorization_server.clients[name])
    data = {"grant_type": "client_credentials", "scope": "api.read"}
    answer = requests.post(authorization_server.token_endpoint, data=data, auth=method, timeout=10)
    assert (answer.status_code, answer.json().get("scope")) == (200, "api.read")


def test_a_public_client_starts_a_device_journey(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    known = authorization_server.clients["device"]
    endpoint = authorization_server.device_authorization_endpoint
    client = client_of(flavor, authorization_server, PublicApp(known.client_id), device_authorization_endpoint=endpoint)
    assert flavor.run(client.authorize_device(scope="openid")).user_code


def test_an_assertion_may_be_for_the_issuer(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    known = authorization_server.clients["private_key_jwt_ES256"]
    issuer = authorization_server.issuer
    made_by_the_client = {"client_id": known.client_id, "private_key": known.private_jwk, "issuer": issuer}
    client = client_of(flavor, authorization_server, None, **made_by_the_client)
    assert client.auth.aud == issuer
    assert flavor.run(client.client_credentials(scope="api.read")).access_token


@pytest.mark.parametrize("form", ["cryptography", "PEM", "joserfc"])
def test_the_private_key_may_have_any_form(
    flavor: Flavor, authorization_server: AuthorizationServer, form: str
) -> None:
    known = authorization_server.clients["private_key_jwt_PS256"]
    assert known.private_jwk
    theirs: Any = JWKRegistry.import_key(known.private_jwk)
    key = {"cryptography": theirs.raw_value, "PEM": theirs.as_pem(private=True), "joserfc": theirs}[form]
    auth = PrivateKeyJwt(known.client_id, key, alg="PS256", kid=known.private_jwk["kid"])
    client = client_of(flavor, authorization_server, auth)
    assert flavor.run(client.client_credentials(scope="api.read")).access_token


def test_the_founding_order_of_arguments_works(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    known = authorization_server.clients["client_secret_jwt"]
    assert known.client_secret
    client = client_of(flavor, authorization_server, ClientSecretJWT(known.client_id, known.client_secret, "HS256", 30))
    assert flavor.run(client.client_credentials(scope="api.read")).access_token


@pytest.mark.parametrize("name", SECRET_METHODS)
def test_a_wrong_secret_is_an_invalid_client(
    flavor: Flavor, authorization_server: AuthorizationServer, name: str
) -> None:
    known = authorization_server.clients[name]
    wrong = "planted-and-wrong, but long enough for HS256"
    client = client_of(flavor, authorization_server, SECRET_METHODS[name](known.client_id, wrong))
    with pytest.raises(InvalidClient) as caught:
        flavor.run(client.client_credentials(scope="api.read"))
    assert caught.value.status == 401
    assert "planted" not in str(caught.value) + repr(caught.value)


def test_the_key_of_another_client_is_an_invalid_client(
    flavor: Flavor, authorization_server: AuthorizationServer
) -> None:
    clients = authorization_server.clients
    auth = PrivateKeyJwt("private_key_jwt_ES256", clients["private_key_jwt_RS256"].private_jwk)
    with pytest.raises(InvalidClient):
        flavor.run(client_of(flavor, authorization_server, auth).client_credentials(scope="api.read"))


def test_an_assertion_can_be_used_once(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    known = authorization_server.clients["private_key_jwt_ES256"]
    client = client_of(flavor, authorization_server, method_of(known, jti_gen=itertools.repeat(str(uuid4())).__next__))
    assert flavor.run(client.client_credentials(scope="api.read")).access_token
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials(scope="api.read"))


def test_an_assertion_for_another_as_is_an_invalid_client(
    flavor: Flavor, authorization_server: AuthorizationServer
) -> None:
    known = authorization_server.clients["private_key_jwt_ES256"]
    client = client_of(flavor, authorization_server, method_of(known, aud="https://another.example/token"))
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials(scope="api.read"))
