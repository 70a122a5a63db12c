"""Auth handlers for API calls with the async clients of `httpx2` and `httpx`.

A token source plus "put it in the header".

Each is an `Auth` of every one of the two that is installed, since each checks for its own class.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .._core.auth_flow import AsyncFlow, Flow
from .._core.effects import Steps, awaitable
from .._drivers.httpx import AUTHS, AsyncRunner, RunnerWithoutClient
from .._renewal import grant_handlers, handlers, manager, rejected_tokens
from .._renewal.handlers import TokenHandler, manager_of
from .._tokens.bearer import require_secure_transport

if TYPE_CHECKING:
    import httpx2

    class _Auth(httpx2.Auth):
        """For type checkers, the `Auth` of httpx2."""
else:
    _Auth = type("_Auth", AUTHS, {"__doc__": "The `Auth` of each library that is installed."})

R = TypeVar("R")


class AsyncTokenHandler(AsyncFlow, _Auth, TokenHandler):
    """What makes a handler of tokens an `Auth` of the async client."""

    _runner_class = AsyncRunner

    async def _drive(self, steps: Steps[R]) -> R:
        runner: Any = self.client or RunnerWithoutClient()
        result: R = await runner._drive(steps)  # noqa: SLF001
        return result

    async def prepare_flow(self, request: object) -> Flow:
        """Put a valid token into a request; get or renew it first where that is needed.

        Raises:
            ExpiredAccessToken: the token is expired and can't be renewed.
            NonRenewableTokenError: there is no token, and no way to get one.
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: the AS no longer takes the refresh token.
            TokenEndpointError: and everything else that a token request raises.
        """
        if not self.allow_insecure_http:
            require_secure_transport(request)
        token = manager_of(self).usable_token()
        if token is None:
            token = await self._drive(manager.valid_token(manager_of(self)))
        return rejected_tokens.authenticated(self, token, request)

    async def run_between(self, steps: Steps[Any]) -> Any:
        """Run steps between an answer and the next request."""
        return await self._drive(steps)

    def sync_auth_flow(self, request: object) -> Generator[Any, Any, NoReturn]:
        """Refuse: this handler awaits."""
        msg = f"{type(self).__name__} is for async clients; for a sync client use the class without Async in its name."
        raise RuntimeError(msg)
        yield request  # type: ignore[unreachable]  # it must be a generator

    get_token = awaitable(handlers.get_token)
    renew_token = awaitable(handlers.renew_token)
    save_token = awaitable(handlers.save_token)
    log_out = awaitable(handlers.log_out)


class AsyncOAuth2TokenSourceAuth(AsyncTokenHandler):
    """Authenticate async calls with tokens of any source: one of `token_sources`, or one of your own."""


class AsyncOAuth2AccessTokenAuth(AsyncTokenHandler, grant_handlers.AccessTokenHandler):
    """Authenticate async calls with a token that its refresh token renews."""


class AsyncOAuth2ClientCredentialsAuth(AsyncTokenHandler, grant_handlers.ClientCredentialsHandler):
    """Authenticate async calls with tokens for the client itself (RFC 6749 section 4.4)."""


class AsyncOAuth2AuthorizationCodeAuth(AsyncTokenHandler, grant_handlers.AuthorizationCodeHandler):
    """Authenticate async calls with the tokens of a code, then of its refresh token (RFC 6749 section 4.1)."""


class AsyncOAuth2ResourceOwnerPasswordAuth(AsyncTokenHandler, grant_handlers.ResourceOwnerPasswordHandler):
    """Authenticate async calls with tokens for a name and password (RFC 6749 section 4.3)."""


class AsyncOAuth2DeviceCodeAuth(AsyncTokenHandler, grant_handlers.DeviceCodeHandler):
    """Authenticate async calls with the token of a device that the user authorizes (RFC 8628)."""


__all__ = [
    "AsyncOAuth2AccessTokenAuth",
    "AsyncOAuth2AuthorizationCodeAuth",
    "AsyncOAuth2ClientCredentialsAuth",
    "AsyncOAuth2DeviceCodeAuth",
    "AsyncOAuth2ResourceOwnerPasswordAuth",
    "AsyncOAuth2TokenSourceAuth",
]
