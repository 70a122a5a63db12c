"""One SQLite file that any number of processes write to: entries, and the fencing numbers of their locks.

A write is a transaction: after a crash at any moment the file has either the old state or the new one. A process must
not take an open SQLite file across a fork, so it is closed before, and opened again when it is needed. The file may be
damaged, or have been written by someone else: what is read has any type until it is checked.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .._core.redaction import one_line
from ._forks import ForkAware
from ._user_files import check_file, file_errors, make_file, make_folder
from .base import (
    StaleFence,
    StoreCorrupted,
    StoreUnavailable,
    careful_now,
    epoch,
    next_fence,
    outdated_fence,
    read_fence,
)

BUSY_TIMEOUT = 10  # seconds to wait for the writes of other processes, each of which takes milliseconds
RETRY_DELAY = 0.01  # seconds
APPLICATION_ID = 0x726F6132  # "roa2", in the header of the file
LAYOUT = 1
SIDE_FILES = ("-wal", "-shm", "-journal")  # what SQLite reads beside the file

MAKE_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    entry TEXT PRIMARY KEY,
    fence INTEGER NOT NULL,
    data BLOB,
    expires_at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at);
CREATE TABLE IF NOT EXISTS last_write (id INTEGER PRIMARY KEY CHECK (id = 0), at REAL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {LAYOUT};
COMMIT;
"""
HAS_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('entries', 'last_write')"
GET = """
SELECT CASE typeof(data) WHEN 'blob' THEN data WHEN 'null' THEN NULL ELSE 'damaged' END
FROM entries WHERE entry = ? AND (expires_at IS NULL OR expires_at > ?)
"""
LAST_FENCE = "SELECT fence FROM entries WHERE entry = ?"
FENCE = """
INSERT INTO entries (entry, fence, expires_at) VALUES (?, ?, ?)
ON CONFLICT (entry) DO UPDATE SET fence = excluded.fence
"""
PUT = """
INSERT INTO entries (entry, fence, data, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (entry) DO UPDATE SET fence = excluded.fence, data = excluded.data, expires_at = excluded.expires_at
"""
LAST_WRITE = "SELECT at FROM last_write"
WRITTEN = "INSERT OR REPLACE INTO last_write (id, at) VALUES (0, ?)"
EXPIRED = "SELECT entry FROM entries WHERE data IS NOT NULL AND expires_at <= ?"
EMPTY_EXPIRED = "UPDATE entries SET data = NULL WHERE data IS NOT NULL AND expires_at <= ?"
SWEEP = "DELETE FROM entries WHERE expires_at <= ? AND fence < ?"
SWEEP_EMPTY = f"{SWEEP} AND data IS NULL"


_MAKING = threading.Lock()  # taken below a ledger's mutex only, which a fork waits for


class Ledger(ForkAware):
    """The file, opened when it is first needed.

    Args:
        path: where it is.
        sweeps_data: whether a write drops the entries that have expired; else only numbers of locks.
    """

    def __init__(self, path: Path, *, sweeps_data: bool = True) -> None:
        super().__init__()
        self.path = path
        self._sweep = SWEEP if sweeps_data else SWEEP_EMPTY
        self._mutex = threading.RLock()  # of a signal handler that forks, too
        self._file: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def get(self, entry: str) -> bytes | None:
        """Return what is stored and not expired, or None.

        Raises:
            StoreCorrupted: it is not bytes.
        """
        with self._mutex, self._translated_errors():
            row = self._connection().execute(GET, (entry, epoch())).fetchone()
        data = None if row is None else row[0]
        if data is not None and not isinstance(data, bytes):
            msg = f"The entry {one_line(entry)} of {self.path} is damaged: delete it and log in again."
            raise StoreCorrupted(msg)
        return data

    def put(self, entry: str, data: bytes | None, *, expires_at: float | None, fence: int | None) -> None:
        """Store, or with None as data, drop.

        Raises:
            StaleFence: the entry was locked again since.
        """
        with self.writing(entry, fence) as last:
            self.record(entry, data, expires_at, max(last, fence or 0))

    def record(self, entry: str, data: bytes | None, expires_at: float | None, fence: int) -> None:
        """Write a row, within `writing`, and drop what has expired."""
        file, now = self._connection(), epoch()
        file.execute(PUT, (entry, fence, data, now if data is None else expires_at))
        row = file.execute(LAST_WRITE).fetchone()
        file.execute(self._sweep, (careful_now(_number(row and row[0])), outdated_fence()))
        file.execute(WRITTEN, (now,))

    def new_fence(self, entry: str) -> int:
        """Return a number above all those before it for this entry, for the holder of its lock."""
        with self.writing(entry, None) as last:
            fence = next_fence(last)
            self._connection().execute(FENCE, (entry, fence, epoch()))
        return fence

    def expired(self) -> list[str]:
        """Return the names of the entries that have expired."""
        with self._mutex, self._translated_errors():
            rows = self._connection().execute(EXPIRED, (epoch(),)).fetchall()
        return [str(name) for (name,) in rows]

    def purge(self) -> int:
        """Drop what has expired, and the numbers of locks that are no longer in use; return how many entries."""
        with self.transaction() as file:
            count = file.execute(EMPTY_EXPIRED, (epoch(),)).rowcount  # the number of a lock may still be needed
            file.execute(SWEEP_EMPTY, (epoch(), outdated_fence()))
        return count

    @contextmanager
    def writing(self, entry: str, fence: int | None) -> Iterator[int]:
        """Be the only writer of the file, with a fencing number that is not outdated; the value is the last one.

        Raises:
            StaleFence: the entry was locked again since.
        """
        with self.transaction() as file:
            row = file.execute(LAST_FENCE, (entry,)).fetchone()
            last = read_fence(row and row[0])
            if fence is not None and fence < last:
                raise StaleFence(entry)
            yield last

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Be the only writer of the file."""
        with self._mutex, self._translated_errors():
            file = self._connection()
            try:
                file.execute("BEGIN IMMEDIATE")
                yield file
                file.execute("COMMIT")
            finally:
                if file.in_transaction:
                    file.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()

    def _connection(self) -> sqlite3.Connection:
        """Return the open file. One that was deleted or replaced is not written to any more."""
        if self._file is None or (not self._file.in_transaction and self._identity != self._find_identity()):
            self.close()
            self._file = self._open()
            self._identity = self._find_identity()
        return self._file

    def _find_identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        with _MAKING:  # closing a file frees what SQLite holds of it in other threads, so they open it later
            make_file(self.path)
        for suffix in SIDE_FILES:
            check_file(self.path.with_name(self.path.name + suffix), may_be_missing=True)
        end = time.monotonic() + BUSY_TIMEOUT
        while True:
            try:
                return _set_up(self.path)
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(RETRY_DELAY)  # SQLite itself does not wait while another process turns on the write-ahead log

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, and close a file that failed."""
        try:
            with file_errors(self.path):
                yield
        except UnicodeDecodeError:  # in an error's message, or a name
            self.close()
            msg = f"The token store {self.path} is damaged. Move it away, and log in again."
            raise StoreCorrupted(msg) from None
        except sqlite3.Error as problem:
            self.close()
            code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # none: of the module itself
            if code in DAMAGED or not isinstance(problem, sqlite3.OperationalError):
                msg = f"The token store {self.path} is damaged: {problem}. Move it away, and log in again."
                raise StoreCorrupted(msg) from None
            msg = f"The token store {self.path} can't be used: {problem}. Check the disk, and who else writes to it."
            raise StoreUnavailable(msg) from None

    def _before_fork(self) -> None:
        self._mutex.acquire()
        if self._file is not None and not self._file.in_transaction:
            self.close()

    def _after_fork_in_parent(self) -> None:
        self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._mutex.release()


DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
)  # the last: a table is missing


def _read_text(data: bytes) -> str:
    """Return text in the file. What is not UTF-8 is replaced: where bytes are expected, any text is damage."""
    return data.decode(errors="replace")


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _set_up(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        has_tables = _check_origin(file, path)
        file.execute("PRAGMA journal_mode = WAL")  # readers don't wait; where a file system can't, it stays as it was
        file.execute("PRAGMA synchronous = FULL")  # what is written is there after a power cut
        file.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        if not has_tables:
            file.executescript(MAKE_TABLES)
    except BaseException:
        file.close()
        raise
    file.text_factory = _read_text
    return file


def _check_origin(file: sqlite3.Connection, path: Path) -> bool:
    """Return whether the file has all its tables; refuse one that another program made."""
    is_empty = not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]  # first: others make it meanwhile
    marks = [file.execute(f"PRAGMA {mark}").fetchone()[0] for mark in ("application_id", "user_version")]
    is_empty = is_empty and marks == [0, 0]
    if marks != [APPLICATION_ID, LAYOUT] and not is_empty:
        msg = f"{path} was made by another program, or by a later release of this package. Choose another path."
        raise StoreCorrupted(msg)
    return bool(file.execute(HAS_TABLES).fetchone()[0] == 2)  # noqa: PLR2004  a file of 2.0 has one
