"""`for_resource` on the handlers of both clients: one login, an access token for each API."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from devkit.exchange import Answer, Received, answer, error, token
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import BearerToken, NonRenewableTokenError
from requests_oauth2client.stores import FileStore, MemoryStore

REVOCATION = "https://as.local/revoke"
APIS = [f"https://{name}.local" for name in ("one", "two", "three", "four")]


class StrictServer:
    """An AS that ends the session when a refresh token is used twice."""

    def __init__(self) -> None:
        self.valid = "r0"
        self.asked: list[Any] = []
        self.revoked: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, request: Received) -> Answer:
        with self._lock:
            if request.url == REVOCATION:
                self.revoked.append(request.form["token"])
                return answer(b"")
            if request.form["refresh_token"] != self.valid:
                self.valid = "ended"
                return error("invalid_grant")
            self.asked.append(request.form.get("resource"))
            number = len(self.asked)
            self.valid = f"r{number}"
            return token(access_token=f"a{number}", refresh_token=self.valid, expires_in=3600)


def user(flavor: Flavor, server: StrictServer, **kwargs: Any) -> Any:
    client, _ = flavor.mocked(server, revocation_endpoint=REVOCATION)
    held = BearerToken("a0", expires_in=3600, refresh_token="r0")
    return flavor.named("OAuth2AccessTokenAuth")(client, held, subject="alice", **kwargs)


@pytest.mark.parametrize("make", [lambda: None, MemoryStore], ids=["alone", "with a store"])
def test_handlers_for_many_apis_do_not_log_each_other_out(flavor: Flavor, make: Any) -> None:
    server = StrictServer()
    auth = user(flavor, server, store=make())
    handlers = [auth.for_resource(api) for api in APIS]
    tokens = [str(flavor.run(one.get_token())) for one in handlers]
    assert (tokens, server.asked) == (["a1", "a2", "a3", "a4"], APIS)
    assert type(handlers[0]) is type(auth)
    for one in (*handlers, auth):
        flavor.run(one.renew_token())
    assert server.valid == "r9"


@pytest.mark.parametrize("is_stored", [False, True])
def test_threads_renew_for_their_apis_one_after_the_other(is_stored: bool, tmp_path: Any) -> None:
    with open_flavor("requests") as flavor:
        server = StrictServer()
        store = FileStore(tmp_path / "tokens.db", key=b"k" * 32) if is_stored else None
        auth = user(flavor, server, store=store)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda api: auth.for_resource(api).renew_token(), APIS * 2))
        assert server.valid != "ended"
        assert {*server.asked} == {*APIS}


@pytest.mark.parametrize("name", ["httpx2", "httpx2-trio"])
def test_tasks_renew_for_their_apis_one_after_the_other(name: str) -> None:
    async def run(auth: Any) -> None:
        async with anyio.create_task_group() as tasks:
            for api in APIS:
                tasks.start_soon(auth.for_resource(api).renew_token)

    server = StrictServer()
    with open_flavor(name) as flavor:
        flavor.run(run(user(flavor, server)))
    assert (server.valid, {*server.asked}) == ("r4", {*APIS})


def test_any_handler_logs_out_for_all(flavor: Flavor) -> None:
    server = StrictServer()
    auth = user(flavor, server, store=MemoryStore())
    one, two = auth.for_resource(APIS[0]), auth.for_resource(APIS[1])
    flavor.run(one.get_token())
    assert flavor.run(two.log_out()) is True
    assert server.revoked == ["r1", "a0", "a1"]
    for handler in (auth, one, two):
        with pytest.raises(NonRenewableTokenError):
            flavor.run(handler.get_token())


def test_a_token_that_is_saved_is_the_new_login_of_all(flavor: Flavor) -> None:
    server = StrictServer()
    auth = user(flavor, server)
    one = auth.for_resource(APIS[0])
    flavor.run(one.get_token())
    server.valid = "s0"
    flavor.run(one.save_token(BearerToken("b0", expires_in=3600, refresh_token="s0")))
    assert str(flavor.run(auth.get_token())) == "b0"
    assert str(flavor.run(one.get_token())) == "a2"
