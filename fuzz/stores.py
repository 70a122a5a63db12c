"""How what lies in a token store is read: each takes bytes in place of what the store wrote, and uses it."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import redis
from keyring.backend import KeyringBackend
from redis.backoff import NoBackoff
from redis.retry import Retry

from requests_oauth2client import BearerToken
from requests_oauth2client._renewal.records import Record, RecordSerializer
from requests_oauth2client.stores import FileStore, KeyringStore, RedisStore, TokenStore
from requests_oauth2client.stores._key_file import keys_in_file

ENTRY, KEY = "entry", bytes(32)
RECORDS = RecordSerializer(ENTRY, None)
RECORD = RECORDS.fields_of(Record(token=BearerToken("at"), lifetime=60, pending=1, replaced=1, fence=1))
SOCKET_BUFFER = 1 << 16  # bytes; more would have to wait for a reader


def use(store: TokenStore) -> None:
    """Do with an entry all that a store can; it has to work again once it was written, if that works."""
    data = store.get(ENTRY)
    if data is not None and not isinstance(data, bytes):
        raise AssertionError(data)
    with store.lock(ENTRY, wait=0) as fence:
        store.put(ENTRY, b"value", fence=fence)
    store.purge()


@cache
def token_file() -> bytes:
    """Return a small token file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.db"
        with contextlib.closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA page_size = 512")
            file.execute("VACUUM")
        path.chmod(0o600)
        store = FileStore(path, key=KEY)
        store.put(ENTRY, b"value", lifetime=1e8)
        store.close()
        return path.read_bytes()


def read_token_file(data: bytes) -> None:
    """Use a token file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.db"
        path.write_bytes(data)
        path.chmod(0o600)
        with contextlib.closing(FileStore(path, key=KEY)) as store:
            use(store)


def read_key_file(data: bytes) -> None:
    """Read a key file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        path.write_bytes(data)
        keys_in_file(path)


class Canned(KeyringBackend):
    """A keyring that holds one string as head of every entry, and another one as all pieces."""

    priority = 5
    viable = False

    def __init__(self, head: str, piece: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.head, self.piece = head, piece

    def get_password(self, service: str, username: str) -> str | None:
        """Return one of the two."""
        return self.head if (service, username) == ("fuzz", ENTRY) else self.piece

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep nothing."""

    def delete_password(self, service: str, username: str) -> None:
        """Keep nothing."""


def read_keyring(data: bytes) -> None:
    """Use an entry of a keyring: a line for its head, then its piece."""
    head, _, piece = data.decode(errors="surrogateescape").partition("\n")
    with tempfile.TemporaryDirectory() as folder:
        store = KeyringStore("fuzz", backend=Canned(head, piece), path=Path(folder) / "keyring.db")
        with contextlib.closing(store):
            use(store)


def read_redis(data: bytes) -> None:
    """Use a server that answers everything with these bytes, and goes."""

    class Connection(redis.Connection):
        def _connect(self) -> Any:
            ours, theirs = socket.socketpair()
            ours.settimeout(1)
            theirs.sendall(data[:SOCKET_BUFFER])
            theirs.shutdown(socket.SHUT_WR)
            peers.callback(theirs.close)
            return ours

    peers = contextlib.ExitStack()
    pool: Any = redis.ConnectionPool(
        connection_class=Connection,
        redis_connect_func=lambda connection: connection._parser.on_connect(connection),  # noqa: SLF001  no greeting
        socket_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    with peers, contextlib.closing(redis.Redis(connection_pool=pool)) as client:
        use(RedisStore(client, key=KEY, lock_lifetime=60))
