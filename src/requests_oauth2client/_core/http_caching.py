"""How long a document may be kept, by what its HTTP headers say (RFC 9111 section 4.2).

A private cache's part of that RFC: `Cache-Control`, `Expires`, `Age`. Heuristics (section 4.2.2) are not used:
who keeps a document decides for how long when the headers don't say. Knows no document and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from .times import http_date

_DIRECTIVE = re.compile(r'\s*([\w-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*))?\s*(?:,|$)')
_LONGEST = 4096  # characters of Cache-Control that are read
_DIGITS = re.compile(r"[0-9]{1,10}")  # a greater number is 2**31 (RFC 9111 section 1.2.2), some 68 years
FOREVER = float(1 << 31)  # seconds


def lifetime(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how many seconds from now an answer is fresh; 0 when it may not be kept, None when it does not say."""
    directives = _directives(headers.get("Cache-Control") or "")
    if "no-store" in directives or "no-cache" in directives:  # RFC 9111 §5.2.2.4, §5.2.2.5
        return 0
    total = _seconds(directives["max-age"]) if "max-age" in directives else _until_expiry(headers, now)
    if total is None:
        return None
    age = _seconds(headers.get("Age") or "0")  # RFC 9111 §5.1: how long a cache on the way has kept it
    return max(0.0, total - age)


def fresh_until(headers: Mapping[str, str], now: datetime, *, unsaid: float, floor: float, ceiling: float) -> datetime:
    """Return until when an answer counts as fresh.

    Args:
        headers: those of the answer; their names are compared without case.
        now: when it came.
        unsaid: seconds, when the headers don't say.
        floor: seconds, at least; an answer that may not be kept at all is kept so long.
        ceiling: seconds, at most.
    """
    said = lifetime(headers, now)
    return now + timedelta(seconds=min(max(unsaid if said is None else said, floor), ceiling))


def _directives(text: str) -> dict[str, str]:
    """Read Cache-Control; of a directive that stands twice, the first counts (RFC 9111 section 4.2.1)."""
    found: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(text[:_LONGEST]):
        found.setdefault(name.lower(), value.strip('"'))
    return found


def _seconds(text: str) -> float:
    """Read delta-seconds; an invalid value is 0, so that an answer counts as stale (RFC 9111 section 4.2.1)."""
    digits = text.strip()
    if _DIGITS.fullmatch(digits):
        return min(float(digits), FOREVER)
    return FOREVER if digits.isascii() and digits.isdigit() else 0.0


def _until_expiry(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds from Date to Expires (RFC 9111 section 5.3); an invalid date has passed."""
    expires = headers.get("Expires")
    if expires is None:
        return None
    end, start = http_date(expires), http_date(headers.get("Date")) or now
    return 0.0 if end is None else (end - start).total_seconds()
