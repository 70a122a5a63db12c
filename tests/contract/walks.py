"""Follows a tutorial as its reader would: saves its files, types its commands, and compares what is shown.

A fenced block whose first line is a comment with a file name is saved under that name; with ", at the end" behind the
name, it is added to that file. A `console` block has commands behind `$`, and under each what it shows: `…` stands for
anything in a line, and a line of `…` for any lines. A command of `SERVERS` goes on in another terminal until the end.
Ports of the page become free ones of this machine.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from devkit.redis_server import free_port

from .documents import ROOT, fenced_blocks

PATIENCE = 90  # seconds for what should be there long ago
SERVERS = ("oauth2client serve", "flask ", "uvicorn ", "python manage.py runserver")
NAMED = re.compile(r"(?:#|<!--) ([\w./-]+\.\w+)(, at the end)?(?: -->)?")
SOMEONE = Path(__file__).with_name("someone.py")


@dataclass
class Terminal:
    """A program that goes on, and what it has shown."""

    process: subprocess.Popen[str]
    shown: str = ""
    news: threading.Condition = field(default_factory=threading.Condition)
    reader: threading.Thread | None = None

    def read(self) -> Self:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self.news:
                self.shown += line
                self.news.notify_all()
        with self.news:
            self.process.wait()
            self.news.notify_all()

    def wait_for(self, expected: str) -> None:
        def is_over() -> bool:
            return fits(f"{expected}\n…", self.shown) or self.process.returncode is not None

        with self.news:
            self.news.wait_for(is_over, PATIENCE)
            assert fits(f"{expected}\n…", self.shown), f"expected:\n{expected}\nshown:\n{self.shown}"

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own group: Django's reloader has a child
        self.process.wait()
        if self.reader:
            self.reader.join(PATIENCE)
        if self.process.stdout:
            self.process.stdout.close()


@dataclass
class Walk:
    """One reader with a page, an empty folder, and as many terminals as are needed."""

    page: Path
    folder: Path
    home: Path
    ports: Mapping[str, str] = field(default_factory=dict)
    terminals: list[Terminal] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = set(re.findall(r"\b(?:5000|80\d\d)\b", self.page.read_text()))
        self.ports = {port: str(free_port()) for port in sorted(found)}

    def here(self, text: str) -> str:
        """Replace the page's ports."""
        return re.sub(r"\b(?:5000|80\d\d)\b", lambda found: self.ports[found[0]], text)

    def blocks(self) -> list[tuple[str, str, int, str]]:
        """List language, heading, line and text of each block."""
        return [(language, block.heading, block.line, block.code) for language, block in fenced_blocks(self.page)]

    def take(self, language: str, line: int, text: str) -> None:
        """Do what a block says."""
        if language == "console":
            for command, expected in commands(text):
                self.type(command, expected)
            return
        first, _, _ = text.partition("\n")
        named = NAMED.fullmatch(first)
        assert named, f"{self.page.name}:{line}: this block is not saved, since its first line names no file"
        file = self.folder / named[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text() if named[2] else ""
        file.write_text(before + self.here(text) + "\n")

    def type(self, command: str, expected: str) -> None:
        """Type a command, and compare what it shows."""
        if command.startswith("pip install"):
            assert_extras_exist(command)
            return
        command, expected = self.here(command), self.here(expected)
        terminal = self.start(command)
        if command.startswith(SERVERS):
            terminal.wait_for(expected)
            return
        terminal.process.wait(PATIENCE)
        assert terminal.reader is not None
        terminal.reader.join(PATIENCE)
        shown = terminal.shown.strip()
        assert fits(expected, shown), f"{command}\nexpected:\n{expected}\nshown:\n{shown}"

    def start(self, command: str) -> Terminal:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "COV_", "PYTEST_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
            "PYTHONUNBUFFERED": "1",
            "PYTHON_KEYRING_BACKEND": "tests.contract.someone.Keyring",
            "DISPLAY": ":0",
            "BROWSER": f"{shlex.quote(sys.executable)} {shlex.quote(str(SOMEONE))} %s",
            "COLUMNS": "120",
            "NO_COLOR": "1",
            **{name: str(self.home) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")},
        }
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.terminals.append(Terminal(process).read())
        return self.terminals[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for terminal in self.terminals:
            terminal.end()


def commands(text: str) -> list[tuple[str, str]]:
    """Split a console block: each command, and what is shown under it."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not parts[0].strip(), "a console block begins with a command"
    split = [part.partition("\n") for part in parts[1:]]
    return [(command, expected.strip()) for command, _, expected in split]


def fits(expected: str, shown: str) -> bool:
    """Compare what is shown: `…` is anything in a line; a line of `…`, any lines."""
    lines = [re.escape(line.rstrip()).replace("…", ".*") for line in expected.expandtabs(1).splitlines()]
    places = {0}  # where what follows may begin, among the shown lines
    seen = [line.rstrip() for line in shown.expandtabs(1).splitlines()]
    for line in lines:
        if line == ".*":
            places = set(range(min(places, default=0), len(seen) + 1)) if places else places
        else:
            places = {place + 1 for place in places if place < len(seen) and re.fullmatch(line, seen[place])}
    return len(seen) in places


def assert_extras_exist(command: str) -> None:
    """Check that pyproject.toml has the extras of a `pip install`."""
    import tomllib

    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for names in re.findall(r"requests_oauth2client\[([\w,]+)\]", command):
        assert set(names.split(",")) <= set(known), command
