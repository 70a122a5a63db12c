"""The sync driver: runs operations in the thread of the caller, and sends their requests with `requests`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from operator import attrgetter
from typing import Any, TypeVar

import requests

from .._core.effects import (
    CallOverride,
    Effect,
    Holdable,
    Lock,
    Now,
    Release,
    RunInThread,
    Send,
    Sleep,
    Spawn,
    Steps,
    Subtask,
    note_attributes,
)
from .._core.messages import Request
from .._core.running import Run
from .._core.story import carried, recorder
from .._core.times import now
from .._core.tracebacks import shorten
from .deadlines import DeadlineAdapter
from .locks import EntryLease, Lease, lock_of, take_in_thread
from .requests_exchange import send

R = TypeVar("R")


class SyncRunner:
    """Runs operations, one effect after the other, in the thread of the caller."""

    session: requests.Session

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        note_attributes(cls)

    def _drive(self, steps: Steps[R]) -> R:
        """Run an operation to its end and return its result."""
        run, known = Run(steps, attrgetter("detached")), sys.exception()
        try:
            while (effect := run.next_effect()) is not None:
                try:
                    run.succeeded(self._perform(effect, run))
                except Exception as failure:  # noqa: BLE001  the operation decides what it means
                    run.failed(failure)
        except Interrupted as interrupted:
            raise interrupted.by from None
        except BaseException as failure:
            shorten(failure, known)
            raise
        else:
            result: R = run.result
            return result
        finally:
            _release(run.close())

    def _perform(self, effect: Effect, run: Run[Any]) -> Any:  # noqa: PLR0911  one for each effect
        match effect:
            case Send(request):
                return _sent(self.session, request)
            case Sleep(seconds):
                return time.sleep(seconds)
            case Now():
                return now()
            case Lock(entry, wait):
                return _held(entry, wait, run)
            case Release(leases):
                return _release(leases)
            case CallOverride(thunk) | RunInThread(thunk):
                return thunk()
            case Subtask(steps):
                return _detached(self._drive, steps, run)
            case Spawn(steps):
                threading.Thread(target=carried(self._drive), args=(steps,), name=THREAD, daemon=True).start()
                return None


THREAD = "requests_oauth2client"


def _sent(session: requests.Session, request: Request) -> requests.Response:
    recording = recorder()
    if recording is None:
        return send(session, request)
    with recording.watched(request) as came:
        response: requests.Response = came(send(session, request))
        return response


def _held(entry: Any, wait: float | None, run: Run[Any]) -> Any:
    if isinstance(entry, Holdable):
        entry_lease = EntryLease()
        run.leases.append(entry_lease)
        return entry_lease.enter(entry, wait)
    lease = Lease(lock_of(entry))
    run.leases.append(lease)
    return take_in_thread(lease, wait)


def _release(leases: Any) -> None:
    """Release locks; each of them, also when that fails for one."""
    failure: Exception | None = None
    for lease in leases:
        try:
            lease.release()
        except Exception as wrong:  # noqa: BLE001  raised when all others are free
            failure = failure or wrong
    if failure is not None:
        raise failure


class Interrupted(BaseException):
    """The thread that waits for a detached operation was interrupted, which no operation may handle.

    Attributes:
        by: the exception that a signal handler or another thread raised there.
    """

    def __init__(self, by: BaseException) -> None:
        super().__init__()
        self.by = by


class _Detached:
    """An operation that goes on in a thread of its own when the one that waits for it is interrupted."""

    def __init__(self, run: Callable[[], Any]) -> None:
        self._run = run
        self._guard = threading.Lock()
        self._has_begun = self._is_over = self._is_called_off = False
        self._leases: list[Any] = []  # of the interrupted operations
        self._outcome: tuple[Any, BaseException | None] = (None, None)
        self.done = threading.Event()

    def __call__(self) -> None:
        """Run it, in its thread."""
        with self._guard:
            if self._is_called_off:
                return
            self._has_begun = True
        try:
            self._outcome = self._run(), None
        except BaseException as failure:  # noqa: BLE001  raised in the thread that waits
            self._outcome = None, failure
        finally:
            with self._guard:
                self._is_over = True
            self.done.set()
            _release(self._leases)

    def adopt(self, leases: list[Any]) -> bool:
        """Release these when it has ended; False when it has already, or has not begun: then it never will."""
        with self._guard:
            if self._has_begun and not self._is_over:
                self._leases += leases
                return True
            self._is_called_off = True
            return False

    def outcome(self) -> Any:
        """Return its result, or raise its failure."""
        value, failure = self._outcome
        try:
            if failure is not None:
                raise failure
        finally:
            del failure, self._outcome
        return value


def _detached(drive: Callable[[Steps[R]], R], steps: Steps[R], run: Run[Any]) -> R:
    """Run an operation in a thread of its own, and wait for it; where no thread can be started, run it here."""
    operation = _Detached(lambda: drive(steps))
    thread = threading.Thread(target=copy_context().run, args=(operation,), name=THREAD, daemon=False)
    try:
        can_start = _start(thread)
        if can_start:
            operation.done.wait()
    except BaseException as interruption:  # noqa: BLE001  it is raised again, past all operations
        run.hand_over(operation.adopt)
        raise Interrupted(interruption) from None
    if not can_start:
        return drive(steps)
    result: R = operation.outcome()
    return result


def _start(thread: threading.Thread) -> bool:
    """Start a thread; False when the program ends, or has too many."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


class RunnerWithoutClient(SyncRunner):
    """Runs operations of what has no client: each request has a session of its own."""

    def _perform(self, effect: Effect, run: Run[Any]) -> Any:
        if not isinstance(effect, Send):
            return super()._perform(effect, run)
        with new_session() as session:
            return _sent(session, effect.request)


def new_session() -> requests.Session:
    """Make the session of a client that was given none."""
    session = requests.Session()
    adapter = DeadlineAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
