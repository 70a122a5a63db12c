"""How serialized values are encrypted: keys are named, derived for each purpose, and replaced one after the other."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client import (
    BearerToken,
    DPoPKey,
    DPoPKeySerializer,
    InvalidParam,
    InvalidSerializedValue,
    TokenSerializer,
    b64u_decode,
)
from requests_oauth2client._jose import jwe
from requests_oauth2client.serializers import MismatchingSerializerKey

KEY, OTHER = bytes(range(32)), bytes(range(32, 64))
TOKEN = BearerToken("at", refresh_token="rt")


def header_of(sealed: bytes) -> dict[str, Any]:
    return json.loads(b64u_decode(sealed.partition(b".")[0]))


def written_by_2_0(key: bytes) -> bytes:
    """The token as release 2.0 wrote it."""
    derived = hashlib.sha256(b"requests_oauth2client token\0" + key).digest()
    text = json.dumps({"access_token": "at", "refresh_token": "rt", "token_type": "Bearer"})
    return jwe.encrypt(text, jwe.SharedKey(derived), alg="dir", enc="A256GCM").encode()


def test_what_2_0_wrote_is_loaded() -> None:
    assert TokenSerializer(KEY).loads(written_by_2_0(KEY)) == TOKEN
    assert TokenSerializer([OTHER, KEY]).loads(written_by_2_0(KEY)) == TOKEN
    with pytest.raises(MismatchingSerializerKey):
        TokenSerializer(OTHER).loads(written_by_2_0(KEY))


def test_the_header_names_the_key_and_does_not_show_it() -> None:
    header = header_of(TokenSerializer(KEY).dumps(TOKEN))
    assert header == header_of(TokenSerializer(KEY).dumps(BearerToken("another")))
    assert header.pop("kid") not in hashlib.sha256(KEY).hexdigest()
    assert header == {"alg": "dir", "enc": "A256GCM"}


def test_each_key_and_each_purpose_has_a_name_of_its_own() -> None:
    dpop_key = DPoPKey.generate()
    sealed = [serializer(key).dumps(value) for key in (KEY, OTHER)
              for serializer, value in ((TokenSerializer, TOKEN), (DPoPKeySerializer, dpop_key))]  # fmt: skip
    assert len({header_of(one)["kid"] for one in sealed}) == 4


def test_the_first_key_encrypts_and_each_decrypts() -> None:
    three = [secrets.token_bytes(32) for _ in range(3)]
    assert TokenSerializer(three[0]).loads(TokenSerializer(three).dumps(TOKEN)) == TOKEN
    for key in three:
        assert TokenSerializer(three).loads(TokenSerializer(key).dumps(TOKEN)) == TOKEN
    for key in three[1:]:
        with pytest.raises(MismatchingSerializerKey, match=r"key=\[this one, that one\]"):
            TokenSerializer(key).loads(TokenSerializer(three).dumps(TOKEN))


def test_one_key_given_twice_is_one_key() -> None:
    assert TokenSerializer([KEY, KEY]).loads(TokenSerializer([KEY, KEY]).dumps(TOKEN)) == TOKEN


@pytest.mark.parametrize("at", [0, 5, 60, 90, -1])
def test_what_was_changed_is_no_other_key_or_no_value(at: int) -> None:
    sealed = bytearray(TokenSerializer(KEY).dumps(TOKEN))
    sealed[at] ^= 1
    with pytest.raises(InvalidSerializedValue):
        TokenSerializer(KEY).loads(bytes(sealed))


def test_a_changed_text_is_not_taken_for_one_under_another_key() -> None:
    head, _, iv, text, tag = TokenSerializer(KEY).dumps(TOKEN).split(b".")
    swapped = b".".join([head, b"", iv, text[::-1], tag])
    with pytest.raises(InvalidSerializedValue) as error:
        TokenSerializer(KEY).loads(swapped)
    assert not isinstance(error.value, MismatchingSerializerKey)


@pytest.mark.parametrize("kid", [1, None, "", ["x"], {"a": 1}, "x" * 5000])
def test_whatever_a_header_names_as_key_one_error_comes_out(kid: Any) -> None:
    sealed = jwe.encrypt("{}", jwe.SharedKey(KEY), alg="dir", enc="A256GCM").split(".")
    from requests_oauth2client import b64u_encode

    sealed[0] = b64u_encode(json.dumps({"alg": "dir", "enc": "A256GCM", "kid": kid}))
    with pytest.raises(InvalidSerializedValue):
        TokenSerializer(KEY).loads(".".join(sealed))


@pytest.mark.parametrize("value", [5, None, 10**12, ["a"], object(), 1.5, "\ud800"])
@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_no_string_or_bytes_is_no_value(value: Any, key: bytes | None) -> None:
    with pytest.raises(InvalidSerializedValue):
        TokenSerializer(key).loads(value)


def test_bytes_of_any_class_are_loaded() -> None:
    for key in (None, KEY):
        sealed = TokenSerializer(key).dumps(TOKEN)
        assert TokenSerializer(key).loads(bytearray(sealed)) == TOKEN  # type: ignore[arg-type]
        assert TokenSerializer(key).loads(memoryview(sealed)) == TOKEN  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_whatever_is_loaded_with_a_key_only_one_error_comes_out(data: bytes) -> None:
    with pytest.raises(InvalidSerializedValue):
        TokenSerializer(KEY).loads(data)


@pytest.mark.parametrize(
    ("key", "said"),
    [("ab" * 32, "got str: decode it"), ([KEY, "ab"], "got str"), (b"short", "has 5 bytes"), ([], "holds no key"),
     ([None], "got NoneType"), ([1], "got int")],
)  # fmt: skip
def test_what_is_no_key_is_refused_with_what_came(key: Any, said: str) -> None:
    with pytest.raises(InvalidParam, match=said) as error:
        TokenSerializer(key)
    assert "32 random bytes" in str(error.value)
    assert "abab" not in str(error.value)
