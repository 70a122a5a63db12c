"""An authorization server for tests: strict, with real keys, in process or on 127.0.0.1; it lies only when told to.

server = AuthorizationServer()
with server.installed():
    client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=("my-app", "secret"))
    callback = server.log_in(client.authorization_request(redirect_uri="https://app.test/callback").uri)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import requests

from .._core import times
from .._core.redaction import one_line
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam
from . import authorization, grants, services, transports
from .authorization import Callback
from .issuing import access_token
from .messages import ReceivedRequest, Refusal, ServerResponse, as_json, as_page
from .misbehavior import MISBEHAVIORS, Change
from .records import AccessToken, Grant
from .state import ServerState

Endpoint = Callable[[ServerState, ReceivedRequest], ServerResponse]
WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
HANDLERS: dict[str, Endpoint] = {
    "configuration": services.metadata,
    "jwks": services.jwks,
    "authorization": authorization.authorize,
    "pushed_authorization_request": authorization.push,
    "token": grants.token,
    "device_authorization": grants.authorize_device,
    "device": services.device_page,
    "backchannel_authentication": grants.authenticate_backchannel,
    "introspection": services.introspect,
    "revocation": services.revoke,
    "userinfo": services.userinfo,
    "registration": services.register,
    "end_session": services.end_session,
}
NOT_FOUND = 404
LOGOUT_TIMEOUT = 10  # seconds for an application to take a logout token


class AuthorizationServer(ServerState):
    """A strict OAuth 2.x and OpenID Connect server for tests. Safe to use from any thread.

    Args:
        issuer: who it is; `installed()` answers requests to this origin.
        access_token_lifetime: seconds.
        rotate_refresh_tokens: whether each refresh gives another refresh token.
        reuse_ends_session: whether a refresh token that is used a second time ends everything of its login (RFC 9700).
        clients: client_id to client metadata (RFC 7591 section 2), with `client_secret` and `jwks`, which are then
            enforced. None takes any client with any credentials.
        profile: `oauth2.1` (PKCE for all clients), `fapi2` (and pushed requests, and tokens bound to keys), or None.
        polling_interval: seconds that a client has to wait between two questions of a device or CIBA grant.

    Attributes:
        requests: what came, in order.
        users: further claims of users, by user: `server.users["alice"] = {"groups": ["admin"]}`.
        further_metadata: members of the metadata that are others: None leaves one out. Only the metadata change.

    Raises:
        InvalidParam: there is no such profile.
    """

    def __init__(
        self,
        issuer: str = "https://as.test",
        *,
        access_token_lifetime: int = 3600,
        rotate_refresh_tokens: bool = True,
        reuse_ends_session: bool = True,
        clients: Mapping[str, Mapping[str, Any]] | None = None,
        profile: Literal["oauth2.1", "fapi2"] | None = None,
        polling_interval: float = 1,
    ) -> None:
        super().__init__(
            issuer,
            access_token_lifetime=access_token_lifetime,
            rotate_refresh_tokens=rotate_refresh_tokens,
            reuse_ends_session=reuse_ends_session,
            clients=clients,
            profile=profile,
            polling_interval=polling_interval,
        )
        self._plans: dict[str, list[tuple[str, Change]]] = {}

    # --- where it answers

    @contextmanager
    def installed(self) -> Iterator[AuthorizationServer]:
        """Answer the issuer's origin in this process, for `requests`, `httpx2` and `httpx`, until the context ends.

        Raises:
            RuntimeError: another test server is installed at this origin.
        """
        with transports.installed(self), _time_comes_back():
            yield self

    @contextmanager
    def listening(self, port: int = 0) -> Iterator[AuthorizationServer]:
        """Answer on 127.0.0.1 until the context ends; `issuer` is that address meanwhile.

        Args:
            port: 0 takes a free one.

        Raises:
            OSError: the port is in use.
        """
        with transports.listening(self, port), _time_comes_back():
            yield self

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata that the server publishes (RFC 8414)."""
        return services.metadata_of(self)

    # --- people

    def log_in(self, url: object, user: str = "alice", deny: str | None = None) -> Callback:
        """Be the browser and its user: answer an authorization request.

        Args:
            url: the URL that the browser is sent to, or an authorization request.
            user: who logs in.
            deny: an error code, such as `access_denied`, instead of a yes.

        Returns:
            The URL that the browser is sent back to: a str. For `form_post`, its `form` is what is posted there.

        Raises:
            AuthorizationRefused: the server shows an error page, since client_id or redirect_uri is wrong.
        """
        parts = urlsplit(str(url))
        expected = urlsplit(self.metadata["authorization_endpoint"])
        if parts[:3] != expected[:3]:
            msg = (
                f"{one_line(url)} is not the authorization endpoint of the test server, {expected.geturl()}. Pass where"
                " your login route redirects to."
            )
            raise InvalidParam(msg)
        items = parse_qsl(parts.query, keep_blank_values=True)
        with self._lock:
            headers = {"host": parts.netloc}
            self.requests.append(ReceivedRequest(method="GET", url=str(url), headers=headers, endpoint="authorization"))
            return authorization.log_in(self, items, user, deny)

    def approve(self, code: str, user: str = "alice", deny: str | None = None) -> None:
        """Be the person who approves a device, or a backchannel request on their phone.

        Args:
            code: a user_code (RFC 8628) or an auth_req_id (CIBA).
            user: who approves a device.
            deny: an error code, such as `access_denied`, instead of a yes.

        Raises:
            LookupError: nothing waits under this code.
        """
        with self._lock:
            grants.decide(self, code, user, deny)

    def log_out(self, user: str = "alice") -> list[str]:
        """End a user's sessions, as if they had logged out elsewhere.

        Logout tokens are posted to every client with a `backchannel_logout_uri` (OIDC Back-Channel Logout section 2.5).

        Returns:
            The logout tokens, one for each client that the user was logged in at.
        """
        with self._lock:
            tokens = services.end_sessions(self, user)
        self._post_logout_tokens()
        return tokens

    # --- tokens

    def token(self, **claims: Any) -> BearerToken:
        """Return an access token as if it had been granted: an at+jwt that introspection and userinfo know (RFC 9068).

        Args:
            **claims: replace those of the token, such as `sub`, `scope`, `aud`, `exp`; None leaves one out.
        """
        with self._lock:
            jkt = (claims.get("cnf") or {}).get("jkt")
            user = claims.get("sub", "alice")
            grant = Grant(client_id=claims.get("client_id", "test-client"), user=user, dpop_jkt=jkt)
            scope = str(claims.pop("scope", "") or "").split()
            grant.scope = scope
            issued = access_token(self, grant, scope=scope, **claims)
        exp = issued.claims.get("exp")
        return BearerToken(issued.value, expires_at=exp, scope=" ".join(scope) or None)

    def check_access_token(self, request: ReceivedRequest, scope: str | None = None) -> AccessToken:
        """Return the access token of a request to a protected resource of yours.

        Raises:
            Refusal: with the status and headers of the RFCs; `.response()` is what to answer.
        """
        return services.check_access_token(self, request, scope)

    # --- what goes wrong

    def fail(self, endpoint: str, times: int = 1, status: int = 503, body: str | bytes | None = None) -> None:
        """Answer an error instead, a number of times.

        Args:
            endpoint: by its name in the metadata or a short one: `token_endpoint`, `token`, `jwks_uri`, `jwks`;
                `configuration` for the metadata themselves.
            times: how often.
            status: the HTTP status.
            body: what is answered; JSON if it looks like it.
        """
        content = body.encode() if isinstance(body, str) else body or b""
        kind = "application/json" if content[:1] in {b"{", b"["} else "text/plain"
        response = ServerResponse(status=status, headers={"Content-Type": kind}, body=content)
        self._plan(endpoint, times, "instead", lambda *_: response)

    def misbehave(self, name: str, endpoint: str | None = None, times: int = 1) -> None:
        """Misbehave in one of the ways of `MISBEHAVIORS`, a number of times.

        Args:
            name: which.
            endpoint: where; by default where it usually happens.
            times: how often.

        Raises:
            InvalidParam: there is no such misbehavior, or no such endpoint.
        """
        found = MISBEHAVIORS.get(name)
        if found is None:
            msg = f"There is no misbehavior {name!r}. There are {', '.join(MISBEHAVIORS)}."
            raise InvalidParam(msg)
        kind, change = ("change", found.change) if found.change else ("instead", found.instead)
        if change is not None:
            self._plan(endpoint or found.endpoint, times, kind, change)

    def lie(self, **claims: Any) -> None:
        """Say something else in every ID token from now on; without arguments, tell the truth again.

        Args:
            **claims: replace those of ID tokens; None leaves one out.
        """
        self.liar.claims = claims
        self.liar.sign = None

    def travel(self, seconds: float) -> None:
        """Move the clock of this server and of the whole library; journeys add up, and end with the context."""
        times.travel(seconds)

    # --- machinery

    def _plan(self, endpoint: str, times: int, kind: str, change: Change) -> None:
        name = _short_name(endpoint)
        with self._lock:
            self._plans.setdefault(name, []).extend([(kind, change)] * times)

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request, whichever way it came."""
        with self._lock:
            name = self._endpoint_of(request)
            request = ReceivedRequest(
                method=request.method, url=request.url, headers=request.headers, body=request.body, endpoint=name
            )
            self.requests.append(request)
            response = self._planned(request)
        self._post_logout_tokens()
        return response

    def _planned(self, request: ReceivedRequest) -> ServerResponse:
        plans = self._plans.get(request.endpoint)
        if not plans:
            return self.endpoint(request)
        kind, change = plans.pop(0)
        before = self.endpoint(request) if kind == "change" else ServerResponse()
        return change(self, request, before)

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request as the endpoint does that it is for."""
        handler = HANDLERS.get(request.endpoint)
        if handler is None:
            return as_json({"error": "not_found"}, status=NOT_FOUND)
        try:
            return handler(self, request)
        except authorization.AuthorizationRefused as refusal:
            return as_page("This request can't be answered", refusal.error, refusal.description, status=refusal.status)
        except Refusal as refusal:
            return refusal.response()

    def _endpoint_of(self, request: ReceivedRequest) -> str:
        path = request.path.removeprefix(urlsplit(self.issuer).path)
        if path in WELL_KNOWN or request.path in {f"{one}{urlsplit(self.issuer).path}" for one in WELL_KNOWN}:
            return "configuration"
        if path == "/device":
            return "device"
        for name, (own, _) in services.ENDPOINTS.items():
            if path == own or (name == "registration" and path.startswith(f"{own}/")):
                return name
        return ""

    def _post_logout_tokens(self) -> None:
        with self._lock:
            outbox, self.outbox = self.outbox, []
        for uri, token in outbox:  # not under the lock: the application asks this server for its keys
            requests.post(uri, data={"logout_token": token}, timeout=LOGOUT_TIMEOUT)

    def __repr__(self) -> str:
        return f"<AuthorizationServer issuer={self.issuer!r}>"


@contextmanager
def _time_comes_back() -> Iterator[None]:
    try:
        yield
    finally:
        times.travel(None)


def _short_name(endpoint: str) -> str:
    """Return the short name of an endpoint.

    Raises:
        InvalidParam: there is no such one.
    """
    by_metadata = {name: short for short, (_, name) in services.ENDPOINTS.items()}
    well_known = {path.rpartition("/")[2]: "configuration" for path in WELL_KNOWN} | {"discovery": "configuration"}
    short = {**well_known, **by_metadata}.get(endpoint, endpoint)
    if short not in HANDLERS:
        msg = f"There is no endpoint {endpoint!r}. There are {', '.join(HANDLERS)}."
        raise InvalidParam(msg)
    return short


__all__ = ["AuthorizationServer"]
