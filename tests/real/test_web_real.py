"""Sites of two processes each at a certified server that rotates and detects reuse; and logins in a real browser."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from devkit import chromium
from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser as Person
from devkit.protected_api import ProtectedApi, start_protected_api
from requests_oauth2client import OAuth2LoginAuth
from requests_oauth2client.client import OAuth2Client
from requests_oauth2client.login import BrowserLogin
from requests_oauth2client.testing import AuthorizationServer as Kit

FRAMEWORKS = ["flask", "starlette", "django"]
REQUESTS = 24
LIFETIME = 3  # seconds that an access token lives here
SITE = {
    "application_type": "native",  # so that any loopback port serves as redirect_uri
    "redirect_uris": ["http://127.0.0.1/auth/main/callback"],
    "post_logout_redirect_uris": ["http://127.0.0.1/"],
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "client_secret_post",
    "access_token_ttl": LIFETIME,
}


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with start_authorization_server(clients={"site": SITE}) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: AuthorizationServer) -> Iterator[ProtectedApi]:
    with start_protected_api(server) as running:
        yield running


@dataclass
class Site:
    """Two processes of one site."""

    settings: dict[str, Any]
    framework: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.web.worker", self.framework]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(self.settings) + "\n")
        process.stdin.flush()
        self.processes.append(process)
        self.urls.append(f"http://127.0.0.1:{int(process.stdout.readline())}")

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@pytest.fixture(params=FRAMEWORKS)
def site(
    request: pytest.FixtureRequest, server: AuthorizationServer, api: ProtectedApi, tmp_path: Path
) -> Iterator[Site]:
    known = server.clients["site"]
    provider = {
        "auth": [known.client_id, known.client_secret],
        "scope": "openid email offline_access",
        **{name: value for name, value in server.metadata.items() if name.endswith("_endpoint")},
        "issuer": server.issuer,
        "jwks_uri": server.jwks_uri,
    }
    taken = {
        name: provider[name]
        for name in (
            "auth",
            "scope",
            "issuer",
            "jwks_uri",
            "token_endpoint",
            "authorization_endpoint",
            "revocation_endpoint",
            "end_session_endpoint",
        )
    }
    taken["auth"] = tuple(taken["auth"])
    settings = {
        "providers": {"main": taken},
        "api": api.url,
        "store": str(tmp_path / "tokens"),
        "key": secrets.token_hex(32),
    }
    running = Site(settings, request.param)
    try:
        running.start()
        running.start()
        yield running
    finally:
        running.stop()


def log_in(site: Site, server: AuthorizationServer) -> requests.Session:
    """Log alice in at the first process; returns her browser, which is known to both."""
    browser = requests.Session()
    page = browser.get(f"{site.urls[0]}/", timeout=10, allow_redirects=False)
    page = browser.get(urljoin(site.urls[0], page.headers["Location"]), timeout=10, allow_redirects=False)
    with Person() as person:
        callback = person.authorize(page.headers["Location"])
    assert callback.startswith(site.urls[0])
    assert browser.get(callback, timeout=10, allow_redirects=False).status_code == 303
    assert browser.get(f"{site.urls[1]}/", timeout=10).json()["user"] == "alice"
    return browser


def test_two_processes_make_one_refresh(site: Site, server: AuthorizationServer) -> None:
    browser = log_in(site, server)
    for round_ in range(2):
        begun = time.monotonic()
        while time.monotonic() - begun < LIFETIME + 0.5:  # the server's clock, not ours, ends a token
            time.sleep(0.1)
        before = server.request_count(server.token_endpoint)
        start = threading.Barrier(REQUESTS)

        def visit(number: int, start: threading.Barrier = start) -> int:
            start.wait()
            url = f"{site.urls[number % 2]}/whoami"
            return requests.get(url, cookies=browser.cookies, timeout=30, allow_redirects=False).status_code

        with ThreadPoolExecutor(REQUESTS) as pool:
            statuses = list(pool.map(visit, range(REQUESTS)))
        assert statuses == [200] * REQUESTS, round_
        assert server.request_count(server.token_endpoint) - before == 1, round_


def test_a_logout_at_one_process_counts_at_the_other(site: Site, server: AuthorizationServer) -> None:
    browser = log_in(site, server)
    page = browser.post(f"{site.urls[1]}/auth/logout", timeout=10, allow_redirects=False)
    assert page.headers["Location"].startswith(server.endpoint("end_session"))
    assert requests.get(f"{site.urls[0]}/open", cookies=browser.cookies, timeout=10).json() == {"user": None}


# --- a real browser


@pytest.fixture(scope="module")
def needs_chromium() -> None:
    try:
        chromium.find()
    except chromium.NoChromium as missing:
        pytest.skip(f"{missing} `make test` can't install it without root.")


@pytest.mark.usefixtures("needs_chromium")
def test_a_person_logs_in_and_out_with_chromium(site: Site, server: AuthorizationServer) -> None:
    with chromium.open_page() as page:
        page.goto(f"{site.urls[0]}/?tab=1")
        page.fill("input[name=login]", "alice")
        page.fill("input[name=password]", "any")
        page.click("button[type=submit]")
        page.click("button[type=submit]")  # consent
        page.wait_for_url(f"{site.urls[0]}/?tab=1")
        assert json.loads(page.inner_text("body"))["user"] == "alice"
        assert "code=" not in page.evaluate("location.href")
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies(site.urls[0])}
        assert all(cookie["httpOnly"] for cookie in cookies.values())
        assert not [name for name in cookies if "login" in name], "no pending login is left"
        page.goto(f"{site.urls[0]}/open")
        page.evaluate("fetch('/auth/logout', {method: 'POST', redirect: 'manual'})")
        page.wait_for_function("fetch('/open').then(r => r.json()).then(r => r.user === null)")


@pytest.mark.usefixtures("needs_chromium")
def test_a_program_logs_in_with_chromium() -> None:
    with Kit().listening() as server, chromium.open_page(width=360) as page:
        client = OAuth2Client.from_discovery_document(server.metadata, auth="my-cli")
        opened: list[str] = []
        done = threading.Event()

        def open_browser(url: str) -> bool:
            opened.append(url)
            done.set()
            return True

        auth = OAuth2LoginAuth(client, BrowserLogin(open_browser=open_browser, tell=lambda _: None))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(auth.get_token)
            assert done.wait(30)
            page.goto(opened[0])
            page.click("button >> nth=0")
            page.wait_for_selector("h1:has-text('Logged in')")
            assert page.evaluate("location.search") == ""
            assert "code=" not in page.content()
            assert waiting.result(30).access_token
