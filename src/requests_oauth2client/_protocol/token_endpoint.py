"""Asking the token endpoint: every grant is a form POST with a `grant_type` (RFC 6749 section 4).

A grant is a rule here: it puts its fields together and asks. Reading the answer is `token_response`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._steps import Steps, inner
from ..exceptions import InvalidParam, InvalidTokenResponse
from ..tokens import BearerToken
from ..utils import join_scope
from . import id_token, token_response
from .endpoint import call_endpoint

if TYPE_CHECKING:
    from ..authorization_request import AuthorizationResponse
    from .client import Client
    from .device import DeviceAuthorizationResponse

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628 section 3.4
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523 section 2.1


class MissingRefreshToken(InvalidParam):
    """A refresh needs a refresh token, and this token has none (RFC 6749 section 6)."""


class MissingDeviceCode(InvalidParam):
    """A device code is needed, and there is none in what was given (RFC 8628 section 3.4)."""


def token_request(
    client: Client,
    /,
    data: Mapping[str, Any],
    *,
    timeout: float | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    """Ask the token endpoint with any grant, authenticated as this client.

    Args:
        data: the form fields, `grant_type` among them; those that are None are not sent.
        timeout: seconds for the whole answer; by default the client's.
        requests_kwargs: further arguments for the HTTP library.

    Returns:
        The token.

    Raises:
        TokenEndpointError: or another `EndpointError`: the AS refused; its class is the `error` code's.
        InvalidTokenResponse: the answer is neither a token nor an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 6749 sections 3.2, 4.5 and 5.
    """
    response = yield from call_endpoint(
        client,
        "token_endpoint",
        data,
        invalid=InvalidTokenResponse,
        timeout=timeout,
        requests_kwargs=requests_kwargs,
    )
    return token_response.judge(client, response)


def client_credentials(
    client: Client,
    /,
    scope: str | Iterable[str] | None = None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Get a token for the client itself, without a user.

    Args:
        scope: what to ask for; a str or an iterable of words.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `resource` or `audience`.

    Returns:
        The token; its `expires_in` counts down in seconds.

    Raises:
        InvalidScopeParam: the scope is no text and no iterable of words.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 6749 section 4.4.
    """
    data = {"grant_type": "client_credentials", "scope": join_scope(scope), **token_kwargs}
    return (yield from inner(client, token_request, data, requests_kwargs=requests_kwargs))


def authorization_code(
    client: Client,
    /,
    code: str | AuthorizationResponse,
    *,
    validate: bool = True,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Exchange an authorization code for tokens.

    Args:
        code: the code, or the response that `AuthorizationRequest.validate_callback` returned: then
            code_verifier and redirect_uri come along, and the ID token is checked against the request.
        validate: check the ID token. Without it, whoever can answer for the AS decides who logs in.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields: `redirect_uri`, `code_verifier`, ...

    Returns:
        The token; `id_token.checked` tells whether its ID token was checked.

    Raises:
        InvalidGrant: the code is expired or used, or verifier or redirect_uri don't belong to it.
        InvalidIdToken: the ID token is not acceptable.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 6749 section 4.1.3, RFC 7636 section 4.5, OIDC Core section 3.1.3.
    """
    answered: Any = code if hasattr(code, "code_verifier") else None
    if answered is not None:
        known = {"code_verifier": answered.code_verifier, "redirect_uri": answered.redirect_uri}
        token_kwargs = {**known, **{name: value for name, value in token_kwargs.items() if value is not None}}
    data = {"grant_type": "authorization_code", "code": str(code), **token_kwargs}
    token = yield from inner(client, token_request, data, requests_kwargs=requests_kwargs)
    if validate:
        token = yield from id_token.check(client, token, answered, requests_kwargs=requests_kwargs)
    return token


def authorization_code_pkce(
    client: Client,
    /,
    code: str | AuthorizationResponse,
    code_verifier: str,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Exchange an authorization code with its PKCE verifier.

    Args:
        code: the code, or the response that `AuthorizationRequest.validate_callback` returned.
        code_verifier: the verifier of the request.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `redirect_uri`.

    Returns:
        The token.

    Raises:
        InvalidGrant: and everything else that `authorization_code` raises.

    Source: RFC 7636 section 4.5.
    """
    return (
        yield from inner(
            client,
            authorization_code,
            code,
            requests_kwargs=requests_kwargs,
            code_verifier=code_verifier,
            **token_kwargs,
        )
    )


def refresh_token(
    client: Client,
    /,
    refresh_token: str | BearerToken,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Renew a token with a refresh token.

    Args:
        refresh_token: the refresh token, or a token that has one.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as a narrower `scope`.

    Returns:
        The token that replaces the other; a refresh token that the AS did not rotate is kept in it.

    Raises:
        MissingRefreshToken: the token has no refresh token.
        InvalidGrant: the refresh token is expired, revoked or used; log in again.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 6749 section 6.
    """
    old = refresh_token if isinstance(refresh_token, BearerToken) else None
    value = old.refresh_token if old else refresh_token
    if not isinstance(value, str) or not value:
        msg = "There is no refresh token to renew with. Ask for one at login, often with the scope offline_access."
        raise MissingRefreshToken(msg)
    scope = join_scope(token_kwargs.pop("scope", None))
    data = {"grant_type": "refresh_token", "refresh_token": value, "scope": scope, **token_kwargs}
    token = yield from inner(client, token_request, data, requests_kwargs=requests_kwargs)
    if token.refresh_token is None:
        token = token.replace(refresh_token=value)  # RFC 6749 section 6: it MAY issue another; else this one stays
    return (yield from id_token.check_refreshed(client, token, old, requests_kwargs=requests_kwargs))


def device_code(
    client: Client,
    /,
    device_code: str | DeviceAuthorizationResponse,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Ask once whether the user has authorized the device.

    Args:
        device_code: the device code, or the response that `authorize_device` returned.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields.

    Returns:
        The token, once the user said yes.

    Raises:
        MissingDeviceCode: there is no device code.
        AuthorizationPending: the user is not done yet: ask again after the interval.
        SlowDown: the same, and the interval must be 5 seconds longer.
        ExpiredToken: (also named `ExpiredDeviceCode`) the device code is no longer valid.
        AccessDenied: the user said no.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 8628 sections 3.4 and 3.5.
    """
    value = device_code if isinstance(device_code, str) else getattr(device_code, "device_code", None)
    if not isinstance(value, str) or not value:
        msg = f"A device code is a text or a DeviceAuthorizationResponse, got a {type(device_code).__name__}."
        raise MissingDeviceCode(msg)
    data = {"grant_type": DEVICE_CODE, "device_code": value, **token_kwargs}
    token = yield from inner(client, token_request, data, requests_kwargs=requests_kwargs)
    return (yield from id_token.check(client, token, None, requests_kwargs=requests_kwargs))


def jwt_bearer(
    client: Client,
    /,
    assertion: Any,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Get a token for a signed JWT.

    Args:
        assertion: the JWT; any object whose `str()` it is, or bytes.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `scope`.

    Returns:
        The token.

    Raises:
        InvalidGrant: the AS does not take this assertion.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 7523 section 2.1.
    """
    text = assertion.decode() if isinstance(assertion, bytes) else str(assertion)
    scope = join_scope(token_kwargs.pop("scope", None))
    data = {"grant_type": JWT_BEARER, "assertion": text, "scope": scope, **token_kwargs}
    return (yield from inner(client, token_request, data, requests_kwargs=requests_kwargs))


def resource_owner_password(
    client: Client,
    /,
    username: str,
    password: str,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Get a token for a user's name and password. OAuth 2.1 drops this grant: use it where nothing else is left.

    Args:
        username: the user's name.
        password: the user's password.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `scope`.

    Returns:
        The token.

    Raises:
        InvalidGrant: name or password are wrong.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 6749 section 4.3.
    """
    scope = join_scope(token_kwargs.pop("scope", None))
    data = {"grant_type": "password", "username": username, "password": password, "scope": scope, **token_kwargs}
    return (yield from inner(client, token_request, data, requests_kwargs=requests_kwargs))
