"""Clients and handlers serve any number of event loops, at once and one after the other."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx2
import pytest

from devkit.failing_server import FailingServer
from requests_oauth2client import AsyncApiClient, AsyncOAuth2Client, AsyncOAuth2ClientCredentialsAuth, OtherEventLoop
from requests_oauth2client._core.effects import Lock, Sleep, Steps
from requests_oauth2client._drivers.httpx import AsyncRunner
from requests_oauth2client._drivers.locks import lock_of

LOOPS = 4


def asyncio_run(task: Callable[[], Any]) -> Any:
    return asyncio.run(task())


def trio_run(task: Callable[[], Any]) -> Any:
    return anyio.run(task, backend="trio")


def bare_loop(task: Callable[[], Any]) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(task())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@pytest.fixture(params=[asyncio_run, trio_run, bare_loop])
def run(request: pytest.FixtureRequest) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    yield request.param
    gc.collect()  # what was left open would be a ResourceWarning


@pytest.fixture
def client(failing: FailingServer) -> AsyncOAuth2Client:
    """Made outside of any loop, and never closed."""
    return AsyncOAuth2Client(failing.endpoint("good"), ("id", "secret"))


def test_a_client_of_the_module_serves_one_loop_after_the_other(client: AsyncOAuth2Client, run: Any) -> None:
    for _ in range(3):
        assert run(client.client_credentials).access_token == "an-access-token"


def test_a_handler_and_an_api_client_serve_one_loop_after_the_other(
    client: AsyncOAuth2Client, failing: FailingServer, run: Any
) -> None:
    api = AsyncApiClient(failing.endpoint("good"), AsyncOAuth2ClientCredentialsAuth(client))
    for _ in range(3):
        assert run(api.get).status_code == 200


def test_threads_with_a_loop_each_share_a_handler(client: AsyncOAuth2Client, failing: FailingServer, run: Any) -> None:
    auth = AsyncOAuth2ClientCredentialsAuth(client)
    api = AsyncApiClient(failing.endpoint("good"), auth)
    together = threading.Barrier(LOOPS)

    async def call() -> int:
        together.wait(20)
        response = await api.get()
        return int(response.status_code)

    async def both() -> int:
        with anyio.fail_after(20):
            return await call()

    failing.received.clear()
    with ThreadPoolExecutor(LOOPS) as pool:
        assert [done.result() for done in [pool.submit(run, both) for _ in range(LOOPS)]] == [200] * LOOPS
    assert sum(request.method == "POST" for request in failing.received) == 1


def test_closing_in_one_loop_leaves_the_others_alone(client: AsyncOAuth2Client, run: Any) -> None:
    opened, closed = threading.Event(), threading.Event()

    async def stays() -> str:
        async with client:
            await client.client_credentials()
            opened.set()
            await anyio.to_thread.run_sync(closed.wait, 20)
            return str((await client.client_credentials()).access_token)

    async def closes() -> None:
        async with client:
            await client.client_credentials()

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(run, stays)
        assert opened.wait(20)
        run(closes)
        closed.set()
        assert staying.result(20) == "an-access-token"


class Entry:
    """Something to lock."""


def holding(entry: Entry, held: threading.Event, seconds: float) -> Steps[None]:
    yield Lock(entry)
    held.set()
    yield Sleep(seconds)


def taking(entry: Entry) -> Steps[bool]:
    return (yield Lock(entry, wait=20))


def test_a_loop_that_died_holds_nothing() -> None:
    """Closed with its tasks still in it."""
    entry, held = Entry(), threading.Event()
    loop = asyncio.new_event_loop()
    task = loop.create_task(AsyncRunner()._drive(holding(entry, held, 60)))
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(asyncio.sleep(0))
    assert held.is_set()
    assert lock_of(entry).is_held
    loop.close()
    assert asyncio.run(AsyncRunner()._drive(taking(entry)))
    task.get_coro().close()  # type: ignore[union-attr]  # nobody else can end it
    task._log_destroy_pending = False  # type: ignore[attr-defined]


def test_a_lock_wakes_those_who_wait_in_other_loops(run: Any) -> None:
    entry, held = Entry(), threading.Event()

    async def hold() -> None:
        await AsyncRunner()._drive(holding(entry, held, 0.05))

    async def take() -> bool:
        return await AsyncRunner()._drive(taking(entry))

    with ThreadPoolExecutor(LOOPS) as pool:
        holder = pool.submit(run, hold)
        assert held.wait(20)
        takers = [pool.submit(run, take) for _ in range(LOOPS - 1)]
        assert all(taker.result(20) for taker in takers)
        holder.result(20)
    assert not lock_of(entry).is_held


@pytest.mark.parametrize("kind", ["client", "api"])
def test_a_given_session_of_another_loop_is_named(failing: FailingServer, kind: str) -> None:
    session = httpx2.AsyncClient()
    if kind == "client":
        call: Any = AsyncOAuth2Client(failing.endpoint("good"), ("id", "secret"), session=session).client_credentials
    else:
        call = AsyncApiClient(failing.endpoint("good"), session=session).get

    async def twice() -> None:
        await call()
        await call()

    async def refused() -> None:
        with pytest.raises(OtherEventLoop, match="another event loop"):
            await call()

    with asyncio.Runner() as first:
        first.run(twice())
        asyncio.run(refused())
        first.run(session.aclose())
