"""What the endpoints of the test server know of it: settings, keys, clients, and what it remembers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from ..exceptions import InvalidParam
from .clients import Client, Clients
from .dpop import DPoPChecks
from .keys import ServerKeys
from .lies import Liar
from .messages import ReceivedRequest, Refusal, ServerResponse
from .records import Records


class ServerState:
    """The state of a server; `AuthorizationServer` says what each setting is for."""

    def __init__(
        self,
        issuer: str,
        *,
        access_token_lifetime: int,
        rotate_refresh_tokens: bool,
        reuse_ends_session: bool,
        clients: Mapping[str, Mapping[str, Any]] | None,
        profile: Literal["oauth2.1", "fapi2"] | None,
        polling_interval: float,
    ) -> None:
        if profile not in {None, "oauth2.1", "fapi2"}:
            msg = f"profile={profile!r} is unknown. Pass 'oauth2.1', 'fapi2' or None."
            raise InvalidParam(msg)
        self.issuer = issuer.rstrip("/") if urlsplit(issuer).path == "/" else issuer
        self.access_token_lifetime = access_token_lifetime
        self.rotate_refresh_tokens = rotate_refresh_tokens
        self.reuse_ends_session = reuse_ends_session
        self.profile = profile
        self.polling_interval = polling_interval
        self.requests: list[ReceivedRequest] = []
        self.users: dict[str, dict[str, Any]] = {}
        self.further_metadata: dict[str, Any] = {}
        self.clients = Clients(clients)
        self.records = Records()
        self.keys = ServerKeys()
        self.dpop = DPoPChecks(self.records)
        self.liar = Liar(server=self)
        self.outbox: list[tuple[str, str]] = []  # logout tokens, and where they are posted
        self._lock = threading.RLock()

    def authenticate(self, request: ReceivedRequest, form: Mapping[str, Any]) -> Client:
        """Return the client that a request comes from."""
        client = self.clients.authenticate(request, form, issuer=self.issuer, records=self.records)
        if self.profile == "fapi2" and client.method != "private_key_jwt":
            raise Refusal("invalid_client", "FAPI 2.0 section 5.3.2.1 needs private_key_jwt", status=401)
        return client

    def rotate_keys(self) -> None:
        """Replace all signing keys; the old ones are no longer published."""
        with self._lock:
            self.keys.rotate()

    def require_dpop_nonce(self) -> None:
        """Demand a new nonce in every DPoP proof from now on (RFC 9449 section 8)."""
        self.dpop.require_nonce()

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request, whichever way it came."""
        raise NotImplementedError

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request as the endpoint does that it is for."""
        raise NotImplementedError
