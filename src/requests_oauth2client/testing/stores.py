"""What every token store has to do, as one check for stores of your own."""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..stores.base import EntryLocked, StaleFence, TokenStore

THREADS = 8
ROUNDS = 5
PATIENCE = 30  # seconds: more than any store takes


def check_store(factory: Callable[[], TokenStore]) -> None:
    """Check that a token store keeps its promises.

    Args:
        factory: makes a new store object on the same place each time, as different processes do.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    for check in (_check_values, _check_lifetimes, _check_fences, _check_locks, _check_race):
        store, other = factory(), factory()
        if store is other:
            msg = "The factory has to make a new store object each time, on the same place."
            raise AssertionError(msg)
        try:
            check(store, other, f"check-{secrets.token_hex(8)}")
        finally:
            store.close()
            other.close()


def _require(condition: object, promise: str) -> None:
    if not condition:
        raise AssertionError(promise)


def _check_values(store: TokenStore, other: TokenStore, entry: str) -> None:
    _require(store.get(entry) is None, "get() returns None where nothing was put")
    store.delete(entry)
    for value in (b"", b"a", bytes(range(256)), b"x" * 100_000):
        store.put(entry, value)
        _require(store.get(entry) == value, "get() returns the very bytes that were put")
        _require(other.get(entry) == value, "another store object on the same place sees them")
    _require(store.get(f"{entry}.x") is None, "entries do not meet")
    other.delete(entry)
    _require(store.get(entry) is None, "what was deleted is gone, for every store object")


def _check_lifetimes(store: TokenStore, other: TokenStore, entry: str) -> None:
    for lifetime in (60.5, 1e9, 1e30, float("inf"), None):
        store.put(entry, b"value", lifetime=lifetime)
        _require(other.get(entry) == b"value", f"a lifetime of {lifetime} seconds is not over at once")
    store.put(entry, b"value", lifetime=-5)
    _require(other.get(entry) is None, "what is expired is not returned")
    store.delete(entry)


def _check_fences(store: TokenStore, other: TokenStore, entry: str) -> None:
    with store.lock(entry, wait=PATIENCE) as first:
        store.put(entry, b"first", fence=first)
    with other.lock(entry, wait=PATIENCE) as second:
        _require(second > first, "fencing numbers grow")
        other.put(entry, b"second", fence=second)
    for write in (
        functools.partial(store.put, entry, b"late", fence=first),
        functools.partial(store.delete, entry, fence=first),
    ):
        try:
            write()
        except StaleFence:
            continue
        msg = "a writer with an old fencing number is refused with StaleFence"
        raise AssertionError(msg)
    _require(store.get(entry) == b"second", "a refused writer has changed nothing")
    store.delete(entry)


def _check_locks(store: TokenStore, other: TokenStore, entry: str) -> None:
    with store.lock(entry, wait=PATIENCE):
        for waiting in (0, 0.05):
            try:
                with other.lock(entry, wait=waiting):
                    pass
            except EntryLocked:
                continue
            msg = "a lock has one holder; others get EntryLocked when their wait is over"
            raise AssertionError(msg)
        with other.lock(f"{entry}.x", wait=PATIENCE):
            pass
    with other.lock(entry, wait=PATIENCE):
        pass


def _check_race(store: TokenStore, other: TokenStore, entry: str) -> None:
    start = threading.Barrier(THREADS)

    def count(number: int) -> None:
        mine = (store, other)[number % 2]
        start.wait()
        for _ in range(ROUNDS):
            with mine.lock(entry, wait=PATIENCE) as fence:
                mine.put(entry, str(int(mine.get(entry) or b"0") + 1).encode(), fence=fence)

    with ThreadPoolExecutor(THREADS) as pool:
        for outcome in [pool.submit(count, number) for number in range(THREADS)]:
            outcome.result()
    expected = str(THREADS * ROUNDS).encode()
    _require(store.get(entry) == expected, "no update is lost when many count under the lock")
    store.delete(entry)
