"""The signing keys of the test server: real ones, and what they have signed (RFC 7515, RFC 7517)."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Mapping
from typing import Any

from .. import _jose
from .._jose.keys import SigningKey, generate_private_jwk, public_jwk, signing_key

ALGS = ("RS256", "ES256", "PS256")


@functools.cache
def _first_key(alg: str) -> Mapping[str, Any]:
    """Make the first key of an algorithm once for the process: an RSA key takes a tenth of a second."""
    return generate_private_jwk(alg, kid=f"{alg}-1", use="sig")


class ServerKeys:
    """The current key for each algorithm; a rotation replaces all of them."""

    def __init__(self) -> None:
        self._private = {alg: _first_key(alg) for alg in ALGS}

    def rotate(self) -> None:
        """Replace every key; the old ones are no longer published."""
        self._private = {alg: generate_private_jwk(alg, kid=f"{alg}-{secrets.token_hex(4)}", use="sig") for alg in ALGS}

    def jwks(self) -> dict[str, Any]:
        """Return the public keys."""
        return {"keys": [dict(public_jwk(jwk)) for jwk in self._private.values()]}

    def key(self, alg: str) -> SigningKey:
        """Return the key that signs with an algorithm."""
        return signing_key(self._private[alg], alg=alg)

    def sign(self, claims: Mapping[str, Any], *, alg: str = "RS256", typ: str = "JWT") -> str:
        """Sign claims."""
        return _jose.jws.sign(dict(claims), self.key(alg), header={"typ": typ})

    def verified(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a JWT that this server has signed with a current key, or None."""
        try:
            return _jose.jws.verify(token, algs=ALGS, keys=self.jwks()).claims()
        except _jose.errors.JoseError:
            return None
