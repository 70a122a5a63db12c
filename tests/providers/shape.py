"""A provider's shape: the strict server of the testing kit, at a provider's addresses and with its ways.

What a shape has of a provider are the addresses, the metadata, and where its messages differ from the specifications;
all else is what `AuthorizationServer` does: it refuses what a strict server refuses. Several hosts answer in process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from requests_oauth2client._core.urls import origin
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import secret_key
from requests_oauth2client.testing import (
    AuthorizationServer,
    Callback,
    ReceivedRequest,
    Refusal,
    ServerResponse,
    transports,
)
from requests_oauth2client.testing.issuing import refresh_token
from requests_oauth2client.testing.messages import as_json
from requests_oauth2client.testing.state import ServerState

Answer = Callable[["Shape", ReceivedRequest], ServerResponse]
Change = Callable[["Shape", ReceivedRequest, dict[str, Any]], Any]
SECRET = "my-secret"
REDIRECT_URIS = ["https://app.example.com/auth/main/callback", "https://app.example.com/callback"]
LOOPBACK = "http://127.0.0.1/callback"
NAMES = {  # in metadata, by the short name of an endpoint
    "authorization": "authorization_endpoint",
    "token": "token_endpoint",
    "userinfo": "userinfo_endpoint",
    "jwks": "jwks_uri",
    "introspection": "introspection_endpoint",
    "revocation": "revocation_endpoint",
    "end_session": "end_session_endpoint",
    "device_authorization": "device_authorization_endpoint",
    "pushed_authorization_request": "pushed_authorization_request_endpoint",
    "backchannel_authentication": "backchannel_authentication_endpoint",
    "registration": "registration_endpoint",
}


def client_of(method: str = "client_secret_post", **more: Any) -> dict[str, Any]:
    """Return what a provider has registered for a client."""
    uris = [LOOPBACK, "http://localhost", "http://localhost/callback"] if method == "none" else REDIRECT_URIS
    return {
        "client_secret": SECRET,
        "token_endpoint_auth_method": method,
        "redirect_uris": uris,
        "post_logout_redirect_uris": ["https://app.example.com/"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE],
        **more,
    }


DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Ways:
    """In which ways a provider differs.

    Attributes:
        claims: changes the claims of ID tokens; None takes one out.
        asked: make a request of the specifications of one as the provider wants it, by the short name of the endpoint.
        answers: change the JSON of a successful response, by the short name of the endpoint.
        refusals: change the JSON of an error, likewise.
        callback: changes the parameters of a callback.
        apis: what else answers: functions by URL, without the query.
        stated: further metadata, and others; None takes one out.
        is_symmetric: whether ID tokens are signed with the client secret.
    """

    claims: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda claims: {})
    asked: Mapping[str, Callable[[ReceivedRequest], ReceivedRequest]] = field(default_factory=dict)
    answers: Mapping[str, Change] = field(default_factory=dict)
    refusals: Mapping[str, Change] = field(default_factory=dict)
    callback: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda form: {})
    apis: Mapping[str, Answer] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)
    is_symmetric: bool = False


class Shape(AuthorizationServer):
    """A provider.

    Args:
        issuer: as ID tokens and metadata have it.
        addresses: of each endpoint, by its short name; of several, the first is stated. `configuration` is where the
            metadata are.
        ways: in which ways it differs.
        clients: the clients it knows.
        approves_devices: whether the user approves each device at once.
        **settings: of `AuthorizationServer`.
    """

    def __init__(
        self,
        issuer: str,
        addresses: Mapping[str, str | tuple[str, ...]],
        ways: Ways | None = None,
        *,
        clients: Mapping[str, Mapping[str, Any]] | None = None,
        approves_devices: bool = False,
        **settings: Any,
    ) -> None:
        self.approves_devices = approves_devices
        self.last_refusal: Any = None  # for who reads a failing test
        known = {"my-app": client_of(), "my-cli": client_of("none")} if clients is None else clients
        super().__init__(issuer, clients=known, polling_interval=0, **settings)
        self.issuer = issuer
        self.addresses = {name: _several(urls)[0] for name, urls in addresses.items()}
        self._names = {url.partition("?")[0]: name for name, urls in addresses.items() for url in _several(urls)}
        self.ways = ways or Ways()
        self.liar.sign = self._signed

    def _signed(self, _server: Any, claims: dict[str, Any], alg: str) -> str:
        said = {**claims, **self.ways.claims(claims)}
        said = {name: value for name, value in said.items() if value is not None}
        if self.ways.is_symmetric:
            return jws.sign(said, secret_key(SECRET, "HS256"))
        return self.keys.sign(said, alg=alg)

    @property
    def metadata(self) -> dict[str, Any]:
        """What the provider publishes."""
        stated = {
            "issuer": self.issuer,
            **{name: self.addresses[short] for short, name in NAMES.items() if short in self.addresses},
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.ways.stated,
        }
        return {name: value for name, value in stated.items() if value is not None}

    # --- where it answers

    @contextmanager
    def installed(self) -> Iterator[Shape]:
        """Answer all its hosts in this process."""
        with ExitStack() as stack:
            hosts = {origin(url) for url in (*self._names, *self.ways.apis)}
            for scheme, host, port in sorted(hosts):
                root = f"{scheme}://{host}" + (f":{port}" if port not in {None, 80, 443} else "")
                stack.enter_context(transports.installed(cast("ServerState", _Host(root, self))))
            yield self

    def _endpoint_of(self, request: ReceivedRequest) -> str:
        return self._names.get(request.url.partition("?")[0], "")

    def shows(self, url: str) -> bool:
        """Tell whether a page of this provider is where a browser is sent to log in."""
        return self._names.get(url.partition("?")[0]) == "authorization"

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer as the provider does."""
        api = self.ways.apis.get(request.url.partition("?")[0])
        if api is not None:
            try:
                return api(self, request)
            except Refusal as refusal:
                return refusal.response()
        if request.endpoint == "configuration":
            return as_json(self.metadata)
        answer = self._answered(request)
        self.last_refusal = answer.body if answer.status >= 400 else None
        if request.endpoint == "device_authorization" and self.approves_devices and answer.status < 300:
            self.approve(json.loads(bytes(answer.body))["user_code"])  # type: ignore[arg-type]
        changes = self.ways.answers if answer.status < 300 else self.ways.refusals
        change = changes.get(request.endpoint)
        if change is None or not isinstance(answer.body, bytes):
            return answer
        changed = change(self, request, json.loads(answer.body or b"{}"))
        if isinstance(changed, ServerResponse):
            return changed
        return as_json(changed, status=answer.status, headers=answer.headers)

    def _answered(self, request: ReceivedRequest) -> ServerResponse:
        try:
            asked = self.ways.asked.get(request.endpoint)
            return super().endpoint(request if asked is None else asked(request))
        except Refusal as refusal:
            return refusal.response()

    # --- people

    def log_in(self, url: object, user: str = "alice", deny: str | None = None) -> Callback:
        """Be the browser and its user; the callback is what the provider makes of it."""
        asked = str(url).partition("?")[2]
        callback = super().log_in(f"{self.metadata['authorization_endpoint']}?{asked}", user=user, deny=deny)
        form = {**callback.form, **self.ways.callback(dict(callback.form))}
        return Callback(callback.redirect_uri, form, callback.response_mode)

    def user_of(self, request: ReceivedRequest, scope: str | None = None) -> str:
        """Return whose access token came to an API; for a client's own token, the client."""
        return str(self.check_access_token(request, scope).claims["sub"])


def _several(urls: str | tuple[str, ...]) -> tuple[str, ...]:
    return (urls,) if isinstance(urls, str) else urls


@dataclass
class _Host:
    """One of the hosts of a shape."""

    issuer: str
    shape: Shape

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        return self.shape.handle(request)


def as_form(request: ReceivedRequest, fields: Mapping[str, Any]) -> ReceivedRequest:
    """Make the form POST of the specifications with these fields."""
    headers = {**request.headers, "content-type": "application/x-www-form-urlencoded"}
    body = urlencode(fields).encode()
    return ReceivedRequest(method="POST", url=request.url, headers=headers, body=body, endpoint=request.endpoint)


def renamed(fields: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Give fields the names of the specifications, by their own: those that the provider wants are demanded."""
    if lacking := sorted(set(names) - set(fields)):
        raise Refusal("invalid_request", f"{', '.join(lacking)} is missing")
    if twice := sorted(set(names.values()) & set(fields)):
        raise Refusal("invalid_request", f"{', '.join(twice)} is not expected")
    return {names.get(name, name): value for name, value in fields.items()}


def whoami(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Be an API that says who calls."""
    return as_json({"id": shape.user_of(request)})


def without(*names: str, **more: Any) -> Change:
    """Leave members out of an answer, and put others in."""

    def change(_shape: Shape, _request: ReceivedRequest, answer: dict[str, Any]) -> dict[str, Any]:
        return {**{name: value for name, value in answer.items() if name not in names}, **more}

    return change


def refreshes(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Give a refresh token for offline_access also where no consent was asked for."""
    grant = shape.records.access_tokens[token["access_token"]].grant
    if request.form["grant_type"] == "authorization_code" and "offline_access" in grant.params["scope"]:
        token.setdefault("refresh_token", refresh_token(shape, grant))
    return token


def always_refreshes(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Give a refresh token with every login."""
    if request.form["grant_type"] == "authorization_code" or "device_code" in request.form["grant_type"]:
        grant = shape.records.access_tokens[token["access_token"]].grant
        token.setdefault("refresh_token", refresh_token(shape, grant))
    return token


def at(root: str, **paths: str) -> dict[str, str]:
    """Return addresses below one root."""
    return {name: f"{root}{path}" for name, path in paths.items()}


def host_of(url: str) -> str:
    """Return the host of a URL."""
    return urlsplit(url).netloc
