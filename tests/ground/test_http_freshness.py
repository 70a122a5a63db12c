"""How long a document may be kept, by its HTTP headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client._core.http_caching import FOREVER, fresh_until, lifetime

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": ""}, None),
        ({"Cache-Control": "public"}, None),
        ({"Cache-Control": "s-maxage=5"}, None),
        ({"Cache-Control": "x-max-age=5"}, None),
        ({"Cache-Control": "max-age=5"}, 5),
        ({"Cache-Control": 'private, max-age="5"'}, 5),
        ({"Cache-Control": 'no-transform="max-age=9", max-age=5'}, 5),
        ({"Cache-Control": "max-age=5, max-age=9"}, 5),
        ({"Cache-Control": "max-age=-5"}, 0),
        ({"Cache-Control": "max-age"}, 0),
        ({"Cache-Control": "max-age=5", "Age": "2"}, 3),
        ({"Cache-Control": "max-age=5", "Age": "9"}, 0),
        ({"Cache-Control": "max-age=5", "Age": "old"}, 5),
        ({"Cache-Control": "NO-STORE, max-age=5"}, 0),
        ({"Cache-Control": f"max-age={'9' * 30}"}, FOREVER),
        ({"Expires": "Thu, 01 Jan 2026 00:00:05 GMT"}, 5),
        ({"Expires": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0),
        ({"Expires": "-1"}, 0),
        ({"Expires": "Thu, 01 Jan 2026 00:00:05 GMT", "Date": "nonsense"}, 5),
        ({"Expires": "Thu, 01 Jan 2026 00:00:05 GMT", "Date": "Thu, 01 Jan 2026 00:00:02 GMT"}, 3),
    ],
    ids=str,
)
def test_the_headers_say_for_how_long(headers: dict[str, str], seconds: float | None) -> None:
    assert lifetime(headers, NOW) == seconds


def test_floor_and_ceiling_hold() -> None:
    def until(headers: dict[str, str]) -> timedelta:
        return fresh_until(headers, NOW, unsaid=20, floor=10, ceiling=30) - NOW

    assert until({}) == timedelta(seconds=20)
    assert until({"Cache-Control": "no-store"}) == timedelta(seconds=10)
    assert until({"Cache-Control": "max-age=31"}) == timedelta(seconds=30)


@given(
    headers=st.dictionaries(
        st.sampled_from(["Cache-Control", "Age", "Expires", "Date"]),
        st.text(max_size=40) | st.from_regex(r"max-age=[0-9\"= ,]{0,30}", fullmatch=True),
    )
)
def test_whatever_the_headers_are_there_is_an_answer_within_the_bounds(headers: dict[str, str]) -> None:
    until = fresh_until(headers, NOW, unsaid=20, floor=10, ceiling=30)
    assert timedelta(seconds=10) <= until - NOW <= timedelta(seconds=30)
