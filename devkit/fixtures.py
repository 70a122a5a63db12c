"""The devkit as pytest fixtures: `-p devkit.fixtures`, or `pytest_plugins = ["devkit.fixtures"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.flavors import BOTH, Flavor, open_flavor
from devkit.protected_api import ProtectedApi, start_protected_api
from devkit.redis_server import RedisServer, start_redis_server


@pytest.fixture(scope="session")
def authorization_server() -> Iterator[AuthorizationServer]:
    """One authorization server for the whole session (one per worker, with xdist)."""
    with start_authorization_server() as server:
        yield server


@pytest.fixture(scope="session")
def protected_api(authorization_server: AuthorizationServer) -> Iterator[ProtectedApi]:
    """An API that trusts the tokens of `authorization_server`."""
    with start_protected_api(authorization_server) as api:
        yield api


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for the whole session (one per worker, with xdist); who stops it starts it again."""
    with start_redis_server() as server:
        yield server


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Somebody's browser, signed in nowhere."""
    with Browser() as somebody:
        yield somebody


@pytest.fixture(params=BOTH, scope="module")
def flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    """Each of the two clients in turn."""
    with open_flavor(request.param) as opened:
        yield opened
