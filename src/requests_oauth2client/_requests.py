"""The sync driver: runs a rule, and sends its requests with `requests`.

Owns the limits of an answer on this face: its size, and the deadline for all of it. Endpoints are called
with nothing ambient (no netrc, no cookies, no credentials of the session) and no redirect is followed.
"""

from __future__ import annotations

import http.client
import io
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from ._http import Request
from ._redaction import excerpt
from ._steps import Call, Command, Lock, Now, Send, Sleep, Steps
from ._times import now
from .exceptions import DeadlineExceeded, IncompleteResponse, ResponseTooLarge, TransportError, twin

R = TypeVar("R")
CHUNK = 1 << 14  # bytes read at once; what a compressed chunk may grow to is bounded by it
AMBIENT_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)  # as time.monotonic() tells it


class SyncFace:
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

    def _perform(self, command: Command, held: ExitStack) -> Any:
        match command:
            case Send(request):
                return send(self.session, request)
            case Sleep(seconds):
                return time.sleep(seconds)
            case Now():
                return now()
            case Lock(entry):
                return held.enter_context(lock_of(entry))
            case Call(thunk):
                return thunk()


_locks: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()
_locks_guard = threading.Lock()


def lock_of(entry: Any) -> threading.Lock:
    """Return the lock of an entry: the same for all who name it, gone when the entry is."""
    with _locks_guard:
        return _locks.setdefault(entry, threading.Lock())


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
    prepared = _prepare(session, request)
    with _until(total) as deadline:
        try:
            response = _send_prepared(session, prepared, {"timeout": timeout, **request.options})
        except requests.RequestException as failure:
            raise _no_answer(request, failure, total) from failure
        with response:
            _read(response, request, deadline, total)
    return response


def read_timeout(timeout: Any) -> tuple[Timeout, float]:
    """Return the timeouts of each wait and the seconds for the whole, from a number or `(connect, read)`."""
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    total = sum(timeout) if isinstance(timeout, tuple) else timeout
    return Timeout(connect=connect, read=read), total


def _prepare(session: requests.Session, request: Request) -> requests.PreparedRequest:
    """Prepare without what the session would add by itself: cookies, auth, netrc, parameters."""
    headers = {n: v for n, v in session.headers.items() if n.lower() not in AMBIENT_CREDENTIALS}
    body = request.body
    return requests.Request(
        request.method,
        request.url,
        headers={**headers, **request.headers},
        data=None if body is None else body.decode(),
        auth=request.foreign_auth,
        hooks=session.hooks,
    ).prepare()


def _send_prepared(
    session: requests.Session, prepared: requests.PreparedRequest, options: dict[str, Any]
) -> requests.Response:
    """Send with the proxies, certificates and verification of the session and its environment."""
    asked = {name: options.pop(name, None) for name in ("proxies", "verify", "cert")}
    settings = session.merge_environment_settings(
        str(prepared.url), asked["proxies"] or {}, stream=True, verify=asked["verify"], cert=asked["cert"]
    )
    return session.send(prepared, allow_redirects=False, **{**settings, **options})


def _read(response: requests.Response, request: Request, deadline: float, total: float) -> None:
    """Read the body, and leave it in the response."""
    body = bytearray()
    problem: Exception | None = None
    try:
        for chunk in _chunks(response):
            body += chunk
            if len(body) > request.max_size:
                del body[request.max_size :]
                problem = ResponseTooLarge(request.url, limit=request.max_size, response=response)
                break
            if time.monotonic() > deadline:
                raise TimeoutError
    except (HTTPError, OSError, http.client.HTTPException, requests.RequestException) as failure:
        problem = _broken(request, failure, response, deadline, total)
    response.close()
    response.raw = io.BytesIO(bytes(body))
    response.headers.pop("Content-Encoding", None) if problem is None else None
    _ = response.content  # reads it from there
    if problem is not None:
        raise problem


def _chunks(response: requests.Response) -> Generator[bytes, None, None]:
    """Yield what is there as it comes; a drip is not waited on until it fills a chunk."""
    read1 = getattr(response.raw, "read1", None)
    if read1 is None:
        yield from response.iter_content(CHUNK)
        return
    while chunk := read1(CHUNK, decode_content=True):
        yield chunk


def _broken(
    request: Request, failure: Exception, response: requests.Response, deadline: float, total: float
) -> Exception:
    if time.monotonic() >= deadline:
        theirs: type[Exception] = requests.exceptions.ReadTimeout
        late: Exception = twin(DeadlineExceeded, theirs)(request.url, seconds=total, response=response)
        return late
    theirs = type(failure) if isinstance(failure, requests.RequestException) else requests.exceptions.ConnectionError
    why = f"the connection broke before the answer was whole ({type(failure).__name__}: {excerpt(str(failure))})."
    broken: Exception = twin(IncompleteResponse, theirs)(request.url, why, response=response)
    return broken


def _no_answer(request: Request, failure: requests.RequestException, total: float) -> Exception:
    if isinstance(failure, requests.Timeout) or _deadline_passed():
        late: Exception = twin(DeadlineExceeded, type(failure))(request.url, seconds=total)
        return late
    why = f"no answer came ({type(failure).__name__}: {excerpt(str(failure))})."
    nothing: Exception = twin(TransportError, type(failure))(request.url, why)
    return nothing


# --- the deadline ---------------------------------------------------------------------------------------


@contextmanager
def _until(total: float) -> Generator[float, None, None]:
    """Set the deadline that connections of `DeadlineAdapter` obey."""
    deadline = time.monotonic() + total
    token = _deadline.set(deadline)
    try:
        yield deadline
    finally:
        _deadline.reset(token)


def _deadline_passed() -> bool:
    deadline = _deadline.get()
    return deadline is not None and time.monotonic() >= deadline


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
        deadline = _deadline.get()
        if deadline is not None:
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, deadline))


class _DeadlineConnection(HTTPConnection):
    response_class = _DeadlineResponse


class _DeadlineTLSConnection(HTTPSConnection):
    response_class = _DeadlineResponse


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
        manager.pool_classes_by_scheme = POOLS
        return manager


def new_session() -> requests.Session:
    """Make the session of a client that was given none."""
    session = requests.Session()
    adapter = DeadlineAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
