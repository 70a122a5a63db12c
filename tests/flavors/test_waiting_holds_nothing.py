"""Waiting for a lock holds no thread, a cancelled waiter leaves at once, and slow functions delay nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from requests_oauth2client._core.effects import Lock, RunInThread, Steps
from requests_oauth2client._drivers.httpx import AsyncRunner
from requests_oauth2client.stores import MemoryStore

MANY = 60  # more than any pool of 40 threads


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
    return lambda task: anyio.run(task, backend=request.param)


class Entry:
    """An entry of a store."""

    def __init__(self, store: MemoryStore, name: str) -> None:
        self.store, self.name = store, name

    def hold(self, wait: float | None) -> Any:
        """Hold it."""
        return self.store.lock(self.name, wait=30 if wait is None else wait)


def held(entry: Entry) -> Steps[Any]:
    return (yield Lock(entry))


def call(function: Callable[[], Any], *, for_store: bool = False) -> Steps[Any]:
    return (yield RunInThread(function, for_store=for_store))


def test_many_who_wait_for_an_entry_need_no_thread_and_delay_nobody(run: Any) -> None:
    store = MemoryStore()

    async def journey() -> None:
        runner = AsyncRunner()
        with store.lock("taken", wait=0):
            async with anyio.create_task_group() as waiting:
                for _ in range(MANY):
                    waiting.start_soon(runner._drive, held(Entry(store, "taken")))
                await anyio.sleep(0.05)
                with anyio.fail_after(5):
                    assert await runner._drive(held(Entry(store, "free")))
                waiting.cancel_scope.cancel()  # and they are gone at once, or this would wait for the lock
        with anyio.fail_after(5):
            assert await runner._drive(held(Entry(store, "taken")))

    run(journey)


def test_many_slow_functions_delay_no_store_and_no_other_function(run: Any) -> None:
    go_on = threading.Event()

    async def journey() -> None:
        runner = AsyncRunner()
        async with anyio.create_task_group() as slow:
            for _ in range(MANY):
                slow.start_soon(runner._drive, call(lambda: go_on.wait(30)))
            await anyio.sleep(0.05)
            try:
                with anyio.fail_after(10):
                    assert await runner._drive(call(lambda: "stored", for_store=True)) == "stored"
                    assert await runner._drive(call(lambda: "fast")) == "fast"
            finally:
                go_on.set()

    run(journey)
