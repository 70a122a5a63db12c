"""What a call to an API is: its options, and the request from which a client makes one of its HTTP library.

Knows no URL rule and no HTTP library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any, TypeAlias, TypedDict

from .fields import BoolFields, NoneFields

Query: TypeAlias = Mapping[str, object] | Iterable[tuple[str, object]] | str | bytes | None
Timeout: TypeAlias = float | tuple[float | None, float | None]  # seconds for each wait, or to connect and to read


class CallOptions(TypedDict, total=False):
    """What each call takes, as `request` documents it."""

    headers: Mapping[str, Any] | None
    cookies: Mapping[str, str] | CookieJar | None
    files: object
    auth: object
    timeout: Timeout | None
    allow_redirects: bool | None
    follow_redirects: bool | None
    proxies: dict[str, str] | None
    hooks: object
    stream: bool | None
    verify: bool | str | None
    cert: str | tuple[str, str] | None
    raise_for_status: bool | None
    none_fields: NoneFields | None
    bool_fields: BoolFields


class BodyOptions(CallOptions, total=False):
    """What a call takes that usually has no body."""

    data: object
    json: object


class QueryOptions(CallOptions, total=False):
    """What a call takes that usually has a body."""

    params: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request to an API, before a client makes one of its HTTP library."""

    method: str
    url: str = field(repr=False)  # its query may hold a key
    headers: Mapping[str, Any] = field(repr=False)
    cookies: tuple[Any, ...] = field(repr=False)  # each a mapping or a cookie jar
    auth: Any = field(repr=False)
    is_ours: bool  # whether what the session holds (cookies, certificate) goes along
    data: Any = field(repr=False)
    json: Any = field(repr=False)
    files: Any = field(repr=False)
    timeout: Any
    stream: bool | None
    options: Mapping[str, Any] = field(repr=False)  # proxies, hooks, verify, cert, where they are given


def merged_headers(*several: Mapping[str, Any] | None) -> dict[str, Any]:
    """Merge headers, whose names have no case; the last wins, and None removes."""
    merged = {name.lower(): (name, value) for headers in several for name, value in dict(headers or {}).items()}
    return {name: value for name, value in merged.values() if value is not None}
