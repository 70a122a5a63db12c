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
from ._oidc.user_info import UserInfo
from ._tokens.bearer import BearerToken
from ._tokens.introspection_response import IntrospectionResponse
from .dpop import DPoPToken
from .exceptions import UnsupportedTokenTypeError

__all__ = [
    "BearerToken",
    "DPoPToken",
    "ExpiredIdToken",
    "IdToken",
    "IntrospectionResponse",
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
    "UserInfo",
]
