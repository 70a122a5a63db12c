"""ID tokens, one rule after the other: real keys, real signatures, one thing wrong in each."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client import AuthorizationResponse, BearerToken, IdToken, OAuth2Client
from requests_oauth2client._jose import jwe, jws
from requests_oauth2client._jose.errors import UnsupportedAlg
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, secret_key, signing_key
from requests_oauth2client._oidc.id_token_checks import CLOCK_LEEWAY, check_refreshed, half_hash
from requests_oauth2client.tokens import (
    ExpiredIdToken,
    InvalidIdToken,
    InvalidIdTokenSignature,
    MismatchingIdTokenAcr,
    MismatchingIdTokenAlg,
    MismatchingIdTokenAudience,
    MismatchingIdTokenAuthTime,
    MismatchingIdTokenAzp,
    MismatchingIdTokenHash,
    MismatchingIdTokenIssuer,
    MismatchingIdTokenNonce,
    MismatchingIdTokenSubject,
    MissingIdToken,
    MissingIdTokenClaim,
    MissingIdTokenKey,
    StaleIdToken,
    UnsupportedIdTokenAlg,
)
from requests_oauth2client.utils import b64u_encode

ISSUER = "https://as.local"
CLIENT = "client"
SECRET = "a secret of the client, long enough for HMAC"  # of at least 32 bytes
ALGS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
ACCESS_TOKEN, CODE, STATE, NONCE = "access", "code", "state", "nonce"


@functools.cache
def key(alg: str, kid: str = "k") -> dict[str, Any]:
    return generate_private_jwk(alg, kid=kid)


def client(alg: str = "ES256", **settings: Any) -> OAuth2Client:
    known = {"issuer": ISSUER, "authorization_server_jwks": {"keys": [public_jwk(key(alg))]}}
    known |= {"id_token_signed_response_alg": alg}
    return OAuth2Client("https://as.local/token", (CLIENT, SECRET), **{**known, **settings})


def claims(**changes: Any) -> dict[str, Any]:
    """Return right claims with some changed; one that is None is left out."""
    now = int(time.time())
    right = {"iss": ISSUER, "sub": "alice", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": NONCE}
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


def signed(alg: str = "ES256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    return jws.sign(claims(**changes), signing_key(key(alg)), header=header)


def answer(**changes: Any) -> AuthorizationResponse:
    return AuthorizationResponse(**{"code": CODE, "state": STATE, "nonce": NONCE, **changes})


def validate(id_token: str | None, *, using: OAuth2Client | None = None, azr: Any = None, **leeways: Any) -> IdToken:
    token = BearerToken(ACCESS_TOKEN, id_token=id_token)
    checked = token.validate_id_token(using or client(), azr or answer(), **leeways).id_token
    assert checked is not None
    return checked


def left_half(text: str, digest: str) -> str:
    octets = hashlib.new(digest, text.encode()).digest()
    return b64u_encode(octets[: len(octets) // 2])


# --- what is right ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ALGS)
def test_a_right_token_is_checked_afterwards(alg: str) -> None:
    id_token = validate(signed(alg), using=client(alg))
    assert id_token.checked
    assert id_token.subject == "alice"


def test_the_token_that_was_given_stays_unchecked() -> None:
    given = IdToken(signed())
    assert BearerToken(ACCESS_TOKEN, id_token=given).validate_id_token(client(), answer()).id_token == given
    assert given.checked is False


@pytest.mark.parametrize(
    "right",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"azp": CLIENT},
        {"exp": time.time() + 86_400.5},
        {"unknown": {"a": 1}},
        {"at_hash": left_half(ACCESS_TOKEN, "sha256")},
        {"c_hash": left_half(CODE, "sha256"), "s_hash": left_half(STATE, "sha256")},
    ],
    ids=",".join,
)
def test_what_the_specification_allows_is_taken(right: dict[str, Any]) -> None:
    assert validate(signed(**right)).checked


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt"])
def test_the_usual_types_are_taken(typ: str) -> None:
    assert validate(signed(header={"typ": typ})).checked


# --- rule by rule -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "application/AT+JWT"])
def test_another_kind_of_jwt_is_no_id_token(typ: str) -> None:
    with pytest.raises(InvalidIdToken, match="another JWT"):
        validate(signed(header={"typ": typ}))


@pytest.mark.parametrize("iss", [f"{ISSUER}/", f"{ISSUER}1", "", None, 1, [ISSUER]])
def test_the_issuer_is_compared_to_the_letter(iss: Any) -> None:
    with pytest.raises(MismatchingIdTokenIssuer) as refused:
        validate(signed(iss=iss))
    assert iss is None or ISSUER in str(refused.value)


def test_an_issuer_that_only_the_request_knows_counts() -> None:
    using = client(issuer=None)
    assert validate(signed(), using=using, azr=answer(issuer=ISSUER)).checked
    with pytest.raises(MismatchingIdTokenIssuer):
        validate(signed(), using=using, azr=answer(issuer="https://other.local"))


def test_client_and_request_may_not_know_different_issuers() -> None:
    with pytest.raises(MismatchingIdTokenIssuer):
        validate(signed(), azr=answer(issuer="https://other.local"))


def test_keys_without_an_issuer_are_not_enough() -> None:
    with pytest.raises(MismatchingIdTokenIssuer, match="allow_unknown_issuer"):
        validate(signed(), using=client(issuer=None))


def test_an_unknown_issuer_can_be_allowed_by_name() -> None:
    using = client(issuer=None, allow_unknown_issuer=True)
    assert not validate(signed(iss="https://whoever.local"), using=using).checked
    with pytest.raises(MismatchingIdTokenIssuer):
        validate(signed(iss=None), using=using)


@pytest.mark.parametrize("aud", [None, "other", f"{CLIENT}1", [], ["other"], [1], {"a": CLIENT}, 1])
def test_the_audience_must_be_this_client(aud: Any) -> None:
    with pytest.raises(MismatchingIdTokenAudience):
        validate(signed(aud=aud))


def test_several_audiences_demand_an_azp() -> None:
    with pytest.raises(MismatchingIdTokenAzp, match="no azp"):
        validate(signed(aud=[CLIENT, "other"]))


@pytest.mark.parametrize("azp", ["other", 1, [CLIENT]])
@pytest.mark.parametrize("aud", [CLIENT, [CLIENT, "other"]])
def test_the_azp_must_be_this_client(azp: Any, aud: Any) -> None:
    with pytest.raises(MismatchingIdTokenAzp):
        validate(signed(azp=azp, aud=aud))


@pytest.mark.parametrize("claim", ["sub", "exp", "iat"])
def test_what_every_id_token_has_may_not_be_missing(claim: str) -> None:
    with pytest.raises(MissingIdTokenClaim, match=claim):
        validate(signed(**{claim: None}))


@pytest.mark.parametrize("wrong", ["soon", True, -1, 1e300, [1]])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_time_is_a_number(claim: str, wrong: Any) -> None:
    with pytest.raises(InvalidIdToken, match=claim):
        validate(signed(**{claim: wrong}))


@pytest.mark.parametrize("sub", ["", 1, ["alice"]])
def test_the_subject_is_a_text(sub: Any) -> None:
    with pytest.raises(InvalidIdToken, match="sub"):
        validate(signed(sub=sub))


def test_an_expired_token_is_refused() -> None:
    with pytest.raises(ExpiredIdToken):
        validate(signed(exp=int(time.time()) - 1))


def test_the_leeway_is_in_favour_of_the_token() -> None:
    late = signed(exp=int(time.time()) - 20)
    assert validate(late, exp_leeway=60).checked
    with pytest.raises(ExpiredIdToken):
        validate(late, exp_leeway=10)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(claim: str) -> None:
    with pytest.raises(InvalidIdToken):
        validate(signed(**{claim: int(time.time()) + CLOCK_LEEWAY + 30}))


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_clocks_may_differ_a_little(claim: str) -> None:
    assert validate(signed(**{claim: int(time.time()) + CLOCK_LEEWAY - 30})).checked


def test_an_old_token_is_refused_where_the_client_limits_its_age() -> None:
    with pytest.raises(StaleIdToken, match="id_token_iat_max_age=300"):
        validate(signed(iat=int(time.time()) - 300 - CLOCK_LEEWAY - 30), using=client(id_token_iat_max_age=300))
    assert validate(signed(iat=int(time.time()) - 300), using=client(id_token_iat_max_age=300)).checked


def test_by_default_the_age_of_a_token_is_up_to_the_as() -> None:
    assert validate(signed(iat=int(time.time()) - 7 * 86_400)).checked


@pytest.mark.parametrize("nonce", [None, "nonce1", "", 1, "\ud800"])
def test_the_nonce_must_be_that_of_the_request(nonce: Any) -> None:
    with pytest.raises(MismatchingIdTokenNonce) as refused:
        validate(signed(nonce=nonce))
    assert NONCE not in refused.value.message.replace("no nonce", "").replace("another nonce", "").replace(
        "nonce=None", ""
    )


def test_a_nonce_that_was_not_sent_must_not_come() -> None:
    with pytest.raises(MismatchingIdTokenNonce, match="unasked"):
        validate(signed(), azr=answer(nonce=None))
    assert validate(signed(nonce=None), azr=answer(nonce=None)).checked


@pytest.mark.parametrize("acr", [None, "bronze", 1, ["gold"]])
def test_an_acr_that_was_asked_for_is_demanded(acr: Any) -> None:
    with pytest.raises(MismatchingIdTokenAcr, match="gold"):
        validate(signed(acr=acr), azr=answer(acr_values="gold silver"))


def test_any_acr_that_was_asked_for_will_do() -> None:
    assert validate(signed(acr="silver"), azr=answer(acr_values="gold silver")).checked


@pytest.mark.parametrize(("age", "max_age"), [(100, 60), (30, 0), (60, 49)])
def test_a_login_longer_ago_than_max_age_is_refused(age: int, max_age: int) -> None:
    with pytest.raises(MismatchingIdTokenAuthTime, match=f"max_age={max_age}"):
        validate(signed(auth_time=int(time.time()) - age), azr=answer(max_age=max_age))


@pytest.mark.parametrize(("age", "max_age"), [(50, 60), (5, 0), (0, 0), (-30, 0)])
def test_a_recent_login_is_taken(age: int, max_age: int) -> None:
    assert validate(signed(auth_time=int(time.time()) - age), azr=answer(max_age=max_age)).checked


def test_max_age_demands_an_auth_time() -> None:
    with pytest.raises(MissingIdTokenClaim, match="auth_time"):
        validate(signed(), azr=answer(max_age=0))


def test_a_login_in_the_future_is_refused() -> None:
    with pytest.raises(MismatchingIdTokenAuthTime):
        validate(signed(auth_time=int(time.time()) + 3600), azr=answer(max_age=60))


def test_the_leeway_for_max_age_can_be_set() -> None:
    login = signed(auth_time=int(time.time()) - 100)
    assert validate(login, azr=answer(max_age=60), auth_time_leeway=60).checked


@pytest.mark.parametrize("claim", ["at_hash", "c_hash", "s_hash"])
@pytest.mark.parametrize("value", ["wrong", "", 1, left_half("other", "sha256"), left_half(CODE, "sha256") + "1"])
def test_a_hash_of_something_else_is_refused(claim: str, value: Any) -> None:
    with pytest.raises(MismatchingIdTokenHash, match=claim):
        validate(signed(**{claim: value}))


@pytest.mark.parametrize(
    ("alg", "digest"), [("RS256", "sha256"), ("ES384", "sha384"), ("PS512", "sha512"), ("EdDSA", "sha512")]
)
def test_the_hash_is_that_of_the_alg(alg: str, digest: str) -> None:
    assert half_hash("text", alg) == left_half("text", digest)


def test_an_algorithm_without_a_hash_has_none() -> None:
    with pytest.raises(UnsupportedAlg):
        half_hash("text", "Ed448")


# --- signatures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ALGS)
def test_a_changed_signature_is_refused(alg: str) -> None:
    head, payload, signature = signed(alg).split(".")
    changed = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    with pytest.raises(InvalidIdTokenSignature):
        validate(changed, using=client(alg))


def test_changed_claims_are_refused() -> None:
    head, _, signature = signed().split(".")
    _, payload, _ = signed(sub="mallory").split(".")
    with pytest.raises(InvalidIdTokenSignature):
        validate(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
@pytest.mark.parametrize("registered", ["ES256", "none"])
def test_an_unsigned_token_is_refused_whatever_is_registered(alg: str, registered: str) -> None:
    _, payload, _ = signed().split(".")
    head = b64u_encode(f'{{"alg":"{alg}"}}')
    with pytest.raises(UnsupportedIdTokenAlg):
        validate(f"{head}.{payload}.", using=client(id_token_signed_response_alg=registered))


def test_another_alg_than_the_registered_one_is_refused_even_with_a_key_of_the_as() -> None:
    keys = {"keys": [public_jwk(key("ES256")), public_jwk(key("RS256", "r"))]}
    token = jws.sign(claims(), signing_key(key("RS256", "r")))
    with pytest.raises(MismatchingIdTokenAlg, match=r"RS256.*ES256"):
        validate(token, using=client(authorization_server_jwks=keys))


def test_a_public_key_is_never_an_hmac_secret() -> None:
    secret = key("ES256")["x"]
    token = jws.sign(claims(), secret_key(secret, "HS256", kid="k"))
    with pytest.raises(MismatchingIdTokenAlg):
        validate(token)


def test_the_client_secret_verifies_only_when_registered_so() -> None:
    token = jws.sign(claims(), secret_key(SECRET, "HS256"))
    assert validate(token, using=client(id_token_signed_response_alg="HS256", authorization_server_jwks=None)).checked
    with pytest.raises(MismatchingIdTokenAlg):
        validate(token)


def test_another_secret_is_refused() -> None:
    token = jws.sign(claims(), secret_key(f"{SECRET}!", "HS256"))
    with pytest.raises(InvalidIdTokenSignature):
        validate(token, using=client(id_token_signed_response_alg="HS256"))


def test_hmac_without_a_secret_is_refused() -> None:
    token = jws.sign(claims(), secret_key(SECRET, "HS256"))
    public = OAuth2Client("https://as.local/token", CLIENT, issuer=ISSUER, id_token_signed_response_alg="HS256")
    with pytest.raises(MissingIdTokenKey):
        validate(token, using=public)


def test_an_unknown_kid_is_refused() -> None:
    with pytest.raises(MissingIdTokenKey, match="'other'"):
        validate(signed(header={"kid": "other"}))


def test_no_kid_with_one_fitting_key_is_fine() -> None:
    keys = {"keys": [public_jwk(key("RS256")), public_jwk(key("ES256"))]}
    assert validate(signed(header={"kid": None}), using=client(authorization_server_jwks=keys)).checked


def test_no_kid_with_several_fitting_keys_is_an_error() -> None:
    keys = {"keys": [public_jwk(key("ES256")), public_jwk(key("ES256", "other"))]}
    with pytest.raises(MissingIdTokenKey, match="nothing says which"):
        validate(signed(header={"kid": None}), using=client(authorization_server_jwks=keys))


def test_without_keys_nothing_is_checked() -> None:
    with pytest.raises(InvalidIdToken, match="no keys"):
        validate(signed(), using=client(authorization_server_jwks=None))


def test_without_an_id_token_there_is_nothing_to_check() -> None:
    with pytest.raises(MissingIdToken):
        validate(None)


@pytest.mark.parametrize("crit", [["exp"], ["x"], []])
def test_an_extension_that_is_not_understood_is_refused(crit: list[str]) -> None:
    head = b64u_encode(f'{{"alg":"ES256","kid":"k","crit":{str(crit).replace(chr(39), chr(34))},"x":1}}')
    _, payload, signature = signed().split(".")
    with pytest.raises(InvalidIdToken):
        validate(f"{head}.{payload}.{signature}")


# --- encryption ---------------------------------------------------------------------------------------------

ENCRYPTED = {"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM"}


@functools.cache
def our_key() -> dict[str, Any]:
    return generate_private_jwk("ECDH-ES", kid="ours", use="enc")


def encrypted(content: str | None = None, **changes: Any) -> str:
    how = {"key": public_jwk(our_key()), "alg": "ECDH-ES", "enc": "A256GCM", **changes}
    return jwe.encrypt(content or signed(), how.pop("key"), **how)


@pytest.mark.parametrize(
    "wrap", [lambda key: key, lambda key: {"keys": [{**key, "kid": "old"}, key]}], ids=["a key", "a key set"]
)
def test_an_encrypted_token_is_decrypted_and_then_checked(wrap: Callable[[Any], Any]) -> None:
    id_token = validate(encrypted(), using=client(**ENCRYPTED, id_token_decryption_key=wrap(our_key())))
    assert id_token.checked
    assert not id_token.is_encrypted
    assert id_token.subject == "alice"


def test_the_client_secret_decrypts_where_a_symmetric_alg_is_registered() -> None:
    alg, enc = "A128KW", "A128CBC-HS256"
    token = jwe.encrypt(signed(), jwe.key_from_client_secret(SECRET, alg, enc), alg=alg, enc=enc)
    assert validate(token, using=client(id_token_encrypted_response_alg=alg)).checked


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"alg": "ECDH-ES+A128KW", "key": None}, MismatchingIdTokenAlg),
        ({"enc": "A128CBC-HS256"}, MismatchingIdTokenAlg),
        ({"key": "other"}, InvalidIdToken),
    ],
    ids=["alg", "enc", "key"],
)
def test_another_way_to_encrypt_is_refused(changes: dict[str, Any], refusal: type[InvalidIdToken]) -> None:
    bare = {name: value for name, value in public_jwk(our_key()).items() if name != "alg"}
    other = public_jwk(generate_private_jwk("ECDH-ES", kid="ours"))
    chosen = {None: bare, "other": other}
    if "key" in changes:
        changes = {**changes, "key": chosen[changes["key"]]}
    with pytest.raises(refusal):
        validate(encrypted(**changes), using=client(**ENCRYPTED, id_token_decryption_key=our_key()))


def test_an_unencrypted_token_is_refused_where_encryption_is_registered() -> None:
    with pytest.raises(MismatchingIdTokenAlg, match="not encrypted"):
        validate(signed(), using=client(**ENCRYPTED, id_token_decryption_key=our_key()))


def test_an_encrypted_token_is_refused_where_none_is_registered() -> None:
    with pytest.raises(MismatchingIdTokenAlg, match="ECDH-ES"):
        validate(
            encrypted(), using=client(userinfo_encrypted_response_alg="ECDH-ES", id_token_decryption_key=our_key())
        )


def test_an_encrypted_token_without_a_key_says_which_setting_is_missing() -> None:
    with pytest.raises(MissingIdTokenKey, match="id_token_decryption_key"):
        validate(encrypted(), using=client(**ENCRYPTED))


def test_a_useless_decryption_key_is_an_error_of_ours() -> None:
    with pytest.raises(MissingIdTokenKey):
        validate(encrypted(), using=client(**ENCRYPTED, id_token_decryption_key="no key at all"))


@pytest.mark.parametrize("content", ["not a jwt", '{"sub":"alice"}'])
def test_what_is_encrypted_must_be_signed(content: str) -> None:
    with pytest.raises(InvalidIdToken):
        validate(encrypted(content), using=client(**ENCRYPTED, id_token_decryption_key=our_key()))


def test_encryption_twice_is_refused() -> None:
    with pytest.raises(InvalidIdToken, match="another encrypted"):
        validate(encrypted(encrypted()), using=client(**ENCRYPTED, id_token_decryption_key=our_key()))


def test_an_encrypted_but_unsigned_token_is_refused() -> None:
    _, payload, _ = signed().split(".")
    head = b64u_encode('{"alg":"none"}')
    unsigned = f"{head}.{payload}."
    with pytest.raises(UnsupportedIdTokenAlg):
        validate(encrypted(unsigned), using=client(**ENCRYPTED, id_token_decryption_key=our_key()))


# --- refresh ------------------------------------------------------------------------------------------------

LOGIN = {"auth_time": 1_700_000_000}


@pytest.mark.parametrize(
    "refreshed",
    [{}, {"nonce": None}, {"auth_time": None}, {"aud": [CLIENT]}, {"exp": int(time.time()) + 7_200}],
    ids=["same", "no nonce", "no auth_time", "aud as array", "later"],
)
def test_a_refreshed_token_of_the_same_login_is_taken(refreshed: dict[str, Any]) -> None:
    check_refreshed(IdToken(signed(**{**LOGIN, **refreshed})), IdToken(signed(**LOGIN)))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"iss": f"{ISSUER}1"}, MismatchingIdTokenIssuer),
        ({"iss": None}, MismatchingIdTokenIssuer),
        ({"sub": "alice1"}, MismatchingIdTokenSubject),
        ({"sub": None}, MismatchingIdTokenSubject),
        ({"aud": [CLIENT, "other"]}, MismatchingIdTokenAudience),
        ({"auth_time": 1_700_000_001}, MismatchingIdTokenAuthTime),
        ({"nonce": "nonce1"}, MismatchingIdTokenNonce),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_a_refreshed_token_of_another_login_is_refused(changes: dict[str, Any], refusal: type[InvalidIdToken]) -> None:
    with pytest.raises(refusal):
        check_refreshed(IdToken(signed(**{**LOGIN, **changes})), IdToken(signed(**LOGIN)))


def test_a_nonce_that_the_login_had_not_is_refused_at_refresh() -> None:
    with pytest.raises(MismatchingIdTokenNonce):
        check_refreshed(IdToken(signed(nonce="None")), IdToken(signed(nonce=None)))


# --- whatever comes -----------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=5,
)
claim_names = st.sampled_from("iss sub aud azp exp iat nbf nonce acr auth_time at_hash c_hash s_hash".split())


@given(changes=st.dictionaries(claim_names, json_values, min_size=1, max_size=3))
def test_whatever_the_claims_are_only_documented_errors_come_out(changes: dict[str, Any]) -> None:
    token = BearerToken(ACCESS_TOKEN, id_token=signed(**changes))
    with contextlib.suppress(InvalidIdToken):
        token.validate_id_token(client(), answer(acr_values="gold", max_age=60))


@given(text=st.text(alphabet="eyJhbGciOiJub25lIn0._-=", max_size=60))
def test_whatever_the_text_is_only_documented_errors_come_out(text: str) -> None:
    with contextlib.suppress(InvalidIdToken):
        BearerToken(ACCESS_TOKEN, id_token=text or None).validate_id_token(client(), answer())
