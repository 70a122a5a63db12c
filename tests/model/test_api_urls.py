"""Where calls to an API go, what becomes of their fields, and what a redirect takes along."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import httpx2
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client._api.fields import FieldRules, InvalidBoolFieldsParam, InvalidNoneFieldsParam
from requests_oauth2client._api.urls import (
    ApiRoot,
    InvalidPathParam,
    InvalidRedirect,
    redirect_headers,
    redirect_method,
    redirect_url,
    with_query,
)
from requests_oauth2client._core.urls import origin
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.utils import InvalidUri

ROOT = "https://h/root"


class Url:
    """Some library's URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __str__(self) -> str:
        return self.url


BELOW = [
    ("x", "/x"),
    ("/x", "/x"),
    (b"x", "/x"),
    (b"/caf\xc3\xa9", "/caf%C3%A9"),
    ("x/", "/x/"),
    ("/", "/"),
    ("x/y/z", "/x/y/z"),
    ("x y", "/x%20y"),
    ("café", "/caf%C3%A9"),
    ("caf%c3%a9", "/caf%C3%A9"),
    ("%41b", "/Ab"),
    ("100%", "/100%25"),
    ("./x", "/x"),
    ("x/.", "/x/"),
    ("...", "/..."),
    ("x..y", "/x..y"),
    ("urn:a:b", "/urn:a:b"),
    ("a@b", "/a@b"),
    (("users", 42), "/users/42"),
    (["a", b"b", 3], "/a/b/3"),
    (("a b", "c/d", "e?f", "g#h", "%20"), "/a%20b/c%2Fd/e%3Ff/g%23h/%2520"),
    ((b"\xff", "é", "a\\b"), "/%FF/%C3%A9/a%5Cb"),
    (("x", ""), "/x/"),
    ((str(i) for i in range(3)), "/0/1/2"),
    ((UUID(int=0),), "/00000000-0000-0000-0000-000000000000"),
    ("users?page=2&q=a b", "/users?page=2&q=a%20b"),
    ("?page=2", "?page=2"),
    ("x?", "/x"),
    ("x?next=../..&u=//h", "/x?next=../..&u=//h"),
]


@pytest.mark.parametrize(("path", "expected"), BELOW)
def test_a_path_is_below_the_root(path: Any, expected: str) -> None:
    assert ApiRoot(ROOT).url(path) == f"{ROOT}{expected}"


@pytest.mark.parametrize("nothing", [None, "", b"", [], [""]])
@pytest.mark.parametrize("root", ["https://h/root", "https://h/root/", "https://h", "https://h/"])
def test_nothing_is_the_root_as_given(root: str, nothing: Any) -> None:
    assert ApiRoot(root).url(nothing) == root


@pytest.mark.parametrize("root", ["https://h/root", "https://h/root/"])
def test_a_slash_at_the_end_of_the_root_makes_no_difference(root: str) -> None:
    assert ApiRoot(root).url("x") == ApiRoot(root).url("/x") == "https://h/root/x"


FULL = [
    ("https://h/root", "https://h/root", True),
    ("https://h/root/", "https://h/root/", True),
    ("https://h/root/x?a=b", "https://h/root/x?a=b", True),
    (b"https://h/root/x", "https://h/root/x", True),
    (Url("https://h/root/x"), "https://h/root/x", True),
    ("HTTPS://H/root/x", "https://H/root/x", True),
    ("https://h:443/root/x", "https://h:443/root/x", True),
    ("https://h/%72oot/x", "https://h/root/x", True),
    ("https://h/root2", "https://h/root2", False),
    ("https://h/Root/x", "https://h/Root/x", False),
    ("https://h/root%2Fx", "https://h/root%2Fx", False),
    ("https://h/root;x", "https://h/root;x", False),
    ("https://h/", "https://h/", False),
    ("https://h", "https://h", False),
    ("http://h/root/x", "http://h/root/x", False),
    ("https://h:8443/root/x", "https://h:8443/root/x", False),
    ("https://h.example/root/x", "https://h.example/root/x", False),
    ("https://h./root/x", "https://h./root/x", False),
    ("https://elsewhere/x y", "https://elsewhere/x%20y", False),
    ("https://trusted.example/x", "https://trusted.example/x", True),
    ("http://trusted.example/x", "http://trusted.example/x", False),
]


@pytest.mark.parametrize(("path", "expected", "trusted"), FULL)
def test_a_full_url_stands_for_itself_and_is_trusted_inside_the_root_or_at_a_trusted_origin(
    path: Any, expected: str, *, trusted: bool
) -> None:
    root = ApiRoot(ROOT, ["https://trusted.example"])
    assert root.url(path) == expected
    assert root.trusts(expected) is trusted


REFUSED = [
    "..",
    "../x",
    "/..",
    "x/../..",
    "x/../y",
    "x/..",
    "%2e%2e/x",
    "%2E./x",
    ".%2e",
    "..%2fx",
    "..%5cx",
    "x%2f..%2fy",
    "%252e%252e/x",
    "%25252e%25252e/x",
    "..;/x",
    "..;a=b/x",
    "..%20/x",
    " ..",
    "//host",
    "//host/x",
    "///x",
    "/\\host",
    "\\\\host",
    "x\\y",
    " x",
    "\u3000x",
    " https://host/x",
    "\thttps://host/x",
    "x\r\nHost: evil",
    "x\x00",
    "x%00y",
    "x%0d%0ay",
    "x\x7f",
    "x\x85",
    "x?a=\n",
    "x#y",
    "https://h/root/../x",
    "https://h/root/%2e%2e/x",
    "https://h\\@evil/root",
    "https://user:word@h/root/x",
    "https://h@evil/root/x",
    "https:evil",
    "https:/evil",
    "https://",
    "https:///x",
    "https://h:port/x",
    "https://ho st/x",
    "ftp://h/root/x",
    "file:///etc/hosts",
    "javascript://h/root/x",
    b"\xff",
    "\ud800",
    ("..",),
    ("x", "..", "y"),
    (".",),
    (b"..",),
    ("../x",),
    ("..\\x",),
    ("%2e%2e",),
    ("x\r\ny",),
    ("", "", "host"),
    ("x", None),
    ("x", True),
    ("x", 1.5),
    ("x", ["y"]),
    ("\ud800",),
    42,
    {"x": "y"},
    object(),
    Url("x"),
    Url("//host"),
]


@pytest.mark.parametrize("path", REFUSED, ids=lambda value: repr(value).split(" at 0x")[0])
def test_what_would_leave_the_root_otherwise_is_refused(path: Any) -> None:
    with pytest.raises(InvalidPathParam) as refused:
        ApiRoot(ROOT).url(path)
    assert refused.value.path is path or refused.value.path == path
    assert isinstance(refused.value, TypeError)
    assert isinstance(refused.value, ValueError)


def test_a_refusal_shows_no_query_and_no_password() -> None:
    for path in ("../x?key=s3cr3t", "https://user:s3cr3t@h/root"):
        with pytest.raises(InvalidPathParam) as refused:
            ApiRoot(ROOT).url(path)
        assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    "root",
    ["", "x", "/x", "ftp://h/x", "https://", "https://h/x?a=b", "https://h/x#y", "https://u:p@h/x", "https://h/.."],
)
def test_a_root_must_be_a_plain_url(root: str) -> None:
    with pytest.raises(InvalidUri):
        ApiRoot(root)


@pytest.mark.parametrize("path", ["x", "", None, ("x",)])
def test_without_a_root_there_are_full_urls_only(path: Any) -> None:
    assert ApiRoot().url("https://h/x") == "https://h/x"
    assert not ApiRoot().trusts("https://h/x")
    with pytest.raises(InvalidPathParam, match="no base_url"):
        ApiRoot().url(path)


def test_a_part_of_an_api_is_a_root_that_trusts_what_the_whole_does() -> None:
    users = ApiRoot(ROOT, ["https://trusted.example"]).below("users")
    assert users.url() == f"{ROOT}/users"
    assert users.below(("a/b", 1)).url("x") == f"{ROOT}/users/a%2Fb/1/x"
    assert users.trusts(f"{ROOT}/groups")
    assert users.trusts("https://trusted.example/")
    assert not users.trusts("https://h/")


@pytest.mark.parametrize("path", ["..", "https://h/root/x", "https://evil/", "//evil", "x?a=b"])
def test_a_part_of_an_api_is_below_it(path: str) -> None:
    with pytest.raises(InvalidPathParam):
        ApiRoot(ROOT).below(path)


@pytest.mark.parametrize("trusted", ["https://h/path", "h", "https://*.example", "https://u:p@h", "https://h?x"])
def test_a_trusted_origin_is_an_origin(trusted: str) -> None:
    if trusted == "https://*.example":
        assert not ApiRoot(ROOT, [trusted]).trusts("https://x.example/")
    else:
        with pytest.raises(InvalidUri):
            ApiRoot(ROOT, [trusted])


# --- what really goes on the wire


ALPHABET = (
    r"/ . .. // \ % %2e %2E %2f %5c %252e ; ? # @ : é x root h https:// http: [ ]".split(),
    [" ", "\r\n", "\x00", "\t", "\x85", "\u2028", "\uff0e", "\ud800"],
)
PIECES = st.lists(st.sampled_from([*ALPHABET[0], *ALPHABET[1]]) | st.text(max_size=5), max_size=8).map("".join)
ITEMS = st.one_of(PIECES, st.binary(max_size=6), st.integers())
PATHS = st.one_of(PIECES, st.binary(max_size=20), st.lists(ITEMS, max_size=4), PIECES.map(lambda text: f"{ROOT}{text}"))


def is_inside(url: str) -> bool:
    """Tell whether a URL is inside the root, however often a server decodes it."""
    parts = urlsplit(url)
    if (parts.scheme, parts.netloc) != ("https", "h"):
        return False
    path = parts.path
    for _ in range(3):
        if not (path == "/root" or path.startswith(("/root/", "/root?"))):
            return False
        if ".." in path.replace("\\", "/").split("/"):
            return False
        path = unquote(path)
    return True


def on_the_wire(url: str) -> set[str]:
    """Return what requests and httpx2 make of a URL."""
    prepared = requests.Request("GET", url).prepare()
    return {str(prepared.url), str(httpx2.Request("GET", url).url)}


@given(path=PATHS)
def test_each_path_stays_inside_the_root_or_is_refused(path: Any) -> None:
    root = ApiRoot(ROOT)
    try:
        url = root.url(path)
    except InvalidPathParam:
        return
    spelled_out = path if isinstance(path, str) else path.decode() if isinstance(path, bytes) else ""
    if not spelled_out.lower().startswith("http"):
        assert root.trusts(url)
    if root.trusts(url):
        assert all(map(is_inside, on_the_wire(url))), on_the_wire(url)
    else:
        assert origin(url) == origin(next(iter(on_the_wire(url))))


@given(path=PATHS)
def test_no_library_changes_the_url_and_neither_do_we_a_second_time(path: Any) -> None:
    root = ApiRoot(ROOT)
    try:
        url = root.url(path)
    except InvalidPathParam:
        return
    assert root.url(url) == url
    if root.trusts(url):
        assert on_the_wire(url) <= {url, url.replace("'", "%27")}


@given(items=st.lists(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=1), min_size=1))
def test_items_come_out_as_they_went_in(items: list[str]) -> None:
    try:
        url = ApiRoot(ROOT).url(items)
    except InvalidPathParam:
        return
    assert [unquote(part) for part in urlsplit(url).path.removeprefix("/root/").split("/")] == items


@given(query=st.dictionaries(st.text(min_size=1), st.text()))
def test_params_are_added_to_the_query(query: dict[str, str]) -> None:
    clean = {name: value for name, value in query.items() if not any("\ud800" <= c <= "\udfff" for c in name + value)}
    url = with_query(f"{ROOT}/x?page=2", FieldRules().query(clean))
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [("page", "2"), *clean.items()]


# --- fields

VALUE = {"a": 1, "none": None, "yes": True, "deep": {"none": None, "list": [None, {"none": None}]}}


@pytest.mark.parametrize(
    ("none_fields", "expected"),
    [
        ("exclude", {"a": 1, "yes": True, "deep": {"list": [None, {}]}}),
        ("include", VALUE),
        ("empty", {"a": 1, "none": "", "yes": True, "deep": {"none": "", "list": [None, {"none": ""}]}}),
    ],
)
def test_members_that_are_none_are_treated_at_every_depth(none_fields: Any, expected: Any) -> None:
    before = copy.deepcopy(VALUE)
    assert FieldRules(none_fields).json(VALUE) == expected
    assert before == VALUE


@pytest.mark.parametrize("value", [None, 0, False, "", [], {}, "text", [1, None]])
def test_other_json_values_stay(value: Any) -> None:
    assert FieldRules().json(value) == value


@pytest.mark.parametrize("none_fields", ["exclude", "include", "empty"])
@pytest.mark.parametrize("as_pairs", [True, False])
def test_a_form_is_pairs(none_fields: Any, *, as_pairs: bool) -> None:
    data = {"a": 1, "none": None, "yes": True, "no": False, "list": ["x", None, True]}
    before = copy.deepcopy(data)
    pairs = FieldRules(none_fields).form(list(data.items()) if as_pairs else data)
    if none_fields == "empty":
        assert pairs == [
            ("a", 1),
            ("none", ""),
            ("yes", "true"),
            ("no", "false"),
            ("list", "x"),
            ("list", ""),
            ("list", "true"),
        ]
    else:
        assert pairs == [("a", 1), ("yes", "true"), ("no", "false"), ("list", "x"), ("list", "true")]
    assert data == before


@pytest.mark.parametrize("data", [None, "a=b", b"a=b", iter([b"x"])])
def test_what_is_no_form_stays(data: Any) -> None:
    assert FieldRules().form(data) is data


@pytest.mark.parametrize(
    ("bool_fields", "expected"),
    [(("true", "false"), "a=true&b=false"), (("1", "0"), "a=1&b=0"), ((1, 0), "a=1&b=0"), (None, "a=True&b=False")],
)
def test_booleans_in_a_query_are_converted(bool_fields: Any, expected: str) -> None:
    assert FieldRules("include", bool_fields).query({"a": True, "b": False, "c": None}) == expected


@pytest.mark.parametrize(
    ("params", "expected"), [(None, ""), ({}, ""), ("a=b", "a=b"), (b"a=b", "a=b"), ([("a", [1, 2])], "a=1&a=2")]
)
def test_a_query_may_come_in_several_forms(params: Any, expected: str) -> None:
    assert FieldRules().query(params) == expected


@pytest.mark.parametrize("wrong", ["", "drop", True, None, 1])
def test_another_word_for_none_fields_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidNoneFieldsParam, match="expected one of 'exclude', 'include', 'empty'"):
        FieldRules(none_fields=wrong)


@pytest.mark.parametrize("wrong", ["ab", (), ("x",), ("x", "y", "z"), True, 1])
def test_bool_fields_are_a_pair(wrong: Any) -> None:
    with pytest.raises(InvalidBoolFieldsParam, match="expected what True and what False become"):
        FieldRules(bool_fields=wrong)


def test_one_call_may_ask_otherwise() -> None:
    rules = FieldRules("empty", ("1", "0"))
    assert rules.but(none_fields=None, bool_fields=None) is rules
    assert rules.but(none_fields="include", bool_fields=None) == FieldRules("include", ("1", "0"))
    with pytest.raises(InvalidParam):
        rules.but(none_fields="x", bool_fields=None)  # type: ignore[arg-type]


# --- redirects


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/y", "https://h/y"),
        ("y", "https://h/root/y"),
        ("../y", "https://h/y"),
        ("?a=b", "https://h/root/x?a=b"),
        ("//other/y", "https://other/y"),
        ("http://h/y", "http://h/y"),
        ("https://other/y#z", "https://other/y"),
        ("https://user:word@other/y", "https://other/y"),
        ("https://h\\@other/y", "https://other/y"),
        ("/caf\u00e9 x", "https://h/caf%C3%A9%20x"),
        ("/\\other", "https://h/%5Cother"),
    ],
)
def test_a_redirect_leads_where_it_says(location: str, expected: str) -> None:
    assert redirect_url("https://h/root/x", location) == expected


@pytest.mark.parametrize("location", ["ftp://h/x", "javascript:x", "file:///x", "https://[", "https://h:x/"])
def test_a_redirect_to_something_else_is_refused(location: str) -> None:
    with pytest.raises(InvalidRedirect):
        redirect_url("https://h/root/x", location)


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("POST", 301, "GET"),
        ("PUT", 301, "PUT"),
        ("POST", 302, "GET"),
        ("HEAD", 302, "HEAD"),
        ("PUT", 303, "GET"),
        ("HEAD", 303, "HEAD"),
        ("POST", 307, "POST"),
        ("DELETE", 308, "DELETE"),
    ],
)
def test_a_redirect_may_change_the_method(method: str, status: int, expected: str) -> None:
    assert redirect_method(method, status) == expected


def test_only_harmless_headers_go_to_another_place() -> None:
    headers = dict.fromkeys(["Authorization", "X-Api-Key", "DPoP", "Cookie", "Host", "Accept", "Content-Type"], "x")
    assert set(redirect_headers(headers, stays=False, keeps_body=True)) == {"Accept", "Content-Type"}
    assert set(redirect_headers(headers, stays=False, keeps_body=False)) == {"Accept"}
    assert set(redirect_headers(headers, stays=True, keeps_body=False)) == {
        "Authorization",
        "X-Api-Key",
        "DPoP",
        "Accept",
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/a", "https://h/b", True),
        ("https://h/a", "https://h:443/b", True),
        ("https://h/a", "http://h/a", False),
        ("http://h/a", "https://h/a", False),
        ("https://h/a", "https://h:8443/a", False),
        ("https://h/a", "https://x.h/a", False),
        ("https://h/a", "https://trusted.example/a", True),
        ("https://trusted.example/a", "https://h/a", True),
        ("https://evil.example/a", "https://trusted.example/a", False),
        ("https://evil.example/a", "https://h/a", False),
    ],
)
def test_the_same_place_is_an_origin_or_all_that_are_trusted(one: str, other: str, *, same: bool) -> None:
    assert ApiRoot("https://h/root", ["https://trusted.example"]).is_same_place(one, other) is same
