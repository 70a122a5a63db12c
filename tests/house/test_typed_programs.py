"""What type checkers say of users' programs: nothing of good ones, and where each mistake of a bad one is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).with_name("typed_programs")
ROOT = Path(__file__).parents[2]
MYPY_ERROR = re.compile(r"([\w.]+):(\d+): error: .*\[([\w-]+)\]$", re.MULTILINE)
EXPECTED = re.compile(r"  # ([\w-]+), (report\w+)$")


def expected() -> dict[tuple[str, int], tuple[str, str]]:
    """Return the comments of the programs: what mypy and pyright call the mistake of a line."""
    return {
        (path.name, number): (found[1], found[2])
        for path in PROGRAMS.glob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := EXPECTED.search(line))
    }


def run(*command: str) -> str:
    command = (sys.executable, "-m", *command, str(PROGRAMS))
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout


def test_there_are_mistakes_to_find() -> None:
    assert len(expected()) >= 12


def test_mypy_finds_each_mistake_and_nothing_else() -> None:
    found = {(name, int(line)): code for name, line, code in MYPY_ERROR.findall(run("mypy", "--strict"))}
    assert found == {place: codes[0] for place, codes in expected().items()}


def test_pyright_finds_each_mistake_and_nothing_else() -> None:
    report = json.loads(run("pyright", "--outputjson"))
    found = {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1): one["rule"]
        for one in report["generalDiagnostics"]
        if one["severity"] == "error"
    }
    assert found == {place: codes[1] for place, codes in expected().items()}
