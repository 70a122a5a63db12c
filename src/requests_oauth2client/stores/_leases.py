"""Locks that expire under a holder that died, and are extended under one that lives."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ._local_locks import LocalLocks
from .base import EntryLocked, StoreCorrupted, StoreUnavailable

EXTENSIONS = 3  # times that a lock is extended in its lifetime


@contextmanager
def extended(extend: Callable[[], bool], lifetime: float) -> Iterator[None]:
    """Extend a lock for as long as the block runs, in a thread beside it.

    Args:
        extend: gives the lock its lifetime again, and returns whether it was still held. Once it was lost, the fencing
            number stops its holder's writes.
        lifetime: seconds for which the lock lives on by itself.
    """
    is_over = threading.Event()

    def keep_extending() -> None:
        is_held = True
        while is_held and not is_over.wait(lifetime / EXTENSIONS):
            with suppress(StoreUnavailable, StoreCorrupted):  # the store may be back for the next time
                is_held = extend()

    threading.Thread(target=keep_extending, name="requests_oauth2client lock", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()


@contextmanager
def leased(
    threads: LocalLocks,
    entry: str,
    wait: float,
    *,
    lifetime: float,
    acquire: Callable[[float], int | None],
    extend: Callable[[], bool],
    release: Callable[[], object],
) -> Iterator[int]:
    """Hold the lock of an entry, among the threads of this process and then in a store on a server.

    Args:
        threads: the locks of this process.
        entry: its name.
        wait: seconds to wait for other holders.
        lifetime: seconds for which the lock lives on by itself.
        acquire: takes the lock in the store within some seconds; returns the fencing number, or None.
        extend: see `extended`.
        release: gives the lock back, if it is still held.

    Raises:
        EntryLocked: another holder had it for `wait` seconds.
    """
    end, process = time.monotonic() + wait, os.getpid()
    with threads.hold(entry, wait):
        is_mine = True  # until it is known to be another's: an interrupted attempt may have taken it
        try:
            fence = acquire(end - time.monotonic())
            if fence is None:
                is_mine = False
                raise EntryLocked(entry, seconds=wait)
            with extended(extend, lifetime):
                yield fence
        finally:
            if is_mine and os.getpid() == process:  # a child that was forked meanwhile leaves its parent's lock
                with suppress(StoreUnavailable, StoreCorrupted):  # else it expires
                    release()
