"""Locks that expire under a holder that died, and are extended under one that lives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .base import StoreCorrupted, StoreUnavailable

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
