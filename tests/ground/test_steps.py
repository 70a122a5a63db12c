"""Commands and the two ways to make a method of a rule: what `help()` shows, and what an override is worth."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import anyio
import pytest

from devkit.play import play
from requests_oauth2client import AsyncOAuth2Client, OAuth2Client
from requests_oauth2client._core.effects import CallOverride, Lock, Now, Send, Sleep, Steps, awaitable, blocking, inner
from requests_oauth2client._core.messages import Form, Request
from requests_oauth2client._core.times import UTC
from requests_oauth2client._drivers import locks
from requests_oauth2client._drivers.httpx import AsyncRunner
from requests_oauth2client._drivers.locks import lock_of
from requests_oauth2client._drivers.requests import SyncRunner


def answer_of_all(self: Any, /, question: str, *, loud: bool = False) -> Steps[int]:
    """Answer a question.

    Args:
        question: what to ask.
    """
    yield Sleep(0)
    if loud:
        raise ValueError(question)
    return len(question)


def asked_twice(self: Any, /, question: str) -> Steps[int]:
    """Ask twice."""
    first = yield from inner(self, answer_of_all, question)
    second = yield from inner(self, answer_of_all, question=question)
    return first + second


class Sync(SyncRunner):
    answer_of_all = blocking(answer_of_all)
    asked_twice = blocking(asked_twice)


class Async(AsyncRunner):
    answer_of_all = awaitable(answer_of_all)
    asked_twice = awaitable(asked_twice)


class SyncOverride(Sync):
    def answer_of_all(self, question: str, *, loud: bool = False) -> int:
        return 100 + super().answer_of_all(question, loud=loud)


class AsyncOverride(Async):
    async def answer_of_all(self, question: str, *, loud: bool = False) -> int:
        return 100 + await super().answer_of_all(question, loud=loud)


def test_a_blocking_method_returns_the_result() -> None:
    assert Sync().answer_of_all("four") == 4
    assert not inspect.iscoroutinefunction(Sync.answer_of_all)


def test_an_awaitable_method_gives_it_when_awaited() -> None:
    assert anyio.run(Async().answer_of_all, "four") == 4
    assert inspect.iscoroutinefunction(Async.answer_of_all)


def test_the_error_of_a_rule_is_the_error_of_the_method() -> None:
    with pytest.raises(ValueError, match="four"):
        Sync().answer_of_all("four", loud=True)

    async def ask() -> None:
        await Async().answer_of_all("four", loud=True)

    with pytest.raises(ValueError, match="four"):
        anyio.run(ask)


@pytest.mark.parametrize("flavor", [Sync, Async])
def test_a_method_has_the_name_the_docstring_and_the_signature_of_its_rule(flavor: Any) -> None:
    method = flavor.answer_of_all
    assert method.__name__ == "answer_of_all"
    assert "Answer a question." in pydoc.render_doc(method)
    assert list(inspect.signature(method).parameters) == ["self", "question", "loud"]
    assert inspect.signature(method).return_annotation == "int"
    assert "Steps" not in str(inspect.signature(flavor().answer_of_all))


@pytest.mark.parametrize("flavor", [OAuth2Client, AsyncOAuth2Client])
def test_the_methods_of_a_client_show_what_they_return(flavor: Any) -> None:
    signature = inspect.signature(flavor.client_credentials)
    assert signature.return_annotation == "BearerToken"
    assert list(signature.parameters)[:2] == ["self", "scope"]


def test_an_override_is_honoured_inside_a_rule() -> None:
    assert Sync().asked_twice("four") == 8
    assert SyncOverride().asked_twice("four") == 208
    assert anyio.run(Async().asked_twice, "four") == 8
    assert anyio.run(AsyncOverride().asked_twice, "four") == 208


def test_a_rule_that_nobody_overrode_is_run_without_a_call() -> None:
    commands: list[Any] = list(asked_twice(Sync(), "x"))
    assert [type(command) for command in commands] == [Sleep, Sleep]


def test_what_is_called_does_not_show_its_arguments() -> None:
    def client_secret() -> str:
        return "planted"

    assert "secret" not in repr(CallOverride(client_secret))
    assert "planted" not in repr(Send(Request(url="https://as.local/", form=Form(a="planted"))))


# --- what the drivers do with each command


def each_command(seen: list[Any]) -> Steps[str]:
    yield Sleep(0)
    seen.append((yield Now()))
    seen.append((yield CallOverride(lambda: "called")))
    try:
        yield Send(Request(url="https://127.0.0.1:1/"))
    except Exception as failure:  # noqa: BLE001  any
        seen.append(type(failure).__name__)
    return "done"


def check_seen(seen: list[Any]) -> None:
    assert seen[0].tzinfo == UTC
    assert seen[1:] == ["called", "TransportError"]


def test_the_sync_driver_performs_each_command() -> None:
    seen: list[Any] = []
    assert OAuth2Client("https://as.local/t", "id")._drive(each_command(seen)) == "done"
    check_seen(seen)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_driver_performs_each_command(backend: str) -> None:
    seen: list[Any] = []

    async def called() -> str:
        return "called"

    async def journey() -> None:
        client = AsyncOAuth2Client("https://as.local/t", "id")
        steps = rule()
        assert await client._drive(steps) == "done"
        await client.session.aclose()

    def rule() -> Steps[str]:
        yield Sleep(0)
        seen.append((yield Now()))
        seen.append((yield CallOverride(called)))
        try:
            yield Send(Request(url="https://127.0.0.1:1/"))
        except Exception as failure:  # noqa: BLE001  any
            seen.append(type(failure).__name__)
        return "done"

    anyio.run(journey, backend=backend)
    check_seen(seen)


class Entry:
    """Something to lock."""


def held_lock(entry: Entry, lock: Any, seen: list[bool]) -> Steps[None]:
    yield Lock(entry)
    seen.append(lock.is_held)
    raise ValueError


def test_a_lock_is_held_until_the_rule_ends_however_it_ends() -> None:
    entry, seen = Entry(), list[bool]()
    lock = lock_of(entry)
    with pytest.raises(ValueError):
        SyncRunner()._drive(held_lock(entry, lock, seen))
    assert (seen, lock.is_held) == ([True], False)

    async def journey() -> None:
        with pytest.raises(ValueError):
            await AsyncRunner()._drive(held_lock(entry, lock, seen))
        assert not lock.is_held

    anyio.run(journey)
    assert seen == [True, True]


def test_a_lock_is_gone_with_its_entry() -> None:
    import gc

    entry = Entry()
    lock_of(entry)
    before = len(locks._locks)
    del entry
    gc.collect()
    assert len(locks._locks) < before


def test_a_rule_is_closed_when_its_task_is_cancelled() -> None:
    ended: list[str] = []

    def long(scope: anyio.CancelScope) -> Steps[None]:
        async def cancel() -> None:
            scope.cancel()

        try:
            yield CallOverride(cancel)
            yield Sleep(60)
        finally:
            ended.append("closed")

    async def journey() -> None:
        with anyio.CancelScope() as scope:
            await AsyncRunner()._drive(long(scope))

    anyio.run(journey)
    assert ended == ["closed"]


def test_a_failure_is_thrown_into_the_rule_which_may_go_on() -> None:
    def stubborn() -> Steps[int]:
        for attempt in range(3):
            try:
                yield CallOverride(lambda: 1 / 0)
            except ZeroDivisionError:
                last = attempt
        return last

    assert SyncRunner()._drive(stubborn()) == 2
    assert play(stubborn()).result == 2
