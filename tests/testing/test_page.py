"""docs/testing.md lists what there is: `python -m tests.testing.test_page` writes its table."""

from __future__ import annotations

from pathlib import Path

from requests_oauth2client.testing import MISBEHAVIORS

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
HEAD = "| Name | What the server does | What a good client does |\n|---|---|---|\n"


def table() -> str:
    return "".join(f"| `{one.name}` | {one.what} | {one.good_client} |\n" for one in MISBEHAVIORS.values())


def test_every_misbehavior_is_listed() -> None:
    assert f"{HEAD}{table()}\n" in PAGE.read_text()


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(HEAD)
    PAGE.write_text(f"{before}{HEAD}{table()}\n{rest[rest.index('### What client') :]}")
