"""Whether anyone records what happens, and what is told to the recorder.

Usually no one does: then each of these functions reads one context variable and returns. What is recorded, and how
it is redacted, is in `_recording`; this module knows none of it, so that every layer can report to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Clause(NamedTuple):
    """A check, and the clause of the specification that demands it."""

    name: str
    clause: str


class Recorder(Protocol):
    """What is told that something happens. None of these raises."""

    def watched(self, request: Any, *, is_api: bool = False) -> AbstractContextManager[Callable[[Any], Any]]:
        """Record the exchange inside of the `with`; the response is passed through the function that it gives."""
        ...

    def api_answered(self, request: Any, response: Any, started: float | None) -> None:
        """Record a response of an API, if it is not recorded yet."""
        ...

    def browser_sent(self, url: str, note: str) -> None:
        """Record that the browser is sent to the authorization server."""
        ...

    def browser_came(self, params: Mapping[str, Any], address: str | None) -> None:
        """Record a callback."""
        ...

    def asked(self, request: Any, action: str) -> Callable[[Any], Any]:
        """Record a request to a route of a web site; the response is passed through the function that it returns."""
        ...

    def check(self, clause: Clause, problem: Exception | None) -> None:
        """Record a check of what came last."""
        ...

    def place(self) -> Any:
        """Return the exchange that checks are about now."""
        ...

    def resume(self, place: Any) -> None:
        """Say that checks are about this exchange again."""
        ...

    def clock(self) -> float:
        """Return the time from which exchanges are measured."""
        ...


_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
of_process: list[Recorder] = []  # those that record all threads; the last one counts


def recorder() -> Recorder | None:
    """Return who records here, or None."""
    found = _recorder.get()
    return found if found is not None or not of_process else of_process[-1]


begin, end = _recorder.set, _recorder.reset


def checked(clause: Clause, check: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Do a check, and report whether it passed."""
    recording = recorder()
    if recording is None:
        return check(*args, **kwargs)
    try:
        result = check(*args, **kwargs)
    except Exception as problem:
        recording.check(clause, problem)
        raise
    recording.check(clause, None)
    return result


def passed(clause: Clause) -> None:
    """Report a check that has passed."""
    recording = recorder()
    if recording is not None:
        recording.check(clause, None)


def failed(clause: Clause, problem: Exception) -> None:
    """Report a check that has failed."""
    recording = recorder()
    if recording is not None:
        recording.check(clause, problem)


@contextmanager
def reported(clause: Clause, about: Any) -> Iterator[None]:
    """Report whether a check inside of the `with` passed; it is about an exchange that `place` returned."""
    try:
        yield
    except Exception as problem:
        resume(about)
        failed(clause, problem)
        raise
    resume(about)
    passed(clause)


def sent(url: str, note: str) -> str:
    """Report that the browser is sent to a URL, and return that."""
    recording = recorder()
    if recording is not None:
        recording.browser_sent(url, note)
    return url


def place() -> Any:
    """Return the exchange that checks are about now, for `resume`."""
    recording = recorder()
    return None if recording is None else recording.place()


def resume(place: Any) -> None:
    """Say that checks are about this exchange again, after another one."""
    recording = recorder()
    if recording is not None:
        recording.resume(place)


def carried(call: Callable[P, R]) -> Callable[P, R]:
    """Return a function that is recorded here, whichever thread calls it."""
    recording = _recorder.get()
    if recording is None:
        return call

    def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
        token = begin(recording)
        try:
            return call(*args, **kwargs)
        finally:
            end(token)

    return recorded
