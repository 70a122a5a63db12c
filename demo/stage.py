"""What every chapter plays on: two servers, a person with a browser, and somebody who tells it."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi
from requests_oauth2client import BearerToken

from .narrator import Narrator
from .telling import Telling


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the demo plays."""

    server: AuthorizationServer
    api: ProtectedApi
    person: Browser
    narrator: Narrator
    telling: Telling
    use_real_browser: bool = False

    def tell(self) -> None:
        """Show what was sent and answered since the last time."""
        self.telling.tell(self.narrator)

    def call_api(self, path: str, *, auth: object = None, token: BearerToken | None = None) -> None:
        """Call the API with an auth handler, which a token is too, and show it."""
        self.narrator.code(f"requests.get('{self.api.url}{path}', auth={'token' if token else 'auth'})")
        answer = requests.get(f"{self.api.url}{path}", auth=token or auth, timeout=10)  # type: ignore[arg-type]
        self.tell()
        answer.raise_for_status()
