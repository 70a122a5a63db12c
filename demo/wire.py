"""Listens to what is sent and received, to be told: HTTP messages as lists of fields, secrets shortened.

A client is given a `Wire` as its session. Reads whatever `requests` sends; knows no grant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from .narrator import Narrator

Field = tuple[str, str]

SHOWN = 6  # characters of a secret
LONGEST = 80  # characters of anything else
SECRETS = frozenset(
    "access_token client_assertion client_secret code code_challenge code_verifier device_code id_token nonce"
    " refresh_token state".split()
)
HEADERS = ("Authorization", "DPoP", "WWW-Authenticate")


class Wire(requests.Session):
    """A session that remembers every answer until it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[requests.Response] = []
        self.hooks["response"].append(self._remember)

    def _remember(self, response: requests.Response, *_: object, **__: object) -> None:
        self.answers.append(response)

    def tell(self, narrator: Narrator) -> None:
        """Show what went over the wire since the last time."""
        for answer in self.answers:
            request = answer.request
            head = f"→ {request.method} {(request.url or '').partition('?')[0]}"
            narrator.message(head, request_fields(request), "yellow")
            narrator.message(f"← {answer.status_code} {answer.reason}", answer_fields(answer), "magenta")
        self.answers.clear()


def request_fields(request: requests.PreparedRequest) -> Iterator[Field]:
    """List what is worth seeing of a request: credentials, the query, the form."""
    yield from _headers(request.headers)
    yield from url_fields(str(request.url))
    body = request.body or ""
    yield from _shortened(parse_qsl(body.decode() if isinstance(body, bytes) else str(body)))


def answer_fields(response: requests.Response) -> Iterator[Field]:
    """List what is worth seeing of an answer: challenges, and the members of its JSON."""
    yield from _headers(response.headers)
    try:
        document: Any = response.json()
    except ValueError:
        return
    if isinstance(document, dict):
        yield from _shortened((name, str(value)) for name, value in document.items() if value is not None)


def url_fields(url: str) -> Iterator[Field]:
    """List the parameters of a URL."""
    yield from _shortened(parse_qsl(urlsplit(url).query))


def _headers(headers: Any) -> Iterator[Field]:
    for name in HEADERS:
        if name in headers:
            scheme, space, value = headers[name].partition(" ")
            yield name, f"{scheme} {shorten(value)}" if space and name == "Authorization" else cut(headers[name])


def _shortened(fields: Any) -> Iterator[Field]:
    for name, value in fields:
        yield name, shorten(value) if name in SECRETS else cut(value)


def shorten(secret: str) -> str:
    """Show that there is a secret, and not which."""
    return f"{secret[:SHOWN]}…"


def cut(text: str) -> str:
    """Show the beginning of a long text."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
