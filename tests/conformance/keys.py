"""The keys of the double and of its clients, and the JWTs it makes. Shares no code with the library under test.

Keys are made once per process: `OP_KEYS[0]` and, for the rotation rows, `OP_KEYS[1]`; `CLIENT_KEYS` by alg. A set
has what the suite's OP has: two keys of each type that signs, one of each type that encrypts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from joserfc import jwe, jws
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

MAKERS: dict[str, tuple[Any, Any]] = {  # alg -> how to make a key for it
    "RS256": (RSAKey, 2048),
    "PS256": (RSAKey, 2048),
    "ES256": (ECKey, "P-256"),
    "ES256K": (ECKey, "secp256k1"),
    "Ed25519": (OKPKey, "Ed25519"),
}
SIGNERS = ("RS256", "ES256", "ES256K", "Ed25519")  # one alg for each type of key that the OP publishes
ENCRYPTERS = ("RS256", "ES256")
ENC_ALGS = {"RSA": "RSA-OAEP", "EC": "ECDH-ES"}
SAME_TYPE = {"PS256": "RS256", "EdDSA": "Ed25519"}


def b64u(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def half_hash(text: str) -> str:
    """Return what at_hash, c_hash and s_hash are, for the algs of 256 bits (OIDC Core section 3.1.3.6)."""
    return b64u(hashlib.sha256(text.encode()).digest()[:16])


def make_key(alg: str, **members: Any) -> Any:
    """Make a private key for an alg."""
    maker, size = MAKERS[alg]
    return maker.generate_key(size, {name: value for name, value in members.items() if value is not None})


class OpKeys:
    """A set of keys of the OP; made when first needed, since RSA keys take a while."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def signing(self) -> dict[str, list[Any]]:
        """Two keys for each alg."""
        return {
            alg: [make_key(alg, kid=f"{self.name}-{alg}-{number}", use="sig") for number in (1, 2)] for alg in SIGNERS
        }

    @cached_property
    def encrypting(self) -> list[Any]:
        """The keys that clients encrypt for."""
        return [make_key(alg, kid=f"{self.name}-enc-{alg}", use="enc") for alg in ENCRYPTERS]

    @cached_property
    def spare(self) -> Any:
        """A published RSA key that signs nothing but what it should not: alternate-alg."""
        return make_key("RS256", kid="rsa-none-alt-arg", use="sig")

    def pick(self, alg: str) -> Any:
        """Return one of the two keys for an alg."""
        return random.choice(self.signing[SAME_TYPE.get(alg, alg)])  # noqa: S311  no secret

    def jwks(self) -> dict[str, Any]:
        """Return what the OP publishes; a row may change it."""
        signing = [public(key) for pair in self.signing.values() for key in pair]
        encrypting = [{**public(key), "alg": ENC_ALGS[key.key_type]} for key in self.encrypting]
        return {"keys": [*signing, *encrypting]}


def public(key: Any) -> dict[str, Any]:
    """Return the public JWK of a key."""
    found: dict[str, Any] = key.as_dict(private=False)
    return found


OP_KEYS = [OpKeys("first"), OpKeys("second")]
CLIENT_KEYS = {alg: make_key(alg, kid=f"client-{alg}", use="sig") for alg in ("RS256", "ES256")}
CLIENT_KEYS["PS256"] = CLIENT_KEYS["RS256"]
CLIENT_ENC_KEY = make_key("RS256", kid="client-enc", use="enc")


@dataclass
class Draft:
    """A JWT before it is signed: what a row may change.

    Attributes:
        claims, header: of the JWT. `alg` and `kid` of the header are added from the key when there are none.
        alg: to sign with; `none` for an unsigned one.
        key: to sign with: a joserfc key, or the client secret for HS256.
        broken: flip every byte of the signature, as the suite does (XOR 0x5A).
        encrypt_to: None, or the key of the client to encrypt to, with `encrypt_alg` and `encrypt_enc`.
        made_for: which endpoint answers with it: `authorization`, `token`, `refresh`, `logout`, `userinfo`, ...
    """

    claims: dict[str, Any]
    alg: str
    key: Any
    made_for: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    broken: bool = False
    with_kid: bool = True
    encrypt_to: Any = None
    encrypt_alg: str = "RSA-OAEP-256"
    encrypt_enc: str = "A256GCM"

    def serialized(self) -> str:
        """Return the JWT."""
        text = self._signed()
        if self.broken:
            head, _, signature = text.rpartition(".")
            raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
            text = f"{head}.{b64u(bytes(byte ^ 0x5A for byte in raw))}"
        if self.encrypt_to is not None:
            header = {"alg": self.encrypt_alg, "enc": self.encrypt_enc, "kid": self.encrypt_to.kid, "cty": "JWT"}
            text = jwe.encrypt_compact(header, text, self.encrypt_to, algorithms=[self.encrypt_alg, self.encrypt_enc])
        return text

    def _signed(self) -> str:
        payload = json.dumps(self.claims).encode()
        if self.alg == "none":
            return f"{b64u(json.dumps({'alg': 'none', **self.header}).encode())}.{b64u(payload)}."
        key = OctKey.import_key(self.key) if isinstance(self.key, str) else self.key
        kid = {"kid": key.kid} if self.with_kid and not isinstance(self.key, str) else {}
        return jws.serialize_compact({"alg": self.alg, **kid, **self.header}, payload, key, algorithms=[self.alg])

    def signed_with(self, alg: str, key: Any) -> Draft:
        """Return the same claims, signed otherwise."""
        return replace(self, alg=alg, key=key)


def verified(token: str, keys: Any, algs: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a JWT of a client; raises when its signature is wrong.

    Args:
        token: the JWT.
        keys: the JWKS that the client registered, or its secret.
        algs: those that it may be signed with.
    """
    key = OctKey.import_key(keys) if isinstance(keys, str) else KeySet.import_key_set(keys)
    found = jws.deserialize_compact(token, key, algorithms=algs)
    return dict(found.headers()), json.loads(found.payload)


def client_jwks(*algs: str) -> dict[str, Any]:
    """Return the public keys of a client that signs with these algs."""
    return {"keys": [public(CLIENT_KEYS[alg]) for alg in algs]}
