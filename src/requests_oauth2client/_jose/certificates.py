"""Certificates in the header of a JWS: `x5t#S256`, `x5t` and `x5c` (RFC 7515 sections 4.1.6 to 4.1.8).

Also private keys in PEM that have a password. Knows no claim.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key

from .._core.encoding import b64u_encode
from .keys import to_jwk

PEM = b"-----BEGIN"


def header_members(certificate: object, public_jwk: dict[str, Any]) -> dict[str, Any]:
    """Return the members that name a certificate in the header of a JWS.

    Args:
        certificate: PEM, DER, the path of a file, or a certificate of `cryptography`; PEM may have its chain too.
        public_jwk: of the key that signs.

    Raises:
        ValueError: it is no certificate, or that of another key.
    """
    chain = _load(certificate)
    own = to_jwk(chain[0].public_key())
    members = ("kty", "crv", "x", "y", "n", "e")
    if any(own.get(name) != public_jwk.get(name) for name in members):
        msg = "The certificate is that of another key: its public key is not the one of the private key."
        raise ValueError(msg)
    octets = [one.public_bytes(Encoding.DER) for one in chain]
    return {
        "x5t#S256": b64u_encode(hashlib.sha256(octets[0]).digest()),
        "x5t": b64u_encode(hashlib.sha1(octets[0], usedforsecurity=False).digest()),
        "x5c": [base64.b64encode(one).decode() for one in octets],
    }


def _load(certificate: object) -> list[x509.Certificate]:
    if isinstance(certificate, x509.Certificate):
        return [certificate]
    octets = _octets(certificate)
    try:
        return x509.load_pem_x509_certificates(octets) if PEM in octets else [x509.load_der_x509_certificate(octets)]
    except ValueError:
        msg = "This is not a certificate: pass PEM, DER, the path of such a file, or a certificate of cryptography."
        raise ValueError(msg) from None


def _octets(given: object) -> bytes:
    """Return PEM or DER as bytes; a string without PEM in it is a path."""
    if isinstance(given, (bytes, bytearray)):
        return bytes(given)
    if isinstance(given, str) and PEM.decode() in given:
        return given.encode()
    if isinstance(given, (str, os.PathLike)):
        try:
            return Path(given).read_bytes()
        except OSError as wrong:
            msg = f"The file can't be read: {type(wrong).__name__}."
            raise ValueError(msg) from None
    msg = f"Expected PEM, DER or a path, got a {type(given).__name__}."
    raise ValueError(msg)


def unlocked(key: object, password: str | bytes) -> Any:
    """Decrypt a private key.

    Args:
        key: PEM, DER, or the path of a file.
        password: of the key.

    Raises:
        ValueError: the password is another one, or this is no encrypted private key.
    """
    octets = _octets(key)
    load = load_pem_private_key if PEM in octets else load_der_private_key
    try:
        return load(octets, password.encode() if isinstance(password, str) else password)
    except (ValueError, TypeError):
        msg = "the password is wrong, or this is not an encrypted private key."
        raise ValueError(msg) from None
