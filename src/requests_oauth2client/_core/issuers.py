"""Who may have issued something: one issuer, a rule for many of them, or further names of one.

An issuer that serves many tenants says in its metadata that it is a template (Entra ID, 2026: issuer
`https://login.microsoftonline.com/{tenantid}/v2.0`, and each ID token names its tenant in `tid`). What has no rule is
compared to the letter (OIDC Core section 3.1.3.7, RFC 9207 section 2.4). Knows no token and no callback.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from ..exceptions import MismatchingIssuer

IssuerFunction: TypeAlias = Callable[[Mapping[str, Any]], str | bool | None]
Issuer: TypeAlias = str | IssuerFunction

CLAIMS = {"tenantid": "tid"}  # where the claim has another name than the placeholder
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_VALUE = "[A-Za-z0-9._~-]+"  # nothing that could lead to another host or path (RFC 3986 section 2.3)


def is_exact(issuer: Issuer | None) -> bool:
    """Tell whether this is one issuer, and not a rule for many."""
    return isinstance(issuer, str) and not _PLACEHOLDER.search(issuer)


def exact(issuer: Issuer | None) -> str | None:
    """Return the issuer if it is a single one, else None."""
    return issuer if isinstance(issuer, str) and is_exact(issuer) else None


def written(issuer: Issuer | None) -> str | None:
    """Return the issuer or its template; None for a function."""
    return issuer if isinstance(issuer, str) else None


def describe(issuer: Issuer | None) -> str:
    """Say for a message what is expected."""
    if issuer is None or isinstance(issuer, str):
        return repr(issuer)
    return f"what issuer={getattr(issuer, '__name__', type(issuer).__name__)} accepts"


def accepts(issuer: Issuer, iss: str, claims: Mapping[str, Any] | None = None) -> bool:
    """Tell whether an `iss` is that of an issuer, or follows its rule.

    Args:
        issuer: an issuer; a template, whose placeholders are claims (`{tenantid}` is `tid`); or a function of the
            claims that returns the issuer which they have to have, or whether theirs is right.
        iss: what came.
        claims: what came with it; None where there is nothing but the `iss`, as in a callback.
    """
    if not isinstance(issuer, str):
        try:
            said = issuer({"iss": iss} if claims is None else claims)
        except LookupError:  # a claim that it needs is missing
            return False
        return said is True or (isinstance(said, str) and said == iss)
    pattern, names = _pattern(issuer)
    match = pattern.fullmatch(iss)
    if match is None:
        return False
    return claims is None or all(claims.get(name) == value for name, value in zip(names, match.groups(), strict=True))


@lru_cache(maxsize=64)
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    parts = _PLACEHOLDER.split(template)  # text and names take turns
    pattern = f"({_VALUE})".join(re.escape(text) for text in parts[::2])
    return re.compile(pattern), tuple(CLAIMS.get(name, name) for name in parts[1::2])


def is_one_of(
    issuer: Issuer,
    iss: str,
    claims: Mapping[str, Any] | None = None,
    *,
    further: Collection[str] = (),
) -> bool:
    """Tell whether an `iss` is that of an issuer, or one of its further names."""
    return iss in further or accepts(issuer, iss, claims)


def check_same_server(
    issuer: str | None, ours: Issuer | None, *, further: Collection[str] = (), request: Any = None
) -> None:
    """Check that an authorization request, or its response, is for the server of this client and for no other.

    Args:
        issuer: whom the request went to, or who answered it; None where that is unknown.
        ours: the issuer of the client.
        further: its other names.
        request: the authorization request, for the error.

    Raises:
        MismatchingIssuer: they are for another one.

    Source: RFC 9207 section 2.4, RFC 9700 section 4.4.2.
    """
    if issuer is None or ours is None or callable(ours) or issuer == ours or issuer in further:
        return
    if not accepts(ours, issuer):
        raise MismatchingIssuer(issuer, ours, request)


def are_same(one: str, other: str, *, issuer: Issuer | None, further: Collection[str] = ()) -> bool:
    """Tell whether two names mean one issuer: they are equal, or both are names of the client's issuer."""
    names = {*further, exact(issuer)}
    return one == other or (one in names and other in names)
