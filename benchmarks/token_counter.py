"""A token endpoint on loopback that counts requests, and answers late enough for all who ask at a time to have asked.

It answers once nobody new has asked for a while: as slow as a busy authorization server, and however fast the machine
is, nobody finds the new token before the last one has asked. A GET starts the count again.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NEW_TOKEN = "new-" + "b" * 60
QUIET = 0.05  # seconds without a further request


class TokenCounter(ThreadingHTTPServer):
    """The server; `requests` is how often a token was asked for since the last GET."""

    daemon_threads = True
    request_queue_size = 1024  # a crowd connects at a time

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests = 0
        self._last = 0.0
        self._mutex = threading.Lock()

    @property
    def url(self) -> str:
        """Where tokens are."""
        return f"http://127.0.0.1:{self.server_port}/token"

    def begin(self) -> None:
        """Count from 0."""
        with self._mutex:
            self.requests = 0

    def count(self) -> None:
        """Count a request."""
        with self._mutex:
            self.requests += 1
            self._last = time.monotonic()

    def await_quiet(self) -> None:
        """Wait until nobody new has asked for a while."""
        while (left := self._last + QUIET - time.monotonic()) > 0:
            time.sleep(left)


class _Handler(BaseHTTPRequestHandler):
    server: TokenCounter  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.begin()
        self._answer({})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.count()
        self.server.await_quiet()
        self._answer({"access_token": NEW_TOKEN, "token_type": "Bearer", "expires_in": 3600})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Say nothing."""


@contextlib.contextmanager
def counting() -> Iterator[TokenCounter]:
    """Serve tokens while the block runs."""
    with TokenCounter() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
