"""Pytest fixtures: an authorization server, tokens, wrong ID tokens, a check for token stores.

Pytest loads this by itself where the package is installed; what a fixture needs is loaded when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import pytest
except ImportError as _missing:
    _msg = (
        "requests_oauth2client.testing.plugin needs the library pytest, which is not installed: install it with the"
        " extra 'testing', that is requests_oauth2client[testing]."
    )
    raise ImportError(_msg) from _missing

if TYPE_CHECKING:
    from .._tokens.bearer import BearerToken
    from ..recorder import Story
    from ..stores.base import TokenStore
    from .server import AuthorizationServer

RULES = (
    "issuer missing_issuer audience missing_audience authorized_party signature unsigned alg expiry missing_expiry"
    " issued_at missing_issued_at nonce missing_nonce subject access_token_hash"
).split()
STORY: pytest.StashKey[Story] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--oauth-stories`."""
    parser.getgroup("requests_oauth2client").addoption(
        "--oauth-stories",
        metavar="FOLDER",
        help="write a page with a sequence diagram of each failed test that used oauth_server or oauth_server_url",
    )


@pytest.fixture
def oauth_server_settings() -> dict[str, Any]:
    """What `oauth_server` and `oauth_server_url` are made with: override it, to have your own issuer, or your clients.

    It returns arguments of `AuthorizationServer`; by default, none.
    """
    return {}


@pytest.fixture
def oauth_server(
    request: pytest.FixtureRequest, oauth_server_settings: dict[str, Any]
) -> Iterator[AuthorizationServer]:
    """A strict authorization server, in this process: at `https://as.test`, and it takes any client."""
    from .. import recording  # noqa: PLC0415
    from . import AuthorizationServer  # noqa: PLC0415  not loaded by tests that don't use it

    server = AuthorizationServer(**oauth_server_settings)
    with recording(all_threads=True) as story, server.installed():
        request.node.stash[STORY] = story
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what happened to the report of a failed test that used a server of ours."""
    report = yield
    story = item.stash.get(STORY, None)
    if story is not None and report.failed and call.when == "call" and story.exchanges:
        page = _write_page(item, story)
        report.sections.append(("OAuth story", story.text() + (f"\nAs a picture: {page}\n" if page else "")))
    return report


def _write_page(item: pytest.Item, story: Story) -> Path | None:
    """Write the story as a page where that is wanted; return where."""
    folder = item.config.getoption("--oauth-stories")
    if not folder:
        return None
    page = Path(folder, re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")[-150:] + ".html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(story.html(item.nodeid), encoding="utf-8")
    return page


@pytest.fixture
def oauth_server_url(request: pytest.FixtureRequest, oauth_server_settings: dict[str, Any]) -> Iterator[str]:
    """The issuer of a strict authorization server that listens on 127.0.0.1; it takes any client."""
    from .. import recording  # noqa: PLC0415
    from . import AuthorizationServer  # noqa: PLC0415

    with recording(all_threads=True) as story, AuthorizationServer(**oauth_server_settings).listening() as server:
        request.node.stash[STORY] = story
        yield server.issuer


@pytest.fixture
def issued_token(oauth_server: AuthorizationServer) -> BearerToken:
    """A valid access token of `oauth_server`, for the user alice."""
    return oauth_server.token()


@pytest.fixture(params=RULES)
def lying_server(request: pytest.FixtureRequest, oauth_server: AuthorizationServer) -> AuthorizationServer:
    """`oauth_server` whose ID tokens break one rule of OIDC Core section 3.1.3.7: a test runs once for each rule."""
    from .lies import LIES  # noqa: PLC0415

    lie = next(one for one in LIES if one.rule == request.param)
    oauth_server.lie(**lie.claims())
    oauth_server.liar.sign = lie.sign
    return oauth_server


@pytest.fixture
def check_store() -> Callable[[Callable[[], TokenStore]], None]:
    """Check that a token store keeps its promises: `check_store(lambda: MyStore(path))`."""
    from .stores import check_store as check  # noqa: PLC0415

    return check
