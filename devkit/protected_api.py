"""An API that wants a Bearer token (RFC 6750), alive now: it asks the authorization server about each (RFC 7662).

oidc-provider doesn't introspect JWTs, so the API verifies those itself (RFC 9068).
`start_protected_api(server)` serves it on a loopback port, from threads. It stands on http.server because Flask's
own server (Werkzeug) closes the connection after each answer, and clients must be seen keeping theirs.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import quote_plus

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from .authorization_server import AuthorizationServer

TIMEOUT = 10.0
IDLE_TIMEOUT = 60.0


@dataclass
class Counter:
    """Counts what the API did; safe across its threads."""

    connections: int = 0
    requests: int = 0
    refusals: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, connections: int = 0, requests: int = 0, refusals: int = 0) -> None:
        """Count what just happened."""
        with self.lock:
            self.connections += connections
            self.requests += requests
            self.refusals += refusals


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the API says to a request."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class ApiServer(ThreadingHTTPServer):
    """Listens, and holds what the handlers share."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, authorization_server: AuthorizationServer) -> None:
        super().__init__(("127.0.0.1", 0), ApiHandler)
        self.authorization_server = authorization_server
        self.counter = Counter()


class ApiHandler(BaseHTTPRequestHandler):
    """One connection, for as many requests as its client has."""

    server: ApiServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT
    wbufsize = -1  # an answer leaves in one piece, at the end
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.server.counter.add(connections=1)

    def respond(self) -> None:
        """Answer one request, of any method."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = judge(self.server.authorization_server, self.headers.get("Authorization", ""))
        self.server.counter.add(requests=1, refusals=int(answer.status == 401))
        body = json.dumps({"method": self.command, "path": self.path, **answer.body}).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 (http.server's names)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class ProtectedApi:
    """A running API: any method, any path below `url`."""

    url: str
    server: ApiServer = field(repr=False)
    thread: threading.Thread = field(repr=False)

    @property
    def request_count(self) -> int:
        """How many requests came, answered or refused."""
        return self.server.counter.requests

    @property
    def refusal_count(self) -> int:
        """How many requests got a 401."""
        return self.server.counter.refusals

    @property
    def connection_count(self) -> int:
        """How many connections were opened."""
        return self.server.counter.connections

    def stop(self) -> None:
        """Close the port and end the thread."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_protected_api(server: AuthorizationServer) -> ProtectedApi:
    """Serve an API that trusts the tokens of `server`."""
    api_server = ApiServer(server)
    thread = threading.Thread(target=api_server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    return ProtectedApi(url=f"http://127.0.0.1:{api_server.server_port}", server=api_server, thread=thread)


def judge(server: AuthorizationServer, authorization: str) -> Answer:
    """Say what the holder of this Authorization header gets (RFC 6750 section 3)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return _challenge('Bearer realm="devkit"')
    found = _read_jwt(server, token) if token.count(".") == 2 else introspect(server, token)
    if not found.get("active") or found.get("token_type") == "DPoP":
        return _challenge('Bearer realm="devkit", error="invalid_token", error_description="not a live Bearer token"')
    return Answer(status=200, body={name: found.get(name) for name in ("sub", "client_id", "scope", "aud", "exp")})


def _challenge(value: str) -> Answer:
    return Answer(status=401, body={"error": "unauthorized"}, headers={"WWW-Authenticate": value})


def _read_jwt(server: AuthorizationServer, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(requests.get(server.jwks_uri, timeout=TIMEOUT).json())
    try:
        claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
        rules = jwt.JWTClaimsRegistry(iss={"essential": True, "value": server.issuer}, exp={"essential": True})
        rules.validate(claims)
    except (JoseError, ValueError):
        return {"active": False}
    return {"active": True, **claims, **({"token_type": "DPoP"} if "jkt" in claims.get("cnf", {}) else {})}


def introspect(server: AuthorizationServer, token: str) -> dict[str, Any]:
    """Ask the authorization server about a token, as the client `api` (RFC 7662)."""
    api = server.clients["api"]
    credentials = quote_plus(api.client_id), quote_plus(api.client_secret or "")
    response = requests.post(server.introspection_endpoint, data={"token": token}, auth=credentials, timeout=TIMEOUT)
    response.raise_for_status()
    found: dict[str, Any] = response.json()
    return found
