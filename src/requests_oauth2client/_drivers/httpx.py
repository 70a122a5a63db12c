"""The async driver: runs operations in the task of the caller, and sends their requests with `httpx2`, or `httpx`."""

from __future__ import annotations

import functools
import inspect
import sys
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from .._core.effects import (
    CallOverride,
    Effect,
    Holdable,
    Lock,
    Now,
    Release,
    RunInThread,
    Send,
    Sleep,
    Spawn,
    Steps,
    Subtask,
    note_attributes,
)
from .._core.messages import Certificate, Request
from .._core.running import Run
from .._core.story import recorder
from .._core.times import now
from .._core.tracebacks import shorten
from ..stores.base import EntryLocked
from .ambient import ca_path
from .httpx_library import (  # first: it says what to install where nothing is
    AUTHS,
    CLIENTS,
    LIBRARIES,
    LIBRARY,
    library_of,
)
from .locks import EntryLease, lock_of

import anyio  # isort: skip  # comes with either

from .loop_transport import check_loop, loop_transport, tls_context  # isort: skip
from .httpx_exchange import read_timeout, send  # isort: skip
from .loops import in_store_thread, in_user_thread, new_lease, sleep_idly, spawn, take_in_task, to_completion  # isort: skip

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "AUTHS",
    "CLIENTS",
    "LIBRARY",
    "AsyncRunner",
    "RunnerWithoutClient",
    "SessionRunner",
    "check_loop",
    "close_session",
    "enter_session",
    "has_own_connections",
    "library_of",
    "new_session",
    "read_timeout",
]

R = TypeVar("R")
LONGEST_WAIT = 30.0  # seconds for the lock of an entry that does not say how long
FIRST_LOOK, LAST_LOOK = 0.01, 0.25  # seconds between attempts to take the lock of an entry


TLS_OPTIONS = ("verify", "cert", "http1", "http2", "limits", "proxy", "trust_env")
_own_transports: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def new_session(certificate: Certificate | None = None, **settings: Any) -> httpx2.AsyncClient:
    """Make the session of a client that was given none. Each event loop has connections of its own in it.

    Args:
        certificate: for mutual TLS; it is shown to every server. A session that a user gives has to have it already:
            here, it belongs to the connections, not to a request.
        **settings: arguments of the `AsyncClient`.
    """
    if "transport" in settings:  # a user's own, which knows its loop
        made: httpx2.AsyncClient = LIBRARY.AsyncClient(**settings)
        return made
    options = {name: settings.pop(name) for name in TLS_OPTIONS if name in settings}
    if certificate is not None:
        options["cert"] = certificate
    transport = loop_transport(LIBRARY, **options)
    session: httpx2.AsyncClient = LIBRARY.AsyncClient(
        transport=transport, trust_env=options.get("trust_env", True), **settings
    )
    _own_transports[session] = transport
    return session


def has_own_connections(session: Any) -> bool:
    """Whether a session that was given makes its connections as the library does; a test double makes none."""
    kinds = tuple(library.AsyncHTTPTransport for library in LIBRARIES)
    return isinstance(getattr(session, "_transport", None), kinds)


def enter_session(session: Any) -> None:
    """Begin to use a session of ours in this event loop, until it is closed with `is_left`."""
    transport = _own_transports.get(session)
    if transport is not None:
        transport.enter(session)


async def close_session(session: httpx2.AsyncClient, *, for_good: bool, is_left: bool = False) -> None:
    """Close the connections that this event loop has in a session of ours; other loops go on with theirs.

    Args:
        session: the session.
        for_good: whether it can't be used any more then, until it is entered again, unless another loop still uses it.
        is_left: whether it was entered: the last one who leaves it closes the connections.
    """
    transport = _own_transports.get(session)
    if transport is None:
        await session.aclose()
        return
    if is_left and not transport.leave():
        return
    await transport.aclose()
    if for_good:
        transport.close_if_unused(session)


class AsyncRunner:
    """Runs operations, one effect after the other, in the task of the caller."""

    session: httpx2.AsyncClient

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        note_attributes(cls)

    async def _drive(self, steps: Steps[R]) -> R:
        """Run an operation to its end and return its result."""
        run, known = Run(steps, attrgetter("shielded")), sys.exception()
        try:
            while (effect := run.next_effect()) is not None:
                try:
                    run.succeeded(await self._perform(effect, run))
                except Exception as failure:  # noqa: BLE001  the operation decides what it means
                    run.failed(failure)
        except BaseException as failure:
            shorten(failure, known)
            raise
        else:
            result: R = run.result
            return result
        finally:
            leases = run.close()
            if leases:
                await _release(leases)

    async def _perform(self, effect: Effect, run: Run[Any]) -> Any:  # noqa: PLR0911  one for each effect
        match effect:
            case Send(request):
                return await _sent(self.session, request)
            case Sleep(seconds, is_idle):
                return await (sleep_idly if is_idle else anyio.sleep)(seconds)
            case Now():
                return now()
            case Lock(entry, wait):
                return await _held(entry, wait, run)
            case Release(leases):
                return await _release(leases)
            case CallOverride(thunk):
                return await thunk()
            case RunInThread(thunk, for_store):
                returned = await (in_store_thread if for_store else in_user_thread)(thunk)
                return await returned if inspect.isawaitable(returned) else returned
            case Subtask(steps):
                return await to_completion(functools.partial(self._drive, steps))
            case Spawn(steps):
                return spawn(functools.partial(self._drive, steps))


class RunnerWithoutClient(AsyncRunner):
    """Runs operations of what has no client: each request has a session of its own."""

    async def _perform(self, effect: Effect, run: Run[Any]) -> Any:
        if not isinstance(effect, Send):
            return await super()._perform(effect, run)
        context = await in_user_thread(_tls_context, ca_path())  # to read all CAs would keep the loop waiting
        async with new_session(verify=context) as session:
            return await _sent(session, effect.request)


@functools.lru_cache(maxsize=4)
def _tls_context(ca: str | None) -> Any:
    return tls_context(LIBRARY, ca)


class SessionRunner(AsyncRunner):
    """Runs operations with a session, while there is no client."""

    def __init__(self, session: Any) -> None:
        self.session = session


async def _sent(session: httpx2.AsyncClient, request: Request) -> httpx2.Response:
    recording = recorder()
    if recording is None:
        return await send(session, request)
    with recording.watched(request) as came:
        response: httpx2.Response = came(await send(session, request))
        return response


async def _held(entry: Any, wait: float | None, run: Run[Any]) -> Any:
    if isinstance(entry, Holdable):
        return await _held_entry(entry, getattr(entry, "longest_wait", LONGEST_WAIT) if wait is None else wait, run)
    lease = new_lease(lock_of(entry))
    run.leases.append(lease)
    return await take_in_task(lease, wait)


async def _held_entry(entry: Any, wait: float, run: Run[Any]) -> Any:
    """Hold an entry that has a lock of its own: each attempt is short, so that waiting needs no thread.

    A task that waits can be cancelled, also in a shielded subtask: a refresh token is spent only under the lock.
    """
    lease = EntryLease()
    run.leases.append(lease)
    until, pause = anyio.current_time() + wait, FIRST_LOOK
    while True:
        try:
            return await to_completion(functools.partial(in_store_thread, lease.enter, entry, 0))
        except EntryLocked as locked:
            left = until - anyio.current_time()
            if left <= 0:
                raise EntryLocked(locked.entry, seconds=wait) from None
        await sleep_idly(min(pause, left))
        pause = min(pause * 2, LAST_LOOK)


async def _release(leases: Any) -> None:
    """Release locks, also while this task is cancelled; each of them, also when that fails for one."""
    failure: Exception | None = None
    for lease in leases:
        try:
            if isinstance(lease, EntryLease):
                await to_completion(functools.partial(in_store_thread, lease.release))
            else:
                lease.release()
        except Exception as wrong:  # noqa: BLE001  raised when all others are free
            failure = failure or wrong
    if failure is not None:
        raise failure
