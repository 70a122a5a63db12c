"""Call any protected resource, knowing only its URL (RFC 9728), such as a server of the Model Context Protocol.

    me = ClientMetadata("My agent", url="https://me.example.com/client.json")
    auth = OAuth2ResourceAuth("https://api.example.com/v1", client=me, store=FileStore(app="agent"), subject="me")
    requests.get("https://api.example.com/v1/things", auth=auth)

`ProtectedResource` is what an API says of itself, for those who only want to know.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ._core.auth_flow import Flow, ResponseHook, answer_flow, hook_into, performed, record_answer
from ._core.effects import Steps, blocking
from ._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT
from ._protocol.metadata import protected_resource
from ._protocol.metadata.protected_resource import AcceptUrl
from ._renewal.handlers import manager_of
from ._resource import flow, handler
from ._resource.access import FROM_METADATA
from ._resource.handler import ResourceHandler, access_of
from ._tokens.bearer import BearerToken, require_secure_transport
from .auth import SyncTokenHandler
from .challenges import FORBIDDEN, UNAUTHORIZED
from .client import OAuth2Client
from .resource_metadata import ResourceMetadata
from .retries import DEFAULT_RETRIES, Retries

if TYPE_CHECKING:
    import httpx
    import httpx2
    import requests


class ProtectedResource(ResourceMetadata):
    """What an API says of itself: which authorization servers it trusts, which scopes it knows (RFC 9728 section 2).

    Attributes:
        resource: its identifier, which tokens are asked for with.
        authorization_servers: the issuers of the servers whose tokens it takes.
        scopes_supported: the words of scope that it knows, or None where it does not say.
        dpop_bound_access_tokens_required: whether tokens have to be bound to a key (RFC 9449).
        metadata_url: where this was found.
        document: all of it.
    """

    @classmethod
    def fetch(
        cls,
        url: str,
        *,
        metadata_url: str | None = None,
        aliases: Iterable[str] = (),
        accept_url: AcceptUrl | None = None,
        session: requests.Session | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
        retries: Retries | None = DEFAULT_RETRIES,
        testing: bool = False,
    ) -> Self:
        """Fetch what an API says of itself.

        Args:
            url: of the API.
            metadata_url: where its metadata are, for instance as a challenge says; by default at the well-known
                address of its path, else at that of its root.
            aliases: other URLs of the same API, which the metadata may be of.
            accept_url: called with an address that the API states, before it is used: False refuses it, True takes it
                although it is in a private network.
            session: the session to send with; by default one for this request.
            timeout: seconds for the whole of each answer.
            max_response_size: bytes that an answer may have.
            retries: how often a server that fails is asked again; None for once only.
            testing: allow plain http to any host.

        Raises:
            InvalidResourceMetadata: there are none, or they are wrong.
            MismatchingResource: they are those of another resource.
            InvalidUri: a URL is not acceptable.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 9728 section 3.
        """
        steps = protected_resource.fetch(
            cls,
            url,
            metadata_url=metadata_url,
            aliases=aliases,
            accept_url=accept_url,
            testing=testing,
            timeout=timeout,
            max_response_size=max_response_size,
            retries=retries,
        )
        maker: Any = OAuth2Client
        found: Self = maker._drive_without_client(steps, session)  # noqa: SLF001
        return found

    @classmethod
    async def afetch(
        cls,
        url: str,
        *,
        metadata_url: str | None = None,
        aliases: Iterable[str] = (),
        accept_url: AcceptUrl | None = None,
        session: httpx2.AsyncClient | httpx.AsyncClient | None = None,
        timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109  of each answer, as everywhere here
        max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
        retries: Retries | None = DEFAULT_RETRIES,
        testing: bool = False,
    ) -> Self:
        """Fetch the same in an async program. It takes what `fetch` takes, and raises what that raises.

        Args:
            url: of the API.
            metadata_url: where its metadata are.
            aliases: other URLs of the same API.
            accept_url: called with an address that the API states; plain or async.
            session: an `AsyncClient` of httpx2 or httpx to send with; by default one for this request.
            timeout: seconds for the whole of each answer.
            max_response_size: bytes that an answer may have.
            retries: how often a server that fails is asked again; None for once only.
            testing: allow plain http to any host.
        """
        from ._drivers import httpx as driver  # noqa: PLC0415  needs the extra "async"

        steps = protected_resource.fetch(
            cls,
            url,
            metadata_url=metadata_url,
            aliases=aliases,
            accept_url=accept_url,
            testing=testing,
            timeout=timeout,
            max_response_size=max_response_size,
            retries=retries,
        )
        runner = driver.RunnerWithoutClient() if session is None else driver.SessionRunner(session)
        found: Self = await runner._drive(steps)  # noqa: SLF001
        return found


class OAuth2ResourceAuth(SyncTokenHandler, ResourceHandler):
    """Authenticate `requests` calls to an API of which only the URL is known (RFC 9728)."""

    _client_class: ClassVar[Any] = OAuth2Client

    def _drive(self, steps: Steps[Any]) -> Any:
        given = access_of(self).clients.given
        if isinstance(given, OAuth2Client):
            return given._drive(steps)  # noqa: SLF001
        return self._client_class._drive_without_client(steps, access_of(self).session)  # noqa: SLF001

    def __call__(self, request: Any) -> Any:
        """Put a valid token into a request to the API, if a user has logged in; else see what the API asks for.

        Raises:
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: no login is possible here.
            TokenEndpointError: and everything else that a token request raises.
        """
        if not self._is_for(request):
            return request
        generation, token = access_of(self).generation, self._known_token()
        react = functools.partial(self._react, generation)
        if token is None:
            record_answer(request)
            request.hooks["response"].append(ResponseHook(react, None))
        else:
            token.authenticate(request, allow_insecure_http=True)
            hook_into(request, react, token)
        return request

    def auth_flow(self, request: Any) -> Flow:
        """Do the same for httpx2 and httpx, and answer what the API asks for."""
        if not self._is_for(request):
            yield request
            return
        yield from performed(flow.authenticated(self, self._known_token(), request), self._drive)

    def _is_for(self, request: Any) -> bool:
        if not self.allow_insecure_http:
            require_secure_transport(request)
        return access_of(self).is_for(str(request.url))

    def _known_token(self) -> BearerToken | None:
        return manager_of(self).usable_token() or self._drive(handler.token_if_known(self))

    def _react(self, generation: int, token: BearerToken | None, response: Any, **options: Any) -> Any:
        if response.status_code not in {UNAUTHORIZED, FORBIDDEN}:
            return response
        return answer_flow(flow.answered(self, generation, token, response), response, options, self._drive)

    log_in = blocking(handler.log_in)
    finish_login = blocking(handler.finish_login)
    get_token = blocking(handler.get_token)
    renew_token = blocking(handler.renew_token)
    save_token = blocking(handler.save_token)
    log_out = blocking(handler.log_out)


__all__ = ["FROM_METADATA", "OAuth2ResourceAuth", "ProtectedResource"]
