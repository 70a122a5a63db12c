"""The child's side: run the operations of one case in this interpreter and tell what they cost.

Started by `workers` as a script, so that it runs in environments where nothing of ours is installed. An order
is a line of JSON on stdin (`setup`, `count`, perhaps `profile`), its answer a line on stdout.
"""

from __future__ import annotations

import cProfile
import gc
import io
import json
import pstats
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TOP = 30


def main() -> None:
    """Answer orders until stdin ends."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from benchmarks.cases import CASES

    case, context = CASES[sys.argv[1]], json.loads(sys.argv[2])
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not pass for an answer
    operations: dict[str, Any] = {}
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line), case.setups, context, operations)) + "\n")
        answers.flush()


def _answer(
    order: Mapping[str, Any], setups: Mapping[str, Any], context: Mapping[str, str], operations: dict[str, Any]
) -> dict[str, Any]:
    name, count = order["setup"], order["count"]
    try:
        if name not in operations:
            operations[name] = setups[name](context)
            _cost(operations[name], count)  # caches and connections are warm before the first sample
        if sort := order.get("profile"):
            return {"text": _profile(operations[name], count, sort)}
        return {"seconds": _cost(operations[name], count)}
    except Exception as failure:  # noqa: BLE001  whatever a library raises is the row's result
        return {"error": f"{type(failure).__name__}: {failure}"}


def _cost(operation: Any, count: int) -> float:
    """Give the CPU seconds of one operation; what waits for the server or the scheduler does not count."""
    gc.collect()  # each batch pays for its own garbage only
    start = time.process_time()
    for _ in range(count):
        operation()
    return (time.process_time() - start) / count


def _profile(operation: Any, count: int, sort: str) -> str:
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(count):
        operation()
    profiler.disable()
    return listing(profiler, sort)


def listing(profiler: cProfile.Profile, sort: str) -> str:
    """Write the top of a profile, with paths from the package on."""
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats(sort).print_stats(TOP)
    return re.sub(r"\S*/(?:site-packages|src|lib/python[\d.]+)/", "", text.getvalue())


if __name__ == "__main__":
    main()
