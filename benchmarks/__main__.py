"""`python -m benchmarks`: measure, print one table. `python -m benchmarks profile CASE`: where the time goes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from . import page, peers, table
from .case import Case, Interpreters, Meter, Place, Row, UnmeasurableError
from .cases import CASES
from .measure import Failure, Result, interleave, summarise


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 if every row could be measured (and, with --check, every target is met)."""
    if arguments[:1] == ["profile"]:
        return _profile(_profile_parser().parse_args(arguments[1:]))
    return _measure(_parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what the library costs, as ratios to bare requests, and print one Markdown table.",
        epilog="`python -m benchmarks profile CASE` shows where the time goes.",
    )
    parser.add_argument("case", nargs="*", help=f"which to measure: {', '.join(CASES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="few rounds, without peers: for CI")
    parser.add_argument(
        "--peers", action=argparse.BooleanOptionalAction, help="measure other libraries too (default, not with --quick)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="also write a page with a picture (docs/benchmarks.md)"
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    return parser


def _profile_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks profile")
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--sort", choices=("tottime", "cumulative", "ncalls"), default="tottime")
    return parser


def _profile(options: argparse.Namespace) -> int:
    try:
        sys.stdout.write(CASES[options.case].profile(options.sort))
    except UnmeasurableError as failure:
        _say(f"{options.case} could not be profiled: {failure}")
        return 1
    return 0


def _measure(options: argparse.Namespace) -> int:
    unknown = sorted(set(options.case) - set(CASES))
    if unknown:
        _say(f"No such case: {', '.join(unknown)}. There are: {', '.join(CASES)}.")
        return 2
    with_peers = not options.quick if options.peers is None else options.peers
    interpreters, missing = _interpreters(with_peers=with_peers)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0  # before our own
    _stay_on_one_cpu()
    report: dict[str, list[Result | Failure]] = {}
    for name in options.case or CASES:
        _say(f"Measuring {name} …")
        report[name] = _outcomes(CASES[name], interpreters, missing, quick=options.quick, with_peers=with_peers)
    circumstances = f"{platform.python_implementation()} {platform.python_version()}"
    versions = peers.pins() if with_peers else []
    sys.stdout.write(f"{table.markdown(report)}\n\nCPU time. {', '.join([circumstances, *versions])}.\n")
    if options.json:
        figures = {"python": circumstances, "peers": versions, "cases": table.as_json(report)}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if options.page:
        page.write(options.page, report, versions=versions, load=load, quick=options.quick)
    return _exit_code(report, check=options.check)


def _interpreters(*, with_peers: bool) -> tuple[dict[Place, str], str]:
    """Give the interpreter of each place that is there, and why one is not."""
    found = {Place.HOUSE: sys.executable}
    if not with_peers:
        return found, ""
    try:
        return {**found, Place.PEERS: peers.interpreter()}, ""
    except peers.PeersUnavailableError as failure:
        return found, str(failure)


def _outcomes(
    case: Case, interpreters: Interpreters, missing: str, *, quick: bool, with_peers: bool
) -> list[Result | Failure]:
    rows = [row for row in case.rows if with_peers or row.place is not Place.PEERS]
    with case.open_meter(interpreters) as meter:
        run = interleave(rows, case.quick_rounds if quick else case.rounds, _present(meter, interpreters, missing))
    return summarise(case, run)


def _present(meter: Meter, interpreters: Interpreters, missing: str) -> Meter:
    """Fail the rows of a place that is not there; the others are measured all the same."""

    def measure(row: Row) -> float:
        if row.place not in interpreters:
            raise UnmeasurableError(missing)
        return meter(row)

    return measure


def _stay_on_one_cpu() -> None:
    """Keep all children and the stub on one CPU, where the system can: moving between CPUs costs CPU time too."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _exit_code(report: table.Report, *, check: bool) -> int:
    outcomes = [outcome for found in report.values() for outcome in found]
    failed = any(isinstance(outcome, Failure) for outcome in outcomes)
    missed = any(isinstance(outcome, Result) and outcome.met is False for outcome in outcomes)
    return int(failed or (check and missed))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
