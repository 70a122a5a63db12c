"""What both faces have in common: the settings of a client, and the hooks of its users.

The methods that send something are rules (the other files of this folder); each face makes its own of them.
Knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..exceptions import (
    AccessDenied,
    AuthorizationPending,
    EndpointError,
    ExpiredToken,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    ServerError,
    SlowDown,
    UnauthorizedClient,
    UnsupportedTokenType,
    UseDPoPNonce,
)
from ..tokens import BearerToken
from . import device, introspection, revocation, token_response, userinfo
from .settings import ClientSettings


class Client(ClientSettings):
    """The settings and rules of an OAuth 2.x client; `OAuth2Client` and `AsyncOAuth2Client` are its faces."""

    exception_classes: ClassVar[Mapping[str, type[EndpointError]]] = {
        "server_error": ServerError,
        "invalid_request": InvalidRequest,
        "invalid_client": InvalidClient,
        "invalid_scope": InvalidScope,
        "invalid_target": InvalidTarget,
        "invalid_grant": InvalidGrant,
        "access_denied": AccessDenied,
        "unauthorized_client": UnauthorizedClient,
        "authorization_pending": AuthorizationPending,
        "slow_down": SlowDown,
        "expired_token": ExpiredToken,
        "use_dpop_nonce": UseDPoPNonce,
        "unsupported_token_type": UnsupportedTokenType,
    }

    # --- hooks: override them to teach the client an AS that answers otherwise

    def parse_token_response(self, response: Any, *, dpop_key: Any = None) -> BearerToken:
        """Make a token of a successful answer of the token endpoint.

        Raises:
            InvalidTokenResponse: it has no usable token, nor an OAuth error.
        """
        return token_response.parse(self, response, dpop_key=dpop_key)

    def on_token_error(self, response: Any, *, dpop_key: Any = None) -> BearerToken:
        """Raise what an answer of the token endpoint without a token means; a token returned here is taken."""
        return token_response.fail(self, response, dpop_key=dpop_key)

    def parse_device_authorization_response(
        self, response: Any, *, dpop_key: Any = None
    ) -> device.DeviceAuthorizationResponse:
        """Make a `DeviceAuthorizationResponse` of a successful answer."""
        return device.parse(self, response)

    def on_device_authorization_error(
        self, response: Any, *, dpop_key: Any = None
    ) -> device.DeviceAuthorizationResponse:
        """Raise what an answer of the device authorization endpoint without codes means."""
        return device.fail(self, response)

    def parse_revocation_response(self, response: Any, *, dpop_key: Any = None) -> bool:
        """Say that a successful revocation was one."""
        return True

    def on_revocation_error(self, response: Any, *, dpop_key: Any = None) -> bool:
        """Raise the OAuth error of a failed revocation; False without one."""
        return revocation.fail(self, response)

    def parse_introspection_response(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Read a successful answer of the introspection endpoint."""
        return introspection.parse(self, response)

    def on_introspection_error(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Raise what an answer of the introspection endpoint that is no success means."""
        return introspection.fail(self, response)

    def parse_userinfo_response(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Read a successful answer of the userinfo endpoint."""
        return userinfo.parse(self, response)

    def on_userinfo_error(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Raise what an answer of the userinfo endpoint that is no success means."""
        return userinfo.fail(self, response)
