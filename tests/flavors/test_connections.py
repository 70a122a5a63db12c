"""Which connections requests go on, how long they may take, and that nothing stays behind in the session."""

from __future__ import annotations

import ssl
import warnings
from typing import Any

import httpx2
import pytest
import requests

from devkit.exchange import Answer, token
from devkit.failing_server import FailingServer
from devkit.flavors import Flavor
from requests_oauth2client import AsyncOAuth2Client, OAuth2Client, TlsClientAuth
from requests_oauth2client._drivers import deadlines
from requests_oauth2client.exceptions import DeadlineExceeded


def test_cookies_of_the_as_are_not_those_of_the_session(flavor: Flavor) -> None:
    answer = token()
    cookie = {"Set-Cookie": "sid=of-the-as; Path=/", **answer.headers}
    session, received = flavor.answered_by(lambda _: Answer(status_code=200, content=answer.content, headers=cookie))
    client = flavor.client(session=session)
    for _ in range(2):
        flavor.run(client.client_credentials())
    assert not session.cookies
    assert "cookie" not in received[-1].headers


@pytest.mark.parametrize("path", ["drip_headers", "drip_body"])
def test_a_plain_session_that_is_given_has_the_deadline_too(failing: FailingServer, path: str) -> None:
    with requests.Session() as session:
        client = OAuth2Client(failing.endpoint(path), ("id", "secret"), session=session, timeout=0.3, retries=None)
        with pytest.raises(DeadlineExceeded):
            client.client_credentials()


def test_a_connection_is_used_again_but_not_for_what_is_used_once(flavor: Flavor, failing: FailingServer) -> None:
    client = flavor.client(failing.endpoint("good"))
    flavor.run(client.client_credentials())
    flavor.run(client.client_credentials())
    flavor.run(client.refresh_token("once"))
    numbers = [request.connection for request in failing.received]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    failing: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "LONGEST_IDLE", -1.0)
    with OAuth2Client(failing.endpoint("good"), ("id", "secret")) as client:
        client.client_credentials()
        client.client_credentials()
    assert len({request.connection for request in failing.received}) == 2


def test_it_is_five_seconds() -> None:
    assert deadlines.LONGEST_IDLE == 5


def test_a_certificate_beside_a_session_is_not_ignored_silently() -> None:
    session = httpx2.AsyncClient(verify=ssl.create_default_context())
    with pytest.warns(match="session="):
        AsyncOAuth2Client("https://as.local/token", TlsClientAuth("id", "cert.pem"), session=session)
    with pytest.warns(UserWarning, match="session="):
        AsyncOAuth2Client("https://as.local/token", "id", client_certificate="cert.pem", session=session)
    double: Any = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AsyncOAuth2Client("https://as.local/token", TlsClientAuth("id", "cert.pem"), session=double)
