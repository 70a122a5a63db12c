"""The challenges of a WWW-Authenticate header, parsed strictly (RFC 9110 section 11.6.1).

Schemes and parameter names are in lower case. Knows no scheme.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ._http import Response

UNAUTHORIZED = 401
MAX_HEADER_SIZE = 1 << 13  # characters; web servers stop at 8 KiB for all headers

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2
_END = r"[ \t]*(?=,|$)"
_GAP = re.compile(r"[ \t,]*")
_PARAM = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)"){_END}')
_SCHEME = re.compile(rf"({_TOKEN})(?:{_END}|[ \t]+(?:([A-Za-z0-9._~+/-]+=*){_END})?)")


class Challenge(NamedTuple):
    """One way to authenticate that a server offers."""

    scheme: str
    params: dict[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Parse a WWW-Authenticate header, or several joined by commas.

    Raises:
        ValueError: it is too long, or breaks the grammar; nothing of it is to be used.
    """
    if len(header) > MAX_HEADER_SIZE:
        msg = f"it is longer than {MAX_HEADER_SIZE} characters"
        raise ValueError(msg)
    found: list[Challenge] = []
    position = _skip(header, 0)
    while position < len(header):
        match = (_PARAM.match(header, position) if found else None) or _SCHEME.match(header, position)
        if match is None:
            msg = f"at character {position} there is neither a scheme nor a parameter"
            raise ValueError(msg)
        if match.re is _SCHEME:
            found.append(Challenge(match[1].lower(), {}))
        else:
            _add(found[-1].params, match)
        position = _skip(header, match.end())
    return found


def _skip(header: str, position: int) -> int:
    gap = _GAP.match(header, position)
    return gap.end() if gap else position


def _add(params: dict[str, str], match: re.Match[str]) -> None:
    name = match[1].lower()
    if name in params:  # RFC 9110 §11.2: once in a challenge
        msg = f"it repeats the parameter {name!r}"
        raise ValueError(msg)
    params[name] = match[2] if match[3] is None else re.sub(r"\\(.)", r"\1", match[3])


def challenge_error(response: Response, scheme: str) -> str | None:
    """Return the error that a 401 gives with a scheme (RFC 6750 section 3, RFC 9449 section 7.1); None without one."""
    if response.status_code != UNAUTHORIZED:
        return None
    try:
        challenges = parse_challenges(response.headers.get("WWW-Authenticate") or "")
    except ValueError:
        return None
    errors = (one.params["error"] for one in challenges if one.scheme == scheme.lower() and "error" in one.params)
    return next(errors, None)
