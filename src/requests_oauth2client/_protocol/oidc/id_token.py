"""Checking an ID token where one is received (OIDC Core sections 3.1.3.7, 3.3.2.11, 3.3.3.6 and 12.2).

The rules themselves are in `_oidc/id_token_checks`, the keys come from `keys`. A client that knows nothing of its OP
hands ID tokens back unchecked, and says so once, in the log.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._core.effects import Now, Steps
from ..._core.events import report
from ..._oidc import id_token_checks as rules
from ..._oidc.expectations import Expected, IdTokenSettings, expectations, id_token_settings
from ..._oidc.id_token import IdToken, MismatchingIdTokenNonce, MissingIdToken, MissingIdTokenKey
from ..._tokens.bearer import BearerToken
from ...exceptions import OAuth2Error
from ..metadata import server_keys

if TYPE_CHECKING:
    from ...authorization_request import AuthorizationResponse
    from ..hooks import Client

log = logging.getLogger("requests_oauth2client.id_token")


def check(
    client: Client,
    token: BearerToken,
    answered: AuthorizationResponse | None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    """Check the ID token that came with an access token; return both, the ID token checked and decrypted.

    Args:
        client: who got it.
        token: what came.
        answered: the authorization response that the code was in; None where there is none, or only its code
            is known: then nothing can be compared with the request.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Raises:
        InvalidIdToken: or one of its subclasses, each for one rule.

    Source: OIDC Core section 3.1.3.7.
    """
    settings = id_token_settings(client)
    if token.id_token is None:
        _check_may_be_missing(settings, token, answered)
        return token
    expected = expectations(settings, answered, access_token=token.access_token)
    if not settings.knows_op:
        rules.check_without_keys(token.id_token, expected, (yield Now()).timestamp())
        _warn_once(client)
        return token
    id_token = yield from _checked(client, token.id_token, settings, expected, requests_kwargs)
    front = getattr(answered, "id_token", None)
    if isinstance(front, IdToken) and not front.is_encrypted:  # OIDC Core §3.3.3.6: that of the authorization endpoint
        rules.check_same_user(id_token, front)
    return token._with_id_token(id_token)  # noqa: SLF001  the rest is as it came


def check_refreshed(
    client: Client,
    token: BearerToken,
    old: BearerToken | None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    """Check the ID token that came with a renewed access token; without one, that of the login is kept.

    Args:
        client: who got it.
        token: what came.
        old: the token that was renewed; None where only its refresh token is known.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Raises:
        InvalidIdToken: it is not acceptable, or is not about the same login.

    Source: OIDC Core section 12.2.
    """
    login = old.id_token if old is not None else None
    if token.id_token is None:
        return token if login is None else token._with_id_token(login)  # noqa: SLF001  the rest is as it came
    token = yield from check(client, token, None, requests_kwargs=requests_kwargs)
    settings = id_token_settings(client)
    if login is not None and login.is_encrypted and settings.encrypted_alg is not None:
        login = rules.decrypt(login, settings)  # it was stored as it came
    if token.id_token is not None and login is not None and not login.is_encrypted and not token.id_token.is_encrypted:
        may_change = settings.auth_time_may_change
        rules.check_refreshed(token.id_token, login, auth_time_may_change=may_change)
    return token


def check_front_channel(
    client: Client,
    id_token: Any,
    answered: AuthorizationResponse,
    *,
    access_token: str | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[IdToken]:
    """Check an ID token that came through the user's browser; it is never handed back unchecked.

    Args:
        client: who got it.
        id_token: the JWT in the callback.
        answered: what else was in the callback, with nonce and state of the request.
        access_token: the access token in the callback, if there was one.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Returns:
        The checked ID token, decrypted if it was encrypted.

    Raises:
        InvalidIdToken: it is not acceptable; also where the request had no nonce, or `c_hash` or `at_hash` is missing.

    Source: OIDC Core sections 3.2.2.11 and 3.3.2.11.
    """
    settings = id_token_settings(client)
    came = id_token if isinstance(id_token, IdToken) else IdToken(id_token)
    if not answered.nonce:  # OIDC Core §3.2.2.1
        msg = "An ID token that comes through the browser needs a nonce in the request. Make the request with one."
        raise MismatchingIdTokenNonce(msg, came)
    hashes = {"c_hash": answered.code, "at_hash": access_token}  # OIDC Core §3.3.2.11
    if settings.s_hash_required:
        hashes["s_hash"] = answered.state  # FAPI 1.0 Advanced §5.2.2.1
    required = frozenset(claim for claim, text in hashes.items() if text)
    expected = expectations(settings, answered, access_token=access_token, required=required)
    return (yield from _checked(client, came, settings, expected, requests_kwargs))


def _checked(
    client: Client,
    id_token: IdToken,
    settings: IdTokenSettings,
    expected: Expected,
    requests_kwargs: Mapping[str, Any] | None,
) -> Steps[IdToken]:
    """Send a token through all rules."""
    came = rules.check_addressees(rules.decrypt(id_token, settings), expected)
    if not settings.has_keys:
        raise rules.no_keys(came)
    try:
        yield from server_keys.verify_jws(
            client,
            came._jws,  # noqa: SLF001  taken apart once
            algs=settings.signed_algs,
            secret=settings.client_secret,
            requests_kwargs=requests_kwargs,
        )
    except rules.REFUSED as wrong:
        raise rules.refusal(wrong, came) from wrong
    except OAuth2Error as failure:
        msg = f"The ID token can't be checked, since the keys of the AS can't be fetched. {failure}"
        raise MissingIdTokenKey(msg, came) from failure
    return rules.check_claims(came, expected, (yield Now()).timestamp())


def _check_may_be_missing(
    settings: IdTokenSettings, token: BearerToken, answered: AuthorizationResponse | None
) -> None:
    """Where the request had a nonce, it was for an ID token; unless the AS says that it did not grant openid."""
    granted = token.scope is None or "openid" in token.scope.split()
    if answered is not None and answered.nonce and granted and settings.knows_op:  # OIDC Core §3.1.3.3
        msg = (
            "The AS sent no ID token, though the request asked for one with scope=openid and a nonce. If this AS is"
            " no OpenID provider, ask without openid."
        )
        raise MissingIdToken(msg)


def _warn_once(client: Client) -> None:
    if client.__dict__.setdefault("_warned_of_id_token", token := object()) is not token:
        return
    warn = functools.partial(
        log.warning,
        "The ID tokens of client %r are not checked: it knows neither issuer nor keys of its OpenID provider, so"
        " anyone who can answer for it decides who logs in. Make the client with from_discovery_endpoint, or with"
        " issuer= and jwks_uri=. Until then, id_token.checked is False.",
        client.client_id,
    )
    report(warn)  # a log handler may need the very token that is being obtained
