"""The shapes of Discord and Twitch: userinfo by GET, a scope as a list, a header besides the token."""

from __future__ import annotations

from typing import Any

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.messages import as_json

from .page import Journey, Page, greets, prints
from .shape import Shape, Ways, always_refreshes, at, client_of

DISCORD, TWITCH = "https://discord.com", "https://id.twitch.tv/oauth2"
USER = f"{DISCORD}/api/v10/users/@me"
CONFIGURATION = "/.well-known/openid-configuration"


class ByGet(Shape):
    """A provider whose userinfo has no POST."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if request.endpoint == "userinfo" and request.method != "GET":
            return as_json({"message": "405: Method Not Allowed", "code": 0}, status=405)
        return super().endpoint(request)


def streams(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Be Twitch's API, which wants the client's ID too."""
    user = shape.user_of(request)
    if request.headers.get("client-id") != "my-app":
        return as_json({"error": "Unauthorized", "message": "Client ID is missing"}, status=401)
    return as_json({"data": [{"login": user}]})


def in_a_list(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response: the scope is a list."""
    token = always_refreshes(shape, request, token)
    return {**token, "scope": token["scope"].split(), "token_type": "bearer"}


def shapes() -> list[Shape]:
    """Make both anew."""
    plain = {"auth_time": None, "sid": None, "acr": None}
    discord = ByGet(
        DISCORD,
        {
            **at(f"{DISCORD}/api/oauth2", token="/token", jwks="/keys", revocation="/token/revoke"),
            "authorization": f"{DISCORD}/oauth2/authorize",
            "configuration": f"{DISCORD}{CONFIGURATION}",
            "userinfo": f"{DISCORD}/api/oauth2/userinfo",
        },
        Ways(claims=lambda known: plain, answers={"token": always_refreshes}, callback=lambda form: {"iss": None}),
        clients={"my-app": client_of()},
    )
    paths = {"authorization": "/authorize", "token": "/token", "jwks": "/keys", "userinfo": "/userinfo"}
    twitch = ByGet(
        TWITCH,
        at(TWITCH, configuration=CONFIGURATION, revocation="/revoke", **paths),
        Ways(
            claims=lambda known: {**plain, "azp": known["aud"], "preferred_username": known["sub"]},
            answers={"token": in_a_list},
            callback=lambda form: {"iss": None},
            stated={"token_endpoint_auth_methods_supported": ["client_secret_post"], "revocation_endpoint": None},
            apis={"https://api.twitch.tv/helix/users": streams},
        ),
        clients={"my-app": client_of()},
    )
    return [discord, twitch]


PAGE = Page(
    name="discord-twitch",
    shapes=shapes,
    checks={
        "Discord": greets("Hello, alice"),
        "Twitch": greets("Hello, alice"),
        "Twitch's API": prints("alice"),
    },
    journeys={
        "discord": Journey({"issuer": DISCORD}, scope="openid", has=("id_token", "refresh")),
        "twitch": Journey({"issuer": TWITCH}, scope="openid", has=("id_token", "userinfo", "refresh"), shape=1),
    },
)
