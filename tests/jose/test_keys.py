"""Keys: every form of them, what each may sign with, and the right one of a set."""

from __future__ import annotations

import types
from collections import OrderedDict
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from requests_oauth2client._jose import keys
from requests_oauth2client._jose.errors import AmbiguousKey, InvalidKey, NoMatchingKey
from requests_oauth2client._jose.keys import SigningKey, choose_key, generate_private_jwk, public_jwk, signing_key
from requests_oauth2client.exceptions import InvalidParam

# RFC 7638 section 3.1
RFC7638_N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjh"
    "Mstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL"
    "5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)

RS256, ES256, EDDSA = (generate_private_jwk(alg) for alg in ("RS256", "ES256", "EdDSA"))
PRIVATE = {"RS256": RS256, "ES256": ES256, "EdDSA": EDDSA}
for _alg in ("PS256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448"):
    PRIVATE[_alg] = generate_private_jwk(_alg)
SECRET_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k"}


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


def native(jwk: dict[str, Any]) -> Any:
    """Read a JWK with joserfc alone."""
    importer = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}[jwk["kty"]]
    return importer.import_key(without(jwk, "alg", "kid")).raw_value  # type: ignore[attr-defined]


def verifies(key: SigningKey) -> bool:
    """Tell whether what a key signs is verified by its own public half."""
    assert key.public_jwk is not None
    return keys.verification_key(key.public_jwk).verify(b"data", key.sign(b"data"), key.alg)


# --- thumbprints and halves


def test_the_thumbprint_of_the_rfc_is_met() -> None:
    jwk = {"kty": "RSA", "n": RFC7638_N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert keys.thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("alg", PRIVATE)
def test_both_halves_have_one_thumbprint_which_is_the_kid_of_a_generated_key(alg: str) -> None:
    jwk = PRIVATE[alg]
    assert keys.thumbprint(jwk) == keys.thumbprint(public_jwk(jwk)) == jwk["kid"]


@pytest.mark.parametrize("alg", PRIVATE)
def test_the_public_half_has_no_private_member(alg: str) -> None:
    assert not SECRET_MEMBERS & public_jwk(PRIVATE[alg]).keys()


@pytest.mark.parametrize("ops", [["sign"], ("sign",)])
def test_the_public_half_of_a_key_that_signs_verifies(ops: Any) -> None:
    assert public_jwk({**ES256, "key_ops": ops, "x-mine": 1})["key_ops"] == ["verify"]


def test_a_symmetric_key_has_no_public_half() -> None:
    with pytest.raises(InvalidKey, match="symmetric"):
        public_jwk({"kty": "oct", "k": "c2VjcmV0"})


def test_members_of_a_key_can_be_given_when_it_is_generated() -> None:
    jwk = generate_private_jwk("ECDH-ES", kid="me", use="enc", crv="X25519")
    assert (jwk["kid"], jwk["use"], jwk["crv"], jwk["kty"], jwk["alg"]) == ("me", "enc", "X25519", "OKP", "ECDH-ES")


@pytest.mark.parametrize(("alg", "members"), [("HS256", {}), ("none", {}), ("ES256", {"crv": "P-384"}), ("dir", {})])
def test_there_is_no_private_key_for(alg: str, members: dict[str, Any]) -> None:
    with pytest.raises(InvalidKey):
        generate_private_jwk(alg, **members)


# --- every form of a private key


def forms(jwk: dict[str, Any]) -> dict[str, Any]:
    """Return a key in each form that a caller may have it in."""
    key = native(jwk)
    pem = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    return {
        "dict": jwk,
        "mapping": types.MappingProxyType(jwk),
        "ordered": OrderedDict(jwk),
        "cryptography": key,
        "PEM bytes": pem,
        "PEM str": "\n  " + pem.decode(),
        "DER": key.private_bytes(ser.Encoding.DER, ser.PrivateFormat.PKCS8, ser.NoEncryption()),
    }


@pytest.mark.parametrize("form", ["dict", "mapping", "ordered", "cryptography", "PEM bytes", "PEM str", "DER"])
@pytest.mark.parametrize("alg", PRIVATE)
def test_a_private_key_signs_in_each_form(alg: str, form: str) -> None:
    key = signing_key(forms(PRIVATE[alg])[form], alg=alg, kid="fallback")
    assert verifies(key)
    assert key.alg == alg
    assert key.kid == (PRIVATE[alg]["kid"] if form in {"dict", "mapping", "ordered"} else "fallback")


@pytest.mark.parametrize("alg", PRIVATE)
def test_a_traditional_pem_signs_too(alg: str) -> None:
    key = native(PRIVATE[alg])
    if hasattr(key, "private_numbers"):  # Edwards keys have no traditional format
        pem = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.TraditionalOpenSSL, ser.NoEncryption())
        assert verifies(signing_key(pem, alg=alg))


@pytest.mark.parametrize("importer", [RSAKey, ECKey, OKPKey])
def test_a_joserfc_key_keeps_its_kid_and_alg(importer: Any) -> None:
    alg = {"RSA": "PS512", "EC": "ES256", "OKP": "Ed25519"}[importer.key_type]
    theirs = importer.generate_key(parameters={"kid": "theirs", "alg": alg})
    key = signing_key(theirs)
    assert (key.kid, key.alg) == ("theirs", alg)
    assert verifies(key)


def test_a_key_that_was_read_is_not_read_again() -> None:
    key = signing_key(ES256)
    assert signing_key(key) is key


def test_an_rsa_key_of_n_e_and_d_alone_signs() -> None:
    assert verifies(signing_key({name: RS256[name] for name in ("kty", "n", "e", "d")}))


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
        (ec.generate_private_key(ec.SECP256K1()), "ES256K"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        (ed448.Ed448PrivateKey.generate(), "EdDSA"),
        (native(RS256), "RS256"),
    ],
)
def test_the_alg_is_inferred_from_the_key(key: Any, alg: str) -> None:
    assert signing_key(key).alg == alg


def test_the_alg_and_kid_of_the_jwk_win() -> None:
    key = signing_key({**RS256, "alg": "PS384", "kid": "own"}, alg="RS256", kid="other")
    assert (key.alg, key.kid) == ("PS384", "own")


def test_without_inference_somebody_must_name_the_alg() -> None:
    with pytest.raises(InvalidKey, match="alg="):
        signing_key(without(RS256, "alg"), infer_alg=False)
    assert signing_key(RS256, infer_alg=False).alg == "RS256"


def test_the_public_half_of_a_signing_key_says_kid_and_alg() -> None:
    key = signing_key(native(ES256), kid="mine")
    assert key.public_jwk == {**without(public_jwk(ES256), "kid"), "kid": "mine"}


def password_protected() -> bytes:
    return native(ES256).private_bytes(
        ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.BestAvailableEncryption(b"password")
    )


def public_pem() -> bytes:
    return native(RS256).public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)


UNUSABLE = {
    "public JWK": (public_jwk(RS256), "public key only"),
    "public key": (native(ES256).public_key(), "public key only"),
    "public PEM": (public_pem(), "public key only"),
    "symmetric": ({"kty": "oct", "k": "c2VjcmV0"}, "symmetric"),
    "joserfc oct": (OctKey.import_key("a secret that is long enough"), "symmetric"),
    "more primes": ({**RS256, "oth": []}, "two primes"),
    "password": (password_protected(), "encrypted with a password"),
    "a secret": ("s3cret-value", "neither a PEM nor a DER"),
    "broken PEM": (b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----", "neither"),
    "nothing": (None, "NoneType"),
    "a list": ([RS256], "a list"),
    "no kty": (without(ES256, "kty"), "kty='None'"),
    "strange kty": ({**ES256, "kty": ["EC"]}, "kty"),
    "missing member": (without(ES256, "y"), "'y'"),
    "number member": ({**ES256, "x": 5}, "'x'"),
    "huge member": ({**ES256, "x": "A" * 5000}, "'x'"),
    "no base64url": ({**ES256, "d": ES256["d"][:-1] + "!"}, "no such key"),
    "another's x": ({**ES256, "x": generate_private_jwk("ES256")["x"]}, "no such key"),
    "not a pair": ({**ES256, "d": generate_private_jwk("ES256")["d"]}, "no such key"),
    "not an OKP pair": ({**EDDSA, "d": generate_private_jwk("EdDSA")["d"]}, "no such key"),
    "not an RSA pair": ({**RS256, "n": generate_private_jwk("RS256")["n"]}, "no such key"),
    "half an RSA key": (without(RS256, "qi"), "no such key"),
    "unknown curve": ({**ES256, "crv": "P-192"}, "no such key"),
    "brainpool": (ec.generate_private_key(ec.BrainpoolP256R1()), "curve"),
    "no signature curve": (x25519.X25519PrivateKey.generate(), "signs with none"),
    "for encryption": ({**ES256, "use": "enc"}, "use='enc'"),
    "other key_ops": ({**ES256, "key_ops": ["verify"]}, "key_ops"),
    "strange key_ops": ({**ES256, "key_ops": "sign"}, "key_ops"),
    "another alg": ({**ES256, "alg": "RS256"}, "RS256"),
    "an alg of encryption": ({**RS256, "alg": "RSA-OAEP"}, "RSA-OAEP"),
    "alg none": ({**RS256, "alg": "none"}, "none"),
    "strange alg": ({**RS256, "alg": 5}, "alg of this key is a int"),
    "strange kid": ({**RS256, "kid": 5}, "kid of this key is a int"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_can_not_sign_is_refused_and_never_shown(name: str) -> None:
    key, why = UNUSABLE[name]
    with pytest.raises(InvalidKey, match=why) as caught:
        signing_key(key)
    shown = str(caught.value) + repr(caught.value)
    secrets = [key] if isinstance(key, str) else [RS256["d"], ES256["d"], EDDSA["d"], "c2VjcmV0"]
    assert not [secret for secret in secrets if secret in shown]
    assert isinstance(caught.value, InvalidParam)


def test_a_short_rsa_key_is_refused_in_each_form() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    pem = short.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    numbers = short.public_key().public_numbers()
    jwk = {"kty": "RSA", "e": "AQAB", "n": keys.to_jwk(native(RS256))["n"][: numbers.n.bit_length() // 6]}
    for key in (short, pem, {**jwk, "d": "AQAB"}):
        with pytest.raises(InvalidKey, match="2048"):
            signing_key(key)


def test_a_signing_key_does_not_show_or_leave_its_secret() -> None:
    key = signing_key(ES256)
    assert ES256["d"] not in repr(key) + str(key)
    with pytest.raises(TypeError, match="not pickled"):
        key.__reduce_ex__(4)


# --- shared secrets


def test_a_symmetric_jwk_signs_where_that_is_allowed() -> None:
    jwk = {"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS512"}
    key = signing_key(jwk, symmetric=True)
    assert (key.alg, key.kid, key.public_jwk) == ("HS512", "s", None)
    assert key.sign(b"data") == keys.secret_key(b"secret", "HS512").sign(b"data")


@pytest.mark.parametrize("secret", ["", b"", None, "\ud800", 5])
def test_what_is_no_secret_is_refused(secret: Any) -> None:
    with pytest.raises(InvalidKey, match="secret"):
        keys.secret_key(secret)


def test_a_secret_does_not_sign_with_an_asymmetric_alg() -> None:
    with pytest.raises(InvalidKey, match="HS256"):
        keys.secret_key("secret", "RS256")


@pytest.mark.parametrize("jwk", [{"kty": "oct", "k": ""}, {"kty": "oct", "k": "no base64!"}, {"kty": "oct"}])
def test_an_empty_or_broken_symmetric_jwk_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(InvalidKey, match="not empty"):
        signing_key(jwk, symmetric=True)


# --- to_jwk


@pytest.mark.parametrize("alg", PRIVATE)
def test_any_form_becomes_the_same_jwk(alg: str) -> None:
    bare = without(PRIVATE[alg], "kid", "alg")
    for form in forms(bare).values():
        assert keys.to_jwk(form) == bare


def test_a_public_key_becomes_a_public_jwk() -> None:
    bare = without(public_jwk(RS256), "kid", "alg")
    assert keys.to_jwk(public_pem()) == keys.to_jwk(native(RS256).public_key()) == bare


def test_the_members_of_a_joserfc_key_stay() -> None:
    assert keys.to_jwk(ECKey.generate_key(parameters={"kid": "theirs"}))["kid"] == "theirs"


# --- the right key of a set


def jwks(*found: Any) -> dict[str, Any]:
    return {"keys": list(found)}


RSA_ONE = {**without(public_jwk(RS256), "alg"), "kid": "one"}
RSA_TWO = {**without(public_jwk(generate_private_jwk("RS256")), "alg"), "kid": "two"}
EC_ONE = {**without(public_jwk(ES256), "alg"), "kid": "ec"}


def test_a_kid_names_its_key() -> None:
    assert choose_key(jwks(RSA_ONE, RSA_TWO), alg="RS256", kid="two") is RSA_TWO


def test_without_kid_the_only_key_that_fits_is_taken() -> None:
    assert choose_key(jwks(EC_ONE, RSA_ONE), alg="PS256") is RSA_ONE


def test_without_kid_several_keys_that_fit_are_ambiguous() -> None:
    with pytest.raises(AmbiguousKey, match=r"Several keys fit .*'one', 'two'"):
        choose_key(jwks(RSA_ONE, RSA_TWO), alg="RS256")


def test_two_keys_of_one_kid_are_ambiguous() -> None:
    with pytest.raises(AmbiguousKey):
        choose_key(jwks(RSA_ONE, {**RSA_TWO, "kid": "one"}), alg="RS256", kid="one")


def test_the_same_key_twice_is_one_key() -> None:
    assert choose_key(jwks(RSA_ONE, {**RSA_ONE, "kid": "alias"}), alg="RS256")["n"] == RSA_ONE["n"]


def test_two_types_of_key_may_have_one_kid() -> None:
    assert choose_key(jwks({**EC_ONE, "kid": "one"}, RSA_ONE), alg="RS256", kid="one") is RSA_ONE


@pytest.mark.parametrize(
    "other",
    [
        {"use": "enc"},
        {"use": 5},
        {"alg": "RS512"},
        {"alg": ["RS256"]},
        {"key_ops": ["encrypt"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"key_ops": [["verify"]]},
    ],
)
def test_a_key_for_another_purpose_does_not_fit(other: dict[str, Any]) -> None:
    with pytest.raises(NoMatchingKey):
        choose_key(jwks({**RSA_ONE, **other}), alg="RS256")
    assert choose_key(jwks({**RSA_ONE, **other}, RSA_TWO), alg="RS256") is RSA_TWO


@pytest.mark.parametrize("right", [{"use": "sig"}, {"alg": "RS256"}, {"key_ops": ["verify"]}, {"key_ops": ["sign"]}])
def test_a_key_for_this_purpose_fits(right: dict[str, Any]) -> None:
    assert choose_key(jwks({**RSA_ONE, **right}), alg="RS256")


@pytest.mark.parametrize(("said", "asked"), [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")])
def test_the_two_names_of_one_edwards_algorithm_fit_each_other(said: str, asked: str) -> None:
    assert choose_key(jwks({**public_jwk(EDDSA), "alg": said}), alg=asked)


def test_an_edwards_key_of_another_curve_does_not_fit() -> None:
    with pytest.raises(NoMatchingKey):
        choose_key(jwks(public_jwk(PRIVATE["Ed448"])), alg="Ed25519")


@pytest.mark.parametrize("alg", ["HS256", "none", "", "RSA-OAEP", "XX256"])
def test_a_set_never_has_a_key_for(alg: str) -> None:
    with pytest.raises(NoMatchingKey):
        choose_key(jwks(RSA_ONE, {"kty": "oct", "k": "c2VjcmV0", "alg": alg}), alg=alg)


def test_a_set_of_thousands_of_keys_is_refused() -> None:
    with pytest.raises(NoMatchingKey, match="more than 1000 keys"):
        choose_key(jwks(*[EC_ONE] * 1000, RSA_ONE), alg="RS256", kid="one")


def test_an_unknown_kid_says_which_ones_there_are() -> None:
    with pytest.raises(NoMatchingKey, match=r"kid='three'.*'one', 'two'"):
        choose_key(jwks(RSA_ONE, RSA_TWO), alg="RS256", kid="three")


def test_a_broken_key_is_passed_over_and_named_when_nothing_else_fits() -> None:
    broken = {**RSA_ONE, "n": "AQAB"}
    assert choose_key(jwks(broken, RSA_TWO), alg="RS256") is RSA_TWO
    with pytest.raises(NoMatchingKey, match="17 bits"):
        choose_key(jwks(broken), alg="RS256")


@pytest.mark.parametrize(
    "known", [None, {}, [], {"keys": None}, {"keys": "x"}, {"keys": 5}, {"keys": {"a": 1}}, {"keys": [None, 1, "x"]}]
)
def test_a_set_without_keys_has_none_that_fits(known: Any) -> None:
    with pytest.raises(NoMatchingKey):
        choose_key(known, alg="RS256")


@pytest.mark.parametrize("kid", [5, ["one"], {"a": 1}, None])
def test_a_strange_kid_in_the_set_does_no_harm(kid: Any) -> None:
    assert choose_key(jwks({**RSA_ONE, "kid": kid}, RSA_TWO), alg="RS256", kid="two") is RSA_TWO


def test_a_set_may_have_any_form() -> None:
    theirs = KeySet([RSAKey.import_key(RSA_ONE)])
    for known in (RSA_ONE, [RSA_ONE], (RSA_ONE,), types.MappingProxyType(jwks(RSA_ONE)), iter([RSA_ONE]), theirs):
        assert choose_key(known, alg="RS256", kid="one")["n"] == RSA_ONE["n"]
    for known in (public_pem(), native(RS256).public_key(), RSAKey.import_key(RSA_ONE)):
        assert choose_key(known, alg="RS256")["n"] == RSA_ONE["n"]


def test_a_key_to_encrypt_with_is_one_for_encryption() -> None:
    enc = {**RSA_TWO, "use": "enc"}
    assert choose_key(jwks({**RSA_ONE, "use": "sig"}, enc), alg="RSA-OAEP", use="enc") is enc


# --- verifying


def test_a_key_is_read_once() -> None:
    assert keys.verification_key(RSA_ONE) is keys.verification_key({**RSA_ONE, "kid": "another", "use": "sig"})


def test_a_key_verifies_nothing_of_another_type() -> None:
    key = signing_key(ES256)
    assert not keys.verification_key(RSA_ONE).verify(b"data", key.sign(b"data"), "ES256")
    assert not keys.verification_key(RSA_ONE).verify(b"data", b"", "XX")


def test_an_edwards_curve_that_does_not_sign_verifies_nothing() -> None:
    x25519_key = keys.to_jwk(x25519.X25519PrivateKey.generate().public_key())
    assert not keys.verification_key(x25519_key).verify(b"data", b"0" * 64, "EdDSA")


@pytest.mark.parametrize("signature", [b"", b"0" * 63, b"0" * 65, bytes(64), b"\xff" * 64])
@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256"])
def test_a_signature_of_nonsense_verifies_nothing(alg: str, signature: bytes) -> None:
    assert not keys.verification_key(public_jwk(PRIVATE[alg])).verify(b"data", signature, alg)


def test_der_is_no_es256_signature() -> None:
    der = native(ES256).sign(b"data", ec.ECDSA(SHA256()))
    assert not keys.verification_key(public_jwk(ES256)).verify(b"data", der, "ES256")


# --- signers


class StoreEntry:
    """Signs with a key that nobody can get at."""

    def __init__(self, alg: str, /, **named: Any) -> None:
        self._key = signing_key(PRIVATE[alg])
        self.public_jwk = {**without(public_jwk(PRIVATE[alg]), "alg", "kid"), **named}
        self.asked: list[tuple[bytes, str]] = []

    def sign(self, data: bytes, alg: str) -> bytes:
        self.asked.append((data, alg))
        return self._key.sign(data)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_signer_signs(alg: str) -> None:
    vault = StoreEntry(alg, kid="in the vault")
    key = signing_key(vault)
    assert (key.alg, key.kid) == (alg, "in the vault")
    assert verifies(key)
    assert vault.asked == [(b"data", alg)]


def test_a_signer_may_say_its_alg() -> None:
    assert signing_key(StoreEntry("RS256", alg="PS256"), alg="RS256").alg == "PS256"


def test_the_signature_of_a_signer_is_raw() -> None:
    class Der(StoreEntry):
        def sign(self, data: bytes, alg: str) -> bytes:
            signature: bytes = native(ES256).sign(data, ec.ECDSA(SHA256()))
            return signature

    with pytest.raises(InvalidKey, match="raw and not DER"):
        signing_key(Der("ES256")).sign(b"data")


@pytest.mark.parametrize("answer", [None, "text", b""])
def test_a_signer_gives_bytes(answer: Any) -> None:
    class Broken(StoreEntry):
        def sign(self, data: bytes, alg: str) -> bytes:
            return answer

    with pytest.raises(InvalidKey, match="The signer gave"):
        signing_key(Broken("RS256")).sign(b"data")


def test_what_a_signer_raises_comes_through() -> None:
    class Locked(StoreEntry):
        def sign(self, data: bytes, alg: str) -> bytes:
            raise PermissionError("the vault is locked")

    with pytest.raises(PermissionError, match="locked"):
        signing_key(Locked("RS256")).sign(b"data")


@pytest.mark.parametrize("public", [None, "pem", {}, {"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "P-256"}])
def test_a_signer_shows_a_public_jwk(public: Any) -> None:
    vault = StoreEntry("ES256")
    vault.public_jwk = public
    with pytest.raises(InvalidKey):
        signing_key(vault)
