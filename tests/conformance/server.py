"""The listeners of the double: plain HTTP and, for mutual TLS, HTTPS; both on loopback, on free ports.

One `Server` serves many doubles and clients, each under a path of its own (`mount`). It knows no OAuth.
"""

from __future__ import annotations

import itertools
import ssl
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from devkit.authorization_server.credentials import Certificate, make_certificate
from devkit.exchange import Answer, Received

IDLE_TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class Asked(Received):
    """A request, with the certificate that the client showed."""

    certificate: bytes | None = None  # DER; None where it showed none, or where there was no TLS

    @property
    def query(self) -> dict[str, str]:
        """The parameters of its URL; each may come once."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        assert len(dict(pairs)) == len(pairs), "a parameter was sent twice"
        return dict(pairs)


Handler = Callable[[Asked], Answer]


class Server:
    """Serves what is mounted, from threads.

    Attributes:
        url: its http origin.
        tls_url: its https origin, which asks for a client certificate; `ca` says who signed its own.
        failures: tracebacks of handlers that failed; each was answered with status 500.
    """

    def __init__(self, folder: Path) -> None:
        self.mounts: dict[str, Handler] = {}
        self.failures: list[str] = []
        self._numbers = itertools.count(1)
        self._folder = folder
        self._listeners: list[ThreadingHTTPServer] = []
        self.url = self._listen("http", None)
        self._tls_url = ""

    @property
    def ca(self) -> Certificate:
        """Who signs the certificates of the server and of the clients."""
        if "ca" not in self.__dict__:
            self.__dict__["ca"] = make_certificate("conformance-ca", self._folder)
        found: Certificate = self.__dict__["ca"]
        return found

    @property
    def tls_url(self) -> str:
        """The https origin; it listens from the first time that somebody asks."""
        if not self._tls_url:
            own = make_certificate("conformance-op", self._folder, issuer=self.ca)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(own.certificate_file, own.key_file)
            context.load_verify_locations(self.ca.certificate_file)
            context.verify_mode = ssl.CERT_OPTIONAL
            self._tls_url = self._listen("https", context)
        return self._tls_url

    def client_certificate(self, name: str) -> Certificate:
        """Make a certificate for a client."""
        return make_certificate(f"{name}-{next(self._numbers)}", self._folder, issuer=self.ca)

    def mount(self, name: str, handler: Handler) -> str:
        """Serve everything under a path of its own; return that path, with slashes around."""
        path = f"/{name}{next(self._numbers)}/"
        self.mounts[path] = handler
        return path

    def handler_of(self, path: str) -> Handler | None:
        """Find who answers for a path; well-known documents may stand before it (RFC 8615 section 3)."""
        well_known = path.startswith("/.well-known/")
        for mounted, handler in self.mounts.items():
            if path.startswith(mounted) or (well_known and f"{path.rstrip('/')}/".endswith(mounted)):
                return handler
        return None

    def stop(self) -> None:
        """Close everything."""
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self, scheme: str, context: ssl.SSLContext | None) -> str:
        listener = _Listener(("127.0.0.1", 0), type("Bound", (_Handler,), {"owner": self, "scheme": scheme}))
        if context is not None:
            listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
        self._listeners.append(listener)
        return f"{scheme}://127.0.0.1:{listener.server_address[1]}"


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client may still keep its connection

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that closes its connection, or does not like our certificate, is none of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True
    wbufsize = -1
    owner: Server
    scheme: str

    def do_GET(self) -> None:
        answer = self._answered(self._read())
        self.send_response(answer.status_code)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def _read(self) -> Asked:
        certificate = self.connection.getpeercert(binary_form=True) if self.scheme == "https" else None
        return Asked(
            method=self.command,
            url=f"{self.scheme}://{self.headers['Host']}{self.path}",
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            certificate=certificate,
        )

    def _answered(self, request: Asked) -> Answer:
        handler = self.owner.handler_of(request.path)
        if handler is None:
            return Answer(status_code=404)
        try:
            return handler(request)
        except Exception:  # noqa: BLE001  the test shows it
            self.owner.failures.append(traceback.format_exc())
            return Answer(status_code=500, content=b"the double failed")

    def log_message(self, *_: Any) -> None:
        """Be silent."""


for _method in ("POST", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.do_GET)
