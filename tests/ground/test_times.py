"""Moments and lifetimes: aware, UTC, whole seconds; nonsense is unknown, and nothing overflows."""

import math
import os
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import example, given
from hypothesis import strategies as st

from requests_oauth2client._core.times import FOREVER, UTC, after, expiry, is_past, moment, now, remaining, seconds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@freeze_time(NOON)
def test_the_clock_is_read_when_it_is_asked() -> None:
    assert now() == NOON
    assert now().tzinfo == UTC


@pytest.mark.parametrize(
    ("value", "number"),
    [(60, 60), (60.5, 60.5), ("60", 60), ("60.5", 60.5), (" 7 ", 7), (-1, -1), ("-1", -1), (0, 0)],
)
def test_a_number_of_seconds_is_read(value: Any, number: float) -> None:
    assert seconds(value) == number


@pytest.mark.parametrize(
    "value", [None, True, False, "", "soon", [], {}, "nan", "inf", math.inf, math.nan, "1e999", 10**400, b"60"]
)
def test_nonsense_is_no_number_of_seconds(value: Any) -> None:
    assert seconds(value) is None


@freeze_time(NOON)
@pytest.mark.parametrize(("value", "lifetime"), [(60, 60), ("60", 60), (60.9, 60), (0, 0), (-60, -60), (-0.5, -1)])
def test_a_lifetime_begins_now(value: Any, lifetime: int) -> None:
    assert after(value) == NOON + timedelta(seconds=lifetime)


@freeze_time(NOON)
def test_a_lifetime_without_end_is_forever_and_one_long_past_is_over() -> None:
    assert after(1e300) == FOREVER
    assert after("9" * 30) == FOREVER
    assert after(-1e300) == NOON


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (NOON, NOON),
        (NOON.replace(microsecond=7), NOON),
        (NOON.astimezone(timezone(timedelta(hours=5))), NOON),
        (NOON.timestamp(), NOON),
        (str(int(NOON.timestamp())), NOON),
        ("2026-01-01T12:00:00+00:00", NOON),
        ("2026-01-01T13:00:00+01:00", NOON),
        ("2026-01-01T12:00:00Z", NOON),
        (1e300, FOREVER),
        (-1e300, None),
        ("9999-12-31T23:59:59-23:59", FOREVER),
        ("0001-01-01T00:00:00+23:59", None),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), FOREVER),
        ("soon", None),
        (None, None),
        ([], None),
        (True, None),
    ],
)
def test_a_moment_is_read_from_what_people_store(value: Any, found: datetime | None) -> None:
    assert moment(value) == found


def test_a_naive_datetime_is_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment(datetime(2026, 1, 1, 21)) == NOON  # noqa: DTZ001  naive on purpose
    finally:
        monkeypatch.undo()
        time.tzset()


@freeze_time(NOON)
def test_when_something_expires_wins_over_in_how_long() -> None:
    assert expiry(NOON, 60) == NOON
    assert expiry(None, 60) == expiry("nonsense", 60) == NOON + timedelta(seconds=60)
    assert expiry(None, None) is expiry(None, "nonsense") is None


def test_what_remains_is_rounded_up_and_counts_down() -> None:
    end = NOON + timedelta(seconds=60)
    left = []
    with freeze_time(NOON) as clock:
        for step in (0, 0.5, 60, 1):
            clock.tick(step)
            left.append(remaining(end))
    assert left == [60, 60, 0, -1]
    assert remaining(None) is None


@freeze_time(NOON)
@pytest.mark.parametrize(
    ("left", "leeway", "past"),
    [(1, 0, False), (0, 0, True), (-1, 0, True), (20, 20, True), (21, 20, False), (-5, -10, False)],
)
def test_a_positive_leeway_makes_it_past_earlier(left: int, leeway: int, past: bool) -> None:
    assert is_past(NOON + timedelta(seconds=left), leeway) is past


def test_an_unknown_end_is_neither() -> None:
    assert is_past(None) is None


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes() | st.datetimes().map(str)


@given(values, values)
@example("9999-12-31T23:59:59-23:59", None)
def test_whatever_is_given_is_a_moment_or_unknown(expires_at: Any, expires_in: Any) -> None:
    found = expiry(expires_at, expires_in)
    assert found is None or (found.tzinfo == UTC and found.microsecond == 0)
    assert found is None or isinstance(remaining(found), int)
