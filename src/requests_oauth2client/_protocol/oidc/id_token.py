"""Checking an ID token where one is received (OIDC Core sections 3.1.3.7, 3.3.2.11, 3.3.3.6 and 12.2).

The rules themselves are in `_oidc/id_token_checks`, the keys come from `keys`. A client that knows nothing of its OP
hands ID tokens back unchecked, and says so once, in the log.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from ..._core import story
from ..._core.effects import Now, Steps
from ..._core.events import report
from ..._core.scope import scope_words
from ..._oidc import id_token_checks as rules
from ..._oidc.clauses import SIGNATURE_CLAUSE
from ..._oidc.expectations import Expected, IdTokenSettings, expectations, id_token_settings
from ..._oidc.id_token import IdToken, InvalidIdToken, MismatchingIdTokenNonce, MissingIdToken, MissingIdTokenKey
from ..._tokens.bearer import BearerToken, has_unreadable_id_token, with_id_token
from ...exceptions import OAuth2Error
from ..metadata import server_keys

if TYPE_CHECKING:
    from ...authorization_request import AuthorizationResponse
    from ..hooks import Client

log = logging.getLogger("requests_oauth2client.id_token")
UNREADABLE = "The id_token that came with the access token is no JWT. It is not known who has logged in."


def check(
    client: Client,
    token: BearerToken,
    answered: AuthorizationResponse | None,
    *,
    asked: str | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    """Check the ID token that came with an access token; return both, the ID token checked and decrypted.

    Args:
        client: who got it.
        token: what came.
        answered: the authorization response that the code was in; None where there is none, or only its code
            is known: then nothing can be compared with the request.
        asked: the scope that was asked for, where it is known and the answer does not say what was granted.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Raises:
        InvalidIdToken: or one of its subclasses, each for one rule.

    Source: OIDC Core section 3.1.3.7.
    """
    settings = id_token_settings(client)
    if token.id_token is None:
        _check_is_readable(token, answered, asked)
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
        if login is not None and has_unreadable_id_token(token):
            raise InvalidIdToken(UNREADABLE)
        return token if login is None else token._with_id_token(login)  # noqa: SLF001  the rest is as it came
    token = yield from check(client, token, None, requests_kwargs=requests_kwargs)
    settings = id_token_settings(client)
    if login is not None and login.is_encrypted and settings.encrypted_alg is not None:
        login = rules.decrypt(login, settings)  # it was stored as it came
    if token.id_token is not None and login is not None and not login.is_encrypted and not token.id_token.is_encrypted:
        may_change = settings.auth_time_may_change
        rules.check_refreshed(token.id_token, login, auth_time_may_change=may_change)
    return token


def check_refreshed_or_keep(
    client: Client,
    token: BearerToken,
    old: BearerToken | None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    """Check the ID token of a refresh, and lose nothing that the AS issued with it.

    Without the keys to check it, the ID token of the login is kept; where there is none, the new one stays unchecked.

    Args:
        client: who got it.
        token: what came.
        old: the token that was renewed; None where only its refresh token is known.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Raises:
        InvalidIdToken: it is not acceptable; its `renewed_token` is what came with it.
    """
    kept = None if old is None else old.id_token
    try:
        return (yield from check_refreshed(client, token, old, requests_kwargs=requests_kwargs))
    except MissingIdTokenKey as missing:
        report(functools.partial(log.warning, "The ID token of a refresh could not be checked: %s", missing))
        return token if kept is None else with_id_token(token, kept)
    except InvalidIdToken as refused:
        refused.renewed_token = with_id_token(token, kept)
        raise


def check_id_token(
    client: Client,
    /,
    id_token: str | bytes | IdToken,
    *,
    nonce: str | EllipsisType | None = ...,
    access_token: str | None = None,
    acr_values: str | Iterable[str] | None = None,
    max_age: int | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[IdToken]:
    """Check an ID token that came alone. Keys are fetched as needed; no token endpoint is asked.

    Such are those of a login by an app or a script (Google One Tap, Apple, Facebook), and those that a platform issues
    to what runs on it (GitHub Actions, Kubernetes).

    Args:
        id_token: the JWT.
        nonce: the nonce that was sent; None: none was sent, so none may come; by default it is not compared. Without
            one, anyone who got hold of the ID token can show it again until it expires.
        access_token: the access token that came along, to be compared with `at_hash`.
        acr_values: the wanted classes of login; a str or an iterable of words.
        max_age: seconds; the user must not have logged in earlier.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Returns:
        The checked ID token, decrypted if it was encrypted.

    Raises:
        InvalidIdToken: or one of its subclasses, each for one rule.

    Source: OIDC Core section 3.1.3.7.
    """
    yield from client.find_endpoint("jwks_uri")
    settings = id_token_settings(client)
    came = id_token if isinstance(id_token, IdToken) else IdToken(id_token)
    expected = expectations(settings, None, access_token=access_token)
    expected.compares_nonce, expected.nonce = nonce is not ..., nonce if isinstance(nonce, str) else None
    expected.acr_values, expected.max_age = tuple(scope_words(acr_values or ())) or None, max_age
    return (yield from _checked(client, came, settings, expected, requests_kwargs))


def check_lone(
    client: Client,
    id_token: IdToken,
    answered: AuthorizationResponse | None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[IdToken]:
    """Check the ID token of a token response that has no access token, and return it.

    Args:
        client: who got it.
        id_token: what came.
        answered: the authorization response that the code was in, or None.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Raises:
        InvalidIdToken: or one of its subclasses, each for one rule; as for `check`.
    """
    settings = id_token_settings(client)
    expected = expectations(settings, answered, access_token=None)
    if not settings.knows_op:
        rules.check_without_keys(id_token, expected, (yield Now()).timestamp())
        _warn_once(client)
        return id_token
    return (yield from _checked(client, id_token, settings, expected, requests_kwargs))


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
    if not id_token_settings(client).has_keys:
        yield from client.find_endpoint("jwks_uri")
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
    place = story.place()
    try:
        yield from server_keys.verify_jws(
            client,
            came._jws,  # noqa: SLF001  taken apart once
            algs=settings.signed_algs,
            secret=settings.client_secret,
            requests_kwargs=requests_kwargs,
        )
    except rules.REFUSED as wrong:
        story.resume(place)
        story.failed(SIGNATURE_CLAUSE, rules.refusal(wrong, came))
        raise rules.refusal(wrong, came) from wrong
    except OAuth2Error as failure:
        msg = f"The ID token can't be checked, since the keys of the AS can't be fetched. {failure}"
        raise MissingIdTokenKey(msg, came) from failure
    story.resume(place)
    story.passed(SIGNATURE_CLAUSE)
    return rules.check_claims(came, expected, (yield Now()).timestamp())


def _check_is_readable(token: BearerToken, answered: AuthorizationResponse | None, asked: str | None) -> None:
    """Refuse an id_token that is not a JWT, unless none was requested: then it has no meaning."""
    scope = asked if token.scope is None else token.scope
    by_scope = scope is None or "openid" in scope.split()
    by_nonce = answered is None or token.scope is not None or bool(answered.nonce)
    if has_unreadable_id_token(token) and by_scope and by_nonce:
        raise InvalidIdToken(UNREADABLE)


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
