"""HTTP messages as rules see them: forms, JSON from outside, decoded bodies."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import answer
from requests_oauth2client._core.messages import (
    ACCEPT_ENCODING,
    JSON_DEPTH,
    Body,
    Form,
    Request,
    form_values,
    is_success,
    media_type,
    parse_json,
    parse_json_object,
    read_json_object,
    read_oauth_error,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=10,
)

# --- JSON


@given(json_values)
def test_json_comes_back_as_it_went(value: Any) -> None:
    text = json.dumps(value)
    assert parse_json(text) == parse_json(text.encode()) == parse_json(b"\xef\xbb\xbf" + text.encode()) == value


@given(st.binary() | st.text())
def test_whatever_comes_is_json_or_a_value_error(text: bytes | str) -> None:
    try:
        parse_json(text)
    except ValueError as wrong:
        said = str(wrong)
    else:
        return
    assert said.startswith("it ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("{'a': 1}", "no JSON"),
        ("{} {}", "no JSON"),
        ("NaN", "NaN, which is no JSON"),
        ('{"a": -Infinity}', "-Infinity, which is no JSON"),
        (b"\xff", "not UTF-8"),
        ('{"a": 1, "a": 1}', r"repeats the members \['a'\]"),
        ('[{"b": {"a": 1, "c": 2, "a": 3}}]', r"repeats the members \['a'\]"),
        ("[" * 33 + "]" * 33, "nested deeper than 32"),
        ("[" * 100_000, "nested deeper|no JSON"),
        ('{"a":' * 50_000, "nested deeper|no JSON"),
        ("9" * 5_000, "a number of 5000 digits"),
    ],
)
def test_what_is_wrong_with_json_is_said(text: bytes | str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_json(text)


@pytest.mark.parametrize("depth", [1, JSON_DEPTH])
def test_json_may_be_as_deep_as_the_limit(depth: int) -> None:
    assert parse_json("[" * depth + "]" * depth) is not None


def test_many_members_with_one_repeated_are_refused_in_no_time() -> None:
    members = ",".join(f'"m{n}":0' for n in range(100_000))
    with pytest.raises(ValueError, match=r"\['m7'\]"):
        parse_json(f'{{{members},"m7":1}}')


def test_the_text_is_not_quoted() -> None:
    for text in ('{"access_token": "planted', "planted", '"planted', b"planted\xff"):
        with pytest.raises(ValueError, match="it ") as caught:
            parse_json(text)
        assert "planted" not in str(caught.value)
        assert "planted" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("[]", "array"), ('"x"', "string"), ("true", "boolean"), ("1", "number"), ("1.5", "number"), ("null", "null")],
)
def test_what_is_no_object_says_what_it_is(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match=f"it is a JSON {kind}, not an object"):
        parse_json_object(text)


# --- answers


@pytest.mark.parametrize(
    "kind",
    [None, "application/json", "Application/JSON; charset=utf-8", "application/jrd+json", "application/x+json;a"],
)
def test_an_answer_may_say_json_in_many_ways(kind: str | None) -> None:
    assert read_json_object(answer('{"a": 1}', **({"Content_Type": kind} if kind else {}))) == {"a": 1}


@pytest.mark.parametrize("kind", ["text/html", "text/json", "application/xml", "application/jsonp", "json"])
def test_json_is_read_whatever_it_is_called(kind: str) -> None:
    assert read_json_object(answer('{"a": 1}', Content_Type=kind)) == {"a": 1}
    with pytest.raises(ValueError, match=f"Content-Type is '{kind}', expected 'application/json'"):
        read_json_object(answer("<p>no JSON</p>", Content_Type=kind))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"error": "x", "a": 1}, {"error": "x", "a": 1}),
        ({"error": ""}, None),
        ({"error": 7}, None),
        ({"error": {"code": "x"}}, None),
        ({}, None),
        (["error"], None),
        ("<html>", None),
        (b"", None),
    ],
)
def test_an_oauth_error_is_an_object_with_an_error_code(body: Any, found: Any) -> None:
    assert read_oauth_error(answer(body, 400)) == found


def test_an_oauth_error_is_read_whatever_its_type() -> None:
    assert read_oauth_error(answer('{"error": "x"}', 400, Content_Type="text/html")) == {"error": "x"}


@pytest.mark.parametrize(("status", "success"), [(199, False), (200, True), (299, True), (300, False), (404, False)])
def test_success_is_2xx(status: int, success: bool) -> None:
    assert is_success(answer(status=status)) is success


def test_a_media_type_has_no_parameters() -> None:
    assert media_type(answer(Content_Type=" Text/HTML ; charset=x")) == "text/html"
    assert media_type(answer()) is None


# --- forms and requests


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a b", ["a b"]),
        (b"bytes", ["bytes"]),
        (True, ["true"]),
        (False, ["false"]),
        (7, ["7"]),
        (["a", 7, None], ["a", "7"]),
        (("a", "b"), ["a", "b"]),
        ((n for n in "ab"), ["a", "b"]),
        ([], []),
        ({"a": [1]}, ['{"a":[1]}']),
        ([{"a": 1}, {"b": 2}], ['[{"a":1},{"b":2}]']),
    ],
)
def test_a_field_has_texts(value: Any, texts: list[str]) -> None:
    assert form_values(value) == texts


def test_a_token_is_one_text_although_it_can_be_iterated() -> None:
    from requests_oauth2client import BearerToken

    assert form_values(BearerToken("t")) == ["t"]


def test_fields_that_are_none_are_left_out_and_later_ones_win() -> None:
    assert Form({"a": 1, "b": None}, {"a": 2}, c=None, d="x") == {"a": 2, "d": "x"}


def test_a_form_is_encoded_as_a_form() -> None:
    assert Form(a="x y&z=é", b=["1", "2"], c=[]).encode() == b"a=x+y%26z%3D%C3%A9&b=1&b=2"


def test_a_request_shows_no_value() -> None:
    request = Request(url="https://as.local/", headers={"Authorization": "planted"}, form=Form(code="planted"))
    request = request.with_fields(code_verifier="planted").with_headers(DPoP="planted")
    assert "planted" not in repr(request)
    assert "Form(code, code_verifier)" in repr(request)
    assert request.body == b"code=planted&code_verifier=planted"


def test_changing_a_request_makes_another_one() -> None:
    first = Request(url="https://as.local/", form=Form(a="1"), headers={"X": "1"})
    second = first.with_fields(b="2", a=None).with_headers(Y="2")
    assert (first.form, first.headers) == ({"a": "1"}, {"X": "1"})
    assert (second.form, second.headers) == ({"a": "1", "b": "2"}, {"X": "1", "Y": "2"})


def test_a_request_without_a_form_has_no_body() -> None:
    assert Request(url="https://as.local/", method="GET").body is None


# --- bodies

DATA = b"x" * 500 + bytes(range(256))
CODED = {None: DATA, "identity": DATA, "gzip": gzip.compress(DATA), "GZIP ": gzip.compress(DATA),
         "deflate": zlib.compress(DATA)}  # fmt: skip


def read(coding: str | None, data: bytes, limit: int = 10_000, size: int = 7) -> Body:
    body = Body(coding, limit)
    for start in range(0, len(data), size):
        if body.wants_more:
            body.add(data[start : start + size])
    body.end()
    return body


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("coding", CODED)
def test_a_body_is_decoded(coding: str | None, size: int) -> None:
    body = read(coding, CODED[coding], len(DATA), size)
    assert (body.content, body.problem, body.is_too_large) == (DATA, None, False)


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("coding", CODED)
def test_a_body_stops_one_byte_after_its_limit(coding: str | None, size: int) -> None:
    body = read(coding, CODED[coding], len(DATA) - 1, size)
    assert body.is_too_large
    assert body.content == DATA


def test_a_bomb_does_not_go_off() -> None:
    body = read("gzip", gzip.compress(bytes(10_000_000)), 1000, 10_000)
    assert (len(body.content), body.is_too_large, body.problem) == (1001, True, None)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_compression_that_breaks_off_is_one(cut: int) -> None:
    assert read("gzip", gzip.compress(b"hello")[:-cut]).problem == "its compression breaks off"


def test_an_empty_body_needs_no_compression() -> None:
    assert read("gzip", b"").problem is None


def test_a_broken_compression_is_one() -> None:
    assert read("gzip", b"this is no gzip").problem == "its compression is broken"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x\r\ny"])
def test_another_coding_is_refused(coding: str) -> None:
    body = read(coding, b"{}")
    assert body.problem is not None
    assert "not asked for" in body.problem
    assert "\n" not in body.problem


def test_only_what_can_be_decoded_is_asked_for() -> None:
    assert {Body(coding.strip(), 1).problem for coding in ACCEPT_ENCODING.split(",")} == {None}


@given(st.binary(), st.sampled_from([None, "gzip", "deflate"]), st.integers(0, 100))
def test_any_bytes_are_a_body_or_a_problem(data: bytes, coding: str | None, limit: int) -> None:
    assert len(read(coding, data, limit).content) <= limit + 1
