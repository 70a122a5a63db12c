"""Okta's shape: a custom authorization server, and the one of the organization, which demands DPoP with nonces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from requests_oauth2client._jose import compact
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk
from requests_oauth2client.testing import ReceivedRequest, Refusal
from requests_oauth2client.testing.clients import Client

from .page import Journey, Page, logs_out_at, prints
from .shape import Shape, Ways, at, client_of, refreshes, whoami

KEY = generate_private_jwk("RS256", kid="my-key")
PATHS = {
    "authorization": "/v1/authorize",
    "token": "/v1/token",
    "userinfo": "/v1/userinfo",
    "jwks": "/v1/keys",
    "introspection": "/v1/introspect",
    "revocation": "/v1/revoke",
    "end_session": "/v1/logout",
    "device_authorization": "/v1/device/authorize",
    "pushed_authorization_request": "/v1/par",
}
STATED = {
    "response_modes_supported": ["query", "fragment", "form_post", "okta_post_message"],
    "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access", "device_sso"],
    "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt",
        "none",
    ],
    "dpop_signing_alg_values_supported": ["RS256", "ES256"],
    "code_challenge_methods_supported": ["S256"],
}


class Okta(Shape):
    """Okta: the audience of a client assertion is the endpoint that is called."""

    def authenticate(self, request: ReceivedRequest, form: Any) -> Client:
        """Compare the audience."""
        if "client_assertion" in form:
            aud = compact.take_apart(form["client_assertion"]).claims()["aud"]
            if aud != request.url:
                text = "The audience claim for client_assertion must be the endpoint invoked for the request."
                raise Refusal("invalid_client", text, status=401)
        return super().authenticate(request, form)


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens."""
    return {"ver": 1, "jti": "ID.1", "amr": ["pwd"], "idp": "00o1", "sid": None, "acr": None}


def shapes() -> list[Shape]:
    """Make the provider anew."""
    issuer = "https://example.okta.com/oauth2/default"
    known = {"configuration": "/.well-known/openid-configuration", **PATHS}
    ways = Ways(
        claims=claims,
        answers={"token": refreshes},
        callback=lambda form: {"iss": None},
        stated=STATED,
        apis={"https://api.example.com/me": whoami},
    )
    clients = {"my-app": client_of(), "my-cli": client_of("none"), "my-service": client_of("client_secret_basic")}
    custom = Okta(issuer, at(issuer, **known), ways, clients=clients, approves_devices=True)
    key = client_of("private_key_jwt", jwks={"keys": [public_jwk(KEY)]}, dpop_bound_access_tokens=True)
    org = Okta(
        "https://org.okta.com",
        {
            **at("https://org.okta.com/oauth2", **PATHS),
            **at("https://org.okta.com", configuration=known["configuration"]),
        },
        Ways(stated=STATED, apis={"https://org.okta.com/api/v1/users": whoami}),
        clients={"my-okta-service": key},
    )
    org.require_dpop_nonce()
    return [custom, org]


def prepare(folder: Path) -> None:
    """Put the key where the program finds it."""
    (folder / "key.json").write_text(json.dumps(dict(KEY)))


PAGE = Page(
    name="okta",
    shapes=shapes,
    prepare=prepare,
    checks={
        "Log users in to a web site": logs_out_at("https://example.okta.com/oauth2/default/v1/logout?id_token_hint="),
        "A command line logs its user in": prints("alice"),
        "A service calls an API": prints("my-service"),
        "A service calls Okta's own API": prints("my-okta-service"),
    },
    journeys={"custom": Journey({"issuer": "https://example.okta.com/oauth2/default"})},
)
