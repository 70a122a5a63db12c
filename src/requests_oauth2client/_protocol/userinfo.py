"""Asking the OP about the user (OIDC Core section 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from .._http import Request, Response, is_success, parse_json
from .._steps import Steps
from ..exceptions import EndpointError, InvalidUserInfoResponse
from ..tokens import BearerToken
from .endpoint import call_endpoint, raise_oauth_error

if TYPE_CHECKING:
    from .client import Client


def userinfo(
    client: Client,
    /,
    access_token: str | BearerToken,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[Any]:
    """Ask the OP about the user who granted a token.

    Args:
        access_token: a token with the scope openid.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

    Returns:
        The JSON of the answer, a dict with `sub`; the text when it is no JSON.

    Raises:
        MissingEndpointUri: the client has no userinfo_endpoint.
        EndpointError: the OP refused.
        InvalidUserInfoResponse: the OP failed without an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Core section 5.3.
    """
    token = access_token if isinstance(access_token, BearerToken) else BearerToken(access_token)

    def authenticate(request: Request) -> Request:
        return request.with_headers(**{token.AUTHORIZATION_HEADER: token.authorization_header()})

    response = yield from call_endpoint(
        client, "userinfo_endpoint", {}, invalid=InvalidUserInfoResponse, auth=authenticate,
        requests_kwargs=requests_kwargs,
    )  # fmt: skip
    return client.parse_userinfo_response(response) if is_success(response) else client.on_userinfo_error(response)


def parse(client: Client, response: Response) -> Any:  # noqa: ARG001  for overriders
    """Read a 2xx answer."""
    try:
        return parse_json(response.content or b"")
    except ValueError:
        return bytes(response.content or b"").decode(errors="replace")


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer that is no success means."""
    raise_oauth_error(
        client, response, unknown=EndpointError, invalid=InvalidUserInfoResponse, expected="a userinfo response"
    )
