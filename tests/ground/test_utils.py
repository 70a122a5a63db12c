"""base64url, URLs, scopes: what is taken, what is refused, and that nothing else comes out."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client import utils
from requests_oauth2client._core.scope import join_scope
from requests_oauth2client._core.urls import is_loopback, origin
from requests_oauth2client.utils import (
    InvalidEndpointUri,
    InvalidIssuer,
    InvalidScopeParam,
    InvalidUri,
    InvalidUrl,
    b64u_decode,
    b64u_encode,
    generate_jwk_key_pair,
    validate_endpoint_uri,
    validate_issuer_uri,
    validate_uri,
    validate_url,
)


@given(st.binary())
def test_base64url_comes_back_as_it_went(data: bytes) -> None:
    encoded = b64u_encode(data)
    assert b64u_decode(encoded) == b64u_decode(encoded.encode()) == b64u_decode(encoded + "==") == data
    assert encoded == base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(st.text() | st.binary())
def test_whatever_is_decoded_is_bytes_or_a_value_error(text: str | bytes) -> None:
    try:
        assert isinstance(b64u_decode(text), bytes)
    except ValueError:
        return


@pytest.mark.parametrize("text", ["a+b/", "a b", "a\n", "é", "a=b", "a", "abcde", "ab==cd"])
def test_what_is_no_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64url|ascii"):
        b64u_decode(text)


def test_a_text_is_encoded_as_utf8() -> None:
    assert b64u_encode("é") == "w6k"


def test_a_key_pair_has_a_private_and_a_public_half() -> None:
    private, public = generate_jwk_key_pair()
    assert private["kty"] == public["kty"] == "RSA"
    assert {"d", "p", "q"} <= private.keys()
    assert not utils.PRIVATE_JWK_MEMBERS & public.keys()


# --- URLs

GOOD = ["https://as.local/x", "HTTPS://AS.local/x", "https://as.local:8443/x?y=z", "http://127.0.0.1:8000/",
        "http://127.8.8.8/", "http://localhost/", "http://x.localhost/", "http://[::1]/",
        "https://xn--bcher-kva.example/"]  # fmt: skip
BAD = {
    "http://as.local/x": "https is needed",
    "http://127.0.0.1.example/x": "https is needed",
    "http://localhost.example/x": "https is needed",
    "http://0.0.0.0/x": "https is needed",
    "ftp://as.local/x": "begins with https://",
    "javascript:alert(1)": "begins with https://",
    "/token": "begins with https://",
    "": "begins with https://",
    "https:///x": "names no host",
    "https://u:p@as.local/x": "user:password",
    "https://u@as.local/x": "user:password",
    "https://@as.local/x": "user:password",
    "https://as.local/x#": "fragment",
    "https://as.local/x#f": "fragment",
    "https://as.local": "has no path",
    "https://as.local?x": "has no path",
    "https://as.local:99999/x": "it is not a URL",
    "https://as.local:x/x": "it is not a URL",
    "https://[::1/x": "it is not a URL",
    "https://as.local/a b": "spaces, control characters or backslashes",
    "https://as.local\\@evil.local/x": "spaces, control characters or backslashes",
    "https://as.local/\r\nx": "spaces, control characters or backslashes",
    " https://as.local/x": "spaces, control characters or backslashes",
}


class Url:
    """Another library's URL."""

    def __str__(self) -> str:
        return "https://as.local/x"


@pytest.mark.parametrize("url", GOOD)
def test_a_good_endpoint_is_returned_as_it_is(url: str) -> None:
    assert validate_endpoint_uri(url) == url


def test_another_librarys_url_is_taken() -> None:
    assert validate_endpoint_uri(Url()) == "https://as.local/x"


@pytest.mark.parametrize("url", BAD)
def test_a_bad_endpoint_is_refused_and_the_reason_said(url: str) -> None:
    with pytest.raises(InvalidEndpointUri, match=BAD[url]) as caught:
        validate_endpoint_uri(url, name="token_endpoint")
    assert "token_endpoint" in str(caught.value)
    assert "u:p@" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.uri == url


@pytest.mark.parametrize(
    ("url", "rules"),
    [
        ("http://as.local/x", {"https": False}),
        ("https://u:p@as.local/x", {"no_credentials": False}),
        ("https://as.local/x#f", {"no_fragment": False}),
        ("https://as.local", {"path": False}),
    ],
)
def test_each_rule_can_be_lifted_by_its_name(url: str, rules: dict[str, bool]) -> None:
    assert validate_uri(url, **rules) == validate_url(url, **rules) == url


@pytest.mark.parametrize("url", ["https://as.local", "https://as.local/tenant", "http://localhost:80"])
def test_an_issuer_needs_no_path(url: str) -> None:
    assert validate_issuer_uri(url) == url


@pytest.mark.parametrize("url", ["https://as.local/?x", "https://as.local?", "https://as.local/#x", "http://as.local"])
def test_an_issuer_has_no_query_and_no_fragment(url: str) -> None:
    with pytest.raises(InvalidIssuer):
        validate_issuer_uri(url)


@given(st.text(), st.booleans())
def test_whatever_is_given_is_a_url_or_refused(url: str, https: bool) -> None:
    try:
        assert validate_endpoint_uri(url, https=https) == url
    except InvalidEndpointUri as refused:
        str(refused).encode()


@given(st.from_regex(r"https?://[\w.:@\[\]\\%-]{0,12}/[^\n]{0,5}", fullmatch=True))
def test_what_looks_like_a_url_too(url: str) -> None:
    try:
        scheme, host, port = origin(validate_endpoint_uri(url))
    except InvalidUri:
        return
    assert scheme in {"https", "http"}
    assert host
    assert port is not None


def test_an_origin_has_its_port_filled_in() -> None:
    assert origin("HTTPS://As.Local/x") == ("https", "as.local", 443)
    assert origin("http://as.local") == ("http", "as.local", 80)
    assert origin("https://as.local:8443/") == ("https", "as.local", 8443)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("::1", True), ("127.1.2.3", True), ("", False),
     (None, False), ("localhost.example", False), ("10.0.0.1", False), ("0.0.0.0", False), ("notlocalhost", False)],
)  # fmt: skip
def test_loopback_is_only_this_machine(host: str | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_founding_name_of_the_error() -> None:
    assert InvalidUrl is InvalidUri
    with pytest.raises(InvalidUrl):
        validate_url("http://as.local/x")


# --- scopes


@pytest.mark.parametrize(
    ("scope", "joined"),
    [
        (None, None),
        ("", ""),
        ("a", "a"),
        (" a  b ", "a b"),
        (["a", "b"], "a b"),
        (("a",), "a"),
        ({"a": 1}, "a"),
        ([], ""),
    ],
)
def test_a_scope_is_joined_with_spaces(scope: Any, joined: str | None) -> None:
    assert join_scope(scope) == joined


@pytest.mark.parametrize(
    "scope", [1, True, b"a", bytearray(b"a"), [b"a"], ["a b"], [""], ['a"b'], "a\\b", "é", [None], object()]
)
def test_what_is_no_scope_is_refused(scope: Any) -> None:
    with pytest.raises(InvalidScopeParam, match="A scope is a str or an iterable") as caught:
        join_scope(scope)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.scope is scope


@given(st.lists(st.text(alphabet=[chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"\\'], min_size=1)))
def test_words_come_back_as_they_went(words: list[str]) -> None:
    joined = join_scope(words)
    assert joined is not None
    assert joined.split() == words
