"""Having a valid token: the one place that decides when to get, keep or renew one.

A `TokenSource` holds a token and knows a grant. `valid_token` gives one that is good for `leeway` seconds
more, and lets only one caller renew. Auth handlers are sources plus "put it in the header". Knows no HTTP
library; stores and single flight across processes have their place around `valid_token`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._steps import Lock, Steps, inner
from .._times import after
from ..dpop import DPoPToken
from ..exceptions import ExpiredAccessToken, InvalidGrant, InvalidParam, NonRenewableTokenError
from ..tokens import BearerToken
from . import token_endpoint
from .device import DEFAULT_INTERVAL, DeviceAuthorizationResponse, polling_interval
from .dpop_retry import with_one_key
from .polling import poll

if TYPE_CHECKING:
    from ..authorization_request import AuthorizationResponse
    from .client import Client


DPOP_SETTINGS = ("dpop", "dpop_key")  # of a grant, which count for a refresh too


def client_of_face(client: Any, face: Any, user: object) -> Client:
    """Return a client if it is of the face of its user, a handler or a polling job."""
    if not isinstance(client, face):
        msg = (
            f"{type(user).__name__} takes a client of its own face, got a {type(client).__name__}. AsyncOAuth2Client"
            " goes with what has Async in its name, OAuth2Client with all others."
        )
        raise InvalidParam(msg)
    ours: Client = client
    return ours


class TokenSource:
    """Holds a token, and renews it with its refresh token while that works.

    Attributes:
        token: the token held now; can be set.
    """

    face: ClassVar[Any] = object  # SyncFace or AsyncFace
    is_repeatable: ClassVar[bool] = False  # whether the grant can be used again when a refresh is refused

    def __init__(
        self,
        client: Any,
        token: BearerToken | str | None,
        *,
        leeway: float = 20,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client that renews it.
            token: the token; a str is an access token that can't be renewed.
            leeway: seconds before expiry at which it is renewed already.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields for the token requests.
        """
        self.client = client_of_face(client, self.face, self)
        self.token = token
        self.leeway = leeway
        self.allow_insecure_http = allow_insecure_http
        self.token_kwargs = token_kwargs

    @property
    def token(self) -> BearerToken | None:
        """The token held now, or None."""
        return self._token

    @token.setter
    def token(self, token: BearerToken | str | None) -> None:
        self._token = BearerToken(token) if isinstance(token, str) else token

    def forget_token(self) -> None:
        """Drop the token; the next request gets another one."""
        self.token = None

    def usable_token(self) -> BearerToken | None:
        """Return the held token if it is good for `leeway` seconds more."""
        token = self.token
        return None if token is None or token.is_expired(self.leeway) else token

    def grant(self) -> Steps[BearerToken]:
        """Get a token without a refresh token."""
        raise NonRenewableTokenError(self.token)

    def with_same_key(self) -> dict[str, Any]:
        """Return the arguments of the grant, with the DPoP key of the held token: the next is bound to it too."""
        held = self.token
        known = {"dpop_key": held.dpop_key} if isinstance(held, DPoPToken) else {}
        return {**known, **{name: value for name, value in self.token_kwargs.items() if value is not None}}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self.client.client_id!r} token={self.token!r}>"


def valid_token(source: TokenSource, /) -> Steps[BearerToken]:
    """Give a token that is good for `leeway` seconds more, or until it expires where it can't be renewed.

    Raises:
        ExpiredAccessToken: the token is expired and can't be renewed.
        NonRenewableTokenError: there is no token, and no way to get one.
    """
    yield Lock(source)
    token = source.usable_token()  # another caller may have renewed it while this one waited
    if token is not None:
        return token
    try:
        return (yield from _renewed(source))
    except NonRenewableTokenError:
        held = source.token
        if held is None:
            raise
        if held.is_expired():
            raise ExpiredAccessToken(held) from None
        return held


def renew_token(source: TokenSource, /) -> Steps[None]:
    """Get another token now, whether or not the held one is still good.

    Raises:
        NonRenewableTokenError: there is no way to get one.
        InvalidGrant: the AS no longer takes the refresh token: log in again.
        TokenEndpointError: and everything else that a token request raises.
    """
    yield Lock(source)
    yield from _renewed(source)


def _renewed(source: TokenSource) -> Steps[BearerToken]:
    """Renew by refresh token if there is one, else by the grant; hold what came."""
    held = source.token
    if held is None or held.refresh_token is None:
        token = yield from source.grant()
    else:
        token = yield from _refreshed(source, held)
    source.token = token
    return token


def _refreshed(source: TokenSource, held: BearerToken) -> Steps[BearerToken]:
    kept = DPOP_SETTINGS if source.is_repeatable else source.token_kwargs
    kwargs = {name: value for name, value in source.token_kwargs.items() if name in kept}
    try:
        return (yield from inner(source.client, token_endpoint.refresh_token, held, **kwargs))
    except InvalidGrant:
        if not source.is_repeatable:
            raise
        return (yield from source.grant())


class ClientCredentialsSource(TokenSource):
    """Gets its tokens with the client's own credentials (RFC 6749 section 4.4)."""

    is_repeatable = True

    def __init__(
        self,
        client: Any,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            leeway: seconds before expiry at which the token is renewed already.
            token: a token to begin with.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields, such as `scope`, `resource` or `audience`.
        """
        super().__init__(client, token, leeway=leeway, allow_insecure_http=allow_insecure_http, **token_kwargs)

    def grant(self) -> Steps[BearerToken]:
        """Ask with the client's credentials."""
        return (yield from inner(self.client, token_endpoint.client_credentials, **self.with_same_key()))


class AuthorizationCodeSource(TokenSource):
    """Exchanges a code at the first use, then renews with the refresh token (RFC 6749 sections 4.1.3 and 6)."""

    def __init__(
        self,
        client: Any,
        code: str | AuthorizationResponse | None,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        allow_insecure_http: bool = False,
        **code_exchange_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            code: the code, or the response that `AuthorizationRequest.validate_callback` returned.
            leeway: seconds before expiry at which the token is renewed already.
            token: a token to begin with, instead of the code.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **code_exchange_kwargs: further form fields for the exchange, such as `redirect_uri`.
        """
        super().__init__(client, token, leeway=leeway, allow_insecure_http=allow_insecure_http)
        self.code = code
        self.code_exchange_kwargs = code_exchange_kwargs

    def grant(self) -> Steps[BearerToken]:
        """Exchange the code; it can be used once."""
        code, self.code = self.code, None
        if code is None:
            raise NonRenewableTokenError(self.token)
        return (yield from inner(self.client, token_endpoint.authorization_code, code, **self.code_exchange_kwargs))


class ResourceOwnerPasswordSource(TokenSource):
    """Gets its tokens with a user's name and password (RFC 6749 section 4.3)."""

    is_repeatable = True

    def __init__(
        self,
        client: Any,
        *,
        username: str,
        password: str,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            username: the user's name.
            password: the user's password.
            leeway: seconds before expiry at which the token is renewed already.
            token: a token to begin with.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields, such as `scope`.
        """
        super().__init__(client, token, leeway=leeway, allow_insecure_http=allow_insecure_http, **token_kwargs)
        self.username = username
        self.password = password

    def grant(self) -> Steps[BearerToken]:
        """Ask with name and password."""
        ask = token_endpoint.resource_owner_password
        return (yield from inner(self.client, ask, self.username, self.password, **self.with_same_key()))


class DeviceCodeSource(TokenSource):
    """Waits at the first use until the user has said yes, then renews with the refresh token (RFC 8628)."""

    def __init__(
        self,
        client: Any,
        device_code: str | DeviceAuthorizationResponse,
        *,
        leeway: float = 20,
        interval: float | None = None,
        expires_in: float | None = None,
        token: BearerToken | str | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            device_code: the device code, or the response that `authorize_device` returned.
            leeway: seconds before expiry at which the token is renewed already.
            interval: seconds between two questions; by default what the response says, else 5.
            expires_in: seconds until the device code expires; by default what the response says.
            token: a token to begin with.
            slow_down_interval: seconds that each `slow_down` adds.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields for the token requests.
        """
        super().__init__(client, token, leeway=leeway, allow_insecure_http=allow_insecure_http)
        self.device_code: str | DeviceAuthorizationResponse | None = device_code
        self.interval = polling_interval(getattr(device_code, "interval", None) if interval is None else interval)
        self.expires_at = getattr(device_code, "expires_at", None) if expires_in is None else after(expires_in)
        self.slow_down_interval = slow_down_interval
        self.device_kwargs = with_one_key(self.client, token_kwargs)

    def ask(self) -> Steps[BearerToken]:
        """Ask once whether the user has said yes."""
        ask = token_endpoint.device_code
        return (yield from inner(self.client, ask, self.device_code, **self.device_kwargs))  # type: ignore[arg-type]

    def grant(self) -> Steps[BearerToken]:
        """Ask until the user has answered; a device code can be used once."""
        if self.device_code is None:
            raise NonRenewableTokenError(self.token)
        token = None
        while token is None:
            token = yield from poll(self)
        self.device_code = None
        return token
