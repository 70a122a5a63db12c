"""What belongs to one event loop of asyncio or trio, and how another thread reaches it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from .locks import LOOK_AGAIN, Lease, LoopWatch, ProcessLock

R = TypeVar("R")
STORE_THREADS = 40
USER_THREADS = 1000  # for functions of users: however slow some are, others should not have to wait for them

_store_threads: RunVar[anyio.CapacityLimiter] = RunVar("store_threads")
_user_threads: RunVar[anyio.CapacityLimiter] = RunVar("user_threads")
_tasks: set[Any] = set()  # asyncio itself remembers tasks only weakly


def running_trio() -> Any:
    """Return trio if this task is one of its."""
    trio: Any = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None


def current_loop() -> Any:
    """Return what stands for the event loop of this task: asyncio's loop, or trio's token."""
    trio = running_trio()
    return asyncio.get_running_loop() if trio is None else trio.lowlevel.current_trio_token()


def is_closed(loop: Any) -> bool:
    """Tell whether an event loop of asyncio has been closed; a token of trio does not say it."""
    return isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed()


async def in_store_thread(call: Callable[..., Any], *args: Any) -> Any:
    """Call a store in a worker thread."""
    return await _in_thread(_store_threads, STORE_THREADS, call, *args)


async def in_user_thread(call: Callable[..., Any], *args: Any) -> Any:
    """Call a user's function in a worker thread."""
    return await _in_thread(_user_threads, USER_THREADS, call, *args)


async def _in_thread(limits: RunVar[anyio.CapacityLimiter], most: int, call: Callable[..., Any], *args: Any) -> Any:
    limiter = limits.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(most)
        limits.set(limiter)
    (returned,) = await anyio.to_thread.run_sync(lambda: (call(*args),), limiter=limiter)
    return returned  # trio takes no coroutine out of a thread, but one in a tuple


def spawn(run: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Start a task that belongs to the event loop."""

    async def unshielded() -> None:
        _shields.set(())  # those of the task that starts it are not its own
        await run()

    trio = running_trio()
    if trio is not None:
        trio.lowlevel.spawn_system_task(unshielded)
        return
    task = asyncio.get_running_loop().create_task(unshielded())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class _Shield:
    """What keeps cancellations away from something that runs to its end; it opens while that only waits for others.

    Args:
        scope: the scope in which it runs (trio), or in which a task waits for it (asyncio).

    Attributes:
        is_cancelled: whether the task that waits was cancelled (asyncio).
        has_ended: whether what it was for has ended.
    """

    def __init__(self, scope: anyio.CancelScope) -> None:
        self.is_cancelled = self.has_ended = False
        self._scope = scope
        self._woken: anyio.Event | None = None

    def open(self, woken: anyio.Event | None) -> None:
        """Let cancellations through, to an event that wakes who sleeps."""
        self._woken, self._scope.shield = woken, False

    def close(self) -> None:
        """Keep them away again."""
        self._woken, self._scope.shield = None, True

    def cancel(self) -> None:
        """Note that the task that waits was cancelled, and wake who sleeps."""
        self.is_cancelled = True
        if self._woken is not None:
            self._woken.set()
            self.close()


_shields: ContextVar[tuple[_Shield, ...]] = ContextVar("shields", default=())


async def to_completion(run: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run something to its end even if this task is cancelled meanwhile; the cancellation comes after it.

    Only while it is in `sleep_idly` is it cancelled at once.
    """
    with anyio.CancelScope(shield=True) as scope:
        shield = _Shield(scope)
        outer = _shields.set((*_shields.get(), shield))
        try:
            if running_trio() is not None:
                return await run()
            task = asyncio.ensure_future(run())  # of its own: asyncio's Task.cancel() goes through a shield of anyio
            return await _outcome(task, shield)
        finally:
            shield.has_ended = True
            _shields.reset(outer)
    raise AssertionError  # that scope itself is never cancelled


async def _outcome(task: asyncio.Future[R], shield: _Shield) -> R:
    """Wait for a task, also while this one is cancelled."""
    cancelled: BaseException | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as request:
            cancelled = request
            shield.cancel()
    if cancelled is not None:
        _ = task.cancelled() or task.exception()  # or asyncio would warn that it was never retrieved
        raise cancelled
    return task.result()


async def sleep_idly(seconds: float) -> None:
    """Sleep where a cancellation counts even inside `to_completion`, since nothing is under way that could be lost."""
    shields = [shield for shield in _shields.get() if not shield.has_ended]
    woken = None if running_trio() is not None else anyio.Event()
    for shield in shields:
        shield.open(woken)
    try:
        _check(shields)
        with anyio.move_on_after(seconds):
            await (anyio.sleep_forever() if woken is None else woken.wait())
        _check(shields)
    finally:
        for shield in shields:
            shield.close()


def _check(shields: list[_Shield]) -> None:
    """Raise the cancellation of a task that waits for this one."""
    if any(shield.is_cancelled for shield in shields):
        raise asyncio.CancelledError


def new_lease(lock: ProcessLock) -> Lease:
    """Make a lease that dies with the event loop of this task."""
    if running_trio() is not None:  # whose run ends only when all that it began has
        return Lease(lock)
    return Lease(lock, LoopWatch(asyncio.get_running_loop()))


async def take_in_task(lease: Lease, wait: float | None) -> bool:
    """Wait in this task until a lease is the holder; False when the seconds to wait were not enough."""
    if lease.lock.try_take(lease):
        return True
    if wait == 0:
        return False
    with anyio.move_on_after(wait):
        while True:
            woken = anyio.Event()
            with lease.lock.wait_in_line(_waker(woken)):
                if lease.lock.try_take(lease):
                    return True
                with anyio.move_on_after(LOOK_AGAIN):
                    await woken.wait()
                if lease.lock.try_take(lease):
                    return True
    return False


def _waker(event: anyio.Event) -> Callable[[], bool]:
    """Return a function that sets an event of this loop from anywhere; False when the loop has ended."""
    trio = running_trio()
    if trio is not None:
        is_here, call, ended = (
            _is_current(trio),
            trio.lowlevel.current_trio_token().run_sync_soon,
            trio.RunFinishedError,
        )
    else:
        loop = asyncio.get_running_loop()
        is_here, call, ended = (lambda: asyncio._get_running_loop() is loop), loop.call_soon_threadsafe, RuntimeError  # noqa: SLF001

    def wake() -> bool:
        if is_here():
            event.set()
            return True
        try:
            call(event.set)
        except ended:
            return False
        return True

    return wake


def _is_current(trio: Any) -> Callable[[], bool]:
    token = trio.lowlevel.current_trio_token()
    return lambda: trio.lowlevel.in_trio_run() and trio.lowlevel.current_trio_token() is token
