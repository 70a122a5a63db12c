"""`python -m tests.conformance`: play all rows, print which passed for each plan; `--write` writes docs/conformance.md.

Further arguments are pytest's, such as `-n 2`.
"""

from __future__ import annotations

import sys

from . import report, table


def main() -> int:
    """Play, print, write."""
    arguments = [one for one in sys.argv[1:] if one != "--write"]
    passed = report.play(*arguments)
    sys.stdout.write(f"\n{report.per_plan(passed)}\n")
    failed = sorted(table.played().keys() - passed)
    for one in failed:
        sys.stdout.write(f"FAILED {one}\n")
    for one, why in report.open_rows().items():
        sys.stdout.write(f"GAP    {one}: {why}\n")
    if "--write" in sys.argv and failed:
        sys.stdout.write("Nothing is written: there are failed rows.\n")
    elif "--write" in sys.argv:
        report.DOCUMENT.write_text(report.document())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
