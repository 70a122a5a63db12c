"""Waiting for a user who says yes elsewhere: sleep, then ask (RFC 8628 section 3.5, CIBA Core section 10.1).

One question is one step, so that a program can do something else in between. What is asked is the job's
own; how long to wait is decided here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from ..._core.effects import Now, Sleep, Steps
from ..._tokens.bearer import BearerToken
from ...exceptions import AuthorizationPending, DeadlineExceeded, ExpiredToken, SlowDown

TIMEOUT_FACTOR = 2  # RFC 8628 section 3.5: on a connection timeout, double the interval


class Job(Protocol):
    """What is polled for."""

    interval: float
    slow_down_interval: float
    expires_at: datetime | None

    def ask(self) -> Steps[BearerToken]:
        """Ask the token endpoint once."""
        ...


def poll(job: Job, /) -> Steps[BearerToken | None]:
    """Wait for the interval, then ask once.

    Returns:
        The token, or None while the user is not done.

    Raises:
        ExpiredToken: (also named `ExpiredDeviceCode`) the time for an answer is over.
        AccessDenied: the user said no.
        TokenEndpointError: and everything else that a token request raises.

    Source: RFC 8628 section 3.5, CIBA Core section 10.1.
    """
    yield from _demand_unexpired(job)
    yield Sleep(job.interval)
    yield from _demand_unexpired(job)
    try:
        return (yield from job.ask())
    except SlowDown:
        job.interval += job.slow_down_interval  # RFC 8628 section 3.5: and all later waits
    except DeadlineExceeded:
        job.interval *= TIMEOUT_FACTOR
    except AuthorizationPending:
        pass
    return None


def _demand_unexpired(job: Job) -> Steps[None]:
    if job.expires_at is None:
        return
    now: Any = yield Now()
    if now >= job.expires_at:
        raise ExpiredToken(
            error="expired_token",
            description=f"the time for the user's answer ended at {job.expires_at.isoformat()}; nothing was sent",
        )
