"""Files of one user: where they belong, who may read them, and locks on them that end with their process.

The one module that knows `filelock` and `platformdirs` (the extras "file" and "keyring"). On Windows, a user's
folders are closed to others by themselves, and modes mean nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import filelock
    import platformdirs
except ImportError as missing:
    _msg = (
        "FileStore and KeyringStore need filelock and platformdirs, which are not installed: install them with the"
        " extra 'file' or 'keyring', for instance requests_oauth2client[file]."
    )
    raise ImportError(_msg) from missing

from .base import EntryLocked, StoreUnavailable

HAS_MODES = os.name != "nt"
_MAKING = threading.Lock()  # never held at a fork, which waits for who opens a file
POLL = 0.02  # seconds between two tries of one process for a lock; only one of its threads tries


def state_folder() -> Path:
    """Return the folder where a user's programs keep what they have to remember."""
    return platformdirs.user_state_path("requests_oauth2client", appauthor=False)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into our error."""
    try:
        yield
    except OSError as problem:
        msg = (
            f"The token store {path} can't be used: {problem.strerror or type(problem).__name__}. Check that its folder"
            " can be written, and that the disk is not full."
        )
        raise StoreUnavailable(msg) from None


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone; one that is there must not be open for others to write.

    Raises:
        StoreUnavailable: others could put files of theirs there, or it can't be made.
    """
    with file_errors(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode
    if HAS_MODES and mode & 0o022 and not mode & stat.S_ISVTX:
        msg = (
            f"Others may write to the folder {path} (mode {mode & 0o7777:o}), and replace the token file in it. Close"
            " it with `chmod go-w`, or keep the tokens elsewhere."
        )
        raise StoreUnavailable(msg)


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone; one that is there must be such.

    Raises:
        StoreUnavailable: others may read or write it, or it can't be made.
    """
    with _MAKING, file_errors(path):  # closing a file frees what SQLite holds of it in other threads
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        msg = f"The token file {path} is a link, or no file at all. Say where the file itself is."
        raise StoreUnavailable(msg)
    if HAS_MODES and (found.st_mode & 0o077 or found.st_uid != os.geteuid()):
        msg = (
            f"The token file {path} is open to others: mode {found.st_mode & 0o7777:o}, owner {found.st_uid}. Take it"
            " as read: delete it, and log in again."
        )
        raise StoreUnavailable(msg)


class FileLocks:
    """A lock for each entry, as files in a folder. The operating system frees those of a process that dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, entry: str, wait: float) -> Iterator[None]:
        """Be the only process that holds an entry; threads of this process must be kept apart before.

        Raises:
            EntryLocked: another process held it for `wait` seconds.
            StoreUnavailable: the file of the lock can't be made.
        """
        make_folder(self._folder)
        name = hashlib.sha256(entry.encode()).hexdigest()[:32]  # any name can be one of a file
        lock = filelock.FileLock(self._folder / f"{name}.lock", mode=0o600, thread_local=False, poll_interval=POLL)
        with file_errors(self._folder):
            try:
                lock.acquire(timeout=max(wait, 0))
            except filelock.Timeout:  # an OSError too
                raise EntryLocked(entry, seconds=wait) from None
        try:
            yield
        finally:
            lock.release()
