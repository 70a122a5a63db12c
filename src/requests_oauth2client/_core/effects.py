"""How an operation asks for what it may not do itself: the effects that it yields, and the two ways to run it.

An operation is a generator function. It yields effects, is sent the outcome of each (or has the failure thrown in),
and returns its result. `blocking` and `awaitable` make a method of it, for the sync or the async client. Knows no HTTP
library, no clock, no lock.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from .frozen import field, frozen
from .late import LateClassMethod, LateFunction
from .messages import Request

P = ParamSpec("P")
C = TypeVar("C")
R = TypeVar("R")
M = TypeVar("M", bound=Callable[..., Any])
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
NewClient: TypeAlias = Any  # a client of the class that a constructor was called on
NEW_CLIENT = "NewClient"
CO_VARKEYWORDS = 8  # of a code object: it takes further keyword arguments; as in `inspect`, which is not loaded for it
FORM_FIELDS_OF = {"token_kwargs", "ciba_kwargs", "introspect_kwargs", "revoke_kwargs", "data"}  # where they are sent


@frozen()
class Send:
    """Send this request; the outcome is the whole response, its size bounded."""

    request: Request


@frozen()
class Sleep:
    """Wait this many seconds.

    In an `is_idle` one nothing is under way that could be lost: there, a cancellation ends a shielded subtask too.
    """

    seconds: float
    is_idle: bool = False


@frozen()
class Now:
    """Read the wall clock; the outcome is an aware datetime in UTC."""


@frozen()
class Lock:
    """Be the only one that holds this entry, until the operation that takes it ends.

    The outcome is True, or False when `wait` seconds (None: as long as it takes) were not enough. An entry with a
    lock of its own is a `Holdable`: it determines the outcome, and raises when it can't be had.
    """

    entry: object
    wait: float | None = None


@frozen()
class CallOverride:
    """Call what a user overrode; the outcome is what it returns (awaited, on the async client)."""

    thunk: Callable[[], Any] = field(repr=False)


@frozen()
class RunInThread:
    """Call what may block, or be awaited: a store, a user's function. The async client does it in a worker thread.

    Stores have worker threads of their own, so that slow functions of users don't keep tokens from being read.
    """

    thunk: Callable[[], Any] = field(repr=False)
    for_store: bool = False


@frozen()
class Subtask:
    """Run an operation as a part of this one: its locks are released when it ends. The outcome is its result.

    A `shielded` one goes on to its end even if the task that runs it is cancelled meanwhile. One that is `detached` too
    goes on even if the thread that waits for it is interrupted, as by Ctrl-C: it has a thread of its own, and what the
    interrupted operations hold is released when it has ended.
    """

    steps: Generator[Any, Any, Any] = field(repr=False)
    shielded: bool = False
    detached: bool = False


@frozen()
class Spawn:
    """Run an operation in the background; it has to deal with its failures itself."""

    steps: Generator[Any, Any, Any] = field(repr=False)


@frozen()
class Release:
    """Release these locks: an operation that held them has ended. No operation yields it, only `Run`."""

    leases: tuple[Any, ...] = field(repr=False)


Command: TypeAlias = Send | Sleep | Now | Lock | CallOverride | RunInThread | Subtask | Spawn
Effect: TypeAlias = Command | Release
Steps: TypeAlias = Generator[Command, Any, R]


def blocking(operation: Callable[Concatenate[C, P], Steps[R]]) -> Callable[Concatenate[C, P], R]:
    """Make a method of the sync client from an operation."""
    if isinstance(operation, LateFunction):
        load = operation.load
        return LateFunction(lambda: blocking(load()), operation.source)
    known = _known_fields(operation)

    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            further = kwargs if known is None or not kwargs.keys() - known else _further(operation, kwargs, known)
            steps = operation(self, *args, **further)
        except TypeError as wrong:
            _suggest(operation, wrong)
            raise
        finally:
            further = None
            del args, kwargs, further  # they may hold secrets, which error reporters would send with this frame
        result: R = self._drive(steps)
        return result

    return _dress(method, operation)


def awaitable(operation: Callable[Concatenate[C, P], Steps[R]]) -> Callable[Concatenate[C, P], Coroutine[Any, Any, R]]:
    """Make a method of the async client from an operation."""
    if isinstance(operation, LateFunction):
        load = operation.load
        return LateFunction(lambda: awaitable(load()), operation.source)
    known = _known_fields(operation)

    async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            further = kwargs if known is None or not kwargs.keys() - known else _further(operation, kwargs, known)
            steps = operation(self, *args, **further)
        except TypeError as wrong:
            _suggest(operation, wrong)
            raise
        finally:
            further = None
            del args, kwargs, further
        result: R = await self._drive(steps)
        return result

    return _dress(method, operation)


def _known_fields(operation: Callable[..., Any]) -> frozenset[str] | None:
    """Return the parameters of an operation that sends further ones as form fields; None if it takes no others."""
    code = operation.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    named = code.co_varnames[code.co_posonlyargcount : count]  # not the client itself
    further = code.co_varnames[count : count + 1] if code.co_flags & CO_VARKEYWORDS else ()
    return frozenset(named) if FORM_FIELDS_OF & {*further} and "extra" not in named else None


def _further(operation: Callable[..., Any], given: Any, known: frozenset[str]) -> Any:
    """Return the arguments of an operation, together with those in `extra`; refuse one that is probably misspelled."""
    from .options import further_fields  # noqa: PLC0415  few calls have further fields

    return further_fields(f"{operation.__name__}()", given, known)


def _suggest(operation: Callable[..., Any], wrong: TypeError) -> None:
    """Raise an error that names the argument which a misspelled one is close to, if there is one."""
    name = str(wrong).partition("unexpected keyword argument '")[2].rstrip("'")
    code = operation.__code__
    if name:
        from .options import UnknownParam, close_to  # noqa: PLC0415  after a mistake only

        meant = close_to(name, code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        if meant is not None:
            raise UnknownParam(name, f"{operation.__name__}()", meant) from None


class ClassMethod(Protocol[P, R_co]):
    """An operation as a class method: it runs while there is no client yet."""

    def __get__(self, instance: Any, owner: Any, /) -> Callable[P, R_co]: ...


class Constructor(Protocol[P]):
    """An operation as a class method that returns a new client of its class."""

    def __get__(self, instance: Any, owner: type[T], /) -> Callable[P, T]: ...


class AsyncConstructor(Protocol[P]):
    """A `Constructor` whose result is awaited."""

    def __get__(self, instance: Any, owner: type[T], /) -> Callable[P, Coroutine[Any, Any, T]]: ...


def blocking_class_method(operation: Callable[Concatenate[Any, P], Steps[R]]) -> ClassMethod[P, R]:
    """Make a class method of the sync client from an operation that takes the class."""
    if isinstance(operation, LateFunction):
        load = operation.load
        return cast("ClassMethod[P, R]", LateClassMethod(lambda: blocking_class_method(load()), operation.source))

    def method(cls: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        session = kwargs.get("session")
        try:
            steps = operation(cls, *args, **kwargs)
        finally:
            del args, kwargs
        result: R = cls._drive_without_client(steps, session)
        return result

    return cast("ClassMethod[P, R]", classmethod(_dress(method, operation)))


def awaitable_class_method(
    operation: Callable[Concatenate[Any, P], Steps[R]],
) -> ClassMethod[P, Coroutine[Any, Any, R]]:
    """Make a class method of the async client from an operation that takes the class."""
    if isinstance(operation, LateFunction):
        load = operation.load
        late = LateClassMethod(lambda: awaitable_class_method(load()), operation.source)
        return cast("ClassMethod[P, Coroutine[Any, Any, R]]", late)

    async def method(cls: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        session = kwargs.get("session")
        try:
            steps = operation(cls, *args, **kwargs)
        finally:
            del args, kwargs
        result: R = await cls._drive_without_client(steps, session)
        return result

    return cast("ClassMethod[P, Coroutine[Any, Any, R]]", classmethod(_dress(method, operation)))


def blocking_constructor(operation: Callable[Concatenate[Any, P], Steps[Any]]) -> Constructor[P]:
    """Make a constructor of the sync client from an operation that takes the class, and returns a client of it."""
    return cast("Constructor[P]", blocking_class_method(operation))


def awaitable_constructor(operation: Callable[Concatenate[Any, P], Steps[Any]]) -> AsyncConstructor[P]:
    """Make a constructor of the async client from an operation that takes the class, and returns a client of it."""
    return cast("AsyncConstructor[P]", awaitable_class_method(operation))


def _dress(method: M, operation: Any) -> M:
    """Give a method the operation's name, docstring and signature, which returns the operation's result.

    `inspect.signature` follows `__wrapped__`, so that is a copy of the operation with that result: to compute a
    signature here would load `inspect` in every program.
    """
    functools.update_wrapper(method, operation)
    result = str(operation.__annotations__.get("return")).removeprefix("Steps[").removesuffix("]")
    result = "Self" if result == NEW_CLIENT else result
    code, (first, *_) = operation.__code__, cast("FunctionType", method).__code__.co_varnames
    code = code.replace(co_varnames=(first, *code.co_varnames[1:]))  # in a method, the client is `self`
    shown = FunctionType(code, operation.__globals__, operation.__name__, operation.__defaults__, operation.__closure__)
    shown.__kwdefaults__ = operation.__kwdefaults__
    shown.__annotations__ = method.__annotations__ = {**operation.__annotations__, "return": result}
    method.__wrapped__ = shown  # type: ignore[attr-defined]
    method.operation = operation  # type: ignore[attr-defined]
    return method


@runtime_checkable
class Holdable(Protocol):
    """An entry with a lock of its own.

    Its `longest_wait`, where it has one, is how many seconds to wait for the lock when a `Lock` does not say.
    """

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock at most that long, and hold it; what the context manager returns is the outcome.

        With 0 it tries once. It raises an `EntryLocked` of the stores when another caller holds the lock.
        """
        ...


_attributes: dict[str, str] = {}  # the name of the method, by where its operation is defined


def note_attributes(runner_class: type) -> None:
    """Remember under which names a class has its operations, so that `inner` finds overrides of them."""
    for name, method in vars(runner_class).items():
        is_late = isinstance(method, LateFunction)
        source = method.source if is_late else _source(getattr(method, "operation", None))
        if source is not None:
            _attributes.setdefault(source, name)


def _source(operation: Any) -> str | None:
    return None if operation is None else f"{operation.__module__}:{operation.__qualname__}"


def inner(
    client: C, operation: Callable[Concatenate[C, P], Steps[R]], /, *args: P.args, **kwargs: P.kwargs
) -> Steps[R]:
    """Run an operation inside another one; a subclass's override of the method that it was made into is honored."""
    found = getattr(type(client), _attributes.get(_source(operation) or "", ""), None)
    if found is None or getattr(found, "operation", None) is operation:
        return operation(client, *args, **kwargs)
    return _overridden(functools.partial(found, client, *args, **kwargs))


def _overridden(call: Callable[[], Any]) -> Steps[Any]:
    return (yield CallOverride(call))
