"""A store in a file, for one user and any number of processes: what a command-line program needs (extra "file").

Owns where the file is and with what it is encrypted; `_ledger` owns what is in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..exceptions import InvalidParam
from ._ledger import Ledger
from ._local_locks import LocalLocks
from ._user_files import FileLocks, state_folder
from .base import TokenStore, expiry_of


class FileStore(TokenStore):
    """Keeps entries in a file that only its user may read, encrypted.

    Args:
        path: the file; its locks are in the folder beside it whose name ends with `.locks`. By default in the folder
            where the user's programs keep their state.
        key: encrypts entries; see `TokenStore`. By default one from the system keyring (extra "keyring"), made there
            at the first use.
        allow_plaintext: where there is neither a key nor a system keyring, do not encrypt. Whoever gets the file, from
            a backup or a lost disk, can use the tokens.

    Raises:
        InvalidParam: there is neither a key nor a system keyring.
        StoreUnavailable: the system keyring is there, but does not answer.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        key: bytes | Iterable[bytes] | None = None,
        allow_plaintext: bool = False,
    ) -> None:
        super().__init__(key=_default_key(allow_plaintext=allow_plaintext) if key is None else key)
        self.path = (state_folder() / "tokens.db" if path is None else Path(path).expanduser()).absolute()
        self._ledger = Ledger(self.path)
        self._threads = LocalLocks()
        self._processes = FileLocks(self.path.with_name(f"{self.path.name}.locks"))

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
        """Be the only holder of an entry; when a holder dies, the operating system lets the next one in."""
        end = time.monotonic() + wait
        with self._threads.hold(entry, wait), self._processes.hold(entry, end - time.monotonic()):
            yield self._ledger.new_fence(entry)

    def close(self) -> None:
        """Close the file."""
        self._ledger.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self.path)!r} {'with' if self.keys else 'without'} encryption>"


def _default_key(*, allow_plaintext: bool) -> bytes | None:
    """Return the key in the system keyring; None if there is no keyring, and none is needed."""
    try:
        from ._system_keyring import key_in_keyring  # noqa: PLC0415  an extra of its own, and 80 ms
    except ImportError:
        key = None
    else:
        key = key_in_keyring()
    if key is None and not allow_plaintext:
        msg = (
            "There is no key for the token file: no `key`, and no system keyring here. Pass key=secrets.token_bytes(32)"
            " and keep it somewhere safe, or install requests_oauth2client[keyring] where the system has a keyring, or"
            " say allow_plaintext=True: then whoever gets the file can use the tokens."
        )
        raise InvalidParam(msg)
    return key


__all__ = ["FileStore"]
