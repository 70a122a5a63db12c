"""A token kept beyond this process: who renews it takes the lock of its entry, and writes before anyone uses it.

    lock ──► read ──► good, by another's doing: take it
                 └──► write that a renewal begins ──► renew ──► write the token ──► free the lock

What can be lost: the process dies between the AS's answer and the write. Then the entry still says that a
renewal had begun, with the refresh token that it was begun with; the next caller tries that one. An AS that
allows a repetition gives a token; one that takes it for a replay refuses (`InvalidGrant`): log in again. See
docs/token-lifecycle.md. Knows no store: a store is anything with the methods of `stores.TokenStore`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .._steps import Blocking, Lock, Now, Sleep, Spawn, Steps
from ..exceptions import InvalidGrant, InvalidParam, OAuth2Error
from ..serializers import InvalidSerializedValue, Serializer, TokenSerializer
from ..stores.base import StaleFence, StoreCorrupted, StoreUnavailable
from ..tokens import BearerToken
from .sources import TokenSource, obtained

if TYPE_CHECKING:
    from .keeping import TokenKeeper

LONGEST_WAIT = 30.0  # seconds for the lock of an entry; a renewal takes as long as the client's timeout at most
KEPT_AFTER_EXPIRY = 90 * 86_400  # seconds that a refresh token may be of use: there is no way to know
SAVINGS = 6  # attempts to write a token that could not be written at once, within a minute

# What makes one token another's: all that is asked for, but no secret and nothing that is used once.
NOT_IN_A_NAME = frozenset("dpop dpop_key password client_assertion code_verifier redirect_uri validate".split())


class LostStoredToken(OAuth2Error):
    """The entry of a token has vanished from its store, and with it the refresh token that is good now."""

    def __init__(self) -> None:
        super().__init__(
            description="The store no longer has the entry of this token. Another process may have renewed it, so the"
            " refresh token held here may be used, and using it again could end the whole session. Log in again, and"
            " set the handler's `token`."
        )


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


class RecordSerializer(Serializer[Record]):
    """Serializes what is stored of a token; with the name of its entry, so that it is good for no other."""

    kind = "stored token"

    def __init__(self, entry: str, keys: Iterable[bytes] | None) -> None:
        super().__init__(keys)
        self.entry = entry

    def fields_of(self, value: Record) -> Mapping[str, Any]:
        """Return what makes the record again."""
        token = None if value.token is None else TokenSerializer().fields_of(value.token)
        return {"entry": self.entry, "token": token, "lifetime": value.lifetime, "pending": value.pending}

    def value_of(self, fields: dict[str, Any]) -> Record:
        """Make the record again."""
        if fields["entry"] != self.entry:
            msg = "it is that of another entry"
            raise ValueError(msg)
        token = fields["token"]
        return Record(
            token=None if token is None else TokenSerializer().value_of(token),
            lifetime=fields["lifetime"],
            pending=fields["pending"],
        )


def entry_of(source: TokenSource, subject: str | None) -> str:
    """Name the entry of a token: a hash of the AS, the client, and all that is asked for. It holds no secret.

    Raises:
        InvalidParam: a user granted the token, and nobody said which.
    """
    if subject is None and source.is_a_users:
        msg = "In a store, a token that a user granted needs a subject=: whose it is, as you like to call them."
        raise InvalidParam(msg)
    client = source.client
    asked = {n: value for n, value in source.token_kwargs.items() if n not in NOT_IN_A_NAME and value is not None}
    key = source.token_kwargs.get("dpop_key")
    named = {
        "as": getattr(client, "issuer", None) or getattr(client, "token_endpoint", None),
        "client": getattr(client, "client_id", None),
        "grant": "user" if source.is_a_users else source.grant,
        "subject": subject if subject is not None else getattr(source, "username", None),
        "asked": asked,
        "jkt": getattr(key, "dpop_jkt", None),
    }
    text = json.dumps(named, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Vault:
    """The entry of one token in a store.

    Attributes:
        unsaved: how the token that is held stands to the stored one: "anyway" if it replaces it, "if empty" if it
            is only to begin with, None if it is the same.
    """

    def __init__(self, store: Any, source: TokenSource, subject: str | None) -> None:
        self.store = store
        self.entry = entry_of(source, subject)
        self.unsaved: str | None = None
        self._serializer = RecordSerializer(self.entry, store.keys)
        self._has_stored = False

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock of the entry, and hold it; the outcome is its fencing number."""
        lock: AbstractContextManager[Any] = self.store.lock(self.entry, wait=LONGEST_WAIT if wait is None else wait)
        return lock

    def obtained(
        self, keeper: TokenKeeper, held: BearerToken | None, is_good: Callable[[BearerToken, int | None], bool]
    ) -> Steps[Found]:
        """Give a token that is good: the stored one, or one that is got now and stored.

        Raises:
            LostStoredToken: the entry has vanished.
            TokenStoreError: the store can't be used.
        """
        fence = yield Lock(self)
        record = yield from self._read()
        if self.unsaved == "anyway" or (self.unsaved and record.token is None):
            record = Record(token=held, lifetime=None)
            yield from self._write(record, fence)
        self.unsaved = None
        token = record.token
        if token is not None and is_good(token, record.lifetime):
            return Found(token, record.lifetime, is_new=False)
        if token is None and self._has_stored and not keeper.source.is_repeatable:
            raise LostStoredToken
        return (yield from self._renewed(keeper, token or held, fence))

    def _renewed(self, keeper: TokenKeeper, base: BearerToken | None, fence: int) -> Steps[Found]:
        now = yield Now()
        if base is not None and base.refresh_token is not None:
            yield from self._write(Record(token=base, pending=int(now.timestamp())), fence)
        try:
            token = yield from obtained(keeper.source, base)
        except InvalidGrant:
            spent = None if base is None else base.replace(refresh_token=None)  # nobody has to try it again
            yield from self._write(Record(token=spent), fence)
            raise
        record = Record(token=token, lifetime=token.expires_in)
        try:
            yield from self._write(record, fence)
        except (StoreUnavailable, StaleFence) as failure:  # the token came: this process goes on with it
            keeper.tell("unsaved", token, failure)
            yield Spawn(self._keep_saving(record, base))
        return Found(token, record.lifetime, is_new=True)

    def _keep_saving(self, record: Record, base: BearerToken | None) -> Steps[None]:
        """Write a token as soon as the store is there again, unless somebody else has written another."""
        for attempt in range(SAVINGS):
            yield Sleep(2.0**attempt / 2)
            try:
                fence = yield Lock(self)
                known = yield from self._read()
                if known.token is None or known.token == base:
                    yield from self._write(record, fence)
            except OAuth2Error:
                continue
            return

    def _read(self) -> Steps[Record]:
        data = yield Blocking(functools.partial(self.store.get, self.entry))
        if data is None:
            return Record()
        self._has_stored = True
        try:
            return self._serializer.loads(data)
        except InvalidSerializedValue as wrong:
            msg = f"A stored token can't be read. {wrong} Give the store the key that it was written with."
            raise StoreCorrupted(msg) from wrong

    def _write(self, record: Record, fence: int) -> Steps[None]:
        token = record.token
        lifetime = None if token is None or token.expires_in is None else float(max(token.expires_in, 0))
        if token is not None and token.refresh_token is not None:
            lifetime = None if lifetime is None else lifetime + KEPT_AFTER_EXPIRY
        data = self._serializer.dumps(record)
        yield Blocking(functools.partial(self.store.put, self.entry, data, lifetime=lifetime, fence=fence))
        self._has_stored = True
