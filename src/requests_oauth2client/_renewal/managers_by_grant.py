"""The keepers of the grants: what the auth handlers of both clients take, and which source they keep a token of.

Knows no HTTP library: `auth` and `aio/auth` put these tokens into requests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._core.events import OnEvent
from .._protocol.grants.device import DEFAULT_INTERVAL
from .._tokens.bearer import BearerToken
from . import sources
from .manager import TokenManager

if TYPE_CHECKING:
    from .._protocol.grants.device import DeviceAuthorizationResponse
    from ..authorization_request import AuthorizationResponse
    from ..stores.base import TokenStore


class AccessTokenManager(TokenManager):
    """Keeps a token that its refresh token renews (RFC 6749 section 6)."""

    def __init__(
        self,
        client: Any,
        token: BearerToken | str | None = None,
        *,
        leeway: float = 20,
        store: TokenStore | None = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            leeway: seconds before expiry at which the token is renewed already; at most a quarter of its lifetime.
            token: the token; a str is an access token that can't be renewed. None: it is in the store.
            store: where to keep tokens beyond this process, shared with others.
            subject: whose tokens they are, for the store.
            background: renew in the background while the old token is still good.
            on_event: called with a `TokenEvent` when something happens to the token.
            raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields for the token requests.
        """
        super().__init__(
            sources.RefreshTokenSource(client, **token_kwargs),
            leeway=leeway,
            token=token,
            store=store,
            subject=subject,
            background=background,
            on_event=on_event,
            raise_for_challenge=raise_for_challenge,
            allow_insecure_http=allow_insecure_http,
        )


class ClientCredentialsManager(TokenManager):
    """Gets its tokens with the client's own credentials (RFC 6749 section 4.4)."""

    def __init__(
        self,
        client: Any,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        store: TokenStore | None = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            leeway: seconds before expiry at which the token is renewed already; at most a quarter of its lifetime.
            token: a token to begin with.
            store: where to keep tokens beyond this process, shared with others.
            subject: whose tokens they are, for the store.
            background: renew in the background while the old token is still good.
            on_event: called with a `TokenEvent` when something happens to the token.
            raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields, such as `scope`, `resource` or `audience`.
        """
        super().__init__(
            sources.ClientCredentialsSource(client, **token_kwargs),
            leeway=leeway,
            token=token,
            store=store,
            subject=subject,
            background=background,
            on_event=on_event,
            raise_for_challenge=raise_for_challenge,
            allow_insecure_http=allow_insecure_http,
        )


class AuthorizationCodeManager(TokenManager):
    """Exchanges a code at the first use, then renews with the refresh token (RFC 6749 sections 4.1.3 and 6)."""

    def __init__(
        self,
        client: Any,
        code: str | AuthorizationResponse | None,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        store: TokenStore | None = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
        **code_exchange_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            code: the code, or the response that `AuthorizationRequest.validate_callback` returned.
            leeway: seconds before expiry at which the token is renewed already; at most a quarter of its lifetime.
            token: a token to begin with, instead of the code.
            store: where to keep tokens beyond this process, shared with others.
            subject: whose tokens they are, for the store.
            background: renew in the background while the old token is still good.
            on_event: called with a `TokenEvent` when something happens to the token.
            raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **code_exchange_kwargs: further form fields for the exchange, such as `redirect_uri`.
        """
        super().__init__(
            sources.AuthorizationCodeSource(client, code, **code_exchange_kwargs),
            leeway=leeway,
            token=token,
            store=store,
            subject=subject,
            background=background,
            on_event=on_event,
            raise_for_challenge=raise_for_challenge,
            allow_insecure_http=allow_insecure_http,
        )


class ResourceOwnerPasswordManager(TokenManager):
    """Gets its tokens with a user's name and password (RFC 6749 section 4.3)."""

    def __init__(
        self,
        client: Any,
        *,
        username: str,
        password: str,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        store: TokenStore | None = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            username: the user's name.
            password: the user's password.
            leeway: seconds before expiry at which the token is renewed already; at most a quarter of its lifetime.
            token: a token to begin with.
            store: where to keep tokens beyond this process, shared with others.
            subject: whose tokens they are, for the store.
            background: renew in the background while the old token is still good.
            on_event: called with a `TokenEvent` when something happens to the token.
            raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields, such as `scope`.
        """
        super().__init__(
            sources.ResourceOwnerPasswordSource(client, username=username, password=password, **token_kwargs),
            leeway=leeway,
            token=token,
            store=store,
            subject=subject,
            background=background,
            on_event=on_event,
            raise_for_challenge=raise_for_challenge,
            allow_insecure_http=allow_insecure_http,
        )


class DeviceCodeManager(TokenManager):
    """Waits at the first use until the user has said yes, then renews with the refresh token (RFC 8628)."""

    def __init__(
        self,
        client: Any,
        device_code: str | DeviceAuthorizationResponse | Callable[[], Any] | None,
        *,
        interval: float | None = None,
        expires_in: float | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        store: TokenStore | None = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        """Take what it works with.

        Args:
            client: the client.
            device_code: the device code, or the response that `authorize_device` returned; or a function that asks for
                one, shows the user where to go, and returns it (plain or async): called whenever a login is needed.
            interval: seconds between two questions; by default what the response says, else 5.
            expires_in: seconds until the device code expires; by default what the response says.
            slow_down_interval: seconds that each `slow_down` adds.
            leeway: seconds before expiry at which the token is renewed already; at most a quarter of its lifetime.
            token: a token to begin with.
            store: where to keep tokens beyond this process, shared with others.
            subject: whose tokens they are, for the store.
            background: renew in the background while the old token is still good.
            on_event: called with a `TokenEvent` when something happens to the token.
            raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
            allow_insecure_http: send the token over plain http to other machines too. Whoever is on the way reads it.
            **token_kwargs: further form fields for the token requests.
        """
        super().__init__(
            sources.DeviceCodeSource(
                client,
                device_code,
                interval=interval,
                expires_in=expires_in,
                slow_down_interval=slow_down_interval,
                **token_kwargs,
            ),
            leeway=leeway,
            token=token,
            store=store,
            subject=subject,
            background=background,
            on_event=on_event,
            raise_for_challenge=raise_for_challenge,
            allow_insecure_http=allow_insecure_http,
        )
