"""Decrypting what the AS encrypted for this client: which of its keys opens a JWE (RFC 7516, OIDC Core section 10.2).

One chooser for ID tokens, logout tokens, signed callbacks, and the responses of userinfo and introspection, so that a
set of keys that opens one of them opens all. Knows no client, and no claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from .._core.redaction import one_line
from .._jose.algs import ENCRYPTION, KEY_MANAGEMENT
from .._jose.errors import DecryptionFailed, InvalidKey, NoMatchingKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._jose.jwe import SharedKey

MAX_TRIED_KEYS = 10  # private keys that a single token makes us try


def decrypt(token: object, *, key: Any, client_secret: str | None, alg: str, enc: str | None = None) -> bytes:
    """Decrypt a compact JWE with the key of this client that opens it.

    The key named by the `kid` is tried alone. Where no key has that `kid`, or the token has none, each key that fits
    the algorithm is tried, since some servers name keys in their own way. A wrong key fails at the authentication tag,
    so no wrong content can come out.

    Args:
        token: the JWE.
        key: our private keys: a JWKS, an iterable of keys, or one key in any form; None where there is none.
        client_secret: makes the key for a symmetric `alg`, where `key` has none for it.
        alg: the only algorithm that is accepted for the content's key.
        enc: the only one for the content; by default, any that is registered.

    Returns:
        What was encrypted.

    Raises:
        MalformedToken: this is not a compact JWE.
        UnsupportedAlg: it is encrypted with another algorithm.
        NoMatchingKey: no key of this client fits.
        DecryptionFailed: none of those that fit opens it.
        InvalidKey: `key` is not a usable key.

    Source: RFC 7516 section 5.2, OIDC Core section 10.2.
    """
    from .._jose import jwe  # noqa: PLC0415  loads cryptography

    header = jwe.parse_header(token)
    encs = ENCRYPTION.keys() if enc is None else (enc,)
    candidates = _candidates(key, alg, header.get("kid")) or _from_secret(client_secret, alg, enc or header.get("enc"))
    if not candidates:
        msg = (
            f"None of the keys of this client fits an encrypted token with alg={one_line(alg)!r} and"
            f" kid={one_line(header.get('kid'))!r}. Give the client an id_token_decryption_key that does."
        )
        raise NoMatchingKey(msg)
    for candidate in candidates[:-1]:
        try:
            return jwe.decrypt(token, candidate, algs=(alg,), encs=encs)
        except (DecryptionFailed, NoMatchingKey, InvalidKey):
            continue
    return jwe.decrypt(token, candidates[-1], algs=(alg,), encs=encs)


def _candidates(key: Any, alg: str, kid: str | None) -> Sequence[Any]:
    fitting = [one for one in islice(_keys_of(key), MAX_TRIED_KEYS) if _fits(one, alg)]
    named = [one for one in fitting if isinstance(one, Mapping) and kid is not None and one.get("kid") == kid]
    return named or fitting


def _keys_of(key: Any) -> Iterable[Any]:
    if key is None:
        return ()
    if isinstance(key, Mapping):
        found = key.get("keys") if "keys" in key else (key,)
        return found if isinstance(found, (list, tuple)) else ()
    return key if isinstance(key, (list, tuple)) else (key,)


def _fits(key: Any, alg: str) -> bool:
    """Tell whether a key may be meant for an algorithm; what is no JWK is found out when it is used (RFC 7517 §4)."""
    if not isinstance(key, Mapping):
        return True
    row, ops = KEY_MANAGEMENT.get(alg), key.get("key_ops")
    return (
        row is not None
        and row.fits(key.get("kty"), key.get("crv"))
        and key.get("use") in (None, "enc")
        and key.get("alg") in (None, alg)
        and (
            not isinstance(ops, (list, tuple))
            or any(op in ops for op in ("decrypt", "unwrapKey", "deriveKey", "deriveBits"))
        )
    )


def _from_secret(secret: str | None, alg: str, enc: Any) -> Sequence[SharedKey]:
    """Derive the key that client and AS share (OIDC Core section 10.2)."""
    from .._jose import jwe  # noqa: PLC0415  loads cryptography

    row = KEY_MANAGEMENT.get(alg)
    if not secret or row is None or row.kty != ("oct",) or enc not in ENCRYPTION:
        return ()
    return (jwe.key_from_client_secret(secret, alg, enc),)
