"""Connections of `requests` that end an answer at its deadline, however slowly it drips, and say how far they came."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

_exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class Exchange:
    """What a connection of `DeadlineAdapter` obeys, and what it tells.

    Attributes:
        deadline: as time.monotonic() tells it.
        sent: whether the request began to be written; None when nothing is known.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.sent: bool | None = None


@contextmanager
def until(total: float) -> Generator[Exchange, None, None]:
    """Let the connections know the deadline."""
    exchange = Exchange(time.monotonic() + total)
    token = _exchange.set(exchange)
    try:
        yield exchange
    finally:
        _exchange.reset(token)


class _DeadlineReader(io.RawIOBase):
    """Reads a socket, and at each wait allows only what is left until the deadline."""

    def __init__(self, raw: Any, sock: Any, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            msg = "the deadline for the whole answer has passed"
            raise TimeoutError(msg)
        wait = self._sock.gettimeout()
        if wait is None or wait > left:
            self._sock.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """Status, headers and body all come before the deadline, however slowly they drip."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        exchange = _exchange.get()
        if exchange is not None:
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, exchange.deadline))


class _DeadlineConnection(HTTPConnection):
    response_class = _DeadlineResponse

    def connect(self) -> None:
        _tell(sent=False)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:  # else it would be connected after the request was said to be written
            self.connect()
        _tell(sent=True)
        super().request(*args, **kwargs)


class _DeadlineTLSConnection(_DeadlineConnection, HTTPSConnection):
    pass


def _tell(*, sent: bool) -> None:
    """Note how far a request has come; what was written once stays written."""
    exchange = _exchange.get()
    if exchange is not None and not exchange.sent:
        exchange.sent = sent


class _DeadlinePool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection  # pyright: ignore[reportAssignmentType]  urllib3 declares a protocol


class _DeadlineTLSPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTLSConnection  # pyright: ignore[reportAssignmentType]


POOLS = {"http": _DeadlinePool, "https": _DeadlineTLSPool}


class DeadlineAdapter(HTTPAdapter):
    """A transport adapter whose connections end an answer at the deadline, while headers drip too.

    The sessions that this package makes have it. Mount it on a session of your own for the same; without it,
    the deadline is checked whenever a part of the body comes, and each wait has the timeout.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Let the pools make connections that know the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """Let those through a proxy know it too."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if isinstance(manager, ProxyManager):  # one for SOCKS has connections of its own
            manager.pool_classes_by_scheme = POOLS
        return manager
