"""Logins in the store: who is logged in, and the index by which a logout at the provider finds them.

The browser holds a random login id, and nothing else. Its record, and its tokens, are in the store, under names that
are hashes of it.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from .._core.effects import Lock, RunInThread, Steps, Subtask
from .._core.times import moment, timestamp
from ..serializers import InvalidSerializedValue, Serializer
from ..stores.base import TokenStore

LIFETIME = 30 * 86_400  # seconds that a login lasts, unless it ends before
MAX_LOGINS = 1000  # of one user that the index knows
MAX_DECRYPTED = 1000  # records that are kept in memory beside what is stored of them
LOCK_WAIT = 10.0  # seconds for the lock of an index entry, which is held for one read and one write


@dataclass(frozen=True, kw_only=True)
class User:
    """Who is logged in.

    Attributes:
        provider: the name of the provider.
        issuer: who says so.
        subject: who it is, for this issuer (OIDC Core section 2: unique and never reassigned).
        claims: what the ID token says, and userinfo where that was asked for. Read-only.
        acr: the authentication context class, or None.
        auth_time: when the user really logged in, or None.
        sid: the session at the provider, or None.
        expires_at: when the login ends.
    """

    provider: str
    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    acr: str | None = None
    auth_time: datetime | None = None
    sid: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LoginRecord:
    """A login, as it is stored.

    Attributes:
        login_id: what the browser holds; not stored.
        begun: seconds since 1970.
        asked: what the login asked for beyond the usual, such as acr_values.
        id_token: the hint for the logout.
    """

    login_id: str = field(repr=False)
    user: User
    begun: float
    asked: Mapping[str, Any] = field(default_factory=dict)
    id_token: str | None = field(default=None, repr=False)


class _RecordSerializer(Serializer[LoginRecord]):
    kind = "web login"

    def __init__(self, keys: Iterable[bytes] | None, login_id: str) -> None:
        super().__init__(keys)
        self._login_id = login_id

    def fields_of(self, value: LoginRecord) -> Mapping[str, Any]:
        user = value.user
        return {
            "entry": _entry("login", self._login_id),
            "provider": user.provider,
            "issuer": user.issuer,
            "subject": user.subject,
            "claims": dict(user.claims),
            "acr": user.acr,
            "auth_time": user.auth_time and int(user.auth_time.timestamp()),
            "sid": user.sid,
            "expires_at": user.expires_at and int(user.expires_at.timestamp()),
            "begun": value.begun,
            "asked": dict(value.asked),
            "id_token": value.id_token,
        }

    def value_of(self, fields: dict[str, Any]) -> LoginRecord:
        if fields["entry"] != _entry("login", self._login_id):
            msg = "it is another login's"
            raise ValueError(msg)
        user = User(
            provider=fields["provider"],
            issuer=fields["issuer"],
            subject=fields["subject"],
            claims=MappingProxyType(fields["claims"]),
            acr=fields["acr"],
            auth_time=moment(fields["auth_time"]),
            sid=fields["sid"],
            expires_at=moment(fields["expires_at"]),
        )
        return LoginRecord(
            login_id=self._login_id,
            user=user,
            begun=fields["begun"],
            asked=fields["asked"],
            id_token=fields["id_token"],
        )


class _IndexSerializer(Serializer[list[str]]):
    kind = "index of web logins"

    def fields_of(self, value: list[str]) -> Mapping[str, Any]:
        return {"logins": value}

    def value_of(self, fields: dict[str, Any]) -> list[str]:
        return [str(one) for one in fields["logins"]]


def _entry(*parts: str) -> str:
    return hashlib.sha256("\0".join(("requests_oauth2client.web", *parts)).encode()).hexdigest()


class _IndexLock:
    """The lock of an index entry."""

    def __init__(self, store: TokenStore, entry: str) -> None:
        self._store, self._entry = store, entry

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock, and hold it; the outcome is its fencing number."""
        return self._store.lock(self._entry, wait=LOCK_WAIT if wait is None else wait)


class Logins:
    """The logins in a store.

    Args:
        store: where they are.
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._index = _IndexSerializer(store.keys)
        self._decrypted: OrderedDict[str, tuple[bytes, LoginRecord]] = OrderedDict()

    @staticmethod
    def new_id() -> str:
        """Return a login id that can't be guessed."""
        return secrets.token_urlsafe(32)

    def read(self, login_id: str | None) -> Steps[LoginRecord | None]:
        """Return a login, or None if it does not exist, or has ended."""
        if not login_id:
            return None
        data = yield RunInThread(functools.partial(self._store.get, _entry("login", login_id)), for_store=True)
        if data is None:
            return None
        record = self._record_in(login_id, data)
        if record is None:
            return None
        expires_at = record.user.expires_at
        return None if expires_at is not None and expires_at.timestamp() <= timestamp() else record

    def _record_in(self, login_id: str, data: bytes) -> LoginRecord | None:
        """Read a record; the very bytes that were read before are not decrypted again."""
        known = self._decrypted.get(login_id)
        if known is not None and known[0] == data:
            return known[1]
        try:
            record = _RecordSerializer(self._store.keys, login_id).loads(data)
        except InvalidSerializedValue:  # of another key, or damaged: they log in again
            return None
        self._decrypted[login_id] = (data, record)
        while len(self._decrypted) > MAX_DECRYPTED:
            with suppress(KeyError):  # another thread was faster
                self._decrypted.popitem(last=False)
        return record

    def write(self, record: LoginRecord) -> Steps[None]:
        """Store a login, and note it in the index."""
        data = _RecordSerializer(self._store.keys, record.login_id).dumps(record)
        entry = _entry("login", record.login_id)
        put = functools.partial(self._store.put, entry, data, lifetime=LIFETIME)
        yield RunInThread(put, for_store=True)
        for key in _keys_of(record.user):
            yield Subtask(self._change(key, added=record.login_id))

    def update(self, record: LoginRecord, **changes: Any) -> Steps[LoginRecord]:
        """Store a login with changes."""
        changed = replace(record, **changes)
        data = _RecordSerializer(self._store.keys, record.login_id).dumps(changed)
        put = functools.partial(self._store.put, _entry("login", record.login_id), data, lifetime=LIFETIME)
        yield RunInThread(put, for_store=True)
        return changed

    def delete(self, record: LoginRecord) -> Steps[None]:
        """Drop a login."""
        delete = functools.partial(self._store.delete, _entry("login", record.login_id))
        yield RunInThread(delete, for_store=True)
        for key in _keys_of(record.user):
            yield Subtask(self._change(key, removed=record.login_id))

    def of_session(self, issuer: str, *, sid: str | None, sub: str | None) -> Steps[list[LoginRecord]]:
        """Return the logins of a session at the provider, or of a user where the session is not said."""
        key = _entry("sid", issuer, sid) if sid is not None else _entry("sub", issuer, str(sub))
        records = []
        for login_id in (yield from self._listed(key)):
            record = yield from self.read(login_id)
            if record is not None and (sub is None or record.user.subject == sub):
                records.append(record)
        return records

    def use_once(self, issuer: str, jti: str, lifetime: float) -> Steps[bool]:
        """Return whether a jti comes for the first time."""
        is_first: bool = yield Subtask(self._used_once(_entry("jti", issuer, jti), lifetime))
        return is_first

    def _used_once(self, entry: str, lifetime: float) -> Steps[bool]:
        fence = yield Lock(_IndexLock(self._store, entry))
        if (yield RunInThread(functools.partial(self._store.get, entry), for_store=True)) is not None:
            return False
        put = functools.partial(self._store.put, entry, b"used", lifetime=lifetime, fence=fence)
        yield RunInThread(put, for_store=True)
        return True

    def _listed(self, key: str) -> Steps[list[str]]:
        data = yield RunInThread(functools.partial(self._store.get, key), for_store=True)
        with suppress(InvalidSerializedValue):
            return [] if data is None else self._index.loads(data)
        return []

    def _change(self, key: str, *, added: str | None = None, removed: str | None = None) -> Steps[None]:
        fence = yield Lock(_IndexLock(self._store, key))
        known = [one for one in (yield from self._listed(key)) if one not in {added, removed}]
        logins = [*known, *([added] if added else [])][-MAX_LOGINS:]
        if logins:
            data = self._index.dumps(logins)
            change = functools.partial(self._store.put, key, data, lifetime=LIFETIME, fence=fence)
        else:
            change = functools.partial(self._store.delete, key, fence=fence)
        yield RunInThread(change, for_store=True)


def _keys_of(user: User) -> list[str]:
    keys = [_entry("sub", user.issuer, user.subject)]
    return [*keys, _entry("sid", user.issuer, user.sid)] if user.sid is not None else keys
