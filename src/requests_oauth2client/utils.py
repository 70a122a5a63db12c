"""Small things that everything else stands on: base64url, URLs, scopes. Knows nothing of OAuth messages."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from ._redaction import one_line
from .exceptions import InvalidParam

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6749 section 3.3
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")


class InvalidUri(InvalidParam):
    """A URL is not acceptable for its purpose.

    Attributes:
        uri: the URL that was refused.
    """

    def __init__(self, uri: str, problem: str, name: str = "URL") -> None:
        super().__init__(f"The {name} {one_line(without_credentials(uri))!r} can't be used: {problem}.")
        self.uri = uri


class InvalidEndpointUri(InvalidUri):
    """An endpoint of the AS is not acceptable (RFC 6749 sections 3.1 and 3.2)."""


class InvalidIssuer(InvalidUri):
    """An issuer is not acceptable (RFC 8414 section 2)."""


class InvalidScopeParam(InvalidParam, TypeError):
    """A scope is neither a string nor an iterable of words (RFC 6749 section 3.3)."""

    def __init__(self, scope: Any) -> None:
        super().__init__(
            f"A scope is a str or an iterable of str without spaces, quotes and backslashes; got {scope!r}."
        )
        self.scope = scope


def b64u_encode(data: bytes | str) -> str:
    """Encode bytes, or a text as UTF-8, as base64url without padding (RFC 7515 section 2)."""
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64u_decode(data: str | bytes) -> bytes:
    """Decode base64url, with or without padding.

    Raises:
        ValueError: a character that base64url has not, or an impossible length.
    """
    text = (data.encode() if isinstance(data, str) else data).rstrip(b"=")
    if not re.fullmatch(rb"[A-Za-z0-9_-]*", text):
        msg = "not base64url: only A-Z a-z 0-9 - and _ are allowed"
        raise ValueError(msg)
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        msg = f"not base64url: {len(text)} characters can't be"
        raise ValueError(msg) from None


def generate_jwk_key_pair() -> tuple[dict[str, Any], dict[str, Any]]:
    """Make an RSA key pair of 2048 bits for signing; returns the private, then the public JWK."""
    from ._jose.keys import generate_private_jwk  # noqa: PLC0415  loads cryptography

    private = generate_private_jwk("RS256")
    return private, {name: value for name, value in private.items() if name not in PRIVATE_JWK_MEMBERS}


PRIVATE_JWK_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 section 6


def without_credentials(uri: str) -> str:
    """Strike out user information in a URL, so that it can be shown."""
    return re.sub(r"//[^/?#@]*@", "//***@", uri)


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name can only be this machine (RFC 8252 section 7.3, RFC 6761 section 6.3)."""
    if not host:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL (RFC 6454 section 4); the port is filled in."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(scheme)


def split_url(uri: Any, *, error: type[InvalidUri] = InvalidUri, name: str = "URL") -> tuple[str, SplitResult]:
    """Parse an absolute http(s) URL strictly.

    Raises:
        InvalidUri: (or the class in `error`) control characters, spaces, backslashes, no host, a bad port,
            or another scheme.
    """
    text = str(uri)
    if _UNSAFE_IN_URL.search(text):
        raise error(text, "it contains spaces, control characters or backslashes", name)
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  parsed when asked
    except ValueError as wrong:
        raise error(text, f"it is no URL ({wrong})", name) from None
    if parts.scheme.lower() not in {"https", "http"}:
        raise error(text, "an absolute URL that begins with https:// is needed", name)
    if not parts.hostname:
        raise error(text, "it names no host", name)
    return text, parts


def validate_uri(
    uri: Any,
    *,
    https: bool = True,
    no_credentials: bool = True,
    no_fragment: bool = True,
    no_query: bool = False,
    path: bool = True,
    error: type[InvalidUri] = InvalidUri,
    name: str = "URL",
) -> str:
    """Check a URL, and return it as a str.

    Args:
        uri: any object whose `str()` is the URL.
        https: plain http is only for loopback.
        no_credentials: refuse `user:password@`.
        no_fragment: refuse `#...`.
        no_query: refuse `?...`.
        path: demand a path, at least `/`.
        error: what to raise.
        name: what the URL is for, in the message.
    """
    text, parts = split_url(uri, error=error, name=name)

    def refuse(problem: str) -> NoReturn:
        raise error(text, problem, name)

    if https and parts.scheme.lower() != "https" and not is_loopback(parts.hostname):
        refuse("https is needed (plain http only for loopback, or with testing=True)")
    if no_credentials and "@" in parts.netloc:
        refuse("it must not contain user:password")
    if no_fragment and (parts.fragment or text.endswith("#")):
        refuse("it must not contain a fragment")
    if no_query and (parts.query or "?" in text):
        refuse("it must not contain a query")
    if path and not parts.path:
        refuse("it has no path")
    return text


def validate_endpoint_uri(uri: Any, *, https: bool = True, name: str = "endpoint", **rules: bool) -> str:
    """Check the URL of an endpoint, and return it as a str (RFC 6749 sections 3.1 and 3.2).

    Raises:
        InvalidEndpointUri: plain http to anything but loopback, credentials, a fragment, or no path.
    """
    return validate_uri(uri, https=https, error=InvalidEndpointUri, name=name, **rules)


def validate_issuer_uri(uri: Any, *, https: bool = True) -> str:
    """Check an issuer, and return it as a str (RFC 8414 section 2).

    Raises:
        InvalidIssuer: plain http to anything but loopback, credentials, a query or a fragment.
    """
    return validate_uri(uri, https=https, no_query=True, path=False, error=InvalidIssuer, name="issuer")


def validate_url(
    url: Any, https: bool = True, no_credentials: bool = True, no_fragment: bool = True, path: bool = True
) -> str:
    """Check a URL (the founding README's name for `validate_uri`)."""
    return validate_uri(url, https=https, no_credentials=no_credentials, no_fragment=no_fragment, path=path)


def scope_words(scope: Any) -> list[str]:
    """Return the words of a scope.

    Raises:
        InvalidScopeParam: neither a str nor an iterable of words of the scope alphabet.
    """
    if isinstance(scope, str):
        words = scope.split()
    elif isinstance(scope, Iterable) and not isinstance(scope, (bytes, bytearray)):
        words = [word for word in scope]  # noqa: C416  list() would ask a mapping-like object for more
    else:
        raise InvalidScopeParam(scope)
    if not all(isinstance(word, str) and _SCOPE.fullmatch(word) for word in words):
        raise InvalidScopeParam(scope)
    return words


def join_scope(scope: Any) -> str | None:
    """Return a scope as it is sent: words joined by spaces; None stays None.

    Raises:
        InvalidScopeParam: neither a str nor an iterable of words.
    """
    if scope is None:
        return None
    return " ".join(scope_words(scope))


InvalidUrl = InvalidUri

__all__ = [
    "InvalidEndpointUri",
    "InvalidIssuer",
    "InvalidScopeParam",
    "InvalidUri",
    "InvalidUrl",
    "b64u_decode",
    "b64u_encode",
    "generate_jwk_key_pair",
    "validate_endpoint_uri",
    "validate_issuer_uri",
    "validate_url",
]
