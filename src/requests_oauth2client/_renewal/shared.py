"""A token kept beyond this process: who renews it takes the lock of its entry, and writes before anyone uses it.

    read ──► good: take it, without the lock
         └──► lock ──► read ──► good, by another's doing: take it
                           ├──► "pending": another's renewal has not ended. Leave the lock for a while, it may yet
                           └──► write "pending" ──► renew ──► write the token ──► free the lock

What can be lost: the process dies between the AS's answer and the write. Then the entry stays "pending", with the
refresh token that the renewal was begun with; after a while, the next caller tries that one. An AS that allows a
repetition gives a token; one that takes it for a replay refuses (`InvalidGrant`): log in again. See
docs/token-lifecycle.md. Knows no store: a store is anything with the methods of `stores.TokenStore`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeAlias

from .._core.effects import Lock, Now, RunInThread, Sleep, Spawn, Steps, Subtask
from .._core.scope import scope_words
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidGrant, InvalidParam, OAuth2Error
from ..serializers import InvalidSerializedValue, Serializer, TokenSerializer
from ..stores.base import EntryLocked, StaleFence, StoreCorrupted, TokenStoreError
from .sources import TokenSource, obtained

LONGEST_WAIT = 30.0  # seconds for the lock of an entry; a renewal takes as long as the client's timeout at most
KEPT_AFTER_EXPIRY = 90 * 86_400  # seconds that a refresh token may be of use: there is no way to know
PENDING_FOR = 90.0  # seconds: the longest request, and all attempts to save what it gave
PENDING_POLL_DELAYS = (0.25, 0.5, 1.0, 1.25)  # seconds between looks at an entry whose renewal has not ended
SAVE_RETRY_DELAYS = (
    0.1,
    0.2,
    0.4,
    *[0.8] * 70,
)  # seconds before each attempt to write a token that could not be written at once

# What makes one token another's: all that is asked for, but no secret and nothing that is used once.
NOT_IN_A_NAME = frozenset(
    "actor_token client_assertion code_verifier dpop dpop_key password redirect_uri requests_kwargs validate".split()
)

IsGood: TypeAlias = Callable[[BearerToken, int | None], bool]  # a token, and its lifetime in seconds


class LostStoredToken(OAuth2Error):
    """The entry of a token has vanished from its store, and with it the refresh token that is good now."""

    def __init__(self) -> None:
        super().__init__(
            description="The store no longer has the entry of this token. Another process may have renewed it, so the"
            " refresh token held here may be used, and using it again could end the whole session. Log in again, and"
            " set the handler's `token`."
        )


class StillPending(EntryLocked):
    """Another's renewal may not have ended."""


class Renewer(Protocol):
    """What an entry needs of the manager that renews its token."""

    source: TokenSource

    def tell(self, name: str, token: BearerToken | None = None, error: Exception | None = None) -> None:
        """Report what has happened."""
        ...


class Found(NamedTuple):
    """A token that is good, how many seconds it was good for when it came, and whether that was just now."""

    token: BearerToken
    lifetime: int | None
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is stored of a token.

    Attributes:
        token: the token, or None.
        lifetime: seconds that it was good for when it came, or None.
        pending: when a renewal of it began that has not ended, in seconds since 1970, or None.
    """

    token: BearerToken | None = None
    lifetime: int | None = None
    pending: int | None = None

    def is_pending(self, now: float) -> bool:
        """Tell whether its renewal may not have ended. The clock of who began it may be another one."""
        return self.pending is not None and abs(now - self.pending) < PENDING_FOR


@dataclass(frozen=True)
class Owed:
    """What came, in place of which token, and could not be written with which fencing number."""

    record: Record
    base: BearerToken | None
    fence: int

    def is_due(self, stored: Record) -> bool:
        """Tell whether nobody has stored another token."""
        return stored.token is None or stored.token == self.base


class RecordSerializer(Serializer[Record]):
    """Serializes what is stored of a token; with the name of its entry, so that it is good for no other."""

    kind = "stored token"

    def __init__(self, entry: str, keys: Iterable[bytes] | None, token_class: type[BearerToken] = BearerToken) -> None:
        super().__init__(keys)
        self.entry = entry
        self._tokens = TokenSerializer(token_class=token_class)

    def fields_of(self, value: Record) -> Mapping[str, Any]:
        """Return what makes the record again."""
        token = None if value.token is None else self._tokens.fields_of(value.token)
        return {"entry": self.entry, "token": token, "lifetime": value.lifetime, "pending": value.pending}

    def value_of(self, fields: dict[str, Any]) -> Record:
        """Make the record again."""
        if fields["entry"] != self.entry:
            msg = "it is that of another entry"
            raise ValueError(msg)
        token = fields["token"]
        return Record(
            token=None if token is None else self._tokens.value_of(token),
            lifetime=fields["lifetime"],
            pending=fields["pending"],
        )


def entry_of(source: TokenSource, subject: str | None) -> str:
    """Name the entry of a token: a hash of the AS, the client, and all that is asked for. It holds no secret.

    Raises:
        InvalidParam: nothing tells whose token it is.
    """
    if subject is None and source.needs_subject:
        msg = (
            f"In a store, tokens of a {type(source).__name__} need a subject=: whose they are, as you like to call"
            " them. Nothing else tells them from those of others."
        )
        raise InvalidParam(msg)
    client = source.client
    asked = {n: value for n, value in source.token_kwargs.items() if n not in NOT_IN_A_NAME and value is not None}
    if "scope" in asked:
        asked["scope"] = sorted(set(scope_words(asked["scope"])))  # RFC 6749 §3.3: their order does not matter
    key, dpop = source.token_kwargs.get("dpop_key"), source.token_kwargs.get("dpop")
    is_bound = getattr(client, "dpop_bound_access_tokens", False) if dpop is None else dpop
    named = {
        "as": getattr(client, "issuer", None) or getattr(client, "token_endpoint", None),
        "client": getattr(client, "client_id", None),
        "grant": "user" if source.is_a_users else source.grant,
        "subject": subject if subject is not None else getattr(source, "username", None),
        "asked": asked,
        "jkt": getattr(key, "dpop_jkt", bool(is_bound)),  # true: a key that is stored with the token
    }
    text = json.dumps(named, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class StoreEntry:
    """The entry of one token in a store.

    Attributes:
        unsaved: how the token that is held stands to the stored one: "anyway" if it replaces it, "if empty" if it
            is only to begin with, None if it is the same.
    """

    def __init__(self, store: Any, source: TokenSource, subject: str | None) -> None:
        self.store = store
        self.entry = entry_of(source, subject)
        self.unsaved: str | None = None
        self._owed: Owed | None = None
        self._serializer = RecordSerializer(self.entry, store.keys, getattr(source.client, "token_class", BearerToken))
        self._has_stored = False

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock of the entry, and hold it; the outcome is its fencing number."""
        lock: AbstractContextManager[Any] = self.store.lock(self.entry, wait=LONGEST_WAIT if wait is None else wait)
        return lock

    def obtained(
        self, manager: Renewer, held: BearerToken | None, is_good: IsGood, *, wait: float | None = None
    ) -> Steps[Found]:
        """Give a token that is good: the stored one, or one that is got now and stored.

        Args:
            manager: whose source gets it.
            held: what it holds.
            is_good: judges a token and its lifetime.
            wait: seconds to wait for another who renews it; None: as long as that may take.

        Raises:
            LostStoredToken: the entry has vanished.
            EntryLocked: another was renewing it for all that time.
            TokenStoreError: the store can't be used.
        """
        if self.unsaved != "anyway":
            record = yield from self._read()  # without the lock: most who come find what another has renewed
            if record.token is not None and is_good(record.token, record.lifetime):
                self.unsaved = None
                return Found(record.token, record.lifetime, is_new=False)
        found: Found
        for pause in PENDING_POLL_DELAYS if wait is None else ():
            try:
                found = yield Subtask(self._renewed(manager, held, is_good, wait, is_patient=True))
            except StillPending:
                yield Sleep(pause)  # without the lock, so that the other can write
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
        record = yield from self._settled((yield from self._read()), held, fence)
        if record.token is not None and is_good(record.token, record.lifetime):
            return Found(record.token, record.lifetime, is_new=False)
        now = (yield Now()).timestamp()
        if is_patient and record.is_pending(now):
            raise StillPending(self.entry, seconds=0)
        if record.token is None and held is not None:
            record = Record(token=self._without_entry(manager, held))
        token = yield from self._obtained(manager, record, fence, int(now))
        new = Record(token=token, lifetime=token.expires_in)
        try:
            yield from self._write(new, fence)
        except Exception as failure:  # noqa: BLE001  the token came: this process goes on with it
            self._owed = Owed(new, record.token, fence)
            manager.tell("unsaved", token, failure)
            yield Spawn(self._keep_saving(self._owed))
        return Found(token, new.lifetime, is_new=True)

    def _obtained(self, manager: Renewer, record: Record, fence: int, now: int) -> Steps[BearerToken]:
        """Get a token in place of the stored one, and let the entry say how that went if it went wrong."""
        base = record.token
        is_refresh = base is not None and base.refresh_token is not None
        if is_refresh:
            yield from self._write(replace(record, pending=now), fence)
        try:
            return (yield from obtained(manager.source, base))
        except Exception as failure:
            if is_refresh and base is not None:
                spent = base.replace(refresh_token=None)  # nobody has to try it again
                ended = replace(record, token=spent if isinstance(failure, InvalidGrant) else base, pending=None)
                with suppress(TokenStoreError):
                    yield from self._write(ended, fence, lifetime=KEPT_AFTER_EXPIRY)
            raise

    def _settled(self, record: Record, held: BearerToken | None, fence: int) -> Steps[Record]:
        """Write what this process still has to; return what is stored then."""
        if self.unsaved == "anyway" or (self.unsaved and record.token is None and held is not None):
            record = Record(token=held)
            yield from self._write(record, fence)
        elif self._owed is not None and self._owed.is_due(record):
            record = self._owed.record
            yield from self._write(record, fence)
        self.unsaved = self._owed = None
        return record

    def _without_entry(self, manager: Renewer, held: BearerToken) -> BearerToken:
        """Return what a token is still good for when its entry has vanished."""
        if held.refresh_token is None or not self._has_stored:
            return held
        if not manager.source.is_repeatable:
            raise LostStoredToken
        return held.replace(refresh_token=None)

    def _keep_saving(self, owed: Owed) -> Steps[None]:
        """Write a token as soon as the store is there again, unless somebody else has written another."""
        for pause in SAVE_RETRY_DELAYS:
            yield Sleep(pause)
            if self._owed is not owed:
                return
            with suppress(Exception):  # the next attempt may go better
                yield Subtask(self._saved(owed))
                return

    def _saved(self, owed: Owed) -> Steps[None]:
        try:
            yield from self._write(owed.record, owed.fence)
        except StaleFence:  # somebody has had the lock since
            fence = yield Lock(self)
            if owed.is_due((yield from self._read())):
                yield from self._write(owed.record, fence)
        if self._owed is owed:
            self._owed = None

    def _read(self) -> Steps[Record]:
        data = yield RunInThread(functools.partial(self.store.get, self.entry), for_store=True)
        if data is None:
            return Record()
        self._has_stored = True
        try:
            return self._serializer.loads(data)
        except InvalidSerializedValue as wrong:
            msg = f"A stored token can't be read. {wrong} Give the store the key that it was written with."
            raise StoreCorrupted(msg) from wrong

    def _write(self, record: Record, fence: int, *, lifetime: float | None = None) -> Steps[None]:
        token = record.token
        if token is None:
            yield RunInThread(functools.partial(self.store.delete, self.entry, fence=fence), for_store=True)
            return
        if lifetime is None and token.expires_in is not None:
            lifetime = max(token.expires_in, 0) + (0 if token.refresh_token is None else KEPT_AFTER_EXPIRY)
        data = self._serializer.dumps(record)
        yield RunInThread(
            functools.partial(self.store.put, self.entry, data, lifetime=lifetime, fence=fence), for_store=True
        )
        self._has_stored = True
