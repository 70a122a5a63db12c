"""The algorithms, as tables: which key each needs (RFC 7518 sections 3.1, 4.1, 5.1; RFC 8037, 8812, 9864).

An algorithm decides the type of its key, never the other way round: that is what makes a public RSA key
useless as an HMAC secret. Knows no key.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class Row(NamedTuple):
    """What an algorithm demands of its key."""

    kty: tuple[str, ...]
    crv: tuple[str, ...] = ()
    size: int = 0  # bytes: of an ES or EdDSA signature, of a symmetric key; 0 where they vary

    def fits(self, kty: object, crv: object) -> bool:
        """Tell whether a key is of the type, and on a curve, that the algorithm needs."""
        return kty in self.kty and (crv in self.crv or kty in ("RSA", "oct"))

    @property
    def need(self) -> str:
        """The key, in words."""
        return " or ".join(self.kty) + (f" key on {' or '.join(self.crv)}" if self.crv else " key")


HMAC = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}

SIGNATURE = {
    **dict.fromkeys(HMAC, Row(("oct",))),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), Row(("RSA",))),
    "ES256": Row(("EC",), ("P-256",), 64),
    "ES384": Row(("EC",), ("P-384",), 96),
    "ES512": Row(("EC",), ("P-521",), 132),
    "ES256K": Row(("EC",), ("secp256k1",), 64),
    "EdDSA": Row(("OKP",), ("Ed25519", "Ed448")),
    "Ed25519": Row(("OKP",), ("Ed25519",), 64),
    "Ed448": Row(("OKP",), ("Ed448",), 114),
}

_AGREEMENT = Row(("EC", "OKP"), ("P-256", "P-384", "P-521", "X25519", "X448"))

# PBES2 is missing: its work factor is the sender's choice, and a password is no key for us.
KEY_MANAGEMENT = {
    **dict.fromkeys(("RSA1_5", "RSA-OAEP", "RSA-OAEP-256"), Row(("RSA",))),
    **dict.fromkeys(("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"), _AGREEMENT),
    **dict.fromkeys(("A128KW", "A128GCMKW"), Row(("oct",), size=16)),
    **dict.fromkeys(("A192KW", "A192GCMKW"), Row(("oct",), size=24)),
    **dict.fromkeys(("A256KW", "A256GCMKW"), Row(("oct",), size=32)),
    "dir": Row(("oct",)),
}

ENCRYPTION = {  # enc -> bytes of its key
    "A128CBC-HS256": 32,
    "A192CBC-HS384": 48,
    "A256CBC-HS512": 64,
    "A128GCM": 16,
    "A192GCM": 24,
    "A256GCM": 32,
}

ALGS = {"sig": SIGNATURE, "enc": KEY_MANAGEMENT}

# The alg of a key that does not say its own, by kty or crv.
DEFAULT_SIGNATURE = {
    "RSA": "RS256",
    "oct": "HS256",
    "P-256": "ES256",
    "P-384": "ES384",
    "P-521": "ES512",
    "secp256k1": "ES256K",
    "Ed25519": "EdDSA",
    "Ed448": "EdDSA",
}


def same_alg(one: object, other: object) -> bool:
    """Tell whether two names mean one algorithm; the curve of the key is checked elsewhere (RFC 9864 section 2.2)."""
    edwards = ("EdDSA", "Ed25519", "Ed448")  # a tuple: what comes may not be hashable
    return one == other or (one in edwards and other in edwards)


def listed(names: Collection[str]) -> tuple[str, ...]:
    """Return the names that are expected; a str is one name, not a string in which ES256 is part of ES256K."""
    return (names,) if isinstance(names, str) else tuple(names)
