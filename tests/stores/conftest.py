from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devkit.postgres_server import find_programs, start_postgres_server
from requests_oauth2client.stores import TokenStore

from .places import KINDS, Place


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    redis_url = request.getfixturevalue("redis_server").url if kind == "redis" else ""
    sql_url = request.getfixturevalue("postgres_url") if kind == "postgresql" else ""
    prefix = f"{secrets.token_hex(4)}:"
    return Place(kind=kind, folder=tmp_path, redis_url=redis_url, sql_url=sql_url, prefix=prefix)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server, where the machine has one, and a driver for it."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with start_postgres_server() as url:
        yield url


@pytest.fixture
def opened() -> Iterator[Callable[[Place], TokenStore]]:
    """Open stores, which are closed with the test."""
    stores: list[TokenStore] = []

    def open_(place: Place) -> TokenStore:
        stores.append(place.open())
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(place: Place, opened: Callable[[Place], TokenStore]) -> TokenStore:
    return opened(place)
