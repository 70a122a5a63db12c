"""Sources of tokens, for `OAuth2TokenSourceAuth` and its async counterpart: grants, a function, a file, your own.

    class VaultSource(TokenSource):
        def get_token(self, held):
            return BearerToken(vault.read("api/token"), expires_in=300)

    auth = OAuth2TokenSourceAuth(VaultSource())

A source says how to get a token; its handler decides when.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ._core.messages import parse_json_object
from ._oidc.id_token import InvalidIdToken
from ._renewal.sources import (
    NO_OTHER_API,
    AuthorizationCodeSource,
    CallableSource,
    ClientCredentialsSource,
    DeviceCodeSource,
    JwtBearerSource,
    RefreshTokenSource,
    ResourceOwnerPasswordSource,
    TokenExchangeSource,
    TokenSource,
)
from ._tokens.bearer import BearerToken
from .exceptions import InvalidParam

MAX_FILE_SIZE = 1 << 20  # bytes


class FileSource(TokenSource):
    """Reads tokens from a file that someone else rotates, such as a projected service account token of Kubernetes.

    Args:
        path: the file: an access token, or a token response as JSON.
        lifetime: seconds after which a token that does not say its expiry itself is read again.
    """

    grant = "file"

    def __init__(self, path: str | os.PathLike[str], *, lifetime: float = 60) -> None:
        super().__init__()
        self.path = Path(path)
        self.lifetime = lifetime

    def get_token(self, held: BearerToken | None) -> BearerToken:  # noqa: ARG002  what is in the file counts
        """Read the file.

        Raises:
            InvalidParam: there is no token in it.
            OSError: it can't be read.
        """
        with self.path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(MAX_FILE_SIZE).strip()
        try:
            token = BearerToken(**(parse_json_object(text) if text.startswith("{") else {"access_token": text}))
        except (ValueError, TypeError) as wrong:
            msg = f"There is no token in {self.path}: expected an access token, or a token response as JSON. {wrong}"
            raise InvalidParam(msg) from None
        if token.expires_at is not None:
            return token
        expires_at = _own_expiry(token)
        return token.replace(expires_at=expires_at) if expires_at else token.replace(expires_in=self.lifetime)

    def for_api(self, fields: Mapping[str, Any]) -> TokenSource:
        """Refuse: a file has the token that it has."""
        raise InvalidParam(NO_OTHER_API.format(type(self).__name__, ", ".join(fields)))


def _own_expiry(token: BearerToken) -> datetime | None:
    """Return the expiry that a token says itself, if it is a JWT (RFC 9068 section 2.2)."""
    try:
        return token.access_token_jwt.expires_at
    except InvalidIdToken:
        return None


__all__ = [
    "AuthorizationCodeSource",
    "CallableSource",
    "ClientCredentialsSource",
    "DeviceCodeSource",
    "FileSource",
    "JwtBearerSource",
    "RefreshTokenSource",
    "ResourceOwnerPasswordSource",
    "TokenExchangeSource",
    "TokenSource",
]
