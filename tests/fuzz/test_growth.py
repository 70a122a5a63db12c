"""An error's text costs what its length says: no text of others keeps this process busy."""

from __future__ import annotations

import pytest

from fuzz.growth import READERS, grows_too_fast

PIECES = """a a- - _ "a" " ' \\ \\" a= code= code=" token: "token": [ { [[ < <a> <token> <! eyJ eyJ. a. . / // http://
    https://a/ http x.y/ a1a1a1a1a1a1a1a1a1a1a1a1 basic bearer %22 %3D = => \x1b[ \x1b[0 \x1b] \x1b \u200b \u202ea "a",
    "token", name= value= ~ token\\" token[" token{"a": \u00e9 0 a=[ a@ //a@ a, a=" \U000e0061 \x00""".split()
PIECES += [
    " ",
    "  a",
    "a ",
    "<a ",
    "<input name=",
    "bearer a ",
    "id: a1a1a1a1a1a1a1a1a1a1a1 ",
    "\n",
    "token\n",
    "token [",
]
BEGINNINGS = ["", "code=", '"token":"', "<", "https://", "bearer ", 'Bearer error="', "[", "a "]


def slow(name: str, beginnings: list[str], endings: tuple[str, ...] = ("",)) -> dict[tuple[str, str, str], float]:
    tried = ((begin, piece, end) for begin in beginnings for piece in PIECES for end in endings)
    found = {case: grows_too_fast(name, *case) for case in tried}
    return {case: ratio for case, ratio in found.items() if ratio is not None}


@pytest.mark.parametrize("name", READERS)
def test_the_time_for_a_text_grows_with_its_length(name: str) -> None:
    assert slow(name, [""]) == {}


def test_the_time_for_an_excerpt_grows_with_its_length_however_it_begins() -> None:
    assert slow("excerpt", BEGINNINGS, ("", "\x01", '"')) == {}


def test_what_grows_too_fast_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def quadratic(text: str) -> None:
        for length in range(0, len(text), 1):
            text[:length].count("b" * 2)

    monkeypatch.setitem(READERS, "quadratic", (quadratic, 1 << 14))
    assert (grows_too_fast("quadratic", "", "a", "") or 0) > 9
