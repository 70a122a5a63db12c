"""What must happen around a fork, to everything in this process that must not be shared with a child.

Knows no store: those that subclass `ForkAware` say what to do. A process that is spawned inherits nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakValueDictionary


class ForkAware:
    """Base of what holds locks among threads, or files that must not cross a fork."""

    def __init__(self) -> None:
        _ALIVE[id(self)] = self

    def _before_fork(self) -> None:
        """Get ready, in the parent."""

    def _after_fork_in_parent(self) -> None:
        """Go on, in the parent."""

    def _after_fork_in_child(self) -> None:
        """Begin anew, in the child: no other thread of the parent is there."""


_ALIVE: WeakValueDictionary[int, ForkAware] = WeakValueDictionary()


def _each(do: Callable[[ForkAware], None]) -> Callable[[], None]:
    def hook() -> None:
        for reference in _ALIVE.valuerefs():  # a list, made at once: other threads may be making stores
            thing = reference()
            if thing is not None:
                do(thing)

    return hook


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(
        before=_each(lambda thing: thing._before_fork()),  # noqa: SLF001
        after_in_parent=_each(lambda thing: thing._after_fork_in_parent()),  # noqa: SLF001
        after_in_child=_each(lambda thing: thing._after_fork_in_child()),  # noqa: SLF001
    )
