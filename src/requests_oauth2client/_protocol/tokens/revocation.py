"""Revoking tokens (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._core.effects import Steps, inner
from ..._core.messages import Response, is_success, read_oauth_error
from ..._tokens.bearer import BearerToken
from ...exceptions import InvalidAnswer, MissingEndpointUri, RevocationError
from ..grants.token_endpoint import MissingRefreshToken
from ..http.call import call_endpoint, raise_oauth_error
from ..http.retrying import Repeat

if TYPE_CHECKING:
    from ...dpop import DPoPKey
    from ..hooks import Client


def revoke_token(
    client: Client,
    /,
    token: str | BearerToken,
    token_type_hint: str | None = None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **revoke_kwargs: object,
) -> Steps[bool]:
    """Tell the AS that a token is no longer needed.

    Args:
        token: the token to revoke.
        token_type_hint: `access_token` or `refresh_token`. With `refresh_token`, a `BearerToken`'s refresh
            token is revoked.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **revoke_kwargs: further form fields.

    Returns:
        True when the AS accepted; False when it failed without an OAuth error.

    Raises:
        MissingEndpointUri: the client has no revocation_endpoint.
        MissingRefreshToken: the token has no refresh token.
        UnsupportedTokenType: the AS can't revoke such a token.
        RevocationError: or another `EndpointError`: the AS refused.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7009 section 2.
    """
    data = {"token": token_text(token, token_type_hint), "token_type_hint": token_type_hint, **revoke_kwargs}
    response = yield from call_endpoint(
        client,
        "revocation_endpoint",
        data,
        invalid=InvalidAnswer,
        dpop_key=key_of(token),
        repeat=Repeat.ALWAYS,
        requests_kwargs=requests_kwargs,
    )
    return client.parse_revocation_response(response) if is_success(response) else client.on_revocation_error(response)


def key_of(token: str | BearerToken) -> DPoPKey | None:
    """Return the key that a token is bound to: some AS want its proof wherever the token is shown."""
    if not isinstance(token, BearerToken) or "dpop_key" not in vars(token):
        return None
    from ...dpop import DPoPToken  # noqa: PLC0415  for clients that use DPoP

    return token.dpop_key if isinstance(token, DPoPToken) else None


def token_text(token: str | BearerToken, token_type_hint: str | None) -> str:
    """Return the token that is meant: of a `BearerToken` the access token, or the one that the hint names."""
    if not isinstance(token, BearerToken):
        return str(token)
    if token_type_hint != "refresh_token":
        return token.access_token
    if token.refresh_token is None:
        msg = "This token has no refresh token, and token_type_hint asks for it."
        raise MissingRefreshToken(msg)
    return token.refresh_token


def revoke_access_token(
    client: Client,
    /,
    access_token: str | BearerToken,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **revoke_kwargs: object,
) -> Steps[bool]:
    """Revoke an access token.

    Args:
        access_token: the token to revoke.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **revoke_kwargs: further form fields.

    Returns:
        True when the AS accepted; False when the client has no revocation_endpoint (nothing is sent), or
        the AS failed without an OAuth error.

    Raises:
        RevocationError: and everything else that `revoke_token` raises.

    Source: RFC 7009 section 2.
    """
    return (yield from _revoke(client, access_token, "access_token", requests_kwargs, revoke_kwargs))


def revoke_refresh_token(
    client: Client,
    /,
    refresh_token: str | BearerToken,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
    **revoke_kwargs: object,
) -> Steps[bool]:
    """Revoke a refresh token, and with it the grant.

    Args:
        refresh_token: the refresh token, or a token that has one.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **revoke_kwargs: further form fields.

    Returns:
        True when the AS accepted; False when the client has no revocation_endpoint (nothing is sent), or
        the AS failed without an OAuth error.

    Raises:
        MissingRefreshToken: the token has no refresh token.
        RevocationError: and everything else that `revoke_token` raises.

    Source: RFC 7009 section 2.
    """
    return (yield from _revoke(client, refresh_token, "refresh_token", requests_kwargs, revoke_kwargs))


def _revoke(
    client: Client,
    token: str | BearerToken,
    hint: str,
    requests_kwargs: Mapping[str, Any] | None,
    revoke_kwargs: Mapping[str, Any],
) -> Steps[bool]:
    yield from client.find_endpoint("revocation_endpoint")
    try:
        client.endpoint("revocation_endpoint")
    except MissingEndpointUri:
        return False
    return (yield from inner(client, revoke_token, token, hint, requests_kwargs=requests_kwargs, **revoke_kwargs))


def fail(client: Client, response: Response) -> bool:
    """Raise the OAuth error of an answer; False when it has none."""
    if read_oauth_error(response) is not None:
        expected = "an empty answer with status 200"
        raise_oauth_error(client, response, unknown=RevocationError, invalid=InvalidAnswer, expected=expected)
    return False
