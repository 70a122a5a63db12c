"""The test server and a certified one (oidc-provider), seen alike: what one refuses, the other has to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from devkit.authorization_server import AuthorizationServer as CertifiedServer
from devkit.authorization_server.clients import TestClient
from devkit.browser import Browser, UnexpectedPage
from requests_oauth2client import OAuth2Client
from requests_oauth2client.testing import AuthorizationRefused, AuthorizationServer


class Page(Exception):
    """The server shows an error page instead of going back to the client."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A server that listens on loopback, and its clients by the devkit's names."""

    name: str
    metadata: dict[str, Any]
    clients: dict[str, TestClient]
    visit: Callable[[str], str]
    approve: Callable[[str], None] = field(repr=False)

    def endpoint(self, name: str) -> str:
        """Return the address of an endpoint."""
        return str(self.metadata[f"{name}_endpoint"])

    def client(self, name: str, **more: Any) -> OAuth2Client:
        """Make our client for one of the server's."""
        known = self.clients[name]
        secret = known.client_secret or known.private_jwk
        auth: Any = (known.client_id, secret) if secret else known.client_id
        if known.auth_method == "client_secret_basic":
            from requests_oauth2client import ClientSecretBasic

            auth = ClientSecretBasic(known.client_id, str(known.client_secret))
        more.setdefault("redirect_uri", known.redirect_uris[0] if known.redirect_uris else None)
        more.setdefault("retries", None)
        return OAuth2Client.from_discovery_document(self.metadata, auth=auth, **more)

    def callback(self, url: str) -> dict[str, str]:
        """Let alice say yes, and return the parameters of the callback.

        Raises:
            Page: the server shows an error page.
        """
        parts = urlsplit(self.visit(url))
        return dict(parse_qsl(parts.query or parts.fragment))

    def post(self, endpoint: str, form: Any, *, name: str = "client_secret_post", **options: Any) -> requests.Response:
        """Post a form with the credentials of a client that sends its secret in it."""
        known = self.clients[name]
        credentials = [("client_id", known.client_id)]
        if known.client_secret:
            credentials.append(("client_secret", known.client_secret))
        pairs = [*(form.items() if isinstance(form, dict) else form), *credentials]
        return requests.post(self.endpoint(endpoint), data=pairs, timeout=10, allow_redirects=False, **options)


def certified(server: CertifiedServer) -> Place:
    """Show the certified server."""

    def visit(url: str) -> str:
        with Browser() as browser:
            try:
                return browser.authorize(url)
            except UnexpectedPage as page:
                raise Page(str(page)) from None

    def approve(code: str) -> None:
        if "-" not in code or len(code) > 12:
            server.approve_ciba(code)
            return
        with Browser() as browser:
            browser.approve_device(f"{server.issuer}/device", code)

    return Place(name="oidc-provider", metadata=server.metadata, clients=server.clients, visit=visit, approve=approve)


def ours(server: AuthorizationServer, clients: dict[str, TestClient]) -> Place:
    """Show the test server, which listens."""

    def visit(url: str) -> str:
        server.records.sessions.clear()  # a browser that nobody has used
        try:
            return server.log_in(url)
        except AuthorizationRefused as refusal:
            raise Page(str(refusal)) from None

    return Place(name="testing", metadata=server.metadata, clients=clients, visit=visit, approve=server.approve)
