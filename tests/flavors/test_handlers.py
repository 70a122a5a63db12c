"""Auth handlers and tokens as `auth=` of each HTTP library: the header is there, or nothing is sent."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import requests

from devkit.exchange import Received, answer, error, token
from devkit.failing_server import FailingServer
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import (
    AsyncOAuth2Client,
    AsyncOAuth2ClientCredentialsAuth,
    BearerAuth,
    BearerAuthorization,
    BearerToken,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
)
from requests_oauth2client.exceptions import (
    ExpiredAccessToken,
    ExpiredToken,
    InsecureTransport,
    InvalidGrant,
    InvalidParam,
    NonRenewableTokenError,
)

API = "https://api.local/"
LIVE = BearerToken("live", expires_in=3600)
DEAD = BearerToken("dead", expires_in=-10)


def nearly_dead() -> BearerToken:
    """A token in its leeway; made anew, for it does not live long."""
    return BearerToken("nearly", expires_in=10)


def header(flavor: Flavor, auth: Any, url: str = API) -> str | None:
    """Call an API, and return the Authorization header that it got."""
    session, received = flavor.answered_by(lambda _: answer({}))
    if not flavor.is_async:
        session.mount("http://", session.get_adapter("https://"))
    flavor.get(url, auth=auth, session=session)
    return received[0].headers.get("authorization")


# --- a token that one has


@pytest.mark.parametrize("auth", [BearerAuth("live"), BearerAuth(LIVE), BearerAuthorization("live"), LIVE])
def test_a_token_goes_into_the_header(every_flavor: Flavor, auth: Any) -> None:
    assert header(every_flavor, auth) == "Bearer live"


def test_no_token_leaves_the_request_unchanged(every_flavor: Flavor) -> None:
    assert header(every_flavor, BearerAuth(None)) is None


@pytest.mark.parametrize("library", [httpx2, httpx])
@pytest.mark.parametrize("auth", [BearerAuth("live"), LIVE])
def test_the_sync_clients_of_httpx_take_a_token_too(library: Any, auth: Any) -> None:
    seen: list[str] = []

    def respond(request: Any) -> Any:
        seen.append(request.headers["authorization"])
        return library.Response(200)

    with library.Client(transport=library.MockTransport(respond), auth=auth) as client:
        client.get(API)
    assert seen == ["Bearer live"]


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_the_sync_clients_of_httpx_take_a_handler_too(library: Any) -> None:
    with open_flavor("requests") as flavor:
        client, _ = flavor.mocked(token())
        seen: list[str] = []

        def respond(request: Any) -> Any:
            seen.append(request.headers["authorization"])
            return library.Response(200)

        auth = OAuth2ClientCredentialsAuth(client)
        with library.Client(transport=library.MockTransport(respond), auth=auth) as session:
            session.get(API)
    assert seen == ["Bearer an-access-token"]


def test_an_expired_token_is_not_sent(flavor: Flavor) -> None:
    session, received = flavor.answered_by(lambda _: answer({}))
    for auth in (DEAD, BearerAuth(DEAD)):
        with pytest.raises(ExpiredAccessToken):
            flavor.get(API, auth=auth, session=session)
    assert received == []


def test_bearer_auth_speaks_to_both_generations_about_expiry(flavor: Flavor) -> None:
    with pytest.raises(ExpiredToken):
        header(flavor, BearerAuth(DEAD))


@pytest.mark.parametrize("url", ["http://api.local/", "http://127.0.0.1.evil.example/", "http://localhost.evil/"])
def test_a_token_does_not_travel_unencrypted(every_flavor: Flavor, url: str) -> None:
    for auth in (LIVE, BearerAuth(LIVE)):
        with pytest.raises(InsecureTransport, match="plain http"):
            header(every_flavor, auth, url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"])
def test_loopback_needs_no_encryption(flavor: Flavor, url: str) -> None:
    assert header(flavor, BearerAuth(LIVE), url) == "Bearer live"


def test_whoever_says_so_sends_tokens_unencrypted(flavor: Flavor) -> None:
    assert header(flavor, BearerAuth(LIVE, allow_insecure_http=True), "http://api.local/") == "Bearer live"


def test_a_token_class_decides_header_and_scheme(flavor: Flavor) -> None:
    class Odd(BearerToken):
        AUTHORIZATION_HEADER = "X-Token"
        AUTHORIZATION_SCHEME = "Odd"

    session, received = flavor.answered_by(lambda _: answer({}))
    flavor.get(API, auth=Odd("t"), session=session)
    assert received[0].headers["x-token"] == "Odd t"
    assert "authorization" not in received[0].headers


def test_a_token_does_not_follow_a_redirect_to_another_origin(every_flavor: Flavor, failing: FailingServer) -> None:
    client, _ = every_flavor.mocked(token())
    for auth in (LIVE, BearerAuth("live"), every_flavor.named("OAuth2ClientCredentialsAuth")(client)):
        failing.received.clear()
        redirects = {"follow_redirects": True} if every_flavor.is_async else {}
        assert every_flavor.get(failing.endpoint("redirect_307"), auth=auth, **redirects).status_code == 200
        assert "authorization" in failing.received[0].headers
        (elsewhere,) = failing.received_elsewhere
        assert "authorization" not in elsewhere.headers


# --- a handler that gets its tokens


@contextmanager
def handler_of(flavor: Flavor, name: str, *args: Any, given: Any = None, **kwargs: Any) -> Iterator[tuple[Any, Any]]:
    """Make a handler, and the list of the forms that its client will have sent."""
    client, sent = flavor.mocked(given or token(refresh_token="r2"))
    yield flavor.named(name)(client, *args, **kwargs), sent


def grants(sent: list[Received]) -> list[str]:
    return [request.form["grant_type"].rpartition(":")[2] for request in sent]


HANDLERS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], str]] = {
    "client credentials": ("OAuth2ClientCredentialsAuth", (), {"scope": "a"}, "client_credentials"),
    "code": ("OAuth2AuthorizationCodeAuth", ("c",), {"redirect_uri": "https://app/"}, "authorization_code"),
    "password": ("OAuth2ResourceOwnerPasswordAuth", (), {"username": "u", "password": "p"}, "password"),
    "device": ("OAuth2DeviceCodeAuth", ("d",), {"interval": 0}, "device_code"),
}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_gets_a_token_when_it_is_needed_and_keeps_it(every_flavor: Flavor, name: str) -> None:
    cls, args, kwargs, grant = HANDLERS[name]
    with handler_of(every_flavor, cls, *args, **kwargs) as (handler, sent):
        assert sent == []
        assert header(every_flavor, handler) == "Bearer an-access-token"
        assert header(every_flavor, handler) == "Bearer an-access-token"
        assert grants(sent) == [grant]


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_with_a_live_token_asks_nobody(flavor: Flavor, name: str) -> None:
    cls, args, kwargs, _ = HANDLERS[name]
    with handler_of(flavor, cls, *args, token=LIVE, **kwargs) as (handler, sent):
        assert header(flavor, handler) == "Bearer live"
        assert sent == []


@pytest.mark.parametrize("make", [lambda: DEAD, nearly_dead], ids=["dead", "nearly dead"])
@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_refreshes_a_token_before_its_leeway_is_over(flavor: Flavor, name: str, make: Any) -> None:
    cls, args, kwargs, _ = HANDLERS[name]
    with handler_of(flavor, cls, *args, token=make().replace(refresh_token="r"), **kwargs) as (handler, sent):
        assert header(flavor, handler) == "Bearer an-access-token"
        assert grants(sent) == ["refresh_token"]
        assert handler.token.refresh_token == "r2"


def test_the_leeway_can_be_set(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2ClientCredentialsAuth", token=nearly_dead(), leeway=5) as (handler, sent):
        assert header(flavor, handler) == "Bearer nearly"
        assert sent == []


def test_a_token_can_be_renewed_and_forgotten_by_hand(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2ClientCredentialsAuth", token=LIVE) as (handler, sent):
        flavor.run(handler.renew_token())
        assert handler.token.access_token == "an-access-token"
        handler.forget_token()
        assert handler.token is None
        assert header(flavor, handler) == "Bearer an-access-token"
        assert grants(sent) == ["client_credentials"] * 2


def test_a_token_can_be_set(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2AccessTokenAuth", None) as (handler, sent):
        for held in ("live", LIVE):
            handler.token = held
            assert header(flavor, handler) == "Bearer live"
        assert sent == []


def test_a_token_in_its_leeway_that_can_not_be_renewed_is_still_used(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2AccessTokenAuth", nearly_dead()) as (handler, sent):
        assert header(flavor, handler) == "Bearer nearly"
        assert sent == []


def test_an_expired_token_that_can_not_be_renewed_is_not_sent(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2AccessTokenAuth", DEAD) as (handler, sent):
        with pytest.raises(ExpiredAccessToken):
            header(flavor, handler)
        assert sent == []


def test_without_a_token_and_a_way_to_get_one_nothing_is_sent(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2AccessTokenAuth", None) as (handler, sent):
        with pytest.raises(NonRenewableTokenError):
            header(flavor, handler)
        assert sent == []


def test_a_code_is_used_once(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2AuthorizationCodeAuth", "c", given=token()) as (handler, sent):
        header(flavor, handler)
        handler.forget_token()
        with pytest.raises(NonRenewableTokenError):
            header(flavor, handler)
        assert grants(sent) == ["authorization_code"]


def test_a_refused_refresh_of_a_users_token_is_an_error(flavor: Flavor) -> None:
    held = DEAD.replace(refresh_token="r")
    with (
        handler_of(flavor, "OAuth2AuthorizationCodeAuth", None, token=held, given=error("invalid_grant")) as (
            handler,
            _,
        ),
        pytest.raises(InvalidGrant),
    ):
        header(flavor, handler)


def test_an_insecure_request_gets_no_token_in_the_first_place(flavor: Flavor) -> None:
    with handler_of(flavor, "OAuth2ClientCredentialsAuth") as (handler, sent):
        with pytest.raises(InsecureTransport):
            header(flavor, handler, "http://api.local/")
        assert sent == []


# --- a flavor to each


def test_a_handler_takes_a_client_of_its_own_flavor() -> None:
    sync, other = OAuth2Client("https://as.local/t", "id"), AsyncOAuth2Client("https://as.local/t", "id")
    with pytest.raises(InvalidParam, match="AsyncOAuth2Client"):
        OAuth2ClientCredentialsAuth(other)
    with pytest.raises(InvalidParam, match="AsyncOAuth2Client"):
        AsyncOAuth2ClientCredentialsAuth(sync)


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_an_async_handler_on_a_sync_client_says_what_to_take(library: Any) -> None:
    auth = AsyncOAuth2ClientCredentialsAuth(AsyncOAuth2Client("https://as.local/t", "id"))
    with (
        library.Client(transport=library.MockTransport(lambda _: library.Response(200)), auth=auth) as client,
        pytest.raises(RuntimeError, match="without Async in its name"),
    ):
        client.get(API)


def test_an_async_handler_is_an_auth_of_both_libraries() -> None:
    auth = AsyncOAuth2ClientCredentialsAuth(AsyncOAuth2Client("https://as.local/t", "id"))
    assert isinstance(auth, httpx2.Auth)
    assert isinstance(auth, httpx.Auth)


# --- one renewer at a time


def test_many_threads_get_one_token() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with open_flavor("requests") as flavor, handler_of(flavor, "OAuth2ClientCredentialsAuth") as (handler, sent):
        requests_ = [requests.Request("GET", API).prepare() for _ in range(16)]
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(handler, requests_))
        assert {request.headers["Authorization"] for request in done} == {"Bearer an-access-token"}
        assert len(sent) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_tasks_get_one_token(backend: str) -> None:
    asked: list[Any] = []

    async def respond(request: Any) -> Any:
        asked.append(request)
        await anyio.sleep(0.01)
        return httpx2.Response(200, json={"access_token": "t", "token_type": "Bearer"})

    async def journey() -> None:
        async with (
            httpx2.AsyncClient(transport=httpx2.MockTransport(respond)) as session,
            httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as api,
            anyio.create_task_group() as tasks,
        ):
            client = AsyncOAuth2Client("https://as.local/t", "id", session=session)
            auth = AsyncOAuth2ClientCredentialsAuth(client)
            for _ in range(8):
                tasks.start_soon(lambda: api.get(API, auth=auth))

    anyio.run(journey, backend=backend)
    assert len(asked) == 1


def test_a_handler_may_be_used_in_one_loop_after_the_other() -> None:
    auth = AsyncOAuth2ClientCredentialsAuth(AsyncOAuth2Client("https://as.local/t", "id"), token=DEAD)

    async def journey() -> None:
        def respond(_: Any) -> Any:
            return httpx2.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 1})

        async with httpx2.AsyncClient(transport=httpx2.MockTransport(respond)) as session:
            auth.client = AsyncOAuth2Client("https://as.local/t", "id", session=session)
            await asyncio.gather(*(auth.renew_token() for _ in range(3)))

    for _ in range(2):
        asyncio.run(journey())
    assert str(auth.token) == "t"
