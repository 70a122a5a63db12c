"""LinkedIn's shape: no nonce in ID tokens, no PKCE, userinfo by GET."""

from __future__ import annotations

from typing import Any

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.messages import as_json

from .page import Journey, Page, greets
from .shape import Shape, Ways, client_of, without

ISSUER = "https://www.linkedin.com/oauth"
ADDRESSES = {
    "configuration": f"{ISSUER}/.well-known/openid-configuration",
    "authorization": f"{ISSUER}/v2/authorization",
    "token": f"{ISSUER}/v2/accessToken",
    "userinfo": "https://api.linkedin.com/v2/userinfo",
    "jwks": f"{ISSUER}/openid/jwks",
}


class LinkedIn(Shape):
    """LinkedIn: a code_verifier is refused, and userinfo has no POST."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if request.endpoint == "token" and "code_verifier" in request.form:
            description = "Client authentication failed"
            return as_json({"error": "invalid_client", "error_description": description}, status=401)
        if request.endpoint == "userinfo" and request.method != "GET":
            return as_json({"status": 404, "message": "Not Found"}, status=404)
        return super().endpoint(request)


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens: there is no nonce."""
    return {"nonce": None, "sid": None, "acr": None, "auth_time": None, "preferred_username": None, "locale": "en_US"}


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        claims=claims,
        answers={"token": without("refresh_token", expires_in=5_183_999)},
        callback=lambda form: {"iss": None},
        stated={"scopes_supported": ["openid", "profile", "email"]},
    )
    return [LinkedIn(ISSUER, ADDRESSES, ways, clients={"my-app": client_of()})]


PAGE = Page(
    name="linkedin",
    shapes=shapes,
    checks={"Log users in to a web site": greets("Hello, Alice")},
    journeys={
        "login": Journey(
            {"issuer": ISSUER, "code_challenge_method": None},
            scope="openid profile",
            params={"nonce": None},
            has=("id_token", "userinfo"),
        )
    },
)
