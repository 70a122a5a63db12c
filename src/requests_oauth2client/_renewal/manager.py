"""Having a valid token: the one place that decides when to get, keep or renew one.

    usable_token() ──► the token held, if it is good for `leeway` seconds more: no step is taken
    valid_token()  ──► in the leeway: one caller renews, the others go on with the old one; so does he if he fails
                   └─► expired, or none: one caller gets one, those who wait share what comes, also a failure

Where tokens come from is `sources`, where they are kept beyond this process `storing`. Expiry goes by the wall
clock. Knows no HTTP library and no header.
"""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from typing import Any, ClassVar

from .._core.effects import Lock, Now, Spawn, Steps, Subtask
from .._core.events import OnEvent, TokenEvent, tell
from .._tokens.bearer import BearerToken
from ..exceptions import ExpiredAccessToken, NonRenewableTokenError
from ..stores.base import EntryLocked, StoreUnavailable
from .shared import Found, StoreEntry
from .sources import TokenSource, client_for_runner, obtained

MAX_LEEWAY_FRACTION = 0.25  # of the lifetime of a token: the most that leeway may take of it
FIRST_PAUSE = 0.5  # seconds after the second failure in a row; doubled with each further one
LONGEST_PAUSE = 30.0  # seconds


class SingleFlight:
    """The renewals of one token: one at a time, and those who waited for it share its outcome."""

    def __init__(self) -> None:
        self.ended = 0
        self.spawned_for: tuple[int, BearerToken] | None = None  # the process, the token
        self.failure: Exception | None = None
        self._failures = 0
        self._pause: tuple[datetime, timedelta] | None = None

    def succeeded(self) -> None:
        """Note that a token came."""
        self.ended += 1
        self.failure, self._failures, self._pause = None, 0, None

    def failed(self, failure: Exception, now: datetime) -> None:
        """Note that none came: from the second failure in a row on, nobody asks again for a while."""
        self.ended += 1
        self._failures += 1
        self.failure = _same(failure)  # without the traceback, and what lives in its frames
        whole = min(
            FIRST_PAUSE * 2 ** min(self._failures - 2, 10), LONGEST_PAUSE
        )  # 2**1024 is more than a float can be
        seconds = whole * random.uniform(0.5, 1)  # noqa: S311  no secret
        self._pause = (now, timedelta(seconds=seconds)) if self._failures > 1 else None

    def is_paused(self, now: datetime) -> bool:
        """Tell whether it is too early to ask again; a clock that was set back ends the pause."""
        return self._pause is not None and timedelta(0) <= now - self._pause[0] < self._pause[1]

    def check(self, ended: int, now: datetime) -> None:
        """Raise the failure of the renewal that a caller waited for, or that the pause is after."""
        if self.failure is not None and (self.ended != ended or self.is_paused(now)):
            raise _same(self.failure) from self.failure


def _same(failure: Exception) -> Exception:
    """Copy an exception, so that each thread raises one of its own."""
    again = type(failure).__new__(type(failure), *failure.args)
    again.args = failure.args
    again.__dict__.update(failure.__dict__)
    if isinstance(failure, OSError) and isinstance(again, OSError) and failure.filename is not None:
        again.filename = failure.filename  # which is not among its args
    return again


class TokenManager:
    """Keeps a valid token of a source. Auth handlers are keepers that put it into requests.

    Args:
        source: where tokens come from.
        token: a token to begin with; a str is an access token that can't be renewed.
        leeway: seconds before expiry at which it is renewed already; at most a quarter of the lifetime of a token
            that was got here.
        store: where tokens are kept beyond this process, so that others share them and renew each only once.
        subject: whose tokens they are, as you like to call them: needed in a store where a user granted them.
        background: renew in the background while the old token is still good, and not in the request that finds it so.
        on_event: called with a `TokenEvent` when something happens to the token.
        raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
        allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.

    Raises:
        InvalidParam: the source is none, its client is of the other kind, or a store needs a subject.
    """

    runner_class: ClassVar[Any] = object  # SyncRunner or AsyncRunner

    def __init__(
        self,
        source: TokenSource,
        *,
        token: BearerToken | str | None = None,
        leeway: float = 20,
        store: Any = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
    ) -> None:
        if source.client is not None:
            client_for_runner(source.client, self.runner_class, self)
        self.source = source
        self.leeway = leeway
        self.subject = subject
        self.background = background
        self.on_event = on_event
        self.raise_for_challenge = raise_for_challenge
        self.allow_insecure_http = allow_insecure_http
        self.flight = SingleFlight()
        self.store_entry = None if store is None else StoreEntry(store, source, subject)
        self.refused: BearerToken | None = None  # by an API: never used again
        self.on_trial: tuple[BearerToken, datetime] | None = None  # what replaced it, and when
        self.token = token
        if self.store_entry is not None:
            self.store_entry.unsaved = "if empty"

    @property
    def token(self) -> BearerToken | None:
        """The token held now, or None. One that is set here also replaces the one in the store."""
        return self._token

    @token.setter
    def token(self, token: BearerToken | str | None) -> None:
        self._token = BearerToken(token) if isinstance(token, str) else token
        self._most_leeway = float("inf")  # seconds
        if self.store_entry is not None:
            self.store_entry.unsaved = "anyway"

    @property
    def client(self) -> Any:
        """The client that gets the tokens."""
        return self.source.client

    @client.setter
    def client(self, client: Any) -> None:
        self.source.client = client_for_runner(client, self.runner_class, self)

    @property
    def token_kwargs(self) -> dict[str, Any]:
        """The further form fields of its token requests."""
        return self.source.token_kwargs

    def forget_token(self) -> None:
        """Drop the token; the next request gets another one. What is stored of it stays there, to renew it with."""
        self.refused = self.token or self.refused
        self._token = None
        if self.store_entry is not None and self.store_entry.unsaved == "if empty":
            self.store_entry.unsaved = None

    def hold(self, token: BearerToken, lifetime: int | None) -> None:
        """Hold a token that came now, or that was stored when it came; it was good for `lifetime` seconds then."""
        self._token = token
        self._most_leeway = float("inf") if lifetime is None else lifetime * MAX_LEEWAY_FRACTION

    def is_good(self, token: BearerToken, lifetime: int | None) -> bool:
        """Tell whether a token is good for the leeway."""
        most = float("inf") if lifetime is None else lifetime * MAX_LEEWAY_FRACTION
        return not token.is_expired(min(self.leeway, most)) and token != self.refused

    def usable_token(self) -> BearerToken | None:
        """Return the held token if it is good for `leeway` seconds more."""
        token = self.token
        if token is None or token.is_expired(min(self.leeway, self._most_leeway)):
            return None
        return None if self.is_unsaved or (self.refused is not None and token == self.refused) else token

    @property
    def is_unsaved(self) -> bool:
        """Tell whether the store does not know the token yet, or better."""
        return self.store_entry is not None and self.store_entry.unsaved is not None

    def tell(self, name: str, token: BearerToken | None = None, error: Exception | None = None) -> None:
        """Tell what has happened."""
        event = TokenEvent(
            name=name,
            client_id=getattr(self.client, "client_id", None),
            grant=self.source.grant,
            subject=self.subject,
            expires_in=None if token is None else token.expires_in,
            error=None if error is None else type(error).__name__,
        )
        tell(event, self.on_event)

    def __getattr__(self, name: str) -> Any:
        source = self.__dict__.get("source")
        if name.startswith("_") or source is None:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(source, name)  # what its grant knows, such as `code`

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={getattr(self.client, 'client_id', None)!r} token={self.token!r}>"


def valid_token(manager: TokenManager, /) -> Steps[BearerToken]:
    """Give a token that is good for `leeway` seconds more, or until it expires where it can't be renewed.

    Raises:
        ExpiredAccessToken: the token is expired and can't be renewed.
        NonRenewableTokenError: there is no token, and no way to get one.
        InvalidGrant: the AS no longer takes the refresh token: log in again.
        TokenEndpointError: and everything else that a token request raises.
        TokenStoreError: the store can't be used.
    """
    held = manager.token
    if held is None or held.is_expired() or held == manager.refused:
        token: BearerToken = yield Subtask(_get(manager, manager.flight.ended))
        return token
    if manager.is_unsaved:
        return (yield from _save_first(manager, held))
    if not manager.background:
        return (yield from _renew_ahead(manager, held))
    yield from _spawn(manager, held)
    return held


def renew_token(manager: TokenManager, /) -> Steps[None]:
    """Get another token now, whether or not the held one is still good.

    Raises:
        NonRenewableTokenError: there is no way to get one.
        InvalidGrant: the AS no longer takes the refresh token: log in again.
        TokenEndpointError: and everything else that a token request raises.
        TokenStoreError: the store can't be used.
    """
    yield Subtask(_replace(manager, manager.token))


def replaced_token(manager: TokenManager, /, refused: BearerToken) -> Steps[BearerToken]:
    """Give another token than the one that an API has refused as invalid (RFC 6750 section 3.1).

    Raises:
        NonRenewableTokenError: there is no way to get one.
        TokenEndpointError: and everything else that `valid_token` raises.
    """
    if manager.token == refused:
        manager.refused = refused
        manager.tell("refused", refused)
    return manager.usable_token() or (yield from valid_token(manager))


def _get(manager: TokenManager, ended: int) -> Steps[BearerToken]:
    """Get a token: the first caller does it, those who waited for him take what came."""
    yield Lock(manager.flight)
    token = manager.usable_token()
    if token is not None:
        manager.tell("adopted", token)
        return token
    manager.flight.check(ended, (yield Now()))
    held = manager.token
    try:
        return (yield from _obtain(manager, held))
    except NonRenewableTokenError:
        if held is None or held == manager.refused:
            raise
        raise ExpiredAccessToken(held) from None


def _save_first(manager: TokenManager, held: BearerToken) -> Steps[BearerToken]:
    """Let the store know a token that is good, or give a better one; without the store, go on with it."""
    try:
        token: BearerToken = yield Subtask(_get(manager, manager.flight.ended))
    except (StoreUnavailable, EntryLocked):  # it was told
        return held
    return token


def _replace(manager: TokenManager, held: BearerToken | None) -> Steps[None]:
    yield Lock(manager.flight)
    if manager.token == held:  # nobody has replaced it while this caller waited
        yield from _obtain(manager, held, is_good=lambda token, left: token != held and manager.is_good(token, left))


def _renew_ahead(manager: TokenManager, held: BearerToken) -> Steps[BearerToken]:
    """Renew a token that is still good; who can't be the first, or fails, goes on with it."""
    if manager.flight.is_paused((yield Now())):
        return held
    try:
        token: BearerToken = yield Subtask(_renew_first(manager, held))
    except Exception:  # noqa: BLE001  it was told, and the token is still good
        return held
    return token


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


def _renew_first(manager: TokenManager, held: BearerToken) -> Steps[BearerToken]:
    if not (yield Lock(manager.flight, wait=0)):
        return held
    return manager.usable_token() or (yield from _obtain(manager, manager.token, wait=0))


def _obtain(
    manager: TokenManager, held: BearerToken | None, *, is_good: Any = None, wait: float | None = None
) -> Steps[BearerToken]:
    """Get a token and hold it, even if the task is cancelled meanwhile: the AS may have taken the old one back."""
    refreshes = held is not None and held.refresh_token is not None
    steps = _obtain_now(manager, held, is_good or manager.is_good, wait)
    token: BearerToken = yield Subtask(steps, shielded=refreshes or not manager.source.waits_for_user)
    return token


def _obtain_now(
    manager: TokenManager, held: BearerToken | None, is_good: Any, wait: float | None
) -> Steps[BearerToken]:
    """Get a token, or take the one that another process has put into the store, and hold it."""
    flight = manager.flight
    try:
        if manager.store_entry is None:
            token = yield from obtained(manager.source, held)
            found = Found(token, token.expires_in, is_new=True)
        else:
            found = yield from manager.store_entry.obtained(manager, held, is_good, wait=wait)
    except NonRenewableTokenError:
        raise
    except Exception as failure:
        if wait == 0 and isinstance(failure, EntryLocked):
            raise  # another process renews it already: no failure
        flight.failed(failure, (yield Now()))
        manager.tell("failed", held, failure)
        raise
    flight.succeeded()
    if manager.token in {held, None}:  # else somebody has set another one meanwhile
        manager.hold(found.token, found.lifetime)
    manager.tell("obtained" if found.is_new else "adopted", found.token)
    return found.token
