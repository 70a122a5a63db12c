"""A renewal that a signal interrupts runs to its end, and leaves no lock behind (sync; tasks: `test_single_flight`)."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devkit.exchange import Answer, Received, token
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import (
    BearerToken,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
    OAuth2ResourceOwnerPasswordAuth,
)
from requests_oauth2client.stores import FileStore

API = "https://api.local/"


class TimeLimitError(Exception):
    """As Celery raises it: no KeyboardInterrupt, so that `except Exception` catches it."""


@pytest.fixture
def flavor() -> Iterator[Flavor]:
    with open_flavor("requests") as opened:
        yield opened


def interrupt_main_thread(*, waiting_in: str) -> None:
    """Send the signal when the main thread waits there: elsewhere, Python may swallow what the handler raises."""
    main = threading.main_thread().ident
    assert main is not None
    for _ in range(2000):
        names = [frame.f_code.co_name for frame, _ in traceback.walk_stack(sys._current_frames()[main])]
        if waiting_in in names and names[:1] == ["wait"] and "start" not in names[: names.index(waiting_in)]:
            os.kill(os.getpid(), signal.SIGUSR1)
            return
        time.sleep(0.01)
    pytest.fail(f"the main thread never waited in {waiting_in}")


class Interrupting:
    """A token endpoint that has this thread interrupted while it works, and answers when that is done."""

    def __init__(self) -> None:
        self.interrupted = threading.Event()
        self.grants: list[dict[str, str]] = []

    @property
    def refresh_tokens(self) -> list[str | None]:
        """Those that were used."""
        return [form.get("refresh_token") for form in self.grants]

    def __call__(self, request: Received) -> Answer:
        self.grants.append(dict(request.form))
        number = len(self.grants)
        if number == 1:
            interrupt_main_thread(waiting_in="_detached")
            assert self.interrupted.wait(20)
        refresh = {"refresh_token": f"next-{number}"} if "refresh_token" in request.form else {}
        return token(access_token=f"new-{number}", expires_in=7200, **refresh)


@pytest.fixture(params=[TimeLimitError, KeyboardInterrupt])
def interruption(request: pytest.FixtureRequest) -> Iterator[type[BaseException]]:
    def interrupt(*_: Any) -> None:
        raise request.param

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield request.param
    signal.signal(signal.SIGUSR1, before)


def expired() -> BearerToken:
    return BearerToken("old", refresh_token="first", expires_in=-60)


def fresh() -> BearerToken:
    """In the leeway, where a failed renewal would be no failure."""
    return BearerToken("old", refresh_token="first", expires_in=10)


@pytest.mark.parametrize("held", [expired, fresh])
@pytest.mark.parametrize("stored", [False, True])
def test_an_interrupted_renewal_is_not_lost(
    flavor: Flavor, interruption: type[BaseException], stored: bool, tmp_path: Path, held: Callable[[], BearerToken]
) -> None:
    server = Interrupting()
    client, _ = flavor.mocked(server)
    store = FileStore(tmp_path / "tokens", key=b"k" * 32) if stored else None
    auth = OAuth2AccessTokenAuth(client, held(), store=store, subject="alice", leeway=3600)
    session, _ = flavor.answered_by(lambda _: Answer())
    with pytest.raises(interruption):
        session.get(API, auth=auth)
    server.interrupted.set()
    if held is fresh:  # else who comes waits for the renewal
        for thread in threading.enumerate():
            if thread.name == "requests_oauth2client":
                thread.join(20)
    answers = [session.get(API, auth=auth) for _ in range(2)]
    assert server.refresh_tokens == ["first"]
    assert {answer.request.headers["Authorization"] for answer in answers} == {"Bearer new-1"}
    assert auth.token is not None
    assert auth.token.refresh_token == "next-1"


@pytest.mark.parametrize("grant", ["client_credentials", "password", "authorization_code"])
@pytest.mark.parametrize("seconds", [-60, 10])  # in the leeway, a failed renewal would be no failure
def test_an_interrupted_grant_is_neither_lost_nor_taken_for_a_failure(
    flavor: Flavor, interruption: type[BaseException], grant: str, seconds: int
) -> None:
    events: list[str] = []
    server = Interrupting()
    client, _ = flavor.mocked(server)
    held = BearerToken("old", expires_in=seconds)
    auth = handlers_of(client, held, lambda event: events.append(event.name))[grant]
    session, _ = flavor.answered_by(lambda _: Answer())
    with pytest.raises(interruption):
        session.get(API, auth=auth)
    server.interrupted.set()
    for thread in threading.enumerate():
        if thread.name == "requests_oauth2client":
            thread.join(20)
    shown = {session.get(API, auth=auth).request.headers["Authorization"] for _ in range(2)}
    assert shown == {"Bearer new-1"}
    assert len(server.grants) == 1
    assert "failed" not in events
    auth.renew_token() if grant != "authorization_code" else None  # no lock is left
    assert not auth._manager.state.flight._failures


def handlers_of(client: Any, held: BearerToken, on_event: Any) -> dict[str, Any]:
    """Make handlers without a store, whose next token is one request away."""
    options: dict[str, Any] = {"leeway": 3600, "on_event": on_event}
    return {
        "client_credentials": OAuth2ClientCredentialsAuth(client, token=held, **options),
        "password": OAuth2ResourceOwnerPasswordAuth(client, username="alice", password="pw", token=held, **options),
        "authorization_code": OAuth2AuthorizationCodeAuth(client, "the-code", code_verifier="v" * 43, **options),
    }


def test_waiting_for_another_renewal_can_be_interrupted(flavor: Flavor, interruption: type[BaseException]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def respond(_: Received) -> Answer:
        begun.set()
        assert go_on.wait(20)
        return token(access_token="new", expires_in=3600)

    client, _ = flavor.mocked(respond)
    auth = OAuth2AccessTokenAuth(client, expired())
    session, _ = flavor.answered_by(lambda _: Answer())
    renewing = threading.Thread(target=session.get, args=(API,), kwargs={"auth": auth})
    renewing.start()
    assert begun.wait(20)
    kill = threading.Thread(target=interrupt_main_thread, kwargs={"waiting_in": "take_in_thread"})

    def interrupted() -> None:
        kill.start()
        session.get(API, auth=auth)

    with pytest.raises(interruption):
        interrupted()
    go_on.set()
    renewing.join()
    kill.join()
    assert session.get(API, auth=auth).request.headers["Authorization"] == "Bearer new"
