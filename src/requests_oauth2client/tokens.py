"""What an authorization server gives: access tokens, with what comes along, and ID tokens.

A `BearerToken` is a value and an auth handler: it puts itself into a request (RFC 6750 section 2.1).
An `IdToken` is a JWT that says whether it was checked (OIDC Core section 2). Knows no client and no HTTP
library; whether an ID token is right is decided in `_id_token_check`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ._jose import compact
from ._jose.errors import MalformedToken
from ._redaction import one_line
from ._times import Expiring, expiry, is_past, moment
from ._values import NotPickled, Received
from .exceptions import ExpiredAccessToken, InsecureTransport, InvalidParam, OAuth2Error
from .utils import is_loopback, join_scope

if TYPE_CHECKING:
    from ._jose.compact import ParsedJws
    from .authorization_request import AuthorizationResponse
    from .dpop import DPoPToken
else:

    def __getattr__(name: str) -> Any:
        """Give DPoPToken, which is a BearerToken and so can't be loaded before this module is."""
        if name != "DPoPToken":
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from .dpop import DPoPToken  # noqa: PLC0415

        return DPoPToken


Req = TypeVar("Req")


class UnsupportedTokenTypeError(InvalidParam):
    """The `token_type` is not the one that this class is for (RFC 6749 section 7.1)."""

    def __init__(self, token_type: Any, expected: str) -> None:
        super().__init__(f"The token_type is {one_line(token_type)!r}, expected {expected!r}.")
        self.token_type, self.expected = token_type, expected


class InvalidIdToken(OAuth2Error, ValueError):
    """An ID token is not acceptable (OIDC Core section 3.1.3.7)."""

    def __init__(self, description: str, token: Any = None) -> None:
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
        checked: whether signature and claims were checked; code of this package says so, nobody else should.

    Attributes:
        checked: True after validation. What an unchecked token says is nothing to rely on.
        headers: the JOSE header.
        claims: the payload; reading it raises `InvalidIdToken` while the token is encrypted.

    Raises:
        InvalidIdToken: this is no JWT.
    """

    pickle_advice = "Store `str(id_token)`, and validate it again when you load it."

    def __init__(self, value: Any, *, checked: bool = False) -> None:
        self.value = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
        self.checked = checked
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

    def _as_checked(self) -> IdToken:
        """Return this token as one that was checked, without reading it again."""
        checked = object.__new__(type(self))
        checked.__dict__.update(self.__dict__, checked=True)
        return checked

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


class BearerToken(Expiring, Received):
    """An access token with all that came along, which authenticates requests (RFC 6749 section 5.1, RFC 6750).

    Give it as `auth=` to requests, httpx2 or httpx. Further fields of the answer are attributes and items.

    Args:
        access_token: the access token.
        expires_at: when it expires: a datetime (naive = local time), or seconds since 1970.
        expires_in: or in how many seconds from now; nonsense counts as unknown.
        scope: the granted scope.
        refresh_token: to renew it with.
        token_type: compared case-insensitively with `TOKEN_TYPE`.
        id_token: the ID token that came with it; an `IdToken` or what one is made of.
        **kwargs: the other fields of the answer.

    Raises:
        UnsupportedTokenTypeError: `token_type` is another one than this class is for.
        InvalidIdToken: `id_token` is no JWT.
        InvalidParam: a token is not a non-empty text.
    """

    TOKEN_TYPE: ClassVar[str] = "Bearer"
    AUTHORIZATION_HEADER: ClassVar[str] = "Authorization"
    AUTHORIZATION_SCHEME: ClassVar[str] = "Bearer"
    pickle_advice = "Use TokenSerializer, or store `as_dict()` where secrets may be stored."

    access_token: str
    refresh_token: str | None
    scope: str | None
    token_type: str
    id_token: IdToken | None
    expires_at: datetime | None

    def __init__(
        self,
        /,
        access_token: str,
        *,
        expires_at: datetime | float | str | None = None,
        expires_in: float | str | None = None,
        scope: str | list[str] | None = None,
        refresh_token: str | None = None,
        token_type: str | None = None,
        id_token: IdToken | str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        if token_type is not None and str(token_type).lower() != self.TOKEN_TYPE.lower():
            raise UnsupportedTokenTypeError(token_type, self.TOKEN_TYPE)
        self._set(
            access_token=_token_text(access_token, "access_token"),
            expires_at=expiry(expires_at, expires_in),
            scope=scope if isinstance(scope, str) else join_scope(scope),
            refresh_token=_token_text(refresh_token, "refresh_token") if refresh_token else None,
            token_type=self.TOKEN_TYPE,
            id_token=id_token if isinstance(id_token, IdToken) else IdToken(id_token) if id_token else None,
            kwargs={name: value for name, value in kwargs.items() if value is not None},
        )

    def _set(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        msg = f"A {type(self).__name__} does not change: {name!r} can't be set. Make another one."
        raise AttributeError(msg)

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __getitem__(self, name: str) -> Any:
        return self._fields()[name]

    def __contains__(self, name: object) -> bool:
        if name == "expires_in":
            return self.expires_at is not None
        return self._fields().get(name) is not None  # type: ignore[call-overload]

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def _fields(self) -> dict[str, Any]:
        fields = {name: value for name, value in self.__dict__.items() if name != "kwargs" and not name.startswith("_")}
        return {**self.__dict__["kwargs"], **fields, "expires_in": self.expires_in}

    def as_dict(self) -> dict[str, Any]:
        """Return all fields that have a value; `type(token)(**token.as_dict())` equals the token.

        The ID token is its string, `expires_at` an aware datetime.
        """
        fields = self._fields()
        del fields["expires_in"]
        if self.id_token is not None:
            fields["id_token"] = str(self.id_token)
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def access_token_jwt(self) -> IdToken:
        """The access token, read as a JWT without checking it (RFC 9068).

        Raises:
            InvalidIdToken: it is opaque, as access tokens may be.
        """
        return IdToken(self.access_token)

    def validate_id_token(
        self, client: Any, azr: AuthorizationResponse, exp_leeway: int = 0, auth_time_leeway: int = 10
    ) -> BearerToken:
        """Check the ID token against the client's registration and the authorization request.

        Args:
            client: the client that got this token; its issuer, keys and algorithms count.
            azr: the response that `AuthorizationRequest.validate_callback` returned.
            exp_leeway: seconds for which an expired ID token is still taken.
            auth_time_leeway: seconds of clock difference that `max_age` allows for.

        Returns:
            This token with its `id_token` checked, and decrypted if it was encrypted.

        Raises:
            InvalidIdToken: or one of its subclasses, each for one rule.

        Source: OIDC Core section 3.1.3.7.
        """
        return _validate_id_token()(self, client, azr, exp_leeway=exp_leeway, auth_time_leeway=auth_time_leeway)

    def _with_id_token(self, id_token: IdToken) -> BearerToken:
        """Return this token with another ID token, without judging the rest again."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__, id_token=id_token)
        return copied

    def replace(self, **fields: Any) -> BearerToken:
        """Return a token of this class with some fields replaced."""
        known = {**self._fields(), **fields}
        if "expires_in" not in fields:
            del known["expires_in"]
        return type(self)(**known)

    def authorization_header(self) -> str:
        """Return the value of the header that carries it (RFC 6750 section 2.1)."""
        return f"{self.AUTHORIZATION_SCHEME} {self.access_token}"

    def __call__(self, request: Req) -> Req:
        """Put the token into a request of requests, httpx2 or httpx.

        Raises:
            ExpiredAccessToken: it is expired.
            InsecureTransport: the request is plain http to another machine.
        """
        if self.is_expired():
            raise ExpiredAccessToken(self)
        return self.authenticate(request)

    def authenticate(self, request: Req, *, allow_insecure_http: bool = False) -> Req:
        """Put the token into a request without asking its expiry.

        Args:
            request: anything with `url` and changeable `headers`.
            allow_insecure_http: send it over plain http to other machines too. Whoever is on the way reads it.

        Raises:
            InsecureTransport: the request is plain http to another machine.
        """
        if not allow_insecure_http:
            require_secure_transport(request)
        request.headers[self.AUTHORIZATION_HEADER] = self.authorization_header()  # type: ignore[attr-defined]
        return request

    def answering(self, request: Any) -> Generator[Any, Any, Any]:
        """Yield an authenticated request, be sent its answer, and return that; a bearer token leaves it at that."""
        return (yield request)

    def __str__(self) -> str:
        return self.access_token

    def __repr__(self) -> str:
        until = f" expires_at={self.expires_at.isoformat()}" if self.expires_at else ""
        scope = f" scope={self.scope!r}" if self.scope else ""
        has = "".join(f" +{name}" for name in ("refresh_token", "id_token") if getattr(self, name))
        return f"<{type(self).__name__}{until}{scope}{has}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BearerToken):
            return NotImplemented
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.access_token))


@functools.cache  # an import statement in the method would cost each token 3 µs
def _validate_id_token() -> Callable[..., BearerToken]:
    from ._id_token_check import validate_id_token  # noqa: PLC0415  it knows this module

    return validate_id_token


def _token_text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        kind = "empty" if value == "" else type(value).__name__
        msg = f"The {name} must be a text, not {kind}."
        raise InvalidParam(msg)
    if not (value.isascii() and value.isprintable()):  # RFC 6749 appendix A.12: VSCHAR
        msg = f"The {name} has characters that no token may have (RFC 6749 appendix A.12)."
        raise InvalidParam(msg)
    return value


def require_secure_transport(request: Any) -> None:
    """Refuse a request that would carry a token over plain http to another machine (RFC 6750 section 5.3)."""
    url = request.url
    if isinstance(url, str):
        if url.startswith("https://"):
            return
        from urllib.parse import urlsplit  # noqa: PLC0415  only where it is not https

        url = urlsplit(url)
    host = getattr(url, "hostname", None) or getattr(url, "host", None)
    if url.scheme != "https" and not is_loopback(host):
        raise InsecureTransport(str(request.url))


__all__ = [
    "BearerToken",
    "DPoPToken",
    "ExpiredIdToken",
    "IdToken",
    "InvalidIdToken",
    "InvalidIdTokenSignature",
    "MismatchingIdTokenAcr",
    "MismatchingIdTokenAlg",
    "MismatchingIdTokenAudience",
    "MismatchingIdTokenAuthTime",
    "MismatchingIdTokenAzp",
    "MismatchingIdTokenHash",
    "MismatchingIdTokenIssuer",
    "MismatchingIdTokenNonce",
    "MismatchingIdTokenSubject",
    "MissingIdToken",
    "MissingIdTokenClaim",
    "MissingIdTokenKey",
    "StaleIdToken",
    "UnsupportedIdTokenAlg",
    "UnsupportedTokenTypeError",
]
