"""JWKs: whatever a caller calls a key is read, and a JWK is made of it (RFC 7517, 7518 section 6, 7638, 8037, 8812).

A key is read once: only the members that its type defines reach joserfc, each a str of bounded length.
Knows no algorithm's use and no token. No message shows key material.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519
from joserfc.errors import JoseError as JoserfcError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from .._core.encoding import PRIVATE_JWK_MEMBERS, b64u_decode, b64u_encode
from .._core.redaction import one_line
from .algs import DEFAULT_SIGNATURE, KEY_MANAGEMENT, SIGNATURE, Row
from .errors import InvalidKey

# What joserfc and cryptography raise on bad keys and bad tokens; seen by reading both and by fuzzing.
FOREIGN = (JoserfcError, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AssertionError, AttributeError)

RSA_BITS = range(2048, 16385)  # RFC 7518 section 3.3 demands 2048; OpenSSL stops at 16384
LONGEST_MEMBER = 4096  # characters of one member of a JWK; 16384 bits need 2731
PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "oct": ()}
PRIVATE = {"RSA": ("d", "p", "q", "dp", "dq", "qi"), "EC": ("d",), "OKP": ("d",), "oct": ("k",)}
NEEDED = {**PUBLIC, "oct": ("k",)}  # and with kty the members of a thumbprint, RFC 7638 section 3.2
PUBLIC_OPS = {"sign": "verify", "decrypt": "encrypt", "unwrapKey": "wrapKey"}  # what the other half does

EDWARDS_PRIMES = {"Ed25519": 2**255 - 19, "Ed448": 2**448 - 2**224 - 1}
_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
ORDER_EIGHT = {_Y, EDWARDS_PRIMES["Ed25519"] - _Y}

AsymmetricKey = RSAKey | ECKey | OKPKey

_STANDARD, _TO_BASE64URL = frozenset("+/="), str.maketrans("+/", "-_")  # RFC 4648 sections 4 and 5
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")  # joserfc passes over other characters

_IMPORTERS: dict[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_NATIVE: tuple[tuple[tuple[type, ...], Any], ...] = (
    ((rsa.RSAPrivateKey, rsa.RSAPublicKey), RSAKey),
    ((ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey), ECKey),
    ((ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey, ed448.Ed448PrivateKey, ed448.Ed448PublicKey), OKPKey),
    ((x25519.X25519PrivateKey, x25519.X25519PublicKey, x448.X448PrivateKey, x448.X448PublicKey), OKPKey),
)


def kind(key: Any) -> str:
    """Describe a key for a message, without showing it."""
    if not isinstance(key, Mapping):
        return f"a {type(key).__name__}"
    crv = key.get("crv")
    return f"a JWK with kty={one_line(key.get('kty'))!r}" + (f", crv={one_line(crv)!r}" if crv is not None else "")


def plain(key: Any) -> Any:
    """Return a key of joserfc as the JWK that it is, with the kid and alg that it has; anything else as it came."""
    return key.dict_value if isinstance(key, (RSAKey, ECKey, OKPKey, OctKey)) else key


def members_of(jwk: Mapping[str, Any], *, private: bool = True) -> dict[str, str]:
    """Return the members of a JWK that make the key, and nothing else; without `private`, its public half."""
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in NEEDED:
        msg = f"This is {kind(jwk)}; expected one of {sorted(NEEDED)}."
        raise InvalidKey(msg)
    found: dict[str, Any] = {name: jwk.get(name) for name in NEEDED[kty]}
    if private:
        found |= {name: jwk[name] for name in PRIVATE[kty] if name in jwk}
    wrong = [name for name, value in found.items() if not isinstance(value, str) or len(value) > LONGEST_MEMBER]
    if wrong:
        msg = f"This is {kind(jwk)}, in which {wrong} are missing, no str, or too long (RFC 7518 section 6)."
        raise InvalidKey(msg)
    for name in PUBLIC[kty]:  # Battle.net (2026) writes n in standard base64, with padding
        if not _STANDARD.isdisjoint(found[name]):
            found[name] = found[name].translate(_TO_BASE64URL).rstrip("=")
    return {"kty": kty, **found}


def _check_rsa_size(bits: int) -> None:
    if bits not in RSA_BITS:
        msg = f"This is an RSA key of {bits} bits; {RSA_BITS[0]} to {RSA_BITS[-1]} are needed (RFC 7518 section 3.3)."
        raise InvalidKey(msg)


def import_jwk(jwk: Mapping[str, Any]) -> AsymmetricKey:
    """Read an asymmetric JWK, private or public."""
    members = members_of(jwk)
    if members["kty"] == "oct" or "oth" in jwk:
        msg = "This JWK is symmetric, or an RSA key of more than two primes; expected an RSA, EC or OKP key."
        raise InvalidKey(msg)
    key = None if _is_of_small_order(members) else _import_members(members)
    if key is None or (members["kty"] == "OKP" and public_members(key)["x"] != members["x"]):
        msg = f"This is {kind(jwk)}, but its members are no such key: wrong length, off the curve, or not a pair."
        raise InvalidKey(msg)
    return key


def _is_of_small_order(members: dict[str, str]) -> bool:
    """Tell whether an Edwards point has a small order: signatures can be made for such a key without its private half.

    These are the points with y = 0, 1 or -1, and two more of Curve25519, also where y is not reduced (RFC 8032 section
    5.1.3; Cremers and others, "Seems Legit", 2019).
    """
    prime = EDWARDS_PRIMES.get(members.get("crv", ""))
    if prime is None:
        return False
    try:
        octets = b64u_decode(members["x"])
    except ValueError:
        return False
    y = int.from_bytes(octets, "little") & ((1 << (8 * len(octets) - 1)) - 1)  # without the sign of x
    return y % prime in {0, 1, prime - 1} or (members["crv"] == "Ed25519" and y in ORDER_EIGHT)


def _import_members(members: dict[str, str]) -> AsymmetricKey | None:
    if not all(name in {"kty", "crv"} or _BASE64URL.fullmatch(value) for name, value in members.items()):
        return None
    try:
        if "n" in members:
            _check_rsa_size(int.from_bytes(b64u_decode(members["n"])).bit_length())
        key: AsymmetricKey = _IMPORTERS[members["kty"]].import_key(members)
    except InvalidKey:
        raise
    except FOREIGN:
        return None
    return key


def public_members(key: AsymmetricKey) -> dict[str, Any]:
    """Return the public JWK of a joserfc key. Its private numbers, which may not be exportable, are not asked for."""
    return dict(type(key).import_key(key.public_key).dict_value)  # type: ignore[arg-type]


def _import_native(native: Any) -> AsymmetricKey:
    importer = next((found for types, found in _NATIVE if isinstance(native, types)), None)
    if importer is None:
        msg = f"This is {kind(native)}; expected a JWK (any mapping), a cryptography key, PEM or DER, or a signer."
        raise InvalidKey(msg)
    if importer is RSAKey:
        _check_rsa_size(native.key_size)
    try:
        key: AsymmetricKey = importer.import_key(native)
        public_members(key)
    except FOREIGN:
        msg = f"This is {kind(native)} on a curve that JOSE does not have; expected {list(DEFAULT_SIGNATURE)[2:]}."
        raise InvalidKey(msg) from None
    return key


KEY_FILES = (b".pem", b".key", b".der", b".json", b".jwk", b".p8", b".pk8", b".crt", b".cer")


def _import_text(text: str | bytes) -> AsymmetricKey:
    """Read PEM or DER, private or public."""
    data = text.encode(errors="replace") if isinstance(text, str) else text
    pem = data.lstrip().startswith(b"-----BEGIN")
    loaders: tuple[Callable[[bytes], Any], ...] = (
        functools.partial(
            serialization.load_pem_private_key if pem else serialization.load_der_private_key, password=None
        ),
        serialization.load_pem_public_key if pem else serialization.load_der_public_key,
    )
    for load in loaders:
        try:
            native = load(data)
        except TypeError:
            msg = "This private key is encrypted with a password. Load it with cryptography, and pass the result."
            raise InvalidKey(msg) from None
        except (ValueError, UnsupportedAlgorithm):
            continue
        return _import_native(native)
    msg = f"This {type(text).__name__} is neither a PEM nor a DER key. {_guess(data)}"
    raise InvalidKey(msg)


def _guess(data: bytes) -> str:
    """Say what was probably passed instead of a key."""
    if b"-----BEGIN CERTIFICATE" in data:
        return "It is a certificate: pass the private key that belongs to it, from its own file."
    if data.lstrip().startswith(b"{"):
        return "It looks like JSON: parse it with json.loads(), and pass the mapping."
    if b"\n" not in data.strip() and (b"/" in data or b"\\" in data or data.strip().endswith(KEY_FILES)):
        return "It looks like the path of a file: pass what the file contains, with Path(...).read_bytes()."
    return "A shared secret can't be used as a private key."


def import_any(key: Any) -> AsymmetricKey:
    """Read an asymmetric key in any form.

    Raises:
        InvalidKey: it is invalid.
    """
    key = plain(key)
    if isinstance(key, Mapping):
        return import_jwk(key)
    return _import_text(key) if isinstance(key, (str, bytes)) else _import_native(key)


def secret_octets(secret: str | bytes) -> bytes:
    """Return the octets of a shared secret, of UTF-8 where it is a str."""
    try:
        octets = secret.encode() if isinstance(secret, str) else secret
    except UnicodeEncodeError:
        octets = b""
    if not isinstance(octets, bytes) or not octets:
        msg = f"The secret is a {type(secret).__name__}; expected a str (Unicode) or bytes, not empty."
        raise InvalidKey(msg)
    return octets


def symmetric_octets(jwk: Mapping[str, Any]) -> bytes:
    """Return the secret in a symmetric JWK."""
    try:
        octets = b64u_decode(members_of(jwk)["k"])
    except (KeyError, ValueError):
        octets = b""
    if not octets:
        msg = f"This is {kind(jwk)}; expected kty='oct' with a k that is base64url and not empty."
        raise InvalidKey(msg)
    return octets


def public_jwk(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return the public half of a JWK; its other members stay.

    Raises:
        InvalidKey: it has no public half.
    """
    if members_of(jwk)["kty"] == "oct":
        msg = "This JWK is symmetric (kty='oct'): it has no public half."
        raise InvalidKey(msg)
    public = {name: value for name, value in jwk.items() if name not in PRIVATE_JWK_MEMBERS}
    if isinstance(public.get("key_ops"), (list, tuple)):
        public["key_ops"] = [PUBLIC_OPS.get(op, op) for op in public["key_ops"]]
    return public


def bare_jwk(jwk: Mapping[str, Any]) -> dict[str, str]:
    """Return what makes the public key, and nothing else: kty with n and e, or with crv, x and y."""
    return members_of(jwk, private=False)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a JWK, the same for both halves (RFC 7638 section 3)."""
    text = json.dumps(bare_jwk(jwk), sort_keys=True, separators=(",", ":"))
    return b64u_encode(hashlib.sha256(text.encode()).digest())


def to_jwk(key: Any) -> dict[str, Any]:
    """Return any key as a JWK; a private key with its private members.

    Raises:
        InvalidKey: it is invalid.
    """
    key = plain(key)
    if isinstance(key, Mapping):
        members_of(key)
        return dict(key)
    return dict(import_any(key).dict_value)


def _generate(row: Row, crv: Any) -> AsymmetricKey:
    if not row.crv:
        return RSAKey.generate_key(2048)
    if crv not in row.crv:
        msg = f"crv={one_line(crv)!r} is no curve for this algorithm; it needs an {row.need}."
        raise InvalidKey(msg)
    return OKPKey.generate_key(crv) if crv.startswith(("Ed", "X")) else ECKey.generate_key(crv)


def generate_private_jwk(alg: str, *, kid: str | None = None, **members: Any) -> dict[str, Any]:
    """Make a private key for an asymmetric algorithm.

    Args:
        alg: the algorithm, for signing or for key management; RSA keys get 2048 bits.
        kid: its id; the thumbprint by default.
        **members: further members, such as `use`; `crv` chooses the curve where there is a choice.

    Raises:
        InvalidKey: the algorithm is unknown or symmetric.
    """
    row = SIGNATURE.get(alg) or KEY_MANAGEMENT.get(alg)
    if row is None or row.kty == ("oct",):
        msg = f"There are no private keys for alg={one_line(alg)!r}; RS256, PS256, ES256 or EdDSA have them."
        raise InvalidKey(msg)
    crv = members.pop("crv", row.crv[0] if row.crv else None)
    jwk = dict(_generate(row, crv).dict_value)
    return {**jwk, "kid": thumbprint(jwk) if kid is None else kid, "alg": alg, **members}
