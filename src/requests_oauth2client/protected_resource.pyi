"""Written by `python -m devkit.stubs` from src/requests_oauth2client/protected_resource.py."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import httpx
import httpx2
import requests

from ._core.auth_flow import Flow
from ._login.ways import Callback
from ._protocol.metadata.protected_resource import AcceptUrl
from ._resource.access import FROM_METADATA
from ._resource.handler import ResourceHandler
from ._tokens.bearer import BearerToken
from .auth import SyncTokenHandler
from .resource_metadata import ResourceMetadata
from .retries import Retries

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
        aliases: Iterable[str] = ...,
        accept_url: AcceptUrl | None = None,
        session: requests.Session | None = None,
        timeout: float = 10.0,
        max_response_size: int = 1048576,
        retries: Retries | None = ...,
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
    @classmethod
    async def afetch(
        cls,
        url: str,
        *,
        metadata_url: str | None = None,
        aliases: Iterable[str] = ...,
        accept_url: AcceptUrl | None = None,
        session: httpx2.AsyncClient | httpx.AsyncClient | None = None,
        timeout: float = 10.0,
        max_response_size: int = 1048576,
        retries: Retries | None = ...,
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

class OAuth2ResourceAuth(SyncTokenHandler, ResourceHandler):
    """Authenticate `requests` calls to an API of which only the URL is known (RFC 9728)."""

    _client_class: ClassVar[Any]
    def __call__(self, request: Any) -> Any:
        """Put a valid token into a request to the API, if a user has logged in; else see what the API asks for.

        Raises:
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: no login is possible here.
            TokenEndpointError: and everything else that a token request raises.
        """
    def auth_flow(self, request: Any) -> Flow:
        """Do the same for httpx2 and httpx, and answer what the API asks for."""
    def log_in(self, /) -> BearerToken:
        """Log in now, before the first call; where a user is logged in already, nothing happens.

        Returns:
            A valid token.

        Raises:
            LoginNeeded: no login is possible here: it has the authorization request.
            LoginFailed: the login did not succeed.
            InvalidResourceMetadata: the API does not say which server it trusts; likewise `MismatchingResource`,
                `UntrustedIssuer` and `MissingPkce`.
            TokenEndpointError: and everything else that a token request raises.
        """
    def finish_login(self, /, request: Any, callback: Callback) -> BearerToken:
        """Finish a login that began elsewhere: exchange its code, and keep what comes.

        Args:
            request: the `authorization_request` of the `LoginNeeded`.
            callback: the URL that the user came back to, or its parameters.

        Returns:
            The token.

        Raises:
            InvalidParam: it is unknown which login this is: it was begun by a handler with another store.
            InvalidAuthResponse: the callback does not answer the request.
            AuthorizationResponseError: the server said no.
            TokenEndpointError: and everything else that a token request raises.

        Source: RFC 6749 section 4.1.
        """
    def get_token(self, /, min_validity: float | None = None) -> BearerToken:
        """Return a valid token, got or renewed as for a request; for everything that is not HTTP.

        Args:
            min_validity: seconds for which the token has to be valid, by default the handler's leeway. Where the server
                issues none that lasts so long, a new one is returned.

        Raises:
            LoginNeeded: and everything else that `log_in` raises.
        """
    def renew_token(self, /) -> None:
        """Get another token now, whether or not the held one is still valid.

        Raises:
            LoginNeeded: and everything else that `log_in` raises.
        """
    def save_token(self, /, token: BearerToken | str) -> None:
        """Hold a token, and write it to the store now, in place of the stored one: a new login.

        Args:
            token: the token; a string is an access token that can't be renewed.

        Raises:
            TokenStoreError: the store can't be used.
            InvalidResourceMetadata: and everything else that is raised where the API does not say which server it trusts.
        """
    def log_out(self, /, revoke: bool = True) -> bool:
        """End the login: forget the token, empty its entry in the store now, and revoke it at the server.

        Args:
            revoke: revoke the refresh token and the access token, where the server has an endpoint for that.

        Returns:
            False if the server could not be told; the login has ended here nevertheless.

        Raises:
            TokenStoreError: the store can't be used: what it has of the login is still there.

        Source: RFC 7009 section 2.
        """

__all__ = [
    "FROM_METADATA",
    "OAuth2ResourceAuth",
    "ProtectedResource",
]
