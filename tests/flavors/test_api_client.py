"""Calls to an API, on both clients, over real connections to two origins on loopback."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import httpx2
import pytest
import requests

from devkit.flavors import Flavor
from requests_oauth2client.aio.api_client import AsyncApiClient
from requests_oauth2client.api_client import (
    ApiClient,
    InvalidBoolFieldsParam,
    InvalidNoneFieldsParam,
    InvalidPathParam,
    InvalidRedirect,
)
from requests_oauth2client.auth import BearerAuth, OAuth2ClientCredentialsAuth
from requests_oauth2client.client import OAuth2Client
from requests_oauth2client.exceptions import InsecureTransport, InvalidParam
from requests_oauth2client.tokens import BearerToken

SECRET = "s3cr3t"


@dataclass
class Seen:
    """A request as a server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.headers.get("cookie", "").split("; ") if pair)
        return {name: value for name, _, value in pairs}

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    def shows(self, secret: str) -> bool:
        return secret in f"{self.path} {self.headers}"


@dataclass
class Server:
    """A server that remembers what it was asked, and answers as the query says: `status`, `to`, `loop`, `cookie`."""

    url: str
    seen: list[Seen] = field(default_factory=list)

    @property
    def last(self) -> Seen:
        return self.seen[-1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.memory.seen.append(Seen(self.command, self.path, headers, body))
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.send_response(int(asked.get("status", 200)))
        if location := self.path if "loop" in asked else asked.get("to"):
            self.send_header("Location", location)
        if "cookie" in asked:
            self.send_header("Set-Cookie", asked["cookie"])
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = respond  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def start() -> tuple[Server, Callable[[], None]]:
    listening: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    listening.memory = Server(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()

    def stop() -> None:
        listening.shutdown()
        thread.join()
        listening.server_close()

    return listening.memory, stop


@pytest.fixture
def server() -> Iterator[Server]:
    memory, stop = start()
    yield memory
    stop()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """Another origin: the same host, another port."""
    memory, stop = start()
    yield memory
    stop()


@pytest.fixture
def make(flavor: Flavor) -> Iterator[Callable[..., Any]]:
    """Make clients of the flavor that are closed after the test."""
    made: list[Any] = []

    def make_one(*args: Any, **kwargs: Any) -> Any:
        own_settings = kwargs.keys() & {"max_redirects", "no_such_setting"}
        if flavor.given_session and not own_settings:
            kwargs.setdefault("session", session_of(flavor))
        made.append((AsyncApiClient if flavor.is_async else ApiClient)(*args, **kwargs))
        return made[-1]

    yield make_one
    for api in made:
        run(flavor, api.aclose if flavor.is_async else api.close)


def run(flavor: Flavor, operation: Any, *args: Any, **kwargs: Any) -> Any:
    """Call an operation of a client, and await it where that is needed."""
    return flavor.run(operation(*args, **kwargs))


def session_of(flavor: Flavor, **settings: Any) -> Any:
    if flavor.is_async:
        return flavor.session(**settings)
    session = requests.Session()
    session.headers.update(settings.get("headers", {}))
    session.cookies.update(settings.get("cookies", {}))
    session.params = settings.get("params", {})
    session.auth = settings.get("auth")
    return session


def close(flavor: Flavor, session: Any) -> None:
    run(flavor, session.aclose if flavor.is_async else session.close)


def http_error(flavor: Flavor) -> type[Exception]:
    theirs: type[Exception] = flavor.library.HTTPStatusError if flavor.is_async else requests.HTTPError
    return theirs


def redirect(server: Server, to: str, status: int = 302) -> str:
    return f"{server.url}/root/redirect?{urlencode({'to': to, 'status': status})}"


class ApiKey(BearerToken):
    """A token that is not sent in Authorization."""

    AUTHORIZATION_HEADER = "X-Api-Key"
    AUTHORIZATION_SCHEME = "Key"


# --- where it goes


@pytest.mark.parametrize("path", ["resource", "/resource", b"resource", ("resource",)])
def test_a_path_goes_below_the_root_with_auth(flavor: Flavor, make: Any, server: Server, path: Any) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET))
    assert run(flavor, api.get, path).status_code == 200
    assert (server.last.method, server.last.path) == ("GET", "/root/resource")
    assert server.last.headers["authorization"] == f"Bearer {SECRET}"


def test_nothing_is_the_root(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(url=f"{server.url}/root")
    run(flavor, api.get)
    assert server.last.path == "/root"
    assert api.to_absolute_url() == api.base_url == f"{server.url}/root"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
def test_each_method_is_sent(flavor: Flavor, make: Any, server: Server, method: str) -> None:
    api = make(server.url)
    assert run(flavor, getattr(api, method), "x").status_code == 200
    assert run(flavor, api.request, method, "x").status_code == 200
    assert [seen.method for seen in server.seen] == [method.upper()] * 2


def test_the_path_arrives_as_it_was_judged(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root")
    for path, arrived in [
        (("a b", "c/d", "..e", "é", "%2e%2e x"), "/root/a%20b/c%2Fd/..e/%C3%A9/%252e%252e%20x"),
        ("x//y/./z", "/root/x//y/z"),
        ("a;b=c,d:e@f!$&'()*+", "/root/a;b=c,d:e@f!$&'()*+"),
        ("x?y=z?/", "/root/x?y=z?/"),
    ]:
        run(flavor, api.get, path)
        assert server.last.path == arrived


@pytest.mark.parametrize("path", ["..", "//host", "\\host", " x", "x\r\n", "%2e%2e", "https://u:p@host/", 5])
def test_what_would_leave_the_root_is_refused_and_nothing_is_sent(
    flavor: Flavor, make: Any, server: Server, path: Any
) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET))
    with pytest.raises(InvalidPathParam):
        run(flavor, api.get, path)
    assert not server.seen


def test_parts_of_the_api_are_clients_too(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET), raise_for_status=False, headers={"X-Default": "d"})
    for part in (api.users, api["users"], api[b"users"]):
        assert run(flavor, part.get, "1?status=404").status_code == 404
        assert server.last.path == "/root/users/1?status=404"
        assert server.last.headers["authorization"] == f"Bearer {SECRET}"
        assert server.last.headers["x-default"] == "d"
        assert part.session is api.session
        assert type(part) is type(api)
    run(flavor, api["a b", 1].things.delete)
    assert server.last.path == "/root/a%20b/1/things"


def test_a_part_is_not_private_and_not_a_collection(make: Any) -> None:
    api = make("https://h/root")
    with pytest.raises(AttributeError):
        _ = api._private
    with pytest.raises(TypeError):
        iter(api)
    with pytest.raises(InvalidPathParam):
        _ = api["../x"]


# --- what it carries

CARRIED: dict[str, Any] = {"headers": {"X-Api-Key": SECRET}, "cookies": {"session": SECRET}}


def test_inside_the_root_everything_goes_along(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root", ("user", SECRET), user_agent="tester", **CARRIED)
    for path in ("x", f"{server.url}/root/x"):
        run(flavor, api.get, path)
        assert server.last.headers["authorization"].startswith("Basic ")
        assert server.last.headers["x-api-key"] == SECRET
        assert server.last.headers["user-agent"] == "tester"
        assert server.last.cookies == {"session": SECRET}


def test_elsewhere_nothing_goes_along(flavor: Flavor, make: Any, server: Server, elsewhere: Server) -> None:
    session = session_of(
        flavor, headers={"X-Session": SECRET}, cookies={"other": SECRET}, params={"key": SECRET}, auth=("user", SECRET)
    )
    api = make(f"{server.url}/root", ApiKey(SECRET), session=session, **CARRIED)
    for url in (f"{elsewhere.url}/root/x", f"{server.url}/other", f"{server.url}/root2"):
        run(flavor, api.get, url)
    for seen in (*elsewhere.seen, *server.seen):
        assert not seen.shows(SECRET)
        assert not {"authorization", "cookie", "x-api-key", "x-session"} & seen.headers.keys()
    run(flavor, api.get, "x")
    assert {"x-api-key", "x-session", "cookie"} <= server.last.headers.keys()
    assert server.last.path == f"/root/x?key={SECRET}"
    close(flavor, session)


def test_elsewhere_goes_what_the_call_passes(flavor: Flavor, make: Any, server: Server, elsewhere: Server) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET), **CARRIED)
    run(
        flavor,
        api.get,
        f"{elsewhere.url}/x",
        auth=BearerAuth("own"),
        headers={"X-Own": "1"},
        cookies={"own": "2"},
        params={"a": 1},
    )
    seen = elsewhere.last
    assert not seen.shows(SECRET)
    assert (seen.headers["authorization"], seen.headers["x-own"], seen.cookies) == ("Bearer own", "1", {"own": "2"})
    assert seen.path == "/x?a=1"


def test_a_trusted_origin_gets_what_the_root_gets(flavor: Flavor, make: Any, server: Server, elsewhere: Server) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET), trusted_origins=[elsewhere.url], **CARRIED)
    run(flavor, api.users.get, f"{elsewhere.url}/x")
    assert elsewhere.last.headers["authorization"] == f"Bearer {SECRET}"
    assert elsewhere.last.headers["x-api-key"] == SECRET
    assert elsewhere.last.cookies == {"session": SECRET}


def test_what_the_call_passes_wins_and_none_removes(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(server.url, BearerAuth(SECRET), headers={"X-A": "client", "X-B": "client"}, cookies={"a": "1", "b": "1"})
    run(flavor, api.get, "x", auth=BearerAuth("own"), headers={"x-a": "call", "X-b": None}, cookies={"a": "2"})
    assert server.last.headers["authorization"] == "Bearer own"
    assert server.last.headers["x-a"] == "call"
    assert "x-b" not in server.last.headers
    assert server.last.cookies == {"a": "2", "b": "1"}


def test_a_session_of_the_user_is_not_changed(flavor: Flavor, make: Any, server: Server) -> None:
    session = session_of(flavor)
    before = dict(session.headers)
    api = make(server.url, BearerAuth(SECRET), session=session, user_agent="tester", **CARRIED)
    run(flavor, api.get, "x")
    assert server.last.cookies == {"session": SECRET}
    assert api.session is session
    assert dict(session.headers) == before
    assert session.auth is None
    assert not list(session.cookies)
    close(flavor, session)


def test_cookies_that_the_api_sets_come_back(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(server.url)
    run(flavor, api.get, "x?cookie=a%3Db")
    run(flavor, api.get, "x")
    assert server.last.cookies == {"a": "b"}


def test_a_netrc_file_is_not_read(
    flavor: Flavor, make: Any, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login user password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    run(flavor, make(server.url).get, redirect(server, f"{server.url}/x"), allow_redirects=True)
    assert not any("authorization" in seen.headers for seen in server.seen)


def test_credentials_do_not_go_over_plain_http_to_another_machine(flavor: Flavor, make: Any) -> None:
    for credentials in (
        {"auth": ("user", SECRET)},
        {"headers": {"Authorization": SECRET}},
        {"auth": BearerToken(SECRET)},
    ):
        with pytest.raises(InsecureTransport):
            run(flavor, make("http://api.invalid/root", **credentials).get, "x")


def test_without_a_root_auth_would_never_be_sent(make: Any) -> None:
    with pytest.raises(InvalidParam, match="trusted_origins="):
        make(auth=BearerAuth(SECRET))
    assert make(auth=BearerAuth(SECRET), trusted_origins="https://h").base_url is None


# --- redirects


def test_a_redirect_is_not_followed_unless_asked(flavor: Flavor, make: Any, server: Server, elsewhere: Server) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET))
    response = run(flavor, api.get, redirect(server, f"{elsewhere.url}/x"))
    assert response.status_code == 302
    assert not elsewhere.seen
    assert getattr(response, "next_request", None) is None
    assert getattr(response, "next", None) is None


@pytest.mark.parametrize("asked", ["allow_redirects", "follow_redirects"])
def test_a_redirect_in_the_same_origin_keeps_credentials(flavor: Flavor, make: Any, server: Server, asked: str) -> None:
    api = make(f"{server.url}/root", ApiKey(SECRET), cookies={"a": "b"})
    response = run(flavor, api.get, redirect(server, f"{server.url}/x?y#z"), headers={"X-Own": "1"}, **{asked: True})
    assert response.status_code == 200
    assert [r.status_code for r in response.history] == [302]
    assert server.last.path in {"/x?y", "/x?y="}
    assert server.last.headers["x-api-key"] == f"Key {SECRET}"
    assert (server.last.headers["x-own"], server.last.cookies) == ("1", {"a": "b"})


class Proof:
    """An auth handler whose header belongs to one URL."""

    def __call__(self, request: Any) -> Any:
        request.headers["X-Proof"] = f"{request.method} {request.url}"
        return request


def test_auth_is_made_again_for_each_redirect(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root", Proof())
    run(flavor, api.post, redirect(server, "/y"), data={"a": "b"}, allow_redirects=True)
    assert server.last.headers["x-proof"] == f"GET {server.url}/y"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("auth", [BearerAuth(SECRET), ApiKey(SECRET), ("user", SECRET)])
def test_credentials_stay_with_their_origin(
    flavor: Flavor, make: Any, server: Server, elsewhere: Server, auth: Any, status: int
) -> None:
    session = session_of(flavor, headers={"X-Session": SECRET}, cookies={"jar": SECRET})
    api = make(f"{server.url}/root", auth, session=session, **CARRIED)
    response = run(
        flavor,
        api.post,
        redirect(server, f"{elsewhere.url}/x", status),
        json={"a": "b"},
        headers={"X-Own": SECRET, "Accept": "text/x"},
        cookies={"own": SECRET},
        allow_redirects=True,
    )
    assert response.status_code == 200
    assert server.last.shows(SECRET)
    assert not elsewhere.last.shows(SECRET)
    assert not {"authorization", "cookie", "x-api-key", "x-session", "x-own"} & elsewhere.last.headers.keys()
    assert elsewhere.last.headers["accept"] == "text/x"
    assert (elsewhere.last.method, json.loads(elsewhere.last.body or "{}")) == (
        ("POST", {"a": "b"}) if status in {307, 308} else ("GET", {})
    )
    close(flavor, session)


def test_what_was_dropped_does_not_come_back(flavor: Flavor, make: Any, server: Server, elsewhere: Server) -> None:
    api = make(f"{server.url}/root", ApiKey(SECRET), **CARRIED)
    there_and_back = redirect(server, redirect(elsewhere, f"{server.url}/root/danger"))
    response = run(flavor, api.get, there_and_back, allow_redirects=True)
    assert server.last.path == "/root/danger"
    assert not server.last.shows(SECRET)
    assert len(response.history) == 2


def test_a_redirect_from_elsewhere_into_the_root_gets_nothing(
    flavor: Flavor, make: Any, server: Server, elsewhere: Server
) -> None:
    api = make(f"{server.url}/root", ApiKey(SECRET), **CARRIED)
    run(flavor, api.get, redirect(elsewhere, f"{server.url}/root/danger"), allow_redirects=True)
    assert server.last.path == "/root/danger"
    assert not server.last.shows(SECRET)


def test_between_trusted_origins_credentials_stay(flavor: Flavor, make: Any, server: Server, elsewhere: Server) -> None:
    api = make(f"{server.url}/root", BearerAuth(SECRET), trusted_origins=[elsewhere.url], **CARRIED)
    run(flavor, api.get, redirect(server, f"{elsewhere.url}/x"), allow_redirects=True)
    assert elsewhere.last.headers["authorization"] == f"Bearer {SECRET}"
    assert elsewhere.last.headers["x-api-key"] == SECRET


def test_a_redirect_learns_the_cookies_that_come_with_it(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root")
    run(flavor, api.get, redirect(server, "/root/x") + "&cookie=a%3Db", allow_redirects=True)
    assert server.last.cookies == {"a": "b"}


@pytest.mark.parametrize("location", ["ftp://h/x", "http://[", "javascript:x"])
def test_a_redirect_to_nowhere_is_an_error_when_followed(
    flavor: Flavor, make: Any, server: Server, location: str
) -> None:
    api = make(f"{server.url}/root")
    theirs = (requests.exceptions.InvalidURL, flavor.library.HTTPError, httpx.InvalidURL)  # of a library that is first
    with pytest.raises((InvalidRedirect, *theirs)):
        run(flavor, api.get, redirect(server, location), allow_redirects=True)


def test_redirects_end(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root", max_redirects=3)
    with pytest.raises((requests.TooManyRedirects, httpx2.TooManyRedirects)):
        run(flavor, api.get, "x?status=302&loop=1", allow_redirects=True)
    assert len(server.seen) == 4


def test_a_file_is_sent_again_from_its_beginning(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(f"{server.url}/root")
    files = {"file": ("name.txt", BytesIO(b"content"), "text/plain")}
    run(flavor, api.post, redirect(server, "/x", 307), data={"a": [True, 1]}, files=files, allow_redirects=True)
    assert server.last.path == "/x"
    assert b"content" in server.last.body
    assert server.last.body.count(b'name="a"') == 2


def test_a_file_as_body_is_sent_again_from_its_beginning(server: Server) -> None:
    with ApiClient(f"{server.url}/root") as api:
        api.put(redirect(server, "/x", 307), BytesIO(b"content"), allow_redirects=True)
        assert (server.last.path, server.last.body) == ("/x", b"content")
        with pytest.raises(requests.exceptions.UnrewindableBodyError):
            api.put(redirect(server, "/x", 307), iter([]), allow_redirects=True)


def test_a_file_can_be_a_body_on_the_async_face_too() -> None:
    import anyio

    async def use() -> bytes:
        echo = httpx2.MockTransport(lambda request: httpx2.Response(200, content=request.content))
        async with AsyncApiClient("https://h", transport=echo) as api:
            return (await api.put("x", BytesIO(b"one\ntwo"))).content

    assert anyio.run(use) == b"one\ntwo"


# --- fields


@pytest.mark.parametrize(
    ("settings", "form", "body"),
    [
        ({}, [("a", "1"), ("t", "true"), ("l", "x"), ("l", "false")], {"a": 1, "t": True, "l": ["x", False, None]}),
        (
            {"none_fields": "empty", "bool_fields": ("1", "0")},
            [("a", "1"), ("n", ""), ("t", "1"), ("l", "x"), ("l", "0"), ("l", "")],
            {"a": 1, "n": "", "t": True, "l": ["x", False, None]},
        ),
        (
            {"none_fields": "include", "bool_fields": ("", "F")},
            [("a", "1"), ("t", ""), ("l", "x"), ("l", "F")],
            {"a": 1, "n": None, "t": True, "l": ["x", False, None]},
        ),
    ],
)
@pytest.mark.parametrize("by", ["client", "call"])
def test_fields_are_converted(
    flavor: Flavor, make: Any, server: Server, settings: Any, form: Any, body: Any, by: str
) -> None:
    value = {"a": 1, "n": None, "t": True, "l": ["x", False, None]}
    before = copy.deepcopy(value)
    api = make(server.url, **(settings if by == "client" else {}))
    mine = settings if by == "call" else {}
    run(flavor, api.post, "x", data=value, **mine)
    assert server.last.form == form
    assert server.last.headers["content-type"] == "application/x-www-form-urlencoded"
    run(flavor, api.post, "x", list(value.items()), **mine)
    assert server.last.form == form
    run(flavor, api.post, "x", json=value, **mine)
    assert json.loads(server.last.body) == body
    run(flavor, api.get, "x?first=1", {"a": 1, "n": None, "t": True}, **mine)
    true = dict(form)["t"]
    assert server.last.path == f"/x?first=1&a=1&t={true}"
    assert value == before


def test_booleans_may_be_left_to_python(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(server.url, bool_fields=None)
    run(flavor, api.post, "x", {"t": True}, params={"f": False})
    assert server.last.form == [("t", "True")]
    assert server.last.path == "/x?f=False"


@pytest.mark.parametrize("data", ["text=1", b"text=1"])
def test_a_body_may_be_text_or_bytes(flavor: Flavor, make: Any, server: Server, data: Any) -> None:
    run(flavor, make(server.url).post, "x", data)
    assert server.last.body == b"text=1"


def test_an_empty_object_is_a_body(flavor: Flavor, make: Any, server: Server) -> None:
    run(flavor, make(server.url).post, "x", json={"a": None})
    assert json.loads(server.last.body) == {}


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"none_fields": "x"}, InvalidNoneFieldsParam),
        ({"bool_fields": "xy"}, InvalidBoolFieldsParam),
        ({"base_url": "https://h", "url": "https://h"}, InvalidParam),
        ({"base_url": "nowhere"}, InvalidParam),
        ({"session": object()}, InvalidParam),
        ({"no_such_setting": 1}, InvalidParam),
        ({"base_url": "https://h", "auth": "token"}, InvalidParam),
        ({"trusted_origins": ["https://h/path"]}, InvalidParam),
    ],
)
def test_wrong_settings_are_refused(make: Any, settings: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make(**settings)


def test_a_wrong_setting_of_a_call_is_refused_and_nothing_is_sent(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(server.url)
    with pytest.raises(InvalidNoneFieldsParam):
        run(flavor, api.get, "x", none_fields="x")
    with pytest.raises(InvalidBoolFieldsParam):
        run(flavor, api.get, "x", bool_fields=("x",))
    with pytest.raises(TypeError):
        run(flavor, api.get, "x", no_such_option=1)
    with pytest.raises(InvalidParam):
        run(flavor, api.get, "x", auth="token")
    assert not server.seen


# --- errors, time, and ends


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_an_error_status_is_an_error(flavor: Flavor, make: Any, server: Server, status: int) -> None:
    api = make(server.url)
    with pytest.raises(http_error(flavor)) as error:
        run(flavor, api.get, f"x?status={status}")
    assert error.value.response.status_code == status  # type: ignore[attr-defined]
    assert run(flavor, api.get, f"x?status={status}", raise_for_status=False).status_code == status


@pytest.mark.parametrize("status", [200, 204, 302, 304, 399])
def test_another_status_is_none(flavor: Flavor, make: Any, server: Server, status: int) -> None:
    assert run(flavor, make(server.url).head, f"x?status={status}").status_code == status


def test_errors_can_be_off_and_asked_for(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(server.url, raise_for_status=False)
    assert run(flavor, api.get, "x?status=404").status_code == 404
    with pytest.raises(http_error(flavor)):
        run(flavor, api.get, "x?status=404", raise_for_status=True)


@pytest.mark.parametrize("timeout", [0.2, (5, 0.2)])
def test_waiting_ends(flavor: Flavor, make: Any, timeout: Any) -> None:
    silent: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # listens, and never answers
    try:
        url = f"http://127.0.0.1:{silent.server_port}"
        with pytest.raises(flavor.library.TimeoutException if flavor.is_async else requests.Timeout):
            run(flavor, make(url).get, timeout=timeout)
        with pytest.raises(flavor.library.TimeoutException if flavor.is_async else requests.Timeout):
            run(flavor, make(url, timeout=timeout).get)
    finally:
        silent.server_close()


def test_settings_can_be_read(make: Any) -> None:
    auth = BearerAuth(SECRET)
    api = make(
        "https://h/root", auth, none_fields="empty", bool_fields=("1", "0"), trusted_origins=["https://x"], timeout=5
    ).part
    assert (api.auth, api.base_url, api.timeout, api.raise_for_status) == (auth, "https://h/root/part", 5, True)
    assert (api.none_fields, api.bool_fields) == ("empty", ("1", "0"))
    assert api.trusted_origins == {("https", "x", 443)}


def test_a_minute_is_waited_by_default(make: Any) -> None:
    assert make("https://h").timeout == make("https://h", timeout=None).timeout == 60


def test_a_body_can_be_streamed(flavor: Flavor, make: Any, server: Server) -> None:
    api = make(server.url)

    async def read() -> bytes:
        response = await api.get("x", stream=True)
        return b"".join([chunk async for chunk in response.aiter_bytes()])

    if flavor.is_async:
        assert run(flavor, read) == b"{}"
    else:
        assert b"".join(api.get("x", stream=True).iter_content()) == b"{}"


def test_no_secret_shows_and_none_is_pickled(make: Any) -> None:
    api = make("https://h/root", ("user", SECRET), **CARRIED)
    assert repr(api).endswith("ApiClient base_url='https://h/root'>")
    assert SECRET not in repr(api.users) + str(api)
    assert copy.copy(api) is api
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(api)


def test_an_override_of_request_is_used_by_all_methods(flavor: Flavor, server: Server) -> None:
    class Tagged(ApiClient):
        def request(self, method: str, path: Any = None, **options: Any) -> Any:  # type: ignore[override]
            return super().request(method, path, **{**options, "headers": {"X-Tag": "1"}})

    class AsyncTagged(AsyncApiClient):
        async def request(self, method: str, path: Any = None, **options: Any) -> Any:  # type: ignore[override]
            return await super().request(method, path, **{**options, "headers": {"X-Tag": "1"}})

    api: Any = (AsyncTagged if flavor.is_async else Tagged)(server.url)
    run(flavor, api.users.post, "x", {"a": "b"})
    assert server.last.headers["x-tag"] == "1"
    assert server.last.form == [("a", "b")]
    run(flavor, api.aclose if flavor.is_async else api.close)


# --- what is one flavor's own


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[requests.Session]:
    """The sessions that were closed."""
    seen: list[requests.Session] = []

    def close(session: requests.Session) -> None:
        seen.append(session)

    monkeypatch.setattr(requests.Session, "close", close)
    return seen


def test_with_closes_the_session_that_was_made(server: Server, closed: list[requests.Session]) -> None:
    with ApiClient(server.url) as api, api.users as users:
        users.get("x")
    assert closed == [api.session]


def test_with_leaves_the_session_of_the_user_open(closed: list[requests.Session]) -> None:
    with ApiClient("https://h", session=requests.Session()):
        pass
    assert not closed


def test_with_swallows_no_exception() -> None:
    with pytest.raises(ZeroDivisionError), ApiClient("https://h"):
        _ = 1 / 0


def test_settings_go_to_the_session() -> None:
    api = ApiClient("https://h", verify=False, cert="cert.pem", proxies={"https": "http://proxy"})
    assert (api.session.verify, api.session.cert, api.session.proxies) == (False, "cert.pem", {"https": "http://proxy"})


def test_a_client_certificate_is_not_shown_elsewhere(server: Server, elsewhere: Server) -> None:
    shown: list[Any] = []

    class Adapter(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            shown.append((request.url.partition("?")[0], kwargs["cert"]))
            return super().send(request, *args, **{**kwargs, "cert": None})

    with ApiClient(f"{server.url}/root", cert="cert.pem") as api:
        api.session.mount("http://", Adapter())
        api.get(redirect(server, f"{elsewhere.url}/x"), allow_redirects=True)
        api.get(f"{elsewhere.url}/y")
    assert shown == [
        (f"{server.url}/root/redirect", "cert.pem"),
        (f"{elsewhere.url}/x", False),
        (f"{elsewhere.url}/y", False),
    ]


def test_hooks_of_session_and_call_are_called_once_each(server: Server) -> None:
    called: list[str] = []
    with ApiClient(f"{server.url}/root") as api:
        api.session.hooks["response"].append(lambda response, **_: called.append(f"session {response.status_code}"))
        api.get(redirect(server, "/x"), allow_redirects=True)
        api.get("x", hooks={"response": lambda *_, **__: called.append("call")})
    assert called == ["session 302", "session 200", "call"]


def test_async_with_closes_the_session_that_was_made(server: Server) -> None:
    import anyio

    async def use() -> tuple[bool, bool]:
        async with httpx2.AsyncClient() as given:
            async with AsyncApiClient(server.url) as own, own.users as users:
                await users.get("x")
            async with AsyncApiClient(server.url, session=given) as api:
                await api.get("x")
            return own.session.is_closed, given.is_closed

    assert anyio.run(use) == (True, False)


def test_a_client_of_httpx_serves_too(server: Server, elsewhere: Server) -> None:
    import anyio

    async def use() -> None:
        async with httpx.AsyncClient() as session:
            api = AsyncApiClient(f"{server.url}/root", BearerToken(SECRET), session=session, cookies={"a": "b"})
            await api.post("x", {"t": True}, params={"p": "q"})
            await api.get(redirect(server, f"{elsewhere.url}/x"), follow_redirects=True)
            with pytest.raises(httpx.HTTPStatusError):
                await api.get("x?status=404")

    anyio.run(use)
    assert server.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert (server.seen[0].form, server.seen[0].path) == ([("t", "true")], "/root/x?p=q")
    assert not elsewhere.last.shows(SECRET)


def test_a_handler_with_a_sync_client_can_not_serve_the_async_flavor() -> None:
    handler = OAuth2ClientCredentialsAuth(OAuth2Client("https://as.example/token", "id"))
    with pytest.raises(InvalidParam, match="AsyncOAuth2ClientCredentialsAuth"):
        AsyncApiClient("https://h", handler)


def test_what_httpx_has_on_its_session_only_is_refused_for_a_call(flavor: Flavor, make: Any, server: Server) -> None:
    if flavor.is_async:
        with pytest.raises(InvalidParam, match="verify"):
            run(flavor, make(server.url).get, "x", verify=False)
        with pytest.raises(InvalidParam, match="verify"):
            AsyncApiClient("https://h", session=httpx2.AsyncClient(), verify=False)
    else:
        assert run(flavor, make(server.url).get, "x", verify=False, proxies={}).status_code == 200
