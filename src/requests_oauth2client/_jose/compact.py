"""The compact form of JWS and JWE: parts between dots, each base64url, the first a JSON object (RFC 7515 section 7.1).

    take_apart(token) ──► ParsedJws, not checked
    parse(token) ──► ParsedJws whose header keeps the rules, and whose claims may not yet be believed

Strict, and bounded in size and depth; whatever comes, only a `MalformedToken` or an `UnsecuredToken` goes out.
Knows no key: loads neither cryptography nor joserfc, so anyone may import it at the top.
"""

from __future__ import annotations

import binascii
import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.messages import parse_json_object
from .._core.redaction import one_line
from .errors import MalformedToken, UnsecuredToken

MAX_SIZE = 1 << 18  # characters of a compact JWS; an ID token has about 1000, one with hundreds of groups 20 000
MAX_HEADER = 1 << 14  # of these for its header; one with a chain of certificates has about 6000

_STANDARD, _URLSAFE = bytes.maketrans(b"-_", b"+/"), bytes.maketrans(b"+/", b"-_")  # RFC 4648 section 5


@dataclass(slots=True, eq=False)  # one for each token: freezing would cost it a microsecond
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
        return str(self.header.get("alg"))

    @property
    def kid(self) -> str | None:
        """The id of the key that it claims."""
        return self.header.get("kid")

    def claims(self) -> dict[str, Any]:
        """Read the payload as the claims of a JWT (RFC 7519 section 7.2).

        Raises:
            MalformedToken: it is not JSON object.
        """
        return read_json_object(self.payload, "payload")


def take_apart(token: object) -> ParsedJws:
    """Take a compact JWS apart, strictly, without checking what it says: not even whether its header has an alg.

    Args:
        token: a str, bytes, or an object whose `str()` is the token.

    Raises:
        MalformedToken: it is not a compact JWS.
    """
    head, body, tail = split(token, 3, MAX_SIZE, "JWS")
    return ParsedJws(read_header(head), decode(body, "payload"), b"%b.%b" % (head, body), decode(tail, "signature"))


def parse(token: object) -> ParsedJws:
    """Take a compact JWS apart, and check its header.

    Args:
        token: a str, bytes, an object whose `str()` is the token, or what `take_apart` made of it.

    Raises:
        MalformedToken: it breaks a rule of RFC 7515.
        UnsecuredToken: its alg is `none`.
    """
    parsed = token if isinstance(token, ParsedJws) else take_apart(token)
    check_header(parsed.header)
    return parsed


def is_jwe(token: str) -> bool:
    """Tell whether a compact token is an encrypted one, which has five parts (RFC 7516 section 9)."""
    return token.count(".") == 4  # noqa: PLR2004  dots


def read_jwe_header(token: str) -> dict[str, Any]:
    """Read the protected header of a compact JWE, without checking it."""
    return read_header(split(token, 5, MAX_SIZE, "JWE")[0])


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
        msg = f"This is no compact {name}; expected {parts} parts, got {came}."
        raise MalformedToken(msg)
    return found


def decode(part: bytes, name: str) -> bytes:
    """Decode a part; only the one spelling that an encoder makes is taken (RFC 7515 section 2)."""
    try:
        data = binascii.a2b_base64(part.translate(_STANDARD) + b"==")
    except binascii.Error:
        data = b""
    if encode(data) != part:
        msg = f"The {name} of the token is not base64url without padding (RFC 7515 section 2)."
        raise MalformedToken(msg)
    return data


def encode(data: bytes) -> bytes:
    """Encode a part (RFC 7515 section 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_URLSAFE).rstrip(b"=")


def read_json_object(data: bytes, name: str) -> dict[str, Any]:
    """Read a part that has to be a JSON object."""
    try:
        return parse_json_object(data)
    except ValueError as wrong:
        msg = f"The {name} of the token is refused: {wrong}."
        raise MalformedToken(msg) from None


def read_header(part: bytes) -> dict[str, Any]:
    """Read a protected header, without checking it."""
    known, is_flat = _known_header(part)
    return known.copy() if is_flat else copy.deepcopy(known)


@functools.lru_cache(maxsize=64)  # all tokens of a key have the same header
def _known_header(part: bytes) -> tuple[dict[str, Any], bool]:
    if len(part) > MAX_HEADER:
        msg = f"The header of the token has {len(part)} characters, more than {MAX_HEADER}."
        raise MalformedToken(msg)
    header = read_json_object(decode(part, "header"), "header")
    return header, not any(isinstance(value, (dict, list)) for value in header.values())


def check_header(header: Mapping[str, Any]) -> None:
    """Check a protected header, and refuse extensions that are not supported."""
    for name in ("alg", "kid", "typ", "cty", "enc"):  # RFC 7515 section 4.1, RFC 7516 section 4.1.2
        if not isinstance(header.get(name, ""), str):
            msg = f"The {name} in the header of the token is a {type(header[name]).__name__}, expected a str."
            raise MalformedToken(msg)
    if not header.get("alg"):
        msg = "The header of the token has no alg (RFC 7515 section 4.1.1)."
        raise MalformedToken(msg)
    if header["alg"].lower() == "none":
        msg = "The token says alg='none': it is not signed, so anyone can have made it. It is refused."
        raise UnsecuredToken(msg, received=header["alg"])
    if "crit" in header or "b64" in header:  # RFC 7515 section 4.1.11, RFC 7797 section 6
        msg = (
            f"The header of the token demands crit={one_line(header.get('crit'))}, b64={one_line(header.get('b64'))};"
            " no such extension is understood here, so the token must be refused (RFC 7515 section 4.1.11)."
        )
        raise MalformedToken(msg)
