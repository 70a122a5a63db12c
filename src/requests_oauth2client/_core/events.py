"""What happens to tokens, reported to the log and to a hook of the user. No event holds a secret.

obtained   a token came, by a grant or a refresh token
adopted    another caller had renewed it: a thread, a task, or another process through the store
failed     no token came; `error` says why
refused    an API did not take the token
unrepeated it was replaced, but the request could not be sent again: the next one has the other token
unsaved    a new token could not be written to its store; this process goes on with it

A hook or a log handler may itself need a token, so none is called while a lock on tokens is held: what happens under
it is queued by `reported_after`, and reported when the lock is free.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

from .effects import Steps
from .frozen import frozen

R = TypeVar("R")
log = logging.getLogger("requests_oauth2client.tokens")

LEVELS = {  # others: INFO
    "failed": logging.WARNING,
    "refused": logging.WARNING,
    "unrepeated": logging.WARNING,
    "unsaved": logging.ERROR,
}


@frozen(kw_only=True)
class TokenEvent:
    """Something that happened to a token.

    Attributes:
        name: `obtained`, `adopted`, `failed`, `refused`, `unrepeated` or `unsaved`.
        client_id: the client, or None for a source without one.
        grant: how its tokens are obtained.
        subject: whose tokens, where the user of this package said it.
        expires_in: seconds for which the token is still valid; None where that is unknown, or there is no token.
        error: the class of the failure, or None.
    """

    name: str
    client_id: str | None
    grant: str
    subject: str | None = None
    expires_in: int | None = None
    error: str | None = None


OnEvent: TypeAlias = Callable[[TokenEvent], object]


class _Queue:
    """Reports that wait until a lock is free."""

    def __init__(self) -> None:
        self.reports: deque[Callable[[], object]] = deque()
        self.is_open = True  # a task that was started meanwhile inherits this queue, and may outlive it


_queue: ContextVar[_Queue | None] = ContextVar("reports", default=None)


def report(call: Callable[[], object]) -> None:
    """Call a function that logs, or calls a user's hook: now, or once the lock is free."""
    queue = _queue.get()
    if queue is not None and queue.is_open:
        queue.reports.append(call)
    else:
        call()


def reported_after(steps: Steps[R]) -> Steps[R]:
    """Run steps that hold a lock; what they report is reported when they have ended."""
    outer, queue = _queue.get(), _Queue()
    _queue.set(queue)
    try:
        return (yield from steps)
    finally:
        _queue.set(outer)
        queue.is_open = False
        while queue.reports:
            report(queue.reports.popleft())


def tell(event: TokenEvent, on_event: OnEvent | None) -> None:
    """Report an event to the log and to a hook."""
    report(functools.partial(_tell_now, event, on_event))


def _tell_now(event: TokenEvent, on_event: OnEvent | None) -> None:
    details = {name: value for name, value in vars(event).items() if value is not None}
    said = " ".join(f"{name}={value!r}" for name, value in details.items() if name != "name")
    log.log(LEVELS.get(event.name, logging.INFO), "token %s: %s", event.name, said, extra={"token_event": details})
    run_hook(on_event, event)


def run_hook(hook: Callable[[Any], object] | None, argument: Any) -> None:
    """Call a user's hook, if there is one; what it raises is logged and goes no further."""
    if hook is None:
        return
    try:
        hook(argument)
    except Exception:
        log.exception("a hook failed")
