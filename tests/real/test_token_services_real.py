"""Userinfo, introspection, revocation and token exchange on a real OpenID provider, on both clients."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationRequest,
    BearerToken,
    ClientSecretBasic,
    ClientSecretPost,
    EndpointError,
    InvalidGrant,
    InvalidRequest,
    PrivateKeyJwt,
    PublicApp,
)
from requests_oauth2client.client import (
    InvalidIntrospectionResponse,
    MismatchingUserInfoSubject,
    NotAnAccessToken,
    SecurityToken,
)
from requests_oauth2client.exceptions import InvalidUserInfoResponse

Server = AuthorizationServer
METHODS = {"client_secret_basic": ClientSecretBasic, "client_secret_post": ClientSecretPost}
REGISTERED = (
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
)


def client_of(flavor: Flavor, server: Server, name: str, **more: Any) -> Any:
    """Make a client with the settings that it is registered with."""
    known = server.clients[name]
    if known.private_jwk is not None:
        auth: Any = PrivateKeyJwt(known.client_id, known.private_jwk)
    elif known.client_secret is not None:
        auth = METHODS[known.auth_method](known.client_id, known.client_secret)
    else:
        auth = PublicApp(known.client_id)
    settings = {
        "issuer": server.issuer,
        "jwks_uri": server.jwks_uri,
        "userinfo_endpoint": server.userinfo_endpoint,
        "introspection_endpoint": server.introspection_endpoint,
        "revocation_endpoint": server.revocation_endpoint,
        "id_token_decryption_key": known.decryption_jwk,
        **{setting: known.metadata[setting] for setting in REGISTERED if setting in known.metadata},
    }
    return flavor.client(server.token_endpoint, auth, **{**settings, **more})


def login(flavor: Flavor, server: Server, browser: Browser, client: Any, name: str, user: str = "alice") -> Any:
    request = AuthorizationRequest(
        server.authorization_endpoint,
        client.client_id,
        server.clients[name].redirect_uri,
        scope="openid email offline_access",
        prompt="consent",
    )
    answered = request.validate_callback(browser.authorize(str(request), login=user))
    return flavor.run(client.authorization_code(answered))


ALICE = {"sub": "alice", "email": "alice@devkit.example", "email_verified": True}

# --- userinfo ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"method": "GET"}, {"bearer_method": "body"}], ids=["post", "get", "body"])
def test_the_op_tells_about_the_user(flavor: Flavor, authorization_server: Server, browser: Browser, how: Any) -> None:
    client = client_of(flavor, authorization_server, "none")
    token = login(flavor, authorization_server, browser, client, "none")
    assert flavor.run(client.userinfo(token, **how)) == ALICE


@pytest.mark.parametrize("name", ["signed", "sealed"])
def test_the_answer_is_protected_as_registered(
    flavor: Flavor, authorization_server: Server, browser: Browser, name: str
) -> None:
    client = client_of(flavor, authorization_server, name)
    token = login(flavor, authorization_server, browser, client, name)
    assert token.id_token.checked
    said = flavor.run(client.userinfo(token))
    assert said["email"] == ALICE["email"]
    assert (said["iss"], said["aud"]) == (authorization_server.issuer, client.client_id)


def test_an_answer_with_another_alg_than_registered_is_refused(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "signed", userinfo_signed_response_alg="RS256")
    token = login(flavor, authorization_server, browser, client, "signed")
    with pytest.raises(InvalidUserInfoResponse, match="EdDSA"):
        flavor.run(client.userinfo(token))


def test_userinfo_of_another_user_is_refused(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server, "none")
    with Browser() as one, Browser() as another:
        alice = login(flavor, authorization_server, one, client, "none")
        bob = login(flavor, authorization_server, another, client, "none", "bob")
    swapped = BearerToken(bob.access_token, id_token=alice.id_token)
    with pytest.raises(MismatchingUserInfoSubject) as refused:
        flavor.run(client.userinfo(swapped))
    assert (refused.value.received, refused.value.expected) == ("bob", "alice")


def test_a_wrong_token_is_refused(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server, "none")
    with pytest.raises(EndpointError) as refused:
        flavor.run(client.userinfo("no-such-token-42"))
    assert refused.value.error == "invalid_token"
    assert "no-such-token-42" not in str(refused.value)


def test_a_bound_token_is_proved(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "dpop_public", dpop_bound_access_tokens=True)
    token = login(flavor, authorization_server, browser, client, "dpop_public")
    assert token.token_type == "DPoP"
    assert flavor.run(client.userinfo(token)) == ALICE
    assert flavor.run(client.userinfo(token, method="GET")) == ALICE


# --- introspection and revocation -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["signed", "sealed"])
def test_a_signed_introspection_is_checked(flavor: Flavor, authorization_server: Server, name: str) -> None:
    client = client_of(flavor, authorization_server, name)
    token = flavor.run(client.client_credentials(scope="api.read"))
    said = flavor.run(client.introspect_token(token))
    assert (said["active"], said["scope"], said["client_id"]) == (True, "api.read", client.client_id)
    assert flavor.run(client.introspect_token("no-such-token")) == {"active": False}


def test_an_introspection_with_another_alg_is_refused(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server, "signed", introspection_signed_response_alg="ES256")
    with pytest.raises(InvalidIntrospectionResponse, match="PS256"):
        flavor.run(client.introspect_token("any-token"))


def test_a_revoked_token_is_no_longer_active(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "client_secret_basic")
    token = login(flavor, authorization_server, browser, client, "client_secret_basic")
    assert flavor.run(client.introspect_token(token, "refresh_token"))["active"] is True
    assert flavor.run(client.revoke_refresh_token(token)) is True
    assert flavor.run(client.introspect_token(token, "refresh_token")) == {"active": False}
    with pytest.raises(InvalidGrant):
        flavor.run(client.refresh_token(token))


def test_revoking_what_is_no_token_succeeds(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server, "client_secret_basic")
    assert flavor.run(client.revoke_token("no-such-token")) is True  # RFC 7009 section 2.2


# --- token exchange ---------------------------------------------------------------------------------------


@pytest.fixture
def exchanging(flavor: Flavor, authorization_server: Server, browser: Browser) -> tuple[Any, Any]:
    client = client_of(flavor, authorization_server, "exchange")
    return client, login(flavor, authorization_server, browser, client, "exchange")


def test_an_access_token_is_exchanged_for_another(flavor: Flavor, exchanging: tuple[Any, Any]) -> None:
    client, token = exchanging
    other = flavor.run(client.token_exchange(subject_token=token, scope="openid email"))
    assert other.issued_token_type == "urn:ietf:params:oauth:token-type:access_token"
    assert other.access_token != token.access_token
    assert flavor.run(client.userinfo(other)) == ALICE


def test_an_access_token_is_exchanged_for_an_id_token(flavor: Flavor, exchanging: tuple[Any, Any]) -> None:
    client, token = exchanging
    other = flavor.run(client.token_exchange(subject_token=token, requested_token_type="id_token"))
    assert isinstance(other, SecurityToken)
    assert other.id_token.checked
    assert (other.id_token.subject, str(other)) == ("alice", str(other.id_token))
    with pytest.raises(NotAnAccessToken):
        flavor.run(client.userinfo(other))


def test_what_the_server_does_not_exchange_is_refused(flavor: Flavor, exchanging: tuple[Any, Any]) -> None:
    client, token = exchanging
    with pytest.raises(InvalidRequest):
        flavor.run(client.token_exchange(subject_token=token, subject_token_type="refresh_token"))
    with pytest.raises(InvalidGrant):
        flavor.run(client.token_exchange(subject_token="no-such-token", subject_token_type="access_token"))
