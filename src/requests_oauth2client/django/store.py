"""A store in the database of a Django site, for any number of machines (the extra "django").

A row for an entry, as in `SqlStore`: what is stored, the fencing number, and the lock, which has an owner and expires
by the database's clock. Each change is one statement, committed by itself on a connection of the store's own: a
transaction of the request that is rolled back must not take a rotated refresh token with it.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, Error, IntegrityError, connections

from .._core.redaction import one_line
from ..exceptions import InvalidParam
from ..stores._forks import ForkAware
from ..stores._leases import leased
from ..stores._local_locks import LocalLocks
from ..stores._rows import INSERTS, LONGEST_LOCK, NOW, row_name, seconds_of
from ..stores.base import (
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

TABLE = "oauth2_logins_entry"  # of models.StoredEntry
PURPOSE = b"requests_oauth2client.django tokens"


class DjangoStore(TokenStore, ForkAware):
    """Keeps entries in a table of a Django database, encrypted before they leave this process.

    `manage.py migrate` makes the table. What has expired is no longer returned, and dropped by `purge()`: call it from
    time to time. Connections are opened as DATABASES says and closed at the end of a request, unless CONN_MAX_AGE keeps
    them. The one exception is an SQLite database in memory, which has one connection only.

    Args:
        key: encrypts entries; see `TokenStore`. By default keys are derived from SECRET_KEY and SECRET_KEY_FALLBACKS.
        using: the alias of the database. SQLite has one writer at a time: a view that writes in a transaction of its
            own and then calls an API needs another file for tokens.
        lock_lifetime: seconds after which the lock of a holder that died is free, 3600 at most. The lock of one that
            lives is extended in time.

    Raises:
        InvalidParam: `lock_lifetime` is out of range, or the key too short.
    """

    def __init__(
        self, *, key: bytes | Iterable[bytes] | None = None, using: str = DEFAULT_DB_ALIAS, lock_lifetime: float = 10
    ) -> None:
        TokenStore.__init__(self, key=key)
        ForkAware.__init__(self)
        if not 0 < lock_lifetime <= LONGEST_LOCK:
            msg = f"lock_lifetime={lock_lifetime!r}: expected seconds, more than 0 and at most {LONGEST_LOCK}."
            raise InvalidParam(msg)
        self.using, self.lock_lifetime = using, lock_lifetime
        self._threads = LocalLocks()
        self._idle: list[Any] = []  # connections that are not in use now
        self._mutex = threading.RLock()  # for SQLite files, which must not be open across a fork
        request_finished.connect(self._after_request)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What entries are encrypted with: the given keys, else those derived from SECRET_KEY."""
        if self._keys is None:  # settings are read late: a store may be made in the settings module
            self._keys = tuple(map(derive_key, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]))
        return self._keys

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        with self._cursor() as cursor:
            row = _first(cursor, "SELECT data, expires_at FROM {t} WHERE entry = %s", row_name(entry))
            if row is None or row[0] is None:
                return None
            data, expires_at = row
            if not isinstance(data, (bytes, memoryview)) or not isinstance(expires_at, (int, float, type(None))):
                msg = f"The entry {one_line(entry)} of the table {TABLE} is damaged: delete it and log in again."
                raise StoreCorrupted(msg)
            return None if expires_at is not None and expires_at <= self._clock(cursor) else bytes(data)

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        with self._cursor() as cursor:
            ends = lifetime is not None and lifetime < LONGEST
            expires_at = self._clock(cursor) + lifetime if ends and lifetime is not None else None
            value = cursor.db.Database.Binary(data)
            if self._update(cursor, entry, value, expires_at, fence):
                return
            for _ in range(INSERTS):
                if self._insert(cursor, entry=row_name(entry), fence=fence or 0, data=value, expires_at=expires_at):
                    return
                if self._update(cursor, entry, value, expires_at, fence):
                    return
        msg = "A row of the table is inserted and deleted by others all the time. Check what else uses the table."
        raise StoreUnavailable(msg)

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        with self._cursor() as cursor:
            self._update(cursor, entry, None, None, fence)

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

    def purge(self) -> int:
        """Drop all entries that have expired; return how many."""
        with self._cursor() as cursor:
            now = self._clock(cursor)
            _run(cursor, "UPDATE {t} SET data = NULL WHERE data IS NOT NULL AND expires_at <= %s", now)
            count = int(cursor.rowcount)
            unused = "DELETE FROM {t} WHERE data IS NULL AND owner IS NULL AND fence < %s"
            _run(cursor, unused, int((now - FENCE_KEPT) * FENCES_PER_SECOND))
            return count

    def close(self) -> None:
        """Close the connections that are not in use; the next call opens one again."""
        while self._idle:
            self._idle.pop().close()

    # --- statements

    def _clock(self, cursor: Any) -> float:
        now = NOW.get(cursor.db.vendor, "CURRENT_TIMESTAMP")
        row = _first(cursor, f"SELECT {now}{cursor.db.features.bare_select_suffix}")
        return seconds_of(None if row is None else row[0])

    def _update(self, cursor: Any, entry: str, data: object, expires_at: float | None, fence: int | None) -> bool:
        """Write to a row; return False if there is none.

        Raises:
            StaleFence: another holder has locked the entry since.
        """
        name = row_name(entry)
        if fence is None:
            _run(cursor, "UPDATE {t} SET data = %s, expires_at = %s WHERE entry = %s", data, expires_at, name)
            return bool(cursor.rowcount)
        change = "UPDATE {t} SET data = %s, expires_at = %s, fence = %s WHERE entry = %s AND fence <= %s"
        _run(cursor, change, data, expires_at, fence, name, fence)
        if cursor.rowcount:
            return True
        if _first(cursor, "SELECT entry FROM {t} WHERE entry = %s", name) is not None:
            raise StaleFence(entry)
        return False

    def _insert(self, cursor: Any, **values: object) -> bool:
        """Insert a row; return False if another process has done so meanwhile."""
        marks = ", ".join(["%s"] * len(values))
        try:
            _run(cursor, f"INSERT INTO {{t}} ({', '.join(values)}) VALUES ({marks})", *values.values())  # noqa: S608
        except IntegrityError:
            return False
        return True

    def _acquire_in_time(self, entry: str, owner: str, wait: float) -> int | None:
        """Try until the lock is free; return the fencing number, or None after `wait` seconds."""
        for _ in attempts(wait):
            with self._cursor() as cursor:
                fence = self._acquire(cursor, row_name(entry), owner)
            if fence is not None:
                return fence
        return None

    def _acquire(self, cursor: Any, name: str, owner: str) -> int | None:
        now = self._clock(cursor)
        number, until = int(now * FENCES_PER_SECOND), now + self.lock_lifetime
        take = (
            "UPDATE {t} SET fence = CASE WHEN fence BETWEEN %s AND %s THEN fence + 1 ELSE %s END, owner = %s,"
            " locked_until = %s WHERE entry = %s AND (owner IS NULL OR locked_until IS NULL"
            " OR locked_until NOT BETWEEN %s AND %s)"
        )
        _run(cursor, take, number, MAX_FENCE, number, owner, until, name, now, now + LONGEST_LOCK)
        if not cursor.rowcount:
            is_there = _first(cursor, "SELECT entry FROM {t} WHERE entry = %s", name) is not None
            if is_there or not self._insert(cursor, entry=name, fence=number, owner=owner, locked_until=until):
                return None
        row = _first(cursor, "SELECT fence FROM {t} WHERE entry = %s AND owner = %s", name, owner)
        return None if row is None else read_fence(row[0]) or None

    def _set_lock(self, entry: str, owner: str, lifetime: float | None) -> bool:
        """Extend a lock, or release it; return whether it was still held."""
        with self._cursor() as cursor:
            until = self._clock(cursor) + lifetime if lifetime else None
            change = "UPDATE {t} SET owner = %s, locked_until = %s WHERE entry = %s AND owner = %s"
            _run(cursor, change, owner if lifetime else None, until, row_name(entry), owner)
            return bool(cursor.rowcount)

    # --- connections

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """Use a connection of the store's own, which no transaction of a request knows."""
        shared = connections[self.using]
        is_in_memory = shared.vendor == "sqlite" and shared.is_in_memory_db()
        with self._mutex if shared.vendor == "sqlite" else nullcontext(), _translated_errors():
            connection = shared if is_in_memory else self._take(shared)
            is_good = False
            try:
                with connection.cursor() as cursor:
                    yield cursor
                is_good = True
            finally:
                if not is_in_memory:
                    self._give_back(connection, is_good=is_good)

    def _take(self, shared: Any) -> Any:
        with suppress(IndexError):
            return self._idle.pop()
        connection = shared.copy()
        connection.settings_dict["AUTOCOMMIT"] = True
        connection.inc_thread_sharing()
        return connection

    def _give_back(self, connection: Any, *, is_good: bool) -> None:
        if is_good:
            self._idle.append(connection)
        else:
            connection.close()

    def _after_request(self, **_: object) -> None:
        """Close connections at the end of a request, as Django does: those older than CONN_MAX_AGE."""
        with self._mutex:
            kept = []
            while self._idle:
                with suppress(IndexError):  # another thread took the last one
                    connection = self._idle.pop()
                    connection.close_if_unusable_or_obsolete()
                    kept += [connection] if connection.connection is not None else []
            self._idle += kept

    def _before_fork(self) -> None:
        self._mutex.acquire()
        if any(connection.vendor == "sqlite" for connection in self._idle):
            self.close()

    def _after_fork_in_parent(self) -> None:
        self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._mutex.release()
        self._idle = []  # the connections are the parent's


def _run(cursor: Any, statement: str, *values: object) -> None:
    cursor.execute(statement.replace("{t}", cursor.db.ops.quote_name(TABLE)), values)


def _first(cursor: Any, statement: str, *values: object) -> tuple[Any, ...] | None:
    _run(cursor, statement, *values)
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn errors of the database into ours. They quote statements with their values, so only the class is shown."""
    try:
        yield
    except Error as problem:
        kind = type(problem).__name__
        msg = (
            f"The database can't be used ({kind}). Run `manage.py migrate`, and check DATABASES, the database's log,"
            " and whether a transaction of the same view keeps an SQLite file locked."
        )
        raise StoreUnavailable(msg) from None
    except (ValueError, TypeError, ArithmeticError):
        msg = "The database returned something that no token store has written. Check that nothing else uses the table."
        raise StoreCorrupted(msg) from None


def derive_key(secret: str | bytes) -> bytes:
    """Return a key of 32 bytes that belongs to a SECRET_KEY, for this purpose only (HKDF, RFC 5869)."""
    octets = secret.encode() if isinstance(secret, str) else secret
    pseudorandom = hmac.digest(bytes(hashlib.sha256().digest_size), octets, "sha256")
    return hmac.digest(pseudorandom, PURPOSE + b"\x01", "sha256")


__all__ = ["DjangoStore"]
