"""JWS: what is signed is verified, what is not is refused, and no token chooses how it is judged."""

from __future__ import annotations

import base64
import contextlib
import json
import warnings
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from requests_oauth2client._jose import jws
from requests_oauth2client._jose.errors import (
    AmbiguousKey,
    InvalidSignature,
    JoseError,
    MalformedToken,
    NoMatchingKey,
    UnsecuredToken,
    UnsupportedAlg,
)
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, secret_key, signing_key
from requests_oauth2client.exceptions import InvalidParam

ASYMMETRIC = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA Ed25519 Ed448".split()
PRIVATE = {alg: generate_private_jwk(alg) for alg in ASYMMETRIC}
SECRET = "a shared secret of some length: 64 bytes, since HS512 asks for so many"
CLAIMS = {"iss": "https://as.example", "sub": "müller", "n": 1}

# RFC 7515 appendix A.1 and A.3, RFC 8037 appendix A.4
HS256_KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
HS256_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
ES256_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
ES256_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
EDDSA_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
EDDSA_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4"
    "iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


def encode(data: bytes | str | dict[str, Any]) -> str:
    if isinstance(data, dict):
        data = json.dumps(data)
    octets = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def token_with(header: Any, payload: Any = "{}", signature: bytes = b"sig") -> str:
    return f"{encode(header)}.{encode(payload)}.{encode(signature)}"


def signed(alg: str, **header: Any) -> str:
    return jws.sign(CLAIMS, signing_key(PRIVATE[alg], alg=alg), header=header)


def keys_for(*algs: str) -> dict[str, Any]:
    return {"keys": [public_jwk(PRIVATE[alg]) for alg in algs]}


def joserfc_key(jwk: dict[str, Any]) -> Any:
    importer: Any = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}[jwk["kty"]]
    return importer.import_key(jwk)


# --- what is right


def test_the_vectors_of_the_rfcs_are_verified() -> None:
    secret = base64.urlsafe_b64decode(HS256_KEY + "==")
    assert jws.verify(HS256_TOKEN, algs=["HS256"], secret=secret).claims()["iss"] == "joe"
    assert jws.verify(ES256_TOKEN, algs=["ES256"], keys=ES256_KEY).claims()["exp"] == 1300819380
    assert jws.verify(EDDSA_TOKEN, algs=["EdDSA"], keys=EDDSA_KEY).payload == b"Example of Ed25519 signing"


def test_the_vector_of_rfc_8037_is_made() -> None:
    key = signing_key(EDDSA_KEY)
    assert jws.sign(b"Example of Ed25519 signing", key) == EDDSA_TOKEN


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_what_is_signed_is_verified(alg: str) -> None:
    found = jws.verify(signed(alg), algs=[alg], keys=keys_for(*ASYMMETRIC))
    assert (found.alg, found.kid, found.claims()) == (alg, PRIVATE[alg]["kid"], CLAIMS)


@pytest.mark.parametrize("alg", ASYMMETRIC)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_what_is_signed_is_verified_by_joserfc(alg: str) -> None:
    found = joserfc_jws.deserialize_compact(signed(alg), joserfc_key(PRIVATE[alg]), algorithms=[alg])
    assert json.loads(found.payload) == CLAIMS


@pytest.mark.parametrize("alg", ASYMMETRIC)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_what_joserfc_signed_is_verified(alg: str) -> None:
    theirs = joserfc_jws.serialize_compact({"alg": alg}, b"theirs", joserfc_key(PRIVATE[alg]), algorithms=[alg])
    assert jws.verify(theirs, algs=[alg], keys=keys_for(alg)).payload == b"theirs"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_signs_and_verifies(alg: str) -> None:
    token = jws.sign(CLAIMS, secret_key(SECRET, alg))
    assert jws.verify(token, algs=[alg], secret=SECRET).claims() == CLAIMS
    theirs = joserfc_jws.deserialize_compact(token, OctKey.import_key(SECRET), algorithms=[alg])
    assert json.loads(theirs.payload) == CLAIMS


@pytest.mark.parametrize("alg", ["EdDSA", "RS256", "HS256"])
def test_nothing_warns(alg: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        key = secret_key("short", alg) if alg == "HS256" else signing_key(PRIVATE[alg])
        jws.verify(jws.sign(b"x", key), algs=[alg], keys=keys_for("EdDSA", "RS256"), secret="short")


def test_a_token_may_have_any_form() -> None:
    class Jwt:
        def __str__(self) -> str:
            return EDDSA_TOKEN

    for token in (EDDSA_TOKEN, EDDSA_TOKEN.encode(), Jwt(), jws.parse(EDDSA_TOKEN)):
        assert jws.verify(token, algs=["EdDSA"], keys=EDDSA_KEY).payload


def test_the_header_can_have_more_and_leave_out_the_kid() -> None:
    header = jws.parse(signed("ES256", typ="dpop+jwt", kid=None, jwk={"kty": "EC"})).header
    assert header == {"alg": "ES256", "typ": "dpop+jwt", "jwk": {"kty": "EC"}}


def test_a_header_that_was_read_can_be_changed_without_harm() -> None:
    token = signed("ES256", jwk={"kty": "EC"})
    header = jws.parse(token).header
    header["alg"] = header["jwk"]["kty"] = "changed"
    assert jws.parse(token).header == {"alg": "ES256", "kid": PRIVATE["ES256"]["kid"], "jwk": {"kty": "EC"}}


def test_what_is_parsed_shows_no_part_of_the_token() -> None:
    parsed = jws.parse(EDDSA_TOKEN)
    assert repr(parsed) == "ParsedJws(header={'alg': 'EdDSA'})"


# --- what is refused


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_an_unsecured_token_is_refused(alg: str) -> None:
    with pytest.raises(UnsecuredToken, match="not signed"):
        jws.verify(token_with({"alg": alg}, signature=b""), algs=["none", alg, "RS256"], keys=keys_for("RS256"))


def test_only_the_expected_algorithms_are_taken() -> None:
    with pytest.raises(UnsupportedAlg, match=r"alg='RS256', expected \['ES256', 'PS256'\]") as caught:
        jws.verify(signed("RS256"), algs=["PS256", "ES256"], keys=keys_for("RS256"))
    assert (caught.value.received, caught.value.expected) == ("RS256", ["ES256", "PS256"])


def test_a_single_expected_algorithm_is_not_searched_for_parts() -> None:
    with pytest.raises(UnsupportedAlg):
        jws.verify(signed("ES256"), algs="ES256K", keys=keys_for("ES256"))
    assert jws.verify(signed("ES256"), algs="ES256", keys=keys_for("ES256"))


def test_an_algorithm_that_nobody_knows_is_refused_also_when_expected() -> None:
    with pytest.raises(UnsupportedAlg):
        jws.verify(token_with({"alg": "XS256"}), algs=["XS256"], keys=keys_for("RS256"))


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic: HS256 with the text of the RSA public key as the secret."""
    public = keys_for("RS256")
    forged = jws.sign(CLAIMS, secret_key(json.dumps(public["keys"][0]), "HS256"))
    with pytest.raises(UnsupportedAlg):
        jws.verify(forged, algs=["RS256"], keys=public)
    with pytest.raises(NoMatchingKey, match="needs a shared secret"):
        jws.verify(forged, algs=["RS256", "HS256"], keys=public)


def test_a_key_in_the_header_is_never_used() -> None:
    mine = signing_key(generate_private_jwk("ES256"))
    token = jws.sign(CLAIMS, mine, header={"jwk": mine.public_jwk, "jku": "https://evil.example/keys"})
    with pytest.raises(NoMatchingKey):
        jws.verify(token, algs=["ES256"], keys=keys_for("ES256"))


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_changed_payload_is_refused(alg: str) -> None:
    header, _, signature = signed(alg).split(".")
    with pytest.raises(InvalidSignature, match=alg):
        jws.verify(f"{header}.{encode({'sub': 'evil'})}.{signature}", algs=[alg], keys=keys_for(alg))


def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        jws.verify(jws.sign(CLAIMS, secret_key("other")), algs=["HS256"], secret=SECRET)


def test_a_token_without_kid_needs_a_single_key() -> None:
    token = signed("RS256", kid=None)
    keys = [public_jwk({**PRIVATE[alg], "alg": None}) for alg in ("RS256", "RS384")]
    assert jws.verify(token, algs=["RS256"], keys=keys[:1])
    with pytest.raises(AmbiguousKey):
        jws.verify(token, algs=["RS256"], keys=keys)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "got 1 parts"),
        ("a.b", "expected 3 parts, got 2"),
        ("a.b.c.d", "got more"),
        (b"\xff.\xfe.\xfd", "base64url"),
        ("ä.ö.ü", "base64url"),
        (None, "got 1 parts"),
        (5, "got 1 parts"),
        ("." * (1 << 19), "524288 bytes, more than"),
        ("..", "header of the token is refused"),
        (token_with("[]"), "array"),
        (token_with("{"), "no JSON"),
        (token_with(b"\xff\xfe"), "UTF-8"),
        (token_with("[" * 100_000), "nested|more than 16384"),
        (token_with("[" * 5000), "nested deeper"),
        (token_with('{"alg":' + "[" * 40 + "]" * 40 + "}"), "nested deeper than 32"),
        (token_with('{"alg":"RS256","x":NaN}'), "NaN"),
        (token_with('{"alg":"RS256","alg":"none"}'), "repeats"),
        (token_with('{"alg":"RS256","x":' + "9" * 5000 + "}"), "refused"),
        (token_with({"alg": "RS256", "x": "x" * 20_000}), "more than 16384"),
        (token_with({}), "no alg"),
        (token_with({"alg": ""}), "no alg"),
        (token_with({"alg": None}), "alg in the header of the token is a NoneType"),
        (token_with({"alg": ["RS256"]}), "alg in the header of the token is a list"),
        (token_with({"alg": "RS256", "kid": 5}), "kid in the header of the token is a int"),
        (token_with({"alg": "RS256", "kid": {"a": 1}}), "kid in the header"),
        (token_with({"alg": "RS256", "typ": 1}), "typ in the header"),
        (token_with({"alg": "RS256", "crit": ["exp"], "exp": 1}), "crit"),
        (token_with({"alg": "RS256", "crit": []}), "crit"),
        (token_with({"alg": "RS256", "b64": False}), "b64"),
        (encode({"alg": "RS256"}) + "=.e30.c2ln", "base64url"),
        (encode({"alg": "RS256"}) + ".e30 .c2ln", "payload of the token is not base64url"),
        (encode({"alg": "RS256"}) + ".e30.c2l+", "signature of the token is not base64url"),
        (encode({"alg": "RS256"}) + ".e30.c2lnX", "signature"),
        (encode({"alg": "RS256"}) + ".e31.c2ln", "payload"),  # the same octets as e30, with stray bits
    ],
)
def test_what_is_no_jws_is_refused(token: Any, why: str) -> None:
    with pytest.raises(MalformedToken, match=why):
        jws.parse(token)


@pytest.mark.parametrize("payload", ["[]", "", "5", '{"a":1,"a":2}', b"\xff", "[" * 100_000])
def test_claims_are_one_json_object(payload: Any) -> None:
    with pytest.raises(MalformedToken, match="payload"):
        jws.parse(token_with({"alg": "RS256"}, payload)).claims()


def test_an_error_shows_no_part_of_the_token() -> None:
    token = signed("RS256")
    with pytest.raises(JoseError) as caught:
        jws.verify(token[:-4] + "AAAA", algs=["RS256"], keys=keys_for("RS256"))
    assert not [part for part in token.split(".") if part[:20] in str(caught.value)]


# --- what can't be signed


@pytest.mark.parametrize("claims", [{"x": {1, 2}}, {"x": float("nan")}, {"x": b"bytes"}, {(1, 2): "x"}])
def test_what_is_no_json_is_not_signed(claims: Any) -> None:
    with pytest.raises(InvalidParam, match="can't be written as JSON"):
        jws.sign(claims, secret_key(SECRET))


def test_the_key_says_the_algorithm() -> None:
    with pytest.raises(InvalidParam, match=r"alg='none', the key signs with 'HS256'"):
        jws.sign(CLAIMS, secret_key(SECRET), header={"alg": "none"})


# --- whatever comes

KEYS = keys_for("RS256", "ES256", "EdDSA")
ALGS = ["RS256", "ES256", "EdDSA", "HS256"]
VALID = [signed("RS256"), signed("ES256"), EDDSA_TOKEN, jws.sign(CLAIMS, secret_key(SECRET))]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["RS256", "none"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
headers = st.fixed_dictionaries(
    {"alg": st.sampled_from([*ALGS, "none", "RSA-OAEP"]) | json_values},
    optional=dict.fromkeys(("kid", "typ", "cty", "crit", "b64", "jwk", "x5c", "enc", "zip"), json_values),
)


def only_documented(token: Any) -> None:
    """Verify, and let through what the docstring of `verify` names."""
    with contextlib.suppress(MalformedToken, UnsupportedAlg, NoMatchingKey, InvalidSignature):
        jws.verify(token, algs=ALGS, keys=KEYS, secret=SECRET).claims()


@given(st.text() | st.binary() | st.from_regex(r"[\w.=-]*", fullmatch=True) | json_values)
@settings(deadline=None)
def test_anything_gives_a_documented_error(token: Any) -> None:
    only_documented(token)


@given(headers, st.binary(max_size=50) | json_values, st.binary(max_size=70))
@settings(deadline=None)
def test_any_header_gives_a_documented_error(header: Any, payload: Any, signature: bytes) -> None:
    body = payload if isinstance(payload, bytes) else json.dumps(payload)
    only_documented(token_with(json.dumps(header), body, signature))


@given(
    st.sampled_from(VALID), st.integers(min_value=0), st.integers(0, 255), st.sampled_from(["flip", "cut", "insert"])
)
@settings(deadline=None)
@example(VALID[0], 0, 0, "cut")
def test_a_token_that_was_changed_anywhere_is_refused(token: str, where: int, octet: int, how: str) -> None:
    raw = bytearray(token.encode())
    at = where % len(raw)
    if how == "flip":
        raw[at] ^= octet or 1
    elif how == "cut":
        del raw[at:]
    else:
        raw.insert(at, octet)
    with pytest.raises((MalformedToken, UnsupportedAlg, NoMatchingKey, InvalidSignature)):
        jws.verify(bytes(raw), algs=ALGS, keys=[*KEYS["keys"], EDDSA_KEY], secret=SECRET)


@given(
    st.dictionaries(st.sampled_from(["kty", "kid", "alg", "use", "crv", "n", "e", "x", "y", "key_ops"]), json_values)
)
@settings(deadline=None)
def test_any_jwks_gives_a_documented_error(jwk: Any) -> None:
    for kty in ("RSA", "EC", "OKP", "oct"):
        for known in (jwk, {"keys": [jwk, {**jwk, "kty": kty}]}, {"keys": jwk}):
            for alg in ("RS256", "ES256", "EdDSA"):
                with pytest.raises(NoMatchingKey):
                    jws.verify(signed_without_kid[alg], algs=[alg], keys=known)


signed_without_kid = {alg: signed(alg, kid=None) for alg in ("RS256", "ES256", "EdDSA")}
