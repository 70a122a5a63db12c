"""The store in Django's database: what every store has to do, two processes, and what only Django has."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import connections, transaction

from devkit.postgres_server import find_programs, start_postgres_server
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import StoreCorrupted, StoreUnavailable
from requests_oauth2client.testing.stores import check_store

from .django_places import count, migrate, open_store

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    pytest.importorskip("psycopg")
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with start_postgres_server() as url:
        yield url
        for connection in connections.all(initialized_only=True):
            if connection.vendor == "postgresql":
                connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = str(tmp_path / "tokens.db") if request.param == "sqlite" else request.getfixturevalue("postgres")
    migrate(url)
    yield url
    connections[f"at {url}"].close()


def test_it_keeps_the_promises_of_a_store(url: str) -> None:
    check_store(lambda: open_store(url))


def test_two_processes_take_turns(url: str) -> None:
    processes = [SPAWN.Process(target=count, args=(url, 15)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    store = open_store(url)
    assert store.get("number") == b"30"
    store.delete("number")
    store.close()


def test_a_transaction_around_it_changes_nothing(url: str) -> None:
    store = open_store(url)
    with transaction.atomic(using=store.using):
        store.put("entry", b"kept")
        assert store.get("entry") == b"kept"
        transaction.set_rollback(True, using=store.using)
    assert store.get("entry") == b"kept"
    store.close()


def test_connections_end_with_the_request_unless_they_are_kept(url: str) -> None:
    store = open_store(url)
    store.put("entry", b"value")
    assert len(store._idle) == 1
    request_finished.send(sender=None)
    assert store._idle == []
    connections[store.using].settings_dict["CONN_MAX_AGE"] = 60
    store.put("entry", b"value")
    request_finished.send(sender=None)
    assert len(store._idle) == 1
    connections[store.using].settings_dict["CONN_MAX_AGE"] = 0
    store.close()
    assert store._idle == []


def test_purge_drops_what_is_expired_and_nothing_else(url: str) -> None:
    store = open_store(url)
    store.put("over", b"x", lifetime=-1)
    store.put("valid", b"x", lifetime=60)
    store.put("endless", b"x")
    assert store.purge() == 1
    assert (store.get("over"), store.get("valid"), store.get("endless")) == (None, b"x", b"x")
    for entry in ("over", "valid", "endless"):
        store.delete(entry)
    assert store.purge() == 0
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_uses_connections_of_its_own(url: str) -> None:
    store = open_store(url)
    store.put("entry", b"parent")
    child = os.fork()
    if child == 0:  # no pytest in here
        code = 1
        try:
            store.put("entry", b"child")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.get("entry") == b"child"
    store.close()


def test_damage_is_said(tmp_path: Path) -> None:
    url = str(tmp_path / "tokens.db")
    store = open_store(url)
    with pytest.raises(StoreUnavailable, match="migrate"):
        store.get("entry")
    migrate(url)
    store.put("entry", b"value")
    with connections[store.using].cursor() as cursor:
        cursor.execute("UPDATE oauth2_logins_entry SET data = 'text'")
    with pytest.raises(StoreCorrupted, match="damaged"):
        store.get("entry")
    store.close()
    connections[store.using].close()


def test_a_database_in_memory_has_one_connection() -> None:
    migrate(":memory:")
    store = open_store(":memory:")
    store.put("entry", b"value")
    assert store.get("entry") == b"value"
    assert store._idle == []
    connections[store.using].close()


@pytest.mark.parametrize("lifetime", [0, -1, 3601, float("nan")])
def test_a_lock_has_a_lifetime(lifetime: Any) -> None:
    with pytest.raises(InvalidParam, match="lock_lifetime"):
        open_store(":memory:", lock_lifetime=lifetime)
