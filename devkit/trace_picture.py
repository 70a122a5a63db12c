"""Draws docs/trace.svg, the picture in README: `python -m devkit.trace_picture`, from what the recorder has recorded.

A login, a call of an API, and a callback that belongs to another login. One file for light and dark, without script.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from requests_oauth2client import ApiClient, MismatchingState, OAuth2Client, recording
from requests_oauth2client.recorder import Story
from requests_oauth2client.testing import AuthorizationServer, ReceivedRequest, ServerResponse, transports

FILE = Path(__file__).parent.parent / "docs" / "trace.svg"
ISSUER, API, SITE = "https://as.example.com", "https://api.example.com", "https://app.example.com"
LANES = {"browser": 90, "application": 320, "authorization server": 590, "API": 800}
WIDTH, TOP, LINE, GAP = 880, 52, 16, 14  # pixels
MOST_NAMED = 4  # checks
STYLE = """
  svg { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif }
  .page { fill: #fff } .text { fill: #1f2328 } .soft { fill: #59636e } .good { fill: #1a7f37 } .bad { fill: #d1242f }
  .lane { stroke: #d1d9e0; stroke-width: 1 } .arrow { stroke: #0969da; stroke-width: 1.5; fill: none }
  .back { stroke: #818b98; stroke-width: 1.2; stroke-dasharray: 4 3; fill: none } .wrong { stroke: #d1242f }
  text { paint-order: stroke; stroke: #fff; stroke-width: 4px; stroke-linejoin: round }
  .head { fill: #0969da } .tail { fill: #818b98 } .wronghead { fill: #d1242f } .name { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #f0f6fc } .soft { fill: #9198a1 } .good { fill: #3fb950 }
    .bad { fill: #f85149 }
    .lane { stroke: #3d444d } .arrow { stroke: #4493f8 } .back { stroke: #7d8590 } .wrong { stroke: #f85149 }
    text { stroke: #0d1117 }
    .head { fill: #4493f8 } .tail { fill: #7d8590 } .wronghead { fill: #f85149 }
  }
"""


@dataclass
class Things:
    """The API of the picture."""

    issuer: str = API

    def handle(self, _request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        return ServerResponse(headers={"Content-Type": "application/json"}, body=b'["lamp", "chair"]')


def play() -> Story:
    """Log in, call an API, and get the callback of another login."""
    with (
        AuthorizationServer(ISSUER).installed() as server,
        transports.installed(cast("Any", Things())),
        recording() as story,
    ):
        client = OAuth2Client(issuer=ISSUER, auth=("my-app", "my-secret"), redirect_uri=f"{SITE}/callback")
        client.discover()
        request = client.authorization_request(scope="openid email")
        callback = server.log_in(request)
        token = client.authorization_code(request.validate_callback(callback))
        ApiClient(API, auth=token).get("things")
        in_another_tab = server.log_in(client.authorization_request(scope="openid email"))
        try:
            request.validate_callback(in_another_tab)
        except MismatchingState:
            return story
    raise AssertionError


def draw(story: Story) -> str:
    """Return the picture of a story."""
    rows: list[str] = []
    y = TOP + 22
    for exchange in story.exchanges:
        lines, y = _row(exchange, y)
        rows += lines
    height = y + 4
    lanes = "".join(
        f'<line class="lane" x1="{x}" y1="{TOP - 14}" x2="{x}" y2="{height - 12}"/>'
        f'<text class="text name" text-anchor="middle" x="{x}" y="{TOP - 24}">{name[:1].upper()}{name[1:]}</text>'
        for name, x in LANES.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-labelledby="title"><title id="title">A recorded login: each exchange, and each check'
        f" with its clause</title>\n<style>{STYLE}</style>\n"
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>\n'
        f"{lanes}\n" + "\n".join(rows) + "\n</svg>\n"
    )


def _row(exchange: Any, y: int) -> tuple[list[str], int]:
    """Draw an exchange; return its lines, and where the next one begins."""
    start, end = LANES[exchange.source], LANES[exchange.target]
    middle = (start + end) / 2
    wrong = exchange.failed
    path = urlsplit(exchange.url).path.replace("/.well-known/oauth-authorization-server", "/.well-known/…")
    note = f" · {exchange.note}" if exchange.note else ""
    label = f"{exchange.method} {path}{note}"
    lines = [
        f'<text class="text" text-anchor="middle" x="{middle}" y="{y}">{escape(label)}</text>',
        _arrow(start, end, y + 8, "arrow wrong" if wrong else "arrow", "wronghead" if wrong else "head"),
    ]
    y += 8
    if exchange.outcome:
        y += LINE + 6
        lines.append(
            f'<text class="soft" text-anchor="middle" x="{middle}" y="{y - 5}">{escape(exchange.outcome)}</text>'
        )
        lines.append(_arrow(end, start, y, "back", "tail"))
    for style, text in _checks(exchange):
        y += LINE
        lines.append(f'<text class="{style}" text-anchor="middle" x="{middle}" y="{y}">{escape(text)}</text>')
    return lines, y + LINE + GAP


def _checks(exchange: Any) -> Iterator[tuple[str, str]]:
    passed = [check for check in exchange.checks if check.passed]
    if len(passed) > MOST_NAMED:
        names = [check.name.partition(":")[0] for check in passed]
        half = (len(names) + 1) // 2
        yield "good", "✓ " + ", ".join(names[:half]) + ","
        yield "good", ", ".join(names[half:])
    else:
        yield from (("good", f"✓ {check}") for check in passed)
    yield from (("bad", f"✗ {check}: another state than the one sent") for check in exchange.checks if not check.passed)


def _arrow(start: float, end: float, y: int, line: str, head: str) -> str:
    step = -7 if end > start else 7
    tip = f"{end},{y} {end + step},{y - 4} {end + step},{y + 4}"
    return f'<path class="{line}" d="M{start} {y}H{end + step}"/><polygon class="{head}" points="{tip}"/>'


if __name__ == "__main__":
    FILE.write_text(draw(play()), encoding="utf-8")
