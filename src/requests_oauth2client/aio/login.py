"""Log a user in from an async program."""

from __future__ import annotations

from .._login.source import LoginHandler
from .auth import AsyncTokenHandler


class AsyncOAuth2LoginAuth(AsyncTokenHandler, LoginHandler):
    """Authenticate async calls as a user, who logs in when that is needed (RFC 8252)."""


__all__ = ["AsyncOAuth2LoginAuth"]
