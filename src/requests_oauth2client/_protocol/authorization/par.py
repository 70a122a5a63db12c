"""Pushed authorization requests: the parameters go to the AS directly, the browser carries a reference (RFC 9126).

authorization request -> request_uri (sections 2.1 and 2.2). Plain, signed and encrypted requests alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ... import profiles
from ..._authorization.params import KNOWN
from ..._authorization.request_object import (
    InvalidPushedAuthorizationRequest,
    RequestParameterAuthorizationRequest,
    RequestUriParameterAuthorizationRequest,
)
from ..._core.effects import Steps
from ..._core.messages import Form, Response, is_success, read_json_object
from ..._core.options import accept_further
from ..._core.times import seconds
from ...authorization_request import AuthorizationRequest
from ...dpop import DPoPKey
from ...exceptions import EndpointError, InvalidPushedAuthorizationResponse
from ..http.call import call_endpoint, raise_oauth_error
from ..http.retrying import Repeat

if TYPE_CHECKING:
    from ..hooks import Client

CREDENTIALS = frozenset({"client_assertion", "client_assertion_type"})


def pushed_authorization_request(
    client: Client,
    /,
    authorization_request: AuthorizationRequest | RequestParameterAuthorizationRequest,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    **data: object,
) -> Steps[RequestUriParameterAuthorizationRequest]:
    """Push an authorization request to the AS, authenticated as this client.

    Args:
        authorization_request: the request; plain, or signed (and encrypted) with its `sign` methods.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        extra: further form fields that are sent even though their names look like misspellings of others.
        **data: further form fields.

    Returns:
        The request to send the browser with. It remembers the one that was pushed, and validates the callback;
        `expires_in` counts down in seconds.

    Raises:
        UnknownParam: a further field is spelled almost like a known one.
        MissingEndpointUri: the client has no pushed_authorization_request_endpoint.
        InvalidPushedAuthorizationRequest: it is a reference already, or of another client.
        ProfileViolation: the profile of the client forbids this request.
        EndpointError: the AS refused; its class is the `error` code's.
        InvalidPushedAuthorizationResponse: the answer is neither a request_uri nor an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 9126 sections 2 and 3, RFC 9449 section 10.1.
    """
    data = accept_further(data, KNOWN | CREDENTIALS, where="A pushed authorization request", extra=extra)
    fields = Form(_fields(client, authorization_request), data)
    original = _judged(client, authorization_request, data)
    key = authorization_request.dpop_key
    response = yield from call_endpoint(
        client,
        "pushed_authorization_request_endpoint",
        fields,
        invalid=InvalidPushedAuthorizationResponse,
        dpop_key=key if isinstance(key, DPoPKey) else None,  # RFC 9449 §10.1; dpop_jkt goes along too
        repeat=Repeat.ALWAYS,
        requests_kwargs=requests_kwargs,
    )
    if is_success(response):
        pushed = client.parse_pushed_authorization_response(response, dpop_key=key)
    else:
        pushed = client.on_pushed_authorization_error(response, dpop_key=key)
    return pushed.replace(
        authorization_endpoint=authorization_request.authorization_endpoint,
        authorization_request=original,
    )


def _fields(client: Client, request: Any) -> Form:
    """Return the fields to push: all parameters, or the request object alone (RFC 9126 section 3)."""
    if not isinstance(request, (AuthorizationRequest, RequestParameterAuthorizationRequest)):
        msg = f"A {type(request).__name__} can't be pushed. Push an AuthorizationRequest, or what its sign() returns."
        raise InvalidPushedAuthorizationRequest(msg)
    if request.client_id != client.client_id:
        msg = f"This is a request of client {request.client_id!r}, and {client.client_id!r} would push it."
        raise InvalidPushedAuthorizationRequest(msg)
    return request.args if isinstance(request, AuthorizationRequest) else request.pushed_args


def _judged(client: Client, request: Any, data: Mapping[str, Any]) -> AuthorizationRequest | None:
    """Return the request that the pushed one stands for, which keeps the profile of the client."""
    profiles.check(client.profile, "push", client, request, data)
    original: AuthorizationRequest | None = getattr(request, "authorization_request", request)
    if original is None or client.profile is None:
        return original
    profiles.check(client.profile, "own request", client, original)
    return original if original.profile == client.profile else original.replace(profile=client.profile)  # checks it


def parse(client: Client, response: Response, *, dpop_key: Any = None) -> RequestUriParameterAuthorizationRequest:
    """Read a 2xx answer; without a request_uri in it, its `error` decides (RFC 9126 section 2.2)."""
    try:
        answer = read_json_object(response)
        request_uri, lifetime = answer.pop("request_uri", None), seconds(answer.pop("expires_in", None))
        if not isinstance(request_uri, str) or not request_uri or not request_uri.isascii():
            msg = "it has no request_uri"
            raise ValueError(msg)  # noqa: TRY301  one handler for all that is wrong
        if lifetime is None or lifetime <= 0:
            msg = "it has no expires_in, a number of seconds above 0"
            raise ValueError(msg)  # noqa: TRY301
    except ValueError as wrong:
        _fail(client, response, f"This is no pushed authorization response: {wrong}.")
    return RequestUriParameterAuthorizationRequest(
        client.authorization_endpoint or client.token_endpoint,  # the rule puts the request's own in
        client.client_id,
        request_uri,
        expires_in=lifetime,
        dpop_key=dpop_key,
        testing=client.testing,
    )


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer without a request_uri means."""
    _fail(client, response, None)


def _fail(client: Client, response: Response, problem: str | None) -> NoReturn:
    raise_oauth_error(
        client,
        response,
        unknown=EndpointError,
        invalid=InvalidPushedAuthorizationResponse,
        expected="a pushed authorization response",
        problem=problem,
    )
