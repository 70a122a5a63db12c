from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from requests_oauth2client.stores import TokenStore

from .places import KINDS, Place


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    url = request.getfixturevalue("redis_server").url if kind == "redis" else ""
    return Place(kind=kind, folder=tmp_path, redis_url=url, prefix=f"{secrets.token_hex(4)}:")


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
