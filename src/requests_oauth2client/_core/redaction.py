"""What may be shown of a string from outside: the beginning, with everything that may be a secret struck out.

Struck out are values with a telling name (in JSON, forms, headers, XML, HTML forms, lists), credentials of a header,
JWTs, and long opaque strings; not those that people have to look up: addresses, error codes, trace IDs, class names,
paths. All regular expressions are linear: their quantifiers are possessive, and what they match can't begin inside of
itself. Knows no exception and no client; works on anything that looks like a request of `requests` or `httpx`.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes, urlsplit, urlunsplit

from .printable import printable

SHOWN = 300  # characters of a foreign string that are quoted: enough for an error page's title
READ = 1024  # characters that are searched for secrets before the cut
TAIL = 64  # characters before that cut that are not quoted
STRUCK = "***"

# Form fields that any log may show (RFC 6749, 7521, 8693, 8707): all others are struck out when echoed.
HARMLESS = frozenset(
    "grant_type response_type response_mode scope client_id redirect_uri token_type_hint resource audience"
    " client_assertion_type subject_token_type actor_token_type requested_token_type code_challenge_method"
    " prompt display max_age ui_locales acr_values".split()
)

# Endings of names whose values are secret; names are compared in lower case, without `-` and `_`.
_SECRET_ENDINGS = (
    "token", "tokens", "tokenhint", "secret", "secrets", "assertion", "assertions", "password", "passwords", "passwd",
    "passphrase", "verifier", "authreqid", "requesturi", "cookie", "cookies", "jwt", "jwts", "jws", "jwe", "apikey",
    "apikeys", "privatekey", "secretkey", "accesskey", "credential", "credentials", "samlresponse", "samlrequest",
    "otp", "authorization", "sessionid",
)  # fmt: skip
_JWT_NAMES, _PROSE_NAMES = ("jwt", "jws", "jwe"), ("authorization", "credentials", "otp")  # words of messages, too
_CODES = ("code", "codes")
_HARMLESS_CODES = (
    "error", "err", "status", "http", "response", "result", "reason", "sub", "fault", "exit", "return", "message",
    "msg", "event", "problem", "country", "language", "lang", "locale", "currency", "zip", "post", "postal",
    "region", "internal", "exception", "failure", "diagnostic", "major", "minor",
)  # fmt: skip
_HARMLESS_VALUES = frozenset({"null", "none", "true", "false", '""', "''", "[]", "{}"})

# Words of which one stands in every name of an error that a server calls its `code`: invalid_client, AccessDenied.
_ERROR_NAME = re.compile(
    r"(?i)(?=[a-z_. -]{4,60}\Z).*(?:invalid|error|denied|fail|unauthori|forbidden|expired|unsupported|missing|required"
    r"|not_?found|bad_?request|unknown|exception|unavailable|mismatch|disabled|locked|not_?allowed)"
)

_NAMED = re.compile(
    r"""(?ix) (?<![\w-]) (?P<name> [\w-]++ )
        (?: \[ \w*+ \] )?+ (?: \\*+["'] | %22 | %27 )?+ \s*+ (?: => | [:=] | %3[ad] ) \s*+"""
)
_LISTED = re.compile(r"""(?x) (["']) (?P<name> [\w-]++ ) \1 \s*+ , \s*+ (?=["'])""")
_ELEMENT = re.compile(
    r"""(?isx) < (?: [\w.-]++ : )?+ (?P<name> [\w-]++ ) (?: \s [^<>]*+ )?+ > (?: \s*+ <!\[CDATA\[ )?+ (?=[^<])"""
)
_VALUE = re.compile(
    r"""(?isx)
    \\++["'] (?: [^"'\\]++ | \\++(?!["']) )*+ (?: \\++["'] )?+
  | " (?: [^"\\]++ | \\. )*+ "?+
  | ' (?: [^'\\]++ | \\. )*+ '?+
  | \[ (?: [^\[\]]++ | \[ [^\[\]]*+ \]?+ )*+ \]?+
  | \{ (?: [^{}]++ | \{ [^{}]*+ \}?+ )*+ \}?+
  | (?: (?:basic|bearer|dpop|jwt|token|digest|negotiate|oauth) [ \t]++ )?+ [^\s&,;"'<>{}\[\]()]++"""
)
_CONTENT = re.compile(r"[^<]++")
_TAG = re.compile(r"<[^<>]++>?+")
_FIELD_NAME = re.compile(r"""(?i)\b(?:name|id)\s*+=\s*+["']?+([\w-]++)""")
_FIELD_VALUE = re.compile(r"""(?i)(\bvalue\s*+=\s*+)(?:"[^"]*+"?+|'[^']*+'?+|[^\s>]++)""")
_HEADER = re.compile(r"(?i)\b(basic|bearer|dpop|jwt|token|digest|negotiate|gnap|mac)(\s++)([\w.~+/=-]{6,}+)")
_SURE_SCHEMES = frozenset({"basic", "bearer", "dpop"})
_PROSE = frozenset(
    "access authentication authorization bearer challenge credentials expired failed header invalid malformed method"
    " methods missing present realm required scheme schemes signature supported token tokens value error".split()
)
_CHALLENGE_PARAM = re.compile(r"[a-z_]++=")
_PEM = re.compile(
    r"-----BEGIN (?:(?!PRIVATE)[A-Z0-9]++ )*+PRIVATE KEY-----(?:[^-]++|-(?!----END))*+(?:-----END [A-Z0-9 ]++-----)?+"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_])eyJ[\w-]*+(?:\.[\w-]*+)*+")
_URL_OR_RUN = re.compile(
    r"""(?P<url>\bhttps?://[^\s"'<>?#\\{}]++)|(?P<run>(?<![\w.~+/-])[\w.~+/-]{20,}+=*+)""", re.IGNORECASE
)
_LONGEST_PIECE = 20  # characters from which a piece with letters and digits is opaque
_LONGEST_SEGMENT = 40  # those of a path of a URL: tenants and realms have up to 36
_LONGEST_LABEL = 63  # RFC 1035 section 2.3.4
_NAMES_WITH_DIGITS = re.compile(r"(?i)(?:oauth|saml|http|sha|utf|ipv|base|log|rfc|openid|python|jwt|x)\d{1,4}")
_IDS = ("id", "ids", "identifier", "number", "uuid", "guid", "reference")
_LOOKED_UP = (
    "trace", "traceparent", "cfray",
    *(name + kind for kind in _IDS for name in (
        "trace", "span", "correlation", "request", "activity", "event", "error", "operation", "incident",
        "transaction", "invocation", "log", "tracking", "support", "diagnostic", "client", "tenant", "directory",
        "app", "application", "project", "org", "organization", "realm", "object", "policy", "instance", "pod",
        "host", "node", "cluster", "message",
    )),
)  # fmt: skip
_APART = str.maketrans("", "", " \t_-")
_WINDOW = 48  # characters before a run that may name it


def excerpt(text: str | bytes | None, *, hide: Iterable[str] = (), shown: int = SHOWN) -> str:
    """Return the beginning of a foreign string, on one line, without what may be a secret.

    Args:
        text: what came; bytes are read as UTF-8.
        hide: values that must not show, such as those that were sent.
        shown: characters to return at most.
    """
    if text is None:
        return ""
    found = text[:READ].decode(errors="replace") if isinstance(text, bytes) else str(text)[:READ]
    secrets = sorted(hide, key=len, reverse=True)
    found = _without(secrets, found)
    if len(text) > READ:  # the cut may have gone through a secret, which is not recognized then
        found = _without_beginnings(secrets, found)[:-TAIL]
    found = _without(secrets, printable(found))  # invisible characters may have kept one from being recognized
    found = _struck(found).strip()
    return found if len(found) <= shown else f"{found[:shown]}…"


def _without(secrets: Iterable[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, STRUCK)
    return text


def _without_beginnings(secrets: Iterable[str], text: str) -> str:
    """Cut off what may be the beginning of a secret at the end."""
    for secret in secrets:
        at = text.find(secret[:TAIL], max(0, len(text) - len(secret)))
        while at >= 0 and not secret.startswith(text[at:]):
            at = text.find(secret[:TAIL], at + 1)
        if at >= 0:
            text = text[:at]
    return text


def strike(text: str) -> str:
    """Return a foreign string on one line, all of it, with whatever may be a secret struck out."""
    return _struck(printable(text))


def _struck(text: str) -> str:
    """Strike out whatever may be a secret."""
    if "-----BEGIN" in text:
        text = _PEM.sub(STRUCK, text)
    if "<" in text:
        text = _strike_named(_ELEMENT, _CONTENT, _TAG.sub(_strike_field, text))
    text = _strike_named(_LISTED, _VALUE, _strike_named(_NAMED, _VALUE, text))
    text = _JWT.sub(STRUCK, _HEADER.sub(_strike_credentials, text))
    return _URL_OR_RUN.sub(_strike_opaque, text)


def is_secret_name(name: str) -> bool:
    """Whether values with this name are secret."""
    plain = name.lower().replace("_", "").replace("-", "")
    if plain.endswith(_CODES):
        before = plain.removesuffix("s").removesuffix("code")
        return not before.endswith(_HARMLESS_CODES)
    return plain.endswith(_SECRET_ENDINGS) or plain == "pin"


def _strike_named(names: re.Pattern[str], values: re.Pattern[str], text: str) -> str:
    """Strike out the values after names of secrets."""
    pieces, end = [], 0
    for named in names.finditer(text):
        if named.start() < end or not is_secret_name(named["name"]):
            continue
        value = values.match(text, named.end())
        if value is None or _is_harmless(named, value[0]):
            continue
        pieces += [text[end : named.end()], STRUCK]
        end = value.end()
    return "".join([*pieces, text[end:]])


def _is_harmless(named: re.Match[str], value: str) -> bool:
    bare = value.strip("\"' \t\r\n").lower()
    if named.re is _LISTED and is_secret_name(bare):  # a list of names
        return True
    name = named["name"].lower()
    if name.endswith(_JWT_NAMES) and value.isalpha():  # "This is no JWE: expected"
        return True
    if name.endswith(_PROSE_NAMES) and bare in _PROSE:
        return True
    is_status = name == "code" and bare.isdigit() and len(bare) <= 5  # noqa: PLR2004
    is_error = name == "code" and _ERROR_NAME.match(bare) is not None
    return is_status or is_error or value.strip().lower() in _HARMLESS_VALUES


def _strike_field(match: re.Match[str]) -> str:
    """Strike out the value of a field of an HTML form, where its name says so."""
    name = _FIELD_NAME.search(match[0])
    return _FIELD_VALUE.sub(rf'\1"{STRUCK}"', match[0]) if name and is_secret_name(name[1]) else match[0]


def _strike_credentials(match: re.Match[str]) -> str:
    scheme, gap, value = match.groups()
    if value.lower().rstrip(".:,") in _PROSE or _CHALLENGE_PARAM.fullmatch(value):
        return match[0]
    if scheme.lower() not in _SURE_SCHEMES and value.replace("-", "").replace("_", "").rstrip(".").isalpha():
        return match[0]
    return f"{scheme}{gap[:1]}{STRUCK}"


def _strike_opaque(match: re.Match[str]) -> str:
    """Strike out what looks random, but for what people look up."""
    if match["url"] is not None:
        head, *segments = without_credentials(match[0]).split("/")
        return "/".join([head, *(_strike_piece(one, _LONGEST_SEGMENT) for one in segments)])
    run = match["run"]
    before = match.string[max(0, match.start() - _WINDOW) : match.start()]
    if _is_host(run) or _is_path(run) or _names_what_is_looked_up(before):
        return run
    return ".".join(_strike_piece(one, _LONGEST_PIECE) for one in run.split("."))


def _names_what_is_looked_up(before: str) -> bool:
    """Whether the text before an opaque string calls it a trace ID or the like."""
    return before.rstrip(" \t\"'([:=#").translate(_APART).lower().endswith(_LOOKED_UP)


def _strike_piece(piece: str, longest: int) -> str:
    if len(piece) < longest:
        return piece
    rest = _NAMES_WITH_DIGITS.sub("", piece)
    is_opaque = any(map(str.isdigit, rest)) and any(map(str.isalpha, piece))
    return STRUCK if is_opaque else piece


def _is_host(run: str) -> bool:
    """Whether this is a host name, perhaps with a path that looks like one."""
    name, _, path = run.partition("/")
    labels = name.split(".")
    if len(labels) < 2 or not labels[-1].isalpha() or name != name.lower() or "=" in name:  # noqa: PLR2004
        return False
    are_labels = all(one.replace("-", "").isalnum() and len(one) <= _LONGEST_LABEL for one in labels)
    return are_labels and (not path or _is_path(f"/{path}"))


def _is_path(run: str) -> bool:
    """Whether this is a path of words, as files and APIs have them."""
    segments = run.split("/")
    return run.startswith(("/", "./", "../")) and not any(
        len(one) > _LONGEST_PIECE + 4
        or (any(map(str.isupper, one)) and any(map(str.islower, one)) and any(map(str.isdigit, one)))
        or any(sign in one for sign in "+=~")
        for one in segments
    )


def one_line(text: object) -> str:
    """Return a foreign string that is no secret (a name, a URL) on one line, cut if it is long."""
    shown = printable(str(text)[:READ])
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
    """Return a string as it stands inside a JSON string."""
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
