"""Whether an ID token is right: one function for each rule, in the order of OIDC Core section 3.1.3.7.

    opened() ──► addressed(): iss, aud, azp ──► signature ──► agreed(): all other claims ──► a checked IdToken

What can be judged without a key comes first, so that a token for somebody else never makes anyone fetch keys.
Every failure is an `InvalidIdToken`. Times are seconds since 1970; a leeway is in favour of the token. Knows
no I/O: whose keys they are, and where they come from, is the caller's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .. import _jose
from .._core.compare import is_same_secret
from .._core.encoding import b64u_encode
from .._core.redaction import one_line
from .._jose import claims, errors
from . import decryption
from .expectations import Expected, Registration
from .id_token import (
    ExpiredIdToken,
    IdToken,
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
    MissingIdTokenClaim,
    MissingIdTokenKey,
    StaleIdToken,
    UnsupportedIdTokenAlg,
)

# Seconds that iat and nbf may be in the future. FAPI 2.0 Security Profile section 5.3.2.1 has servers take 10
# and refuse more than 60, for the same reason: clocks differ, and not by more.
CLOCK_LEEWAY = 60

OTHER_TYPES = frozenset(  # JWTs that the same AS signs, and that are no ID tokens (RFC 8725 section 3.11)
    "at+jwt logout+jwt secevent+jwt dpop+jwt token-introspection+jwt oauth-authz-req+jwt jwt+jarm".split()
)

REFUSED = (errors.JoseError, errors.InvalidKey)

# What each of these is here; the first row that fits counts.
REFUSALS: tuple[tuple[type[errors.JoseError | errors.InvalidKey], type[InvalidIdToken]], ...] = (
    (errors.UnsecuredToken, UnsupportedIdTokenAlg),
    (errors.UnsupportedAlg, MismatchingIdTokenAlg),
    (errors.NoMatchingKey, MissingIdTokenKey),
    (errors.InvalidKey, MissingIdTokenKey),
    (errors.InvalidSignature, InvalidIdTokenSignature),
    (errors.ExpiredJwt, ExpiredIdToken),
    (errors.MissingClaim, MissingIdTokenClaim),
)
REFUSED_CLAIMS = {"iss": MismatchingIdTokenIssuer, "aud": MismatchingIdTokenAudience, "azp": MismatchingIdTokenAzp}

DIGESTS = {  # of at_hash, c_hash and s_hash: that of the ID token's alg (OIDC Core section 3.1.3.6)
    **{f"{family}{bits}": f"sha{bits}" for family in ("HS", "RS", "PS", "ES") for bits in (256, 384, 512)},
    "ES256K": "sha256",
    "EdDSA": "sha512",
    "Ed25519": "sha512",
}


# --- the way of a token through the rules -----------------------------------------------------------------


def addressed(id_token: IdToken, expected: Expected) -> IdToken:
    """Judge who made it, and for whom: what needs no key."""
    return _judged(id_token, expected, 0, RULES_WITHOUT_KEY)


def agreed(id_token: IdToken, expected: Expected, now: float) -> IdToken:
    """Judge the other claims of a token whose signature is right; then it is checked."""
    return _judged(id_token, expected, now, RULES)._as_checked()  # noqa: SLF001  we are the code that says so


def compared(id_token: IdToken, expected: Expected, now: float) -> None:
    """Judge what a client that knows nothing of its OP still can: the token stays unchecked."""
    if not id_token.is_encrypted:
        _judged(id_token, expected, now, (check_audience, check_expiry, check_nonce))


def verify(id_token: IdToken, registration: Registration, keys: Any) -> None:
    """Check the signature with keys that are there (rules 6 to 8)."""
    if keys is None and not registration.is_symmetric:
        raise no_keys(id_token)
    try:
        _jose.jws.verify(  # loads cryptography
            id_token._jws,  # noqa: SLF001  taken apart once
            algs=(registration.signed_alg,),
            keys=keys,
            secret=registration.client_secret,
        )
    except REFUSED as wrong:
        raise refusal(wrong, id_token) from wrong


def no_keys(id_token: IdToken) -> MissingIdTokenKey:
    """Say that the client has no keys of the AS."""
    return MissingIdTokenKey(
        "This client has no keys of the AS, so the ID token can't be checked. Make the client with"
        " from_discovery_endpoint, with jwks_uri=, or with authorization_server_jwks=; or fetch the keys first with"
        " update_authorization_server_public_keys().",
        id_token,
    )


Rule: TypeAlias = Callable[[Mapping[str, Any], IdToken, Expected, float], None]


def _judged(id_token: IdToken, expected: Expected, now: float, rules: tuple[Rule, ...]) -> IdToken:
    found = id_token.claims
    try:
        for rule in rules:
            rule(found, id_token, expected, now)
    except REFUSED as wrong:
        raise refusal(wrong, id_token) from wrong
    return id_token


def refusal(wrong: errors.JoseError | errors.InvalidKey, id_token: IdToken) -> InvalidIdToken:
    """Make of an error of `_jose` the one that it is here."""
    kind = next((ours for theirs, ours in REFUSALS if isinstance(wrong, theirs)), InvalidIdToken)
    return REFUSED_CLAIMS.get(getattr(wrong, "claim", ""), kind)(f"The ID token is refused. {wrong}", id_token)


# --- rule 1: decryption -------------------------------------------------------------------------------------


def opened(id_token: IdToken, registration: Registration) -> IdToken:
    """Decrypt it, if this client is registered for encrypted ones; and only then (rule 1)."""
    alg = registration.encrypted_alg
    if alg is None and not id_token.is_encrypted:
        return id_token
    if alg is None or not id_token.is_encrypted:
        came = f"encrypted with alg={one_line(id_token.alg)!r}" if id_token.is_encrypted else "not encrypted"
        msg = f"The ID token is {came}; this client is registered for id_token_encrypted_response_alg={alg!r}."
        raise MismatchingIdTokenAlg(msg, id_token)
    try:
        inner = IdToken(
            decryption.decrypt(
                id_token.value,
                key=registration.decryption_key,
                client_secret=registration.client_secret,
                alg=alg,
                enc=registration.encrypted_enc,
            )
        )
    except REFUSED as wrong:
        raise refusal(wrong, id_token) from wrong
    if inner.is_encrypted:
        msg = "Inside the encrypted ID token is another encrypted one, expected a signed one (RFC 7519 section 11.2)."
        raise InvalidIdToken(msg, id_token)
    return inner


# --- the rules ----------------------------------------------------------------------------------------------


def check_type(_claims: Mapping[str, Any], id_token: IdToken, _expected: Expected, _now: float) -> None:
    """It is no JWT of another kind (RFC 8725 section 3.11)."""
    typ = str(id_token.headers.get("typ", "")).lower().removeprefix("application/")
    if typ in OTHER_TYPES:
        msg = f"The ID token says typ={one_line(typ)!r}, so it is no ID token but another JWT of the AS."
        raise InvalidIdToken(msg, id_token)


def check_issuer(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 2: it is from the AS that was asked."""
    if not expected.issuers and not expected.allow_unknown_issuer:
        msg = (
            f"This client knows keys of the AS but not its issuer, so it can't tell whether"
            f" iss={one_line(found.get('iss'))!r} is right. Pass issuer=, or let from_discovery_endpoint find it."
            " allow_unknown_issuer=True takes ID tokens of anybody who has a key in that set."
        )
        raise MismatchingIdTokenIssuer(msg, id_token)
    for issuer in expected.issuers or (_text(found, "iss"),):
        claims.check_equal(found, "iss", issuer)


def check_audience(found: Mapping[str, Any], _id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 3: it is for this client."""
    claims.check_aud(found, expected.client_id)


def check_authorized_party(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rules 4 and 5: with several audiences, it says that it is for this client in particular."""
    if found.get("azp") is not None:
        claims.check_equal(found, "azp", expected.client_id)
    elif len(set(audiences := claims.audiences(found))) > 1:
        msg = f"The ID token is for aud={one_line(audiences)} and has no azp, expected azp={expected.client_id!r}."
        raise MismatchingIdTokenAzp(msg, id_token)


def check_subject(found: Mapping[str, Any], _id_token: IdToken, _expected: Expected, _now: float) -> None:
    """It says who the user is (OIDC Core section 2)."""
    _text(found, "sub")


def check_expiry(found: Mapping[str, Any], _id_token: IdToken, expected: Expected, now: float) -> None:
    """Rule 9: it has not expired."""
    claims.check_exp(found, now, expected.exp_leeway)


def check_issued_at(found: Mapping[str, Any], id_token: IdToken, expected: Expected, now: float) -> None:
    """Rule 10: it is not from the future, nor from longer ago than the client allows."""
    leeway, most = max(CLOCK_LEEWAY, expected.exp_leeway), expected.iat_max_age
    iat = claims.check_iat(found, now, leeway) or 0
    claims.check_nbf(found, now, leeway)
    if most is not None and iat < now - most - leeway:
        msg = (
            f"The ID token was issued {now - iat:.0f} seconds ago, expected up to id_token_iat_max_age={most:g} (leeway"
            f" {leeway:g} s). Send the user to log in again."
        )
        raise StaleIdToken(msg, id_token)


def check_nonce(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 11: it answers our request; one that was not sent must not come."""
    if not expected.compares_nonce:
        return
    nonce = found.get("nonce")
    if nonce is None and expected.nonce is None:
        return
    came = "no nonce" if nonce is None else "another nonce than the one sent" if expected.nonce else "a nonce, unasked"
    if not (expected.nonce and is_same_secret(nonce, expected.nonce)):
        msg = f"The ID token has {came}. Drop it and start again: it may be one of another login, replayed."
        raise MismatchingIdTokenNonce(msg, id_token)


def check_acr(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 12: the user logged in one of the ways that were asked for."""
    if expected.acr_values and found.get("acr") not in expected.acr_values:
        came = "has no acr" if found.get("acr") is None else f"says acr={one_line(found['acr'])!r}"
        msg = f"The ID token {came}, expected one of {list(expected.acr_values)}."
        raise MismatchingIdTokenAcr(msg, id_token)


def check_auth_time(found: Mapping[str, Any], id_token: IdToken, expected: Expected, now: float) -> None:
    """Rule 13: the user logged in no longer ago than was asked for."""
    if expected.max_age is None:
        return
    auth_time = claims.numeric_date(found, "auth_time") or 0
    leeway = expected.auth_time_leeway
    if not now - expected.max_age - leeway <= auth_time <= now + max(CLOCK_LEEWAY, leeway):
        msg = (
            f"The ID token says that the user logged in {now - auth_time:.0f} seconds ago, expected up to"
            f" max_age={expected.max_age} (leeway {leeway:g} s). Send the user to log in again."
        )
        raise MismatchingIdTokenAuthTime(msg, id_token)


def check_hashes(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """What came along is what it was made for (OIDC Core sections 3.1.3.8, 3.3.2.9, 3.3.2.10; FAPI 1 part 2, 5.1.1)."""
    for claim, text in expected.texts.items():
        value = found.get(claim)
        if value is None and claim in expected.required:
            raise errors.MissingClaim(claim)
        if value is not None and text is not None and not is_same_secret(value, half_hash(text, str(id_token.alg))):
            of = {"at_hash": "access token", "c_hash": "code", "s_hash": "state"}[claim]
            msg = f"The {claim} of the ID token is not that of the {of} that came with it. One of the two was swapped."
            raise MismatchingIdTokenHash(msg, id_token)


RULES_WITHOUT_KEY: tuple[Rule, ...] = (check_type, check_issuer, check_audience, check_authorized_party)
RULES: tuple[Rule, ...] = (
    check_subject,
    check_expiry,
    check_issued_at,
    check_nonce,
    check_acr,
    check_auth_time,
    check_hashes,
)


def check_same_user(one: IdToken, other: IdToken) -> None:
    """Two ID tokens of one login are about one user (OIDC Core sections 3.3.3.6 and 12.2)."""
    for claim, refusal in (("iss", MismatchingIdTokenIssuer), ("sub", MismatchingIdTokenSubject)):
        _check_same(one, other, claim, refusal)


def check_refreshed(one: IdToken, old: IdToken) -> None:
    """A refreshed ID token is about the same login (OIDC Core section 12.2)."""
    check_same_user(one, old)
    if set(one.audiences) != set(old.audiences):
        msg = f"The refreshed ID token says aud={one_line(one.audiences)}, that of the login {one_line(old.audiences)}."
        raise MismatchingIdTokenAudience(msg, one)
    if "auth_time" in one and "auth_time" in old:
        _check_same(one, old, "auth_time", MismatchingIdTokenAuthTime)
    nonce = old.claims.get("nonce")
    if "nonce" in one and not (isinstance(nonce, str) and is_same_secret(one["nonce"], nonce)):
        msg = "The nonce of the refreshed ID token is not that of the login. Log in again."
        raise MismatchingIdTokenNonce(msg, one)


def _check_same(one: IdToken, other: IdToken, claim: str, refusal: type[InvalidIdToken]) -> None:
    came, expected = one.claims.get(claim), other.claims.get(claim)
    if came != expected or came is None:
        msg = f"The ID token says {claim}={one_line(came)!r}, that of the login {one_line(expected)!r}. Log in again."
        raise refusal(msg, one)


def half_hash(text: str, alg: str) -> str:
    """Return the left half of the hash of a text, as base64url (OIDC Core section 3.1.3.6).

    Raises:
        UnsupportedAlg: nobody has said which hash belongs to this algorithm.
    """
    if alg not in DIGESTS:
        msg = f"There is no hash for at_hash, c_hash or s_hash with alg={one_line(alg)!r}."
        raise errors.UnsupportedAlg(msg)
    digest = hashlib.new(DIGESTS[alg], _octets(text)).digest()
    return b64u_encode(digest[: len(digest) // 2])


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON can hold half a character


def _text(found: Mapping[str, Any], claim: str) -> str:
    value = found.get(claim)
    if value is None:
        raise errors.MissingClaim(claim)
    if not isinstance(value, str) or not value:
        msg = f"The ID token says {claim}={one_line(value)!r}, expected a text."
        raise errors.InvalidClaim(msg, claim=claim, received=value, expected="a text")
    return value
