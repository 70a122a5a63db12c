"""Where the stores under test are: a place can be passed to another process, and opened there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from requests_oauth2client.stores import FileStore, KeyringStore, MemoryStore, RedisStore, TokenStore

KEY = b"planted-key-of-32-bytes-or-more-"
OTHER_KEY = b"another-key-of-32-bytes-or-more-"
KINDS = ("memory", "file", "keyring", "redis", "sqlite", "postgresql")
SHARED = KINDS[1:]  # among processes


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place for tokens of one kind."""

    kind: str
    folder: Path
    redis_url: str = ""
    sql_url: str = ""
    prefix: str = ""
    lock_lifetime: float = 10
    keys: tuple[bytes, ...] = (KEY,)

    def open(self) -> TokenStore:
        """Make a store."""
        return getattr(self, f"_{self.kind}")()

    def with_(self, **changes: Any) -> Place:
        """Return the same place, seen otherwise."""
        return replace(self, **changes)

    def _memory(self) -> TokenStore:
        return MemoryStore(key=self.keys)

    def _file(self) -> TokenStore:
        return FileStore(self.folder / "tokens.db", key=self.keys)

    def _keyring(self) -> TokenStore:
        from .fake_keyring import FileKeyring

        backend = FileKeyring(self.folder / "keyring.json")
        return KeyringStore("a-program", path=self.folder / "keyring.db", backend=backend, key=self.keys)

    def _redis(self) -> TokenStore:
        return RedisStore(self.redis_url, key=self.keys, prefix=self.prefix, lock_lifetime=self.lock_lifetime)

    def _sqlite(self) -> TokenStore:
        return self._sql(f"sqlite:///{self.folder / 'tokens.sqlite'}")

    def _postgresql(self) -> TokenStore:
        return self._sql(self.sql_url)

    def _sql(self, url: str) -> TokenStore:
        import sqlalchemy

        from requests_oauth2client.stores import SqlStore

        class OwnEngine(SqlStore):
            """A store that closes what was opened for it."""

            def close(self) -> None:
                self._engine.dispose()

        engine = sqlalchemy.create_engine(url)
        table = f"tokens_{self.prefix.rstrip(':')}"
        return OwnEngine(engine, key=self.keys, table=table, lock_lifetime=self.lock_lifetime)

    def raw(self) -> bytes:
        """Return all that lies there, as somebody who got at it sees it."""
        if self.kind == "postgresql":
            return self._rows()
        if self.kind != "redis":
            return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())
        import redis

        with redis.Redis.from_url(self.redis_url, socket_timeout=2) as client:
            names = list(client.scan_iter(f"{self.prefix}*"))
            return b"".join(name + client.get(name) for name in names)

    def _rows(self) -> bytes:
        import sqlalchemy

        engine = sqlalchemy.create_engine(self.sql_url)
        with engine.connect() as db:
            rows = db.execute(sqlalchemy.text(f"SELECT * FROM tokens_{self.prefix.rstrip(':')}")).all()  # noqa: S608
        engine.dispose()
        return b"".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
