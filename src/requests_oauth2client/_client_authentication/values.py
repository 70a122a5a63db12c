"""What the methods of client authentication have in common: credentials as users pass them, and no authentication."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from .._core.client_auth import ClientAuthentication
from .._core.credentials import File
from .._core.frozen import frozen
from .._core.messages import Request
from ..exceptions import InvalidParam

T = TypeVar("T")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 section 2.2


class UnsupportedClientCredentials(InvalidParam, TypeError):
    """These are no credentials that a client can be made from."""


UnsupportedClientCredentials.__module__ = "requests_oauth2client.client_authentication"


def set_fields(value: Any, **fields: Any) -> None:
    """Fill a frozen value."""
    for name, content in fields.items():
        object.__setattr__(value, name, content)


def checked_credential(value: T, name: str, *, or_file: bool = False) -> T:
    """Check that a client_id or client_secret is a string, and no line of a file (RFC 6749 appendix A.1 and A.2).

    Args:
        value: the credential.
        name: what it is.
        or_file: whether it may be a `File`, too.
    """
    if or_file and isinstance(value, File):
        return value
    if not isinstance(value, str) or not value:
        what = "an empty string" if value == "" else f"a {type(value).__name__}"
        msg = f"The {name} must be a string, got {what}."
        raise UnsupportedClientCredentials(msg)
    if value.strip("\r\n") != value:
        where = "ends" if value.rstrip("\r\n") != value else "begins"
        file = f", or pass File(path) as the {name}" if or_file else ""
        msg = (
            f"The {name} {where} with a line end, as what is read from a file does, and the AS knows it without."
            f" Strip it first: {name}.strip(){file}."
        )
        raise UnsupportedClientCredentials(msg)
    return value


def secret_text(secret: str | File) -> str:
    """Return a client secret; that of a file is read."""
    return secret.read() if isinstance(secret, File) else secret


@frozen()
class NoClientAuth(ClientAuthentication):
    """No client authentication, and no client_id either: for servers that know the client by its tokens alone.

    Security token services take a token of a platform for one of theirs so (RFC 8693 section 2.1: client authentication
    is optional). A public client that says its client_id is a `PublicApp`.
    """

    method: ClassVar[str] = "none"
    only_computes: ClassVar[bool] = True
    client_id = ""

    def authenticate(self, request: Request) -> Request:
        """Return the request as it is."""
        return request


NoClientAuth.__module__ = "requests_oauth2client.client_authentication"
