"""Logging users in to a web site, without any framework: `flask`, `starlette` and `django` stand on this."""

from __future__ import annotations

from .errors import (
    ForeignLogout,
    InsufficientLogin,
    InvalidNext,
    LostLogin,
    RefusedLogin,
    UnknownProvider,
    WebLoginError,
)
from .messages import Cookie, WebRequest, WebResponse
from .records import User
from .site import Site

__all__ = [
    "Cookie",
    "ForeignLogout",
    "InsufficientLogin",
    "InvalidNext",
    "LostLogin",
    "RefusedLogin",
    "Site",
    "UnknownProvider",
    "User",
    "WebLoginError",
    "WebRequest",
    "WebResponse",
]
