"""Who is cancelled while it waits for a store's lock is gone at once, though a renewal runs to its end once begun.

And those who wait for one user delay no other: told by the order of what happens, not by time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest

from devkit.exchange import Answer, Received, token
from devkit.flavors import open_flavor
from requests_oauth2client import (
    AsyncOAuth2AccessTokenAuth,
    AsyncOAuth2Client,
    BearerToken,
    ClientSecretPost,
    OAuth2AccessTokenAuth,
)
from requests_oauth2client.aio import AsyncOAuth2TokenSourceAuth
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.token_sources import CallableSource

API, AS = "https://api.local/", "https://as.local/token"
LONG = 20  # seconds, within which a test fails; the lock of an entry is waited for longer
MANY = 60  # more than any pool of 40 threads


class Server:
    """An AS that knows how often each refresh token was used, and holds back the answers for some."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.held_back: dict[str, anyio.Event] = {}
        self.asked = anyio.Event()

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "api.local":
            return httpx2.Response(200, json={"with": request.headers["authorization"]})
        refresh_token = dict(httpx2.QueryParams(request.content.decode()))["refresh_token"]
        self.used.append(refresh_token)
        self.asked.set()
        if refresh_token in self.held_back:
            await self.held_back[refresh_token].wait()
        fields = {"access_token": f"new-{refresh_token}", "token_type": "Bearer", "expires_in": 3600}
        return httpx2.Response(200, json={**fields, "refresh_token": f"next-{refresh_token}"})


def expired(name: str) -> BearerToken:
    return BearerToken("old", refresh_token=name, expires_in=-60)


class Scene:
    """Handlers of several users of one store."""

    def __init__(self, store: Any = None) -> None:
        self.server = Server()
        self.session = httpx2.AsyncClient(transport=httpx2.MockTransport(self.server))  # pyright: ignore[reportArgumentType]
        self.client = AsyncOAuth2Client(AS, ClientSecretPost("id", "hush-hush"), session=self.session)
        self.store = store or MemoryStore()

    def handler(self, name: str) -> AsyncOAuth2AccessTokenAuth:
        return AsyncOAuth2AccessTokenAuth(self.client, expired(name), store=self.store, subject=name)

    def lock(self, handler: Any) -> AbstractContextManager[int]:
        """Hold the lock of a user's entry, as another process does."""
        lock: AbstractContextManager[int] = self.store.lock(handler._manager.store_entry.entry, wait=0)
        return lock

    async def call(self, handler: Any) -> str:
        response = await self.session.get(API, auth=handler)
        found: str = response.json()["with"]
        return found


class Watched(MemoryStore):
    """A store that tells when somebody has tried in vain to lock an entry."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = threading.Event()

    def lock(self, entry: str, wait: float | None = None) -> Any:
        self.tried.set()
        return super().lock(entry, wait=wait)


async def until(event: threading.Event) -> None:
    while not event.is_set():  # noqa: ASYNC110  it is set in a thread of the store
        await anyio.sleep(0.01)


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
    return lambda task: anyio.run(task, backend=request.param)


def test_who_waits_for_the_lock_of_a_store_can_be_cancelled(run: Any) -> None:
    async def journey() -> None:
        at = Scene(Watched())
        auth = at.handler("alice")
        with at.lock(auth):
            at.store.tried.clear()
            with anyio.fail_after(LONG):
                async with anyio.create_task_group() as group:
                    group.start_soon(at.call, auth)
                    await until(at.store.tried)
                    group.cancel_scope.cancel()
            assert at.server.used == []
        with anyio.fail_after(LONG):
            assert await at.call(auth) == "Bearer new-alice"  # nothing of it is left

    run(journey)


def test_a_deadline_of_the_caller_counts_too(run: Any) -> None:
    async def journey() -> None:
        at = Scene()
        auth = at.handler("alice")
        with at.lock(auth), anyio.fail_after(LONG):
            with anyio.move_on_after(0.05) as scope:
                await at.call(auth)
            assert scope.cancelled_caught

    run(journey)


def test_a_task_of_asyncio_can_be_cancelled_there_too() -> None:
    async def journey() -> None:
        at = Scene(Watched())
        auth = at.handler("alice")
        with at.lock(auth):
            at.store.tried.clear()
            task = asyncio.create_task(at.call(auth))
            await until(at.store.tried)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(task), LONG)
            assert task.cancelled()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(at.call(auth), 0.05)
        assert await asyncio.wait_for(at.call(auth), LONG) == "Bearer new-alice"
        assert at.server.used == ["alice"]

    asyncio.run(journey())


def test_a_renewal_that_has_begun_still_runs_to_its_end(run: Any) -> None:
    async def journey() -> None:
        at = Scene()
        auth = at.handler("alice")
        go_on = at.server.held_back["alice"] = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(at.call, auth)
            await at.server.asked.wait()
            group.cancel_scope.cancel()
            go_on.set()
        assert auth.token is not None
        assert auth.token.refresh_token == "next-alice"
        assert await at.call(at.handler("alice")) == "Bearer new-alice"  # it is in the store
        assert at.server.used == ["alice"]

    run(journey)


def test_many_who_wait_for_locks_of_many_users_delay_nobody_else(run: Any) -> None:
    async def journey() -> None:
        at = Scene()
        waiting = [at.handler(f"user-{number}") for number in range(MANY)]
        locks = [at.lock(auth) for auth in waiting]
        for lock in locks:
            lock.__enter__()
        async with anyio.create_task_group() as group:
            for auth in waiting:
                group.start_soon(at.call, auth)
            with anyio.fail_after(LONG):
                assert await at.call(at.handler("bob")) == "Bearer new-bob"
            assert at.server.used == ["bob"]  # all others still wait
            for lock in locks:
                lock.__exit__(None, None, None)
        assert sorted(at.server.used) == sorted(["bob", *(f"user-{number}" for number in range(MANY))])

    run(journey)


def test_many_requests_of_one_user_that_wait_delay_no_other_user(run: Any) -> None:
    async def journey() -> None:
        at = Scene()
        alice = at.handler("alice")
        go_on = at.server.held_back["alice"] = anyio.Event()
        shown: list[str] = []

        async def call() -> None:
            shown.append(await at.call(alice))

        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(call)
            await at.server.asked.wait()
            with anyio.fail_after(LONG):
                assert await at.call(at.handler("bob")) == "Bearer new-bob"
            assert shown == []  # all of hers still wait
            go_on.set()
        assert shown == ["Bearer new-alice"] * 100
        assert sorted(at.server.used) == ["alice", "bob"]

    run(journey)


def test_many_slow_functions_of_a_user_do_not_delay_a_store(run: Any) -> None:
    go_on = threading.Event()

    def slow() -> dict[str, Any]:
        assert go_on.wait(LONG)
        return {"access_token": "slow", "expires_in": 3600}

    async def journey() -> None:
        at = Scene()
        handlers = [AsyncOAuth2TokenSourceAuth(CallableSource(slow)) for _ in range(MANY)]
        shown: list[str] = []

        async def call(handler: Any) -> None:
            shown.append(await at.call(handler))

        async with anyio.create_task_group() as group:
            for handler in handlers:
                group.start_soon(call, handler)
            await anyio.lowlevel.checkpoint()
            try:
                with anyio.fail_after(LONG):
                    assert await at.call(at.handler("bob")) == "Bearer new-bob"
                assert shown == []
            finally:
                go_on.set()
        assert shown == ["Bearer slow"] * MANY

    run(journey)


def test_many_threads_of_one_user_that_wait_delay_no_other_user() -> None:
    begun, go_on, used = threading.Event(), threading.Event(), []

    def respond(request: Received) -> Answer:
        name = request.form["refresh_token"]
        used.append(name)
        if name == "alice":
            begun.set()
            assert go_on.wait(LONG)
        return token(access_token=f"new-{name}", refresh_token="next", expires_in=3600)

    with open_flavor("requests") as flavor, ThreadPoolExecutor(100) as pool:
        client, _ = flavor.mocked(respond)
        session, received = flavor.answered_by(lambda _: Answer())
        store = MemoryStore()
        alice, bob = (
            OAuth2AccessTokenAuth(client, expired(name), store=store, subject=name) for name in ("alice", "bob")
        )
        calls = [pool.submit(session.get, API, auth=alice) for _ in range(100)]
        try:
            assert begun.wait(LONG)
            session.get(API, auth=bob)
            assert [one.headers["authorization"] for one in received] == ["Bearer new-bob"]
        finally:
            go_on.set()
        assert {call.result(LONG).status_code for call in calls} == {200}
        assert sorted(used) == ["alice", "bob"]
