"""How requests reach the test server: inside this process, or over HTTP on 127.0.0.1.

In process, requests to the server's origin never leave the library they are made with: `requests` asks a session for
its adapter, `httpx2` and `httpx` ask their transport. Requests to other origins go their way, also to test doubles.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import io
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import requests.adapters
from urllib3.response import HTTPResponse

from .._core.urls import origin
from .messages import ReceivedRequest, ServerResponse
from .misbehavior import ConnectionLost

LOST = "the test server broke the connection"
MAX_BODY = 1 << 20  # bytes of a request
LIBRARIES = ("httpx2", "httpx")


class Answering(Protocol):
    """What answers requests: a test server, or a test API.

    Attributes:
        issuer: its origin, below which everything is answered.
    """

    @property
    def issuer(self) -> str:
        """Its origin."""
        ...

    @issuer.setter
    def issuer(self, origin: str, /) -> None: ...

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request."""
        ...


_servers: dict[tuple[str, str, int | None], Answering] = {}
_guard = threading.Lock()
_undo: list[Callable[[], None]] = []


def server_at(url: str) -> Answering | None:
    """Return the server that answers a URL in this process."""
    try:
        return _servers.get(origin(url))
    except ValueError:
        return None


@contextmanager
def installed(server: Answering) -> Iterator[Answering]:
    """Answer the server's origin in this process, until the context ends.

    Raises:
        RuntimeError: another server answers there already.
    """
    where = origin(server.issuer)
    with _guard:
        if where in _servers:
            msg = f"A test server is installed at {server.issuer} already. Give this one another issuer."
            raise RuntimeError(msg)
        _servers[where] = server
        if len(_servers) == 1:
            _undo[:] = [_patch_requests(), *map(_patch_httpx, filter(importlib.util.find_spec, LIBRARIES))]
    try:
        yield server
    finally:
        with _guard:
            del _servers[where]
            if not _servers:
                for undo in _undo:
                    undo()


def _patch_requests() -> Callable[[], None]:
    """Have sessions of requests find our adapter for the origins of test servers."""
    original = requests.Session.get_adapter

    @functools.wraps(original)
    def get_adapter(session: requests.Session, url: str) -> Any:
        server = server_at(url)
        return original(session, url) if server is None else _Adapter(server)

    requests.Session.get_adapter = get_adapter  # type: ignore[method-assign, assignment]
    return functools.partial(setattr, requests.Session, "get_adapter", original)


class _Adapter(requests.adapters.HTTPAdapter):
    """A transport of requests that asks the test server."""

    def __init__(self, server: Answering) -> None:
        super().__init__()
        self._server = server

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        """Answer a request."""
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"".join(body)
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        asked = ReceivedRequest(method=str(request.method), url=str(request.url), headers=headers, body=content)
        try:
            answer = self._server.handle(asked)
        except ConnectionLost:
            raise requests.ConnectionError(LOST, request=request) from None
        raw = HTTPResponse(
            body=io.BufferedReader(_Pieces(answer)),
            headers=answer.headers,
            status=answer.status,
            preload_content=False,
            decode_content=False,
        )
        return self.build_response(request, raw)


class _Pieces(io.RawIOBase):
    """A file that gives a response as it comes."""

    def __init__(self, answer: ServerResponse) -> None:
        self._pieces, self._delay, self._left = answer.pieces(), answer.delay, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            if self._delay:
                time.sleep(self._delay)
            self._left = piece
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _patch_httpx(name: str) -> Callable[[], None]:
    """Have the transports of httpx2 or httpx ask test servers."""
    library: Any = importlib.import_module(name)
    sync_original = library.HTTPTransport.handle_request
    async_original = library.AsyncHTTPTransport.handle_async_request

    @functools.wraps(sync_original)
    def handle_request(transport: Any, request: Any) -> Any:
        server = server_at(str(request.url))
        if server is None:
            return sync_original(transport, request)
        return _answer(library, server, request, request.read(), _SyncPieces)

    @functools.wraps(async_original)
    async def handle_async_request(transport: Any, request: Any) -> Any:
        server = server_at(str(request.url))
        if server is None:
            return await async_original(transport, request)
        return _answer(library, server, request, await request.aread(), _AsyncPieces)

    library.HTTPTransport.handle_request = handle_request
    library.AsyncHTTPTransport.handle_async_request = handle_async_request

    def undo() -> None:
        library.HTTPTransport.handle_request = sync_original
        library.AsyncHTTPTransport.handle_async_request = async_original

    return undo


def _answer(library: Any, server: Answering, request: Any, body: bytes, pieces: Any) -> Any:
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = ReceivedRequest(method=request.method, url=str(request.url), headers=headers, body=body)
    try:
        answer = server.handle(asked)
    except ConnectionLost:
        raise library.ReadError(LOST, request=request) from None
    stream = type("Stream", (pieces, library.SyncByteStream, library.AsyncByteStream), {})(answer)
    return library.Response(answer.status, headers=answer.headers, stream=stream)


class _SyncPieces:
    def __init__(self, answer: ServerResponse) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._answer.pieces():
            if self._answer.delay:
                time.sleep(self._answer.delay)
            yield piece


class _AsyncPieces:
    def __init__(self, answer: ServerResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        import anyio  # noqa: PLC0415  comes with httpx

        for piece in self._answer.pieces():
            await anyio.sleep(self._answer.delay)  # also for 0 seconds: who has read enough can end it only here
            yield piece


class _Handler(BaseHTTPRequestHandler):
    """Answers over HTTP."""

    protocol_version = "HTTP/1.1"
    server_version = "requests_oauth2client.testing"
    timeout = 30  # seconds that an idle connection stays open
    authorization_server: Answering

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.send_error(413)
            return
        asked = ReceivedRequest(
            method=self.command,
            url=f"{_root(self.authorization_server.issuer)}{self.path}",
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        try:
            answer = self.authorization_server.handle(asked)
        except ConnectionLost:
            self.close_connection = True
            return
        self._send(answer)

    def _send(self, answer: ServerResponse) -> None:
        self.send_response(answer.status)
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        if isinstance(answer.body, bytes):
            headers["Content-Length"] = str(len(answer.body))
        else:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            for piece in answer.pieces() if self.command != "HEAD" else ():
                time.sleep(answer.delay)
                self.wfile.write(piece)
        except OSError:  # the client has had enough
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815  names of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what came is in the server's `requests`."""


class _Listener(ThreadingHTTPServer):
    """Listens on 127.0.0.1."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that goes away; the standard library prints a traceback."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _root(issuer: str) -> str:
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def listening(server: Answering, port: int) -> Iterator[Answering]:
    """Answer on 127.0.0.1 until the context ends; the issuer is the address meanwhile."""
    handler = type("Handler", (_Handler,), {"authorization_server": server})
    http = _Listener(("127.0.0.1", port), handler)
    thread = threading.Thread(target=functools.partial(http.serve_forever, poll_interval=0.05), daemon=True)
    issuer, server.issuer = server.issuer, f"http://127.0.0.1:{http.server_port}"
    thread.start()
    try:
        yield server
    finally:
        server.issuer = issuer
        http.shutdown()
        http.server_close()
        thread.join()
