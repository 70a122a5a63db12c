"""An API that trusts the certified server, called with nothing but its URL: by `requests`, httpx2 and httpx."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import requests

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.flavors import Flavor
from devkit.protected_api import judge
from requests_oauth2client import BrowserLogin, ClientMetadata, OAuth2ResourceAuth
from requests_oauth2client.stores import FileStore, MemoryStore
from requests_oauth2client.testing import ReceivedRequest, ServerResponse, transports

ME = ClientMetadata("A real agent")
KEY = b"a key of thirty-two bytes or more"


class Api:
    """An API that trusts the certified server, and says so."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server, self.issuer = server, ""
        self.paths: list[str] = []

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request."""
        self.paths.append(request.path)
        where = f"{self.issuer}/.well-known/oauth-protected-resource"
        if request.url == where:
            about = {
                "resource": self.issuer,
                "authorization_servers": [self.server.issuer],
                "scopes_supported": ["api.read"],
            }
            return ServerResponse(headers={"Content-Type": "application/json"}, body=json.dumps(about).encode())
        answer = judge(self.server, request.headers.get("authorization", ""))
        headers = {name: f'{value}, resource_metadata="{where}"' for name, value in answer.headers.items()}
        return ServerResponse(status=answer.status, headers=headers, body=json.dumps(answer.body).encode())


@pytest.fixture
def api(authorization_server: AuthorizationServer) -> Iterator[Api]:
    made = Api(authorization_server)
    with transports.listening(made, 0):
        yield made


def log_in(request: Any) -> str:
    with Browser() as browser:
        return browser.authorize(str(request.uri))


def test_a_user_stays_logged_in_over_restarts(flavor: Flavor, api: Api) -> None:
    store, logins = MemoryStore(), []

    def login(request: Any) -> str:
        logins.append(request)
        return log_in(request)

    def started() -> Any:
        return flavor.named("OAuth2ResourceAuth")(api.issuer, client=ME, login=login, store=store, subject="alice")

    auth = started()
    answered = flavor.get(f"{api.issuer}/things", auth=auth)
    assert (answered.status_code, answered.json()["aud"]) == (200, api.issuer)
    assert "offline_access" in logins[0].scope
    assert auth.token.refresh_token
    before = len(api.paths)
    assert flavor.get(f"{api.issuer}/things", auth=started()).status_code == 200
    assert len(api.paths) == before + 1
    first = auth.token
    flavor.run(auth.renew_token())
    assert auth.token.access_token != first.access_token
    assert flavor.get(f"{api.issuer}/things", auth=started()).json()["aud"] == api.issuer
    assert len(logins) == 1
    assert flavor.run(auth.log_out()) is True
    assert flavor.get(f"{api.issuer}/things", auth=started()).status_code == 200
    assert len(logins) == 2


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_sync_client_of_httpx_meets_the_same(library: Any, api: Api) -> None:
    with library.Client(auth=OAuth2ResourceAuth(api.issuer, client=ME, login=log_in), timeout=60) as client:
        assert client.post(f"{api.issuer}/things", json={}).status_code == 200
        assert client.get(f"{api.issuer}/things").status_code == 200


def test_a_registration_keeps_its_port(api: Api) -> None:
    store, threads = MemoryStore(), []
    uris: list[str] = []

    def walk(url: str) -> None:
        with Browser() as browser:
            callback = browser.authorize(url)
        uris.append(callback.partition("?")[0])
        requests.get(callback, timeout=30)

    def open_browser(url: str) -> bool:
        threads.append(threading.Thread(target=walk, args=(url,)))
        threads[-1].start()
        return True

    for _ in range(2):
        login = BrowserLogin(open_browser=open_browser, tell=lambda _: None, response_mode="query", timeout=60)
        auth = OAuth2ResourceAuth(api.issuer, client=ME, login=login, store=store, subject="alice")
        assert requests.get(api.issuer, auth=auth, timeout=60).status_code == 200
        assert auth.log_out() is True
    for thread in threads:
        thread.join(30)
    assert uris[0] == uris[1]
    assert uris[0].startswith("http://127.0.0.1:")


def _call(url: str, folder: str, logins: Any, together: Any) -> None:
    def login(request: Any) -> str:
        with logins.get_lock():
            logins.value += 1
        return log_in(request)

    store = FileStore(Path(folder), key=KEY)
    auth = OAuth2ResourceAuth(url, client=ME, login=login, store=store, subject="alice")
    together.wait()
    assert requests.get(url, auth=auth, timeout=60).status_code == 200


def test_two_processes_log_in_once(api: Api, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    logins, together = context.Value("i", 0), context.Barrier(2)
    arguments = (api.issuer, str(tmp_path / "tokens"), logins, together)
    processes = [context.Process(target=_call, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
    assert [process.exitcode for process in processes] == [0, 0]
    assert logins.value == 1
