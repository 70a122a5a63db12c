"""Waiting for a user who says yes elsewhere: sleep, then ask (RFC 8628 section 3.5, CIBA Core section 10.1).

One request is one step, so that a program can do something else in between. What is asked is the job's own; how long to
wait is decided here. A server or network that fails for a while does not end the login: the user may be typing the
code just now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from ..._core.effects import Now, Sleep, Steps
from ..._core.messages import read_json_object
from ..._core.retry_info import PERMANENT, SERVER_ERRORS, TOO_MANY_REQUESTS, TRANSIENT_ERRORS
from ..._core.times import seconds
from ..._tokens.bearer import BearerToken
from ...exceptions import (
    AuthorizationPending,
    EndpointError,
    ExpiredToken,
    InvalidTokenResponse,
    OAuth2Error,
    ResponseTooLarge,
    SlowDown,
    TransportError,
)
from .device import MAX_INTERVAL

FAILURE_FACTOR = 2  # RFC 8628 section 3.5: on a connection timeout, double the interval
MAX_FAILURE_INTERVAL = 60  # seconds, up to which failures lengthen the interval
MAX_FAILURES = 10  # in a row, if it is unknown when the code expires
REQUEST_TIMEOUT = 408  # RFC 9110 section 15.5.9


class Job(Protocol):
    """What is polled for.

    Attributes:
        interval: seconds to wait before each request.
        slow_down_interval: seconds that each `slow_down` adds to it.
        expires_at: when to stop, if that is known.
        pause: seconds that the server wants the next wait to take at least.
        failures: how many requests in a row had no answer that says anything about the user.
    """

    interval: float
    slow_down_interval: float
    expires_at: datetime | None
    pause: float
    failures: int

    def ask(self) -> Steps[BearerToken]:
        """Ask the token endpoint once."""
        ...


def poll(job: Job, /) -> Steps[BearerToken | None]:
    """Wait for the interval, then ask once.

    Returns:
        The token, or None while the user is not done, or the server can't say.

    Raises:
        ExpiredToken: (also named `ExpiredDeviceCode`) the time for an answer is over.
        AccessDenied: the user said no.
        TokenEndpointError: and everything else that a token request raises, but for transient failures. Where
            it is unknown when the code expires, the tenth of these in a row is raised.

    Source: RFC 8628 section 3.5, CIBA Core section 10.1.
    """
    left = yield from _time_left(job)
    wait = min(max(job.interval, job.pause), MAX_INTERVAL)
    yield Sleep(wait if left is None else min(wait, left))
    yield from _time_left(job)
    job.pause = 0
    try:
        return (yield from job.ask())
    except SlowDown as slower:
        job.interval = _slower(job, slower)
    except AuthorizationPending:
        pass
    except OAuth2Error as failure:
        if not is_passing(failure):
            raise
        job.failures += 1
        if job.expires_at is None and job.failures >= MAX_FAILURES:
            raise
        job.pause = failure.retry_after or 0
        job.interval = max(job.interval, min(job.interval * FAILURE_FACTOR, MAX_FAILURE_INTERVAL))
        return None
    job.failures = 0
    return None


def is_passing(failure: OAuth2Error) -> bool:
    """Tell whether a failure says nothing about the login, and is transient."""
    if isinstance(failure, TransportError):
        return not isinstance(failure, ResponseTooLarge)
    status = failure.status or 0
    if isinstance(failure, EndpointError) and failure.error in TRANSIENT_ERRORS:
        return True
    is_server = (status >= SERVER_ERRORS and status not in PERMANENT) or status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT}
    return is_server and isinstance(failure, (EndpointError, InvalidTokenResponse))


def _slower(job: Job, answer: SlowDown) -> float:
    """Return the interval for all later waits; some servers say it themselves (GitHub, 2026-11)."""
    said: Mapping[str, Any] = {}
    if answer.response is not None:
        try:
            said = read_json_object(answer.response)
        except ValueError:
            said = {}
    return min(max(job.interval + job.slow_down_interval, seconds(said.get("interval")) or 0), MAX_INTERVAL)


def _time_left(job: Job) -> Steps[float | None]:
    """Return the seconds until the code expires; None if unknown.

    Raises:
        ExpiredToken: they are over.
    """
    if job.expires_at is None:
        return None
    now: Any = yield Now()
    if now >= job.expires_at:
        raise ExpiredToken(
            error="expired_token",
            description=f"the time for the user's answer ended at {job.expires_at.isoformat()}; nothing was sent",
        )
    left: float = (job.expires_at - now).total_seconds()
    return left
