"""Interleaving and statistics: rows are measured in turn, compared round by round, summed up by medians.

A B C A B C …: what slows the machine down for a while slows every row of those rounds, and the ratio of a
round hardly moves. Knows nothing of what is measured.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .case import Case, Meter, Quantity, Row, Target, UnmeasurableError


@dataclass(frozen=True, kw_only=True)
class Run:
    """The samples of each row, in seconds and in the order of the rounds, and why some rows have none."""

    samples: dict[Row, list[float]] = field(default_factory=dict)
    failures: dict[Row, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median and the quartiles around it."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """A row that was measured: its cost, and how it compares with its baseline."""

    row: Row
    cost: Spread
    ratio: Spread
    added: Spread

    @property
    def met(self) -> bool | None:
        """Tell whether the target is met; None without a target."""
        return None if self.row.target is None else self.judged(self.row.target) <= self.row.target.limit

    def judged(self, target: Target) -> float:
        """Give the median that the target limits."""
        return (self.ratio if target.quantity is Quantity.RATIO else self.added).median


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A row that was not measured, or that has nothing to be compared with."""

    row: Row
    reason: str


def interleave(rows: Iterable[Row], rounds: int, meter: Meter) -> Run:
    """Measure each row once a round, in the order given; a row that fails is left out from then on."""
    rows = list(rows)
    run = Run(samples={row: [] for row in rows})
    for _ in range(rounds):
        for row in rows:
            if row in run.failures:
                continue
            try:
                run.samples[row].append(meter(row))
            except UnmeasurableError as failure:
                run.failures[row] = str(failure)
    return run


def spread(values: Sequence[float]) -> Spread:
    """Sum up values by their quartiles, which one slow round does not move."""
    if len(values) == 1:
        return Spread(low=values[0], median=values[0], high=values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low=low, median=median, high=high)


def compare(row: Row, own: Sequence[float], baseline: Sequence[float]) -> Result:
    """Compare a row with its baseline, each round with the same round."""
    pairs = list(zip(own, baseline, strict=True))
    return Result(
        row=row,
        cost=spread(own),
        ratio=spread([mine / bare for mine, bare in pairs]),
        added=spread([mine - bare for mine, bare in pairs]),
    )


def summarise(case: Case, run: Run) -> list[Result | Failure]:
    """Give what the table says of each row that was tried, in the order of the case."""
    return [_outcome(case, run, row) for row in case.rows if row in run.samples]


def _outcome(case: Case, run: Run, row: Row) -> Result | Failure:
    baseline = case.baseline_of(row)
    if row in run.failures:
        return Failure(row=row, reason=run.failures[row])
    if baseline in run.failures:
        return Failure(row=row, reason=f"nothing to compare with: {run.failures[baseline]}")
    return compare(row, run.samples[row], run.samples[baseline])
