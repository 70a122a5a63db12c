"""Finds the examples in documents: fenced blocks in Markdown, literal blocks in reStructuredText."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Block:
    """An example, and where it stands."""

    file: Path
    line: int  # of its first line, from 1
    heading: str
    code: str

    @property
    def first_line(self) -> str:
        return self.code.splitlines()[0]

    @property
    def lines(self) -> list[str]:
        """Its lines that are not blank."""
        return [line for line in self.code.splitlines() if line.strip()]


def markdown_blocks(file: Path, language: str = "python") -> list[Block]:
    """Find the fenced blocks of one language."""
    return [block for written, block in fenced_blocks(file) if written == language]


def fenced_blocks(file: Path) -> list[tuple[str, Block]]:
    """Find the fenced blocks, each with its language."""
    blocks: list[tuple[str, Block]] = []
    heading, lines = "", file.read_text().splitlines()
    open_at: int | None = None
    language = ""
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):  # in a list, it is indented
            if open_at is None:
                open_at, language = number + 1, line.strip(" `")
                continue
            code = textwrap.dedent("\n".join(lines[open_at - 1 : number - 1]))
            blocks.append((language, Block(file=file, line=open_at, heading=heading, code=code)))
            open_at = None
        elif open_at is None and line.startswith("#"):
            heading = line.lstrip("# ")
    return blocks


def markdown_headings(file: Path) -> list[str]:
    """List the headings; what stands in fenced blocks is none."""
    prose = re.sub(r"^ *```.*?^ *```$", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line.lstrip("# ") for line in prose.splitlines() if line.startswith("#")]


def rst_headings(file: Path) -> list[str]:
    """List the headings, which are underlined."""
    lines = file.read_text().splitlines()
    pairs = itertools.pairwise(lines)
    return [line for line, under in pairs if re.match(r"\w", line) and re.fullmatch(r"([=*])\1{3,}", under)]


def literal_blocks(file: Path) -> list[Block]:
    """Find the literal blocks, each of which follows a line that ends with `::`."""
    return list(_literal_blocks(file, file.read_text().splitlines()))


def _literal_blocks(file: Path, lines: list[str]) -> Iterator[Block]:
    heading, number = "", 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if number < len(lines) and re.fullmatch(r"([=*])\1{3,}", lines[number]):
            heading = line
        if not line.endswith("::"):
            continue
        start = number
        while number < len(lines) and (not lines[number].strip() or lines[number].startswith("    ")):
            number += 1
        text = "\n".join(lines[start:number])
        blank = len(text) - len(text.lstrip("\n"))
        code = textwrap.dedent(text).strip("\n")
        yield Block(file=file, line=start + 1 + blank, heading=heading, code=code)
