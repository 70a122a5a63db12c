"""The async client: `AsyncOAuth2Client` on httpx2 (or httpx), and its polling jobs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .._core.effects import Steps, awaitable
from .._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT
from .._drivers import httpx as driver
from .._drivers.httpx import AsyncRunner
from .._protocol.authorization import authorization_endpoint, par
from .._protocol.client import Client
from .._protocol.grants import ciba, device, saml2, token_endpoint, token_exchange
from .._protocol.grants.polling import poll
from .._protocol.metadata import discovery, federation, registration, server_keys, webfinger
from .._protocol.oidc import claim_sources, logout, userinfo
from .._protocol.settings import check_settings
from .._protocol.tokens import introspection, revocation
from .._tokens.bearer import BearerToken
from ..backchannel_authentication import BackChannelJob
from ..client_authentication import ClientAuthentication, UnsupportedClientCredentials
from ..device_authorization import DeviceJob
from ..exceptions import InvalidParam
from ..polling import PollingJob
from ..retries import DEFAULT_RETRIES, Retries

if TYPE_CHECKING:
    import httpx2

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
            `async with` or `aclose()` closes.
        auth: as for `OAuth2Client`, or an `Auth` of httpx2 or httpx; a `requests` auth handler can't serve here.

    Raises:
        UnsupportedClientCredentials: and everything else that `OAuth2Client` raises.
    """

    def _check_runner(self) -> None:
        session = self._given_session
        if session is not None and not isinstance(session, driver.CLIENTS):
            msg = f"session= takes an httpx2.AsyncClient or an httpx.AsyncClient, got a {type(session).__name__}."
            raise InvalidParam(msg)
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
    async def from_discovery_endpoint(
        cls,
        url: Any = None,
        issuer: Any = None,
        *,
        auth: Any = None,
        session: Any = None,
        testing: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Make a client from what the AS publishes: its metadata, then its keys.

        The issuer in the metadata must be the one asked for, to the letter, before anything else in them is used.
        With a `url` alone, that is the issuer which a well-known URL belongs to; any other URL is trusted to say
        who it speaks for. Metadata are kept in the process for as long as their HTTP headers allow, but not those
        that came through a `session` of yours.

        Args:
            url: where the metadata are.
            issuer: who the AS is; without `url`, the well-known addresses are tried one after the other.
            auth: how the client authenticates.
            session: an `httpx2.AsyncClient` or an `httpx.AsyncClient` to send with; by default one of its own.
            testing: allow plain http to any host. Secrets then travel unencrypted.
            **kwargs: everything else that the client takes, such as `client_id` and `client_secret`.

        Returns:
            The client. If the metadata have a jwks_uri, it holds the AS's keys.

        Raises:
            InvalidParam: neither url nor issuer, a bad URL, or the metadata are of another issuer; its text has
                what was received and expected.
            InvalidDiscoveryDocument: there are no metadata, they are unreadable, or have no token_endpoint.
            InvalidAuthorizationServerJwks: what is at their jwks_uri is no JWKS.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Discovery section 4, RFC 8414 section 3.
        """
        check_settings(cls, kwargs)
        cache = discovery.DOCUMENTS if session is None else None
        asking = discovery.discover(discovery.asker_of(kwargs, testing=testing), url, issuer, cache=cache)
        async with driver.new_session() if session is None else nullcontext(session) as fetching_session:
            document = await _Fetcher(fetching_session)._drive(asking)  # noqa: SLF001
        client = cls.from_discovery_document(document, auth=auth, session=session, testing=testing, **kwargs)
        return await client.__aenter__()

    @classmethod
    async def from_federation(
        cls,
        entity_id: Any,
        *,
        trust_anchors: Mapping[str, Any],
        auth: Any = None,
        session: Any = None,
        testing: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Make a client of an OP that a trust anchor vouches for, which it has never been registered at.

        With automatic registration, the client_id is the client's own entity identifier, and the OP wants signed
        requests: `client.authorization_request().sign(key, lifetime=60, iss=True, aud=True, jti=True)`. Serve what
        `entity_configuration` returns, so that the OP can find out who this is. What the federation says is judged
        now and not again: make another client before the statements expire.

        Args:
            entity_id: of the OP: its issuer.
            trust_anchors: whom to trust: entity identifiers, each with its JWKS, which you got in another way.
            auth: how the client authenticates.
            session: an `httpx2.AsyncClient` or an `httpx.AsyncClient` to send with; by default one of its own.
            testing: allow plain http to any host. Secrets then travel unencrypted.
            **kwargs: everything else that the client takes, such as `client_id` and `private_key`.

        Returns:
            The client.

        Raises:
            InvalidEntityStatement: or one of its subclasses: what the OP says of itself is refused.
            MissingTrustChain: no trust anchor vouches for it.
            UnsupportedClientRegistrationTypes: it does not register clients automatically.
            InvalidParam: there are no trust anchors, a bad URL, or the metadata are of another issuer.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OpenID Federation 1.0 sections 10 and 12.1.
        """
        check_settings(cls, kwargs)
        asking = federation.provider_arguments(discovery.asker_of(kwargs, testing=testing), entity_id, trust_anchors)
        async with driver.new_session() if session is None else nullcontext(session) as fetching_session:
            known = await _Fetcher(fetching_session)._drive(asking)  # noqa: SLF001
        settings = {**known, **kwargs}
        client = cls(settings.pop("token_endpoint"), auth, session=session, testing=testing, **settings)
        return await client.__aenter__()

    @classmethod
    async def find_issuer(
        cls,
        identifier: Any,
        *,
        host: Any = None,
        session: Any = None,
        testing: bool = False,
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109  as everywhere here: for the HTTP library
        max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
        retries: Retries | None = DEFAULT_RETRIES,
    ) -> str:
        """Find out which OP a user belongs to, from what the user typed; `from_discovery_endpoint` goes on from there.

        Whoever types it chooses the host that is asked, and that host names the OP. Where only some OPs may log in
        users, compare the issuer with them; where all users are at one host, name it.

        Args:
            identifier: an e-mail address, a host, an `https:` URL, or an `acct:` URI.
            host: which host to ask, or its origin; by default the one in the identifier.
            session: an `httpx2.AsyncClient` or an `httpx.AsyncClient` to send with; by default one of its own.
            testing: allow plain http to any host.
            timeout: seconds for the whole of each answer.
            max_response_size: bytes that an answer may have.
            retries: how often a host that fails is asked again; None for once only.

        Returns:
            The issuer.

        Raises:
            InvalidIdentifier: nothing can be found with this; nothing was sent. An `InvalidParam`.
            UnknownWebFingerResource: the host knows nothing about this user.
            MissingIssuerLink: the host names no OP for this user.
            InvalidWebFingerResponse: the answer is no JRD, or the issuer in it is no https URL.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Discovery section 2, RFC 7033.
        """
        limits = {"timeout": timeout, "max_response_size": max_response_size, "retries": retries}
        asker = discovery.asker_of(limits, testing=testing)
        finding = webfinger.find_issuer(asker, identifier, host=host)
        async with driver.new_session() if session is None else nullcontext(session) as fetching_session:
            return await _Fetcher(fetching_session)._drive(finding)  # noqa: SLF001

    @classmethod
    async def register(
        cls,
        metadata: Mapping[str, Any],
        *,
        url: Any = None,
        issuer: Any = None,
        initial_access_token: str | BearerToken | None = None,
        software_statement: Any = None,
        private_key: Any = None,
        session: Any = None,
        testing: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Register a client at an AS, and make it.

        Args:
            metadata: what the client says of itself, such as `redirect_uris`, `client_name`, `jwks`, and
                `token_endpoint_auth_method` (RFC 7591 section 2).
            url: where the metadata of the AS are, as for `from_discovery_endpoint`.
            issuer: who the AS is, likewise. With neither, pass its registration_endpoint and token_endpoint.
            initial_access_token: what the AS wants to see first, if it does not let everybody register.
            software_statement: a JWT about the software that somebody signed whom the AS believes.
            private_key: what the client signs with, for `private_key_jwt`.
            session: the `httpx2.AsyncClient` or `httpx.AsyncClient` to send with; by default one of its own.
            testing: allow plain http to any host. Secrets then travel unencrypted.
            **kwargs: everything else that the client takes.

        Returns:
            The client. Its `registration` has what the AS answered: store it, or the client is lost.

        Raises:
            ClientRegistrationError: the AS refused; `InvalidClientMetadata`, `RefusedRedirectUri`, ...
            InvalidClientInformationResponse: the answer is none.
            MissingEndpointUri: the AS has no registration_endpoint.
            InvalidParam: the AS registered a method that can't be used; and what `from_discovery_endpoint` raises.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7591 section 3, OIDC Registration section 3.
        """
        check_settings(cls, kwargs)
        registering = registration.register(
            cls.exception_classes,
            metadata,
            url=url,
            issuer=issuer,
            initial_access_token=initial_access_token,
            software_statement=software_statement,
            private_key=private_key,
            testing=testing,
            settings=kwargs,
        )
        async with driver.new_session() if session is None else nullcontext(session) as fetching_session:
            arguments = await _Fetcher(fetching_session)._drive(registering)  # noqa: SLF001
        return cls(session=session, testing=testing, **arguments)

    async def aclose(self) -> None:
        """Close the session that the client made; one that was given stays open."""
        if self._owns_session:
            await self.session.aclose()
            self._given_session, self._owns_session = None, False

    async def __aenter__(self) -> Self:
        try:
            await self._drive(server_keys.hold(self))
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

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
