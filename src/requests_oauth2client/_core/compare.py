"""The one comparison of secrets. Its duration does not depend on how much of a guess is right."""

from __future__ import annotations

import hmac


def is_same_secret(received: object, expected: str | bytes) -> bool:
    """Return whether a value is the expected one, in a time that depends on lengths only.

    Args:
        received: what came from outside. Anything but a string or bytes is another value.
        expected: what it should be. A string equals its bytes in UTF-8.

    Returns:
        Whether they are equal.
    """
    return isinstance(received, (str, bytes)) and hmac.compare_digest(_octets(received), _octets(expected))


def _octets(value: str | bytes) -> bytes:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else value  # JSON can hold half a character
