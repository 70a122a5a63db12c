"""The page of the documentation: what was measured, where and when, as a table and a picture."""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path

from . import plot, table

PICTURE = Path("_static") / "benchmarks.svg"  # beside the page
BUSY = 0.5  # processes that wanted a CPU besides ours, for each CPU

TEXT = """\
# Benchmarks

What the library costs, as ratios to bare `requests` and beside its peers. This page is written by one command, from the
root of the repository; no figure on it was typed:

```shell
make bench              # everything; ARGS="import start" for some cases
```

Read ratios, not milliseconds, and the quartiles in brackets: two rows whose quartiles overlap are equal as far as this
run can tell. What each case does, and why it is fair: [benchmarks/README.md](../benchmarks/README.md).

![CPU time as ratios: the figures are in the table below]({picture})

Measured on {date}, with {python}, {machine}, {rounds} rounds a case. {load}

{table}

CPU time of the client's process. {versions}.
"""


def write(page: Path, report: table.Report, *, versions: list[str], load: float, quick: bool) -> None:
    """Write the page, and the picture beside it."""
    cpus = os.cpu_count() or 1
    busy = load / cpus > BUSY
    (page.parent / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    (page.parent / PICTURE).write_text(plot.svg(report), encoding="utf-8")
    text = TEXT.format(
        picture=PICTURE.as_posix(),
        date=dt.datetime.now(tz=dt.UTC).date(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        machine=f"{platform.system()} on {platform.machine()}, {cpus} CPUs",
        rounds="few" if quick else "all",
        load=f"The machine was {'**busy** with other programs' if busy else 'otherwise idle'} (load {load:.1f}"
        f" when this began){': run it again on a quiet one before you quote it' if busy else ''}.",
        table=table.markdown(report),
        versions=", ".join(versions) or "Without peers",
    )
    page.write_text(text, encoding="utf-8")
