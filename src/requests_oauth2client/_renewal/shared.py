"""Tokens shared through a store: the renewer holds the entry's lock and saves the new token before anyone uses it.

    read ──► valid: take it, without the lock
         └──► lock ──► read ──► valid, since another has renewed it: take it
                           ├──► "pending": another process is still renewing: release the lock and check again
                           └──► write "pending" ──► renew ──► write the token ──► release the lock

What can be lost: the process dies between the AS's answer and the write. Then the entry stays "pending", with the
refresh token that the renewal was begun with; after a while, the next caller tries that one. An AS that allows a
repetition gives a token; one that takes it for a replay refuses (`LoginNeeded`). See docs/token-lifecycle.md.

A record carries the fencing number that it was written with. One that is lower than a number seen before was put back,
by a backup or an attacker: its refresh token is used. Knows no store: a store is anything with the methods of
`stores.TokenStore`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple, Protocol, TypeAlias

from .._core.effects import Lock, Now, RunInThread, Sleep, Spawn, Steps, Subtask
from .._core.frozen import replace
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidGrant, LoginNeeded, LostStoredToken, OAuth2Error, TransportError
from ..serializers import InvalidSerializedValue
from ..stores.base import EntryLocked, StaleFence, StoreCorrupted, TokenStoreError
from .flight import BETWEEN_REFUSALS, TokenState, claim, disclaim, is_same
from .records import Owed, Record, RecordSerializer, entry_of, has_begun, login_of
from .refreshing import Came, obtained
from .sources import TokenSource

LONGEST_WAIT = 30.0  # seconds for the lock of an entry; a renewal takes as long as the client's timeout at most
LONGEST_LOGIN = 900.0  # the same where another process may be waiting for its user
KEPT_AFTER_EXPIRY = 90 * 86_400  # seconds that a refresh token may be of use: there is no way to know
PENDING_POLL_DELAYS = (0.25, 0.5, 1.0, 1.25)  # seconds between looks at an entry whose renewal has not ended
SAVE_RETRY_DELAYS = (
    0.1,
    0.2,
    0.4,
    *[0.8] * 70,
)  # seconds before each attempt to write a token that could not be written at once

IsGood: TypeAlias = Callable[[BearerToken, int | None], bool]  # a token, and its lifetime in seconds


class StillPending(EntryLocked):
    """The renewal of another process may not have ended."""


class ReplacedRecently(OAuth2Error):
    """An API rejects tokens faster than they are replaced for that."""


class UnreadableStoredToken(StoreCorrupted, LoginNeeded):
    """A stored token of a user can't be read: it is damaged, or encrypted with another key."""


class Renewer(Protocol):
    """What an entry needs of the manager that renews its token."""

    source: TokenSource
    key: str
    state: TokenState

    @property
    def login(self) -> Renewer:
        """The manager of the login that its token belongs to; itself, unless it is for another API."""
        ...

    def tell(self, name: str, token: BearerToken | None = None, error: Exception | None = None) -> None:
        """Report what has happened."""
        ...

    def announce(self, token: BearerToken) -> None:
        """Pass a new token to the user's hook."""
        ...


class Found(NamedTuple):
    """A valid token.

    Attributes:
        token: the token.
        lifetime: its validity in seconds when it was issued.
        record: all that is known of its login.
        is_new: whether it was issued just now.
        is_new_login: whether its login is another one than before.
    """

    token: BearerToken
    lifetime: int | None
    record: Record
    is_new: bool = False
    is_new_login: bool = False


def found_in(record: Record, manager: Renewer, is_good: IsGood) -> Found | None:
    """Return the access token of a manager that is in a record, if it may be used."""
    access = record.access(manager.key)
    if access is None or not is_good(access.token, access.lifetime):
        return None
    return Found(access.token, access.lifetime, record)


def found_new(record: Record, manager: Renewer, came: Came) -> Found:
    """Return the access token of a manager that has just come."""
    access = record.access(manager.key)
    assert access is not None  # noqa: S101  it came
    return Found(access.token, access.lifetime, record, is_new=True, is_new_login=came.is_new_login)


class StoreEntry:
    """The entry of one token in a store.

    Attributes:
        state: what this process knows of the token.
        unsaved: how the token that is held relates to the stored one: "anyway" if it replaces it, "if empty" if it
            is only to begin with, None if it is the same.
    """

    def __init__(self, store: Any, source: TokenSource, subject: str | None) -> None:
        self.store = store
        named: Any = source  # pyright wants class variables where the protocol has properties
        self.entry = entry_of(named, subject)
        self.state = TokenState()
        self.unsaved: str | None = None
        self._source = source
        self._login = login_of(source, subject)
        self._owed: Owed | None = None
        self._serializer = RecordSerializer(self.entry, store.keys, getattr(source.client, "token_class", BearerToken))
        self._known_fence: int | None = None  # of the record that was last read or written here

    def claim(self, token: BearerToken | None) -> None:
        """Note that the refresh token of a token is in this entry.

        Raises:
            InvalidParam: it is in another one already, of the same login.
        """
        if token is not None and token.refresh_token is not None:
            claim(self.store, self._login, self.entry, token.refresh_token)

    @property
    def longest_wait(self) -> float:
        """Seconds to wait for the lock at most: as long as a user takes, where a renewal may be a login."""
        return LONGEST_LOGIN if self._source.waits_for_user else LONGEST_WAIT

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock of the entry, and hold it; the outcome is its fencing number."""
        lock: AbstractContextManager[Any] = self.store.lock(
            self.entry, wait=self.longest_wait if wait is None else wait
        )
        return lock

    def obtained(
        self, manager: Renewer, held: BearerToken | None, is_good: IsGood, *, wait: float | None = None
    ) -> Steps[Found]:
        """Return a valid token: the stored one, or one that is obtained now and stored.

        Args:
            manager: whose source gets it.
            held: the token of the login that is held here.
            is_good: whether a token with some lifetime may be used.
            wait: seconds to wait for another who renews it; None: as long as that may take.

        Raises:
            LostStoredToken: the entry has vanished.
            EntryLocked: another was renewing it for all that time.
            TokenStoreError: the store can't be used.
        """
        try:
            return (yield from self._found(manager, held, is_good, wait))
        except (TokenStoreError, OSError) as failure:
            is_the_stores = not isinstance(failure, (LoginNeeded, TransportError))  # requests' own are OSErrors too
            if not is_the_stores or not self._can_do_without(wait):
                raise
            manager.tell("unsaved", None, failure)
        token = yield from manager.source.new_token(held)  # no other caller can lose anything by it
        self.unsaved = None
        record = Record(token=token, lifetime=token.expires_in)
        owed = self._owed = Owed(record, None, None)
        yield Spawn(self._keep_saving(owed))
        return Found(token, token.expires_in, record, is_new=True)

    def saved(self, token: BearerToken | None) -> Steps[None]:
        """Store a token now, in place of what is stored.

        Raises:
            TokenStoreError: the store can't be used; the next request tries again.
        """
        yield Subtask(self._saved_over(token))

    def emptied(self) -> Steps[Record]:
        """Empty the entry now, and return what it had.

        Raises:
            TokenStoreError: the store can't be used.
        """
        record: Record = yield Subtask(self._emptied())
        return record

    def _can_do_without(self, wait: float | None) -> bool:
        source = self._source
        return wait is None and source.is_repeatable and not (source.needs_subject or source.waits_for_user)

    def _found(self, manager: Renewer, held: BearerToken | None, is_good: IsGood, wait: float | None) -> Steps[Found]:
        if self.unsaved != "anyway":
            record = yield from self._read()  # without the lock: most who come find what another has renewed
            stored = found_in(record, manager, is_good)
            if stored is not None:
                self.unsaved = None
                return stored
        found: Found
        for pause in PENDING_POLL_DELAYS if wait is None else ():
            try:
                found = yield Subtask(self._renewed(manager, held, is_good, wait, is_patient=True))
            except StillPending:
                yield Sleep(pause, is_idle=True)  # without the lock, so that the other can write
            else:
                return found
        found = yield Subtask(self._renewed(manager, held, is_good, wait, is_patient=wait is not None))
        return found

    def _renewed(
        self,
        manager: Renewer,
        held: BearerToken | None,
        is_good: IsGood,
        wait: float | None,
        *,
        is_patient: bool,
    ) -> Steps[Found]:
        """Take the lock, and then the token that is stored, or another one in its place."""
        fence = yield Lock(self, wait)
        is_newest = self._known_fence is not None and self._known_fence >= self.state.login.fence
        record = yield from self._settled(held, fence)
        stored = found_in(record, manager, is_good)
        if stored is not None:
            return stored
        now = (yield Now()).timestamp()
        if is_patient and record.is_pending(now):
            raise StillPending(self.entry, seconds=0)
        access = record.access(manager.key)
        is_rejected = access is not None and is_same(access.token, manager.state.rejected)
        is_rejected = is_rejected and access is not None and not access.token.is_expired()
        if is_rejected and access and has_begun(access.replaced, now, BETWEEN_REFUSALS.total_seconds()):
            raise ReplacedRecently(description="An API has rejected the token that replaced a rejected one just now.")
        if record.token is None and held is not None:
            record = Record(token=self._without_entry(manager, held, is_newest=is_newest and record.fence is not None))
        came = yield from self._obtained(manager, record, fence, int(now))
        before = None if access is None else access.replaced
        new = record.renewed(manager.key, came, replaced=int(now) if is_rejected else before)
        try:
            yield from self._write(new, fence)
        except Exception as failure:  # noqa: BLE001  the token came: this process goes on with it
            self._owed = Owed(new, record.token, fence)
            manager.tell("unsaved", came.token, failure)
            yield Spawn(self._keep_saving(self._owed))
        return found_new(new, manager, came)

    def _obtained(self, manager: Renewer, record: Record, fence: int, now: int) -> Steps[Came]:
        """Get a token in place of the stored one, and let the entry say how that went if it went wrong."""
        kept = record

        def keep(token: BearerToken, *, is_new_login: bool) -> Steps[None]:
            nonlocal kept
            kept = replace(record, token=token)
            if is_new_login:  # its refresh token is about to be used
                kept = Record(token=token, lifetime=token.expires_in, pending=now)
            with suppress(TokenStoreError):  # it is tried again when the ID token has been checked
                yield from self._write(kept, fence)

        base = record.token
        is_refresh = base is not None and base.refresh_token is not None
        if is_refresh:
            yield from self._write(replace(record, pending=now), fence)
        try:
            return (yield from obtained(manager.source, base, keep))
        except Exception as failure:
            if kept.token is not base and kept.token is not None:
                manager.login.announce(kept.token)
            if kept.token is not None and (is_refresh or kept is not record):
                spent = kept.token.replace(refresh_token=None)  # it must not be tried again
                ended = replace(kept, token=spent if isinstance(failure, InvalidGrant) else kept.token, pending=None)
                with suppress(TokenStoreError):
                    yield from self._write(ended, fence, lifetime=KEPT_AFTER_EXPIRY)
            raise

    def _settled(self, held: BearerToken | None, fence: int) -> Steps[Record]:
        """Write what this process still has to; return what is stored then."""
        if self.unsaved == "anyway":
            record = Record(token=held)
            yield from self._write(record, fence)
            self.unsaved = self._owed = None
            return record
        record = yield from self._read()
        if self.unsaved and record.token is None and held is not None:
            record = Record(token=held)
            yield from self._write(record, fence)
        elif self._owed is not None and self._owed.is_due(record):
            record = self._owed.record
            yield from self._write(record, fence)
        self.unsaved = self._owed = None
        return record

    def _saved_over(self, token: BearerToken | None) -> Steps[None]:
        fence = yield Lock(self)
        yield from self._write(Record(token=token, lifetime=None if token is None else token.expires_in), fence)
        self.unsaved = self._owed = None

    def _emptied(self) -> Steps[Record]:
        fence = yield Lock(self)
        record = Record()
        with suppress(StoreCorrupted):
            record = yield from self._read()
        yield from self._write(Record(), fence)
        disclaim(self.store, self.entry)
        self.unsaved = self._owed = None
        return record

    def _without_entry(self, manager: Renewer, held: BearerToken, *, is_newest: bool) -> BearerToken:
        """Return what a token can still be used for when its entry has vanished, or an old one was put back."""
        if held.refresh_token is None or self._known_fence is None or is_newest:
            return held
        if not manager.source.is_repeatable:
            raise LostStoredToken
        return held.replace(refresh_token=None)

    def _keep_saving(self, owed: Owed) -> Steps[None]:
        """Write a token as soon as the store is there again, unless another process has written another."""
        for pause in SAVE_RETRY_DELAYS:
            yield Sleep(pause)
            if self._owed is not owed:
                return
            with suppress(Exception):  # the next attempt may go better
                yield Subtask(self._saved(owed))
                return

    def _saved(self, owed: Owed) -> Steps[None]:
        is_written = False
        with suppress(StaleFence):  # another process has had the lock since
            if owed.fence is not None:
                yield from self._write(owed.record, owed.fence)
                is_written = True
        if not is_written:
            fence = yield Lock(self)
            if owed.is_due((yield from self._read())):
                yield from self._write(owed.record, fence)
        if self._owed is owed:
            self._owed = None

    def _read(self) -> Steps[Record]:
        """Read the record; one that can't be read, or was put back, counts as absent where that loses nothing.

        Raises:
            UnreadableStoredToken: it can't be read.
        """
        data = yield RunInThread(functools.partial(self.store.get, self.entry), for_store=True)
        if data is None:
            return Record()
        try:
            record = self._serializer.loads(data)
        except InvalidSerializedValue as wrong:
            if self._can_do_without(None):
                return Record()
            way = (
                "Give the store the key that it was written with; or log in again, and pass the token to save_token()."
            )
            msg = f"A stored token can't be read. {wrong} {way}"
            raise UnreadableStoredToken(msg) from wrong
        if record.fence is not None and record.fence < self.state.login.fence:
            return Record(fence=record.fence)
        self.state.login.fence = record.fence or self.state.login.fence
        self._known_fence = self.state.login.fence
        return self._with_known_key(record)

    def _with_known_key(self, record: Record) -> Record:
        """Let stored tokens have the DPoP key that is known here, with the nonces that servers gave for it."""
        key = getattr(record.token, "dpop_key", None)
        if record.token is None or key is None:
            return record
        if self.state.login.dpop_key != key:
            self.state.login.dpop_key = key
        known = self.state.login.dpop_key
        others = {
            name: replace(one, token=one.token.replace(dpop_key=known))
            if getattr(one.token, "dpop_key", None) == known
            else one
            for name, one in record.others.items()
        }
        return replace(record, token=record.token.replace(dpop_key=known), others=others)

    def _write(self, record: Record, fence: int, *, lifetime: float | None = None) -> Steps[None]:
        token = record.token
        if token is None:
            yield RunInThread(functools.partial(self.store.delete, self.entry, fence=fence), for_store=True)
            return
        if lifetime is None and token.expires_in is not None:
            lifetime = max(token.expires_in, 0) + (0 if token.refresh_token is None else KEPT_AFTER_EXPIRY)
        data = self._serializer.dumps(replace(record, fence=fence))
        yield RunInThread(
            functools.partial(self.store.put, self.entry, data, lifetime=lifetime, fence=fence), for_store=True
        )
        self.state.login.fence = self._known_fence = fence
        self.state.login.dpop_key = getattr(token, "dpop_key", None) or self.state.login.dpop_key
