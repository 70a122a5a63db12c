"""What may be shown of a text from outside: the beginning, with everything that may be a secret struck out.

Knows no exception and no client; works on anything that looks like a request of `requests` or `httpx`.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes, urlsplit, urlunsplit

SHOWN = 300  # characters of a foreign text that are quoted: enough for an error page's title
READ = 4096  # characters that are searched for secrets before the cut
TAIL = 64  # characters before that cut that are not quoted
STRUCK = "***"

# Form fields that any log may show (RFC 6749, 7521, 8693, 8707): all others are struck out when echoed.
HARMLESS = frozenset(
    "grant_type response_type response_mode scope client_id redirect_uri token_type_hint resource audience"
    " client_assertion_type subject_token_type actor_token_type requested_token_type code_challenge_method"
    " prompt display max_age ui_locales acr_values".split()
)

_NAMED = re.compile(
    r"""(?ix) (["']? [\w-]* (?:token|secret|assertion|password|passwd|verifier|code|auth_req_id|request_uri|cookie)
        ["']? \s* [:=] \s*)
        (?: "(?:\\.|[^"\\])*"? | '[^']*'? | [^\s&,;"'<>}\]]+ )"""
)
_HEADER = re.compile(r"(?i)\b(basic|bearer|dpop)\s+[\w.~+/=-]{6,}")
_JWT = re.compile(r"\beyJ[\w-]*(?:\.[\w-]*)*")
_OPAQUE = re.compile(r"(?=[\w~+/=-]*\d)(?=[\w~+/=-]*[A-Za-z])[\w~+/=-]{20,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]+")


def excerpt(text: str | bytes | None, *, hide: Iterable[str] = ()) -> str:
    """Return the beginning of a foreign text, on one line, without what may be a secret.

    Args:
        text: what came; bytes are read as UTF-8.
        hide: values that must not show, such as those that were sent.
    """
    if text is None:
        return ""
    shown = text[:READ].decode(errors="replace") if isinstance(text, bytes) else str(text)[:READ]
    secrets = sorted(hide, key=len, reverse=True)
    for secret in secrets:
        shown = shown.replace(secret, STRUCK)
    if len(text) > READ:  # the cut may have gone through a secret, which is not recognised then
        shown = shown[: -max(TAIL, *map(len, secrets), 0)]
    for pattern, by in ((_NAMED, rf"\1{STRUCK}"), (_HEADER, rf"\1 {STRUCK}"), (_JWT, STRUCK), (_OPAQUE, STRUCK)):
        shown = pattern.sub(by, shown)
    shown = _CONTROL.sub(" ", shown).strip()
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def one_line(text: object) -> str:
    """Return a foreign text that is no secret (a name, a URL) on one line, cut if it is long."""
    shown = _CONTROL.sub(" ", str(text))
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def sent_secrets(request: Any) -> set[str]:
    """Return the values in a form POST that must not be shown when the answer echoes them."""
    body = getattr(request, "body", None) or getattr(request, "_content", None) or b""
    if isinstance(body, str):
        body = body.encode(errors="replace")
    if not isinstance(body, bytes) or len(body) > 1 << 16:
        return set()
    pairs = parse_qsl(body.decode(errors="replace"))
    found = {value for name, value in pairs if name not in HARMLESS}
    found |= _sent_credentials(request)
    found |= {unquote_to_bytes(value).decode(errors="replace") for value in found}
    found |= {quoted(value) for value in found for quoted in (quote, quote_plus, json_text)}
    return {value for value in found if len(value) > 3}  # noqa: PLR2004  shorter ones would strike out words


def _sent_credentials(request: Any) -> set[str]:
    """Return what is secret in the Authorization header; in that of HTTP Basic, the password."""
    sent = getattr(request, "headers", None) or {}
    scheme, _, credentials = str(sent.get("Authorization", "")).partition(" ")
    if scheme.lower() != "basic":
        return {credentials}
    try:
        return {credentials, b64decode(credentials).decode(errors="replace").partition(":")[2]}
    except ValueError:
        return {credentials}


def json_text(text: str) -> str:
    """Return a text as it stands inside a JSON string."""
    return json.dumps(text)[1:-1]


def without_query(url: Any) -> str | None:
    """Return a URL without user information, query and fragment, for messages; None stays None."""
    if url is None:
        return None
    try:
        parts = urlsplit(str(url))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "an invalid URL"


def without_credentials(uri: str) -> str:
    """Strike out user information in a URL, so that it can be shown."""
    return re.sub(r"//[^/?#@]*@", "//***@", uri)
