"""ID tokens where they are received: what is demanded of whom, what is fetched, and what is said in the log."""

from __future__ import annotations

import functools
import hashlib
import logging
from typing import Any

import pytest

from devkit.exchange import answer
from devkit.play import NOON, Heard, play
from requests_oauth2client import AuthorizationResponse, BearerToken, IdToken, TransportError
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key
from requests_oauth2client._protocol.client import Client
from requests_oauth2client._protocol.oidc import id_token
from requests_oauth2client.tokens import (
    ExpiredIdToken,
    InvalidIdToken,
    MismatchingIdTokenAudience,
    MismatchingIdTokenHash,
    MismatchingIdTokenIssuer,
    MismatchingIdTokenNonce,
    MismatchingIdTokenSubject,
    MissingIdToken,
    MissingIdTokenClaim,
    MissingIdTokenKey,
)
from requests_oauth2client.utils import b64u_encode

ISSUER = "https://as.local"
JWKS_URI = "https://as.local/jwks"
NOW = int(NOON.timestamp())
LOG = "requests_oauth2client.id_token"


@functools.cache
def key() -> dict[str, Any]:
    return generate_private_jwk("RS256", kid="k")


def signed(**changes: Any) -> str:
    right = {"iss": ISSUER, "sub": "alice", "aud": "client", "iat": NOW, "exp": NOW + 300, "nonce": "nonce"}
    claims = {name: value for name, value in {**right, **changes}.items() if value is not None}
    return jws.sign(claims, signing_key(key()))


def half(text: str) -> str:
    return b64u_encode(hashlib.sha256(text.encode()).digest()[:16])


def make_client(**settings: Any) -> Client:
    return Client("https://as.local/token", ("client", "hush-hush"), **{"retries": None, **settings})


def knowing(**settings: Any) -> Client:
    keys = {"keys": [public_jwk(key())]}
    return make_client(**{"issuer": ISSUER, "authorization_server_jwks": keys, **settings})


def token(id_token: str | None, **fields: Any) -> BearerToken:
    return BearerToken("access", id_token=id_token, **fields)


RESPONSE = AuthorizationResponse("code", nonce="nonce", state="state")


def checked(client: Client, got: BearerToken, answered: Any = RESPONSE, answers: Any = ()) -> Heard[BearerToken]:
    return play(id_token.check(client, got, answered), answers)


# --- a client that knows its OP -----------------------------------------------------------------------------


def test_a_right_token_comes_back_checked() -> None:
    got = checked(knowing(), token(signed(), scope="openid", extra=1)).result
    assert got.id_token is not None
    assert got.id_token.checked
    assert (got.access_token, got.scope, got.extra) == ("access", "openid", 1)


def test_keys_are_fetched_when_they_are_needed() -> None:
    client = make_client(issuer=ISSUER, jwks_uri=JWKS_URI)
    heard = checked(client, token(signed()), answers=[answer({"keys": [public_jwk(key())]})])
    assert heard.result.id_token is not None
    assert [request.url for request in heard.sent] == [JWKS_URI]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"iss": "https://other.local"}, MismatchingIdTokenIssuer),
        ({"aud": "other"}, MismatchingIdTokenAudience),
    ],
)
def test_a_token_for_somebody_else_makes_nobody_fetch_keys(changes: Any, refusal: type[Exception]) -> None:
    heard = checked(make_client(issuer=ISSUER, jwks_uri=JWKS_URI), token(signed(**changes)))
    assert isinstance(heard.error, refusal)
    assert not heard.sent


@pytest.mark.parametrize("failure", [answer("oops", 500), TransportError(JWKS_URI, "no answer came")], ids=str)
def test_keys_that_cant_be_fetched_are_an_error_of_the_id_token(failure: Any) -> None:
    heard = checked(make_client(issuer=ISSUER, jwks_uri=JWKS_URI), token(signed()), answers=[failure])
    assert isinstance(heard.error, MissingIdTokenKey)
    assert heard.error.__cause__ is not None
    assert "can't be fetched" in str(heard.error)


def test_an_issuer_without_any_keys_is_not_enough() -> None:
    heard = checked(make_client(issuer=ISSUER), token(signed()))
    assert isinstance(heard.error, MissingIdTokenKey)
    assert "jwks_uri=" in str(heard.error)


def test_keys_without_an_issuer_are_not_enough() -> None:
    heard = checked(knowing(issuer=None), token(signed()))
    assert isinstance(heard.error, MismatchingIdTokenIssuer)


def test_without_a_request_there_is_nothing_to_compare_the_nonce_with() -> None:
    assert checked(knowing(), token(signed()), None).result.id_token


@pytest.mark.parametrize(
    ("answered", "scope", "is_demanded"),
    [
        (RESPONSE, None, True),
        (RESPONSE, "openid email", True),
        (RESPONSE, "email", False),
        (RESPONSE, "openidx", False),
        (RESPONSE.replace(nonce=None), None, False),
        (None, "openid", False),
    ],
)
def test_an_id_token_is_demanded_where_one_was_asked_for(answered: Any, scope: Any, is_demanded: bool) -> None:
    heard = checked(knowing(), token(None, scope=scope), answered)
    assert isinstance(heard.error, MissingIdToken) is is_demanded
    assert (heard.error is None) is not is_demanded


def test_the_id_token_of_the_authorization_endpoint_must_be_about_the_same_user() -> None:
    front = RESPONSE.replace(id_token=IdToken(signed(sub="bob")))
    assert isinstance(checked(knowing(), token(signed()), front).error, MismatchingIdTokenSubject)
    assert checked(knowing(), token(signed(sub="bob")), front).result


# --- a client that knows nothing ----------------------------------------------------------------------------


def test_who_knows_nothing_gets_it_unchecked_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    client = make_client()
    with caplog.at_level(logging.WARNING, LOG):
        for _ in range(3):
            got = checked(client, token(signed())).result
            assert got.id_token is not None
            assert got.id_token.checked is False
        checked(make_client(), token(signed()))
    assert len(caplog.records) == 2, "one for each client"
    assert "issuer= and jwks_uri=" in caplog.text
    assert "hush-hush" not in caplog.text


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"nonce": "other"}, MismatchingIdTokenNonce),
        ({"nonce": None}, MismatchingIdTokenNonce),
        ({"aud": "other"}, MismatchingIdTokenAudience),
        ({"aud": None}, MismatchingIdTokenAudience),
        ({"exp": NOW - 1}, ExpiredIdToken),
        ({"exp": None}, MissingIdTokenClaim),
    ],
)
def test_what_can_be_compared_still_is(changes: Any, refusal: type[Exception]) -> None:
    assert isinstance(checked(make_client(), token(signed(**changes))).error, refusal)


def test_who_knows_nothing_may_also_get_none() -> None:
    assert checked(make_client(), token(None)).result.id_token is None


# --- refresh ------------------------------------------------------------------------------------------------


def refreshed(client: Client, new: str | None, old: BearerToken | None) -> Heard[BearerToken]:
    return play(id_token.check_refreshed(client, token(new), old))


def test_without_another_one_the_id_token_of_the_login_is_kept() -> None:
    login = checked(knowing(), token(signed())).result
    kept = refreshed(knowing(), None, login).result.id_token
    assert kept is login.id_token


def test_a_refreshed_id_token_is_checked() -> None:
    got = refreshed(knowing(), signed(nonce=None), token(signed())).result.id_token
    assert got is not None
    assert got.checked
    assert isinstance(refreshed(knowing(), signed(exp=NOW - 1), token(signed())).error, ExpiredIdToken)


@pytest.mark.parametrize("client", [knowing, make_client], ids=["knowing", "unknowing"])
def test_a_refreshed_id_token_of_another_login_is_refused(client: Any) -> None:
    assert isinstance(refreshed(client(), signed(sub="bob"), token(signed())).error, MismatchingIdTokenSubject)


def test_with_the_refresh_token_alone_there_is_no_login_to_compare_with() -> None:
    assert refreshed(knowing(), signed(sub="bob"), None).result.id_token


# --- through the browser ------------------------------------------------------------------------------------


def front(client: Client, came: str, answered: Any = RESPONSE, **more: Any) -> Heard[IdToken]:
    return play(id_token.check_front_channel(client, came, answered, **more))


HYBRID = {"c_hash": half("code"), "s_hash": half("state")}


def test_the_hybrid_flow_gives_a_checked_id_token() -> None:
    assert front(knowing(), signed(**HYBRID)).result.checked


@pytest.mark.parametrize(
    ("changes", "more", "refusal"),
    [
        ({"c_hash": None}, {}, MissingIdTokenClaim),
        ({"c_hash": half("code1")}, {}, MismatchingIdTokenHash),
        ({"s_hash": half("state1")}, {}, MismatchingIdTokenHash),
        ({}, {"access_token": "access"}, MissingIdTokenClaim),
        ({"at_hash": half("other")}, {"access_token": "access"}, MismatchingIdTokenHash),
        ({"nonce": "other"}, {}, MismatchingIdTokenNonce),
        ({"nonce": None}, {}, MismatchingIdTokenNonce),
    ],
)
def test_what_comes_through_the_browser_is_bound_to_what_came_along(
    changes: Any, more: Any, refusal: type[Exception]
) -> None:
    assert isinstance(front(knowing(), signed(**{**HYBRID, **changes}), **more).error, refusal)


def test_without_a_code_no_hash_of_it_is_needed() -> None:
    assert front(knowing(), signed(), RESPONSE.replace(code="")).result.checked


def test_a_request_without_a_nonce_takes_nothing_from_the_browser() -> None:
    heard = front(knowing(), signed(nonce=None, **HYBRID), RESPONSE.replace(nonce=None))
    assert isinstance(heard.error, MismatchingIdTokenNonce)


def test_who_knows_nothing_takes_nothing_from_the_browser() -> None:
    assert isinstance(front(make_client(), signed(**HYBRID)).error, InvalidIdToken)
    assert isinstance(front(make_client(allow_unknown_issuer=True), signed(**HYBRID)).error, MissingIdTokenKey)
