"""A store in a file, for one user and any number of processes: what a command-line program needs (extra "file").

Owns where the file is and which key encrypts it; `_ledger` owns what is in it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .._core.redaction import one_line
from ..exceptions import InvalidParam
from ._key_file import keys_in_file
from ._ledger import Ledger
from ._local_locks import LocalLocks
from ._user_files import FileLocks, state_folder
from .base import TokenStore, expiry_of

DEFAULT_APP = "requests_oauth2client"


class FileStore(TokenStore):
    """Keeps entries in a file that only its user may read, encrypted.

    Its folder must belong to this user and be closed to others for writing; folders that are missing are made so.

    Args:
        path: the file; its locks are in the folder beside it whose name ends with `.locks`. By default `tokens.db` in
            the folder where the user's programs keep their state.
        app: the name of your program, instead of a path: the file is in the folder of its state, and its key is under
            this name in the system keyring.
        key: encrypts entries; see `TokenStore`. By default one from the system keyring (extra "keyring"), made there
            at the first use.
        key_file: a file with the key, for machines without a keyring: base64url, one key a line, the first encrypts.
            Made with a new key at the first use if it is missing.
        allow_plaintext: where there is no key, do not encrypt. Anyone who gets the file, from a backup or a lost disk,
            can use the tokens.

    Raises:
        InvalidParam: `path` and `app`, or `key` and `key_file` are given together; `app` is no name of a folder. At the
            first use: there is no key.
        StoreUnavailable: at the first use, if the system keyring or the key file is there, but can't be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        app: str | None = None,
        key: bytes | Iterable[bytes] | None = None,
        key_file: str | os.PathLike[str] | None = None,
        allow_plaintext: bool = False,
    ) -> None:
        super().__init__(key=key)
        if (path is not None and app is not None) or (key is not None and key_file is not None):
            msg = "Pass either path= or app=, and either key= or key_file=."
            raise InvalidParam(msg)
        self._app = DEFAULT_APP if app is None else _checked_app(app)
        default = state_folder(self._app) / "tokens.db"
        self.path = (default if path is None else Path(path).expanduser()).absolute()
        self._key_file = None if key_file is None else Path(key_file).expanduser().absolute()
        self._allow_plaintext = allow_plaintext
        self._has_keys = key is not None
        self._ledger = Ledger(self.path)
        self._threads = LocalLocks()
        self._processes = FileLocks(self.path.with_name(f"{self.path.name}.locks"))

    @property
    def keys(self) -> tuple[bytes, ...] | None:
        """What entries are encrypted with before they come here; asked for when it is first needed.

        Raises:
            InvalidParam: there is no key.
            StoreUnavailable: the system keyring or the key file can't be read.
        """
        if not self._has_keys:
            self._keys = self._find_keys()  # without a lock, which a fork could leave locked: all threads find the same
            self._has_keys = True
        return self._keys

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        return self._ledger.get(entry)

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        self._ledger.put(entry, data, expires_at=expiry_of(lifetime), fence=fence)

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        self._ledger.put(entry, None, expires_at=None, fence=fence)

    @contextmanager
    def lock(self, entry: str, *, wait: float) -> Iterator[int]:
        """Hold the lock of an entry; when a holder dies, the operating system lets the next one in."""
        end = time.monotonic() + wait
        with self._threads.hold(entry, wait), self._processes.hold(entry, end - time.monotonic()):
            yield self._ledger.new_fence(entry)

    def close(self) -> None:
        """Close the file."""
        self._ledger.close()

    def purge(self) -> int:
        """Drop all entries that have expired; return how many."""
        return self._ledger.purge()

    def __repr__(self) -> str:
        is_plain = self._has_keys and self._keys is None
        return f"<{type(self).__name__} {str(self.path)!r} {'without' if is_plain else 'with'} encryption>"

    def _find_keys(self) -> tuple[bytes, ...] | None:
        if self._key_file is not None:
            return keys_in_file(self._key_file)
        try:
            from ._system_keyring import key_in_keyring  # noqa: PLC0415  an extra of its own, and 80 ms
        except ImportError:
            key = None
        else:
            key = key_in_keyring(self._app)
        if key is None and not self._allow_plaintext:
            msg = (
                f"There is no key for the token file {self.path}: this machine has no system keyring that protects"
                " one, or the extra 'keyring' is not installed. Pass key_file= with a path, where a key is made at the"
                " first use; or key=secrets.token_bytes(32), and keep it somewhere safe; or allow_plaintext=True: then"
                " anyone who gets the file can use the tokens."
            )
            raise InvalidParam(msg)
        return None if key is None else (key,)


def _checked_app(app: str) -> str:
    if not isinstance(app, str) or not re.fullmatch(r"\w[\w .+-]*(?<![. ])", app):
        msg = f"app={one_line(app)!r} can't be the name of a folder. Use letters, digits, '-', '_' and '.'."
        raise InvalidParam(msg)
    return app


__all__ = ["FileStore"]
