"""What a store does for several processes, and when one of them dies."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from requests_oauth2client.stores import EntryLocked, TokenStore

from . import workers
from .places import KINDS, SHARED, Place

Open = Callable[[Place], TokenStore]
shared = pytest.mark.parametrize("kind", SHARED, indirect=True)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
SHORT = 0.6  # seconds that a lock in Redis lives on without its holder


@shared
def test_processes_take_turns(place: Place, opened: Open) -> None:
    processes = [workers.SPAWN.Process(target=workers.count, args=(place, 10)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert opened(place).get("number") == b"30"


@shared
def test_the_lock_of_a_process_that_is_killed_is_free(place: Place, opened: Open) -> None:
    place = place.with_(lock_lifetime=SHORT)
    store = opened(place)
    with workers.running(workers.hold, place) as (process, fence):
        with pytest.raises(EntryLocked), store.lock("entry", wait=0.05):
            pass
        process.kill()
        process.join()
        with store.lock("entry", wait=20) as ours:
            assert ours > fence


@shared
def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_value(place: Place, opened: Open) -> None:
    store = opened(place)
    for _ in range(2):
        with workers.running(workers.write, place) as (process, _):
            time.sleep(random.uniform(0, 0.03))  # noqa: S311
            process.kill()
            process.join()
        data = store.get("entry")
        assert data is not None
        assert workers.is_whole(data)
        store.put("entry", workers.sealed(7))
        assert store.get("entry") == workers.sealed(7)


# --- forks


def in_child(work: Callable[[], object]) -> bool:
    """Fork, and tell whether work went well in the child."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


@pytest.fixture
def busy(store: TokenStore) -> Iterator[None]:
    """Other threads use the store all the time, so that a fork meets them anywhere."""
    over = threading.Event()

    def use(name: str) -> None:
        while not over.is_set():
            with store.lock(name, wait=20) as fence:
                store.put(name, b"value", fence=fence)
                store.get(name)
            time.sleep(0.005)

    threads = [threading.Thread(target=use, args=(f"busy{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


@forks
@pytest.mark.parametrize("kind", KINDS, indirect=True)
@pytest.mark.usefixtures("busy")
def test_a_store_works_on_in_a_forked_child(store: TokenStore) -> None:
    store.put("entry", b"of the parent")

    def work() -> None:
        assert store.get("entry") in {b"of the parent", b"of the child"}  # of the one before
        for name in ("entry", "busy0"):
            with store.lock(name, wait=20) as fence:
                store.put(name, b"of the child", fence=fence)
        assert store.get("entry") == b"of the child"

    assert [in_child(work) for _ in range(3)] == [True] * 3
    with store.lock("entry", wait=20) as fence:
        store.put("entry", b"of the parent again", fence=fence)
    assert store.get("entry") == b"of the parent again"


@forks
@shared
def test_a_forked_child_sees_what_its_parent_writes_and_the_other_way_round(store: TokenStore) -> None:
    store.put("entry", b"of the parent")
    assert in_child(lambda: store.put("entry", b"of the child"))
    assert store.get("entry") == b"of the child"


@forks
@shared
def test_a_child_has_not_inherited_the_lock_of_its_parent(store: TokenStore) -> None:
    def work() -> None:
        with pytest.raises(EntryLocked), store.lock("entry", wait=0.05):
            pass

    with store.lock("entry", wait=0):
        assert in_child(work)


@forks
@shared
def test_a_child_that_leaves_its_parents_lock_does_not_free_it(store: TokenStore, place: Place, opened: Open) -> None:
    other = opened(place)
    held = ExitStack()
    held.enter_context(store.lock("entry", wait=0))
    assert in_child(held.close)
    with pytest.raises(EntryLocked), other.lock("entry", wait=0.05):
        pass
    held.close()
    with other.lock("entry", wait=0):
        pass


@forks
@shared
def test_a_child_does_not_keep_the_lock_of_a_parent_that_is_gone(store: TokenStore, place: Place, opened: Open) -> None:
    done_reading, done_writing = os.pipe()
    held = ExitStack()
    held.enter_context(store.lock("entry", wait=0))
    child = os.fork()
    if child == 0:
        os.close(done_writing)
        os.read(done_reading, 1)  # lives until it is told
        os._exit(0)
    os.close(done_reading)
    held.close()
    with opened(place).lock("entry", wait=0):
        pass
    os.close(done_writing)
    os.waitpid(child, 0)
