"""base64url (RFC 7515 section 2), and which members of a JWK are secret (RFC 7518 section 6)."""

from __future__ import annotations

import base64
import binascii
import re

PRIVATE_JWK_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 section 6


def b64u_encode(data: bytes | str) -> str:
    """Encode bytes, or a string as UTF-8, as base64url without padding (RFC 7515 section 2)."""
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64u_decode(data: str | bytes) -> bytes:
    """Decode base64url, with or without padding.

    Raises:
        ValueError: a character that base64url has not, or an impossible length.
    """
    text = (data.encode() if isinstance(data, str) else data).rstrip(b"=")
    if not re.fullmatch(rb"[A-Za-z0-9_-]*", text):
        msg = "not base64url: only A-Z a-z 0-9 - and _ are allowed"
        raise ValueError(msg)
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        msg = f"not base64url: {len(text)} characters can't be"
        raise ValueError(msg) from None
