"""Token stores: where tokens are kept outside of a program's memory, and who may renew them.

    MemoryStore     one process
    FileStore       one user, many processes (extra "file"; "keyring" for its key)
    KeyringStore    one user, many processes (extra "keyring")
    RedisStore      many machines (extra "redis")
    SqlStore        many machines (extra "sql")

`requests_oauth2client.django` has one more, in the database of a Django site.

A store is loaded, with the library behind it, when its name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import EntryLocked as EntryLocked
    from .base import StaleFence as StaleFence
    from .base import StoreCorrupted as StoreCorrupted
    from .base import StoreUnavailable as StoreUnavailable
    from .base import TokenStore as TokenStore
    from .base import TokenStoreError as TokenStoreError
    from .file import FileStore as FileStore
    from .keyring import KeyringStore as KeyringStore
    from .memory import MemoryStore as MemoryStore
    from .redis import RedisStore as RedisStore
    from .sql import SqlStore as SqlStore
else:
    _HOME_OF = {
        "FileStore": "file",
        "KeyringStore": "keyring",
        "MemoryStore": "memory",
        "RedisStore": "redis",
        "SqlStore": "sql",
        **dict.fromkeys(
            "EntryLocked StaleFence StoreCorrupted StoreUnavailable TokenStore TokenStoreError".split(), "base"
        ),
    }

    def __getattr__(name):  # noqa: ANN001, ANN202  hidden from type checkers
        """Load the module of a store."""
        module = _HOME_OF.get(name)
        if module is None:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module  # noqa: PLC0415  nothing is loaded that is not used

        value = getattr(import_module(f".{module}", __name__), name)
        globals()[name] = value
        return value

    def __dir__():  # noqa: ANN202  hidden from type checkers
        """Show what can be loaded too."""
        return sorted({*globals(), *_HOME_OF})


__all__ = [
    "EntryLocked",
    "FileStore",
    "KeyringStore",
    "MemoryStore",
    "RedisStore",
    "SqlStore",
    "StaleFence",
    "StoreCorrupted",
    "StoreUnavailable",
    "TokenStore",
    "TokenStoreError",
]
