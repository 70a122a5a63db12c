"""The founding module for tokens; today they are in `tokens`."""

from __future__ import annotations

from ._oidc.id_token import IdToken
from ._tokens.bearer import BearerToken
from .exceptions import ExpiredAccessToken, ExpiredToken

TokenResponse = BearerToken

__all__ = [
    "BearerToken",
    "ExpiredAccessToken",
    "ExpiredToken",
    "IdToken",
    "TokenResponse",
]
