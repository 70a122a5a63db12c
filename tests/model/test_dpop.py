"""DPoP keys, proofs and tokens: what a proof says, which are refused, and when a request is sent once more."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import pickle
import time
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as independent
from joserfc.jwk import ECKey, JWKRegistry

from devkit.exchange import Answer, Received, answer, error
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk
from requests_oauth2client._tokens.dpop_proof import DPOP_ALGS, target
from requests_oauth2client.auth import BearerAuth
from requests_oauth2client.challenges import MAX_HEADER_SIZE, parse_challenges
from requests_oauth2client.dpop import (
    MAX_ORIGINS,
    DPoPKey,
    DPoPProof,
    DPoPToken,
    InvalidDPoPAccessToken,
    InvalidDPoPAlg,
    InvalidDPoPKey,
    InvalidDPoPProof,
    MissingDPoPNonce,
    RepeatedDPoPNonce,
    UnrepeatableRequestBody,
    access_token_hash,
    validate_dpop_proof,
)
from requests_oauth2client.exceptions import ExpiredAccessToken, InsecureTransport
from requests_oauth2client.tokens import BearerToken, UnsupportedTokenTypeError
from requests_oauth2client.utils import InvalidUri

API = "https://api.local/things?page=2"
HTU = "https://api.local/things"
JWK = generate_private_jwk("ES256")
KEY = DPoPKey(JWK)
LIBRARIES = [httpx2, httpx]

# RFC 9449 section 4.1, figure 2, and the thumbprint of its key in section 6.1, figure 12
RFC_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq"
    "dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijox"
    "NTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RFC_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


@pytest.fixture
def key() -> DPoPKey:
    return DPoPKey(JWK)


@pytest.fixture
def token(key: DPoPKey) -> DPoPToken:
    return DPoPToken("an-access-token", dpop_key=key, expires_in=60)


def part(proof: str, number: int) -> dict[str, Any]:
    text = proof.split(".")[number]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
    return read


def nonce_in(received: Received) -> str | None:
    return part(received.headers["dpop"], 1).get("nonce")


# --- keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_generated_key_signs_with_the_algorithm_asked_for(alg: str) -> None:
    proof = DPoPKey.generate(alg).proof("GET", API)
    header = part(proof, 0)
    assert header["alg"] == alg
    registry = independent.JWSRegistry(algorithms=[alg])
    registry.max_header_length = 1024  # an RSA key has its length
    independent.deserialize_compact(proof, JWKRegistry.import_key(header["jwk"]), registry=registry)


@pytest.mark.parametrize("alg", ["none", "HS256", "RSA-OAEP", "ECDH-ES", "nonsense", ""])
def test_no_key_is_generated_for_an_algorithm_that_signs_nothing_public(alg: str) -> None:
    with pytest.raises(InvalidDPoPAlg, match="Use one of"):
        DPoPKey.generate(alg)


@pytest.mark.parametrize("alg", ["none", "HS256", "nonsense"])
def test_an_algorithm_that_is_none_for_dpop_is_refused(alg: str) -> None:
    with pytest.raises(InvalidDPoPAlg):
        DPoPKey(JWK, alg=alg)
    with pytest.raises(InvalidDPoPAlg):
        DPoPKey({**JWK, "alg": alg})


@pytest.mark.parametrize(
    "unusable",
    [public_jwk(JWK), {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}, {**JWK, "use": "enc"}, "a secret", None, {}],
    ids=["public", "symmetric", "for encryption", "a text", "None", "empty"],
)
def test_an_unusable_key_is_refused(unusable: Any) -> None:
    with pytest.raises(InvalidDPoPKey, match="can't sign DPoP proofs"):
        DPoPKey(unusable)


def test_a_key_that_does_not_fit_the_algorithm_is_refused() -> None:
    with pytest.raises(InvalidDPoPKey):
        DPoPKey({**JWK, "alg": "RS256"})


def test_a_key_can_be_a_jwk_pem_or_a_cryptography_key() -> None:
    native = ec.generate_private_key(ec.SECP256R1())
    pem = native.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwk = ECKey.import_key(pem.decode()).as_dict(private=True)
    keys = [DPoPKey(native), DPoPKey(pem), DPoPKey(pem.decode()), DPoPKey(jwk)]
    assert len(set(keys)) == 1
    assert keys[0].alg == "ES256"
    assert keys[3].private_key is jwk


def test_a_signer_object_keeps_its_key_elsewhere() -> None:
    class Hsm:
        public_jwk = public_jwk(JWK)

        def sign(self, data: bytes, alg: str) -> bytes:
            jws = independent.serialize_compact({"alg": alg}, b"", JWKRegistry.import_key(JWK))
            assert jws
            from requests_oauth2client._jose.keys import signing_key

            return signing_key(JWK).sign(data)

    key = DPoPKey(Hsm())
    assert key == KEY
    validate_dpop_proof(key.proof("GET", API), htm="GET", htu=API)


def test_the_public_jwk_shows_nothing_private() -> None:
    assert KEY.public_jwk == {name: JWK[name] for name in ("kty", "crv", "x", "y")}


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    members = {name: JWK[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    assert KEY.dpop_jkt == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_a_key_shows_no_secret_and_is_not_pickled() -> None:
    assert JWK["d"] not in repr(KEY)
    assert JWK["d"] not in str(KEY)
    with pytest.raises(TypeError, match="DPoPKeySerializer"):
        pickle.dumps(KEY)


def test_equal_keys_are_equal_whatever_nonces_they_know() -> None:
    assert DPoPKey(JWK, nonces={"https://api.local": "n"}) == KEY
    assert DPoPKey.generate() != KEY
    assert KEY != "a key"


# --- proofs -----------------------------------------------------------------------------------------------


def test_a_proof_has_the_members_of_rfc_9449_section_4_2_and_no_others() -> None:
    proof = KEY.proof("POST", API)
    header, claims = part(proof, 0), part(proof, 1)
    assert header == {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.public_jwk}
    assert claims.keys() == {"jti", "htm", "htu", "iat"}
    assert (claims["htm"], claims["htu"]) == ("POST", HTU)
    assert len(claims["jti"]) >= 16


def test_a_proof_has_the_structure_of_the_example_in_the_rfc() -> None:
    ours = KEY.proof("POST", "https://server.example.com/token")
    for number in (0, 1):
        assert part(ours, number).keys() == part(RFC_PROOF, number).keys()
    assert part(ours, 1)["htu"] == part(RFC_PROOF, 1)["htu"]


def test_a_proof_verifies_with_another_library() -> None:
    proof = KEY.proof("GET", API)
    verified = independent.deserialize_compact(proof, JWKRegistry.import_key(part(proof, 0)["jwk"]))
    assert json.loads(verified.payload or b"")["htm"] == "GET"


def test_ath_and_nonce_are_in_the_proof_where_they_are_given() -> None:
    claims = part(KEY.proof("GET", API, access_token_hash("t"), "a-nonce"), 1)
    assert claims["ath"] == base64.urlsafe_b64encode(hashlib.sha256(b"t").digest()).rstrip(b"=").decode()
    assert claims["nonce"] == "a-nonce"


def test_no_two_proofs_have_the_same_jti() -> None:
    assert len({part(KEY.proof("GET", API), 1)["jti"] for _ in range(50)}) == 50


def test_iat_is_the_time_of_the_call() -> None:
    with freeze_time("2026-01-01T12:00:00.9Z"):
        assert part(KEY.proof("GET", API), 1)["iat"] == 1767268800


def test_jti_iat_and_typ_can_be_chosen() -> None:
    key = DPoPKey(JWK, jti_generator=lambda: "mine", iat_generator=lambda: 7, jwt_typ="other+jwt")
    proof = key.proof("GET", API)
    assert part(proof, 0)["typ"] == "other+jwt"
    assert (part(proof, 1)["jti"], part(proof, 1)["iat"]) == ("mine", 7)


@pytest.mark.parametrize(
    ("url", "htu"),
    [
        ("https://api.local", "https://api.local/"),
        ("https://api.local?q=1", "https://api.local/"),
        ("HTTPS://API.Local/Path;p?q#f", "https://api.local/Path;p"),
        ("https://api.local:443/a", "https://api.local/a"),
        ("http://127.0.0.1:80/a", "http://127.0.0.1/a"),
        ("https://api.local:8443/a", "https://api.local:8443/a"),
        ("https://api.local:/a", "https://api.local/a"),
        ("https://user:word@api.local/a%2fb", "https://api.local/a%2fb"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        (httpx2.URL("https://api.local/x?y"), "https://api.local/x"),
    ],
)
def test_htu_is_the_url_without_query_and_fragment_and_normal(url: Any, htu: str) -> None:
    assert part(KEY.proof("GET", url), 1)["htu"] == htu


@pytest.mark.parametrize("url", ["", "/things", "ftp://api.local/", "https://", "https://h/ x", "https://h:x/"])
def test_no_proof_for_what_is_no_url(url: str) -> None:
    with pytest.raises(InvalidUri):
        KEY.proof("GET", url)


# --- nonces -----------------------------------------------------------------------------------------------


def gave(nonce: str | None, url: str = API, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status_code=status, headers={**named, **({"DPoP-Nonce": nonce} if nonce is not None else {})}, url=url
    )


def test_a_nonce_is_kept_for_its_origin_only(key: DPoPKey) -> None:
    key.learn_nonce(gave("for-api"))
    key.learn_nonce(gave("for-as", "https://as.local/token"))
    assert part(key.proof("GET", "https://api.local:443/other"), 1)["nonce"] == "for-api"
    assert part(key.proof("POST", "https://as.local/par"), 1)["nonce"] == "for-as"
    assert "nonce" not in part(key.proof("GET", "https://api.local:8443/"), 1)
    assert key.nonces == {"https://api.local": "for-api", "https://as.local": "for-as"}


def test_the_last_nonce_counts(key: DPoPKey) -> None:
    for nonce in ("one", "two"):
        key.learn_nonce(gave(nonce))
    key.learn_nonce(gave(None))
    assert key.nonce_for(API) == "two"


@pytest.mark.parametrize("nonce", ["", "with space", "a, b", 'quo"te', "back\\slash", "ü", "x" * 5000])
def test_a_malformed_nonce_is_none(key: DPoPKey, nonce: str) -> None:
    assert key.learn_nonce(gave(nonce)) is None
    assert key.nonces == {}


def test_the_nonces_of_a_key_are_bounded(key: DPoPKey) -> None:
    for number in range(MAX_ORIGINS + 5):
        key.learn_nonce(gave("n", f"https://h{number}.local/"))
    assert len(key.nonces) == MAX_ORIGINS
    assert key.nonce_for("https://h0.local/") is None


# --- judging proofs ---------------------------------------------------------------------------------------


def judged(proof: str, **changes: Any) -> DPoPProof:
    return validate_dpop_proof(proof, **{"htm": "GET", "htu": API, **changes})


def signed(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign a proof with this header and these claims; those that are None are left out."""
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.public_jwk, **(header or {})}
    body = {"jti": "j", "htm": "GET", "htu": HTU, "iat": int(time.time()), **claims}
    text = json.dumps({name: value for name, value in body.items() if value is not None})
    members = {name: value for name, value in head.items() if value is not None}
    registry = independent.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return independent.serialize_compact(members, text, JWKRegistry.import_key(JWK), registry=registry)


def test_a_good_proof_tells_its_key_and_claims() -> None:
    proof = judged(KEY.proof("GET", API, "the-ath", "the-nonce"), ath="the-ath", nonce="the-nonce")
    assert proof.dpop_jkt == KEY.dpop_jkt
    assert proof.claims["htu"] == HTU
    assert proof.headers["typ"] == "dpop+jwt"


def test_the_example_of_the_rfc_is_good_in_its_time() -> None:
    with freeze_time("2019-07-04T17:50:20Z"):
        proof = validate_dpop_proof(RFC_PROOF, htm="POST", htu="https://server.example.com/token")
    assert proof.dpop_jkt == RFC_JKT
    with pytest.raises(InvalidDPoPProof, match="seconds ago"):
        validate_dpop_proof(RFC_PROOF, htm="POST", htu="https://server.example.com/token")


@pytest.mark.parametrize(
    ("proof", "problem"),
    [
        (lambda: signed({"typ": "JWT"}), "typ"),
        (lambda: signed({"typ": None}), "typ"),
        (lambda: signed({"jwk": None}), "no jwk"),
        (lambda: signed({"jwk": JWK}), "private key"),
        (lambda: signed({"jwk": DPoPKey.generate().public_jwk}), "signature"),
        (lambda: signed({"jwk": {"kty": "oct", "crv": "P-256"}}), "JWK"),
        (lambda: signed(jti=None), "jti"),
        (lambda: signed(jti=""), "jti"),
        (lambda: signed(jti=7), "jti"),
        (lambda: signed(htm=None), "htm"),
        (lambda: signed(htm="POST"), "htm"),
        (lambda: signed(htm="get"), "htm"),
        (lambda: signed(htu=None), "htu"),
        (lambda: signed(htu=["x"]), "htu"),
        (lambda: signed(htu="no url"), "htu"),
        (lambda: signed(htu="https://api.local/other"), "htu"),
        (lambda: signed(htu="http://api.local/things"), "htu"),
        (lambda: signed(iat=None), "iat"),
        (lambda: signed(iat="now"), "iat"),
        (lambda: signed(iat=True), "iat"),
        (lambda: signed(iat=int(time.time()) - 70), "seconds ago"),
        (lambda: signed(iat=int(time.time()) + 70), "issued at"),
        (lambda: "", "JWS"),
        (lambda: "a.b", "JWS"),
        (lambda: f"{signed()}, {signed()}", "JWS"),
    ],
)
def test_a_proof_that_breaks_a_rule_is_refused(proof: Any, problem: str) -> None:
    with pytest.raises(InvalidDPoPProof, match=problem):
        judged(proof())


@pytest.mark.parametrize("name", ["ath", "nonce"])
@pytest.mark.parametrize(("claim", "problem"), [(None, "missing"), ("other", "another"), (7, "another")])
def test_ath_and_nonce_must_be_the_expected_ones(name: str, claim: Any, problem: str) -> None:
    with pytest.raises(InvalidDPoPProof, match=f"{name} is {problem}"):
        judged(signed(**{name: claim}), **{name: "expected"})


def test_htu_is_compared_as_rfc_3986_normalises_it() -> None:
    judged(signed(htu="HTTPS://API.local:443/th%69ngs%2f?x#y"), htu="https://api.local/things%2F")


def test_an_unsigned_proof_is_refused() -> None:
    head = base64.urlsafe_b64encode(b'{"typ":"dpop+jwt","alg":"none"}').rstrip(b"=").decode()
    with pytest.raises(InvalidDPoPProof, match="none"):
        judged(f"{head}.{signed().split('.')[1]}.")


def test_only_the_algorithms_that_are_expected_are_taken() -> None:
    assert judged(signed(), alg="ES256")
    assert judged(signed(), algs=["RS256", "ES256"])
    for expected in ({"alg": "RS256"}, {"algs": ["EdDSA", "PS256"]}):
        with pytest.raises(InvalidDPoPProof, match="alg"):
            judged(signed(), **expected)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_expecting_an_algorithm_that_is_none_for_dpop_is_an_error(alg: str) -> None:
    assert alg not in DPOP_ALGS
    with pytest.raises(InvalidDPoPAlg):
        judged(signed(), algs=[alg])


def test_leeway_counts_in_both_directions() -> None:
    now = int(time.time())
    for iat in (now - 90, now + 90):
        judged(signed(iat=iat), leeway=100)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_nothing_but_the_documented_error_comes_of_any_bytes(proof: Any) -> None:
    with pytest.raises(InvalidDPoPProof):
        judged(proof)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50)
@given(
    st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]),
    json_values,
)
def test_nothing_but_the_documented_error_comes_of_any_claim(name: str, value: Any) -> None:
    with pytest.raises(InvalidDPoPProof) as refused:  # ath or nonce is missing in any case
        judged(signed(**{name: value}), ath="a", nonce="n")
    assert len(str(refused.value)) < 1000


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "k"]), json_values))
def test_nothing_but_the_documented_error_comes_of_any_jwk(jwk: dict[str, Any]) -> None:
    with pytest.raises(InvalidDPoPProof):
        judged(signed({"jwk": jwk}))


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_proof_is_never_taken(position: int, char: str) -> None:
    proof = signed()
    changed = proof[:position] + char + proof[position + 1 :]
    if changed != proof:
        with pytest.raises(InvalidDPoPProof):
            judged(changed)


def test_an_error_about_a_proof_does_not_show_it() -> None:
    proof = signed(htm="POST")
    with pytest.raises(InvalidDPoPProof) as refused:
        judged(proof)
    assert proof not in str(refused.value)
    assert "'POST'" in str(refused.value)
    assert "expected 'GET'" in str(refused.value)


@given(st.from_regex(r"https://[a-z]{1,8}(:[0-9]{1,4})?(/[a-z%2]{0,5})*(\?[a-z=]*)?", fullmatch=True))
def test_any_proof_of_ours_is_good_for_its_url(url: str) -> None:
    assert validate_dpop_proof(KEY.proof("GET", url), htm="GET", htu=url).claims["htu"] == target(url)[1]


# --- tokens -----------------------------------------------------------------------------------------------


def test_a_token_is_a_bearer_token_with_a_key(token: DPoPToken, key: DPoPKey) -> None:
    assert isinstance(token, BearerToken)
    assert token.dpop_key is key
    assert token.token_type == token.TOKEN_TYPE == token.AUTHORIZATION_SCHEME == "DPoP"
    assert token.authorization_header() == "DPoP an-access-token"
    assert DPoPToken(**token.as_dict()) == token
    assert token.replace(scope="a").dpop_key is key


@pytest.mark.parametrize("token_type", ["DPoP", "dpop", None])
def test_the_token_type_is_compared_without_case(key: DPoPKey, token_type: str | None) -> None:
    assert DPoPToken("t", dpop_key=key, token_type=token_type).token_type == "DPoP"


def test_a_token_of_another_type_is_not_bound(key: DPoPKey) -> None:
    with pytest.raises(UnsupportedTokenTypeError):
        DPoPToken("t", dpop_key=key, token_type="Bearer")


@pytest.mark.parametrize("key", [None, JWK, "key"])
def test_a_token_needs_a_dpop_key(key: Any) -> None:
    with pytest.raises(InvalidDPoPKey, match="takes a DPoPKey"):
        DPoPToken("t", dpop_key=key)


@pytest.mark.parametrize("text", ["a b", "a,b", 'a"b', "a=b", "tok:en"])
def test_a_token_that_the_scheme_cannot_carry_is_refused(key: DPoPKey, text: str) -> None:
    with pytest.raises(InvalidDPoPAccessToken):
        DPoPToken(text, dpop_key=key)


def test_a_token_shows_no_secret(token: DPoPToken) -> None:
    assert "an-access-token" not in repr(token)
    assert JWK["d"] not in repr(token) + repr(token.as_dict())


def test_an_expired_token_is_not_sent(key: DPoPKey) -> None:
    expired = DPoPToken("t", dpop_key=key, expires_in=-1)
    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(lambda _: answer({}))
        with pytest.raises(ExpiredAccessToken):
            flavor.get(API, auth=expired, session=session)
        assert received == []
    with httpx2.Client(transport=mocked(httpx2, Api())) as client, pytest.raises(ExpiredAccessToken):
        client.get(API, auth=expired)


def test_a_token_is_not_sent_unencrypted(token: DPoPToken) -> None:
    with pytest.raises(InsecureTransport):
        requests.Request("GET", "http://api.local/", auth=token).prepare()


# --- answering an API -------------------------------------------------------------------------------------

DEMAND = 'DPoP error="use_dpop_nonce", error_description="a nonce is needed"'


class Api:
    """Takes proofs that are right and have its nonce, and gives another nonce when it is told to."""

    def __init__(self, nonce: str | None = "nonce-1", challenge: str = DEMAND) -> None:
        self.nonce, self.challenge = nonce, challenge

    def __call__(self, request: Received) -> Answer:
        ath = access_token_hash(request.headers["authorization"].removeprefix("DPoP "))
        proof = validate_dpop_proof(request.headers["dpop"], htm=request.method, htu=request.url, ath=ath)
        headers = {"DPoP-Nonce": self.nonce} if self.nonce else {}
        if self.nonce and proof.claims.get("nonce") != self.nonce:
            return Answer(status_code=401, headers={"WWW-Authenticate": self.challenge, **headers})
        return Answer(content=request.body or b"{}", headers=headers)


@pytest.fixture(params=["requests", "httpx2", "httpx"])
def flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    with open_flavor(request.param) as opened:
        yield opened


def post(flavor: Flavor, session: Any, auth: Any, **kwargs: Any) -> Any:
    if not flavor.is_async:
        return session.post(API, auth=auth, timeout=5, **kwargs)
    return flavor.run(session.post(API, auth=auth, **kwargs))


def test_a_request_carries_token_and_proof(flavor: Flavor, token: DPoPToken) -> None:
    session, received = flavor.answered_by(Api(nonce=None))
    assert flavor.get(API, auth=token, session=session).status_code == 200
    assert len(received) == 1
    assert received[0].headers["authorization"] == "DPoP an-access-token"


@pytest.mark.parametrize("wrap", [lambda token: token, BearerAuth], ids=["token", "BearerAuth"])
def test_a_demanded_nonce_is_given_once_and_then_remembered(flavor: Flavor, token: DPoPToken, wrap: Any) -> None:
    session, received = flavor.answered_by(Api())
    assert post(flavor, session, wrap(token)).status_code == 200
    assert [nonce_in(request) for request in received] == [None, "nonce-1"]
    assert flavor.get(API, auth=wrap(token), session=session).status_code == 200
    assert [nonce_in(request) for request in received[2:]] == ["nonce-1"]


def test_the_body_goes_along_again(flavor: Flavor, token: DPoPToken) -> None:
    session, received = flavor.answered_by(Api())
    answered = post(flavor, session, token, **{"content" if flavor.is_async else "data": b"the body"})
    assert answered.content == b"the body"
    assert [request.body for request in received] == [b"the body"] * 2
    jtis = {part(request.headers["dpop"], 1)["jti"] for request in received}
    assert len(jtis) == 2, "each request has a proof of its own"


def test_the_first_answer_stays_in_the_history(flavor: Flavor, token: DPoPToken) -> None:
    session, _ = flavor.answered_by(Api())
    assert [old.status_code for old in flavor.get(API, auth=token, session=session).history] == [401]


def test_a_nonce_on_a_successful_answer_is_used_next(flavor: Flavor, token: DPoPToken, key: DPoPKey) -> None:
    session, received = flavor.answered_by(lambda _: Answer(headers={"DPoP-Nonce": f"nonce-{len(received)}"}))
    for _ in range(3):
        flavor.get(API, auth=token, session=session)
    assert [nonce_in(request) for request in received] == [None, "nonce-1", "nonce-2"]
    assert key.nonce_for(API) == "nonce-3"


def test_an_api_that_always_wants_another_nonce_gets_two_requests(flavor: Flavor, token: DPoPToken) -> None:
    session, received = flavor.answered_by(
        lambda _: Answer(status_code=401, headers={"WWW-Authenticate": DEMAND, "DPoP-Nonce": f"n{len(received)}"})
    )
    assert flavor.get(API, auth=token, session=session).status_code == 401
    assert len(received) == 2


def test_a_demand_without_a_nonce_is_an_error(flavor: Flavor, token: DPoPToken) -> None:
    session, received = flavor.answered_by(lambda _: Answer(status_code=401, headers={"WWW-Authenticate": DEMAND}))
    with pytest.raises(MissingDPoPNonce, match="missing, repeated or malformed"):
        flavor.get(API, auth=token, session=session)
    assert len(received) == 1


def test_a_demand_for_the_nonce_that_was_shown_is_an_error(flavor: Flavor, token: DPoPToken) -> None:
    demand = {"WWW-Authenticate": DEMAND, "DPoP-Nonce": "same"}
    session, received = flavor.answered_by(lambda _: Answer(status_code=401, headers=demand))
    with pytest.raises(RepeatedDPoPNonce, match="the same again"):
        flavor.get(API, auth=token, session=session)
    assert len(received) == 2


@pytest.mark.parametrize(
    "challenge",
    ['DPoP error="invalid_token"', 'DPoP algs="ES256", error="invalid_dpop_proof"', 'Bearer, DPoP error="x"'],
)
def test_another_refusal_is_not_answered(flavor: Flavor, token: DPoPToken, challenge: str) -> None:
    refusal = Answer(status_code=401, headers={"WWW-Authenticate": challenge, "DPoP-Nonce": "n"})
    session, received = flavor.answered_by(lambda _: refusal)
    assert flavor.get(API, auth=token, session=session).status_code == 401
    assert len(received) == 1


@pytest.mark.parametrize("challenge", ['DPoP algs="ES256"', "Bearer", "=nonsense"])
def test_a_401_that_only_gives_a_nonce_demands_it(flavor: Flavor, token: DPoPToken, challenge: str) -> None:
    session, received = flavor.answered_by(Api(challenge=challenge))
    assert flavor.get(API, auth=token, session=session).status_code == 200
    assert len(received) == 2


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_only_a_401_is_answered(flavor: Flavor, token: DPoPToken, status: int) -> None:
    refusal = Answer(status_code=status, headers={"WWW-Authenticate": DEMAND, "DPoP-Nonce": "n"})
    session, received = flavor.answered_by(lambda _: refusal)
    assert flavor.get(API, auth=token, session=session).status_code == status
    assert len(received) == 1


def test_a_file_is_read_again_from_where_it_was(token: DPoPToken) -> None:
    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(Api())
        file = io.BytesIO(b"skipped|rest")
        file.seek(8)
        session.mount("https://", Reading(session.get_adapter(API)))
        session.post(API, data=file, auth=token, timeout=5)
    assert [request.body for request in received] == [b"rest", b"rest"]


class Reading:
    """An adapter that reads a streamed body, as a connection does."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def send(self, request: Any, **kwargs: Any) -> Any:
        sent = request.copy()
        sent.body = b"".join(request.body)
        response = self.adapter.send(sent, **kwargs)
        response.connection, response.request = self, request
        return response

    def close(self) -> None:
        self.adapter.close()


def test_a_used_up_stream_is_a_clear_error_and_the_nonce_is_kept(token: DPoPToken, key: DPoPKey) -> None:
    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(Api())
        session.mount("https://", Reading(session.get_adapter(API)))
        with pytest.raises(UnrepeatableRequestBody, match="as bytes or as a seekable file"):
            session.post(API, data=iter([b"a", b"b"]), auth=token, timeout=5)
        assert len(received) == 1
        assert session.post(API, data=iter([b"a", b"b"]), auth=token, timeout=5).content == b"ab"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_used_up_stream_is_a_clear_error_on_httpx(library: Any, token: DPoPToken, key: DPoPKey) -> None:
    with library.Client(transport=mocked(library, Api())) as client:
        with pytest.raises(UnrepeatableRequestBody):
            client.post(API, content=iter([b"a"]), auth=token)
        assert client.post(API, content=iter([b"a"]), auth=token).status_code == 200


def mocked(library: Any, api: Any) -> Any:
    def handle(_: Any, request: Any) -> Any:
        body = b"".join(request.stream)  # as a connection does; the library's MockTransport would keep it
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = api(Received(method=request.method, url=str(request.url), headers=headers, body=body))
        return library.Response(given.status_code, headers=dict(given.headers), content=given.content)

    return type("Transport", (library.BaseTransport,), {"handle_request": handle})()


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_sync_client_of_httpx_answers_too(library: Any, token: DPoPToken) -> None:
    with library.Client(transport=mocked(library, Api()), auth=token) as client:
        assert client.get(API).status_code == 200
        assert client.get(API).history == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_redirect_elsewhere_is_not_answered(library: Any, token: DPoPToken) -> None:
    seen: list[Any] = []

    def handle(request: Any) -> Any:
        seen.append(request)
        if request.url.host == "api.local":
            return library.Response(302, headers={"Location": "https://other.local/"})
        return library.Response(401, headers={"WWW-Authenticate": DEMAND, "DPoP-Nonce": "theirs"})

    with library.Client(transport=library.MockTransport(handle), auth=token, follow_redirects=True) as client:
        assert client.get(API).status_code == 401
    assert [request.url.host for request in seen] == ["api.local", "other.local"]
    assert "authorization" not in seen[1].headers


def test_a_redirect_elsewhere_is_not_answered_on_requests(token: DPoPToken) -> None:
    def respond(request: Received) -> Answer:
        if request.url == API:
            return Answer(status_code=302, headers={"Location": "https://other.local/"})
        return Answer(status_code=401, headers={"WWW-Authenticate": DEMAND, "DPoP-Nonce": "theirs"})

    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(respond)
        assert flavor.get(API, auth=token, session=session).status_code == 401
    assert len(received) == 2
    assert "authorization" not in received[1].headers


# --- challenges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", []),
        ("Bearer", [("bearer", {})]),
        ('Basic realm="a, b", charset=UTF-8', [("basic", {"realm": "a, b", "charset": "UTF-8"})]),
        ('DPoP error = "x\\"y" , ALGS="ES256 PS256"', [("dpop", {"error": 'x"y', "algs": "ES256 PS256"})]),
        ("Negotiate YWJj==, NTLM", [("negotiate", {}), ("ntlm", {})]),
        (
            ',Bearer error="invalid_token",, DPoP algs="ES256"',
            [("bearer", {"error": "invalid_token"}), ("dpop", {"algs": "ES256"})],
        ),
    ],
)
def test_challenges_are_told_apart(header: str, challenges: list[Any]) -> None:
    assert parse_challenges(header) == challenges


@pytest.mark.parametrize(
    "header",
    ['error="x"', 'DPoP error="x', 'DPoP a=b a=c "', "DPoP a=1, A=2", "x" * (MAX_HEADER_SIZE + 1)],
)
def test_a_malformed_header_is_refused_as_a_whole(header: str) -> None:
    with pytest.raises(ValueError):
        parse_challenges(header)


@given(st.text(alphabet=st.sampled_from('DPoPerror="\\, \t;ü=a1'), max_size=100))
def test_any_header_is_parsed_or_refused(header: str) -> None:
    try:
        found = parse_challenges(header)
    except ValueError:
        return
    assert all(scheme == scheme.lower() for scheme, _ in found)


def test_an_answer_with_an_oauth_error_in_its_body_demands_nothing_of_a_token(flavor: Flavor, token: DPoPToken) -> None:
    session, received = flavor.answered_by(lambda _: error("use_dpop_nonce", 400))
    assert flavor.get(API, auth=token, session=session).status_code == 400
    assert len(received) == 1
