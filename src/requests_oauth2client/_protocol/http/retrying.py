"""Asking a failing server again: which failures are transient, and which requests may be made twice.

    attempt ──► an answer, or a failure that would come again ──────────────────► the caller
       ▲  └──► a transient failure, of a request    that may be repeated ──► wait ──┐
       └─────────────────────────────────────────────────────────────────────────────┘

Each attempt is a request of its own: authenticated anew, with a DPoP proof of its own (RFC 7523 section 3,
RFC 9449 section 11.1: a jti is used once). How long to wait is the client's setting `Retries`. Knows no endpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, TypeAlias

from ..._core.effects import Now, Send, Sleep, Steps
from ..._core.events import report as report_later
from ..._core.events import run_hook
from ..._core.frozen import frozen, replace
from ..._core.messages import Request, Response, read_oauth_error
from ..._core.redaction import without_query
from ..._core.retry_info import (
    PERMANENT,
    SERVER_ERRORS,
    TOO_MANY_REQUESTS,
    TRANSIENT_ERRORS,
    Tries,
    add_tries,
    retry_after,
)
from ...exceptions import ResponseTooLarge, TransportError
from ...retries import Retries
from .limits import Limits

log = logging.getLogger("requests_oauth2client.retries")

Attempt: TypeAlias = Callable[[Request], Steps[Response]]


class Repeat(Enum):
    """When a request may be made again."""

    ALWAYS = "always"  # seeing it twice, the AS gives or does the same
    UNSENT = "unsent"  # only when it provably did not reach the AS
    NEVER = "never"  # who asks has a rule of its own for that


# By grant_type. Codes, refresh tokens and assertions are not here: the AS may take one of these only once
# (RFC 6749 sections 4.1.2 and 10.4, RFC 7523 section 3), and may have done so although the answer was lost.
GRANTS: Mapping[str, Repeat] = {
    "client_credentials": Repeat.ALWAYS,
    "password": Repeat.ALWAYS,
    "urn:ietf:params:oauth:grant-type:token-exchange": Repeat.ALWAYS,
    "urn:ietf:params:oauth:grant-type:device_code": Repeat.NEVER,  # RFC 8628 §3.5: polling doubles its interval
    "urn:openid:params:grant-type:ciba": Repeat.NEVER,
}


def of_grant(data: Mapping[str, Any]) -> Repeat:
    """Return when a token request may be made again."""
    return GRANTS.get(str(data.get("grant_type")), Repeat.UNSENT)


def once(request: Request) -> Steps[Response]:
    """Send a request as it is."""
    response: Response = yield Send(request)
    return response


def retried(limits: Limits, request: Request, *, repeat: Repeat, attempt: Attempt = once) -> Steps[Response]:
    """Make a request, and again while that is safe, may help, and fits into the time for it.

    Args:
        limits: whose `retries` count.
        request: the request, not authenticated yet.
        repeat: when it may be made again.
        attempt: authenticates and sends it.

    Returns:
        The answer; the last one where the server kept failing. An error that is made of it says how often it was asked.

    Raises:
        TransportError: no answer came; its `attempts` tell how often was asked.
    """
    retries = None if repeat is Repeat.NEVER else limits.retries
    if retries is None:
        return (yield from attempt(request))
    tries = _Tries(retries, request, repeat, begun=(yield Now()))
    while True:
        try:
            response = yield from attempt(tries.next_request())
        except TransportError as failure:
            wait = tries.wait_after(_lost(failure), now=(yield Now()))
            if wait is None:
                add_tries(failure, tries.told)
                _remember(failure.response, tries.told)
                raise
        else:
            failed_attempt = _failing(response)
            wait = None if failed_attempt is None else tries.wait_after(failed_attempt, now=(yield Now()))
            if wait is None:
                _remember(response, tries.told)
                return response
        yield Sleep(wait)
        tries.spent(now=(yield Now()))


@frozen(kw_only=True)
class FailedAttempt:
    """A failed attempt."""

    what: str
    is_transient: bool = True
    sent: bool = True
    status: int | None = None
    retry_after: float | None = None  # seconds


def _lost(failure: TransportError) -> FailedAttempt:
    """Say what it means that no whole answer came."""
    too_large = isinstance(failure, ResponseTooLarge)
    return FailedAttempt(
        what=type(failure).__name__, is_transient=not too_large, sent=failure.sent, status=failure.status
    )


def _failing(response: Response) -> FailedAttempt | None:
    """Say what an answer means; None for one that is no sign of illness, however bad its news."""
    status = response.status_code
    if status != TOO_MANY_REQUESTS and (status < SERVER_ERRORS or status in PERMANENT):
        return None
    answer, wait = read_oauth_error(response), retry_after(response.headers)
    if answer is not None and answer["error"] not in TRANSIENT_ERRORS and wait is None:
        return None
    return FailedAttempt(what=f"status {status}", status=status, retry_after=wait)


class _Tries:
    """The attempts at one request so far."""

    def __init__(self, retries: Retries, request: Request, repeat: Repeat, *, begun: datetime) -> None:
        self.retries, self.request, self.repeat, self.begun = retries, request, repeat, begun
        self.left = self.total = _whole(request.timeout) if retries.max_total is None else retries.max_total
        self.count = 0
        self.is_unsafe = False  # to try again

    @property
    def told(self) -> Tries | None:
        """What the error at the end tells about them."""
        return Tries(self.count, is_unsafe=self.is_unsafe) if self.count > 1 or self.is_unsafe else None

    def next_request(self) -> Request:
        """Return the request to make now; only the first may take longer than what is left for all."""
        self.count += 1
        return self.request if self.count == 1 else _shortened(self.request, self.left)

    def spent(self, *, now: datetime) -> None:
        """Read the clock; where it was set back, no time is won."""
        self.left = min(self.left, self.total - (now - self.begun).total_seconds())

    def wait_after(self, failed_attempt: FailedAttempt, *, now: datetime) -> float | None:
        """Return the seconds to wait before the next attempt; None when there is none."""
        self.spent(now=now)
        self.is_unsafe = failed_attempt.is_transient and failed_attempt.sent and self.repeat is not Repeat.ALWAYS
        if self.is_unsafe or not failed_attempt.is_transient:
            return None
        wait = self.retries.wait(self.count, failed_attempt.retry_after) if self.count < self.retries.attempts else None
        if wait is not None and wait > self.left / 2:
            wait = None
        report(self.request, failed_attempt, self.retries, attempt=self.count, wait=wait)
        return wait


def report(
    request: Request, failed_attempt: FailedAttempt, retries: Retries, *, attempt: int, wait: float | None
) -> None:
    """Let operators see that an attempt failed, and what comes next: the one place that tells."""
    seen = {
        "endpoint": without_query(request.url),
        "attempt": attempt,
        "attempts": retries.attempts,
        "trouble": failed_attempt.what,
        "status": failed_attempt.status,
        "sent": failed_attempt.sent,
        "retry_after": failed_attempt.retry_after,
        "wait": wait,
    }
    report_later(partial(_report_now, seen, retries))  # a hook may need the very token that is being obtained


def _report_now(seen: dict[str, Any], retries: Retries) -> None:
    what = f"Attempt {seen['attempt']} of {seen['attempts']} at {seen['endpoint']} failed: {seen['trouble']}."
    if seen["wait"] is None:
        log.warning("%s No further attempt.", what, extra=seen)
    else:
        log.info("%s The next one in %.2f seconds.", what, seen["wait"], extra=seen)
    run_hook(retries.on_failure, seen)


def _remember(response: Any, tries: Tries | None) -> None:
    """Leave a note for the error that a hook may make of the answer."""
    if tries is not None:
        with suppress(AttributeError):  # there is none, or a test double has slots
            object.__setattr__(response, "oauth2_tries", tries)  # or be frozen


def _whole(timeout: Any) -> float:
    """Return the seconds that one answer may take."""
    return sum(timeout) if isinstance(timeout, tuple) else timeout


def _shortened(request: Request, left: float) -> Request:
    """Return a request that ends when the time for all attempts does."""
    whole = _whole(request.timeout)
    if left >= whole:
        return request
    parts = request.timeout
    return replace(request, timeout=tuple(p * left / whole for p in parts) if isinstance(parts, tuple) else left)
