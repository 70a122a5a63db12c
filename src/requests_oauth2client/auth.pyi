"""Written by `python -m devkit.stubs` from src/requests_oauth2client/auth.py."""

from typing import TypeVar

from ._core.auth_flow import AuthFlow, Flow
from ._core.events import TokenEvent
from ._core.values import Discreet
from ._drivers.requests import SyncRunner
from ._renewal.grant_handlers import (
    AccessTokenHandler,
    AuthorizationCodeHandler,
    ClientCredentialsHandler,
    DeviceCodeHandler,
    ResourceOwnerPasswordHandler,
)
from ._renewal.handlers import TokenHandler
from ._tokens.bearer import BearerToken
from .exceptions import ExpiredAccessToken, NonRenewableTokenError

Req = TypeVar("Req")

class BearerAuth(AuthFlow, Discreet):
    """Authenticate requests with a token that you have.

    Args:
        token: an access token or a `BearerToken`; None leaves requests unchanged.
        raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
        allow_insecure_http: send the token over plain http to other machines too. Anyone on the network path can read
            it.

    Source: RFC 6750 section 2.1.
    """

    token: BearerToken | None
    raise_for_challenge: bool
    allow_insecure_http: bool
    def __init__(
        self,
        token: str | BearerToken | None = None,
        *,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
    ) -> None: ...
    def __call__(self, request: Req) -> Req:
        """Put the token into a request of requests, httpx2 or httpx.

        Raises:
            ExpiredAccessToken: the token is expired; also an `ExpiredToken`.
            InsecureTransport: the request is plain http to another machine.
        """
    def auth_flow(self, request: object) -> Flow:
        """Do the same for httpx2 and httpx, and answer what an API demands."""
    def __repr__(self) -> str: ...

BearerAuthorization = BearerAuth

class SyncTokenHandler(AuthFlow, TokenHandler):
    """What makes a handler of tokens an `Auth` of the sync client."""

    _runner_class = SyncRunner
    def __call__(self, request: Req) -> Req:
        """Put a valid token into a request; get or renew it first where that is needed.

        Raises:
            ExpiredAccessToken: the token is expired and can't be renewed.
            NonRenewableTokenError: there is no token, and no way to get one.
            InsecureTransport: the request is plain http to another machine.
            LoginNeeded: the AS no longer takes the refresh token.
            TokenEndpointError: and everything else that a token request raises.
        """
    def auth_flow(self, request: object) -> Flow:
        """Do the same for httpx2 and httpx, and answer what an API demands."""
    def get_token(self, /, min_validity: float | None = None) -> BearerToken:
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
    def renew_token(self, /) -> None:
        """Get another token now, whether or not the held one is still valid.

        Raises:
            LoginNeeded: only a new login helps; `NonRenewableTokenError` is one.
            TokenEndpointError: and everything else that a token request raises.
            TokenStoreError: the store can't be used.
            RecursiveRenewal: the renewal of this token itself asks for it.
        """
    def save_token(self, /, token: BearerToken | str) -> None:
        """Hold a token, and write it to the store now, in place of the stored one: a new login.

        Args:
            token: the token; a string is an access token that can't be renewed.

        Raises:
            TokenStoreError: the store can't be used. The token is held, and stored with the next request.
        """
    def log_out(self, /, revoke: bool = True) -> bool:
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

class OAuth2TokenSourceAuth(SyncTokenHandler):
    """Authenticate `requests` calls with tokens of any source: one of `token_sources`, or one of your own."""

class OAuth2AccessTokenAuth(SyncTokenHandler, AccessTokenHandler):
    """Authenticate `requests` calls with a token that its refresh token renews."""

class OAuth2ClientCredentialsAuth(SyncTokenHandler, ClientCredentialsHandler):
    """Authenticate `requests` calls with tokens for the client itself (RFC 6749 section 4.4)."""

class OAuth2AuthorizationCodeAuth(SyncTokenHandler, AuthorizationCodeHandler):
    """Authenticate `requests` calls with the tokens of a code, then of its refresh token (RFC 6749 section 4.1)."""

class OAuth2ResourceOwnerPasswordAuth(SyncTokenHandler, ResourceOwnerPasswordHandler):
    """Authenticate `requests` calls with tokens for a name and password (RFC 6749 section 4.3)."""

class OAuth2DeviceCodeAuth(SyncTokenHandler, DeviceCodeHandler):
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
    "OAuth2TokenSourceAuth",
    "TokenEvent",
]
