"""Written by `python -m devkit.stubs` from src/requests_oauth2client/aio/protected_resource.py."""

from typing import Any, ClassVar

from .._core.auth_flow import Flow
from .._login.ways import Callback
from .._resource.handler import ResourceHandler
from .._tokens.bearer import BearerToken
from .auth import AsyncTokenHandler

class AsyncOAuth2ResourceAuth(AsyncTokenHandler, ResourceHandler):
    """Authenticate async calls to an API of which only the URL is known (RFC 9728)."""

    _client_class: ClassVar[Any]
    async def prepare_flow(self, request: Any) -> Flow:
        """Put a valid token into a request to the API, if a user has logged in; else see what the API asks for.

        Raises:
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: no login is possible here.
            TokenEndpointError: and everything else that a token request raises.
        """
    async def log_in(self, /) -> BearerToken:
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
    async def finish_login(self, /, request: Any, callback: Callback) -> BearerToken:
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
    async def get_token(self, /, min_validity: float | None = None) -> BearerToken:
        """Return a valid token, got or renewed as for a request; for everything that is not HTTP.

        Args:
            min_validity: seconds for which the token has to be valid, by default the handler's leeway. Where the server
                issues none that lasts so long, a new one is returned.

        Raises:
            LoginNeeded: and everything else that `log_in` raises.
        """
    async def renew_token(self, /) -> None:
        """Get another token now, whether or not the held one is still valid.

        Raises:
            LoginNeeded: and everything else that `log_in` raises.
        """
    async def save_token(self, /, token: BearerToken | str) -> None:
        """Hold a token, and write it to the store now, in place of the stored one: a new login.

        Args:
            token: the token; a string is an access token that can't be renewed.

        Raises:
            TokenStoreError: the store can't be used.
            InvalidResourceMetadata: and everything else that is raised where the API does not say which server it trusts.
        """
    async def log_out(self, /, revoke: bool = True) -> bool:
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
    "AsyncOAuth2ResourceAuth",
]
