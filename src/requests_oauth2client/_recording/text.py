"""A story as text, and as a Mermaid sequence diagram."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from .._core.message_redaction import form_lines
from .exchange import LANES, Exchange

WIDTH = 120
MOST_LINES = 24  # of a body: the page has all of it
INDENT = " " * 11
ALIASES = {"browser": "B", "application": "A", "authorization server": "S", "API": "R"}


def as_text(exchanges: Sequence[Exchange], left_out: int) -> str:
    """Return the exchanges with their parameters, outcomes and checks, a few lines each."""
    if not exchanges:
        return "Nothing was recorded: no client has sent anything.\n"
    lines = [f"{len(exchanges)} exchanges" if len(exchanges) != 1 else "1 exchange"]
    for one in exchanges:
        lines += ["", *_exchange(one)]
    if left_out:
        lines += ["", f"{left_out} further exchanges were left out."]
    problems = [(one.number, check) for one in exchanges for check in one.checks if not check.passed]
    if problems:
        lines += ["", "What failed:"]
        lines += [_wrapped(f"{number}. {check}: {check.problem}", "  ") for number, check in problems]
    return "\n".join(lines) + "\n"


def _exchange(one: Exchange) -> Iterator[str]:
    note = f"  [{one.note}]" if one.note else ""
    yield f"{one.number:3} {one.offset:6.3f} {one.source} → {one.target}{note}"
    address, _, query = one.url.partition("?")
    yield f"{INDENT}{one.method} {address}".rstrip()
    yield from _fields(query)
    yield from _fields(one.request_body)
    if one.outcome:
        took = "" if one.seconds is None else f"  ({one.seconds * 1000:.0f} ms)"
        yield f"{INDENT}← {one.outcome}{took}"
    yield from _fields(one.response_body)
    if one.error:
        yield _wrapped(f"✗ {one.error}", INDENT)
    for check in one.checks:
        yield _wrapped(f"✓ {check}" if check.passed else f"✗ {check}: {check.problem}", INDENT)


def _fields(text: str) -> Iterator[str]:
    lines = text.splitlines() if "\n" in text or text.startswith(("{", "[")) else form_lines(text)
    for line in lines[:MOST_LINES]:
        if line.strip():
            yield textwrap.shorten(line, WIDTH, placeholder="…") if len(line) > WIDTH else f"{INDENT}    {line}"
    if len(lines) > MOST_LINES:
        yield f"{INDENT}    …"


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def as_mermaid(exchanges: Sequence[Exchange]) -> str:
    """Return a sequence diagram that Mermaid draws."""
    used = {lane for one in exchanges for lane in (one.source, one.target)} or set(LANES)
    lines = ["sequenceDiagram"]
    lines += [f"    participant {ALIASES[lane]} as {lane.capitalize()}" for lane in LANES if lane in used]
    for one in exchanges:
        source, target = ALIASES[one.source], ALIASES[one.target]
        note = f" ({one.note})" if one.note else ""
        lines.append(f"    {source}->>{target}: {_safe(f'{one.number}. {one.method} {one.place}{note}')}")
        if one.outcome:
            lines.append(f"    {target}-->>{source}: {_safe(one.outcome)}")
        marks = [f"{'✓' if check.passed else '✗'} {check}" for check in one.checks]
        if marks:
            lines.append(f"    Note over {source},{target}: {'<br/>'.join(map(_safe, marks))}")
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """Return text that Mermaid shows as it is (its entity codes begin with #, its statements end with ;)."""
    escaped = text.replace("#", "#35;").replace("<", "#lt;").replace(">", "#gt;").replace("%%", "%")
    return escaped.replace("\n", " ").strip()[:300] if ";" not in text else _safe(text.replace(";", ","))
