"""What an API checks of a DPoP proof (RFC 9449 section 4.3), written without the library that makes them.

Nonces and the ids of proofs are kept here, for one server. Knows no token but its hash and the key it is bound to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

ALGS = ["ES256", "ES384", "RS256", "PS256", "Ed25519"]
TOLERANCE = 60  # seconds
REGISTRY = jws.JWSRegistry(algorithms=ALGS)
REGISTRY.max_header_length = 4096  # the header holds a key


class Refused(Exception):
    """The proof is no good; `error` is what the challenge says."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass
class DPoPCheck:
    """Checks proofs; with `requires_nonce`, only those that have the nonce of the moment."""

    requires_nonce: bool = False
    nonce: str = field(default_factory=secrets.token_urlsafe)
    seen: set[str] = field(default_factory=set)

    def rotate_nonce(self) -> None:
        """Take another nonce from now on."""
        self.nonce = secrets.token_urlsafe()

    def check(self, proof: str, *, method: str, url: str, token: str, jkt: str) -> None:
        """Check the proof of a request.

        Raises:
            Refused: with the error of RFC 9449.
        """
        claims = _claims(proof, jkt)
        right = {
            "htm": method,
            "htu": url.partition("?")[0],
            "ath": _b64u(hashlib.sha256(token.encode()).digest()),
        }
        if any(claims.get(name) != value for name, value in right.items()):
            raise Refused("invalid_dpop_proof")
        if abs(time.time() - claims["iat"]) > TOLERANCE or claims["jti"] in self.seen:
            raise Refused("invalid_dpop_proof")
        if self.requires_nonce and not hmac.compare_digest(claims.get("nonce", ""), self.nonce):
            raise Refused("use_dpop_nonce")
        self.seen.add(claims["jti"])


def _claims(proof: str, jkt: str) -> dict[str, Any]:
    """Verify a proof with the key in its header, which has to be the key that the token is bound to."""
    try:
        header = jws.extract_compact(proof.encode(), registry=REGISTRY).headers()
        key = JWKRegistry.import_key(header["jwk"])
        verified = jws.deserialize_compact(proof, key, registry=REGISTRY)
        claims: dict[str, Any] = json.loads(verified.payload or b"")
    except (JoseError, ValueError, KeyError, TypeError):
        raise Refused("invalid_dpop_proof") from None
    if header.get("typ") != "dpop+jwt" or "d" in header["jwk"] or not claims.keys() >= {"jti", "iat"}:
        raise Refused("invalid_dpop_proof")
    if not hmac.compare_digest(key.thumbprint(), jkt):
        raise Refused("invalid_token")
    return claims


def _b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
