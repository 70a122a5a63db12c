"""Locks on entries among the threads of one process.

In front of every lock that reaches further, too: so only one thread of a process stands in line outside.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ._forks import ForkAware
from .base import EntryLocked


@dataclass(slots=True, eq=False)
class _Place:
    """One entry that somebody holds or waits for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class LocalLocks(ForkAware):
    """A lock for each entry, kept only while it is in use."""

    def __init__(self) -> None:
        super().__init__()
        self._mutex = threading.Lock()
        self._places: dict[str, _Place] = {}

    @contextmanager
    def hold(self, entry: str, wait: float) -> Iterator[None]:
        """Be the only holder of an entry in this process.

        Raises:
            EntryLocked: another thread held it for `wait` seconds.
        """
        place = self._enter(entry)
        try:
            if not place.lock.acquire(timeout=min(max(wait, 0), threading.TIMEOUT_MAX)):
                raise EntryLocked(entry, seconds=wait)
            try:
                yield
            finally:
                place.lock.release()
        finally:
            self._leave(entry, place)

    def _enter(self, entry: str) -> _Place:
        with self._mutex:
            place = self._places.setdefault(entry, _Place())
            place.users += 1
            return place

    def _leave(self, entry: str, place: _Place) -> None:
        with self._mutex:
            place.users -= 1
            if not place.users and self._places.get(entry) is place:  # else it was held across a fork
                del self._places[entry]

    def _after_fork_in_child(self) -> None:
        self._mutex = threading.Lock()
        self._places = {}
