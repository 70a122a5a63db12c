"""Playing a rule without a network: its requests get the answers that stand in a list, and no one sleeps.

`play(poll(job), [pending, slow_down, token])` runs it to its end and tells what it asked for on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Generic, TypeVar

from requests_oauth2client._core.effects import (
    CallOverride,
    Command,
    Holdable,
    Lock,
    Now,
    RunInThread,
    Send,
    Sleep,
    Spawn,
    Steps,
    Subtask,
)
from requests_oauth2client._core.messages import Request

R = TypeVar("R")
NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)  # noqa: UP017  freezing tools patch datetime, not this


@dataclass(frozen=True)
class After:
    """What a request gets once some seconds are over."""

    seconds: float
    outcome: Any


@dataclass
class Heard(Generic[R]):
    """What a rule asked for, in order, and how it ended."""

    now: datetime = NOON
    meanwhile: Callable[[], object] | None = None
    sent: list[Request] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    locks: list[object] = field(default_factory=list)
    spawned: list[Any] = field(default_factory=list)
    error: Exception | None = None
    returned: Any = None

    @property
    def result(self) -> R:
        """What the rule returned; what it raised is raised."""
        if self.error is not None:
            raise self.error
        result: R = self.returned
        return result

    @property
    def forms(self) -> list[dict[str, Any]]:
        """The form fields of the requests."""
        return [dict(request.form or {}) for request in self.sent]


def play(
    steps: Steps[R],
    answers: Iterable[Any] | Callable[[Request], Any] = (),
    *,
    now: datetime = NOON,
    meanwhile: Callable[[], object] | None = None,
) -> Heard[R]:
    """Run a rule.

    Args:
        steps: the rule, called.
        answers: what its requests get, in order: a response, or an exception for a failure to send; or either of
            them `After` some seconds. A function of the request answers as many as there are.
        now: when it begins; its clock goes on while it sleeps.
        meanwhile: what happens while it sleeps, each time.
    """
    heard: Heard[R] = Heard(now=now, meanwhile=meanwhile)
    coming = answers if callable(answers) else iter(answers)
    try:
        heard.returned = _run(steps, heard, coming)
    except Exception as wrong:  # noqa: BLE001  how it ended is part of what was heard
        heard.error = wrong
    assert callable(coming) or next(coming, None) is None, "the rule ended before all answers were given"
    return heard


def _run(steps: Steps[R], heard: Heard[Any], coming: Any) -> R:
    resume: Any = steps.send
    value: Any = None
    with ExitStack() as held:
        held.callback(steps.close)  # also when the process ends
        while True:
            try:
                command = resume(value)
            except StopIteration as stop:
                result: R = stop.value
                return result
            try:
                value, resume = _perform(command, heard, coming, held), steps.send
            except Exception as failure:  # noqa: BLE001  as the flavors do
                value, resume = failure, steps.throw


def _perform(  # noqa: PLR0911  one for each command
    command: Command, heard: Heard[Any], coming: Any, held: ExitStack
) -> Any:
    match command:
        case Send(request):
            heard.sent.append(request)
            return _next(coming, request, heard)
        case Sleep(seconds):
            heard.sleeps.append(seconds)
            heard.now += timedelta(seconds=seconds)
            return heard.meanwhile and heard.meanwhile()
        case Now():
            return heard.now
        case Lock(entry, wait):
            heard.locks.append(entry)
            return held.enter_context(entry.hold(wait)) if isinstance(entry, Holdable) else True
        case CallOverride(thunk) | RunInThread(thunk):
            return thunk()
        case Subtask(steps):
            return _run(steps, heard, coming)
        case Spawn(steps):
            heard.spawned.append(steps)
            return None


def _next(coming: Any, request: Request, heard: Heard[Any]) -> Any:
    found = coming(request) if callable(coming) else next(coming, None)
    assert found is not None, f"the rule sent one request more than there are answers, to {request.url}"
    if isinstance(found, After):
        heard.now += timedelta(seconds=found.seconds)
        found = found.outcome
    if isinstance(found, BaseException):  # also one that stands for the end of the process
        raise found
    return found
