"""Async clients that tasks, threads and event loops share, each with an `async with` of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx2
import pytest

from devkit.failing_server import FailingServer
from requests_oauth2client import AsyncApiClient, AsyncOAuth2Client

LOOPS = 4


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
    return lambda task: anyio.run(task, backend=request.param)


def clients(failing: FailingServer) -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    """Each kind of client, and a call of it."""
    url = failing.endpoint("good")
    return {
        "AsyncApiClient": (AsyncApiClient(url), lambda api: api.get()),
        "AsyncOAuth2Client": (AsyncOAuth2Client(url, ("id", "secret")), lambda client: client.client_credentials()),
    }


NAMES = ["AsyncApiClient", "AsyncOAuth2Client"]


@pytest.mark.parametrize("name", NAMES)
def test_one_loop_after_the_other_enters_it(failing: FailingServer, run: Any, name: str) -> None:
    client, call = clients(failing)[name]

    async def journey() -> None:
        async with client as entered:
            await call(entered)

    for _ in range(3):
        run(journey)


@pytest.mark.parametrize("name", NAMES)
def test_who_leaves_first_does_not_close_it_for_other_loops(failing: FailingServer, run: Any, name: str) -> None:
    client, call = clients(failing)[name]
    entered, left = threading.Event(), threading.Event()

    async def stays() -> None:
        async with client as one:
            entered.set()  # it has no connection yet
            await anyio.to_thread.run_sync(left.wait, 20)
            await call(one)

    async def leaves() -> None:
        async with client as one:
            await call(one)

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(run, stays)
        assert entered.wait(20)
        run(leaves)
        left.set()
        staying.result(20)


@pytest.mark.parametrize("name", NAMES)
def test_who_leaves_first_does_not_close_it_for_other_tasks(failing: FailingServer, run: Any, name: str) -> None:
    client, call = clients(failing)[name]

    async def journey() -> None:
        left = anyio.Event()

        async def stays(*, task_status: Any) -> None:
            async with client as one:
                await call(one)
                task_status.started()
                await left.wait()
                await call(one)

        async with anyio.create_task_group() as group:
            await group.start(stays)
            async with client as one:
                await call(one)
            left.set()

    failing.received.clear()
    run(journey)
    assert len({request.connection for request in failing.received}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_threads_enter_and_leave_it_as_they_come(failing: FailingServer, name: str) -> None:
    client, call = clients(failing)[name]
    together = threading.Barrier(LOOPS)

    async def journey() -> None:
        for _ in range(5):
            async with client as one:
                await call(one)

    def thread() -> None:
        together.wait(20)
        asyncio.run(journey())

    with ThreadPoolExecutor(LOOPS) as pool:
        for done in [pool.submit(thread) for _ in range(LOOPS)]:
            done.result(60)


def test_the_last_one_closes_it(failing: FailingServer, run: Any) -> None:
    api, _ = clients(failing)["AsyncApiClient"]

    async def journey() -> None:
        async with api:
            async with api as inside:
                await inside.get()
            assert not api.session.is_closed
        assert api.session.is_closed
        with pytest.raises(RuntimeError):
            await api.get()

    run(journey)


def test_a_session_that_was_given_is_left_alone(failing: FailingServer, run: Any) -> None:
    async def journey() -> None:
        async with httpx2.AsyncClient() as given:
            for _ in range(2):
                async with AsyncApiClient(failing.endpoint("good"), session=given) as api:
                    await api.get()
            assert not given.is_closed

    run(journey)
