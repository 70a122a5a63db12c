"""One chooser of our decryption key: what opens one kind of encrypted response opens all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from requests_oauth2client._jose import jwe
from requests_oauth2client._jose.algs import ENCRYPTION
from requests_oauth2client._jose.errors import DecryptionFailed, MalformedToken, NoMatchingKey, UnsupportedAlg
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk
from requests_oauth2client._oidc import decryption

SECRET = "the secret that client and server share"
CONTENT = b"content"


@functools.cache
def key(alg: str = "ECDH-ES", kid: str = "ours") -> dict[str, Any]:
    return generate_private_jwk(alg, kid=kid, use="enc")


def encrypted(to: dict[str, Any], alg: str = "ECDH-ES", enc: str = "A128CBC-HS256", **header: Any) -> str:
    bare = {name: value for name, value in public_jwk(to).items() if name != "kid"}
    return jwe.encrypt(CONTENT, bare, alg=alg, enc=enc, header=header)


def decrypt(token: str, ours: Any, **changes: Any) -> bytes:
    return decryption.decrypt(token, **{"key": ours, "client_secret": None, "alg": "ECDH-ES", **changes})


SETS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a key": lambda one: one,
    "a set": lambda one: {"keys": [one]},
    "a set with a signing key": lambda one: {"keys": [generate_private_jwk("ES256", use="sig"), one]},
    "a set with an older key": lambda one: {"keys": [key(kid="older"), one]},
    "a set with a key for another alg": lambda one: {"keys": [key("RSA-OAEP"), one]},
    "a list": lambda one: [one],
}


@pytest.mark.parametrize("wrap", SETS.values(), ids=SETS)
@pytest.mark.parametrize("header", [{}, {"kid": "ours"}, {"kid": "a name that only the server knows"}], ids=str)
def test_the_key_that_opens_it_is_found(wrap: Callable[[Any], Any], header: dict[str, str]) -> None:
    assert decrypt(encrypted(key(), **header), wrap(key())) == CONTENT


@pytest.mark.parametrize("enc", ENCRYPTION)
def test_without_an_enc_any_registered_one_is_accepted(enc: str) -> None:
    assert decrypt(encrypted(key(), enc=enc), key()) == CONTENT
    assert decrypt(encrypted(key(), enc=enc), key(), enc=enc) == CONTENT


def test_an_enc_that_is_given_is_the_only_one() -> None:
    with pytest.raises(UnsupportedAlg, match="A128GCM"):
        decrypt(encrypted(key(), enc="A128GCM"), key(), enc="A256GCM")


def test_the_alg_is_always_the_registered_one() -> None:
    with pytest.raises(UnsupportedAlg):
        decrypt(encrypted(key("ECDH-ES+A128KW"), alg="ECDH-ES+A128KW"), key())


@pytest.mark.parametrize("alg", ["dir", "A128KW", "A256GCMKW"])
@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256GCM"])
@pytest.mark.parametrize("beside", [None, {"keys": [key()]}], ids=["no key", "a key for another alg"])
def test_the_client_secret_opens_what_is_symmetric(alg: str, enc: str, beside: Any) -> None:
    token = jwe.encrypt(CONTENT, jwe.key_from_client_secret(SECRET, alg, enc), alg=alg, enc=enc)
    assert decrypt(token, beside, client_secret=SECRET, alg=alg) == CONTENT


UNFIT = {
    "none": None,
    "an empty set": {"keys": []},
    "no set": {"keys": "none"},
    "another alg": key("RSA-OAEP"),
    "a signing key": {**key(), "use": "sig"},
}


@pytest.mark.parametrize("ours", UNFIT.values(), ids=UNFIT)
def test_a_client_without_a_fitting_key_learns_which_setting_is_missing(ours: Any) -> None:
    with pytest.raises(NoMatchingKey, match="id_token_decryption_key"):
        decrypt(encrypted(key()), ours)


def test_what_was_encrypted_for_others_does_not_open() -> None:
    with pytest.raises(DecryptionFailed):
        decrypt(encrypted(key(kid="others")), {"keys": [key(), key(kid="older")]})


def test_the_number_of_keys_that_are_tried_is_bounded() -> None:
    many = [key(kid=str(number)) for number in range(decryption.MAX_TRIED_KEYS)]
    assert decrypt(encrypted(many[-1]), many) == CONTENT
    with pytest.raises(DecryptionFailed):
        decrypt(encrypted(key()), [*many, key()])


@pytest.mark.parametrize("token", ["", "a.b.c", "....", b"\xff"])
def test_what_is_no_jwe_is_refused(token: Any) -> None:
    with pytest.raises(MalformedToken):
        decrypt(token, key())
