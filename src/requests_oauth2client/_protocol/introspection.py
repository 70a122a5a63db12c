"""Asking the AS what a token is worth (RFC 7662)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from .._http import Response, is_success, parse_json
from .._steps import Steps
from ..exceptions import IntrospectionError, UnknownIntrospectionError
from ..tokens import BearerToken
from .endpoint import call_endpoint, raise_oauth_error
from .revocation import _token_text

if TYPE_CHECKING:
    from .client import Client


def introspect_token(
    client: Client,
    /,
    token: str | BearerToken,
    token_type_hint: str | None = None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **introspect_kwargs: Any,
) -> Steps[Any]:
    """Ask the AS whether a token is active, and what it stands for.

    Args:
        token: the token to ask about.
        token_type_hint: `access_token` or `refresh_token`. With `refresh_token`, a `BearerToken`'s refresh
            token is asked about.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **introspect_kwargs: further form fields.

    Returns:
        The JSON of the answer, a dict with `active`; the text when it is no JSON.

    Raises:
        MissingEndpointUri: the client has no introspection_endpoint.
        IntrospectionError: or another `EndpointError`: the AS refused.
        UnknownIntrospectionError: the AS failed without an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7662 section 2.
    """
    response = yield from call_endpoint(
        client,
        "introspection_endpoint",
        {"token": _token_text(token, token_type_hint), "token_type_hint": token_type_hint, **introspect_kwargs},
        invalid=UnknownIntrospectionError,
        requests_kwargs=requests_kwargs,
    )
    if is_success(response):
        return client.parse_introspection_response(response)
    return client.on_introspection_error(response)


def parse(client: Client, response: Response) -> Any:  # noqa: ARG001  for overriders
    """Read a 2xx answer."""
    try:
        return parse_json(response.content or b"")
    except ValueError:
        return bytes(response.content or b"").decode(errors="replace")


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer that is no success means."""
    raise_oauth_error(
        client,
        response,
        unknown=IntrospectionError,
        invalid=UnknownIntrospectionError,
        expected="an introspection response",
    )
