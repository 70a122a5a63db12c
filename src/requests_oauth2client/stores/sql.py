"""A store in an SQL database, for any number of machines (extra "sql").

The one module that knows the library `sqlalchemy`. A row for an entry: what is stored, the fencing number, and the
lock, which has an owner and expires by the database's clock. Each change is one statement in a transaction of its own,
whose condition says whether it may be made: so it needs no isolation level, and no lock of the database is held.
"""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

try:
    import sqlalchemy as sa
    from sqlalchemy.exc import IntegrityError, SQLAlchemyError
except ImportError as missing:
    _msg = (
        "SqlStore needs the library sqlalchemy, which is not installed: install it with the extra 'sql', that is"
        " requests_oauth2client[sql]."
    )
    raise ImportError(_msg) from missing

from .._core.redaction import one_line
from ..exceptions import InvalidParam
from ._forks import ForkAware
from ._leases import leased
from ._local_locks import LocalLocks
from ._rows import INSERTS, LONGEST_LOCK, MAX_NAME_SIZE, NOW, row_name, seconds_of
from .base import (
    FENCE_KEPT,
    FENCES_PER_SECOND,
    LONGEST,
    MAX_FENCE,
    StaleFence,
    StoreCorrupted,
    StoreUnavailable,
    TokenStore,
    attempts,
    read_fence,
)

R = TypeVar("R")


class SqlStore(TokenStore, ForkAware):
    """Keeps entries in a table of an SQL database, encrypted before they leave this process.

    The table is made at the first use, or by `create_table()`. What has expired is no longer returned, and dropped by
    `purge()`: call it from time to time.

    Args:
        engine: a SQLAlchemy `Engine`, for both clients. Its own transactions are not touched.
        key: encrypts entries, the same for all machines; see `TokenStore`.
        table: the name of the table.
        schema: the schema that it is in; by default that of the connection.
        lock_lifetime: seconds after which the lock of a holder that died is free, 3600 at most. The lock of one that
            lives is extended in time.
        allow_plaintext: do without a key. Anyone who reads the database or its backups can use the tokens.

    Raises:
        InvalidParam: there is no key; the engine is something else, such as an `AsyncEngine`.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        key: bytes | Iterable[bytes] | None = None,
        table: str = "oauth2_tokens",
        schema: str | None = None,
        lock_lifetime: float = 10,
        allow_plaintext: bool = False,
    ) -> None:
        TokenStore.__init__(self, key=key)
        ForkAware.__init__(self)
        if self.keys is None and not allow_plaintext:
            msg = (
                "A SqlStore needs a key: pass the same key=... of 32 random bytes on all machines, or say"
                " allow_plaintext=True: then anyone who reads the database can use the tokens."
            )
            raise InvalidParam(msg)
        given: object = engine
        if not isinstance(given, sa.Engine):
            kind = type(given).__qualname__
            msg = f"A SqlStore takes a sqlalchemy.Engine, for both clients, got {kind}: pass create_engine(url)."
            raise InvalidParam(msg)
        if not 0 < lock_lifetime <= LONGEST_LOCK:
            msg = f"lock_lifetime={lock_lifetime!r}: expected seconds, more than 0 and at most {LONGEST_LOCK}."
            raise InvalidParam(msg)
        self.lock_lifetime = lock_lifetime
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._table = _make_table(table, schema)
        self._now: sa.ColumnElement[object] = sa.literal_column(NOW.get(engine.dialect.name, "CURRENT_TIMESTAMP"))
        self._threads = LocalLocks()
        self._is_in_memory = engine.dialect.name == "sqlite" and engine.url.database in {None, "", ":memory:"}
        is_file = engine.dialect.name == "sqlite" and not self._is_in_memory
        self._mutex = threading.RLock() if is_file else None  # an open SQLite file must not cross a fork
        self._is_made = False
        self._making = threading.Lock()

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        t = self._table.c
        row = self._run(
            lambda db: db.execute(sa.select(t.data, t.expires_at).where(t.entry == row_name(entry))).first()
        )
        if row is None or row.data is None:
            return None
        if not isinstance(row.data, bytes) or not isinstance(row.expires_at, (int, float, type(None))):
            msg = f"The entry {one_line(entry)} of the table {self._table.name} is damaged: delete it and log in again."
            raise StoreCorrupted(msg)
        if row.expires_at is not None and row.expires_at <= self._run(self._read_clock):
            return None
        return row.data

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        self._run(functools.partial(self._write, entry=entry, data=data, lifetime=lifetime, fence=fence))

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        self._run(functools.partial(self._write, entry=entry, data=None, lifetime=None, fence=fence))

    def lock(self, entry: str, *, wait: float) -> AbstractContextManager[int]:
        """Hold the lock of an entry; when a holder dies, its lock expires after `lock_lifetime` seconds."""
        owner = secrets.token_hex(16)
        return leased(
            self._threads,
            entry,
            wait,
            lifetime=self.lock_lifetime,
            acquire=functools.partial(self._acquire_in_time, entry, owner),
            extend=functools.partial(self._set_lock, entry, owner, self.lock_lifetime),
            release=functools.partial(self._set_lock, entry, owner, None),
        )

    def close(self) -> None:
        """Do nothing: the engine and its connections stay yours."""

    def purge(self) -> int:
        """Drop all entries that have expired; return how many."""
        return self._run(self._drop_expired)

    def create_table(self) -> None:
        """Make the table if it is missing. The first use does so too; migrations may do it instead.

        Raises:
            StoreUnavailable: it can't be made.
        """
        with self._mutex or nullcontext(), _translated_errors(), self._engine.connect() as db:
            try:
                self._table.create(db, checkfirst=True)
            except SQLAlchemyError:  # another process may have made it meanwhile
                if not sa.inspect(db).has_table(self._table.name, schema=self._table.schema):
                    raise
        self._is_made = True

    def _run(self, use: Callable[[sa.Connection], R]) -> R:
        if not self._is_made:
            with self._making:
                if not self._is_made:
                    self.create_table()
        with self._mutex or nullcontext(), _translated_errors(), self._engine.connect() as db:
            return use(db)

    def _read_clock(self, db: sa.Connection) -> float:
        return seconds_of(db.execute(sa.select(self._now)).scalar_one())

    def _write(
        self, db: sa.Connection, *, entry: str, data: bytes | None, lifetime: float | None, fence: int | None
    ) -> None:
        t, name = self._table.c, row_name(entry)
        ends = lifetime is not None and lifetime < LONGEST
        expires_at = self._read_clock(db) + lifetime if ends and lifetime is not None else None
        values = {"data": data, "expires_at": expires_at} | ({} if fence is None else {"fence": fence})
        is_mine = t.entry == name if fence is None else sa.and_(t.entry == name, t.fence <= fence)
        for _ in range(INSERTS):
            if db.execute(sa.update(self._table).where(is_mine).values(values)).rowcount:
                return
            if db.execute(sa.select(t.entry).where(t.entry == name)).first() is not None and fence is not None:
                raise StaleFence(entry)
            if data is None or self._insert(db, {"entry": name, "fence": 0} | values):
                return
        msg = "A row of the table is inserted and deleted by others all the time. Check what else uses the table."
        raise StoreUnavailable(msg)

    def _insert(self, db: sa.Connection, values: Mapping[str, object]) -> bool:
        """Insert a row; return False if another process has done so meanwhile."""
        try:
            db.execute(sa.insert(self._table).values(values))
        except IntegrityError:
            return False
        return True

    def _acquire_in_time(self, entry: str, owner: str, wait: float) -> int | None:
        """Try until the lock is free; return the fencing number, or None after `wait` seconds."""
        for _ in attempts(wait):
            fence = self._run(functools.partial(self._acquire, name=row_name(entry), owner=owner))
            if fence is not None:
                return fence
        return None

    def _acquire(self, db: sa.Connection, *, name: str, owner: str) -> int | None:
        t, now = self._table.c, self._read_clock(db)
        number = int(now * FENCES_PER_SECOND)
        grown = sa.case((t.fence.between(number, MAX_FENCE), t.fence + 1), else_=number)
        is_free = sa.or_(t.owner.is_(None), t.locked_until.is_(None), ~t.locked_until.between(now, now + LONGEST_LOCK))
        taken = {"owner": owner, "locked_until": now + self.lock_lifetime}
        update = sa.update(self._table).where(t.entry == name, is_free).values(fence=grown, **taken)
        if not db.execute(update).rowcount and not self._insert_missing(db, {"entry": name, "fence": number, **taken}):
            return None
        row = db.execute(sa.select(t.fence).where(t.entry == name, t.owner == owner)).first()
        return None if row is None else read_fence(row.fence) or None

    def _insert_missing(self, db: sa.Connection, values: dict[str, object]) -> bool:
        t = self._table.c
        if db.execute(sa.select(t.entry).where(t.entry == values["entry"])).first() is not None:
            return False
        return self._insert(db, values)

    def _set_lock(self, entry: str, owner: str, lifetime: float | None) -> bool:
        """Extend a lock, or release it; return whether it was still held."""

        def write(db: sa.Connection) -> bool:
            t = self._table.c
            until = self._read_clock(db) + lifetime if lifetime else None
            mine = sa.and_(t.entry == row_name(entry), t.owner == owner)
            change = sa.update(self._table).where(mine).values(owner=owner if lifetime else None, locked_until=until)
            return bool(db.execute(change).rowcount)

        return self._run(write)

    def _drop_expired(self, db: sa.Connection) -> int:
        t, now = self._table.c, self._read_clock(db)
        is_over = sa.and_(t.data.is_not(None), t.expires_at <= now)
        count = db.execute(sa.update(self._table).where(is_over).values(data=None)).rowcount
        is_unused = sa.and_(t.owner.is_(None), t.fence < int((now - FENCE_KEPT) * FENCES_PER_SECOND))
        db.execute(sa.delete(self._table).where(t.data.is_(None), is_unused))
        return int(count)

    def _before_fork(self) -> None:
        if self._mutex is not None:
            self._mutex.acquire()
            self._engine.dispose()

    def _after_fork_in_parent(self) -> None:
        if self._mutex is not None:
            self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._making = threading.Lock()
        if self._mutex is not None:
            self._mutex.release()
        elif not self._is_in_memory:
            self._engine.dispose(close=False)  # the connections are the parent's


def _make_table(name: str, schema: str | None) -> sa.Table:
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("entry", sa.String(MAX_NAME_SIZE), primary_key=True),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary().with_variant(sa.LargeBinary(1 << 24), "mysql", "mariadb")),
        sa.Column("expires_at", sa.Double),
        sa.Column("owner", sa.String(32)),
        sa.Column("locked_until", sa.Double),
        schema=schema,
    )


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn errors of the library into ours. They quote statements with their values, so only the class is shown."""
    try:
        yield
    except SQLAlchemyError as problem:
        kinds = [type(one).__name__ for one in (problem, getattr(problem, "orig", None)) if one is not None]
        msg = (
            f"The database can't be used ({': '.join(kinds)}). Check its address, its log, and the rights of this user."
        )
        raise StoreUnavailable(msg) from None
    except (ValueError, TypeError, ArithmeticError):
        msg = "The database returned something that no token store has written. Check that nothing else uses the table."
        raise StoreCorrupted(msg) from None


__all__ = ["SqlStore"]
