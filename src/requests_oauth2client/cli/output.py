"""What the program writes: results on stdout, for programs; words on stderr, for people.

Colors, tables and the spinner are those of rich, which is loaded for terminals only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

import click

from .._core.printable import printable
from .._core.times import now

UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def put(text: str) -> None:
    """Write a result on stdout."""
    click.echo(text)


class Documents:
    """How many JSON documents this run has written on stdout."""

    count = 0


def put_json(value: object) -> None:
    """Write a result as JSON on stdout."""
    Documents.count += 1
    put(json.dumps(value, indent=2, ensure_ascii=not is_unicode(sys.stdout), default=str))


def say(text: str) -> None:
    """Tell the user something, on stderr."""
    click.echo(text, err=True)


def is_unicode(stream: TextIO) -> bool:
    """Return whether a stream can show every character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"


def is_rich(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that a person looks at, and rich is there."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return False
    from importlib.util import find_spec

    return find_spec("rich") is not None


def marked(text: str, color: str, stream: TextIO | None = None) -> str:
    """Color a word where it goes to a terminal and the user has not set NO_COLOR."""
    if os.environ.get("NO_COLOR") or not (stream or sys.stdout).isatty():
        return text
    return click.style(text, fg=color)


def put_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: drawn in a terminal, lines with tabs in a pipe."""
    safe = [[printable(cell) for cell in row] for row in rows]
    if not is_rich(sys.stdout):
        for row in safe:
            put("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in safe:
        table.add_row(*map(Text, row))
    Console(file=sys.stdout).print(table)


class Waiting:
    """What is shown while a person is waited for: `tell` writes above it, `pause` stops it."""

    def __init__(self, tell: Callable[[str], object], status: Any = None) -> None:
        self.tell = tell
        self._status = status

    def pause(self) -> None:
        """Stop the spinner, so that the user can type."""
        if self._status is not None:
            self._status.stop()


@contextmanager
def waiting(text: str) -> Iterator[Waiting]:
    """Show that the program waits for a person: a spinner, on a terminal only."""
    if not is_rich(sys.stderr):
        yield Waiting(say)
        return
    from rich.console import Console

    console = Console(stderr=True)

    def tell(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    with console.status(text) as status:
        yield Waiting(tell, status)


def until(when: datetime | None) -> str:
    """Say when something ends, for people."""
    if when is None:
        return "without a known end"
    seconds = int((when - now()).total_seconds())
    return f"{span(seconds)} from now" if seconds >= 0 else f"{span(-seconds)} ago"


def span(seconds: int) -> str:
    """Say how long something is, for people."""
    for size, name in UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "0 seconds"


def shown(value: object) -> str:
    """Return a value of foreign JSON as one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return printable(text)


def iso(when: datetime | None) -> str | None:
    """Return a time as programs read it."""
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as JSON can have it."""
    copied: dict[str, Any] = json.loads(json.dumps(dict(value), default=str))
    return copied


__all__ = ["put", "put_json", "put_table", "say", "until", "waiting"]
