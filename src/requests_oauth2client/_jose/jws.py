"""JWS in compact form: sign, take apart, verify (RFC 7515, RFC 8725).

    parse(token) ──► ParsedJws, whose header may be read and whose claims may not yet be believed
    verify(token, keys=, algs=) ──► ParsedJws, whose signature is that of one of the keys

The caller says which algorithms it expects; the algorithm decides the type of key; a shared secret
verifies HMAC and nothing else, a JWKS never verifies HMAC. So no token can choose how it is judged.
Whatever comes, only a `JoseError` goes out. Knows no claim: those are in `claims`.
"""

from __future__ import annotations

import base64
import binascii
import copy
import functools
import hmac
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._http import parse_json_object
from .._redaction import one_line
from ..exceptions import InvalidParam
from .algs import HMAC, SIGNATURE, listed
from .errors import InvalidSignature, MalformedToken, NoMatchingKey, UnsecuredToken, UnsupportedAlg
from .keys import SigningKey, choose_verification_key, secret_key

MAX_SIZE = 1 << 18  # characters of a compact JWS; an ID token has about 1000
MAX_HEADER = 1 << 14  # of these for its header; one with a chain of certificates has about 6000

_encode_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True, eq=False)
class ParsedJws:
    """A JWS, taken apart. Until it is verified, nothing in it is to be believed.

    Attributes:
        header: its protected header; `alg` is a str, `kid` a str where there is one.
        payload: what is signed.
        signing_input: the octets that the signature is over.
        signature: as it came.
    """

    header: dict[str, Any]
    payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def alg(self) -> str:
        """The algorithm that it claims."""
        return str(self.header["alg"])

    @property
    def kid(self) -> str | None:
        """The id of the key that it claims."""
        return self.header.get("kid")

    def claims(self) -> dict[str, Any]:
        """Read the payload as the claims of a JWT (RFC 7519 section 7.2).

        Raises:
            MalformedToken: it is no JSON object.
        """
        return read_json_object(self.payload, "payload")


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
    head = _encode(to_json({name: value for name, value in members.items() if value is not None})) + b"."

    def sign_under(payload: bytes | Mapping[str, Any]) -> str:
        signing_input = head + _encode(payload if isinstance(payload, bytes) else to_json(payload))
        return (signing_input + b"." + _encode(key.sign(signing_input))).decode()

    return sign_under


def parse(token: object) -> ParsedJws:
    """Take a compact JWS apart, strictly.

    Args:
        token: a str, bytes, or an object whose `str()` is the token.

    Raises:
        MalformedToken: it breaks a rule of RFC 7515.
        UnsecuredToken: its alg is none.
    """
    parts = split(token, 3, MAX_SIZE, "JWS")
    header = read_header(parts[0])
    payload, signature = decode(parts[1], "payload"), decode(parts[2], "signature")
    return ParsedJws(header, payload, parts[0] + b"." + parts[1], signature)


def verify(token: object, *, algs: Collection[str], keys: Any = None, secret: str | bytes | None = None) -> ParsedJws:
    """Verify a compact JWS.

    Args:
        token: the token, or what `parse` made of it.
        algs: the algorithms that are expected; all others are refused.
        keys: public keys for asymmetric algorithms: a JWKS, an iterable of JWKs, or one key in any form.
        secret: the shared secret for HMAC.

    Returns:
        The token, taken apart; now its payload can be believed to come from whom the keys belong to.

    Raises:
        MalformedToken: it is no compact JWS.
        UnsupportedAlg: its alg is not in `algs`, or is none (`UnsecuredToken`).
        NoMatchingKey: no key fits its alg and kid, or several do (`AmbiguousKey`).
        InvalidSignature: the key that fits did not sign it.
    """
    parsed, expected = token if isinstance(token, ParsedJws) else parse(token), listed(algs)
    if parsed.alg not in expected or parsed.alg not in SIGNATURE:
        msg = f"The token says alg={one_line(parsed.alg)!r}, expected {sorted(expected)}. It is refused unread."
        raise UnsupportedAlg(msg, received=parsed.alg, expected=sorted(expected))
    if not (_hmac_matches if parsed.alg in HMAC else _signature_matches)(parsed, secret, keys):
        msg = f"The {parsed.alg} signature is not that of the key with kid={one_line(parsed.kid)!r}. It is refused."
        raise InvalidSignature(msg)
    return parsed


def _hmac_matches(parsed: ParsedJws, secret: str | bytes | None, _keys: object) -> bool:
    if not secret:
        msg = f"The token says alg={parsed.alg!r}, which needs a shared secret, and there is none here."
        raise NoMatchingKey(msg)
    return hmac.compare_digest(parsed.signature, secret_key(secret, parsed.alg).sign(parsed.signing_input))


def _signature_matches(parsed: ParsedJws, _secret: object, keys: Any) -> bool:
    key = choose_verification_key(keys, alg=parsed.alg, kid=parsed.kid)
    return key.verify(parsed.signing_input, parsed.signature, parsed.alg)


# --- the parts that JWS and JWE have in common ------------------------------------------------------------


def to_json(value: Mapping[str, Any]) -> bytes:
    """Write a JSON object, short and in ASCII."""
    try:
        return _encode_json(dict(value)).encode()
    except (TypeError, ValueError, RecursionError) as wrong:
        msg = f"This can't be written as JSON: {type(wrong).__name__}. Use str, numbers, bool, None, list and dict."
        raise InvalidParam(msg) from None


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def split(token: object, parts: int, max_size: int, name: str) -> list[bytes]:
    """Split a compact token into its parts."""
    if isinstance(token, bytes):
        octets = token
    else:
        octets = (token if isinstance(token, str) else str(token)).encode("ascii", errors="replace")
    found = octets.split(b".", parts) if len(octets) <= max_size else []
    if len(found) != parts:
        count = "more" if len(found) > parts else len(found)
        came = f"{count} parts between dots" if found else f"{len(octets)} bytes, more than {max_size}"
        msg = f"This is no compact {name}: expected {parts} parts, got {came}."
        raise MalformedToken(msg)
    return found


def decode(part: bytes, name: str) -> bytes:
    """Decode a part; only the one spelling that an encoder makes is taken (RFC 7515 section 2)."""
    try:
        data = base64.urlsafe_b64decode(part + b"==")
    except binascii.Error:
        data = b""
    if _encode(data) != part:
        msg = f"The {name} of the token is not base64url without padding (RFC 7515 section 2)."
        raise MalformedToken(msg)
    return data


def read_json_object(data: bytes, name: str) -> dict[str, Any]:
    """Read a part that has to be a JSON object."""
    try:
        return parse_json_object(data)
    except ValueError as wrong:
        msg = f"The {name} of the token is refused: {wrong}."
        raise MalformedToken(msg) from None


def read_header(part: bytes) -> dict[str, Any]:
    """Read a protected header, and refuse what nobody here understands."""
    known = _known_header(part)
    return {name: value if isinstance(value, str) else copy.deepcopy(value) for name, value in known.items()}


@functools.lru_cache(maxsize=64)  # all tokens of a key have the same header
def _known_header(part: bytes) -> dict[str, Any]:
    if len(part) > MAX_HEADER:
        msg = f"The header of the token has {len(part)} characters, more than {MAX_HEADER}."
        raise MalformedToken(msg)
    header = read_json_object(decode(part, "header"), "header")
    for name in ("alg", "kid", "typ", "cty", "enc"):  # RFC 7515 section 4.1, RFC 7516 section 4.1.2
        if not isinstance(header.get(name, ""), str):
            msg = f"The {name} in the header of the token is a {type(header[name]).__name__}, expected a str."
            raise MalformedToken(msg)
    if not header.get("alg"):
        msg = "The header of the token has no alg (RFC 7515 section 4.1.1)."
        raise MalformedToken(msg)
    if header["alg"].lower() == "none":
        msg = "The token says alg='none': it is not signed, so anybody can have made it. It is refused."
        raise UnsecuredToken(msg, received=header["alg"])
    if "crit" in header or "b64" in header:  # RFC 7515 section 4.1.11, RFC 7797 section 6
        msg = (
            f"The header of the token demands crit={one_line(header.get('crit'))}, b64={one_line(header.get('b64'))};"
            " no such extension is understood here, so the token must be refused (RFC 7515 section 4.1.11)."
        )
        raise MalformedToken(msg)
    return header
