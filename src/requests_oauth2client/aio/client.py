"""The async client: `AsyncOAuth2Client` on httpx2 (or httpx), and its polling jobs."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .._core.client_auth import ClientAuthentication
from .._core.effects import Steps, awaitable, awaitable_class_method, awaitable_constructor
from .._core.late import operations
from .._drivers import httpx as driver
from .._drivers.httpx import AsyncRunner
from .._protocol.client import Client
from .._protocol.grants import token_endpoint
from .._protocol.grants.polling import poll
from ..backchannel_authentication import BackChannelJob
from ..client_authentication import UnsupportedClientCredentials
from ..device_authorization import DeviceJob
from ..exceptions import InvalidParam
from ..polling import PollingJob

if TYPE_CHECKING:
    import httpx
    import httpx2

    from .._protocol.authorization import authorization_endpoint, par
    from .._protocol.grants import ciba, device, saml2, token_exchange
    from .._protocol.metadata import constructors, registration, server_keys, server_metadata
    from .._protocol.oidc import claim_sources, id_token, logout, userinfo
    from .._protocol.tokens import introspection, revocation

    Session = httpx2.AsyncClient | httpx.AsyncClient
else:  # a program loads the operations that it calls
    authorization_endpoint = operations(__package__, ".._protocol.authorization.authorization_endpoint")
    ciba = operations(__package__, ".._protocol.grants.ciba")
    claim_sources = operations(__package__, ".._protocol.oidc.claim_sources")
    constructors = operations(__package__, ".._protocol.metadata.constructors")
    device = operations(__package__, ".._protocol.grants.device")
    id_token = operations(__package__, ".._protocol.oidc.id_token")
    introspection = operations(__package__, ".._protocol.tokens.introspection")
    logout = operations(__package__, ".._protocol.oidc.logout")
    par = operations(__package__, ".._protocol.authorization.par")
    registration = operations(__package__, ".._protocol.metadata.registration")
    revocation = operations(__package__, ".._protocol.tokens.revocation")
    saml2 = operations(__package__, ".._protocol.grants.saml2")
    server_keys = operations(__package__, ".._protocol.metadata.server_keys")
    server_metadata = operations(__package__, ".._protocol.metadata.server_metadata")
    token_exchange = operations(__package__, ".._protocol.grants.token_exchange")
    userinfo = operations(__package__, ".._protocol.oidc.userinfo")

R = TypeVar("R")


class _Fetcher(AsyncRunner):
    """Runs rules while there is no client."""

    def __init__(self, session: httpx2.AsyncClient) -> None:
        self.session = session


class AsyncOAuth2Client(AsyncRunner, Client):
    """A client of one authorization server, whose methods are awaited.

    It takes what `OAuth2Client` takes, but for:

    Args:
        session: an `httpx2.AsyncClient` or an `httpx.AsyncClient` to send with; by default one of its own, which
            `async with` or `aclose()` closes. For mutual TLS, one that is given has to be made with
            `verify=context`, after `context.load_cert_chain(...)`. Python's contexts don't say whether they have a
            certificate, so a `UserWarning` comes in any case: filter it where the session has it.
        auth: as for `OAuth2Client`, or an `Auth` of httpx2 or httpx; a `requests` auth handler can't serve here.

    Raises:
        UnsupportedClientCredentials: and everything else that `OAuth2Client` raises.
    """

    def _check_runner(self) -> None:
        session = self._given_session
        if session is not None and not isinstance(session, driver.CLIENTS):
            msg = f"session= takes an httpx2.AsyncClient or an httpx.AsyncClient, got a {type(session).__name__}."
            raise InvalidParam(msg)
        if self.client_certificate is not None and driver.has_own_connections(session):
            msg = (
                "The client certificate can't be shown on the session in session=: it belongs to the connections, which"
                " the session makes. Leave out session=, or make it with verify=context after"
                " context.load_cert_chain(...), and ignore this warning."
            )
            warnings.warn(msg, UserWarning, stacklevel=4)
        if not isinstance(self.auth, (ClientAuthentication, *driver.AUTHS)):
            msg = (
                f"A {type(self.auth).__name__} can't authenticate the async client: it is a handler for requests."
                " Use a client authentication method of this package, or an Auth of httpx2."
            )
            raise UnsupportedClientCredentials(msg)

    @property
    def session(self) -> httpx2.AsyncClient:  # type: ignore[override]
        """The client that requests to the AS are sent with."""
        if self._given_session is None or self._is_inherited():
            return self._own(driver.new_session(self.client_certificate))
        session: httpx2.AsyncClient = self._given_session
        return session

    @classmethod
    async def _drive_without_client(cls, steps: Steps[R], session: Any) -> R:
        """Run steps while there is no client: with the session that it is going to have, or with one for them only."""
        async with driver.new_session() if session is None else nullcontext(session) as fetching_session:
            return await _Fetcher(fetching_session)._drive(steps)  # noqa: SLF001

    async def aclose(self) -> None:
        """Close the session that the client made; one that was given stays open."""
        if self._owns_session:
            await driver.close_session(self.session, for_good=False)

    async def __aenter__(self) -> Self:
        session = self.session
        if self._owns_session:
            driver.enter_session(session)
        try:
            await self._drive(server_keys.hold(self))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._owns_session:
            await driver.close_session(self.session, for_good=False, is_left=True)

    from_discovery_endpoint = awaitable_constructor(constructors.from_discovery_endpoint)
    from_federation = awaitable_constructor(constructors.from_federation)
    find_issuer = awaitable_class_method(constructors.find_issuer)
    register = awaitable_constructor(constructors.register)
    discover = awaitable(server_metadata.discover)
    token_request = awaitable(token_endpoint.token_request)
    client_credentials = awaitable(token_endpoint.client_credentials)
    authorization_code = awaitable(token_endpoint.authorization_code)
    authorization_code_pkce = awaitable(token_endpoint.authorization_code_pkce)
    refresh_token = awaitable(token_endpoint.refresh_token)
    device_code = awaitable(token_endpoint.device_code)
    jwt_bearer = awaitable(token_endpoint.jwt_bearer)
    saml2_bearer = awaitable(saml2.saml2_bearer)
    resource_owner_password = awaitable(token_endpoint.resource_owner_password)
    token_exchange = awaitable(token_exchange.token_exchange)
    authorization_url = awaitable(authorization_endpoint.authorization_url)
    authorization_response = awaitable(authorization_endpoint.authorization_response)
    pushed_authorization_request = awaitable(par.pushed_authorization_request)
    authorize_device = awaitable(device.authorize_device)
    backchannel_authentication_request = awaitable(ciba.backchannel_authentication_request)
    ciba = awaitable(ciba.ciba)
    introspect_token = awaitable(introspection.introspect_token)
    revoke_token = awaitable(revocation.revoke_token)
    revoke_access_token = awaitable(revocation.revoke_access_token)
    revoke_refresh_token = awaitable(revocation.revoke_refresh_token)
    userinfo = awaitable(userinfo.userinfo)
    update_authorization_server_public_keys = awaitable(server_keys.update_authorization_server_public_keys)
    distributed_claims = awaitable(claim_sources.distributed_claims)
    check_id_token = awaitable(id_token.check_id_token)
    logout_token = awaitable(logout.logout_token)
    read_registration = awaitable(registration.read_registration)
    update_registration = awaitable(registration.update_registration)
    delete_registration = awaitable(registration.delete_registration)


class AsyncTokenEndpointPollingJob(PollingJob):
    """Base of the polling jobs of the async client: await its call until it returns a token."""

    runner_class = AsyncRunner

    async def _drive(self, steps: Steps[R]) -> R:
        runner: Any = self.client
        result: R = await runner._drive(steps)  # noqa: SLF001
        return result

    __call__ = awaitable(poll)


class AsyncDeviceAuthorizationPollingJob(AsyncTokenEndpointPollingJob, DeviceJob):
    """Asks whether the user has authorized the device; await its call until it returns a token."""


class AsyncBackChannelAuthenticationPollingJob(AsyncTokenEndpointPollingJob, BackChannelJob):
    """Asks whether the user has authenticated; await its call until it returns a token."""


__all__ = [
    "AsyncBackChannelAuthenticationPollingJob",
    "AsyncDeviceAuthorizationPollingJob",
    "AsyncOAuth2Client",
]
