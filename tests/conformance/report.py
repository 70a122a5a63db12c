"""The report: which rows pass, for each plan. `python -m tests.conformance` plays and prints; `--write` keeps it.

`document()` is what docs/conformance.md says: it is made of the row tables alone, since a row in `ROWS` that does not
pass is a failing test. `play()` runs the tests, and tells which rows passed in truth.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from . import mcp_scenarios, table
from .table import Fact, Row

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "conformance.md"
TESTS = Path(__file__).parent / "test_rows.py"
NODE = re.compile(r"test_row\[(?P<flavor>[^-]+)-(?P<row>[^@\]]+)")

HEAD = """# Conformance: the OpenID Foundation's relying-party tests

The OpenID Foundation certifies relying parties with a suite whose OP misbehaves. `tests/conformance/` plays the same
rows against a double of that OP: a real HTTP server on loopback, with real keys, that checks every request of the
client as the suite does. Each row is a test with the row's id, on both clients (`requests` and `httpx2`), in each of
its variants. Where the suite is content with silence, the double also demands the library's own exception, and that
nothing was called after the bad thing. This is no certification: it says what to expect of one.

Written by `python -m tests.conformance --write`, which plays all rows first; without `--write` it prints the table.
"""
MCP = """## The scenarios for clients of the Model Context Protocol

The makers of the protocol publish a conformance suite. Its authorization scenarios are run as they are (npm package
`@modelcontextprotocol/conformance`, pinned in `devkit/mcp_conformance/package.json`), against a small client that has
`AsyncOAuth2ResourceAuth` as its `auth=`: `tests/conformance/mcp_client.py`, at most five lines for each grant. A
scenario has passed when none of its checks failed or warned.
"""
COLUMNS = "|plan|rows|a library can answer|passed|gaps|only an application|\n|-|-:|-:|-:|-:|-:|"


@dataclass
class Outcomes:
    """A pytest plugin: which rows passed in all their variants, on both clients."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take note of a test."""
        found = NODE.search(report.nodeid)
        if found is None:
            return
        if report.when == "call" and report.passed:
            self.passed.add(found["row"])
        elif not report.passed:  # skipped too: no row passes by not being played
            self.failed.add(found["row"])


def play(*arguments: str) -> set[str]:
    """Play all rows; return those that passed."""
    outcomes = Outcomes()
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", str(TESTS), *arguments], plugins=[outcomes])
    return outcomes.passed - outcomes.failed


def plans() -> dict[str, list[Fact]]:
    """Return the rows of each plan."""
    found: dict[str, list[Fact]] = {}
    for fact in table.facts().values():
        for plan in fact.plans:
            found.setdefault(plan, []).append(fact)
    return dict(sorted(found.items()))


def counts(facts: list[Fact], passed: Collection[str]) -> tuple[int, int, int, int, int]:
    """Return how many rows there are, a library can answer, passed, did not pass, are the application's."""
    library = [fact.id for fact in facts if fact.kind == "LIB"]
    good = sum(one in passed for one in library)
    return len(facts), len(library), good, len(library) - good, len(facts) - len(library)


def per_plan(passed: Collection[str]) -> str:
    """Return the table of rows passed per plan; the last line counts each row once."""
    everything = list(table.facts().values())
    rows = [(f"`{plan}`", counts(facts, passed)) for plan, facts in plans().items()]
    rows.append(("**all rows, each once**", counts(everything, passed)))
    return "\n".join([COLUMNS, *(f"|{name}|{'|'.join(map(str, numbers))}|" for name, numbers in rows)])


def document() -> str:
    """Return the whole document."""
    passed = table.played().keys() - table.gaps().keys()
    parts = [
        HEAD,
        "## Rows passed per plan\n",
        per_plan(passed) + "\n",
        MCP,
        mcp_scenarios.table() + "\n",
        "## Gaps\n",
        _reasons(open_rows(), "Rows that a library could answer, and this one does not yet; why.") + "\n",
        "## Only an application can answer\n",
        _reasons(table.application(), "What the library gives the application for it; why it can't do more.") + "\n",
        "## Rows\n",
        "What the OP does, and what the library does about it. A test's id is the row's, with the variant behind it.\n",
        "\n".join(_row_lines()) + "\n",
    ]
    return "\n".join(parts)


def open_rows() -> dict[str, str]:
    """Return the rows that a library could answer and this one does not: those in `GAPS`, those without a test."""
    library = [one for one, fact in table.facts().items() if fact.kind == "LIB"]
    without = {one: "There is no test for it yet." for one in library if one not in table.played()}
    return {**without, **table.gaps()}


def _reasons(rows: dict[str, str], about: str) -> str:
    if not rows:
        return "None."
    return "\n".join([about, "", "|row|why|", "|-|-|", *(f"|`{one}`|{why}|" for one, why in rows.items())])


def _row_lines() -> Iterator[str]:
    yield "|row|the OP|the library|played|"
    yield "|-|-|-|-:|"
    for one, fact in table.facts().items():
        row = table.played().get(one)
        if row is not None:
            yield f"|`{one}`|{_cell(fact.op_does)}|{answer_of(row)}|{2 * len(row.variants)}|"


def answer_of(row: Row) -> str:
    """Say in a word what the library does: the exception it raises, or that it goes on."""
    found: list[str] = []
    for refusal in (row.refused, row.refused_in_front):
        kinds = refusal if isinstance(refusal, tuple) else (refusal,) if refusal else ()
        found += [f"`{kind.__name__}`" for kind in kinds]
    return " or ".join(dict.fromkeys(found)) or row.outcome


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
