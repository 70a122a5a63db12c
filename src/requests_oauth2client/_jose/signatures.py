"""Signing and verifying with `cryptography` keys, a row for each algorithm (RFC 7518 section 3, 8037, 8812, 9864).

joserfc has these too, but takes a third of an ES256 signature's time on top, and a DPoP proof is made for
each request. Checks no key: the caller has compared its type with `algs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

SHA256, SHA384, SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()


class Scheme(NamedTuple):
    """What an algorithm does with a key."""

    sign: Callable[[Any, bytes], bytes]  # private key, data -> signature
    check: Callable[[Any, bytes, bytes], None]  # public key, signature, data; raises InvalidSignature


def _rsa(padding: AsymmetricPadding, digest: hashes.HashAlgorithm) -> Scheme:
    return Scheme(
        sign=lambda key, data: key.sign(data, padding, digest),
        check=lambda key, signature, data: key.verify(signature, data, padding, digest),
    )


def _pss(digest: hashes.HashAlgorithm) -> Scheme:
    return _rsa(PSS(mgf=MGF1(digest), salt_length=digest.digest_size), digest)  # RFC 7518 §3.5


def _ecdsa(digest: hashes.HashAlgorithm, size: int) -> Scheme:
    """Make the scheme of a curve; a signature is r and s, `size` bytes each (RFC 7518 section 3.4)."""
    ecdsa = ec.ECDSA(digest)

    def sign(key: Any, data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ecdsa))
        return r.to_bytes(size) + s.to_bytes(size)

    def check(key: Any, signature: bytes, data: bytes) -> None:
        if len(signature) != 2 * size:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        key.verify(encode_dss_signature(r, s), data, ecdsa)

    return Scheme(sign, check)


_EDWARDS = Scheme(
    sign=lambda key, data: key.sign(data),
    check=lambda key, signature, data: key.verify(signature, data),
)

SCHEMES: dict[str, Scheme] = {
    "RS256": _rsa(PKCS1v15(), SHA256),
    "RS384": _rsa(PKCS1v15(), SHA384),
    "RS512": _rsa(PKCS1v15(), SHA512),
    "PS256": _pss(SHA256),
    "PS384": _pss(SHA384),
    "PS512": _pss(SHA512),
    "ES256": _ecdsa(SHA256, 32),
    "ES384": _ecdsa(SHA384, 48),
    "ES512": _ecdsa(SHA512, 66),
    "ES256K": _ecdsa(SHA256, 32),
    "EdDSA": _EDWARDS,
    "Ed25519": _EDWARDS,
    "Ed448": _EDWARDS,
}
