"""JARM: the authorization response as a JWT (JWT Secured Authorization Response Mode, OpenID FAPI WG).

    read(token)  ──► claims that are not to be believed yet: iss, aud, exp are checked (section 2.4, steps 1 to 4)
    verify(...)  ──► the same claims, signed by a key of the AS (step 5): the parameters of the callback

The client's registration pins the algorithms (section 3). Knows no client and fetches no key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.issuers import accepts
from .._core.redaction import one_line
from .._core.times import now
from .._jose import claims as jwt_claims
from .._jose.algs import SIGNATURE, same_alg
from .._jose.errors import (
    ExpiredJwt,
    InvalidKey,
    JoseError,
    MalformedToken,
    MismatchingAudience,
    NoMatchingKey,
    UnsupportedAlg,
)
from .._oidc import decryption
from ..exceptions import InvalidAuthResponse, MismatchingIssuer, MissingIssuer
from .values import add_server_error

if TYPE_CHECKING:
    from .._jose.jws import ParsedJws
    from .values import SentRequest

DEFAULT_ALG = "RS256"  # section 3
LEEWAY = 10  # seconds that the two clocks may differ
TYPES = frozenset({"", "jwt", "jarm+jwt", "jwt+jarm", "oauth-authz-res+jwt"})  # no other JWT of the AS is taken for one
ABOUT_THE_JWT = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti"})  # section 2.1; all others are parameters


class InvalidResponseJwt(InvalidAuthResponse):
    """The JWT of a callback is refused: malformed, not signed by the issuer, or not readable (JARM section 2.4)."""


class ExpiredResponseJwt(InvalidResponseJwt):
    """The JWT of a callback is expired (JARM section 2.4)."""


class MismatchingResponseJwtAudience(InvalidResponseJwt):
    """The JWT of a callback is meant for another client (JARM section 2.4)."""


class UnsupportedResponseJwtAlg(InvalidResponseJwt):
    """The JWT of a callback has another algorithm than the client is registered for (JARM section 3)."""


class MissingResponseJwt(InvalidAuthResponse):
    """A signed answer was asked for, and the callback has none: it may be forged (JARM section 2.3)."""


class UncheckableResponseJwt(InvalidAuthResponse):
    """The answer is a JWT, and what it has to be checked with is not known here."""


ERRORS: dict[type, type[InvalidAuthResponse]] = {
    ExpiredJwt: ExpiredResponseJwt,
    MismatchingAudience: MismatchingResponseJwtAudience,
    UnsupportedAlg: UnsupportedResponseJwtAlg,
    InvalidKey: UncheckableResponseJwt,  # ours, not the AS's
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the client is registered for (JARM section 3), and the keys that it has itself.

    Attributes:
        signed_alg: the only JWS algorithm.
        encrypted_alg: the only JWE algorithm; None when answers are not encrypted.
        encrypted_enc: the only one for the content; None accepts any that is registered.
        decryption_key: opens what is encrypted.
        client_secret: verifies HMAC.
    """

    signed_alg: str = DEFAULT_ALG
    encrypted_alg: str | None = None
    encrypted_enc: str | None = None
    decryption_key: Any = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)

    @property
    def signed_algs(self) -> list[str]:
        """The names of the JWS algorithm."""
        return [alg for alg in SIGNATURE if same_alg(alg, self.signed_alg)]


def is_asked_for(request: SentRequest) -> bool:
    """Tell whether the answer of a request has to be a JWT (JARM section 2.3)."""
    return (request.response_mode or "").rpartition(".")[2] == "jwt"


def response_jwt(request: SentRequest, params: dict[str, str], response: Any) -> str:
    """Return the JWT of a callback; nothing that stands beside it counts.

    Raises:
        MissingResponseJwt: there is none.
        UncheckableResponseJwt: the issuer of the AS is unknown.
    """
    if "response" not in params:
        msg = (
            f"A signed answer was asked for (response_mode={request.response_mode!r}), and the callback has no"
            " response. Drop it and start again: it may be forged."
        )
        wrong = MissingResponseJwt(msg, request=request, response=response)
        add_server_error(wrong, params)
        raise wrong
    if request.issuer is None:
        msg = "The answer is a JWT, and who may have made it is not known. Pass issuer= to the AuthorizationRequest."
        raise UncheckableResponseJwt(msg, request=request, response=response)
    return params["response"]


@contextmanager
def translated(request: SentRequest, response: Any) -> Iterator[None]:
    """Turn what JOSE says into the error of the rule."""
    try:
        yield
    except (JoseError, InvalidKey) as wrong:
        kinds = type(wrong).__mro__
        ours = next((ERRORS[kind] for kind in kinds if kind in ERRORS), InvalidResponseJwt)
        msg = f"The JWT of the callback is refused. {wrong} Drop it and start again."
        raise ours(msg, request=request, response=response) from wrong


def read(request: SentRequest, token: str, registration: Registration, response: Any) -> ParsedJws:
    """Decrypt a JWT, take it apart, and check its issuer, audience and times (JARM section 2.4).

    Raises:
        InvalidResponseJwt: or a subclass: it is refused.
        MissingIssuer: it does not say who made it.
        MismatchingIssuer: another AS made it.
    """
    from .._jose import jws  # noqa: PLC0415  loads cryptography

    with translated(request, response):
        parsed = jws.parse(_decrypted(token, registration))
        claims = parsed.claims()
        _check_type(parsed.header)
        _check_issuer(request, claims, response)
        jwt_claims.check_aud(claims, request.client_id)
        second = now().timestamp()
        jwt_claims.check_exp(claims, second, LEEWAY)
        jwt_claims.check_nbf(claims, second, LEEWAY)
    return parsed


def _decrypted(token: str, registration: Registration) -> str | bytes:
    if registration.encrypted_alg is None:
        return token
    try:
        return decryption.decrypt(
            token,
            key=registration.decryption_key,
            client_secret=registration.client_secret,
            alg=registration.encrypted_alg,
            enc=registration.encrypted_enc,
        )
    except NoMatchingKey as missing:
        raise InvalidKey(str(missing)) from None  # a setting of ours is missing: the JWT may be right


def _check_type(header: Mapping[str, Any]) -> None:
    """Refuse JWTs of another kind, such as access tokens (RFC 8725 section 3.11)."""
    typ = str(header.get("typ", "")).lower().removeprefix("application/")
    if typ not in TYPES:
        msg = f"It says typ={one_line(header.get('typ'))!r}, so it is another JWT of the AS; expected 'JWT' or no typ."
        raise MalformedToken(msg)


def _check_issuer(request: SentRequest, claims: dict[str, Any], response: Any) -> None:
    issuer = claims.get("iss")
    if issuer is None:
        msg = f"The JWT of the callback has no iss, expected {request.issuer!r}. Drop it and start again."
        raise MissingIssuer(msg, request=request, response=response)
    if not isinstance(issuer, str) or not accepts(str(request.issuer), issuer):
        raise MismatchingIssuer(str(issuer), request.issuer, request, response)


def verify(
    request: SentRequest, parsed: ParsedJws, keys: Any, registration: Registration, response: Any
) -> dict[str, str]:
    """Verify the signature, and return the parameters of the callback.

    Raises:
        InvalidResponseJwt: or a subclass: it is refused.
    """
    with translated(request, response):
        return parameters(verified(parsed, keys, registration))


def verified(parsed: ParsedJws, keys: Any, registration: Registration) -> ParsedJws:
    """Verify the signature.

    Raises:
        JoseError: it is not that of a key of the AS.
    """
    from .._jose import jws  # noqa: PLC0415  loads cryptography

    return jws.verify(parsed, algs=registration.signed_algs, keys=keys, secret=registration.client_secret)


def parameters(parsed: ParsedJws) -> dict[str, str]:
    """Return the claims that are parameters of the callback, `iss` among them; what is no text counts as absent."""
    kept = {name: value for name, value in parsed.claims().items() if name == "iss" or name not in ABOUT_THE_JWT}
    return {name: value for name, value in kept.items() if isinstance(value, str) and value}


__all__ = [
    "ExpiredResponseJwt",
    "InvalidResponseJwt",
    "MismatchingResponseJwtAudience",
    "MissingResponseJwt",
    "Registration",
    "UncheckableResponseJwt",
    "UnsupportedResponseJwtAlg",
]
