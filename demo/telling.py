"""Tells what was recorded since the last time: each exchange with its parameters, its outcome, and what was checked.

It shows what a story of the library shows, which has no secrets. Knows no grant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from requests_oauth2client import Exchange, Story

from .narrator import Narrator

Field = tuple[str, str]

LONGEST = 80  # characters of a value
MOST = 14  # members of a document; the picture has all
HEADERS = ("authorization", "dpop", "www-authenticate")


class Telling:
    """How far a story has been told.

    Args:
        story: what is recorded, and goes on.
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        self._told = 0

    def tell(self, narrator: Narrator) -> None:
        """Tell what is new."""
        exchanges = self.story.exchanges[self._told :]
        self._told += len(exchanges)
        for one in exchanges:
            way = "" if one.source == "application" else f"{one.source}: "
            address = one.url.partition("?")[0]
            narrator.message(f"→ {way}{one.method} {address}", request_fields(one), "yellow")
            if one.outcome:
                narrator.message(f"← {one.outcome}", answer_fields(one), "magenta")
            narrator.checks([(str(check), check.passed) for check in one.checks])


def request_fields(one: Exchange) -> Iterator[Field]:
    """List what is worth seeing of a request: credentials, the query, the form."""
    yield from _headers(one.request_headers)
    yield from _cut(parse_qsl(one.url.partition("?")[2]))
    yield from _members(one.request_body)


def answer_fields(one: Exchange) -> Iterator[Field]:
    """List what is worth seeing of an answer: challenges, and the members of its JSON."""
    yield from _headers(one.response_headers)
    yield from _members(one.response_body)


def _members(body: str) -> Iterator[Field]:
    try:
        document: Any = json.loads(body)
    except ValueError:
        document = dict(parse_qsl(body)) if "=" in body and "<" not in body else None
    if not isinstance(document, dict):
        return
    members = [(name, str(value)) for name, value in document.items() if value is not None]
    yield from _cut(members[:MOST])
    if len(members) > MOST:
        yield "…", f"and {len(members) - MOST} more"


def _headers(headers: Any) -> Iterator[Field]:
    yield from _cut((name, value) for name, value in headers if name.lower() in HEADERS)


def _cut(fields: Any) -> Iterator[Field]:
    for name, value in fields:
        yield name, value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
