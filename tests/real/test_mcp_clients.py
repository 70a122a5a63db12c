"""Clients of the Model Context Protocol, by its SDK and by FastMCP, log in with our handler and stay logged in.

Their servers are real too. Once a person logs in with Chromium at oidc-provider, else a stand-in at the test server.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devkit import chromium
from devkit.authorization_server import AuthorizationServer as CertifiedServer
from requests_oauth2client import (
    BrowserLogin,
    ClientSecretBasic,
    LoginNeeded,
    OAuth2Client,
    PublicApp,
)
from requests_oauth2client.testing import AuthorizationServer

from .mcp_agents import AGENTS, handler
from .mcp_servers import fastmcp_app, sdk_app, serving

SERVERS = {"sdk": sdk_app, "fastmcp": fastmcp_app}


def revoke(api: OAuth2Client, token: Any) -> None:
    """Revoke an access token, as the client that it was issued to."""
    its_client = api.introspect_token(token)["client_id"]
    agent = OAuth2Client(issuer=api.issuer, auth=PublicApp(its_client))
    agent.revoke_access_token(token)


@dataclass
class Agent:
    """A program of an MCP client, and who logs in there."""

    server: AuthorizationServer
    url: str
    whoami: Callable[[str, Any], Awaitable[str]]
    folder: Path
    logins: list[Any] = field(default_factory=list)

    def login(self, request: Any) -> str:
        self.logins.append(request)
        return str(self.server.log_in(request.uri))

    def start(self) -> str:
        """Start the program, ask who one is, and end."""
        return asyncio.run(self.ask(handler(self.url, self.folder, self.login)))

    async def ask(self, auth: Any) -> str:
        return await self.whoami(self.url, auth)

    @property
    def endpoints(self) -> list[str]:
        """What the server was asked, but for what the API asked it."""
        return [one.endpoint for one in self.server.requests if one.endpoint != "introspection"]


@pytest.fixture(scope="module")
def listening() -> Iterator[AuthorizationServer]:
    with AuthorizationServer().listening() as server:
        yield server


@pytest.fixture(scope="module", params=["sdk", "fastmcp"])
def place(request: pytest.FixtureRequest, listening: AuthorizationServer) -> Iterator[tuple[str, Any]]:
    make_app, whoami = SERVERS[request.param], AGENTS[request.param]
    client = OAuth2Client(issuer=listening.issuer, auth=("mcp-server", "secret"))
    with serving(make_app, client, ["things"]) as url:
        yield url, whoami


@pytest.fixture
def agent(place: tuple[str, Any], listening: AuthorizationServer, tmp_path: Path) -> Agent:
    listening.requests.clear()
    url, whoami = place
    return Agent(listening, url, whoami, tmp_path)


def test_it_logs_in_once_and_stays_logged_in(agent: Agent) -> None:
    assert agent.start() == "alice"
    (request,) = agent.logins
    assert "things" in request.scope
    assert request.resource == agent.url
    before = agent.endpoints
    assert agent.start() == "alice"
    assert agent.endpoints == before, "with a valid token, only the API is asked"


def test_it_stays_logged_in_when_its_token_has_expired(agent: Agent) -> None:
    agent.start()
    before = len(agent.endpoints)
    agent.server.travel(3700)
    try:
        assert agent.start() == "alice"
    finally:
        agent.server.travel(-3700)
    assert agent.endpoints[before:] == ["token"] or set(agent.endpoints[before:]) <= {"token", "configuration"}
    assert len(agent.logins) == 1


def test_a_revoked_token_is_replaced(agent: Agent) -> None:
    async def main() -> str:
        auth = handler(agent.url, agent.folder, agent.login)
        await agent.ask(auth)
        token = await auth.get_token()
        revoke(OAuth2Client(issuer=agent.server.issuer, auth=("mcp-server", "secret")), token)
        return await agent.ask(auth)

    assert asyncio.run(main()) == "alice"
    assert len(agent.logins) == 1


def test_where_no_login_is_possible_the_error_carries_the_request(agent: Agent) -> None:
    async def main() -> str:
        auth = handler(agent.url, agent.folder, login=False)
        with pytest.raises(LoginNeeded) as needed:
            await auth.get_token()
        request = needed.value.authorization_request
        later = handler(agent.url, agent.folder, login=False)
        await later.finish_login(request, agent.server.log_in(request.uri))
        return await agent.ask(later)

    assert asyncio.run(main()) == "alice"


def test_agents_started_at_once_log_in_once(agent: Agent) -> None:
    told: list[Future[str]] = []

    def start(future: Future[str]) -> None:
        try:
            future.set_result(agent.start())
        except Exception as failure:  # noqa: BLE001
            future.set_exception(failure)

    for _ in range(3):
        told.append(Future())
        threading.Thread(target=start, args=(told[-1],)).start()
    assert [future.result(100) for future in told] == ["alice"] * 3
    assert len(agent.logins) == 1


# --- a real browser, a certified server, a real restart


def walk(url: str, done: Future[str]) -> None:
    """Be a person in front of Chromium, who logs in at oidc-provider."""
    try:
        with chromium.open_page() as page:
            page.goto(url)
            page.fill("input[name=login]", "alice")
            page.fill("input[name=password]", "any")
            page.click("button[type=submit]")
            page.click("button[type=submit]")  # consent
            page.wait_for_selector("h1:has-text('Logged in')")
            done.set_result(page.url)
    except Exception as failure:  # noqa: BLE001  the test has to hear of it
        done.set_exception(failure)


@pytest.mark.parametrize("library", AGENTS)
def test_a_person_logs_in_with_chromium(authorization_server: CertifiedServer, tmp_path: Path, library: str) -> None:
    try:
        chromium.find()
    except chromium.NoChromium as missing:
        pytest.skip(f"{missing} `make test` can't install it without root.")
    arrived: list[Future[str]] = []

    def open_browser(url: str) -> bool:
        arrived.append(Future())
        threading.Thread(target=walk, args=(url, arrived[-1])).start()
        return True

    known = authorization_server.clients["client_secret_basic"]
    credentials = ClientSecretBasic(known.client_id, str(known.client_secret))
    client = OAuth2Client.from_discovery_document(authorization_server.metadata, auth=credentials)
    with serving(SERVERS[library], client, ["api.read"]) as url:
        login = BrowserLogin(open_browser=open_browser, tell=lambda _: None)
        auth = handler(url, tmp_path, login)
        assert asyncio.run(AGENTS[library](url, auth)) == "alice"
        assert "?" not in arrived[0].result(60)
        restarted = [sys.executable, "-m", "tests.real.mcp_agents", library, url, str(tmp_path)]
        done = subprocess.run(restarted, capture_output=True, text=True, check=False, timeout=100)
        same, renewed = (line.split() for line in done.stdout.splitlines())
        assert same == ["alice", auth.token.access_token], done.stderr
        assert renewed[0] == "alice"
        assert renewed[1] != same[1], "it had expired"
    assert len(arrived) == 1
