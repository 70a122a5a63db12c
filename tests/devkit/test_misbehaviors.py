"""docs/testing.md says what client libraries do when a server misbehaves; it is what they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from devkit import peers
from devkit.misbehaviors import BY_THE_CLOCK, HEAD, PAGE, run
from devkit.peers import PEERS, Ours
from requests_oauth2client.testing import MISBEHAVIORS

WAITING = {"html_502", "unavailable", "rate_limited", "lost_response"}  # ours waits for a second, and asks again


def lines_of_the_page() -> list[list[str]]:
    text = Path(PAGE).read_text().partition(HEAD)[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines()]


def test_the_page_says_what_each_library_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "TIMEOUT", 60)  # the machine may be slow; what is told does not depend on it
    heading, _, *rows = lines_of_the_page()
    assert heading == ["Name", *(kind.title() for kind in PEERS)], "run: python -m devkit.misbehaviors --write"
    told = {row[0].strip("`"): row[1:] for row in rows}
    assert list(told) == list(MISBEHAVIORS)
    quick = [name for name in MISBEHAVIORS if name not in BY_THE_CLOCK | WAITING]
    assert run(quick, patience=100) == {name: told[name] for name in quick}


def test_ours_is_not_fooled() -> None:
    ours = PEERS.index(Ours)
    cells = [row[1 + ours] for row in lines_of_the_page()[2:]]
    assert not [cell for cell in cells if "**" in cell]
