"""Auth0's shape: an issuer with a slash at its end, and tokens for an `audience`."""

from __future__ import annotations

from typing import Any

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.messages import as_json

from .page import Journey, Page, logs_out_at, prints
from .shape import Shape, Ways, at, client_of, refreshes, whoami

ROOT = "https://example.eu.auth0.com"
PATHS = {
    "configuration": "/.well-known/openid-configuration",
    "authorization": "/authorize",
    "token": "/oauth/token",
    "userinfo": "/userinfo",
    "jwks": "/.well-known/jwks.json",
    "revocation": "/oauth/revoke",
    "device_authorization": "/oauth/device/code",
    "end_session": "/oidc/logout",
}


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens: those of a code have no at_hash."""
    return {"at_hash": None, "auth_time": None, "acr": None, "updated_at": "2026-01-01T00:00:00.000Z"}


def for_audience(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Be an API whose tokens were asked for with its audience."""
    token = shape.check_access_token(request, None)
    asked = {one.form.get("audience") for one in shape.requests} | {one.query.get("audience") for one in shape.requests}
    if "https://api.example.com" not in asked:
        return as_json({"error": "an opaque token"}, status=401)
    return as_json({"id": token.claims["sub"]})


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        claims=claims,
        answers={"token": refreshes},
        callback=lambda form: {"iss": None},
        stated={
            "scopes_supported": ["openid", "profile", "offline_access", "name", "email"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
        },
        apis={"https://api.example.com/me": for_audience, f"{ROOT}/api/v2/users": whoami},
    )
    clients = {"my-app": client_of(), "my-cli": client_of("none"), "my-service": client_of()}
    return [Shape(f"{ROOT}/", at(ROOT, **PATHS), ways, clients=clients, approves_devices=True)]


PAGE = Page(
    name="auth0",
    shapes=shapes,
    checks={
        "Log users in to a web site": logs_out_at(f"{ROOT}/oidc/logout?id_token_hint=", "alice"),
        "A command line logs its user in": prints("alice"),
        "A service calls an API": prints("my-service"),
        "The Management API": prints("my-service"),
    },
    journeys={"slash": Journey({"issuer": f"{ROOT}/"}, params={"audience": "https://api.example.com"})},
)
