"""Tokens that a command prints. It runs without a shell, and never longer or more than it may.

    started ──► its output is read in a thread, up to a limit ──► it has ended ──► the token
       └──────► too late, too much, or the caller is cancelled ──► its whole process group is killed

While it runs, the operation sleeps for moments: so a task that waits can be cancelled at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Any

from .._core.credential_errors import (
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialTimeout,
    CredentialUnavailable,
    InvalidCredential,
)
from .._core.effects import RunInThread, Sleep, Steps
from .._core.redaction import excerpt
from .._core.values import NotPickled
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam, NonRenewableTokenError
from .reading import LIFETIME, CredentialSource

MAX_OUTPUT = 1 << 20  # bytes
MAX_COMPLAINT = 1 << 14  # bytes of stderr that are kept; the rest is read and dropped
FIRST_LOOK, LAST_LOOK = 0.002, 0.05  # seconds between looks whether it has ended
CHUNK = 1 << 14
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # on Windows


class CommandSource(NotPickled, CredentialSource):
    """Gets tokens from a command, which prints one to its standard output.

    Args:
        argv: the program and its arguments. No shell runs, so a string is refused.
        member: the member of the JSON output that is the token. Without it, JSON is a token response, and anything else
            the token itself.
        timeout: seconds after which the command and all that it started are killed.
        lifetime: seconds after which a token that does not say its expiry itself is asked for again.

    Raises:
        InvalidParam: `argv` is not a list of strings.
    """

    grant = "command"

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        member: str | None = None,
        timeout: float = 30,
        lifetime: float = LIFETIME,
    ) -> None:
        super().__init__(lifetime=lifetime)
        self._argv = _checked(argv)
        self.member = member
        self.timeout = timeout

    @property
    def place(self) -> str:
        """The name of the program; its arguments may be secret."""
        return f"The command {os.path.basename(self._argv[0])}"  # noqa: PTH119  it may be no path

    def get_token(self, held: BearerToken | None) -> BearerToken:
        """Refuse: only a handler or a client waits for commands.

        Raises:
            NonRenewableTokenError: always.
        """
        raise NonRenewableTokenError(held)

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:  # noqa: ARG002  who asks is known
        """Run the command.

        Raises:
            CredentialNotFound: the program does not exist.
            CredentialNotPermitted: it may not be run.
            CredentialTimeout: it has not ended in time; it is killed.
            CredentialUnavailable: it failed.
            InvalidCredential: what it printed is not a token.
        """
        running: _Running = yield RunInThread(partial(_started, self._argv, self.place))
        try:
            deadline, pause = time.monotonic() + self.timeout, FIRST_LOOK
            while not running.has_ended():
                if time.monotonic() > deadline:
                    msg = f"it has not ended within {self.timeout:g} seconds, and is killed. Pass a longer timeout=."
                    raise CredentialTimeout(self.place, msg)
                yield Sleep(pause, is_idle=True)
                pause = min(pause * 2, LAST_LOOK)
        finally:
            running.kill()
        problem = running.problem(self.place)
        if problem is not None:
            raise problem
        return self.dated(self.read(running.output(), member=self.member))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} program={os.path.basename(self._argv[0])!r}>"  # noqa: PTH119


def _checked(argv: Any) -> list[str]:
    if isinstance(argv, (str, bytes)):
        msg = "CommandSource takes a list, the program and each argument: no shell would split a string."
        raise InvalidParam(msg)
    given = list(argv) if isinstance(argv, Sequence) else []
    words = [os.fspath(word) for word in given if isinstance(word, (str, os.PathLike))]
    if not words or len(words) != len(given) or not words[0] or any("\0" in word for word in words):
        msg = "CommandSource takes a list of strings: the program and its arguments."
        raise InvalidParam(msg)
    return words


def _started(argv: list[str], place: str) -> _Running:
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603  that is what it is for; no shell
            argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True, creationflags=NEW_GROUP
        )
    except FileNotFoundError:
        raise CredentialNotFound(place, "this program does not exist.") from None
    except PermissionError:
        raise CredentialNotPermitted(place, "this program may not be run.") from None
    except (OSError, ValueError) as failure:
        raise CredentialUnavailable(place, f"it can't be started ({type(failure).__name__}).") from None
    return _Running(process)


class _Running:
    """A command that runs, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._output, self._complaint = bytearray(), bytearray()
        self._is_killed = False
        streams = ((process.stdout, self._output, MAX_OUTPUT), (process.stderr, self._complaint, MAX_COMPLAINT))
        self._readers = [threading.Thread(target=_read, args=stream, daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()

    @property
    def is_too_much(self) -> bool:
        """Whether more was printed than any token has."""
        return len(self._output) > MAX_OUTPUT

    def has_ended(self) -> bool:
        """Tell whether it is over: it ended and all of its output is read, or that is too much."""
        if self.is_too_much:
            return True
        return self._process.poll() is not None and not any(reader.is_alive() for reader in self._readers)

    def kill(self) -> None:
        """End it with all that it started."""
        if self._is_killed:
            return
        self._is_killed = True
        with suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def problem(self, place: str) -> CredentialUnavailable | None:
        """Say what is wrong with how it ended, in its own words where it has any."""
        if self.is_too_much:
            return InvalidCredential(place, f"it printed more than {MAX_OUTPUT} bytes, which no credential has.")
        code = self._process.returncode
        if code == 0:
            return None
        said = excerpt(bytes(self._complaint).strip())
        how = f"it ended with status {code}" if code > 0 else f"it was ended by signal {-code}"
        return CredentialUnavailable(place, how + (f" and said: {said!r}." if said else "."))

    def output(self) -> str:
        """Return what it printed."""
        return bytes(self._output).decode("utf-8", "replace")


def _read(stream: IO[bytes], into: bytearray, limit: int) -> None:
    """Read all of a stream, and keep no more than a limit and one byte."""
    with suppress(OSError, ValueError), stream:
        while piece := stream.read1(CHUNK):  # type: ignore[attr-defined]
            into += piece[: max(0, limit + 1 - len(into))]
