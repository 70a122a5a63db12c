"""cache: CPU time of coming to a token that is there: held in memory, or read from a store, among few and many.

A handler that holds its token asks no store. It reads the entry when it holds none or an expired one: at the start of
a process, and after another one has renewed. So a read from a store is what a process pays once for each token.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import redis_place, workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Row, Setup
from benchmarks.renewals import KEY, redis_of

COUNT = 400
AMOUNTS = (1, 100, 10_000)
LIFETIME = 3600  # seconds

OpenStore = Callable[[Mapping[str, str]], Any]


def held(amount: int) -> Setup:
    """Take the usable token of one of as many handlers."""

    def setup(_context: Mapping[str, str]) -> Operation:
        from requests_oauth2client._renewal.handlers import manager_of

        handlers = {handler.subject: handler for handler in _handlers(amount)}
        subjects = _again_and_again(list(handlers))

        def fetch() -> Any:
            return manager_of(handlers[next(subjects)]).usable_token()

        assert fetch().access_token.startswith("access "), "there is no token"
        return fetch

    return setup


def stored(open_store: OpenStore, amount: int) -> Setup:
    """Read one of as many entries as a handler does: from the store, and out of its encryption and JSON."""

    def setup(context: Mapping[str, str]) -> Operation:
        from requests_oauth2client._drivers.requests import SyncRunner
        from requests_oauth2client._renewal.handlers import manager_of
        from requests_oauth2client._renewal.records import Record, RecordSerializer

        store, vaults, drive = open_store(context), {}, SyncRunner()._drive  # noqa: SLF001  as a handler without a client
        for handler in _handlers(amount, store=store):
            entry: Any = manager_of(handler).store_entry
            data = RecordSerializer(entry.entry, store.keys).dumps(Record(token=handler.token))
            store.put(entry.entry, data, lifetime=LIFETIME)
            vaults[handler.subject] = entry
        subjects = _again_and_again(list(vaults))

        def fetch() -> Any:
            return drive(vaults[next(subjects)]._read()).token  # noqa: SLF001  as its rule does under the lock

        assert fetch().access_token.startswith("access "), "there is no token"
        return fetch

    return setup


def _handlers(amount: int, **settings: Any) -> Iterator[Any]:
    from requests_oauth2client import BearerToken, OAuth2AccessTokenAuth, OAuth2Client

    client = OAuth2Client("https://as.example.org/token", auth=("id", "secret"))
    for number in range(amount):
        token = BearerToken(f"access {number:057}", expires_in=LIFETIME, refresh_token=f"refresh {number:056}")
        yield OAuth2AccessTokenAuth(client, token, subject=f"user {number}", **settings)


def _again_and_again(subjects: list[str]) -> Iterator[str]:
    random.Random(0).shuffle(subjects)  # noqa: S311  no secret
    return itertools.cycle(subjects)


def in_memory(_context: Mapping[str, str]) -> Any:
    """Open a `MemoryStore` as it is by default."""
    from requests_oauth2client.stores import MemoryStore

    return MemoryStore()


def in_memory_encrypted(_context: Mapping[str, str]) -> Any:
    """Open a `MemoryStore` with a key."""
    from requests_oauth2client.stores import MemoryStore

    return MemoryStore(key=KEY)


def in_file(context: Mapping[str, str]) -> Any:
    """Open a `FileStore` of its own."""
    from requests_oauth2client.stores import FileStore

    return FileStore(Path(context["folder"]) / uuid.uuid4().hex, key=KEY)


def in_redis(context: Mapping[str, str]) -> Any:
    """Open a `RedisStore` with names of its own."""
    from requests_oauth2client.stores import RedisStore

    return RedisStore(redis_of(context), key=KEY, prefix=f"{uuid.uuid4().hex}:")


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure in one child, beside a Redis server on loopback."""
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_place.url() as redis,
        workers.meter(interpreters, CASE.name, COUNT, {"folder": folder, "redis": redis}) as meter,
    ):
        yield meter


def profile(sort: str) -> str:
    """Profile the read from a file."""
    with tempfile.TemporaryDirectory() as folder:
        return workers.profile(CASE.name, "FileStore, 100", 20 * COUNT, {"folder": folder, "redis": ""}, sort)


STORES: dict[str, tuple[str, OpenStore]] = {
    "MemoryStore": ("`MemoryStore`", in_memory),
    "MemoryStore, key": ("`MemoryStore` with a key", in_memory_encrypted),
    "FileStore": ("`FileStore`", in_file),
    "RedisStore": ("`RedisStore`", in_redis),
}


def _among(amount: int) -> str:
    return "1 entry" if amount == 1 else f"{amount:,} entries"


CASE = Case(
    name="cache",
    rounds=20,
    quick_rounds=3,
    open_meter=open_meter,
    profile=profile,
    setups={
        **{f"held, {amount}": held(amount) for amount in AMOUNTS},
        **{f"{name}, {amount}": stored(store, amount) for name, (_, store) in STORES.items() for amount in AMOUNTS},
    },
    rows=(
        Row(label="held by its handler, the only one", setup="held, 1", is_baseline=True),
        *(
            Row(label=f"held by its handler, one of {amount:,}", setup=f"held, {amount}")
            for amount in AMOUNTS
            if amount > 1
        ),
        *(
            Row(label=f"{label}, {_among(amount)}", setup=f"{name}, {amount}")
            for name, (label, _) in STORES.items()
            for amount in AMOUNTS
        ),
    ),
)
