"""Request objects: an authorization request as a JWT (JAR, RFC 9101), by value or by reference.

    AuthorizationRequest.sign(jwk) ──────────────► RequestParameterAuthorizationRequest     ?client_id=&request=
    pushed (RFC 9126), or published somewhere ───► RequestUriParameterAuthorizationRequest  ?client_id=&request_uri=

Both are what the browser is sent with, and remember the request that they stand for, which validates the callback.
Knows no client and no HTTP.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import profiles
from .._core.encoding import b64u_encode
from .._core.issuers import exact
from .._core.messages import Form
from .._core.options import accept_further
from .._core.story import sent
from .._core.times import Expiring, expiry, now
from .._core.urls import validate_endpoint_uri
from .._core.values import NotPickled
from ..exceptions import InvalidParam
from .callback import AuthorizationResponse
from .params import KNOWN, InvalidAuthorizationRequestParam, text
from .values import SentRequest, Spelled, further

OPENID = "openid"
JWE_DOTS = 4  # RFC 7516 section 3.1
TYP = "oauth-authz-req+jwt"  # RFC 9101 section 10.8
CLAIMS = frozenset("iss aud exp iat nbf jti sub lifetime alg sign_alg enc_alg enc".split())
DEFAULT_ENCRYPTION = {"RSA": "RSA-OAEP-256", "EC": "ECDH-ES+A128KW", "OKP": "ECDH-ES+A128KW", "oct": "dir"}  # by kty


class InvalidPushedAuthorizationRequest(InvalidParam):
    """This can't be pushed: it is a reference already, or it is another client's request (RFC 9126 section 2.1)."""


class MissingRequestObjectSigningKey(InvalidParam):
    """An authorization request has to be signed, and the client has no key to sign it with (RFC 9101 section 10.5)."""

    def __init__(self) -> None:
        super().__init__(
            "The AS takes signed authorization requests only, and this client has no key to sign them with. Pass"
            " request_object_signing_key= to the client, or let it authenticate with private_key_jwt."
        )


@dataclass(frozen=True)
class BrowserRequest(NotPickled):
    """What the user's browser has to send."""

    url: str = field(repr=False)  # holds state and nonce
    method: str = "GET"


def join_query(endpoint: str, form: Form) -> str:
    """Add parameters to the URL of an authorization endpoint, whose own query is kept (RFC 6749 section 3.1)."""
    joint = "" if endpoint.endswith(("?", "&")) else "&" if "?" in endpoint else "?"
    return f"{endpoint}{joint}{form.encode().decode()}"


class _Unsigned:
    """What stands in the place of a key where there is none."""

    alg = "none"
    public_jwk = None


class Signable:
    """What makes request objects of an authorization request (RFC 9101)."""

    profile: str | None

    def sign_request_jwt(
        self, jwk: object, alg: str | None = None, lifetime: float | None = None, **claims: object
    ) -> str:
        """Return this request as a signed JWT, a request object.

        Args:
            jwk: the private key: a JWK, a `cryptography` key, PEM, or a signer that keeps its key elsewhere.
            alg: the algorithm, where the JWK does not say its own.
            lifetime: seconds for which it is good: adds `iat` and `exp`. By default, the claims are exactly the
                parameters of the request; under the profile `fapi2` there are always iss, aud, iat, nbf, exp and jti.
            **claims: further claims. For `iss`, `aud`, `iat`, `nbf` and `jti`, True fills the right value in:
                client_id, issuer, now, now and a random one. Many servers demand `iss=True, aud=True`.
                `extra={...}` has claims whose names look like misspellings of others.

        Raises:
            InvalidKey: the key can't sign with this algorithm.
            ProfileViolation: the profile of the request forbids the algorithm, a claim or the lifetime.
            UnknownParam: a further claim is spelled almost like a known one.
            InvalidAuthorizationRequestParam: a claim is a parameter of the request already, or may not be in a
                request object; or `aud` is to be filled in and the issuer is not known.

        Source: RFC 9101 sections 4 and 6.1.
        """
        from .._jose import jws  # noqa: PLC0415  loads cryptography

        key = profiles.signing_key(self.profile, jwk, alg, symmetric=True)
        return jws.sign(self._claims(lifetime, claims), key, header={"typ": TYP})

    def unsigned_request_jwt(self, lifetime: float | None = None, **claims: object) -> str:
        """Return this request as an unsigned JWT: anyone who can change it on its way can ask for something else.

        Only for a client that is registered with `request_object_signing_alg` none, at an OP that fetches it itself,
        over https. RFC 9101 section 4 forbids it; sign where you can.

        Args:
            lifetime: seconds for which it is good, as for `sign_request_jwt`.
            **claims: further claims, as for `sign_request_jwt`.

        Raises:
            ProfileViolation: the profile of the request demands a signature.
            InvalidAuthorizationRequestParam: as for `sign_request_jwt`.

        Source: OIDC Core section 6.1.
        """
        from .._jose import jws  # noqa: PLC0415  loads cryptography

        profiles.check(self.profile, "signature", _Unsigned)
        header, found = {"alg": _Unsigned.alg}, self._claims(lifetime, claims)
        return f"{b64u_encode(jws.to_json(header))}.{b64u_encode(jws.to_json(found))}."  # RFC 7519 §6

    def sign_and_encrypt_request_jwt(
        self,
        sign_jwk: object,
        enc_jwk: object,
        sign_alg: str | None = None,
        enc_alg: str | None = None,
        enc: str = "A128CBC-HS256",
        lifetime: float | None = None,
        **claims: object,
    ) -> str:
        """Return this request as a JWT that is signed, then encrypted.

        Args:
            sign_jwk: our private key, as for `sign_request_jwt`.
            enc_jwk: the public key of the AS: a JWK, a `cryptography` key or PEM.
            sign_alg: the algorithm to sign with, where the JWK does not say its own.
            enc_alg: the algorithm to encrypt the content's key with; by default what the JWK says, or fits it.
            enc: the algorithm to encrypt the content with.
            lifetime: seconds for which it is good: adds `iat` and `exp`.
            **claims: further claims, as for `sign_request_jwt`.

        Raises:
            InvalidKey: a key does not fit its algorithm.
            InvalidParam: `enc_alg` or `enc` is unknown; and everything that `sign_request_jwt` raises.

        Source: RFC 9101 sections 4 and 6.1.
        """
        from .._jose import jwe  # noqa: PLC0415  loads cryptography

        signed = self.sign_request_jwt(sign_jwk, sign_alg, lifetime, **claims)
        header = {"cty": "JWT"}  # RFC 7519 section 5.2: nested
        return jwe.encrypt(signed, enc_jwk, alg=enc_alg or _encryption_alg(enc_jwk), enc=enc, header=header)

    def sign(
        self, jwk: object, alg: str | None = None, lifetime: float | None = None, **claims: object
    ) -> RequestParameterAuthorizationRequest:
        """Make of this request one whose parameters are signed; takes what `sign_request_jwt` takes.

        Returns:
            The request to send the browser with, or to push. Of its parameters, the URL has only what OIDC Core section
            6.1 wants there.

        Raises:
            InvalidKey: and everything else that `sign_request_jwt` raises.

        Source: RFC 9101 section 5.1.
        """
        return self._by_value(self.sign_request_jwt(jwk, alg, lifetime, **claims), lifetime)

    def sign_and_encrypt(
        self,
        sign_jwk: object,
        enc_jwk: object,
        sign_alg: str | None = None,
        enc_alg: str | None = None,
        enc: str = "A128CBC-HS256",
        lifetime: float | None = None,
        **claims: object,
    ) -> RequestParameterAuthorizationRequest:
        """Make of this request one that only the AS can read; takes what `sign_and_encrypt_request_jwt` takes.

        Returns:
            The request to send the browser with, or to push. Of its parameters, the URL has only what OIDC Core section
            6.1 wants there.

        Raises:
            InvalidKey: and everything else that `sign_and_encrypt_request_jwt` raises.

        Source: RFC 9101 section 5.1.
        """
        jwt = self.sign_and_encrypt_request_jwt(sign_jwk, enc_jwk, sign_alg, enc_alg, enc, lifetime, **claims)
        return self._by_value(jwt, lifetime)

    def _by_value(self: Any, jwt: str, lifetime: float | None) -> RequestParameterAuthorizationRequest:
        return RequestParameterAuthorizationRequest(
            self.authorization_endpoint,
            self.client_id,
            jwt,
            expires_in=profiles.request_object(self.profile, lifetime, {})[0],
            dpop_key=self.dpop_key,
            authorization_request=self,
            testing=self.testing,
        )

    def _claims(self: Any, lifetime: float | None, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Put the claims together: the request's parameters, and what the caller adds."""
        lifetime, claims = profiles.request_object(self.profile, lifetime, claims)
        given, extra = dict(claims), claims.get("extra")
        given.pop("extra", None)
        claims = accept_further(
            given, KNOWN | CLAIMS, where="A request object", extra=extra if isinstance(extra, Mapping) else None
        )
        second = int(now().timestamp())
        ours = {
            "iss": self.client_id,
            "aud": exact(self.issuer),
            "iat": second,
            "nbf": second,
            "jti": secrets.token_urlsafe(),
        }
        params: Form = self.args
        added: dict[str, Any] = {} if lifetime is None else {"iat": second, "exp": second + int(lifetime)}
        for name, value in claims.items():
            if name in params or name in ("request", "request_uri"):  # RFC 9101 §4
                problem = "a further claim must be none that the request itself sets, nor another request object"
                raise InvalidAuthorizationRequestParam(name=name, problem=problem)
            added[name] = ours[name] if value is True and name in ours else value
        if claims.get("aud") is True and exact(self.issuer) is None:
            problem = "the issuer, which it shall be, is not known; pass issuer= to the request"
            raise InvalidAuthorizationRequestParam(name="aud", problem=problem)
        together = {**params, **{name: value for name, value in added.items() if value is not None}}
        profiles.check(self.profile, "request object", together, self.issuer)
        return together


def _encryption_alg(jwk: Any) -> str:
    from .._jose.keys import to_jwk  # noqa: PLC0415  loads cryptography

    known = jwk if isinstance(jwk, Mapping) else to_jwk(jwk)
    return str(known.get("alg") or DEFAULT_ENCRYPTION.get(str(known.get("kty"))))


@dataclass(frozen=True, init=False)
class ReferringAuthorizationRequest(Expiring, Spelled):
    """What requests with a request object have in common: the browser's URL, and the request they stand for."""

    pickle_advice = "Store the AuthorizationRequest that it was made of, with AuthorizationRequestSerializer."

    authorization_endpoint: str
    client_id: str
    expires_at: datetime | None
    dpop_key: Any = field(hash=False)
    authorization_request: SentRequest | None
    testing: bool
    kwargs: Mapping[str, Any] = field(hash=False)

    def _keep(
        self,
        authorization_endpoint: str,
        client_id: str,
        *,
        testing: bool,
        kwargs: Mapping[str, Any],
        **values: Any,
    ) -> None:
        self.__dict__.update(
            authorization_endpoint=validate_endpoint_uri(
                authorization_endpoint, https=not testing, name="authorization_endpoint"
            ),
            client_id=text(client_id, "client_id"),
            testing=bool(testing),
            kwargs=further(kwargs),
            **values,
        )

    @property
    def args(self) -> Form:
        """The parameters that are sent."""
        raise NotImplementedError

    @property
    def uri(self) -> str:
        """The URL to send the user to (RFC 9101 section 5).

        Raises:
            ProfileViolation: the profile demands that the request is pushed, or that nothing else is in its URL.
        """
        profiles.check(getattr(self.authorization_request, "profile", None), "browser", self)
        return sent(join_query(self.authorization_endpoint, self.args), "authorization request")

    def __str__(self) -> str:
        return self.uri

    def validate_callback(self, response: object, *, jwks: object = None, alg: str = "RS256") -> AuthorizationResponse:
        """Check that a callback answers this request; see `AuthorizationRequest.validate_callback`.

        Raises:
            InvalidAuthorizationRequestParam: this was made by hand, without an `authorization_request`.
            InvalidAuthResponse: and everything else that the method of `AuthorizationRequest` raises.

        Source: RFC 6749 section 4.1.2.
        """
        answered: AuthorizationResponse = self.original.validate_callback(response, jwks=jwks, alg=alg)
        return answered

    @property
    def original(self) -> SentRequest:
        """The request that this one stands for, which knows state, nonce and code_verifier.

        Raises:
            InvalidAuthorizationRequestParam: this was made by hand, without an `authorization_request`.
        """
        if self.authorization_request is None:
            problem = "it is not there, and it knows the state and what else the answer must fit"
            raise InvalidAuthorizationRequestParam(name="authorization_request", problem=problem)
        return self.authorization_request


@dataclass(frozen=True, init=False)
class RequestParameterAuthorizationRequest(ReferringAuthorizationRequest):
    """An authorization request whose parameters are in a JWT, which goes along in the URL.

    Args:
        authorization_endpoint: https (http for loopback).
        client_id: who asks; stands in the URL too.
        request: the request object: any object whose `str()` is the JWT, or bytes.
        expires_at: when it expires: a datetime (naive = local time), or seconds since 1970.
        dpop_key: the key that the code will be bound to.
        expires_in: or in how many seconds from now it expires.
        authorization_request: what the JWT was made of; validates the callback.
        testing: allow plain http to any host. What is sent there then travels unencrypted.
        extra: further parameters that are sent even though their names look like misspellings of others.
        **kwargs: further parameters of the URL, for an AS that wants some there. It must not trust them.

    Raises:
        InvalidEndpointUri: the endpoint is not acceptable.
        InvalidAuthorizationRequestParam: client_id or request is no text.

    Source: RFC 9101 section 5.1.
    """

    request: str = field(repr=False)  # holds state and nonce

    def __init__(
        self,
        /,
        authorization_endpoint: str,
        client_id: str,
        request: object,
        expires_at: datetime | float | str | None = None,
        dpop_key: object = None,
        *,
        expires_in: float | None = None,
        authorization_request: SentRequest | None = None,
        testing: bool = False,
        extra: Mapping[str, Any] | None = None,
        **kwargs: object,
    ) -> None:
        jwt = request.decode("ascii", "replace") if isinstance(request, bytes) else str(request or "")
        self._keep(
            authorization_endpoint,
            client_id,
            request=text(jwt, "request"),
            expires_at=expiry(expires_at, expires_in),
            dpop_key=dpop_key,
            authorization_request=authorization_request,
            testing=testing,
            kwargs=self.accept(kwargs, extra),
        )

    __replace__ = Spelled.replace  # dataclass puts its own here, which knows no kwargs

    @property
    def args(self) -> Form:
        """The parameters of the URL: client_id and request, and what OpenID Connect wants to see beside it.

        An OpenID provider may demand response_type, scope and redirect_uri in the URL too (OIDC Core section 6.1). One
        that follows RFC 9101 passes over them (section 5). They are left out in the profile `fapi2`, without the scope
        openid, and in a request that was made by hand; of an encrypted request only the word openid shows.
        """
        return Form(self._repeated(), self.pushed_args)

    @property
    def pushed_args(self) -> Form:
        """The parameters that are sent where the request is pushed: client_id and request (RFC 9126 section 3)."""
        return Form(self.kwargs, client_id=self.client_id, request=self.request)

    def _repeated(self) -> dict[str, Any]:
        asked = self.authorization_request
        if asked is None or asked.profile == profiles.FAPI2 or OPENID not in (asked.scope or ()):
            return {}
        is_encrypted = self.request.count(".") == JWE_DOTS
        scope = OPENID if is_encrypted else " ".join(asked.scope or ())
        return {"response_type": asked.response_type, "redirect_uri": asked.redirect_uri, "scope": scope}


@dataclass(frozen=True, init=False)
class RequestUriParameterAuthorizationRequest(ReferringAuthorizationRequest):
    """An authorization request that the AS has already, or fetches: the URL only says where it is.

    Args:
        authorization_endpoint: https (http for loopback).
        client_id: who asks; stands in the URL too.
        request_uri: where the request object is: what the AS gave for a pushed request (RFC 9126), or the https
            URL of a signed one.
        expires_at: when it expires: a datetime (naive = local time), or seconds since 1970.
        dpop_key: the key that the code will be bound to.
        expires_in: or in how many seconds from now it expires.
        authorization_request: the request that it refers to; validates the callback.
        testing: allow plain http to any host. What is sent there then travels unencrypted.
        extra: further parameters that are sent even though their names look like misspellings of others.
        **kwargs: further parameters of the URL, for an AS that wants some there. It must not trust them.

    Raises:
        InvalidEndpointUri: the endpoint is not acceptable.
        InvalidAuthorizationRequestParam: client_id or request_uri is no text.

    Source: RFC 9101 section 5.2, RFC 9126 section 4.
    """

    request_uri: str = field(repr=False)  # anyone who holds it can use it

    def __init__(
        self,
        /,
        authorization_endpoint: str,
        client_id: str,
        request_uri: object,
        expires_at: datetime | float | str | None = None,
        dpop_key: object = None,
        *,
        expires_in: float | None = None,
        authorization_request: SentRequest | None = None,
        testing: bool = False,
        extra: Mapping[str, Any] | None = None,
        **kwargs: object,
    ) -> None:
        self._keep(
            authorization_endpoint,
            client_id,
            request_uri=text(str(request_uri or ""), "request_uri"),
            expires_at=expiry(expires_at, expires_in),
            dpop_key=dpop_key,
            authorization_request=authorization_request,
            testing=testing,
            kwargs=self.accept(kwargs, extra),
        )

    __replace__ = Spelled.replace  # dataclass puts its own here, which knows no kwargs

    @property
    def args(self) -> Form:
        """The parameters that are sent: client_id and request_uri (RFC 9101 section 5)."""
        return Form(self.kwargs, client_id=self.client_id, request_uri=self.request_uri)


__all__ = [
    "BrowserRequest",
    "InvalidPushedAuthorizationRequest",
    "RequestParameterAuthorizationRequest",
    "RequestUriParameterAuthorizationRequest",
]
