"""Every Python example of README.md and docs/ runs, in the order in which it stands, against the live server.

What an example needs besides, or must have led to, is in `AFTER`, by document and heading.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keyring
import pytest

from devkit.authorization_server import AuthorizationServer
from devkit.authorization_server.clients import SITE_REDIRECT_URI
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi
from devkit.redis_server import RedisServer
from requests_oauth2client import DeviceLogin
from requests_oauth2client._core.errors import CATALOG
from requests_oauth2client.testing import AuthorizationServer as ServerForTests
from tests.stores.fake_keyring import FileKeyring

from . import services
from .documents import ROOT, Block, markdown_blocks, markdown_headings
from .live import Reader, example_credentials, example_hosts
from .workload_services import workload_services

README = ROOT / "README.md"
ELSEWHERE = {"odd-servers.md"}  # tests/providers run it
DOCUMENTS = [
    README,
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in ELSEWHERE),
]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SOURCE = "https://github.com/guillp/requests_oauth2client"
MOST_LINES = 9
SERVICES: dict[str, Any] = {
    "README.md": services.agent,
    "agents.md": services.agents,
    "mail-kafka-grpc.md": services.protocols,
    "workloads.md": workload_services,
}  # further servers that a page talks to

FIVE = [
    "A service calls an API",
    "A command line logs its user in",
    "A web site logs its users in",
    "An agent calls an MCP server",
    "A test logs a user in",
]


def answers(name: str) -> Callable[[Reader, Block], None]:
    """Say that an example ends with a good answer."""

    def check(reader: Reader, block: Block) -> None:
        assert reader[name].status_code == 200

    return check


def is_alice(reader: Reader, block: Block) -> None:
    assert reader["me"]["sub"] == "alice"


def is_thing_1(reader: Reader, block: Block) -> None:
    assert (reader["thing"]["method"], reader["thing"]["path"]) == ("GET", "/v1/things/1")


def is_blue(reader: Reader, block: Block) -> None:
    assert reader["things"]["path"] == "/things?color=blue"


def logs_a_visitor_in(reader: Reader, block: Block) -> None:
    site = {"base_url": SITE_REDIRECT_URI.removesuffix("/auth/main/callback")}
    with reader["app"].test_client() as visitor:
        started = visitor.get(visitor.get("/", **site).location, **site)
        page = visitor.get(reader.browser.authorize(started.location), **site)
        assert visitor.get(page.location, **site).text == "Hello, alice"


def agent_is_alice(reader: Reader, block: Block) -> None:
    assert reader["who"] == "alice"


def plays_a_login(reader: Reader, block: Block) -> None:
    site = next(found for found in markdown_blocks(README) if found.heading == FIVE[2])
    reader.run(site, **{"https://as.example.com": "https://as.test"})
    with ServerForTests("https://as.test").installed() as server:
        reader["test_a_user_logs_in"](server)


def says_who_it_was(reader: Reader, block: Block) -> None:
    assert reader.screen[-1] == "alice True"


def got_a_token(reader: Reader, block: Block) -> None:
    assert reader["token"].access_token


def quotes_the_server(reader: Reader, block: Block) -> None:
    message, error = reader.screen[-2:]
    assert message.startswith(
        reader.rewrite("https://as.example.com/token answered with status 401 error='invalid_client'")
    )
    assert error.startswith("invalid_client 401 ")


def is_refused_afterwards(reader: Reader, block: Block) -> None:
    assert reader.screen[-2:] == ["True False", "alice"]


def is_bound_to_a_key(reader: Reader, block: Block) -> None:
    assert reader["token"].token_type == "DPoP"
    assert reader["user"]["sub"] == "alice"


def goes_where_the_comments_say(reader: Reader, block: Block) -> None:
    for line in block.lines:
        expression, _, comment = line.partition("  #")
        expected = re.search(r"/v1(/\S+)", comment)
        if expected and expression.startswith("api."):
            answer = eval(reader.rewrite(expression), reader.names)  # noqa: S307  the document's own line
            assert answer.json()["path"] == expected[0], line


def is_shared_with_the_next(reader: Reader, block: Block) -> None:
    assert reader["response"].status_code == 200
    first = reader["auth"].token
    reader.run(block)
    assert reader["auth"].token == first


def knows_alice(reader: Reader, block: Block) -> None:
    assert (reader["who"].subject, reader["who"].checked) == (reader["token"].id_token.subject, True)
    assert "id_token_leeway=30" in repr(reader["lenient"])


def talks_to_a_service(reader: Reader, block: Block) -> None:
    assert reader["sasl"].error is None
    assert reader["answer"] == b"a thing"
    assert asyncio.run(reader["first_event"]()) == "an event"
    assert asyncio.run(reader["things"]())["path"] == "/things"


def is_the_platforms(expected: str) -> Callable[[Reader, Block], None]:
    """Say that an example ends with this token."""

    def check(reader: Reader, block: Block) -> None:
        assert reader["token"].access_token == expected

    return check


def knows_its_robot(reader: Reader, block: Block) -> None:
    if "role_credentials" in block.code:
        assert reader["keys"]["SessionToken"] == "s"
    else:
        is_the_platforms("of-a-robot")(reader, block)


def needs_no_second_login(reader: Reader, block: Block) -> None:
    is_alice(reader, block)
    shown = list(reader.screen)
    reader.run(block)
    assert reader.screen == shown, "the second run asks nobody"


def was_asked_once(reader: Reader, block: Block) -> None:
    assert reader.screen[:2] == ["alice", "alice"]
    assert reader["response"].status_code not in {401, 403}
    assert len(reader["logins"]) == 1


AFTER: dict[tuple[str, str], Callable[[Reader, Block], None]] = {
    ("README.md", FIVE[0]): answers("response"),
    ("README.md", FIVE[1]): is_alice,
    ("README.md", FIVE[2]): logs_a_visitor_in,
    ("README.md", FIVE[3]): agent_is_alice,
    ("README.md", FIVE[4]): plays_a_login,
    ("README.md", "A script uses a token that it was given"): is_blue,
    ("README.md", "An SDK hides all that from its users"): is_thing_1,
    ("README.md", "And all of it awaited"): answers("response"),
    ("README.md", "A fleet shares its tokens"): is_shared_with_the_next,
    ("README.md", "A command line that stays logged in"): needs_no_second_login,
    ("README.md", "Client credentials"): got_a_token,
    ("README.md", "Exchanging the code"): says_who_it_was,
    ("README.md", "Device authorization"): got_a_token,
    ("README.md", "Client authentication"): got_a_token,
    ("README.md", "ApiClient"): goes_where_the_comments_say,
    ("README.md", "Errors"): quotes_the_server,
    ("agents.md", "Who the agent is"): was_asked_once,
    ("mail-kafka-grpc.md", "Anything else"): talks_to_a_service,
    ("workloads.md", "A secret in a file"): got_a_token,
    ("workloads.md", "A token of the platform, exchanged"): is_the_platforms("federated"),
    ("workloads.md", "What is not OAuth"): knows_its_robot,
    ("recipes.md", "Keep a request while the user is away"): got_a_token,
    ("recipes.md", "Store tokens"): is_alice,
    ("recipes.md", "Introspect a token, call userinfo, revoke a token"): is_refused_afterwards,
    ("recipes.md", "Check ID tokens of a provider that has its own ways"): knows_alice,
    ("recipes.md", "Sign or push the request first (JAR, PAR)"): got_a_token,
    ("recipes.md", "Bind tokens to a key (DPoP)"): is_bound_to_a_key,
    ("recipes.md", "Use a session of your own"): got_a_token,
    ("recipes.md", "Read the responses of a server that deviates"): got_a_token,
}


@pytest.fixture
def own_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place for the user's state, a keyring, and the key of a fleet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("TOKEN_KEY", "5a" * 32)
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring(tmp_path / "keyring.json"))
    yield
    keyring.set_keyring(before)


@pytest.fixture
def reader(
    authorization_server: AuthorizationServer,
    protected_api: ProtectedApi,
    browser: Browser,
    redis_server: RedisServer,
    own_computer: None,
) -> Reader:
    replacements = {
        **example_hosts(authorization_server, protected_api),
        **example_credentials(authorization_server),
        "rediss://redis.example.com": redis_server.url,
        "OAuth2LoginAuth(client,": "OAuth2LoginAuth(client, DeviceLogin(tell=print),",  # who reads what is printed
    }
    names = {"DeviceLogin": DeviceLogin}
    return Reader(api=protected_api, browser=browser, replacements=replacements, names=names)


@pytest.mark.filterwarnings("ignore:.*was given no store")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_example_runs(document: Path, reader: Reader, tmp_path: Path) -> None:
    with SERVICES.get(document.name, lambda *_: nullcontext())(reader, tmp_path):
        for block in markdown_blocks(document):
            reader.run(block)
            AFTER.get((document.name, block.heading), lambda *_: None)(reader, block)


def test_every_check_has_its_example() -> None:
    headings = {(file.name, block.heading) for file in DOCUMENTS for block in markdown_blocks(file)}
    assert set(AFTER) <= headings


def test_each_of_the_five_things_takes_less_than_ten_lines() -> None:
    blocks = {block.heading: block for block in markdown_blocks(README)}
    assert [heading for heading in FIVE if len(blocks[heading].lines) > MOST_LINES] == []


def test_links_of_readme_work_on_a_package_index() -> None:
    """Each has a scheme, and those that lead to our documentation lead to a page and an anchor that are there."""
    pages, raw = CATALOG.rpartition("/")[0] + "/", f"{SOURCE}/raw/main/"
    prose = re.sub(r"^ *```.*?^ *```$", "", README.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    shown = {"contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md", "security": "SECURITY.md"}
    for target in targets:
        if target.startswith(pages):
            name, _, anchor = target.removeprefix(pages).partition("#")
            page = name.removesuffix(".html") or "index"
            file = ROOT / shown.get(page, f"docs/{page}.md")
            assert file.exists(), target
            assert not anchor or anchor in map(anchor_of, markdown_headings(file)), target
        elif target.startswith(raw):
            assert (ROOT / target.removeprefix(raw)).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in map(anchor_of, markdown_headings(file)), f"{page.name}: {target}"


def anchor_of(heading: str) -> str:
    """Make the anchor that a heading gets."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
