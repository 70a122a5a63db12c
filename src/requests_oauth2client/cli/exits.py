"""How the program ends: an exit code for each kind of failure, and the sentence that goes with it.

    2  usage          an argument, an input or the profile file is wrong: change it, and try again
    3  refused        the server or a check says no: to try again does not help
    4  unreachable    no usable answer came, or the store of tokens can't be used: try again later
    5  log in needed  only a new login of the user helps: `oauth2client login`
    130               Ctrl-C

1 is a bug in this program. A broken pipe is 141, as a shell has it. With --json, stdout has exactly one JSON document:
the result, or the error.
"""

from __future__ import annotations

from typing import Any

from .._core.errors import address_of, message_of
from .._core.printable import printable
from ..exceptions import EndpointError, InvalidParam, LoginNeeded, OAuth2Error, TransportError

BUG, USAGE, REFUSED, UNREACHABLE, LOGIN_NEEDED = 1, 2, 3, 4, 5
INTERRUPTED, BROKEN_PIPE = 130, 141
KINDS = {
    BUG: "bug",
    USAGE: "usage",
    REFUSED: "refused",
    UNREACHABLE: "unreachable",
    LOGIN_NEEDED: "login_needed",
    INTERRUPTED: "interrupted",
}
SERVER_ERRORS = 500


class Failure(Exception):
    """The end of a command, with an exit code and what to tell the user."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: BaseException) -> int | None:
    """Return the exit code of an error, or None if it is a bug."""
    from .._login.errors import LoginCancelled, LoginFailed
    from ..stores.base import TokenStoreError

    kinds: tuple[tuple[type[BaseException], int], ...] = (
        (Failure, getattr(error, "code", USAGE)),
        (LoginCancelled, INTERRUPTED),
        (LoginFailed, LOGIN_NEEDED),
        (LoginNeeded, LOGIN_NEEDED),
        (TransportError, UNREACHABLE),
        (TokenStoreError, UNREACHABLE),
        (InvalidParam, USAGE),
        (OAuth2Error, UNREACHABLE if is_server_failure(error) else REFUSED),
        (ImportError, USAGE),
        (OSError, UNREACHABLE),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), None)


def is_server_failure(error: BaseException) -> bool:
    """Return whether the server answered that it is failing, so that asking later may help."""
    status = getattr(error, "status", None)
    return isinstance(status, int) and status >= SERVER_ERRORS


def sentence_of(error: BaseException) -> str:
    """Return what to tell the user; the library's messages show no secrets."""
    text = " ".join(printable(line).strip() for line in message_of(error).splitlines()) or type(error).__name__
    if isinstance(error, EndpointError) and error.error and error.error not in text:
        text = f"{error.error}: {text}"
    return text


def advice_of(error: BaseException) -> str:
    """Return what to tell the user, and the address where the documentation says more."""
    where = f" See {address_of(type(error))}" if isinstance(error, OAuth2Error) else ""
    return sentence_of(error) + where


def as_document(code: int, message: str, error: BaseException | None = None) -> dict[str, Any]:
    """Return an error as programs read it.

    Args:
        code: the exit code.
        message: what people are told.
        error: what was raised; its OAuth error code and HTTP status are said too.
    """
    found = {
        "kind": KINDS[code],
        "exit_code": code,
        "message": message,
        "type": type(error).__name__ if isinstance(error, OAuth2Error) else None,
        "error": getattr(error, "error", None),
        "status": getattr(error, "status", None),
        "documentation": address_of(type(error)) if isinstance(error, OAuth2Error) else None,
    }
    return {"error": {name: value for name, value in found.items() if isinstance(value, (str, int))}}


__all__ = ["Failure", "advice_of", "as_document", "code_of", "sentence_of"]
