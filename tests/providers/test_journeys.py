"""Both clients log a user in at each provider: URL, callback, code, ID token, userinfo, refresh, logout."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from devkit.flavors import BOTH, Flavor, open_flavor
from requests_oauth2client import AuthorizationDenied

from .page import Journey, Page
from .shape import SECRET, Shape

OTHERS = {"page", "people", "shape"}
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in OTHERS)
PAGES: dict[str, Page] = {
    name: import_module(f"tests.providers.{name}").PAGE for name in NAMES if not name.startswith("test_")
}
JOURNEYS = [(page, word) for page in PAGES.values() for word in page.journeys]
REDIRECT_URI = "https://app.example.com/callback"


@pytest.fixture(params=BOTH)
def flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    with open_flavor(request.param) as opened:
        yield opened


def client_of(flavor: Flavor, journey: Journey) -> Any:
    settings = {"redirect_uri": REDIRECT_URI, **journey.settings}
    auth = settings.pop("auth", (journey.client_id, SECRET))
    return flavor.client(settings.pop("token_endpoint", None), auth, **settings)


def begin(flavor: Flavor, client: Any, journey: Journey) -> Any:
    if client.authorization_endpoint is None:
        flavor.run(client.discover())
    return client.authorization_request(scope=journey.scope, **journey.params)


@pytest.mark.parametrize(("page", "word"), JOURNEYS, ids=[f"{page.name} {word}" for page, word in JOURNEYS])
def test_a_login_from_the_metadata_to_the_logout(flavor: Flavor, page: Page, word: str) -> None:
    journey, shapes = page.journeys[word], page.shapes()
    shape: Shape = shapes[journey.shape]
    with shape.installed():
        client = client_of(flavor, journey)
        azr = begin(flavor, client, journey)
        callback = shape.log_in(flavor.run(client.authorization_url(azr)))
        token = flavor.run(client.authorization_code(flavor.run(client.authorization_response(azr, callback))))
        if "id_token" in journey.has:
            assert token.id_token.checked
            assert token.subject == "alice"
        if "userinfo" in journey.has:
            assert flavor.run(client.userinfo(token))[journey.name] == "alice"
        if "refresh" in journey.has:
            again = flavor.run(client.refresh_token(token))
            assert again.access_token != token.access_token
            assert again.refresh_token
        if "logout" in journey.has:
            home = "https://app.example.com/"
            asked = client.end_session_request(token, post_logout_redirect_uri=home)
            assert asked.uri.startswith(shape.addresses["end_session"])


@pytest.mark.parametrize(("page", "word"), JOURNEYS, ids=[f"{page.name} {word}" for page, word in JOURNEYS])
def test_a_user_who_says_no_is_understood(flavor: Flavor, page: Page, word: str) -> None:
    journey, shapes = page.journeys[word], page.shapes()
    shape: Shape = shapes[journey.shape]
    with shape.installed():
        client = client_of(flavor, journey)
        azr = begin(flavor, client, journey)
        callback = shape.log_in(flavor.run(client.authorization_url(azr)), deny="access_denied")
        with pytest.raises(AuthorizationDenied):
            flavor.run(client.authorization_response(azr, callback))
