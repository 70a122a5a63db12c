"""A token revoked at a real AS: the handler hears it from a real API, and recovers by itself, on both clients."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.flavors import Flavor
from devkit.protected_api import ProtectedApi, start_protected_api
from requests_oauth2client import (
    ApiClient,
    AsyncApiClient,
    AuthorizationRequest,
    ClientSecretBasic,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
    PrivateKeyJwt,
    PublicApp,
)
from requests_oauth2client.challenges import InvalidAccessToken
from requests_oauth2client.dpop import DPoPToken
from requests_oauth2client.exceptions import RefusedRefreshToken

Server = AuthorizationServer
BASIC = "client_secret_basic"


def settings_of(server: Server, name: str) -> tuple[Any, dict[str, Any]]:
    known = server.clients[name]
    if known.private_jwk is not None:
        auth: Any = PrivateKeyJwt(known.client_id, known.private_jwk)
    elif known.client_secret is not None:
        auth = ClientSecretBasic(known.client_id, known.client_secret)
    else:
        auth = PublicApp(known.client_id)
    return auth, {
        "issuer": server.issuer,
        "jwks_uri": server.jwks_uri,
        "revocation_endpoint": server.revocation_endpoint,
        "dpop_bound_access_tokens": name.startswith("dpop"),
    }


def client_of(flavor: Flavor, server: Server, name: str = BASIC, **more: Any) -> Any:
    auth, settings = settings_of(server, name)
    return flavor.client(server.token_endpoint, auth, **{**settings, **more})


@dataclass
class Counted:
    """How many token requests the AS got, and how many the API answered and refused, since the last look."""

    server: Server
    api: ProtectedApi
    before: tuple[int, int, int] = (0, 0, 0)

    def since(self) -> tuple[int, int, int]:
        now = self.server.request_count(self.server.token_endpoint), self.api.request_count, self.api.refusal_count
        past, self.before = self.before, now
        return now[0] - past[0], now[1] - past[1], now[2] - past[2]


@pytest.fixture
def counted(authorization_server: Server, protected_api: ProtectedApi) -> Counted:
    counter = Counted(authorization_server, protected_api)
    counter.since()
    return counter


def handler_in_use(flavor: Flavor, client: Any, api: ProtectedApi, **kwargs: Any) -> Any:
    """Return a handler whose token the API has taken once."""
    auth = flavor.named("OAuth2ClientCredentialsAuth")(client, scope="api.read", **kwargs)
    assert flavor.get(api.url, auth=auth).status_code == 200
    return auth


def test_a_handler_recovers_from_a_revoked_token_each_time(
    flavor: Flavor, authorization_server: Server, protected_api: ProtectedApi, counted: Counted
) -> None:
    client = client_of(flavor, authorization_server)
    for _ in range(3):  # with a handler of its own each time: one waits between two refusals
        auth = handler_in_use(flavor, client, protected_api)
        counted.since()
        revoked = auth.token
        assert flavor.run(client.revoke_access_token(revoked))
        assert flavor.get(protected_api.url, auth=auth).json()["client_id"] == client.client_id
        assert auth.token != revoked
        assert counted.since() == (1, 2, 1)
    assert flavor.get(protected_api.url, auth=auth).status_code == 200
    assert counted.since() == (0, 1, 0)


def test_a_body_arrives_whole_after_all(
    flavor: Flavor, authorization_server: Server, protected_api: ProtectedApi, counted: Counted
) -> None:
    client, session = client_of(flavor, authorization_server), flavor.session()
    for body in ({"json": {"a": 1}}, {"files": {"upload": io.BytesIO(b"x" * 100_000)}}):
        auth = handler_in_use(flavor, client, protected_api)
        flavor.run(client.revoke_access_token(auth.token))
        counted.since()
        answered = flavor.run(session.post(protected_api.url, auth=auth, **body))
        assert answered.status_code == 200
        assert answered.json()["received"] == int(answered.request.headers["Content-Length"])
        assert counted.since() == (1, 2, 1)
    flavor.run(session.aclose() if flavor.is_async else session.close())


def test_a_users_token_that_the_api_does_not_know_is_refreshed(
    flavor: Flavor, authorization_server: Server, protected_api: ProtectedApi, browser: Browser, counted: Counted
) -> None:
    client = client_of(flavor, authorization_server, "none")
    token = login(flavor, authorization_server, client, browser)
    forgotten = token.replace(access_token="forgotten")  # revoking it would end this AS's whole grant
    auth = flavor.named("OAuth2AccessTokenAuth")(client, forgotten)
    counted.since()
    assert flavor.get(protected_api.url, auth=auth).json()["sub"] == "alice"
    assert counted.since() == (1, 2, 1)
    assert auth.token.refresh_token


def test_a_user_whose_whole_session_was_revoked_has_to_log_in_again(
    flavor: Flavor, authorization_server: Server, protected_api: ProtectedApi, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "none")
    token = login(flavor, authorization_server, client, browser)
    auth = flavor.named("OAuth2AccessTokenAuth")(client, token)
    flavor.run(client.revoke_access_token(token))
    for _ in range(2):
        with pytest.raises(RefusedRefreshToken, match="Log in again"):
            flavor.get(protected_api.url, auth=auth)


def login(flavor: Flavor, server: Server, client: Any, browser: Browser) -> Any:
    request = AuthorizationRequest(
        server.authorization_endpoint,
        client.client_id,
        server.clients["none"].redirect_uri,
        scope="openid offline_access",
        prompt="consent",
    )
    answered = request.validate_callback(browser.authorize(str(request)))
    return flavor.run(client.authorization_code(answered))


def test_an_api_client_recovers_and_says_so_where_it_can_not(
    flavor: Flavor, authorization_server: Server, protected_api: ProtectedApi
) -> None:
    client = client_of(flavor, authorization_server)
    auth = handler_in_use(flavor, client, protected_api)
    make = AsyncApiClient if flavor.is_async else ApiClient
    flavor.run(client.revoke_access_token(auth.token))
    assert flavor.run(flavor.keep(make(protected_api.url, auth)).get("things")).status_code == 200

    flavor.run(client.revoke_access_token(auth.token))
    with pytest.raises(InvalidAccessToken, match="invalid_token"):
        flavor.run(flavor.keep(make(protected_api.url, auth.token)).get("things"))


def test_twenty_callers_at_once_make_one_token_request(
    flavor: Flavor, authorization_server: Server, protected_api: ProtectedApi, counted: Counted
) -> None:
    client = client_of(flavor, authorization_server)
    auth = handler_in_use(flavor, client, protected_api)
    flavor.run(client.revoke_access_token(auth.token))
    counted.since()
    assert twenty_statuses(flavor, protected_api.url, auth) == [200] * 20
    token_requests, answered, refused = counted.since()
    assert token_requests == 1
    assert answered == 20 + refused


def twenty_statuses(flavor: Flavor, url: str, auth: Any) -> list[int]:
    if not flavor.is_async:
        with ThreadPoolExecutor(20) as pool:
            return list(pool.map(lambda _: flavor.get(url, auth=auth).status_code, range(20)))
    statuses: list[int] = []

    async def call(session: Any) -> None:
        statuses.append((await session.get(url, auth=auth)).status_code)

    async def all_of_them() -> None:
        async with flavor.session() as session, anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(call, session)

    flavor.run(all_of_them())
    return statuses


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_sync_client_of_httpx_recovers_too(
    library: Any, authorization_server: Server, protected_api: ProtectedApi, counted: Counted
) -> None:
    auth, settings = settings_of(authorization_server, BASIC)
    with OAuth2Client(authorization_server.token_endpoint, auth, **settings) as client, library.Client() as http:
        handler = OAuth2ClientCredentialsAuth(client, scope="api.read")
        assert http.get(protected_api.url, auth=handler).status_code == 200
        client.revoke_access_token(str(handler.token))
        counted.since()
        assert http.post(protected_api.url, auth=handler, content=b"12345").json()["received"] == 5
        assert counted.since() == (1, 2, 1)


# --- DPoP, with an AS and an API that demand nonces


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Server]:
    with start_authorization_server(dpop_require_nonce=True) as started:
        yield started


@pytest.fixture(scope="module")
def strict_api(strict_server: Server) -> Iterator[ProtectedApi]:
    with start_protected_api(strict_server, dpop_require_nonce=True) as started:
        yield started


def test_a_bound_token_is_replaced_by_one_with_the_same_key(
    flavor: Flavor, strict_server: Server, strict_api: ProtectedApi
) -> None:
    client = client_of(flavor, strict_server, "dpop")
    auth = handler_in_use(flavor, client, strict_api)
    revoked = auth.token
    assert isinstance(revoked, DPoPToken)
    assert flavor.run(client.revoke_access_token(revoked))
    counted = Counted(strict_server, strict_api)
    counted.since()
    strict_api.dpop.rotate_nonce()
    assert flavor.get(strict_api.url, auth=auth).status_code == 200
    token_requests, answered, refused = counted.since()
    assert token_requests == 1
    assert answered == refused + 1
    assert auth.token != revoked
    assert auth.token.dpop_key == revoked.dpop_key
