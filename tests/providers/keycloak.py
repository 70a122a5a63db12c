"""Keycloak's shapes: a realm, one with another host for services, and one of `start-dev` in a container."""

from __future__ import annotations

from typing import Any

from requests_oauth2client.testing import ReceivedRequest, services
from requests_oauth2client.testing.issuing import refresh_token
from tests.contract.documents import Block

from .page import Journey, Page, logs_out_at, prints
from .people import Reader, Site
from .shape import Shape, Ways, at, client_of, whoami

PATHS = {
    "authorization": "/protocol/openid-connect/auth",
    "token": "/protocol/openid-connect/token",
    "userinfo": "/protocol/openid-connect/userinfo",
    "jwks": "/protocol/openid-connect/certs",
    "introspection": "/protocol/openid-connect/token/introspect",
    "revocation": "/protocol/openid-connect/revoke",
    "end_session": "/protocol/openid-connect/logout",
    "device_authorization": "/protocol/openid-connect/auth/device",
    "pushed_authorization_request": "/protocol/openid-connect/ext/par/request",
}
CONFIGURATION = "/.well-known/openid-configuration"
STATED = {
    "response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
    "scopes_supported": ["openid", "profile", "email", "offline_access", "roles", "acr", "basic"],
    "token_endpoint_auth_methods_supported": [
        "private_key_jwt",
        "client_secret_basic",
        "client_secret_post",
        "tls_client_auth",
        "client_secret_jwt",
    ],
    "authorization_response_iss_parameter_supported": True,
    "backchannel_logout_supported": True,
    "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "RS256", "ES256"],
}


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens."""
    return {"typ": "ID", "azp": known["aud"], "acr": "1", "jti": "1"}


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response: a login always has a refresh token."""
    grant = shape.records.access_tokens[token["access_token"]].grant
    if grant.user is not None:
        token.setdefault("refresh_token", refresh_token(shape, grant))
    return {**token, "refresh_expires_in": 1800, "not-before-policy": 0, "session_state": "s"}


def realm(issuer: str, addresses: dict[str, str], **more: Any) -> Shape:
    """Make a realm anew."""
    ways = Ways(
        claims=claims,
        answers={"token": answer},
        callback=lambda form: {"session_state": "s"},
        stated=STATED,
        apis=more.pop("apis", {}),
    )
    site = client_of(backchannel_logout_uri="https://app.example.com/auth/main/backchannel-logout")
    clients = {"my-app": site, "my-cli": client_of("none"), "my-service": client_of("client_secret_basic")}
    return Shape(issuer, addresses, ways, clients=clients, approves_devices=True, **more)


def shapes() -> list[Shape]:
    """Make the realms anew."""
    public = "https://sso.example.com/realms/demo"
    split = "https://login.example.com/realms/demo"
    inside = "http://keycloak:8080/realms/demo"
    local = "http://localhost:8080/realms/demo"
    inner = {name: path for name, path in PATHS.items() if name not in {"authorization", "end_session"}}
    browsers = {name: path for name, path in PATHS.items() if name not in inner}
    api = {"https://api.example.com/me": whoami}
    at_8080 = {
        **at("http://sso-inside:8080/realms/demo", configuration=CONFIGURATION, **inner),
        **at(split, **browsers),
    }
    started = {**at(inside, configuration=CONFIGURATION, **inner), **at(local, **browsers)}
    dev = realm(inside, started)
    dev.ways.callback = lambda form: {"iss": local, "session_state": "s"}
    dev.ways.stated = {**STATED, **{f"{name}_endpoint": f"{inside}{PATHS[name]}" for name in browsers}}
    return [realm(public, at(public, configuration=CONFIGURATION, **PATHS), apis=api), realm(split, at_8080), dev]


def ends_everywhere(reader: Reader, block: Block) -> None:
    """Log in, be logged out by the realm, and have to log in again."""
    site = Site(reader["app"], reader)
    assert "alice" in site.visit()
    (token,) = services.end_sessions(reader.shapes[0], "alice")
    reader.shapes[0].outbox.clear()  # the site is not on the network: it is shown the token here
    status, _, text = site.send("/auth/main/backchannel-logout", {"logout_token": token})
    assert status == 200, text
    assert site.send("/")[0] in {302, 303}
    logs_out_at("https://sso.example.com/realms/demo/protocol/openid-connect/logout?id_token_hint=")(reader, block)


PAGE = Page(
    name="keycloak",
    shapes=shapes,
    checks={
        "Log users in to a web site": ends_everywhere,
        "A command line logs its user in": prints("alice"),
        "A service calls an API": prints("my-service"),
        "Another host name for services": logs_out_at("https://login.example.com/realms/demo/protocol"),
        "`start-dev` in Docker": logs_out_at("http://localhost:8080/realms/demo/protocol"),
    },
    journeys={
        "public": Journey({"issuer": "https://sso.example.com/realms/demo"}),
        "backchannel-dynamic": Journey(
            {
                "issuer": "https://login.example.com/realms/demo",
                "metadata_url": "http://sso-inside:8080/realms/demo/.well-known/openid-configuration",
                "testing": True,
            },
            shape=1,
        ),
    },
)
