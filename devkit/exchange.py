"""What test servers and test doubles have in common: the request that came, and an answer to give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came."""

    method: str
    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    connection: int = 0  # which connection it came on, counted from 1; 0 where there is none

    @property
    def path(self) -> str:
        """The path of its URL."""
        return urlsplit(self.url).path

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The form fields, each as often as it was sent."""
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body))

    @property
    def form(self) -> dict[str, str]:
        """The form fields, none of which may be sent twice (RFC 6749 section 3.2)."""
        fields = dict(self.pairs)
        assert len(fields) == len(self.pairs), f"a field was sent twice: {[name for name, _ in self.pairs]}"
        return fields


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to give; as it has what a rule reads of a response, rules can be played with it."""

    status_code: int = 200
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = "https://as.local/endpoint"
    request: Any = None


def answer(body: Any = b"", status: int = 200, **headers: str) -> Answer:
    """Make an answer: bytes or a str as they are, anything else as JSON; `Content_Type` names a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if not isinstance(body, (bytes, str)):
        body, named = json.dumps(body), {"Content-Type": "application/json", **named}
    return Answer(status_code=status, content=body.encode() if isinstance(body, str) else body, headers=named)


def token(**fields: Any) -> Answer:
    """Answer with a token."""
    return answer({"access_token": "an-access-token", "token_type": "Bearer", "expires_in": 60, **fields})


def error(code: str, status: int = 400, **fields: Any) -> Answer:
    """Answer with an OAuth error."""
    return answer({"error": code, **fields}, status)
