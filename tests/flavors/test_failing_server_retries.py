"""An AS that is really failing, on both clients: what is asked again, and whether a failed request may have arrived."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import httpx2
import pytest
import requests

from devkit.exchange import Answer, Received
from devkit.failing_server import FailingServer
from devkit.flavors import Flavor
from requests_oauth2client import AsyncOAuth2Client
from requests_oauth2client.exceptions import (
    DeadlineExceeded,
    InvalidTokenResponse,
    OAuth2Error,
    TransportError,
    UnknownTokenEndpointError,
)
from requests_oauth2client.retries import Retries

TOO_SHORT = 0.3
LONG_ENOUGH = 2.0  # seconds for what has to happen before a deadline, on a busy machine too
DEAD = "http://127.0.0.1:1"  # nobody listens there


def scripted(flavor: Flavor, failing: FailingServer, *names: str, **kwargs: Any) -> Any:
    """A client of an AS that answers one request after the other like this."""
    failing.script[:] = names
    return flavor.client(failing.endpoint("scripted"), **{"timeout": 5, **kwargs})


def failure(flavor: Flavor, ask: Any, *args: Any) -> Any:
    with pytest.raises(OAuth2Error) as caught:
        flavor.run(ask(*args))
    return caught.value


# --- asked again


def test_a_token_comes_after_two_failures(every_flavor: Flavor, failing: FailingServer) -> None:
    client = scripted(every_flavor, failing, "text_503", "busy_503", "good")
    assert every_flavor.run(client.client_credentials()).access_token == "an-access-token"
    assert len(failing.received) == 3


@pytest.mark.parametrize(
    "failed_attempt", ["reset", "close_at_once", "no_http", "reset_in_body", "close_in_body", "html_500"]
)
def test_a_token_comes_after_any_trouble(flavor: Flavor, failing: FailingServer, failed_attempt: str) -> None:
    client = scripted(flavor, failing, failed_attempt, "good")
    assert flavor.run(client.client_credentials()).access_token == "an-access-token"
    assert len(failing.received) == 2


def test_a_token_comes_after_an_answer_that_did_not_come(flavor: Flavor, failing: FailingServer) -> None:
    patient = Retries(backoff=0.01, max_total=30)
    client = scripted(flavor, failing, "never", "good", timeout=LONG_ENOUGH, retries=patient)
    assert flavor.run(client.client_credentials()).access_token == "an-access-token"


def test_it_ends_after_some_attempts(flavor: Flavor, failing: FailingServer) -> None:
    error = failure(flavor, scripted(flavor, failing, *["text_503"] * 3).client_credentials)
    assert isinstance(error, InvalidTokenResponse)
    assert (error.attempts, len(failing.received), error.status) == (3, 3, 503)
    assert error.message.endswith("It was tried 3 times.")


def test_an_as_that_wants_to_be_left_alone_is(flavor: Flavor, failing: FailingServer) -> None:
    error = failure(flavor, scripted(flavor, failing, "error_429").client_credentials)
    assert isinstance(error, UnknownTokenEndpointError)
    assert (error.retry_after, error.attempts, len(failing.received)) == (120, 1, 1)


def test_a_code_is_sent_once_if_it_may_have_arrived(flavor: Flavor, failing: FailingServer) -> None:
    for failed_attempt in ("text_503", "reset", "close_in_body"):
        failing.received.clear()
        error = failure(flavor, scripted(flavor, failing, failed_attempt).authorization_code, "the-code")
        assert len(failing.received) == 1
        assert "this request is not safe to repeat" in str(error)


def test_a_refresh_token_on_a_connection_that_breaks_is_sent_once(flavor: Flavor, failing: FailingServer) -> None:
    client = scripted(flavor, failing, "good", "close_at_once")
    flavor.run(client.client_credentials())
    error = failure(flavor, client.refresh_token, "the-refresh-token")
    assert isinstance(error, TransportError)
    assert (error.sent, error.attempts, len(failing.received)) == (True, 1, 2)


def test_a_refresh_token_is_sent_when_the_as_is_back(every_flavor: Flavor) -> None:
    with FailingServer(listening=False) as server:
        server.script[:] = ["good"]

        def comes_back() -> float:
            server.listen()
            return 0.0

        retries = Retries(backoff=0.01, jitter=comes_back)
        client = every_flavor.client(server.endpoint("scripted"), retries=retries)
        assert every_flavor.run(client.refresh_token("the-refresh-token")).access_token == "an-access-token"
        assert [request.form["refresh_token"] for request in server.received] == ["the-refresh-token"]


def test_a_task_that_is_cancelled_does_not_ask_again(failing: FailingServer) -> None:
    failing.script[:] = ["text_503", "good"]

    async def journey() -> bool:
        with anyio.CancelScope() as scope:
            retries = Retries(backoff=60, max_wait=60, max_total=600, on_failure=lambda _: scope.cancel())
            async with AsyncOAuth2Client(failing.endpoint("scripted"), "id", retries=retries) as client:
                await client.client_credentials()
        return scope.cancelled_caught

    assert anyio.run(journey)
    assert len(failing.received) == 1


# --- whether a request may have arrived


def lost(flavor: Flavor, url: str, **kwargs: Any) -> TransportError:
    client = flavor.client(url, **{"timeout": 5, "retries": None, **kwargs})
    error = failure(flavor, client.client_credentials)
    assert isinstance(error, TransportError)
    return error


@contextmanager
def listener(behave: Any) -> Iterator[int]:
    """Listen, do something with each connection, and close it; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        behave(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def crowded() -> Iterator[int]:
    """Listen, and let nobody in: give the port whose connections are not even refused."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        try:
            yield server.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


def test_nothing_arrives_where_nobody_listens(every_flavor: Flavor) -> None:
    assert lost(every_flavor, f"{DEAD}/token").sent is False


def test_nothing_arrives_at_a_name_that_is_none(every_flavor: Flavor) -> None:
    assert lost(every_flavor, f"https://{'a' * 70}.local/token").sent is False


def test_nothing_arrives_where_no_connection_is_accepted(every_flavor: Flavor) -> None:
    with crowded() as port:
        error = lost(every_flavor, f"http://127.0.0.1:{port}/token", timeout=TOO_SHORT)
    assert isinstance(error, DeadlineExceeded)
    assert error.sent is False


@pytest.mark.parametrize(
    "behave",
    [
        lambda connection: connection.sendall(b"220 mail.local ESMTP ready\r\n" * 20),
        lambda connection: connection.recv(1),
        lambda connection: connection.recv(1 << 16),
        lambda connection: connection.settimeout(3 * TOO_SHORT) or [*iter(lambda: connection.recv(1 << 16), b"")],
    ],
    ids=["no TLS", "reset", "closed", "silent"],
)
def test_nothing_arrives_without_a_tls_handshake(flavor: Flavor, behave: Any) -> None:
    with listener(behave) as port:
        assert lost(flavor, f"https://127.0.0.1:{port}/token", timeout=(TOO_SHORT, 1)).sent is False


@pytest.mark.parametrize("name", ["reset", "close_at_once", "no_http"])
def test_a_request_may_have_arrived_if_the_connection_broke_afterwards(
    every_flavor: Flavor, failing: FailingServer, name: str
) -> None:
    assert lost(every_flavor, failing.endpoint(name)).sent is True


@pytest.mark.parametrize("name", ["never", "no_body", "drip_headers"])
def test_a_request_may_have_arrived_if_there_is_no_answer_in_time(
    flavor: Flavor, failing: FailingServer, name: str
) -> None:
    assert lost(flavor, failing.endpoint(name), timeout=LONG_ENOUGH).sent is True


def through(flavor: Flavor, proxy: str) -> Any:
    """A session that goes through a proxy."""
    if flavor.is_async:
        return flavor.session(proxy=proxy)
    session = flavor.session()
    session.proxies = {"http": proxy, "https": proxy}
    session.trust_env = False
    return session


def test_nothing_arrives_through_a_proxy_that_is_not_there(flavor: Flavor) -> None:
    for scheme in ("http", "https"):
        assert lost(flavor, f"{scheme}://as.local/token", session=through(flavor, DEAD), testing=True).sent is False


DOUBLES = {
    "requests": [
        (requests.ConnectTimeout, False),
        (requests.exceptions.InvalidURL, False),
        (requests.ReadTimeout, True),
        (requests.ConnectionError, True),
        (requests.exceptions.SSLError, True),
    ],
    "httpx2": [
        (httpx2.ConnectTimeout, False),
        (httpx2.ConnectError, False),
        (httpx2.PoolTimeout, False),
        (httpx2.ReadTimeout, True),
        (httpx2.ReadError, True),
        (httpx2.RemoteProtocolError, True),
    ],
}


def test_what_a_test_double_raises_is_believed(flavor: Flavor) -> None:
    for error, sent in DOUBLES[flavor.library.__name__]:

        def respond(request: Received, error: Any = error) -> Answer:
            raise error("as if")

        client, _ = flavor.mocked(respond, retries=None)
        assert failure(flavor, client.client_credentials).sent is sent, error


def test_a_trace_of_the_users_own_is_told_too(failing: FailingServer) -> None:
    events: list[str] = []

    async def trace(event: str, info: dict[str, Any]) -> None:
        events.append(event)

    async def journey() -> None:
        async with AsyncOAuth2Client(failing.endpoint("good"), "id") as client:
            await client.client_credentials(requests_kwargs={"extensions": {"trace": trace}})

    anyio.run(journey)
    assert "http11.send_request_headers.started" in events
