"""Logging a user in from a program, against the test server: every way, on both clients."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from devkit.flavors import Flavor
from requests_oauth2client import (
    ApiClient,
    AuthorizationRequest,
    AuthorizationResponseError,
    BrowserLogin,
    DeviceLogin,
    InvalidParam,
    Login,
    LoginCancelled,
    LoginImpossible,
    LoginNeeded,
    LoginTimeout,
    NoFreePort,
    OAuth2Client,
    OAuth2LoginAuth,
    PasteLogin,
)
from requests_oauth2client._login import browsers
from requests_oauth2client.stores import FileStore, MemoryStore
from requests_oauth2client.testing import AuthorizationServer


def quiet(_: str) -> None:
    """Tell nobody."""


def made(flavor: Flavor, server: AuthorizationServer, **settings: Any) -> Any:
    """Make a client that knows the server's metadata."""
    return flavor.named("OAuth2Client").from_discovery_document(
        server.metadata, auth="my-cli", retries=None, **settings
    )


def handler(flavor: Flavor, client: Any, login: Any = None, **options: Any) -> Any:
    return flavor.named("OAuth2LoginAuth")(client, login, **options)


class Browser:
    """A browser whose user says yes, in a thread of its own: it follows the redirect to the listener."""

    def __init__(self, server: AuthorizationServer, deny: str | None = None) -> None:
        self.server, self.deny = server, deny
        self.urls: list[str] = []
        self.pages: list[requests.Response] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, url: str) -> bool:
        self.urls.append(url)
        thread = threading.Thread(target=self.visit, args=(url,))
        thread.start()
        self.threads.append(thread)
        return True

    def visit(self, url: str) -> None:
        self.follow(self.server.log_in(url, deny=self.deny))

    def follow(self, callback: Any) -> None:
        if callback.response_mode == "form_post":
            self.pages.append(requests.post(callback.redirect_uri, data=callback.form, timeout=10))
        else:
            self.pages.append(requests.get(callback, timeout=10))

    def join(self) -> None:
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def browser(oauth_server: AuthorizationServer) -> Iterator[Browser]:
    opened = Browser(oauth_server)
    yield opened
    opened.join()


def test_a_program_logs_its_user_in_once(flavor: Flavor, oauth_server: AuthorizationServer, browser: Browser) -> None:
    told: list[str] = []
    client = made(flavor, oauth_server)
    auth = handler(flavor, client, BrowserLogin(open_browser=browser, tell=told.append), scope="openid email")
    token = flavor.run(auth.get_token())
    assert (token.id_token.subject, token.id_token.checked) == ("alice", True)
    browser.join()
    (page,) = browser.pages
    assert "You are logged in" in page.text
    assert "?" not in page.url
    assert page.history[0].status_code == 303
    for response in (page, page.history[0]):
        assert response.headers["Content-Security-Policy"] == "default-src 'none'"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
    assert browser.urls[0] in told[0]
    assert flavor.run(auth.get_token()) == token
    assert len(browser.urls) == 1


def test_the_user_stays_logged_in(flavor: Flavor, oauth_server: AuthorizationServer, browser: Browser) -> None:
    auth = handler(flavor, made(flavor, oauth_server), BrowserLogin(open_browser=browser, tell=quiet))
    first = flavor.run(auth.get_token())
    assert first.refresh_token, "offline_access was asked for, with consent"
    assert "prompt=consent" in browser.urls[0]
    oauth_server.travel(3590)
    assert flavor.run(auth.get_token()) != first
    assert len(browser.urls) == 1
    assert flavor.run(auth.log_out()) is True
    assert flavor.run(auth.get_token())
    assert len(browser.urls) == 2


def test_a_resource_goes_into_every_request(
    flavor: Flavor, oauth_server: AuthorizationServer, browser: Browser
) -> None:
    login = BrowserLogin(open_browser=browser, tell=quiet)
    auth = handler(flavor, made(flavor, oauth_server), login, resource="https://api.test")
    token = flavor.run(auth.get_token())
    assert token.access_token_jwt.claims["aud"] == "https://api.test"
    flavor.run(auth.renew_token())
    forms = [request.form for request in oauth_server.requests if request.endpoint == "token"]
    assert [form["resource"] for form in forms] == ["https://api.test"] * 2


def test_the_response_is_posted_where_the_server_can(
    flavor: Flavor, oauth_server: AuthorizationServer, browser: Browser
) -> None:
    for mode, expected in ((None, "form_post"), ("query", None)):
        login = BrowserLogin(open_browser=browser, tell=quiet, response_mode=mode)
        assert flavor.run(handler(flavor, made(flavor, oauth_server), login).get_token())
        assert ("form_post" in browser.urls[-1]) is (expected is not None)


REDIRECT_URIS = [
    None,
    "http://127.0.0.1/callback",
    "http://localhost/cb",
    "http://localhost",
    "http://[::1]/callback",
]


@pytest.mark.parametrize("uri", REDIRECT_URIS)
def test_a_registered_address_keeps_its_form(oauth_server: AuthorizationServer, browser: Browser, uri: str) -> None:
    client = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli", redirect_uri=uri)
    assert OAuth2LoginAuth(client, BrowserLogin(open_browser=browser, tell=quiet)).get_token()
    sent = next(request.form["redirect_uri"] for request in oauth_server.requests if request.endpoint == "token")
    head, _, tail = (uri or "http://127.0.0.1/callback").partition("//")
    host, slash, path = tail.partition("/")
    assert sent.startswith(f"{head}//{host}:")
    assert sent.endswith(f"{slash}{path}")


def test_a_port_that_is_registered_is_the_only_one(oauth_server: AuthorizationServer, browser: Browser) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        client = OAuth2Client.from_discovery_document(
            oauth_server.metadata, auth="my-cli", redirect_uri=f"http://127.0.0.1:{port}/cb"
        )
        with pytest.raises(NoFreePort, match=str(port)):
            OAuth2LoginAuth(client, BrowserLogin(open_browser=browser, tell=quiet)).get_token()
        told: list[str] = []
        pasted = PasteLogin(lambda _: oauth_server.log_in(told[0].rpartition(" ")[2]), told.append)
        login = Login(BrowserLogin(open_browser=browser, tell=quiet), pasted)
        assert OAuth2LoginAuth(client, login).get_token(), "the next way is taken"
        free = BrowserLogin(ports=(port, 0), open_browser=browser, tell=quiet)
        other = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")
        assert OAuth2LoginAuth(other, free).get_token()


def strangers(callback: Any) -> dict[str, tuple[Callable[[], requests.Response], int]]:
    """Requests that are not the callback, and how they are answered."""
    uri, form = callback.redirect_uri, callback.form
    get, post = requests.get, requests.post
    return {
        "another state": (lambda: get(uri, params=form | {"state": "x"}, timeout=5), 400),
        "no state": (lambda: get(uri, params={"code": "x"}, timeout=5), 400),
        "nothing": (lambda: get(uri, timeout=5), 400),
        "another path": (lambda: get(f"{uri}/x", params=form, timeout=5), 404),
        "the last page before its time": (lambda: get(f"{uri}/done", timeout=5), 404),
        "another method": (lambda: requests.put(uri, params=form, timeout=5), 405),
        "another Host": (lambda: get(uri, params=form, headers={"Host": "evil.test"}, timeout=5), 421),
        "another state, posted": (lambda: post(uri, data=form | {"state": "x"}, timeout=5), 400),
        "JSON": (lambda: post(uri, json=form, timeout=5), 400),
    }


def test_strangers_do_not_end_a_login(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    seen: dict[str, tuple[int, int]] = {}

    class Crowd(Browser):
        def follow(self, callback: Any) -> None:
            for name, (knock, expected) in strangers(callback).items():
                seen[name] = (knock().status_code, expected)
            super().follow(callback)

    crowd = Crowd(oauth_server)
    auth = handler(flavor, made(flavor, oauth_server), BrowserLogin(open_browser=crowd, tell=quiet))
    assert flavor.run(auth.get_token())
    crowd.join()
    assert len(seen) == 9
    assert {name: got for name, (got, _) in seen.items()} == {name: want for name, (_, want) in seen.items()}


def test_the_server_says_no(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    browser = Browser(oauth_server, deny="access_denied")
    pages: list[Any] = []

    def page(error: Exception | None) -> str:
        pages.append(error)
        return "<p>bye"

    login = BrowserLogin(open_browser=browser, tell=quiet, page=page)
    with pytest.raises(AuthorizationResponseError, match="access_denied"):
        flavor.run(handler(flavor, made(flavor, oauth_server), login).get_token())
    browser.join()
    assert browser.pages[0].text == "<p>bye"
    assert isinstance(pages[0], AuthorizationResponseError)


def test_a_repeated_parameter_is_refused(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    class Twice(Browser):
        def follow(self, callback: Any) -> None:
            fields = [*callback.form.items(), ("code", "another")]
            self.pages.append(requests.get(callback.redirect_uri, params=fields, timeout=5))

    browser = Twice(oauth_server)
    login = BrowserLogin(open_browser=browser, tell=quiet, response_mode="query")
    with pytest.raises(ValueError, match="code"):
        flavor.run(handler(flavor, made(flavor, oauth_server), login).get_token())
    browser.join()
    assert "RepeatedParameter" in browser.pages[0].text


def test_a_user_who_does_not_come_is_a_timeout(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    login = BrowserLogin(open_browser=lambda _: True, tell=quiet, timeout=0.1)
    with pytest.raises(LoginTimeout, match=r"0\.1 seconds"):
        flavor.run(handler(flavor, made(flavor, oauth_server), login).get_token())


def test_ctrl_c_is_a_typed_error(oauth_server: AuthorizationServer) -> None:
    import _thread

    client = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")

    def interrupt(_: str) -> bool:
        _thread.interrupt_main()
        return True

    with pytest.raises((LoginCancelled, KeyboardInterrupt)):
        OAuth2LoginAuth(client, BrowserLogin(open_browser=interrupt, tell=quiet)).get_token()


def test_a_cancelled_task_stops_listening(oauth_server: AuthorizationServer) -> None:
    from requests_oauth2client import AsyncOAuth2Client, AsyncOAuth2LoginAuth

    urls: list[str] = []

    async def main() -> None:
        client = AsyncOAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")
        opened = asyncio.Event()
        loop = asyncio.get_running_loop()

        def open_browser(url: str) -> bool:
            urls.append(url)
            loop.call_soon_threadsafe(opened.set)
            return True

        auth = AsyncOAuth2LoginAuth(client, BrowserLogin(open_browser=open_browser, tell=quiet))
        task = asyncio.create_task(auth.get_token())
        await opened.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.aclose()

    asyncio.run(main())
    callback = oauth_server.log_in(urls[0])
    with pytest.raises(requests.ConnectionError):
        requests.get(callback, timeout=5)


# --- a pasted address, a device, functions


def test_an_address_is_pasted(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    told: list[str] = []
    answers = iter(["nonsense", "https://app.test/?code=x&state=y", None])

    def ask(_: str) -> str:
        answer = next(answers)
        return answer if answer is not None else oauth_server.log_in(told[0].rpartition(" ")[2])

    auth = handler(flavor, made(flavor, oauth_server), PasteLogin(ask, told.append))
    assert flavor.run(auth.get_token()).id_token.subject == "alice"
    assert sum("not the address" in text for text in told) == 2


def test_three_wrong_addresses_are_enough(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    with pytest.raises(ValueError, match="callback"):
        flavor.run(handler(flavor, made(flavor, oauth_server), PasteLogin(lambda _: "x", quiet)).get_token())


def test_the_end_of_input_cancels(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    def ask(_: str) -> str:
        raise EOFError

    with pytest.raises(LoginCancelled):
        flavor.run(handler(flavor, made(flavor, oauth_server), PasteLogin(ask, quiet)).get_token())


def test_a_device_logs_in(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        if len(told) == 1:
            oauth_server.approve(text.rpartition(" ")[2])

    oauth_server.fail("token", status=503)  # a passing failure
    oauth_server.polling_interval = 0.01
    auth = handler(flavor, made(flavor, oauth_server), DeviceLogin(tell), scope="openid", resource="https://api.test")
    token = flavor.run(auth.get_token())
    assert token.access_token_jwt.claims["aud"] == "https://api.test"


def test_an_expired_device_code_is_a_timeout(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    def tell(_: str) -> None:
        oauth_server.travel(500)

    with pytest.raises(LoginTimeout, match="expired"):
        flavor.run(handler(flavor, made(flavor, oauth_server), DeviceLogin(tell)).get_token())


def test_a_function_logs_in(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    def login(request: AuthorizationRequest) -> str:
        return oauth_server.log_in(request)

    client = made(flavor, oauth_server, redirect_uri="https://app.test/callback")
    assert flavor.run(handler(flavor, client, login).get_token())
    login.redirect_uri = "https://app.test/other"  # type: ignore[attr-defined]
    assert flavor.run(handler(flavor, client, login).get_token())
    sent = [request.form["redirect_uri"] for request in oauth_server.requests if request.endpoint == "token"]
    assert sent == ["https://app.test/callback", "https://app.test/other"]


def test_an_async_function_logs_in_an_async_client(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    async def login(request: AuthorizationRequest) -> str:
        return oauth_server.log_in(request)

    client = made(flavor, oauth_server, redirect_uri="https://app.test/callback")
    auth = handler(flavor, client, login)
    if flavor.is_async:
        assert flavor.run(auth.get_token())
    else:
        with pytest.raises(InvalidParam, match="async"):
            auth.get_token()


def test_ways_are_functions_too(oauth_server: AuthorizationServer, browser: Browser) -> None:
    client = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")
    response = BrowserLogin(open_browser=browser, tell=quiet)(client.authorization_request())
    assert client.authorization_code(response).id_token
    told: list[str] = []
    paste = PasteLogin(lambda _: oauth_server.log_in(told[0].rpartition(" ")[2]), told.append)
    assert client.authorization_code(paste(client.authorization_request())).id_token


def test_nobody_can_log_in(flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    client = made(flavor, oauth_server)
    with pytest.raises(LoginNeeded):
        flavor.run(handler(flavor, client, False).get_token())
    web = made(flavor, oauth_server, redirect_uri="https://app.test/callback")
    with pytest.raises(LoginImpossible, match="not on this machine"):
        flavor.run(handler(flavor, web, Login(BrowserLogin(tell=quiet))).get_token())
    with pytest.raises(InvalidParam, match="got int"):
        handler(flavor, client, 5)
    with pytest.raises(InvalidParam, match="not on this machine"):
        BrowserLogin(host="example.com")


# --- which way


DISPLAYS = [
    ({}, "linux", False),
    ({"DISPLAY": ":0"}, "linux", True),
    ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
    ({"BROWSER": "firefox"}, "linux", True),
    ({"CODESPACES": "true"}, "linux", True),
    ({"WSL_DISTRO_NAME": "Debian"}, "linux", True),
    ({}, "darwin", True),
    ({}, "win32", True),
    ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux", False),
    ({"SSH_TTY": "x"}, "darwin", False),
    ({"BROWSER": "x", "SSH_CLIENT": "x"}, "linux", False),
]


@pytest.mark.parametrize(("environ", "system", "expected"), DISPLAYS)
def test_a_display_is_known(environ: dict[str, str], system: str, expected: bool) -> None:
    assert browsers.has_display(environ, system) is expected


def test_over_ssh_the_browser_comes_last(
    oauth_server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "x")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    client = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")
    oauth_server.polling_interval = 0.01
    done = threading.Event()

    def approve() -> None:
        while not done.wait(0.01):
            for pending in list(oauth_server.records.devices.values()):
                if pending.decision is None:
                    oauth_server.approve(str(pending.user_code))
                    return

    person = threading.Thread(target=approve)
    person.start()
    assert OAuth2LoginAuth(client).get_token()
    done.set()
    person.join()
    assert "type in the code" in capsys.readouterr().err


# --- shared logins


def test_one_login_serves_all_handlers_of_a_store(oauth_server: AuthorizationServer, browser: Browser) -> None:
    store = MemoryStore()
    client = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")
    login = BrowserLogin(open_browser=browser, tell=quiet)
    handlers = [OAuth2LoginAuth(client, login, store=store, subject="me") for _ in range(4)]
    tokens: list[Any] = []
    threads = [threading.Thread(target=lambda auth=auth: tokens.append(auth.get_token())) for auth in handlers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(tokens) == 4
    assert len({str(token) for token in tokens}) == 1
    assert len(browser.urls) == 1
    with pytest.raises(InvalidParam, match="subject"):
        OAuth2LoginAuth(client, login, store=store)


def test_a_login_outlives_the_process(oauth_server: AuthorizationServer, browser: Browser, tmp_path: Path) -> None:
    def program() -> OAuth2LoginAuth:
        client = OAuth2Client.from_discovery_document(oauth_server.metadata, auth="my-cli")
        store = FileStore(tmp_path / "tokens", key=b"k" * 32)
        return OAuth2LoginAuth(client, BrowserLogin(open_browser=browser, tell=quiet), store=store, subject="me")

    first = program().get_token()
    assert program().get_token() == first
    oauth_server.travel(3700)
    assert program().get_token() != first
    assert len(browser.urls) == 1
    assert program().log_out()
    assert ApiClient("https://as.test", auth=program()).get("jwks").ok
    assert len(browser.urls) == 2
