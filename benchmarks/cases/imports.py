"""import: CPU time of a cold import, in a fresh interpreter each time, against `import requests`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.case import Case, Interpreters, Meter, Place, Row, Target, UnmeasurableError
from benchmarks.workers import WORKER, environment

CHILD = """
import time
start = time.process_time()
{statement}
print(time.process_time() - start)
"""
PROFILED = """
import cProfile
profiler = cProfile.Profile()
profiler.runctx({statement}, {{}}, {{}})
import runpy
print(runpy.run_path({worker})["listing"](profiler, {sort}))
"""
OURS = "from requests_oauth2client import OAuth2Client"


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Give a meter that starts a child for each sample; the first one of a row, untimed, writes the byte code."""
    warm: set[Row] = set()

    def measure(row: Row) -> float:
        code = CHILD.format(statement=row.setup)
        if row not in warm:
            _run(interpreters[row.place], code)
            warm.add(row)
        return float(_run(interpreters[row.place], code))

    yield measure


def profile(sort: str) -> str:
    """Profile the import of our client, without what `cProfile` itself has loaded before."""
    code = PROFILED.format(worker=json.dumps(str(WORKER)), statement=json.dumps(OURS), sort=json.dumps(sort))
    return _run(sys.executable, code)


def _run(interpreter: str, code: str) -> str:
    child = subprocess.run(
        [interpreter, "-I", "-c", code], capture_output=True, text=True, check=False, env=environment()
    )
    if child.returncode:
        lines = child.stderr.strip().splitlines()
        raise UnmeasurableError(lines[-1] if lines else f"the child process ended with code {child.returncode}")
    return child.stdout


TARGET = Target(limit=1.05)

CASE = Case(
    name="import",
    rounds=20,
    quick_rounds=3,
    open_meter=open_meter,
    profile=profile,
    rows=(
        Row(label="requests", setup="import requests", is_baseline=True),
        Row(label="ours", setup="import requests_oauth2client", target=TARGET),
        Row(label="ours, and its `OAuth2Client`", setup=OURS),
        Row(label="requests, among the peers", setup="import requests", place=Place.PEERS, is_baseline=True),
        Row(label="requests-oauth2client", setup="import requests_oauth2client", place=Place.PEERS),
        Row(label="requests-oauth2client, and its `OAuth2Client`", setup=OURS, place=Place.PEERS),
        Row(label="authlib", setup="import authlib.integrations.requests_client", place=Place.PEERS),
        Row(label="requests-oauthlib", setup="import requests_oauthlib", place=Place.PEERS),
    ),
)
