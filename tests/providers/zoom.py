"""Zoom's shape: Basic only, refresh tokens without asking, and a grant of its own for services."""

from __future__ import annotations

from requests_oauth2client.testing import ReceivedRequest, ServerResponse
from requests_oauth2client.testing.messages import as_json

from .odd_servers import AccountCredentials
from .page import Journey, Page, greets, prints
from .shape import Shape, Ways, always_refreshes, client_of

API = "https://api.zoom.us/v2/users/me"
ADDRESSES = {
    "authorization": "https://zoom.us/oauth/authorize",
    "token": "https://zoom.us/oauth/token",
    "revocation": "https://zoom.us/oauth/revoke",
    "device_authorization": "https://zoom.us/oauth/devicecode",
}


def me(shape: Shape, request: ReceivedRequest) -> ServerResponse:
    """Say who calls: by GET only."""
    if request.method != "GET":
        return as_json({"code": 404, "message": "not found"}, status=405)
    return as_json({"id": shape.user_of(request), "email": "alice@example.com"})


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(answers={"token": always_refreshes}, callback=lambda form: {"iss": None}, apis={API: me})
    basic = client_of("client_secret_basic")
    return [AccountCredentials("https://zoom.us", ADDRESSES, ways, clients={"my-app": basic, "my-service": basic})]


PAGE = Page(
    name="zoom",
    shapes=shapes,
    checks={"Log users in to a web site": greets("alice"), "A service": prints("my-service")},
    journeys={
        "app": Journey(
            {
                "token_endpoint": ADDRESSES["token"],
                "authorization_endpoint": ADDRESSES["authorization"],
                "userinfo_endpoint": API,
            },
            scope=None,
            has=("userinfo", "refresh"),
            name="id",
        )
    },
)
