"""The traceback of a failed call is short, and has nothing in it of the libraries below."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import pytest
import requests

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client.exceptions import InvalidClient, TransportError

MOST = 12  # entries of ours
API = "https://api.local/"
REFUSED = answer({"error": "invalid_client"}, 401)


def entries(traceback_: TracebackType | None) -> Iterator[str]:
    while traceback_ is not None:
        yield traceback_.tb_frame.f_globals["__name__"].partition(".")[0]
        traceback_ = traceback_.tb_next


def failure_of(call: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as raised:
        call()
    return raised.value


def check(failure: BaseException) -> None:
    assert list(entries(failure.__traceback__)).count("requests_oauth2client") <= MOST, traceback.format_tb(
        failure.__traceback__
    )
    cause = failure.__cause__ or failure.__context__
    while cause is not None:
        assert not set(entries(cause.__traceback__)) & {"requests", "urllib3", "httpx", "httpx2", "httpcore", "anyio"}
        cause = cause.__cause__ or cause.__context__


def handler(flavor: Flavor, respond: Any = REFUSED, **kwargs: Any) -> Any:
    client, _ = flavor.mocked(respond, **kwargs)
    return flavor.named("OAuth2ClientCredentialsAuth")(client)


def test_of_a_token_request(flavor: Flavor) -> None:
    client, _ = flavor.mocked(REFUSED)
    failure = failure_of(lambda: flavor.run(client.client_credentials()))
    assert isinstance(failure, InvalidClient)
    check(failure)


def test_of_a_token_request_for_a_request(flavor: Flavor) -> None:
    failure = failure_of(lambda: flavor.get(API, auth=handler(flavor)))
    assert isinstance(failure, InvalidClient)
    check(failure)


def test_of_a_token_request_for_an_api_client(flavor: Flavor) -> None:
    session, _ = flavor.answered_by(lambda _: answer({}))
    api = flavor.named("ApiClient")(API, handler(flavor), session=session)
    failure = failure_of(lambda: flavor.run(api.get("x")))
    assert isinstance(failure, InvalidClient)
    check(failure)


def test_of_no_connection(flavor: Flavor) -> None:
    client = flavor.client("http://127.0.0.1:1/token", retries=None)
    failure = failure_of(lambda: flavor.run(client.client_credentials()))
    assert isinstance(failure, TransportError)
    assert failure.__cause__ is not None
    check(failure)


def test_of_no_connection_for_an_api_client(flavor: Flavor) -> None:
    auth = flavor.named("OAuth2ClientCredentialsAuth")(flavor.client("http://127.0.0.1:1/token", retries=None))
    api = flavor.keep(flavor.named("ApiClient")("http://127.0.0.1:1/", auth))
    api._given_session = api.session
    check(failure_of(lambda: flavor.run(api.get("x"))))
    failure = failure_of(lambda: flavor.run(api.get("x", auth=None if flavor.is_async else lambda request: request)))
    check(failure)


def test_a_function_of_the_user_is_seen(flavor: Flavor) -> None:
    """What a user's override raises shows the lines of the user, with their variables."""
    base = flavor.named("OAuth2Client")

    class Own(base):  # type: ignore[misc, valid-type]
        def parse_token_response(self, response: Any, *, dpop_key: Any = None) -> Any:
            number = 42
            return number / 0

    client, _ = flavor.mocked(answer({"access_token": "a", "token_type": "Bearer"}), cls=Own)
    failure = failure_of(lambda: flavor.run(client.client_credentials()))
    last = list(traceback.walk_tb(failure.__traceback__))[-1][0]
    assert (last.f_code.co_name, last.f_locals["number"]) == ("parse_token_response", 42)
    check(failure)


def test_what_the_caller_handles_meanwhile_stays_as_it_is(flavor: Flavor) -> None:
    client, _ = flavor.mocked(REFUSED)
    with pytest.raises(requests.RequestException) as own:
        requests.get("http://127.0.0.1:1/", timeout=5)
    before = list(entries(own.value.__traceback__))

    def call() -> None:
        try:
            raise own.value
        except requests.RequestException:
            flavor.run(client.client_credentials())

    failure_of(call)
    assert set(before) <= set(entries(own.value.__traceback__))
