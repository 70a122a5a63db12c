"""Retry policy for requests to a failing server: `Retries`, a setting of the client.

Exponential backoff with jitter; an AS that names a time (Retry-After, RFC 9110 section 10.2.3) is not asked before.
Which failures are transient and which requests may be repeated is `_protocol.http.retrying`'s to say. Sleeps nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from ._core.frozen import field, frozen
from .exceptions import InvalidParam

MOST_DOUBLINGS = 32  # of the backoff; `max_wait` has ended its growth long before


@frozen(kw_only=True)
class Retries:
    """How a client asks again when the server is failing: unreachable, overloaded or failing.

    Only requests that are safe to repeat are repeated. A code, a refresh token or an assertion, which the AS may take
    only once, is sent again only when it provably did not reach the AS.

    Args:
        attempts: how often a request is made at most, the first time included; 1 for never again.
        backoff: seconds to wait after the first failure; twice as many after each further one. What is waited is
            between half of it and all of it, at random, so that clients which failed together don't come back together.
        max_wait: seconds of the longest wait. When the AS asks for a longer one, the error is raised at once; its
            `retry_after` says how long.
        max_total: seconds for all attempts and waits of a request; by default its `timeout`, so that trying again
            never takes longer than one answer may. No wait takes more than half of what is left.
        jitter: returns a number from 0 to 1, the random part of each wait.
        on_failure: called for each failed attempt with what its log record shows, for metrics: endpoint, attempt,
            attempts, trouble, status, sent, retry_after, and wait (seconds until the next attempt, None if it was
            last). What it raises is logged.

    Raises:
        InvalidParam: a number is out of range.

    Source: RFC 9110 sections 9.2.2 and 10.2.3, RFC 6585 section 4.
    """

    attempts: int = 3
    backoff: float = 0.5
    max_wait: float = 10
    max_total: float | None = None
    jitter: Callable[[], float] = field(default=random.random, repr=False, compare=False)
    on_failure: Callable[[Mapping[str, Any]], object] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            msg = f"attempts={self.attempts!r}: a request is made once at least. Pass retries=None for no retries."
            raise InvalidParam(msg)
        for name in ("backoff", "max_wait", "max_total"):
            value = getattr(self, name)
            if value is not None and not value >= 0:  # nan is not
                msg = f"{name}={value!r}: expected a number of seconds, 0 or more."
                raise InvalidParam(msg)

    def wait(self, failures: int, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait; None when the AS asks for more than `max_wait`.

        Args:
            failures: how many there were, 1 or more.
            retry_after: seconds that the AS asks to wait for.
        """
        asked = retry_after or 0.0
        if asked > self.max_wait:
            return None
        step: float = min(self.backoff * 2 ** min(failures - 1, MOST_DOUBLINGS), self.max_wait)
        return min(asked + step * (1 + self.jitter()) / 2, self.max_wait)


DEFAULT_RETRIES = Retries()


def check_retries(retries: Any) -> Retries | None:
    """Return the setting of a client.

    Raises:
        InvalidParam: it is something else, such as a number.
    """
    if not (retries is None or isinstance(retries, Retries)):
        msg = f"retries={retries!r}: expected Retries(attempts=..., ...), or None for no retries."
        raise InvalidParam(msg)
    return retries


__all__ = [
    "Retries",
]
