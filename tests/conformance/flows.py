"""How a row is played: a client of the library on one flavor, a browser without pages, and the journeys.

`Run` holds what a test has; a journey is a function of it: `login(run)`. It calls the library as an application
does, and does nothing more: what is refused is refused by the library's exception, which ends the journey.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import requests

from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationResponse,
    BearerToken,
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    PrivateKeyJwt,
    PublicApp,
    SelfSignedTlsClientAuth,
    TlsClientAuth,
)

from .endpoints import ENDPOINTS, read_form
from .keys import CLIENT_KEYS, client_jwks
from .op import Op
from .server import Server
from .table import Row, Variant

REDIRECT_URI = "https://rp.local/callback"
ENOUGH = 10.0  # seconds


class Run:
    """One row, in one variant, on one flavor.

    Attributes:
        op: the double. `answer`, `token`, `userinfo`: what the library returned so far.
    """

    def __init__(self, flavor: Flavor, server: Server, row: Row, variant: Variant) -> None:
        self.flavor, self.server, self.row, self.variant = flavor, server, row, variant
        self.op = Op(
            server,
            endpoints=ENDPOINTS,
            demands=row.demands,
            change=row.change,
            crime=row.the_crime,
            answers=row.answers,
            metadata=row.metadata,
            registered={"redirect_uris": [REDIRECT_URI], **row.registered, **variant.settings.get("registered", {})},
            alg=row.alg,
        )
        self.op.store.update({"response_type": variant.response_type, **row.store, **variant.settings.get("store", {})})
        self.answer: AuthorizationResponse | Any = None
        self.token: BearerToken | Any = None
        self.userinfo: Any = None
        self.store: dict[str, Any] = {}
        if "jwt" in self.op.client["token_endpoint_auth_method"]:
            self.op.client.setdefault("jwks", client_jwks("RS256", "ES256"))

    def __call__(self, outcome: Any) -> Any:
        """Return what a method of the client gave; await it first where that is needed."""
        return self.flavor.run(outcome)

    @cached_property
    def client(self) -> Any:
        """The library's client, made from the OP's metadata."""
        return self.discovered()

    def discovered(self, **settings: Any) -> Any:
        """Make a client from the OP's metadata."""
        own = self.row.client(self) if callable(self.row.client) else self.row.client
        given = {"issuer": self.op.issuer, "redirect_uri": REDIRECT_URI, "auth": self.auth}
        known: dict[str, Any] = {**given, **own, **settings}
        if self.op.alg != "RS256":
            known.setdefault("id_token_signed_response_alg", self.op.alg)
        made = self(self.flavor.named("OAuth2Client").from_discovery_endpoint(**known))
        return self.flavor.keep(made)

    @property
    def auth(self) -> Any:
        """The client's method at the token endpoint, as it is registered."""
        client_id, secret = self.op.client["client_id"], self.op.client["client_secret"]
        make: dict[str, Any] = {
            "client_secret_basic": lambda: ClientSecretBasic(client_id, secret),
            "client_secret_post": lambda: ClientSecretPost(client_id, secret),
            "client_secret_jwt": lambda: ClientSecretJwt(client_id, secret),
            "private_key_jwt": lambda: PrivateKeyJwt(client_id, private_jwk(self.signing_alg)),
            "tls_client_auth": lambda: TlsClientAuth(client_id, self.certificate),
            "self_signed_tls_client_auth": lambda: SelfSignedTlsClientAuth(client_id, self.certificate),
            "none": lambda: PublicApp(client_id),
        }
        return make[self.op.client["token_endpoint_auth_method"]]()

    @property
    def signing_alg(self) -> str:
        """What the client signs its assertions with."""
        return str(self.op.client.get("token_endpoint_auth_signing_alg", "RS256"))

    @cached_property
    def certificate(self) -> tuple[str, str]:
        """The paths of the client's certificate and key; the OP knows the certificate."""
        made = self.server.client_certificate("client")
        from cryptography.hazmat.primitives.serialization import Encoding

        self.op.store["certificate"] = made.certificate.public_bytes(Encoding.DER)
        return str(made.certificate_file), str(made.key_file)

    def request(self, **more: Any) -> Any:
        """Make the authorization request of the variant."""
        arguments = {
            "response_type": self.variant.response_type,
            **self.row.request,
            **self.variant.settings.get("request", {}),
            **more,
        }
        if self.variant.response_mode is not None:
            arguments.setdefault("response_mode", self.variant.response_mode)
        return self.client.authorization_request(**arguments)

    def browse(self, request: Any) -> Any:
        """Visit a URL as a browser does that has nothing to show; return where the OP sends it, or what it posts."""
        came = requests.get(str(request), allow_redirects=False, timeout=ENOUGH)
        assert came.status_code in {200, 302}, (came.status_code, came.text)
        return came.headers["Location"] if came.status_code == 302 else read_form(came.text)

    def authorized(self, request: Any = None) -> Any:
        """Go to the OP and come back; return the checked answer."""
        request = self.request() if request is None else request
        self.answer = self(self.client.authorization_response(request, self.browse(request)))
        return self.answer

    def redeemed(self) -> Any:
        """Return the token of the answer: for its code, or what came with it."""
        if "code" in self.variant.response_type.split():
            self.token = self(self.client.authorization_code(self.answer))
        elif "token" in self.variant.response_type.split():
            self.token = BearerToken(self.answer.access_token, id_token=self.answer.id_token)
        return self.token

    def told(self, **how: Any) -> Any:
        """Ask about the user, where there is a token to ask with."""
        if self.token is not None:
            self.userinfo = self(self.client.userinfo(self.token, **how))
        return self.userinfo

    @property
    def id_token(self) -> Any:
        """The newest ID token that the library has given."""
        return (self.token is not None and self.token.id_token) or self.answer.id_token


def private_jwk(alg: str) -> dict[str, Any]:
    """Return the client's private key for an alg."""
    found: dict[str, Any] = {**CLIENT_KEYS[alg].as_dict(private=True), "alg": alg}
    return found


def login(run: Run) -> None:
    """Log in: authorize, redeem, userinfo; all that the response type has."""
    run.authorized()
    run.redeemed()
    run.told()
    assert run.id_token.checked
    assert run.token is None or run.userinfo["sub"] == run.id_token.subject
