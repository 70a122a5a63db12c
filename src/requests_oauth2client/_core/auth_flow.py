"""Seeing the answer to a request, and sending it again: as an `Auth` of httpx2 and httpx, or as a hook of requests.

What is done is written once, as a flow: a generator that yields each request to send and is sent its answer. A demanded
DPoP nonce needs that (RFC 9449 section 9), and a refused token; steps that have to be run in between, it yields as
`Subtask`. httpx2 and httpx show the answer only to an `Auth` of their own. Whether something is one, they ask with
`isinstance`, which believes `__class__`: so a handler says there what it is, once one of them is loaded. Imports none.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeAlias
from urllib.parse import urljoin

from ..exceptions import OAuth2Error
from .answer_parts import LIBRARIES, read_part, read_part_async
from .compare import is_same_secret
from .effects import Steps, Subtask
from .story import Recorder, recorder
from .urls import origin, split_url

Flow: TypeAlias = Generator[Any, Any, Any]


class AsyncFlow:
    """A handler for async clients."""

    async def prepare_flow(self, request: Any) -> Flow:
        """Return what authenticates a request; what has to be awaited for it, is awaited here."""
        raise NotImplementedError

    async def run_between(self, steps: Steps[Any]) -> Any:
        """Run steps between an answer and the next request."""
        raise NotImplementedError

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Drive the flow of a request, for an async client."""
        flow = _recorded(await self.prepare_flow(request))
        response: Any = None
        outcome: Any = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration:
                return
            except OAuth2Error:
                if response is not None:
                    await read_part_async(response, for_good=True)
                raise
            goes_on = isinstance(step, Subtask)
            if response is not None:
                await read_part_async(response, for_good=not goes_on)
            if goes_on:
                outcome = await self.run_between(step.steps)
            else:
                response = outcome = yield step


class AuthFlow(AsyncFlow):
    """A handler that both libraries take for one of their own, for sync and for async clients."""

    def auth_flow(self, request: Any) -> Flow:
        """Authenticate a request, and answer what is demanded."""
        raise NotImplementedError

    def sync_auth_flow(self, request: Any) -> Flow:
        """Drive the flow of a request, for a sync client."""
        flow = _recorded(self.auth_flow(request))
        response: Any = None
        while True:
            try:
                step = flow.send(response)
            except StopIteration:
                return
            except OAuth2Error:
                if response is not None:
                    read_part(response, for_good=True)
                raise
            if response is not None:
                read_part(response, for_good=True)
            response = yield step

    async def prepare_flow(self, request: Any) -> Flow:
        """Return the flow of a request: nothing has to be awaited."""
        return self.auth_flow(request)

    @property  # type: ignore[misc]  # object's can be set
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        auths = [getattr(sys.modules.get(name), "Auth", None) for name in LIBRARIES]
        known = tuple(auth for auth in auths if auth is not None)
        kind: Any = type(self)
        return _seen_as(kind, known) if known else kind


@functools.cache
def _seen_as(kind: Any, auths: tuple[Any, ...]) -> type:
    return type(kind.__name__, (kind, *auths), {"__module__": kind.__module__, "__doc__": kind.__doc__})


def _recorded(flow: Flow) -> Flow:
    """Return a flow that tells a recorder of each answer; the same one where nothing is recorded."""
    recording = recorder()
    return flow if recording is None else _told(flow, recording)


def _told(flow: Flow, recording: Recorder) -> Flow:
    outcome: Any = None
    while True:
        try:
            step = flow.send(outcome)
        except StopIteration:
            return
        if isinstance(step, Subtask):
            outcome = yield step
            continue
        started = recording.clock()
        outcome = yield step
        recording.api_answered(step, outcome, started)


def performed(flow: Flow, drive: Callable[[Steps[Any]], Any]) -> Flow:
    """Pass the requests of a flow on to a sync client, and run the steps that it needs in between."""
    outcome: Any = None
    while True:
        try:
            step = flow.send(outcome)
        except StopIteration:
            return
        if isinstance(step, Subtask):
            read_part(outcome, for_good=False)  # or its connection could be the one that the steps wait for
            outcome = drive(step.steps)
        else:
            outcome = yield step


class ResponseHook(functools.partial[Any]):
    """A response hook of requests that knows a token; a pickled response goes without it."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _no_hook, ()


def hook_into(request: Any, react: Callable[..., Any], token: Any) -> None:
    """Have `react(token, response, **options)` called with the answer, if this is a request of requests.

    httpx2 and httpx show the answer to the auth flow.
    """
    hooks = getattr(request, "hooks", None)
    if hooks is not None:
        hooks["response"].append(ResponseHook(react, token))  # register_hook() takes three times as long
        if has_own_header(token):
            hooks["response"].append(ResponseHook(_leave_behind, token))  # the last, when the request is not repeated


def has_own_header(token: Any) -> bool:
    """Tell whether a token is sent in a header that requests doesn't know for a credential."""
    return bool(token.AUTHORIZATION_HEADER != "Authorization" or token.AUTHORIZATION_SCHEME == "DPoP")


def leave_behind(request: Any, token: Any) -> None:
    """Have the header of a token removed when requests follows a redirect to another origin.

    It does that itself with Authorization only. httpx2 and httpx show no redirect that they follow.
    """
    hooks = getattr(request, "hooks", None)
    if hooks is not None:
        hooks["response"].append(ResponseHook(_leave_behind, token))


def _leave_behind(token: Any, response: Any, **_: Any) -> None:
    if not response.is_redirect:
        return
    sent = [response.request, *(before.request for before in response.history)]  # requests copies the first of them
    if not _stays(str(response.request.url), response.headers["Location"]):
        for request in sent:
            request.headers.pop(token.AUTHORIZATION_HEADER, None)
            request.headers.pop("DPoP", None)


def _stays(url: str, location: str) -> bool:
    """Tell whether a redirect stays with the origin; one that no parser may read otherwise."""
    try:
        target, _ = split_url(urljoin(url, location))
        return origin(target) == origin(url)
    except ValueError:
        return False


def record_answer(request: Any) -> None:
    """Have a recorder told of the answer to a request of requests, before anything reacts to it."""
    recording = recorder()
    hooks = None if recording is None else getattr(request, "hooks", None)
    if recording is not None and hooks is not None:
        hooks["response"].insert(0, ResponseHook(_tell_recorder, (recording, recording.clock())))


def _tell_recorder(told: tuple[Recorder, float], response: Any, **_: Any) -> None:
    recording, started = told
    recording.api_answered(response.request, response, started)


def _no_hook() -> Callable[..., None]:
    return _react_not


def _react_not(*_: Any, **__: Any) -> None:
    pass


def answer_flow(
    flow: Flow, response: Any, options: dict[str, Any], drive: Callable[[Steps[Any]], Any] | None = None
) -> Any:
    """Drive a flow in a response hook of requests.

    Args:
        flow: the flow; it begins with the first answer.
        response: that answer.
        options: what the hook was called with: how to send.
        drive: runs steps.

    Returns:
        The last answer.
    """
    step = _tell(flow, None, response)
    while step is not None:
        if isinstance(step, Subtask) and drive is not None:
            read_part(response, for_good=False)
            outcome = drive(step.steps)
        else:
            read_part(response, for_good=True)
            response.close()
            recording = recorder()
            started = None if recording is None else recording.clock()
            outcome = response.connection.send(step, **options)
            outcome.request = step
            if recording is not None:
                recording.api_answered(step, outcome, started)
            outcome.history.append(response)
            response = outcome
        step = _tell(flow, outcome, response)
    return response


def _tell(flow: Flow, outcome: Any, response: Any) -> Any:
    """Send an outcome into a flow; return what it yields, or None at its end."""
    try:
        return flow.send(outcome)
    except StopIteration:
        return None
    except OAuth2Error:
        read_part(response, for_good=True)
        response.close()
        raise


def was_shown(token: Any, response: Any) -> bool:
    """Tell whether who answers was shown a token: after a redirect it may be another server."""
    shown = str(response.request.headers.get(token.AUTHORIZATION_HEADER, ""))
    return is_same_secret(shown, token.authorization_header())


def copied(request: Any) -> Any:
    """Return a request that can be changed and sent again: of requests, a copy; of httpx2 and httpx, the same."""
    if not hasattr(request, "copy"):
        return request
    again = request.copy()
    again.hooks = {event: list(hooks) for event, hooks in request.hooks.items()}  # or both would have the same
    return again


def rewind(request: Any) -> bool:
    """Tell whether the body of a request can be sent again; a file is put back to where it was read from."""
    if not hasattr(request, "body"):
        return _can_repeat(request)
    body, start = request.body, getattr(request, "_body_position", None)
    if body is None or isinstance(body, (str, bytes)):
        return True
    if not isinstance(start, int):
        return False
    try:
        body.seek(start)
    except (AttributeError, OSError, ValueError):  # it can't seek, or is closed
        return False
    return True


def _can_repeat(request: Any) -> bool:
    """Tell it of a request of httpx2 or httpx: they don't show a stream, but rewind the files of a form themselves."""
    fields = getattr(request.stream, "fields", None)
    if fields is not None:
        return all(_is_seekable(getattr(field, "file", b"")) for field in fields)
    try:
        return request.content is not None
    except RuntimeError:
        return False


def _is_seekable(file: Any) -> bool:
    try:
        return isinstance(file, (str, bytes)) or bool(file.seekable())
    except (AttributeError, ValueError):
        return False
