"""Where a call to an API goes: below its root, or to a full URL that the caller spelled out, nowhere else.

Paths and URLs are brought into one form (RFC 3986 section 6.2.2) that no HTTP library changes any more, and are
checked in that form: what is checked is what is sent. Also says where a redirect leads, and what goes along.
Knows no HTTP library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit
from uuid import UUID

from .._core.redaction import one_line, without_credentials, without_query
from .._core.urls import origin, split_url
from ..exceptions import InvalidParam, InvalidUri, OAuth2Error

Path: TypeAlias = str | bytes | Iterable[str | bytes | int | UUID] | None
Origin: TypeAlias = tuple[str, str, int | None]

UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # RFC 3986 section 2.3
PATH_SAFE = "/:@!$&'()*+,;=%"  # RFC 3986 section 3.3
QUERY_SAFE = f"{PATH_SAFE}?"  # RFC 3986 section 3.4
DECODINGS = 3  # times that servers behind each other may decode a path; each of them could act on what appears

_FULL_URL = re.compile(r"(?i:(https?))://([^/?#]*)([^?#]*)(?:\?(.*))?", re.DOTALL)
_OTHER_URL = re.compile(r"(?i:https?:|[a-z][a-z0-9+.-]*://)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PERCENT_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_SEPARATORS = re.compile(r"[/\\]")


class InvalidPathParam(InvalidParam, TypeError):
    """A path can't be used; nothing was sent.

    Attributes:
        path: what was passed.
    """

    def __init__(self, path: object, problem: str) -> None:
        text = path.decode(errors="replace") if isinstance(path, bytes) else path
        shown = repr(one_line(without_credentials(text.partition("?")[0]))) if isinstance(text, str) else type(path)
        super().__init__(f"The path {shown} can't be used: {problem}.")
        self.path = path


class InvalidRedirect(OAuth2Error):
    """The API redirects to an address that can't be followed."""

    def __init__(self, location: str, response: object = None) -> None:
        shown = one_line(without_query(location))
        super().__init__(response, description=f"It redirects to {shown!r}, which is no http or https URL.")


class ApiRoot:
    """The root of an API, and the origins that are trusted like it.

    Args:
        base_url: the root; None allows full URLs only.
        trusted_origins: further origins that credentials may go to.

    Raises:
        InvalidUri: no absolute http(s) URL, or with a query, a fragment, user information or `..`.
    """

    def __init__(self, base_url: Any = None, trusted_origins: Iterable[Any] = ()) -> None:
        self.base = None if base_url is None else _checked_url(base_url, "base_url")
        self.home = self.base
        self.trusted = frozenset(map(_checked_origin, trusted_origins))

    def below(self, path: Path) -> ApiRoot:
        """Return the root of a part of this API; what is trusted stays the same."""
        if self.base is None:
            raise InvalidPathParam(path, "this client has no base_url that it could be below")
        text = _text(path)
        if _FULL_URL.match(text) or "?" in text:
            raise InvalidPathParam(path, "a part of an API is named by a path alone")
        part = ApiRoot()
        part.base, part.home, part.trusted = self.url(path), self.home, self.trusted
        return part

    def url(self, path: Path = None) -> str:
        """Return the URL that a path stands for.

        Raises:
            InvalidPathParam: it would leave the root without being a full URL.
        """
        try:
            text = _text(path)
            if _FULL_URL.match(text):
                return _canonical_url(text)
            return self._below(text)
        except ValueError as wrong:
            if isinstance(wrong, InvalidPathParam):
                raise
            raise InvalidPathParam(path, str(wrong)) from None

    def _below(self, text: str) -> str:
        if self.base is None:
            msg = "this client has no base_url, so a full URL is needed"
            raise ValueError(msg)
        _refuse_unsafe(text)
        if _OTHER_URL.match(text):
            msg = "it is neither a path nor a full URL that begins with https://"
            raise ValueError(msg)
        path, _, query = text.partition("?")
        if path:
            path = f"/{_canonical_path(path).removeprefix('/')}"
        return f"{self.base.removesuffix('/') if path else self.base}{path}{_query_part(query)}"

    def trusts(self, url: str) -> bool:
        """Tell whether the credentials of the client may go to a URL that `url` returned."""
        if origin(url) in self.trusted:
            return True
        if self.home is None or origin(url) != origin(self.home):
            return False
        root = urlsplit(self.home).path.removesuffix("/")
        path = urlsplit(url).path
        return path == root or path.startswith(f"{root}/")

    def is_same_place(self, one: str, other: str) -> bool:
        """Tell whether what was sent to one URL may go to the other: it has the same origin, or both are trusted."""
        here, there = origin(one), origin(other)
        ours = self.trusted | ({origin(self.home)} if self.home is not None else set())
        return here == there or {here, there} <= ours


# --- reading a path ---------------------------------------------------------------------------------------


def _text(path: Path) -> str:
    """Return a path as text; the items of an iterable are encoded each by itself.

    Raises:
        InvalidPathParam: none of the types that a path can be, or bytes that are no UTF-8.
    """
    if path is None:
        return ""
    if isinstance(path, str):
        return path
    if isinstance(path, (bytes, bytearray)):
        try:
            return path.decode()
        except UnicodeDecodeError:
            raise InvalidPathParam(bytes(path), "it is not UTF-8") from None
    if isinstance(path, Iterable) and not isinstance(path, Mapping):
        return "/".join([_item(path, item) for item in path])
    text = str(path)
    if not _FULL_URL.match(text):
        raise InvalidPathParam(path, "a path is a str, bytes, or an iterable of str, bytes and int")
    return text


def _item(path: Path, item: Any) -> str:
    if isinstance(item, bool) or not isinstance(item, (str, bytes, int, UUID)):
        raise InvalidPathParam(path, f"an item is a {type(item).__name__}; a str, bytes or an int is needed")
    if item in {".", "..", b".", b".."}:
        raise InvalidPathParam(path, "an item '.' or '..' would change the place of the others")
    try:
        return quote(item if isinstance(item, (str, bytes)) else str(item), safe="")
    except UnicodeEncodeError:
        raise InvalidPathParam(path, "an item is no valid Unicode") from None


def _refuse_unsafe(text: str) -> None:
    """Refuse what servers, proxies and HTTP libraries read in different ways."""
    if _CONTROL.search(text) or "\\" in text:
        msg = "it contains control characters or backslashes"
        raise ValueError(msg)
    if text[:1].isspace():
        msg = "it begins with whitespace"
        raise ValueError(msg)
    if text.startswith("//"):
        msg = "it begins with // and would name another host; write a full URL for that"
        raise ValueError(msg)
    if "#" in text:
        msg = "it contains a fragment, which is never sent; write %23 for a # in a path"
        raise ValueError(msg)


def _canonical_path(path: str) -> str:
    """Return a path without dot segments, percent-encoded where that is needed (RFC 3986 section 6.2.2)."""
    encoded = _encoded(path, PATH_SAFE)
    decoded = encoded
    for _ in range(DECODINGS):
        decoded = unquote(decoded)
        if _CONTROL.search(decoded):
            msg = "it contains control characters"
            raise ValueError(msg)
        if any(segment.partition(";")[0].strip() == ".." for segment in _SEPARATORS.split(decoded)):
            msg = "it contains '..', which would leave the root"
            raise ValueError(msg)
    segments = encoded.split("/")
    kept = [segment for segment in segments if segment != "."]
    return "/".join(kept if segments[-1] != "." or not kept else [*kept, ""])


def _encoded(text: str, safe: str) -> str:
    """Percent-encode what is neither safe nor encoded already; decode what needs no encoding."""
    try:
        encoded = quote(_STRAY_PERCENT.sub("%25", text), safe=safe)
    except UnicodeEncodeError:
        msg = "it is no valid Unicode"
        raise ValueError(msg) from None
    return _PERCENT_ENCODED.sub(lambda found: _normalized(found[0]), encoded)


def _normalized(encoded: str) -> str:
    character = chr(int(encoded[1:], 16))
    return character if character in UNRESERVED else encoded.upper()


# --- reading a full URL -----------------------------------------------------------------------------------


def _canonical_url(text: str) -> str:
    """Return a full URL in the form in which it is checked and sent.

    Raises:
        ValueError: with what is wrong.
    """
    _refuse_unsafe(text)
    found = _FULL_URL.fullmatch(text)
    if found is None:
        msg = "a full URL that begins with https:// is needed"
        raise ValueError(msg)
    scheme, authority, path, query = found.groups()
    try:
        split_url(f"{scheme}://{authority}")
    except InvalidUri:
        msg = "it names no host that can be asked"
        raise ValueError(msg) from None
    if "@" in authority:
        msg = "it contains user information; pass auth= instead"
        raise ValueError(msg)
    return f"{scheme.lower()}://{authority}{_canonical_path(path)}{_query_part(query)}"


def _query_part(query: str | None) -> str:
    return f"?{_encoded(query, QUERY_SAFE)}" if query else ""


def _checked_url(url: Any, name: str) -> str:
    text = url.decode(errors="replace") if isinstance(url, bytes) else str(url)
    try:
        canonical = _canonical_url(text)
    except ValueError as wrong:
        raise InvalidUri(text, str(wrong), name) from None
    if "?" in text:
        problem = "it contains a query; pass params= instead"
        raise InvalidUri(text, problem, name)
    return canonical


def _checked_origin(url: Any) -> Origin:
    checked = _checked_url(url, "trusted origin")
    if urlsplit(checked).path not in {"", "/"}:
        raise InvalidUri(
            checked, "an origin is scheme, host and port; all paths of it would be trusted", "trusted origin"
        )
    return origin(checked)


def with_query(url: str, *queries: str) -> str:
    """Add encoded query parameters to a URL."""
    added = "&".join(filter(None, queries))
    if not added:
        return url
    return f"{url}{'&' if '?' in url else '?'}{_encoded(added, QUERY_SAFE)}"


# --- redirects --------------------------------------------------------------------------------------------

REDIRECTS = frozenset({301, 302, 303, 307, 308})  # RFC 9110 section 15.4
NEUTRAL_HEADERS = frozenset({"accept", "accept-encoding", "accept-language", "connection", "user-agent"})
BODY_HEADERS = frozenset(
    {"content-encoding", "content-language", "content-length", "content-type", "transfer-encoding"}
)


def redirect_url(url: str, location: str, response: Any = None) -> str:
    """Return where a redirect leads (RFC 9110 section 10.2.2), without fragment and user information.

    Raises:
        InvalidRedirect: to something that is no http(s) URL.
    """
    encoded = quote(location.strip(), safe="!#$%&'()*+,/:;=?@[]~")
    try:
        target, parts = split_url(urldefrag(urljoin(url, encoded)).url)
    except ValueError:
        raise InvalidRedirect(location, response) from None
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else target


def redirect_method(method: str, status: int) -> str:
    """Return the method for the next request, as all user agents do it (RFC 9110 sections 15.4.2 to 15.4.4)."""
    to_get = (status in {302, 303} and method != "HEAD") or (status == 301 and method == "POST")  # noqa: PLR2004
    return "GET" if to_get else method


def redirect_headers(headers: Mapping[str, Any], *, stays: bool, keeps_body: bool) -> dict[str, Any]:
    """Return the headers that go along: to another place, only those that can't be a credential."""
    allowed = NEUTRAL_HEADERS | BODY_HEADERS
    dropped = {"host", "cookie"} | (frozenset() if keeps_body else BODY_HEADERS)
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in dropped and (stays or name.lower() in allowed)
    }
