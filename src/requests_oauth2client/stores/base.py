"""What a token store is, and the errors of all of them.

    TokenStoreError
    ├── StoreUnavailable    it can't be reached, read or written
    ├── EntryLocked         somebody else holds the entry for longer than one waits
    ├── StaleFence          somebody else has taken the entry over: what would be written is outdated
    └── StoreCorrupted      what it holds is damaged, or not from here

An entry is a name and some bytes. Its lock has one holder among the threads, processes and machines that share the
store; a *fencing number* that grows with every holder tells a late writer from the present one, also when a lock
expired under its holder. Knows no tokens: what is stored was made, and encrypted with `keys`, by the caller.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import ClassVar

from .._core.redaction import one_line
from .._core.times import now
from .._core.values import NotPickled
from ..exceptions import OAuth2Error
from ..serializers import checked_keys

FENCE_KEPT = 3600  # seconds since an entry was last locked, after which no late writer is expected any more
LONGEST = 10**9  # seconds, some 31 years: a lifetime beyond it has no end


class TokenStoreError(OAuth2Error):
    """A token store can't do what it should."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description)

    def _text(self) -> str:
        return " ".join(part for part in (self.description, self.advice) if part)


class StoreUnavailable(TokenStoreError):
    """A token store can't be reached, read or written now."""


class EntryLocked(TokenStoreError):
    """Somebody else held an entry for all the time that one was ready to wait.

    Attributes:
        entry: the name of the entry, which is no secret.
    """

    kept: ClassVar[tuple[str, ...]] = (*TokenStoreError.kept, "entry")
    advice = "Its holder may be renewing the token: try again, or wait longer."

    def __init__(self, entry: str, *, seconds: float) -> None:
        self.entry = entry
        super().__init__(f"The entry {one_line(entry)} of the token store stayed locked for {seconds:g} seconds.")


class StaleFence(TokenStoreError):
    """Somebody else has locked an entry since; what was to be written is outdated, and was not written.

    Attributes:
        entry: the name of the entry, which is no secret.
    """

    kept: ClassVar[tuple[str, ...]] = (*TokenStoreError.kept, "entry")
    advice = "Read the entry again, and use what its new holder has written."

    def __init__(self, entry: str) -> None:
        self.entry = entry
        super().__init__(f"The lock on the entry {one_line(entry)} of the token store was lost to another holder.")


class StoreCorrupted(TokenStoreError):
    """What a token store holds is damaged, or was not made by this package."""


class TokenStore(NotPickled, ABC):
    """A place for tokens outside of the program's memory. All methods are safe to call from any thread.

    A store of your own is a subclass with the six methods below. One object serves all threads of a process, and goes
    on to work in a child after a fork; a process that is spawned makes its own.

    Args:
        key: 32 random bytes or more, or several of them: the first encrypts, each may decrypt, so that keys can be
            replaced one after the other. None: what is stored is not encrypted.

    Raises:
        InvalidParam: a key is too short.
    """

    pickle_advice = "Make a store of its own in each process."
    _keys: tuple[bytes, ...] | None = None

    def __init__(self, *, key: bytes | Iterable[bytes] | None = None) -> None:
        self._keys = checked_keys(key)

    @property
    def keys(self) -> tuple[bytes, ...] | None:
        """What entries are encrypted with before they come here: the first encrypts, each may decrypt."""
        return self._keys

    @abstractmethod
    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None if there is nothing (any more).

        Raises:
            StoreUnavailable: the store can't be read.
            StoreCorrupted: what it holds is damaged.
        """

    @abstractmethod
    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there.

        Args:
            entry: its name.
            data: what to store, encrypted by the caller if the store has keys.
            lifetime: seconds until it may be dropped; None: never.
            fence: the number that `lock` gave; None writes in any case.

        Raises:
            StaleFence: another one has locked the entry since; nothing was written.
            StoreUnavailable: the store can't be written.
        """

    @abstractmethod
    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is.

        Raises:
            StaleFence: another one has locked the entry since; nothing was dropped.
            StoreUnavailable: the store can't be written.
        """

    @abstractmethod
    def lock(self, entry: str, *, wait: float) -> AbstractContextManager[int]:
        """Be the only holder of an entry. It may be left in another thread than it was entered in.

        Args:
            entry: its name.
            wait: seconds to wait for another holder; 0 tries once.

        Returns:
            A context manager. It gives a fencing number, larger than all before it, to write with.

        Raises:
            EntryLocked: another one held it all the time.
            StoreUnavailable: the store can't be reached.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; the next call opens them again."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'with' if self.keys else 'without'} encryption>"


def epoch() -> float:
    """Return the seconds since 1970."""
    return now().timestamp()


def expiry_of(lifetime: float | None) -> float | None:
    """Return when what is stored now expires, in seconds since 1970; None if it never does."""
    return epoch() + lifetime if lifetime is not None and lifetime < LONGEST and not math.isnan(lifetime) else None


def next_fence(last: int) -> int:
    """Return a fencing number above the last one. The clock keeps it growing where the last one was lost."""
    return max(last + 1, int(epoch() * 1_000_000))


__all__ = ["EntryLocked", "StaleFence", "StoreCorrupted", "StoreUnavailable", "TokenStore", "TokenStoreError"]
