"""Asking the OP about the user (OIDC Core section 5.3).

The answer is JSON, or a JWT where the client is registered so, and about the user that the ID token is about.
Claims that others make (section 5.6.2) are read in `claim_sources`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ..._core.effects import Now, Steps
from ..._core.messages import Request, Response, is_success, parse_json_object, read_oauth_error
from ..._core.redaction import one_line
from ..._core.story import Clause, checked
from ..._jose.claims import check_aud, check_exp, check_iat, check_issuer, check_nbf
from ..._jose.errors import JoseError
from ..._oidc.user_info import UserInfo
from ..._tokens.bearer import BearerToken
from ...challenges import challenge_params
from ...dpop import DPoPToken
from ...exceptions import EndpointError, InvalidParam, InvalidUserInfoResponse, OAuth2Error
from ..http.call import build_request, raise_oauth_error, send_request
from ..http.dpop_nonce import send_with_proof
from ..http.retrying import Repeat, once
from .jwt_response import LEEWAY, Protection, UncheckedJwt, is_jwt, read, refused, text_of

if TYPE_CHECKING:
    from ..hooks import Client

WAYS = {("POST", "header"), ("POST", "body"), ("GET", "header")}  # RFC 6750 sections 2.1 and 2.2
NO_POST = frozenset({404, 405, 501})  # what servers answer that only know GET, though OIDC Core 5.3.1 demands both
SUBJECT = Clause("subject", "OIDC Core 5.3.4")


class MismatchingUserInfoSubject(InvalidUserInfoResponse):
    """The answer is about another user than the ID token, and must not be used (OIDC Core section 5.3.4).

    Attributes:
        received: the `sub` of the answer, or None.
        expected: the `sub` of the ID token.
    """

    kept = (*OAuth2Error.kept, "received", "expected")

    def __init__(self, received: object, expected: str, response: object = None, client: object = None) -> None:
        self.received, self.expected = received, expected
        super().__init__(
            response=response,
            client=client,
            description=f"The userinfo is about sub={one_line(received)!r}, the ID token about {expected!r}. Use"
            " neither: the access token may have been exchanged for another user's.",
        )

    def _body(self) -> str:
        return ""  # what it says is about another user


def userinfo(
    client: Client,
    /,
    access_token: str | BearerToken,
    *,
    method: Literal["POST", "GET"] | None = None,
    bearer_method: Literal["header", "body"] = "header",
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[UserInfo]:
    """Ask the OP about the user who granted a token.

    A client with a `userinfo_signed_response_alg` or a `userinfo_encrypted_response_alg` takes only answers that
    are protected so.

    Args:
        access_token: a token with the scope openid. With a `BearerToken` that has an ID token, the answer must be
            about the same user.
        method: how to ask. By default by POST, and where the server does not know that (status 404, 405 or 501), by
            GET, which this client then remembers.
        bearer_method: where the token goes, RFC 6750 section 2; in the body only if the OP knows no header.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

    Returns:
        The claims, a dict with `sub`; the standard ones are also properties.

    Raises:
        MissingEndpointUri: the client has no userinfo_endpoint.
        EndpointError: the OP refused, in the body or in a `WWW-Authenticate` header; also with a status of 200.
        InvalidUserInfoResponse: the OP failed without an OAuth error, or its answer is not acceptable.
        MismatchingUserInfoSubject: the answer is about another user than the ID token.
        InvalidIdToken: the ID token is still encrypted, so it is unknown whom it is about; nothing was sent.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Core section 5.3, RFC 6750 section 2.
    """
    yield from client.find_endpoint("userinfo_endpoint")
    token = access_token if isinstance(access_token, BearerToken) else BearerToken(access_token)
    subject = None if token.id_token is None else token.id_token.claims.get("sub")
    known_method = method or ("GET" if bearer_method == "header" and _knows_get_only(client) else "POST")
    request = _request(client, token, known_method, bearer_method, requests_kwargs)

    def send(request: Request) -> Steps[Response]:
        if not isinstance(token, DPoPToken):
            return once(request)
        return send_with_proof(request, token.dpop_key, once, access_token=token.access_token)

    response = yield from send_request(
        client, request, invalid=InvalidUserInfoResponse, repeat=Repeat.ALWAYS, attempt=send
    )
    if method is None and request.method == "POST" and bearer_method == "header" and response.status_code in NO_POST:
        response = yield from send_request(
            client, _as_get(request), invalid=InvalidUserInfoResponse, repeat=Repeat.ALWAYS, attempt=send
        )
        if response.status_code not in NO_POST:
            client.__dict__["_userinfo_by_get"] = True
    if not is_success(response):
        return _typed(client.on_userinfo_error(response))
    answer = client.parse_userinfo_response(response)
    if isinstance(answer, UncheckedJwt):
        answer = yield from _checked(client, response, answer, requests_kwargs)
    if token.id_token is not None:
        checked(SUBJECT, _check_subject, client, response, answer, subject)
    return _typed(answer)


def _knows_get_only(client: Client) -> bool:
    return client.__dict__.get("_userinfo_by_get", False) is True


def _typed(answer: Any) -> UserInfo:
    """Make a `UserInfo` of a dict; what the hook of a subclass returns instead is its own."""
    typed: UserInfo = UserInfo(answer) if type(answer) is dict else answer
    return typed


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
    return request if method == "POST" else _as_get(request)


def _as_get(request: Request) -> Request:
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
        answer = parse_json_object(response.content or b"")
    except ValueError as wrong:
        msg = f"This is no userinfo response: {wrong}."
        raise InvalidUserInfoResponse(response=response, client=client, description=msg) from None
    return client.on_userinfo_error(response) if _is_error(answer) else answer


def _is_error(answer: Mapping[str, Any]) -> bool:
    """Tell whether a 2xx response reports an error: Slack's `ok: false`, Facebook's `error`, WeChat's `errcode`."""
    if "sub" in answer:
        return False
    return answer.get("ok") is False or bool(answer.get("error")) or bool(answer.get("errcode"))


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
        return  # encrypted only: these claims are not signed, so they are as good as the connection
    if client.issuer_rule is not None:
        check_issuer(claims, client.issuer_rule, further=client.further_issuers, required=False)
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
    """Raise what an answer that is no success means: the error in its body, else the one in its challenge."""
    params = {} if read_oauth_error(response) is not None else challenge_params(response)
    if "error" in params:  # RFC 6750 §3.1; OIDC Core §5.3.3
        error = params["error"]
        raise client.exception_classes.get(error, EndpointError)(
            response=response,
            client=client,
            error=error,
            description=params.get("error_description"),
            uri=params.get("error_uri"),
        )
    raise_oauth_error(
        client,
        response,
        unknown=EndpointError,
        invalid=InvalidUserInfoResponse,
        expected="a userinfo response",
        is_authenticated=False,
        problem="The body says that this is an error, with a status of success." if is_success(response) else None,
    )
