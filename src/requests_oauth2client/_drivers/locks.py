"""Locks that threads and event loops of one process share, whichever of them comes.

Who wants a lock puts a `Lease` where its runner will find it, and then tries to take it: one step that can't be
interrupted, `dict.setdefault`. So a lease is released in any case, by what ends the run, and only by that lease.

    try_take ──► taken
             └─► wait_in_line ──► try_take (it may have become free meanwhile) ──► sleep until woken ──► try_take ...

A release wakes the first in line, in its own thread or event loop. A wake-up may get lost with the loop that it was
meant for, so those who wait also look by themselves every `LOOK_AGAIN` seconds. And they take over what a dead loop
has held. Waiting needs no thread of the process.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

LOOK_AGAIN = 1.0  # seconds
STALLED = 10.0  # seconds without running, after which an event loop is taken for dead


class ProcessLock:
    """A lock of which one lease at a time is the holder."""

    __slots__ = ("__weakref__", "_holder", "_line")

    def __init__(self) -> None:
        self._holder: dict[None, Lease] = {}
        self._line: deque[Callable[[], bool]] = deque()

    @property
    def is_held(self) -> bool:
        """Whether a lease is the holder."""
        return bool(self._holder)

    def try_take(self, lease: Lease) -> bool:
        """Make a lease the holder, if no other one is, or if the loop of that one has died."""
        holder = self._holder.setdefault(None, lease)
        if holder is not lease and holder.is_dead():
            self.give_up(holder)
            holder = self._holder.setdefault(None, lease)
        return holder is lease

    def give_up(self, lease: Lease) -> None:
        """Stop being the holder, and wake who is first in line."""
        with _guard:
            if self._holder.get(None) is lease:
                del self._holder[None]
        if not self._holder:
            self._wake_next()

    def _wake_next(self) -> None:
        with suppress(IndexError):
            while not self._line.popleft()():
                pass

    @contextmanager
    def wait_in_line(self, wake: Callable[[], bool]) -> Iterator[None]:
        """Have `wake` called when the lock has become free; it returns False when no waiter is left to wake."""
        self._line.append(wake)
        try:
            yield
        finally:
            try:
                self._line.remove(wake)
            except ValueError:  # it was woken; if it no longer wants the lock, another waiter may
                if not self._holder:
                    self._wake_next()


class Lease:
    """One attempt to hold a lock, until it is released.

    Args:
        lock: the lock.
        is_dead: tells whether the event loop that it was made in will never release it.
    """

    __slots__ = ("is_dead", "lock")

    def __init__(self, lock: ProcessLock, is_dead: Callable[[], bool] = lambda: False) -> None:
        self.lock = lock
        self.is_dead = is_dead

    def release(self) -> None:
        """Release the lock, if this is its holder."""
        self.lock.give_up(self)


class EntryLease:
    """An attempt to hold an entry that has a lock of its own."""

    __slots__ = ("_entered",)

    def __init__(self) -> None:
        self._entered: Any = None

    def enter(self, entry: Any, wait: float | None) -> Any:
        """Wait for the lock and hold it; return the outcome."""
        manager = entry.hold(wait)
        outcome = manager.__enter__()
        self._entered = manager
        return outcome

    def release(self) -> None:
        """Release the lock, if it was taken."""
        entered, self._entered = self._entered, None
        if entered is not None:
            entered.__exit__(None, None, None)


class LoopWatch:
    """Tells whether an asyncio event loop is dead: closed, or not run for a while."""

    __slots__ = ("_loop", "_stalled_since")

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._stalled_since: float | None = None

    def __call__(self) -> bool:
        """Tell it, as seen from another loop or thread."""
        if self._loop.is_closed():
            return True
        if self._loop.is_running():
            self._stalled_since = None
            return False
        now = time.monotonic()
        self._stalled_since = now if self._stalled_since is None else self._stalled_since
        return now - self._stalled_since > STALLED


_guard = threading.RLock()  # collecting garbage may release a lock within
_locks: WeakKeyDictionary[Any, ProcessLock] = WeakKeyDictionary()


def lock_of(entry: Any) -> ProcessLock:
    """Return the lock of an entry: the same for all who name it, gone when the entry is."""
    with _guard:
        return _locks.setdefault(entry, ProcessLock())


def _forget() -> None:
    """Begin anew: in the child of a fork, the threads that hold locks do not exist."""
    global _guard  # noqa: PLW0603
    _guard = threading.RLock()
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def take_in_thread(lease: Lease, wait: float | None) -> bool:
    """Wait in this thread until a lease is the holder; False when the seconds to wait were not enough."""
    if lease.lock.try_take(lease):
        return True
    if wait == 0:
        return False
    until = None if wait is None else time.monotonic() + wait
    woken = threading.Event()

    def wake() -> bool:
        woken.set()
        return True

    while True:
        with lease.lock.wait_in_line(wake):
            if lease.lock.try_take(lease):
                return True
            left = LOOK_AGAIN if until is None else until - time.monotonic()
            if left <= 0:
                return False
            woken.wait(min(left, LOOK_AGAIN))
            woken.clear()
            if lease.lock.try_take(lease):
                return True
