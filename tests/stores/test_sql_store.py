"""What is particular to a store in an SQL database."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import EntryLocked, SqlStore, StaleFence, StoreCorrupted, StoreUnavailable

from .places import KEY

VALUE = b"planted-value"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    is_file = request.param == "sqlite"
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x'}" if is_file else request.getfixturevalue("postgres_url"))
    yield engine
    engine.dispose()


@pytest.fixture
def table() -> str:
    return f"t_{secrets.token_hex(4)}"


@pytest.fixture
def store(engine: sa.Engine, table: str) -> SqlStore:
    return SqlStore(engine, key=KEY, table=table)


def execute(engine: sa.Engine, statement: str, **values: Any) -> Any:
    with engine.begin() as db:
        done = db.execute(sa.text(statement), values)
        return done.all() if done.returns_rows else None


# --- what is asked for


def test_a_key_is_demanded(engine: sa.Engine) -> None:
    with pytest.raises(InvalidParam, match="anyone who reads the database can use the tokens"):
        SqlStore(engine)
    assert SqlStore(engine, allow_plaintext=True).keys is None


@pytest.mark.parametrize("engine", ["sqlite:///x", None, object()])
def test_what_is_no_engine_is_refused(engine: Any) -> None:
    with pytest.raises(InvalidParam, match=r"pass create_engine\(url\)"):
        SqlStore(engine, key=KEY)


@pytest.mark.parametrize("lifetime", [0, -1, 3601, float("nan")])
def test_a_lock_can_not_last_for_ever(lifetime: float) -> None:
    with pytest.raises(InvalidParam, match="at most 3600"):
        SqlStore(sa.create_engine("sqlite://"), key=KEY, lock_lifetime=lifetime)


# --- the table


def test_making_a_store_does_not_connect() -> None:
    def connect(*_: object) -> Any:
        raise AssertionError

    SqlStore(sa.create_engine("sqlite://", creator=connect), key=KEY)


def test_the_table_is_made_at_the_first_use_or_before(engine: sa.Engine, table: str) -> None:
    assert not sa.inspect(engine).has_table(table)
    SqlStore(engine, key=KEY, table=table).create_table()
    SqlStore(engine, key=KEY, table=table).create_table()
    assert sa.inspect(engine).has_table(table)
    SqlStore(engine, key=KEY, table=f"{table}_2").put("entry", b"value")
    assert sa.inspect(engine).has_table(f"{table}_2")


def test_a_store_writes_outside_of_the_users_transaction(engine: sa.Engine, store: SqlStore) -> None:
    store.create_table()
    with engine.connect() as db:
        db.execute(sa.text("SELECT 1"))
        store.put("entry", b"value")
        db.rollback()
    assert store.get("entry") == b"value"


def test_a_database_in_memory_serves_one_process() -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    store = SqlStore(engine, key=KEY)
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"value", fence=fence)
    assert store.get("entry") == b"value"
    engine.dispose()


@pytest.mark.parametrize("name", ["", "a", "A", "a ", " a", "é", "x" * 10_000, "0" * 64, "'; DROP TABLE t; --", "\0"])
def test_any_name_is_one_of_an_entry(store: SqlStore, name: str) -> None:
    store.put(name, b"value")
    store.put(f"{name}.", b"another")
    assert store.get(name) == b"value"


# --- locks


def test_a_lock_of_a_dead_holder_expires_by_the_clock_of_the_database(
    engine: sa.Engine, store: SqlStore, table: str
) -> None:
    from freezegun import freeze_time

    with store.lock("entry", wait=0) as late:
        with freeze_time("2099-01-01"), pytest.raises(EntryLocked), store.lock("entry", wait=0):
            pass
        other = SqlStore(engine, key=KEY, table=table)
        with freeze_time("2099-01-01"), pytest.raises(EntryLocked), other.lock("entry", wait=0):
            pass
        execute(engine, f"UPDATE {table} SET locked_until = locked_until - 60")  # noqa: S608  as if a minute had passed
        with other.lock("entry", wait=0) as fence:
            assert fence > late
            with pytest.raises(StaleFence):
                store.put("entry", b"late", fence=late)
            other.put("entry", b"value", fence=fence)
    with other.lock("entry", wait=0):
        pass


def test_who_lost_the_lock_does_not_free_anothers(engine: sa.Engine, store: SqlStore, table: str) -> None:
    other = SqlStore(engine, key=KEY, table=table)
    first = store.lock("entry", wait=0)
    first.__enter__()
    execute(engine, f"UPDATE {table} SET locked_until = 1")  # noqa: S608
    with other.lock("entry", wait=0):
        first.__exit__(None, None, None)
        with pytest.raises(EntryLocked), store.lock("entry", wait=0):
            pass


def test_purge_drops_the_rows_of_locks_that_nobody_writes_with(engine: sa.Engine, store: SqlStore, table: str) -> None:
    with store.lock("old", wait=0):
        pass
    with store.lock("new", wait=0), store.lock("held", wait=0):
        execute(engine, f"UPDATE {table} SET fence = 1 WHERE entry <> :new", new=_name("new"))  # noqa: S608
        assert store.purge() == 0
        assert execute(engine, f"SELECT count(*) FROM {table}") == [(2,)]  # noqa: S608


def _name(entry: str) -> str:
    import hashlib

    return hashlib.sha256(entry.encode()).hexdigest()


# --- damage and failures


@pytest.mark.parametrize(
    "wrong", ["fence = -5", "fence = 9223372036854775807", "locked_until = 1e300, owner = 'x'", "owner = 'x'",
              "locked_until = -1e300, owner = 'x'"]
)  # fmt: skip
def test_a_damaged_row_heals(engine: sa.Engine, store: SqlStore, table: str, wrong: str) -> None:
    with store.lock("entry", wait=0):
        pass
    execute(engine, f"UPDATE {table} SET {wrong}")  # noqa: S608
    with store.lock("entry", wait=0) as fence:
        assert 0 < fence < 2**53
        store.put("entry", b"value", fence=fence)
    assert store.get("entry") == b"value"


@pytest.mark.parametrize("wrong", ["data = 'a text'", "data = 5", "expires_at = 'never'", "expires_at = x'ff'"])
def test_a_value_of_another_type_is_damage_until_it_is_written_again(tmp_path: Path, wrong: str) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x'}")
    store = SqlStore(engine, key=KEY)
    store.put("entry", b"value", lifetime=60)
    execute(engine, f"UPDATE oauth2_tokens SET {wrong}")  # noqa: S608
    with pytest.raises(StoreCorrupted):
        store.get("entry")
    store.put("entry", b"value")
    assert store.get("entry") == b"value"
    engine.dispose()


def test_a_database_that_is_away_is_an_error_without_the_statement() -> None:
    from devkit.redis_server import free_port

    engine = sa.create_engine(f"postgresql+psycopg://user:planted-password@127.0.0.1:{free_port()}/x")
    store = SqlStore(engine, key=KEY)
    for use in (
        lambda: store.get("entry"),
        lambda: store.put("entry", VALUE),
        lambda: store.delete("entry"),
        lambda: store.lock("entry", wait=0).__enter__(),
        store.purge,
        store.create_table,
    ):
        with pytest.raises(StoreUnavailable, match="can't be used") as error:
            use()
        assert "planted" not in "".join(traceback.format_exception(error.value))
    assert "planted" not in repr(store)
    engine.dispose()


def test_a_table_of_another_program_is_an_error(engine: sa.Engine, table: str) -> None:
    execute(engine, f"CREATE TABLE {table} (something INTEGER)")
    with pytest.raises(StoreUnavailable):
        SqlStore(engine, key=KEY, table=table).put("entry", b"planted")
