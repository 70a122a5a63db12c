"""However many callers need a token at once, one of them asks for it: threads, tasks, and the child of a fork."""

import asyncio
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import anyio
import httpx2
import pytest
import requests

from devkit.exchange import Answer, Received, error, token
from devkit.failing_server import FailingServer
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import (
    AsyncOAuth2Client,
    AsyncOAuth2ClientCredentialsAuth,
    BearerToken,
    ClientSecretPost,
    InvalidClient,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
)
from requests_oauth2client._renewal.flight import SingleFlight
from requests_oauth2client.stores import MemoryStore

API = "https://api.local/"
THREADS, TASKS = 64, 1000
NEW = {"access_token": "new", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r2"}
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
backends = pytest.mark.parametrize("backend", ["asyncio", "trio"])
# CPython warns of any fork beside other threads; that this is safe here is what is tested.
beside_threads = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


def expired() -> BearerToken:
    return BearerToken("old", expires_in=-10, refresh_token="r")


def prepared() -> requests.PreparedRequest:
    return requests.Request("GET", API).prepare()


# --- threads


class CountedFlight(SingleFlight):
    """Counts how often somebody has looked how many renewals have ended: each caller does, before standing in line."""

    def __init__(self) -> None:
        self._looks, self._ended = itertools.count(1), 0
        self.callers = 0
        super().__init__()

    @property
    def ended(self) -> int:  # type: ignore[override]
        self.callers = next(self._looks)
        return self._ended

    @ended.setter
    def ended(self, number: int) -> None:
        self._ended = number


class Gate:
    """Answers once it is opened, and says when the first request has come."""

    def __init__(self, given: Answer) -> None:
        self.given = given
        self.came, self.opened = threading.Event(), threading.Event()

    def __call__(self, _: Received) -> Answer:
        self.came.set()
        assert self.opened.wait(10)
        return self.given


def in_threads(auth: Any, gate: Gate, number: int = THREADS) -> list[Any]:
    """Authenticate a request in each of many threads; the AS answers when all of them are there."""
    auth._manager.state.flight = flight = CountedFlight()

    def one() -> Any:
        try:
            return auth(prepared()).headers["Authorization"]
        except InvalidClient as refused:
            return refused

    with ThreadPoolExecutor(number) as pool:
        outcomes = [pool.submit(one) for _ in range(number)]
        until(lambda: flight.callers >= number)
        gate.opened.set()
        return [outcome.result(10) for outcome in outcomes]


def with_gate(flavor: Flavor, given: Answer, **kwargs: Any) -> tuple[Any, Gate, list[Received]]:
    gate = Gate(given)
    client, sent = flavor.mocked(gate)
    return OAuth2ClientCredentialsAuth(client, **kwargs), gate, sent


@pytest.mark.parametrize("held", [None, "expired"])
@pytest.mark.parametrize("store", [None, MemoryStore], ids=["alone", "with a store"])
def test_many_threads_send_one_token_request(held: Any, store: Any) -> None:
    with open_flavor("requests") as flavor:
        kwargs = {"token": expired() if held else None, "store": store and store()}
        auth, gate, sent = with_gate(flavor, token(access_token="new"), **kwargs)
        assert set(in_threads(auth, gate)) == {"Bearer new"}
    assert len(sent) == 1


def test_many_threads_share_a_failure_each_with_an_exception_of_its_own() -> None:
    with open_flavor("requests") as flavor:
        auth, gate, sent = with_gate(flavor, error("invalid_client", 401))
        raised = in_threads(auth, gate)
        assert {type(one) for one in raised} == {InvalidClient}
        assert len({id(one) for one in raised}) == THREADS
        assert len(sent) == 1
        gate.given = token(access_token="new")
        assert auth(prepared()).headers["Authorization"] == "Bearer new"
    assert len(sent) == 2


def test_in_the_leeway_only_one_thread_waits_for_the_as() -> None:
    with open_flavor("requests") as flavor:
        auth, gate, sent = with_gate(flavor, token(access_token="new"), token=BearerToken("old", expires_in=10))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(auth, prepared())
            assert gate.came.wait(10)
            assert {auth(prepared()).headers["Authorization"] for _ in range(THREADS)} == {"Bearer old"}
            gate.opened.set()
            assert first.result(10).headers["Authorization"] == "Bearer new"
    assert len(sent) == 1


def test_in_the_background_nobody_waits_for_the_as() -> None:
    with open_flavor("requests") as flavor:
        held = BearerToken("old", expires_in=10)
        auth, gate, sent = with_gate(flavor, token(access_token="new"), token=held, background=True)
        assert {auth(prepared()).headers["Authorization"] for _ in range(THREADS)} == {"Bearer old"}
        gate.opened.set()
        until(lambda: str(auth.token) == "new")
    assert len(sent) == 1


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    give_up = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.005)


# --- tasks


class SlowServer:
    """Answers token requests when it is told to; API calls at once."""

    def __init__(self, status: int = 200, body: Any = None) -> None:
        self.answer = status, body or NEW
        self.asked = 0
        self.came, self.opened = anyio.Event(), anyio.Event()

    async def __call__(self, _: Any) -> Any:
        self.asked += 1
        self.came.set()
        await self.opened.wait()
        status, body = self.answer
        return httpx2.Response(status, json=body)

    def auth(self, **kwargs: Any) -> AsyncOAuth2ClientCredentialsAuth:
        session = httpx2.AsyncClient(transport=httpx2.MockTransport(self))
        client = AsyncOAuth2Client(
            "https://as.local/t", ClientSecretPost("id", "hush-hush"), session=session, retries=None
        )
        return AsyncOAuth2ClientCredentialsAuth(client, **{"token": expired(), **kwargs})


async def called(auth: Any) -> str:
    """Authenticate one request."""
    flow = auth.async_auth_flow(httpx2.Request("GET", API))
    request = await anext(flow)
    await flow.aclose()
    header: str = request.headers["Authorization"]
    return header


async def settled() -> None:
    """Let every other task run until it waits."""
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


@backends
@pytest.mark.parametrize("store", [None, MemoryStore], ids=["alone", "with a store"])
def test_a_thousand_tasks_send_one_token_request(backend: str, store: Any) -> None:
    async def journey() -> None:
        server, got = SlowServer(), []
        auth = server.auth(store=store and store())

        async def one() -> None:
            got.append(await called(auth))

        async with anyio.create_task_group() as tasks:
            for _ in range(TASKS):
                tasks.start_soon(one)
            await server.came.wait()
            await settled()
            server.opened.set()
        assert got == ["Bearer new"] * TASKS
        assert server.asked == 1

    anyio.run(journey, backend=backend)


@backends
def test_a_failure_reaches_all_tasks_that_wait_and_the_next_one_asks_again(backend: str) -> None:
    async def journey() -> None:
        server, raised = SlowServer(401, {"error": "invalid_client"}), []
        auth = server.auth(token=None)

        async def one() -> None:
            try:
                await called(auth)
            except InvalidClient as refused:
                raised.append(refused)

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(one)
            await server.came.wait()
            await settled()
            server.opened.set()
        assert len({id(one) for one in raised}) == 100
        assert server.asked == 1
        server.answer = 200, NEW
        assert await called(auth) == "Bearer new"
        assert server.asked == 2

    anyio.run(journey, backend=backend)


@backends
def test_a_cancelled_task_that_waits_changes_nothing_for_the_others(backend: str) -> None:
    async def journey() -> None:
        server, got = SlowServer(), []
        auth = server.auth()

        async def one(scope: anyio.CancelScope) -> None:
            with scope:
                got.append(await called(auth))

        scopes = [anyio.CancelScope() for _ in range(10)]
        async with anyio.create_task_group() as tasks:
            for scope in scopes:
                tasks.start_soon(one, scope)
            await server.came.wait()
            await settled()
            for scope in scopes[3:7]:
                scope.cancel()
            await settled()
            assert got == []
            server.opened.set()
        assert got == ["Bearer new"] * (10 - sum(scope.cancelled_caught for scope in scopes))
        assert 6 <= len(got) <= 7  # one of those that were cancelled may have been the one that asks
        assert server.asked == 1

    anyio.run(journey, backend=backend)


@backends
@pytest.mark.parametrize("store", [None, MemoryStore], ids=["alone", "with a store"])
def test_a_task_that_is_cancelled_while_it_renews_leaves_the_new_token_behind(backend: str, store: Any) -> None:
    async def journey() -> None:
        server, scope = SlowServer(), anyio.CancelScope()
        auth = server.auth(store=store and store())

        async def one() -> None:
            with scope:
                await called(auth)
                await anyio.lowlevel.checkpoint()  # where the cancellation comes, once the renewal is over

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one)
            await server.came.wait()
            scope.cancel()
            await settled()
            server.opened.set()
        assert scope.cancelled_caught
        assert auth.token is not None
        assert auth.token.refresh_token == "r2"
        assert await called(auth) == "Bearer new"
        assert server.asked == 1

    anyio.run(journey, backend=backend)


@pytest.mark.parametrize("store", [None, MemoryStore], ids=["alone", "with a store"])
def test_a_cancellation_of_asyncio_itself_leaves_the_new_token_behind_too(store: Any) -> None:
    async def journey() -> None:
        server = SlowServer()
        auth = server.auth(store=store and store())
        task = asyncio.create_task(called(auth))
        await server.came.wait()
        for _ in range(3):
            task.cancel()
            await settled()
        assert not task.done()
        server.opened.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert auth.token is not None
        assert auth.token.refresh_token == "r2"
        assert await called(auth) == "Bearer new"
        assert server.asked == 1

    asyncio.run(journey())


def test_a_timeout_of_asyncio_is_one_though_the_renewal_ends_first() -> None:
    async def journey() -> None:
        server = SlowServer()
        auth = server.auth()
        asyncio.get_running_loop().call_later(0.05, server.opened.set)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await called(auth)
        assert str(auth.token) == "new"

    asyncio.run(journey())


def test_a_failed_renewal_of_a_cancelled_task_is_a_cancellation() -> None:
    async def journey() -> None:
        server = SlowServer(401, {"error": "invalid_client"})
        auth = server.auth()
        task = asyncio.create_task(called(auth))
        await server.came.wait()
        task.cancel()
        await settled()
        server.opened.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(auth._manager.flight.failure, InvalidClient)

    asyncio.run(journey())


@backends
def test_a_task_that_is_cancelled_in_line_at_a_store_leaves_no_lock_behind(backend: str) -> None:
    async def journey() -> None:
        server, store = SlowServer(), MemoryStore()
        server.opened.set()
        auth = server.auth(store=store)
        with somebody_holding(store, auth._manager.store_entry.entry) as let_go:  # type: ignore[union-attr]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(called, auth)
                await anyio.sleep(0.05)
                tasks.cancel_scope.cancel()
                let_go()
        with store.lock(auth._manager.store_entry.entry, wait=0):  # type: ignore[union-attr]
            pass

    anyio.run(journey, backend=backend)


def test_nor_does_one_that_asyncio_itself_cancels() -> None:
    async def journey() -> None:
        server, store = SlowServer(), MemoryStore()
        server.opened.set()
        auth = server.auth(store=store)
        with somebody_holding(store, auth._manager.store_entry.entry) as let_go:  # type: ignore[union-attr]
            task = asyncio.create_task(called(auth))
            await asyncio.sleep(0.05)
            task.cancel()
            await settled()
            let_go()
            with pytest.raises(asyncio.CancelledError):
                await task
        with store.lock(auth._manager.store_entry.entry, wait=0):  # type: ignore[union-attr]
            pass

    asyncio.run(journey())


@contextmanager
def somebody_holding(store: MemoryStore, entry: str) -> Iterator[Callable[[], None]]:
    """Let another thread hold an entry until it is told to let go."""
    held, told = threading.Event(), threading.Event()

    def hold() -> None:
        with store.lock(entry, wait=0):
            held.set()
            told.wait(10)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(10)
        try:
            yield told.set
        finally:
            told.set()
            holding.result(10)


# --- forks


def in_a_child(do: Callable[[], str]) -> str:
    """Return what a function returns, or says when it fails, in the child of a fork; it has ten seconds."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(10)
        try:
            said = do()
        except BaseException as failure:  # noqa: BLE001  nothing of the test runner may go on here
            said = f"{type(failure).__name__}: {failure}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


@forks
@beside_threads
def test_a_child_renews_although_a_thread_of_its_parent_was_renewing() -> None:
    with open_flavor("requests") as flavor:
        auth, gate, sent = with_gate(flavor, token(access_token="new"), token=expired())

        def renew() -> str:
            gate.opened.set()  # the child's own
            return f"{auth(prepared()).headers['Authorization']} {len(sent)}"

        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(auth, prepared())
            assert gate.came.wait(10)
            assert in_a_child(renew) == "Bearer new 2"
            gate.opened.set()
            assert first.result(10).headers["Authorization"] == "Bearer new"
    assert len(sent) == 1


@forks
@beside_threads
def test_a_child_renews_in_the_background_although_its_parent_had_begun_to() -> None:
    with open_flavor("requests") as flavor:
        held = BearerToken("old", expires_in=10)
        auth, gate, _ = with_gate(flavor, token(access_token="new"), token=held, background=True)
        auth(prepared())
        assert gate.came.wait(10)

        def renew() -> str:
            gate.opened.set()
            auth(prepared())
            until(lambda: str(auth.token) == "new")
            return str(auth.token)

        said = in_a_child(renew)
        gate.opened.set()
        until(lambda: str(auth.token) == "new")
    assert said == "new"


@forks
@beside_threads
def test_a_child_has_connections_of_its_own(failing: FailingServer) -> None:
    with OAuth2Client(failing.endpoint("good"), ClientSecretPost("id", "hush-hush")) as client:
        auth = OAuth2ClientCredentialsAuth(client)
        auth(prepared())
        before = client.session

        def ask() -> str:
            auth.renew_token()
            return f"{client.session is before}"

        assert in_a_child(ask) == "False"
        auth.renew_token()
        assert client.session is before
    first, of_the_child, again = [request.connection for request in failing.received]
    assert first == again != of_the_child
