"""The fuzz target, in a process of its own: libFuzzer never returns, and ends the process at a defect.

`python -m fuzz.target DIRECTORY [libFuzzer options]`; the directory holds the corpus to begin with.
"""

from __future__ import annotations

import sys
from importlib import import_module

atheris = import_module("atheris")  # only the dependency group `fuzz` has it

with atheris.instrument_imports(include=["requests_oauth2client"]):
    from .inputs import run


def main() -> None:
    """Fuzz until the time is over."""
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
