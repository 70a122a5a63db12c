"""A store in the system keyring, for one user and any number of processes (extra "keyring").

Owns how an entry is cut into pieces: Windows keeps 2 560 bytes at most under a name, which a token exceeds. Pieces
are written under names that no reader looks at before the head says so, so that a crash leaves the old value or the new
one. Locks, fencing numbers and expiry times are in a file of the user, which holds no tokens.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.compare import is_same_secret
from .._core.encoding import b64u_decode, b64u_encode
from .._core.messages import parse_json_object
from ..exceptions import InvalidParam
from ._ledger import Ledger
from ._local_locks import LocalLocks
from ._system_keyring import SERVICE, SystemKeyring
from ._user_files import FileLocks, state_folder
from .base import StoreCorrupted, TokenStore, epoch, expiry_of

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PIECE = 1000 if os.name == "nt" else 30_000  # characters; Windows takes two bytes for each
MAX_PIECES = 1000
IN_KEYRING = b""  # in the file, in place of the data


class KeyringStore(TokenStore):
    """Keeps entries in the system keyring, which encrypts them with what the user unlocks it with.

    An expired entry is no longer returned, but stays in the keyring until it is written again, deleted or purged.

    Args:
        service: the name of your program, under which the user sees the entries in the keyring.
        path: the file of locks and fencing numbers; by default one in the folder of the user's programs' state.
            Processes that share entries share it.
        backend: a backend of the library `keyring`; by default the one that it finds best.
        key: encrypts entries once more; see `TokenStore`.
        allow_plaintext: use a backend that does not protect what it keeps. Anyone who gets its file can use the tokens.

    Raises:
        InvalidParam: there is no system keyring here, or one that does not protect what it keeps; at the first use, if
            no backend was passed.
        StoreUnavailable: at the first use, if the system keyring does not answer.
    """

    def __init__(
        self,
        service: str = SERVICE,
        *,
        path: str | os.PathLike[str] | None = None,
        backend: KeyringBackend | None = None,
        key: bytes | Iterable[bytes] | None = None,
        allow_plaintext: bool = False,
    ) -> None:
        super().__init__(key=key)
        self._system = SystemKeyring(backend)
        self._is_checked = self.keys is not None or allow_plaintext
        if backend is not None:
            self._check_backend()
        self.service = service
        self._piece = PIECE
        file = (state_folder() / "keyring.db" if path is None else Path(path).expanduser()).absolute()
        self._ledger = Ledger(file, sweeps_data=False)
        self._threads = LocalLocks()
        self._processes = FileLocks(file.with_name(f"{file.name}.locks"))

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        self._check_backend()
        try:
            return self._read(entry)
        except StoreCorrupted:  # or it was being written
            with self._ledger.writing(entry, None):
                return self._read(entry)

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        self._check_backend()
        text, expires_at = b64u_encode(data), expiry_of(lifetime)
        pieces = [text[at : at + self._piece] for at in range(0, len(text), self._piece)]
        with self._ledger.writing(entry, fence) as last:
            before = self._head(entry)
            generation = 1 - before["generation"] if before else 0
            for number, piece in enumerate(pieces):
                self._system.write(self.service, _name(entry, generation, number), piece)
            head = {"generation": generation, "pieces": len(pieces), "expires_at": expires_at}
            self._system.write(self.service, entry, json.dumps({**head, "sha256": _digest(text)}))
            self._remove_pieces(entry, before)
            self._ledger.record(entry, IN_KEYRING, expires_at, max(last, fence or 0))

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        self._check_backend()
        with self._ledger.writing(entry, fence) as last:
            self._remove(entry)
            self._ledger.record(entry, None, None, max(last, fence or 0))

    def purge(self) -> int:
        """Drop all entries that have expired; return how many. Entries that release 2.0 wrote are not found."""
        self._check_backend()
        dropped = 0
        for entry in self._ledger.expired():
            with self._ledger.writing(entry, None) as last:
                head = self._head(entry)
                if head is not None and not _is_over(head):  # written again meanwhile
                    continue
                self._remove(entry)
                self._ledger.record(entry, None, None, last)
                dropped += 1
        return dropped

    @contextmanager
    def lock(self, entry: str, *, wait: float) -> Iterator[int]:
        """Hold the lock of an entry; when a holder dies, the operating system lets the next one in."""
        self._check_backend()
        end = time.monotonic() + wait
        with self._threads.hold(entry, wait), self._processes.hold(entry, end - time.monotonic()):
            yield self._ledger.new_fence(entry)

    def close(self) -> None:
        """Close the file of locks."""
        self._ledger.close()

    def _check_backend(self) -> None:
        if self._is_checked:
            return
        if not self._system.is_safe:
            msg = (
                f"There is no system keyring here that protects tokens: found {self._system.name}. Use a FileStore"
                " with key_file=, or say allow_plaintext=True: then anyone who gets what it keeps can use the tokens."
            )
            raise InvalidParam(msg)
        self._is_checked = True

    def _read(self, entry: str) -> bytes | None:
        head = self._required_head(entry)
        if head is None or _is_over(head):
            return None
        names = [_name(entry, head["generation"], number) for number in range(head["pieces"])]
        text = "".join(self._system.read(self.service, name) or "" for name in names)
        try:
            if is_same_secret(_digest(text), head["sha256"]):
                return b64u_decode(text)
        except ValueError:
            pass
        raise StoreCorrupted(_damaged(self.service, entry))

    def _remove(self, entry: str) -> None:
        before = self._head(entry)
        self._system.remove(self.service, entry)
        self._remove_pieces(entry, before)

    def _head(self, entry: str) -> dict[str, Any] | None:
        """Return what stands under the name of the entry, None also where it is damaged: it is written over."""
        try:
            return self._required_head(entry)
        except StoreCorrupted:
            return None

    def _required_head(self, entry: str) -> dict[str, Any] | None:
        text = self._system.read(self.service, entry)
        if text is None:
            return None
        try:
            head = parse_json_object(text)
        except ValueError:
            head = {}
        generation, pieces, expires_at = (head.get(name) for name in ("generation", "pieces", "expires_at"))
        if not (
            (isinstance(generation, int) and generation in {0, 1})
            and (isinstance(pieces, int) and 0 <= pieces < MAX_PIECES)
            and "expires_at" in head
            and (expires_at is None or isinstance(expires_at, (int, float)))
            and isinstance(head.get("sha256"), str)
        ):
            raise StoreCorrupted(_damaged(self.service, entry))
        return head

    def _remove_pieces(self, entry: str, head: dict[str, Any] | None) -> None:
        for number in range(head["pieces"] if head else 0):
            self._system.remove(self.service, _name(entry, head["generation"], number))  # type: ignore[index]


def _name(entry: str, generation: int, number: int) -> str:
    return f"{entry} {generation}.{number}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _is_over(head: dict[str, Any]) -> bool:
    return head["expires_at"] is not None and head["expires_at"] <= epoch()


def _damaged(service: str, entry: str) -> str:
    return f"The entry {entry} of {service!r} in the system keyring is damaged. Delete it there, and log in again."


__all__ = ["KeyringStore"]
