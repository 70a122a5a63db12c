"""What other processes do with a store."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .places import Place

SPAWN = multiprocessing.get_context("spawn")
PENDING_POLL_DELAYS = 30  # seconds


def count(place: Place, times: int) -> None:
    """Add to a number, which gets lost where two do so at once."""
    store = place.open()
    for _ in range(times):
        with store.lock("number", wait=PENDING_POLL_DELAYS) as fence:
            number = int(store.get("number") or b"0")
            time.sleep(0.001)
            store.put("number", str(number + 1).encode(), fence=fence)
    store.close()


def hold(place: Place, told: Any) -> None:
    """Take the lock, say so, and keep it."""
    with place.open().lock("entry", wait=PENDING_POLL_DELAYS) as fence:
        told.send(fence)
        time.sleep(PENDING_POLL_DELAYS)


def sealed(number: int) -> bytes:
    """Make a value that tells whether it is whole."""
    text = str(number).encode() * 5000
    return hashlib.sha256(text).digest() + text


def is_whole(data: bytes) -> bool:
    """Tell whether a value is one that was written."""
    return hashlib.sha256(data[32:]).digest() == data[:32]


def write(place: Place, told: Any) -> None:
    """Write one value after the other, as fast as it goes."""
    store = place.open()
    for number in range(1_000_000):
        store.put("entry", sealed(number))
        if number == 3:
            told.send(number)


@contextmanager
def running(work: Any, place: Place) -> Iterator[tuple[Any, Any]]:
    """Run work in a process until it tells something; gives the process and what it told."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=work, args=(place, theirs), daemon=True)
    process.start()
    try:
        assert ours.poll(PENDING_POLL_DELAYS)
        yield process, ours.recv()
    finally:
        process.kill()
        process.join()
