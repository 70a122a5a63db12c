"""Other test doubles answer other hosts, beside the test server: responses, requests-mock, respx, pytest-httpx."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import requests
import requests_mock
import responses
import respx
from pytest_httpx import HTTPXMock

from requests_oauth2client import AsyncOAuth2Client, AsyncOAuth2ClientCredentialsAuth, OAuth2Client
from requests_oauth2client import OAuth2ClientCredentialsAuth as Auth
from requests_oauth2client.testing import AuthorizationServer

API = "https://api.test/things"


def auth_of(server: AuthorizationServer) -> Auth:
    return Auth(OAuth2Client(f"{server.issuer}/token", ("app", "secret")))


def call_async(server: AuthorizationServer) -> httpx.Response:
    async def call() -> httpx.Response:
        async with (
            AsyncOAuth2Client(f"{server.issuer}/token", ("app", "secret")) as client,
            httpx.AsyncClient() as http,
        ):
            return await http.get(API, auth=AsyncOAuth2ClientCredentialsAuth(client))

    return asyncio.run(call())


def is_answered(server: AuthorizationServer, response: Any, authorization: str) -> bool:
    """Return whether the API was answered by the double, with a token of the server."""
    known = requests.post(
        f"{server.issuer}/introspect",
        data={"token": authorization.removeprefix("Bearer ")},
        auth=("app", "secret"),
        timeout=5,
    )
    return bool(response.json() == ["a thing"] and known.json()["active"])


@pytest.mark.parametrize("is_inside", [True, False])
def test_responses(is_inside: bool) -> None:
    server, double = AuthorizationServer(), responses.RequestsMock()
    outer, inner = (server.installed(), double) if is_inside else (double, server.installed())
    with outer, inner:
        double.get(API, json=["a thing"])
        response = requests.get(API, auth=auth_of(server), timeout=5)
        assert is_answered(server, response, double.calls[0].request.headers["Authorization"])


def test_requests_mock() -> None:
    with AuthorizationServer().installed() as server, requests_mock.Mocker(real_http=True) as double:
        api = double.get(API, json=["a thing"])
        response = requests.get(API, auth=auth_of(server), timeout=5)
        assert is_answered(server, response, api.last_request.headers["Authorization"])


@pytest.mark.parametrize("is_inside", [True, False])
def test_respx(is_inside: bool) -> None:
    server, double = AuthorizationServer(), respx.mock()
    outer, inner = (server.installed(), double) if is_inside else (double, server.installed())
    with outer, inner:
        route = double.get(API).respond(json=["a thing"])
        for response in (httpx.get(API, auth=auth_of(server)), call_async(server)):
            assert is_answered(server, response, route.calls.last.request.headers["Authorization"])


def test_pytest_httpx(httpx_mock: HTTPXMock, oauth_server: AuthorizationServer) -> None:
    httpx_mock.add_response(url=API, json=["a thing"], is_reusable=True)
    for response in (httpx.get(API, auth=auth_of(oauth_server)), call_async(oauth_server)):
        assert is_answered(oauth_server, response, httpx_mock.get_requests()[-1].headers["Authorization"])


@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host != "as.test")
def test_pytest_httpx_inside(oauth_server: AuthorizationServer, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url=API, json=["a thing"])
    response = call_async(oauth_server)
    assert is_answered(oauth_server, response, httpx_mock.get_requests()[-1].headers["Authorization"])
