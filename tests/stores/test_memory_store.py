"""What is particular to a store in memory."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from freezegun import freeze_time

from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.stores.memory import FIRST_SWEEP

START = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017


def test_what_is_expired_does_not_pile_up() -> None:
    store = MemoryStore()
    with freeze_time(START) as clock:
        store.put("kept", b"value")
        for number in range(FIRST_SWEEP * 3):
            store.put(f"{number}", b"value", lifetime=60)
            clock.tick(timedelta(seconds=1))
        assert store.get("kept") == b"value"
    assert len(store._entries) < FIRST_SWEEP


def test_numbers_of_locks_do_not_pile_up() -> None:
    store = MemoryStore()
    with freeze_time(START) as clock:
        for number in range(FIRST_SWEEP * 12):
            with store.lock(f"{number}", wait=0) as fence:
                store.put(f"{number}", b"value", lifetime=60, fence=fence)
            clock.tick(timedelta(seconds=1))
    assert len(store._fences) < 12 * FIRST_SWEEP / 2
    assert store._locks._places == {}


def test_fencing_numbers_grow_while_the_clock_stands_still_or_goes_back() -> None:
    store = MemoryStore()
    numbers = []
    for second in (3, 3, 1, 5):
        with freeze_time(START + timedelta(seconds=second)), store.lock("entry", wait=0) as fence:
            numbers.append(fence)
    assert numbers == sorted(set(numbers))


def test_a_store_needs_no_key() -> None:
    store = MemoryStore()
    assert store.keys is None
    assert "without encryption" in repr(store)
