"""How long, how large and how often: what every request to a server goes by, with or without a client.

A client is such a `Limits` itself; while there is none yet, `FetchLimits` stands for it. Knows no request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..._core.frozen import field, frozen
from ..._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT
from ...exceptions import EndpointError
from ...retries import DEFAULT_RETRIES, Retries, check_retries


class Limits(Protocol):
    """What a request goes by: a client, or `FetchLimits`."""

    @property
    def timeout(self) -> float: ...
    @property
    def max_response_size(self) -> int: ...
    @property
    def retries(self) -> Retries | None: ...


@frozen(kw_only=True)
class FetchLimits:
    """What requests go by while there is no client."""

    timeout: float = DEFAULT_TIMEOUT  # seconds
    max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE  # bytes
    retries: Retries | None = DEFAULT_RETRIES
    testing: bool = False
    exception_classes: Mapping[str, type[EndpointError]] = field(default_factory=dict)  # by error code

    @classmethod
    def of(cls, settings: Mapping[str, Any], **known: Any) -> FetchLimits:
        """Read the limits from the arguments for a client."""
        given = {name: settings[name] for name in ("timeout", "max_response_size") if settings.get(name) is not None}
        return cls(retries=check_retries(settings.get("retries", DEFAULT_RETRIES)), **given, **known)
