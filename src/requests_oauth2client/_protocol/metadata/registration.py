"""Registering a client, and managing its registration (RFC 7591, RFC 7592, OIDC Registration).

    POST to the registration_endpoint ──► ClientInformation
    GET, PUT, DELETE of its registration_client_uri, with its registration_access_token

Knows no HTTP library; what the AS answers is read in `registration`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ... import profiles
from ..._core.effects import Steps
from ..._core.messages import Request, Response, is_success, read_json_object
from ..._core.urls import validate_discovered_uri, validate_endpoint_uri
from ..._tokens.bearer import BearerToken
from ...exceptions import InvalidParam, MissingEndpointUri
from ...registration import SETTINGS, ClientInformation, ClientRegistrationError, InvalidClientInformationResponse
from ..http.call import raise_oauth_error, send_request
from ..http.limits import FetchLimits, Limits
from . import discovery

if TYPE_CHECKING:
    from ..hooks import Client

NO_CONTENT = 204
STAYING = ("token_endpoint_auth_method", "token_endpoint_auth_signing_alg", *SETTINGS)
MANAGING = ("client_secret", "registration_access_token", "registration_client_uri")


def register(
    limits: FetchLimits,
    metadata: Mapping[str, Any],
    *,
    url: Any = None,
    issuer: Any = None,
    initial_access_token: str | BearerToken | None = None,
    software_statement: Any = None,
    private_key: Any = None,
    settings: Mapping[str, Any],
) -> Steps[dict[str, Any]]:
    """Register a client, and return the arguments that make it; see `OAuth2Client.register`."""
    known = dict(settings)
    certificate = settings.get("client_certificate")
    metadata = profiles.registration(
        settings.get("profile"), metadata, private_key=private_key, certificate=certificate
    )
    if url is not None or issuer is not None:
        _, document = yield from discovery.discover(limits, url, issuer, oidc_first=True)
        known = {**discovery.client_arguments(document, testing=limits.testing, given=settings), **settings}
    endpoint = known.get("registration_endpoint")
    if endpoint is None:
        raise MissingEndpointUri("registration_endpoint")  # noqa: EM101  a name, no message
    uri = validate_endpoint_uri(endpoint, https=not limits.testing, name="registration_endpoint")
    statement = {} if software_statement is None else {"software_statement": str(software_statement)}
    token = None if initial_access_token is None else str(initial_access_token)
    response = yield from _send(limits, "POST", uri, token, {**metadata, **statement})
    information = _information(limits, response).completed(metadata)
    with carrying(information):
        return {**known, **information.client_arguments(private_key=private_key, certificate=certificate)}


@contextmanager
def carrying(information: ClientInformation | None) -> Iterator[None]:
    """Put what the AS gave on an error that comes after it acted, as `registration`: else the client is lost."""
    try:
        yield
    except InvalidParam as wrong:
        if information is not None and wrong.registration is None:
            wrong.registration = information
        raise


def read_registration(client: Client, /) -> Steps[Client]:
    """Ask the AS how this client is registered now.

    Returns:
        A client of what came, like this one but for that. Its `registration` has the metadata. Use it from now on:
        the AS may have given it another secret or registration_access_token.

    Raises:
        InvalidParam: this client was not registered through `register`, or can't be managed.
        ClientRegistrationError: the AS refused.
        InvalidClientInformationResponse: the response is invalid.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7592 section 2.1.
    """
    url, token, _ = _managed(client)
    response = yield from _send(client, "GET", url, token)
    return _registered_anew(client, _information(client, response))


def update_registration(client: Client, /, **changes: object) -> Steps[Client]:
    """Change how this client is registered.

    Args:
        **changes: metadata with new values; None removes one. The others stay.

    Returns:
        A client of what came, like this one but for that. Use it from now on: the AS may have given it another
        secret or registration_access_token.

    Raises:
        InvalidParam: this client was not registered through `register`, or can't be managed.
        ClientRegistrationError: the AS refused.
        InvalidClientInformationResponse: the response is invalid.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7592 section 2.2.
    """
    url, token, information = _managed(client)
    response = yield from _send(client, "PUT", url, token, information.for_update(changes))
    return _registered_anew(client, _information(client, response))


def delete_registration(client: Client, /) -> Steps[None]:
    """Delete this client at the AS. It can't be used afterwards.

    Raises:
        InvalidParam: this client was not registered through `register`, or can't be managed.
        ClientRegistrationError: the AS refused.
        InvalidClientInformationResponse: the AS failed without an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7592 section 2.3.
    """
    url, token, _ = _managed(client)
    response = yield from _send(client, "DELETE", url, token)
    if not is_success(response):
        _refuse(client, response)


def _managed(client: Client) -> tuple[str, str, ClientInformation]:
    information = client.registration
    url = None if information is None else information.registration_client_uri
    if information is None or url is None or information.registration_access_token is None:
        msg = (
            "This client can't be managed: it has no registration_client_uri and registration_access_token. Make it"
            " with OAuth2Client.register, or pass registration=ClientInformation(...)."
        )
        raise InvalidParam(msg)
    source = client.registration_endpoint or client.issuer or client.token_endpoint
    uri = validate_discovered_uri(url, source=source, https=not client.testing, name="registration_client_uri")
    return uri, information.registration_access_token, information


def _send(
    limits: Limits, method: str, url: str, token: str | None, metadata: Mapping[str, Any] | None = None
) -> Steps[Response]:
    headers = {"Accept": "application/json"}
    if metadata is not None:
        headers["Content-Type"] = "application/json"
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = Request(
        url=url,
        method=method,
        headers=headers,
        json=metadata,
        timeout=limits.timeout,
        max_size=limits.max_response_size,
    )
    return (yield from send_request(limits, request, invalid=InvalidClientInformationResponse))


def _information(limits: Any, response: Response) -> ClientInformation:
    if not is_success(response) or response.status_code == NO_CONTENT:
        _refuse(limits, response)
    try:
        return ClientInformation(read_json_object(response))
    except ValueError as wrong:
        problem = f"This is no client information response: {wrong}"
        raise InvalidClientInformationResponse(response=response, client=limits, description=problem) from None


def _refuse(limits: Any, response: Response) -> Any:
    raise_oauth_error(
        limits,
        response,
        unknown=ClientRegistrationError,
        invalid=InvalidClientInformationResponse,
        expected="a client information response",
        is_authenticated=False,
    )


def _registered_anew(client: Client, information: ClientInformation) -> Client:
    """Make the same client of what came; members that an AS leaves out of its answer stay (RFC 7592 section 3)."""
    known = client.registration
    kept = {} if known is None else {n: known[n] for n in MANAGING if n in known}
    merged = ClientInformation({**kept, **information.metadata})
    if known is not None:  # the method and its like stay where the AS does not say them
        merged = merged.completed({n: known[n] for n in STAYING if n in known})
    key = getattr(client.auth, "private_jwk", None)
    with carrying(merged):
        return client.replace(**merged.client_arguments(private_key=key, certificate=client.client_certificate))
