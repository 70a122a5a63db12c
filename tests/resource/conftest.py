"""A test server, an API that trusts it, and a user who says yes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationRequest, ClientMetadata
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer, ProtectedApi

ME = ClientMetadata("My agent")


@dataclass
class World:
    """All that a test needs.

    Attributes:
        server: the authorization server of the API.
        api: the API.
        logins: what users were asked, in order.
    """

    flavor: Flavor
    server: AuthorizationServer
    api: ProtectedApi
    logins: list[AuthorizationRequest] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None

    def login(self, request: AuthorizationRequest) -> str:
        """Be the user, who says yes."""
        self.logins.append(request)
        if self.meanwhile is not None:
            self.meanwhile()
        return str(self.server.log_in(request.uri))

    def auth(self, **options: Any) -> Any:
        """Make a handler for the API."""
        if options.get("grant") is None:
            options.setdefault("login", self.login)
        if "store" in options:
            options.setdefault("subject", "me")
        settings = {"retries": None, **options.pop("settings", {})}
        url = options.pop("url", self.api.url)
        return self.flavor.named("OAuth2ResourceAuth")(
            url, client=options.pop("client", ME), settings=settings, **options
        )

    def get(self, auth: Any, path: str = "") -> Any:
        """Call the API."""
        return self.flavor.get(self.api.url + path, auth=auth)

    def counts(self) -> tuple[int, int]:
        """Return how many requests the server and the API have seen."""
        return len(self.server.requests), len(self.api.requests)

    @property
    def endpoints(self) -> list[str]:
        """The endpoints of the server that were asked."""
        return [request.endpoint for request in self.server.requests]

    @property
    def scopes(self) -> list[str | None]:
        """The scopes that users were asked for."""
        return [" ".join(request.scope) if request.scope else None for request in self.logins]


@pytest.fixture
def world(flavor: Flavor) -> Iterator[World]:
    """An API at https://api.test/v1, and its server."""
    server = AuthorizationServer()
    api = ProtectedApi(server, "https://api.test/v1", scope="read", scopes={"/v1/secrets": "secrets"})
    with server.installed(), api.installed():
        yield World(flavor, server, api)


@pytest.fixture
def store() -> MemoryStore:
    """A store that a restart survives, in a test."""
    return MemoryStore()
