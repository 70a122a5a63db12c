"""Environments with nothing in them: made, filled by pip, and thrown away. Knows nothing of what is tried there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CONSTRAINTS = PROJECT / "constraints.txt"


class FailedError(Exception):
    """A step failed; its text says which, and what it printed."""


def run(command: Sequence[str | Path], *, folder: Path = PROJECT) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shown = " ".join(Path(str(word)).name for word in command)
        raise FailedError(f"`{shown}` ended with code {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment."""

    python: Path

    def install(self, *requirements: str | Path, constraints: Sequence[Path] = ()) -> None:
        """Install by pip."""
        options = [word for path in constraints for word in ("--constraint", path)]
        quiet = ("--quiet", "--disable-pip-version-check")
        run([self.python, "-m", "pip", "install", *quiet, *options, *requirements])
        run([self.python, "-m", "pip", "check"])

    def ask(self, *arguments: str | Path, folder: Path) -> str:
        """Run its interpreter in a folder."""
        return run([self.python, *arguments], folder=folder)


@contextlib.contextmanager
def empty(interpreter: str | Path = sys.executable) -> Iterator[Environment]:
    """Make an environment that has pip only, and remove it in the end."""
    with tempfile.TemporaryDirectory(prefix="requests-oauth2client-") as folder:
        place = Path(folder) / "environment"
        run([interpreter, "-m", "venv", place])
        yield Environment(python=place / ("Scripts" if os.name == "nt" else "bin") / "python")
