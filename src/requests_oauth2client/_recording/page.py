"""A story as one page: a sequence diagram whose arrows open to the messages. HTML and CSS, no script, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .._core.message_redaction import form_lines
from .exchange import LANES, Check, Exchange, Headers
from .style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
NAMES = {"browser": "Browser", "application": "Application", "authorization server": "Authorization server"}
MOST_NAMED = 3  # checks that have passed are named beside the arrow; more of them are counted
REFUSED = 400  # the status from which an outcome stands out; a poll that has to wait is no failure
MOST_OPEN = 3  # exchanges with a failed check that are open at first


def as_page(exchanges: Sequence[Exchange], title: str, left_out: int) -> str:
    """Return the page."""
    failed = [one for one in exchanges if one.failed]
    is_open = {one.number for one in failed[-MOST_OPEN:]}
    rows = "\n".join(_row(one, is_open=one.number in is_open) for one in exchanges)
    lanes = "".join(f"<span>{NAMES.get(lane, lane)}</span>" for lane in LANES)
    rest = f'<p class="soft">{left_out} further exchanges were left out.</p>' if left_out else ""
    diagram = f'<section class="story"><div class="lanes">{lanes}</div>\n<div class="rows">\n{rows}\n</div></section>'
    empty = "<p>Nothing was recorded: no client has sent anything.</p>"
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n"
        f"<body><main><h1>{escape(title)}</h1>\n{_summary(exchanges, len(failed))}\n{_failures(failed)}\n"
        f"{diagram if exchanges else empty}\n{rest}</main></body></html>\n"
    )


def _summary(exchanges: Sequence[Exchange], failed: int) -> str:
    if not exchanges:
        return ""
    last = exchanges[-1]
    seconds = last.offset + (last.seconds or 0) - exchanges[0].offset
    count = f"{len(exchanges)} exchange{'' if len(exchanges) == 1 else 's'} in {seconds:.2f} s"
    outcome = f'<span class="bad">{failed} failed</span>' if failed else '<span class="good">no check failed</span>'
    return (
        f'<p>{count}, {outcome} <span class="soft">· {exchanges[0].started_at:%Y-%m-%d %H:%M:%S} UTC</span></p>'
        '<p class="soft">Open an arrow to see its messages and checks. *** stands for a secret.</p>'
    )


def _failures(failed: Sequence[Exchange]) -> str:
    if not failed:
        return ""
    items = "".join(f'<li><a href="#x{one.number}">Step {one.number}</a>: {text}</li>' for one in failed
                    for text in _problems(one))  # fmt: skip
    return f'<section class="failures"><b>What failed</b><ul>{items}</ul></section>'


def _problems(one: Exchange) -> Iterator[str]:
    for check in one.checks:
        if not check.passed:
            yield f"<b>{escape(str(check))}</b>. {escape(check.problem)}"
    if one.error:
        yield escape(one.error)


def _row(one: Exchange, *, is_open: bool) -> str:
    start, stop = LANES.index(one.source), LANES.index(one.target)
    low, high = sorted((start, stop))
    if start == stop:
        columns, there, back = f"{2 * low + 2} / span 1", "self", ""
    else:
        columns = f"{2 * low + 2} / {2 * high + 2}"
        there, back = ("right", "left") if stop > start else ("left", "right")
    note = f" <i>{escape(one.note)}</i>" if one.note else ""
    label = f'<span><span class="n">{one.number}</span> <b>{escape(one.method)}</b> {escape(one.place)}{note}</span>'
    style = f'style="grid-column: {columns}"'
    answer = f'<span class="arrow back {back}" {style}><span>{_outcome(one)}</span></span>' if one.outcome else ""
    return (
        f'<details id="x{one.number}" class="{"broken" if one.failed else "fine"}"{" open" if is_open else ""}>'
        f'<summary><span class="hidden">From {one.source} to {one.target}:</span>'
        f'<span class="label" {style}>{label}</span><span class="arrow {there}" {style}></span>{answer}'
        f"{_marks(one, style)}</summary>{_opened(one)}</details>"
    )


def _outcome(one: Exchange) -> str:
    took = "" if one.seconds is None else f" · {one.seconds * 1000:.0f} ms"
    is_refused = one.status is not None and one.status >= REFUSED
    return f'<span class="warn">{escape(one.outcome)}</span>{took}' if is_refused else f"{escape(one.outcome)}{took}"


def _marks(one: Exchange, style: str) -> str:
    """Return the failed checks by name, and how many have passed."""
    failed = [check for check in one.checks if not check.passed]
    passed = [check for check in one.checks if check.passed]
    marks = [f'<span class="bad">✗ {escape(str(check))}</span>' for check in failed]
    if passed:
        names = (
            ", ".join(check.name for check in passed) if len(passed) <= MOST_NAMED else f"{len(passed)} checks passed"
        )
        marks.append(f'<span class="good">✓ {escape(names)}</span>')
    return f'<span class="marks" {style}>{" ".join(marks)}</span>' if marks else ""


def _opened(one: Exchange) -> str:
    address, _, query = one.url.partition("?")
    request = _part("Request", f"{one.method} {address}", form_lines(query) if query else [],
                    one.request_headers, one.request_body)  # fmt: skip
    if one.status is not None:
        response = _part("Response", one.outcome, [], one.response_headers, one.response_body)
    elif one.error:
        response = f'<div><h2>No response</h2><pre class="bad">{escape(one.error)}</pre></div>'
    else:
        response = ""
    pair = f'<div class="pair">{request}{response}</div>' if response else request
    times = f"Sent at {one.started_at:%H:%M:%S.%f} UTC, {one.offset:.3f} s after the beginning"
    if one.seconds is not None and one.outcome:
        times += f"; answered after {one.seconds * 1000:.1f} ms"
    return f'<div class="open">{_checks(one.checks)}{pair}<p class="times">{times}.</p></div>'


def _checks(checks: Sequence[Check]) -> str:
    items = "".join(
        f'<li class="{"good" if check.passed else "bad"}">{"✓" if check.passed else "✗"} {escape(check.name)}'
        f' <span class="soft">{escape(check.clause)}</span>{" — " if check.problem else ""}{escape(check.problem)}</li>'
        for check in checks
    )
    return f'<h2>Checks</h2><ul class="checks">{items}</ul>' if items else ""


def _part(name: str, first: str, parameters: Sequence[str], headers: Headers, body: str) -> str:
    lines = [first.strip(), *(f"    {one}" for one in parameters)]
    shown = f"<h2>{name}</h2><pre>{escape(chr(10).join(lines))}</pre>"
    if headers:
        shown += f"<pre>{escape(chr(10).join(f'{one}: {value}' for one, value in headers))}</pre>"
    if body:
        text = body if "\n" in body or body.startswith(("{", "[", "(")) or "=" not in body else _form(body)
        shown += f"<pre>{escape(text)}</pre>"
    return f"<div>{shown}</div>"


def _form(body: str) -> str:
    return "\n".join(form_lines(body)) if " " not in body.strip() else body
