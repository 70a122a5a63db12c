"""Whatever bytes come from outside, only documented exceptions come out: the table of `fuzz.parsers`, with hypothesis.

The bytes are what a parser takes, cut, repeated and mixed; bytes of no form at all are tried where each parser has
its own tests. `python -m fuzz` does the same with atheris.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.parsers import PARSERS, check

NAMES = sorted(PARSERS)
PIECES = st.sampled_from(
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"-1",
        b"1e999",
        b'""',
        b"\\ud800",
        b"\x00",
        b"\xff",
        b"%00",
        b".",
        b"&",
        b"=",
        b",",
        b'"',
    ]
)


@st.composite
def spoiled(draw: Any, seeds: tuple[bytes, ...]) -> bytes:
    """Bytes that were right, until somebody put others in."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        inside = draw(PIECES | st.binary(max_size=8) | st.just(data[start:end] * 2))
        data = data[:start] + inside + data[end if draw(st.booleans()) else start :]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_taken(name: str) -> None:
    parser = PARSERS[name]
    assert check(parser, parser.seeds[0])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_only_documented_exceptions_come_out(name: str, data: Any) -> None:
    check(PARSERS[name], data.draw(spoiled(PARSERS[name].seeds)))


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in NAMES for number in range(len(PARSERS[name].too_much))]
)
def test_what_is_beyond_a_limit_is_refused(name: str, number: int) -> None:
    assert not check(PARSERS[name], PARSERS[name].too_much[number])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Retry-After", b"1\x1f"),
        ("logout callback", b"https://app.go.c[l?state=s"),
        ("front-channel logout", b"https://app.l]?iss=https://as.local&sid=1"),
        ("client information response", b'\x04{"client_id":"c","client_secret":"s","redirect_uris":5}'),
        ("client information response", b'\x04{"client_id":"c","client_secret":"s","redirect_uris":{"a":1}}'),
        ("client information response", b'\x04{"client_id":"c","client_secret":"s","jwks_uri":5}'),
    ],
)
def test_what_was_found_by_fuzzing_stays_mended(name: str, data: bytes) -> None:
    check(PARSERS[name], data)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_at_all_gives_documented_exceptions_too(name: str) -> None:
    check(PARSERS[name], b"")
