"""The founding module for tokens; today they are in `tokens`."""

from __future__ import annotations

from .exceptions import ExpiredAccessToken, ExpiredToken
from .tokens import BearerToken, IdToken

TokenResponse = BearerToken

__all__ = [
    "BearerToken",
    "ExpiredAccessToken",
    "ExpiredToken",
    "IdToken",
    "TokenResponse",
]
