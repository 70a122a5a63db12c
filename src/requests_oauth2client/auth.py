"""Auth handlers for API calls with `requests`: a token source plus "put it in the header".

They also work as `auth=` of a plain `httpx2.Client` or `httpx.Client`. The async ones are in `_async_auth`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ._auth_flow import AuthFlow, Flow
from ._protocol import sources
from ._requests import SyncFace
from ._steps import Steps, blocking
from .exceptions import ExpiredAccessToken, ExpiredBearerToken, NonRenewableTokenError
from .tokens import BearerToken, require_secure_transport

R = TypeVar("R")
Req = TypeVar("Req")


class BearerAuth(AuthFlow):
    """Authenticate requests with a token that you have.

    Args:
        token: an access token or a `BearerToken`; None leaves requests unchanged.
        allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.

    Source: RFC 6750 section 2.1.
    """

    def __init__(self, token: str | BearerToken | None = None, *, allow_insecure_http: bool = False) -> None:
        self.token = BearerToken(token) if isinstance(token, str) else token
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
        return self.token.authenticate(request, allow_insecure_http=self.allow_insecure_http)

    def auth_flow(self, request: Any) -> Flow:
        """Do the same for httpx2 and httpx, and answer what an API demands."""
        authenticated = self(request)
        if self.token is None:
            yield authenticated
        else:
            yield from self.token.answering(authenticated)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} token={self.token!r}>"


BearerAuthorization = BearerAuth


class _SyncHandler(AuthFlow, sources.TokenSource):
    """What makes a token source an auth handler of the sync face."""

    face = SyncFace

    def _drive(self, steps: Steps[R]) -> R:
        face: Any = self.client
        result: R = face._drive(steps)  # noqa: SLF001  the two halves of one face
        return result

    def __call__(self, request: Req) -> Req:
        """Put a valid token into a request; get or renew it first where that is needed.

        Raises:
            ExpiredAccessToken: the token is expired and can't be renewed.
            NonRenewableTokenError: there is no token, and no way to get one.
            InsecureTransport: the request is plain http to another machine.
            TokenEndpointError: and everything else that a token request raises.
        """
        return self._token_for(request).authenticate(request, allow_insecure_http=True)

    def auth_flow(self, request: Any) -> Flow:
        """Do the same for httpx2 and httpx, and answer what an API demands."""
        token = self._token_for(request)
        yield from token.answering(token.authenticate(request, allow_insecure_http=True))

    def _token_for(self, request: Any) -> BearerToken:
        if not self.allow_insecure_http:
            require_secure_transport(request)
        return self.usable_token() or self._drive(sources.valid_token(self))

    renew_token = blocking(sources.renew_token)


class OAuth2AccessTokenAuth(_SyncHandler):
    """Authenticate `requests` calls with a token that its refresh token renews."""


class OAuth2ClientCredentialsAuth(_SyncHandler, sources.ClientCredentialsSource):
    """Authenticate `requests` calls with tokens for the client itself (RFC 6749 section 4.4)."""


class OAuth2AuthorizationCodeAuth(_SyncHandler, sources.AuthorizationCodeSource):
    """Authenticate `requests` calls with the tokens of a code, then of its refresh token (RFC 6749 section 4.1)."""


class OAuth2ResourceOwnerPasswordAuth(_SyncHandler, sources.ResourceOwnerPasswordSource):
    """Authenticate `requests` calls with tokens for a name and password (RFC 6749 section 4.3)."""


class OAuth2DeviceCodeAuth(_SyncHandler, sources.DeviceCodeSource):
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
]
