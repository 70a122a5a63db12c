"""Operations that run: the one on top, and below it those that wait for its result. Performs nothing itself.

A runner asks `next_effect` what to do, does it, and says with `succeeded` or `failed` how that went. So one loop of
the runner serves an operation and all its subtasks:

    operation ──► Subtask ──► Subtask ──► Lock, Send, ...     each level has locks of its own
              ◄──         ◄──  they are released first, then its result or its failure goes to the level below
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from .effects import Effect, Release, Steps, Subtask

R = TypeVar("R")


class _Level:
    """An operation, what it holds, and its outcome once it has ended: a value and a failure."""

    __slots__ = ("leases", "outcome", "steps")

    def __init__(self, steps: Steps[Any]) -> None:
        self.steps = steps
        self.leases: list[Any] = []
        self.outcome: tuple[Any, Exception | None] | None = None


class Run(Generic[R]):
    """One run of an operation.

    Args:
        steps: the operation.
        is_apart: whether the runner runs a subtask itself; all others run here.

    Attributes:
        result: what the operation returned, once `next_effect` has returned None.
    """

    def __init__(self, steps: Steps[R], is_apart: Callable[[Subtask], bool]) -> None:
        self.result: Any = None
        self._is_apart = is_apart
        self._levels = [_Level(steps)]
        self._value: Any = None
        self._failure: Exception | None = None

    @property
    def leases(self) -> list[Any]:
        """The locks of the operation on top. A lock is added before it is taken, so that none can be forgotten."""
        return self._levels[-1].leases

    def succeeded(self, value: Any) -> None:
        """Note the outcome of the last effect."""
        self._value = value

    def failed(self, failure: Exception) -> None:
        """Note that the last effect failed; the operation decides what that means."""
        self._failure = failure

    def next_effect(self) -> Effect | None:
        """Resume the operation on top.

        Returns:
            What has to be done next, or None when the operation at the bottom has returned.

        Raises:
            Exception: what the operation at the bottom raised.
        """
        while self._levels:
            level = self._levels[-1]
            if level.outcome is None:
                effect = self._resume(level)
                if effect is not None:
                    return effect
            elif level.leases:
                leases, level.leases = level.leases[::-1], []
                return Release(tuple(leases))
            else:
                self._levels.pop()
                value, failure = level.outcome
                self._value, self._failure = value, self._failure or failure  # a failed release is an outcome too
        self.result, failure = self._value, self._failure
        try:
            if failure is not None:
                raise failure
        finally:
            del failure  # or its traceback would keep this frame, and this frame the traceback
        return None

    def _resume(self, level: _Level) -> Effect | None:
        """Let an operation go on; None when it has ended, or waits for a subtask."""
        value, failure = self._value, self._failure
        self._value = self._failure = None
        try:
            effect = level.steps.send(value) if failure is None else level.steps.throw(failure)
        except StopIteration as stop:
            level.outcome = stop.value, None
        except Exception as raised:  # noqa: BLE001  it goes to the level below
            level.outcome = None, raised
        else:
            if not isinstance(effect, Subtask) or self._is_apart(effect):
                return effect
            self._levels.append(_Level(effect.steps))
        finally:
            del failure
        return None

    def hand_over(self, adopt: Callable[[list[Any]], bool]) -> None:
        """Release all locks, unless `adopt` returns False."""
        if adopt([lease for level in self._levels[::-1] for lease in level.leases[::-1]]):
            for level in self._levels:
                level.leases = []

    def close(self) -> list[Any]:
        """End what has not ended yet, and return the locks that are still held, the last one first."""
        levels, self._levels = self._levels[::-1], []
        try:
            for level in levels:
                level.steps.close()
        finally:
            self._value = self._failure = None
        return [lease for level in levels for lease in level.leases[::-1]]
