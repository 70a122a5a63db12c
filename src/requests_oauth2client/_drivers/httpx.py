"""The async driver: runs a rule, and sends its requests with `httpx2`, or with `httpx`.

The one module that knows which of the two is there; a client of either serves as session. Owns the limits
of an answer here, as `_drivers/requests` does on the other.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from .._core.dual_errors import dual_error
from .._core.effects import CallOverride, Command, Holdable, Lock, Now, RunInThread, Send, Sleep, Spawn, Steps, Subtask
from .._core.messages import ACCEPT_ENCODING, Body, Certificate, Request
from .._core.redaction import excerpt
from .._core.times import now
from ..exceptions import DeadlineExceeded, IncompleteResponse, InvalidParam, ResponseTooLarge, TransportError

if TYPE_CHECKING:
    import httpx2

R = TypeVar("R")
AMBIENT_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
OPTIONS = frozenset({"extensions", "cookies"})
WORKERS = 40  # threads at most
UNSENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"})


def _installed() -> tuple[ModuleType, ...]:
    found = []
    for name in ("httpx2", "httpx"):
        try:
            found.append(importlib.import_module(name))
        except ImportError:
            continue
    return tuple(found)


LIBRARIES = _installed()
if not LIBRARIES:
    _msg = (
        "The async client needs httpx2 (or httpx), which is not installed: install it with the extra"
        " 'async', that is requests_oauth2client[async]."
    )
    raise ImportError(_msg)

import anyio  # noqa: E402  comes with either
import anyio.to_thread  # noqa: E402
from anyio.lowlevel import RunVar  # noqa: E402

LIBRARY = LIBRARIES[0]
CLIENTS = tuple(library.AsyncClient for library in LIBRARIES)
AUTHS = tuple(library.Auth for library in LIBRARIES)


def library_of(client: Any) -> Any:
    """Return the library that a client is of."""
    return next((library for library in LIBRARIES if isinstance(client, library.AsyncClient)), LIBRARY)


def new_session(certificate: Certificate | None = None) -> httpx2.AsyncClient:
    """Make the session of a client that was given none; with a certificate, it shows that to every server.

    Args:
        certificate: for mutual TLS. A session that a user gives has to have it already: here, it belongs to the
            connections, not to a request.
    """
    options: dict[str, Any] = {}
    if certificate is not None:
        context = options["verify"] = LIBRARY.create_ssl_context()
        context.load_cert_chain(*([certificate] if isinstance(certificate, str) else certificate))
    session: httpx2.AsyncClient = LIBRARY.AsyncClient(**options)
    return session


class AsyncRunner:
    """Runs rules, one command after the other, in the task of the caller."""

    session: httpx2.AsyncClient

    async def _drive(self, steps: Steps[R]) -> R:
        """Run a rule to its end and return its result."""
        resume: Any = steps.send
        value: Any = None
        try:
            async with AsyncExitStack() as held:
                while True:
                    try:
                        command = resume(value)
                    except StopIteration as stop:
                        result: R = stop.value
                        return result
                    try:
                        value, resume = await self._perform(command, held), steps.send
                    except Exception as failure:  # noqa: BLE001  the rule decides what it means
                        value, resume = failure, steps.throw
        finally:
            steps.close()

    async def _perform(self, command: Command, held: AsyncExitStack) -> Any:  # noqa: PLR0911  one for each command
        match command:
            case Send(request):
                return await send(self.session, request)
            case Sleep(seconds):
                return await anyio.sleep(seconds)
            case Now():
                return now()
            case Lock(entry, wait):
                return await _held(entry, wait, held)
            case CallOverride(thunk):
                return await thunk()
            case RunInThread(thunk):
                return await _in_thread(thunk)
            case Subtask(steps, shielded):
                run = functools.partial(self._drive, steps)
                return await (_to_completion(run) if shielded else run())
            case Spawn(steps):
                return _spawn(functools.partial(self._drive, steps))


async def _in_thread(thunk: Callable[[], Any]) -> Any:
    """Call what may block in a worker thread; await what it returns, where that is needed."""
    (returned,) = await _in_worker(_working, lambda: (thunk(),))  # trio takes no coroutine out of a thread
    return await returned if inspect.isawaitable(returned) else returned


# Those that wait for a lock have threads of their own: else they could take all from its holder, and wait forever.
_working: RunVar[anyio.CapacityLimiter] = RunVar("working")
_waiting: RunVar[anyio.CapacityLimiter] = RunVar("waiting")


async def _in_worker(limits: RunVar[anyio.CapacityLimiter], call: Callable[..., Any], *args: Any) -> Any:
    limiter = limits.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(WORKERS)
        limits.set(limiter)
    return await anyio.to_thread.run_sync(call, *args, limiter=limiter)


_tasks: set[Any] = set()  # asyncio itself remembers tasks only weakly


def _spawn(run: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Start a task that belongs to the event loop."""
    trio = _running_trio()
    if trio is not None:
        trio.lowlevel.spawn_system_task(run)
        return
    task = asyncio.get_running_loop().create_task(run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _running_trio() -> Any:
    """Return trio if this task is one of its."""
    trio: Any = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None


async def _to_completion(run: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run something to its end even if this task is cancelled meanwhile; the cancellation comes after it."""
    if _running_trio() is not None:
        with anyio.CancelScope(shield=True):
            return await run()
    task = asyncio.ensure_future(run())  # of its own: asyncio's Task.cancel() goes through a shield of anyio
    cancelled: BaseException | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as request:
                cancelled = request
    if cancelled is not None:
        _ = task.cancelled() or task.exception()  # or asyncio would say that nobody has looked at it
        raise cancelled
    return task.result()


_locks: WeakKeyDictionary[Any, anyio.Lock] = WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_locks.clear)  # there, the tasks that hold locks do not exist


async def _held(entry: Any, wait: float | None, held: AsyncExitStack) -> Any:
    """Hold the lock of an entry: the same for all tasks that name it, gone when the entry is."""
    if isinstance(entry, Holdable):
        return await _held_in_thread(entry.hold(wait), held)
    lock = _locks.setdefault(entry, anyio.Lock())
    with anyio.move_on_after(wait):
        lock.acquire_nowait() if wait == 0 and not lock.locked() else await lock.acquire()
        held.callback(lock.release)
        return True
    return False


async def _held_in_thread(lock: AbstractContextManager[Any], held: AsyncExitStack) -> Any:
    """Hold a lock that blocks while it waits. It is given back even if this task is cancelled."""

    async def enter() -> Any:
        outcome = await _in_worker(_waiting, lock.__enter__)
        held.push_async_callback(_to_completion, leave)
        return outcome

    async def leave() -> None:
        await _in_worker(_working, lock.__exit__, None, None, None)

    return await _to_completion(enter)


async def send(session: httpx2.AsyncClient, request: Request) -> httpx2.Response:
    """Send a request to the AS and read the whole answer.

    Raises:
        DeadlineExceeded: no whole answer in time; also a `TimeoutException` of the library.
        ResponseTooLarge: more than the limit came.
        IncompleteResponse: the connection broke in the middle; also what the library raised.
        TransportError: no answer; also what the library raised.
    """
    came = _Answer(library_of(session), request)
    wait, total = read_timeout(request.timeout)
    try:
        prepared = _prepare(came.library, session, request, wait)
        came.watch(prepared)
        with anyio.fail_after(total):
            await came.read(session, prepared)
    except TimeoutError as failure:
        raise came.too_late(came.library.ReadTimeout, total) from failure
    except came.library.TimeoutException as failure:
        raise came.too_late(type(failure), total) from failure
    except (came.library.TransportError, came.library.DecodingError, came.library.InvalidURL) as failure:
        raise came.broken(failure) from failure
    except UnicodeError as failure:  # trio lets it through, about a host name that is none
        raise came.broken(came.library.ConnectError(str(failure))) from failure
    response: httpx2.Response = came.response()
    return response


def read_timeout(timeout: Any) -> tuple[Any, float]:
    """Return the timeouts of each wait and the seconds for the whole, from a number or `(connect, read)`."""
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    total = sum(timeout) if isinstance(timeout, tuple) else timeout
    return {"connect": connect, "read": read, "write": read, "pool": connect}, total


def _prepare(library: Any, session: Any, request: Request, wait: Any) -> Any:
    """Prepare without what the session would add by itself: cookies, auth, parameters."""
    options = dict(request.options)
    if unknown := options.keys() - OPTIONS:
        msg = (
            f"requests_kwargs can't contain {', '.join(sorted(unknown))} on the async client, only timeout, headers,"
            " cookies and extensions. Set the rest (proxies, verify, cert) on the httpx2.AsyncClient in session=."
        )
        raise InvalidParam(msg)
    headers = {n: v for n, v in session.headers.items() if n.lower() not in AMBIENT_CREDENTIALS}
    extensions = {"timeout": wait, **(options.pop("extensions", None) or {})}
    return library.Request(
        request.method,
        request.url,
        headers={**headers, "accept-encoding": ACCEPT_ENCODING, **{n.lower(): v for n, v in request.headers.items()}},
        content=request.body,
        extensions=extensions,
        **options,
    )


class _Answer:
    """What has come of an answer so far."""

    def __init__(self, library: Any, request: Request) -> None:
        self.library = library
        self.request = request
        self.streamed: Any = None
        self.body = Body(None, request.max_size)
        self.sent: bool | None = None  # whether the request began to be written; None when nothing is known

    def watch(self, prepared: Any) -> None:
        """Let the connections tell how far the request has come; a user's own trace is told too."""
        told = prepared.extensions.get("trace")

        async def trace(event: str, info: Any) -> None:
            if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":  # to a proxy
                self.sent = True
            self.sent = bool(self.sent)
            if told is not None:
                await told(event, info)

        prepared.extensions["trace"] = trace

    async def read(self, session: Any, prepared: Any) -> None:
        """Send, and read the body up to the limit."""
        options = {"auth": self.request.foreign_auth, "follow_redirects": False, "stream": True}
        self.streamed = await session.send(prepared, **options)
        try:
            if self.streamed.is_stream_consumed:  # by a test double, or an event hook
                self.body.add(self.streamed.content)
            else:
                await self._read_body()
        finally:
            await self.streamed.aclose()
        if self.body.is_too_large:
            raise ResponseTooLarge(self.request.url, limit=self.request.max_size, response=self.response())
        if self.body.problem:
            msg = f"the body can't be decoded: {self.body.problem}"
            raise self.library.DecodingError(msg)

    async def _read_body(self) -> None:
        self.body = Body(self.streamed.headers.get("Content-Encoding"), self.request.max_size)
        with anyio.CancelScope() as enough:
            async for piece in self.streamed.aiter_raw():
                self.body.add(piece)
                if not self.body.wants_more:
                    enough.cancel()  # the library's generators end where they wait; to leave them would strand them
        self.body.end()

    def response(self) -> Any:
        """Return a response that holds the body, decoded; None when nothing came."""
        came = self.streamed
        if came is None:
            return None
        headers = [(n, v) for n, v in came.headers.raw if n.lower() not in {b"content-encoding", b"content-length"}]
        content = bytes(self.body.content[: self.request.max_size])
        return self.library.Response(came.status_code, headers=headers, content=content, request=came.request)

    def too_late(self, theirs: type[Exception], total: float) -> Any:
        """Say that the time is over."""
        sent = self._may_be_sent(theirs)
        return dual_error(DeadlineExceeded, theirs)(
            self.request.url, seconds=total, response=self.response(), sent=sent
        )

    def broken(self, failure: Exception) -> Any:
        """Say what the connection did."""
        response = self.response()
        what = "no answer came" if response is None else "the connection broke before the answer was whole"
        why = f"{what} ({type(failure).__name__}: {excerpt(str(failure))})."
        ours = TransportError if response is None else IncompleteResponse
        sent = self._may_be_sent(type(failure))
        return dual_error(ours, type(failure))(self.request.url, why, response=response, sent=sent)

    def _may_be_sent(self, theirs: type[Exception]) -> bool:
        if self.sent is not None:
            return self.sent
        return theirs.__name__ not in UNSENT
