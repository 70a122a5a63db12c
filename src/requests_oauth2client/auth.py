"""Auth handlers for API calls with `requests`: a token source plus "put it in the header".

They also work as `auth=` of a plain `httpx2.Client` or `httpx.Client`. The async ones are in `aio/auth`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ._core.auth_flow import AuthFlow, Flow, answer_flow, hook_into, performed
from ._core.effects import Steps, blocking
from ._core.events import TokenEvent
from ._core.values import Discreet
from ._drivers.requests import RunnerWithoutClient, SyncRunner
from ._renewal import grant_handlers, handlers, manager, rejected_tokens
from ._renewal.handlers import TokenHandler, manager_of
from ._tokens.bearer import BearerToken, require_secure_transport
from .challenges import FORBIDDEN, UNAUTHORIZED
from .exceptions import ExpiredAccessToken, ExpiredBearerToken, NonRenewableTokenError

R = TypeVar("R")
Req = TypeVar("Req")


class BearerAuth(AuthFlow, Discreet):
    """Authenticate requests with a token that you have.

    Args:
        token: an access token or a `BearerToken`; None leaves requests unchanged.
        raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
        allow_insecure_http: send the token over plain http to other machines too. Anyone on the network path can read
            it.

    Source: RFC 6750 section 2.1.
    """

    token: BearerToken | None
    raise_for_challenge: bool
    allow_insecure_http: bool

    def __init__(
        self,
        token: str | BearerToken | None = None,
        *,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
    ) -> None:
        self.token = BearerToken(token) if isinstance(token, str) else token
        self.raise_for_challenge = raise_for_challenge
        self.allow_insecure_http = allow_insecure_http

    def __call__(self, request: Req) -> Req:
        """Put the token into a request of requests, httpx2 or httpx.

        Raises:
            ExpiredAccessToken: the token is expired; also an `ExpiredToken`.
            InsecureTransport: the request is plain http to another machine.
        """
        if self.token is None:
            return request
        if self.token.is_expired():
            raise ExpiredBearerToken(self.token)
        self.token.authenticate(request, allow_insecure_http=self.allow_insecure_http)
        if self.raise_for_challenge:
            hook_into(request, _check, self.token)
        return request

    def auth_flow(self, request: object) -> Flow:
        """Do the same for httpx2 and httpx, and answer what an API demands."""
        authenticated = self(request)
        if self.token is None:
            yield authenticated
            return
        response = yield from self.token.answering(authenticated)
        if self.raise_for_challenge:
            yield from rejected_tokens.checked(self.token, response)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} token={self.token!r}>"


def _check(token: BearerToken, response: Any, **options: Any) -> Any:
    return answer_flow(rejected_tokens.checked(token, response), response, options)


BearerAuthorization = BearerAuth


class SyncTokenHandler(AuthFlow, TokenHandler):
    """What makes a handler of tokens an `Auth` of the sync client."""

    _runner_class = SyncRunner

    def _drive(self, steps: Steps[R]) -> R:
        runner: Any = self.client or RunnerWithoutClient()
        result: R = runner._drive(steps)  # noqa: SLF001
        return result

    def __call__(self, request: Req) -> Req:
        """Put a valid token into a request; get or renew it first where that is needed.

        Raises:
            ExpiredAccessToken: the token is expired and can't be renewed.
            NonRenewableTokenError: there is no token, and no way to get one.
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: the AS no longer takes the refresh token.
            TokenEndpointError: and everything else that a token request raises.
        """
        token = self._token_for(request)
        token.authenticate(request, allow_insecure_http=True)
        hook_into(request, self._on_response, token)
        return request

    def auth_flow(self, request: object) -> Flow:
        """Do the same for httpx2 and httpx, and answer what an API demands."""
        token = self._token_for(request)
        yield from performed(rejected_tokens.authenticated(self, token, request), self._drive)

    def _on_response(self, token: BearerToken, response: Any, **options: Any) -> Any:
        """Do the same for requests, when the answer is there."""
        if response.status_code != UNAUTHORIZED and (response.status_code != FORBIDDEN or not self.raise_for_challenge):
            return response
        flow = rejected_tokens.answered(self, token, response)
        return answer_flow(flow, response, options, self._drive)

    def _token_for(self, request: Any) -> BearerToken:
        if not self.allow_insecure_http:
            require_secure_transport(request)
        return manager_of(self).usable_token() or self._drive(manager.valid_token(manager_of(self)))

    get_token = blocking(handlers.get_token)
    renew_token = blocking(handlers.renew_token)
    save_token = blocking(handlers.save_token)
    log_out = blocking(handlers.log_out)


class OAuth2TokenSourceAuth(SyncTokenHandler):
    """Authenticate `requests` calls with tokens of any source: one of `token_sources`, or one of your own."""


class OAuth2AccessTokenAuth(SyncTokenHandler, grant_handlers.AccessTokenHandler):
    """Authenticate `requests` calls with a token that its refresh token renews."""


class OAuth2ClientCredentialsAuth(SyncTokenHandler, grant_handlers.ClientCredentialsHandler):
    """Authenticate `requests` calls with tokens for the client itself (RFC 6749 section 4.4)."""


class OAuth2AuthorizationCodeAuth(SyncTokenHandler, grant_handlers.AuthorizationCodeHandler):
    """Authenticate `requests` calls with the tokens of a code, then of its refresh token (RFC 6749 section 4.1)."""


class OAuth2ResourceOwnerPasswordAuth(SyncTokenHandler, grant_handlers.ResourceOwnerPasswordHandler):
    """Authenticate `requests` calls with tokens for a name and password (RFC 6749 section 4.3)."""


class OAuth2DeviceCodeAuth(SyncTokenHandler, grant_handlers.DeviceCodeHandler):
    """Authenticate `requests` calls with the token of a device that the user authorizes (RFC 8628)."""


__all__ = [
    "BearerAuth",
    "BearerAuthorization",
    "ExpiredAccessToken",
    "NonRenewableTokenError",
    "OAuth2AccessTokenAuth",
    "OAuth2AuthorizationCodeAuth",
    "OAuth2ClientCredentialsAuth",
    "OAuth2DeviceCodeAuth",
    "OAuth2ResourceOwnerPasswordAuth",
    "OAuth2TokenSourceAuth",
    "TokenEvent",
]
