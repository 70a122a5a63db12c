"""Locks on entries among the threads of one process.

In front of every lock that reaches further, too, so that one thread of a process at most competes with other processes.
A holder is registered before it goes on, so an exception at any moment, also one that a signal raises, frees the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ._forks import ForkAware
from .base import EntryLocked


class _Place:
    """One entry that someone holds or waits for."""

    def __init__(self, mutex: threading.Lock) -> None:
        self.is_free = threading.Condition(mutex)
        self.holder: object = None
        self.users: set[object] = set()


class LocalLocks(ForkAware):
    """A lock for each entry, kept only while it is in use."""

    def __init__(self) -> None:
        super().__init__()
        self._after_fork_in_child()

    @contextmanager
    def hold(self, entry: str, wait: float) -> Iterator[None]:
        """Hold the lock of an entry in this process.

        Args:
            entry: its name.
            wait: seconds to wait for another holder; 0 tries once and never blocks.

        Raises:
            EntryLocked: another thread held it for `wait` seconds.
        """
        me, places = object(), self._places
        try:
            if not self._take(entry, me, min(max(wait, 0), threading.TIMEOUT_MAX)):
                raise EntryLocked(entry, seconds=wait)
            yield
        finally:
            if places is self._places:  # else it was held across a fork: the child has no such lock
                self._leave(entry, me)

    def _take(self, entry: str, me: object, wait: float) -> bool:
        with self._mutex:
            place = self._places.setdefault(entry, _Place(self._mutex))
            place.users.add(me)
            if wait and not place.is_free.wait_for(lambda: place.holder is None, wait):
                return False
            if place.holder is not None:
                return False
            place.holder = me
            return True

    def _leave(self, entry: str, me: object) -> None:
        with self._mutex:
            place = self._places.get(entry)
            if place is None or me not in place.users:  # interrupted before it was registered
                return
            place.users.remove(me)
            if place.holder is me:
                place.holder = None
            place.is_free.notify()  # also where a waiter gives up, who may have been the one that was woken
            if not place.users:
                del self._places[entry]

    def _after_fork_in_child(self) -> None:
        self._mutex = threading.Lock()
        self._places: dict[str, _Place] = {}
