"""Having a valid token: the one place that decides when to get, keep or renew one.

    usable_token() ──► the token held, if it is valid for `leeway` seconds more: no effect is needed
    valid_token()  ──► in the leeway: one caller renews while the others keep using the old token; so does that caller
                   │   if renewal fails
                   └─► expired, or none: one caller gets one, those who wait share what comes, also a failure

Where tokens come from is `sources`, where they are kept beyond this process `shared`, who of many renews `flight`.
Expiry goes by the wall clock. Knows no HTTP library and no header; `handlers` is what users see of it.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from .._core.effects import Now, Spawn, Steps, Subtask
from .._core.events import OnEvent, TokenEvent, report, run_hook, tell
from .._tokens.bearer import BearerToken, known_lifetime
from ..exceptions import ExpiredAccessToken, NonRenewableTokenError
from ..stores.base import EntryLocked, StoreUnavailable
from .flight import SingleFlight, TokenState, alone, is_same, state_of
from .records import OWN, Record
from .refreshing import obtained
from .shared import Found, StoreEntry, found_in, found_new
from .sources import TokenSource

MAX_LEEWAY_FRACTION = 0.25  # of the lifetime of a token: the most that leeway may take of it
UNLIMITED = float("inf")  # seconds


class TokenManager:
    """Keeps a valid token of a source.

    Args:
        source: where tokens come from.
        leeway: seconds before expiry at which a token is renewed already.
        store: where tokens are kept beyond this process.
        subject: whose tokens they are.
        background: renew in the background while the old token is still valid.
        on_event: called with a `TokenEvent` when something happens to the token.
        on_token: called with each new token.

    Attributes:
        key: which access token of its login it keeps.
        state: what this process knows of the token.
        store_entry: the entry in the store, if there is a store.
        unusable: a token that is never used again, since an API rejected it or the user forgot it.

    Raises:
        InvalidParam: a store needs a subject.
    """

    key = OWN

    def __init__(
        self,
        source: TokenSource,
        *,
        leeway: float,
        store: Any,
        subject: str | None,
        background: bool,
        on_event: OnEvent | None,
        on_token: Any,
    ) -> None:
        self.source = source
        self.leeway = leeway
        self.subject = subject
        self.background = background
        self.on_event = on_event
        self.on_token = on_token
        self.store_entry = None if store is None else StoreEntry(store, source, subject)
        self.state = (
            TokenState() if self.store_entry is None else state_of(self.store_entry.store, self.store_entry.entry)
        )
        if self.store_entry is not None:
            self.store_entry.state = self.state
        self.unusable: BearerToken | None = None
        self._token: BearerToken | None = None
        self._max_leeway = UNLIMITED  # seconds

    @property
    def login(self) -> TokenManager:
        """The manager of the login that its token belongs to: itself, unless it is for another API of that."""
        return self

    @property
    def token(self) -> BearerToken | None:
        """The token held now, or None."""
        return self._token

    @token.setter
    def token(self, token: BearerToken | None) -> None:
        self._token = token
        lifetime = None if token is None else known_lifetime(token)
        is_fresh = (
            lifetime is not None and self.leeway / 2 < lifetime <= self.leeway
        )  # else it would be renewed at once
        self._max_leeway = max_leeway(lifetime) if is_fresh else UNLIMITED

    @property
    def flight(self) -> SingleFlight:
        """How renewals went."""
        return self.state.flight

    def begin_with(self, token: BearerToken | str | None) -> None:
        """Hold a token that is also stored, if nothing is stored yet."""
        self._take(token)
        if self.store_entry is not None:
            self.store_entry.unsaved = "if empty"

    def replace_by(self, token: BearerToken | str | None) -> None:
        """Hold a token that also replaces the stored one, at the next opportunity: a new login."""
        self._take(token)
        self.state.login.begin_anew()
        if self.store_entry is not None:
            self.store_entry.unsaved = "anyway"

    def _take(self, token: BearerToken | str | None) -> None:
        given = BearerToken(token) if isinstance(token, str) else token
        if self.store_entry is not None:
            self.store_entry.claim(given)
        self.token = given

    def forget(self) -> None:
        """Drop the access token. What is stored of it stays there, to renew it with."""
        self.unusable = self.token or self.unusable
        self.token = None
        if self.store_entry is not None and self.store_entry.unsaved == "if empty":
            self.store_entry.unsaved = None

    def hold(self, token: BearerToken, lifetime: int | None) -> None:
        """Set the current token. `lifetime` is its validity in seconds when it was issued."""
        self._token = token
        self._max_leeway = max_leeway(lifetime)

    def follow(self, token: BearerToken, lifetime: int | None) -> None:
        """Hold a token of the same login that may have another refresh token only."""
        if is_same(token, self._token):
            self._token = token
        else:
            self.hold(token, lifetime)

    def is_good(self, token: BearerToken, lifetime: int | None) -> bool:
        """Tell whether a token is valid for the leeway, and may be used."""
        return not token.is_expired(min(self.leeway, max_leeway(lifetime))) and not self.is_unusable(token)

    def is_unusable(self, token: BearerToken) -> bool:
        """Tell whether a token was rejected or forgotten."""
        return is_same(token, self.unusable)

    def usable_token(self) -> BearerToken | None:
        """Return the held token if it is valid for `leeway` seconds more."""
        token = self.token
        if token is None or token.is_expired(min(self.leeway, self._max_leeway)) or self.is_unsaved:
            return None
        return None if self.unusable is not None and self.is_unusable(token) else token

    @property
    def is_unsaved(self) -> bool:
        """Tell whether the store does not know the token yet, or has a better one."""
        return self.store_entry is not None and self.store_entry.unsaved is not None

    def tell(self, name: str, token: BearerToken | None = None, error: Exception | None = None) -> None:
        """Report what has happened."""
        event = TokenEvent(
            name=name,
            client_id=getattr(self.source.client, "client_id", None),
            grant=self.source.grant,
            subject=self.subject,
            expires_in=None if token is None else token.expires_in,
            error=None if error is None else type(error).__name__,
        )
        tell(event, self.on_event)

    def announce(self, token: BearerToken) -> None:
        """Pass a new token to the user's `on_token`."""
        if self.on_token is not None:
            report(functools.partial(run_hook, self.on_token, token))


def max_leeway(lifetime: float | None) -> float:
    """Return the most seconds that leeway may take of a token that was issued for `lifetime` seconds."""
    return UNLIMITED if lifetime is None else lifetime * MAX_LEEWAY_FRACTION


def valid_token(manager: TokenManager, /) -> Steps[BearerToken]:
    """Return a token valid for at least `leeway` seconds, or the current one if it cannot be renewed.

    Raises:
        ExpiredAccessToken: the token is expired and can't be renewed.
        NonRenewableTokenError: there is no token, and no way to get one.
        LoginNeeded: the AS no longer takes the refresh token.
        TokenEndpointError: and everything else that a token request raises.
        TokenStoreError: the store can't be used.
        RecursiveRenewal: this very renewal needs the token.
    """
    held = manager.token
    if held is None or held.is_expired() or manager.is_unusable(held):
        return (yield from _get(manager))
    if manager.is_unsaved:
        return (yield from _save_first(manager, held))
    if not manager.background:
        return (yield from _renew_ahead(manager, held))
    yield from _spawn(manager, held)
    return held


def token_valid_for(manager: TokenManager, /, seconds: float) -> Steps[BearerToken]:
    """Return a token valid for at least some seconds, or a new one where the AS issues none that lasts so long."""
    token = manager.usable_token() or (yield from valid_token(manager))
    if not token.is_expired(seconds):
        return token

    def is_good(token: BearerToken, lifetime: int | None) -> bool:
        return manager.is_good(token, lifetime) and not token.is_expired(seconds)

    return (yield from _renewed(manager, token, is_good))


def renew_token(manager: TokenManager, /) -> Steps[None]:
    """Get another token now, whether or not the held one is still valid.

    Raises:
        NonRenewableTokenError: there is no way to get one.
        LoginNeeded: the AS no longer takes the refresh token.
        TokenEndpointError: and everything else that a token request raises.
        TokenStoreError: the store can't be used.
        RecursiveRenewal: this very renewal needs the token.
    """
    held = manager.token
    yield from _renewed(manager, held, lambda token, lifetime: token != held and manager.is_good(token, lifetime))


def replaced_token(manager: TokenManager, /, rejected: BearerToken) -> Steps[BearerToken]:
    """Return another token than the one that an API has rejected as invalid (RFC 6750 section 3.1).

    Raises:
        NonRenewableTokenError: there is no way to get one.
        TokenEndpointError: and everything else that `valid_token` raises.
    """
    if manager.token == rejected:
        manager.unusable = manager.state.rejected = rejected
        manager.tell("refused", rejected)
    return manager.usable_token() or (yield from valid_token(manager))


def save_token(manager: TokenManager, /, token: BearerToken | str) -> Steps[None]:
    """Hold a token, and store it now in place of the stored one."""
    manager = manager.login
    manager.replace_by(token)
    if manager.store_entry is not None:
        yield from alone(manager.state, manager.store_entry.saved(manager.token))


def _get(manager: TokenManager) -> Steps[BearerToken]:
    """Get a token: the first caller does it, those who waited take what came."""
    token = yield from alone(manager.state, _got(manager, manager.flight.ended))
    assert token is not None  # noqa: S101  it waits as long as others take
    return token


def _got(manager: TokenManager, ended: int) -> Steps[BearerToken]:
    token = manager.usable_token()
    if token is not None:
        manager.tell("adopted", token)
        return token
    manager.flight.check(ended, (yield Now()))
    held = manager.token
    try:
        return (yield from _obtain(manager))
    except NonRenewableTokenError:
        if held is None or manager.is_unusable(held):
            raise
        raise ExpiredAccessToken(held) from None


def _save_first(manager: TokenManager, held: BearerToken) -> Steps[BearerToken]:
    """Let the store know a valid token, or return a better one; without the store, go on with it."""
    try:
        return (yield from _get(manager))
    except (StoreUnavailable, EntryLocked):  # it was reported
        return held


def _renewed(manager: TokenManager, held: BearerToken | None, is_good: Any) -> Steps[BearerToken]:
    def steps() -> Steps[BearerToken]:
        token = manager.token
        if token is not None and token != held and not token.is_expired():  # replaced while this caller waited
            return token
        return (yield from _obtain(manager, is_good=is_good))

    renewed = yield from alone(manager.state, steps())
    assert renewed is not None  # noqa: S101  it waits as long as others take
    return renewed


def _renew_ahead(manager: TokenManager, held: BearerToken) -> Steps[BearerToken]:
    """Renew a token that is still valid; a caller who can't be the first, or fails, goes on with it."""
    if manager.flight.is_paused((yield Now())):
        return held
    try:
        return (yield from alone(manager.state, _renewed_first(manager), wait=0)) or held
    except Exception:  # noqa: BLE001  it was reported, and the token is still valid
        return held


def _renewed_first(manager: TokenManager) -> Steps[BearerToken]:
    return manager.usable_token() or (yield from _obtain(manager, wait=0))


def _spawn(manager: TokenManager, held: BearerToken) -> Steps[None]:
    """Begin one renewal in the background; where that can't be, the next caller tries again."""
    spawned_for = os.getpid(), held  # after a fork, the other threads do not exist
    if manager.flight.spawned_for == spawned_for or manager.flight.is_paused((yield Now())):
        return
    manager.flight.spawned_for = spawned_for
    try:
        yield Spawn(_renew_behind(manager, held))
    except RuntimeError:  # no further thread can be started
        manager.flight.spawned_for = None


def _renew_behind(manager: TokenManager, held: BearerToken) -> Steps[None]:
    try:
        yield from _renew_ahead(manager, held)
    finally:
        manager.flight.spawned_for = None


def _obtain(manager: TokenManager, *, is_good: Any = None, wait: float | None = None) -> Steps[BearerToken]:
    """Get a token and hold it, even if the task is cancelled meanwhile: the AS may have taken the old one back.

    Where a refresh token or a code is spent, that goes on even if the thread is interrupted: it would be lost with the
    answer. So does what is one request: an interruption may be an ordinary exception, and the AS has not failed.
    """
    base = manager.login.token
    refreshes = base is not None and base.refresh_token is not None
    is_quick = not manager.source.waits_for_user  # a login ends where it is when its user presses Ctrl-C
    steps = _obtain_now(manager, base, is_good or manager.is_good, wait)
    token: BearerToken = yield Subtask(
        steps,
        shielded=refreshes or is_quick,
        detached=refreshes or (is_quick and (manager.store_entry is not None or manager.source.is_one_request)),
    )
    return token


def _obtain_now(
    manager: TokenManager, base: BearerToken | None, is_good: Any, wait: float | None
) -> Steps[BearerToken]:
    """Get a token, or take the one that another process has put into the store, and hold it.

    `base` is the token of the login that is held here.
    """
    flight = manager.flight
    kept: list[BearerToken] = []
    try:
        if manager.store_entry is None:
            found = yield from _found_here(manager, base, is_good, kept)
        else:
            found = yield from manager.store_entry.obtained(manager, base, is_good, wait=wait)
    except NonRenewableTokenError:
        raise
    except Exception as failure:
        if wait == 0 and isinstance(failure, EntryLocked):
            raise  # another process renews it already: no failure
        flight.failed(failure, (yield Now()))
        manager.tell("failed", manager.token, failure)
        for token in kept:
            manager.login.announce(token)
        raise
    flight.succeeded()
    _hold_found(manager, base, found, kept)
    manager.tell("obtained" if found.is_new else "adopted", found.token)
    if found.is_new:
        _announce_found(manager, base, found)
    return found.token


def _hold_found(manager: TokenManager, base: BearerToken | None, found: Found, kept: list[BearerToken]) -> None:
    """Hold what was found, unless another token was set meanwhile."""
    login = manager.login
    if login.token not in {base, None, *kept}:
        return
    if found.is_new_login:
        login.state.login.begin_anew()
    if manager is not login:
        login.state.login.others = {} if manager.store_entry else found.record.others
        if found.record.token is not None:
            login.follow(found.record.token, found.record.lifetime)
    manager.hold(found.token, found.lifetime)


def _announce_found(manager: TokenManager, base: BearerToken | None, found: Found) -> None:
    """Pass a new token to the user's hook; that of the login hears of the refresh token that came with another's."""
    if manager.is_unusable(found.token):  # the AS insists on it
        manager.unusable = None
    if manager is not manager.login and found.record.token is not None and found.record.token != base:
        manager.login.announce(found.record.token)
    manager.announce(found.token)


def _found_here(manager: TokenManager, base: BearerToken | None, is_good: Any, kept: list[BearerToken]) -> Steps[Found]:
    """Get a token without a store."""
    record = Record(token=base, others=manager.state.login.others)
    known = None if manager is manager.login else found_in(record, manager, is_good)
    if known is not None:
        return known
    came = yield from obtained(manager.source, base, functools.partial(_keep, manager.login, kept))
    return found_new(record.renewed(manager.key, came), manager, came)


def _keep(login: TokenManager, kept: list[BearerToken], token: BearerToken, *, is_new_login: bool) -> Steps[None]:
    """Hold what came of a login, before the rest is obtained or checked."""
    yield from ()
    if login.token is not None or is_new_login:
        login.hold(token, token.expires_in if is_new_login else None)
    kept.append(token)
