"""An input of the fuzzer: a byte that chooses the parser, then what it is given."""

from __future__ import annotations

from pathlib import Path

from .parsers import PARSERS, Parser, check

NAMES = sorted(PARSERS)


def chosen(data: bytes) -> tuple[str, Parser, bytes]:
    """Return the parser's name, the parser, and what it is given."""
    name = NAMES[(data[0] if data else 0) % len(NAMES)]
    return name, PARSERS[name], data[1:]


def run(data: bytes) -> None:
    """Run an input; an exception that is not documented comes out."""
    _, parser, given = chosen(data)
    check(parser, given)


def write_corpus(directory: Path) -> None:
    """Write what the fuzzer begins with: whatever the parsers take."""
    for index, name in enumerate(NAMES):
        for number, seed in enumerate(PARSERS[name].seeds):
            (directory / f"{index}-{number}").write_bytes(bytes([index]) + seed)
