"""How a client proves who it is: one class for each authentication method (RFC 6749 section 2.3, OIDC Core 9).

Each is a value that adds its proof to a form POST; what is common to them is in `_core/client_auth`. Also which one a
client gets for what its user passed. Knows no endpoint and no HTTP library.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote

from . import profiles
from ._client_authentication.values import (
    ASSERTION_TYPE,
    NoClientAuth,
    UnsupportedClientCredentials,
    checked_credential,
    secret_text,
    set_fields,
)
from ._core.client_auth import ClientAuthentication, InvalidRequestForClientAuthentication
from ._core.credentials import File
from ._core.frozen import field, frozen
from ._core.late import late_names
from ._core.messages import Request
from ._core.redaction import one_line
from ._core.refusals import InvalidClientAttestation, UseAttestationChallenge, UseFreshAttestation
from ._core.times import timestamp
from .exceptions import InvalidParam

if TYPE_CHECKING:
    from ._client_authentication.assertion_from import ClientAssertionFrom
    from ._client_authentication.attestation import ClientAttestation
    from ._jose.keys import SigningKey
else:  # for clients that use them
    __getattr__ = late_names(
        __name__,
        {
            "._client_authentication.assertion_from": "ClientAssertionFrom",
            "._client_authentication.attestation": "ClientAttestation",
        },
    )

ASSERTION_TYP = "client-authentication+jwt"  # draft-ietf-oauth-rfc7523bis


class InvalidClientAssertionSigningKeyOrAlg(InvalidParam):
    """A key can't sign client assertions: it is public or symmetric, has no kid, or no alg fits it."""


def _new_jti() -> str:
    from uuid import uuid4  # noqa: PLC0415  loads platform, and only assertions need it

    return str(uuid4())


def _jti(value: Any) -> Any:
    """Return a unique id as it goes into an assertion: as it is where JSON can have it, else its `str()`."""
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
    return value


@frozen()
class ClientSecretSent(ClientAuthentication):
    """Base of the two methods that send the client secret itself (RFC 6749 section 2.3.1)."""

    client_id: str
    client_secret: str | File = field(repr=False)

    def __post_init__(self) -> None:
        checked_credential(self.client_id, "client_id")
        checked_credential(self.client_secret, "client_secret", or_file=True)

    def may_wait(self) -> bool:
        """Tell whether the secret has to be read."""
        return super().may_wait() or isinstance(self.client_secret, File)


@frozen()
class ClientSecretBasic(ClientSecretSent):
    """`client_secret_basic`: id and secret in the Authorization header.

    RFC 6749 section 2.3.1 has both form-encoded first; most servers don't decode them. Without `encoding`, a client
    sends them form-encoded (a space as %20, which every server that decodes them reads), and once more as they are
    if the server answers `invalid_client`; it goes on with what worked.

    Args:
        client_id: the client.
        client_secret: its secret, or the `File` that has it.
        encoding: `form` or `raw`, to send them in this way only.
    """

    method = "client_secret_basic"
    only_computes: ClassVar[bool] = True
    encoding: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoding not in {None, "form", "raw"}:
            msg = f"encoding= of client_secret_basic is 'form', 'raw' or None, not {one_line(self.encoding)!r}."
            raise UnsupportedClientCredentials(msg)

    def authenticate(self, request: Request) -> Request:
        """Add the Authorization header."""
        parts = (self.client_id, secret_text(self.client_secret))
        pair = ":".join(parts if self.encoding == "raw" else (quote(part, safe="") for part in parts))
        return request.with_headers(Authorization=f"Basic {base64.b64encode(pair.encode()).decode()}")


class ClientSecretPost(ClientSecretSent):
    """`client_secret_post`: id and secret as form fields (RFC 6749 section 2.3.1).

    Args:
        client_id: the client.
        client_secret: its secret, or the `File` that has it.
    """

    method = "client_secret_post"
    only_computes: ClassVar[bool] = True

    def authenticate(self, request: Request) -> Request:
        """Add both form fields."""
        return request.with_fields(client_id=self.client_id, client_secret=secret_text(self.client_secret))


@frozen()
class PublicApp(ClientAuthentication):
    """`none`: a public client only says its id (RFC 6749 section 2.1)."""

    method = "none"
    only_computes: ClassVar[bool] = True
    client_id: str

    def __post_init__(self) -> None:
        checked_credential(self.client_id, "client_id")

    def authenticate(self, request: Request) -> Request:
        """Add the client_id."""
        return request.with_fields(client_id=self.client_id)


class ClientAssertion(ClientAuthentication):
    """Base of the two methods that sign a JWT about the client (RFC 7523 section 2.2, OIDC Core section 9).

    A subclass of your own has a `client_id`, and overrides `client_assertion(audience)`.
    """

    client_id: str
    lifetime: int = 60
    jti_gen: Callable[[], object] = staticmethod(_new_jti)
    aud: str | list[str] | None = None
    alg: str
    headers: Mapping[str, Any] | None = None
    claims: Mapping[str, Any] | None = None

    def _signing_key(self) -> SigningKey:
        msg = f"{type(self).__name__} has no key: override client_assertion(audience), which returns a signed JWT."
        raise NotImplementedError(msg)

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
            "jti": _jti(self.jti_gen() if jti is None else jti),
            **(self.claims or {}),
        }
        return sign(claims, self._signing_key(), header={"typ": ASSERTION_TYP, **(self.headers or {})})

    def addressed_to(self, aud: str) -> Self:
        """Return this method with another audience."""
        other = object.__new__(type(self))
        set_fields(other, **{**vars(self), "aud": aud})
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
        client_secret: the secret, or the `File` that has it; used as HMAC key.
        lifetime: seconds that an assertion is good for.
        alg: HS256, HS384 or HS512.
        jti_gen: makes the unique id of an assertion: anything that JSON can have, or that has a `str()`.
        aud: the audience; by default the URL that is called.
        headers: further members of its header, or others: `{"typ": "JWT"}`; None takes one away.
        claims: further claims, or others.
    """

    method = "client_secret_jwt"
    only_computes: ClassVar[bool] = True
    client_id: str
    client_secret: str | File = field(repr=False)
    lifetime: int
    alg: str
    jti_gen: Callable[[], object] = field(repr=False, compare=False)
    aud: str | list[str] | None = field(hash=False)
    headers: Mapping[str, Any] | None = field(hash=False)
    claims: Mapping[str, Any] | None = field(repr=False, hash=False)

    def __init__(
        self,
        client_id: str,
        client_secret: str | File,
        lifetime: int | str = 60,
        alg: str | int = "HS256",
        jti_gen: Callable[[], object] = _new_jti,
        aud: str | list[str] | None = None,
        *,
        headers: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(lifetime, str):  # the founding README's order: alg, then lifetime
            lifetime, alg = (alg if isinstance(alg, int) else 60), lifetime
        if alg not in {"HS256", "HS384", "HS512"}:
            msg = f"client_secret_jwt can be HS256, HS384 or HS512, not {one_line(alg)!r}."
            raise InvalidClientAssertionSigningKeyOrAlg(msg)
        set_fields(
            self,
            client_id=checked_credential(client_id, "client_id"),
            client_secret=checked_credential(client_secret, "client_secret", or_file=True),
            lifetime=lifetime,
            alg=alg,
            jti_gen=jti_gen,
            aud=aud,
            headers=headers,
            claims=claims,
        )

    def _signing_key(self) -> SigningKey:
        from ._jose.keys import secret_key  # noqa: PLC0415  loads cryptography

        return secret_key(secret_text(self.client_secret), self.alg)

    def may_wait(self) -> bool:
        """Tell whether the secret has to be read."""
        return super().may_wait() or isinstance(self.client_secret, File)


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
        jti_gen: makes the unique id of an assertion: anything that JSON can have, or that has a `str()`.
        aud: the audience; by default the URL that is called.
        kid: the id under which the AS knows the key, where the key does not say it; False for an AS that needs none.
        headers: further members of the header, or others: `{"typ": "JWT"}` for an AS that takes no other type; None
            takes one away. `{"x5t": True}` and `{"x5c": True}` put these of the certificate in.
        claims: further claims, or others.
        certificate: of the key, as PEM, a path or an object of `cryptography`: the header names it (`x5t#S256`), and
            needs no `kid` then.
        password: of an encrypted PEM key.

    Raises:
        InvalidClientAssertionSigningKeyOrAlg: the key is public or symmetric, has no kid, no alg fits, or the
            certificate is that of another key.
    """

    method = "private_key_jwt"
    only_computes: ClassVar[bool] = True
    client_id: str
    private_jwk: Any = field(repr=False, hash=False)
    alg: str
    lifetime: int
    jti_gen: Callable[[], object] = field(repr=False, compare=False)
    aud: str | list[str] | None = field(hash=False)
    kid: str | None
    key: SigningKey = field(repr=False, compare=False)
    headers: Mapping[str, Any] | None = field(hash=False)
    claims: Mapping[str, Any] | None = field(repr=False, hash=False)

    def __init__(
        self,
        client_id: str,
        private_jwk: object,
        *,
        alg: str | None = _INFER,
        lifetime: int = 60,
        jti_gen: Callable[[], object] = _new_jti,
        aud: str | list[str] | None = None,
        kid: str | bool | None = None,
        headers: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        certificate: object = None,
        password: str | bytes | None = None,
    ) -> None:
        private_jwk = _unlocked(private_jwk, password)
        key = _assertion_key(private_jwk, alg, kid, needs_kid=certificate is None)
        set_fields(
            self,
            client_id=checked_credential(client_id, "client_id"),
            private_jwk=private_jwk,
            alg=key.alg,
            lifetime=lifetime,
            jti_gen=jti_gen,
            aud=aud,
            kid=None if kid is False else key.kid,
            key=key,
            headers=_header_members(key, headers, certificate, kid),
            claims=claims,
        )

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half of the key, with kid and alg: what the AS has to know."""
        return dict(self.key.public_jwk or {})

    def _signing_key(self) -> SigningKey:
        return self.key

    def may_wait(self) -> bool:
        """Tell whether signing may take its time: the key is in a KMS, an HSM or an agent."""
        return super().may_wait() or self.key.is_external


def _unlocked(key: Any, password: str | bytes | None) -> Any:
    """Decrypt a PEM key that has a password."""
    if password is None:
        return key
    from ._jose.certificates import unlocked  # noqa: PLC0415  loads cryptography

    try:
        return unlocked(key, password)
    except ValueError as wrong:
        msg = f"The private key can't be decrypted: {wrong}"
        raise InvalidClientAssertionSigningKeyOrAlg(msg) from None


def _header_members(
    key: SigningKey, headers: Mapping[str, Any] | None, certificate: object, kid: str | bool | None
) -> Mapping[str, Any] | None:
    """Return the header members of an assertion, those of its certificate among them (RFC 7515 section 4.1)."""
    asked = {**({"kid": None} if kid is False else {}), **(headers or {})}
    if certificate is not None:
        from ._jose.certificates import header_members  # noqa: PLC0415  loads cryptography

        try:
            members = header_members(certificate, key.public_jwk or {})
        except ValueError as wrong:
            raise InvalidClientAssertionSigningKeyOrAlg(str(wrong)) from None
        asked.setdefault("x5t#S256", True)
        asked = {name: members.get(name, value) if value is True else value for name, value in asked.items()}
    if wanting := sorted(name for name in ("x5t", "x5c", "x5t#S256") if asked.get(name) is True):
        msg = f"headers= asks for {', '.join(wanting)}, and there is no certificate. Pass certificate=."
        raise InvalidClientAssertionSigningKeyOrAlg(msg)
    return asked or None


def _assertion_key(private_jwk: Any, alg: str | None, kid: str | bool | None, *, needs_kid: bool = True) -> SigningKey:
    from ._jose.keys import InvalidKey, signing_key  # noqa: PLC0415  loads cryptography

    try:
        key = signing_key(
            private_jwk,
            alg=None if alg == _INFER else alg,
            kid=kid if isinstance(kid, str) else None,
            infer_alg=alg is not None,
        )
    except InvalidKey as wrong:
        msg = f"This key can't sign client assertions: {wrong}"
        raise InvalidClientAssertionSigningKeyOrAlg(msg) from wrong
    if not key.kid and needs_kid and kid is not False:
        msg = (
            "This key has no kid, so the AS can't tell which one it is. Pass kid= as registered at the AS, or"
            " kid=False if it needs none."
        )
        raise InvalidClientAssertionSigningKeyOrAlg(msg)
    return key


def client_auth_factory(
    auth: Any,
    *,
    client_id: str | None = None,
    client_secret: str | File | None = None,
    private_key: Any = None,
    issuer: str | None = None,
    default_auth_handler: Callable[[str, str], Any] | None = None,
    profile: str | None = None,
    listed: Sequence[str] = (),
) -> Any:
    """Make the authentication method of a client from what its user passed.

    Args:
        auth: a method or an auth handler (kept as it is), `(client_id, secret or private key)`, a client_id. The
            secret may be a `File`.
        client_id: the client, instead of `auth`.
        client_secret: its secret.
        private_key: or its private key.
        issuer: the AS: the audience of assertions that are made here.
        default_auth_handler: the method for an id and a secret; by default the first of post, basic and secret JWT
            that the AS lists, post where it lists none of them.
        profile: the profile of the client, which may prefer an algorithm.
        listed: `token_endpoint_auth_methods_supported` of the AS.

    Raises:
        UnsupportedClientCredentials: nothing of that kind, or contradicting ones.
    """
    if auth is not None and (client_secret is not None or private_key is not None):
        msg = "Pass either auth=, or client_id= with client_secret= or private_key=, not both."
        raise UnsupportedClientCredentials(msg)
    if isinstance(auth, (tuple, list)):
        client_id, credential = _pair(auth)
        is_pem = isinstance(credential, str) and credential.lstrip().startswith("-----BEGIN")
        is_secret = isinstance(credential, (str, File)) and not is_pem
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
    if client_secret is None:
        return PublicApp(client_id)
    make: Callable[[str, Any], Any] = default_auth_handler or _secret_method(listed, issuer)
    return make(client_id, client_secret)


def _secret_method(listed: Sequence[str], issuer: str | None) -> Callable[[str, Any], ClientAuthentication]:
    """Return the method for a bare id and secret."""
    if ClientSecretPost.method in listed:
        return ClientSecretPost
    if ClientSecretBasic.method in listed:
        return ClientSecretBasic
    if ClientSecretJwt.method in listed:
        return lambda client_id, secret: ClientSecretJwt(client_id, secret, aud=issuer)
    return ClientSecretPost


def alternatives(auth: Any, *, is_bare: bool, listed: Sequence[str]) -> tuple[ClientAuthentication, ...]:
    """Return the methods to try, once each, if the AS answers `invalid_client`.

    Most servers read Basic without decoding it, and some take one of post and basic only, whatever they list.

    Args:
        auth: the method of the client.
        is_bare: it was chosen here, for an id and a secret.
        listed: `token_endpoint_auth_methods_supported` of the AS.
    """
    if not isinstance(auth, (ClientSecretPost, ClientSecretBasic)) or type(auth) not in {
        ClientSecretPost,
        ClientSecretBasic,
    }:
        return ()
    pair = auth.client_id, auth.client_secret
    raw = ClientSecretBasic(*pair, encoding="raw")
    others: list[ClientAuthentication] = []
    if isinstance(auth, ClientSecretBasic):
        others += [raw] if auth.encoding is None else []
        others += [ClientSecretPost(*pair)] if is_bare else []
    elif is_bare:
        others = [ClientSecretBasic(*pair), raw]
    same = all(isinstance(one, str) and quote(one, safe="") == one for one in pair)
    allowed = [one for one in others if not listed or one.method in listed or one.method == auth.method]
    return tuple(one for one in allowed if not (same and one == raw))


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


BaseClientAuthenticationMethod = ClientAuthentication
BaseClientAssertionAuthenticationMethod = ClientAssertion
ClientSecretJWT = ClientSecretJwt
PrivateKeyJWT = PrivateKeyJwt

__all__ = [
    "BaseClientAssertionAuthenticationMethod",
    "BaseClientAuthenticationMethod",
    "ClientAssertionFrom",
    "ClientAttestation",
    "ClientSecretBasic",
    "ClientSecretJWT",
    "ClientSecretJwt",
    "ClientSecretPost",
    "File",
    "InvalidClientAssertionSigningKeyOrAlg",
    "InvalidClientAttestation",
    "InvalidRequestForClientAuthentication",
    "NoClientAuth",
    "PrivateKeyJWT",
    "PrivateKeyJwt",
    "PublicApp",
    "UnsupportedClientCredentials",
    "UseAttestationChallenge",
    "UseFreshAttestation",
]
