"""Whether an ID token is valid: one function for each rule, in the order of OIDC Core section 3.1.3.7.

    decrypt() ──► check_addressees(): iss, aud, azp ──► signature ──► check_claims(): the others ──► a checked IdToken

What needs no key is checked first, so that a token for someone else never makes anyone fetch keys. Every failure is an
`InvalidIdToken`. Times are seconds since 1970; a leeway is in favor of the token. Does no I/O: the caller knows whose
keys they are, and where they come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .. import _jose
from .._core import issuers
from .._core.compare import is_same_secret
from .._core.encoding import b64u_encode
from .._core.issuers import Issuer
from .._core.redaction import one_line
from .._core.story import checked, recorder
from .._core.times import timestamp
from .._jose import claims, errors
from .._jose.algs import HMAC, SIGNATURE
from . import decryption
from .clauses import CLAUSES, SIGNATURE_CLAUSE, is_needed
from .expectations import AcrPolicy, Expected, IdTokenSettings
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

# What an ID token may say that it is; any other JWT of the same AS is none (RFC 8725 section 3.11).
TYPES = frozenset({"", "jwt", "id+jwt", "id_token+jwt", "idtoken+jwt", "id-token+jwt"})

PUBLIC_ALGS = tuple(alg for alg in SIGNATURE if alg not in HMAC)
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


def check_addressees(id_token: IdToken, expected: Expected) -> IdToken:
    """Check who made it, and for whom: what needs no key."""
    return _check_all(id_token, expected, 0, RULES_WITHOUT_KEY)


def check_claims(id_token: IdToken, expected: Expected, now: float) -> IdToken:
    """Check the other claims of a token whose signature is right; then it is checked, if its issuer is known."""
    _check_all(id_token, expected, now, RULES)
    if expected.issuer is None and expected.answering_issuer is None:
        return id_token  # with allow_unknown_issuer, it is unknown whose token this may be
    return id_token._as_checked(_missed_acr(id_token, expected))  # noqa: SLF001  we are the code that says so


def check_without_keys(id_token: IdToken, expected: Expected, now: float) -> None:
    """Check what a client that knows nothing of its OP still can: the token stays unchecked."""
    if not id_token.is_encrypted:
        _check_all(id_token, expected, now, (check_audience, check_expiry, check_nonce))


def validate_alone(id_token: IdToken, issuer: str, keys: Any, nonce: str | None) -> None:
    """Check what can be checked without a client: all but `aud` and `azp`."""
    expected = Expected(client_id="", issuer=issuer, compares_nonce=nonce is not None, nonce=nonce)
    _check_all(id_token, expected, 0, (check_type, check_issuer))
    try:
        checked(SIGNATURE_CLAUSE, _jose.jws.verify, id_token._jws, algs=PUBLIC_ALGS, keys=keys)  # noqa: SLF001
    except REFUSED as wrong:
        raise refusal(wrong, id_token) from wrong
    _check_all(id_token, expected, timestamp(), (check_subject, check_expiry, check_issued_at, check_nonce))


def verify(id_token: IdToken, settings: IdTokenSettings, keys: Any) -> None:
    """Check the signature with keys that are there (rules 6 to 8)."""
    if keys is None and not settings.is_symmetric:
        raise no_keys(id_token)
    try:
        checked(
            SIGNATURE_CLAUSE,
            _jose.jws.verify,  # loads cryptography
            id_token._jws,  # noqa: SLF001  taken apart once
            algs=settings.signed_algs,
            keys=keys,
            secret=settings.client_secret,
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


def _check_all(id_token: IdToken, expected: Expected, now: float, rules: tuple[Rule, ...]) -> IdToken:
    found, recording = id_token.claims, recorder()
    try:
        for rule in rules:
            if recording is None or not is_needed(rule.__name__, found, expected):
                rule(found, id_token, expected, now)
            else:
                checked(CLAUSES[rule.__name__], rule, found, id_token, expected, now)
    except REFUSED as wrong:
        raise refusal(wrong, id_token) from wrong
    return id_token


def refusal(wrong: errors.JoseError | errors.InvalidKey, id_token: IdToken) -> InvalidIdToken:
    """Make of an error of `_jose` the one that it is here."""
    kind = next((ours for theirs, ours in REFUSALS if isinstance(wrong, theirs)), InvalidIdToken)
    hint = ""
    if kind is MismatchingIdTokenAlg and not id_token.is_encrypted:
        setting = f"id_token_signed_response_alg={one_line(id_token.alg)!r}"
        hint = f" If that is what this client is registered for, pass {setting}."
    return REFUSED_CLAIMS.get(getattr(wrong, "claim", ""), kind)(f"The ID token is refused. {wrong}{hint}", id_token)


# --- rule 1: decryption -------------------------------------------------------------------------------------


def decrypt(id_token: IdToken, settings: IdTokenSettings) -> IdToken:
    """Decrypt it, if this client is registered for encrypted ones; and only then (rule 1)."""
    alg = settings.encrypted_alg
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
                key=settings.decryption_key,
                client_secret=settings.client_secret,
                alg=alg,
                enc=settings.encrypted_enc,
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
    if typ not in TYPES:
        msg = f"The ID token says typ={one_line(typ)!r}, so it is another JWT of the AS; expected 'JWT' or no typ."
        raise InvalidIdToken(msg, id_token)


def check_issuer(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 2: it is from the AS that was asked."""
    iss, issuer, answering = found.get("iss"), expected.issuer, expected.answering_issuer
    if iss is None:
        raise errors.MissingClaim(claim="iss")
    if issuer is None and answering is None and not expected.allow_unknown_issuer:
        msg = (
            f"This client knows keys of the AS but not its issuer, so it can't tell whether iss={one_line(iss)!r} is"
            " right. Pass issuer=, or let from_discovery_endpoint find it. With allow_unknown_issuer=True, ID tokens"
            " of anyone who has a key in that set are returned, unchecked."
        )
        raise MismatchingIdTokenIssuer(msg, id_token)
    for rule in (issuer, answering):
        if rule is not None and not (isinstance(iss, str) and _is_issued_by(rule, iss, found, expected)):
            msg = (
                f"The ID token says iss={one_line(iss)!r}, expected {issuers.describe(rule)}. If that is another name"
                " of the same server, pass it in further_issuers=."
            )
            raise MismatchingIdTokenIssuer(msg, id_token)


def _is_issued_by(rule: Issuer, iss: str, found: Mapping[str, Any], expected: Expected) -> bool:
    if rule is expected.issuer:
        return issuers.is_one_of(rule, iss, found, further=expected.further_issuers)
    known = issuers.exact(rule)
    if known is None:  # the template that the request was made with
        return issuers.accepts(rule, iss, found)
    return issuers.are_same(iss, known, issuer=expected.issuer, further=expected.further_issuers)


def check_audience(found: Mapping[str, Any], _id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 3: it is for this client."""
    claims.check_aud(found, expected.client_id)


def check_authorized_party(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rules 4 and 5: with several audiences, it says that it is for this client in particular."""
    azp = found.get("azp")
    if azp is not None:
        if not isinstance(azp, str) or azp not in expected.authorized_parties:
            _check_azp(found, expected)
        return
    others = set(claims.audiences(found)) - {expected.client_id, *expected.trusted_audiences}
    if others:
        msg = (
            f"The ID token is for aud={one_line(sorted(claims.audiences(found)))} and has no azp, expected"
            f" azp={expected.client_id!r}. If the other audiences may have it too, pass them in trusted_audiences=."
        )
        raise MismatchingIdTokenAzp(msg, id_token)


def _check_azp(found: Mapping[str, Any], expected: Expected) -> None:
    try:
        claims.check_equal(found, "azp", expected.client_id)
    except errors.MismatchingClaim as wrong:
        msg = f"{wrong} If that is another client of yours, such as an app, pass its id in authorized_parties=."
        raise errors.MismatchingClaim(
            msg, claim="azp", received=found.get("azp"), expected=expected.client_id
        ) from None


def check_subject(found: Mapping[str, Any], _id_token: IdToken, _expected: Expected, _now: float) -> None:
    """It says who the user is (OIDC Core section 2)."""
    _string(found, "sub")


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
        never = " If this server never returns one, pass nonce=None in the request." if nonce is None else ""
        msg = f"The ID token has {came}. Discard it and restart the login: it may be replayed from another one.{never}"
        raise MismatchingIdTokenNonce(msg, id_token)


def check_acr(found: Mapping[str, Any], id_token: IdToken, expected: Expected, _now: float) -> None:
    """Rule 12: an essential `acr` is one of those (OIDC Core section 5.5.1.1); a voluntary one may be another."""
    acr, essential = found.get("acr"), expected.essential_acr
    wanted = essential or (expected.acr_values or () if expected.acr_policy != "report" else ())
    is_missing = essential is not None and not essential and acr is None
    if is_missing or (wanted and not _is_wanted(acr, wanted, expected.acr_policy)):
        came = "has no acr" if acr is None else f"says acr={one_line(acr)!r}"
        msg = (
            f"The ID token {came}, expected {f'one of {list(wanted)}' if wanted else 'one'}. Send the user to log in"
            " again. If other values are as good, say so with acr_policy=, a function."
        )
        raise MismatchingIdTokenAcr(msg, id_token)


def _is_wanted(acr: Any, wanted: tuple[str, ...], policy: AcrPolicy) -> bool:
    if acr in wanted:
        return True
    return callable(policy) and policy(acr if isinstance(acr, str) else None, wanted)


def _missed_acr(id_token: IdToken, expected: Expected) -> tuple[str, ...]:
    """Return the voluntary classes of login that were asked for, if the user logged in in none of them."""
    wanted = expected.acr_values or ()
    return () if _is_wanted(id_token.claims.get("acr"), wanted, expected.acr_policy) else wanted


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


def check_refreshed(one: IdToken, old: IdToken, *, auth_time_may_change: bool = False) -> None:
    """A refreshed ID token is about the same login (OIDC Core section 12.2).

    Args:
        one: the refreshed one.
        old: that of the login, or of the refresh before.
        auth_time_may_change: accept another `auth_time`, as Cognito and B2C send.
    """
    check_same_user(one, old)
    if set(one.audiences) != set(old.audiences):
        msg = f"The refreshed ID token says aud={one_line(one.audiences)}, that of the login {one_line(old.audiences)}."
        raise MismatchingIdTokenAudience(msg, one)
    if "auth_time" in one and "auth_time" in old and not auth_time_may_change:
        advice = "If this server counts a refresh as a login, pass refreshed_auth_time_may_change=True."
        _check_same(one, old, "auth_time", MismatchingIdTokenAuthTime, advice)
    nonce = old.claims.get("nonce")
    if "nonce" in one and not (isinstance(nonce, str) and is_same_secret(one["nonce"], nonce)):
        msg = "The nonce of the refreshed ID token is not that of the login. Log in again."
        raise MismatchingIdTokenNonce(msg, one)


def _check_same(
    one: IdToken, other: IdToken, claim: str, refusal: type[InvalidIdToken], advice: str = "Log in again."
) -> None:
    came, expected = one.claims.get(claim), other.claims.get(claim)
    if came != expected or came is None:
        msg = f"The ID token says {claim}={one_line(came)!r}, that of the login {one_line(expected)!r}. {advice}"
        raise refusal(msg, one)


def half_hash(text: str, alg: str) -> str:
    """Return the left half of the hash of a string, as base64url (OIDC Core section 3.1.3.6).

    Raises:
        UnsupportedAlg: no hash is defined for this algorithm.
    """
    if alg not in DIGESTS:
        msg = f"There is no hash for at_hash, c_hash or s_hash with alg={one_line(alg)!r}."
        raise errors.UnsupportedAlg(msg)
    digest = hashlib.new(DIGESTS[alg], _octets(text)).digest()
    return b64u_encode(digest[: len(digest) // 2])


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON can hold half a character


def _string(found: Mapping[str, Any], claim: str) -> str:
    value = found.get(claim)
    if value is None:
        raise errors.MissingClaim(claim)
    if not isinstance(value, str) or not value:
        msg = f"The ID token says {claim}={one_line(value)!r}, expected a string."
        raise errors.InvalidClaim(msg, claim=claim, received=value, expected="a string")
    return value
