"""A RedisStore with a client of the library valkey, and with its URLs."""

from __future__ import annotations

import secrets
import subprocess
import sys

import pytest

from devkit.redis_server import RedisServer, free_port
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import EntryLocked, RedisStore, StoreCorrupted, StoreUnavailable

from .places import KEY


def use(store: RedisStore) -> None:
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"value", fence=fence, lifetime=60)
        with pytest.raises(EntryLocked), store.lock("entry", wait=0):
            pass
    assert store.get("entry") == b"value"
    store.delete("entry")
    assert store.get("entry") is None


def test_urls_of_valkey_are_taken(redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url.replace("redis:", "valkey:"), key=KEY, prefix=secrets.token_hex(4))
    use(store)
    store.close()
    with pytest.raises(InvalidParam, match="switches the check"):
        RedisStore("valkeys://localhost?ssl_cert_reqs=none", key=KEY)
    settings = RedisStore("valkeys://localhost", key=KEY)._redis.connection_pool.make_connection()
    assert settings.cert_reqs == 2  # ssl.CERT_REQUIRED
    assert settings.check_hostname is True


def test_a_client_of_valkey_serves(redis_server: RedisServer) -> None:
    import valkey

    with valkey.Valkey.from_url(redis_server.url, socket_timeout=2) as client:
        store = RedisStore(client, key=KEY, prefix=f"{secrets.token_hex(4)}:")
        use(store)
        client.rpush(f"{store.prefix}{{entry}}:token", "a")
        with pytest.raises(StoreCorrupted):
            store.get("entry")


def test_errors_of_valkey_are_ours() -> None:
    import valkey

    store = RedisStore(valkey.Valkey(port=free_port(), socket_timeout=1), key=KEY)
    with pytest.raises(StoreUnavailable, match="can't be reached"):
        store.get("entry")
    with pytest.raises(InvalidParam, match="wait forever"):
        RedisStore(valkey.Valkey(), key=KEY)


def test_valkey_alone_is_enough(redis_server: RedisServer) -> None:
    code = (
        "import sys; sys.modules['redis'] = None; from requests_oauth2client.stores import RedisStore\n"
        f"store = RedisStore({redis_server.url!r}, key=bytes(32), prefix='alone:')\n"
        "store.put('entry', b'value'); print(store.get('entry'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "b'value'\n", done.stderr
