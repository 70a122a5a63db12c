"""Clients that register themselves at the real authorization server, on both clients."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.flavors import Flavor
from requests_oauth2client import (
    ClientInformation,
    ClientRegistrationError,
    ClientSecretBasic,
    InvalidClient,
    InvalidClientMetadata,
    InvalidParam,
    MissingEndpointUri,
    PrivateKeyJwt,
    PublicApp,
    RefusedRedirectUri,
)
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk

METADATA = {"redirect_uris": ["https://app.example/cb"], "client_name": "An app"}


@pytest.fixture
def register(flavor: Flavor, authorization_server: AuthorizationServer) -> Any:
    def ask(metadata: dict[str, Any], **more: Any) -> Any:
        kind = flavor.named("OAuth2Client")
        client = flavor.run(kind.register(metadata, **{"issuer": authorization_server.issuer, **more}))
        return flavor.keep(client)

    return ask


def test_a_registered_client_logs_somebody_in(flavor: Flavor, register: Any, browser: Browser) -> None:
    client = register(METADATA)
    assert isinstance(client.auth, ClientSecretBasic)
    assert client.redirect_uri == "https://app.example/cb"
    assert client.registration["client_name"] == "An app"
    request = client.authorization_request()
    token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
    assert token.id_token.checked


def test_each_method_that_was_asked_for_is_used(flavor: Flavor, register: Any) -> None:
    assert isinstance(register({**METADATA, "token_endpoint_auth_method": "none"}).auth, PublicApp)
    key = generate_private_jwk("ES256")
    metadata = {
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [public_jwk(key)]},
    }
    client = register(metadata, private_key=key)
    assert isinstance(client.auth, PrivateKeyJwt)
    assert flavor.run(client.client_credentials()).access_token


def test_read_update_delete(flavor: Flavor, register: Any) -> None:
    client = register(METADATA)
    read = flavor.keep(flavor.run(client.read_registration()))
    assert read.client_id == client.client_id
    assert type(read) is type(client)

    changed = flavor.keep(flavor.run(read.update_registration(client_name="Another name")))
    assert changed.registration["client_name"] == "Another name"
    assert changed.registration["redirect_uris"] == METADATA["redirect_uris"], "what was not changed stays"
    assert changed.client_secret

    flavor.run(changed.delete_registration())
    with pytest.raises((InvalidClient, ClientRegistrationError)):
        flavor.run(changed.read_registration())


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({**METADATA, "token_endpoint_auth_method": "telepathy"}, InvalidClientMetadata),
        ({"redirect_uris": ["not a uri"]}, RefusedRedirectUri),
    ],
)
def test_what_the_server_refuses_has_its_error(register: Any, metadata: dict[str, Any], error: type) -> None:
    with pytest.raises(error) as refused:
        register(metadata)
    assert refused.value.status == 400


def test_without_an_endpoint_it_says_which(register: Any) -> None:
    with pytest.raises(MissingEndpointUri, match="registration_endpoint"):
        register(METADATA, issuer=None, token_endpoint="https://as.example/token")


def test_a_client_that_did_not_register_can_not_be_managed(flavor: Flavor) -> None:
    client = flavor.client("https://as.example/token", "id")
    with pytest.raises(InvalidParam, match="register"):
        flavor.run(client.read_registration())


def test_its_information_shows_no_secret(register: Any) -> None:
    information = register(METADATA).registration
    assert ClientInformation(information.as_dict()) == information
    for secret in (information.client_secret, information.registration_access_token):
        assert secret not in repr(information)
