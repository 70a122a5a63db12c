"""What a token store is, and the errors of all of them.

    TokenStoreError
    ├── StoreUnavailable    it can't be reached, read or written
    ├── EntryLocked         another holder kept the entry locked for longer than the caller waits
    ├── StaleFence          another holder has locked the entry since: what would be written is outdated
    └── StoreCorrupted      what it holds is damaged, or was not made by this package

An entry is a name and some bytes. Its lock has one holder among the threads, processes and machines that share the
store; a *fencing number* that grows with every holder tells a late writer from the present one, also when a lock
expired under its holder. Knows no tokens: the caller makes what is stored, and encrypts it with `keys`.
"""

from __future__ import annotations

import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import ClassVar

from .._core.redaction import one_line
from .._core.times import now
from .._core.values import NotPickled
from ..exceptions import OAuth2Error
from ..serializers import checked_keys

FENCE_KEPT = 3600  # seconds since an entry was last locked, after which no late writer is expected any more
FENCES_PER_SECOND = 1_000_000  # a fencing number is the time of a lock
MAX_FENCE = 2**53  # of the year 2255: a larger one is damage. Lua and JSON count up to here
LONGEST = 10**9  # seconds, some 31 years: a lifetime beyond it has no end
SWEEP_AHEAD = 60  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.25  # seconds between two attempts to lock an entry


class TokenStoreError(OAuth2Error):
    """A token store fails."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description)

    def _text(self) -> str:
        return " ".join(part for part in (self.description, self.advice) if part)


class StoreUnavailable(TokenStoreError):
    """A token store can't be reached, read or written now."""

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later: yes, once the store is there again."""
        return True


class EntryLocked(TokenStoreError):
    """Another holder kept an entry locked for as long as the caller waited.

    Attributes:
        entry: the name of the entry, which is not a secret.
    """

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later: yes, once the lock is free."""
        return True

    kept: ClassVar[tuple[str, ...]] = (*TokenStoreError.kept, "entry")
    advice = "Its holder may be renewing the token: try again, or wait longer."

    def __init__(self, entry: str, *, seconds: float) -> None:
        self.entry = entry
        super().__init__(f"The entry {one_line(entry)} of the token store stayed locked for {seconds:g} seconds.")


class StaleFence(TokenStoreError):
    """Another holder has locked an entry since; what was to be written is outdated, and was not written.

    Attributes:
        entry: the name of the entry, which is not a secret.
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

    Making a store does no I/O; the first use does. A store of your own is a subclass with the abstract methods below.
    One object serves all threads of a process, and still works in a child after a fork; a process that is spawned makes
    its own.

    Args:
        key: 32 random bytes or more, or several such keys: the first encrypts, each may decrypt, so that a new key
            can be put before the old one. None: what is stored is not encrypted.

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
            fence: the number that `lock` returned; None writes in any case.

        Raises:
            StaleFence: another holder has locked the entry since; nothing was written.
            StoreUnavailable: the store can't be written.
        """

    @abstractmethod
    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is.

        Raises:
            StaleFence: another holder has locked the entry since; nothing was dropped.
            StoreUnavailable: the store can't be written.
        """

    @abstractmethod
    def lock(self, entry: str, *, wait: float) -> AbstractContextManager[int]:
        """Hold the lock of an entry. It may be left in another thread than it was entered in.

        Waiting is trying again, in lengthening steps, and leaves nothing behind when it ends early.

        Args:
            entry: its name.
            wait: seconds to wait for another holder; 0 tries once and does not wait, so that tasks can wait by
                trying, without a thread each.

        Returns:
            A context manager. Its value is a fencing number, larger than all before it, to write with.

        Raises:
            EntryLocked: another one held it all the time.
            StoreUnavailable: the store can't be reached.
        """

    @abstractmethod
    def close(self) -> None:
        """Close files and connections; the next call opens them again."""

    def purge(self) -> int:
        """Drop all entries that have expired, and nothing else. A store that does so by itself has nothing to do.

        Returns:
            How many entries were dropped.

        Raises:
            StoreUnavailable: the store can't be written.
        """
        return 0

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
    return max(last + 1, int(epoch() * FENCES_PER_SECOND))


def read_fence(value: object) -> int:
    """Return the fencing number that a store holds; what can't be one counts as 0, so that damage heals."""
    return value if isinstance(value, int) and 0 <= value <= MAX_FENCE else 0


def outdated_fence() -> int:
    """Return a fencing number below which no writer is expected any more."""
    return int((epoch() - FENCE_KEPT) * FENCES_PER_SECOND)


def careful_now(last_write: float | None) -> float:
    """Return the time by which a write may drop what is expired.

    One clock that is ahead must not drop what others need. So what goes had expired shortly after the write before
    this one at the latest, by the clock of that writer.

    Args:
        last_write: the time of the write before this one, in seconds since 1970; None: there was none.
    """
    return min(epoch(), (last_write or 0) + SWEEP_AHEAD)


def attempts(wait: float) -> Iterator[None]:
    """Wait for a lock by trying: one step for each attempt, at least one, with lengthening pauses between them.

    Args:
        wait: seconds for all attempts together; 0 or less: one attempt, without any pause.
    """
    end, pause = time.monotonic() + wait, FIRST_PAUSE
    while True:
        yield
        remaining = end - time.monotonic()
        if not remaining > 0:
            return
        pause = min(LONGEST_PAUSE, random.uniform(FIRST_PAUSE, 3 * pause))  # noqa: S311  no two waiters in step
        time.sleep(min(pause, remaining))


__all__ = ["EntryLocked", "StaleFence", "StoreCorrupted", "StoreUnavailable", "TokenStore", "TokenStoreError"]
