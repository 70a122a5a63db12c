"""Requests to the AS: bounded in time and size, never redirected, with nothing ambient, on kept connections."""

import http.cookiejar
import pickle
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import requests
import requests.adapters

from devkit.failing_server import STATUSES, FailingServer
from devkit.flavors import Flavor
from requests_oauth2client import AsyncOAuth2Client, OAuth2Client
from requests_oauth2client._drivers.requests import DeadlineAdapter
from requests_oauth2client.exceptions import (
    DeadlineExceeded,
    InvalidParam,
    InvalidTokenResponse,
    ResponseTooLarge,
    TransportError,
)
from requests_oauth2client.utils import InvalidEndpointUri, InvalidIssuer

TOO_SHORT = 0.3


def ask(flavor: Flavor, url: str, requests_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> Any:
    client = flavor.client(url, **{"timeout": 5, **kwargs})
    return flavor.run(client.client_credentials(requests_kwargs=requests_kwargs))


# --- every library, event loop, and session


def test_every_session_serves(every_flavor: Flavor, failing: FailingServer) -> None:
    assert ask(every_flavor, failing.endpoint("good")).access_token == "an-access-token"
    assert failing.received[0].form == {
        "client_id": "id",
        "client_secret": "hush-hush",
        "grant_type": "client_credentials",
    }


@pytest.mark.parametrize("name", ["never", "no_body", "drip_body", "drip_redirect"])
def test_every_session_has_a_deadline(every_flavor: Flavor, failing: FailingServer, name: str) -> None:
    with pytest.raises(DeadlineExceeded):
        ask(every_flavor, failing.endpoint(name), timeout=TOO_SHORT)


@pytest.mark.parametrize("name", ["huge", "huge_without_length", "huge_chunks", "huge_redirect", "gzip_bomb"])
def test_every_session_has_a_size_limit(every_flavor: Flavor, failing: FailingServer, name: str) -> None:
    with pytest.raises(InvalidTokenResponse, match="larger than the limit") as caught:
        ask(every_flavor, failing.endpoint(name), max_response_size=1000)
    assert len(caught.value.response.content) == 1000


@pytest.mark.parametrize("status", STATUSES)
def test_no_session_follows_a_redirect(every_flavor: Flavor, failing: FailingServer, status: int) -> None:
    with pytest.raises(InvalidTokenResponse, match="never followed through redirects"):
        ask(every_flavor, f"{failing.url}/redirect_{status}")
    assert len(failing.received) == 1
    assert failing.received_elsewhere == []


def test_a_session_that_follows_redirects_does_not_follow_ours(flavor: Flavor, failing: FailingServer) -> None:
    session = flavor.session(follow_redirects=True)
    with pytest.raises(InvalidTokenResponse):
        ask(flavor, f"{failing.url}/redirect_307", session=session)
    assert failing.received_elsewhere == []


@pytest.mark.parametrize("name", ["reset", "close_at_once", "no_http"])
def test_every_session_reports_a_broken_connection(every_flavor: Flavor, failing: FailingServer, name: str) -> None:
    with pytest.raises(TransportError, match="no answer came"):
        ask(every_flavor, failing.endpoint(name))


def test_connections_are_kept(every_flavor: Flavor, failing: FailingServer) -> None:
    client = every_flavor.client(failing.endpoint("good"))
    for _ in range(3):
        every_flavor.run(client.client_credentials())
    assert len({request.connection for request in failing.received}) == 1


def test_a_connection_is_kept_after_an_error(flavor: Flavor, failing: FailingServer) -> None:
    client = flavor.client(failing.endpoint("error"))
    for _ in range(2):
        with pytest.raises(Exception, match="the code is used"):
            flavor.run(client.client_credentials())
    assert len({request.connection for request in failing.received}) == 1


def test_a_client_works_on_after_a_deadline(flavor: Flavor, failing: FailingServer) -> None:
    client = flavor.client(failing.endpoint("never"), revocation_endpoint=failing.endpoint("good"))
    with pytest.raises(DeadlineExceeded):
        flavor.run(client.client_credentials(requests_kwargs={"timeout": TOO_SHORT}))
    assert flavor.run(client.revoke_token("t")) is True


# --- the limits can be set


@pytest.mark.parametrize("timeout", [TOO_SHORT, (TOO_SHORT, TOO_SHORT), (5, TOO_SHORT)])
def test_the_timeout_of_one_call_wins(flavor: Flavor, failing: FailingServer, timeout: Any) -> None:
    with pytest.raises(DeadlineExceeded):
        ask(flavor, failing.endpoint("never"), {"timeout": timeout})


def test_token_request_takes_the_timeout_itself(flavor: Flavor, failing: FailingServer) -> None:
    client = flavor.client(failing.endpoint("never"))
    with pytest.raises(DeadlineExceeded, match=r"0\.3 seconds"):
        flavor.run(client.token_request({"grant_type": "x"}, timeout=TOO_SHORT))


def test_the_size_limit_is_inclusive(flavor: Flavor, failing: FailingServer) -> None:
    size = len('{"access_token": "an-access-token", "token_type": "Bearer", "expires_in": 3600}')
    assert ask(flavor, failing.endpoint("good"), max_response_size=size)
    assert ask(flavor, failing.endpoint("gzip"), max_response_size=size)
    for name in ("good", "gzip"):
        with pytest.raises(InvalidTokenResponse, match=f"limit of {size - 1} bytes"):
            ask(flavor, failing.endpoint(name), max_response_size=size - 1)


def test_too_large_tells_the_limit_in_its_cause(flavor: Flavor, failing: FailingServer) -> None:
    with pytest.raises(InvalidTokenResponse) as caught:
        ask(flavor, failing.endpoint("good"), max_response_size=1)
    assert isinstance(caught.value.__cause__, ResponseTooLarge)


# --- the errors are the library's own too

LATE = {"requests": requests.Timeout, "httpx2": httpx2.TimeoutException, "httpx": httpx.TimeoutException}
BROKEN = {"requests": requests.ConnectionError, "httpx2": httpx2.NetworkError, "httpx": httpx.NetworkError}


@pytest.mark.parametrize("name", ["never", "drip_body"])
def test_late_answers_can_be_caught_as_the_librarys_own_timeout(
    every_flavor: Flavor, failing: FailingServer, name: str
) -> None:
    with pytest.raises(LATE[every_flavor.library.__name__]) as caught:
        ask(every_flavor, failing.endpoint(name), timeout=TOO_SHORT)
    assert isinstance(caught.value, DeadlineExceeded)


def test_broken_connections_can_be_caught_as_the_librarys_own_error(
    every_flavor: Flavor, failing: FailingServer
) -> None:
    with pytest.raises(BROKEN[every_flavor.library.__name__]) as caught:
        ask(every_flavor, failing.endpoint("reset"))
    assert isinstance(caught.value, TransportError)


def test_refused_connections_can_be_caught_as_the_librarys_own_error(every_flavor: Flavor) -> None:
    with pytest.raises(BROKEN[every_flavor.library.__name__]) as caught:
        ask(every_flavor, "http://127.0.0.1:1/token")
    assert isinstance(caught.value, TransportError)


def test_such_an_error_can_be_pickled(every_flavor: Flavor, failing: FailingServer) -> None:
    for name in ("reset", "never"):
        with pytest.raises(TransportError) as caught:
            ask(every_flavor, failing.endpoint(name), timeout=TOO_SHORT)
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  its own pickle
        assert isinstance(again, TransportError)
        assert (str(again), again.endpoint, again.request) == (str(caught.value), failing.endpoint(name), None)


def test_a_host_that_no_library_takes_is_a_transport_error(flavor: Flavor) -> None:
    with pytest.raises(TransportError, match="no answer came"):
        ask(flavor, f"https://{'a' * 70}.local/token")


# --- nothing ambient is sent


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "netrc"
    path.write_text("default login ambient password from-netrc\nmachine 127.0.0.1 login ambient password from-netrc\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))


@pytest.mark.usefixtures("netrc")
def test_no_netrc(every_flavor: Flavor, failing: FailingServer) -> None:
    ask(every_flavor, failing.endpoint("good"))
    assert "authorization" not in failing.received[0].headers


def cookie(name: str) -> http.cookiejar.Cookie:
    return requests.cookies.create_cookie(name, "ambient", domain="127.0.0.1")


def test_nothing_of_the_session_that_may_be_a_credential(every_flavor: Flavor, failing: FailingServer) -> None:
    session = every_flavor.session()
    session.auth = ("ambient", "password")
    session.cookies.set("sid", "ambient")
    session.headers.update({"Authorization": "Bearer ambient", "COOKIE": "sid=ambient", "Proxy-Authorization": "x"})
    session.params = {"api_key": "ambient"}
    session.headers["User-Agent"] = "my-app"
    ask(every_flavor, failing.endpoint("good"), session=session)
    (request,) = failing.received
    assert not {"authorization", "cookie", "proxy-authorization"} & request.headers.keys()
    assert request.url == failing.endpoint("good")
    assert "ambient" not in repr(request)
    assert request.headers["user-agent"] == "my-app"


def test_the_clients_own_credentials_are_sent_beside_an_ambient_session(flavor: Flavor, failing: FailingServer) -> None:
    session = flavor.session()
    session.auth = ("ambient", "password")
    client = flavor.client(failing.endpoint("good"), session=session, userinfo_endpoint=failing.endpoint("good"))
    flavor.run(client.userinfo("my-token"))
    assert failing.received[0].headers["authorization"] == "Bearer my-token"


@pytest.mark.usefixtures("netrc")
def test_the_users_session_is_left_as_it_was(flavor: Flavor, failing: FailingServer) -> None:
    session = flavor.session()
    session.auth = before = ("ambient", "password")
    session.headers["Authorization"] = "Bearer ambient"
    headers = dict(session.headers)
    ask(flavor, failing.endpoint("good"), session=session)
    assert dict(session.headers) == headers
    assert not flavor.is_async or session.auth is not None
    assert flavor.is_async or session.auth is before


def test_headers_and_cookies_of_one_call_are_sent(flavor: Flavor, failing: FailingServer) -> None:
    ask(
        flavor,
        failing.endpoint("good"),
        {"headers": {"X-Tenant": "7", "accept": "text/json"}, "cookies": {"sid": "mine"}},
    )
    headers = failing.received[0].headers
    assert (headers["x-tenant"], headers["accept"], headers["cookie"]) == ("7", "text/json", "sid=mine")


def test_what_decides_the_operation_can_not_be_passed(flavor: Flavor) -> None:
    for name in ("auth", "data", "allow_redirects", "follow_redirects", "stream"):
        with pytest.raises(InvalidParam, match=name):
            ask(flavor, "https://as.local/token", {name: None})


def test_what_the_library_does_not_know_can_not_be_passed(flavor: Flavor) -> None:
    with pytest.raises(InvalidParam, match="nonsense"):
        ask(flavor, "https://as.local/token", {"nonsense": 1})


def test_only_codings_that_are_decoded_with_a_limit_are_asked_for(every_flavor: Flavor, failing: FailingServer) -> None:
    ask(every_flavor, failing.endpoint("good"))
    assert failing.received[0].headers["accept-encoding"] == "gzip, deflate, identity"


# --- https only

ENDPOINTS = (
    "token_endpoint revocation_endpoint introspection_endpoint userinfo_endpoint authorization_endpoint"
    " backchannel_authentication_endpoint device_authorization_endpoint pushed_authorization_request_endpoint jwks_uri"
).split()
BAD_URLS = (
    "http://as.local/x", "ftp://as.local/x", "https://user:pw@as.local/x", "https://as.local/x#f", "https://as.local",
    "as.local/x", "https:///x", "", "https://as.local:port/x", "https://as.local/a b", "https://as.local\\@evil/x",
    "http://127.0.0.1.evil.example/x", "http://localhost.evil.example/x",
)  # fmt: skip


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("url", BAD_URLS)
def test_a_bad_endpoint_is_refused_when_the_client_is_made(flavor: Flavor, name: str, url: str) -> None:
    with pytest.raises(InvalidEndpointUri, match=name) as caught:
        flavor.client(**{name: url})
    assert "user:pw" not in str(caught.value)


@pytest.mark.parametrize("url", [*BAD_URLS[:4], "https://as.local/x?y", "as.local"])
def test_a_bad_issuer_is_refused_when_the_client_is_made(flavor: Flavor, url: str) -> None:
    with pytest.raises(InvalidIssuer):
        flavor.client(issuer=url)


GOOD_URLS = (
    "https://as.local/x",
    "https://as.local:8443/",
    "http://127.0.0.1/x",
    "http://[::1]:1/x",
    "http://localhost/",
)


@pytest.mark.parametrize("url", GOOD_URLS)
def test_https_any_port_and_loopback_are_fine(flavor: Flavor, url: str) -> None:
    assert flavor.client(url).token_endpoint == url


def test_testing_allows_plain_http(flavor: Flavor) -> None:
    assert flavor.client("http://as.local/token", testing=True).testing is True


# --- what is special to one flavor


def test_the_own_session_of_the_sync_client_has_the_deadline_in_its_connections() -> None:
    session = OAuth2Client("https://as.local/token", "id").session
    assert isinstance(session.get_adapter("https://as.local/"), DeadlineAdapter)
    assert isinstance(session.get_adapter("http://127.0.0.1/"), DeadlineAdapter)


def test_a_users_session_that_mounts_the_adapter_survives_dripping_headers(failing: FailingServer) -> None:
    with requests.Session() as session:
        session.mount("http://", DeadlineAdapter())
        client = OAuth2Client(failing.endpoint("drip_headers"), "id", session=session, timeout=TOO_SHORT)
        with pytest.raises(DeadlineExceeded):
            client.client_credentials()


def test_proxies_know_the_deadline_too() -> None:
    manager = DeadlineAdapter().proxy_manager_for("http://proxy.local:3128")
    assert manager.pool_classes_by_scheme["https"].ConnectionCls.response_class.__name__ == "_DeadlineResponse"


def test_the_hooks_of_a_users_session_see_the_answer(failing: FailingServer) -> None:
    seen: list[bytes] = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda response, **_: seen.append(response.content))
        OAuth2Client(failing.endpoint("good"), "id", session=session).client_credentials()
    assert b"an-access-token" in seen[0]


def test_a_hook_that_reads_the_answer_does_not_read_more_than_the_limit(failing: FailingServer) -> None:
    seen: list[bytes] = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda response, **_: seen.append(response.content))
        with pytest.raises(InvalidTokenResponse, match="larger than the limit"):
            OAuth2Client(failing.endpoint("huge"), "id", session=session).client_credentials()
    assert len(seen[0]) == 1 << 20


class Ready(requests.adapters.BaseAdapter):
    """A test double that hands out responses whose content is there already."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, str(request.url)
        response._content = b'{"access_token": "ready", "token_type": "Bearer"}'
        return response

    def close(self) -> None:
        """Nothing is open."""


def test_an_adapter_may_hand_out_responses_that_are_read_already() -> None:
    with requests.Session() as session:
        session.mount("https://", Ready())
        assert OAuth2Client("https://as.local/t", "id", session=session).client_credentials().access_token == "ready"


def test_an_event_hook_may_read_the_answer(failing: FailingServer) -> None:
    async def journey() -> None:
        async def read(response: httpx2.Response) -> None:
            await response.aread()

        async with httpx2.AsyncClient(event_hooks={"response": [read]}) as session:
            client = AsyncOAuth2Client(failing.endpoint("good"), "id", session=session)
            assert (await client.client_credentials()).access_token == "an-access-token"

    anyio.run(journey)


def test_cancelling_a_call_cancels_the_request(failing: FailingServer) -> None:
    async def journey() -> None:
        async with httpx2.AsyncClient() as session:
            client = AsyncOAuth2Client(failing.endpoint("never"), "id", session=session, timeout=60)
            failing.received.clear()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.client_credentials)
                while not failing.received:  # noqa: ASYNC110  the server is in a thread
                    await anyio.sleep(0.005)
                tasks.cancel_scope.cancel()

    for backend in ("asyncio", "trio"):
        anyio.run(journey, backend=backend)


@pytest.mark.parametrize("session", [requests.Session(), httpx.Client(), object()])
def test_the_async_client_takes_only_async_sessions(session: Any) -> None:
    with pytest.raises(InvalidParam, match=r"httpx2\.AsyncClient"):
        AsyncOAuth2Client("https://as.local/token", "id", session=session)
