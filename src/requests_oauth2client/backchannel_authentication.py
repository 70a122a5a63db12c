"""Backchannel authentication for programs: the polling job (CIBA Core section 10.1).

The rules and the response are in `_protocol.grants.ciba`, the reading of a ping in `_protocol.grants.ping`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._core.effects import Steps, inner
from ._protocol.grants.ciba import (
    BackChannelAuthenticationResponse,
    InvalidBackchannelAuthenticationRequestHintParam,
    InvalidClientNotificationToken,
    MismatchingIdTokenAuthReqId,
    MissingAuthRequestId,
    ciba,
)
from ._protocol.grants.device import DEFAULT_INTERVAL
from ._protocol.grants.ping import (
    InvalidPingCallback,
    MismatchingAuthReqId,
    MismatchingClientNotificationToken,
    validate_ping_callback,
)
from ._tokens.bearer import BearerToken
from .polling import BaseTokenEndpointPollingJob, PollingJob

__all__ = [
    "BackChannelAuthenticationPollingJob",
    "BackChannelAuthenticationPoolingJob",
    "BackChannelAuthenticationResponse",
    "InvalidBackchannelAuthenticationRequestHintParam",
    "InvalidClientNotificationToken",
    "InvalidPingCallback",
    "MismatchingAuthReqId",
    "MismatchingClientNotificationToken",
    "MismatchingIdTokenAuthReqId",
    "MissingAuthRequestId",
    "validate_ping_callback",
]


class BackChannelJob(PollingJob):
    """Asks whether the user has authenticated.

    Args:
        client: the client that asks.
        auth_req_id: the auth_req_id, or the response that `backchannel_authentication_request` returned;
            that one also tells the interval, and when to stop.
        interval: seconds to wait before each request; by default what the response says, else 5.
        slow_down_interval: seconds that each `slow_down` adds to it.
        requests_kwargs: further arguments for the HTTP library.
        **token_kwargs: further form fields.
    """

    def __init__(
        self,
        client: object,
        auth_req_id: str | BackChannelAuthenticationResponse,
        interval: float | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> None:
        super().__init__(
            client,
            interval=getattr(auth_req_id, "interval", None) if interval is None else interval,
            slow_down_interval=slow_down_interval,
            expires_at=getattr(auth_req_id, "expires_at", None),
            requests_kwargs=requests_kwargs,
            **token_kwargs,
        )
        self.auth_req_id = auth_req_id

    def ask(self) -> Steps[BearerToken]:
        """Ask once."""
        options = {"requests_kwargs": self.requests_kwargs, **self.token_kwargs}
        return (yield from inner(self.client, ciba, self.auth_req_id, **options))


class BackChannelAuthenticationPollingJob(BaseTokenEndpointPollingJob, BackChannelJob):
    """Asks whether the user has authenticated; call it until it returns a token."""


BackChannelAuthenticationPoolingJob = BackChannelAuthenticationPollingJob
