"""One SQLite file that any number of processes write to: entries, and the fencing numbers of their locks.

A write is a transaction: after a crash at any moment the file has either the old or what came after. A process
must not take an open SQLite file across a fork, so it is closed before, and opened again by whoever needs it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ._forks import ForkAware
from ._user_files import file_errors, make_file, make_folder
from .base import FENCE_KEPT, StaleFence, StoreCorrupted, StoreUnavailable, epoch, next_fence

BUSY = 10  # seconds to wait for the writes of other processes, each of which takes milliseconds
AGAIN = 0.01  # seconds
OURS = 0x726F6132  # "roa2", in the header of the file
LAYOUT = 1

MAKE = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    entry TEXT PRIMARY KEY,
    fence INTEGER NOT NULL,
    data BLOB,
    expires_at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at);
PRAGMA application_id = {OURS};
PRAGMA user_version = {LAYOUT};
COMMIT;
"""
GET = "SELECT data FROM entries WHERE entry = ? AND (expires_at IS NULL OR expires_at > ?)"
LAST_FENCE = "SELECT fence FROM entries WHERE entry = ?"
FENCE = """
INSERT INTO entries (entry, fence, expires_at) VALUES (?, ?, ?)
ON CONFLICT (entry) DO UPDATE SET fence = excluded.fence
"""
PUT = """
INSERT INTO entries (entry, fence, data, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (entry) DO UPDATE SET
    fence = max(fence, excluded.fence), data = excluded.data, expires_at = excluded.expires_at
"""
SWEEP = "DELETE FROM entries WHERE expires_at <= ? AND fence < ?"  # a fence is the time of a lock


class Ledger(ForkAware):
    """The file, opened when it is first needed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._mutex = threading.RLock()  # of a signal handler that forks, too
        self._file: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def get(self, entry: str) -> bytes | None:
        """Return what is stored and not expired, or None."""
        with self._mutex, self._explained():
            row = self._opened().execute(GET, (entry, epoch())).fetchone()
        return None if row is None else row[0]

    def put(self, entry: str, data: bytes | None, *, expires_at: float | None, fence: int | None) -> None:
        """Store, or with None as data, drop.

        Raises:
            StaleFence: the entry was locked again since.
        """
        with self.writing(entry, fence):
            self.record(entry, data, expires_at, fence)

    def record(self, entry: str, data: bytes | None, expires_at: float | None, fence: int | None) -> None:
        """Write a row, within `writing`."""
        moment = epoch()
        file = self._opened()
        file.execute(PUT, (entry, fence or 0, data, expires_at if data is not None else moment))
        file.execute(SWEEP, (moment, int((moment - FENCE_KEPT) * 1_000_000)))

    def new_fence(self, entry: str) -> int:
        """Return a number above all that were given for this entry; its holder has the lock on it."""
        with self.writing(entry, None) as last:
            fence = next_fence(last)
            self._opened().execute(FENCE, (entry, fence, epoch()))
        return fence

    @contextmanager
    def writing(self, entry: str, fence: int | None) -> Iterator[int]:
        """Be the only writer of the file, with a fencing number that is not outdated; gives the last one.

        Raises:
            StaleFence: the entry was locked again since.
        """
        with self._mutex, self._explained():
            file = self._opened()
            file.execute("BEGIN IMMEDIATE")
            try:
                row = file.execute(LAST_FENCE, (entry,)).fetchone()
                last: int = 0 if row is None else row[0]
                if fence is not None and fence < last:
                    raise StaleFence(entry)
                yield last
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

    def _opened(self) -> sqlite3.Connection:
        """Return the open file. One that was deleted or replaced is not written to any more."""
        if self._file is None or (not self._file.in_transaction and self._identity != self._identity_now()):
            self.close()
            self._file = self._open()
            self._identity = self._identity_now()
        return self._file

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        make_file(self.path)
        end = time.monotonic() + BUSY
        while True:
            try:
                return _set_up(self.path)
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(AGAIN)  # SQLite itself does not wait while another process turns on the write-ahead log

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, and close a file that failed."""
        try:
            with file_errors(self.path):
                yield
        except sqlite3.OperationalError as problem:
            self.close()
            msg = f"The token store {self.path} can't be used: {problem}. Check the disk, and who else writes to it."
            raise StoreUnavailable(msg) from None
        except sqlite3.DatabaseError as problem:
            self.close()
            msg = f"The token store {self.path} is damaged: {problem}. Move it away, and log in again."
            raise StoreCorrupted(msg) from None

    def _before_fork(self) -> None:
        self._mutex.acquire()
        if self._file is not None and not self._file.in_transaction:
            self.close()

    def _after_fork_in_parent(self) -> None:
        self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._mutex.release()


def _set_up(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        is_made = _is_made(file, path)
        file.execute("PRAGMA journal_mode = WAL")  # readers don't wait; where a file system can't, it stays as it was
        file.execute("PRAGMA synchronous = FULL")  # what is written is there after a power cut
        file.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        if not is_made:
            file.executescript(MAKE)
    except BaseException:
        file.close()
        raise
    return file


def _is_made(file: sqlite3.Connection, path: Path) -> bool:
    """Tell whether the file has its tables; refuse one that another program made."""
    is_empty = not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]  # first: others make it meanwhile
    marks = [file.execute(f"PRAGMA {mark}").fetchone()[0] for mark in ("application_id", "user_version")]
    is_empty = is_empty and marks == [0, 0]
    if marks != [OURS, LAYOUT] and not is_empty:
        msg = f"{path} was made by another program, or a later release of this package. Choose another path."
        raise StoreCorrupted(msg)
    return not is_empty
