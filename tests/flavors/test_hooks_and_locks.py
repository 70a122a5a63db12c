"""Hooks and log handlers may use the handler that they hear of; a source that does so is told instead of waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer, error, token
from devkit.flavors import Flavor
from requests_oauth2client import BearerToken, RecursiveRenewal, Retries
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.token_sources import CallableSource
from requests_oauth2client.utils import b64u_encode

WITHIN = 30  # seconds, in which nothing hangs


def in_time(call: Any) -> Any:
    """Run something that must not wait for itself."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as failure:  # noqa: BLE001  it is what came
            outcome.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WITHIN)
    assert not thread.is_alive(), "it waits for itself"
    return outcome[0]


def dead() -> BearerToken:
    return BearerToken("t0", expires_in=-10, refresh_token="r")


def in_turn(*answers: Answer) -> Any:
    coming = iter(answers)
    return lambda _: next(coming)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("first", [token(), error("invalid_client", 401), error("server_error", 500)], ids=repr)
def test_on_event_may_use_the_handler(first: Answer, stored: bool) -> None:
    from devkit.flavors import open_flavor

    with open_flavor("requests") as flavor:
        client, _ = flavor.mocked(in_turn(first, *[token(access_token="t1", expires_in=3600)] * 5), retries=None)
        seen: list[Any] = []

        def hook(event: Any) -> None:
            if not seen:
                seen.append(event.name)
                seen.append(str(auth.get_token()))

        options = {"store": MemoryStore()} if stored else {}
        auth = flavor.named("OAuth2ClientCredentialsAuth")(client, on_event=hook, **options)
        in_time(auth.get_token)
        assert seen[0] in {"obtained", "failed"}
        assert seen[1] in {"t1", "an-access-token"}


def test_on_failure_of_retries_may_use_the_handler() -> None:
    from devkit.flavors import open_flavor

    with open_flavor("requests") as flavor:
        seen: list[Any] = []

        def hook(_: Any) -> None:
            seen.append(str(auth.get_token()))

        retries = Retries(attempts=2, backoff=0.01, on_failure=hook)
        client, _ = flavor.mocked(in_turn(answer(b"", 503), token(), token()), retries=retries)
        auth = flavor.named("OAuth2ClientCredentialsAuth")(client)
        assert str(in_time(auth.get_token)) == "an-access-token"
        assert seen == ["an-access-token"]


class Shipping(logging.Handler):
    """Ships records over HTTP, with the token that they are about."""

    def __init__(self, use: Any) -> None:
        super().__init__()
        self.use, self.shipped, self.busy = use, [], False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.busy:
            self.busy = True
            self.shipped.append((record.name, str(self.use())))
            self.busy = False


@pytest.fixture
def shipping() -> Iterator[Shipping]:
    handler = Shipping(None)
    log = logging.getLogger("requests_oauth2client")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


def test_a_log_handler_may_use_the_handler(shipping: Shipping) -> None:
    from devkit.flavors import open_flavor

    with open_flavor("requests") as flavor:
        client, _ = flavor.mocked(in_turn(answer(b"", 503), token(), *[token()] * 5))
        auth = flavor.named("OAuth2ClientCredentialsAuth")(client)
        shipping.use = auth.get_token
        in_time(auth.get_token)
        assert [name for name, _ in shipping.shipped] == [
            "requests_oauth2client.retries",
            "requests_oauth2client.tokens",
        ]
        assert {shown for _, shown in shipping.shipped} == {"an-access-token"}


def test_so_may_one_that_hears_of_unchecked_id_tokens(shipping: Shipping) -> None:
    from devkit.flavors import open_flavor

    jwt = ".".join(b64u_encode(part) for part in ('{"alg":"RS256"}', '{"iss":"i","aud":"id","sub":"s","exp":4e9}', "x"))
    with open_flavor("requests") as flavor:
        client, _ = flavor.mocked(token(id_token=jwt, refresh_token="r"))
        auth = flavor.named("OAuth2AuthorizationCodeAuth")(client, "code")
        shipping.use = auth.get_token
        assert str(in_time(auth.get_token)) == "an-access-token"
        assert shipping.shipped[0] == ("requests_oauth2client.id_token", "an-access-token")


@pytest.mark.parametrize("stored", [False, True])
def test_a_source_that_uses_its_own_handler_is_told(flavor: Flavor, stored: bool) -> None:
    options = {"store": MemoryStore(), "subject": "me"} if stored else {}
    if flavor.is_async:

        async def fetch() -> Any:
            return await auth.get_token()

    else:

        def fetch() -> Any:
            return auth.get_token()

    auth = flavor.named("OAuth2TokenSourceAuth")(CallableSource(fetch), **options)
    outcome = in_time(lambda: flavor.run(auth.get_token()))
    assert isinstance(outcome, RecursiveRenewal)
    assert "a handler of their own" in str(outcome)


def test_the_lock_is_free_afterwards(flavor: Flavor) -> None:
    calls: list[Any] = []
    if flavor.is_async:

        async def fetch() -> Any:
            calls.append(1)
            return await auth.get_token() if len(calls) == 1 else "fine"

    else:

        def fetch() -> Any:
            calls.append(1)
            return auth.get_token() if len(calls) == 1 else "fine"

    auth = flavor.named("OAuth2TokenSourceAuth")(CallableSource(fetch))
    assert isinstance(in_time(lambda: flavor.run(auth.get_token())), RecursiveRenewal)
    assert str(in_time(lambda: flavor.run(auth.get_token()))) == "fine"


# --- storms


class Flapping:
    """An API that says 401 to every other request."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _: Received) -> Answer:
        self.calls += 1
        return answer({}, 401 if self.calls % 2 else 200, WWW_Authenticate='Bearer error="invalid_token"')


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("handlers", [1, 10])
def test_an_api_that_flaps_does_not_use_up_refresh_tokens(flavor: Flavor, stored: bool, handlers: int) -> None:
    given = iter(range(100))
    client, asked = flavor.mocked(
        lambda _: token(access_token=f"t{next(given)}", refresh_token=f"r{next(given)}", expires_in=3600)
    )
    session, _ = flavor.answered_by(Flapping())
    store = MemoryStore() if stored or handlers > 1 else None
    held = BearerToken("first", expires_in=3600, refresh_token="r")
    for number in range(30):
        if number < handlers:
            options = {} if store is None else {"store": store, "subject": "alice"}
            auth = flavor.named("OAuth2AccessTokenAuth")(client, held, **options)
        flavor.run(session.get("https://api.local/", auth=auth))
    assert len(asked) == 1
