"""Small helpers that callers import: base64url, URLs, scopes, a key pair."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ._core.encoding import PRIVATE_JWK_MEMBERS, b64u_decode, b64u_encode
from ._core.scope import InvalidScopeParam
from ._core.times import after
from ._core.urls import (
    InvalidEndpointUri,
    InvalidIssuer,
    validate_endpoint_uri,
    validate_issuer_uri,
    validate_uri,
)
from .exceptions import InvalidUri, InvalidUrl

P = ParamSpec("P")
R = TypeVar("R")


def accepts_expires_in(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function that takes the keyword `expires_at` take `expires_in` (seconds) too.

    The function is given `expires_at`: a datetime, aware, in UTC. An `expires_at` that is passed goes first.
    """

    @wraps(function)
    def with_expiry(*args: P.args, **kwargs: P.kwargs) -> R:
        lifetime = kwargs.pop("expires_in", None)
        if lifetime is not None and kwargs.get("expires_at") is None:
            kwargs["expires_at"] = after(lifetime)
        return function(*args, **kwargs)

    return with_expiry


def generate_jwk_key_pair() -> tuple[dict[str, Any], dict[str, Any]]:
    """Make an RSA key pair of 2048 bits for signing; returns the private, then the public JWK."""
    from ._jose.keys import generate_private_jwk  # noqa: PLC0415  loads cryptography

    private = generate_private_jwk("RS256")
    return private, {name: value for name, value in private.items() if name not in PRIVATE_JWK_MEMBERS}


def validate_url(
    url: object, https: bool = True, no_credentials: bool = True, no_fragment: bool = True, path: bool = True
) -> str:
    """Check a URL (the founding README's name for `validate_uri`)."""
    return validate_uri(url, https=https, no_credentials=no_credentials, no_fragment=no_fragment, path=path)


__all__ = [
    "InvalidEndpointUri",
    "InvalidIssuer",
    "InvalidScopeParam",
    "InvalidUri",
    "InvalidUrl",
    "accepts_expires_in",
    "b64u_decode",
    "b64u_encode",
    "generate_jwk_key_pair",
    "validate_endpoint_uri",
    "validate_issuer_uri",
    "validate_url",
]
