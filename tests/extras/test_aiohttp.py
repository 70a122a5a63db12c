"""Tokens for aiohttp: its own servers on loopback, with redirects, refusals, DPoP and WebSockets."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from requests_oauth2client import (
    ApiError,
    AsyncOAuth2ClientCredentialsAuth,
    AsyncOAuth2ResourceAuth,
    BearerAuth,
    BearerToken,
    ClientMetadata,
    InsecureTransport,
    InsufficientScope,
    InvalidParam,
    InvalidUri,
    OAuth2Error,
    OAuth2ResourceAuth,
    recording,
)
from requests_oauth2client.aiohttp import middleware
from requests_oauth2client.testing import AuthorizationServer, ProtectedApi

from .conftest import Issuer

INVALID = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@dataclass
class Api:
    """A server, and the requests that it got."""

    respond: Callable[[web.Request], Awaitable[web.StreamResponse]]
    got: list[tuple[str, str, str | None]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.got.append((request.method, request.path, request.headers.get("Authorization")))
        self.bodies.append(await request.read())
        return await self.respond(request)

    @property
    def tokens(self) -> list[str | None]:
        return [token for _, _, token in self.got]


async def well(request: web.Request) -> web.Response:
    return web.json_response({})


def refusing(issuer: Issuer, **challenge: Any) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and issuer.is_valid(token):
            return web.json_response({})
        return web.Response(status=401, headers=challenge or INVALID)

    return respond


def leading(to: Callable[[web.Request], str | None], status: int = 302) -> Callable[..., Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        target = to(request)
        return web.json_response({}) if target is None else web.Response(status=status, headers={"Location": target})

    return respond


@asynccontextmanager
async def serving(*responders: Callable[..., Awaitable[web.StreamResponse]]) -> AsyncIterator[list[Api]]:
    """Serve them, each at an origin of its own."""
    apis = [Api(respond) for respond in responders]
    runners = []
    for api in apis:
        runner = web.ServerRunner(web.Server(api.handle))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield apis
    finally:
        for runner in runners:
            await runner.cleanup()


async def get(url: str, auth: Any, **options: Any) -> int:
    async with session_with(auth) as session, session.get(url, **options) as response:
        return response.status


def session_with(auth: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(middlewares=[middleware(auth)])


@pytest.fixture(params=["async", "plain"])
def auth(request: pytest.FixtureRequest, issuer: Issuer) -> Any:
    """A handler of either kind."""
    return issuer.async_auth() if request.param == "async" else issuer.auth()


def test_requests_get_a_token_that_is_kept(issuer: Issuer, auth: Any) -> None:
    async def main() -> list[str | None]:
        async with serving(well) as (api,):
            session = session_with(auth)
            await asyncio.gather(*(session.get(f"{api.url}/things") for _ in range(4)))
            await session.close()
            return api.tokens

    tokens = asyncio.run(main())
    assert tokens == [auth.token.authorization_header()] * 4
    assert issuer.token_requests == 1


@pytest.mark.parametrize("given", ["t", BearerToken("t"), BearerAuth("t")])
def test_a_token_that_one_has_is_enough(given: Any) -> None:
    async def main() -> list[str | None]:
        async with serving(well) as (api,):
            await get(api.url, given)
            return api.tokens

    assert asyncio.run(main()) == ["Bearer t"]


def test_it_may_be_that_of_one_request() -> None:
    async def main() -> list[str | None]:
        async with serving(well) as (api,), aiohttp.ClientSession(api.url) as session:
            await session.get("/", middlewares=[middleware("t")])
            await session.get("/")
            return api.tokens

    assert asyncio.run(main()) == ["Bearer t", None]


# --- redirects


def test_a_redirect_within_the_origin_takes_the_token_along() -> None:
    async def main() -> list[Any]:
        async with serving(leading(lambda request: "/there" if request.path == "/" else None)) as (api,):
            assert await get(f"{api.url}/", "t") == 200
            return api.got

    assert asyncio.run(main()) == [("GET", "/", "Bearer t"), ("GET", "/there", "Bearer t")]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_does_not(status: int) -> None:
    async def main() -> tuple[list[Any], list[Any]]:
        async with serving(well) as (other,), serving(leading(lambda _: f"{other.url}/there", status)) as (api,):
            assert await get(f"{api.url}/", "t") == 200
            return api.tokens, other.got

    assert asyncio.run(main()) == (["Bearer t"], [("GET", "/there", None)])


def test_neither_does_one_that_comes_in_a_task_of_its_own() -> None:
    async def in_task(request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
        return await asyncio.create_task(handler(request))

    async def main() -> list[Any]:
        async with serving(well) as (other,), serving(leading(lambda _: other.url)) as (api,):
            async with aiohttp.ClientSession(middlewares=[in_task, middleware("t")]) as session:
                await session.get(api.url)
            return other.tokens

    assert asyncio.run(main()) == [None]


def test_further_origins_are_named() -> None:
    async def main() -> list[list[Any]]:
        async with serving(well, well, well) as (first, second, third):
            given = middleware("t", origins=[first.url, f"{second.url}/v1"])
            async with aiohttp.ClientSession(middlewares=[given]) as session:
                for api in (third, first, second):
                    await session.get(api.url)
            return [api.tokens for api in (first, second, third)]

    assert asyncio.run(main()) == [["Bearer t"], ["Bearer t"], [None]]


# --- refusals


def test_a_refused_token_is_replaced_once(issuer: Issuer, auth: Any) -> None:
    async def main() -> tuple[int, list[Any]]:
        async with serving(refusing(issuer)) as (api,), session_with(auth) as session:
            await session.get(api.url)
            issuer.refused.add(auth.token.access_token)
            async with session.post(api.url, json={"a": 1}) as response:
                return response.status, api.bodies

    assert asyncio.run(main()) == (200, [b"", b'{"a": 1}', b'{"a": 1}'])
    assert issuer.token_requests == 2


def test_a_body_that_is_used_up_is_not_sent_again(issuer: Issuer, auth: Any) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"once"

    async def main() -> tuple[list[int], list[Any]]:
        async with serving(refusing(issuer)) as (api,), session_with(auth) as session:
            await session.get(api.url)
            statuses = []
            for body in (stream(), io.BytesIO(b"twice")):
                issuer.refused.add(auth.token.access_token)
                async with session.post(api.url, data=body) as response:
                    statuses.append(response.status)
            return statuses, api.bodies

    statuses, bodies = asyncio.run(main())
    assert statuses[0] == 401
    assert bodies[:2] == [b"", b"once"]
    assert b"once" not in bodies[2:]


def test_what_an_api_demands_is_raised(issuer: Issuer) -> None:
    demand = {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="things.write"'}

    async def main() -> None:
        async def forbid(request: web.Request) -> web.Response:
            return web.Response(status=403, headers=demand)

        async with serving(forbid) as (api,):
            await get(api.url, BearerAuth("t", raise_for_challenge=True))

    with pytest.raises(InsufficientScope, match=r"things\.write") as raised:
        asyncio.run(main())
    assert isinstance(raised.value, ApiError)
    assert raised.value.scope == ("things.write",)


def test_several_challenges_are_read(issuer: Issuer, auth: Any) -> None:
    async def main() -> int:
        async def refuse(request: web.Request) -> web.Response:
            token = request.headers["Authorization"].removeprefix("Bearer ")
            response = web.Response(status=200 if issuer.is_valid(token) else 401)
            response.headers.add("WWW-Authenticate", 'Basic realm="x"')
            response.headers.add("WWW-Authenticate", 'Bearer error="invalid_token"')
            return response

        async with serving(refuse) as (api,), aiohttp.ClientSession(middlewares=[middleware(auth)]) as session:
            await session.get(api.url)
            issuer.refused.add(auth.token.access_token)
            async with session.post(api.url) as response:
                return response.status

    assert asyncio.run(main()) == 200


def test_an_error_of_the_token_endpoint_is_raised_and_nothing_sent(issuer: Issuer, auth: Any) -> None:
    issuer.server.fail("token", status=400, body='{"error": "invalid_scope"}')

    async def main() -> list[Any]:
        async with serving(well) as (api,):
            with pytest.raises(OAuth2Error, match="invalid_scope"):
                await get(api.url, auth)
            return api.got

    assert asyncio.run(main()) == []


# --- DPoP, WebSockets, plain http, recording


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_a_bound_token_proves_its_key_and_answers_a_demanded_nonce(issuer: Issuer, kind: str) -> None:
    bound = {"dpop_bound_access_tokens": True}
    auth: Any = issuer.async_auth(**bound) if kind == "async" else issuer.auth(**bound)
    proofs: list[str] = []

    async def demand(request: web.Request) -> web.Response:
        proofs.append(request.headers["DPoP"])
        if len(proofs) == 1:
            challenge = 'DPoP error="use_dpop_nonce"'
            return web.Response(status=401, headers={"DPoP-Nonce": "n-1", "WWW-Authenticate": challenge})
        return web.Response()

    async def main() -> tuple[int, list[Any]]:
        async with serving(demand) as (api,):
            return await get(f"{api.url}/things?color=blue", auth), api.got

    status, got = asyncio.run(main())
    assert status == 200
    assert [token for _, _, token in got] == [auth.token.authorization_header()] * 2
    assert got[0][2].startswith("DPoP ")
    assert "n-1" in BearerToken(proofs[1]).access_token_jwt.claims["nonce"]
    assert BearerToken(proofs[0]).access_token_jwt.claims["htu"].endswith("/things")


def test_a_websocket_begins_with_the_token() -> None:
    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(request.headers["Authorization"])
        await socket.close()
        return socket

    async def main() -> str:
        async with serving(chat) as (api,), session_with("t") as session:
            socket = await session.ws_connect(api.url.replace("http://", "ws://"))
            return await socket.receive_str()

    assert asyncio.run(main()) == "Bearer t"


@pytest.mark.parametrize("url", ["http://api.example.com/", "ws://api.example.com/"])
def test_plain_http_to_another_machine_is_refused(url: str, auth: Any) -> None:
    with pytest.raises(InsecureTransport):
        asyncio.run(get(url, auth))


def test_a_recording_shows_the_request_without_its_token() -> None:
    async def main() -> str:
        async with serving(well) as (api,):
            with recording() as story:
                await get(f"{api.url}/things", "hush-hush")
            return story.text()

    text = asyncio.run(main())
    assert "/things" in text
    assert "hush-hush" not in text


@pytest.mark.parametrize("wrong", [None, ("user", "password"), BearerToken, 7])
def test_what_is_no_auth_handler_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidParam, match="takes an auth handler"):
        middleware(wrong)


def test_an_origin_is_a_url() -> None:
    with pytest.raises(InvalidUri):
        middleware("t", origins=["api.example.com"])


def test_its_repr_shows_no_token(issuer: Issuer) -> None:
    shown = repr(middleware(BearerAuth("hush-hush"), origins="https://api.example.com"))
    assert "hush-hush" not in shown
    assert "api.example.com" in shown
    assert AsyncOAuth2ClientCredentialsAuth.__name__ in repr(middleware(issuer.async_auth()))


@pytest.mark.parametrize("kind", [AsyncOAuth2ResourceAuth, OAuth2ResourceAuth])
def test_an_api_of_which_only_the_url_is_known(kind: Any) -> None:
    server = AuthorizationServer()
    api = ProtectedApi(server, "http://127.0.0.1/v1", scope="read")

    def login(request: Any) -> str:
        return str(server.log_in(request.uri))

    with server.listening(), api.listening():
        auth = kind(api.url, client=ClientMetadata("My agent"), login=login)
        assert [asyncio.run(get(api.url, auth)) for _ in range(2)] == [200, 200]
    assert [request.endpoint for request in server.requests].count("token") == 1
