"""Tracebacks that show where a call was made and where it failed, and hold no secret.

Error reporters send the local variables of every frame. So when a call fails, the frames of this package are cleared,
those between its beginning and its end are taken out, and those of libraries too: what they raised was either made an
error of this package, or says enough. Frames of the user's own functions stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

OURS = __name__.partition(".")[0]
KEPT = 3  # entries of ours: where it failed, and who called that
LIBRARIES = frozenset(
    "requests urllib3 httpx httpx2 httpcore httpcore2 h11 h2 anyio sniffio trio asyncio concurrent contextlib threading"
    " http urllib ssl socket selectors json base64 binascii zlib encodings idna joserfc cryptography redis valkey"
    " sqlite3 keyring functools".split()
)


def shorten(failure: BaseException, known: BaseException | None) -> None:
    """Tidy up the traceback of a failed call, in the frame that handles it.

    Args:
        failure: what was raised. The first entry of its traceback, the frame that handles it, stays.
        known: what was handled already when the call began; that is the caller's.
    """
    first = failure.__traceback__
    for error in _chain(failure, known):
        entries = list(_entries(error.__traceback__))
        own = entries[:1] if error is failure and first is not None else []
        error.__traceback__ = _linked([*own, *_worth_showing(entries[len(own) :])])


def _chain(failure: BaseException, known: BaseException | None) -> Iterator[BaseException]:
    """Yield a failure, its causes and its contexts."""
    waiting: list[BaseException | None] = [failure]
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is None or error is known or id(error) in seen:
            continue
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__]
        yield error


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _worth_showing(entries: list[TracebackType]) -> list[TracebackType]:
    """Return the last entries of ours and all of the user's; clear the frames of ours."""
    ours = [entry for entry in entries if _package(entry) == OURS]
    for entry in ours:
        with suppress(RuntimeError):  # it still runs
            entry.tb_frame.clear()
    dropped = {id(entry) for entry in ours[:-KEPT]}
    return [entry for entry in entries if id(entry) not in dropped and _package(entry) not in LIBRARIES]


def _package(entry: TracebackType) -> str:
    return str(entry.tb_frame.f_globals.get("__name__", "")).partition(".")[0]


def _linked(entries: list[TracebackType]) -> TracebackType | None:
    linked: TracebackType | None = None
    for entry in reversed(entries):
        linked = TracebackType(linked, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return linked
