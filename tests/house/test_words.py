"""The words of the house: those that were replaced stay away from sources, messages and docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devkit import root

PROJECT = root.PACKAGE.parent.parent
WRITTEN = {"errors.md", "settings.md"}  # from docstrings
PAGES = [*PROJECT.glob("*.md"), *(page for page in (PROJECT / "docs").rglob("*.md") if page.name not in WRITTEN)]
SOURCES = sorted(root.PACKAGE.rglob("*.py"))

# What not to write in sources, and what to write instead.
WORDS = {
    r"keepers?": "a manager keeps a token",
    r"(?-i:TokenKeeper|Vault|Flight|SyncFace|Apart)": "TokenManager, StoreEntry, SingleFlight, SyncRunner, Subtask",
    r"twins?": "dual error; async counterpart",
    r"faces?": "the sync or async client; runner",
    r"ill": "failing",
    r"may pass|trouble with": "transient",
    r"asker|newcomer|visitor": "FetchLimits",
    r"mend\w*": "fix",
    r"whoever": "anyone who, or name who it is",
    r"everybody|anybody": "anyone, all users",
    r"as a text|a text,|(?:is|be|expected) a text": "a string",
    r"will do": "is enough, are allowed",
    r"no appointment": "say what happens",
    r"can't be told": "is unknown",
    r"lest|thereof|whereby|wherefore": "plain words",
}

# Words that are being replaced: at most as many as there are. Lower a number when it is too high.
FEWER = {
    r"nobody|somebody": 3,
    r"judg\w*": 2,
    r"(?-i:is none)": 46,
    r"is no \w+": 206,
}


def hits(word: str, files: list[Path]) -> list[str]:
    pattern = re.compile(rf"\b(?:{word})\b", re.IGNORECASE)
    return [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_was_replaced_stays_away(word: str) -> None:
    found = hits(word, [*SOURCES, *PAGES])
    assert not found, f"write {WORDS[word]} instead:\n" + "\n".join(found)


@pytest.mark.parametrize("word", FEWER)
def test_a_word_that_is_being_replaced_does_not_spread(word: str) -> None:
    found = hits(word, [*SOURCES, *PAGES])
    assert len(found) <= FEWER[word], "\n".join(found)
