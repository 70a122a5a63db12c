"""The peers' environment: the pinned releases of `peers.txt` in a venv under `.bench/`.

Of its own, because the release of requests-oauth2client has our import name.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = Path(__file__).with_name("peers.txt")
CONSTRAINTS = Path(__file__).with_name("peers-constraints.txt")
HOME = ROOT / ".bench" / "peers"


class PeersUnavailableError(Exception):
    """The environment could not be made; the text says why."""


def interpreter() -> str:
    """Give the interpreter of the peers' environment, which is made first if it is missing or outdated."""
    python = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not _is_current():
        _make(python)
    return str(python)


def pins() -> list[str]:
    """List what is measured and its baseline, as `name==version`."""
    lines = (line.partition("#")[0].strip() for line in PINS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if "==" in line]


def _fingerprint() -> str:
    return hashlib.sha256(sys.version.encode() + PINS.read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()


def _marker() -> Path:
    return HOME / "made-from.sha256"


def _is_current() -> bool:
    marker = _marker()
    return marker.is_file() and marker.read_text(encoding="utf-8") == _fingerprint()


def _make(python: Path) -> None:
    sys.stderr.write("Making the peers' environment …\n")
    try:
        venv.create(HOME, clear=True, with_pip=True)
        install = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(PINS)], check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as failure:
        message = f"the peers' environment could not be made ({type(failure).__name__}); see above"
        raise PeersUnavailableError(message) from failure
    _marker().write_text(_fingerprint(), encoding="utf-8")  # last: half an environment is made again
