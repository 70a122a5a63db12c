"""Getting a token: with a refresh token where there is one, else from the source itself (RFC 6749 section 6).

    login ──► refresh token ──┬──► its own access token
                              ├──► another, for another API (RFC 8707 section 2.2)
                              └──► another, with a narrower scope

What a refresh gave is passed to `keep` before anything is checked: the AS may have taken the old refresh token back.
Knows no store and no lock.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from .._core.dual_errors import login_needed
from .._core.effects import Steps, inner
from .._core.events import report
from .._core.messages import parse_json_object
from .._protocol.grants import token_endpoint
from .._tokens.bearer import BearerToken, with_id_token
from ..exceptions import EndpointError, InvalidTokenResponse, OAuth2Error
from .sources import TokenSource

log = logging.getLogger("requests_oauth2client.tokens")

NOT_THE_TOKENS_FAULT = frozenset(
    """
    invalid_client server_error temporarily_unavailable too_many_requests slow_down use_dpop_nonce invalid_dpop_proof
    """.split()
)  # error codes of refusals that another refresh token would get too
NOT_THE_LOGINS_FAULT = frozenset({"invalid_target", "invalid_scope"})  # the same, of requests for one of many APIs
ASKED_FOR = frozenset({"resource", "audience", "scope", "authorization_details"})  # form fields
BAD_REQUEST, TIMED_OUT, TOO_MANY, SERVER_ERRORS = 400, 408, 429, 500


class Keep(Protocol):
    """Stores what has come of a login so far."""

    def __call__(self, token: BearerToken, *, is_new_login: bool) -> Steps[None]:
        """Store a token with a refresh token that has just come."""
        ...


class Came(NamedTuple):
    """What was obtained.

    Attributes:
        token: the token.
        login: the token that the refresh token belonged to; None if there was none.
        is_new_login: whether the refresh token is that of another login than before.
    """

    token: BearerToken
    login: BearerToken | None
    is_new_login: bool


class NarrowedSource(TokenSource):
    """Asks with the refresh token of a login for access tokens for one API, or with a narrower scope.

    Args:
        login: the source that logs the user in.
        fields: the form fields that say for what.
    """

    is_a_users = True

    def __init__(self, login: TokenSource, fields: Mapping[str, Any]) -> None:
        self.login = login
        self.token_kwargs = dict(fields)

    @property
    def client(self) -> Any:
        """The client of the login."""
        return self.login.client

    @property
    def grant(self) -> str:  # type: ignore[override]
        """How the user was logged in."""
        return self.login.grant

    @property
    def is_repeatable(self) -> bool:  # type: ignore[override]
        """Whether the user can be logged in again."""
        return self.login.is_repeatable

    @property
    def waits_for_user(self) -> bool:  # type: ignore[override]
        """Whether it may take as long as the user does."""
        return self.login.waits_for_user

    def refresh_kwargs(self) -> dict[str, Any]:
        """Return what goes along with the refresh token: what the login sends too, but for what it asks for."""
        sent = {name: value for name, value in self.login.refresh_kwargs().items() if name not in ASKED_FOR}
        return {**sent, **self.token_kwargs}


def obtained(source: TokenSource, held: BearerToken | None, keep: Keep) -> Steps[Came]:
    """Get a token: with the refresh token of the held one if it has one, else from the source itself.

    Args:
        source: where tokens come from.
        held: the token to be replaced; for one of many APIs, the token of the login.
        keep: stores the held access token with the refresh token that came, before the ID token that came is checked:
            the AS may have taken the old refresh token back.

    Raises:
        LoginNeeded: the AS no longer takes the refresh token, and a user is needed for another.
        NonRenewableTokenError: there is no way to get one.
        MissingRefreshToken: the login has no refresh token, which tokens for other APIs are obtained with.
        InvalidIdToken: the ID token that came is not acceptable.
    """
    if held is None or held.refresh_token is None or source.client is None:
        return (yield from _anew(source, held, keep))
    try:
        came = yield from _refreshed(source, held, keep)
    except OAuth2Error as failure:
        if not is_refusal(failure) or (isinstance(source, NarrowedSource) and _is_for_what_was_asked(failure)):
            raise
        if not source.is_repeatable:
            raise login_needed(failure) from failure.__cause__
        return (yield from _anew(source, held, keep))
    return Came(came, held, is_new_login=False)


def _anew(source: TokenSource, held: BearerToken | None, keep: Keep) -> Steps[Came]:
    """Get a token without a refresh token; for one of many APIs, log in first."""
    if not isinstance(source, NarrowedSource):
        return Came((yield from source.new_token(held)), None, is_new_login=True)
    if held is not None and held.refresh_token is None and source.is_repeatable and not held.is_expired():
        raise token_endpoint.MissingRefreshToken(NO_REFRESH_TOKEN)  # another login would give none either
    login = yield from source.login.new_token(held)
    yield from keep(login, is_new_login=True)
    if login.refresh_token is None:
        raise token_endpoint.MissingRefreshToken(NO_REFRESH_TOKEN)
    return Came((yield from _refreshed(source, login, keep)), login, is_new_login=True)


NO_REFRESH_TOKEN = (
    "This login has no refresh token, and access tokens for other APIs are obtained with that. Ask for one at login,"
    " often with the scope offline_access."
)


def _refreshed(source: TokenSource, held: BearerToken, keep: Keep) -> Steps[BearerToken]:
    refresh = token_endpoint.refresh_token
    came: BearerToken = yield from inner(source.client, refresh, held, validate=False, **source.refresh_kwargs())
    if came.id_token is None:
        return came
    if held.id_token is not None and held.id_token.checked and came.id_token == held.id_token:
        return with_id_token(came, held.id_token)
    yield from keep(held.replace(refresh_token=came.refresh_token), is_new_login=False)
    return (yield from _with_checked_id_token(source, came, held))


def _with_checked_id_token(source: TokenSource, came: BearerToken, held: BearerToken) -> Steps[BearerToken]:
    """Check the ID token of a refresh. Without the keys for that, the one of the login is kept."""
    from .._oidc.id_token import MissingIdTokenKey  # noqa: PLC0415  for clients that get ID tokens
    from .._protocol.oidc import id_token  # noqa: PLC0415  likewise

    options = {"requests_kwargs": source.token_kwargs.get("requests_kwargs")}
    try:
        return (yield from id_token.check_refreshed(source.client, came, held, **options))
    except MissingIdTokenKey as missing:
        report(functools.partial(log.warning, "The ID token of the login is kept: %s", missing))
        return with_id_token(came, held.id_token)


def is_refusal(failure: OAuth2Error) -> bool:
    """Tell whether the AS has definitely refused a refresh token, and not the client, or all requests for now."""
    status = failure.status or BAD_REQUEST
    if status in {TIMED_OUT, TOO_MANY} or status >= SERVER_ERRORS:
        return False
    if isinstance(failure, EndpointError):
        return failure.error not in NOT_THE_TOKENS_FAULT
    return isinstance(failure, InvalidTokenResponse) and failure.status == BAD_REQUEST and _is_bare(failure.response)


def _is_bare(response: Any) -> bool:
    """Tell whether a refusal is that of a token endpoint that knows no OAuth errors, and not of something before it.

    It is empty (glewlwyd, 2026-11), or JSON of another shape (Strava, 2026-11); a page is that of a gateway.
    """
    body = bytes(getattr(response, "content", b"") or b"").strip()
    if body in {b"", b"null"}:
        return True
    try:
        parse_json_object(body)
    except ValueError:
        return False
    return True


def _is_for_what_was_asked(failure: OAuth2Error) -> bool:
    return isinstance(failure, EndpointError) and failure.error in NOT_THE_LOGINS_FAULT
