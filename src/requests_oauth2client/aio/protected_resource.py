"""Call any protected resource from an async program, knowing only its URL (RFC 9728)."""

from __future__ import annotations

from typing import Any, ClassVar

from .._core.auth_flow import Flow
from .._core.effects import Steps, awaitable
from .._drivers.httpx import RunnerWithoutClient, SessionRunner
from .._renewal.handlers import manager_of
from .._resource import flow, handler
from .._resource.handler import ResourceHandler, access_of
from .._tokens.bearer import require_secure_transport
from .auth import AsyncTokenHandler
from .client import AsyncOAuth2Client


class AsyncOAuth2ResourceAuth(AsyncTokenHandler, ResourceHandler):
    """Authenticate async calls to an API of which only the URL is known (RFC 9728)."""

    _client_class: ClassVar[Any] = AsyncOAuth2Client

    async def _drive(self, steps: Steps[Any]) -> Any:
        given = access_of(self).clients.given
        if isinstance(given, AsyncOAuth2Client):
            return await given._drive(steps)  # noqa: SLF001
        session = access_of(self).session
        runner = RunnerWithoutClient() if session is None else SessionRunner(session)
        return await runner._drive(steps)  # noqa: SLF001

    async def prepare_flow(self, request: Any) -> Flow:
        """Put a valid token into a request to the API, if a user has logged in; else see what the API asks for.

        Raises:
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: no login is possible here.
            TokenEndpointError: and everything else that a token request raises.
        """
        if not self.allow_insecure_http:
            require_secure_transport(request)
        if not access_of(self).is_for(str(request.url)):
            return _as_it_is(request)
        token = manager_of(self).usable_token()
        if token is None:
            token = await self._drive(handler.token_if_known(self))
        return flow.authenticated(self, token, request)

    log_in = awaitable(handler.log_in)
    finish_login = awaitable(handler.finish_login)
    get_token = awaitable(handler.get_token)  # pyright: ignore[reportAssignmentType]
    renew_token = awaitable(handler.renew_token)  # pyright: ignore[reportAssignmentType]
    save_token = awaitable(handler.save_token)  # pyright: ignore[reportAssignmentType]
    log_out = awaitable(handler.log_out)  # pyright: ignore[reportAssignmentType]


def _as_it_is(request: Any) -> Flow:
    yield request


__all__ = ["AsyncOAuth2ResourceAuth"]
