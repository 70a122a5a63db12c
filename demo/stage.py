"""What every chapter plays on: two servers, a person with a browser, and somebody who tells it."""

from __future__ import annotations

from dataclasses import dataclass, field

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi
from requests_oauth2client import BearerToken

from .narrator import Narrator
from .wire import Wire


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the demo plays."""

    server: AuthorizationServer
    api: ProtectedApi
    person: Browser
    narrator: Narrator
    use_real_browser: bool = False
    wire: Wire = field(default_factory=Wire)

    def tell(self) -> None:
        """Show what went over the wire."""
        self.wire.tell(self.narrator)

    def call_api(self, path: str, *, auth: object = None, token: BearerToken | None = None) -> None:
        """Call the API with an auth handler, which a token is too, and show it."""
        self.narrator.code(f"requests.get('{self.api.url}{path}', auth={'token' if token else 'auth'})")
        answer = self.wire.get(f"{self.api.url}{path}", auth=token or auth, timeout=10)  # type: ignore[arg-type]
        self.tell()
        answer.raise_for_status()
