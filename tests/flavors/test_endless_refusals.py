"""An API that refuses a token in a body without end, or that drips: a part of it is read, and the call goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
import requests

from devkit.exchange import token
from devkit.failing_server import MEGABYTE, FailingServer, start_failing_server
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import BearerAuth, BearerToken, DPoPKey, DPoPToken
from requests_oauth2client._core import answer_parts
from requests_oauth2client.challenges import InsufficientScope

FEW = 48 * MEGABYTE  # what the buffers of the sockets may take
ENDLESS = ["huge_401", "huge_chunks_401"]
SLOW = ["drip_401", "silent_401"]


@pytest.fixture
def server() -> Iterator[FailingServer]:
    with start_failing_server() as opened:
        yield opened


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_parts, "PATIENCE", 0.2)


def handler(flavor: Flavor, **kwargs: Any) -> Any:
    client, _ = flavor.mocked(token(access_token="new", expires_in=3600))
    return flavor.named("OAuth2ClientCredentialsAuth")(client, token=BearerToken("old", expires_in=3600), **kwargs)


def called(flavor: Flavor, url: str, auth: Any, *, stream: bool, session: Any = None) -> Any:
    """Call an API, and read the last answer."""
    if not flavor.is_async:
        with session or requests.Session() as using:
            response = using.get(url, auth=auth, timeout=5, stream=stream)
            _ = response.content
            return response

    async def call() -> Any:
        async with session or flavor.session() as using:
            response = await using.send(using.build_request("GET", url), auth=auth, stream=stream)
            await response.aread()
            return response

    return flavor.run(call())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ENDLESS)
def test_a_refusal_without_end_is_left_and_the_call_repeated(
    every_flavor: Flavor, server: FailingServer, path: str, stream: bool
) -> None:
    server.script = [path, "good"]
    response = called(every_flavor, server.endpoint("scripted"), handler(every_flavor), stream=stream)
    assert response.status_code == 200
    assert response.json()["access_token"] == "an-access-token"
    assert [one.headers["authorization"] for one in server.received] == ["Bearer old", "Bearer new"]
    assert [len(one.content) for one in response.history] == [answer_parts.LIMIT]
    assert server.sent < FEW


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", SLOW)
@pytest.mark.usefixtures("patience")
def test_a_refusal_that_drips_is_left_too(every_flavor: Flavor, server: FailingServer, path: str, stream: bool) -> None:
    server.script = [path, "good"]
    response = called(every_flavor, server.endpoint("scripted"), handler(every_flavor), stream=stream)
    assert response.status_code == 200
    assert len(response.history[0].content) < 100


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("path", [*ENDLESS, *SLOW])
def test_where_there_is_no_other_token_the_refusal_is_returned_with_what_has_come(
    flavor: Flavor, server: FailingServer, path: str
) -> None:
    client, _ = flavor.mocked(token(access_token="old", expires_in=3600))  # the same again
    auth = flavor.named("OAuth2ClientCredentialsAuth")(client, token=BearerToken("old", expires_in=3600))
    response = called(flavor, server.endpoint(path), auth, stream=True)
    assert response.status_code == 401
    assert len(response.content) <= answer_parts.LIMIT


@pytest.mark.parametrize("stream", [False, True])
def test_a_demanded_nonce_in_an_answer_without_end(every_flavor: Flavor, server: FailingServer, stream: bool) -> None:
    server.script = ["nonce_401", "good"]
    bound = DPoPToken("bound", dpop_key=DPoPKey.generate(), expires_in=3600)
    assert called(every_flavor, server.endpoint("scripted"), bound, stream=stream).status_code == 200
    assert server.sent < FEW


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["BearerAuth", "handler"])
def test_what_an_api_demands_in_an_answer_without_end_is_raised(
    flavor: Flavor, server: FailingServer, stream: bool, name: str
) -> None:
    auth = BearerAuth("t", raise_for_challenge=True)
    auth = auth if name == "BearerAuth" else handler(flavor, raise_for_challenge=True)
    with pytest.raises(InsufficientScope) as raised:
        called(flavor, server.endpoint("huge_403"), auth, stream=stream)
    assert len(raised.value.response.content) == answer_parts.LIMIT
    assert server.sent < FEW


@pytest.mark.parametrize("stream", [False, True])
def test_an_api_client_goes_on_too(flavor: Flavor, server: FailingServer, stream: bool) -> None:
    server.script = ["huge_401", "good"]

    async def call() -> Any:
        async with flavor.named("ApiClient")(server.url, handler(flavor)) as api:
            response = await api.get("scripted", stream=stream)
            await response.aread()
            return response

    if flavor.is_async:
        response = flavor.run(call())
    else:
        with flavor.named("ApiClient")(server.url, handler(flavor)) as api:
            response = api.get("scripted", stream=stream)
            _ = response.content
    assert response.json()["access_token"] == "an-access-token"
    assert server.sent < FEW


@pytest.mark.parametrize("library", [httpx2, httpx])
@pytest.mark.parametrize("path", [*ENDLESS, *SLOW, "nonce_401"])
@pytest.mark.usefixtures("patience")
def test_a_sync_client_of_httpx_goes_on_too(server: FailingServer, library: Any, path: str) -> None:
    bound = DPoPToken("bound", dpop_key=DPoPKey.generate(), expires_in=3600)
    server.script = [path, "good"]
    with open_flavor("requests") as flavor:
        auth = bound if path == "nonce_401" else handler(flavor)
        with library.Client(auth=auth) as session, session.stream("GET", server.endpoint("scripted")) as response:
            assert response.status_code == 200
            response.read()
    assert server.sent < FEW


def test_a_connection_is_used_again_after_a_short_refusal(every_flavor: Flavor, server: FailingServer) -> None:
    server.script = ["short_401", "good"]
    called(every_flavor, server.endpoint("scripted"), handler(every_flavor), stream=True)
    assert len({one.connection for one in server.received}) == 1
