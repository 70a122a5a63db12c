"""Profiles in one word: `profile="oauth2.1"` and `profile="fapi2"` switch on what they demand, and enforce it.

    settings of a client ──► switched_on(): what was not given gets the profile's value
    whatever is asked    ──► check(moment, ...): the first clause that it breaks, as a ProfileViolation

The clauses are in `_profiles/clauses`. Knows no client, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ._core.redaction import one_line
from .exceptions import InvalidParam, OAuth2Error

if TYPE_CHECKING:
    from ._jose.keys import SigningKey
    from ._profiles.clauses import Moment

NAMES = OAUTH21, FAPI2 = "oauth2.1", "fapi2"
REQUEST_OBJECT_LIFETIME = 300  # seconds, if not set
KEY_METHOD = "private_key_jwt"
PLAIN_ALG = "RS256"  # of ID tokens without a profile (OIDC Registration section 2)


class ProfileViolation(InvalidParam):
    """What was asked for contradicts the profile of the client; nothing was sent.

    Attributes:
        profile: the profile, such as `fapi2`.
        clause: the specification, and where in it the demand stands.
    """

    kept = (*OAuth2Error.kept, "profile", "clause")

    def __init__(self, profile: str, clause: str, problem: str) -> None:
        self.profile, self.clause = profile, clause
        super().__init__(f"The profile {profile!r} forbids this: {problem} ({clause})")


# --- what was not given ---------------------------------------------------------------------------------------


class _UnsaidText(str):
    """A default that can be told from the same text, given."""

    __slots__ = ()


class _UnsaidNo(int):
    """A False that can be told from the same value, given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "False"


UNSAID_ALG: str = _UnsaidText(PLAIN_ALG)
UNSAID_NO: bool = cast("bool", _UnsaidNo())


def is_said(value: object) -> bool:
    """Tell whether an argument was given: it is neither None nor one of the defaults above."""
    return value is not None and not isinstance(value, (_UnsaidText, _UnsaidNo))


def known(profile: Any) -> str | None:
    """Return the name of a profile that there is.

    Raises:
        InvalidParam: there is none of this name.
    """
    if profile is not None and not (isinstance(profile, str) and profile in NAMES):
        msg = f"There is no profile {one_line(profile)!r}; the known ones are {', '.join(map(repr, NAMES))}."
        raise InvalidParam(msg)
    found: str | None = profile
    return found


def switched_on(profile: str | None, given: Mapping[str, Any], *, certificate: Any) -> dict[str, Any]:
    """Return the settings that were not given, as the profile has them.

    Args:
        profile: its name; None for the defaults of a client without one.
        given: the arguments of the client.
        certificate: its certificate for mutual TLS; then its tokens are bound to that.
    """
    values: dict[str, Any] = {"id_token_signed_response_alg": PLAIN_ALG, "dpop_bound_access_tokens": False}
    if profile == FAPI2:
        values["id_token_signed_response_alg"] = "PS256"  # 5.4.1-1
        values["authorization_signed_response_alg"] = "PS256"
        values["dpop_bound_access_tokens"] = certificate is None  # 5.3.3.1-1
    return {name: value for name, value in values.items() if _is_unsaid(given.get(name), profile)}


def _is_unsaid(value: Any, profile: str | None) -> bool:
    return isinstance(value, (_UnsaidText, _UnsaidNo)) or (value is None and profile is not None)


def announces_issuer(profile: str | None) -> bool:
    """Tell whether the AS names itself in its answers, whatever its metadata say (FAPI 2.0 5.3.2.2-7, 5.3.3.2-5)."""
    return profile == FAPI2


def addressed(profile: str | None, auth: Any, issuer: str | None) -> Any:
    """Return an authentication method whose assertions are for the issuer (FAPI 2.0 5.3.3.1-5)."""
    unaddressed = getattr(auth, "method", None) == KEY_METHOD and getattr(auth, "aud", "elsewhere") is None
    return auth.addressed_to(issuer) if profile == FAPI2 and unaddressed and issuer is not None else auth


def signing_key(profile: str | None, key: Any, alg: str | None = None, **options: Any) -> SigningKey:
    """Make a signing key, as `_jose.keys` does, with an algorithm of the profile.

    Raises:
        InvalidKey: it is invalid.
        ProfileViolation: its algorithm is none of the profile's.
    """
    from ._jose.keys import signing_key as make  # noqa: PLC0415  loads cryptography

    made = make(key, alg=alg or preferred_alg(profile, key), **options)
    check(profile, "signature", made)
    return made


def key_with_alg(
    profile: str | None, key: Any, *, kid: str | None, usual: SigningKey, algs: Sequence[str]
) -> SigningKey:
    """Return a signing key with the first of the AS's algorithms that it can have; as it usually signs, if it has none.

    Args:
        profile: the profile of the client.
        key: the key, as for `signing_key`.
        kid: its id, where it does not say it.
        usual: what it is without regard to the AS.
        algs: the algorithms that the AS accepts; empty where that is unknown.
    """
    from ._jose.algs import same_alg  # noqa: PLC0415  loads cryptography
    from ._jose.keys import InvalidKey  # noqa: PLC0415

    for alg in () if any(same_alg(usual.alg, one) for one in algs) else algs:
        try:
            made = signing_key(profile, key, alg, kid=kid, symmetric=True)
        except (InvalidKey, ProfileViolation):
            continue
        if made.alg == alg:
            return made
    return usual


def preferred_alg(profile: str | None, key: Any) -> str | None:
    """Return the algorithm for a key that does not say its own; None: what fits the key."""
    if profile != FAPI2:
        return None
    from ._jose.keys import InvalidKey, signing_key  # noqa: PLC0415  loads cryptography

    try:
        return "PS256" if signing_key(key).alg == PLAIN_ALG else None  # 5.4.1-1
    except InvalidKey:
        return None  # signing with it says what is wrong


def registration(
    profile: str | None, metadata: Mapping[str, Any], *, private_key: Any = None, certificate: Any = None
) -> dict[str, Any]:
    """Return the metadata to register a client with, those that were not given as the profile has them.

    Raises:
        ProfileViolation: they ask for what the profile forbids.
    """
    values: dict[str, Any] = {}
    if known(profile) == FAPI2:
        signed = ("id_token", "introspection", "authorization")  # RS256 by default
        values = {
            **{f"{answer}_signed_response_alg": "PS256" for answer in signed},
            "dpop_bound_access_tokens": certificate is None,
            "require_pushed_authorization_requests": True,
        }
        if private_key is not None and metadata.get("token_endpoint_auth_method", KEY_METHOD) == KEY_METHOD:
            values["token_endpoint_auth_method"] = KEY_METHOD
            values["token_endpoint_auth_signing_alg"] = signing_key(profile, private_key).alg
    asked = {**values, **metadata}
    check(profile, "registration", asked)
    return asked


def request_object(
    profile: str | None, lifetime: float | None, claims: Mapping[str, Any]
) -> tuple[float | None, Mapping[str, Any]]:
    """Return lifetime and further claims of a request object (FAPI 2.0 Message Signing 5.3.2)."""
    if profile != FAPI2:
        return lifetime, claims
    ours = {"iss": True, "aud": True, "nbf": True, "jti": True}
    return (REQUEST_OBJECT_LIFETIME if lifetime is None else lifetime), {**ours, **claims}


def check(profile: str | None, moment: Moment, *arguments: Any) -> None:
    """Check what is asked for, one clause after the other.

    Args:
        profile: the name of a profile; None demands nothing.
        moment: what is checked.
        *arguments: what the checks of this moment take.

    Raises:
        ProfileViolation: it breaks a clause.
    """
    if profile is None:
        return
    from ._profiles.clauses import DEMANDS  # noqa: PLC0415  for clients that have a profile

    for demand in DEMANDS[profile]:
        problem = demand.problem(*arguments) if demand.moment == moment else None
        if problem is not None:
            raise ProfileViolation(profile, demand.clause, problem)


__all__ = ["ProfileViolation"]
