"""What every store does, whatever is behind it."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.serializers import InvalidSerializedValue, TokenSerializer
from requests_oauth2client.stores import EntryLocked, StaleFence, TokenStore
from requests_oauth2client.tokens import BearerToken

from .places import KEY, OTHER_KEY, SHARED, Place

Open = Callable[[Place], TokenStore]
VALUES = [b"", b"a", bytes(range(256)), b"x" * 100_000]


@pytest.mark.parametrize("value", VALUES, ids=["empty", "short", "binary", "long"])
def test_what_was_put_is_got(store: TokenStore, value: bytes) -> None:
    store.put("entry", value)
    assert store.get("entry") == value


def test_nothing_is_got_where_nothing_was_put(store: TokenStore) -> None:
    assert store.get("entry") is None


def test_the_last_value_counts(store: TokenStore) -> None:
    store.put("entry", b"long" * 1000)
    store.put("entry", b"short")
    assert store.get("entry") == b"short"


def test_entries_do_not_meet(store: TokenStore) -> None:
    names = ["a", "A", "a.b", "a:b", "a-b", "a_b", "a" * 100]
    for name in names:
        store.put(name, name.encode())
    assert [store.get(name) for name in names] == [name.encode() for name in names]


def test_what_was_deleted_is_gone(store: TokenStore) -> None:
    store.put("entry", b"value")
    store.delete("entry")
    assert store.get("entry") is None


def test_nothing_can_be_deleted(store: TokenStore) -> None:
    store.delete("entry")


def test_a_lifetime_ends(store: TokenStore) -> None:
    store.put("entry", b"value", lifetime=0.05)
    time.sleep(0.06)
    assert store.get("entry") is None


def test_a_lifetime_is_long(store: TokenStore) -> None:
    for lifetime in (60.5, 1e9, 1e30, float("inf")):
        store.put("entry", b"value", lifetime=lifetime)
        assert store.get("entry") == b"value"


def test_a_lifetime_that_is_over_leaves_nothing(store: TokenStore) -> None:
    store.put("entry", b"value", lifetime=-5)
    time.sleep(0.002)
    assert store.get("entry") is None


def test_a_value_without_a_lifetime_outlives_the_one_before(store: TokenStore) -> None:
    store.put("entry", b"before", lifetime=0.02)
    store.put("entry", b"value")
    time.sleep(0.03)
    assert store.get("entry") == b"value"


def test_a_closed_store_opens_again(store: TokenStore, kind: str) -> None:
    store.put("entry", b"value")
    store.close()
    assert store.get("entry") == b"value"


@pytest.mark.parametrize("kind", SHARED, indirect=True)
def test_a_second_store_sees_what_the_first_wrote(place: Place, opened: Open) -> None:
    first, second = opened(place), opened(place)
    first.put("entry", b"value")
    assert second.get("entry") == b"value"
    second.put("entry", b"another")
    assert first.get("entry") == b"another"


# --- locks


def test_fencing_numbers_grow(store: TokenStore) -> None:
    numbers = []
    for _ in range(5):
        with store.lock("entry", wait=0) as fence:
            numbers.append(fence)
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0


@pytest.mark.parametrize("kind", SHARED, indirect=True)
def test_fencing_numbers_grow_from_one_store_to_the_next(place: Place, opened: Open) -> None:
    with opened(place).lock("entry", wait=0) as before:
        pass
    with opened(place).lock("entry", wait=0) as after:
        assert after > before


def test_a_locked_entry_has_one_holder(store: TokenStore) -> None:
    with (
        store.lock("entry", wait=0),
        pytest.raises(EntryLocked, match=r"entry .* stayed locked for 0.02 seconds") as locked,
        store.lock("entry", wait=0.02),
    ):
        pass
    assert locked.value.entry == "entry"


@pytest.mark.parametrize("kind", SHARED, indirect=True)
def test_two_stores_of_a_process_exclude_each_other(place: Place, opened: Open) -> None:
    first, second = opened(place), opened(place)
    with first.lock("entry", wait=0):
        with pytest.raises(EntryLocked), second.lock("entry", wait=0.02):
            pass
        with second.lock("other", wait=0):
            pass
    with second.lock("entry", wait=0):
        pass


def test_who_waits_is_let_in(store: TokenStore) -> None:
    left = threading.Event()

    def enter() -> bool:
        with store.lock("entry", wait=20):
            return left.is_set()

    with ThreadPoolExecutor(1) as pool:
        with store.lock("entry", wait=0):
            waiting = pool.submit(enter)
            time.sleep(0.02)
            left.set()
        assert waiting.result()


def test_an_exception_frees_the_lock(store: TokenStore) -> None:
    with pytest.raises(ZeroDivisionError), store.lock("entry", wait=0):
        raise ZeroDivisionError
    with store.lock("entry", wait=0):
        pass


def test_a_lock_may_be_left_in_another_thread(store: TokenStore) -> None:
    stack = ExitStack()
    stack.enter_context(store.lock("entry", wait=0))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(stack.close).result()
    with store.lock("entry", wait=0):
        pass


def test_a_locked_entry_can_be_read_and_written_without_the_number(store: TokenStore) -> None:
    with store.lock("entry", wait=0):
        store.put("entry", b"value")
        assert store.get("entry") == b"value"


def test_a_late_writer_is_refused(store: TokenStore) -> None:
    with store.lock("entry", wait=0) as late:
        store.put("entry", b"first", fence=late)
    with store.lock("entry", wait=0) as fence:
        with pytest.raises(StaleFence, match="lost to another holder") as stale:
            store.put("entry", b"late", fence=late)
        with pytest.raises(StaleFence):
            store.delete("entry", fence=late)
        assert store.get("entry") == b"first"
        store.put("entry", b"second", fence=fence)
        store.put("entry", b"third", fence=fence)
    assert store.get("entry") == b"third"
    assert stale.value.entry == "entry"


def test_a_late_writer_is_refused_after_a_delete_too(store: TokenStore) -> None:
    with store.lock("entry", wait=0) as late:
        pass
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"value", fence=fence)
        store.delete("entry", fence=fence)
    with pytest.raises(StaleFence):
        store.put("entry", b"late", fence=late)
    assert store.get("entry") is None


def test_who_held_the_lock_last_may_still_write(store: TokenStore) -> None:
    with store.lock("entry", wait=0) as fence:
        pass
    store.put("entry", b"value", fence=fence)
    assert store.get("entry") == b"value"


def test_the_number_of_one_entry_says_nothing_of_another(store: TokenStore) -> None:
    with store.lock("one", wait=0) as fence:
        pass
    with store.lock("two", wait=0):
        store.put("one", b"value", fence=fence)
    assert store.get("one") == b"value"


def test_threads_take_turns(store: TokenStore) -> None:
    def add() -> None:
        for _ in range(5):
            with store.lock("number", wait=20) as fence:
                number = int(store.get("number") or b"0")
                time.sleep(0.0005)
                store.put("number", str(number + 1).encode(), fence=fence)

    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(add) for _ in range(16)]:
            future.result()
    assert store.get("number") == b"80"


def test_threads_read_while_others_write(store: TokenStore) -> None:
    values = [bytes([65 + n]) * 5000 for n in range(4)]
    store.put("entry", values[0])

    def use(mine: bytes) -> bool:
        for _ in range(5):
            store.put("entry", mine)
            if store.get("entry") not in values:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, values))


# --- keys


def stored(store: TokenStore) -> TokenSerializer:
    return TokenSerializer(store.keys)


@pytest.mark.parametrize("kind", SHARED, indirect=True)
def test_who_gets_at_the_place_reads_no_token(store: TokenStore, place: Place) -> None:
    token = BearerToken("planted-access-token", refresh_token="planted-refresh-token", expires_in=60)
    store.put("entry", stored(store).dumps(token), lifetime=60)
    data = store.get("entry")
    assert data is not None
    assert stored(store).loads(data) == token
    raw = place.raw()
    assert (
        b"entry" if place.kind in {"file", "keyring", "redis"} else b"tokens" if place.kind == "sqlite" else b""
    ) in raw
    assert TokenSerializer().dumps(token) not in raw
    assert b"planted" not in raw


@pytest.mark.parametrize("kind", ["file", "redis"], indirect=True)
def test_that_search_finds_what_is_not_encrypted(store: TokenStore, place: Place) -> None:
    store.put("entry", b"planted")
    assert b"planted" in place.raw()


@pytest.mark.parametrize("kind", ["file", "redis"], indirect=True)
def test_what_was_deleted_can_not_be_dug_out(store: TokenStore, place: Place) -> None:
    store.put("entry", b"planted")
    store.delete("entry")
    store.close()
    assert b"planted" not in place.raw()


@pytest.mark.parametrize("kind", SHARED, indirect=True)
def test_keys_are_replaced_one_after_the_other(place: Place, opened: Open) -> None:
    before, both = opened(place.with_(keys=(KEY,))), opened(place.with_(keys=(OTHER_KEY, KEY)))
    token = BearerToken("at")
    before.put("entry", stored(before).dumps(token))
    assert stored(both).loads(both.get("entry") or b"") == token
    both.put("entry", stored(both).dumps(token))
    after = opened(place.with_(keys=(OTHER_KEY,)))
    assert stored(after).loads(after.get("entry") or b"") == token
    with pytest.raises(InvalidSerializedValue):
        stored(before).loads(before.get("entry") or b"")


def test_a_short_key_is_refused(place: Place) -> None:
    with pytest.raises(InvalidParam, match="32 random bytes"):
        place.with_(keys=(b"short",)).open()


def test_a_store_shows_no_key(store: TokenStore) -> None:
    assert store.keys == (KEY,)
    assert "planted" not in f"{store!r} {store}"
    assert "with encryption" in repr(store)
    with pytest.raises(TypeError, match="in each process"):
        pickle.dumps(store)
