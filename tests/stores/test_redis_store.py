"""What is particular to a store in Redis."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import redis.asyncio

from devkit.redis_server import RedisServer, free_port, start_redis_server
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import EntryLocked, RedisStore, StaleFence, StoreUnavailable

from .places import KEY

Make = Callable[..., RedisStore]
SHORT = 0.3  # seconds that a lock lives without its holder


@pytest.fixture
def make(redis_server: RedisServer) -> Iterator[Make]:
    """Make stores, on the common server unless told otherwise."""
    made: list[RedisStore] = []
    prefix = f"{secrets.token_hex(4)}:"

    def make_(url_or_client: Any = None, **settings: Any) -> RedisStore:
        url_or_client = redis_server.url if url_or_client is None else url_or_client
        made.append(RedisStore(url_or_client, **{"key": KEY, "prefix": prefix, **settings}))
        return made[-1]

    yield make_
    for store in made:
        store.close()


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    with start_redis_server() as server:
        yield server


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url, socket_timeout=2) as client:
        yield client


VALUE = b"planted-value"
OPERATIONS: dict[str, Callable[[RedisStore], object]] = {
    "get": lambda store: store.get("entry"),
    "put": lambda store: store.put("entry", VALUE),
    "delete": lambda store: store.delete("entry"),
    "lock": lambda store: store.lock("entry", wait=0).__enter__(),
}


# --- what is asked for


def test_a_key_is_demanded(redis_server: RedisServer, make: Make) -> None:
    with pytest.raises(InvalidParam, match="anyone who reads the Redis server can use the tokens"):
        make(key=None)
    assert make(key=None, allow_plaintext=True).keys is None


@pytest.mark.parametrize("url", ["", "localhost", "http://localhost", "redis://localhost?db=planted"])
def test_what_is_no_url_of_redis_is_refused(make: Make, url: str) -> None:
    with pytest.raises(InvalidParam, match="not a URL of Redis") as error:
        make(url)
    assert "planted" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("option", ["ssl_cert_reqs=none", "ssl_cert_reqs=optional", "ssl_check_hostname=false"])
def test_the_check_of_the_certificate_can_not_be_switched_off_in_a_url(make: Make, option: str) -> None:
    with pytest.raises(InvalidParam, match="switches the check"):
        make(f"rediss://localhost?{option}")
    settings = make("rediss://localhost")._redis.connection_pool.make_connection()
    assert settings.cert_reqs == 2  # ssl.CERT_REQUIRED
    assert settings.check_hostname is True


def test_a_client_that_would_wait_for_ever_is_refused(make: Make) -> None:
    with pytest.raises(InvalidParam, match="wait forever"):
        make(redis.Redis(socket_timeout=None))


def test_a_client_for_asyncio_is_refused(make: Make) -> None:
    with pytest.raises(InvalidParam, match="takes a URL"):
        make(redis.asyncio.Redis(socket_timeout=2))


def test_a_client_stays_its_owners(make: Make, client: redis.Redis) -> None:
    store = make(client)
    store.put("entry", b"value")
    connections = client.connection_pool
    store.close()
    assert client.connection_pool is connections
    assert store.get("entry") == b"value"


def test_a_client_that_decodes_answers_serves_too(make: Make, redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url, socket_timeout=2, decode_responses=True) as client:
        store = make(client)
        store.put("entry", b"\xff\x00")
        assert store.get("entry") == b"\xff\x00"
        with store.lock("entry", wait=0) as fence:
            store.put("entry", b"value", fence=fence)


@pytest.mark.parametrize("protocol", [2, 3])
def test_both_versions_of_the_protocol_serve(make: Make, redis_server: RedisServer, protocol: int) -> None:
    store = make(f"{redis_server.url}?protocol={protocol}")
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"value", fence=fence, lifetime=60)
    assert store.get("entry") == b"value"


# --- what is in Redis


def test_a_lifetime_is_the_servers_business(make: Make, client: redis.Redis) -> None:
    store = make()
    store.put("entry", b"value", lifetime=60)
    assert 59_000 < client.pttl(f"{store.prefix}{{entry}}:token") <= 60_000
    store.put("entry", b"value")
    assert client.pttl(f"{store.prefix}{{entry}}:token") == -1


def test_locks_and_numbers_expire(make: Make, client: redis.Redis) -> None:
    store = make(lock_lifetime=7)
    with store.lock("entry", wait=0):
        assert 6000 < client.pttl(f"{store.prefix}{{entry}}:lock") <= 7000
        assert 3_500_000 < client.pttl(f"{store.prefix}{{entry}}:fence") <= 3_600_000
    assert client.pttl(f"{store.prefix}{{entry}}:lock") == -2


def test_prefixes_keep_programs_apart(make: Make) -> None:
    make(prefix="one:").put("entry", b"value")
    assert make(prefix="two:").get("entry") is None


# --- locks that expire


def test_a_lock_is_extended_while_it_is_held(make: Make) -> None:
    store, other = make(lock_lifetime=SHORT), make(lock_lifetime=SHORT)
    with store.lock("entry", wait=0) as fence:
        with pytest.raises(EntryLocked), other.lock("entry", wait=3 * SHORT):
            pass
        store.put("entry", b"value", fence=fence)


def test_who_lost_the_lock_can_not_write_and_does_not_free_anothers(make: Make, client: redis.Redis) -> None:
    store, other = make(), make()
    with contextlib.ExitStack() as held:
        with store.lock("entry", wait=0) as late:
            client.delete(f"{store.prefix}{{entry}}:lock")  # as if its machine had slept
            fence = held.enter_context(other.lock("entry", wait=0))
            with pytest.raises(StaleFence):
                store.put("entry", b"late", fence=late)
        with pytest.raises(EntryLocked), store.lock("entry", wait=0):
            pass
        other.put("entry", b"value", fence=fence)
    assert store.get("entry") == b"value"


def test_no_thread_stays_behind(make: Make) -> None:
    store, before = make(), threading.active_count()
    for _ in range(20):
        with store.lock("entry", wait=0):
            pass
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


# --- Redis is failing


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_server_that_is_down_is_an_error_of_the_store(make: Make, operation: str) -> None:
    store = make(f"redis://user:planted-password@127.0.0.1:{free_port()}", timeout=1)
    with pytest.raises(StoreUnavailable, match="Redis can't be reached") as error:
        OPERATIONS[operation](store)
    assert "planted" not in "".join(traceback.format_exception(error.value))
    assert "planted" not in repr(store)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_server_that_does_not_answer_is_not_waited_for(make: Make, operation: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = make(f"redis://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05)
        with pytest.raises(StoreUnavailable, match="can't be reached"):
            OPERATIONS[operation](store)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_server_that_refuses_is_an_error_without_the_command(
    make: Make, own_server: RedisServer, operation: str
) -> None:
    with redis.Redis.from_url(own_server.url, socket_timeout=2) as admin:
        admin.acl_setuser("guest", enabled=True, passwords=["+guest"], keys=["*"], commands=["-@all", "+hello"])
    store = make(own_server.url.replace("127", "guest:guest@127"))
    with pytest.raises(StoreUnavailable, match="Redis refused") as error:
        OPERATIONS[operation](store)
    assert "planted" not in "".join(traceback.format_exception(error.value))


def test_a_wrong_password_is_an_error_that_says_so(make: Make, own_server: RedisServer) -> None:
    store = make(own_server.url.replace("127", "guest:planted-password@127"))
    with pytest.raises(StoreUnavailable, match=r"invalid username-password pair.* credentials") as error:
        store.get("entry")
    assert "planted" not in str(error.value)


def test_a_store_works_on_after_a_restart(make: Make, own_server: RedisServer) -> None:
    store = make(own_server.url)
    store.put("entry", b"before")
    with store.lock("entry", wait=0):
        pass
    own_server.restart()
    assert store.get("entry") is None  # this server keeps nothing
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"after", fence=fence)
    assert store.get("entry") == b"after"


def test_a_durable_server_has_its_entries_after_it_was_killed(make: Make) -> None:
    with start_redis_server(is_durable=True) as server:
        store = make(server.url)
        with store.lock("entry", wait=0) as fence:
            store.put("entry", b"value", fence=fence, lifetime=60)
        server.kill()
        server.start()
        assert store.get("entry") == b"value"


def test_who_held_a_lock_over_a_restart_may_write_if_nobody_took_it(make: Make, own_server: RedisServer) -> None:
    store = make(own_server.url)
    with store.lock("entry", wait=0) as fence:
        own_server.restart()
        store.put("entry", b"value", fence=fence)
    assert store.get("entry") == b"value"


def test_who_held_a_lock_over_a_restart_is_late_if_another_took_it(make: Make, own_server: RedisServer) -> None:
    store, other = make(own_server.url), make(own_server.url)
    with store.lock("entry", wait=0) as late:
        own_server.restart()
        with other.lock("entry", wait=0) as fence:
            assert fence > late
            with pytest.raises(StaleFence):
                store.put("entry", b"late", fence=late)
            other.put("entry", b"value", fence=fence)
    assert store.get("entry") == b"value"


def test_a_lock_can_be_left_while_the_server_is_down(make: Make, own_server: RedisServer) -> None:
    store = make(own_server.url)
    with store.lock("entry", wait=0):
        own_server.kill()
    own_server.start()
    with store.lock("entry", wait=0):
        pass


def test_threads_meet_errors_or_values_while_the_server_restarts(make: Make, own_server: RedisServer) -> None:
    store, over = make(own_server.url, timeout=1), threading.Event()

    def use(name: str) -> tuple[int, int]:
        good = failed = 0
        while not over.is_set():
            try:
                with store.lock(name, wait=5) as fence:
                    store.put(name, b"value", fence=fence)
                good += 1
            except StoreUnavailable:
                failed += 1
        return good, failed

    with ThreadPoolExecutor(4) as pool:
        users = [pool.submit(use, f"entry{n % 2}") for n in range(4)]
        time.sleep(0.05)
        own_server.kill()
        time.sleep(0.05)
        own_server.start()
        time.sleep(0.1)
        over.set()
        counts = [user.result() for user in users]
    assert sum(good for good, _ in counts) > 0
    assert sum(failed for _, failed in counts) > 0
    with store.lock("entry0", wait=15):
        pass
