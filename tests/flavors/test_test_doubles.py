"""The tools with which users test their own programs work: responses, requests-mock, the mock transports of httpx."""

from typing import Any

import anyio
import httpx
import httpx2
import pytest
import requests_mock
import responses

from requests_oauth2client import AsyncOAuth2Client, BearerAuth, OAuth2Client, OAuth2ClientCredentialsAuth
from requests_oauth2client.exceptions import InvalidGrant, TransportError

URL = "https://as.local/token"
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}
REFUSED = {"error": "invalid_grant", "error_description": "no"}


def test_responses() -> None:
    with responses.RequestsMock() as mocked:
        sent = mocked.post(
            URL, json=TOKEN, match=[responses.matchers.urlencoded_params_matcher(
                {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}
            )],
        )  # fmt: skip
        mocked.post(URL, json=REFUSED, status=400)
        client = OAuth2Client(URL, ("id", "secret"))
        assert client.client_credentials().access_token == "t"
        with pytest.raises(InvalidGrant):
            client.authorization_code("c")
        assert sent.call_count == 1


def test_responses_that_redirect() -> None:
    with responses.RequestsMock() as mocked:
        mocked.post(URL, status=302, headers={"Location": "https://evil.local/"})
        with pytest.raises(Exception, match="never followed"):
            OAuth2Client(URL, ("id", "secret")).client_credentials()


def test_responses_that_fail() -> None:
    with responses.RequestsMock(), pytest.raises(TransportError, match="no answer came"):
        OAuth2Client(URL, ("id", "secret")).client_credentials()


def test_requests_mock() -> None:
    with requests_mock.Mocker() as mocked:
        mocked.post(URL, [{"json": TOKEN}, {"json": REFUSED, "status_code": 400}])
        client = OAuth2Client(URL, ("id", "secret"))
        assert client.client_credentials().access_token == "t"
        with pytest.raises(InvalidGrant):
            client.authorization_code("c")
        assert "grant_type=authorization_code" in mocked.last_request.text


def test_requests_mock_with_an_api() -> None:
    import requests

    with requests_mock.Mocker() as mocked:
        mocked.post(URL, json=TOKEN)
        api = mocked.get("https://api.local/", text="hello")
        auth = OAuth2ClientCredentialsAuth(OAuth2Client(URL, ("id", "secret")))
        assert requests.get("https://api.local/", auth=auth, timeout=1).text == "hello"
        assert requests.get("https://api.local/", auth=BearerAuth("t"), timeout=1).text == "hello"
        assert {request.headers["Authorization"] for request in api.request_history} == {"Bearer t"}


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_mock_transports(library: Any) -> None:
    async def journey() -> None:
        answers = [library.Response(200, json=TOKEN), library.Response(400, json=REFUSED)]
        transport = library.MockTransport(lambda _: answers.pop(0))
        async with library.AsyncClient(transport=transport) as session:
            client = AsyncOAuth2Client(URL, ("id", "secret"), session=session)
            assert (await client.client_credentials()).access_token == "t"
            with pytest.raises(InvalidGrant):
                await client.authorization_code("c")

    anyio.run(journey)


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_mock_transports_that_fail(library: Any) -> None:
    def fail(_: Any) -> Any:
        msg = "no network"
        raise library.ConnectError(msg)

    async def journey() -> None:
        async with library.AsyncClient(transport=library.MockTransport(fail)) as session:
            with pytest.raises(TransportError, match="no network"):
                await AsyncOAuth2Client(URL, "id", session=session).client_credentials()

    anyio.run(journey)
