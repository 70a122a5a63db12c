"""A service whose tokens a test server issues, and which knows when they are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from requests_oauth2client import (
    AsyncOAuth2Client,
    AsyncOAuth2ClientCredentialsAuth,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
)
from requests_oauth2client.testing import AuthorizationServer


@dataclass
class Issuer:
    """A test server, and handlers for its tokens."""

    server: AuthorizationServer
    refused: set[str] = field(default_factory=set)

    def auth(self, **settings: Any) -> OAuth2ClientCredentialsAuth:
        client = OAuth2Client(issuer=self.server.issuer, auth=("app", "secret"), retries=None, **settings)
        return OAuth2ClientCredentialsAuth(client)

    def async_auth(self, **settings: Any) -> AsyncOAuth2ClientCredentialsAuth:
        client = AsyncOAuth2Client(issuer=self.server.issuer, auth=("app", "secret"), retries=None, **settings)
        return AsyncOAuth2ClientCredentialsAuth(client)

    @property
    def token_requests(self) -> int:
        """How many tokens were asked for."""
        return sum(request.path == "/token" for request in self.server.requests)

    def is_valid(self, token: str) -> bool:
        """Tell whether a service takes a token: it was issued, and is not refused."""
        return token not in self.refused


@pytest.fixture(scope="module")
def issuing() -> Iterator[AuthorizationServer]:
    with AuthorizationServer().installed() as server:
        yield server


@pytest.fixture
def issuer(issuing: AuthorizationServer) -> Issuer:
    issuing.requests.clear()
    return Issuer(issuing)
