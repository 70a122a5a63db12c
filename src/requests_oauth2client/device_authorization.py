"""Device authorization for programs: the polling job, and the founding README's client (RFC 8628).

The rules and the response are in `_protocol.grants.device`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._core.effects import Steps, inner
from ._protocol.grants import token_endpoint
from ._protocol.grants.device import DEFAULT_INTERVAL, DeviceAuthorizationResponse
from ._protocol.grants.token_endpoint import MissingDeviceCode
from ._tokens.bearer import BearerToken
from .client import OAuth2Client
from .polling import BaseTokenEndpointPollingJob, PollingJob

if TYPE_CHECKING:
    from ._protocol.arguments import ClientAuth

__all__ = [
    "DeviceAuthorizationClient",
    "DeviceAuthorizationPollingJob",
    "DeviceAuthorizationPoolingJob",
    "DeviceAuthorizationResponse",
    "MissingDeviceCode",
]


class DeviceJob(PollingJob):
    """Asks whether the user has authorized the device.

    Args:
        client: the client that asks.
        device_code: the device code, or the response that `authorize_device` returned; that one also says
            the interval, and when to stop.
        interval: seconds to wait before each request; by default what the response says, else 5.
        slow_down_interval: seconds that each `slow_down` adds to it.
        requests_kwargs: further arguments for the HTTP library.
        **token_kwargs: further form fields.
    """

    def __init__(
        self,
        client: object,
        device_code: str | DeviceAuthorizationResponse,
        interval: float | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> None:
        super().__init__(
            client,
            interval=getattr(device_code, "interval", None) if interval is None else interval,
            slow_down_interval=slow_down_interval,
            expires_at=getattr(device_code, "expires_at", None),
            requests_kwargs=requests_kwargs,
            **token_kwargs,
        )
        self.device_code = device_code

    def ask(self) -> Steps[BearerToken]:
        """Ask once."""
        ask = token_endpoint.device_code
        options = {"requests_kwargs": self.requests_kwargs, **self.token_kwargs}
        return (yield from inner(self.client, ask, self.device_code, **options))


class DeviceAuthorizationPollingJob(BaseTokenEndpointPollingJob, DeviceJob):
    """Asks whether the user has authorized the device; call it until it returns a token."""


DeviceAuthorizationPoolingJob = DeviceAuthorizationPollingJob


class DeviceAuthorizationClient(OAuth2Client):
    """A client that only asks for device codes (the founding README's name; `OAuth2Client` does it too).

    Args:
        device_authorization_endpoint: where to ask.
        auth: how the client authenticates, as for `OAuth2Client`.
        **kwargs: further arguments of `OAuth2Client`.
    """

    def __init__(self, device_authorization_endpoint: str, auth: ClientAuth | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("token_endpoint", None)
        super().__init__(auth=auth, device_authorization_endpoint=device_authorization_endpoint, **kwargs)
