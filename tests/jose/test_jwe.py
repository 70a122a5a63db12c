"""JWE: what is encrypted comes out again, with the expected algorithms and for the right key only."""

from __future__ import annotations

import base64
import hashlib
import json
import types
import warnings
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as ser
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from requests_oauth2client._jose import jwe
from requests_oauth2client._jose.algs import ENCRYPTION, KEY_MANAGEMENT
from requests_oauth2client._jose.errors import (
    DecryptionFailed,
    InvalidKey,
    JoseError,
    MalformedToken,
    NoMatchingKey,
    UnsupportedAlg,
)
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk
from requests_oauth2client.exceptions import InvalidParam

SECRET = "a client secret, as long as you like"
RSA = {name: value for name, value in generate_private_jwk("RSA-OAEP", use="enc").items() if name != "alg"}
P256 = {name: value for name, value in generate_private_jwk("ECDH-ES", use="enc").items() if name != "alg"}
ASYMMETRIC = [(alg, jwk) for alg, row in KEY_MANAGEMENT.items() for jwk in (RSA, P256) if jwk["kty"] in row.kty]
SYMMETRIC = [alg for alg, row in KEY_MANAGEMENT.items() if row.kty == ("oct",)]

# RFC 7516 appendix A.3
A128KW_KEY = {"kty": "oct", "k": "GawgguFyGrWKav7AX4VKUg"}
A128KW_TOKEN = (
    "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
    "AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ"
)


def encode(data: Any) -> str:
    octets = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def token_with(header: Any, *parts: bytes) -> str:
    return ".".join(encode(part) for part in (header, *(parts or (b"key", b"i" * 12, b"text", b"t" * 16))))


def header_of(alg: str = "RSA-OAEP", enc: str = "A128GCM", **more: Any) -> dict[str, Any]:
    return {"alg": alg, "enc": enc, **more}


def opened(token: Any, key: Any = RSA) -> bytes:
    return jwe.decrypt(token, key, algs=[*KEY_MANAGEMENT], encs=[*ENCRYPTION])


def joserfc_key(jwk: dict[str, Any]) -> Any:
    importer: Any = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey, "oct": OctKey}[jwk["kty"]]
    return importer.import_key(jwk)


# --- what is right


def test_the_vector_of_the_rfc_is_decrypted() -> None:
    assert opened(A128KW_TOKEN, A128KW_KEY) == b"Live long and prosper."


@pytest.mark.parametrize("enc", ENCRYPTION)
@pytest.mark.parametrize(("alg", "jwk"), ASYMMETRIC)
def test_what_is_encrypted_comes_out(alg: str, jwk: dict[str, Any], enc: str) -> None:
    token = jwe.encrypt("a.b.c", public_jwk(jwk), alg=alg, enc=enc, header={"cty": "JWT"})
    assert jwe.parse_header(token).items() >= {"alg": alg, "enc": enc, "cty": "JWT", "kid": jwk["kid"]}.items()
    assert jwe.decrypt(token, jwk, algs=[alg], encs=[enc]) == b"a.b.c"


@pytest.mark.parametrize("crv", ["P-384", "P-521", "X25519", "X448"])
def test_agreement_works_on_each_curve(crv: str) -> None:
    jwk = generate_private_jwk("ECDH-ES+A256KW", crv=crv)
    token = jwe.encrypt(b"x", public_jwk(jwk), alg="ECDH-ES+A256KW", enc="A256GCM")
    assert opened(token, jwk) == b"x"


@pytest.mark.parametrize("enc", ENCRYPTION)
@pytest.mark.parametrize("alg", SYMMETRIC)
def test_a_client_secret_makes_a_key_for_each_algorithm(alg: str, enc: str) -> None:
    key = jwe.key_from_client_secret(SECRET, alg, enc)
    token = jwe.encrypt({"a": 1}, key, alg=alg, enc=enc)
    assert json.loads(jwe.decrypt(token, key, algs=[alg], encs=[enc])) == {"a": 1}


@pytest.mark.parametrize(
    ("alg", "enc", "digest", "size"),
    [
        ("A128KW", "A128GCM", "sha256", 16),
        ("A192GCMKW", "A128GCM", "sha256", 24),
        ("dir", "A256GCM", "sha256", 32),
        ("dir", "A192CBC-HS384", "sha384", 48),
        ("dir", "A256CBC-HS512", "sha512", 64),
    ],
)
def test_the_key_of_a_client_secret_is_the_left_of_its_digest(alg: str, enc: str, digest: str, size: int) -> None:
    octets = jwe.key_from_client_secret(SECRET, alg, enc).octets
    assert octets == hashlib.new(digest, SECRET.encode()).digest()[:size]  # OIDC Core section 10.2


@pytest.mark.parametrize(("alg", "jwk"), ASYMMETRIC)
@pytest.mark.filterwarnings("ignore:.*RSA1_5")
def test_joserfc_and_we_read_each_other(alg: str, jwk: dict[str, Any]) -> None:
    ours = jwe.encrypt(b"ours", jwk, alg=alg, enc="A256GCM")
    options = {"algorithms": [alg, "A256GCM"]}
    assert joserfc_jwe.decrypt_compact(ours, joserfc_key(jwk), **options).plaintext == b"ours"
    theirs = joserfc_jwe.encrypt_compact(header_of(alg, "A256GCM"), b"theirs", joserfc_key(jwk), **options)
    assert opened(theirs, jwk) == b"theirs"


def test_nothing_warns_of_rsa1_5_which_the_caller_named() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert opened(jwe.encrypt(b"x", RSA, alg="RSA1_5", enc="A128GCM")) == b"x"


def test_keys_may_have_any_form() -> None:
    native = joserfc_key(RSA).raw_value
    private = native.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    public = native.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
    for key in (public, native.public_key(), types.MappingProxyType(public_jwk(RSA)), joserfc_key(RSA)):
        token = jwe.encrypt(b"x", key, alg="RSA-OAEP-256", enc="A128GCM")
        for ours in (private, private.decode(), native, types.MappingProxyType(RSA), joserfc_key(RSA)):
            assert opened(token, ours) == b"x"


def test_a_token_may_have_any_form() -> None:
    class Jwe:
        def __str__(self) -> str:
            return A128KW_TOKEN

    assert opened(Jwe(), A128KW_KEY) == opened(A128KW_TOKEN.encode(), A128KW_KEY)


def test_a_shared_key_does_not_show() -> None:
    assert repr(jwe.key_from_client_secret(SECRET, "dir", "A128GCM")) == "SharedKey()"


# --- what is refused


@pytest.mark.parametrize(("algs", "encs"), [(["RSA-OAEP-256"], ["A128GCM"]), (["RSA-OAEP"], ["A256GCM"]), ([], [])])
def test_only_the_expected_algorithms_are_taken(algs: list[str], encs: list[str]) -> None:
    token = jwe.encrypt(b"x", RSA, alg="RSA-OAEP", enc="A128GCM")
    with pytest.raises(UnsupportedAlg, match="alg='RSA-OAEP', enc='A128GCM'; expected"):
        jwe.decrypt(token, RSA, algs=algs, encs=encs)


def test_a_single_expected_algorithm_is_not_searched_for_parts() -> None:
    token = jwe.encrypt(b"x", RSA, alg="RSA-OAEP", enc="A128GCM")
    with pytest.raises(UnsupportedAlg):
        jwe.decrypt(token, RSA, algs="RSA-OAEP-256", encs="A128GCM")
    assert jwe.decrypt(token, RSA, algs="RSA-OAEP", encs="A128GCM") == b"x"


@pytest.mark.parametrize("alg", ["PBES2-HS256+A128KW", "ECDH-1PU", "none2"])
def test_an_algorithm_that_is_not_ours_is_refused_also_when_expected(alg: str) -> None:
    with pytest.raises(UnsupportedAlg):
        jwe.decrypt(token_with(header_of(alg, p2c=10**9, p2s="AA")), RSA, algs=[alg], encs=["A128GCM"])
    with pytest.raises(InvalidParam, match="expected"):
        jwe.encrypt(b"x", RSA, alg=alg, enc="A128GCM")


@pytest.mark.parametrize(
    ("key", "alg", "enc"),
    [
        (P256, "RSA-OAEP", "A128GCM"),
        (RSA, "ECDH-ES", "A128GCM"),
        (RSA, "dir", "A128GCM"),
        (A128KW_KEY, "RSA-OAEP", "A128GCM"),
        (A128KW_KEY, "A256KW", "A128GCM"),
        (A128KW_KEY, "dir", "A256GCM"),
        ({**RSA, "use": "sig"}, "RSA-OAEP", "A128GCM"),
        ({**RSA, "alg": "RSA-OAEP"}, "RSA-OAEP-256", "A128GCM"),
    ],
)
def test_a_key_for_something_else_is_refused(key: dict[str, Any], alg: str, enc: str) -> None:
    with pytest.raises(NoMatchingKey, match=f"alg='{alg}' with enc='{enc}' needs"):
        opened(token_with(header_of(alg, enc)), key)
    with pytest.raises(InvalidKey, match=f"alg='{alg}' with enc='{enc}' needs"):
        jwe.encrypt(b"x", key, alg=alg, enc=enc)


def test_decrypting_needs_the_private_key() -> None:
    with pytest.raises(NoMatchingKey, match="private RSA key"):
        opened(token_with(header_of()), public_jwk(RSA))


@pytest.mark.parametrize("key", [None, "secret", {}, {"kty": "oct", "k": ""}, {"kty": "RSA"}, object()])
def test_what_is_no_key_is_refused(key: Any) -> None:
    with pytest.raises(InvalidKey):
        opened(token_with(header_of()), key)
    with pytest.raises(InvalidKey):
        jwe.encrypt(b"x", key, alg="RSA-OAEP", enc="A128GCM")


@pytest.mark.parametrize(
    ("alg", "enc"), [("RSA-OAEP", "A128GCM"), ("dir", "A128XYZ"), ("PBES2-HS256+A128KW", "A128GCM")]
)
def test_a_client_secret_makes_no_key_for(alg: str, enc: str) -> None:
    with pytest.raises(InvalidKey, match="client secret"):
        jwe.key_from_client_secret(SECRET, alg, enc)


def test_a_token_for_another_key_does_not_open() -> None:
    other = {name: value for name, value in generate_private_jwk("RSA-OAEP").items() if name != "alg"}
    for alg in ("RSA-OAEP", "RSA1_5"):
        with pytest.raises(DecryptionFailed, match="does not open"):
            opened(jwe.encrypt(b"x", other, alg=alg, enc="A128CBC-HS256"))


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "expected 5 parts"),
        ("a.b.c", "got 3"),
        ("a.b.c.d.e.f", "got more"),
        ("." * (1 << 20), "more than 524288"),
        ("....", "header"),
        (token_with({"alg": "dir"}), "enc"),
        (token_with({"enc": "A128GCM"}), "alg"),
        (token_with(header_of("none")), "not signed"),
        (token_with(header_of(zip="DEF")), "zip='DEF'"),
        (token_with(header_of(crit=["zip"])), "crit"),
        (token_with(header_of(kid=5)), "kid"),
        (token_with([]), "array"),
        (A128KW_TOKEN + "=", "tag"),
        (A128KW_TOKEN.replace("AxY", "A Y"), "iv"),
    ],
)
def test_what_is_no_jwe_is_refused(token: str, why: str) -> None:
    with pytest.raises(JoseError, match=why):
        opened(token)


def test_a_bomb_is_never_inflated() -> None:
    key = OctKey.import_key({"kty": "oct", "k": A128KW_KEY["k"]})
    bomb = joserfc_jwe.encrypt_compact(
        header_of("dir", "A128GCM", zip="DEF"), b"0" * 200_000, key, algorithms=["dir", "A128GCM", "DEF"]
    )
    with pytest.raises(MalformedToken, match="compressed"):
        opened(bomb, A128KW_KEY)


@pytest.mark.parametrize("header", [{"x": {1}}, {"crit": ["x"], "x": 1}, {"epk": 5}])
def test_a_header_that_can_not_be_is_not_made(header: Any) -> None:
    with pytest.raises(InvalidParam):
        jwe.encrypt(b"x", P256, alg="ECDH-ES", enc="A128GCM", header={**header, "apu": 5})


# --- whatever comes

KEYS = {"RSA": RSA, "P-256": P256, "oct": A128KW_KEY, "X25519": generate_private_jwk("ECDH-ES", crv="X25519")}
X25519 = {name: value for name, value in KEYS["X25519"].items() if name != "alg"}
VALID = [
    (jwe.encrypt(b"x", RSA, alg="RSA-OAEP", enc="A128CBC-HS256"), RSA),
    (jwe.encrypt(b"x", RSA, alg="RSA1_5", enc="A128GCM"), RSA),
    (jwe.encrypt(b"x", P256, alg="ECDH-ES", enc="A128GCM"), P256),
    (jwe.encrypt(b"x", X25519, alg="ECDH-ES+A128KW", enc="A256GCM"), X25519),
    (jwe.encrypt(b"x", A128KW_KEY, alg="A128GCMKW", enc="A128GCM"), A128KW_KEY),
    (A128KW_TOKEN, A128KW_KEY),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
epks = st.fixed_dictionaries(
    {"kty": st.sampled_from(["EC", "OKP", "RSA", "oct"]) | json_values},
    optional={
        "crv": st.sampled_from(["P-256", "P-384", "X25519", "Ed25519"]) | json_values,
        "x": st.sampled_from([P256["x"], X25519["x"], "A" * 43]) | json_values,
        "y": st.sampled_from([P256["y"], "A" * 43]) | json_values,
        "d": json_values,
        "use": json_values,
        "key_ops": json_values,
    },
)
headers = st.fixed_dictionaries(
    {"alg": st.sampled_from([*KEY_MANAGEMENT]), "enc": st.sampled_from([*ENCRYPTION])},
    optional={
        "epk": epks | json_values,
        **{
            name: json_values | st.just("AAAAAAAAAAAAAAAA") for name in ("apu", "apv", "iv", "tag", "kid", "typ", "jwk")
        },
    },
)
DOCUMENTED = (MalformedToken, UnsupportedAlg, NoMatchingKey, DecryptionFailed)


@given(st.text() | st.binary() | st.from_regex(r"([\w-]*\.){4}[\w-]*", fullmatch=True))
@settings(deadline=None)
def test_anything_gives_a_documented_error(token: Any) -> None:
    with pytest.raises(DOCUMENTED):
        opened(token)


@given(headers, st.tuples(*(st.binary(max_size=size) for size in (80, 20, 40, 40))))
@settings(deadline=None, max_examples=300)
def test_any_header_gives_a_documented_error(header: Any, parts: tuple[bytes, ...]) -> None:
    for key in (*KEYS.values(), X25519):
        with pytest.raises(DOCUMENTED):
            opened(token_with(header, *parts), key)


@given(
    st.sampled_from(VALID), st.integers(min_value=0), st.integers(1, 255), st.sampled_from(["flip", "cut", "insert"])
)
@settings(deadline=None, max_examples=300)
def test_a_token_that_was_changed_anywhere_does_not_open(made: Any, where: int, octet: int, how: str) -> None:
    token, key = made
    raw = bytearray(token.encode())
    at = where % len(raw)
    if how == "flip":
        raw[at] ^= octet
    elif how == "cut":
        del raw[at:]
    else:
        raw.insert(at, octet)
    with pytest.raises(DOCUMENTED):
        opened(bytes(raw), key)
