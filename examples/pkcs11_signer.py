"""Authenticate a client with a key that never leaves its token: an HSM, a smart card, or softhsm2 (PKCS#11).

    softhsm2-util --init-token --free --label demo --pin 1234 --so-pin 5678
    PKCS11_MODULE=/usr/lib/softhsm/libsofthsm2.so python examples/pkcs11_signer.py

makes a key in the token and prints its public half. Register that with your client, then pass the signer
wherever a private key is taken: `PrivateKeyJwt(client_id, signer)`, `DPoPKey(signer)`, `request.sign(signer)`.
Needs python-pkcs11. A KMS or an agent is served the same way: `public_jwk`, and `sign(data, alg)`.
"""  # noqa: INP001  a script, not a package

from __future__ import annotations

import hashlib
import json
import os
import threading
from typing import Any

import pkcs11
from pkcs11.util.ec import encode_named_curve_parameters

from requests_oauth2client.utils import b64u_encode

CURVE = encode_named_curve_parameters("secp256r1")


class Pkcs11Signer:
    """Signs ES256 with a P-256 key that it can't read either."""

    def __init__(self, session: pkcs11.Session, label: str) -> None:
        self._private = session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        self._one_at_a_time = threading.Lock()  # a session is for one thread
        point = session.get_key(pkcs11.ObjectClass.PUBLIC_KEY, label=label)[pkcs11.Attribute.EC_POINT]
        x, y = point[-64:-32], point[-32:]  # the end of an uncompressed point
        self.public_jwk: dict[str, Any] = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64u_encode(x),
            "y": b64u_encode(y),
            "alg": "ES256",
            "kid": label,
        }

    def sign(self, data: bytes, alg: str) -> bytes:
        """Sign; PKCS#11 gives r and s as JOSE wants them (RFC 7518 section 3.4)."""
        if alg != "ES256":
            msg = f"This key signs ES256, not {alg}."
            raise ValueError(msg)
        with self._one_at_a_time:
            signature: bytes = self._private.sign(hashlib.sha256(data).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        return signature


def make_key(session: pkcs11.Session, label: str) -> None:
    """Make a P-256 key pair in the token; its private half can't be exported."""
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: CURVE}, local=True)
    parameters.generate_keypair(label=label, store=True)


def main() -> None:
    """Make a key, and print what to register at the AS."""
    token = pkcs11.lib(os.environ["PKCS11_MODULE"]).get_token(token_label="demo")
    with token.open(rw=True, user_pin=os.environ.get("PKCS11_PIN", "1234")) as session:
        make_key(session, "my-client-key")
        print(json.dumps(Pkcs11Signer(session, "my-client-key").public_jwk, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
