"""A server on loopback that answers wrongly: each path in one way of its own.

It writes to raw sockets, since an HTTP library would not write what this has to. A second listener, elsewhere, is
where its redirects lead. Both record what comes. `start_failing_server()` serves it from threads.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from .exchange import Received

DRIP = 0.05  # seconds from one byte to the next: each of them comes in time, all of them never do
MEGABYTE = 1 << 20
TOKEN = {"access_token": "an-access-token", "token_type": "Bearer", "expires_in": 3600}
ENDLESS = 1 << 14  # times that something is sent whose receiver should have left long before


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """One request, and the connection on which it can be answered wrongly."""

    sock: socket.socket
    request: Received
    server: FailingServer

    def send(self, *parts: bytes) -> None:
        """Send, one part after the other."""
        for part in parts:
            self.sock.sendall(part)
            self.server.sent += len(part)

    def drip(self, data: Iterable[int]) -> None:
        """Send a byte at a time, until the other side or the server has enough."""
        for byte in data:
            if self.server.stopping.wait(DRIP):
                return
            self.sock.sendall(bytes([byte]))

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait(self) -> None:
        """Say nothing until the other side leaves."""
        while self.sock.recv(4096):
            pass


def raw(body: Any, status: str = "200 OK", content_type: str | None = "application/json", *headers: str) -> bytes:
    """Write a whole answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = [] if content_type is None else [f"Content-Type: {content_type}"]
    lines = [f"HTTP/1.1 {status}", *kind, *headers, f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Write the head of an answer whose body is to come."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: application/json", *headers, "", ""]).encode("latin-1")


HTML = b"<!DOCTYPE html><html><head><title>Please sign in</title></head><body>Welcome to the portal</body></html>"

REFUSED = {"status": "401 Unauthorized"}
INVALID_TOKEN = 'WWW-Authenticate: Bearer error="invalid_token"'

# Answers that are whole, but wrong.
ANSWERS: dict[str, bytes] = {
    "good": raw(TOKEN),
    "good_with_cookie": raw(TOKEN, "200 OK", "application/json", "Set-Cookie: of-the-as=1; Path=/"),
    "cookie": raw({}, "200 OK", "application/json", "Set-Cookie: of-the-api=1; Path=/"),
    "error": raw({"error": "invalid_grant", "error_description": "the code is used"}, "400 Bad Request"),
    "error_with_200": raw({"error": "invalid_client", "error_description": "no such client"}),
    "error_as_html": raw({"error": "invalid_scope"}, "400 Bad Request", "text/html"),
    "unknown_error": raw({"error": "out_of_coffee"}, "418 I'm a teapot"),
    "numeric_error": raw({"error": 42}, "400 Bad Request"),
    "html": raw(HTML, "200 OK", "text/html; charset=utf-8"),
    "html_500": raw(HTML, "500 Internal Server Error", "text/html"),
    "empty": raw(b""),
    "empty_400": raw(b"", "400 Bad Request"),
    "no_content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "truncated": raw(json.dumps(TOKEN).encode()[:40]),
    "wrong_type": raw(TOKEN, "200 OK", "text/plain"),
    "no_type": raw(TOKEN, "200 OK", None),
    "form": raw(b"access_token=an-access-token&token_type=bearer", "200 OK", "application/x-www-form-urlencoded"),
    "list": raw([TOKEN]),
    "string": raw("an-access-token"),
    "text_503": raw(b"upstream connect error", "503 Service Unavailable", "text/plain"),
    "busy_503": raw(b"", "503 Service Unavailable", None, "Retry-After: 0"),
    "error_429": raw({"error": "too_many_requests"}, "429 Too Many Requests", "application/json", "Retry-After: 120"),
    "missing_access_token": raw({"token_type": "Bearer", "expires_in": 60}),
    "null_access_token": raw({**TOKEN, "access_token": None}),
    "numeric_access_token": raw({**TOKEN, "access_token": 12345}),
    "empty_access_token": raw({**TOKEN, "access_token": ""}),
    "access_token_with_newline": raw({**TOKEN, "access_token": "a\r\nX-Evil: 1"}),
    "other_token_type": raw({**TOKEN, "token_type": "mac"}),
    "duplicate_members": raw(b'{"access_token": "one", "token_type": "Bearer", "access_token": "two"}'),
    "nan": raw(b'{"access_token": "an-access-token", "token_type": "Bearer", "expires_in": NaN}'),
    "deep": raw(b'{"access_token": "an-access-token", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "deep_400": raw(b"[" * 50_000, "400 Bad Request"),
    "invalid_utf8": raw(b'{"access_token": "\xff\xfe", "token_type": "Bearer"}'),
    "unknown_coding": raw(TOKEN, "200 OK", "application/json", "Content-Encoding: br"),
    "broken_gzip": raw(b"this is no gzip", "200 OK", "application/json", "Content-Encoding: gzip"),
    "truncated_gzip": raw(
        gzip.compress(json.dumps(TOKEN).encode())[:-12], "200 OK", "application/json", "Content-Encoding: gzip"
    ),
    "gzip": raw(gzip.compress(json.dumps(TOKEN).encode()), "200 OK", "application/json", "Content-Encoding: gzip"),
    "gzip_bomb": raw(gzip.compress(bytes(64 * MEGABYTE)), "200 OK", "application/json", "Content-Encoding: gzip"),
    "short_401": raw({}, "401 Unauthorized", "application/json", INVALID_TOKEN),
    "location_is_no_url": raw(b"", "302 Found", None, "Location: http://["),
    "location_is_no_text": raw(b"", "302 Found", None, "Location: /\xff\xfe"),
    "redirect_without_location": raw(b"", "302 Found", None),
}


# Answers that are whole, and made of the request.


def redirect(request: Received, server: FailingServer) -> bytes:
    """Send the client to the other origin, with the status that the path names."""
    status = request.path.rpartition("_")[2]
    return raw(b"", f"{status} Elsewhere", None, f"Location: {server.elsewhere}/good")


def echo(request: Received, _: FailingServer) -> bytes:
    """Refuse, and quote the request in the error_description."""
    said = f"can't use {request.body.decode()} with {request.headers.get('authorization')}"
    return raw({"error": "invalid_request", "error_description": said}, "400 Bad Request")


def echo_as_text(request: Received, _: FailingServer) -> bytes:
    """Fail, and quote what was sent as plain text, decoded."""
    return raw(f"500: {[value for _, value in request.pairs]}".encode(), "500 Internal Server Error", "text/plain")


# What is no whole answer.


def huge(talk: Conversation) -> None:
    """Announce more than anyone reads, and send it."""
    talk.send(head(f"Content-Length: {ENDLESS * MEGABYTE}"), *[b" " * MEGABYTE] * ENDLESS)


def huge_without_length(talk: Conversation) -> None:
    """Send without end."""
    talk.send(head("Connection: close"), *[b" " * MEGABYTE] * ENDLESS)


def huge_chunks(talk: Conversation) -> None:
    """Send chunks without end."""
    talk.send(head("Transfer-Encoding: chunked"), *[b"100000\r\n%b\r\n" % (b" " * MEGABYTE)] * ENDLESS)


def huge_redirect(talk: Conversation) -> None:
    """Send a redirect whose body has no end."""
    where = f"Location: {talk.server.elsewhere}/good"
    talk.send(head(where, "Connection: close", status="302 Found"), *[b" " * MEGABYTE] * ENDLESS)


def reset(talk: Conversation) -> None:
    """Break the connection instead of answering."""
    talk.reset()


def reset_in_body(talk: Conversation) -> None:
    """Break the connection in the middle of the answer."""
    talk.send(head("Content-Length: 1000"), b'{"access_token": "half-a-tok')
    talk.server.stopping.wait(DRIP)  # a reset at once would throw away what was sent
    talk.reset()


def close_in_body(talk: Conversation) -> None:
    """Close the connection in the middle of the answer, politely."""
    talk.send(head("Content-Length: 1000"), b'{"access_token": "half-a-tok')


def close_at_once(_: Conversation) -> None:
    """Close the connection instead of answering, politely."""


def never(talk: Conversation) -> None:
    """Do not answer."""
    talk.wait()


def no_body(talk: Conversation) -> None:
    """Announce a body and do not send it."""
    talk.send(head("Content-Length: 1000"))
    talk.wait()


def drip_headers(talk: Conversation) -> None:
    """Send headers without end, a byte at a time."""
    talk.drip(head(f"X-Long: {'x' * 10_000}"))


def drip_body(talk: Conversation) -> None:
    """Send a body, a byte at a time."""
    talk.send(head("Content-Length: 10000"))
    talk.drip(b" " * 10_000)


def drip_redirect(talk: Conversation) -> None:
    """Send the body of a redirect, a byte at a time."""
    talk.send(head(f"Location: {talk.server.elsewhere}/good", "Content-Length: 10000", status="302 Found"))
    talk.drip(b" " * 10_000)


def bad_chunks(talk: Conversation) -> None:
    """Send a chunk whose size is no number."""
    talk.send(head("Transfer-Encoding: chunked"), b"nonsense\r\n{}\r\n0\r\n\r\n")


def no_http(talk: Conversation) -> None:
    """Answer in another protocol."""
    talk.send(b"220 mail.local ESMTP ready\r\n")


def huge_401(talk: Conversation) -> None:
    """Refuse the token, in a body without end."""
    talk.send(head(INVALID_TOKEN, "Connection: close", **REFUSED), *[b" " * MEGABYTE] * ENDLESS)


def huge_chunks_401(talk: Conversation) -> None:
    """Refuse the token, in chunks without end."""
    chunk = b"100000\r\n%b\r\n" % (b" " * MEGABYTE)
    talk.send(head(INVALID_TOKEN, "Transfer-Encoding: chunked", **REFUSED), *[chunk] * ENDLESS)


def huge_403(talk: Conversation) -> None:
    """Demand more scope, in a body without end."""
    scope = 'WWW-Authenticate: Bearer error="insufficient_scope", scope="more"'
    talk.send(head(scope, "Connection: close", status="403 Forbidden"), *[b" " * MEGABYTE] * ENDLESS)


def nonce_401(talk: Conversation) -> None:
    """Demand a DPoP nonce, in a body without end."""
    nonce = head('WWW-Authenticate: DPoP error="use_dpop_nonce"', "DPoP-Nonce: n1", "Connection: close", **REFUSED)
    talk.send(nonce, *[b" " * MEGABYTE] * ENDLESS)


def drip_401(talk: Conversation) -> None:
    """Refuse the token, in a body that comes a byte at a time."""
    talk.send(head(INVALID_TOKEN, "Content-Length: 10000", **REFUSED))
    talk.drip(b" " * 10_000)


def silent_401(talk: Conversation) -> None:
    """Refuse the token, and announce a body that never comes."""
    talk.send(head(INVALID_TOKEN, "Content-Length: 10000", **REFUSED))
    talk.wait()


def flood_of_continue(talk: Conversation) -> None:
    """Say 100 Continue without end, and never answer."""
    with contextlib.suppress(OSError):
        while not talk.server.stopping.is_set():
            talk.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def drip_continue(talk: Conversation) -> None:
    """Say 100 Continue again and again, slowly, and never answer."""
    while not talk.server.stopping.wait(DRIP):
        talk.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_trailers(talk: Conversation) -> None:
    """Send a whole body in chunks, and then trailers without end."""
    body = json.dumps(TOKEN).encode()
    talk.send(head("Transfer-Encoding: chunked"), b"%x\r\n%b\r\n0\r\n" % (len(body), body))
    while not talk.server.stopping.wait(DRIP):
        talk.send(b"X-Trailer: one more\r\n")


STATUSES = (301, 302, 303, 307, 308)
MADE: dict[str, Callable[[Received, FailingServer], bytes]] = {
    **{f"redirect_{status}": redirect for status in STATUSES},
    "echo": echo,
    "echo_as_text": echo_as_text,
}
BEHAVIOURS: dict[str, Callable[[Conversation], None]] = {
    behaviour.__name__: behaviour
    for behaviour in (
        huge, huge_without_length, huge_chunks, huge_redirect, reset, reset_in_body, close_in_body, close_at_once,
        never, no_body, drip_headers, drip_body, drip_redirect, bad_chunks, no_http,
        huge_401, huge_chunks_401, huge_403, nonce_401, drip_401, silent_401,
        flood_of_continue, drip_continue, drip_trailers,
    )
}  # fmt: skip


class FailingServer:
    """Two listeners on loopback, and what came to them.

    Attributes:
        url: where each path answers wrongly.
        elsewhere: the other origin.
        received: the requests, in order, to either.
        script: what to answer at the path /scripted: the names of other paths, one for each request.
    """

    def __init__(self, *, listening: bool = True) -> None:
        self.stopping = threading.Event()
        self.received: list[Received] = []
        self.script: list[str] = []
        self.connections = 0
        self.sent = 0  # bytes of answers that are no whole ones
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listeners = [socket.socket() for _ in range(2)]
        for listener in self._listeners:
            listener.bind(("127.0.0.1", 0))  # until it listens, connections are refused
        self.url, self.elsewhere = (f"http://127.0.0.1:{sock.getsockname()[1]}" for sock in self._listeners)
        self._threads: list[threading.Thread] = []
        if listening:
            self.listen()

    def listen(self) -> None:
        """Begin to accept connections."""
        for listener in self._listeners:
            listener.listen(64)
            self._threads.append(threading.Thread(target=self._listen, args=(listener,), daemon=True))
            self._threads[-1].start()

    def endpoint(self, name: str) -> str:
        """Return the URL of a path that there is."""
        assert name in {*ANSWERS, *MADE, *BEHAVIOURS, "scripted"}, name
        return f"{self.url}/{name}"

    @property
    def received_elsewhere(self) -> list[Received]:
        """The requests that came to the other origin."""
        return [request for request in self.received if request.url.startswith(self.elsewhere)]

    def stop(self) -> None:
        """Close everything."""
        self.stopping.set()
        for listener in self._listeners:
            _shut(listener)
            if not self._threads:
                listener.close()
        with self._lock:
            for sock in self._open:
                _shut(sock)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self, listener: socket.socket) -> None:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with listener, contextlib.suppress(OSError):  # it is closed to end this
            while not self.stopping.is_set():
                sock, _ = listener.accept()
                with self._lock:
                    self._open.add(sock)
                    self.connections += 1
                    number = self.connections
                threading.Thread(target=self._serve, args=(sock, origin, number), daemon=True).start()

    def _serve(self, sock: socket.socket, origin: str, number: int) -> None:
        """Answer the requests on one connection, until one is answered so badly that it has to be closed."""
        try:
            with contextlib.suppress(OSError), sock.makefile("rb") as stream:
                while request := _read(stream, origin, number):
                    self.received.append(request)
                    if not self._answer(sock, request):
                        break
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()

    def _answer(self, sock: socket.socket, request: Received) -> bool:
        name = request.path.strip("/")
        name = self.script.pop(0) if name == "scripted" else name
        if name not in BEHAVIOURS:
            sock.sendall(MADE[name](request, self) if name in MADE else ANSWERS[name])
            return True
        BEHAVIOURS[name](Conversation(sock=sock, request=request, server=self))
        return False


def start_failing_server() -> FailingServer:
    """Serve wrong answers."""
    return FailingServer()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _read(stream: Any, origin: str, number: int) -> Received | None:
    """Read a request; None at the end of the connection."""
    line = stream.readline()
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split()
    headers: dict[str, str] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(method=method, url=origin + target, headers=headers, body=body, connection=number)
