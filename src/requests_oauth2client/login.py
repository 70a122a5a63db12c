"""Log a user in from a program: with a browser, another device, or a pasted address (RFC 8252, RFC 8628).

`OAuth2LoginAuth` logs in when a request needs it, once for all processes that share its store, and stays logged in.
"""

from __future__ import annotations

from ._login.errors import LoginCancelled, LoginFailed, LoginImpossible, LoginTimeout, NoFreePort
from ._login.source import LoginHandler, LoginSource
from ._login.ways import BrowserLogin, DeviceLogin, Login, PasteLogin
from .auth import SyncTokenHandler


class OAuth2LoginAuth(SyncTokenHandler, LoginHandler):
    """Authenticate `requests` calls as a user, who logs in when that is needed (RFC 8252)."""


__all__ = [
    "BrowserLogin",
    "DeviceLogin",
    "Login",
    "LoginCancelled",
    "LoginFailed",
    "LoginImpossible",
    "LoginSource",
    "LoginTimeout",
    "NoFreePort",
    "OAuth2LoginAuth",
    "PasteLogin",
]
