"""The faces as fixtures, and the server that answers wrongly."""

from collections.abc import Iterator

import pytest

from devkit.faces import BOTH, EVERY, Face, open_face
from devkit.ill_server import IllServer, start_ill_server


@pytest.fixture(params=BOTH)
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    """Run the test on the sync and on the async face."""
    with open_face(request.param) as opened:
        yield opened


@pytest.fixture(params=EVERY)
def every_face(request: pytest.FixtureRequest) -> Iterator[Face]:
    """Run the test on all combinations of library, event loop, and whose session it is."""
    with open_face(request.param) as opened:
        yield opened


@pytest.fixture(scope="session")
def serving() -> Iterator[IllServer]:
    with start_ill_server() as server:
        yield server


@pytest.fixture
def ill(serving: IllServer) -> IllServer:
    """A server that answers wrongly, and has received nothing yet."""
    serving.received.clear()
    return serving
