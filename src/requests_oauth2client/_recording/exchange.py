"""What is recorded: exchanges and checks, as values without secrets."""

from __future__ import annotations

from datetime import datetime

from .._core.frozen import field, frozen

BROWSER = "browser"
APPLICATION = "application"
SERVER = "authorization server"
API = "API"
LANES = (BROWSER, APPLICATION, SERVER, API)

Headers = tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Check:
    """A check of a message.

    Attributes:
        name: what was checked, such as `state`.
        clause: the clause of the specification that demands it.
        passed: whether the message satisfies it.
        problem: what is wrong otherwise.
    """

    name: str
    clause: str
    passed: bool
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.clause})" if self.clause else self.name


@frozen(kw_only=True)
class Exchange:
    """A request and its response, redacted; or a request of the browser, of which only the request is known.

    Attributes:
        number: its place in the story, from 1.
        source: who sent the request: `browser`, `application`, `authorization server` or `API`.
        target: who got it, likewise.
        started_at: when the request was sent; aware, UTC.
        offset: seconds from the beginning of the recording.
        seconds: how long the response took; None without one.
        method: the HTTP method.
        url: the URL, with secret parameters struck out.
        note: what it is: a grant, an attempt, a poll.
        request_headers: pairs of name and value.
        request_body: a form as `name=value&…`, JSON indented, else the beginning of the body.
        status: the HTTP status; None without a response.
        reason: its words.
        response_headers: pairs of name and value.
        response_body: likewise.
        error: why no response came.
        checks: what was checked, in order.
    """

    number: int
    source: str
    target: str
    started_at: datetime
    offset: float
    seconds: float | None
    method: str
    url: str
    note: str = ""
    request_headers: Headers = field(default=(), repr=False)
    request_body: str = field(default="", repr=False)
    status: int | None = None
    reason: str = ""
    response_headers: Headers = field(default=(), repr=False)
    response_body: str = field(default="", repr=False)
    error: str = ""
    checks: tuple[Check, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether no response came, or a check of it failed."""
        return bool(self.error) or any(not check.passed for check in self.checks)

    @property
    def place(self) -> str:
        """The URL without scheme and query."""
        return self.url.partition("?")[0].partition("#")[0].partition("://")[2]

    @property
    def outcome(self) -> str:
        """The status, or `no response`."""
        if self.status is not None:
            return f"{self.status} {self.reason}".strip()
        return "no response" if self.error else ""
