"""Fixtures of the conformance proof: the listeners, made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.server import Server


@pytest.fixture(scope="session")
def conformance_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("conformance")) as server:
        yield server
