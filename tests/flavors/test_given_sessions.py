"""The deadline holds on sessions that are given, too: for answers that never begin, and for those that never end."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest
import requests

from devkit.failing_server import FailingServer
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import OAuth2Client
from requests_oauth2client.exceptions import DeadlineExceeded

SLOW = ["flood_of_continue", "drip_continue", "drip_trailers", "drip_headers", "drip_body", "never", "no_body"]


@pytest.mark.parametrize("path", SLOW)
def test_an_answer_without_end_meets_the_deadline(every_flavor: Flavor, failing: FailingServer, path: str) -> None:
    client = every_flavor.client(failing.endpoint(path), timeout=0.3, retries=None)
    with pytest.raises(DeadlineExceeded) as raised:
        every_flavor.run(client.client_credentials())
    theirs: dict[str, Any] = {
        "requests": requests.Timeout, "httpx2": httpx2.TimeoutException, "httpx": httpx.TimeoutException
    }  # fmt: skip
    assert isinstance(raised.value, theirs[every_flavor.library.__name__])


def test_a_session_that_was_used_before_obeys_it_too(failing: FailingServer) -> None:
    with requests.Session() as session:
        session.get(failing.endpoint("good"))  # a connection of the usual kind is open
        client = OAuth2Client(
            failing.endpoint("drip_continue"), ("id", "secret"), session=session, timeout=0.3, retries=None
        )
        with pytest.raises(DeadlineExceeded):
            client.client_credentials()


@pytest.mark.parametrize("path", SLOW[:4])
def test_the_session_can_be_used_on(failing: FailingServer, path: str) -> None:
    with open_flavor("requests-session") as flavor:
        session = flavor.session()
        client = flavor.client(failing.endpoint(path), session=session, timeout=0.3, retries=None)
        with pytest.raises(DeadlineExceeded):
            client.client_credentials()
        assert session.get(failing.endpoint("good"), timeout=5).status_code == 200  # without our deadline
