"""The recorder: takes requests and responses of every HTTP library as they pass, and keeps them redacted.

A body that a library has not read yet is not read here, which would change what the program does: it is looked at when
the story is told, or at the end of the recording. Until then, the values that were struck out are known, so that an
echo of one, even in an earlier message, is struck out too; at the end they are forgotten.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakSet

from .._core.errors import message_of
from .._core.frozen import replace
from .._core.message_redaction import MessageRedaction, shown_form
from .._core.messages import read_oauth_error
from .._core.story import Clause, Recorder
from ..exceptions import OAuth2Error
from . import facts
from .exchange import API, APPLICATION, BROWSER, SERVER, Check, Exchange, Headers

MOST_EXCHANGES = 2000  # of a recording that is never ended
PENDING = frozenset({"authorization_pending", "slow_down"})
PHRASES: dict[int | None, str] = {one.value: one.phrase for one in HTTPStatus}
FORM = "application/x-www-form-urlencoded"


class Entry:
    """An exchange under way."""

    def __init__(self, source: str, target: str, started: float) -> None:
        self.source, self.target, self.started = source, target, started
        self.ended: float | None = None
        self.method = self.url = self.note = self.request_body = self.reason = self.error = ""
        self.request_headers: Headers = ()
        self.response_headers: Headers = ()
        self.status: int | None = None
        self.body: str | None = ""
        self.unread: Any = None  # a response whose body the program has not read yet
        self.checks: list[Check] = []
        self.key: Any = None
        self.oauth_error: str | None = None

    def came(self, response: Any) -> Any:
        """Take the response, and return it."""
        self.unread, self.ended = response, time.monotonic()
        return response


_current: ContextVar[Entry | None] = ContextVar("current exchange", default=None)


class Capture(Recorder):
    """Records.

    Args:
        outer: another recorder, which is told everything too.
    """

    def __init__(self, outer: Recorder | None = None) -> None:
        self.outer: Capture | None = outer if isinstance(outer, Capture) else None
        self.entries: list[Entry] = []
        shares = self.outer is not None and self.outer.is_open
        self.redaction: MessageRedaction = self.outer.redaction if self.outer and shares else MessageRedaction()
        self.is_open: bool = True
        self.left_out = 0
        self.begun, self._clock = datetime.now(UTC), time.monotonic()
        self._told: WeakSet[Any] = WeakSet()  # responses that are recorded
        self._done: tuple[Exchange, ...] | None = None

    # --- what is told

    @contextmanager
    def watched(self, request: Any, *, is_api: bool = False) -> Iterator[Callable[[Any], Any]]:
        """Record the exchange inside of the `with`."""
        entry = Entry(APPLICATION, API if is_api else SERVER, time.monotonic())
        if not is_api:
            self._describe(entry, request)
            self._add(entry)
        try:
            yield entry.came
        except BaseException as failure:
            self._failed(entry, request, failure)
            raise
        if is_api:
            for response in (*(getattr(entry.unread, "history", None) or ()), entry.unread):
                self.api_answered(getattr(response, "request", request), response, entry.started)
            return
        self._told_response(entry, entry.unread)
        self._describe(entry, getattr(entry.unread, "request", None) or request)

    def _failed(self, entry: Entry, request: Any, failure: BaseException) -> None:
        is_ours = isinstance(failure, OAuth2Error)
        if entry.target == API:
            if is_ours:  # of the token request that came first, which is recorded
                return
            self._describe(entry, request)
            self._add(entry)
        response = getattr(failure, "response", None)
        if response is not None:
            self._told_response(entry, entry.came(response))
        entry.ended = time.monotonic()
        entry.error = f"{type(failure).__name__}: {self.redaction.text(message_of(failure))}".rstrip(": ")

    def api_answered(self, request: Any, response: Any, started: float | None) -> None:
        """Record a response of an API, unless it is recorded already."""
        if response is None or response in self._told:
            return
        ended = time.monotonic()
        elapsed = _elapsed(response)
        entry = Entry(APPLICATION, API, ended - elapsed if elapsed is not None else started or ended)
        entry.unread, entry.ended = response, ended
        self._describe(entry, request)
        self._add(entry)
        self._told_response(entry, response)

    def browser_sent(self, url: str, note: str) -> None:
        """Record that the browser is sent to the authorization server, once for each address."""
        key = ("sent", url)
        if any(entry.key == key for entry in self.entries):
            return
        entry = self._of_browser("GET", SERVER, key, note)
        params = dict(parse_qsl(urlsplit(url).query))
        entry.url = self.redaction.url(url, is_strict=True)
        self._note_facts(entry, facts.authorization_facts(params))

    def browser_came(self, params: Mapping[str, Any], address: str | None) -> None:
        """Record a callback, once."""
        pairs = [(str(name), str(value)) for name, value in params.items()]
        key = ("came", tuple(sorted(pairs)))
        known = next((entry for entry in self.entries if entry.key == key), None)
        if known is not None:
            _current.set(known)
            return
        entry = self._of_browser("GET", APPLICATION, key, "callback")
        query = shown_form(self.redaction.fields(pairs, is_strict=True))
        entry.url = f"{self.redaction.url(address or 'the redirect_uri')}?{query}"

    def asked(self, request: Any, action: str) -> Callable[[Any], Any]:
        """Record a request to a route of a web site: of the browser, or of the server that tells of a logout."""
        entry = Entry(SERVER if action == "backchannel-logout" else BROWSER, APPLICATION, time.monotonic())
        form = {name: one for name, one in getattr(request, "form", {}).items() if isinstance(one, str)}
        query = dict(parse_qsl(urlsplit(request.url).query)) if request.method == "GET" else form
        entry.key = ("came", tuple(sorted(query.items()))) if action == "callback" else ("asked",)
        entry.method, entry.note = request.method, action
        entry.url = self.redaction.url(request.url, is_strict=True)
        entry.request_headers = tuple(self.redaction.headers(request.headers))
        entry.request_body = shown_form(self.redaction.fields(form.items(), is_strict=True))
        self._add(entry)

        def answered(response: Any) -> Any:
            entry.ended, entry.status = time.monotonic(), response.status
            entry.reason = PHRASES.get(entry.status, "")
            cookies = [("Set-Cookie", f"{one.name}={one.value}") for one in response.cookies]
            headers = [*response.headers.items(), *cookies]
            entry.response_headers = tuple(pair for one in headers for pair in self.redaction.headers(dict([one])))
            return response

        return answered

    def check(self, clause: Clause, problem: Exception | None) -> None:
        """Record a check."""
        if getattr(problem, "error", None) in PENDING:
            return
        entry = self.place()
        if entry is None:
            entry = self._of_browser("", APPLICATION, ("check",), "a check without a message")
            entry.source = APPLICATION
        known = next((one for one in entry.checks if (one.name, one.clause) == clause), None)
        if known is not None and problem is None:
            return
        if known is not None:
            entry.checks.remove(known)
        text = "" if problem is None else f"{type(problem).__name__}: {self.redaction.text(message_of(problem))}"
        entry.checks.append(Check(name=clause.name, clause=clause.clause, passed=problem is None, problem=text))

    def place(self) -> Entry | None:
        """Return the exchange that checks are about now."""
        current = _current.get()
        if current is not None and current in self.entries:
            return current
        return self.entries[-1] if self.entries else None

    def resume(self, place: Any) -> None:
        """Say that checks are about this exchange again."""
        if place is not None:
            _current.set(place)

    def clock(self) -> float:
        """Return the time from which exchanges are measured."""
        return time.monotonic()

    # --- how it is kept

    def _of_browser(self, method: str, target: str, key: Any, note: str) -> Entry:
        entry = Entry(BROWSER, target, time.monotonic())
        entry.method, entry.key, entry.note = method, key, note
        self._add(entry)
        return entry

    def _add(self, entry: Entry) -> None:
        if self.is_open and len(self.entries) >= MOST_EXCHANGES:
            self.left_out += 1
        elif self.is_open:
            self.entries.append(entry)
            _current.set(entry)
        if self.outer is not None:  # it may go on when this one has ended
            self.outer._add(entry)  # noqa: SLF001  another of this class

    def _told_response(self, entry: Entry, response: Any) -> None:
        for one in (self, *self._outers()):
            with suppress(TypeError):  # a test double that can't be referred to weakly
                one._told.add(response)  # noqa: SLF001  likewise
        entry.status = getattr(response, "status_code", None)
        reason = getattr(response, "reason", None) or getattr(response, "reason_phrase", None)
        entry.reason = self.redaction.text(str(reason or PHRASES.get(entry.status, "")))
        entry.response_headers = tuple(self.redaction.headers(getattr(response, "headers", None)))
        if entry.target == SERVER and response is not None:
            with suppress(Exception):  # not a usable response: what reads it says so
                entry.oauth_error = str((read_oauth_error(response) or {}).get("error", ""))
        self._read(entry)

    def _outers(self) -> Iterator[Capture]:
        one = self.outer
        while one is not None:
            yield one
            one = one.outer

    def _read(self, entry: Entry) -> None:
        """Take the body, if the program has read it."""
        response = entry.unread
        if response is None:
            return
        body = _body_of(response)
        if body is None:
            return
        kind = str(getattr(response, "headers", {}).get("Content-Type", ""))
        entry.body, entry.unread = self.redaction.body(body, kind, is_strict=False), None

    def _describe(self, entry: Entry, request: Any) -> None:
        """Take a request: ours, or one of an HTTP library."""
        url, headers = str(getattr(request, "url", "")), getattr(request, "headers", None) or {}
        is_api = entry.target == API
        entry.method, entry.url = str(getattr(request, "method", "")), self.redaction.url(url, is_strict=not is_api)
        entry.request_headers = tuple(self.redaction.headers(headers))
        body, kind = _sent_body(request), str(headers.get("Content-Type", ""))
        entry.request_body = self.redaction.body(body, kind, is_strict=not is_api)
        params = _params(body, kind)
        if entry.key is None and not is_api:
            entry.key = (entry.method, url, params.get("grant_type"))
            entry.note = self._note(entry, url, params)
        self._note_facts(entry, facts.request_facts(headers, params, is_api=is_api))

    def _note(self, entry: Entry, url: str, params: Mapping[str, str]) -> str:
        note = self.redaction.text(facts.note_of(entry.method, url, params))
        same = [one for one in self.entries if one.key == entry.key and one is not entry]
        if not same or same[-1].ended is None:  # that one is under way: it is another task's
            return note
        return facts.repeated(note, len(same), same[-1].status, same[-1].oauth_error)

    def _note_facts(self, entry: Entry, clauses: list[Clause]) -> None:
        known = {(check.name, check.clause) for check in entry.checks}
        for fact in clauses:
            if fact not in known:
                entry.checks.append(Check(name=fact.name, clause=fact.clause, passed=True))

    # --- what is shown

    def exchanges(self) -> tuple[Exchange, ...]:
        """Return what is recorded, in order, without any secret that is known by now."""
        if self._done is not None:
            return self._done
        entries = sorted(self.entries, key=lambda entry: entry.started)
        for entry in entries:
            self._read(entry)
        secrets = self.redaction.secrets()
        hide = functools.partial(self.redaction.hidden, secrets=secrets)
        return tuple(self._exchange(number, entry, hide) for number, entry in enumerate(entries, 1))

    def _exchange(self, number: int, entry: Entry, hide: Callable[[str], Any]) -> Exchange:
        offset = entry.started - self._clock
        checks = tuple(replace(check, problem=hide(check.problem)) for check in list(entry.checks))
        return Exchange(
            number=number,
            source=entry.source,
            target=entry.target,
            started_at=self.begun + timedelta(seconds=offset),
            offset=offset,
            seconds=None if entry.ended is None else entry.ended - entry.started,
            method=entry.method,
            url=hide(entry.url),
            note=hide(entry.note),
            request_headers=tuple((name, hide(value)) for name, value in entry.request_headers),
            request_body=hide(entry.request_body),
            status=entry.status,
            reason=hide(entry.reason),
            response_headers=tuple((name, hide(value)) for name, value in entry.response_headers),
            response_body=hide(entry.body or "") if entry.unread is None else "(not read by the program)",
            error=hide(entry.error),
            checks=checks,
        )

    def close(self) -> None:
        """End the recording: take what is there, and forget the secrets."""
        self.is_open = False
        self._done = self.exchanges()
        self.entries = []
        if self.outer is None:
            self.redaction.forget()


def _elapsed(response: Any) -> float | None:
    try:
        return float(response.elapsed.total_seconds())
    except (AttributeError, RuntimeError):  # httpx knows it when the response is closed
        return None


def _body_of(response: Any) -> bytes | None:
    """Return the body of a response, or None if it is not read yet."""
    content = getattr(response, "_content", b"")
    if content is False:  # requests: not read
        return None
    try:
        found = response.content
    except Exception:  # noqa: BLE001  httpx: not read, or a test double
        return None
    return found if isinstance(found, bytes) else b""


def _sent_body(request: Any) -> Any:
    if hasattr(request, "body"):
        return request.body
    try:
        return getattr(request, "content", None)
    except Exception:  # noqa: BLE001  a stream of httpx
        return object()


def _params(body: Any, kind: str) -> dict[str, str]:
    """Return the fields of a form, to see what is in it."""
    if not isinstance(body, (str, bytes)) or not kind.lower().startswith(FORM) or len(body) > 1 << 16:
        return {}
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    return dict(parse_qsl(text, keep_blank_values=True))
