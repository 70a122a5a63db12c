"""A store within one process: for handlers that share their tokens, and for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ._forks import ForkAware
from ._local_locks import LocalLocks
from .base import StaleFence, TokenStore, careful_now, epoch, expiry_of, next_fence, outdated_fence

FIRST_SWEEP = 1024  # entries


class MemoryStore(TokenStore, ForkAware):
    """Keeps entries in the memory of this object. After a fork, parent and child each have their own.

    Args:
        key: encrypts entries even in memory, where a core dump may show them; see `TokenStore`.
    """

    def __init__(self, *, key: bytes | Iterable[bytes] | None = None) -> None:
        TokenStore.__init__(self, key=key)
        ForkAware.__init__(self)
        self._mutex = threading.RLock()  # of a signal handler that forks, too
        self._locks = LocalLocks()
        self._entries: dict[str, tuple[bytes, float | None]] = {}
        self._fences: dict[str, int] = {}
        self._sweep_at = FIRST_SWEEP
        self._last_write: float | None = None

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        data, expires_at = self._entries.get(entry, (None, None))
        return data if expires_at is None or expires_at > epoch() else None

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        with self._mutex:
            self._check(entry, fence)
            self._entries[entry] = (data, expiry_of(lifetime))
            if len(self._entries) >= self._sweep_at:
                self._sweep()
            self._last_write = epoch()

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        with self._mutex:
            self._check(entry, fence)
            self._entries.pop(entry, None)

    @contextmanager
    def lock(self, entry: str, *, wait: float) -> Iterator[int]:
        """Hold the lock of an entry."""
        with self._locks.hold(entry, wait):
            with self._mutex:
                fence = self._fences[entry] = next_fence(self._fences.get(entry, 0))
            yield fence

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def purge(self) -> int:
        """Drop all entries that have expired; return how many."""
        with self._mutex:
            return self._drop_expired(epoch())

    def _check(self, entry: str, fence: int | None) -> None:
        if fence is not None and fence < self._fences.get(entry, 0):
            raise StaleFence(entry)

    def _sweep(self) -> None:
        """Drop what is expired; do so again when there is twice as much."""
        self._drop_expired(careful_now(self._last_write))
        recent = outdated_fence()
        self._fences = {n: fence for n, fence in self._fences.items() if n in self._entries or fence > recent}
        self._sweep_at = max(FIRST_SWEEP, 2 * len(self._entries))

    def _drop_expired(self, now: float) -> int:
        before = len(self._entries)
        self._entries = {name: kept for name, kept in self._entries.items() if kept[1] is None or kept[1] > now}
        return before - len(self._entries)

    def _before_fork(self) -> None:
        self._mutex.acquire()

    def _after_fork_in_parent(self) -> None:
        self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._mutex.release()


__all__ = ["MemoryStore"]
