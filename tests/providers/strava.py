"""Strava's shape: scopes with commas, two lifetimes, who has logged in is in the token response."""

from __future__ import annotations

import time
from typing import Any

from requests_oauth2client.testing import ReceivedRequest

from .page import Journey, Page, greets
from .shape import Shape, Ways, always_refreshes, client_of, whoami

ROOT = "https://www.strava.com"
ADDRESSES = {"authorization": f"{ROOT}/oauth/authorize", "token": f"{ROOT}/api/v3/oauth/token"}
API = f"{ROOT}/api/v3/athlete"


def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
    """Change a token response."""
    token = always_refreshes(shape, request, token)
    more = {"expires_at": int(time.time()) + 21_600, "expires_in": 21_600, "athlete": {"id": 227615}}
    return {**token, **more, "scope": None}


def shapes() -> list[Shape]:
    """Make the provider anew."""
    ways = Ways(
        answers={"token": answer},
        callback=lambda form: {"iss": None, "scope": "read,activity:read"},
        apis={API: whoami},
    )
    return [Shape(ROOT, ADDRESSES, ways, clients={"my-app": client_of()})]


PAGE = Page(
    name="strava",
    shapes=shapes,
    checks={"Log users in to a web site": greets("alice")},
    journeys={
        "login": Journey(
            {
                "token_endpoint": ADDRESSES["token"],
                "authorization_endpoint": ADDRESSES["authorization"],
                "userinfo_endpoint": API,
            },
            scope="read,activity:read",
            has=("userinfo", "refresh"),
            name="id",
        )
    },
)
