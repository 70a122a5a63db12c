"""Amazon Cognito's shape: endpoints on their own domain, a logout with other parameters, a refresh that rotates."""

from __future__ import annotations

import time
from typing import Any

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.issuing import refresh_token
from requests_oauth2client.testing.messages import as_json, as_page, as_redirect

from .page import Journey, Page, logs_out_at, prints
from .shape import Shape, Ways, at, client_of, whoami

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34E"
DOMAIN = "https://example.auth.eu-west-1.amazoncognito.com"


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response: a login always has a refresh token."""
    grant = shape.records.access_tokens[token["access_token"]].grant
    if request.form["grant_type"] == "authorization_code":
        token.setdefault("refresh_token", refresh_token(shape, grant))
    return token


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens: a refresh has another auth_time."""
    is_refresh = "nonce" not in known
    more = {"cognito:username": "alice", "cognito:groups": ["admins"], "token_use": "id", "sid": None, "acr": None}
    return {**more, "auth_time": int(time.time()) + 1 if is_refresh else known["auth_time"]}


def userinfo(shape: Shape, request: ReceivedRequest, answered: dict[str, Any]) -> dict[str, Any]:
    """Change userinfo: email_verified is a string."""
    return {**answered, "username": "alice", "email_verified": "true"}


def logout(_shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Demand parameters of its own."""
    asked = request.query
    if "client_id" not in asked or asked.get("logout_uri") != "https://app.example.com/":
        return as_page("Error", "Required String parameter 'logout_uri' is not present", status=400)
    return as_redirect(asked["logout_uri"])


def refused(_shape: Shape, _request: ReceivedRequest, error: dict[str, Any]) -> ServerResponse:
    """Refuse without a description."""
    return as_json({"error": error["error"]}, status=400)


def shapes() -> list[Shape]:
    """Make the provider anew."""
    paths = {
        "authorization": "/oauth2/authorize",
        "token": "/oauth2/token",
        "userinfo": "/oauth2/userInfo",
        "revocation": "/oauth2/revoke",
    }
    addresses = {
        **at(ISSUER, configuration="/.well-known/openid-configuration", jwks="/.well-known/jwks.json"),
        **at(DOMAIN, **paths),
    }
    ways = Ways(
        claims=claims,
        answers={"token": answer, "userinfo": userinfo},
        refusals={"token": refused},
        callback=lambda form: {"iss": None},
        stated={
            "end_session_endpoint": f"{DOMAIN}/logout",
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        },
        apis={f"{DOMAIN}/logout": logout, "https://api.example.com/me": whoami},
    )
    clients = {"my-app": client_of(), "my-cli": client_of("none"), "my-service": client_of()}
    return [Shape(ISSUER, addresses, ways, clients=clients)]


PAGE = Page(
    name="amazon-cognito",
    shapes=shapes,
    checks={
        "Log users in to a web site": logs_out_at(f"{DOMAIN}/logout?logout_uri=https%3A%2F%2Fapp.example.com%2F&"),
        "A command line logs its user in": prints("alice"),
        "A service calls an API": prints("my-service"),
    },
    journeys={
        "rotation": Journey(
            {"issuer": ISSUER, "refreshed_auth_time_may_change": True},
            scope="openid email",
            has=("id_token", "userinfo", "refresh"),
        )
    },
)
