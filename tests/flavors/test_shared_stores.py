"""Handlers that share a store, called at once: one of them asks for a token, none is stuck."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import httpx2
import pytest
import requests

from devkit.exchange import token
from devkit.flavors import open_flavor
from requests_oauth2client import AsyncOAuth2Client, AsyncOAuth2ClientCredentialsAuth, OAuth2ClientCredentialsAuth
from requests_oauth2client.stores import FileStore, MemoryStore, TokenStore

API = "https://api.local/"
MANY = 64
KEY = b"a key of a store, of 32 bytes .."


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made: TokenStore = MemoryStore() if request.param == "memory" else FileStore(tmp_path / "tokens.db", key=KEY)
    yield made
    made.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_with_a_handler_each(store: TokenStore, backend: str) -> None:
    asked: list[Any] = []

    async def respond(request: Any) -> Any:
        asked.append(request)
        await anyio.sleep(0.05)
        return httpx2.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 60})

    async def journey() -> set[str]:
        session = httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
        client = AsyncOAuth2Client("https://as.local/token", ("id", "s"), session=session)
        handlers = [AsyncOAuth2ClientCredentialsAuth(client, store=store) for _ in range(MANY)]
        answering = httpx2.MockTransport(lambda _: httpx2.Response(200))
        async with session, httpx2.AsyncClient(transport=answering) as api, anyio.create_task_group() as tasks:
            for handler in handlers:
                tasks.start_soon(lambda auth: api.get(API, auth=auth), handler)
        return {str(handler.token) for handler in handlers}

    with anyio.from_thread.start_blocking_portal(backend) as portal:
        assert portal.call(journey) == {"t"}
    assert len(asked) == 1


def test_threads_with_a_handler_each(store: TokenStore) -> None:
    with open_flavor("requests") as flavor, ThreadPoolExecutor(MANY) as threads:
        client, asked = flavor.mocked(token())
        handlers = [OAuth2ClientCredentialsAuth(client, store=store) for _ in range(MANY)]
        start = threading.Barrier(MANY)

        def call(handler: Any) -> int:
            start.wait(10)
            request = requests.Request("GET", API).prepare()
            handler(request)
            return len(request.headers)

        assert set(threads.map(call, handlers)) == {1}
        assert len(asked) == 1
        assert len({str(handler.token) for handler in handlers}) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")  # that it is safe here is what is tested
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_child_renews_although_a_task_of_its_parent_was_renewing(backend: str) -> None:
    parent, came, told = os.getpid(), threading.Event(), threading.Event()

    async def respond(_: Any) -> Any:
        came.set()
        while os.getpid() == parent and not told.is_set():  # noqa: ASYNC110  set by another thread
            await anyio.sleep(0.01)
        return httpx2.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 60})

    client = AsyncOAuth2Client(
        "https://as.local/token", ("id", "s"), session=httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
    )
    auth = AsyncOAuth2ClientCredentialsAuth(client)
    with anyio.from_thread.start_blocking_portal(backend) as portal:
        renewing = portal.start_task_soon(auth.renew_token)
        assert came.wait(10)
        child = os.fork()
        if not child:
            signal.alarm(10)
            try:
                anyio.run(auth.renew_token, backend=backend)
            finally:
                os._exit(0 if str(auth.token) == "t" else 1)
        assert os.waitpid(child, 0)[1] == 0
        told.set()
        renewing.result(10)
