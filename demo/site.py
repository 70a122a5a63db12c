"""A small web site that logs its users in: what a program with Flask looks like."""

from __future__ import annotations

import secrets
import threading
from types import TracebackType
from typing import Any, Self

from flask import Flask, jsonify
from werkzeug.serving import WSGIRequestHandler, make_server

from requests_oauth2client.flask import Logins
from requests_oauth2client.stores import MemoryStore


class Quiet(WSGIRequestHandler):
    """Logs no request: the chapter tells them, without their secrets."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Site:
    """The site, in a thread of its own, on loopback."""

    def __init__(self) -> None:
        app = Flask("site")
        self.logins = Logins(app, store=MemoryStore(key=secrets.token_bytes(32)))

        @app.get("/")
        @self.logins.required
        def home() -> Any:
            return jsonify(user=self.logins.user and self.logins.user.subject)

        @app.get("/open")
        def public() -> Any:
            return jsonify(user=self.logins.user and self.logins.user.subject)

        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
