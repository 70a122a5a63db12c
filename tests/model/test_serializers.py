from __future__ import annotations

import contextlib
import json
import secrets
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client import (
    AuthorizationRequest,
    AuthorizationRequestSerializer,
    BearerToken,
    DPoPKey,
    DPoPKeySerializer,
    DPoPToken,
    InvalidParam,
    InvalidSerializedValue,
    TokenSerializer,
    b64u_encode,
)

KEY = bytes(range(32))
DPOP_KEY = DPoPKey.generate()
REQUEST = AuthorizationRequest(
    "https://as.example/authorize", "id", "https://app.example/cb", acr_values="a b", max_age=5, resource=["r1", "r2"]
)
VALUES = [
    (TokenSerializer, BearerToken("at", expires_in=60, refresh_token="rt", scope="a b", extra=[1, {"x": None}])),
    (TokenSerializer, BearerToken("at")),
    (AuthorizationRequestSerializer, REQUEST),
]


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("serializer", "value"), VALUES)
@pytest.mark.parametrize("as_text", [True, False])
def test_what_was_dumped_is_loaded(serializer: Any, value: Any, key: bytes | None, as_text: bool) -> None:
    dumped = serializer(key).dumps(value)
    assert isinstance(dumped, bytes)
    assert serializer(key).loads(dumped.decode() if as_text else dumped) == value


def test_a_dpop_token_comes_back_with_its_key() -> None:
    token = DPoPToken("at", dpop_key=DPOP_KEY, expires_in=60)
    loaded = TokenSerializer(KEY).loads(TokenSerializer(KEY).dumps(token))
    assert isinstance(loaded, DPoPToken)
    assert loaded.dpop_key.dpop_jkt == DPOP_KEY.dpop_jkt
    assert loaded.expires_at == token.expires_at


def test_a_request_comes_back_with_its_dpop_key() -> None:
    request = AuthorizationRequest("https://as.example/authorize", "id", dpop_key=DPOP_KEY)
    loaded = AuthorizationRequestSerializer().loads(AuthorizationRequestSerializer().dumps(request))
    assert loaded.dpop_jkt == DPOP_KEY.dpop_jkt
    assert loaded.uri == request.uri


def test_a_dpop_key_comes_back() -> None:
    loaded = DPoPKeySerializer(KEY).loads(DPoPKeySerializer(KEY).dumps(DPOP_KEY))
    assert loaded.dpop_jkt == DPOP_KEY.dpop_jkt


def test_a_class_of_ones_own_is_loaded_as_such() -> None:
    class Token(BearerToken):
        """One of the user's own."""

    serializer = TokenSerializer(token_class=Token)
    assert type(serializer.loads(serializer.dumps(Token("at")))) is Token


def test_with_a_key_nothing_can_be_read_or_changed() -> None:
    dumped = TokenSerializer(KEY).dumps(BearerToken("the-access-token"))
    for wrong in (TokenSerializer(), TokenSerializer(secrets.token_bytes(32)), AuthorizationRequestSerializer(KEY)):
        with pytest.raises(InvalidSerializedValue):
            wrong.loads(dumped)
    with pytest.raises(InvalidSerializedValue):
        TokenSerializer(KEY).loads(dumped[:-6] + b"AAAAAA")


def test_keys_are_replaced_one_after_the_other() -> None:
    young = secrets.token_bytes(32)
    token = BearerToken("at")
    both = TokenSerializer([young, KEY])
    assert both.loads(TokenSerializer(KEY).dumps(token)) == token
    assert TokenSerializer(young).loads(both.dumps(token)) == token


@pytest.mark.parametrize("key", [b"", b"short", [], [KEY, b"short"], "a text"])
def test_a_weak_key_is_refused(key: Any) -> None:
    with pytest.raises(InvalidParam, match="32 random bytes"):
        TokenSerializer(key)


def test_a_bomb_is_not_inflated() -> None:
    bomb = b64u_encode(zlib.compress(b'{"access_token":"' + b"a" * (1 << 24) + b'"}'))
    with pytest.raises(InvalidSerializedValue):
        TokenSerializer().loads(bomb)


@given(st.binary(max_size=300))
def test_whatever_is_loaded_only_one_error_comes_out(data: bytes) -> None:
    for text in (data, b64u_encode(data), b64u_encode(zlib.compress(data))):
        with pytest.raises(InvalidSerializedValue):
            TokenSerializer().loads(text)


@given(
    st.dictionaries(
        st.sampled_from(["access_token", "expires_at", "token_type", "dpop_key", "id_token", "kwargs", "self"]),
        st.none() | st.text(max_size=9) | st.integers() | st.lists(st.integers(), max_size=2),
    )
)
def test_whatever_fields_come_a_token_or_the_one_error_comes_out(fields: dict[str, Any]) -> None:
    dumped = b64u_encode(zlib.compress(json.dumps(fields).encode()))
    with contextlib.suppress(InvalidSerializedValue):
        assert isinstance(TokenSerializer().loads(dumped), BearerToken)


def test_the_repr_shows_no_key() -> None:
    assert repr(TokenSerializer(KEY)) == "<TokenSerializer with encryption>"
