"""A file with the keys of a store, for machines without a system keyring: base64url, one key a line."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from .._core.encoding import b64u_decode, b64u_encode
from ..serializers import MIN_KEY_SIZE
from ._user_files import FILE_MODE, HAS_MODES, ROOT, file_errors, make_folder
from .base import StoreCorrupted, StoreUnavailable

MAX_FILE_SIZE = 1 << 16  # bytes


def keys_in_file(path: Path) -> tuple[bytes, ...]:
    """Return the keys in a file; one is made there if the file is missing.

    Raises:
        StoreUnavailable: it can't be read or made, or others may write to it.
        StoreCorrupted: it holds something else.
    """
    with file_errors(path):
        if not path.exists():
            _make(path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a link is fine: secrets are mounted so
        with os.fdopen(descriptor, "rb") as file:
            _check(path, os.fstat(descriptor))
            text = file.read(MAX_FILE_SIZE + 1)
    return _parse(path, text if len(text) <= MAX_FILE_SIZE else b"")


def _make(path: Path) -> None:
    """Make the file with a new key, whole or not at all; another process's file stays."""
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if HAS_MODES:
                os.fchmod(descriptor, FILE_MODE)
            file.write(b64u_encode(secrets.token_bytes(MIN_KEY_SIZE)).encode() + b"\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        msg = f"The key file {path} is not a regular file."
        raise StoreUnavailable(msg)
    if HAS_MODES and (found.st_uid not in {os.geteuid(), ROOT} or found.st_mode & 0o022):
        msg = (
            f"Others may write to the key file {path}: mode {found.st_mode & 0o7777:o}, owner {found.st_uid}. Use"
            " a key file that only this user or root may write to."
        )
        raise StoreUnavailable(msg)


def _parse(path: Path, text: bytes) -> tuple[bytes, ...]:
    try:
        keys = tuple(b64u_decode(line.strip()) for line in text.splitlines() if line.strip())
    except ValueError:
        keys = ()
    if not keys or any(len(key) < MIN_KEY_SIZE for key in keys):
        msg = (
            f"The key file {path} holds no key: expected a line of base64url for each key, of at least {MIN_KEY_SIZE}"
            f" random bytes, as secrets.token_urlsafe({MIN_KEY_SIZE}) makes them."
        )
        raise StoreCorrupted(msg)
    return keys
