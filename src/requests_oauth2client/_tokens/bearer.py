"""Access tokens with what came along (RFC 6749 section 5.1).

A `BearerToken` is a value and an auth handler: it puts itself into a request (RFC 6750 section 2.1). Knows no client
and no HTTP library.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from .._core.auth_flow import leave_behind, record_answer
from .._core.scope import join_scope
from .._core.times import Expiring, expiry, seconds, timestamp
from .._core.urls import is_loopback
from .._core.values import Received
from ..exceptions import ExpiredAccessToken, InsecureTransport, InvalidParam, UnsupportedTokenTypeError

if TYPE_CHECKING:
    from .._oidc.expectations import LoginResponse
    from .._oidc.id_token import IdToken

Req = TypeVar("Req")
OF_THE_ANSWER = frozenset({"_lifetime", "_has_unreadable_id_token"})  # not what the token is


class BearerToken(Expiring, Received):
    """An access token with all that came along, which authenticates requests (RFC 6749 section 5.1, RFC 6750).

    Give it as `auth=` to requests, httpx2 or httpx. Further fields of the answer are attributes and items.

    A subclass may be sent in another way: `AUTHORIZATION_HEADER` and `AUTHORIZATION_SCHEME` say how. `ApiClient` and
    `AsyncApiClient` send no token to another origin after a redirect, and with requests it is removed there too. The
    clients of httpx2 and httpx remove `Authorization` only, and show no redirect that they follow: let none of them
    follow redirects (they don't by default) when a token has another header.

    Args:
        access_token: the access token.
        expires_at: when it expires: a datetime (naive = local time), or seconds since 1970.
        expires_in: or in how many seconds from now; nonsense counts as unknown.
        scope: the granted scope.
        refresh_token: to renew it with.
        token_type: compared case-insensitively with `TOKEN_TYPE` (RFC 6749 section 7.1).
        id_token: the ID token that came with it; an `IdToken` or what one is made of.
        **kwargs: the other fields of the answer.

    Raises:
        UnsupportedTokenTypeError: `token_type` is another one than this class is for.
        InvalidIdToken: `id_token` is not a JWT.
        InvalidParam: a token is not a non-empty string.
    """

    __module__ = "requests_oauth2client.tokens"  # where callers import it from

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
        **kwargs: object,
    ) -> None:
        if token_type is not None and str(token_type).lower() != self.TOKEN_TYPE.lower():
            raise UnsupportedTokenTypeError(token_type, self.TOKEN_TYPE)
        self._set(
            access_token=_token_text(access_token, "access_token"),
            expires_at=expiry(expires_at, expires_in),
            scope=scope if isinstance(scope, str) else join_scope(scope),
            refresh_token=_token_text(refresh_token, "refresh_token") if refresh_token else None,
            token_type=self.TOKEN_TYPE,
            id_token=_read_id_token(id_token) if id_token else None,
            kwargs={name: value for name, value in kwargs.items() if value is not None},
            _lifetime=None if expires_at is not None else seconds(expires_in),
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

        It can be written as JSON: the ID token is its string, `expires_at` seconds since 1970. (The key of a
        `DPoPToken` is the key itself; `TokenSerializer` writes that too.)
        """
        fields = self._fields()
        del fields["expires_in"]
        if self.id_token is not None:
            fields["id_token"] = str(self.id_token)
        if self.expires_at is not None:
            fields["expires_at"] = int(self.expires_at.timestamp())
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def subject(self) -> str | None:
        """The identifier of the user who logged in, `sub` of the ID token; None if an unchecked one has none.

        Raises:
            MissingIdToken: no ID token came with this token, for instance because the scope `openid` was not requested.
        """
        return _id_token_of(self).subject

    @property
    def access_token_jwt(self) -> IdToken:
        """The access token, read as a JWT without checking it (RFC 9068).

        Raises:
            InvalidIdToken: it is opaque, as access tokens may be.
        """
        return _read_id_token(self.access_token)

    def validate_id_token(
        self, client: object, azr: LoginResponse, exp_leeway: int = 0, auth_time_leeway: int = 10
    ) -> BearerToken:
        """Check the ID token against the client's settings and the authorization request.

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
        return validate_id_token(self, client, azr, exp_leeway=exp_leeway, auth_time_leeway=auth_time_leeway)

    def _with_id_token(self, id_token: IdToken) -> BearerToken:
        """Return this token with another ID token, without checking the rest again."""
        return with_id_token(self, id_token)

    def replace(self, **fields: object) -> BearerToken:
        """Return a token of this class with some fields replaced."""
        known = {**self._fields(), **fields}
        if fields.get("expires_in") is None:
            del known["expires_in"]
        elif "expires_at" not in fields:
            del known["expires_at"]  # or it would win
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
            allow_insecure_http: send it over plain http to other machines too. Anyone on the network path can read it.

        Raises:
            InsecureTransport: the request is plain http to another machine.
        """
        if not allow_insecure_http:
            require_secure_transport(request)
        request.headers[self.AUTHORIZATION_HEADER] = self.authorization_header()  # type: ignore[attr-defined]
        if self.AUTHORIZATION_HEADER != "Authorization":
            leave_behind(request, self)
        record_answer(request)
        return request

    def answering(self, request: object) -> Generator[Any, Any, Any]:
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
        return type(self) is type(other) and _without_lifetime(self) == _without_lifetime(other)

    def __hash__(self) -> int:
        return hash((type(self), self.access_token))


def _without_lifetime(token: BearerToken) -> dict[str, Any]:
    return {name: value for name, value in token.__dict__.items() if name not in OF_THE_ANSWER}


def with_id_token(token: BearerToken, id_token: IdToken | None) -> BearerToken:
    """Return a token with another ID token, or with none; the rest stays as it came."""
    copied = object.__new__(type(token))
    copied.__dict__.update(token.__dict__, id_token=id_token)
    return copied


def with_unreadable_id_token(token: BearerToken) -> BearerToken:
    """Return a token that remembers that an id_token came with it which is no JWT."""
    copied = with_id_token(token, None)
    copied.__dict__["_has_unreadable_id_token"] = True
    return copied


def has_unreadable_id_token(token: BearerToken) -> bool:
    """Tell whether an id_token came with it which is no JWT."""
    return "_has_unreadable_id_token" in token.__dict__


def known_lifetime(token: BearerToken) -> float | None:
    """Return the seconds for which a token was valid when it was made; None where only its expiry is known."""
    lifetime: float | None = token.__dict__.get("_lifetime")
    return lifetime


@functools.cache  # an import statement in the function would cost each token 3 µs
def _checks() -> Any:
    from .._oidc import id_token_checks  # noqa: PLC0415  not loaded before there is an ID token to check

    return id_token_checks


def _read_id_token(value: Any) -> IdToken:
    from .._oidc.id_token import IdToken  # noqa: PLC0415  not loaded before there is an ID token

    return value if isinstance(value, IdToken) else IdToken(value)


def _token_text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        kind = "empty" if value == "" else type(value).__name__
        msg = f"The {name} must be a string, not {kind}."
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


def _id_token_of(token: BearerToken) -> IdToken:
    if token.id_token is None:
        msg = "There is no ID token. Request one with the scope openid, from an OpenID provider."
        from .._oidc.id_token import MissingIdToken  # noqa: PLC0415  not loaded before there is an ID token

        raise MissingIdToken(msg)
    return token.id_token


def validate_id_token(
    token: BearerToken, client: Any, azr: LoginResponse, *, exp_leeway: float = 0, auth_time_leeway: float = 10
) -> BearerToken:
    """Check the ID token of a token with the keys that the client holds; see `BearerToken.validate_id_token`."""
    received = _id_token_of(token)
    checks = _checks()
    from .._oidc.expectations import expectations, id_token_settings  # noqa: PLC0415  like the checks

    settings = id_token_settings(client)
    expected = expectations(
        settings,
        azr,
        access_token=token.access_token,
        exp_leeway=exp_leeway,
        auth_time_leeway=auth_time_leeway,
        acr_policy="demand",
    )
    id_token = checks.check_addressees(checks.decrypt(received, settings), expected)
    checks.verify(id_token, settings, client.authorization_server_jwks)
    return token._with_id_token(checks.check_claims(id_token, expected, timestamp()))  # noqa: SLF001  its other half
