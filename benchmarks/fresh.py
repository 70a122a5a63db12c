"""Measuring in a fresh, isolated interpreter each time: what a program pays once, when it starts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator

from .case import Interpreters, Meter, Row, UnmeasurableError
from .workers import WORKER, environment

CHILD = """
import time
start = time.process_time()
{program}
print(time.process_time() - start)
"""
PROFILED = """
import cProfile
profiler = cProfile.Profile()
profiler.runctx({program}, {{}}, {{}})
import runpy
print(runpy.run_path({worker})["listing"](profiler, {sort}))
"""


@contextlib.contextmanager
def meter(interpreters: Interpreters, program_of: Callable[[Row], str]) -> Iterator[Meter]:
    """Return a meter that starts a child for each sample; the first one of a row, untimed, writes the byte code."""
    warm: set[Row] = set()

    def measure(row: Row) -> float:
        code = CHILD.format(program=program_of(row))
        if row not in warm:
            _run(interpreters[row.place], code)
            warm.add(row)
        return float(_run(interpreters[row.place], code))

    yield measure


def profile(program: str, sort: str) -> str:
    """Profile a program, without what `cProfile` itself has loaded before."""
    code = PROFILED.format(worker=json.dumps(str(WORKER)), program=json.dumps(program), sort=json.dumps(sort))
    return _run(sys.executable, code)


def _run(interpreter: str, code: str) -> str:
    child = subprocess.run(
        [interpreter, "-I", "-c", code], capture_output=True, text=True, check=False, env=environment()
    )
    if child.returncode:
        lines = child.stderr.strip().splitlines()
        raise UnmeasurableError(lines[-1] if lines else f"the child process ended with code {child.returncode}")
    return child.stdout
