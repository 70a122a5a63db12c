"""What the demo prints, and how: headings, sentences, lines of code, messages. Knows rich, and no OAuth."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text


class Narrator:
    """Tells the demo to a terminal, or plainly to anything else."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def chapter(self, number: int, title: str, story: str) -> None:
        """Begin a chapter."""
        self._line()
        self._line(f"━━━ {number}. {title}", "bold cyan")
        self._line(story)

    def say(self, sentence: str) -> None:
        """Say what happens, or what has."""
        self._line(sentence)

    def code(self, *lines: str) -> None:
        """Show what a program writes for the next step."""
        for line in lines:
            self._line(f"  >>> {line}", "green")

    def message(self, head: str, fields: Iterable[tuple[str, str]], style: str) -> None:
        """Show a message: its first line, and its fields."""
        self._line(f"  {head}", style)
        for name, value in fields:
            self._line(f"      {name}: {value}", "dim")

    def checks(self, checks: Iterable[tuple[str, bool]]) -> None:
        """Show what was checked, and whether it passed."""
        for name, has_passed in checks:
            self._line(f"      ✓ {name}" if has_passed else f"      ✗ {name}", "green" if has_passed else "bold red")

    def end(self, sentence: str) -> None:
        """Close the demo."""
        self._line()
        self._line(sentence, "bold green")

    def fail(self, sentence: str) -> None:
        """Close the demo, which went wrong."""
        self._line()
        self._line(sentence, "bold red")

    def _line(self, text: str = "", style: str = "") -> None:
        self.console.print(Text(text, style=style), soft_wrap=True)
