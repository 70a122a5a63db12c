"""What a user types, and what a host answers: read strictly, whatever comes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from devkit.passing import passes
from requests_oauth2client.utils import InvalidUri, validate_issuer_uri
from requests_oauth2client.webfinger import (
    ISSUER_REL,
    MAX_IDENTIFIER,
    MAX_LINKS,
    InvalidIdentifier,
    InvalidWebFingerResponse,
    MissingIssuerLink,
    issuer_of,
    webfinger_resource,
)

ISSUER = "https://op.local"


def jrd(href: Any = ISSUER, **members: Any) -> dict[str, Any]:
    return {"subject": "acct:joe@example.com", "links": [{"rel": ISSUER_REL, "href": href}], **members}


# --- what a user types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "resource", "origin"),
    [
        ("joe@example.com", "acct:joe@example.com", "https://example.com"),
        ("  joe@example.com\n", "acct:joe@example.com", "https://example.com"),
        ("joe@work@example.com", "acct:joe@work@example.com", "https://example.com"),
        ("acct:joe@example.com", "acct:joe@example.com", "https://example.com"),
        ("acct:joe@example.com#me", "acct:joe@example.com", "https://example.com"),
        ("acct:joe@example.com:8443", "acct:joe@example.com:8443", "https://example.com:8443"),
        (
            "acct:juliet%40capulet.example@shopping.example.com",
            "acct:juliet%40capulet.example@shopping.example.com",
            "https://shopping.example.com",
        ),
        ("example.com", "https://example.com/", "https://example.com"),
        ("example.com:8080", "https://example.com:8080/", "https://example.com:8080"),
        ("example.com/joe", "https://example.com/joe", "https://example.com"),
        ("https://example.com/joe", "https://example.com/joe", "https://example.com"),
        ("https://example.com", "https://example.com", "https://example.com"),
        ("https://example.com/joe#top", "https://example.com/joe", "https://example.com"),
        ("HTTPS://example.com/joe?a=b", "HTTPS://example.com/joe?a=b", "https://example.com"),
    ],
)
def test_an_identifier_is_normalised(identifier: str, resource: str, origin: str) -> None:
    found = webfinger_resource(identifier)
    assert (found.resource, found.origin) == (resource, origin)


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        " ",
        "#",
        "@",
        "=joe",
        "@joe",
        "+joe",
        "$joe",
        "!joe",
        "joe@",
        "acct:joe",
        "acct:@example.com",
        "acct:joe@",
        "acct:joe@example.com/path",
        "acct:joe@example.com?query",
        "http://example.com/joe",
        "http://127.0.0.1/joe",
        "ftp://example.com/joe",
        "mailto:joe@example.com/x",
        "joe@example.com:8080",
        "joe:secret@example.com/x",
        "https://joe@example.com/",
        "https://",
        "example.com:port",
        "[::1",
        "joe smith",
        "joe\x00@example.com",
        "joe\\@example.com",
        "a" * (MAX_IDENTIFIER + 1),
    ],
)
def test_what_is_no_identifier_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidIdentifier):
        webfinger_resource(identifier)


def test_plain_http_has_to_be_allowed_by_name() -> None:
    assert webfinger_resource("http://example.com/joe", testing=True).origin == "http://example.com"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("idp.local", "https://idp.local"),
        ("idp.local:8443", "https://idp.local:8443"),
        ("https://idp.local/", "https://idp.local"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_a_developer_may_name_the_host(host: str, origin: str) -> None:
    assert webfinger_resource("joe@example.com", host=host).origin == origin


@pytest.mark.parametrize("host", ["", "http://idp.local", "idp.local/path", "idp.local?q", "u:p@idp.local", "a b"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidUri):
        webfinger_resource("joe@example.com", host=host)


def test_the_query_is_the_one_of_the_specification() -> None:
    assert webfinger_resource("joe@example.com").url == (
        "https://example.com/.well-known/webfinger?resource=acct%3Ajoe%40example.com"
        "&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer"
    )


identifiers = st.text(max_size=40) | st.from_regex(r"\A[a-z:/@.?#\[\]%0-9]{1,30}\Z")


def test_some_of_what_is_typed_gets_through() -> None:
    assert find(identifiers, lambda one: passes(InvalidIdentifier, webfinger_resource, one))


@given(identifier=identifiers)
def test_whatever_is_typed_is_refused_or_asks_exactly_one_host(identifier: str) -> None:
    with contextlib.suppress(InvalidIdentifier):
        found = webfinger_resource(identifier)
        assert found.url.startswith(f"{found.origin}/.well-known/webfinger?resource=")
        assert not set(found.origin.removeprefix("https://")) & set("/?#@")


# --- what a host answers ------------------------------------------------------------------------------------


def test_the_issuer_is_where_its_link_leads() -> None:
    assert issuer_of(jrd()) == ISSUER


def test_the_first_of_several_issuers_counts() -> None:
    links = [{"rel": "x"}, {"rel": ISSUER_REL, "href": ISSUER}, {"rel": ISSUER_REL, "href": "https://other.local"}]
    assert issuer_of(jrd(links=links)) == ISSUER


@pytest.mark.parametrize(
    "href",
    [
        None,
        1,
        "",
        [ISSUER],
        "op.local",
        "http://op.local",
        "http://127.0.0.1",
        "https://op.local?a",
        "https://op.local#a",
        "https://u:p@op.local",
        "javascript:alert(1)",
        "https://op.local\n",
    ],
)
def test_what_is_no_issuer_is_refused(href: Any) -> None:
    with pytest.raises(InvalidWebFingerResponse):
        issuer_of(jrd(href))


@pytest.mark.parametrize("links", [[], [{"rel": "http://openid.net/specs/connect/1.0/issuer/", "href": ISSUER}]])
def test_without_a_link_to_an_issuer_there_is_none(links: list[Any]) -> None:
    with pytest.raises(MissingIssuerLink):
        issuer_of(jrd(links=links))
    with pytest.raises(MissingIssuerLink):
        issuer_of({"subject": "acct:joe@example.com"})


@pytest.mark.parametrize("links", [None, {}, "x", [1], [{}], [{"rel": 1}], [None], [{"rel": "x"}] * (MAX_LINKS + 1)])
def test_links_that_are_none_are_refused(links: Any) -> None:
    with pytest.raises(InvalidWebFingerResponse):
        issuer_of(jrd(links=links))


def test_in_a_test_the_issuer_may_be_plain_http() -> None:
    assert issuer_of(jrd("http://op.local"), testing=True) == "http://op.local"
    assert issuer_of(jrd("http://127.0.0.1:1"), https=False) == "http://127.0.0.1:1"


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.just(ISSUER_REL) | st.just(ISSUER),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rel", "href", "x"]), inner),
    max_leaves=8,
)


issuer_links = st.lists(st.fixed_dictionaries({"rel": st.just(ISSUER_REL), "href": st.just("https://op.example")}))


def test_some_of_what_a_host_answers_gets_through() -> None:
    assert find(issuer_links | json_values, lambda one: passes(InvalidWebFingerResponse, issuer_of, {"links": one}))


@given(links=json_values | issuer_links)
def test_whatever_a_host_answers_is_refused_or_an_issuer(links: Any) -> None:
    with contextlib.suppress(InvalidWebFingerResponse):
        assert validate_issuer_uri(issuer_of({"links": links}))
