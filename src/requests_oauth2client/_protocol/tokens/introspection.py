"""Asking the AS what a token is worth (RFC 7662), also in an answer that it signs (RFC 9701)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ..._core.effects import Now, Steps
from ..._core.messages import Response, is_success, parse_json
from ..._core.redaction import one_line
from ..._jose.claims import check_aud, check_iat, check_issuer
from ..._jose.errors import InvalidClaim, JoseError
from ..._tokens.bearer import BearerToken
from ..._tokens.introspection_response import IntrospectionResponse
from ...exceptions import IntrospectionError, UnknownIntrospectionError
from ..http.call import call_endpoint, raise_oauth_error
from ..http.retrying import Repeat
from ..oidc.jwt_response import LEEWAY, Protection, UncheckedJwt, is_jwt, read, refused, text_of
from .revocation import key_of, token_text

if TYPE_CHECKING:
    from ..hooks import Client

JWT_TYPE = "token-introspection+jwt"  # RFC 9701 section 5
CLAIM = "token_introspection"
DEFAULT_ALG = "RS256"  # RFC 9701 section 6


class InvalidIntrospectionResponse(UnknownIntrospectionError):
    """The `active` of a response is no boolean, or it is not signed as this client is registered for (RFC 9701)."""


def introspect_token(
    client: Client,
    /,
    token: str | BearerToken,
    token_type_hint: str | None = None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **introspect_kwargs: object,
) -> Steps[IntrospectionResponse]:
    """Ask the AS whether a token is active, and what it stands for.

    A client with an `introspection_signed_response_alg` asks for a JWT, and takes nothing else.

    Args:
        token: the token to ask about.
        token_type_hint: `access_token` or `refresh_token`. With `refresh_token`, a `BearerToken`'s refresh
            token is asked about.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **introspect_kwargs: further form fields.

    Returns:
        The JSON of the response, a dict with `active`; of a JWT, its `token_introspection`, once it was checked.
        A server that does not speak RFC 7662 is quoted: other JSON is returned as it is, anything else as a string.

    Raises:
        MissingEndpointUri: the client has no introspection_endpoint.
        IntrospectionError: or another `EndpointError`: the AS refused.
        UnknownIntrospectionError: the AS failed without an OAuth error.
        InvalidIntrospectionResponse: `active` is no boolean, the JWT is not acceptable, or there should be one.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7662 section 2, RFC 9701 sections 4 and 5.
    """
    protection = Protection.of(client, "introspection")
    response = yield from call_endpoint(
        client,
        "introspection_endpoint",
        {"token": token_text(token, token_type_hint), "token_type_hint": token_type_hint, **introspect_kwargs},
        invalid=UnknownIntrospectionError,
        accept=f"application/{JWT_TYPE}" if protection else "application/json",
        dpop_key=key_of(token),
        repeat=Repeat.ALWAYS,
        requests_kwargs=requests_kwargs,
    )
    if not is_success(response):
        said: IntrospectionResponse = client.on_introspection_error(response)
        return said
    answer = client.parse_introspection_response(response)
    if isinstance(answer, UncheckedJwt):
        answer = yield from _checked(client, response, answer, requests_kwargs)
    return _typed(client, response, answer)


def _typed(client: Client, response: Response, answer: Any) -> IntrospectionResponse:
    """Make the typed response of a JSON object; an `active` that is truthy but not true must not pass for it."""
    typed: IntrospectionResponse = answer
    if not isinstance(answer, Mapping):
        return typed
    if not isinstance(active := answer.get("active", False), bool):  # RFC 7662 §2.2
        msg = f"Its active is {one_line(active)!r}, expected true or false. Treat the token as not active."
        raise InvalidIntrospectionResponse(response=response, client=client, description=msg)
    return typed if isinstance(answer, IntrospectionResponse) else IntrospectionResponse(answer)


def parse(client: Client, response: Response) -> Any:
    """Read a 2xx answer; a JWT is given as it is, to be checked."""
    if is_jwt(response):
        return text_of(response)
    if Protection.of(client, "introspection"):
        msg = f"This client is registered for signed answers; expected the media type application/{JWT_TYPE}."
        raise InvalidIntrospectionResponse(response=response, client=client, description=msg)
    try:
        return parse_json(response.content or b"")
    except ValueError:
        return bytes(response.content or b"").decode(errors="replace")


def _checked(
    client: Client, response: Response, token: UncheckedJwt, requests_kwargs: Mapping[str, Any] | None
) -> Steps[dict[str, Any]]:
    """Check a signed answer (RFC 9701 section 5), and return what it says."""
    protection = Protection.of(client, "introspection").signed_with(DEFAULT_ALG)
    now: Any = yield Now()
    try:
        header, claims = yield from read(client, token, protection, requests_kwargs=requests_kwargs)
        _check_claims(client, header, claims, now.timestamp())
    except JoseError as wrong:
        raise refused(InvalidIntrospectionResponse, client, response, wrong) from wrong
    said: dict[str, Any] = claims[CLAIM]
    return said


def _check_claims(client: Client, header: Mapping[str, Any], claims: Mapping[str, Any], now: float) -> None:
    typ = str(header.get("typ", "")).lower().removeprefix("application/")  # RFC 7515 section 4.1.9
    if typ != JWT_TYPE:  # RFC 9701 section 5: no other kind of JWT is taken for an answer
        msg = f"its typ is {one_line(header.get('typ'))!r}, expected {JWT_TYPE!r}."
        raise JoseError(msg, received=header.get("typ"), expected=JWT_TYPE)
    if client.issuer_rule is not None:
        check_issuer(claims, client.issuer_rule, further=client.further_issuers)
    elif not client.allow_unknown_issuer:
        msg = "this client does not know who the AS is, so it can't tell whose answer that is. Pass issuer=."
        raise JoseError(msg)
    check_aud(claims, client.client_id)
    check_iat(claims, now, LEEWAY)
    if not isinstance(claims.get(CLAIM), dict):
        msg = f"its {CLAIM} is {'no JSON object' if CLAIM in claims else 'missing'}."
        raise InvalidClaim(msg, claim=CLAIM)


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer that is no success means."""
    raise_oauth_error(
        client,
        response,
        unknown=IntrospectionError,
        invalid=UnknownIntrospectionError,
        expected="an introspection response",
    )
