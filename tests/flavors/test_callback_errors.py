"""Callbacks: what is checked first, what the server said is always told; addresses and modes; kinds of JWT."""

from __future__ import annotations

import time
from typing import Any

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationRequest, callback_state
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.keys import signing_key
from requests_oauth2client.authorization_request import (
    InvalidResponseJwt,
    MismatchingRedirectUri,
    MismatchingResponseMode,
    MissingResponseJwt,
)
from requests_oauth2client.exceptions import (
    AuthorizationResponseError,
    InvalidAuthResponse,
    MismatchingIssuer,
    MismatchingState,
    MissingAuthCode,
    MissingIssuer,
)
from requests_oauth2client.logout import InvalidLogoutToken

ISSUER, CALLBACK = "https://as.local", "https://app.local/cb?x=1"
KEY = generate_private_jwk("ES256", kid="k")
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}
SETTINGS: dict[str, Any] = {
    "authorization_endpoint": f"{ISSUER}/authorize",
    "redirect_uri": CALLBACK,
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/jwks",
    "id_token_signed_response_alg": "ES256",
    "authorization_signed_response_alg": "ES256",
}
REFUSED = {"error": "temporarily_unavailable", "error_description": "The database is down"}


def make(**changes: Any) -> AuthorizationRequest:
    known = {"issuer": ISSUER, "authorization_response_iss_parameter_supported": True, "state": "s", **changes}
    return AuthorizationRequest(f"{ISSUER}/authorize", "id", CALLBACK, **known)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"state": "s", "iss": ISSUER}, AuthorizationResponseError),
        ({"state": "s"}, MissingIssuer),
        ({"state": "s", "iss": "https://evil.local"}, MismatchingIssuer),
        ({"state": "other", "iss": ISSUER}, MismatchingState),
        ({}, MismatchingState),
    ],
    ids=repr,
)
def test_what_the_server_said_is_always_told(params: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        make().validate_callback({**params, **REFUSED})
    assert type(refused.value) is error
    assert "temporarily_unavailable" in str(refused.value)
    assert "The database is down" in str(refused.value)
    if isinstance(refused.value, InvalidAuthResponse):
        assert refused.value.server_error == "temporarily_unavailable"


def test_an_unsigned_error_where_a_signed_answer_was_asked_for_is_told_too() -> None:
    with pytest.raises(MissingResponseJwt, match=r"temporarily_unavailable.*The database is down"):
        make(response_mode="jwt").validate_callback({"state": "s", **REFUSED})


@pytest.mark.parametrize(
    "callback", [f"{CALLBACK}", "https://app.local/", {"x": "1"}, "x=1", {"state": "s"}, "state=s"]
)
def test_a_url_with_neither_code_nor_error_is_said_to_be_one(callback: Any) -> None:
    with pytest.raises(MissingAuthCode, match="neither code nor error"):
        make().validate_callback(callback)


def test_a_secret_in_an_error_description_does_not_show() -> None:
    params = {"error": "no", "error_description": "access_token=abcdefgh12345678"}
    with pytest.raises(MismatchingState) as refused:
        make().validate_callback(params)
    assert "abcdefgh12345678" not in str(refused.value)


# --- addresses and modes, by a setting or under fapi2


def check(flavor: Flavor, callback: Any, *, request: dict[str, Any] | None = None, **settings: Any) -> Any:
    client = flavor.client(**{**SETTINGS, "compare_callback_address": True, **settings})
    asked = client.authorization_request(state="s", **(request or {}))
    return flavor.run(client.authorization_response(asked, callback))


RIGHT = [
    f"{CALLBACK}&code=c&state=s",
    "HTTPS://APP.local/cb?code=c&x=1&state=s",
    "code=c&state=s",
    "?code=c&state=s",
    {"code": "c", "state": "s"},
]
ELSEWHERE = [
    "https://evil.local/cb?x=1&code=c&state=s",
    "http://app.local/cb?x=1&code=c&state=s",
    "https://app.local/cb2?x=1&code=c&state=s",
    "https://app.local/cb?code=c&state=s",
    "https://app.local:444/cb?x=1&code=c&state=s",
]


@pytest.mark.parametrize("callback", RIGHT, ids=str)
def test_a_callback_on_the_redirect_uri_is_accepted(flavor: Flavor, callback: Any) -> None:
    assert check(flavor, callback).code == "c"


@pytest.mark.parametrize("callback", ELSEWHERE)
def test_a_callback_on_another_address_is_refused_where_that_is_compared(flavor: Flavor, callback: str) -> None:
    with pytest.raises(MismatchingRedirectUri):
        check(flavor, callback)
    assert check(flavor, callback, compare_callback_address=False).code == "c"


def test_a_callback_in_another_mode_is_refused_where_that_is_compared(flavor: Flavor) -> None:
    form_post = {"response_mode": "form_post"}
    with pytest.raises(MismatchingResponseMode, match="form_post"):
        check(flavor, f"{CALLBACK}&code=c&state=s", request=form_post)
    assert check(flavor, {"code": "c", "state": "s"}, request=form_post).code == "c"
    assert check(flavor, f"{CALLBACK}#code=c&state=s", request={"response_mode": "fragment"}).code == "c"
    with pytest.raises(MismatchingResponseMode):
        check(flavor, f"{CALLBACK}&code=c&state=s", request={"response_mode": "fragment"})


def test_the_fapi_profile_compares_addresses_always() -> None:
    request = make(profile="fapi2")
    with pytest.raises(MismatchingRedirectUri):
        request.validate_callback(f"https://evil.local/cb?x=1&code=c&state=s&iss={ISSUER}")
    assert request.validate_callback(f"{CALLBACK}&code=c&state=s&iss={ISSUER}").code == "c"


# --- kinds of JWT


def signed(typ: str | None, **claims: Any) -> str:
    now = int(time.time())
    known = {"iss": ISSUER, "aud": "id", "iat": now, "exp": now + 60, **claims}
    return jws.sign(known, signing_key(KEY), header={"typ": typ})


@pytest.mark.parametrize(
    "typ", ["at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "x", "id+jwt"]
)
def test_another_jwt_of_the_server_is_no_callback(flavor: Flavor, typ: str) -> None:
    client, _ = flavor.mocked(answer({"keys": [public_jwk(KEY)]}), **SETTINGS)
    request = client.authorization_request(state="s", response_mode="jwt")
    with pytest.raises(InvalidResponseJwt, match="typ="):
        flavor.run(client.authorization_response(request, {"response": signed(typ, code="c", state="s")}))
    for right in (None, "JWT", "application/jwt"):
        response = flavor.run(client.authorization_response(request, {"response": signed(right, code="c", state="s")}))
        assert response.code == "c"


# --- logout tokens: what needs no key comes first


def logout_token(typ: str = "logout+jwt", **claims: Any) -> str:
    return signed(typ, **{"events": EVENTS, "jti": "j", "sid": "s", **claims})


WRONG = {"iss": {"iss": "https://evil.local"}, "aud": {"aud": "other"}, "typ": {"typ": "at+jwt"}}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_logout_token_for_others_makes_no_one_fetch_keys(flavor: Flavor, wrong: dict[str, str]) -> None:
    client, received = flavor.mocked(answer({"keys": [public_jwk(KEY)]}), **SETTINGS)
    with pytest.raises(InvalidLogoutToken):
        flavor.run(client.logout_token(logout_token(**wrong)))
    assert not received
    assert flavor.run(client.logout_token(logout_token())).sid == "s"
    assert len(received) == 1


def test_a_logout_token_gets_old(flavor: Flavor) -> None:
    now = int(time.time())
    ages = {"iat": now - 365 * 86_400, "exp": now + 60}
    client, _ = flavor.mocked(answer({"keys": [public_jwk(KEY)]}), **SETTINGS)
    with pytest.raises(InvalidLogoutToken, match="logout_token_max_age"):
        flavor.run(client.logout_token(logout_token(**ages)))
    assert flavor.run(client.logout_token(logout_token(iat=now - 1800))).jti == "j"
    client, _ = flavor.mocked(answer({"keys": [public_jwk(KEY)]}), **SETTINGS, logout_token_max_age=None)
    assert flavor.run(client.logout_token(logout_token(**ages))).jti == "j"


# --- the state, before anything is validated


@pytest.mark.parametrize(
    ("callback", "state"),
    [
        ({"code": "c", "state": "s"}, "s"),
        (f"{CALLBACK}&code=c&state=s", "s"),
        (f"{CALLBACK}#id_token=x&state=s", "s"),
        ("code=c&state=s", "s"),
        ({"error": "no"}, None),
        ({"response": signed("JWT", state="s")}, "s"),
        (f"{CALLBACK}#response={signed('JWT', state='s')}", "s"),
        ({"response": signed("JWT", state=1)}, None),
        ({"response": "a.b.c.d.e"}, None),
        ({"response": "nonsense", "state": "forged"}, None),
    ],
)
def test_the_state_of_a_callback_is_read_to_find_its_request(callback: Any, state: str | None) -> None:
    assert callback_state(callback) == state


def test_what_is_no_callback_has_no_state() -> None:
    for wrong in ("state=s&state=t", None, "a b"):
        with pytest.raises(InvalidAuthResponse):
            callback_state(wrong)
