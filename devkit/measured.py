"""Writes the table of measured things into README: `python -m devkit.measured FIGURES`.

FIGURES is what `python -m benchmarks start renewal --json FIGURES` has written on this machine. The race of one page is
run now; the scenarios of the Model Context Protocol are counted in docs/conformance.md.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import page_race

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
HEAD = "<!-- python -m devkit.measured FIGURES -->\n"
RESTART = (
    "| An agent starts again with a token that is still valid, and calls a tool | no request but the tool's: nothing is"
    " looked up again | | `pytest tests/real/test_mcp_clients.py` |"
)
CONFORMANCE = ROOT / "docs" / "conformance.md"


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the rows of the table."""
    pins = dict(pin.split("==") for pin in figures["peers"])
    return [
        _page(),
        _threads(figures["cases"]["renewal"], pins),
        _processes(figures["cases"]["renewal"]),
        _start(figures["cases"]["start"]),
        _scenarios(),
        RESTART,
    ]


def _page() -> str:
    ours, theirs = page_race.race("ours", page_race.ours), page_race.race("Authlib", page_race.authlib)
    end = "the user is logged in" if theirs.is_logged_in else "the user is logged out"
    return (
        f"| A page makes {page_race.REQUESTS} requests just after its token expired, at a server that replaces refresh"
        f" tokens | {ours.answered} answered, {_count(ours.refreshes)} | Authlib {version('authlib')}:"
        f" {theirs.answered} answered, {_count(theirs.refreshes)}, {end} | `python -m devkit.page_race` |"
    )


def _count(refreshes: int) -> str:
    return f"{refreshes} refresh" + ("" if refreshes == 1 else "es")


def _threads(measured: list[dict[str, Any]], pins: dict[str, str]) -> str:
    found = {row["row"]: row["cost"]["median"] for row in measured if "cost" in row}
    ours = found["ours, 64 threads"]
    others = [
        f"{name} {found[f'{name}, 64 threads']:.0f}"
        for name in pins
        if f"{name}, 64 threads" in found and name != "requests-oauth2client"
    ]
    return (
        f"| 64 threads meet an expired token | {ours:.0f} token request | {', '.join(others)} |"
        " `python -m benchmarks renewal` |"
    )


def _processes(measured: list[dict[str, Any]]) -> str:
    found = {row["row"]: row["cost"]["median"] for row in measured if "cost" in row}
    ours = found["ours, 8 processes, `FileStore`"]
    others = sorted({value for name, value in found.items() if "8 processes" in name and "ours" not in name})
    return (
        f"| 8 processes meet an expired token that they share | {ours:.0f} token request |"
        f" {' or '.join(f'{value:.0f}' for value in others)} each | the same |"
    )


def _start(measured: list[dict[str, Any]]) -> str:
    found = {row["row"]: row["ratio"]["median"] for row in measured if row.get("ratio") and not row["baseline"]}
    others = [
        f"{name} {ratio:.2f}" for name, ratio in found.items() if not name.startswith("ours") and "among" not in name
    ]
    others = [one.replace("requests-oauth2client", "our 1.8") for one in others]
    return (
        f"| Cold start to the first API call, CPU time against bare `requests` | {found['ours']:.2f} |"
        f" {', '.join(others)} | `python -m benchmarks start` |"
    )


def _scenarios() -> str:
    results = re.findall(r"^\|`auth/[^|]+\|[^|]+\|(\w+)\|$", CONFORMANCE.read_text(), flags=re.MULTILINE)
    return (
        "| Authorization scenarios for clients of the Model Context Protocol |"
        f" {results.count('passed')} of {len(results)} passed | | `python -m tests.conformance --write` |"
    )


def write(figures: dict[str, Any]) -> None:
    """Write the table into README."""
    before, _, rest = README.read_text().partition(HEAD)
    table = "\n".join(["| | Here | Elsewhere | Measure it |", "|---|---|---|---|", *rows(figures)])
    README.write_text(f"{before}{HEAD}{table}\n{rest[rest.index(chr(10) * 2) + 1 :]}")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()))
