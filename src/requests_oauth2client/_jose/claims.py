"""The registered claims of a JWT, each a check of its own (RFC 7519 section 4.1).

A check is given the claims and, where it needs one, the time; it returns what it has read, or raises the
error of its rule. `leeway` is in seconds, and always in favour of the token. Knows no clock, no key, no
token, and not which claims a kind of token must have: `required=False` where one may be absent.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from typing import Any

from .._core.issuers import Issuer, describe, is_one_of
from .._core.redaction import one_line
from .errors import (
    ExpiredJwt,
    InvalidClaim,
    JwtFromTheFuture,
    JwtNotYetValid,
    MismatchingAudience,
    MismatchingClaim,
    MissingClaim,
)

LATEST = 253402300799  # 9999-12-31T23:59:59Z, the last second that a datetime can hold


def numeric_date(claims: Mapping[str, Any], claim: str, *, required: bool = True) -> float | None:
    """Read a NumericDate: seconds since 1970 (RFC 7519 section 2); None when it is absent and may be.

    Raises:
        MissingClaim: it is absent.
        InvalidClaim: it is no finite number between 1970 and 9999.
    """
    value = claims.get(claim)
    if value is None:
        if required:
            raise MissingClaim(claim)
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LATEST:
        msg = f"The JWT says {claim}={one_line(value)!r}; expected seconds since 1970, a number up to {LATEST}."
        raise InvalidClaim(msg, claim=claim, received=value, expected="a NumericDate")
    return value


def check_exp(claims: Mapping[str, Any], now: float, leeway: float = 0, *, required: bool = True) -> float | None:
    """Check that the JWT has not expired: now < exp + leeway (RFC 7519 section 4.1.4).

    Raises:
        ExpiredJwt: it has.
    """
    exp = numeric_date(claims, "exp", required=required)
    if exp is not None and now >= exp + leeway:
        msg = (
            f"The JWT expired at {_when(exp)}, it is now {_when(now)}{_given(leeway)}. If it was issued just now,"
            " the clock of this machine is ahead: correct it. Else get another one."
        )
        raise ExpiredJwt(msg, claim="exp", received=exp, expected=f"after {_when(now)}")
    return exp


def check_nbf(claims: Mapping[str, Any], now: float, leeway: float = 0, *, required: bool = False) -> float | None:
    """Check that the JWT is already valid: nbf <= now + leeway (RFC 7519 section 4.1.5).

    Raises:
        JwtNotYetValid: it is not.
    """
    nbf = numeric_date(claims, "nbf", required=required)
    if nbf is not None and nbf > now + leeway:
        msg = f"The JWT is not valid before {_when(nbf)}, it is now {_when(now)}{_given(leeway)}. Check the clock."
        raise JwtNotYetValid(msg, claim="nbf", received=nbf, expected=f"up to {_when(now)}")
    return nbf


def check_iat(claims: Mapping[str, Any], now: float, leeway: float = 0, *, required: bool = True) -> float | None:
    """Check that the JWT was not made in the future: iat <= now + leeway (RFC 7519 section 4.1.6).

    Raises:
        JwtFromTheFuture: it was.
    """
    iat = numeric_date(claims, "iat", required=required)
    if iat is not None and iat > now + leeway:
        msg = (
            f"The JWT says that it was issued at {_when(iat)}, it is now {_when(now)}{_given(leeway)}. Check the clock."
        )
        raise JwtFromTheFuture(msg, claim="iat", received=iat, expected=f"up to {_when(now)}")
    return iat


def audiences(claims: Mapping[str, Any]) -> list[str]:
    """Read `aud`: a str or a list of str, at least one (RFC 7519 section 4.1.3).

    Raises:
        MissingClaim: it is absent.
        InvalidClaim: it is something else.
    """
    value = claims.get("aud")
    if value is None:
        raise MissingClaim(claim="aud")
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        msg = f"The JWT says aud={one_line(value)!r}; expected a str, or a list of str that is not empty."
        raise InvalidClaim(msg, claim="aud", received=value, expected="a str or a list of str")
    return list(value)


def check_aud(claims: Mapping[str, Any], expected: str) -> list[str]:
    """Check that the JWT is meant for us, maybe among others; returns all audiences.

    Raises:
        MismatchingAudience: it is meant for others only.
    """
    found = audiences(claims)
    if expected not in found:
        msg = (
            f"The JWT is for aud={one_line(found)}, expected {expected!r} among them. It is not meant for this client."
        )
        raise MismatchingAudience(msg, claim="aud", received=found, expected=expected)
    return found


def check_equal(claims: Mapping[str, Any], claim: str, expected: str) -> str:
    """Check that a claim is exactly a string that anyone may know, such as `iss`.

    Raises:
        MissingClaim: it is absent.
        MismatchingClaim: it is another text, or none.
    """
    value = claims.get(claim)
    if value is None:
        raise MissingClaim(claim)
    if value != expected or not isinstance(value, str):
        msg = f"The JWT says {claim}={one_line(value)!r}, expected {expected!r}."
        raise MismatchingClaim(msg, claim=claim, received=value, expected=expected)
    return value


def check_issuer(
    claims: Mapping[str, Any], issuer: Issuer, *, further: Collection[str] = (), required: bool = True
) -> str | None:
    """Check who issued the JWT (RFC 7519 section 4.1.1), and return that.

    Args:
        claims: the claims.
        issuer: who has to be it: an issuer, or a rule for many of them.
        further: other names of that issuer.
        required: whether `iss` has to be there.

    Raises:
        MissingClaim: it is absent.
        MismatchingClaim: it is another.
    """
    iss = claims.get("iss")
    if iss is None:
        if required:
            raise MissingClaim(claim="iss")
        return None
    if not isinstance(iss, str) or not is_one_of(issuer, iss, claims, further=further):
        msg = f"The JWT says iss={one_line(iss)!r}, expected {describe(issuer)}."
        raise MismatchingClaim(msg, claim="iss", received=iss, expected=issuer if isinstance(issuer, str) else None)
    return iss


def _when(seconds: float) -> str:
    """Write a moment so that a reader of a log can compare it with his clock."""
    return datetime.fromtimestamp(math.floor(seconds), tz=timezone.utc).isoformat()  # noqa: UP017  as in _times


def _given(leeway: float) -> str:
    return f" (leeway {leeway:g} s)" if leeway else ""
