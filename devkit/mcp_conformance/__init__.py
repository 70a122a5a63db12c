"""The official authorization scenarios for clients of the Model Context Protocol, run by one process of Node.js.

`play(client)` calls a function for each scenario, with what the suite tells a client, and gives what it found. To the
suite a client is a command: that is `caller.py`, which has this process call the function. So all of them are one
process, and what takes long, the imports, is done once. Knows no client.
"""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devkit import node

FOLDER = Path(__file__).parent
SUITE = "all"  # no other has all that are about authorization
ABOUT_AUTHORIZATION = "auth/"
SUITE_TIMEOUT = 300  # seconds for all scenarios
AT_ONCE = threading.BoundedSemaphore(6)  # clients; the suite starts all of them
SCENARIO_TIMEOUT = 200  # seconds for each: they run side by side, on few cores


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the suite found in one scenario.

    Attributes:
        passed: whether no check failed or warned.
        checks: the status of each check, by its id; the worst where it came several times.
        said: what was wrong, and what the client wrote.
    """

    passed: bool
    checks: Mapping[str, str]
    said: str


Client = Callable[[Mapping[str, str]], None]  # it gets the variables url, scenario, context, version; and may raise


def play(client: Client) -> dict[str, Outcome]:
    """Run a client through all scenarios that are about authorization; returns the outcome of each."""
    with _called(client) as port:
        return _run([sys.executable, "-I", "-S", str(FOLDER / "caller.py"), str(port)])


class _Call(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        told = json.loads(self.rfile.readline())
        try:
            with AT_ONCE:
                self.server.client(told)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001  the suite has to hear of it
            self.wfile.write(traceback.format_exc().encode())


@contextmanager
def _called(client: Client) -> Iterator[int]:
    """Call the client for whoever connects; gives the port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Call) as server:
        server.daemon_threads = True
        server.request_queue_size = 100
        server.client = client  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _run(command: Sequence[str]) -> dict[str, Outcome]:
    suite: list[str | Path] = [
        node.install(FOLDER),
        FOLDER / "node_modules/@modelcontextprotocol/conformance/dist/index.js",
        "client",
    ]
    with tempfile.TemporaryDirectory() as results:
        options = ["--suite", SUITE, "--timeout", f"{SCENARIO_TIMEOUT}000", "--output-dir", results]
        done = subprocess.run(
            [*suite, *options, "--command", " ".join(command)],
            capture_output=True,
            text=True,
            timeout=SUITE_TIMEOUT,
            check=False,
        )
        found = dict(_outcomes(Path(results)))
    assert found, f"{done.stdout}\n{done.stderr}"
    return found


def _outcomes(results: Path) -> Iterator[tuple[str, Outcome]]:
    for file in sorted(results.rglob("checks.json")):
        folder = file.parent
        name = str(folder.relative_to(results)).rpartition("-20")[0]  # a date follows
        found = json.loads(file.read_text())
        order = ["INFO", "SKIPPED", "SUCCESS", "WARNING", "FAILURE"]
        checks: dict[str, str] = {}
        for one in found:
            before = checks.get(one["id"], "INFO")
            checks[one["id"]] = max(before, one["status"], key=order.index)
        wrong = [json.dumps(one, indent=1) for one in found if one["status"] in {"WARNING", "FAILURE"}]
        wrote = [(folder / name).read_text() for name in ("stdout.txt", "stderr.txt") if (folder / name).exists()]
        if name.startswith(ABOUT_AUTHORIZATION):
            yield name, Outcome(passed=bool(checks) and not wrong, checks=checks, said="\n".join([*wrong, *wrote]))
