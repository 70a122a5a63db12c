"""Files of one user: where they belong, who may read them, and locks on them that end with their process.

The one module that knows `filelock` and `platformdirs` (the extras "file" and "keyring"). A file is as safe as its
folder: anyone who may write there can put files of theirs beside it, which SQLite would read, or an older copy in its
place. So the folder, the file, the files that SQLite keeps beside it and the lock files must all belong to this user
and be closed to others. What is made here is, whatever the umask. On Windows a user's folders are closed to others by
themselves, and modes mean nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import filelock
    import platformdirs
except ImportError as missing:
    _msg = (
        "Stores on this machine need the libraries filelock and platformdirs, and one is not installed: install them"
        " with the extra of the store, requests_oauth2client[file] for a FileStore, requests_oauth2client[keyring] for"
        " a KeyringStore."
    )
    raise ImportError(_msg) from missing

from .base import EntryLocked, StoreUnavailable, attempts

HAS_MODES = os.name != "nt"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
ROOT = 0  # a user who can read and write everything anyway


def state_folder(app: str = "requests_oauth2client") -> Path:
    """Return the folder where a user's program keeps its state."""
    return platformdirs.user_state_path(app, appauthor=False)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into ours."""
    try:
        yield
    except OSError as problem:
        msg = (
            f"The token store {path} can't be used: {problem.strerror or type(problem).__name__}. Check that its folder"
            " can be written, and that the disk is not full."
        )
        raise StoreUnavailable(msg) from None


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone; check one that is there.

    Raises:
        StoreUnavailable: others can put files of theirs there, or it can't be made.
    """
    with file_errors(path):
        _make_missing_folders(path)
        found = path.stat()
    if not HAS_MODES:
        return
    if found.st_uid not in {os.geteuid(), ROOT}:
        msg = (
            f"The folder {path} belongs to another user ({found.st_uid}), who can replace the token file in it. Keep"
            " the tokens in a folder of your own."
        )
        raise StoreUnavailable(msg)
    if found.st_mode & 0o022:
        msg = (
            f"Others may write to the folder {path} (mode {found.st_mode & 0o7777:o}), and replace the token file or"
            " the files beside it. Close it with `chmod go-w`, or keep the tokens in a folder of their own below it."
        )
        raise StoreUnavailable(msg)


def _make_missing_folders(path: Path) -> None:
    if path.is_dir():
        return
    if path.parent != path:
        _make_missing_folders(path.parent)
    try:
        path.mkdir(FOLDER_MODE)
    except FileExistsError:  # another process has made it meanwhile
        if not path.is_dir():
            raise
    else:
        path.chmod(FOLDER_MODE)  # a umask may have taken the user's own bits too


def make_file(path: Path) -> None:
    """Make an empty file for this user alone; check one that is there.

    Raises:
        StoreUnavailable: others may read or write it, or it can't be made.
    """
    with file_errors(path), suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE)
        try:
            if HAS_MODES:
                os.fchmod(descriptor, FILE_MODE)
        finally:
            os.close(descriptor)
    check_file(path)


def check_file(path: Path, *, may_be_missing: bool = False) -> None:
    """Check that a file belongs to this user, and that no other user may read or write it.

    Raises:
        StoreUnavailable: it does not, or they may.
    """
    with file_errors(path):
        try:
            found = path.lstat()
        except FileNotFoundError:
            if may_be_missing:
                return
            raise
    if not stat.S_ISREG(found.st_mode):
        msg = f"{path} is a symlink or not a regular file. Pass the path of the file itself, or remove it."
        raise StoreUnavailable(msg)
    if HAS_MODES and found.st_uid != os.geteuid():
        msg = (
            f"The file {path} belongs to another user ({found.st_uid}), this program runs as {os.geteuid()}. Assume it"
            " has been disclosed or changed: remove it and log in again."
        )
        raise StoreUnavailable(msg)
    if HAS_MODES and found.st_mode & 0o077:
        msg = (
            f"The file {path} is open to others: mode {found.st_mode & 0o7777:o}. Assume it has been disclosed: delete"
            " it and log in again."
        )
        raise StoreUnavailable(msg)


class FileLocks:
    """A lock for each entry, as files in a folder. The operating system frees those of a process that dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, entry: str, wait: float) -> Iterator[None]:
        """Be the only process that holds an entry; threads of this process must be kept apart before.

        Args:
            entry: its name.
            wait: seconds to wait for another holder; 0 tries once and never blocks.

        Raises:
            EntryLocked: another process held it for `wait` seconds.
            StoreUnavailable: the lock file can't be made, or others may have made it.
        """
        make_folder(self._folder)
        name = hashlib.sha256(entry.encode()).hexdigest()[:32]  # any name can be one of a file
        path = self._folder / f"{name}.lock"
        make_file(path)
        lock = filelock.FileLock(path, mode=FILE_MODE, thread_local=False)
        try:
            if not any(self._is_taken(lock) for _ in attempts(wait)):
                raise EntryLocked(entry, seconds=wait)
            yield
        finally:
            if lock.is_locked:
                lock.release()

    def _is_taken(self, lock: filelock.BaseFileLock) -> bool:
        with file_errors(self._folder):
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:  # an OSError too
                return False
        return True
