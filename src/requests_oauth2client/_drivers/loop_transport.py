"""The connections of a session for `httpx2` or `httpx` that any number of event loops may use.

A connection belongs to the event loop that it was opened in. So each loop has connections of its own, which are closed
when the loop ends: asyncio and trio close the asynchronous generators of a loop then, and one of these waits beside
the connections. Headers, cookies and the rest of the session are shared.
"""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any
from weakref import WeakKeyDictionary, ref

from .._core.messages import Certificate
from ..exceptions import OtherEventLoop
from .ambient import ca_path, proxy_for
from .loops import current_loop, is_closed

FRESH = "requests_oauth2client.fresh"  # an extension of a request: not on a connection that was used before

_classes: dict[Any, Any] = {}


class _Connections:
    """The transports of one event loop, by proxy, and by whether they use a connection only once."""

    def __init__(self) -> None:
        self.transports: dict[tuple[str | None, bool], Any] = {}
        self._closer = _closed_with_loop(self.transports)

    async def open(self) -> None:
        """Let the loop know that there will be something to close."""
        await anext(self._closer)

    async def close(self) -> None:
        """Close them."""
        await self._closer.aclose()


async def _closed_with_loop(transports: dict[tuple[str | None, bool], Any]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        while transports:
            await transports.popitem()[1].aclose()


class _LoopTransports:
    """A transport that has connections of its own for each event loop.

    Args:
        make: makes a transport of the library, with a proxy or without, that uses a connection only once, or again.
        trust_env: whether the environment says which proxy.
    """

    def __init__(self, make: Callable[[str | None, bool], Any], *, trust_env: bool) -> None:
        self._make = make
        self._trust_env = trust_env
        self._guard = threading.Lock()
        self._process = os.getpid()
        self._connections: WeakKeyDictionary[Any, _Connections] = WeakKeyDictionary()
        self._users: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # by event loop: how many are in `async with`

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request on a connection of this loop."""
        transports = (await self._of_this_loop()).transports
        proxy = proxy_for(str(request.url)) if self._trust_env else None
        which = proxy, bool(request.extensions.get(FRESH))
        if which not in transports:
            transports[which] = self._make(*which)
        return await transports[which].handle_async_request(request)

    async def _of_this_loop(self) -> _Connections:
        loop = current_loop()
        with self._guard:
            if self._process != os.getpid():  # after a fork, connections are those of the parent
                self._process, self._connections = os.getpid(), WeakKeyDictionary()
            for other in [other for other in self._connections if is_closed(other)]:
                del self._connections[other]
            found = self._connections.get(loop)
        if found is None:
            found = _Connections()
            await found.open()
            with self._guard:
                self._connections[loop] = found
        return found

    def enter(self, session: Any) -> None:
        """Note that a caller uses a session in this loop until `leave`; it is opened again if it was closed."""
        loop = current_loop()
        with self._guard:
            self._users[loop] = self._users.get(loop, 0) + 1
            if session.is_closed:
                session._state = type(session._state).UNOPENED  # noqa: SLF001  the library would demand another session

    def leave(self) -> bool:
        """Note that one of them is gone; tell whether it was the last one of this loop."""
        loop = current_loop()
        with self._guard:
            left = self._users.pop(loop, 1) - 1
            if left > 0:
                self._users[loop] = left
            return left <= 0

    def close_if_unused(self, session: Any) -> None:
        """Close a session, unless another event loop uses it."""
        with self._guard:
            if all(is_closed(loop) for used in (self._connections, self._users) for loop in used):
                session._state = type(session._state).CLOSED  # noqa: SLF001  at once, so that no thread comes between

    async def aclose(self) -> None:
        """Close the connections of this loop. Those of another loop can be closed only there, and are when it ends."""
        with self._guard:
            found = self._connections.pop(current_loop(), None)
        if found is not None:
            await found.close()


def loop_transport(
    library: Any, *, verify: Any = None, cert: Any = None, trust_env: bool = True, **options: Any
) -> Any:
    """Return a transport of a library that any number of event loops may use.

    Args:
        library: httpx2 or httpx.
        verify: an `ssl.SSLContext`, the path of a file or folder of CAs, or whether to verify at all.
        cert: a client certificate: a PEM file with certificate and key, or a tuple of one file for each.
        trust_env: whether the environment counts, for CAs and proxies.
        **options: for the `AsyncHTTPTransport`s of the library.
    """
    if library not in _classes:
        _classes[library] = type("LoopTransport", (_LoopTransports, library.AsyncBaseTransport), {})
    context = tls_context(library, verify, cert, trust_env=trust_env)

    def make(proxy: str | None, is_fresh: bool) -> Any:
        given = (
            {"proxy": proxy} | options | ({"limits": library.Limits(max_keepalive_connections=0)} if is_fresh else {})
        )
        return library.AsyncHTTPTransport(verify=context, trust_env=False, **given)

    own_proxy = options.get("proxy") is not None
    return _classes[library](make, trust_env=trust_env and not own_proxy)


def tls_context(
    library: Any, verify: Any = None, cert: Certificate | tuple[str, ...] | None = None, *, trust_env: bool = True
) -> ssl.SSLContext:
    """Return how to verify servers, and which certificate to show them."""
    path = verify if isinstance(verify, str) else ca_path() if verify in {None, True} and trust_env else None
    if isinstance(verify, ssl.SSLContext):
        context = verify
    elif path is not None:
        folder = os.path.isdir(path)  # noqa: PTH112  as ssl takes it
        context = ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
    else:
        context = library.create_ssl_context(verify=verify is not False, trust_env=False)
    if cert is not None:
        context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    return context


_last_loops: WeakKeyDictionary[Any, ref[Any]] = WeakKeyDictionary()


def check_loop(session: Any) -> None:
    """Refuse a session that was given, when it has connections of another event loop.

    Raises:
        OtherEventLoop: it has.
    """
    transport = getattr(session, "_transport", None)  # of the library; without it, or its pool, there is nothing to see
    if isinstance(transport, _LoopTransports):
        return
    loop, last = current_loop(), _last_loops.get(session)
    pool: Any = getattr(transport, "_pool", None)
    if last is not None and last() is not loop and getattr(pool, "connections", None):
        raise OtherEventLoop
    _last_loops[session] = ref(loop)
