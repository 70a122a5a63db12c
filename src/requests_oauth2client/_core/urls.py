"""URLs of endpoints and issuers: https unless on loopback (RFC 6749 section 3.1, RFC 8414 section 2)."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Any, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from ..exceptions import InvalidUri
from .redaction import one_line

# Forms of an IPv4 address that resolvers take besides the usual one: 2130706433, 0x7f.1, 127.1
_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,2}|0[0-9x][0-9a-f]*(\.\w+){3}")
_OWN_NAMES = frozenset("localhost.localdomain localhost6 localhost6.localdomain6 ip6-localhost ip6-loopback".split())
_EMBEDDING = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96")))
_PRIVATE_SUFFIXES = (".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa", ".localhost")
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")


class InvalidEndpointUri(InvalidUri):
    """An endpoint of the AS is not acceptable (RFC 6749 sections 3.1 and 3.2)."""


class InvalidIssuer(InvalidUri):
    """An issuer is not acceptable (RFC 8414 section 2)."""


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


def leads_here(host: str | None) -> bool:
    """Tell whether a host name may be this machine, however it is written (RFC 6890 section 2.2.2)."""
    name = unicodedata.normalize("NFKC", unquote(host or "")).replace("\u3002", ".").rstrip(".").lower()  # as IDNA does
    if is_loopback(name) or name in _OWN_NAMES or _NUMERIC_HOST.fullmatch(name):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return any(one.is_loopback or one.is_unspecified for one in (address, *_embedded(address)))


def _embedded(address: Any) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address may stand for (RFC 4291 section 2.5.5, RFC 6052, RFC 3056)."""
    if address.version == 4:  # noqa: PLR2004
        return []
    last = [ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)] if any(address in net for net in _EMBEDDING) else []
    return [one for one in (address.ipv4_mapped, address.sixtofour, *last) if one is not None]


def is_private(host: str | None) -> bool:
    """Tell whether a host name can only be in a private network, or this machine (RFC 6890, RFC 6762, RFC 8375).

    Names are not resolved.
    """
    name = unicodedata.normalize("NFKC", unquote(host or "")).replace("\u3002", ".").rstrip(".").lower()
    if leads_here(host) or name.endswith(_PRIVATE_SUFFIXES):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return "." not in name
    return not all(one.is_global and not one.is_multicast for one in (address, *_embedded(address)))


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
        raise error(text, f"it is not a URL ({wrong})", name) from None
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


def validate_endpoint_uri(uri: object, *, https: bool = True, name: str = "endpoint", **rules: bool) -> str:
    """Check the URL of an endpoint, and return it as a str (RFC 6749 sections 3.1 and 3.2).

    Raises:
        InvalidEndpointUri: plain http to anything but loopback, credentials, a fragment, or no path.
    """
    return validate_uri(uri, https=https, error=InvalidEndpointUri, name=name, **rules)


def validate_discovered_uri(uri: Any, *, source: str | None, https: bool = True, name: str = "endpoint") -> str:
    """Check an address that a server states, and return it as a str: it must not lead to services of this machine.

    Args:
        uri: the address.
        source: who states it: an issuer or another URL of that server. None where that is not known.
        https: False, for tests, takes plain http to any host, and any host.
        name: what the address is for, in the message.

    Raises:
        InvalidEndpointUri: plain http, or this machine, stated by a server that is elsewhere; and everything else
            that `validate_endpoint_uri` refuses.

    Source: RFC 9700 section 4.11, RFC 8414 section 6.2.
    """
    text = validate_endpoint_uri(uri, https=https, name=name)
    if not https or source is None or is_loopback(urlsplit(source).hostname):
        return text
    parts = urlsplit(text)
    who = one_line(source)
    if parts.scheme.lower() != "https":
        raise InvalidEndpointUri(text, f"{who} states it, so https is needed (or testing=True)", name)
    if leads_here(parts.hostname):
        raise InvalidEndpointUri(
            text, f"{who} states it, and it leads to this machine (testing=True allows that)", name
        )
    return text


def validate_issuer_uri(uri: object, *, https: bool = True) -> str:
    """Check an issuer, and return it as a str (RFC 8414 section 2).

    Raises:
        InvalidIssuer: plain http to anything but loopback, credentials, a query or a fragment.
    """
    return validate_uri(uri, https=https, no_query=True, path=False, error=InvalidIssuer, name="issuer")
