"""The sync driver: runs a rule, and sends its requests with `requests`.

Owns the limits of an answer here: its size, and the deadline for all of it. Endpoints are called
with nothing ambient (no netrc, no cookies, no credentials of the session) and no redirect is followed.
"""

from __future__ import annotations

import http.client
import io
import os
import ssl
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError
from urllib3.response import BaseHTTPResponse

from .._core.dual_errors import dual_error
from .._core.effects import CallOverride, Command, Holdable, Lock, Now, RunInThread, Send, Sleep, Spawn, Steps, Subtask
from .._core.messages import ACCEPT_ENCODING, Body, Request
from .._core.redaction import excerpt
from .._core.times import now
from ..exceptions import DeadlineExceeded, IncompleteResponse, InvalidParam, ResponseTooLarge, TransportError

R = TypeVar("R")
CHUNK = 1 << 14  # bytes read at once
AMBIENT_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})

OPTIONS = frozenset({"cert", "cookies", "proxies", "verify"})

_exchange: ContextVar[_Exchange | None] = ContextVar("exchange", default=None)


class SyncRunner:
    """Runs rules, one command after the other, in the thread of the caller."""

    session: requests.Session

    def _drive(self, steps: Steps[R]) -> R:
        """Run a rule to its end and return its result."""
        resume: Any = steps.send
        value: Any = None
        try:
            with ExitStack() as held:
                while True:
                    try:
                        command = resume(value)
                    except StopIteration as stop:
                        result: R = stop.value
                        return result
                    try:
                        value, resume = self._perform(command, held), steps.send
                    except Exception as failure:  # noqa: BLE001  the rule decides what it means
                        value, resume = failure, steps.throw
        finally:
            steps.close()

    def _perform(self, command: Command, held: ExitStack) -> Any:  # noqa: PLR0911  one for each command
        match command:
            case Send(request):
                return send(self.session, request)
            case Sleep(seconds):
                return time.sleep(seconds)
            case Now():
                return now()
            case Lock(entry, wait):
                return _held(entry, wait, held)
            case CallOverride(thunk) | RunInThread(thunk):
                return thunk()
            case Subtask(steps):
                return self._drive(steps)
            case Spawn(steps):
                threading.Thread(target=self._drive, args=(steps,), name="requests_oauth2client", daemon=True).start()
                return None


class _Locks:
    """A lock for each entry: the same for all who name it, gone when the entry is, and free after a fork."""

    def __init__(self) -> None:
        self.forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Begin anew: in the child of a fork, the threads that hold locks do not exist."""
        self._guard = threading.Lock()
        self._of: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()

    def of(self, entry: Any) -> threading.Lock:
        """Return the lock of an entry."""
        with self._guard:
            return self._of.setdefault(entry, threading.Lock())


_locks = _Locks()


def _held(entry: Any, wait: float | None, held: ExitStack) -> Any:
    if isinstance(entry, Holdable):
        return held.enter_context(entry.hold(wait))
    lock = _locks.of(entry)
    taken = lock.acquire(timeout=-1 if wait is None else wait)
    if taken:
        held.callback(lock.release)
    return taken


# --- sending one request -------------------------------------------------------------------------------


def send(session: requests.Session, request: Request) -> requests.Response:
    """Send a request to the AS and read the whole answer.

    Raises:
        DeadlineExceeded: no whole answer in time; also a `requests.Timeout`.
        ResponseTooLarge: more than the limit came.
        IncompleteResponse: the connection broke in the middle; also a `requests.ConnectionError`.
        TransportError: no answer; also what `requests` raised.
    """
    timeout, total = read_timeout(request.timeout)
    with _until(total) as exchange:
        answer = _Answer(request, exchange, total)
        try:
            prepared = _prepare(session, request)
            prepared.hooks["response"][:] = [answer.read, *prepared.hooks["response"], answer.settle]
            options = {"timeout": timeout, "cert": request.certificate, **request.options}
            response = _send_prepared(session, prepared, options)
        except (requests.RequestException, HTTPError) as failure:
            raise answer.did_not_come(failure) from failure
        return answer.whole(response)


def read_timeout(timeout: Any) -> tuple[Timeout, float]:
    """Return the timeouts of each wait and the seconds for the whole, from a number or `(connect, read)`."""
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    total = sum(timeout) if isinstance(timeout, tuple) else timeout
    return Timeout(connect=connect, read=read), total


def _prepare(session: requests.Session, request: Request) -> requests.PreparedRequest:
    """Prepare without what the session would add by itself: cookies, auth, netrc, parameters."""
    if unknown := request.options.keys() - OPTIONS:
        msg = (
            f"requests_kwargs can't contain {', '.join(sorted(unknown))}, only timeout, headers,"
            f" {', '.join(sorted(OPTIONS))}. Set the rest on the requests.Session in session=."
        )
        raise InvalidParam(msg)
    headers = {n: v for n, v in session.headers.items() if n.lower() not in AMBIENT_CREDENTIALS}
    body = request.body
    return requests.Request(
        request.method,
        request.url,
        headers=CaseInsensitiveDict({**headers, "Accept-Encoding": ACCEPT_ENCODING, **request.headers}),
        data=None if body is None else body.decode(),
        auth=request.foreign_auth,
        cookies=request.options.get("cookies"),
        hooks=session.hooks,
    ).prepare()


def _send_prepared(
    session: requests.Session, prepared: requests.PreparedRequest, options: Mapping[str, Any]
) -> requests.Response:
    """Send with the proxies, certificates and verification of the session and its environment."""
    asked = {name: options.get(name) for name in ("proxies", "verify", "cert")}
    settings = session.merge_environment_settings(
        str(prepared.url), asked["proxies"] or {}, stream=True, verify=asked["verify"], cert=asked["cert"]
    )
    return session.send(prepared, allow_redirects=False, timeout=options["timeout"], **settings)


class _Answer:
    """What has come of an answer so far.

    Its methods are hooks that `requests` calls as soon as the headers are there, before it would read the body of
    a redirect itself, without a limit.
    """

    def __init__(self, request: Request, exchange: _Exchange, total: float) -> None:
        self.request, self.exchange, self.deadline, self.total = request, exchange, exchange.deadline, total
        self.response: requests.Response | None = None
        self.location: str | None = None
        self.problem: Exception | None = None

    def read(self, response: requests.Response, **_: Any) -> None:
        """Read the body up to the limit, and leave it in the response."""
        if response is self.response:
            return
        limit = self.request.max_size
        self.response, self.problem, body = response, None, _body_of(response, limit)
        try:
            for piece in _pieces(response):
                body.add(piece)
                if time.monotonic() > self.deadline:
                    raise TimeoutError
                if not body.wants_more:
                    break
            body.end()
        except (HTTPError, OSError, http.client.HTTPException, requests.RequestException) as failure:
            self.problem = self._broken(failure)
        if body.problem:
            self.problem = self._undecodable(body.problem)
        if body.is_too_large:
            self.problem = ResponseTooLarge(self.request.url, limit=limit, response=response)
        response.close()
        response._content, response._content_consumed = bytes(body.content[:limit]), True  # type: ignore[attr-defined]  # noqa: SLF001

    def settle(self, response: requests.Response, **_: Any) -> None:
        """Read what another hook may have fetched instead, and keep `requests` from looking where a redirect goes."""
        self.read(response)
        self.location = response.headers.pop("Location", None)

    def whole(self, response: requests.Response) -> requests.Response:
        """Return the response, or raise what is wrong with it."""
        self.read(response)
        if self.location is not None:
            response.headers["Location"] = self.location
        if self.problem is not None:
            raise self.problem
        return response

    def _broken(self, failure: Exception) -> Exception:
        if time.monotonic() >= self.deadline or isinstance(failure, (TimeoutError, Urllib3TimeoutError)):
            return self._too_late(requests.exceptions.ReadTimeout)
        why = f"the connection broke before the answer was whole ({_said(failure)})."
        broken: Exception = dual_error(IncompleteResponse, _theirs(failure))(
            self.request.url, why, response=self.response
        )
        return broken

    def _undecodable(self, problem: str) -> Exception:
        theirs = requests.exceptions.ContentDecodingError
        why = f"the body can't be decoded: {problem}."
        undecodable: Exception = dual_error(IncompleteResponse, theirs)(self.request.url, why, response=self.response)
        return undecodable

    def did_not_come(self, failure: Exception) -> Exception:
        """Say why there is no answer."""
        theirs, known = _theirs(failure), self.exchange.sent
        sent = not _is_unsent(failure) if known is None else known
        if issubclass(theirs, requests.Timeout) or time.monotonic() >= self.deadline:
            return self._too_late(theirs, sent=sent)
        why = f"no answer came ({_said(failure)})."
        nothing: Exception = dual_error(TransportError, theirs)(self.request.url, why, sent=sent)
        return nothing

    def _too_late(self, theirs: type[Exception], *, sent: bool = True) -> Exception:
        late: Exception = dual_error(DeadlineExceeded, theirs)(
            self.request.url, seconds=self.total, response=self.response, sent=sent
        )
        return late


def _theirs(failure: Exception) -> type[Exception]:
    """Return the class of `requests` for a failure; urllib3's own come through too."""
    return type(failure) if isinstance(failure, requests.RequestException) else requests.exceptions.ConnectionError


def _is_unsent(failure: Exception) -> bool:
    """Tell from a failure alone whether there was no connection, or nothing to connect to."""
    cause = failure.args[0] if failure.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    cause = cause.original_error if isinstance(cause, ProxyError) else cause
    cause = cause.args[0] if isinstance(cause, SSLError) and cause.args else cause
    unconnected = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
    return isinstance(failure, (ValueError, requests.ConnectTimeout)) or isinstance(cause, unconnected)


def _said(failure: Exception) -> str:
    return f"{type(failure).__name__}: {excerpt(str(failure))}"


def _is_raw(response: requests.Response) -> bool:
    """Tell whether the body is still to be read from a connection; that of a test double may be there already."""
    read: Any = response._content  # noqa: SLF001  False as long as nobody read it
    return read is False and isinstance(response.raw, BaseHTTPResponse)


def _body_of(response: requests.Response, limit: int) -> Body:
    return Body(response.headers.get("Content-Encoding") if _is_raw(response) else None, limit)


def _pieces(response: requests.Response) -> Generator[bytes, None, None]:
    """Yield what is there as it comes; a drip does not have to fill a chunk."""
    if not _is_raw(response):
        yield response.content or b""
        return
    while piece := response.raw.read1(CHUNK, decode_content=False):
        yield piece


# --- the deadline ---------------------------------------------------------------------------------------


class _Exchange:
    """What a connection of `DeadlineAdapter` obeys, and what it tells.

    Attributes:
        deadline: as time.monotonic() tells it.
        sent: whether the request began to be written; None when nothing is known.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.sent: bool | None = None


@contextmanager
def _until(total: float) -> Generator[_Exchange, None, None]:
    """Let the connections know the deadline."""
    exchange = _Exchange(time.monotonic() + total)
    token = _exchange.set(exchange)
    try:
        yield exchange
    finally:
        _exchange.reset(token)


class _DeadlineReader(io.RawIOBase):
    """Reads a socket, and at each wait allows only what is left until the deadline."""

    def __init__(self, raw: Any, sock: Any, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            msg = "the deadline for the whole answer has passed"
            raise TimeoutError(msg)
        wait = self._sock.gettimeout()
        if wait is None or wait > left:
            self._sock.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """Status, headers and body all come before the deadline, however slowly they drip."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        exchange = _exchange.get()
        if exchange is not None:
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, exchange.deadline))


class _DeadlineConnection(HTTPConnection):
    response_class = _DeadlineResponse

    def connect(self) -> None:
        _tell(sent=False)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:  # else it would be connected after the request was said to be written
            self.connect()
        _tell(sent=True)
        super().request(*args, **kwargs)


class _DeadlineTLSConnection(_DeadlineConnection, HTTPSConnection):
    pass


def _tell(*, sent: bool) -> None:
    """Note how far a request has come; what was written once stays written."""
    exchange = _exchange.get()
    if exchange is not None and not exchange.sent:
        exchange.sent = sent


class _DeadlinePool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection  # pyright: ignore[reportAssignmentType]  urllib3 declares a protocol


class _DeadlineTLSPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTLSConnection  # pyright: ignore[reportAssignmentType]


POOLS = {"http": _DeadlinePool, "https": _DeadlineTLSPool}


class DeadlineAdapter(HTTPAdapter):
    """A transport adapter whose connections end an answer at the deadline, while headers drip too.

    The sessions that this package makes have it. Mount it on a session of your own for the same; without it,
    the deadline is checked whenever a part of the body comes, and each wait has the timeout.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Let the pools make connections that know the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """Let those through a proxy know it too."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if isinstance(manager, ProxyManager):  # one for SOCKS has connections of its own
            manager.pool_classes_by_scheme = POOLS
        return manager


def new_session() -> requests.Session:
    """Make the session of a client that was given none."""
    session = requests.Session()
    adapter = DeadlineAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
