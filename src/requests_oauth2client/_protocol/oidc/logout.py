"""Asking for logouts, and checking those that the OP announces (OIDC RP-Initiated, Back- and Front-Channel Logout).

Keys come from `keys`, algorithms from the registration for ID tokens; the claims are checked in `logout`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from ... import logout as values
from ..._core.effects import Now, Steps
from ..._core.story import Clause, place, reported
from ..._oidc.expectations import id_token_settings
from ..._oidc.id_token import IdToken, InvalidIdToken
from ..._oidc.id_token_checks import decrypt
from ..._tokens.bearer import BearerToken
from ...exceptions import OAuth2Error
from ...logout import EndSessionRequest, InvalidLogoutToken, LogoutToken
from ..metadata import server_keys

if TYPE_CHECKING:
    from ..hooks import Client

NOTHING_KNOWN = "This client knows no issuer or no keys of its OP, so it can't be checked. Pass both."
LOGOUT_TOKEN = Clause("logout token", "OIDC Back-Channel 2.6")


def end_session_request(
    client: Client,
    /,
    id_token_hint: BearerToken | IdToken | str | None = None,
    *,
    post_logout_redirect_uri: str | None = None,
    state: str | EllipsisType | None = ...,
    logout_hint: str | None = None,
    ui_locales: str | None = None,
    extra: Mapping[str, Any] | None = None,
    **kwargs: object,
) -> EndSessionRequest:
    """Make the request that asks the OP to log the user out. Nothing is sent.

    Args:
        id_token_hint: the ID token of the login, or the token that it came with.
        post_logout_redirect_uri: where the user comes back to; as registered.
        state: a str; None: none is sent. By default one is generated if the user is to come back.
        logout_hint: something about the user that the OP understands.
        ui_locales: language tags, separated by spaces.
        extra: further parameters that are sent even though their names look like misspellings of others.
        **kwargs: further parameters.

    Returns:
        The request; send the user to its `uri`.

    Raises:
        MissingEndpointUri: the client has no end_session_endpoint.
        UnknownParam: a further parameter is spelled almost like a known one.
        InvalidParam: the parameters contradict each other.

    Source: OIDC RP-Initiated Logout section 2.
    """
    hint = id_token_hint.id_token if isinstance(id_token_hint, BearerToken) else id_token_hint
    return EndSessionRequest(
        client.endpoint("end_session_endpoint"),
        id_token_hint=hint,
        logout_hint=logout_hint,
        client_id=client.client_id,
        post_logout_redirect_uri=post_logout_redirect_uri,
        state=state,
        ui_locales=ui_locales,
        kwargs=kwargs,
        extra=extra,
        testing=client.testing,
    )


def front_channel_logout(client: Client, /, params: object, *, sid: str | None = None) -> str | None:
    """Check a request to the frontchannel_logout_uri. Nothing is sent.

    Args:
        params: its full URL or query, or its parameters as a mapping.
        sid: the `sid` claim of the ID token of this browser's session, to be compared.

    Returns:
        The `sid` of the session to end; None where the OP did not say it: end that of this browser.

    Raises:
        MismatchingIssuer: it is from another OP than this client's.
        InvalidFrontChannelLogout: it has only one of iss and sid, or is about another session.

    Source: OIDC Front-Channel Logout section 2.
    """
    return values.validate_front_channel(
        params, issuer=client.issuer_rule, sid=sid, further_issuers=client.further_issuers
    )


def logout_token(
    client: Client, /, logout_token: Any, *, requests_kwargs: Mapping[str, Any] | None = None
) -> Steps[LogoutToken]:
    """Check the `logout_token` that the OP posted to the backchannel_logout_uri.

    Answer it with status 200 and `Cache-Control: no-store` once the session is ended; with 400 when this raises.

    Args:
        logout_token: the JWT; any object whose `str()` it is, or bytes.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Returns:
        Whose session to end.

    Raises:
        InvalidLogoutToken: it is not acceptable.

    Source: OIDC Back-Channel Logout section 2.6.
    """
    with reported(LOGOUT_TOKEN, place()):
        return (yield from _checked_logout_token(client, logout_token, requests_kwargs))


def _checked_logout_token(
    client: Client, logout_token: Any, requests_kwargs: Mapping[str, Any] | None
) -> Steps[LogoutToken]:
    """Send a logout token through all checks."""
    settings = id_token_settings(client)
    if client.issuer_rule is None or not (settings.has_keys or client.finds_its_server):
        raise InvalidLogoutToken(NOTHING_KNOWN)
    try:
        jws = decrypt(IdToken(logout_token), settings)
        values.check_addressees(  # before anything is fetched
            jws.headers,
            jws.claims,
            issuer=client.issuer_rule,
            client_id=client.client_id,
            further_issuers=client.further_issuers,
        )
        if not settings.has_keys:
            yield from client.find_endpoint("jwks_uri")
            settings = id_token_settings(client)
            if not settings.has_keys:
                raise InvalidLogoutToken(NOTHING_KNOWN)
        parsed = yield from server_keys.verify_jws(
            client,
            jws.value,
            algs=settings.signed_algs,
            secret=settings.client_secret,
            requests_kwargs=requests_kwargs,
        )
        now = (yield Now()).timestamp()
        return values.read_claims(parsed.claims(), now=now, max_age=client.logout_token_max_age)
    except InvalidIdToken as wrong:
        msg = f"The logout token is refused. {str(wrong).replace('ID token', 'token')}"
        raise InvalidLogoutToken(msg) from wrong
    except OAuth2Error as wrong:
        msg = f"The logout token is refused. {wrong}"
        raise InvalidLogoutToken(msg) from wrong
