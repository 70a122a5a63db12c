"""What all values that hold secrets have in common: no pickle and no traceback shows them by accident."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, SupportsIndex, TypeVar

from .tracebacks import OURS, shorten

V = TypeVar("V", bound="NotPickled")


class Discreet:
    """What gets secrets as arguments: when its constructor fails, no frame of the traceback holds them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls) and cls.__module__.partition(".")[0] == OURS:
            cls.__init__ = _without_arguments(vars(cls)["__init__"])  # type: ignore[method-assign]


def _without_arguments(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:  # noqa: N807  it replaces one
        known = sys.exception()
        try:
            init(self, *args, **kwargs)
        except BaseException as failure:
            del self, args, kwargs
            shorten(failure, known)
            raise

    return __init__


class NotPickled(Discreet):
    """A value with secrets inside: pickling it is refused, copying it gives the value itself.

    A pickle is neither encrypted nor signed, and ends up in caches, queues and session files where
    no credential is expected.
    """

    pickle_advice: ClassVar[str] = "Make it again where it is needed."

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        msg = f"A {type(self).__name__} holds secrets and is not pickled. {self.pickle_advice}"
        raise TypeError(msg)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Received(NotPickled):
    """What a server sent: fields that no specification knows are attributes too, from `kwargs`."""

    kwargs: dict[str, Any]

    if not TYPE_CHECKING:  # or every misspelt name would pass

        def __getattr__(self, name: str) -> Any:
            try:
                return self.__dict__["kwargs"][name]
            except KeyError:
                msg = f"this {type(self).__name__} has no {name!r}: the server did not send it"
                raise AttributeError(msg) from None
