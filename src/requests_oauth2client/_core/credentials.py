"""Credentials that are asked for when they are needed: in a file, from a source of tokens, from a function.

    File, path ──────────────► read in a worker thread
    function, plain or async ─► called there, or awaited     ──► what it returned
    source of tokens ─────────► its own operation

Asking is an operation, so that it keeps no event loop waiting. Knows no HTTP library and no class of sources.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CoroutineType
from typing import Any

from ..exceptions import InvalidParam
from . import token_syntax
from .credential_errors import (
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialUnavailable,
    ExpiredCredential,
    InvalidCredential,
)
from .effects import CallOverride, RunInThread, Steps

MAX_FILE_SIZE = 1 << 20  # bytes
CO_COROUTINE = 0x80  # of `inspect`, which not every program loads: the flag of an async function


class File:
    """A secret in a file that may be replaced, such as one that is mounted into a container.

    It is read when it is needed, and again each time, so that a replaced one counts at once. One line end at its end is
    not part of the secret; everything else is.

    Args:
        path: the file, which may be a link.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            msg = f"File() takes the path of a file, got a {type(path).__name__}."
            raise InvalidParam(msg)
        self.path = Path(path)
        self._last: str | None = None

    def read(self) -> str:
        """Read the secret.

        Raises:
            CredentialNotFound: the file does not exist.
            CredentialNotPermitted: it may not be read.
            InvalidCredential: it is empty, too large, not UTF-8, or no regular file.
        """
        text = read_file(self.path)
        text = text[:-1].removesuffix("\r") if text.endswith("\n") else text
        if not text:
            raise InvalidCredential(str(self.path), "expected a secret, and the file is empty.")
        self._last = text
        return text

    @property
    def last_read(self) -> str:
        """The secret as it was read last; read now if it never was."""
        return self.read() if self._last is None else self._last

    def __eq__(self, other: object) -> bool:
        return self.path == other.path if isinstance(other, File) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"File({str(self.path)!r})"


def read_file(path: Path) -> str:
    """Read a small file.

    Raises:
        CredentialUnavailable: one of its subclasses says why it can't be read.
    """
    octets, problem = _octets_of(path)
    try:
        if problem is not None:
            raise problem
        if len(octets) > MAX_FILE_SIZE:
            raise InvalidCredential(
                str(path), f"the file has more than {MAX_FILE_SIZE} bytes, which no credential has."
            )
        try:
            return octets.decode()
        except UnicodeDecodeError:
            raise InvalidCredential(str(path), "the file is not UTF-8 text.") from None
    finally:
        del octets, problem


def _octets_of(path: Path) -> tuple[bytes, CredentialUnavailable | None]:
    try:
        found = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        return b"", CredentialNotFound(str(path), "this file does not exist.")
    except PermissionError as failure:
        return b"", CredentialNotPermitted(str(path), f"the file may not be read ({failure.strerror}).")
    except (OSError, ValueError) as failure:
        return b"", CredentialUnavailable(str(path), f"the file can't be opened ({type(failure).__name__}).")
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):  # reading a pipe or a device may never end
            return b"", InvalidCredential(str(path), "expected a regular file, and this is a folder, pipe or device.")
        with open(found, "rb", closefd=False) as file:
            return file.read(MAX_FILE_SIZE + 1), None
    except OSError as failure:
        return b"", CredentialUnavailable(str(path), f"the file can't be read ({failure.strerror}).")
    finally:
        with suppress(OSError):
            os.close(found)


def as_source(given: object, what: str) -> Any:
    """Return what to ask for a credential: a source of tokens, a function, or a `File`; a string is a path.

    Raises:
        InvalidParam: it is something else.
    """
    if isinstance(given, str) and token_syntax.is_compact_jwt(given) and token_syntax.claims_of(given):
        msg = f"{what} takes where its JWT comes from, not the JWT itself: a source, a function, a path or a File."
        raise InvalidParam(msg)
    if isinstance(given, (str, os.PathLike)):
        return File(given)
    if isinstance(given, type) or not (isinstance(given, File) or hasattr(given, "new_token") or callable(given)):
        kind = f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"
        msg = f"{what} takes a source, a function, a path or a File, got {kind}."
        raise InvalidParam(msg)
    return given


def ask(source: Any, *, client: Any = None) -> Steps[Any]:
    """Return what a source, a function or a `File` has now; anything else is returned as it is.

    Args:
        source: what to ask.
        client: who asks: a source with a client of its own has to be of the same kind.
    """
    if hasattr(source, "new_token"):
        return (yield from _from_source(source, client))
    if isinstance(source, File):
        return (yield RunInThread(source.read))
    if callable(source) and not hasattr(source, "access_token"):  # tokens are called otherwise
        return plain_result((yield RunInThread(source)))
    return source


def plain_result(given: Any) -> Any:
    """Refuse what only an async client could await."""
    if isinstance(given, CoroutineType):
        given.close()
        msg = "An async function is for the async client: what it returns can't be awaited here."
        raise InvalidParam(msg)
    return given


def _from_source(source: Any, client: Any) -> Steps[Any]:
    own = source.client
    if own is None:
        return (yield from source.new_token(None))
    if client is not None and _is_async(own) != _is_async(client):
        msg = (
            f"A source of a {type(own).__name__} can't be asked by a {type(client).__name__}: both have to be sync,"
            " or both async."
        )
        raise InvalidParam(msg)
    return (yield CallOverride(partial(_drive, own, source)))  # with the session of its own client


def _drive(client: Any, source: Any) -> Any:
    return client._drive(source.new_token(None))  # noqa: SLF001  a client as operations see it


def _is_async(client: Any) -> bool:
    drive: Callable[..., Any] = type(client)._drive  # noqa: SLF001  likewise
    return bool(drive.__code__.co_flags & CO_COROUTINE)


def ask_for_jwt(source: Any, *, what: str, client: Any = None, is_jwt: bool = True) -> Steps[str]:
    """Ask for an assertion that another party signed.

    Args:
        source: what to ask.
        what: what it is for, in messages.
        client: who asks.
        is_jwt: False for an assertion of another kind, such as SAML.

    Raises:
        CredentialUnavailable: the source has none.
        InvalidCredential: what came is not a JWT.
        ExpiredCredential: it is one whose time is over, or has not come.
    """
    return checked_jwt((yield from ask(source, client=client)), where=shown(source, what), is_jwt=is_jwt)


def checked_jwt(given: Any, *, where: str, is_jwt: bool = True) -> str:
    """Return what came for an assertion as a string.

    Raises:
        InvalidCredential: it is not a JWT, or is one whose time is over or has not come.
    """
    text, problem, is_late = _read_jwt(given, is_jwt=is_jwt)
    del given
    if problem is None:
        return text
    del text
    raise (ExpiredCredential if is_late else InvalidCredential)(where, f"{problem}.")


def _read_jwt(given: Any, *, is_jwt: bool) -> tuple[str, str | None, bool]:
    token = getattr(given, "access_token", given)
    if isinstance(token, bytes):
        token = token.decode("utf-8", "replace")
    if not isinstance(token, str):
        text = "" if token is None or isinstance(token, type) else str(token)
        if not token_syntax.is_compact_jwt(text):
            return "", f"expected a JWT as a string, and a {type(token).__name__} came", False
        token = text
    token = token.strip()
    problem = token_syntax.problem_of(token, token_syntax.JWT if is_jwt else token_syntax.OTHER)
    if problem is not None or not is_jwt:
        return token, problem, False
    problem = token_syntax.times_problem(token)
    return token, problem, problem is not None


def shown(source: object, what: str) -> str:
    """Return what to call a source in a message."""
    if isinstance(source, File):
        return str(source.path)
    if hasattr(source, "new_token"):
        return f"The {what} of {type(source).__name__}"
    return f"The {what}"
