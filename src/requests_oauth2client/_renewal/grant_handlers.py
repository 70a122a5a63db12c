"""The handlers of each grant: its own parameters, and which source it is. The options of all are in `handlers`.

Knows no HTTP library: `auth` and `aio/auth` put their tokens into requests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

from .._protocol.grants.device import DEFAULT_INTERVAL
from .._tokens.bearer import BearerToken
from . import sources
from .handlers import HandlerOptions, SourceAttribute, TokenHandler, split_options

if TYPE_CHECKING:
    from .._protocol.grants.device import DeviceAuthorizationResponse
    from .._protocol.hooks import Client
    from ..authorization_request import AuthorizationResponse


class AccessTokenHandler(TokenHandler):
    """Keeps a token that its refresh token renews (RFC 6749 section 6).

    Args:
        client: the client.
        token: the token; a string is an access token that can't be renewed. None: it is in the store.
        leeway: seconds before expiry at which a token is renewed already; at most a quarter of its lifetime.
        **options: the options of every handler, and further form fields for the refresh requests.
    """

    def __init__(
        self,
        client: Client,
        token: BearerToken | str | None = None,
        *,
        leeway: float = 20,
        **options: Unpack[HandlerOptions],
    ) -> None:
        ours, fields = split_options(self, options)
        super().__init__(sources.RefreshTokenSource(client, extra=fields), token=token, leeway=leeway, **ours)


class ClientCredentialsHandler(TokenHandler):
    """Gets its tokens with the client's own credentials (RFC 6749 section 4.4).

    Args:
        client: the client.
        leeway: seconds before expiry at which a token is renewed already; at most a quarter of its lifetime.
        token: a token to begin with.
        **options: the options of every handler, and further form fields, such as `scope`, `resource` or `audience`.
    """

    def __init__(
        self,
        client: Client,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        **options: Unpack[HandlerOptions],
    ) -> None:
        ours, fields = split_options(self, options)
        super().__init__(sources.ClientCredentialsSource(client, extra=fields), token=token, leeway=leeway, **ours)


class AuthorizationCodeHandler(TokenHandler):
    """Exchanges a code at the first use, then renews with the refresh token (RFC 6749 sections 4.1.3 and 6).

    Args:
        client: the client.
        code: the code, or the response that `AuthorizationRequest.validate_callback` returned.
        leeway: seconds before expiry at which a token is renewed already; at most a quarter of its lifetime.
        token: a token to begin with, instead of the code.
        **options: the options of every handler, and further form fields for the exchange, such as `redirect_uri`.
    """

    code = SourceAttribute["str | AuthorizationResponse | None"]("The code, until it is used.")

    def __init__(
        self,
        client: Client,
        code: str | AuthorizationResponse | None,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        **options: Unpack[HandlerOptions],
    ) -> None:
        ours, fields = split_options(self, options)
        super().__init__(
            sources.AuthorizationCodeSource(client, code, extra=fields), token=token, leeway=leeway, **ours
        )


class ResourceOwnerPasswordHandler(TokenHandler):
    """Gets its tokens with a user's name and password (RFC 6749 section 4.3).

    Args:
        client: the client.
        username: the user's name.
        password: the user's password.
        leeway: seconds before expiry at which a token is renewed already; at most a quarter of its lifetime.
        token: a token to begin with.
        **options: the options of every handler, and further form fields, such as `scope`.
    """

    username = SourceAttribute[str]("The user's name.")
    password = SourceAttribute[str]("The user's password.")

    def __init__(
        self,
        client: Client,
        *,
        username: str,
        password: str,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        **options: Unpack[HandlerOptions],
    ) -> None:
        ours, fields = split_options(self, options)
        source = sources.ResourceOwnerPasswordSource(client, username=username, password=password, extra=fields)
        super().__init__(source, token=token, leeway=leeway, **ours)


class DeviceCodeHandler(TokenHandler):
    """Waits at the first use until the user has said yes, then renews with the refresh token (RFC 8628).

    Args:
        client: the client.
        device_code: the device code, or the response that `authorize_device` returned; or a function that asks for
            one, shows the user where to go, and returns it (plain or async): called whenever a login is needed.
        interval: seconds between two requests; by default what the response says, else 5.
        expires_in: seconds until the device code expires; by default what the response says.
        slow_down_interval: seconds that each `slow_down` adds.
        leeway: seconds before expiry at which a token is renewed already; at most a quarter of its lifetime.
        token: a token to begin with.
        **options: the options of every handler, and further form fields for the token requests.
    """

    device_code = SourceAttribute["str | DeviceAuthorizationResponse | Callable[[], Any] | None"](
        "The device code, until it is used, or the function that asks for one."
    )
    interval = SourceAttribute["float | None"]("Seconds between two requests, if it was given.")

    def __init__(
        self,
        client: Client,
        device_code: str | DeviceAuthorizationResponse | Callable[[], Any] | None,
        *,
        interval: float | None = None,
        expires_in: float | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        **options: Unpack[HandlerOptions],
    ) -> None:
        ours, fields = split_options(self, options)
        source = sources.DeviceCodeSource(
            client,
            device_code,
            interval=interval,
            expires_in=expires_in,
            slow_down_interval=slow_down_interval,
            extra=fields,
        )
        super().__init__(source, token=token, leeway=leeway, **ours)
