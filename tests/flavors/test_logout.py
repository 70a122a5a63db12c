"""Logout tokens and the other ways that sessions end, on both clients."""

from __future__ import annotations

import time
from typing import Any

import pytest

from devkit.flavors import Flavor
from requests_oauth2client import (
    EndSessionRequest,
    InvalidAuthResponse,
    InvalidEndpointUri,
    InvalidFrontChannelLogout,
    InvalidLogoutToken,
    InvalidParam,
    MismatchingIssuer,
    MismatchingState,
)
from requests_oauth2client._jose.jwk import generate_private_jwk, public_jwk
from requests_oauth2client._jose.jws import sign
from requests_oauth2client._jose.keys import signing_key

ISSUER = "https://op.example"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
KEY = generate_private_jwk("RS256")
OTHER_ALG = generate_private_jwk("ES256")
JWKS = {"keys": [public_jwk(KEY), public_jwk(OTHER_ALG)]}


def logout_token(*, key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": "c", "sub": "alice", "sid": "S", "jti": "1", "iat": now, "exp": now + 120,
        "events": {EVENT: {}}, "unknown": "ignored", **changes,
    }  # fmt: skip
    return sign({n: v for n, v in claims.items() if v is not None}, signing_key(key), header=header)


@pytest.fixture
def client(flavor: Flavor) -> Any:
    return flavor.client(
        "https://op.example/token",
        "c",
        issuer=ISSUER,
        authorization_server_jwks=JWKS,
        end_session_endpoint="https://op.example/end",
    )


@pytest.mark.parametrize("typ", [None, "JWT", "logout+jwt"])
def test_a_good_logout_token_says_whose_session_to_end(flavor: Flavor, client: Any, typ: str | None) -> None:
    told = flavor.run(client.logout_token(logout_token(header={"typ": typ})))
    assert (told.sub, told.sid, told.jti, told.audiences) == ("alice", "S", "1", ["c"])
    assert told.expires_at > told.issued_at


@pytest.mark.parametrize("missing", ["sub", "sid"])
def test_one_of_sub_and_sid_is_enough(flavor: Flavor, client: Any, missing: str) -> None:
    told = flavor.run(client.logout_token(logout_token(**{missing: None})))
    assert getattr(told, missing) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": ISSUER + "INVALID"}, "iss"),
        ({"aud": "cINVALID"}, "aud"),
        ({"iat": None}, "iat"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_100}, "issued at"),
        ({"exp": None}, "exp"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"events": None}, "events"),
        ({"events": {"http://schemas.openid.net/event/foobar": {}}}, "events"),
        ({"events": {EVENT: "yes"}}, "events"),
        ({"events": [EVENT]}, "events"),
        ({"nonce": "n"}, "nonce"),
        ({"sub": None, "sid": None}, "neither sub nor sid"),
        ({"sub": 5}, "sub"),
        ({"jti": None}, "jti"),
        ({"header": {"typ": "at+jwt"}}, "typ"),
        ({"key": OTHER_ALG}, "alg"),
    ],
)
def test_a_rule_that_is_broken_is_named(flavor: Flavor, client: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidLogoutToken, match=said):
        flavor.run(client.logout_token(logout_token(**changes)))


def test_an_unsigned_one_is_refused(flavor: Flavor, client: Any) -> None:
    unsigned = "eyJhbGciOiJub25lIn0." + logout_token().split(".")[1] + "."
    with pytest.raises(InvalidLogoutToken, match="none"):
        flavor.run(client.logout_token(unsigned))


def test_a_changed_one_is_refused(flavor: Flavor, client: Any) -> None:
    head, _, signature = logout_token().split(".")
    body = logout_token(sub="mallory").split(".")[1]
    with pytest.raises(InvalidLogoutToken, match="signature"):
        flavor.run(client.logout_token(f"{head}.{body}.{signature}"))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", b"\xff"])
def test_what_is_no_jwt_is_refused(flavor: Flavor, client: Any, text: Any) -> None:
    with pytest.raises(InvalidLogoutToken):
        flavor.run(client.logout_token(text))


def test_a_client_without_keys_believes_nobody(flavor: Flavor) -> None:
    client = flavor.client("https://op.example/token", "c", issuer=ISSUER)
    with pytest.raises(InvalidLogoutToken, match="keys"):
        flavor.run(client.logout_token(logout_token()))


def test_the_user_is_sent_to_the_op_and_comes_back(client: Any) -> None:
    request = client.end_session_request("id.token.hint", post_logout_redirect_uri="https://app.example/bye", x="y")
    assert str(request).startswith("https://op.example/end?id_token_hint=id.token.hint&client_id=c&")
    assert "&x=y" in str(request)
    assert "id.token.hint" not in repr(request)
    assert request.validate_callback(f"https://app.example/bye?state={request.state}&more=1") == {"more": "1"}


@pytest.mark.parametrize(
    "callback", ["state=forged", "https://app.example/bye", "?state=", "https://app.example/bye?x=1"]
)
def test_a_callback_without_the_state_is_refused(client: Any, callback: str) -> None:
    request = client.end_session_request(post_logout_redirect_uri="https://app.example/bye")
    with pytest.raises(MismatchingState):
        request.validate_callback(callback)


def test_without_a_way_back_there_is_no_state(client: Any) -> None:
    request = client.end_session_request()
    assert "state" not in request.args
    assert request.validate_callback("https://app.example/bye") == {}
    with pytest.raises(MismatchingState):
        request.validate_callback("?state=unasked")


def test_what_can_not_be_asked_is_refused() -> None:
    with pytest.raises(InvalidParam, match="client_id"):
        EndSessionRequest("https://op.example/end", post_logout_redirect_uri="https://app.example/bye")
    with pytest.raises(InvalidParam, match="twice"):
        EndSessionRequest("https://op.example/end", client_id="c", kwargs={"client_id": "d"})
    with pytest.raises(InvalidEndpointUri, match="client_id"):
        EndSessionRequest("https://op.example/end?client_id=d", client_id="c")
    with pytest.raises(InvalidEndpointUri, match="https"):
        EndSessionRequest("http://op.example/end")


def test_a_front_channel_logout_names_the_session(client: Any) -> None:
    assert client.front_channel_logout(f"https://app.example/fc?iss={ISSUER}&sid=S") == "S"
    assert client.front_channel_logout({"iss": ISSUER, "sid": "S"}, sid="S") == "S"
    assert client.front_channel_logout("https://app.example/fc") is None


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"iss": "https://other.example", "sid": "S"}, MismatchingIssuer),
        ({"iss": ISSUER}, InvalidFrontChannelLogout),
        ({"sid": "S"}, InvalidFrontChannelLogout),
        ({"iss": ISSUER, "sid": "T"}, InvalidFrontChannelLogout),
        ([("iss", ISSUER)], InvalidAuthResponse),
        ("iss=https://other.example&sid=S", MismatchingIssuer),  # a query, though it has :// in it
        ("https://[app.example/fc?iss=https://other.example&sid=S", MismatchingIssuer),
    ],
)
def test_a_forged_front_channel_logout_is_refused(client: Any, params: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.front_channel_logout(params, sid="S")
