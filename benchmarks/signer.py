"""An OpenID provider's key and the ID tokens it signs, with `cryptography` alone, so that every environment has them.

The parent makes the key, `serve` publishes it and counts; the children sign with it (`Signer`) what their library
then has to check.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

ISSUER = "https://op.example.org"
CLIENT_ID = "client"
NONCE = "nonce-of-the-request"
ACCESS_TOKEN = "a" * 64
KID = "2026-01"


def new_key() -> str:
    """Make an RSA key, as PEM."""
    rsa = import_module("cryptography.hazmat.primitives.asymmetric.rsa")
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    pem: bytes = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


class Signer:
    """A key at work."""

    def __init__(self, pem: str) -> None:
        self._key = import_module("cryptography.hazmat.primitives.serialization").load_pem_private_key(
            pem.encode(), password=None
        )
        hashes = import_module("cryptography.hazmat.primitives.hashes")
        padding = import_module("cryptography.hazmat.primitives.asymmetric.padding")
        self.rs256 = padding.PKCS1v15(), hashes.SHA256()

    @cached_property
    def public_key(self) -> Any:
        """The public half, of `cryptography`."""
        return self._key.public_key()

    @property
    def jwks(self) -> dict[str, Any]:
        """The key as the provider publishes it."""
        numbers = self.public_key.public_numbers()
        n, e = (_b64u(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID, "n": n, "e": e}]}

    def id_token(self, subject: str = "alice") -> str:
        """Sign an ID token that is right for this client for an hour."""
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": subject, "aud": CLIENT_ID, "iat": now, "exp": now + 3600, "nonce": NONCE}
        signed = f"{_part({'alg': 'RS256', 'kid': KID})}.{_part(claims)}"
        return f"{signed}.{_b64u(self._key.sign(signed.encode(), *self.rs256))}"


def with_kid(id_token: str, kid: str) -> str:
    """Give an ID token a kid that nobody knows, as anyone can."""
    return f"{_part({'alg': 'RS256', 'kid': kid})}.{id_token.partition('.')[2]}"


def _part(value: dict[str, Any]) -> str:
    return _b64u(json.dumps(value, separators=(",", ":")).encode())


def _b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Publisher(ThreadingHTTPServer):
    """A `jwks_uri` on loopback that counts how often it is asked."""

    daemon_threads = True

    def __init__(self, jwks: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = json.dumps(jwks).encode()
        self.fetches = 0

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"http://127.0.0.1:{self.server_port}/jwks"


class _Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        self.server.fetches += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/jwk-set+json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def publishing(jwks: dict[str, Any]) -> Iterator[Publisher]:
    """Serve a JWKS while the block runs."""
    with Publisher(jwks) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
