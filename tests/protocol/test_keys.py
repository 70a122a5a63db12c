"""The keys of the AS: how often they are fetched, how long they count, and what an attacker can't make of it."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import MissingEndpointUri, TransportError
from requests_oauth2client._core.effects import Lock, Now, Send, Subtask
from requests_oauth2client._core.messages import Request
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.errors import AmbiguousKey, InvalidSignature, JoseError, NoMatchingKey, UnsupportedAlg
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, secret_key, signing_key
from requests_oauth2client._protocol.client import Client
from requests_oauth2client._protocol.metadata import server_keys
from requests_oauth2client.exceptions import IncompleteResponse, InvalidAuthorizationServerJwks, ResponseTooLarge

JWKS_URI = "https://as.local/jwks"
START = datetime(2026, 1, 1, tzinfo=UTC)


@functools.cache
def _key(kid: str, alg: str) -> dict[str, Any]:
    return generate_private_jwk(alg, kid=kid)


def key(kid: str, alg: str = "ES256") -> dict[str, Any]:
    return _key(kid, alg)


def signed(kid: str, alg: str = "ES256", *, header: dict[str, Any] | None = None) -> str:
    return jws.sign({"sub": "alice"}, signing_key(key(kid, alg)), header=header)


def jwks(*kids: str) -> dict[str, Any]:
    return {"keys": [public_jwk(key(kid)) for kid in kids]}


@dataclass
class Stage:
    """Plays rules against an AS that publishes some keys, at a time that only the test moves."""

    published: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    now: datetime = START
    requests: list[Request] = field(default_factory=list)
    locks: list[object] = field(default_factory=list)

    def play(self, rule: Generator[Any, Any, Any]) -> Any:
        resume, value = rule.send, None
        while True:
            try:
                command = resume(value)
            except StopIteration as stop:
                return stop.value
            try:
                value, resume = self.perform(command), rule.send
            except Exception as failure:  # noqa: BLE001  the rule decides what it means
                value, resume = failure, rule.throw

    def perform(self, command: Any) -> Any:
        match command:
            case Now():
                return self.now
            case Lock(entry):
                return self.locks.append(entry)
            case Subtask(steps):
                return self.play(steps)
            case Send(request):
                self.requests.append(request)
                if isinstance(self.published, Exception):
                    raise self.published
                known = self.published
                return known if isinstance(known, Answer) else answer(known, **self.headers)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def verify(self, client: Client, token: str, algs: tuple[str, ...] = ("ES256",), **more: Any) -> jws.ParsedJws:
        parsed: jws.ParsedJws = self.play(server_keys.verify_jws(client, token, algs=algs, **more))
        return parsed


def make_client(**settings: Any) -> Client:
    return Client(
        "https://as.local/token", ("client", "hush-hush"), **{"jwks_uri": JWKS_URI, "retries": None, **settings}
    )


@pytest.fixture
def stage() -> Stage:
    return Stage(published=jwks("a"))


@pytest.fixture
def client() -> Client:
    return make_client()


# --- when they are fetched ----------------------------------------------------------------------------------


def test_keys_are_fetched_when_they_are_first_needed(stage: Stage, client: Client) -> None:
    assert client.authorization_server_jwks is None
    stage.verify(client, signed("a"))
    assert client.authorization_server_jwks == jwks("a")
    assert [request.url for request in stage.requests] == [JWKS_URI]


def test_a_fetch_is_a_get_without_credentials(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"), requests_kwargs={"verify": "ca.pem", "headers": {"X-Mine": "1"}, "timeout": 3})
    (request,) = stage.requests
    assert (request.method, request.form, request.foreign_auth) == ("GET", None, None)
    assert dict(request.headers) == {"Accept": "application/jwk-set+json, application/json"}
    assert (request.options, request.timeout) == ({"verify": "ca.pem"}, 3)


def test_a_thousand_tokens_cost_one_fetch(stage: Stage, client: Client) -> None:
    token = signed("a")
    for _ in range(1000):
        stage.verify(client, token)
    assert len(stage.requests) == 1


def test_keys_that_were_given_are_used_without_fetching_and_given_back(stage: Stage) -> None:
    given = jwks("a")
    client = make_client(authorization_server_jwks=given)
    stage.wait(10 * 86_400)
    stage.verify(client, signed("a"))
    assert client.authorization_server_jwks is given
    assert not stage.requests


def test_without_keys_and_jwks_uri_the_missing_address_is_named(stage: Stage) -> None:
    with pytest.raises(MissingEndpointUri, match="jwks_uri"):
        stage.verify(make_client(jwks_uri=None), signed("a"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, server_keys.LIFETIME),
        ({"Cache-Control": "max-age=3600"}, 3600),
        ({"Cache-Control": "public, MAX-AGE=3600, must-revalidate"}, 3600),
        ({"Cache-Control": "max-age=3600", "Age": "600"}, 3000),
        ({"Cache-Control": "max-age=3600", "Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 3600),
        ({"Expires": "Thu, 01 Jan 2026 02:00:00 GMT"}, 7200),
        ({"Expires": "Thu, 01 Jan 2026 02:00:00 GMT", "Date": "Thu, 01 Jan 2026 01:00:00 GMT"}, 3600),
        ({"Expires": "never"}, server_keys.FLOOR),
        ({"Expires": "0"}, server_keys.FLOOR),
        ({"Cache-Control": "max-age=0"}, server_keys.FLOOR),
        ({"Cache-Control": "max-age=1h"}, server_keys.FLOOR),
        ({"Cache-Control": "no-store"}, server_keys.FLOOR),
        ({"Cache-Control": "max-age=3600, no-cache"}, server_keys.FLOOR),
        ({"Cache-Control": "max-age=99999999999999999999"}, server_keys.CEILING),
    ],
    ids=str,
)
def test_keys_are_kept_as_long_as_http_says_within_floor_and_ceiling(
    stage: Stage, client: Client, headers: dict[str, str], seconds: float
) -> None:
    stage.headers = headers
    stage.verify(client, signed("a"))
    stage.wait(seconds - 1)
    stage.verify(client, signed("a"))
    assert len(stage.requests) == 1
    stage.wait(2)
    stage.verify(client, signed("a"))
    assert len(stage.requests) == 2


# --- rotation -----------------------------------------------------------------------------------------------


def test_an_unknown_kid_has_the_keys_fetched_again(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.published = jwks("b")
    stage.wait(server_keys.COOL_DOWN)
    stage.verify(client, signed("b"))
    assert len(stage.requests) == 2


def test_what_was_fetched_replaces_what_was_known(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.published = jwks("b")
    stage.wait(server_keys.COOL_DOWN)
    stage.verify(client, signed("b"))
    with pytest.raises(NoMatchingKey):
        stage.verify(client, signed("a"))
    assert client.authorization_server_jwks == jwks("b")


def test_given_keys_are_replaced_when_a_kid_is_unknown(stage: Stage) -> None:
    client = make_client(authorization_server_jwks=jwks("old"))
    stage.verify(client, signed("a"))
    assert client.authorization_server_jwks == jwks("a")


def test_a_thousand_unknown_kids_cost_one_fetch_for_each_cool_down(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.wait(server_keys.COOL_DOWN)
    for number in range(1000):
        with pytest.raises(NoMatchingKey):
            stage.verify(client, signed("a", header={"kid": f"made-up-{number}"}))
    assert len(stage.requests) == 2
    stage.wait(server_keys.COOL_DOWN)
    with pytest.raises(NoMatchingKey):
        stage.verify(client, signed("a", header={"kid": "one more"}))
    assert len(stage.requests) == 3


def test_keys_that_change_right_after_a_fetch_are_found(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.published = jwks("b")
    stage.verify(client, signed("b"))
    assert len(stage.requests) == 2


def test_a_fetch_for_an_unknown_kid_is_not_repeated_for_the_next_one(stage: Stage, client: Client) -> None:
    for kid in ("b", "c"):
        with pytest.raises(NoMatchingKey):
            stage.verify(client, signed("a", header={"kid": kid}))
    assert len(stage.requests) == 2


def test_a_token_without_kid_survives_a_rotation(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a", header={"kid": None}))
    stage.published = jwks("b")
    stage.wait(server_keys.COOL_DOWN)
    stage.verify(client, signed("b", header={"kid": None}))
    assert len(stage.requests) == 2


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        (lambda: signed("x", header={"kid": "a"}), InvalidSignature),
        (lambda: signed("r", "RS256"), UnsupportedAlg),
        (lambda: jws.sign({}, secret_key("hush-hush", "HS256")), JoseError),
    ],
    ids=["known kid, wrong signature", "another alg", "hmac"],
)
def test_a_bad_token_with_no_hope_of_newer_keys_costs_no_fetch(
    stage: Stage, client: Client, token: Callable[[], str], refusal: type[JoseError]
) -> None:
    stage.verify(client, signed("a"))
    stage.wait(server_keys.COOL_DOWN)
    with pytest.raises(refusal):
        stage.verify(client, token())
    assert len(stage.requests) == 1


def test_several_fitting_keys_are_an_error_and_no_reason_to_fetch(stage: Stage, client: Client) -> None:
    stage.published = jwks("a", "b")
    stage.verify(client, signed("a"))
    stage.wait(server_keys.COOL_DOWN)
    with pytest.raises(AmbiguousKey):
        stage.verify(client, signed("a", header={"kid": None}))
    assert len(stage.requests) == 1


def test_the_secret_needs_no_keys(stage: Stage, client: Client) -> None:
    token = jws.sign({}, secret_key("hush-hush", "HS256"))
    stage.verify(client, token, ("HS256",), secret="hush-hush")
    assert not stage.requests


def test_an_update_is_a_fetch_in_any_case(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.published = jwks("b")
    assert stage.play(server_keys.update_authorization_server_public_keys(client)) == jwks("b")
    assert client.authorization_server_jwks == jwks("b")


def test_keys_that_are_no_jwk_are_passed_over(stage: Stage, client: Client) -> None:
    unknown = [{"kty": "EC", "crv": "P-999", "kid": "a"}, {"kty": "new"}, {}, "text", None, {"kty": "oct", "k": "aa"}]
    stage.published = {"keys": [*unknown, public_jwk(key("a"))]}
    stage.verify(client, signed("a"))


# --- an endpoint that fails ---------------------------------------------------------------------------------

BAD = {
    "404": answer({"error": "x"}, 404),
    "500": answer("oops", 500),
    "a redirect": answer("", 302, Location="https://elsewhere.local/jwks?secret=1"),
    "html": answer("<html>", Content_Type="text/html"),
    "no json": answer("{", Content_Type="application/json"),
    "a list": answer([]),
    "no keys": answer({}),
    "keys that are no list": answer({"keys": {}}),
    "too many keys": answer({"keys": [{}] * (server_keys.MAX_KEYS + 1)}),
    "a repeated member": answer('{"keys":[],"keys":[]}', Content_Type="application/json"),
    "too deep": answer("[" * 100, Content_Type="application/json"),
    "nothing": answer(""),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_key_set_is_refused(stage: Stage, client: Client, bad: Answer) -> None:
    stage.published = bad
    with pytest.raises(InvalidAuthorizationServerJwks) as refused:
        stage.verify(client, signed("a"))
    assert refused.value.status == bad.status_code
    assert "secret" not in str(refused.value)
    assert client.authorization_server_jwks is None


@pytest.mark.parametrize(
    "broken",
    [ResponseTooLarge(JWKS_URI, limit=5, response=answer("")), IncompleteResponse(JWKS_URI, "", response=answer(""))],
    ids=["too large", "incomplete"],
)
def test_a_body_that_does_not_end_is_no_key_set(stage: Stage, client: Client, broken: Exception) -> None:
    stage.published = broken
    with pytest.raises(InvalidAuthorizationServerJwks):
        stage.verify(client, signed("a"))


@pytest.mark.parametrize("failure", [answer("oops", 500), TransportError(JWKS_URI, "no answer came")], ids=str)
def test_a_failing_endpoint_does_not_invalidate_fresh_keys(stage: Stage, client: Client, failure: Any) -> None:
    stage.verify(client, signed("a"))
    stage.published = failure
    stage.wait(server_keys.COOL_DOWN)
    with pytest.raises(NoMatchingKey):
        stage.verify(client, signed("b"))
    assert len(stage.requests) == 2
    stage.verify(client, signed("a"))
    with pytest.raises(NoMatchingKey):
        stage.verify(client, signed("b"))
    assert len(stage.requests) == 2, "failures cool down too"


def test_a_failing_update_does_not_invalidate_fresh_keys(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.published = answer("oops", 500)
    with pytest.raises(InvalidAuthorizationServerJwks):
        stage.play(server_keys.update_authorization_server_public_keys(client))
    stage.verify(client, signed("a"))


def test_stale_keys_are_not_used_when_there_are_no_others(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.wait(server_keys.LIFETIME)
    stage.published = answer("oops", 500)
    with pytest.raises(InvalidAuthorizationServerJwks):
        stage.verify(client, signed("a"))


def test_a_failure_is_remembered_for_seconds(stage: Stage, client: Client) -> None:
    stage.published = answer("oops", 500)
    for _ in range(20):
        with pytest.raises(InvalidAuthorizationServerJwks):
            stage.verify(client, signed("a"))
    assert len(stage.requests) == 1
    stage.published = jwks("a")
    with pytest.raises(InvalidAuthorizationServerJwks, match="less than 5 seconds ago"):
        stage.verify(client, signed("a"))
    stage.wait(5)
    stage.verify(client, signed("a"))


def test_an_explicit_fetch_is_made_in_any_case(stage: Stage, client: Client) -> None:
    stage.published = answer("oops", 500)
    for _ in range(2):
        with pytest.raises(InvalidAuthorizationServerJwks):
            stage.play(server_keys.update_authorization_server_public_keys(client))
    assert len(stage.requests) == 2


@pytest.mark.parametrize("back", [60, 3600, 86_400 * 365])
def test_a_clock_that_was_set_back_keeps_no_withdrawn_keys(stage: Stage, client: Client, back: int) -> None:
    stage.verify(client, signed("a"))
    stage.published = jwks("b")
    stage.wait(-back)
    stage.verify(client, signed("b"))
    assert client.authorization_server_jwks == jwks("b"), "those that were withdrawn are gone"


def test_a_clock_that_was_set_back_stops_no_rotation(stage: Stage, client: Client) -> None:
    stage.verify(client, signed("a"))
    stage.published = jwks("b")
    stage.verify(client, signed("b"))  # begins the cool-down
    stage.wait(-3600)
    stage.published = jwks("c")
    stage.verify(client, signed("c"))


# --- many at once -------------------------------------------------------------------------------------------


def apart(rule: Generator[Any, Any, Any]) -> Any:
    """Return the steps that a rule runs apart."""
    return next(rule).steps


def test_who_waited_for_a_fetch_takes_what_came(stage: Stage, client: Client) -> None:
    first, second = apart(server_keys.current(client)), apart(server_keys.current(client))
    assert isinstance(next(first), Lock)
    assert isinstance(first.send(None), Now)
    assert isinstance(first.send(START), Send)
    assert next(second) == Lock(server_keys.cache_of(client)), "the second comes while the first has sent, and waits"
    with pytest.raises(StopIteration) as done:
        first.send(answer(jwks("a")))
    with pytest.raises(StopIteration) as waited:
        second.send(None)
    assert waited.value.value is done.value.value


def test_who_waited_for_a_fetch_that_failed_does_not_fetch_again(stage: Stage, client: Client) -> None:
    first, second = apart(server_keys.current(client)), apart(server_keys.current(client))
    next(first)
    first.send(None)
    first.send(START)
    next(second)
    with pytest.raises(InvalidAuthorizationServerJwks):
        first.send(answer("oops", 500))
    with pytest.raises(InvalidAuthorizationServerJwks, match="waited for has failed"):
        second.send(None)


class Slowly:
    """Answers with the keys after a moment, so that others come meanwhile."""

    def __init__(self) -> None:
        self.started = threading.Event()

    def __call__(self, request: Received) -> Answer:
        self.started.set()
        time.sleep(0.05)
        return answer(jwks("a"))


def test_one_fetch_serves_twenty_threads_or_tasks(flavor: Flavor) -> None:
    client, received = flavor.mocked(Slowly(), jwks_uri=JWKS_URI)

    def verify() -> Any:
        return server_keys.verify_jws(client, signed("a"), algs=("ES256",))

    async def crowd() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(client._drive, verify())

    if flavor.is_async:
        flavor.run(crowd())
    else:
        with ThreadPoolExecutor(20) as pool:
            for verified in [pool.submit(client._drive, verify()) for _ in range(20)]:
                assert verified.result().kid == "a"
    assert len(received) == 1


def test_keys_can_be_asked_for_twice_in_one_operation(flavor: Flavor) -> None:
    client, received = flavor.mocked(lambda _: answer(jwks("a")), jwks_uri=JWKS_URI)

    def twice() -> Any:
        yield from server_keys.update_authorization_server_public_keys(client)
        return (yield from server_keys.update_authorization_server_public_keys(client))

    assert flavor.run(client._drive(twice())) == jwks("a")
    assert len(received) == 2


def test_the_operation_returns_the_keys(flavor: Flavor) -> None:
    client, _ = flavor.mocked(lambda _: answer(jwks("a")), jwks_uri=JWKS_URI)
    assert flavor.run(client.update_authorization_server_public_keys()) == jwks("a")
    assert client.authorization_server_jwks == jwks("a")
