"""How a client proves who it is: one class for each authentication method (RFC 6749 section 2.3, OIDC Core 9).

Each is a value that adds its proof to a form POST: to a `Request` of ours (`authenticate`), and, being an
auth handler, to a prepared request of `requests` (call). Knows no endpoint and no HTTP library.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from urllib.parse import parse_qsl, quote_plus

from . import profiles
from ._core.frozen import field, frozen
from ._core.messages import Form, Request
from ._core.redaction import one_line
from ._core.times import timestamp
from ._core.values import NotPickled
from .exceptions import InvalidParam, OAuth2Error

if TYPE_CHECKING:
    from ._jose.keys import SigningKey

Req = TypeVar("Req")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 section 2.2
ASSERTION_TYP = "client-authentication+jwt"  # draft-ietf-oauth-rfc7523bis
FORM = "application/x-www-form-urlencoded"


class InvalidRequestForClientAuthentication(OAuth2Error):
    """A client authentication method was given a request that is no form POST."""

    def __init__(self, request: object) -> None:
        self.refused_request = request
        super().__init__(
            description=f"Client authentication needs a POST with Content-Type {FORM}; got"
            f" {getattr(request, 'method', None)} with {_content_type(request)}."
            " To call an API, use an access token."
        )


class InvalidClientAssertionSigningKeyOrAlg(InvalidParam):
    """A key can't sign client assertions: it is public or symmetric, has no kid, or no alg fits it."""


class UnsupportedClientCredentials(InvalidParam, TypeError):
    """These are no credentials that a client can be made from."""


def _content_type(request: Any) -> str | None:
    value = (getattr(request, "headers", None) or {}).get("Content-Type")
    return None if value is None else one_line(value)


def _form_of(prepared: Any) -> Form:
    """Read the form in a prepared request of `requests`; without a body it is empty.

    Raises:
        InvalidRequestForClientAuthentication: it is no form POST.
    """
    body, kind = getattr(prepared, "body", None) or "", _content_type(prepared)
    is_form = (kind or "").partition(";")[0].strip().lower() == FORM
    try:
        text = body.decode() if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        text = None
    is_post = getattr(prepared, "method", None) == "POST" and hasattr(prepared, "prepare_body")
    if not (is_post and isinstance(text, str) and (is_form or (not text and kind is None))):
        raise InvalidRequestForClientAuthentication(prepared)
    form = Form()
    for name, value in parse_qsl(text, keep_blank_values=True):
        form[name] = [*form[name], value] if name in form else [value]
    return form


def _new_jti() -> str:
    from uuid import uuid4  # noqa: PLC0415  loads platform, and only assertions need it

    return str(uuid4())


class ClientAuthentication(NotPickled):
    """Base of the client authentication methods."""

    pickle_advice = "Make it from the credentials, which belong into a secret store."
    method: ClassVar[str]  # as in token_endpoint_auth_method (RFC 7591 section 2)
    client_id: str

    def authenticate(self, request: Request) -> Request:
        """Return the request with the proof of who the client is."""
        raise NotImplementedError

    def __call__(self, request: Req) -> Req:
        """Authenticate a prepared request of `requests`, which must be a form POST.

        Raises:
            InvalidRequestForClientAuthentication: it is none.
        """
        prepared: Any = request
        form = _form_of(prepared)
        ours = self.authenticate(Request(url=str(prepared.url), form=form))
        prepared.headers.update(ours.headers)
        if ours.form != form:
            prepared.prepare_body(ours.body, None)
            prepared.headers["Content-Type"] = FORM
        return request


def _credential(value: Any, name: str) -> str:
    """Check that a client_id or client_secret is a string (RFC 6749 appendix A.1 and A.2)."""
    if not isinstance(value, str) or not value:
        what = "an empty string" if value == "" else f"a {type(value).__name__}"
        msg = f"The {name} must be a string, got {what}."
        raise UnsupportedClientCredentials(msg)
    return value


@frozen()
class ClientSecretSent(ClientAuthentication):
    """Base of the two methods that send the client secret itself (RFC 6749 section 2.3.1)."""

    client_id: str
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        _credential(self.client_id, "client_id")
        _credential(self.client_secret, "client_secret")


class ClientSecretBasic(ClientSecretSent):
    """`client_secret_basic`: id and secret in the Authorization header.

    Both are form-encoded first, as RFC 6749 section 2.3.1 says.
    """

    method = "client_secret_basic"

    def authenticate(self, request: Request) -> Request:
        """Add the Authorization header."""
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return request.with_headers(Authorization=f"Basic {base64.b64encode(pair.encode()).decode()}")


class ClientSecretPost(ClientSecretSent):
    """`client_secret_post`: id and secret as form fields (RFC 6749 section 2.3.1)."""

    method = "client_secret_post"

    def authenticate(self, request: Request) -> Request:
        """Add both form fields."""
        return request.with_fields(client_id=self.client_id, client_secret=self.client_secret)


@frozen()
class PublicApp(ClientAuthentication):
    """`none`: a public client only says its id (RFC 6749 section 2.1)."""

    method = "none"
    client_id: str

    def __post_init__(self) -> None:
        _credential(self.client_id, "client_id")

    def authenticate(self, request: Request) -> Request:
        """Add the client_id."""
        return request.with_fields(client_id=self.client_id)


class ClientAssertion(ClientAuthentication):
    """Base of the two methods that sign a JWT about the client (RFC 7523 section 2.2, OIDC Core section 9)."""

    client_id: str
    lifetime: int
    jti_gen: Callable[[], str]
    aud: str | list[str] | None
    alg: str

    def _signing_key(self) -> SigningKey:
        raise NotImplementedError

    def client_assertion(
        self, audience: str | Iterable[str], lifetime: int | None = None, jti: str | None = None
    ) -> str:
        """Make an assertion.

        Args:
            audience: the AS it is for.
            lifetime: seconds that it is good for; by default that of the method.
            jti: its unique id; generated by default.

        Returns:
            The compact JWT: iss = sub = client_id, iat now, exp now + lifetime.
        """
        from ._jose.jws import sign  # noqa: PLC0415  loads cryptography

        now = int(timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience if isinstance(audience, str) else list(audience),
            "iat": now,
            "exp": now + (self.lifetime if lifetime is None else lifetime),
            "jti": str(self.jti_gen()) if jti is None else jti,
        }
        return sign(claims, self._signing_key(), header={"typ": ASSERTION_TYP})

    def addressed_to(self, aud: str) -> Self:
        """Return this method with another audience."""
        other = object.__new__(type(self))
        _set(other, **{**vars(self), "aud": aud})
        return other

    def authenticate(self, request: Request) -> Request:
        """Add the assertion; its audience is `aud`, or the URL that is called."""
        return request.with_fields(
            client_id=self.client_id,
            client_assertion_type=ASSERTION_TYPE,
            client_assertion=self.client_assertion(self.aud or request.url),
        )


@frozen(init=False)
class ClientSecretJwt(ClientAssertion):
    """`client_secret_jwt`: an assertion authenticated with the client secret (OIDC Core section 9).

    Args:
        client_id: the client.
        client_secret: the secret, used as HMAC key.
        lifetime: seconds that an assertion is good for.
        alg: HS256, HS384 or HS512.
        jti_gen: makes the unique id of an assertion.
        aud: the audience; by default the URL that is called.
    """

    method = "client_secret_jwt"
    client_id: str
    client_secret: str = field(repr=False)
    lifetime: int
    alg: str
    jti_gen: Callable[[], str] = field(repr=False, compare=False)
    aud: str | list[str] | None = field(hash=False)

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        lifetime: int | str = 60,
        alg: str | int = "HS256",
        jti_gen: Callable[[], str] = _new_jti,
        aud: str | list[str] | None = None,
    ) -> None:
        if isinstance(lifetime, str):  # the founding README's order: alg, then lifetime
            lifetime, alg = (alg if isinstance(alg, int) else 60), lifetime
        if alg not in {"HS256", "HS384", "HS512"}:
            msg = f"client_secret_jwt can be HS256, HS384 or HS512, not {one_line(alg)!r}."
            raise InvalidClientAssertionSigningKeyOrAlg(msg)
        _set(
            self,
            client_id=_credential(client_id, "client_id"),
            client_secret=_credential(client_secret, "client_secret"),
            lifetime=lifetime,
            alg=alg,
            jti_gen=jti_gen,
            aud=aud,
        )

    def _signing_key(self) -> SigningKey:
        from ._jose.keys import secret_key  # noqa: PLC0415  loads cryptography

        return secret_key(self.client_secret, self.alg)


_INFER = "inferred from the key"


@frozen(init=False)
class PrivateKeyJwt(ClientAssertion):
    """`private_key_jwt`: an assertion signed with the client's private key (OIDC Core section 9).

    Args:
        client_id: the client.
        private_jwk: a JWK (any mapping), a private key of `cryptography` or joserfc, PEM or DER, or a signer
            that keeps the key elsewhere: an object with `public_jwk`, and `sign(data, alg)`.
        alg: the JWS algorithm; the JWK's own `alg` wins, and without either the key decides. None: only the
            JWK's own is enough.
        lifetime: seconds that an assertion is good for.
        jti_gen: makes the unique id of an assertion.
        aud: the audience; by default the URL that is called.
        kid: the id under which the AS knows the key, where the key does not say it.

    Raises:
        InvalidClientAssertionSigningKeyOrAlg: the key is public or symmetric, has no kid, or no alg fits.
    """

    method = "private_key_jwt"
    client_id: str
    private_jwk: Any = field(repr=False, hash=False)
    alg: str
    lifetime: int
    jti_gen: Callable[[], str] = field(repr=False, compare=False)
    aud: str | list[str] | None = field(hash=False)
    kid: str
    key: SigningKey = field(repr=False, compare=False)

    def __init__(
        self,
        client_id: str,
        private_jwk: object,
        *,
        alg: str | None = _INFER,
        lifetime: int = 60,
        jti_gen: Callable[[], str] = _new_jti,
        aud: str | list[str] | None = None,
        kid: str | None = None,
    ) -> None:
        key = _assertion_key(private_jwk, alg, kid)
        _set(
            self,
            client_id=_credential(client_id, "client_id"),
            private_jwk=private_jwk,
            alg=key.alg,
            lifetime=lifetime,
            jti_gen=jti_gen,
            aud=aud,
            kid=key.kid,
            key=key,
        )

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half of the key, with kid and alg: what the AS has to know."""
        return dict(self.key.public_jwk or {})

    def _signing_key(self) -> SigningKey:
        return self.key


def _set(value: Any, **fields: Any) -> None:
    """Fill a frozen value."""
    for name, content in fields.items():
        object.__setattr__(value, name, content)


def _assertion_key(private_jwk: Any, alg: str | None, kid: str | None) -> SigningKey:
    from ._jose.keys import InvalidKey, signing_key  # noqa: PLC0415  loads cryptography

    try:
        key = signing_key(private_jwk, alg=None if alg == _INFER else alg, kid=kid, infer_alg=alg is not None)
    except InvalidKey as wrong:
        msg = f"This key can't sign client assertions: {wrong}"
        raise InvalidClientAssertionSigningKeyOrAlg(msg) from wrong
    if not key.kid:
        msg = "This key has no kid, so the AS can't tell which one it is. Pass kid= as registered at the AS."
        raise InvalidClientAssertionSigningKeyOrAlg(msg)
    return key


def client_auth_factory(
    auth: Any,
    *,
    client_id: str | None = None,
    client_secret: str | None = None,
    private_key: Any = None,
    issuer: str | None = None,
    default_auth_handler: Callable[[str, str], Any] = ClientSecretPost,
    profile: str | None = None,
) -> Any:
    """Make the authentication method of a client from what its user passed.

    Args:
        auth: a method or an auth handler (kept as it is), `(client_id, secret or private key)`, a client_id.
        client_id: the client, instead of `auth`.
        client_secret: its secret.
        private_key: or its private key.
        issuer: the AS: the audience of assertions that are made here.
        default_auth_handler: the method for an id and a secret.
        profile: the profile of the client, which may prefer an algorithm.

    Raises:
        UnsupportedClientCredentials: nothing of that kind, or contradicting ones.
    """
    if auth is not None and (client_secret is not None or private_key is not None):
        msg = "Pass either auth=, or client_id= with client_secret= or private_key=, not both."
        raise UnsupportedClientCredentials(msg)
    if isinstance(auth, (tuple, list)):
        client_id, credential = _pair(auth)
        is_secret = isinstance(credential, str) and not credential.lstrip().startswith("-----BEGIN")
        client_secret, private_key = (credential, None) if is_secret else (None, credential)
    elif isinstance(auth, str):
        client_id = auth
    elif auth is not None:
        return _handler(auth)
    if client_id is None:
        msg = "A client needs credentials: auth=('client_id', 'client_secret'), auth='client_id' for a public client."
        raise UnsupportedClientCredentials(msg)
    if client_secret is not None and private_key is not None:
        msg = "A client authenticates with client_secret= or with private_key=, not with both."
        raise UnsupportedClientCredentials(msg)
    if private_key is not None:
        alg = profiles.preferred_alg(profile, private_key) or _INFER
        return PrivateKeyJwt(client_id, private_key, aud=issuer, alg=alg)
    return PublicApp(client_id) if client_secret is None else default_auth_handler(client_id, client_secret)


def _pair(auth: tuple[Any, ...] | list[Any]) -> tuple[str, Any]:
    if len(auth) != 2 or auth[1] is None:  # noqa: PLR2004
        msg = "auth= as a tuple is (client_id, client_secret) or (client_id, private_key)."
        raise UnsupportedClientCredentials(msg)
    return auth[0], auth[1]


def _handler(auth: Any) -> Any:
    if isinstance(auth, type) or not (callable(auth) or hasattr(auth, "auth_flow")):
        msg = f"auth= can't be {'the class ' if isinstance(auth, type) else 'a '}{type(auth).__name__}."
        raise UnsupportedClientCredentials(msg)
    return auth


ClientSecretJWT = ClientSecretJwt
PrivateKeyJWT = PrivateKeyJwt

__all__ = [
    "ClientSecretBasic",
    "ClientSecretJWT",
    "ClientSecretJwt",
    "ClientSecretPost",
    "InvalidClientAssertionSigningKeyOrAlg",
    "InvalidRequestForClientAuthentication",
    "PrivateKeyJWT",
    "PrivateKeyJwt",
    "PublicApp",
    "UnsupportedClientCredentials",
]
