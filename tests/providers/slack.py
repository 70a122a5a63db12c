"""Slack's shape: logins with OpenID Connect, and apps with tokens of the type `bot`; errors have status 200."""

from __future__ import annotations

from typing import Any

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.messages import as_json

from .page import Journey, Page, greets, prints
from .shape import Shape, Ways, client_of

ADDRESSES: dict[str, str | tuple[str, ...]] = {
    "configuration": "https://slack.com/.well-known/openid-configuration",
    "authorization": ("https://slack.com/openid/connect/authorize", "https://slack.com/oauth/v2/authorize"),
    "token": ("https://slack.com/api/openid.connect.token", "https://slack.com/api/oauth.v2.access"),
    "userinfo": "https://slack.com/api/openid.connect.userInfo",
    "jwks": "https://slack.com/openid/connect/keys",
}


def claims(known: dict[str, Any]) -> dict[str, Any]:
    """Change the claims of ID tokens."""
    team = {"https://slack.com/team_id": "T0123456", "https://slack.com/user_id": known["sub"]}
    return {"sid": None, "acr": None, "preferred_username": None, **team}


def answer(_shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response: that of an app has a bot's token, and in it a user's."""
    if request.path == "/api/openid.connect.token":
        return {
            "ok": True,
            "access_token": token["access_token"],
            "token_type": "Bearer",
            "id_token": token["id_token"],
        }
    user = {"id": "U0123456", "scope": "search:read", "access_token": "xoxp-user", "token_type": "user"}
    team = {"id": "T0123456", "name": "Example"}
    bot = {"access_token": token["access_token"], "token_type": "bot", "scope": "chat:write", "bot_user_id": "B01"}
    return {"ok": True, **bot, "team": team, "authed_user": user}


def refused(_shape: Shape, _request: ReceivedRequest, error: dict[str, Any]) -> ServerResponse:
    """Refuse with status 200."""
    code = {"invalid_grant": "invalid_code", "invalid_client": "bad_client_secret", "invalid_token": "invalid_auth"}
    return as_json({"ok": False, "error": code.get(error["error"], error["error"])})


def auth_test(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Say whose token it is."""
    return as_json({"ok": True, "user": shape.user_of(request), "team": "Example"})


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        claims=claims,
        answers={"token": answer, "userinfo": lambda shape, request, answered: {"ok": True, **answered}},
        refusals={"token": refused, "userinfo": refused},
        callback=lambda form: {"iss": None},
        stated={
            "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        },
        apis={"https://slack.com/api/auth.test": auth_test},
    )
    return [Shape("https://slack.com", ADDRESSES, ways, clients={"my-app": client_of()})]


PAGE = Page(
    name="slack",
    shapes=shapes,
    checks={
        "Sign in with Slack": greets("Hello, Alice of T0123456"),
        "Install an app": prints("Example", "xoxp-user"),
    },
    journeys={"login": Journey({"issuer": "https://slack.com"}, scope="openid profile", has=("id_token", "userinfo"))},
)
