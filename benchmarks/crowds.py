"""Many callers at a time: threads and tasks that share what they call, processes that make it each for themselves.

A caller is let go when all are there, and has to end with the new token. Knows no library.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import urllib.request
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from .case import Operation, Setup
from .token_counter import NEW_TOKEN

THREADS, TASKS, PROCESSES = 64, 1000, 8
PENDING_POLL_DELAYS = 60  # seconds for a caller to end

Context: TypeAlias = Mapping[str, str]
Call: TypeAlias = Callable[[], str]
"""Do what is done before a request to an API is sent; return what would go into its header."""

AsyncCall: TypeAlias = Callable[[], Awaitable[str]]
Make: TypeAlias = Callable[[Context], Call]
"""Make what holds an expired token; `meeting` in the context is a name for this time, the same for all callers."""


def threads(make: Make) -> Setup:
    """Let 64 threads call."""

    def run(context: Context) -> Iterable[str]:
        call, gate = make(context), threading.Barrier(THREADS)

        def caller(_: int) -> str:
            gate.wait()
            return call()

        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(caller, range(THREADS)))

    return _meeting(run)


def tasks(make: Callable[[Context], AsyncCall]) -> Setup:
    """Let 1,000 tasks of one event loop call."""

    async def run(context: Context) -> Iterable[str]:
        call = make(context)
        return await asyncio.gather(*(call() for _ in range(TASKS)))

    return _meeting(lambda context: asyncio.run(run(context)))


def processes(make: Make) -> Setup:
    """Let 8 processes call: forked, so that a library is loaded once, before each makes what it calls."""

    def run(context: Context) -> Iterable[str]:
        system = multiprocessing.get_context("fork")
        gate, found = system.Barrier(PROCESSES), system.SimpleQueue()

        def caller() -> None:
            try:
                call = make(context)
                gate.wait(PENDING_POLL_DELAYS)
                found.put(call())
            except Exception as failure:  # noqa: BLE001  whatever it is, the parent tells it
                gate.abort()
                found.put(f"{type(failure).__name__}: {failure}")

        make(context)
        callers = [system.Process(target=caller, daemon=True) for _ in range(PROCESSES)]
        for each in callers:
            each.start()
        for each in callers:
            each.join(PENDING_POLL_DELAYS)
        return [found.get() for _ in range(PROCESSES) if not found.empty()]

    return _meeting(run, PROCESSES)


def unable(reason: str) -> Setup:
    """Say why a library can't do this."""

    def setup(_context: Context) -> Operation:
        raise NotImplementedError(reason)

    return setup


def begin(context: Context) -> None:
    """Have the stub count from 0."""
    urllib.request.urlopen(context["url"], timeout=10).close()  # noqa: S310  the stub's


def _meeting(run: Callable[[Context], Iterable[str]], size: int | None = None) -> Setup:
    """Have the stub count from 0, let everybody call, and look at what each got."""

    def setup(context: Context) -> Operation:
        def operation() -> Any:
            begin(context)
            headers = list(run({**context, "meeting": uuid.uuid4().hex}))
            wrong = [header for header in headers if NEW_TOKEN not in header]
            assert not wrong, f"{len(wrong)} callers did not get the new token, such as: {wrong[0]}"
            assert size is None or len(headers) == size, f"{size - len(headers)} processes ended without a word"

        return operation

    return setup
