"""An API that wants a token, alive now: it asks the authorization server about each (RFC 7662).

A Bearer token (RFC 6750), or one that is bound to a key, with a proof (RFC 9449); with nonces where that is asked for.

oidc-provider doesn't introspect JWTs, so the API verifies those itself (RFC 9068).
`start_protected_api(server)` serves it on a loopback port, from threads. It stands on http.server because Flask's
own server (Werkzeug) closes the connection after each answer, and clients must be seen keeping theirs.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import quote_plus

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from .authorization_server import AuthorizationServer
from .dpop_check import DPoPCheck, Refused

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

    def __init__(self, authorization_server: AuthorizationServer, dpop: DPoPCheck) -> None:
        super().__init__(("127.0.0.1", 0), ApiHandler)
        self.authorization_server = authorization_server
        self.dpop = dpop
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
        received = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            received = self._read_chunks()
        if self.headers.get("Authorization", "").lower().startswith("dpop "):
            answer = self._judge_dpop()
        else:
            answer = judge(self.server.authorization_server, self.headers.get("Authorization", ""))
        self.server.counter.add(requests=1, refusals=int(answer.status == 401))
        body = json.dumps(
            {"method": self.command, "path": self.path, "received": len(received), **answer.body}
        ).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _judge_dpop(self) -> Answer:
        host = f"http://127.0.0.1:{self.server.server_port}"
        return judge_dpop(
            self.server.authorization_server,
            self.server.dpop,
            self.headers["Authorization"].partition(" ")[2],
            self.headers.get("DPoP", ""),
            method=self.command,
            url=host + self.path,
        )

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
    def dpop(self) -> DPoPCheck:
        """What checks the proofs; its nonce can be changed."""
        return self.server.dpop

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


def start_protected_api(server: AuthorizationServer, *, dpop_require_nonce: bool = False) -> ProtectedApi:
    """Serve an API that trusts the tokens of `server`; it can demand a nonce in DPoP proofs."""
    api_server = ApiServer(server, DPoPCheck(requires_nonce=dpop_require_nonce))
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


def judge_dpop(
    server: AuthorizationServer, dpop: DPoPCheck, token: str, proof: str, *, method: str, url: str
) -> Answer:
    """Say what the holder of a token that is bound to a key gets (RFC 9449 section 7)."""
    nonce = {"DPoP-Nonce": dpop.nonce} if dpop.requires_nonce else {}
    found = _read_jwt(server, token) if token.count(".") == 2 else introspect(server, token)
    try:
        dpop.check(proof, method=method, url=url, token=token, jkt=_bound_to(found))
    except Refused as refused:
        challenge = _challenge(f'DPoP algs="ES256", error="{refused.error}"')
        return replace(challenge, headers={**challenge.headers, **nonce})
    body = {name: found.get(name) for name in ("sub", "client_id", "scope", "aud", "exp")}
    return Answer(status=200, body=body, headers=nonce)


def _bound_to(found: dict[str, Any]) -> str:
    if not found.get("active") or "jkt" not in found.get("cnf", {}):
        raise Refused("invalid_token")
    return str(found["cnf"]["jkt"])


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
