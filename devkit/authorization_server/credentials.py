"""Keys, secrets and certificates, made at each start: nothing secret is kept between runs.

Knows no client and no server.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, OKPKey, RSAKey

Jwk = dict[str, Any]

CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def random_secret() -> str:
    """Make 32 random bytes, as base64url."""
    return secrets.token_urlsafe(32)


def private_jwk(alg: str, use: str = "sig") -> Jwk:
    """Make a private key for an algorithm, as a JWK with `kid`, `alg` and `use`."""
    key: RSAKey | ECKey | OKPKey
    if alg in CURVES:
        key = ECKey.generate_key(CURVES[alg], auto_kid=True)
    elif alg.startswith("ECDH-ES"):
        key = ECKey.generate_key("P-256", auto_kid=True)
    elif alg in ("EdDSA", "Ed25519"):
        key = OKPKey.generate_key("Ed25519", auto_kid=True)
    else:
        key = RSAKey.generate_key(2048, auto_kid=True)
    return {**key.as_dict(private=True), "alg": alg, "use": use}


def public_jwk(jwk: Jwk) -> Jwk:
    """Return the public half of a private JWK."""
    private_members = {"d", "p", "q", "dp", "dq", "qi"}
    return {name: value for name, value in jwk.items() if name not in private_members}


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate and its private key, both also as files."""

    certificate: x509.Certificate = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate_file: Path
    key_file: Path

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key."""
        return _key_pem(self.key).decode()

    @property
    def thumbprint(self) -> str:
        """The certificate's `x5t#S256`."""
        digest = self.certificate.fingerprint(hashes.SHA256())
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def public_jwk(self) -> Jwk:
        """The public key as a JWK that shows the certificate."""
        chain = [base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()]
        key = ECKey.import_key(
            self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )
        return {**key.as_dict(private=False), "x5c": chain, "x5t#S256": self.thumbprint}


def make_certificate(name: str, folder: Path, *, issuer: Certificate | None = None) -> Certificate:
    """Make a certificate for loopback, signed by `issuer`, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{name}.crt.pem", folder / f"{name}.key.pem"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(_key_pem(key))
    return Certificate(certificate=certificate, key=key, certificate_file=certificate_file, key_file=key_file)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
