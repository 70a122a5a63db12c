"""What a case is made of: rows, a target, and a way to measure them.

A case is one file in `cases/`. It names its rows; each row runs in the house (our environment) or among
the peers (theirs) and is compared with the baseline row of the same place.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeAlias


class Place(enum.Enum):
    """The environment, with an interpreter of its own, in which a row runs."""

    HOUSE = "house"
    PEERS = "peers"


class Quantity(enum.Enum):
    """What a target limits."""

    RATIO = "ratio"  # times the baseline
    ADDED = "added"  # seconds more than the baseline


@dataclass(frozen=True, kw_only=True)
class Target:
    """The median of a quantity may be at most this."""

    limit: float
    quantity: Quantity = Quantity.RATIO


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `setup` is what the case measures for it."""

    label: str
    setup: str
    place: Place = Place.HOUSE
    target: Target | None = None
    is_baseline: bool = False
    counts: str = ""  # what is counted, where it is not seconds


class UnmeasurableError(Exception):
    """A row could not be measured; the text is what the table says instead of a figure."""


Meter: TypeAlias = Callable[[Row], float]
"""Measure a row once: seconds for one operation, or what the row counts."""

Interpreters: TypeAlias = Mapping[Place, str]
"""The interpreter of each place that is there."""

Operation: TypeAlias = Callable[[], object]
Setup: TypeAlias = Callable[[Mapping[str, str]], Operation]
"""Prepare an operation, untimed, and check once that it does what it says; given the case's context."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A named set of rows that are measured together."""

    name: str
    rows: tuple[Row, ...]
    rounds: int
    quick_rounds: int
    open_meter: Callable[[Interpreters], AbstractContextManager[Meter]]
    profile: Callable[[str], str]  # given the order of the list, its text; of our row
    setups: Mapping[str, Setup] = field(default_factory=dict)  # for cases run by `worker`

    def baseline_of(self, row: Row) -> Row:
        """Give the row of the same place that counts as 1."""
        return next(other for other in self.rows if other.is_baseline and other.place is row.place)
