"""Connections of `requests` that end an answer at its deadline, however slowly it drips, and say how far they came."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import pool_classes_by_scheme

LONGEST_IDLE = 5.0  # seconds after which a connection is not used again

_exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class Exchange:
    """What a connection of `DeadlineAdapter` obeys, and what it tells.

    Attributes:
        deadline: as time.monotonic() tells it.
        sent: whether the request began to be written; None when nothing is known.
        is_fresh: whether it needs a connection of its own.
    """

    def __init__(self, deadline: float, *, is_fresh: bool = False) -> None:
        self.deadline = deadline
        self.is_fresh = is_fresh
        self.sent: bool | None = None


@contextmanager
def until(total: float, *, is_fresh: bool = False) -> Generator[Exchange, None, None]:
    """Let the connections know the deadline, and whether one that was used before is enough."""
    exchange = Exchange(time.monotonic() + total, is_fresh=is_fresh)
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
    """Doesn't reuse connections that were idle for long: a NAT or a firewall may have forgotten them."""

    ConnectionCls = _DeadlineConnection  # pyright: ignore[reportAssignmentType]  urllib3 declares a protocol

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        exchange, idle_since = _exchange.get(), getattr(connection, "idle_since", None)
        if exchange is None or idle_since is None:
            return connection
        if exchange.is_fresh or time.monotonic() - idle_since > LONGEST_IDLE:
            connection.close()  # it connects anew
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class _DeadlineTLSPool(_DeadlinePool, HTTPSConnectionPool):
    ConnectionCls = _DeadlineTLSConnection  # pyright: ignore[reportAssignmentType]


POOLS = {"http": _DeadlinePool, "https": _DeadlineTLSPool}


class DeadlineAdapter(HTTPAdapter):
    """A transport adapter whose connections end an answer at the deadline, while headers drip too.

    The sessions that this package makes have it. A session that is given gets such connections too, unless its adapters
    make connections of a kind of their own: then mount this one, or the deadline is only checked whenever a part of the
    body comes.
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


def keep_deadlines(session: Session, url: str, proxy: str | None) -> None:
    """Have a session that was given make connections which obey our deadline, and nothing else but for our requests.

    An adapter with pools of its own kind stays as it is: its deadline is checked whenever a part of the body comes.
    """
    adapter = session.get_adapter(url)
    if isinstance(adapter, DeadlineAdapter) or not isinstance(adapter, HTTPAdapter):
        return
    manager: Any = getattr(adapter, "poolmanager", None) if proxy is None else adapter.proxy_manager_for(proxy)
    if getattr(manager, "pool_classes_by_scheme", None) is pool_classes_by_scheme:
        manager.pool_classes_by_scheme = POOLS
        manager.clear()  # pools that are there have connections of the other kind
