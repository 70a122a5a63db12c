"""Every error of JOSE, in one tree. Callers translate them into the errors of their own rule.

    InvalidKey                     a key that the user passed can't do what it is for (an InvalidParam)
    JoseError                      what came from outside is refused (a ValueError)
    ├── MalformedToken             it is not a compact JWS or JWE, or its header breaks a rule
    ├── UnsupportedAlg             its algorithm is not one that was expected
    │   └── UnsecuredToken         its alg is none
    ├── NoMatchingKey              there is no key for it: fetch the keys again
    │   └── AmbiguousKey           there are several, and nothing says which
    ├── InvalidSignature           another key signed it, or it was changed
    ├── DecryptionFailed           the key does not open it, or it was changed
    └── InvalidClaim               a claim is wrong
        └── MissingClaim ExpiredJwt JwtNotYetValid JwtFromTheFuture MismatchingAudience MismatchingClaim

A message says what came, what was expected and what to do; it shows no key and no token. Loads neither
joserfc nor cryptography, so anyone may import it at the top.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..exceptions import InvalidParam, OAuth2Error


class InvalidKey(InvalidParam):
    """A key can't do what it was passed for. The message never shows key material."""


class JoseError(OAuth2Error, ValueError):
    """A token from outside is refused.

    Attributes:
        received: what came, where that can be shown.
        expected: what was expected.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "received", "expected")

    def __init__(self, description: str, *, received: Any = None, expected: Any = None) -> None:
        self.received, self.expected = received, expected
        super().__init__(description=description)

    def _text(self) -> str:
        return self.description or ""


class MalformedToken(JoseError):
    """It is no compact JWS or JWE, or its header breaks a rule (RFC 7515 section 5.2, RFC 7516 section 5.2)."""


class UnsupportedAlg(JoseError):
    """Its algorithm is not one that was expected here (RFC 8725 section 3.1)."""


class UnsecuredToken(UnsupportedAlg):
    """Its alg is `none`: anyone can have made it (RFC 8725 section 3.2)."""


class NoMatchingKey(JoseError):
    """No known key fits the token."""


class AmbiguousKey(NoMatchingKey):
    """Several known keys fit the token, and it does not say which one made it."""


class InvalidSignature(JoseError):
    """The signature is not that of the expected key."""


class DecryptionFailed(JoseError):
    """The token can't be decrypted with this key, or was changed on its way."""


class InvalidClaim(JoseError):
    """A claim of a JWT is wrong (RFC 7519 section 4.1).

    Attributes:
        claim: its name.
    """

    kept: ClassVar[tuple[str, ...]] = (*JoseError.kept, "claim")

    def __init__(self, description: str, *, claim: str, received: Any = None, expected: Any = None) -> None:
        self.claim = claim
        super().__init__(description, received=received, expected=expected)


class MissingClaim(InvalidClaim):
    """A claim that is needed is not there."""

    def __init__(self, claim: str) -> None:
        super().__init__(f"The JWT has no {claim}, which is required here.", claim=claim)


class ExpiredJwt(InvalidClaim):
    """`exp` has passed (RFC 7519 section 4.1.4)."""


class JwtNotYetValid(InvalidClaim):
    """`nbf` has not come yet (RFC 7519 section 4.1.5)."""


class JwtFromTheFuture(InvalidClaim):
    """`iat` has not come yet (RFC 7519 section 4.1.6): one of the two clocks is wrong."""


class MismatchingAudience(InvalidClaim):
    """`aud` names others (RFC 7519 section 4.1.3)."""


class MismatchingClaim(InvalidClaim):
    """A claim is not the value that was expected."""
