"""What has to be done around a fork, so that parent and child share no lock and no open file.

Knows no store: subclasses of `ForkAware` say what to do. A process that is spawned inherits nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakValueDictionary


class ForkAware:
    """Base of classes that hold locks among threads, or files that must not cross a fork."""

    def __init__(self) -> None:
        _ALIVE[id(self)] = self

    def _before_fork(self) -> None:
        """Prepare, in the parent."""

    def _after_fork_in_parent(self) -> None:
        """Continue, in the parent."""

    def _after_fork_in_child(self) -> None:
        """Start over, in the child: the parent's other threads do not exist there."""


_ALIVE: WeakValueDictionary[int, ForkAware] = WeakValueDictionary()


def _for_each(do: Callable[[ForkAware], None]) -> Callable[[], None]:
    def hook() -> None:
        for reference in _ALIVE.valuerefs():  # a list, made at once: other threads may be making stores
            thing = reference()
            if thing is not None:
                do(thing)

    return hook


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(
        before=_for_each(lambda thing: thing._before_fork()),  # noqa: SLF001
        after_in_parent=_for_each(lambda thing: thing._after_fork_in_parent()),  # noqa: SLF001
        after_in_child=_for_each(lambda thing: thing._after_fork_in_child()),  # noqa: SLF001
    )
