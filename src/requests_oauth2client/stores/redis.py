"""A store in Redis, for any number of machines (extra "redis"). Any server that speaks its protocol serves.

The one module that knows the library `redis`. Three keys for an entry: what is stored, the fencing number, and the
lock, which has an owner and expires. Each change is one script, which Redis runs as a whole, and which may be sent
twice: so a send whose answer was lost is repeated.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

try:
    import redis
    import redis.backoff
    import redis.exceptions
    import redis.retry
except ImportError as missing:
    _msg = (
        "RedisStore needs the library redis, which is not installed: install it with the extra 'redis', that is"
        " requests_oauth2client[redis]."
    )
    raise ImportError(_msg) from missing

from .._core.redaction import one_line
from ..exceptions import InvalidParam
from ._local_locks import LocalLocks
from .base import FENCE_KEPT, LONGEST, EntryLocked, StaleFence, StoreUnavailable, TokenStore

FIRST_WAIT, LONGEST_WAIT = 0.01, 0.25  # seconds between two tries of one process for a lock
BEATS = 3  # times that a lock is extended in its lifetime

# The clock of the server keeps fencing numbers growing when it restarts without them.
ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or 0) + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[3])
return fence
"""
EXTEND = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
CHANGE = """
local fence, last = tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[2]) or 0)
if fence and fence < last then return 0 end
if fence and fence > last then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
if not ARGV[3] then redis.call('DEL', KEYS[1])
elseif ARGV[4] then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
else redis.call('SET', KEYS[1], ARGV[3]) end
return 1
"""


class RedisStore(TokenStore):
    """Keeps entries in Redis, encrypted before they leave this process.

    Args:
        url_or_client: `rediss://host:port/db`, whose certificate is checked, or `redis://` or `unix://`; or a client
            of yours (`redis.Redis`, a Sentinel's or a cluster's), which needs a `socket_timeout`, and stays yours to
            close.
        key: encrypts entries, the same for all machines; see `TokenStore`.
        prefix: begins the names of all keys in Redis.
        lock_lifetime: seconds after which the lock of a holder that died is free. The lock of one that lives is
            extended in time.
        timeout: seconds for Redis to answer, and to be connected; a call is tried twice. Counts for a URL.
        allow_plaintext: do without a key. Whoever reads the server, its backups or the network to it can use the
            tokens.

    Raises:
        InvalidParam: there is no key; the URL is none, or switches the check of the certificate off; the client has no
            timeout, or is one for asyncio.
    """

    def __init__(
        self,
        url_or_client: str | redis.Redis | redis.RedisCluster,
        *,
        key: bytes | Iterable[bytes] | None = None,
        prefix: str = "requests_oauth2client:",
        lock_lifetime: float = 10,
        timeout: float = 2,
        allow_plaintext: bool = False,
    ) -> None:
        super().__init__(key=key)
        if self.keys is None and not allow_plaintext:
            msg = (
                "A RedisStore needs a key: pass the same key=... of 32 random bytes on all machines, or say"
                " allow_plaintext=True: then whoever reads the Redis server can use the tokens."
            )
            raise InvalidParam(msg)
        self._is_own = isinstance(url_or_client, str)
        self._redis: Any = _connect(url_or_client, timeout) if isinstance(url_or_client, str) else url_or_client
        _check_client(self._redis)
        self.prefix = prefix
        self.lock_lifetime = lock_lifetime
        self._threads = LocalLocks()
        self._acquire, self._extend, self._release, self._change = (
            self._redis.register_script(text) for text in (ACQUIRE, EXTEND, RELEASE, CHANGE)
        )

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        data: bytes | None = _asked(self._redis.execute_command, "GET", self._name(entry), NEVER_DECODE=True)
        return data

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        expiry = [_milliseconds(lifetime)] if lifetime is not None and lifetime < LONGEST else []
        self._write(entry, fence, [data, *expiry])

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        self._write(entry, fence, [])

    @contextmanager
    def lock(self, entry: str, *, wait: float) -> Iterator[int]:
        """Be the only holder of an entry; when a holder dies, its lock expires after `lock_lifetime` seconds."""
        end = time.monotonic() + wait
        owner, process, left = secrets.token_hex(16), os.getpid(), threading.Event()
        with self._threads.hold(entry, wait):
            fence = self._acquired(entry, owner, end, wait)
            threading.Thread(target=self._keep, args=(entry, owner, left), daemon=True).start()
            try:
                yield fence
            finally:
                left.set()
                if os.getpid() == process:  # a child that was forked meanwhile leaves its parent's lock alone
                    with suppress(StoreUnavailable):  # else it expires
                        _asked(self._release, [self._name(entry, "lock")], [owner])

    def close(self) -> None:
        """Close the connections, unless the client was given."""
        if self._is_own:
            self._redis.close()

    def _name(self, entry: str, part: str = "token") -> str:
        return f"{self.prefix}{{{entry}}}:{part}"  # the braces keep an entry on one node of a cluster

    def _write(self, entry: str, fence: int | None, values: list[bytes | int]) -> None:
        names = [self._name(entry), self._name(entry, "fence")]
        if not _asked(self._change, names, ["" if fence is None else fence, _milliseconds(FENCE_KEPT), *values]):
            raise StaleFence(entry)

    def _acquired(self, entry: str, owner: str, end: float, wait: float) -> int:
        """Try until the lock is free, in lengthening steps that no two waiters share; return the fencing number."""
        names = [self._name(entry, "lock"), self._name(entry, "fence")]
        terms = [owner, _milliseconds(self.lock_lifetime), _milliseconds(FENCE_KEPT)]
        step = FIRST_WAIT
        while True:
            fence: int = _asked(self._acquire, names, terms)
            if fence:
                return fence
            remaining = end - time.monotonic()
            if remaining <= 0:
                raise EntryLocked(entry, seconds=wait)
            step = min(LONGEST_WAIT, random.uniform(FIRST_WAIT, 3 * step))  # noqa: S311  no secret
            time.sleep(min(step, remaining))

    def _keep(self, entry: str, owner: str, left: threading.Event) -> None:
        """Extend the lock until it is left, or was lost: then the fencing number tells its holder's writes."""
        is_held = True
        while is_held and not left.wait(self.lock_lifetime / BEATS):
            with suppress(StoreUnavailable):  # it may be back for the next beat
                is_held = bool(
                    _asked(self._extend, [self._name(entry, "lock")], [owner, _milliseconds(self.lock_lifetime)])
                )


def _connect(url: str, timeout: float) -> redis.Redis:
    retry = redis.retry.Retry(redis.backoff.ConstantBackoff(FIRST_WAIT), 1)
    tls: dict[str, Any] = {"ssl_check_hostname": True} if url.startswith("rediss:") else {}
    try:
        client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry, **tls)
    except (ValueError, TypeError):
        msg = "This is no URL of Redis: expected rediss://host:port/db, redis://host:port/db or unix://path."
        raise InvalidParam(msg) from None
    settings = client.connection_pool.connection_kwargs
    if settings.get("ssl_cert_reqs", "required") != "required" or not settings.get("ssl_check_hostname", True):
        msg = "The URL of Redis switches the check of its certificate off. Leave that out; ssl_ca_certs names your CA."
        raise InvalidParam(msg)
    return client


def _check_client(client: Any) -> None:
    pool = getattr(client, "connection_pool", None) or getattr(client, "nodes_manager", None)
    settings = getattr(pool, "connection_kwargs", {})
    if "asyncio" in type(client).__module__ or not callable(getattr(client, "register_script", None)):
        msg = f"A RedisStore takes a URL or a redis.Redis, for both clients; got a {type(client).__qualname__}."
        raise InvalidParam(msg)
    if not settings.get("socket_timeout", None):
        msg = "This client of Redis would wait forever. Make it with socket_timeout=2, for instance."
        raise InvalidParam(msg)


def _asked(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Ask Redis; its errors become ours. They quote commands, hence perhaps tokens, so only connections' are shown."""
    try:
        return call(*args, **kwargs)
    except (redis.ConnectionError, redis.TimeoutError) as problem:
        msg = f"Redis can't be reached: {one_line(problem)} Check its address, that it runs, and its credentials."
        raise StoreUnavailable(msg) from None
    except (redis.RedisError, redis.exceptions.RedisClusterException, OSError) as problem:
        msg = f"Redis refused ({type(problem).__name__}). Check its log, its memory, and the rights of this user."
        raise StoreUnavailable(msg) from None


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


__all__ = ["RedisStore"]
