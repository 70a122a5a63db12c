"""A misbehaving OpenID provider: the test double of the conformance proof (docs/conformance.md).

How it is built, and how to add a row:

    server.py    listeners on loopback, http and mutual TLS; knows no OAuth
    keys.py      real keys; `Draft`: a JWT before it is signed
    op.py        `Op`: one provider with one registered client: its state, its hooks, and what it saw
    endpoints.py a function for each endpoint: `ENDPOINTS[name](op, request) -> Answer`
    demands.py   what the suite's OP demands of each client request (section 7 of the facts); a table
    changes.py   small functions that change a document before it is sent: `suffixed("nonce")`, `without("iat")`
    table.py     `Row`, `Variant`, and the table of all rows: `ROWS`, `GAPS`, `APPLICATION`
    flows.py     `Run`: a client of the library on a flavor, against an `Op`; `login(run)` and other journeys
    rows_*.py    the rows: each a `ROWS = {row id: Row(...)}`, listed in table.MODULES
    test_rows.py one parametrized test for all rows, variants and flavors

A row is data: `Row(change={"id_token": suffixed("nonce")}, refused=MismatchingIdTokenNonce)`. `change` names a hook
of the double, that is a document just before it is sent:

    metadata jwks                       dicts (the discovery document, the key set)
    authorization_response              a dict: the parameters of the callback; then, with JARM,
    response_jwt                        the Draft of the JWT with them
    entity_configuration                a Draft
    id_token refreshed_id_token         Drafts; `made_for` is `authorization`, `token` or `refresh`
    token_response refresh_response     dicts
    userinfo userinfo_jwt               a dict; then, where the client is registered so, a Draft
    registration_response               a dict
    logout_token logout_form            a Draft; a dict: the form with it
    par_response backchannel_response   dicts

`answers={"token": function(op, request)}` answers in the place of an endpoint (None: the endpoint answers after all):
for nonces, 401s, polls. `metadata={...}` adds to the discovery document, `registered={...}` to what the OP knows of
its client. What the OP demands is in `demands`: by default those of OIDC (demands.OIDC); a profile passes its own.
The double records every call in `op.calls` and each violation of a demand in `op.violations`: a test with one fails.
The *crime* is the first time that the row's changed document was sent (`Row.crime` names the hook; by default the
last of `change`); after it, the endpoints in `Row.silent` must not be called.
"""

from __future__ import annotations

import random
import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from devkit.exchange import Answer, answer

from .changes import Change
from .keys import OP_KEYS, Draft, half_hash
from .server import Asked, Server

PUNCTUATION = "!:+%&"  # ids and secrets draw on RFC 6749 appendix A
ALNUM = string.ascii_letters + string.digits
LIFETIME = 300  # seconds of an ID token
SUB = "the-user"


def alnum(length: int = 30) -> str:
    """Make a code or an access token."""
    return "".join(random.choices(ALNUM, k=length))  # noqa: S311  a test


def punctuated(name: str) -> str:
    """Make an id or a secret that has to be encoded everywhere."""
    return f"{name}-{PUNCTUATION}-{secrets.token_hex(16)}"


@dataclass
class Grant:
    """What a user granted: the parameters of the request, and what came of it."""

    params: dict[str, str]
    code: str = ""
    access_token: str = ""
    refresh_token: str = ""
    scope: str = ""
    used: bool = False
    store: dict[str, Any] = field(default_factory=dict)  # what a profile binds to it, such as a DPoP key

    @property
    def words(self) -> list[str]:
        """The words of the response_type."""
        return self.params.get("response_type", "").split()


@dataclass(frozen=True)
class Call:
    """A request of the client, and which endpoint it came to."""

    endpoint: str
    request: Asked


class Op:
    """One provider and its one registered client.

    Attributes:
        issuer: ends with a slash, as that of the suite.
        client: what the OP has registered; `client_id`, `client_secret`, `token_endpoint_auth_method`, ...
        calls, violations: what came, and what was wrong with it.
        crime_at: how many calls had come when the bad document was sent; None before.
        grants, id_tokens, pushed: what it gave: grants by code, access token and refresh token.
        store: what a row or a profile remembers.
    """

    def __init__(
        self,
        server: Server,
        *,
        endpoints: Mapping[str, Callable[[Op, Asked], Answer]],
        demands: Mapping[str, Any],
        change: Mapping[str, Change] | None = None,
        crime: str | None = None,
        answers: Mapping[str, Callable[[Op, Asked], Answer | None]] | None = None,
        metadata: Mapping[str, Any] | None = None,
        registered: Mapping[str, Any] | None = None,
        alg: str = "RS256",
    ) -> None:
        self.server, self.endpoints, self.demands = server, endpoints, demands
        self.change, self.crime, self.answers = dict(change or {}), crime, dict(answers or {})
        self.alg, self.keys = alg, OP_KEYS[0]
        self.path = server.mount("op", self.answer)
        self.issuer = f"{server.url}{self.path}"
        self.jwks_path = f"jwks-{secrets.token_hex(4)}"
        self.client: dict[str, Any] = {
            "client_id": punctuated("client"),
            "client_secret": punctuated("secret"),
            "token_endpoint_auth_method": "client_secret_basic",
            **(registered or {}),
        }
        self.more_metadata = dict(metadata or {})
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.crime_at: int | None = None
        self.grants: dict[str, Grant] = {}
        self.id_tokens: list[str] = []
        self.pushed: dict[str, dict[str, str]] = {}
        self.store: dict[str, Any] = {}

    # --- what came

    def answer(self, request: Asked) -> Answer:
        """Record a request, judge it, and answer."""
        name = self.endpoint_of(request.path)
        if name not in self.endpoints:
            return Answer(status_code=404)
        self.calls.append(Call(name, request))
        for demand in self.demands.get(name, ()):
            demand(self, request)
        own = self.answers.get(name)
        return (own and own(self, request)) or self.endpoints[name](self, request)

    def endpoint_of(self, path: str) -> str:
        """Return the name of the endpoint at a path."""
        if path.startswith("/.well-known/"):
            return "metadata"
        rest = path.removeprefix(self.path)
        names = {".well-known/openid-configuration": "metadata", ".well-known/openid-federation": "federation"}
        return {**names, self.jwks_path: "jwks"}.get(rest, rest)

    def demand(self, fulfilled: Any, what: str) -> bool:
        """Note a violation unless a demand is fulfilled."""
        if not fulfilled:
            self.violations.append(what)
        return bool(fulfilled)

    def called(self, *names: str) -> list[str]:
        """Return the names of the endpoints that were called, in order; only those named, if any are."""
        return [call.endpoint for call in self.calls if not names or call.endpoint in names]

    def called_after_crime(self) -> list[str]:
        """Return what was called after the bad document was sent."""
        return [call.endpoint for call in self.calls[self.crime_at or 0 :]]

    def requests_to(self, name: str) -> list[Asked]:
        """Return the requests that came to an endpoint."""
        return [call.request for call in self.calls if call.endpoint == name]

    # --- what it sends

    def changed(self, hook: str, document: Any) -> Any:
        """Give the row its chance to change a document; note when the crime was committed."""
        if hook in self.change:
            self.change[hook](document, self)
        if hook == self.crime and self.crime_at is None:
            self.crime_at = len(self.calls)
        return document

    def url(self, name: str, *, mtls: bool = False) -> str:
        """Return the address of an endpoint."""
        base = f"{self.server.tls_url}{self.path}" if mtls else self.issuer
        return f"{base}{self.jwks_path if name == 'jwks' else name}"

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document, quirks included (section 7.1)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.url("authorize"),
            "token_endpoint": self.url("token"),
            "jwks_uri": self.url("jwks"),
            "userinfo_endpoint": self.url("userinfo"),
            "registration_endpoint": self.url("register"),
            "end_session_endpoint": self.url("logout"),
            "scopes_supported": ["openid", "phone", "profile", "email", "address", "offline_access"],
            "response_types_supported": [
                "code", "id_token code", "token code id_token", "id_token", "token id_token", "token code", "token",
            ],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "token_endpoint_auth_methods_supported": [self.client["token_endpoint_auth_method"]],
            "grant_types_supported": ["authorization_code", "implicit"],
            "claims_parameter_supported": True,
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["none", "RS256", "PS256", "ES256", "ES256K", "EdDSA"],
            **self.more_metadata,
        }  # fmt: skip

    def draft(self, made_for: str, claims: Mapping[str, Any]) -> Draft:
        """Begin a JWT, to be signed as the client is registered."""
        key = self.client["client_secret"] if self.alg.startswith("HS") else self.keys.pick(self.alg)
        return Draft(dict(claims), self.alg, key, made_for=made_for)

    def id_token(self, grant: Grant, made_for: str, **hashed: str) -> str:
        """Make an ID token as the suite does.

        Args:
            grant: whose.
            made_for: `authorization`, `token`, `refresh` or `backchannel`.
            **hashed: what `c_hash`, `at_hash` and `s_hash` are of; empty: none.
        """
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": SUB, "aud": self.client["client_id"], "iat": now, "exp": now + LIFETIME,
            **({"nonce": grant.params["nonce"]} if "nonce" in grant.params else {}),
            **({"auth_time": now} if "max_age" in grant.params else {}),
            **({"sid": self.store["sid"]} if "sid" in self.store else {}),
            **({} if grant.params.get("response_type") != "id_token" else user_claims(grant.scope)),
            **{name: half_hash(text) for name, text in hashed.items() if text},
        }  # fmt: skip
        draft = self.changed("id_token", self.draft(made_for, claims))
        if made_for == "refresh":
            draft = self.changed("refreshed_id_token", draft)
        self.id_tokens.append(draft.serialized())
        return self.id_tokens[-1]

    def issue(self, grant: Grant, *, refresh: bool = False) -> dict[str, Any]:
        """Give an access token, and a refresh token where that is wanted."""
        grant.access_token = alnum()
        self.grants[grant.access_token] = grant
        given = {
            "access_token": grant.access_token,
            "token_type": self.store.get("token_type", "Bearer"),
            "expires_in": 300,
            "scope": grant.scope,
        }
        if refresh:
            self.grants.pop(grant.refresh_token, None)  # rotated
            grant.refresh_token = punctuated(alnum())
            self.grants[grant.refresh_token] = grant
            given["refresh_token"] = grant.refresh_token
        return given

    def rotate_keys(self) -> None:
        """Sign with other keys from now on, and publish only those."""
        self.keys = OP_KEYS[1] if self.keys is OP_KEYS[0] else OP_KEYS[0]


def user_claims(scope: str) -> dict[str, Any]:
    """Return the claims for the words of a scope (OIDC Core section 5.4)."""
    rows: dict[str, dict[str, Any]] = {
        "profile": {"name": "The User", "preferred_username": "user"},
        "email": {"email": "user@op.local", "email_verified": False},
        "phone": {"phone_number": "+49 000 000000", "phone_number_verified": False},
        "address": {"address": {"country": "Nowhere"}},
    }
    return {name: value for word in scope.split() for name, value in rows.get(word, {}).items()}


def json_answer(document: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON that nobody keeps."""
    return answer(document, status, Cache_Control="no-store", **headers)


def origin(url: str) -> str:
    """Return scheme and host of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
