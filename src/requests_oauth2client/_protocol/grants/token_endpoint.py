"""Asking the token endpoint: every grant is a form POST with a `grant_type` (RFC 6749 section 4).

A grant is a rule here: it puts its fields together and asks. Reading the answer is `token_response`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ... import profiles
from ..._core.dual_errors import login_needed
from ..._core.effects import Steps, inner
from ..._core.issuers import check_same_server
from ..._core.late import operations
from ..._core.scope import join_scope
from ..._core.token_syntax import token_text
from ..._tokens.bearer import BearerToken, with_id_token
from ...exceptions import InvalidGrant, InvalidParam, InvalidTokenResponse, MissingAccessToken
from ..http import dpop_nonce, retrying
from ..http.call import call_endpoint
from . import token_response

if TYPE_CHECKING:
    from ...authorization_request import AuthorizationResponse
    from ...dpop import DPoPKey
    from ..hooks import Client
    from ..oidc import id_token
    from .device import DeviceAuthorizationResponse
else:
    id_token = operations(__package__, "..oidc.id_token")

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
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    """Ask the token endpoint with any grant, authenticated as this client.

    Args:
        data: the form fields, `grant_type` among them; those that are None are not sent.
        timeout: seconds for the whole answer; by default the client's.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library.

    Returns:
        The token; a `DPoPToken` if it is bound to a key.

    Raises:
        ProfileViolation: the profile of the client forbids this grant, or a token that is not bound to a key.
        TokenEndpointError: or another `EndpointError`: the AS refused; its class is the `error` code's.
        InvalidTokenResponse: the answer is neither a token nor an OAuth error, or the token is not bound to the key.
        InvalidUseDPoPNonceResponse: the AS demands a DPoP nonce, and gives none or the same again.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 6749 sections 3.2, 4.5 and 5, RFC 9449 section 5.
    """
    key = dpop_nonce.key_for(client, dpop=dpop, dpop_key=dpop_key)
    profiles.check(client.profile, "grant", client, data, key)
    response = yield from call_endpoint(
        client,
        "token_endpoint",
        data,
        invalid=InvalidTokenResponse,
        dpop_key=key,
        timeout=timeout,
        repeat=retrying.of_grant(data),
        requests_kwargs=requests_kwargs,
    )
    return token_response.read_token(client, response, dpop_key=key)


def client_credentials(
    client: Client,
    /,
    scope: str | Iterable[str] | None = None,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Get a token for the client itself, without a user.

    Args:
        scope: what to ask for; a str or an iterable of words.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
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
    token = yield from inner(client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs)
    return token


def authorization_code(
    client: Client,
    /,
    code: str | AuthorizationResponse,
    *,
    validate: bool = True,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Exchange an authorization code for tokens.

    Args:
        code: the code, or the response that `AuthorizationRequest.validate_callback` returned: then
            code_verifier, redirect_uri and DPoP key come along, and the ID token is checked against the request.
        validate: check the ID token. Without it, anyone who can answer for the AS decides who logs in.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields: `redirect_uri`, `code_verifier`, ...

    Returns:
        The token; `id_token.checked` tells whether its ID token was checked.

    Raises:
        MismatchingIssuer: another AS answered; nothing was sent.
        InvalidGrant: the code is expired or used, or verifier or redirect_uri don't belong to it.
        InvalidIdToken: the ID token is not acceptable.
        MissingAccessToken: the AS sent an ID token alone; it is checked, and the error's `id_token`.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 6749 section 4.1.3, RFC 7636 section 4.5, OIDC Core section 3.1.3.
    """
    profiles.check(client.profile, "code", client, code)
    answered: Any = code if hasattr(code, "code_verifier") else None
    if answered is not None:
        issuer = getattr(answered, "issuer", None)
        check_same_server(issuer, client.issuer_rule, further=client.further_issuers)  # before the code leaves
        known = {"code_verifier": answered.code_verifier, "redirect_uri": answered.redirect_uri}
        token_kwargs = {**known, **{name: value for name, value in token_kwargs.items() if value is not None}}
        dpop_key = dpop_key or answered.dpop_key  # RFC 9449 §10: the code is bound to it
    data = {"grant_type": "authorization_code", "code": str(code), **token_kwargs}
    try:
        token = yield from inner(
            client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs
        )
    except MissingAccessToken as lone:
        if validate:
            lone.id_token = yield from id_token.check_lone(
                client, lone.id_token, answered, requests_kwargs=requests_kwargs
            )
        raise
    if validate:
        token = yield from id_token.check(client, token, answered, requests_kwargs=requests_kwargs)
    return token


def authorization_code_pkce(
    client: Client,
    /,
    code: str | AuthorizationResponse,
    code_verifier: str,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: Any,
) -> Steps[BearerToken]:
    """Exchange an authorization code with its PKCE verifier.

    Args:
        code: the code, or the response that `AuthorizationRequest.validate_callback` returned.
        code_verifier: the verifier of the request.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
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
            dpop=dpop,
            dpop_key=dpop_key,
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
    validate: bool = True,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Renew a token with a refresh token.

    Args:
        refresh_token: the refresh token, or a token that has one. The key of a `DPoPToken` is used again.
        validate: check the ID token that comes. Without it, `id_token.checked` of the new one is False.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as a narrower `scope`.

    Returns:
        The token that replaces the other; a refresh token that the AS did not rotate is kept in it.

    Raises:
        MissingRefreshToken: the token has no refresh token.
        RefusedRefreshToken: (an `InvalidGrant`) the refresh token is expired, revoked or used; log in again.
        InvalidIdToken: the ID token that came is not acceptable. What came with it is the error's `renewed_token`: the
            old refresh token may be used up, so store that one.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 6749 section 6.
    """
    old = refresh_token if isinstance(refresh_token, BearerToken) else None
    value = old.refresh_token if old else refresh_token
    if not isinstance(value, str) or not value:
        msg = "There is no refresh token to renew with. Ask for one at login, often with the scope offline_access."
        raise MissingRefreshToken(msg)
    if dpop_key is None and old is not None:
        dpop_key = vars(old).get("dpop_key")  # RFC 9449 §5: a public client's refresh token is bound to it too
    scope = join_scope(token_kwargs.pop("scope", None))
    data = {"grant_type": "refresh_token", "refresh_token": value, "scope": scope, **token_kwargs}
    try:
        token: BearerToken = yield from inner(
            client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs
        )
    except InvalidGrant as refusal:
        raise login_needed(refusal) from refusal.__cause__
    if token.refresh_token is None:
        token = token.replace(refresh_token=value)  # RFC 6749 section 6: it MAY issue another; else this one stays
    if not validate:
        return token if old is None or token.id_token is not None else with_id_token(token, old.id_token)
    return (yield from id_token.check_refreshed_or_keep(client, token, old, requests_kwargs=requests_kwargs))


def device_code(
    client: Client,
    /,
    device_code: str | DeviceAuthorizationResponse,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Ask once whether the user has authorized the device.

    Args:
        device_code: the device code, or the response that `authorize_device` returned.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
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
        msg = f"A device code is a string or a DeviceAuthorizationResponse, got a {type(device_code).__name__}."
        raise MissingDeviceCode(msg)
    data = {"grant_type": DEVICE_CODE, "device_code": value, **token_kwargs}
    token = yield from inner(client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs)
    return (yield from id_token.check(client, token, None, requests_kwargs=requests_kwargs))


def jwt_bearer(
    client: Client,
    /,
    assertion: Any,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Get a token for a signed JWT.

    Args:
        assertion: the JWT as a string or bytes, or an object whose `str()` it is.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `scope`.

    Returns:
        The token.

    Raises:
        InvalidParam: this is not a token.
        InvalidGrant: the AS does not take this assertion.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 7523 section 2.1.
    """
    text, problem = token_text(assertion, "assertion")
    if problem is not None:
        raise InvalidParam(problem)
    scope = join_scope(token_kwargs.pop("scope", None))
    data = {"grant_type": JWT_BEARER, "assertion": text, "scope": scope, **token_kwargs}
    token = yield from inner(client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs)
    return (yield from id_token.check(client, token, None, requests_kwargs=requests_kwargs))


def resource_owner_password(
    client: Client,
    /,
    username: str,
    password: str,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Get a token for a user's name and password. OAuth 2.1 drops this grant: use it where nothing else is left.

    Args:
        username: the user's name.
        password: the user's password.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
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
    token = yield from inner(client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs)
    return (yield from id_token.check(client, token, None, asked=scope, requests_kwargs=requests_kwargs))
