"""Finding the OP of a user: one public GET, redirects within https, and nothing believed that is no https issuer."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from devkit.play import Heard, play
from requests_oauth2client._protocol.http.limits import FetchLimits
from requests_oauth2client._protocol.metadata.webfinger import MAX_REDIRECTS, find_issuer
from requests_oauth2client.exceptions import InvalidParam, TransportError
from requests_oauth2client.webfinger import (
    ISSUER_REL,
    InvalidIdentifier,
    InvalidWebFingerResponse,
    MissingIssuerLink,
    UnknownWebFingerResource,
)

JOE = "joe@example.com"
ISSUER = "https://op.local/tenant"


def jrd(href: Any = ISSUER) -> Answer:
    body = {"subject": f"acct:{JOE}", "links": [{"rel": ISSUER_REL, "href": href}]}
    return answer(body, Content_Type="application/jrd+json")


def redirect(location: str, status: int = 302) -> Answer:
    return answer("", status, Location=location)


def found(*answers: Any, identifier: str = JOE, testing: bool = False, **asked: Any) -> Heard[str]:
    return play(find_issuer(FetchLimits(testing=testing, retries=None), identifier, **asked), answers)


# --- the question -------------------------------------------------------------------------------------------


def test_the_users_host_is_asked_for_the_users_issuer() -> None:
    heard = found(jrd())
    assert heard.result == ISSUER
    (asked,) = heard.sent
    assert asked.method == "GET"
    assert asked.url.startswith("https://example.com/.well-known/webfinger?resource=acct%3Ajoe%40example.com&rel=")
    assert asked.headers == {"Accept": "application/jrd+json, application/json"}


def test_a_named_host_is_asked_instead() -> None:
    heard = found(jrd(), host="idp.local")
    assert heard.sent[0].url.startswith("https://idp.local/.well-known/webfinger?resource=acct%3Ajoe%40example.com")


@pytest.mark.parametrize("identifier", ["", "=joe", "http://example.com", "http://127.0.0.1:8080/", "mailto:joe"])
def test_a_bad_identifier_fails_before_any_request(identifier: str) -> None:
    heard = found(identifier=identifier)
    assert not heard.sent
    with pytest.raises(InvalidIdentifier):
        assert heard.result


# --- the answer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_an_unknown_user_has_an_error_of_its_own(status: int) -> None:
    with pytest.raises(UnknownWebFingerResource, match="joe@example"):
        found(answer("", status)).result  # noqa: B018


def test_a_user_without_an_op_has_an_error_of_its_own() -> None:
    with pytest.raises(MissingIssuerLink):
        found(answer({"subject": f"acct:{JOE}", "links": []})).result  # noqa: B018


@pytest.mark.parametrize(
    "bad",
    [
        answer("oops", 500),
        answer("<html>", Content_Type="text/html"),
        answer("{", Content_Type="application/jrd+json"),
        answer([]),
        answer('{"links":[],"links":[]}', Content_Type="application/jrd+json"),
        answer("[" * 1000, Content_Type="application/jrd+json"),
        answer("", 302),
        jrd("http://op.local"),
        jrd("http://127.0.0.1:8080"),
        jrd("https://op.local?a"),
    ],
    ids=lambda bad: f"{bad.status_code} {bad.content[-30:]!r}",
)
def test_what_is_no_answer_is_refused(bad: Answer) -> None:
    with pytest.raises(InvalidWebFingerResponse):
        found(bad).result  # noqa: B018


def test_a_failing_network_is_what_it_is() -> None:
    with pytest.raises(TransportError):
        found(TransportError("https://example.com", "no answer came")).result  # noqa: B018


def test_an_issuer_on_this_machine_is_only_taken_from_this_machine() -> None:
    assert found(jrd("http://127.0.0.1:1"), host="http://127.0.0.1:2").result == "http://127.0.0.1:1"


# --- redirects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "url"),
    [("https://www.example.com/wf?x", "https://www.example.com/wf?x"), ("/wf", "https://example.com/wf")],
)
def test_a_redirect_within_https_is_followed(status: int, location: str, url: str) -> None:
    heard = found(redirect(location, status), jrd())
    assert heard.result == ISSUER
    assert heard.sent[1].url == url


@pytest.mark.parametrize(
    "location", ["http://www.example.com/wf", "http://127.0.0.1/wf", "file:///etc/passwd", "https://u:p@a/", "//[::1"]
)
def test_a_redirect_to_anything_else_is_not_followed(location: str) -> None:
    heard = found(redirect(location))
    assert len(heard.sent) == 1
    with pytest.raises(InvalidWebFingerResponse, match="redirects"):
        assert heard.result


def test_redirects_come_to_an_end() -> None:
    with pytest.raises(InvalidWebFingerResponse, match=f"more than {MAX_REDIRECTS} times"):
        found(*[redirect("/again")] * (1 + MAX_REDIRECTS)).result  # noqa: B018


# --- on the flavors -------------------------------------------------------------------------------------------


def site(received: Received) -> Answer:
    return jrd() if received.url.startswith("https://example.com/.well-known/webfinger?") else answer("", 404)


def test_from_an_email_address_to_the_issuer(flavor: Flavor) -> None:
    session, received = flavor.answered_by(site)
    assert flavor.run(flavor.named("OAuth2Client").find_issuer(JOE, session=session)) == ISSUER
    assert [request.method for request in received] == ["GET"]
    assert "authorization" not in received[0].headers


def test_a_redirect_is_followed_on_either_flavor(flavor: Flavor) -> None:
    def moved(received: Received) -> Answer:
        return jrd() if received.path == "/wf" else redirect("https://www.example.com/wf")

    session, received = flavor.answered_by(moved)
    assert flavor.run(flavor.named("OAuth2Client").find_issuer(JOE, session=session)) == ISSUER
    assert len(received) == 2


def test_a_bad_identifier_sends_nothing_on_either_flavor(flavor: Flavor) -> None:
    session, received = flavor.answered_by(site)
    with pytest.raises(InvalidParam):
        flavor.run(flavor.named("OAuth2Client").find_issuer("=joe", session=session))
    assert not received


def test_an_endless_answer_is_not_read_to_its_end(flavor: Flavor) -> None:
    session, _ = flavor.answered_by(lambda _: answer(b" " * 5000, Content_Type="application/jrd+json"))
    with pytest.raises(InvalidWebFingerResponse):
        flavor.run(flavor.named("OAuth2Client").find_issuer(JOE, session=session, max_response_size=4096))
