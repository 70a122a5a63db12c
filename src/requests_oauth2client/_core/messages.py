"""HTTP messages as the protocol sees them: what to send, and how to read what came.

A request is a value of ours; a response is the HTTP library's own object, of which only `status_code`,
`headers`, `content` and `url` are used. JSON from outside is parsed once, here: bounded in depth,
no repeated members, no NaN (RFC 8259 section 4). Knows no HTTP library and no endpoint.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Protocol, TypeAlias
from urllib.parse import parse_qsl, urlencode

from .frozen import field, frozen, replace
from .redaction import one_line

JSON_DEPTH = 32  # levels of nesting; the deepest document here, a metadata document, has about 5
INTEGER_DIGITS = 100
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_FIELDS = 100
DEFAULT_TIMEOUT = 10.0  # seconds, for the whole answer
DEFAULT_MAX_RESPONSE_SIZE = 1 << 20  # bytes
CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}  # by name (RFC 9110 section 8.4.1)
ACCEPT_ENCODING = "gzip, deflate, identity"
ONCE = frozenset({"refresh_token", "authorization_code"})  # grants with something that is used once

Certificate: TypeAlias = str | tuple[str, str]  # a PEM file with certificate and key, or one file for each


class Response(Protocol):
    """What a rule reads of a response; those of requests, httpx2 and httpx all have it."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> Any: ...
    @property
    def url(self) -> Any: ...


class Form(dict[str, Any]):
    """Form fields. Their names show, their values never do."""

    def __init__(self, *fields: Mapping[str, Any], **named: Any) -> None:
        super().__init__()
        for mapping in (*fields, named):
            self.update({name: value for name, value in mapping.items() if value is not None})

    def __repr__(self) -> str:
        return f"Form({', '.join(self)})"

    def encode(self) -> bytes:
        """Encode as application/x-www-form-urlencoded; a list is a repeated field, a mapping is JSON."""
        return urlencode([(name, text) for name, value in self.items() for text in form_values(value)]).encode()


def form_values(value: Any) -> list[str]:
    """Return the texts to send for one form field or query parameter."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, bytes):
        return [value.decode()]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and any(isinstance(v, Mapping) for v in value)):
        return [json.dumps(value, separators=(",", ":"))]
    if isinstance(value, Iterable) and not hasattr(value, "access_token"):
        return [text for item in value if item is not None for text in form_values(item)]
    return [str(value)]


@frozen(kw_only=True)
class Request:
    """A request to the AS. Its fields, headers and body may hold secrets, so they don't show."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Form | None = None
    json: Mapping[str, Any] | None = field(default=None, repr=False)  # instead of a form
    certificate: Certificate | None = field(default=None, repr=False)
    foreign_auth: Any = field(default=None, repr=False)  # an auth handler of the HTTP library in use
    timeout: Any = DEFAULT_TIMEOUT  # seconds
    max_size: int = DEFAULT_MAX_RESPONSE_SIZE  # bytes
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # further arguments for that library

    @property
    def body(self) -> bytes | None:
        """The form or the JSON, encoded; a GET has no body."""
        if self.method == "GET":
            return None
        if self.json is not None:
            return json.dumps(dict(self.json), separators=(",", ":")).encode()
        return None if self.form is None else self.form.encode()

    @property
    def needs_fresh_connection(self) -> bool:
        """Whether it can't be repeated: then it should not go on a connection that may have been forgotten."""
        return self.form is not None and not ONCE.isdisjoint(form_values(self.form.get("grant_type")))

    def with_fields(self, **fields: Any) -> Request:
        """Return this request with form fields added or replaced."""
        return replace(self, form=Form(self.form or {}, fields))

    def with_headers(self, **headers: str) -> Request:
        """Return this request with headers added or replaced."""
        return replace(self, headers={**self.headers, **headers})

    def with_url(self, url: str) -> Request:
        """Return this request for another address."""
        return replace(self, url=url)

    def as_json(self) -> Request:
        """Return this request with its form fields as the members of a JSON object, for a server that takes no form."""
        return replace(self, json=dict(self.form or {}), headers={**self.headers, "Content-Type": "application/json"})

    def as_get(self) -> Request:
        """Return this request as a GET with its form fields in the URL, where secrets end up in the logs of servers."""
        query = (self.form or Form()).encode().decode()
        url = f"{self.url}{'&' if '?' in self.url else '?'}{query}" if query else self.url
        headers = {name: value for name, value in self.headers.items() if name.lower() != "content-type"}
        return replace(self, method="GET", url=url, headers=headers)


class Body:
    """A body that comes in pieces: decoded as it comes, and no larger than a limit plus one byte.

    Knows the codings that are asked for, so that no other decoder can be made to swell (RFC 9110 section 8.4.1).

    Args:
        coding: the Content-Encoding.
        limit: bytes that the decoded body may have.

    Attributes:
        content: what has come, decoded.
        problem: what is wrong with its coding, or None.
    """

    def __init__(self, coding: str | None, limit: int) -> None:
        self.content = bytearray()
        self.problem: str | None = None
        self._limit = limit
        self._is_empty = True
        named = [word for part in (coding or "").split(",") if (word := part.strip().lower()) not in {"", "identity"}]
        if len(named) > 1 or not set(named) <= CODINGS.keys():
            self.problem = f"it came with Content-Encoding {one_line(coding or '')!r}, which was not asked for"
        self._coding = named[0] if named and self.problem is None else None
        self._inflate = None if self._coding is None else zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._first = (
            b""  # what came before anything could be decoded: deflate has two forms (RFC 9110 section 8.4.1.2)
        )

    def add(self, piece: bytes) -> None:
        """Take a piece as it came."""
        self._is_empty = self._is_empty and not piece
        try:
            while piece and self.wants_more:
                piece = self._decode(piece)
        except zlib.error:
            self.problem = "its compression is broken"

    def _decode(self, piece: bytes) -> bytes:
        """Take what is there up to the limit; return what belongs to a further member of gzip."""
        room = self._limit + 1 - len(self.content)
        if self._inflate is None:
            self.content += piece[:room]
            return b""
        if self._inflate.eof:  # RFC 1952 section 2.2: members follow one another
            piece = piece.lstrip(b"\0")  # padding
            if not piece:
                return b""
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            self.content += self._inflate.decompress(piece, room)
        except zlib.error:
            if self.content or CODINGS[self._coding or ""] != "deflate":
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            self.content += self._inflate.decompress(self._first + piece, room)
        if not self.content:
            self._first += piece
        return self._inflate.unused_data if self._inflate.eof else b""

    @property
    def is_too_large(self) -> bool:
        """Tell whether more came than may."""
        return len(self.content) > self._limit

    @property
    def wants_more(self) -> bool:
        """Tell whether reading on makes sense."""
        return self.problem is None and not self.is_too_large

    def end(self) -> None:
        """Say that nothing more comes."""
        if self.wants_more and self._inflate is not None and not (self._is_empty or self._inflate.eof):
            self.problem = "its compression breaks off"


def is_success(response: Response) -> bool:
    """Tell whether the status is 2xx."""
    return 200 <= response.status_code < 300  # noqa: PLR2004


def _refuse_constant(name: str) -> NoReturn:
    msg = f"it contains {name}, which is no JSON"
    raise ValueError(msg)


def _integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS:
        msg = f"it contains a number of {len(text)} digits"
        raise ValueError(msg)
    return int(text)


def _refuse_repeated(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        repeated = [name for name, times in Counter(name for name, _ in members).items() if times > 1]
        msg = f"it repeats the members {one_line(sorted(repeated))}"
        raise ValueError(msg)
    return found


# json.loads() would make a decoder for each text; its decode() looks for white space with a regular expression, twice
_decode = json.JSONDecoder(
    object_pairs_hook=_refuse_repeated, parse_constant=_refuse_constant, parse_int=_integer
).raw_decode


def parse_json(text: bytes | str) -> Any:
    """Parse JSON from outside.

    Raises:
        ValueError: with what is wrong, without quoting the text.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode().removeprefix("\ufeff")  # RFC 8259 §8.1: a parser may ignore a byte order mark
        text = text.strip(" \t\r\n")  # RFC 8259 §2
        value, end = _decode(text)
        if text.count("[") + text.count("{") > JSON_DEPTH:  # else it can't be nested deeper
            _check_depth(value)
    except UnicodeDecodeError:
        msg = "it is not UTF-8"
        raise ValueError(msg) from None
    except json.JSONDecodeError as wrong:
        msg = f"it is no JSON ({wrong.msg} at character {wrong.pos})"
        raise ValueError(msg) from None
    except RecursionError:
        msg = f"it is nested deeper than {JSON_DEPTH} levels"
        raise ValueError(msg) from None
    if end != len(text):
        msg = f"it is no JSON (something follows at character {end})"
        raise ValueError(msg)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(JSON_DEPTH):
        level = (
            [
                item
                for parent in level
                for item in (parent.values() if isinstance(parent, dict) else parent)
                if isinstance(item, (dict, list))
            ]
            if isinstance(value, (dict, list))
            else []
        )
        if not level:
            return
    raise RecursionError


def parse_json_object(text: bytes | str) -> dict[str, Any]:
    """Parse a JSON object from outside.

    Raises:
        ValueError: with what is wrong, without quoting the text.
    """
    value = parse_json(text)
    if not isinstance(value, dict):
        msg = f"it is a JSON {_json_type(value)}, not an object"
        raise ValueError(msg)  # noqa: TRY004  the text is wrong, not the argument
    return value


def _json_type(value: Any) -> str:
    names = {list: "array", str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def media_type(response: Response) -> str | None:
    """Return the media type of a response in lower case, without parameters; None without one."""
    value = response.headers.get("Content-Type")
    return value.partition(";")[0].strip().lower() if value else None


def read_json_object(response: Response) -> dict[str, Any]:
    """Return the JSON object in a successful response, whatever its media type says (RFC 6749 section 5.1).

    Raises:
        ValueError: with what is wrong, without quoting the body.
    """
    try:
        return parse_json_object(response.content or b"")
    except ValueError as wrong:
        kind = media_type(response)
        if kind is None or kind == "application/json":
            raise
        msg = f"{wrong}; its Content-Type is {one_line(kind)!r}, expected 'application/json'"
        raise ValueError(msg) from None


def read_form(response: Response) -> dict[str, Any] | None:
    """Return the fields of a form-encoded response, as some servers answer token requests; None if it is not one."""
    if media_type(response) not in {FORM_TYPE, "text/plain", None}:
        return None
    try:
        pairs = parse_qsl(bytes(response.content or b"").decode(), strict_parsing=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return None
    fields: dict[str, Any] = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def read_oauth_error(response: Response) -> dict[str, Any] | None:
    """Return the JSON object of an OAuth error answer, or None when the body is something else (RFC 6749 section 5.2).

    The media type is not asked: an error that says what is wrong is worth reading.
    """
    try:
        answer = parse_json_object(response.content or b"")
    except ValueError:
        answer = read_form(response) or {}
    error = answer.get("error")
    return answer if isinstance(error, str) and error else None
