"""What somebody, or a broken disk, has put in place of what a store wrote: our errors come out, and it heals."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from devkit.redis_server import RedisServer
from requests_oauth2client.stores import (
    FileStore,
    KeyringStore,
    RedisStore,
    StaleFence,
    StoreCorrupted,
    StoreUnavailable,
    TokenStoreError,
)

from .fake_keyring import FileKeyring
from .places import KEY

# --- a file


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[FileStore]:
    store = FileStore(tmp_path / "tokens.db", key=KEY)
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"value" * 300, fence=fence, lifetime=60)
    yield store
    store.close()


def damage(store: FileStore, statement: str, *values: object) -> None:
    store.close()
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as file:
        file.execute(statement, values)


@pytest.mark.parametrize("data", ["a text", 5, 1.5, "\udcff", -(2**62)])
def test_data_of_another_type_is_an_error_until_it_is_written_again(file_store: FileStore, data: Any) -> None:
    if data == "\udcff":
        damage(file_store, "UPDATE entries SET data = CAST(x'ff80' AS TEXT)")
    else:
        damage(file_store, "UPDATE entries SET data = ?", data)
    with pytest.raises(StoreCorrupted, match=r"entry of .* is damaged"):
        file_store.get("entry")
    file_store.put("entry", b"value")
    assert file_store.get("entry") == b"value"


@pytest.mark.parametrize("fence", ["a text", b"\xff", 1e300, -5, 2**62, "9" * 30, 1.5])
def test_a_fence_that_can_not_be_one_counts_as_none(file_store: FileStore, fence: Any) -> None:
    damage(file_store, "UPDATE entries SET fence = ?", fence)
    with file_store.lock("entry", wait=0) as ours:
        assert 0 < ours < 2**53
        file_store.put("entry", b"value", fence=ours)
    with file_store.lock("entry", wait=0) as later:
        assert later > ours
        with pytest.raises(StaleFence):
            file_store.put("entry", b"late", fence=ours)
    assert file_store.get("entry") == b"value"


@pytest.mark.parametrize("expires_at", ["a text", b"\xff", -1e300, 1e300])
def test_an_expiry_that_can_not_be_one_breaks_nothing(file_store: FileStore, expires_at: Any) -> None:
    damage(file_store, "UPDATE entries SET expires_at = ?", expires_at)
    file_store.get("entry")
    file_store.purge()
    file_store.put("entry", b"value")
    assert file_store.get("entry") == b"value"


@pytest.mark.parametrize("at", ["a text", b"\xff", -1e300, 1e300, None])
def test_a_time_of_the_last_write_that_can_not_be_one_breaks_nothing(file_store: FileStore, at: Any) -> None:
    damage(file_store, "UPDATE last_write SET at = ?", at)
    file_store.put("other", b"value")
    assert file_store.get("entry") is not None


@pytest.mark.parametrize("table", ["entries", "last_write"])
def test_a_table_that_is_missing_or_another_is_made_again_or_an_error(file_store: FileStore, table: str) -> None:
    damage(file_store, f"DROP TABLE {table}")
    file_store.put("entry", b"value")
    assert file_store.get("entry") == b"value"
    damage(file_store, f"DROP TABLE {table}")
    damage(file_store, f"CREATE TABLE {table} (something)")
    with pytest.raises(StoreCorrupted):
        file_store.put("entry", b"value")


def test_whatever_bytes_are_flipped_only_our_errors_come_out(file_store: FileStore) -> None:
    file_store.close()
    whole = file_store.path.read_bytes()
    failed = 0
    for at in range(0, len(whole), 61):
        flipped = bytearray(whole)
        flipped[at] ^= 0xFF
        file_store.path.write_bytes(flipped)
        for use in (file_store.get, lambda name: file_store.put(name, b"value"), lambda _: file_store.purge()):
            try:
                use("entry")
            except TokenStoreError:
                failed += 1
        file_store.close()
        for name in ("tokens.db-wal", "tokens.db-shm"):
            file_store.path.with_name(name).unlink(missing_ok=True)
    assert failed


# --- a keyring


HEAD = {"generation": 0, "pieces": 1, "expires_at": None, "sha256": "x"}
HEADS = [
    *("", "\ud800", "[" * 100_000, "null", "[]", '{"generation":1e999}', "\x00"),
    *(
        json.dumps(HEAD | wrong)
        for wrong in (
            {"generation": [0]}, {"generation": {"a": 1}}, {"generation": 0.5}, {"pieces": [1]}, {"pieces": 1e9},
            {"pieces": 10**30}, {"expires_at": [5]}, {"sha256": "é"}, {"sha256": "\ud800"}, {"sha256": 5},
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
def test_whatever_a_keyring_holds_as_head_it_is_damaged(tmp_path: Path, head: str) -> None:
    backend = FileKeyring(tmp_path / "keyring.json")
    store = KeyringStore("p", backend=backend, path=tmp_path / "keyring.db")
    backend.set_password("p", "entry", head)
    with pytest.raises(StoreCorrupted):
        store.get("entry")
    store.put("entry", b"value")
    assert store.get("entry") == b"value"


@pytest.mark.parametrize("piece", ["\ud800", "not base64", "é"])
def test_a_piece_with_the_right_hash_that_is_no_base64_is_damaged(tmp_path: Path, piece: str) -> None:
    import hashlib

    backend = FileKeyring(tmp_path / "keyring.json")
    store = KeyringStore("p", backend=backend, path=tmp_path / "keyring.db")
    digest = hashlib.sha256(piece.encode(errors="surrogatepass")).hexdigest()
    backend.set_password("p", "entry", json.dumps(HEAD | {"sha256": digest}))
    backend.set_password("p", "entry 0.0", piece)
    with pytest.raises(StoreCorrupted):
        store.get("entry")


def test_a_backend_that_returns_something_else_is_an_error(tmp_path: Path) -> None:
    class Strange(FileKeyring):
        def get_password(self, service: str, username: str) -> Any:
            return b"bytes"

    store = KeyringStore("p", backend=Strange(tmp_path / "keyring.json"), path=tmp_path / "keyring.db")
    with pytest.raises(StoreCorrupted):
        store.get("entry")


# --- Redis


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url, socket_timeout=2) as client:
        yield client


@pytest.fixture
def redis_store(redis_server: RedisServer) -> Iterator[RedisStore]:
    store = RedisStore(redis_server.url, key=KEY, prefix=f"{secrets.token_hex(4)}:")
    yield store
    store.close()


FENCES = [
    b"garbage",
    b"",
    b"\xff\xfe",
    b"-5",
    b"1e300",
    b"nan",
    b"inf",
    b"0x10",
    b"9" * 40,
    b"1.5",
    b" 7",
    ["a", "list"],
]


def plant(client: redis.Redis, name: str, value: Any) -> None:
    client.delete(name)
    if isinstance(value, list):
        client.rpush(name, *value)
    else:
        client.set(name, value)


@pytest.mark.parametrize("fence", FENCES)
def test_a_garbage_fence_in_redis_counts_as_none(redis_store: RedisStore, client: redis.Redis, fence: Any) -> None:
    name = f"{redis_store.prefix}{{entry}}:fence"
    plant(client, name, fence)
    redis_store.put("entry", b"value")
    redis_store.delete("entry")
    with redis_store.lock("entry", wait=0) as ours:
        assert 0 < ours < 2**53
        redis_store.put("entry", b"value", fence=ours)
        plant(client, name, fence)
        redis_store.put("entry", b"value", fence=ours)
    with redis_store.lock("entry", wait=0) as later:
        assert later > ours
        with pytest.raises(StaleFence):
            redis_store.put("entry", b"late", fence=ours)


def test_a_lock_in_redis_of_another_type_is_none(redis_store: RedisStore, client: redis.Redis) -> None:
    plant(client, f"{redis_store.prefix}{{entry}}:lock", ["a", "list"])
    with redis_store.lock("entry", wait=0):
        pass


def test_an_entry_in_redis_of_another_type_is_damaged_until_it_is_written_again(
    redis_store: RedisStore, client: redis.Redis
) -> None:
    plant(client, f"{redis_store.prefix}{{entry}}:token", ["a", "list"])
    with pytest.raises(StoreCorrupted, match="nothing else writes under this prefix"):
        redis_store.get("entry")
    redis_store.put("entry", b"value")
    assert redis_store.get("entry") == b"value"


ANSWERS = {
    "deep": b"*1\r\n" * 20_000 + b":1\r\n",
    "a list": b"*2\r\n:1\r\n:2\r\n",
    "a number": b":5\r\n",
    "a status": b"+OK\r\n",
    "half a character": b"+\xff\xfe\r\n",
    "an error in no encoding": b"-ERR \xff\xfe\r\n",
    "a length that is none": b"$abc\r\n",
    "a negative length": b"$-7\r\n",
    "a list without end": b"*x\r\n",
    "no protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing": b"\r\n",
    "zeros": bytes(64),
}


@contextlib.contextmanager
def answering(data: bytes) -> Iterator[str]:
    """A server that says the same to everything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                while connection.recv(65536):
                    connection.sendall(data)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}?protocol=2"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_answers_in_place_of_redis_only_our_errors_come_out(name: str) -> None:
    with answering(ANSWERS[name]) as url:
        store = RedisStore(url, key=KEY, timeout=0.3, lock_lifetime=0.2)
        for use in (
            lambda: store.get("entry"),
            lambda: store.put("entry", b"value"),
            lambda: store.delete("entry"),
            lambda: store.lock("entry", wait=0).__enter__(),
        ):
            try:
                use()
            except (StoreCorrupted, StoreUnavailable):
                continue
        store.close()
