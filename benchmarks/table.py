"""The two forms of a report: one Markdown table, and JSON with every sample's summary."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from .case import Quantity, Target
from .measure import Failure, Result, Spread

Report: TypeAlias = Mapping[str, Sequence["Result | Failure"]]
"""What was found for each case, by its name."""

HEADINGS = ("case", "row", "ratio (quartiles)", "added (quartiles)", "cost", "target", "met")
REASON_LENGTH = 160  # a table cell, not a traceback


def markdown(report: Report) -> str:
    """Give the table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS)]
    for name, outcomes in report.items():
        lines.extend(_cells(name, outcome) for outcome in outcomes)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def as_json(report: Report) -> dict[str, list[dict[str, Any]]]:
    """Give the same as plain values; times in seconds."""
    return {name: [_plain(outcome) for outcome in outcomes] for name, outcomes in report.items()}


def seconds(value: float) -> str:
    """Write a time in the unit that reads best."""
    return f"{value * 1e3:.1f} ms" if abs(value) >= 1e-3 else f"{value * 1e6:.1f} µs"


def amount(value: float, counts: str = "") -> str:
    """Write a time, or a number of what is counted."""
    return f"{value:.0f} {counts}" if counts else seconds(value)


def _cells(case: str, outcome: Result | Failure) -> tuple[str, ...]:
    row = outcome.row
    target = _target(row.target)
    if isinstance(outcome, Failure):
        met = "—" if row.target is None else "not measured"
        return (case, row.label, f"error: {_one_line(outcome.reason)}", "", "", target, met)
    write = functools.partial(amount, counts=row.counts)
    cost = write(outcome.cost.median)
    if row.is_baseline:
        return (case, row.label, "1", "", cost, target, "—")
    met = {None: "—", True: "yes", False: "**no**"}[outcome.met]
    return (case, row.label, _ratio(outcome.ratio), _spread(outcome.added, write), cost, target, met)


def _target(target: Target | None) -> str:
    if target is None:
        return "—"
    return f"≤ {target.limit:.2f}" if target.quantity is Quantity.RATIO else f"≤ {seconds(target.limit)} added"


def _ratio(ratio: Spread) -> str:
    return f"{ratio.median:.2f} ({ratio.low:.2f} … {ratio.high:.2f})"


def _spread(found: Spread, write: Callable[[float], str]) -> str:
    return f"{write(found.median)} ({write(found.low)} … {write(found.high)})"


def _one_line(text: str) -> str:
    line = re.sub(r"\s+", " ", text).replace("|", "\\|")
    return line if len(line) <= REASON_LENGTH else f"{line[:REASON_LENGTH]}…"


def _plain(outcome: Result | Failure) -> dict[str, Any]:
    row = outcome.row
    target = None if row.target is None else {"limit": row.target.limit, "quantity": row.target.quantity.value}
    shown: dict[str, Any] = {
        "row": row.label,
        "unit": row.counts or "seconds",
        "place": row.place.value,
        "baseline": row.is_baseline,
        "target": target,
    }
    if isinstance(outcome, Failure):
        return {**shown, "error": outcome.reason}
    figures = {"ratio": outcome.ratio, "added": outcome.added, "cost": outcome.cost}
    return {**shown, **{name: asdict(figure) for name, figure in figures.items()}, "met": outcome.met}
