"""JWE in compact form: encrypt and decrypt (RFC 7516, RFC 7518 sections 4 and 5).

The caller says which algorithms it expects, for the key and for the content; RSA1_5 only where it names
it, PBES2 never. Nothing is inflated: a `zip` is refused. Whatever token comes, only a `JoseError` goes
out, and the same one whatever was wrong with key, ciphertext or tag (RFC 7516 section 11.5). Knows no
claim and no signature: what comes out of a nested JWT goes to `jws`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwe
from joserfc.jwk import OctKey

from .._core.redaction import one_line
from .._core.values import NotPickled
from ..exceptions import InvalidParam
from .algs import ENCRYPTION, KEY_MANAGEMENT, listed
from .compact import check_header, decode, read_header, split
from .errors import DecryptionFailed, InvalidKey, MalformedToken, NoMatchingKey, UnsupportedAlg
from .jwk import FOREIGN, AsymmetricKey, bare_jwk, import_any, kind, plain, secret_octets, symmetric_octets
from .jws import to_json

MAX_SIZE = 1 << 19  # characters of a compact JWE: a JWS of full size, encrypted


class _Registry(jwe.JWERegistry):
    """joserfc's table of algorithms, with our limits and without warnings: alg and enc were checked before."""

    max_protected_header_length = max_encrypted_key_length = 1 << 14
    max_ciphertext_length = MAX_SIZE

    def get_alg(self, name: str) -> Any:
        return self.algorithms["alg"][name]


_REGISTRY = _Registry(algorithms=[*KEY_MANAGEMENT, *ENCRYPTION], strict_check_header=False)


@dataclass(frozen=True, eq=False)
class SharedKey(NotPickled):
    """A symmetric key for encryption."""

    octets: bytes = field(repr=False)


def key_from_client_secret(secret: str | bytes, alg: str, enc: str) -> SharedKey:
    """Derive the symmetric key of a client and its AS from the client secret (OIDC Core section 10.2).

    Raises:
        InvalidKey: the algorithms take no symmetric key, or are unknown.
    """
    row = KEY_MANAGEMENT.get(alg)
    if row is None or row.kty != ("oct",) or enc not in ENCRYPTION:
        msg = f"A client secret can't make a key for alg={one_line(alg)!r}, enc={one_line(enc)!r}."
        raise InvalidKey(msg)
    size = row.size or ENCRYPTION[enc]
    digest = next(name for name, most in (("sha256", 32), ("sha384", 48), ("sha512", 64)) if size <= most)
    return SharedKey(hashlib.new(digest, secret_octets(secret)).digest()[:size])


def encrypt(
    payload: bytes | str | Mapping[str, Any], key: Any, *, alg: str, enc: str, header: Mapping[str, Any] | None = None
) -> str:
    """Make a compact JWE.

    Args:
        payload: what to encrypt: bytes, a str such as a JWS, or a mapping as JSON.
        key: the receiver's public key (a JWK, a `cryptography` key, PEM), or a `SharedKey`.
        alg: how the content's key is protected.
        enc: how the content is encrypted.
        header: further members, such as `cty`.

    Raises:
        InvalidKey: the key does not fit `alg`.
        InvalidParam: alg or enc is unknown.
    """
    if alg not in KEY_MANAGEMENT or enc not in ENCRYPTION:
        msg = f"alg={one_line(alg)!r}, enc={one_line(enc)!r}: expected {list(KEY_MANAGEMENT)} and {list(ENCRYPTION)}."
        raise InvalidParam(msg)
    key = plain(key)
    kid = key.get("kid") if isinstance(key, Mapping) else None
    named = {} if kid is None else {"kid": kid}
    members = {**named, **(header or {}), "alg": alg, "enc": enc}
    to_json(members)  # says what is wrong with it, where something is
    plaintext = to_json(payload) if isinstance(payload, Mapping) else payload
    try:
        return jwe.encrypt_compact(members, plaintext, _read_key(key, alg, enc, private=False), registry=_REGISTRY)
    except InvalidKey:
        raise
    except FOREIGN:
        msg = f"Encrypting with alg={alg!r}, enc={enc!r} failed with {kind(key)}, or the header is wrong for it."
        raise InvalidKey(msg) from None


def parse_header(token: object) -> dict[str, Any]:
    """Return the header of a compact JWE, which is not to be believed yet.

    Raises:
        MalformedToken: it breaks a rule of RFC 7516.
    """
    return _parse(token)[0]


def _parse(token: object) -> tuple[dict[str, Any], bytes]:
    """Return the header, and the token as it was read."""
    parts = split(token, 5, MAX_SIZE, "JWE")
    for part, name in zip(parts[1:], ("encrypted key", "iv", "ciphertext", "tag"), strict=True):
        decode(part, name)
    header = read_header(parts[0])
    check_header(header)
    if "zip" in header or not header.get("enc"):
        msg = (
            f"The JWE says zip={one_line(header.get('zip'))!r}, enc={one_line(header.get('enc'))!r};"
            " an enc is needed, and compressed content is not taken: it can grow without bound."
        )
        raise MalformedToken(msg)
    return header, b".".join(parts)


def decrypt(token: object, key: Any, *, algs: Collection[str], encs: Collection[str]) -> bytes:
    """Decrypt a compact JWE.

    Args:
        token: a str, bytes, or an object whose `str()` is the token.
        key: our private key (a JWK, a `cryptography` key, PEM), or a `SharedKey`.
        algs: the algorithms that are expected for the key.
        encs: and for the content.

    Raises:
        MalformedToken: it is not a compact JWE.
        UnsupportedAlg: alg or enc is not expected here.
        DecryptionFailed: the key does not open it.
        NoMatchingKey: the key is not a private one for this algorithm.
        InvalidKey: it is no usable key at all.
    """
    header, octets = _parse(token)
    alg, enc = header["alg"], header["enc"]
    expected = sorted(listed(algs)), sorted(listed(encs))
    if alg not in expected[0] or alg not in KEY_MANAGEMENT or enc not in expected[1] or enc not in ENCRYPTION:
        msg = f"The token says alg={one_line(alg)!r}, enc={one_line(enc)!r}; expected {expected[0]} and {expected[1]}."
        raise UnsupportedAlg(msg, received=(alg, enc), expected=expected)
    try:
        ours = _read_key(key, alg, enc, private=True)
        plaintext = jwe.decrypt_compact(octets, ours, registry=_REGISTRY).plaintext
    except _UnfittingKey as wrong:
        raise NoMatchingKey(str(wrong)) from None
    except InvalidKey:
        raise
    except FOREIGN:
        plaintext = None
    if plaintext is None:
        msg = f"The JWE (alg={alg!r}, enc={enc!r}) does not open with this key: it is for another, or was changed."
        raise DecryptionFailed(msg)
    return plaintext


class _UnfittingKey(InvalidKey):
    """A usable key, but not for this algorithm."""


def _read_key(key: Any, alg: str, enc: str, *, private: bool) -> AsymmetricKey | OctKey:
    """Read a key, and check that it fits the algorithm (RFC 7518 section 4.1)."""
    key = plain(key)
    declared = key if isinstance(key, Mapping) else {}
    loaded = _load(key, declared, private=private)
    if not (
        declared.get("use") in (None, "enc")
        and declared.get("alg") in (None, alg)
        and KEY_MANAGEMENT[alg].fits(loaded.key_type, loaded.get("crv"))
        and _has_right_half(loaded, KEY_MANAGEMENT[alg].size or ENCRYPTION[enc], private=private)
    ):
        row = KEY_MANAGEMENT[alg]
        half = "private " if private and row.kty != ("oct",) else ""
        size = f" of {row.size or ENCRYPTION[enc]} bytes" if row.kty == ("oct",) else ""
        msg = (
            f"alg={alg!r} with enc={enc!r} needs for encryption: a {half}{row.need}{size}; this is {kind(key)}"
            f" with use={one_line(declared.get('use'))!r}, alg={one_line(declared.get('alg'))!r}."
        )
        raise _UnfittingKey(msg)
    return loaded


def _load(key: Any, declared: Mapping[str, Any], *, private: bool) -> AsymmetricKey | OctKey:
    if isinstance(key, SharedKey) or declared.get("kty") == "oct":
        octets = key.octets if isinstance(key, SharedKey) else symmetric_octets(key)
        return OctKey(octets, octets)  # import_key() would warn of short ones, and try them as certificates
    return import_any(bare_jwk(declared) if declared and not private else key)


def _has_right_half(key: AsymmetricKey | OctKey, size: int, *, private: bool) -> bool:
    if isinstance(key, OctKey):
        return len(key.raw_value) == size
    return key.is_private or not private
