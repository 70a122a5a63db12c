"""A store in Redis or Valkey, for any number of machines (extra "redis"). Any server that speaks their protocol serves.

Knows the libraries `redis` and `valkey`, a fork of it, which differ in the names of their classes only. Three keys for
an entry: what is stored, the fencing number, and the lock, which has an owner and expires. Each change is one script,
which the server runs as a whole, and which may be sent twice: so a send whose answer was lost is repeated. What lies
under a key may be damaged: a fencing number or a lock that can't be one counts as none.
"""

from __future__ import annotations

import functools
import re
import secrets
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from .._core.redaction import one_line
from ..exceptions import InvalidParam
from ._leases import leased
from ._local_locks import LocalLocks
from .base import (
    FENCE_KEPT,
    LONGEST,
    MAX_FENCE,
    StaleFence,
    StoreCorrupted,
    StoreUnavailable,
    TokenStore,
    attempts,
    read_fence,
)

if TYPE_CHECKING:
    import redis

RETRY_DELAY = 0.01  # seconds before a call is sent a second time

# A fencing number in Redis; what can't be one, in its place, counts as 0. `pcall` returns an error where the key holds
# no string.
LAST_FENCE = f"""
local function last_fence(key)
  local value = redis.pcall('GET', key)
  local number = type(value) == 'string' and string.match(value, '^%d+$') and tonumber(value) or 0
  return number <= {MAX_FENCE} and number or 0
end
"""
# The clock of the server keeps fencing numbers growing when it restarts without them.
ACQUIRE = f"""
{LAST_FENCE}
local holder = redis.pcall('GET', KEYS[1])
if type(holder) == 'string' and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
local fence = math.max(last_fence(KEYS[2]) + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[3])
return fence
"""
EXTEND = "if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
RELEASE = "if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
CHANGE = f"""
{LAST_FENCE}
local fence, last = tonumber(ARGV[1]), last_fence(KEYS[2])
if fence and fence < last then return 0 end
if fence and fence > last then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
if not ARGV[3] then redis.call('DEL', KEYS[1])
elseif ARGV[4] then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
else redis.call('SET', KEYS[1], ARGV[3]) end
return 1
"""


class RedisLike(Protocol):
    """A client of Redis of another library, such as `valkey.Valkey`."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        ...

    def register_script(self, script: str) -> Any:
        """Return a function that runs a script on the server."""
        ...


class RedisStore(TokenStore):
    """Keeps entries in Redis or Valkey, encrypted before they leave this process. The server drops what has expired.

    Args:
        url_or_client: `rediss://host:port/db`, whose certificate is checked, `redis://` or `unix://`; the same with
            `valkeys://` and `valkey://`; or a client of yours (`redis.Redis`, `valkey.Valkey`, a Sentinel's or a
            cluster's), which needs a `socket_timeout`, and stays yours to close.
        key: encrypts entries, the same for all machines; see `TokenStore`.
        prefix: begins the names of all keys on the server.
        lock_lifetime: seconds after which the lock of a holder that died is free. The lock of one that lives is
            extended in time.
        timeout: seconds for the server to answer, and to be connected; a call is tried twice. Used with a URL.
        allow_plaintext: do without a key. Anyone who reads the server, its backups or the network to it can use the
            tokens.

    Raises:
        InvalidParam: there is no key; the URL is invalid, or switches the check of the certificate off; the client has
            no timeout, or is one for asyncio.
        ImportError: neither `redis` nor `valkey` is installed.
    """

    def __init__(
        self,
        url_or_client: str | redis.Redis | redis.RedisCluster | RedisLike,
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
                " allow_plaintext=True: then anyone who reads the Redis server can use the tokens."
            )
            raise InvalidParam(msg)
        self._is_own = isinstance(url_or_client, str)
        self._redis: Any = _connect(url_or_client, timeout) if isinstance(url_or_client, str) else url_or_client
        _check_client(self._redis)
        self._library = _library_of(self._redis)
        self.prefix = prefix
        self.lock_lifetime = lock_lifetime
        self._threads = LocalLocks()
        self._acquire, self._extend, self._release, self._change = (
            self._redis.register_script(text) for text in (ACQUIRE, EXTEND, RELEASE, CHANGE)
        )

    def get(self, entry: str) -> bytes | None:
        """Return what is stored, or None."""
        data: object = self._call(self._redis.execute_command, "GET", self._name(entry), NEVER_DECODE=True)
        if data is not None and not isinstance(data, bytes):
            raise StoreCorrupted(NO_ANSWER)
        return data

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        """Store, in place of what was there."""
        expiry = [_milliseconds(lifetime)] if lifetime is not None and lifetime < LONGEST else []
        self._write(entry, fence, [data, *expiry])

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        """Drop what is stored, if anything is."""
        self._write(entry, fence, [])

    def lock(self, entry: str, *, wait: float) -> AbstractContextManager[int]:
        """Hold the lock of an entry; when a holder dies, its lock expires after `lock_lifetime` seconds."""
        owner = secrets.token_hex(16)
        return leased(
            self._threads,
            entry,
            wait,
            lifetime=self.lock_lifetime,
            acquire=functools.partial(self._acquire_in_time, entry, owner),
            extend=functools.partial(self._extend_lock, entry, owner),
            release=functools.partial(self._call, self._release, [self._name(entry, "lock")], [owner]),
        )

    def close(self) -> None:
        """Close the connections, unless the client was given."""
        if self._is_own:
            self._redis.close()

    def _name(self, entry: str, part: str = "token") -> str:
        return f"{self.prefix}{{{entry}}}:{part}"  # the braces keep an entry on one node of a cluster

    def _write(self, entry: str, fence: int | None, values: list[bytes | int]) -> None:
        names = [self._name(entry), self._name(entry, "fence")]
        if not self._call(self._change, names, ["" if fence is None else fence, _milliseconds(FENCE_KEPT), *values]):
            raise StaleFence(entry)

    def _acquire_in_time(self, entry: str, owner: str, wait: float) -> int | None:
        """Try until the lock is free; return the fencing number, or None after `wait` seconds."""
        names = [self._name(entry, "lock"), self._name(entry, "fence")]
        terms = [owner, _milliseconds(self.lock_lifetime), _milliseconds(FENCE_KEPT)]
        for _ in attempts(wait):
            answer: object = self._call(self._acquire, names, terms)
            if answer != 0:
                fence = read_fence(answer)
                if not fence:
                    raise StoreCorrupted(NO_ANSWER)
                return fence
        return None

    def _extend_lock(self, entry: str, owner: str) -> bool:
        names, terms = [self._name(entry, "lock")], [owner, _milliseconds(self.lock_lifetime)]
        return bool(self._call(self._extend, names, terms))

    def _advice(self) -> str:
        pool = getattr(self._redis, "connection_pool", None)
        is_tls = "SSL" in getattr(getattr(pool, "connection_class", None), "__name__", "")
        on_this_port = " It has to speak TLS on this port, as the URL or the client says." if is_tls else ""
        return f"Check its address, that it runs, and its credentials.{on_this_port}"

    def _call(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the server. Errors become ours; they may quote commands, hence tokens, so few of them are shown."""
        library = self._library
        try:
            return call(*args, **kwargs)
        except (library.ConnectionError, library.TimeoutError) as problem:
            msg = f"Redis can't be reached: {one_line(problem)} {self._advice()}"
            raise StoreUnavailable(msg) from None
        except library.ResponseError as problem:
            if str(problem).startswith("WRONGTYPE"):
                raise StoreCorrupted(NO_ANSWER) from None
            raise StoreUnavailable(_refusal(problem)) from None
        except _errors_of(library) as problem:
            raise StoreUnavailable(_refusal(problem)) from None
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, ArithmeticError):
            raise StoreCorrupted(NO_ANSWER) from None  # the library could not read it


NO_ANSWER = (
    "Redis answered something that no token store has written there. Check that nothing else writes under this prefix,"
    " and that the address is that of a Redis or Valkey server."
)
MISSING_LIBRARY = (
    "RedisStore needs the library redis (or valkey), which is not installed: install it with the extra 'redis', that is"
    " requests_oauth2client[redis]."
)


def _refusal(problem: Exception) -> str:
    return f"Redis refused ({type(problem).__name__}). Check its log, its memory, and the rights of this user."


def _errors_of(library: Any) -> tuple[type[Exception], ...]:
    """Return all error classes of a library: those of its clusters have no base in common with the others."""
    return OSError, *(one for one in vars(library).values() if isinstance(one, type) and issubclass(one, Exception))


def _library() -> Any:
    """Return the library that connects to a URL."""
    for name in ("redis", "valkey"):
        with suppress(ImportError):
            return import_module(name)
    raise ImportError(MISSING_LIBRARY)


_library()  # says so at once if there is none


def _connect(url: str, timeout: float) -> Any:
    library = _library()
    own = {"redis": "redis", "valkey": "valkey"}[library.__name__]
    url = re.sub(r"^(redis|valkey)(?=s?://)", own, url)
    retry = import_module(f"{own}.retry").Retry(import_module(f"{own}.backoff").ConstantBackoff(RETRY_DELAY), 1)
    tls: dict[str, Any] = {"ssl_check_hostname": True} if url.startswith(f"{own}s:") else {}
    try:
        client = getattr(library, own.capitalize()).from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry, **tls
        )
    except (ValueError, TypeError):
        msg = (
            "This is not a URL of Redis: expected rediss://host:port/db, redis://host:port/db or unix://path, or the"
            " same with valkeys:// or valkey://."
        )
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
        kind = f"{type(client).__module__}.{type(client).__qualname__}"
        msg = (
            f"A RedisStore takes a URL, a redis.Redis or a valkey.Valkey; got a {kind}. The async clients take these"
            " too: they call the store in a thread."
        )
        raise InvalidParam(msg)
    if not settings.get("socket_timeout", None):
        msg = "This client of Redis would wait forever. Make it with socket_timeout=2, for instance."
        raise InvalidParam(msg)


def _library_of(client: Any) -> Any:
    """Return the exceptions of the library that a client is from, also where its class is a subclass of someone's."""
    for base in type(client).__mro__:
        name = base.__module__.partition(".")[0]
        if name in {"redis", "valkey"} and name in sys.modules:
            return import_module(f"{name}.exceptions")
    return import_module(f"{_library().__name__}.exceptions")


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


__all__ = ["RedisStore"]
