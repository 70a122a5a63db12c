"""Single flight: one caller renews a token, and those who wait for it share the outcome.

What a process knows of a token belongs to the token and not to a handler: two handlers of one entry of a store, made
for two requests perhaps, find the same `TokenState`. So one of them renews, and neither repeats what was in vain. The
access tokens of one login have a state each, and one lock: they share a refresh token, which each renewal may replace.

    lock(state) ──► renew ──► free ──► report what happened
         └── asked for again from inside: RecursiveRenewal, since that lock would never be free

Knows no source and no store.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from .._core.dual_errors import copied_error
from .._core.effects import Lock, Steps, Subtask
from .._core.events import reported_after
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam, RecursiveRenewal

R = TypeVar("R")
FIRST_PAUSE = 0.5  # seconds after the second failure in a row; doubled with each further one
LONGEST_PAUSE = 30.0  # seconds
TRIAL = timedelta(seconds=60)
BETWEEN_REFUSALS = timedelta(seconds=30)
MAX_STATES = 1024  # of one store, that outlive their handlers
MAX_ACCESS_STATES = 50  # of one login


def is_within(begun: datetime | None, now: datetime, length: timedelta) -> bool:
    """Tell whether a span of time has begun and not ended; a clock that was set back ends it."""
    return begun is not None and begun <= now < begun + length


class SingleFlight:
    """How the renewals of one token went: what those who waited share, and when it is too early for another."""

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
        """Note that none came: from the second failure in a row on, no caller asks again for a while."""
        self.ended += 1
        self._failures += 1
        self.failure = copied_error(failure)  # without the traceback, and what lives in its frames
        whole = min(
            FIRST_PAUSE * 2 ** min(self._failures - 2, 10), LONGEST_PAUSE
        )  # 2**1024 is more than a float can be
        seconds = whole * random.uniform(0.5, 1)  # noqa: S311  no secret
        self._pause = (now, timedelta(seconds=seconds)) if self._failures > 1 else None

    def is_paused(self, now: datetime) -> bool:
        """Tell whether it is too early to ask again."""
        return self._pause is not None and is_within(self._pause[0], now, self._pause[1])

    def check(self, ended: int, now: datetime) -> None:
        """Raise the failure of the renewal that a caller waited for, or that the pause is after."""
        if self.failure is not None and (self.ended != ended or self.is_paused(now)):
            raise copied_error(self.failure) from self.failure


class LoginState:
    """What this process knows of a login, which may have several access tokens; also what is locked to get one.

    Attributes:
        era: how often the login was replaced or ended; what was obtained in an earlier era is not used any more.
        fence: the fencing number of the newest record that was seen in the store.
        dpop_key: the key that the stored tokens are bound to, with the nonces that servers gave for it.
        others: without a store, the access tokens for other APIs, by their keys.
    """

    def __init__(self) -> None:
        self.era = 0
        self.fence = 0
        self.dpop_key: Any = None
        self.others: Mapping[str, Any] = {}
        self._states: dict[str, TokenState] = {}

    def begin_anew(self) -> None:
        """Note that the login was replaced, or has ended."""
        self.era += 1
        self.others = {}
        for state in list(self._states.values()):
            state.flight.succeeded()  # what failed before was of another login

    def state_for(self, key: str) -> TokenState:
        """Return what is known of the access token for one of its other APIs."""
        state = self._states.setdefault(key, TokenState(self))  # of two threads, both get the same
        while len(self._states) > MAX_ACCESS_STATES:
            with suppress(RuntimeError, StopIteration):  # another thread does it
                self._states.pop(next(iter(self._states)), None)
        return state


class TokenState:
    """What this process knows of one token.

    Attributes:
        login: the login that it belongs to; also what is locked.
        flight: how its renewals went.
        rejected: the last one that an API rejected.
        on_trial: what replaced it, and when; until an API has accepted it, it is not replaced in its turn.
        replaced_at: when a token was last replaced because an API rejected it.
    """

    def __init__(self, login: LoginState | None = None) -> None:
        self.login = LoginState() if login is None else login
        self.flight = SingleFlight()
        self.rejected: BearerToken | None = None
        self.on_trial: tuple[BearerToken, datetime] | None = None
        self.replaced_at: datetime | None = None

    def is_on_trial(self, token: BearerToken, now: datetime) -> bool:
        """Tell whether a token has only just replaced a rejected one."""
        return (
            self.on_trial is not None and is_same(token, self.on_trial[0]) and is_within(self.on_trial[1], now, TRIAL)
        )


def is_same(token: BearerToken, other: BearerToken | None) -> bool:
    """Tell whether two have the same access token; what came with it may have been replaced since."""
    return other is not None and token.access_token == other.access_token


class _States:
    """The states of the entries of one store: all that are in use, and some that are not."""

    def __init__(self) -> None:
        self.recent: dict[str, TokenState] = {}
        self.living: WeakValueDictionary[str, TokenState] = WeakValueDictionary()
        self.entries: dict[Any, str] = {}  # by login and the hash of a refresh token


_states: WeakKeyDictionary[Any, _States] = WeakKeyDictionary()


def state_of(store: Any, entry: str) -> TokenState:
    """Return what is known of a stored token: the same to all handlers of this process that share the entry."""
    try:
        states = _states.setdefault(store, _States())
    except TypeError:  # a store of the user's own that can't be referenced weakly
        return TokenState()
    state = states.living.get(entry)
    if state is None:
        state = states.recent.setdefault(entry, TokenState())  # of two threads, both get the same
        states.living[entry] = state
    else:
        states.recent.setdefault(entry, state)
    while len(states.recent) > MAX_STATES:
        with suppress(RuntimeError, StopIteration):  # another thread does it
            states.recent.pop(next(iter(states.recent)), None)
    return state


def claim(store: Any, login: tuple[Any, ...], entry: str, refresh_token: str) -> None:
    """Note in which entry a refresh token is.

    Raises:
        InvalidParam: it is in another one already, of the same login.
    """
    try:
        entries = _states.setdefault(store, _States()).entries
    except TypeError:  # see `state_of`
        return
    known = login, hashlib.sha256(refresh_token.encode()).digest()
    if entries.setdefault(known, entry) != entry:
        msg = (
            "This store has the refresh token of this login already, for another scope, resource or audience. Two"
            " handlers that each renew it would log the user out, as soon as the server replaces it. Use one handler,"
            " and its for_resource() for the other API; or a login for each."
        )
        raise InvalidParam(msg)
    while len(entries) > MAX_STATES:
        with suppress(RuntimeError, StopIteration):  # another thread does it
            entries.pop(next(iter(entries)), None)


def disclaim(store: Any, entry: str) -> None:
    """Forget which refresh tokens are in an entry: their login has ended."""
    with suppress(TypeError, KeyError):
        entries = _states[store].entries
        for known in [known for known, home in list(entries.items()) if home == entry]:
            entries.pop(known, None)


class _Visit:
    """A stay inside the lock of a login."""

    def __init__(self, login: LoginState) -> None:
        self.login = login
        self.is_open = True  # a task that was started inside inherits it, and may outlive it


_visits: ContextVar[tuple[_Visit, ...]] = ContextVar("visits", default=())


def alone(state: TokenState, steps: Steps[R], *, wait: float | None = None) -> Steps[R | None]:
    """Run steps as the only ones that get a token; what they report is reported once others can.

    Args:
        state: of the token.
        steps: what to run.
        wait: seconds to wait for others; None: as long as they take.

    Returns:
        What the steps return; None if others took longer.

    Raises:
        RecursiveRenewal: this thread or task is inside already.
    """
    if any(visit.login is state.login and visit.is_open for visit in _visits.get()):
        steps.close()
        raise RecursiveRenewal
    return (yield from reported_after(_as_subtask(_locked(state.login, steps, wait))))


def _as_subtask(steps: Steps[R]) -> Steps[R]:
    result: R = yield Subtask(steps)
    return result


def _locked(login: LoginState, steps: Steps[R], wait: float | None) -> Steps[R | None]:
    if not (yield Lock(login, wait)):
        steps.close()
        return None
    outer, visit = _visits.get(), _Visit(login)
    _visits.set((*outer, visit))
    try:
        return (yield from steps)
    finally:
        visit.is_open = False
        _visits.set(outer)
