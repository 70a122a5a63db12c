"""An API that refuses a token: the handler gets another one by itself, once, and repeats only what may be repeated."""

from __future__ import annotations

import io
import logging
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import requests

from devkit.exchange import Answer, Received, answer, error, token
from devkit.failing_server import ANSWERS, FailingServer, raw
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import (
    ApiClient,
    AsyncApiClient,
    BearerAuth,
    BearerToken,
    DPoPKey,
    DPoPToken,
    OAuth2ClientCredentialsAuth,
)
from requests_oauth2client._renewal.flight import TRIAL
from requests_oauth2client.aio.auth import AsyncOAuth2TokenSourceAuth
from requests_oauth2client.auth import OAuth2TokenSourceAuth
from requests_oauth2client.challenges import InsufficientScope, InsufficientUserAuthentication, InvalidAccessToken
from requests_oauth2client.exceptions import InvalidGrant, LoginNeeded
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.token_sources import CallableSource

API = "https://api.local/things"
INVALID = 'Bearer realm="api", error="invalid_token"'
LIBRARIES = [httpx2, httpx]


@dataclass
class Api:
    """An API that takes some tokens, and refuses the others with a challenge, if it says that much."""

    good: set[str] = field(default_factory=lambda: {"t1"})
    challenge: str | None = INVALID

    def __call__(self, request: Received) -> Answer:
        if request.headers.get("authorization", "").partition(" ")[2] in self.good:
            return answer({"received": bytes_of(request.body).decode()})
        return answer({}, 401, **({} if self.challenge is None else {"WWW_Authenticate": self.challenge}))


def bytes_of(body: Any) -> bytes:
    """Read a body, as a connection does."""
    return body if isinstance(body, bytes) else body.read() if hasattr(body, "read") else b"".join(body)


class Server:
    """An AS that gives t1, t2, t3, …"""

    def __init__(self, **fields: Any) -> None:
        self.given = 0
        self.fields = fields

    def __call__(self, _: Received) -> Answer:
        self.given += 1
        return token(access_token=f"t{self.given}", expires_in=3600, **self.fields)


@dataclass
class Scene:
    """A handler with a token t0, an API, and what each was sent."""

    flavor: Flavor
    handler: Any
    api: Any
    session: Any
    received: list[Received]
    asked: list[Received]

    def call(self, method: str = "GET", url: str = API, **kwargs: Any) -> Any:
        kwargs.setdefault("auth", self.handler)
        return self.flavor.run(self.session.request(method, url, **kwargs))

    @property
    def shown(self) -> list[str]:
        """The tokens that the API was shown."""
        return [request.headers.get("authorization", "").partition(" ")[2] for request in self.received]

    @property
    def grants(self) -> list[str]:
        return [request.form["grant_type"] for request in self.asked]


def held(**fields: Any) -> BearerToken:
    return BearerToken("t0", expires_in=3600, **fields)


def scene(
    flavor: Flavor,
    api: Callable[[Received], Answer] | None = None,
    server: Any = None,
    *,
    handler: str = "OAuth2ClientCredentialsAuth",
    **kwargs: Any,
) -> Scene:
    api = Api() if api is None else api
    client, asked = flavor.mocked(Server() if server is None else server)
    session, received = flavor.answered_by(api)
    kwargs.setdefault("token", held())
    return Scene(flavor, flavor.named(handler)(client, **kwargs), api, session, received, asked)


# --- another token, once


def test_a_token_that_the_api_calls_invalid_is_replaced_and_the_request_sent_again(every_flavor: Flavor) -> None:
    at = scene(every_flavor)
    response = at.call()
    assert response.status_code == 200
    assert at.shown == ["t0", "t1"]
    assert at.grants == ["client_credentials"]
    assert [before.status_code for before in response.history] == [401]
    assert at.call().status_code == 200
    assert at.shown == ["t0", "t1", "t1"]


def test_a_refresh_token_is_used_where_there_is_one(flavor: Flavor) -> None:
    at = scene(flavor, handler="OAuth2AccessTokenAuth", token=held(refresh_token="r"))
    assert at.call().status_code == 200
    assert at.grants == ["refresh_token"]


def test_a_token_can_be_refused_again_later(flavor: Flavor) -> None:
    at = scene(flavor)
    for number in (1, 2, 3):
        at.handler._manager.state.replaced_at = None  # long ago
        at.api.good = {f"t{number}"}
        assert at.call().status_code == 200
    assert at.shown == ["t0", "t1", "t1", "t2", "t2", "t3"]


def test_a_second_refusal_is_returned(every_flavor: Flavor) -> None:
    at = scene(every_flavor, Api(good=set()))
    assert at.call().status_code == 401
    assert at.shown == ["t0", "t1"]


def test_an_api_that_refuses_everybody_does_not_cause_token_requests_without_end(flavor: Flavor) -> None:
    at = scene(flavor, Api(good=set()))
    for _ in range(3):
        assert at.call().status_code == 401
    assert at.shown == ["t0", "t1", "t1", "t1"]
    assert len(at.asked) == 1


def test_a_refused_token_is_replaced_again_after_a_while(flavor: Flavor) -> None:
    at = scene(flavor, Api(good={"t2"}))
    assert at.call().status_code == 401
    refused, since = at.handler._manager.state.on_trial
    at.handler._manager.state.on_trial = (refused, since - TRIAL)
    at.handler._manager.state.replaced_at -= TRIAL
    assert at.call().status_code == 200
    assert at.shown == ["t0", "t1", "t1", "t2"]


def test_a_clock_that_was_set_back_ends_the_trial(flavor: Flavor) -> None:
    at = scene(flavor, Api(good={"t2"}))
    assert at.call().status_code == 401
    refused, since = at.handler._manager.state.on_trial
    at.handler._manager.state.on_trial = (refused, since + timedelta(days=1))
    at.handler._manager.state.replaced_at += timedelta(days=1)
    assert at.call().status_code == 200


def test_an_as_that_gives_the_same_token_again_is_not_asked_again(flavor: Flavor) -> None:
    at = scene(flavor, server=lambda _: token(access_token="t0"))
    assert at.call().status_code == 401
    assert at.call().status_code == 401
    assert at.shown == ["t0", "t0"]
    assert len(at.asked) == 1


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("body", [None, b"bytes"])
def test_a_sync_client_of_httpx_recovers_too(library: Any, body: Any) -> None:
    with open_flavor("requests") as flavor:
        at = scene(flavor)
        with library.Client(transport=mocked(library, at.api), auth=at.handler) as client:
            assert client.post(API, content=body).json() == {"received": (body or b"").decode()}


@pytest.mark.parametrize("stream", [True, False])
def test_a_streamed_answer_is_still_unread(flavor: Flavor, stream: bool) -> None:
    at = scene(flavor)
    if flavor.is_async:
        request = at.session.build_request("GET", API)
        response = flavor.run(at.session.send(request, auth=at.handler, stream=stream))
        flavor.run(response.aread())
    else:
        response = at.call(stream=stream)
    assert response.json() == {"received": ""}


def test_the_hooks_of_a_user_see_the_last_answer() -> None:
    seen: list[int] = []
    with open_flavor("requests") as flavor:
        scene(flavor).call(hooks={"response": lambda response, **_: seen.append(response.status_code)})
    assert seen == [200]


def test_a_pickled_response_holds_no_token() -> None:
    with open_flavor("requests") as flavor:
        at = scene(flavor)
        for auth in (at.handler, BearerAuth("t1", raise_for_challenge=True)):
            response = at.call(auth=auth)
            response.request.headers.clear()
            kept = pickle.dumps(response)
            assert b"t1" not in kept
            again = pickle.loads(kept)  # noqa: S301  made two lines above
            assert again.status_code == 200
            assert [hook(again) for hook in again.request.hooks["response"]] == [None]


# --- a 401 that does not say why


@pytest.mark.parametrize("challenge", [None, "Bearer", 'Bearer error="broken', "Token", 'Basic realm="r"'])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_without_a_reason_what_is_idempotent_is_sent_again(flavor: Flavor, challenge: str | None, method: str) -> None:
    at = scene(flavor, Api(challenge=challenge))
    assert at.call(method).status_code == 200
    assert at.shown == ["t0", "t1"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_without_a_reason_nothing_else_is_sent_again_but_the_next_has_another_token(
    flavor: Flavor, method: str
) -> None:
    at = scene(flavor, Api(challenge=None))
    assert at.call(method).status_code == 401
    assert at.shown == ["t0"]
    assert at.call(method).status_code == 200
    assert at.shown == ["t0", "t1"]


@pytest.mark.parametrize(
    "challenge",
    [
        'DPoP algs="ES256"',
        'Bearer error="invalid_request"',
        'Bearer error="insufficient_scope"',
        'Bearer error="insufficient_user_authentication", acr_values="gold"',
        'Bearer error="something_else"',
    ],
)
def test_another_reason_is_returned_and_the_token_stays(flavor: Flavor, challenge: str) -> None:
    at = scene(flavor, Api(challenge=challenge))
    assert at.call().status_code == 401
    assert at.call().status_code == 401
    assert at.shown == ["t0", "t0"]
    assert at.asked == []


@pytest.mark.parametrize("status", [400, 403, 407, 500])
def test_only_a_401_refuses_a_token(flavor: Flavor, status: int) -> None:
    at = scene(flavor, lambda _: answer({}, status, WWW_Authenticate=INVALID))
    assert at.call().status_code == status
    assert at.asked == []


# --- no other token


@pytest.mark.parametrize("challenge", [None, INVALID])
def test_a_token_that_can_not_be_renewed_is_used_on(flavor: Flavor, challenge: str | None) -> None:
    api = Api(challenge=challenge)
    at = scene(flavor, api, handler="OAuth2AccessTokenAuth")
    for auth in (at.handler, BearerAuth("t0"), BearerToken("t0")):
        assert at.call(auth=auth).status_code == 401
        assert at.call(auth=auth).status_code == 401
    assert at.shown == ["t0"] * 6
    assert at.asked == []


def test_where_the_as_fails_the_401_is_returned(flavor: Flavor) -> None:
    at = scene(flavor, server=lambda _: error("invalid_client", 401))
    assert at.call().status_code == 401
    assert at.shown == ["t0"]


def test_after_an_unexplained_401_a_failure_of_the_as_does_not_take_the_token_away(flavor: Flavor) -> None:
    at = scene(flavor, Api(challenge=None), lambda _: error("invalid_client", 401))
    assert [at.call().status_code for _ in range(2)] == [401, 401]
    assert at.shown == ["t0", "t0"]


def test_a_user_who_has_to_log_in_again_is_told_at_once(flavor: Flavor) -> None:
    refused = held(refresh_token="r")
    at = scene(flavor, server=lambda _: error("invalid_grant"), handler="OAuth2AccessTokenAuth", token=refused)
    for _ in range(2):
        with pytest.raises(LoginNeeded, match="Log in again") as failed:
            at.call()
        assert isinstance(failed.value, InvalidGrant)
    assert at.shown == ["t0"]


def source_auth(flavor: Flavor) -> Any:
    return AsyncOAuth2TokenSourceAuth if flavor.is_async else OAuth2TokenSourceAuth


def test_a_source_of_ones_own_is_asked_too(flavor: Flavor) -> None:
    tokens = iter(["t0", "t1"])
    session, received = flavor.answered_by(Api())
    auth = source_auth(flavor)(CallableSource(lambda: next(tokens)))
    assert flavor.run(session.get(API, auth=auth)).status_code == 200
    assert len(received) == 2


def test_a_failure_of_a_source_of_ones_own_stays_with_it(flavor: Flavor) -> None:
    tokens = iter(["t0"])
    session, received = flavor.answered_by(Api())
    auth = source_auth(flavor)(CallableSource(lambda: next(tokens, 5)))
    assert flavor.run(session.get(API, auth=auth)).status_code == 401
    assert len(received) == 1


# --- who may refuse


@pytest.mark.parametrize("status", [302, 307])
def test_another_origin_that_refuses_is_not_answered(every_flavor: Flavor, status: int) -> None:
    def respond(request: Received) -> Answer:
        if request.url == API:
            return answer(b"", status, Location="https://other.local/")
        return answer({}, 401, WWW_Authenticate=INVALID)

    at = scene(every_flavor, respond, raise_for_challenge=True)
    redirects: Any = {"follow_redirects": True} if every_flavor.is_async else {}
    assert at.call(**redirects).status_code == 401
    assert [request.url for request in at.received] == [API, "https://other.local/"]
    assert at.shown == ["t0", ""]
    assert at.asked == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_origin_that_refuses_is_not_answered_by_a_sync_client_of_httpx(library: Any) -> None:
    def respond(request: Received) -> Answer:
        if request.url == API:
            return answer(b"", 302, Location="https://other.local/")
        return answer({}, 401, WWW_Authenticate=INVALID)

    with open_flavor("requests") as flavor:
        at = scene(flavor, respond)
        with library.Client(transport=mocked(library, respond), auth=at.handler, follow_redirects=True) as client:
            assert client.get(API).status_code == 401
        assert at.asked == []


def test_after_a_redirect_within_the_api_the_last_request_is_sent_again(every_flavor: Flavor) -> None:
    api = Api()

    def respond(request: Received) -> Answer:
        return answer(b"", 303, Location="/moved") if request.url == API else api(request)

    at = scene(every_flavor, respond)
    redirects: Any = {"follow_redirects": True} if every_flavor.is_async else {}
    assert at.call("POST", **redirects).status_code == 200
    assert [(request.method, request.path) for request in at.received] == [
        ("POST", "/things"), ("GET", "/moved"), ("GET", "/moved"),
    ]  # fmt: skip
    assert at.shown == ["t0", "t0", "t1"]


def test_a_redirect_of_the_repeated_request_is_followed(every_flavor: Flavor) -> None:
    def respond(request: Received) -> Answer:
        refused = request.headers["authorization"] == "Bearer t0"
        if refused:
            return answer({}, 401, WWW_Authenticate=INVALID)
        return answer(b"", 307, Location="/moved") if request.url == API else answer({})

    at = scene(every_flavor, respond)
    redirects: Any = {"follow_redirects": True} if every_flavor.is_async else {}
    assert at.call(**redirects).status_code == 200
    assert len(at.asked) == 1


# --- bodies


def mocked(library: Any, respond: Any) -> Any:
    """A transport that reads a body as a connection does; the library's MockTransport would keep it."""

    def answered(request: Any, body: bytes) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = respond(Received(method=request.method, url=str(request.url), headers=headers, body=body))
        return library.Response(given.status_code, headers=dict(given.headers), content=given.content)

    def handle(_: Any, request: Any) -> Any:
        return answered(request, b"".join(request.stream))

    async def handle_async(_: Any, request: Any) -> Any:
        return answered(request, b"".join([chunk async for chunk in request.stream]))

    bases = (library.BaseTransport, library.AsyncBaseTransport)
    return type("Transport", bases, {"handle_request": handle, "handle_async_request": handle_async})()


class Reading:
    """A transport of requests that reads a body as a connection does."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def send(self, request: Any, **kwargs: Any) -> Any:
        sent = request.copy()
        sent.body = bytes_of(request.body)
        response = self.adapter.send(sent, **kwargs)
        response.connection, response.request = self, request
        return response

    def close(self) -> None:
        self.adapter.close()


def posted(at: Scene, **body: Any) -> Any:
    """POST a body that is read once, as it is read on a connection."""
    if not at.flavor.is_async:
        at.session.mount("https://", Reading(at.session.get_adapter(API)))
        return at.call("POST", **body)

    def respond(request: Received) -> Answer:
        at.received.append(request)
        given: Answer = at.api(request)
        return given

    session = at.flavor.session(transport=mocked(at.flavor.library, respond))
    try:
        return at.flavor.run(session.post(API, auth=at.handler, **body))
    finally:
        at.flavor.run(session.aclose())


def pieces(flavor: Flavor) -> Any:
    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"once"

    return {"content": asynchronous()} if flavor.is_async else {"data": iter([b"once"])}


@pytest.mark.parametrize("challenge", [INVALID, None])
def test_a_stream_is_not_sent_again_but_the_next_request_has_another_token(
    flavor: Flavor, challenge: str | None
) -> None:
    events: list[Any] = []
    at = scene(flavor, Api(challenge=challenge), on_event=events.append)
    assert posted(at, **pieces(flavor)).status_code == 401
    assert at.shown == ["t0"]
    assert [event.name for event in events] == ["refused", "obtained", "unrepeated"]
    assert posted(at, **pieces(flavor)).json() == {"received": "once"}


@pytest.mark.parametrize("body", [{"json": {"a": 1}}, {"data": {"a": "1"}}])
def test_a_body_in_memory_is_sent_again(every_flavor: Flavor, body: Any) -> None:
    at = scene(every_flavor)
    response = at.call("POST", **body)
    first, second = at.received
    assert first.body == second.body
    assert first.body
    assert response.json()["received"] == first.body.decode()


@pytest.mark.parametrize("name", ["requests", "httpx2", "httpx"])
def test_the_files_of_a_form_are_sent_again(name: str) -> None:
    with open_flavor(name) as flavor:
        at = scene(flavor)
        response = posted(at, files={"upload": io.BytesIO(b"the content of a file")}, data={"field": "value"})
        assert at.shown == ["t0", "t1"]
        assert "the content of a file" in response.json()["received"]
        assert at.received[0].body == at.received[1].body


class Pipe(io.RawIOBase):
    """A file that can be read once."""

    def __init__(self) -> None:
        self.left = [b"once"]

    def readable(self) -> bool:
        return True

    def read(self, _: int = -1) -> bytes:
        return self.left.pop() if self.left else b""


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_form_with_a_pipe_is_not_sent_again(library: Any) -> None:
    with open_flavor("requests") as flavor:
        at = scene(flavor)
        with library.Client(transport=mocked(library, at.api), auth=at.handler) as client:
            assert client.post(API, files={"upload": Pipe()}).status_code == 401
            assert "once" in client.post(API, files={"upload": Pipe()}).json()["received"]


def test_a_file_is_sent_again_from_where_it_was() -> None:
    with open_flavor("requests") as flavor:
        file = io.BytesIO(b"skipped and sent")
        file.seek(len(b"skipped and "))
        assert posted(scene(flavor), data=file).json() == {"received": "sent"}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_file_as_the_whole_body_is_not_sent_again_by_httpx_which_does_not_show_it(library: Any) -> None:
    with open_flavor("requests") as flavor:
        at = scene(flavor)
        with library.Client(transport=mocked(library, at.api), auth=at.handler) as client:
            assert client.post(API, content=io.BytesIO(b"once")).status_code == 401
            assert client.post(API, content=io.BytesIO(b"once")).json() == {"received": "once"}


def test_a_file_that_can_not_be_read_again_is_not_sent_again() -> None:
    class Closing(io.BytesIO):
        def read(self, *args: Any) -> bytes:
            found = super().read(*args)
            self.close()
            return found

    with open_flavor("requests") as flavor:
        at = scene(flavor)
        assert posted(at, data=Closing(b"once")).status_code == 401
        assert at.shown == ["t0"]


# --- tokens that are bound to a key


@pytest.fixture(scope="module")
def key() -> DPoPKey:
    return DPoPKey.generate()


def dpop_scene(flavor: Flavor, api: Any, key: DPoPKey, **kwargs: Any) -> Scene:
    bound = DPoPToken("t0", dpop_key=key, expires_in=3600)
    return scene(flavor, api, Server(token_type="DPoP"), token=bound, **kwargs)


def test_a_bound_token_is_replaced_by_one_with_the_same_key(every_flavor: Flavor, key: DPoPKey) -> None:
    at = dpop_scene(every_flavor, Api(challenge='DPoP error="invalid_token", algs="ES256"'), key)
    assert at.call("POST", json={}).status_code == 200
    assert at.shown == ["t0", "t1"]
    assert at.handler.token.dpop_key is key
    assert len({request.headers["dpop"] for request in at.received}) == 2


class NonceApi(Api):
    """An API that looks at the nonce first; the nonce changes with each refused token."""

    nonce = 0

    def __call__(self, request: Received) -> Answer:
        from requests_oauth2client.utils import b64u_decode

        said = b64u_decode(request.headers["dpop"].split(".")[1]).decode()
        if f'"nonce-{self.nonce}"' not in said:
            return self.demand("use_dpop_nonce")
        given = super().__call__(request)
        if given.status_code == 401:
            self.nonce += 1
            return answer({}, 401, WWW_Authenticate='DPoP error="invalid_token"')
        return given

    def demand(self, code: str) -> Answer:
        return answer({}, 401, WWW_Authenticate=f'DPoP error="{code}"', DPoP_Nonce=f"nonce-{self.nonce}")


def test_nonces_are_answered_before_and_after_the_token_is_replaced(every_flavor: Flavor) -> None:
    at = dpop_scene(every_flavor, NonceApi(), DPoPKey.generate())
    response = at.call()
    assert response.status_code == 200
    assert at.shown == ["t0", "t0", "t1", "t1"]
    assert len(at.asked) == 1
    assert at.call().status_code == 200
    assert len(at.received) == 5


@pytest.mark.parametrize("code", ["invalid_dpop_proof", "insufficient_scope"])
def test_a_refused_proof_does_not_cost_the_token(flavor: Flavor, key: DPoPKey, code: str) -> None:
    at = dpop_scene(flavor, Api(challenge=f'Bearer, DPoP error="{code}"'), key)
    assert at.call().status_code == 401
    assert at.asked == []


# --- many callers


def test_twenty_threads_whose_token_is_refused_make_one_token_request() -> None:
    together = threading.Barrier(20)
    api = Api()

    def respond(request: Received) -> Answer:
        if request.headers["authorization"] == "Bearer t0":
            together.wait(timeout=30)
        return api(request)

    with open_flavor("requests") as flavor:
        at = scene(flavor, respond)
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: at.call(), range(20)))
        assert [response.status_code for response in answers] == [200] * 20
        assert len(at.asked) == 1
        assert at.shown.count("t1") == 20


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_twenty_tasks_whose_token_is_refused_make_one_token_request(library: Any, backend: str) -> None:
    asked: list[Any] = []
    came: list[str] = []
    statuses: list[int] = []

    async def give(request: Any) -> Any:
        asked.append(request)
        await anyio.sleep(0.01)
        return library.Response(200, json={"access_token": "t1", "token_type": "Bearer"})

    async def journey() -> None:
        together = anyio.Event()

        async def respond(request: Any) -> Any:
            shown = request.headers["authorization"]
            came.append(shown)
            if came.count("Bearer t0") == 20:
                together.set()
            if shown == "Bearer t1":
                return library.Response(200)
            await together.wait()
            return library.Response(401, headers={"WWW-Authenticate": INVALID})

        async with (
            library.AsyncClient(transport=library.MockTransport(give)) as session,
            library.AsyncClient(transport=library.MockTransport(respond)) as api,
            anyio.create_task_group() as tasks,
        ):
            from requests_oauth2client import AsyncOAuth2Client, AsyncOAuth2ClientCredentialsAuth

            client = AsyncOAuth2Client("https://as.local/t", "id", session=session)
            auth = AsyncOAuth2ClientCredentialsAuth(client, token=held())

            async def call() -> None:
                statuses.append((await api.get(API, auth=auth)).status_code)

            for _ in range(20):
                tasks.start_soon(call)

    anyio.run(journey, backend=backend)
    assert statuses == [200] * 20
    assert len(asked) == 1
    assert came.count("Bearer t1") == 20


def test_a_refused_token_that_somebody_has_replaced_meanwhile_costs_nothing(flavor: Flavor) -> None:
    def respond(request: Received) -> Answer:
        at.handler.token = BearerToken("t1", expires_in=3600)
        return Api()(request)

    at = scene(flavor, respond)
    assert at.call().status_code == 200
    assert at.shown == ["t0", "t1"]
    assert at.asked == []


def test_those_who_share_a_store_replace_a_refused_token_once(flavor: Flavor) -> None:
    store = MemoryStore()
    at, other = (scene(flavor, store=store, token=None) for _ in range(2))
    other.asked = at.asked
    other.handler.client = at.handler.client
    for one in (at, other):
        assert one.call().status_code == 200
    for one in (at, other):
        one.api.good = {"t2"}
        assert one.call().status_code == 200
    assert at.shown == other.shown == ["t1", "t1", "t2"]
    assert len(at.asked) == 2


@pytest.fixture
def refusing(failing: FailingServer, monkeypatch: pytest.MonkeyPatch) -> FailingServer:
    """A real server, whose path /scripted refuses first."""
    monkeypatch.setitem(
        ANSWERS, "refused", raw({}, "401 Unauthorized", "application/json", f"WWW-Authenticate: {INVALID}")
    )
    failing.script[:] = ["refused", "good", "good"]
    return failing


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_connection_is_enough_for_the_api_and_the_as(library: Any, refusing: FailingServer) -> None:
    name = {httpx2: "httpx2", httpx: "httpx"}[library]
    with open_flavor(name) as flavor:
        session = flavor.session(limits=library.Limits(max_connections=1), timeout=5)
        client = flavor.client(refusing.endpoint("good"), session=session)
        auth = flavor.named("OAuth2ClientCredentialsAuth")(client, token=held())
        assert flavor.run(session.get(refusing.endpoint("scripted"), auth=auth)).status_code == 200
        flavor.run(session.aclose())
    assert [request.path for request in refusing.received] == ["/scripted", "/good", "/scripted"]


def test_the_connection_of_a_refused_request_is_used_again(refusing: FailingServer) -> None:
    with open_flavor("requests") as flavor, requests.Session() as session:
        auth = OAuth2ClientCredentialsAuth(flavor.client(refusing.endpoint("good")), token=held())
        assert session.get(refusing.endpoint("scripted"), auth=auth, timeout=5).status_code == 200
    refused, _, repeated = refusing.received
    assert refused.connection == repeated.connection


# --- what is seen of it


def test_it_is_told_and_logged_without_a_secret(flavor: Flavor, caplog: pytest.LogCaptureFixture) -> None:
    events: list[Any] = []
    at = scene(flavor, on_event=events.append)
    with caplog.at_level(logging.INFO):
        at.call()
    assert [event.name for event in events] == ["refused", "obtained"]
    assert "token refused" in caplog.text
    assert "t0" not in caplog.text
    assert "t1" not in caplog.text


# --- what an API demands, as exceptions

MORE_SCOPE = 'Bearer error="insufficient_scope", scope="api.write"'
STEP_UP = 'Bearer error="insufficient_user_authentication", acr_values="gold", max_age=60'


def demanding(challenge: str, status: int) -> Callable[[Received], Answer]:
    return lambda _: answer({"why": "because"}, status, WWW_Authenticate=challenge)


def status_error(flavor: Flavor) -> Any:
    return flavor.library.HTTPStatusError if flavor.is_async else requests.HTTPError


def test_handlers_return_what_an_api_demands(flavor: Flavor) -> None:
    at = scene(flavor, demanding(MORE_SCOPE, 403))
    for auth in (at.handler, BearerAuth("t0"), held()):
        assert at.call(auth=auth).status_code == 403


def test_a_handler_raises_it_if_that_is_wanted(every_flavor: Flavor) -> None:
    at = scene(every_flavor, demanding(MORE_SCOPE, 403), raise_for_challenge=True)
    for auth in (at.handler, BearerAuth("t0", raise_for_challenge=True)):
        with pytest.raises(InsufficientScope, match=r"scope='api\.write'") as raised:
            at.call(auth=auth)
        assert isinstance(raised.value, status_error(every_flavor))
        assert raised.value.scope == ("api.write",)


def test_a_handler_raises_that_the_user_has_to_log_in_again(flavor: Flavor) -> None:
    at = scene(flavor, demanding(STEP_UP, 401), raise_for_challenge=True)
    for auth in (at.handler, BearerAuth("t0", raise_for_challenge=True)):
        with pytest.raises(InsufficientUserAuthentication) as raised:
            at.call(auth=auth)
        assert raised.value.authorization_params() == {"acr_values": "gold", "max_age": 60}
    assert at.asked == []


def test_a_handler_raises_a_second_refusal(flavor: Flavor) -> None:
    at = scene(flavor, Api(good=set()), raise_for_challenge=True)
    with pytest.raises(InvalidAccessToken):
        at.call()
    assert at.shown == ["t0", "t1"]


def test_a_body_that_says_more_can_still_be_read() -> None:
    with open_flavor("requests") as flavor:
        at = scene(flavor, demanding(MORE_SCOPE, 403), raise_for_challenge=True)
        with pytest.raises(InsufficientScope) as raised:
            at.call()
        assert raised.value.response.json() == {"why": "because"}


def api_client(flavor: Flavor, session: Any, **kwargs: Any) -> Any:
    return (AsyncApiClient if flavor.is_async else ApiClient)("https://api.local/", session=session, **kwargs)


@pytest.mark.parametrize(
    ("challenge", "status", "kind"),
    [(MORE_SCOPE, 403, InsufficientScope), (STEP_UP, 401, InsufficientUserAuthentication),
     (INVALID, 401, InvalidAccessToken)],
)  # fmt: skip
def test_an_api_client_raises_it_as_an_error_of_its_library(
    every_flavor: Flavor, challenge: str, status: int, kind: Any
) -> None:
    session, _ = every_flavor.answered_by(demanding(challenge, status))
    client = api_client(every_flavor, session, auth=BearerAuth("t0"))
    with pytest.raises(kind) as raised:
        every_flavor.run(client.get("things"))
    assert isinstance(raised.value, status_error(every_flavor))
    assert raised.value.response.status_code == status
    assert every_flavor.run(client.get("things", raise_for_status=False)).status_code == status


def test_an_api_client_raises_other_errors_as_before(flavor: Flavor) -> None:
    session, _ = flavor.answered_by(lambda _: answer({}, 403))
    with pytest.raises(status_error(flavor)) as raised:
        flavor.run(api_client(flavor, session).get("things"))
    assert type(raised.value) is status_error(flavor)


def test_an_api_client_recovers_by_itself(every_flavor: Flavor) -> None:
    at = scene(every_flavor)
    client = api_client(every_flavor, at.session, auth=at.handler)
    assert every_flavor.run(client.post("things", json={"a": 1})).status_code == 200
    assert at.shown == ["t0", "t1"]


@pytest.fixture(autouse=True)
def _no_left_over_script(serving: FailingServer) -> Iterator[None]:
    yield
    serving.script.clear()
