"""Moments and lifetimes as tokens have them: aware, UTC, whole seconds; what is nonsense is unknown.

Reads the wall clock at the time of the call, in one place, so that clock-freezing tools work.
"""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta, timezone
from typing import Any

UTC = timezone.utc  # noqa: UP017  freezing tools patch datetime, not this
LONGEST_DATE = 64  # characters of an HTTP-date; a right one has 29
FIRST_MILLISECONDS = 253_402_300_800  # the year 10000, if it were seconds; as milliseconds, it is in 1978
FOREVER = datetime.max.replace(tzinfo=UTC, microsecond=0)


_travelled = 0.0  # seconds that tests have moved this clock


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(tz=UTC) + timedelta(seconds=_travelled) if _travelled else datetime.now(tz=UTC)


def timestamp() -> float:
    """Return the current time in seconds since 1970."""
    return time.time() + _travelled


def travel(seconds: float | None) -> None:
    """Move this clock, for tests; journeys add up, None goes back to the present."""
    global _travelled  # noqa: PLW0603  there is one clock
    _travelled = 0.0 if seconds is None else _travelled + seconds


def seconds(value: Any) -> float | None:
    """Read a number of seconds, also one in a string; None if it is invalid."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def moment(value: Any) -> datetime | None:
    """Read a point in time: a datetime (a naive one is local time), seconds or milliseconds since 1970, or ISO 8601."""
    if isinstance(value, str) and seconds(value) is None:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        try:
            return value.astimezone(UTC).replace(microsecond=0)
        except (ValueError, OverflowError, OSError):  # at the ends of the calendar
            return FOREVER if value.year == FOREVER.year else None
    number = seconds(value)
    if number is None:
        return None
    if number > FIRST_MILLISECONDS:
        number /= 1000
    try:
        return datetime.fromtimestamp(math.floor(number), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return FOREVER if number > 0 else None


def http_date(value: Any) -> datetime | None:
    """Read an HTTP-date (RFC 9110 section 5.6.7); None when it is invalid."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  loads socket, and is rarely needed

    try:
        found = parsedate_to_datetime(str(value or "")[:LONGEST_DATE])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def after(lifetime: Any) -> datetime | None:
    """Return the moment that is a lifetime (seconds) from now; None when the lifetime is nonsense."""
    number = seconds(lifetime)
    if number is None:
        return None
    try:
        return now().replace(microsecond=0) + timedelta(seconds=math.floor(number))
    except OverflowError:
        return FOREVER if number > 0 else now().replace(microsecond=0)


def expiry(expires_at: Any, expires_in: Any) -> datetime | None:
    """Return when something expires, from either of the two ways to say it; `expires_at` wins."""
    return moment(expires_at) or after(expires_in)


def remaining(expires_at: datetime | None) -> int | None:
    """Return the seconds that are left, rounded up; None when the end is unknown."""
    if expires_at is None:
        return None
    return math.ceil((expires_at - now()).total_seconds())


def is_past(expires_at: datetime | None, leeway: float = 0) -> bool | None:
    """Tell whether a moment has come, or will within `leeway` seconds; None when it is unknown."""
    if expires_at is None:
        return None
    return (expires_at - now()).total_seconds() <= leeway


class Expiring:
    """Something that expires.

    Attributes:
        expires_at: when, aware, UTC; None when that is unknown.
    """

    expires_at: datetime | None

    @property
    def expires_in(self) -> int | None:
        """Seconds until it expires, rounded up; counts down, and goes below zero. None when unknown."""
        return remaining(self.expires_at)

    def is_expired(self, leeway: float = 0) -> bool | None:
        """Tell whether it is expired, or will be within `leeway` seconds; None when unknown."""
        return is_past(self.expires_at, leeway)
