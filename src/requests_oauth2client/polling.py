"""Polling jobs: call one until it gives a token. Base of the jobs for devices and for CIBA, on both clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from ._core.effects import Steps, blocking
from ._core.options import further_fields
from ._drivers.requests import SyncRunner
from ._protocol.grants.device import DEFAULT_INTERVAL, polling_interval
from ._protocol.grants.polling import poll
from ._protocol.http.dpop_nonce import with_one_key
from ._renewal.sources import client_for_runner
from ._tokens.bearer import BearerToken

R = TypeVar("R")
JOB_OPTIONS = ("interval", "slow_down_interval", "requests_kwargs", "device_code", "auth_req_id")


class PollingJob:
    """Asks the token endpoint once at each call, after having waited.

    Args:
        client: the client that asks.
        interval: seconds to wait before each request.
        slow_down_interval: seconds that each `slow_down` adds to it.
        expires_at: when to stop; None when only the AS knows.
        requests_kwargs: further arguments for the HTTP library.
        **token_kwargs: further form fields; `extra={...}` passes on names that are close to a known one.

    Attributes:
        interval: the seconds that the next call waits at least.
        pause: the seconds that the server wants the next call to wait at least, after a failure.
        failures: how many requests in a row failed for a transient reason.
    """

    runner_class: ClassVar[Any] = object  # SyncRunner or AsyncRunner

    def __init__(
        self,
        client: object,
        *,
        interval: float | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        expires_at: datetime | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> None:
        self.client = client_for_runner(client, self.runner_class, self)
        self.interval = polling_interval(interval)
        self.slow_down_interval = slow_down_interval
        self.expires_at = expires_at
        self.pause: float = 0
        self.failures = 0
        self.requests_kwargs = requests_kwargs
        self.token_kwargs = with_one_key(self.client, further_fields(type(self).__name__, token_kwargs, JOB_OPTIONS))

    def ask(self) -> Steps[BearerToken]:
        """Ask the token endpoint once; what is asked is the job's own."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self.client.client_id!r} interval={self.interval}>"


class BaseTokenEndpointPollingJob(PollingJob):
    """Base of the polling jobs of the sync client: call it until it returns a token."""

    runner_class = SyncRunner

    def _drive(self, steps: Steps[R]) -> R:
        runner: Any = self.client
        result: R = runner._drive(steps)  # noqa: SLF001
        return result

    __call__ = blocking(poll)


BaseTokenEndpointPoolingJob = BaseTokenEndpointPollingJob

__all__ = [
    "BaseTokenEndpointPollingJob",
    "BaseTokenEndpointPoolingJob",
]
