"""The parent's side: one child process for each place, which runs the batches it is told to.

Batches of the two environments alternate over the pipes; a child that has no order sleeps in its read.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from .case import Interpreters, Meter, Place, Row, UnmeasurableError

WORKER = Path(__file__).with_name("worker.py")
KEPT_VARIABLES = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TMPDIR")


def environment() -> dict[str, str]:
    """Give the variables of every child: no proxy between it and the stub, and few, since requests reads them all."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "OAUTHLIB_INSECURE_TRANSPORT": "1", "AUTHLIB_INSECURE_TRANSPORT": "1"}  # the stub has no TLS


class Worker:
    """A child process that measures setups of one case."""

    def __init__(self, interpreter: str, case: str, context: Mapping[str, str]) -> None:
        command = [interpreter, "-I", str(WORKER), case, json.dumps(dict(context))]
        self._child = subprocess.Popen(
            command, env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._orders = cast("IO[str]", self._child.stdin)
        self._answers = cast("IO[str]", self._child.stdout)

    def ask(self, **order: object) -> dict[str, Any]:
        """Have an order carried out; an operation that failed is an `UnmeasurableError`."""
        with contextlib.suppress(BrokenPipeError):
            self._orders.write(json.dumps(order) + "\n")
            self._orders.flush()
        line = self._answers.readline()
        if not line:
            message = f"the child process ended with code {self._child.wait()}"
            raise UnmeasurableError(message)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise UnmeasurableError(answer["error"])
        return answer

    def close(self) -> None:
        """End the child, which leaves when its stdin ends."""
        with self._child, contextlib.suppress(BrokenPipeError):
            self._orders.close()


@contextlib.contextmanager
def meter(interpreters: Interpreters, case: str, count: int, context: Mapping[str, str]) -> Iterator[Meter]:
    """Measure rows in batches of `count` operations, each in the child of its place."""
    with contextlib.ExitStack() as children:
        workers: dict[Place, Worker] = {}
        for place, interpreter in interpreters.items():
            workers[place] = Worker(interpreter, case, context)
            children.callback(workers[place].close)

        def measure(row: Row) -> float:
            return float(workers[row.place].ask(setup=row.setup, count=count)["seconds"])

        yield measure


def profile(case: str, setup: str, count: int, context: Mapping[str, str], sort: str) -> str:
    """Profile one setup in our environment and give the top of the list."""
    worker = Worker(sys.executable, case, context)
    try:
        return str(worker.ask(setup=setup, count=count, profile=sort)["text"])
    finally:
        worker.close()
