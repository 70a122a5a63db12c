"""The redirect listener: waits on loopback for the response that the browser brings (RFC 8252 section 7.3).

It answers one callback: the one whose path, method, Host and state are those of our request. Everything else gets a
4xx, and it goes on waiting, since anyone on this machine may knock. What fits is validated first; then the browser is
sent on with 303 to a page without parameters, so that no code stays in the address bar or the history. Loaded when
used.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .._core.compare import is_same_secret
from .._core.story import carried
from ..exceptions import InvalidAuthResponse, OAuth2Error
from .errors import LoginTimeout, NoFreePort

MAX_FORM = 1 << 16  # bytes of a form_post
PAGE_WAIT = 2.0  # seconds for the browser to fetch the last page
FORM = "application/x-www-form-urlencoded"
# A port of which old connections are still closing; one that is listened on stays taken, but for Windows.
REUSES_ADDRESS = os.name == "posix"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
Page = Callable[[Exception | None], str]


def default_page(error: Exception | None) -> str:
    """Return the page that the user sees at the end: whether it worked, and no value."""
    if error is None:
        title, text = "Logged in", "You are logged in. You can close this window and go back to the program."
    else:
        title = "Not logged in"
        text = f"The login did not succeed ({type(error).__name__}). Go back to the program: it says what to do."
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{escape(text)}</p>"
    )


class Listener:
    """Listens for the callback of one login.

    Args:
        redirect_uri: as registered; its port, if it has one, is the only one that is listened on.
        ports: tried in order where `redirect_uri` has none; 0 is any free one.
        page: makes the last page.

    Attributes:
        redirect_uri: what the request has to say, with the port that is listened on.

    Raises:
        NoFreePort: none of the ports can be listened on.
    """

    def __init__(self, redirect_uri: str, ports: Iterable[int], page: Page | None = None) -> None:
        parts = urlsplit(redirect_uri)
        self._page = page or default_page
        self._servers = _listen(str(parts.hostname), [parts.port] if parts.port else list(ports), self)
        port = self._servers[0].server_port
        netloc = parts.netloc if parts.port else f"{parts.netloc}:{port}"
        self.redirect_uri = parts._replace(netloc=netloc).geturl()
        self._host, self._path = netloc.lower(), parts.path or "/"
        self._done_path = f"{self._path.rstrip('/')}/done"
        self._request: Any = None
        self._ends: float | None = None
        self._params: dict[str, str] | None = None
        self._error: Exception | None = None
        self._guard = threading.Lock()
        self._answered, self._shown = threading.Event(), threading.Event()
        for server in self._servers:
            serve = functools.partial(server.serve_forever, poll_interval=0.05)
            threading.Thread(target=serve, name="requests_oauth2client login", daemon=True).start()

    def expect(self, request: Any, timeout: float) -> None:
        """Wait for the response to a request from now on.

        Args:
            request: the authorization request.
            timeout: seconds.
        """
        self._request, self._ends = request, time.monotonic() + timeout
        self._validate = carried(request.validate_callback)
        self._timeout = timeout

    def wait(self, seconds: float) -> bool:
        """Wait some seconds; return whether there is a response.

        Raises:
            LoginTimeout: the time for the login is over.
        """
        if self._answered.wait(seconds):
            return True
        if self._ends is not None and time.monotonic() >= self._ends:
            msg = f"No user has logged in within {self._timeout:g} seconds. Start the login again."
            raise LoginTimeout(msg)
        return False

    def response(self) -> dict[str, str]:
        """Return the parameters of the response.

        Raises:
            InvalidAuthResponse: it does not answer the request.
            AuthorizationResponseError: the server says no.
        """
        if self._error is not None:
            raise self._error
        return dict(self._params or {})

    def finish(self) -> None:
        """Give the browser a moment to fetch the last page."""
        self._shown.wait(PAGE_WAIT)

    def close(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    # --- what the handler asks

    def takes(self, method: str, path: str, host: str) -> int:
        """Return the status that a request deserves: 200 for a callback that may be ours, 204 for the last page."""
        if host.lower() != self._host:
            return 421
        if path == self._done_path and self._answered.is_set():
            return 204 if method == "GET" else 405
        if path != self._path:
            return 404
        return 200 if method in {"GET", "POST"} else 405

    def receive(self, pairs: list[tuple[str, str]]) -> bool:
        """Take a callback, if it is ours and the first; return whether it was."""
        request = self._request
        params = dict(pairs)
        state = params.get("state", "") if "response" not in params else _state_in(params["response"])
        expected = (request.state or "") if request is not None else None
        if request is None or expected is None or not is_same_secret(state, expected):
            return False
        with self._guard:
            if self._answered.is_set():
                return False
            try:
                if len(params) != len(pairs):
                    self._validate(_multi(pairs))  # which says which one came twice
                if "response" not in params:
                    self._validate(params)
            except OAuth2Error as error:
                self._error = error
            self._params = params
            self._answered.set()
        return True

    def last_page(self) -> str:
        """Return the last page."""
        return self._page(self._error)

    def was_shown(self) -> None:
        """Note that the browser has the last page."""
        self._shown.set()


def free_port(host: str, ports: Iterable[int] = (0,)) -> int | None:
    """Return the first of some ports that can be listened on now; None if all are taken.

    Args:
        host: a loopback address or name.
        ports: tried in order; 0 is any free one.
    """
    for port in ports:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET6 if host == "::1" else socket.AF_INET) as probe:
            if REUSES_ADDRESS:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("::1" if host == "::1" else "127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    return None


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _state_in(jwt: str) -> str:
    """Return the state in a JARM response, which is verified later; an encrypted one hides it."""
    from .._jose.compact import take_apart  # noqa: PLC0415  only for JARM

    with contextlib.suppress(InvalidAuthResponse, ValueError):
        return str(take_apart(jwt).claims().get("state", ""))
    return ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = REUSES_ADDRESS
    listener: Listener

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the peer has hung up."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _listen(host: str, ports: list[int], listener: Listener) -> list[_Server]:
    """Listen on the first port that is free, on every loopback address that the host name may mean."""
    problem = ""
    for port in ports:
        try:
            servers = [_bound(_Server6 if host == "::1" else _Server, "::1" if host == "::1" else "127.0.0.1", port)]
        except OSError as failure:
            problem = failure.strerror or type(failure).__name__
            continue
        if host not in {"127.0.0.1", "::1"}:
            with contextlib.suppress(OSError):  # a machine without IPv6; else `localhost` may mean this one
                servers.append(_bound(_Server6, "::1", servers[0].server_port))
        for server in servers:
            server.listener = listener
        return servers
    raise NoFreePort(ports, problem)


def _bound(kind: type[_Server], address: str, port: int) -> _Server:
    return kind((address, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "login", ""
    timeout = 10  # seconds for a slow sender

    def _handle(self) -> None:
        self.close_connection = True
        listener, parts = self.server.listener, urlsplit(self.path)
        status = listener.takes(self.command, parts.path, self.headers.get("Host", ""))
        if status == 204:  # noqa: PLR2004
            self._send(200, listener.last_page())
            listener.was_shown()
        elif status != 200:  # noqa: PLR2004
            self._send(status)
        elif listener.receive(self._pairs(parts.query)):
            self._send(303, location=f"{parts.path.rstrip('/')}/done")
        else:
            self._send(400)

    def _pairs(self, query: str) -> list[tuple[str, str]]:
        if self.command == "GET":
            return parse_qsl(query, keep_blank_values=True)
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_FORM or not self.headers.get("Content-Type", "").startswith(FORM):
            return []
        return parse_qsl(self.rfile.read(int(length)).decode("utf-8", "replace"), keep_blank_values=True)

    def _send(self, status: int, page: str | None = None, location: str | None = None) -> None:
        text = (
            "This is not the response to the login that is under way." if page is None and not location else page or ""
        )
        body = text.encode()
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Type", f"text/{'html' if page is not None else 'plain'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _handle  # noqa: N815  names of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the URL holds the code."""
