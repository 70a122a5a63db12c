"""The one comparison of secrets: right for whatever comes from outside, and the only one there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from requests_oauth2client._core.compare import is_same_secret

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize(
    ("received", "expected"),
    [("a", "a"), (b"a", b"a"), ("é", "é".encode()), (b"a", "a"), ("\ud800", "\ud800")],
)
def test_what_is_equal_is_the_same(received: Any, expected: Any) -> None:
    assert is_same_secret(received, expected)


@pytest.mark.parametrize("received", ["b", "", "aa", "\ud800", "?", b"b", None, 1, True, ["a"], bytearray(b"a")])
def test_anything_else_is_another_value(received: Any) -> None:
    assert not is_same_secret(received, "a")


def test_half_a_character_is_no_question_mark() -> None:
    assert not is_same_secret("\ud800", "?")
    assert not is_same_secret("?", "\ud800")


def test_secrets_are_compared_in_one_place() -> None:
    users = [path.name for path in SOURCE.rglob("*.py") if "compare_digest" in path.read_text(encoding="utf-8")]
    assert users == ["compare.py"]
