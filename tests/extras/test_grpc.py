"""Tokens for gRPC: calls over an encrypted channel to a server that looks at the metadata."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from requests_oauth2client import BearerToken, DPoPKey, DPoPToken, InvalidParam
from requests_oauth2client.grpc import call_credentials

from .conftest import Issuer

LOCAL = grpc.LocalConnectionType.UDS  # encrypted as far as gRPC is concerned: it does not leave the machine
METHOD = "/things.Things/Get"
DEADLINE = 60  # seconds


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that answers with the authorization metadata that came."""

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        given = [value for name, value in context.invocation_metadata() if name == "authorization"]
        return " | ".join(map(str, given)).encode()

    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {"Get": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("things.Things", handlers),))
    path = Path(tmp_path_factory.mktemp("grpc")) / "s"
    server.add_secure_port(f"unix:{path}", grpc.local_server_credentials(LOCAL))
    server.start()
    yield f"unix:{path}"
    server.stop(None).wait()


def channel_credentials(auth: Any) -> grpc.ChannelCredentials:
    return grpc.composite_channel_credentials(grpc.local_channel_credentials(LOCAL), call_credentials(auth))


def call(address: str, auth: Any) -> str:
    with grpc.secure_channel(address, channel_credentials(auth)) as channel:
        return channel.unary_unary(METHOD)(b"", timeout=DEADLINE).decode()


async def call_awaited(address: str, auth: Any) -> str:
    async with grpc.aio.secure_channel(address, channel_credentials(auth)) as channel:
        return (await channel.unary_unary(METHOD)(b"", timeout=DEADLINE)).decode()


def refusal(calling: Callable[[], Any]) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        calling()
    return refused.value.details()


def test_each_call_has_a_valid_token(address: str, issuer: Issuer) -> None:
    auth = issuer.auth()
    with grpc.secure_channel(address, channel_credentials(auth)) as channel:
        get = channel.unary_unary(METHOD)
        first, again = get(b"", timeout=DEADLINE), get(b"", timeout=DEADLINE)
        auth.forget_token()
        other = get(b"", timeout=DEADLINE)
    assert first == again != other == auth.get_token().authorization_header().encode()
    assert issuer.token_requests == 2


def test_a_token_that_one_has_is_enough(address: str) -> None:
    assert call(address, "t") == call(address, BearerToken("t")) == "Bearer t"


def test_an_awaited_handler_is_asked_in_its_loop(address: str, issuer: Issuer) -> None:
    async def main() -> list[str]:
        auth = issuer.async_auth()
        credentials = channel_credentials(auth)
        async with grpc.aio.secure_channel(address, credentials) as channel:
            get = channel.unary_unary(METHOD)
            answers = await asyncio.gather(*(get(b"", timeout=DEADLINE) for _ in range(5)))
        assert (await auth.get_token()).authorization_header().encode() == answers[0]
        return answers

    assert len(set(asyncio.run(main()))) == 1
    assert issuer.token_requests == 1


def test_a_plain_handler_serves_awaited_calls_too(address: str, issuer: Issuer) -> None:
    assert asyncio.run(call_awaited(address, issuer.auth())).startswith("Bearer ")


def test_awaited_credentials_serve_calls_of_other_threads(address: str, issuer: Issuer) -> None:
    async def main() -> str:
        auth = issuer.async_auth()
        credentials = channel_credentials(auth)

        def in_thread() -> str:
            with grpc.secure_channel(address, credentials) as channel:
                return channel.unary_unary(METHOD)(b"", timeout=DEADLINE).decode()

        return await asyncio.to_thread(in_thread)

    assert asyncio.run(main()).startswith("Bearer ")


def test_awaited_handlers_need_a_running_loop(issuer: Issuer) -> None:
    with pytest.raises(InvalidParam, match="no event loop is running"):
        call_credentials(issuer.async_auth())


def test_credentials_end_with_their_loop(address: str, issuer: Issuer) -> None:
    async def make() -> grpc.ChannelCredentials:
        return channel_credentials(issuer.async_auth())

    credentials = asyncio.run(make())

    def calling() -> None:
        with grpc.secure_channel(address, credentials) as channel:
            channel.unary_unary(METHOD)(b"", timeout=DEADLINE)

    assert "another event loop" in refusal(calling)


def test_a_loop_that_ends_meanwhile_ends_the_call(address: str) -> None:
    asked, failed = threading.Event(), []

    class Waiting:
        async def get_token(self) -> BearerToken:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    def calling(credentials: grpc.ChannelCredentials) -> None:
        with grpc.secure_channel(address, credentials) as channel:
            failed.append(refusal(lambda: channel.unary_unary(METHOD)(b"", timeout=DEADLINE)))

    async def main() -> threading.Thread:
        thread = threading.Thread(target=calling, args=(channel_credentials(Waiting()),))
        thread.start()
        await asyncio.to_thread(asked.wait, 60)
        return thread

    asyncio.run(main()).join()
    assert "event loop" in failed[0]


@pytest.mark.parametrize("awaited", [False, True])
def test_a_failing_server_s_error_is_that_of_the_call(address: str, issuer: Issuer, awaited: bool) -> None:
    issuer.server.fail("token", status=400, body='{"error": "invalid_scope"}')

    def calling() -> None:
        if awaited:
            asyncio.run(with_async())
        else:
            call(address, issuer.auth())

    async def with_async() -> None:
        await call_awaited(address, issuer.async_auth())

    assert "invalid_scope" in refusal(calling)


def test_a_token_that_needs_a_proof_is_refused(address: str) -> None:
    bound = DPoPToken("hush-hush", dpop_key=DPoPKey.generate())
    said = refusal(lambda: call(address, bound))
    assert "gRPC has no place for its proof" in said
    assert "hush-hush" not in said


def test_what_gives_no_tokens_is_refused() -> None:
    with pytest.raises(InvalidParam, match="takes an auth handler"):
        call_credentials(("user", "password"))
