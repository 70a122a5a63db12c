"""ID tokens where nobody asked for one, and ID tokens without the access token that was asked for."""

from __future__ import annotations

import time
from typing import Any

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationResponse,
    BearerToken,
    InvalidIdToken,
    InvalidTokenResponse,
    MismatchingIdTokenNonce,
    MissingAccessToken,
)
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.jws import sign
from requests_oauth2client._jose.keys import signing_key

ISSUER = "https://as.local"
KEY = {**generate_private_jwk("RS256"), "kid": "1"}
KNOWN = {"issuer": ISSUER, "authorization_server_jwks": {"keys": [public_jwk(KEY)]}}
OPAQUE: tuple[Any, ...] = ("opaque", "a.b", 5, {"a": 1}, "x.y.z")


def id_token(**claims: Any) -> str:
    now = int(time.time())
    known = {"iss": ISSUER, "sub": "alice", "aud": "id", "iat": now, "exp": now + 60, "nonce": "n"}
    return sign({**known, **claims}, signing_key(KEY))


def answered(**more: Any) -> AuthorizationResponse:
    return AuthorizationResponse("code", "https://app.local/cb", "v" * 43, "state", more.pop("nonce", "n"), **more)


def came(**members: Any) -> Any:
    return answer({"access_token": "at", "token_type": "Bearer", **members})


@pytest.mark.parametrize("value", OPAQUE)
def test_what_is_no_id_token_spoils_no_answer_without_a_login(flavor: Flavor, value: Any) -> None:
    client, _ = flavor.mocked(came(id_token=value), **KNOWN)
    token = flavor.run(client.client_credentials("api"))
    assert (token.access_token, token.id_token) == ("at", None)
    assert token == BearerToken("at")
    assert flavor.run(client.resource_owner_password("alice", "pw", scope="api")).id_token is None
    assert flavor.run(client.authorization_code(answered(nonce=None, scope="api"))).id_token is None


@pytest.mark.parametrize("value", OPAQUE)
def test_where_a_login_was_asked_for_it_is_refused(flavor: Flavor, value: Any) -> None:
    client, _ = flavor.mocked(came(id_token=value), **KNOWN)
    for code in (answered(), "code"):
        with pytest.raises(InvalidIdToken, match="no JWT"):
            flavor.run(client.authorization_code(code))


def test_a_refresh_hands_out_what_came_with_it(flavor: Flavor) -> None:
    client, _ = flavor.mocked(came(id_token="opaque", refresh_token="rt2"), **KNOWN)
    old = BearerToken("at", refresh_token="rt1", id_token=id_token())
    with pytest.raises(InvalidIdToken, match="no JWT") as refused:
        flavor.run(client.refresh_token(old))
    assert refused.value.renewed_token.refresh_token == "rt2"
    without = BearerToken("at", refresh_token="rt1")
    assert flavor.run(client.refresh_token(without)).refresh_token == "rt2"


def test_an_id_token_alone_is_checked_and_handed_out(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer({"id_token": id_token(), "token_type": "Bearer"}), **KNOWN)
    with pytest.raises(MissingAccessToken, match="no access_token") as alone:
        flavor.run(client.authorization_code(answered()))
    assert (alone.value.id_token.subject, alone.value.id_token.checked) == ("alice", True)
    assert isinstance(alone.value, InvalidTokenResponse)
    assert str(alone.value.id_token) not in str(alone.value)


@pytest.mark.parametrize("claims", [{"nonce": "other"}, {"aud": "other"}, {"iss": "https://evil.local"}, {"exp": 1}])
def test_an_id_token_alone_that_is_not_acceptable_is_refused(flavor: Flavor, claims: Any) -> None:
    client, _ = flavor.mocked(answer({"id_token": id_token(**claims)}), **KNOWN)
    with pytest.raises(InvalidIdToken) as refused:
        flavor.run(client.authorization_code(answered()))
    if "nonce" in claims:
        assert isinstance(refused.value, MismatchingIdTokenNonce)


def test_elsewhere_an_id_token_alone_says_that_it_is_not_checked(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer({"id_token": id_token()}), **KNOWN)
    for call in (
        lambda: client.resource_owner_password("alice", "pw"),
        lambda: client.authorization_code(answered(), validate=False),
    ):
        with pytest.raises(MissingAccessToken) as alone:
            flavor.run(call())
        assert alone.value.id_token.checked is False
        assert flavor.run(client.check_id_token(alone.value.id_token, nonce="n")).checked


def test_a_client_that_knows_no_provider_hands_it_out_unchecked(flavor: Flavor) -> None:
    client, _ = flavor.mocked(answer({"id_token": id_token()}))
    with pytest.raises(MissingAccessToken) as alone:
        flavor.run(client.authorization_code(answered()))
    assert alone.value.id_token.checked is False
