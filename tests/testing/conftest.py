"""Both servers, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devkit.authorization_server import AuthorizationServer as CertifiedServer
from requests_oauth2client.testing import AuthorizationServer

from .places import Place, certified, ours


@pytest.fixture(params=["testing", "oidc-provider"], scope="module")
def place(request: pytest.FixtureRequest, authorization_server: CertifiedServer) -> Iterator[Place]:
    """The test server, or the certified one, with the same clients."""
    clients = authorization_server.clients
    if request.param == "oidc-provider":
        yield certified(authorization_server)
        return
    known = {client.client_id: client.metadata for client in clients.values()}
    with AuthorizationServer(clients=known).listening() as server:
        yield ours(server, clients)
