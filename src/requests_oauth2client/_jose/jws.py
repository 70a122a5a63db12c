"""JWS in compact form: sign and verify (RFC 7515, RFC 8725); how one is taken apart stands in `compact`.

    parse(token) ──► ParsedJws, whose header may be read and whose claims may not yet be believed
    verify(token, keys=, algs=) ──► ParsedJws, whose signature is that of one of the keys

The caller says which algorithms it expects; the algorithm decides the type of key; a shared secret
verifies HMAC and nothing else, a JWKS never verifies HMAC. So no token can choose how it is checked.
Whatever comes, only a `JoseError` goes out. Knows no claim: those are in `claims`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .._core.compare import is_same_secret
from .._core.redaction import one_line
from ..exceptions import InvalidParam
from .algs import HMAC, SIGNATURE, listed
from .compact import ParsedJws, encode, parse
from .errors import InvalidSignature, NoMatchingKey, UnsupportedAlg
from .keys import SigningKey, choose_verification_key, secret_key

_encode_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def sign(payload: bytes | Mapping[str, Any], key: SigningKey, *, header: Mapping[str, Any] | None = None) -> str:
    """Make a compact JWS.

    Args:
        payload: bytes as they are; a mapping as JSON.
        key: signs, and says alg and kid.
        header: further members, such as `typ`; one that is None is left out, also `kid`.

    Raises:
        InvalidParam: payload or header can't be written as JSON, or the header names another alg.
    """
    return signer(key, header=header)(payload)


def signer(key: SigningKey, *, header: Mapping[str, Any] | None = None) -> Callable[[bytes | Mapping[str, Any]], str]:
    """Make what signs payloads under one header, encoded once; parameters and errors are those of `sign`."""
    members = {"alg": key.alg, "kid": key.kid, **(header or {})}
    if members["alg"] != key.alg:
        msg = f"The header says alg={one_line(members['alg'])!r}, the key signs with {key.alg!r}. Leave alg out."
        raise InvalidParam(msg)
    head = encode(to_json({name: value for name, value in members.items() if value is not None})) + b"."

    def sign_under(payload: bytes | Mapping[str, Any]) -> str:
        signing_input = head + encode(payload if isinstance(payload, bytes) else to_json(payload))
        return (signing_input + b"." + encode(key.sign(signing_input))).decode()

    return sign_under


def verify(token: object, *, algs: Collection[str], keys: Any = None, secret: str | bytes | None = None) -> ParsedJws:
    """Verify a compact JWS.

    Args:
        token: the token, or what `parse` or `compact.take_apart` made of it.
        algs: the algorithms that are expected; all others are refused.
        keys: public keys for asymmetric algorithms: a JWKS, an iterable of JWKs, or one key in any form.
        secret: the shared secret for HMAC.

    Returns:
        The token, taken apart; now its payload can be believed to come from whom the keys belong to.

    Raises:
        MalformedToken: it is not a compact JWS.
        UnsupportedAlg: its alg is not in `algs`, or is none (`UnsecuredToken`).
        NoMatchingKey: no key fits its alg and kid, or several do (`AmbiguousKey`).
        InvalidSignature: the key that fits did not sign it.
    """
    parsed, expected = parse(token), listed(algs)
    alg = parsed.alg
    if alg not in expected or alg not in SIGNATURE:
        msg = f"The token says alg={one_line(alg)!r}, expected {sorted(expected)}. It is refused unread."
        raise UnsupportedAlg(msg, received=alg, expected=sorted(expected))
    if not (_hmac_matches if alg in HMAC else _signature_matches)(parsed, secret, keys):
        msg = f"The {alg} signature is not that of the key with kid={one_line(parsed.kid)!r}. It is refused."
        raise InvalidSignature(msg)
    return parsed


def _hmac_matches(parsed: ParsedJws, secret: str | bytes | None, _keys: object) -> bool:
    if not secret:
        msg = f"The token says alg={parsed.alg!r}, which needs a shared secret, and none was given."
        raise NoMatchingKey(msg)
    return is_same_secret(parsed.signature, secret_key(secret, parsed.alg).sign(parsed.signing_input))


def _signature_matches(parsed: ParsedJws, _secret: object, keys: Any) -> bool:
    key = choose_verification_key(keys, alg=parsed.alg, kid=parsed.kid)
    return key.verify(parsed.signing_input, parsed.signature, parsed.alg)


def to_json(value: Mapping[str, Any]) -> bytes:
    """Write a JSON object, short and in ASCII."""
    try:
        return _encode_json(dict(value)).encode()
    except (TypeError, ValueError, RecursionError) as wrong:
        msg = f"This can't be written as JSON: {type(wrong).__name__}. Use str, numbers, bool, None, list and dict."
        raise InvalidParam(msg) from None


__all__ = ["ParsedJws", "parse", "sign", "signer", "to_json", "verify"]
