"""Tokens for Kafka: what librdkafka asks for and takes, and what aiokafka does."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import OAuthAuthenticator
from confluent_kafka import Producer

from requests_oauth2client import BearerToken, DPoPKey, DPoPToken, InvalidParam, UnsupportedDPoPToken
from requests_oauth2client.aiokafka import TokenProvider
from requests_oauth2client.kafka import oauth_cb

from .conftest import Issuer

EXTENSIONS = {"logicalCluster": "lkc-1"}


# --- confluent-kafka


def producer(callback: Any) -> Producer:
    """Start librdkafka, which wants its first token before there is any broker."""
    return Producer(
        {
            "bootstrap.servers": "127.0.0.1:1",
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "OAUTHBEARER",
            "sasl.oauthbearer.config": "ignored",
            "oauth_cb": callback,
            "log_level": 0,
        }
    )


@pytest.mark.parametrize("options", [{}, {"principal": "me", "extensions": EXTENSIONS}])
def test_librdkafka_takes_what_it_is_given(issuer: Issuer, options: dict[str, Any]) -> None:
    gives = oauth_cb(issuer.auth(), **options)
    given = []

    def callback(config: str) -> Any:
        given.append((config, gives(config)))
        return given[-1][1]

    producer(callback).poll(0)  # or it raises that there is no token
    assert [config for config, _ in given] == ["ignored"]


def test_it_asks_again_before_a_short_token_expires() -> None:
    asked = threading.Semaphore(0)

    class Short:
        def get_token(self) -> BearerToken:
            asked.release()
            return BearerToken("short", expires_in=2)

    running = producer(oauth_cb(Short()))
    while not asked.acquire(blocking=False):
        running.poll(0.1)
    while not asked.acquire(blocking=False):
        running.poll(0.1)


def test_a_token_and_its_expiry_are_given(issuer: Issuer) -> None:
    auth = issuer.auth()
    callback = oauth_cb(auth)
    token, expiry = callback("")
    held = auth.get_token()
    assert held.expires_at is not None
    assert (token, expiry) == (held.access_token, held.expires_at.timestamp())
    assert callback("")[0] == token
    assert issuer.token_requests == 1
    issuer.server.travel(3600)
    try:
        assert callback("")[0] != token
    finally:
        issuer.server.travel(-3600)


def test_principal_and_extensions_follow() -> None:
    assert oauth_cb("t", principal="me", extensions=EXTENSIONS)("")[2:] == ("me", EXTENSIONS)
    assert oauth_cb("t", extensions=EXTENSIONS)("")[2:] == ("", EXTENSIONS)


def test_some_minutes_are_given_where_the_expiry_is_unknown() -> None:
    now = time.time()
    expiry = oauth_cb(BearerToken("t"))("")[1]
    assert now + 240 < expiry < time.time() + 360


def test_async_handlers_are_refused(issuer: Issuer) -> None:
    with pytest.raises(InvalidParam, match="without Async in its name"):
        oauth_cb(issuer.async_auth())


def test_a_token_that_needs_a_proof_is_refused(issuer: Issuer) -> None:
    with pytest.raises(UnsupportedDPoPToken, match="Kafka"):
        oauth_cb(issuer.auth(dpop_bound_access_tokens=True))("")


# --- aiokafka


def test_a_provider_is_one_of_aiokafka_and_gives_valid_tokens(issuer: Issuer) -> None:
    async def main() -> tuple[str, str]:
        provider = TokenProvider(issuer.async_auth())
        assert isinstance(provider, AbstractTokenProvider)
        return await provider.token(), await provider.token()

    first, second = asyncio.run(main())
    assert first == second
    assert issuer.token_requests == 1


def test_a_plain_handler_does_not_block_the_loop() -> None:
    asked, answered = threading.Event(), threading.Event()

    class Slow:
        def get_token(self) -> BearerToken:
            asked.set()
            assert answered.wait(30)
            return BearerToken("slow")

    async def main() -> str:
        asking = asyncio.create_task(TokenProvider(Slow()).token())
        await asyncio.to_thread(asked.wait, 60)
        answered.set()
        return await asking

    assert asyncio.run(main()) == "slow"


@pytest.mark.parametrize("extensions", [None, EXTENSIONS])
def test_aiokafka_sends_it(extensions: dict[str, str] | None) -> None:
    provider = TokenProvider("t", extensions=extensions)
    authenticator = OAuthAuthenticator(sasl_oauth_token_provider=provider)
    message, _ = asyncio.run(authenticator.step(b""))
    further = b"\x01logicalCluster=lkc-1" if extensions else b""
    assert message == b"n,,\x01auth=Bearer t" + further + b"\x01\x01"


def test_aiokafka_gets_no_token_that_needs_a_proof() -> None:
    with pytest.raises(UnsupportedDPoPToken):
        asyncio.run(TokenProvider(DPoPToken("bound", dpop_key=DPoPKey.generate())).token())


@pytest.mark.parametrize("make", [TokenProvider, oauth_cb])
def test_what_gives_no_tokens_is_refused(make: Any) -> None:
    with pytest.raises(InvalidParam, match="takes an auth handler"):
        make(("user", "password"))


def test_a_handler_of_another_maker_has_to_give_tokens_of_ours() -> None:
    class Other:
        def get_token(self) -> str:
            return "t"

    with pytest.raises(InvalidParam, match="returned a str, expected a BearerToken"):
        oauth_cb(Other())("")
