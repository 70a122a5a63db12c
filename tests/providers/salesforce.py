"""Salesforce's shape: tokens without a lifetime, and the address of the API in the token response."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import signing_key
from requests_oauth2client.testing import ReceivedRequest, Refusal, ServerResponse
from requests_oauth2client.testing.issuing import refresh_token
from requests_oauth2client.testing.messages import as_json

from .page import Journey, Page, both, greets, prints
from .shape import Shape, Ways, at, client_of

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = dict(signing_key(KEY).public_jwk or {})
ROOT = "https://example.my.salesforce.com"
PATHS = {
    "configuration": "/.well-known/openid-configuration",
    "authorization": "/services/oauth2/authorize",
    "token": "/services/oauth2/token",
    "userinfo": "/services/oauth2/userinfo",
    "revocation": "/services/oauth2/revoke",
    "introspection": "/services/oauth2/introspect",
    "jwks": "/id/keys",
    "end_session": "/services/auth/idp/oidc/logout",
}


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response."""
    grant = shape.records.access_tokens[token["access_token"]].grant
    if request.form["grant_type"] == "authorization_code" and "refresh_token" in grant.params["scope"].split():
        token["refresh_token"] = refresh_token(shape, grant)
    if request.form["grant_type"] == "refresh_token":
        del token["refresh_token"]
    del token["expires_in"]
    more = {"instance_url": ROOT, "id": f"{ROOT}/id/00D/005", "issued_at": "1767225600000", "signature": "s="}
    return {**token, **more}


def query(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Be the API, which refuses an ended session in its own words."""
    try:
        return as_json({"records": [{"Name": shape.user_of(request)}]})
    except Refusal:
        errors = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
        return as_json(errors, status=401, headers={"WWW-Authenticate": "Token"})


class Salesforce(Shape):
    """Salesforce: an assertion about a user, without any client authentication."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if request.form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return super().endpoint(request)
        said = jws.verify(request.form["assertion"], algs=["RS256"], keys={"keys": [PUBLIC]}).claims()
        if (said["iss"], said["aud"]) != ("my-service", "https://login.salesforce.com"):
            return as_json({"error": "invalid_grant", "error_description": "invalid assertion"}, status=400)
        token = self.token(sub=said["sub"], scope="api")
        return as_json({"access_token": token.access_token, "token_type": "Bearer", "instance_url": ROOT})


def prepare(folder: Path) -> None:
    """Put the key where the program finds it."""
    (folder / "key.pem").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        claims=lambda known: {"sid": None, "acr": None, "preferred_username": None},
        answers={"token": answer},
        callback=lambda form: {"iss": None},
        stated={
            "scopes_supported": ["openid", "profile", "email", "api", "refresh_token", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        },
        apis={f"{ROOT}/services/data/v62.0/query": query},
    )
    clients = {"my-app": client_of(), "my-service": client_of()}
    return [Salesforce(ROOT, at(ROOT, **PATHS), ways, clients=clients, rotate_refresh_tokens=False)]


def renews_an_ended_session(reader: Any, _: Any) -> None:
    """End all access tokens of the user; the next call gets another one."""
    for token in reader.shapes[0].records.access_tokens.values():
        token.is_revoked = True
    assert reader["api"].get("query", params={"q": "SELECT Name FROM Account"}).json()["records"]


def is_who_is_meant(reader: Any, block: Any) -> None:
    """Say whose token the last program had."""
    prints("robot@example.com" if "SignedAssertion" in block.code else "my-service")(reader, block)


PAGE = Page(
    name="salesforce",
    shapes=shapes,
    prepare=prepare,
    checks={
        "Log users in to a web site": greets("alice"),
        "A service calls an API": both(is_who_is_meant, renews_an_ended_session),
    },
    journeys={"my domain": Journey({"issuer": ROOT}, scope="openid refresh_token")},
)
