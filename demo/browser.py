"""The end user: opens the authorization request, logs in and agrees; the answer comes to a port of this machine.

With a real browser the demo listens on that port (RFC 8252 section 7.3). Without one it walks the pages itself,
and takes the answer from the last redirect.
"""

from __future__ import annotations

import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from .stage import Stage

PATIENCE = 30  # seconds for a person to log in


class Listener(ThreadingHTTPServer):
    """Listens on loopback for the callback, from the `with` on, since some browsers hold the program up."""

    daemon_threads = True
    callback: str = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CallbackHandler)
        self.arrived = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def redirect_uri(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/callback"

    def wait(self, seconds: float) -> str | None:
        """Return the callback URL, or None if it does not come in time."""
        return self.callback if self.arrived.wait(seconds) else None

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class CallbackHandler(BaseHTTPRequestHandler):
    """Takes the callback, and tells the person to go back."""

    server: Listener

    def do_GET(self) -> None:
        """Answer any GET; only that of the redirect URI counts."""
        is_callback = self.path.startswith("/callback?")
        if is_callback:
            self.server.callback = f"http://127.0.0.1:{self.server.server_port}{self.path}"
            self.server.arrived.set()
        body = b"Thank you. You can close this page." if is_callback else b"Nothing here."
        self.send_response(200 if is_callback else 404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def authorize(stage: Stage, url: str, listener: Listener) -> str:
    """Let the user log in and agree. Returns the callback URL."""
    if stage.use_real_browser and webbrowser.open(url):
        stage.narrator.say(f"Your browser is open: log in as anybody. The demo waits for {PATIENCE} seconds.")
        callback = listener.wait(PATIENCE)
        if callback is not None:
            return callback
        stage.narrator.say("Nobody came: the demo goes on by itself.")
    elif stage.use_real_browser:
        stage.narrator.say("There is no browser on this machine: the demo walks the pages itself.")
    return stage.person.authorize(url)
