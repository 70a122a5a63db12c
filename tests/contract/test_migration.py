"""The pages about migration: both sides of each job run, theirs where their library is installed, and agree.

Under a heading, the blocks of one side share their names. A block is ours if the line before it says "Here". Names that
both sides have set (`me`, `things`, ...) must be equal.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from requests_oauth2client import OAuth2Client
from requests_oauth2client.testing import AuthorizationServer, ReceivedRequest, ServerResponse, transports
from requests_oauth2client.testing.messages import as_json
from tests.providers import google, microsoft_entra
from tests.stores.fake_keyring import system_keyring_in

from .documents import ROOT, Block, markdown_blocks

PAGES = sorted((ROOT / "docs" / "migration").glob("*.md"))
THEIRS = {  # the modules that the other side of a page needs
    "authlib": ["authlib"],
    "requests-oauthlib": ["requests_oauthlib"],
    "msal": ["msal"],
    "google-auth": ["google.auth"],
    "httpx-auth": ["httpx_auth"],
    "from-1.x": ["requests_oauth2client"],  # programs of 1.x run
}
SITE = "https://app.example.com"
COMPARED = ("me", "things", "subject", "email", "scope")


@dataclass
class Api:
    """https://api.example.com: it takes the tokens of all servers here."""

    servers: list[Any]
    issuer: str = "https://api.example.com"

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        value = request.headers.get("authorization", "").partition(" ")[2]
        for server in self.servers:
            known = server.records.access_tokens.get(value)
            if known is not None and known.is_active:
                return as_json({"sub": known.claims["sub"]} if request.path == "/me" else ["lamp", "chair"])
        return ServerResponse(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


@dataclass
class World:
    """The servers of the pages, and the one who reads them, with a browser."""

    servers: list[Any]
    screen: list[str] = field(default_factory=list)

    def look(self, *things: object, **_: object) -> None:
        self.screen.append(" ".join(map(str, things)))

    def answer(self, _prompt: str = "") -> str:
        return self.log_in(next(text for text in reversed(self.screen) if text.startswith("http")))

    def log_in(self, url: str) -> str:
        for server in self.servers:
            if url.partition("?")[0] == server.metadata["authorization_endpoint"]:
                return str(server.log_in(url))
        raise LookupError(url)

    def names(self) -> dict[str, Any]:
        return {
            "__name__": "example",
            "print": self.look,
            "input": self.answer,
            "way": Way(self),
            "approve": self.servers[0].approve,
        }

    def visit(self, app: Any, path: str) -> str:
        """Log in to a Flask site, and return its home page."""
        with app.test_client() as browser:
            location = browser.get(path, base_url=SITE).location
            browser.get(self.log_in(location), base_url=SITE)
            return str(browser.get("/", base_url=SITE).text)


@dataclass
class Way:
    """A login from a program, with a browser."""

    world: World
    redirect_uri = "http://127.0.0.1/callback"

    def __call__(self, request: Any) -> str:
        return self.world.log_in(request.uri)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    servers = [AuthorizationServer("https://as.example.com"), microsoft_entra.entra(), *google.shapes()]
    with ExitStack() as stack:
        stack.enter_context(system_keyring_in(tmp_path / "keyring.json"))
        for server in servers:
            stack.enter_context(server.installed())
        stack.enter_context(transports.installed(Api(servers)))
        yield World(servers)


def greets(world: World, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert world.visit(ours["app"], "/auth/main/login") == "Hello, alice@example.com"
    if "app" in theirs:
        assert world.visit(theirs["app"], "/login") == "Hello, alice@example.com"


def stored_login(world: World) -> dict[str, Any]:
    """Write the file of a user who has logged in at Google, and make the ID token of a button."""
    found = world.servers[-1]
    client = OAuth2Client(issuer=found.issuer, auth=("my-app", "my-secret"), redirect_uri=f"{SITE}/callback")
    client.discover()
    request = client.authorization_request(scope="openid", access_type="offline")
    token = client.authorization_code(request.validate_callback(world.log_in(request.uri)))
    file = {"client_id": "my-app", "client_secret": "my-secret", "refresh_token": token.refresh_token}
    Path("authorized_user.json").write_text(json.dumps({"type": "authorized_user", **file}))
    Path("service-account.json").write_text(json.dumps(google.ACCOUNT))
    now = int(time.time())
    claims = {"iss": found.issuer, "aud": "my-app", "azp": "my-android-app", "sub": "alice"}
    return {"credential": found.keys.sign({**claims, "iat": now, "exp": now + 300})}


PREPARED: dict[str, Callable[[World], dict[str, Any]]] = {"google-auth": stored_login}
AFTER: dict[tuple[str, str], Callable[..., None]] = {
    ("authlib.md", "Log users in to a Flask site"): greets,
    ("msal.md", "Log users in to a web site"): greets,
}


def is_ours(block: Block) -> bool:
    before = block.file.read_text().splitlines()[: block.line - 2]
    return next(line for line in reversed(before) if line.strip()).startswith("Here")


@functools.cache
def is_installed(page: str) -> bool:
    try:
        return all(importlib.util.find_spec(name) is not None for name in THEIRS[page])
    except ModuleNotFoundError:
        return False


def by_heading(page: Path) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for block in markdown_blocks(page):
        found.setdefault(block.heading, []).append(block)
    return found


JOBS = [(page, heading) for page in PAGES for heading in by_heading(page)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")  # of MSAL
@pytest.mark.filterwarnings("ignore:.*was given no store")
@pytest.mark.parametrize(("page", "heading"), JOBS, ids=[f"{page.stem}: {heading}" for page, heading in JOBS])
def test_both_sides_of_a_job_do_the_same(page: Path, heading: str, world: World) -> None:
    given = PREPARED.get(page.stem, lambda _: {})(world)
    ours, theirs = world.names() | given, world.names() | given
    for block in by_heading(page)[heading]:
        text = re.sub(r"(OAuth2LoginAuth\(\s*client,)", r"\1 way,", block.code)
        code = compile("\n" * (block.line - 1) + text, str(page), "exec")
        if is_ours(block):
            exec(code, ours)  # noqa: S102  that is the job
        elif is_installed(page.stem):
            exec(code, theirs)  # noqa: S102
    for name in COMPARED:
        if name in theirs and name in ours:
            assert json.dumps(ours[name]) == json.dumps(theirs[name]), name
    AFTER.get((page.name, heading), lambda *_: None)(world, ours, theirs)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_job_has_both_sides(page: Path) -> None:
    for heading, blocks in by_heading(page).items():
        assert {is_ours(block) for block in blocks} == {True, False}, heading
        imported = {alias for block in blocks if is_ours(block) for alias in ast.walk(ast.parse(block.code))}
        assert imported, heading
    assert {heading for name, heading in AFTER if name == page.name} <= set(by_heading(page))
