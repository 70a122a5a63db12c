"""The async face: `AsyncOAuth2Client` on httpx2 (or httpx), and its polling jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from . import _httpx
from ._httpx import AsyncFace
from ._protocol import device, introspection, revocation, token_endpoint, userinfo
from ._protocol.client import Client
from ._protocol.polling import poll
from ._steps import Steps, awaitable
from .client_authentication import ClientAuthentication, UnsupportedClientCredentials
from .device_authorization import DeviceJob
from .exceptions import InvalidParam
from .polling import PollingJob

if TYPE_CHECKING:
    import httpx2

R = TypeVar("R")


class AsyncOAuth2Client(AsyncFace, Client):
    """A client of one authorization server, whose methods are awaited.

    It takes what `OAuth2Client` takes, but for:

    Args:
        session: an `httpx2.AsyncClient` or an `httpx.AsyncClient` to send with; by default one of its own, which
            `async with` or `aclose()` closes.
        auth: as for `OAuth2Client`, or an `Auth` of httpx2 or httpx; a `requests` auth handler can't serve here.

    Raises:
        UnsupportedClientCredentials: and everything else that `OAuth2Client` raises.
    """

    def _check_face(self) -> None:
        session = self._given_session
        if session is not None and not isinstance(session, _httpx.CLIENTS):
            msg = f"session= takes an httpx2.AsyncClient or an httpx.AsyncClient, got a {type(session).__name__}."
            raise InvalidParam(msg)
        if not isinstance(self.auth, (ClientAuthentication, *_httpx.AUTHS)):
            msg = (
                f"A {type(self.auth).__name__} can't authenticate the async client: it is a handler for requests."
                " Use a client authentication method of this package, or an Auth of httpx2."
            )
            raise UnsupportedClientCredentials(msg)

    @property
    def session(self) -> httpx2.AsyncClient:  # type: ignore[override]
        """The client that requests to the AS are sent with."""
        if self._given_session is None:
            self._given_session = _httpx.LIBRARY.AsyncClient()
        session: httpx2.AsyncClient = self._given_session
        return session

    token_request = awaitable(token_endpoint.token_request)
    client_credentials = awaitable(token_endpoint.client_credentials)
    authorization_code = awaitable(token_endpoint.authorization_code)
    authorization_code_pkce = awaitable(token_endpoint.authorization_code_pkce)
    refresh_token = awaitable(token_endpoint.refresh_token)
    device_code = awaitable(token_endpoint.device_code)
    jwt_bearer = awaitable(token_endpoint.jwt_bearer)
    resource_owner_password = awaitable(token_endpoint.resource_owner_password)
    authorize_device = awaitable(device.authorize_device)
    introspect_token = awaitable(introspection.introspect_token)
    revoke_token = awaitable(revocation.revoke_token)
    revoke_access_token = awaitable(revocation.revoke_access_token)
    revoke_refresh_token = awaitable(revocation.revoke_refresh_token)
    userinfo = awaitable(userinfo.userinfo)


class AsyncTokenEndpointPollingJob(PollingJob):
    """Base of the polling jobs of the async face: await its call until it returns a token."""

    face = AsyncFace

    async def _drive(self, steps: Steps[R]) -> R:
        face: Any = self.client
        result: R = await face._drive(steps)  # noqa: SLF001  the two halves of one face
        return result

    __call__ = awaitable(poll)


class AsyncDeviceAuthorizationPollingJob(AsyncTokenEndpointPollingJob, DeviceJob):
    """Asks whether the user has authorized the device; await its call until it returns a token."""


__all__ = [
    "AsyncDeviceAuthorizationPollingJob",
    "AsyncOAuth2Client",
]
