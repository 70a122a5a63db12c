"""Written by `python -m devkit.stubs` from src/requests_oauth2client/aio/auth.py."""

from collections.abc import Generator
from typing import Any, NoReturn

import httpx2

from .._core.auth_flow import AsyncFlow, Flow
from .._core.effects import Steps
from .._drivers.httpx import AsyncRunner
from .._renewal.grant_handlers import (
    AccessTokenHandler,
    AuthorizationCodeHandler,
    ClientCredentialsHandler,
    DeviceCodeHandler,
    ResourceOwnerPasswordHandler,
)
from .._renewal.handlers import TokenHandler
from .._tokens.bearer import BearerToken

class AsyncTokenHandler(AsyncFlow, httpx2.Auth, TokenHandler):
    """What makes a handler of tokens an `Auth` of the async client."""

    _runner_class = AsyncRunner
    async def prepare_flow(self, request: object) -> Flow:
        """Put a valid token into a request; get or renew it first where that is needed.

        Raises:
            ExpiredAccessToken: the token is expired and can't be renewed.
            NonRenewableTokenError: there is no token, and no way to get one.
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: the AS no longer takes the refresh token.
            TokenEndpointError: and everything else that a token request raises.
        """
    async def run_between(self, steps: Steps[Any]) -> Any:
        """Run steps between an answer and the next request."""
    def sync_auth_flow(self, request: object) -> Generator[Any, Any, NoReturn]:
        """Refuse: this handler awaits."""
    async def get_token(self, /, min_validity: float | None = None) -> BearerToken:
        """Return a valid token, got or renewed as for a request; for everything that is not HTTP.

        Args:
            min_validity: seconds for which the token has to be valid, by default the handler's leeway. Where the server
                issues none that lasts so long, a new one is returned.

        Raises:
            LoginNeeded: only a new login helps; `ExpiredAccessToken` and `NonRenewableTokenError` are among these.
            TokenEndpointError: and everything else that a token request raises.
            TokenStoreError: the store can't be used.
            RecursiveRenewal: the renewal of this token itself asks for it.
        """
    async def renew_token(self, /) -> None:
        """Get another token now, whether or not the held one is still valid.

        Raises:
            LoginNeeded: only a new login helps; `NonRenewableTokenError` is one.
            TokenEndpointError: and everything else that a token request raises.
            TokenStoreError: the store can't be used.
            RecursiveRenewal: the renewal of this token itself asks for it.
        """
    async def save_token(self, /, token: BearerToken | str) -> None:
        """Hold a token, and write it to the store now, in place of the stored one: a new login.

        Args:
            token: the token; a string is an access token that can't be renewed.

        Raises:
            TokenStoreError: the store can't be used. The token is held, and stored with the next request.
        """
    async def log_out(self, /, revoke: bool = True) -> bool:
        """End the login: forget the token, empty its entry in the store now, and revoke it at the server.

        The entry is emptied under its lock, so that no renewal under way, in whatever process, brings the login back.

        Args:
            revoke: revoke the refresh token and the access token, where the server has an endpoint for that.

        Returns:
            False if the server could not be told; the login has ended here nevertheless.

        Raises:
            TokenStoreError: the store can't be used: what it has of the login is still there.

        Source: RFC 7009 section 2.
        """

class AsyncOAuth2TokenSourceAuth(AsyncTokenHandler):
    """Authenticate async calls with tokens of any source: one of `token_sources`, or one of your own."""

class AsyncOAuth2AccessTokenAuth(AsyncTokenHandler, AccessTokenHandler):
    """Authenticate async calls with a token that its refresh token renews."""

class AsyncOAuth2ClientCredentialsAuth(AsyncTokenHandler, ClientCredentialsHandler):
    """Authenticate async calls with tokens for the client itself (RFC 6749 section 4.4)."""

class AsyncOAuth2AuthorizationCodeAuth(AsyncTokenHandler, AuthorizationCodeHandler):
    """Authenticate async calls with the tokens of a code, then of its refresh token (RFC 6749 section 4.1)."""

class AsyncOAuth2ResourceOwnerPasswordAuth(AsyncTokenHandler, ResourceOwnerPasswordHandler):
    """Authenticate async calls with tokens for a name and password (RFC 6749 section 4.3)."""

class AsyncOAuth2DeviceCodeAuth(AsyncTokenHandler, DeviceCodeHandler):
    """Authenticate async calls with the token of a device that the user authorizes (RFC 8628)."""

__all__ = [
    "AsyncOAuth2AccessTokenAuth",
    "AsyncOAuth2AuthorizationCodeAuth",
    "AsyncOAuth2ClientCredentialsAuth",
    "AsyncOAuth2DeviceCodeAuth",
    "AsyncOAuth2ResourceOwnerPasswordAuth",
    "AsyncOAuth2TokenSourceAuth",
]
