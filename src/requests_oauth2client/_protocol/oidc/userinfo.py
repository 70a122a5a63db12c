"""Asking the OP about the user (OIDC Core section 5.3).

The answer is JSON, or a JWT where the client is registered so, and about the user that the ID token is about.
Claims that others make (section 5.6.2) are read in `claim_sources`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ..._core.effects import Now, Steps
from ..._core.messages import Request, Response, is_success, parse_json_object
from ..._core.redaction import one_line
from ..._jose.claims import check_aud, check_equal, check_exp, check_iat, check_nbf
from ..._jose.errors import JoseError
from ..._tokens.bearer import BearerToken
from ...dpop import DPoPToken
from ...exceptions import EndpointError, InvalidParam, InvalidUserInfoResponse, OAuth2Error
from ..http.call import build_request, raise_oauth_error, send_request
from ..http.dpop_nonce import send_with_proof
from ..http.retrying import Repeat, once
from .jwt_response import LEEWAY, Protection, UncheckedJwt, is_jwt, read, refused, text_of

if TYPE_CHECKING:
    from ..hooks import Client

WAYS = {("POST", "header"), ("POST", "body"), ("GET", "header")}  # RFC 6750 sections 2.1 and 2.2


class MismatchingUserInfoSubject(InvalidUserInfoResponse):
    """The answer is about another user than the ID token, and must not be used (OIDC Core section 5.3.4).

    Attributes:
        received: the `sub` of the answer, or None.
        expected: the `sub` of the ID token.
    """

    kept = (*OAuth2Error.kept, "received", "expected")

    def __init__(self, received: Any, expected: str, response: Any = None, client: Any = None) -> None:
        self.received, self.expected = received, expected
        super().__init__(
            response=response,
            client=client,
            description=f"The userinfo is about sub={one_line(received)!r}, the ID token about {expected!r}. Use"
            " neither: the access token may have been exchanged for another user's.",
        )

    def _body(self) -> str:
        return ""  # what it says is about somebody else


def userinfo(
    client: Client,
    /,
    access_token: str | BearerToken,
    *,
    method: Literal["POST", "GET"] = "POST",
    bearer_method: Literal["header", "body"] = "header",
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[Any]:
    """Ask the OP about the user who granted a token.

    A client with a `userinfo_signed_response_alg` or a `userinfo_encrypted_response_alg` takes only answers that
    are protected so.

    Args:
        access_token: a token with the scope openid. With a `BearerToken` that has an ID token, the answer must be
            about the same user.
        method: how to ask.
        bearer_method: where the token goes, RFC 6750 section 2; in the body only if the OP knows no header.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

    Returns:
        The claims, a dict with `sub`.

    Raises:
        MissingEndpointUri: the client has no userinfo_endpoint.
        EndpointError: the OP refused.
        InvalidUserInfoResponse: the OP failed without an OAuth error, or its answer is not acceptable.
        MismatchingUserInfoSubject: the answer is about another user than the ID token.
        InvalidIdToken: the ID token is still encrypted, so nobody can tell whom it is about; nothing was sent.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Core section 5.3, RFC 6750 section 2.
    """
    token = access_token if isinstance(access_token, BearerToken) else BearerToken(access_token)
    subject = None if token.id_token is None else token.id_token.claims.get("sub")
    request = _request(client, token, method, bearer_method, requests_kwargs)

    def send(request: Request) -> Steps[Response]:
        if not isinstance(token, DPoPToken):
            return once(request)
        return send_with_proof(request, token.dpop_key, once, access_token=token.access_token)

    response = yield from send_request(
        client, request, invalid=InvalidUserInfoResponse, repeat=Repeat.ALWAYS, attempt=send
    )
    if not is_success(response):
        return client.on_userinfo_error(response)
    answer = client.parse_userinfo_response(response)
    if isinstance(answer, UncheckedJwt):
        answer = yield from _checked(client, response, answer, requests_kwargs)
    if token.id_token is not None:
        _check_subject(client, response, answer, subject)
    return answer


def _request(
    client: Client, token: BearerToken, method: str, bearer_method: str, requests_kwargs: Mapping[str, Any] | None
) -> Request:
    if (method, bearer_method) not in WAYS or (isinstance(token, DPoPToken) and bearer_method == "body"):
        msg = f"The userinfo endpoint can't be asked with method={method!r} and bearer_method={bearer_method!r}."
        raise InvalidParam(msg)
    accept = "application/jwt" if Protection.of(client, "userinfo") else "application/json"
    url = client.endpoint("userinfo_endpoint")
    request = build_request(client, url, {}, accept=accept, requests_kwargs=requests_kwargs)
    if bearer_method == "body":  # RFC 6750 section 2.2
        token.authorization_header()  # refuses what is no access token
        return request.with_fields(access_token=token.access_token)
    request = request.with_headers(**{token.AUTHORIZATION_HEADER: token.authorization_header()})
    if method == "POST":
        return request
    headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    return replace(request, method="GET", form=None, headers=headers)


def parse(client: Client, response: Response) -> Any:
    """Read a 2xx answer; a JWT is given as it is, to be checked."""
    protection = Protection.of(client, "userinfo")
    if protection and not is_jwt(response):
        msg = "This client is registered for signed or encrypted answers; expected the media type application/jwt."
        raise InvalidUserInfoResponse(response=response, client=client, description=msg)
    if is_jwt(response):
        return text_of(response)
    try:
        return parse_json_object(response.content or b"")
    except ValueError as wrong:
        msg = f"This is no userinfo response: {wrong}."
        raise InvalidUserInfoResponse(response=response, client=client, description=msg) from None


def _checked(
    client: Client, response: Response, token: UncheckedJwt, requests_kwargs: Mapping[str, Any] | None
) -> Steps[dict[str, Any]]:
    """Check a signed or encrypted answer (OIDC Core section 5.3.2), and return its claims."""
    protection = Protection.of(client, "userinfo")
    if not protection:
        msg = "It is a JWT, and this client is not registered for one. Pass userinfo_signed_response_alg=."
        raise InvalidUserInfoResponse(response=response, client=client, description=msg)
    now: Any = yield Now()
    try:
        header, claims = yield from read(client, token, protection, requests_kwargs=requests_kwargs)
        _check_claims(client, header, claims, now.timestamp())
    except JoseError as wrong:
        raise refused(InvalidUserInfoResponse, client, response, wrong) from wrong
    return claims


def _check_claims(client: Client, header: Mapping[str, Any], claims: Mapping[str, Any], now: float) -> None:
    """Check what a signed answer says about itself; it SHOULD say iss and aud (OIDC Core section 5.3.2)."""
    if not header:
        return  # encrypted only: nobody signed these claims, so they are as good as the connection
    if "iss" in claims and client.issuer is not None:
        check_equal(claims, "iss", client.issuer)
    if "aud" in claims:
        check_aud(claims, client.client_id)
    check_exp(claims, now, LEEWAY, required=False)
    check_nbf(claims, now, LEEWAY)
    check_iat(claims, now, LEEWAY, required=False)


def _check_subject(client: Client, response: Response, answer: Any, expected: Any) -> None:
    """Compare whom the answer is about with whom the ID token is about (OIDC Core section 5.3.4)."""
    received = answer.get("sub") if isinstance(answer, Mapping) else None
    if received != expected or not isinstance(received, str):
        raise MismatchingUserInfoSubject(received, expected, response=response, client=client)


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer that is no success means."""
    raise_oauth_error(
        client, response, unknown=EndpointError, invalid=InvalidUserInfoResponse, expected="a userinfo response"
    )
