"""What a refresh has given is kept before anything is checked, and any definite refusal leads on; played."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devkit.exchange import Answer, answer, error, token
from devkit.play import play
from requests_oauth2client import (
    BearerToken,
    InvalidIdToken,
    LoginNeeded,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
    OAuth2DeviceCodeAuth,
    TokenEndpointError,
)
from requests_oauth2client._jose.jws import sign
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key
from requests_oauth2client.exceptions import EndpointError
from requests_oauth2client.stores import MemoryStore

from .helpers import client, renew_token, valid_token

ISSUER = "https://as.local"
KEY = generate_private_jwk("RS256") | {"kid": "k"}
PUBLIC = {name: KEY[name] for name in ("kty", "n", "e", "kid")} | {"alg": "RS256"}


def id_token(**claims: Any) -> str:
    known = {"iss": ISSUER, "aud": "id", "sub": "alice", "iat": 1, "exp": 4_000_000_000, "auth_time": 1000}
    return sign({**known, **claims}, signing_key(KEY))


def with_keys(**kwargs: Any) -> Any:
    return client(issuer=ISSUER, authorization_server_jwks={"keys": [PUBLIC]}, **kwargs)


def login(**kwargs: Any) -> BearerToken:
    return BearerToken("a1", **{"expires_in": -10, "refresh_token": "r1", "id_token": id_token(), **kwargs})


def rotated(number: int, **kwargs: Any) -> Answer:
    return token(access_token=f"a{number}", refresh_token=f"r{number}", expires_in=3600, **kwargs)


def user(using: Any, held: Any = None, **kwargs: Any) -> OAuth2AccessTokenAuth:
    return OAuth2AccessTokenAuth(using, held, subject="alice" if "store" in kwargs else None, **kwargs)


def sent(heard: Any) -> list[str]:
    return [form["refresh_token"] for form in heard.forms if "refresh_token" in form]


def stores() -> list[Any]:
    return [dict, lambda: {"store": MemoryStore()}]


@pytest.mark.parametrize("store", stores(), ids=["alone", "stored"])
@pytest.mark.parametrize("claims", [{"auth_time": 2000}, {"sub": "mallory"}, {"iss": "https://evil.local"}], ids=repr)
def test_a_refused_id_token_does_not_lose_the_new_refresh_token(store: Any, claims: dict[str, Any]) -> None:
    kept: list[BearerToken] = []
    options = store()
    auth = user(with_keys(), login(), on_token=kept.append, **options)
    first = play(valid_token(auth), [rotated(2, id_token=id_token(**claims))])
    assert isinstance(first.error, InvalidIdToken)
    assert [one.refresh_token for one in kept] == ["r2"]
    second = play(valid_token(auth), [rotated(3, id_token=id_token())])
    assert sent(first) + sent(second) == ["r1", "r2"]
    assert str(second.result) == "a3"
    assert second.result.id_token is not None
    assert second.result.id_token.checked


def test_in_the_leeway_the_old_access_token_goes_on_with_the_new_refresh_token() -> None:
    auth = user(with_keys(), login(expires_in=10))
    heard = play(valid_token(auth), [rotated(2, id_token=id_token(sub="mallory"))])
    assert str(heard.result) == "a1"
    assert auth.token is not None
    assert (str(auth.token), auth.token.refresh_token) == ("a1", "r2")


@pytest.mark.parametrize("store", stores(), ids=["alone", "stored"])
def test_keys_that_can_not_be_had_fail_no_call(store: Any) -> None:
    away = client(issuer=ISSUER, jwks_uri=f"{ISSUER}/jwks")
    options = store()
    auth = user(away, login(), **options)
    heard = play(valid_token(auth), [rotated(2, id_token=id_token(auth_time=2000)), answer(b"", 500)])
    got = heard.result
    assert (str(got), got.refresh_token) == ("a2", "r2")
    assert str(got.id_token) == id_token()
    assert got.id_token is None or not got.id_token.checked


def test_the_store_has_the_new_refresh_token_before_keys_are_fetched() -> None:
    store = MemoryStore()
    away = client(issuer=ISSUER, jwks_uri=f"{ISSUER}/jwks")
    auth = user(away, login(), store=store)

    class KilledError(BaseException):
        pass

    with pytest.raises(KilledError):
        play(valid_token(auth), [rotated(2, id_token=id_token()), KilledError()])
    again = play(valid_token(user(away, store=store)), [rotated(3)])
    assert sent(again) == ["r2"]


# --- refusals

DEFINITE = [
    error("invalid_grant"),
    error("unauthorized_client"),
    error("unsupported_grant_type"),
    error("invalid_request"),
    error("invalid_scope"),
    error("invalid_target"),
    error("anything_else"),
    answer(b"", 400),
    answer({"message": "Bad Request", "errors": [{"resource": "RefreshToken", "code": "invalid"}]}, 400),
    answer({"errors": [{"code": "invalid_grant"}]}, 400),
]
NOT_ABOUT_THE_TOKEN = [
    error("invalid_client", 401),
    error("server_error"),
    error("temporarily_unavailable"),
    answer(b"", 500),
    answer(b"<html>", 400),
    answer({"message": "Internal server error"}, 500),
    answer({"message": "Too many requests"}, 429),
    answer(b"", 401),
    answer(b"", 429),
]


@pytest.mark.parametrize("refusal", DEFINITE, ids=repr)
def test_a_definite_refusal_leads_to_the_grant(refusal: Answer) -> None:
    auth = OAuth2ClientCredentialsAuth(client(), token=login(id_token=None))
    heard = play(valid_token(auth), [refusal, token()])
    assert [form["grant_type"] for form in heard.forms] == ["refresh_token", "client_credentials"]


@pytest.mark.parametrize("refusal", DEFINITE, ids=repr)
@pytest.mark.parametrize("store", stores(), ids=["alone", "stored"])
def test_a_definite_refusal_leads_to_the_login(refusal: Answer, store: Any) -> None:
    auth = user(client(), login(id_token=None), **store())
    assert isinstance(play(valid_token(auth), [refusal]).error, LoginNeeded)


def test_a_definite_refusal_leads_to_a_login_on_the_device() -> None:
    auth = OAuth2DeviceCodeAuth(client(), lambda: "device code", token=login(id_token=None))
    heard = play(valid_token(auth), [error("unauthorized_client"), token()])
    assert heard.forms[1]["device_code"] == "device code"


@pytest.mark.parametrize("failure", NOT_ABOUT_THE_TOKEN, ids=repr)
def test_other_failures_lead_nowhere(failure: Answer) -> None:
    auth = OAuth2ClientCredentialsAuth(client(), token=login(id_token=None))
    heard = play(valid_token(auth), [failure])
    assert heard.error is not None
    assert not isinstance(heard.error, LoginNeeded)
    assert len(heard.sent) == 1


def test_the_error_keeps_its_own_class_and_text() -> None:
    heard = play(valid_token(user(client(), login(id_token=None))), [error("invalid_scope", error_description="no")])
    assert isinstance(heard.error, TokenEndpointError)
    assert isinstance(heard.error, EndpointError)
    assert heard.error.error == "invalid_scope"
    assert "no" in str(heard.error)


# --- options of the HTTP library

OPTIONS = {"headers": {"X-Tenant": "t"}, "timeout": 3}


@pytest.mark.parametrize(
    "make",
    [
        lambda: OAuth2AccessTokenAuth(client(), login(id_token=None), requests_kwargs=OPTIONS),
        lambda: OAuth2ClientCredentialsAuth(client(), token=login(id_token=None), requests_kwargs=OPTIONS),
        lambda: OAuth2AuthorizationCodeAuth(client(), "code", requests_kwargs=OPTIONS),
        lambda: OAuth2DeviceCodeAuth(client(), "device", requests_kwargs=OPTIONS),
    ],
)
def test_options_of_the_http_library_count_for_each_request(make: Any) -> None:
    auth = make()
    requests = [
        *play(valid_token(auth), [rotated(2)]).sent,
        *play(renew_token(auth), [rotated(3)]).sent,
    ]
    assert [(one.headers["X-Tenant"], one.timeout) for one in requests] == [("t", 3)] * 2
    assert "requests_kwargs" not in json.dumps([dict(one.form or {}) for one in requests])
