"""Retry details on errors: whether a failure is transient, the number of attempts, and Retry-After.

Retry-After (RFC 9110 section 10.2.3) is seconds, or a date; that is compared with the server's own `Date` where it
says one: clocks differ. Knows no error class and no policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .times import http_date, now

LONGEST = float(1 << 31)  # seconds, some 68 years; later dates are clamped
_DIGITS = re.compile(r"[0-9]{1,64}")


TOO_MANY_REQUESTS = 429  # RFC 6585 section 4
REQUEST_TIMEOUT = 408
SERVER_ERRORS = 500
PERMANENT = frozenset({501, 505})  # Not Implemented, HTTP Version Not Supported: so it will be tomorrow
TRANSIENT_ERRORS = frozenset({"server_error", "temporarily_unavailable", "too_many_requests"})  # others are definite
PENDING_ERRORS = frozenset({"authorization_pending", "slow_down"})


def is_transient(status: int | None, error: str = "", retry_after: float | None = None) -> bool:
    """Whether the same request may succeed later.

    Args:
        status: the HTTP status, or None where no answer came.
        error: the OAuth error, or "".
        retry_after: seconds after which the server asks to come again, or None.
    """
    if error:
        return error in TRANSIENT_ERRORS | PENDING_ERRORS or (_is_passing(status) and retry_after is not None)
    return _is_passing(status)


def _is_passing(status: int | None) -> bool:
    if status is None or status in PERMANENT:
        return False
    return status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT} or status >= SERVER_ERRORS


class Tries(NamedTuple):
    """How often a request was made before it failed for good, and whether making it again would be unsafe."""

    attempts: int
    is_unsafe: bool = False

    def __str__(self) -> str:
        """Put it into the text of the error."""
        often = f"It was tried {self.attempts} times." if self.attempts > 1 else ""
        unsafe = "It was not tried again: the server may have acted on it, and this request is not safe to repeat."
        return " ".join(part for part in (often, unsafe if self.is_unsafe else "") if part)


def add_tries(error: Any, tries: Any) -> None:
    """Let an error tell how often its request was made."""
    if isinstance(tries, Tries):
        error.attempts = tries.attempts
        error.args = (f"{Exception.__str__(error)} {tries}", *error.args[1:])


def retry_after(headers: Any) -> float | None:
    """Return the seconds to wait that the headers of an answer ask for; None when they don't, or say nonsense."""
    text = headers.get("Retry-After") if isinstance(headers, Mapping) else None
    if not isinstance(text, str):
        return None
    if _DIGITS.fullmatch(digits := text.strip()):
        return min(float(digits), LONGEST)
    moment = http_date(text)
    if moment is None:
        return None
    return min(max(0.0, (moment - (http_date(headers.get("Date")) or now())).total_seconds()), LONGEST)
