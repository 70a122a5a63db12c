"""Waiting for a lock: by trying, without a thread, and without anything that stays behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from requests_oauth2client.stores import EntryLocked, TokenStore
from requests_oauth2client.stores import base as stores_base
from requests_oauth2client.stores.base import attempts

from .places import SHARED, Place

Open = Callable[[Place], TokenStore]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would be slept."""
    slept: list[float] = []
    monkeypatch.setattr(stores_base.time, "sleep", slept.append)
    return slept


@pytest.mark.parametrize("wait", [0, -1, float("nan")])
def test_without_waiting_there_is_one_attempt(pauses: list[float], wait: float) -> None:
    assert len(list(attempts(wait))) == 1
    assert pauses == []


def test_pauses_grow_and_have_a_limit(pauses: list[float]) -> None:
    tries = attempts(1e9)
    for _ in range(2000):
        next(tries)
    assert all(0.01 <= pause <= 0.25 for pause in pauses)
    assert pauses[0] <= 0.03
    assert max(pauses) == 0.25


@pytest.mark.usefixtures("pauses")
def test_a_lock_that_is_taken_is_tried_once_without_waiting(store: TokenStore, pauses: list[float]) -> None:
    with store.lock("entry", wait=0):
        for _ in range(3):
            with pytest.raises(EntryLocked), store.lock("entry", wait=0):
                pass
    assert pauses == []


@pytest.mark.parametrize("kind", SHARED, indirect=True)
def test_a_lock_that_another_store_holds_is_tried_once_too(place: Place, opened: Open, pauses: list[float]) -> None:
    one, other = opened(place), opened(place)
    with one.lock("entry", wait=0):
        with pytest.raises(EntryLocked), other.lock("entry", wait=0):
            pass
        with other.lock("unrelated", wait=0):
            pass
    with other.lock("entry", wait=0):
        pass
    assert pauses == []


def test_those_who_try_in_vain_leave_nothing_behind(store: TokenStore) -> None:
    threads = threading.active_count()
    with store.lock("entry", wait=0):
        held = threading.active_count()
        for _ in range(40):
            with pytest.raises(EntryLocked), store.lock("entry", wait=0):
                pass
        assert threading.active_count() == held <= threads + 1
    with store.lock("entry", wait=0):
        pass
    assert store._threads._places == {} if hasattr(store, "_threads") else store._locks._places == {}  # type: ignore[attr-defined]


def test_forty_that_wait_for_one_entry_do_not_delay_another(store: TokenStore) -> None:
    over = threading.Event()

    def wait() -> None:
        while not over.is_set():
            try:
                with store.lock("entry", wait=0.05):
                    return
            except EntryLocked:
                continue

    with ThreadPoolExecutor(40) as pool, ExitStack() as held:
        held.enter_context(store.lock("entry", wait=0))
        waiting = [pool.submit(wait) for _ in range(40)]
        for number in range(5):
            with store.lock(f"unrelated {number}", wait=0) as fence:
                store.put("unrelated", b"value", fence=fence)
        over.set()
        held.close()
        for one in waiting:
            one.result()


class Interrupted(BaseException):
    """What a signal handler raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such signal")
def test_an_interrupted_waiter_leaves_nothing_behind(store: TokenStore) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with store.lock("entry", wait=0):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(Interrupted), store.lock("entry", wait=60):
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with store.lock("entry", wait=0):
        pass
