"""The ratios as a picture: one SVG, light or dark as its reader's system is, with a background of its own.

A bar for each row that was measured in time, a whisker for its quartiles, a line at the baseline, a mark at the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .case import Place, Quantity
from .measure import Failure, Result
from .table import Report

WIDTH, LEFT, RIGHT = 760, 330, 70
ROW, TITLE, GAP, TOP = 22, 26, 14, 44
PLOT = WIDTH - LEFT - RIGHT
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"
 aria-label="CPU time as a ratio to the baseline of each case"><style>{style}</style>"""
STYLE = """
    svg { font: 13px system-ui, sans-serif }
    .page { fill: #ffffff } text { fill: #24292f } .quiet { fill: #57606a }
    .ours { fill: #0b6bcb } .bare { fill: #8c959f } .peer { fill: #c3c9d0 }
    .line { stroke: #24292f; stroke-width: 1.2 } .target { stroke: #b3261e; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #131416 } text { fill: #e6e8eb } .quiet { fill: #a4abb3 }
      .ours { fill: #58a6ff } .bare { fill: #848d97 } .peer { fill: #4b525a }
      .line { stroke: #e6e8eb } .target { stroke: #ff8078 }
    }
"""


def svg(report: Report) -> str:
    """Draw what took time; what was counted stands in the table."""
    cases = {name: drawn for name, outcomes in report.items() if (drawn := list(_drawn(outcomes)))}
    height = TOP + sum(TITLE + GAP + ROW * len(rows) for rows in cases.values())
    legend = "CPU time, as a ratio to the baseline (1); shorter is better. Blue: this library. Red: its target."
    parts = [
        HEAD.format(width=WIDTH, height=height, style=STYLE),
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        f'<text class="quiet" x="16" y="24">{legend}</text>',
    ]
    y = float(TOP)
    for name, rows in cases.items():
        parts.extend(_case(name, rows, y))
        y += TITLE + GAP + ROW * len(rows)
    return "\n".join([*parts, "</svg>\n"])


def _drawn(outcomes: Sequence[Result | Failure]) -> Iterator[Result]:
    yield from (one for one in outcomes if isinstance(one, Result) and not one.row.counts)


def _case(name: str, rows: list[Result], y: float) -> Iterator[str]:
    scale = PLOT / max(max(row.ratio.high, _target(row)) for row in rows)
    yield f'<text x="16" y="{y + 17:.0f}" font-weight="600">{escape(name)}</text>'
    for number, outcome in enumerate(rows):
        yield from _bar(outcome, y + TITLE + ROW * number, scale)
    yield _line("line", (LEFT + scale, y + TITLE - 4), (LEFT + scale, y + TITLE + ROW * len(rows)))


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _bar(outcome: Result, y: float, scale: float) -> Iterator[str]:
    row, ratio = outcome.row, outcome.ratio
    kind = "bare" if row.is_baseline else "peer" if row.place is Place.PEERS else "ours"
    middle = y + ROW / 2
    end = LEFT + ratio.high * scale
    yield f'<text x="{LEFT - 10}" y="{middle + 4:.0f}" text-anchor="end">{escape(row.label.replace("`", ""))}</text>'
    yield f'<rect class="{kind}" x="{LEFT}" y="{y + 3:.1f}" width="{ratio.median * scale:.1f}" height="{ROW - 7}"/>'
    if not row.is_baseline:
        yield _line("line", (LEFT + ratio.low * scale, middle), (end, middle))
    mark = LEFT + _target(outcome) * scale
    if _target(outcome):
        yield _line("target", (mark, y + 1), (mark, y + ROW - 2))
    yield f'<text class="quiet" x="{max(end, mark) + 8:.1f}" y="{middle + 4:.0f}">{ratio.median:.2f}</text>'


def _target(outcome: Result) -> float:
    """Return the ratio that is aimed at, or 0."""
    target = outcome.row.target
    return target.limit if target is not None and target.quantity is Quantity.RATIO else 0
