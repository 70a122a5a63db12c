"""A server on loopback that answers as a function says: the metadata service of a platform, a token service, anything.

`start_answering_server(respond)` serves it from threads. It records what comes, each request before it is answered.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .exchange import Answer, Received


@dataclass
class AnsweringServer:
    """The server, while it runs."""

    url: str
    respond: Callable[[Received], Answer]
    received: list[Received] = field(default_factory=list)


@contextlib.contextmanager
def start_answering_server(respond: Callable[[Received], Answer]) -> Iterator[AnsweringServer]:
    """Serve on a free port until the context ends; `respond` of what it yields may be replaced."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            url = f"{served.url}{self.path}"
            came = Received(method=self.command, url=url, headers=headers, body=self.rfile.read(length))
            served.received.append(came)
            given = served.respond(came)
            self.send_response(given.status_code)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.content)))
            self.end_headers()
            with contextlib.suppress(OSError):  # who asked may have had enough
                self.wfile.write(given.content)

        def handle(self) -> None:
            """Serve a connection until the other side leaves, in whatever way."""
            with contextlib.suppress(ConnectionError):
                super().handle()

        do_GET = do_POST = _answer  # noqa: N815  as the library calls them

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        served = AnsweringServer(f"http://127.0.0.1:{server.server_port}", respond)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
