"""PKCE: the redeemer of a code is the one who asked for it (RFC 7636).

verifier -> challenge (section 4.2). Knows no client and no HTTP. A verifier never shows in a message.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import ClassVar

from ._core.compare import is_same_secret
from ._core.encoding import b64u_encode
from ._core.redaction import one_line
from .exceptions import InvalidParam


class InvalidCodeVerifierParam(InvalidParam):
    """A code_verifier is not what RFC 7636 section 4.1 allows."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"A code_verifier is 43 to 128 characters out of A-Z a-z 0-9 - . _ ~; {problem}."
            " Leave it out, or make one with PkceUtils.generate_code_verifier()."
        )


class UnsupportedCodeChallengeMethod(InvalidParam):
    """A code_challenge_method is none of those known here (RFC 7636 section 4.2)."""

    def __init__(self, method: object) -> None:
        super().__init__(
            f"The code_challenge_method is {one_line(method)!r}, expected one of {', '.join(CHALLENGE_METHODS)}."
            " Use S256, which every server with PKCE has; None on an authorization request means no PKCE."
        )
        self.method = method


def _s256(verifier: str) -> str:
    return b64u_encode(hashlib.sha256(verifier.encode()).digest())


def _plain(verifier: str) -> str:
    return verifier


CHALLENGE_METHODS: dict[str, Callable[[str], str]] = {"S256": _s256, "plain": _plain}


class PkceUtils:
    """Make and check the two halves of PKCE: the secret verifier, and the challenge that is shown to the AS."""

    CODE_VERIFIER_PATTERN: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")

    @classmethod
    def generate_code_verifier(cls) -> str:
        """Make a verifier of 128 characters, out of 768 random bits.

        Source: RFC 7636 section 4.1.
        """
        return secrets.token_urlsafe(96)

    @classmethod
    def check_code_verifier(cls, verifier: object) -> str:
        """Return a verifier, given as a str or bytes, as a str.

        Raises:
            InvalidCodeVerifierParam: too short, too long, or with other characters than the allowed ones.
        Source: RFC 7636 section 4.1.
        """
        if not isinstance(verifier, (str, bytes)):
            problem = f"this is a {type(verifier).__name__}"
            raise InvalidCodeVerifierParam(problem)
        text = verifier.decode("ascii", "replace") if isinstance(verifier, bytes) else verifier
        if not cls.CODE_VERIFIER_PATTERN.fullmatch(text):
            problem = f"this one has {len(text)}" + (", some of them others" if 43 <= len(text) <= 128 else "")  # noqa: PLR2004
            raise InvalidCodeVerifierParam(problem)
        return text

    @classmethod
    def derive_challenge(cls, verifier: str | bytes, method: str = "S256") -> str:
        """Return the challenge for a verifier.

        Args:
            verifier: the code_verifier.
            method: `S256`, or `plain`, whose challenge is the verifier itself.

        Raises:
            InvalidCodeVerifierParam: this can't be a verifier.
            UnsupportedCodeChallengeMethod: the method is another one.
        Source: RFC 7636 section 4.2.
        """
        derive = CHALLENGE_METHODS.get(method)
        if derive is None:
            raise UnsupportedCodeChallengeMethod(method)
        return derive(cls.check_code_verifier(verifier))

    @classmethod
    def generate_code_verifier_and_challenge(cls, method: str = "S256") -> tuple[str, str]:
        """Make a verifier, and return it with its challenge.

        Raises:
            UnsupportedCodeChallengeMethod: the method is neither `S256` nor `plain`.
        Source: RFC 7636 sections 4.1 and 4.2.
        """
        verifier = cls.generate_code_verifier()
        return verifier, cls.derive_challenge(verifier, method)

    @classmethod
    def validate_code_verifier(cls, verifier: str | bytes, challenge: str | bytes, method: str = "S256") -> bool:
        """Tell whether a verifier is the one behind a challenge, in constant time.

        Raises:
            InvalidCodeVerifierParam: this can't be a verifier.
            UnsupportedCodeChallengeMethod: the method is neither `S256` nor `plain`.
        Source: RFC 7636 section 4.6.
        """
        return is_same_secret(challenge, cls.derive_challenge(verifier, method))


__all__ = ["CHALLENGE_METHODS", "InvalidCodeVerifierParam", "PkceUtils", "UnsupportedCodeChallengeMethod"]
