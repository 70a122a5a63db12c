"""How a rule asks for what it may not do itself: commands it yields, and the two ways to run it.

A rule is a generator function. It yields commands, is sent the outcome (or has the failure thrown in), and
returns its result. `blocking` and `awaitable` make a method of it for the
client at hand. Knows no HTTP library, no clock, no lock.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, runtime_checkable

from .messages import Request

P = ParamSpec("P")
C = TypeVar("C")
R = TypeVar("R")
M = TypeVar("M", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Send:
    """Send this request; the outcome is the whole response, its size bounded."""

    request: Request


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Read the wall clock; the outcome is an aware datetime in UTC."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Be the only one that holds this entry, until the rule ends, or the steps `Subtask` that take it.

    The outcome is True, or False when `wait` seconds (None: as long as it takes) were not enough. An entry with a
    lock of its own, `hold(wait)`, says itself what the outcome is.
    """

    entry: object
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class CallOverride:
    """Call what a user overrode; the outcome is what it returns (awaited, on the async client)."""

    thunk: Callable[[], Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RunInThread:
    """Call what may block, or be awaited: a store, a user's function. The async client does it in a worker thread."""

    thunk: Callable[[], Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subtask:
    """Run steps as a rule of their own: what they lock is free when they end. The outcome is their result.

    `shielded` steps go on to their end even if the task that runs them is cancelled meanwhile.
    """

    steps: Generator[Any, Any, Any] = field(repr=False)
    shielded: bool = False


@dataclass(frozen=True, slots=True)
class Spawn:
    """Run steps in the background; they have to deal with their failures themselves."""

    steps: Generator[Any, Any, Any] = field(repr=False)


Command: TypeAlias = Send | Sleep | Now | Lock | CallOverride | RunInThread | Subtask | Spawn
Steps: TypeAlias = Generator[Command, Any, R]


def blocking(rule: Callable[Concatenate[C, P], Steps[R]]) -> Callable[Concatenate[C, P], R]:
    """Make a method of the sync client from a rule."""

    def method(runner: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = runner._drive(rule(runner, *args, **kwargs))  # noqa: SLF001
        return result

    return _dress(method, rule)


def awaitable(rule: Callable[Concatenate[C, P], Steps[R]]) -> Callable[Concatenate[C, P], Coroutine[Any, Any, R]]:
    """Make a method of the async client from a rule."""

    async def method(runner: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = await runner._drive(rule(runner, *args, **kwargs))  # noqa: SLF001
        return result

    return _dress(method, rule)


def _dress(method: M, rule: Callable[..., Any]) -> M:
    """Give a method the rule's name, docstring and signature; what it returns is the rule's result."""
    functools.update_wrapper(method, rule)
    shown = inspect.signature(rule)
    result = str(shown.return_annotation).removeprefix("Steps[").removesuffix("]")
    method.__signature__ = shown.replace(return_annotation=result)  # type: ignore[attr-defined]
    return method


@runtime_checkable
class Holdable(Protocol):
    """An entry with a lock of its own."""

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock, and hold it; what it gives is the outcome."""
        ...


def inner(client: C, rule: Callable[Concatenate[C, P], Steps[R]], /, *args: P.args, **kwargs: P.kwargs) -> Steps[R]:
    """Run an operation inside a rule; a subclass's override of it is honoured."""
    found = getattr(type(client), rule.__name__, rule)
    if found is not rule and getattr(found, "__wrapped__", None) is not rule:
        answer: R = yield CallOverride(functools.partial(found, client, *args, **kwargs))
        return answer
    return (yield from rule(client, *args, **kwargs))
