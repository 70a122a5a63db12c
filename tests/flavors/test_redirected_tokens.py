"""A redirect to another origin does not get the token, in whatever header it is sent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer
from devkit.failing_server import STATUSES, FailingServer
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import BearerAuth, BearerToken, DPoPKey, DPoPToken, OAuth2TokenSourceAuth
from requests_oauth2client.token_sources import CallableSource

API, ELSEWHERE = "https://api.local/things", "https://elsewhere.local/"


class Custom(BearerToken):
    """A token with a header and a scheme of its own."""

    AUTHORIZATION_HEADER = "X-Token"
    AUTHORIZATION_SCHEME = "Key"


def auths() -> dict[str, Any]:
    return {
        "token": Custom("secret"),
        "auth": BearerAuth(Custom("secret")),
        "auth that raises": BearerAuth(Custom("secret"), raise_for_challenge=True),
        "handler": OAuth2TokenSourceAuth(CallableSource(lambda: Custom("secret"))),
        "dpop": DPoPToken("secret", dpop_key=DPoPKey.generate()),
    }


def redirecting(location: str, status: int = 302) -> Any:
    def respond(request: Received) -> Answer:
        return answer(b"", status, Location=location) if request.url == API else answer({})

    return respond


@pytest.mark.parametrize("auth", auths())
@pytest.mark.parametrize("status", STATUSES)
def test_requests_leaves_the_token_behind(auth: str, status: int) -> None:
    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(redirecting(ELSEWHERE, status))
        assert session.get(API, auth=auths()[auth]).status_code == 200
    first, second = received
    assert any("secret" in value for value in first.headers.values())
    assert second.url == ELSEWHERE
    assert not {"authorization", "x-token", "dpop"} & second.headers.keys()
    assert not any("secret" in value for value in second.headers.values())


@pytest.mark.parametrize(
    "location",
    [
        "//elsewhere.local/", "https://api.local:444/", "https://sub.api.local/", "https://api.local.elsewhere.local/",
        "https://api.local@elsewhere.local/",
    ],
)  # fmt: skip
def test_what_another_origin_is(location: str) -> None:
    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(redirecting(location))
        with suppress(ValueError, OSError):  # requests can't send it
            session.get(API, auth=Custom("secret"))
    assert all("x-token" not in one.headers for one in received[1:])


@pytest.mark.parametrize("location", ["/moved", "moved", "https://api.local/moved", "https://API.local:443/moved"])
def test_within_the_origin_it_goes_along(location: str) -> None:
    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(redirecting(location))
        session.get(API, auth=Custom("secret"))
    assert [one.headers["x-token"] for one in received] == ["Key secret"] * 2


def test_after_two_redirects_it_is_still_left_behind() -> None:
    def respond(request: Received) -> Answer:
        steps = {API: "/moved", "https://api.local/moved": ELSEWHERE, ELSEWHERE: "https://api.local/back"}
        return answer(b"", 302, Location=steps[request.url]) if request.url in steps else answer({})

    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(respond)
        session.get(API, auth=Custom("secret"))
    assert ["x-token" in one.headers for one in received] == [True, True, False, False]


def test_a_repeated_request_that_is_redirected_leaves_it_behind_too() -> None:
    def respond(request: Received) -> Answer:
        if request.url != API:
            return answer({})
        if request.headers["x-token"] == "Key t0":
            return answer({}, 401, WWW_Authenticate='Key error="invalid_token"')
        return answer(b"", 307, Location=ELSEWHERE)

    with open_flavor("requests") as flavor:
        session, received = flavor.answered_by(respond)
        tokens = iter([Custom("t0"), Custom("t1")])
        session.get(API, auth=OAuth2TokenSourceAuth(CallableSource(lambda: next(tokens))))
    assert [one.headers.get("x-token") for one in received] == ["Key t0", "Key t1", None]


def test_without_following_the_next_request_has_no_token() -> None:
    with open_flavor("requests") as flavor:
        session, _ = flavor.answered_by(redirecting(ELSEWHERE))
        response = session.get(API, auth=Custom("secret"), allow_redirects=False)
        assert response.next is not None
        assert "X-Token" not in response.next.headers


@pytest.mark.parametrize("status", STATUSES)
def test_an_api_client_leaves_it_behind_with_both_libraries(
    every_flavor: Flavor, failing: FailingServer, status: int
) -> None:
    failing.received.clear()
    api = every_flavor.named("ApiClient")(failing.url, Custom("secret"))
    try:
        assert every_flavor.run(api.get(f"redirect_{status}", follow_redirects=True)).status_code == 200
    finally:
        every_flavor.run(api.aclose() if every_flavor.is_async else api.close())
    assert failing.received[0].headers["x-token"] == "Key secret"
    assert "x-token" not in failing.received_elsewhere[-1].headers


def test_no_cookie_of_the_as_reaches_the_api_nor_the_other_way_round(
    every_flavor: Flavor, failing: FailingServer
) -> None:
    failing.received.clear()
    session = every_flavor.session()
    # one host, so that the cookies of a common jar would go along
    client = every_flavor.client(failing.endpoint("good_with_cookie"), session=session)
    auth = every_flavor.named("OAuth2ClientCredentialsAuth")(client)
    for _ in range(3):
        every_flavor.run(session.get(failing.endpoint("cookie"), auth=auth))
        every_flavor.run(auth.renew_token())
    to_as = [one.headers.get("cookie") for one in failing.received if one.path == "/good_with_cookie"]
    to_api = [one.headers.get("cookie") for one in failing.received if one.path == "/cookie"]
    assert to_as == [None] * 4
    assert to_api == [None, "of-the-api=1", "of-the-api=1"]  # the session keeps what the API gave
