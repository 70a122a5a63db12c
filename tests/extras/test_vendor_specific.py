from __future__ import annotations

import importlib

import pytest

from requests_oauth2client import InvalidIssuer, InvalidParam, OAuth2Client, OAuth2ClientCredentialsAuth
from requests_oauth2client.vendor_specific import Auth0, Ping


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("example", "example.auth0.com"),
        ("example.eu", "example.eu.auth0.com"),
        ("example.eu.auth0.com", "example.eu.auth0.com"),
        ("https://example.eu.auth0.com/", "example.eu.auth0.com"),
        ("login.shop.example", "login.shop.example"),
    ],
)
def test_a_tenant_is_a_name_a_host_or_its_url(given: str, host: str) -> None:
    assert Auth0.tenant(given) == host


@pytest.mark.parametrize(
    "given", ["", "http://example.auth0.com", "https://example.auth0.com/api", "a/b", "https://u:p@h"]
)
def test_what_is_no_tenant_is_refused(given: str) -> None:
    with pytest.raises(InvalidParam):
        Auth0.tenant(given)


def test_an_auth0_client_knows_its_tenant() -> None:
    client = Auth0.client("example.eu", ("id", "secret"))
    assert client.issuer == "https://example.eu.auth0.com/"
    assert client.token_endpoint == "https://example.eu.auth0.com/oauth/token"
    assert client.jwks_uri == "https://example.eu.auth0.com/.well-known/jwks.json"


def test_what_is_given_wins() -> None:
    client = Auth0.client("example", client_id="id", client_secret="s", revocation_endpoint="https://x.example/revoke")
    assert client.revocation_endpoint == "https://x.example/revoke"
    assert client.client_secret == "s"


def test_the_management_api_is_called_with_tokens_for_it() -> None:
    api = Auth0.management_api_client("example.eu", ("id", "secret"))
    assert api.to_absolute_url("users") == "https://example.eu.auth0.com/api/v2/users"
    assert isinstance(api.auth, OAuth2ClientCredentialsAuth)
    assert api.auth.token_kwargs == {"audience": "https://example.eu.auth0.com/api/v2/"}


@pytest.mark.parametrize("issuer", ["as.example", "https://as.example", "https://as.example/"])
def test_a_ping_client_knows_the_usual_endpoints(issuer: str) -> None:
    client = Ping.client(issuer, "public-id")
    assert client.token_endpoint == "https://as.example/as/token.oauth2"
    assert client.jwks_uri == "https://as.example/pf/JWKS"


def test_ping_needs_https() -> None:
    with pytest.raises(InvalidIssuer):
        Ping.client("http://as.example", "public-id")


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        ("vendor_specific", "Auth0Client", "Auth0.client"),
        ("vendor_specific", "Auth0OIDCClient", "Auth0.client"),
        ("vendor_specific", "Auth0ManagementApiClient", "Auth0.management_api_client"),
        ("oidc", "OpenIdConnectClient", "OAuth2Client"),
        ("oidc", "OpenIdConnectTokenResponse", "BearerToken"),
    ],
)
def test_an_old_name_works_and_says_what_to_write(module: str, name: str, instead: str) -> None:
    with pytest.warns(DeprecationWarning, match=instead):
        assert isinstance(getattr(importlib.import_module(f"requests_oauth2client.{module}"), name), type)


def test_old_classes_still_make_clients() -> None:
    with pytest.warns(DeprecationWarning, match="old name"):
        from requests_oauth2client.vendor_specific import Auth0Client, Auth0ManagementApiClient
    client = Auth0Client("example", ("id", "secret"))
    assert isinstance(client, OAuth2Client)
    assert client.token_endpoint == "https://example.auth0.com/oauth/token"
    api = Auth0ManagementApiClient("example", ("id", "secret"))
    assert api.to_absolute_url("users") == "https://example.auth0.com/api/v2/users"
