"""What a token of another issuer may look like, before it is sent anywhere: its characters, and the times that it says.

A compact JWT for assertions (RFC 7515 section 3.1, RFC 7516), a b64token for access tokens (RFC 6750 section 2.1), else
printable characters without spaces. Each function returns what is wrong, in words that don't quote the token, or None.
"""

from __future__ import annotations

import re
from typing import Any

from .encoding import b64u_decode
from .messages import parse_json_object
from .times import moment, now

LONGEST_TOKEN = 1 << 16  # characters; more no server takes in a form field or a header
EARLY = 30.0  # seconds by which the clock of an issuer may be ahead of ours

_COMPACT = re.compile(r"[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+\.[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]++)?+")
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]++=*+")
_PRINTABLE = re.compile(r"[\x21-\x7e]++")

JWT, ACCESS_TOKEN, OTHER = "jwt", "access_token", "other"
_SYNTAX = {
    JWT: (_COMPACT, "a compact JWT, three parts of base64url with dots between them (RFC 7515 section 7.1)"),
    ACCESS_TOKEN: (_B64TOKEN, "an access token, of the characters of RFC 6750 section 2.1"),
    OTHER: (_PRINTABLE, "a token of printable characters without spaces"),
}


def is_compact_jwt(text: str) -> bool:
    """Tell whether this has the form of a JWT."""
    return len(text) <= LONGEST_TOKEN and _COMPACT.fullmatch(text) is not None


def problem_of(text: str, kind: str) -> str | None:
    """Say why a string is not a token of a kind (`JWT`, `ACCESS_TOKEN` or `OTHER`); None where it is one."""
    syntax, expected = _SYNTAX[kind]
    if len(text) <= LONGEST_TOKEN and syntax.fullmatch(text):
        return None
    return f"expected {expected}, and {_what_came(text)} came"


def _what_came(text: str) -> str:
    start = text[:64].lstrip().lower()
    if not start:
        return "nothing" if len(text) <= len(text[:64]) else "white space"
    if start.startswith("<"):
        return "HTML or XML"
    if start.startswith(("{", "[")):
        return "JSON"
    if start.startswith("-----begin"):
        return "PEM"
    if len(text) > LONGEST_TOKEN:
        return f"a string of {len(text)} characters"
    return "several words" if any(map(str.isspace, text.strip())) else "another string"


def times_problem(token: str) -> str | None:
    """Say why a JWT is not valid now (RFC 7519 sections 4.1.4 and 4.1.5); None where it is, or does not say."""
    claims = claims_of(token)
    expires_at, not_before = moment(claims.get("exp")), moment(claims.get("nbf"))
    if expires_at is not None and expires_at <= now():
        ago = (now() - expires_at).total_seconds()
        return f"the JWT that came expired {ago:.0f} seconds ago. Its issuer has to renew it"
    ahead = 0.0 if not_before is None else (not_before - now()).total_seconds()
    if ahead > EARLY:
        return f"the JWT that came is not valid before {ahead:.0f} seconds from now. Is the clock of this machine right"
    return None


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, unchecked; none where it is encrypted or something else."""
    parts = token.split(".", 3)
    if len(parts) != 3:  # noqa: PLR2004
        return {}
    try:
        return parse_json_object(b64u_decode(parts[1]))
    except ValueError:
        return {}


def token_text(value: object, what: str) -> tuple[str, str | None]:
    """Return what to send for a token that a caller gave, and what is wrong with it, or None.

    Args:
        value: a string, bytes, or an object of another library whose `str()` is a compact JWT.
        what: what it is for, in the message.
    """
    if isinstance(value, (str, bytes)):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        problem = problem_of(text, OTHER)
        return text, problem and f"The {what} is not a token: {problem}."
    text = "" if value is None or isinstance(value, type) else str(value)
    if is_compact_jwt(text):
        return text, None
    return "", f"The {what} is a {type(value).__name__}, which is not a token. Pass a string, or what returns one."
