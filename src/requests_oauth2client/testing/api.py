"""An API for tests that trusts the tokens of a test server, and says so (RFC 9728).

server = AuthorizationServer()
api = ProtectedApi(server, "https://api.test/v1", scopes={"/v1/secrets": "secrets"})
with server.installed(), api.installed():
    requests.get(api.url, auth=OAuth2ResourceAuth(api.url, client=ClientMetadata("test"), login=server.log_in))
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from ..resource_metadata import OAUTH_RESOURCE, resource_metadata_urls
from . import transports
from .messages import ReceivedRequest, Refusal, ServerResponse, as_json
from .services import check_access_token

if TYPE_CHECKING:
    from .server import AuthorizationServer

WELL_KNOWN = f"/.well-known/{OAUTH_RESOURCE}"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404


class ProtectedApi:
    """An API for tests: it answers each request with a token of its server, and challenges all others.

    Args:
        server: the authorization server whose tokens it takes.
        url: its URL.
        scope: the scope that each request needs.
        scopes: the scope that requests need instead, by their path.
        states_metadata: whether its challenges say where its metadata are.
        **metadata: members of its metadata that are others; None leaves one out.

    Attributes:
        url: its URL; while it listens on 127.0.0.1, that.
        requests: what came, in order.
        metadata: members of its metadata that are others; may be changed.
        responses: what is answered instead, by path; may be changed.
    """

    def __init__(
        self,
        server: AuthorizationServer,
        url: str = "https://api.test",
        *,
        scope: str | None = None,
        scopes: Mapping[str, str] | None = None,
        states_metadata: bool = True,
        **metadata: Any,
    ) -> None:
        self.server, self.url, self.scope, self.scopes = server, url, scope, dict(scopes or {})
        self.states_metadata = states_metadata
        self.metadata = metadata
        self.requests: list[ReceivedRequest] = []
        self.responses: dict[str, ServerResponse] = {}
        self._guard = threading.Lock()

    @property
    def issuer(self) -> str:
        """Its origin, under which transports know it."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, "", "", ""))

    @issuer.setter
    def issuer(self, origin: str) -> None:
        self.url = origin + urlsplit(self.url).path

    @property
    def metadata_url(self) -> str:
        """Where its metadata are (RFC 9728 section 3.1)."""
        return resource_metadata_urls(self.url)[0]

    @contextmanager
    def installed(self) -> Iterator[ProtectedApi]:
        """Answer its origin in this process, for `requests`, `httpx2` and `httpx`, until the context ends."""
        with transports.installed(self):
            yield self

    @contextmanager
    def listening(self, port: int = 0) -> Iterator[ProtectedApi]:
        """Answer on 127.0.0.1 until the context ends; `url` is there meanwhile.

        Args:
            port: 0 takes a free one.
        """
        with transports.listening(self, port):
            yield self

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request, whichever way it came."""
        with self._guard:
            self.requests.append(request)
        if request.path in self.responses:
            return self.responses[request.path]
        if request.path.startswith(WELL_KNOWN):
            return self._metadata() if request.url == self.metadata_url else as_json({}, status=NOT_FOUND)
        needed = self.scopes.get(request.path, self.scope)
        if "authorization" not in request.headers:
            return self._challenged(Refusal("", "", status=UNAUTHORIZED), needed)
        try:
            with self.server._lock:  # noqa: SLF001  its other half
                token = check_access_token(self.server, request, None)
                self._check_scope(str(token.claims.get("scope", "")).split(), needed)
        except Refusal as refusal:
            return self._challenged(refusal, needed)
        return as_json({"sub": token.claims.get("sub"), "path": request.path, "scope": token.claims.get("scope")})

    def _check_scope(self, granted: list[str], needed: str | None) -> None:
        if not set((needed or "").split()) <= set(granted):
            raise Refusal("insufficient_scope", f"the scope {needed} is needed", status=FORBIDDEN)

    def _challenged(self, refusal: Refusal, needed: str | None) -> ServerResponse:
        params = {
            "error": refusal.error,
            "error_description": refusal.description.replace('"', "'"),
            "scope": needed,
            "resource_metadata": self.metadata_url if self.states_metadata else None,
        }
        said = ", ".join(f'{name}="{value}"' for name, value in params.items() if value)
        scheme = "DPoP" if refusal.headers.get("WWW-Authenticate", "").startswith("DPoP") else "Bearer"
        headers = {**refusal.headers, "WWW-Authenticate": f"{scheme} {said}".strip()}
        return as_json({"error": refusal.error or "unauthorized"}, status=refusal.status, headers=headers)

    def _metadata(self) -> ServerResponse:
        document = {
            "resource": self.url,
            "authorization_servers": [self.server.issuer],
            "bearer_methods_supported": ["header"],
            **self.metadata,
        }
        return as_json({name: value for name, value in document.items() if value is not None})

    def __repr__(self) -> str:
        return f"<ProtectedApi {self.url}>"


__all__ = ["ProtectedApi"]
