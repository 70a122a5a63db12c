"""What an authorization server issues: access tokens, with what comes along, and ID tokens."""

from __future__ import annotations

from ._oidc.id_token import (
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
    MissingIdToken,
    MissingIdTokenClaim,
    MissingIdTokenKey,
    StaleIdToken,
    UnsupportedIdTokenAlg,
)
from ._tokens.bearer import BearerToken, UnsupportedTokenTypeError
from .dpop import DPoPToken

__all__ = [
    "BearerToken",
    "DPoPToken",
    "ExpiredIdToken",
    "IdToken",
    "InvalidIdToken",
    "InvalidIdTokenSignature",
    "MismatchingIdTokenAcr",
    "MismatchingIdTokenAlg",
    "MismatchingIdTokenAudience",
    "MismatchingIdTokenAuthTime",
    "MismatchingIdTokenAzp",
    "MismatchingIdTokenHash",
    "MismatchingIdTokenIssuer",
    "MismatchingIdTokenNonce",
    "MismatchingIdTokenSubject",
    "MissingIdToken",
    "MissingIdTokenClaim",
    "MissingIdTokenKey",
    "StaleIdToken",
    "UnsupportedIdTokenAlg",
    "UnsupportedTokenTypeError",
]
