"""ID tokens as values, and the errors of checking them (OIDC Core sections 2 and 3.1.3.7).

An `IdToken` is a JWT that knows whether it was checked; `id_token_checks` decides that.
"""

from __future__ import annotations

import importlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .._core.times import is_past, moment
from .._core.values import NotPickled
from .._jose import compact
from .._jose.errors import MalformedToken
from ..exceptions import OAuth2Error

if TYPE_CHECKING:
    from .._jose.compact import ParsedJws


class InvalidIdToken(OAuth2Error, ValueError):
    """An ID token is not acceptable (OIDC Core section 3.1.3.7).

    Attributes:
        token: the ID token.
        renewed_token: after a refresh, what the AS issued with it: the access token and the refresh token that is now
            the valid one, with the ID token of the login; else None.
    """

    renewed_token: Any = None

    def __init__(self, description: str, token: object = None) -> None:
        super().__init__(description=description)
        self.token = token

    def _text(self) -> str:
        return self.description or ""


class MissingIdToken(InvalidIdToken):
    """There is no ID token where one is needed."""


class ExpiredIdToken(InvalidIdToken):
    """The ID token is expired."""


class StaleIdToken(InvalidIdToken):
    """The ID token was issued longer ago than the client allows (OIDC Core section 3.1.3.7, rule 10)."""


class UnsupportedIdTokenAlg(InvalidIdToken):
    """The ID token is signed or encrypted with an algorithm that can't be used here."""


class MismatchingIdTokenIssuer(InvalidIdToken):
    """The `iss` is not the issuer of the AS that was asked."""


class MismatchingIdTokenNonce(InvalidIdToken):
    """The `nonce` is not the one of the authorization request."""


class MismatchingIdTokenAcr(InvalidIdToken):
    """The `acr` is none of those that the authorization request asked for."""


class MismatchingIdTokenAudience(InvalidIdToken):
    """The `aud` does not name this client."""


class MismatchingIdTokenAzp(InvalidIdToken):
    """The `azp` is not this client."""


class MismatchingIdTokenAlg(InvalidIdToken):
    """The ID token is signed or encrypted with another algorithm than this client is registered for."""


class MismatchingIdTokenSubject(InvalidIdToken):
    """The `sub` is not that of the login (OIDC Core section 12.2)."""


class MismatchingIdTokenAuthTime(InvalidIdToken):
    """The user logged in longer ago than `max_age` allows, or at another time than at the login."""


class MismatchingIdTokenHash(InvalidIdToken):
    """`at_hash`, `c_hash` or `s_hash` is not that of the access token, code or state (OIDC Core section 3.3.2.11)."""


class MissingIdTokenClaim(InvalidIdToken):
    """A claim that every ID token has to have is not there (OIDC Core section 2)."""


class MissingIdTokenKey(InvalidIdToken):
    """There is no key to verify or decrypt the ID token with, or several and nothing says which."""


class InvalidIdTokenSignature(InvalidIdToken):
    """The ID token is not signed with the AS's key, or was changed."""


class IdToken(NotPickled):
    """An ID token: a JWT about the user's login (OIDC Core section 2).

    Claims are attributes: `id_token.email`. It equals its string.

    Args:
        value: the compact JWT; any object whose `str()` it is, or bytes.
        checked: whether signature and claims were checked; set by this package only.

    Attributes:
        checked: True after validation. Don't rely on what an unchecked token says.
        missed_acr_values: the `acr_values` that the request asked for, where the `acr` is none of them; else empty. The
            server may do that (OIDC Core section 5.5.1.1): `acr_policy` of the client, or an essential `acr` in the
            `claims` of the request, make it an error.
        headers: the JOSE header.
        claims: the payload; reading it raises `InvalidIdToken` while the token is encrypted.

    Raises:
        InvalidIdToken: this is not a JWT.
    """

    pickle_advice = "Store `str(id_token)`, and validate it again when you load it."

    if TYPE_CHECKING:  # the claims of OIDC Core sections 2 and 5.1 that programs use most; all are attributes and items
        iss: str
        sub: str
        aud: str | list[str]
        exp: int
        iat: int
        auth_time: int
        nonce: str
        acr: str
        amr: list[str]
        azp: str
        sid: str
        jti: str
        name: str
        preferred_username: str
        email: str
        email_verified: bool

    def __init__(self, value: object, *, checked: bool = False) -> None:
        self.value = (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip()
        self.checked = checked
        self.missed_acr_values: tuple[str, ...] = ()
        try:
            self._take_apart()
        except MalformedToken as wrong:
            msg = f"This is no JWT: {wrong}"
            raise InvalidIdToken(msg) from None

    def _take_apart(self) -> None:
        self._jws: ParsedJws | None = None  # while it is encrypted
        self._claims: dict[str, Any] | None = None
        if compact.is_jwe(self.value):
            self.headers = compact.read_jwe_header(self.value)
        else:
            self._jws = compact.take_apart(self.value)
            self.headers, self._claims = self._jws.header, self._jws.claims()

    @property
    def is_encrypted(self) -> bool:
        """Tell whether the claims are still encrypted (RFC 7516)."""
        return self._claims is None

    @property
    def claims(self) -> dict[str, Any]:
        """The payload, checked or not."""
        if self._claims is None:
            msg = "This ID token is encrypted. Give the client an id_token_decryption_key and validate the token."
            raise InvalidIdToken(msg, self)
        return self._claims

    @property
    def alg(self) -> str | None:
        """The `alg` of the header."""
        return _text(self.headers.get("alg"))

    @property
    def kid(self) -> str | None:
        """The `kid` of the header."""
        return _text(self.headers.get("kid"))

    @property
    def issuer(self) -> str | None:
        """The `iss` claim."""
        return _text(self.claims.get("iss"))

    @property
    def subject(self) -> str | None:
        """The `sub` claim."""
        return _text(self.claims.get("sub"))

    @property
    def audiences(self) -> list[str]:
        """The `aud` claim as a list."""
        aud = self.claims.get("aud")
        return (
            [aud] if isinstance(aud, str) else [a for a in aud if isinstance(a, str)] if isinstance(aud, list) else []
        )

    @property
    def authorized_party(self) -> str | None:
        """The `azp` claim."""
        return _text(self.claims.get("azp"))

    @property
    def expires_at(self) -> datetime | None:
        """The `exp` claim, aware, UTC."""
        return moment(self.claims.get("exp"))

    @property
    def issued_at(self) -> datetime | None:
        """The `iat` claim, aware, UTC."""
        return moment(self.claims.get("iat"))

    @property
    def auth_datetime(self) -> datetime | None:
        """The `auth_time` claim, aware, UTC: when the user really logged in."""
        return moment(self.claims.get("auth_time"))

    def is_expired(self, leeway: float = 0) -> bool | None:
        """Tell whether it is expired, or will be within `leeway` seconds; None when it does not say."""
        return is_past(self.expires_at, leeway)

    def validate(self, issuer: str, jwk: object, nonce: str | None = None) -> IdToken:
        """Check who signed this ID token, and when, without a client; it does not become `checked`.

        Whom it is for is not compared: `OAuth2Client.check_id_token` does that too.

        Args:
            issuer: who has to be the issuer.
            jwk: the public key of the issuer, or its JWKS.
            nonce: the nonce that was sent; without one, it is not compared.

        Returns:
            This ID token.

        Raises:
            InvalidIdToken: or one of its subclasses, each for one rule.

        Source: OIDC Core section 3.1.3.7.
        """
        checks = importlib.import_module("requests_oauth2client._oidc.id_token_checks")  # which knows this class
        checks.validate_alone(self, issuer, jwk, nonce)
        return self

    def _as_checked(self, missed_acr_values: tuple[str, ...] = ()) -> IdToken:
        """Return this token as one that was checked, without reading it again."""
        checked = object.__new__(type(self))
        checked.__dict__.update(self.__dict__, checked=True, missed_acr_values=missed_acr_values)
        return checked

    if not TYPE_CHECKING:  # or every misspelt name would pass

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or self._claims is None or name not in self._claims:
                raise AttributeError(name)
            return self._claims[name]

    def __getitem__(self, name: str) -> Any:
        return self.claims[name]

    def __contains__(self, name: object) -> bool:
        return name in self.claims

    def __str__(self) -> str:
        return self.value

    def __bytes__(self) -> bytes:
        return self.value.encode()

    def __repr__(self) -> str:
        return f"<IdToken alg={self.alg!r} {'checked' if self.checked else 'unchecked'}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (str, IdToken)):
            return self.value == str(other)
        return bytes(self) == other if isinstance(other, bytes) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


for _public in (IdToken, InvalidIdToken, *InvalidIdToken.__subclasses__()):
    _public.__module__ = "requests_oauth2client.tokens"  # where callers import it from
