"""The flavors as fixtures, and the server that answers wrongly."""

from collections.abc import Iterator

import pytest

from devkit.failing_server import FailingServer, start_failing_server
from devkit.flavors import BOTH, EVERY, Flavor, open_flavor


@pytest.fixture(params=BOTH)
def flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    """Run the test on the sync and on the async client."""
    with open_flavor(request.param) as opened:
        yield opened


@pytest.fixture(params=EVERY)
def every_flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    """Run the test on all combinations of library, event loop, and whose session it is."""
    with open_flavor(request.param) as opened:
        yield opened


@pytest.fixture(scope="session")
def serving() -> Iterator[FailingServer]:
    with start_failing_server() as server:
        yield server


@pytest.fixture
def failing(serving: FailingServer) -> FailingServer:
    """A server that answers wrongly, and has received nothing yet."""
    serving.received.clear()
    return serving
