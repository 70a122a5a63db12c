"""HTTP messages as the test server sees them, whichever library or socket they come through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """A request that came to the server.

    Attributes:
        method: as it was sent.
        url: the whole URL.
        headers: by lower-case names.
        body: as it was sent.
        endpoint: the short name of the endpoint, such as `token`; an empty string for an unknown path.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    endpoint: str = ""

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path

    @property
    def query_items(self) -> list[tuple[str, str]]:
        """The parameters in the URL, in order."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @property
    def form_items(self) -> list[tuple[str, str]]:
        """The fields of a form in the body, in order."""
        if not self.headers.get("content-type", "").lower().startswith(FORM):
            return []
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form in the body; of repeated ones, the last."""
        return dict(self.form_items)

    @property
    def query(self) -> dict[str, str]:
        """The parameters in the URL; of repeated ones, the last."""
        return dict(self.query_items)

    def json(self) -> Any:
        """Return the body, read as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)


@dataclass(kw_only=True)
class ServerResponse:
    """What the server answers: a body, or pieces of one.

    Attributes:
        delay: seconds before each piece.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    delay: float = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it is sent."""
        if isinstance(self.body, bytes):
            yield self.body
        else:
            yield from self.body


class Refusal(Exception):
    """The server refuses a request (RFC 6749 section 5.2).

    Args:
        error: the OAuth error code.
        description: what is wrong, for the person who reads the failing test.
        status: the HTTP status.
        headers: further headers.
    """

    def __init__(
        self, error: str, description: str, *, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status = error, description, status
        self.headers = dict(headers or {})

    def response(self) -> ServerResponse:
        """Return it as JSON."""
        content = {"error": self.error, "error_description": self.description}
        return as_json(content, status=self.status, headers=self.headers)


def as_json(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> ServerResponse:
    """Make a JSON response that is not cached (RFC 6749 section 5.1)."""
    return ServerResponse(
        status=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
        body=json.dumps(content).encode(),
    )


def as_page(title: str, *lines: str, status: int = 200, form: str = "") -> ServerResponse:
    """Make a page for a person. `form` is HTML; everything else is text."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    page = (
        f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><h1>{escape(title)}</h1>{paragraphs}{form}"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return ServerResponse(status=status, headers=headers, body=page.encode())


def as_redirect(location: str) -> ServerResponse:
    """Make a redirect that a browser follows with GET."""
    return ServerResponse(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def single(items: Iterable[tuple[str, str]], *, repeatable: frozenset[str] = frozenset({"resource"})) -> dict[str, Any]:
    """Read parameters, none of which may come twice (RFC 6749 section 3.1); repeatable ones become lists.

    Raises:
        Refusal: one came twice.
    """
    found: dict[str, Any] = {}
    for name, value in items:
        if name in repeatable:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Refusal("invalid_request", f"the parameter {name!r} came twice")
        elif value:
            found[name] = value
    return found
