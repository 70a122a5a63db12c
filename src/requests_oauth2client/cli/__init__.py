"""The program `oauth2client`: logins, tokens and checks for people and scripts, by profile. Extra "cli".

It can do nothing that the library can't: it reads a profile, makes a client of it, and calls its methods.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: its arguments; by default those of this process.

    Returns:
        The exit code: 0, or one of `cli.exits`.
    """
    try:
        import click  # noqa: F401
    except ImportError:
        sys.stderr.write('The program needs click: pip install "requests_oauth2client[cli]"\n')
        return 2
    try:
        from .program import run

        return run(None if argv is None else list(argv))
    except KeyboardInterrupt:  # while the program was loaded
        return 130


__all__ = ["main"]
