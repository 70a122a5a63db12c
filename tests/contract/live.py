"""Makes a document's examples true on this machine: its hosts and credentials become those of the live servers.

A `Reader` copies the blocks one after the other into one namespace. Only what stands in the tables is replaced. What
the examples print is read by somebody with a browser, who does what it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from devkit.authorization_server import AuthorizationServer, TestClient
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi

from .documents import Block


@dataclass(kw_only=True)
class Reader:
    """Somebody who tries out the examples."""

    api: ProtectedApi
    browser: Browser
    replacements: Mapping[str, str] = field(repr=False)
    names: dict[str, Any] = field(default_factory=dict, repr=False)
    screen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names |= {"__name__": "__main__", "print": self.look, "input": self.answer}

    def run(self, block: Block, **aside: str) -> None:
        """Run an example; tracebacks show the lines of the document."""
        refused_before = self.api.refusal_count
        code = self.rewrite(block.code, aside)
        exec(compile("\n" * (block.line - 1) + code, str(block.file), "exec"), self.names)  # noqa: S102  that is the job
        assert self.api.refusal_count == refused_before, f"{block.file.name}:{block.line}: the API refused a request"

    def rewrite(self, code: str, aside: Mapping[str, str] | None = None) -> str:
        """Replace hosts and credentials, the longest first."""
        table = {**self.replacements, **(aside or {})}
        pattern = "|".join(re.escape(text) for text in sorted(table, key=len, reverse=True))
        return re.sub(pattern, lambda found: table[found[0]], code)

    def look(self, *things: object) -> None:
        """Read what is printed. Told to go somewhere and type in a code, this person does."""
        text = " ".join(map(str, things))
        self.screen.append(text)
        told = re.search(r"(http\S+) .*\b([A-Z]{4}-[A-Z]{4})\b", text)
        if told:
            self.browser.approve_device(told[1], told[2])

    def answer(self, _prompt: str = "") -> str:
        """Open the URL that was printed last, log in, and copy the URL that this leads to."""
        url = next(text for text in reversed(self.screen) if text.startswith("http"))
        return self.browser.authorize(url)

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


def quoted(credentials: Mapping[str, str | None]) -> dict[str, str]:
    """Make a table of string literals."""
    return {json.dumps(name): json.dumps(value) for name, value in credentials.items()}


def get_token(server: AuthorizationServer) -> str:
    """Get an access token, without the library."""
    client = server.clients["client_secret_post"]
    data = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": "api.read",
    }
    response = requests.post(server.token_endpoint, data=data, timeout=10)
    return str(response.json()["access_token"])


def example_hosts(server: AuthorizationServer, api: ProtectedApi) -> dict[str, str]:
    """The hosts of README.md and docs/."""
    return {
        "https://as.example.com": server.issuer,
        "https://as.example.com/authorize": server.authorization_endpoint,
        "https://as.example.com/device": server.device_authorization_endpoint,
        "https://as.example.com/introspect": server.introspection_endpoint,
        "https://as.example.com/jwks": server.jwks_uri,
        "https://as.example.com/par": server.pushed_authorization_request_endpoint,
        "https://as.example.com/revoke": server.revocation_endpoint,
        "https://as.example.com/token": server.token_endpoint,
        "https://as.example.com/userinfo": server.userinfo_endpoint,
        "https://api.example.com": api.url,
        "https://app.example.com/callback": server.clients["web"].redirect_uri,
    }


def example_credentials(server: AuthorizationServer) -> dict[str, str]:
    """The credentials of README.md and docs/."""
    clients = server.clients
    bank = clients["private_key_jwt_ES256"]
    return quoted(
        {
            "my-access-token": get_token(server),
            "my-app": clients["none"].client_id,
            "my-bank": bank.client_id,
            "my-cli": clients["device"].client_id,
            "my-dpop-app": clients["dpop_public"].client_id,
            "my-secret": clients["client_secret_basic"].client_secret,
            "my-service": clients["client_secret_basic"].client_id,
            "my-web-secret": clients["web"].client_secret,
            "my-web-site": clients["web"].client_id,
        }
    ) | example_key(bank, kid="my-key", hidden="…")


def example_key(client: TestClient, *, kid: str, hidden: str) -> dict[str, str]:
    """The hidden members of a private JWK, and its kid."""
    key = client.private_jwk or {}
    members = {f'"{name}": "{hidden}"': f'"{name}": {json.dumps(value)}' for name, value in key.items()}
    return {**members, f'"{kid}"': json.dumps(key["kid"])}
