"""Where the metadata of an API are looked for, and what is refused in them: played, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import Answer, answer
from devkit.play import play
from requests_oauth2client import (
    InvalidResourceMetadata,
    InvalidUri,
    MismatchingDiscoveryIssuer,
    MismatchingResource,
    OAuth2ResourceAuth,
    ProtectedResource,
    parse_challenges,
    resource_metadata_urls,
)
from requests_oauth2client._core.urls import is_private
from requests_oauth2client._protocol.http.limits import FetchLimits
from requests_oauth2client._protocol.metadata import protected_resource
from requests_oauth2client._protocol.metadata.protected_resource import StatedAddresses
from requests_oauth2client.discovery import InvalidDiscoveryDocument
from requests_oauth2client.resource_metadata import covers
from requests_oauth2client.utils import InvalidEndpointUri

API = "https://api.local.test/v1"
AT_PATH = "https://api.local.test/.well-known/oauth-protected-resource/v1"
AT_ROOT = "https://api.local.test/.well-known/oauth-protected-resource"
STATED = "https://elsewhere.test/about-the-api"
NONE, HTML = answer("", 404), answer("<!doctype html>", Content_Type="text/html")
ONCE = FetchLimits(retries=None)


def document(**members: Any) -> Answer:
    known = {"resource": API, "authorization_servers": ["https://as.test"], **members}
    return answer({name: value for name, value in known.items() if value is not None})


def found(answers: list[Any], url: str = API, stated: str | None = None, **options: Any) -> Any:
    addresses = StatedAddresses(url, accept_url=options.pop("accept_url", None))
    return play(
        protected_resource.find(ONCE, url, addresses, kind=ProtectedResource, stated=stated, **options), answers
    )


def urls(heard: Any) -> list[str]:
    return [request.url for request in heard.sent]


# --- where they are


def test_they_are_at_the_path_else_at_the_root() -> None:
    assert resource_metadata_urls(API) == [AT_PATH, AT_ROOT]
    heard = found([NONE, document(resource="https://api.local.test")])
    assert urls(heard) == [AT_PATH, AT_ROOT]
    assert heard.result.metadata_url == AT_ROOT


def test_a_challenge_says_where_they_are() -> None:
    assert urls(found([document()], stated=STATED)) == [STATED]


@pytest.mark.parametrize("nothing", [NONE, HTML, answer("", 302, Location="https://evil.test"), answer("", 401)])
def test_a_page_a_redirect_or_a_refusal_is_not_the_document(nothing: Answer) -> None:
    assert urls(found([nothing, nothing, document()], stated=STATED)) == [STATED, AT_PATH, AT_ROOT]
    assert found([nothing, nothing]).result is None


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_fails_is_an_error(status: int) -> None:
    heard = found([answer("", status)])
    assert isinstance(heard.error, InvalidResourceMetadata)
    assert str(status) in str(heard.error)
    assert heard.error.is_transient


def test_nothing_at_all_says_where_it_was_looked_for() -> None:
    heard = play(protected_resource.fetch(ProtectedResource, API, retries=None), [NONE, NONE])
    assert isinstance(heard.error, InvalidResourceMetadata)
    assert AT_PATH in str(heard.error)
    assert AT_ROOT in str(heard.error)
    assert "issuer=" in str(heard.error)


# --- whose they are


@pytest.mark.parametrize(
    ("resource", "url", "is_fine"),
    [
        (API, API, True),
        (f"{API}/", API, True),
        (API, f"{API}/", True),
        (API, f"{API}/things/1", True),
        ("https://api.local.test", API, True),
        ("https://api.local.test/", API, True),
        ("HTTPS://API.local.test:443/v1", API, True),
        ("https://api.local.test/v2", API, False),
        ("https://api.local.test/v", API, False),
        (f"{API}/things", API, False),
        ("http://api.local.test/v1", API, False),
        ("https://api.local.test:8443/v1", API, False),
        ("https://evil.test/v1", API, False),
        ("https://api.local.test.evil.test/v1", API, False),
        ("https://api.local.test/v1/../v1", API, False),
        ("https://api.local.test/%2e%2e/v1", API, False),
        ("https://user@api.local.test/v1", API, False),
        (f"{API}?tenant=a", f"{API}?tenant=a", True),
        (f"{API}?tenant=a", f"{API}?tenant=b", False),
        (f"{API}#x", API, False),
        ("", API, False),
        ("api.local.test", API, False),
    ],
)
def test_the_resource_is_the_url_or_a_parent_of_it(resource: str, url: str, is_fine: bool) -> None:
    assert covers(resource, url) is is_fine


@pytest.mark.parametrize("resource", ["https://evil.test", None, 5, ["x"], f"{API}/below"])
def test_metadata_of_another_resource_are_refused(resource: Any) -> None:
    heard = found([document(resource=resource)])
    assert isinstance(heard.error, MismatchingResource)
    assert (heard.error.received, heard.error.expected) == (resource, API)
    for said in (API, "aliases="):
        assert said in str(heard.error)


def test_an_alias_is_the_same_api() -> None:
    other = "https://api-internal.test/v1"
    assert found([document(resource=other)], aliases=[other]).result.resource == other


@pytest.mark.parametrize("member", ["authorization_servers", "scopes_supported"])
@pytest.mark.parametrize("value", ["https://as.test", [1], {"a": 1}, 5])
def test_a_list_is_a_list(member: str, value: Any) -> None:
    heard = found([document(**{member: value})])
    assert isinstance(heard.error, InvalidResourceMetadata)
    assert member in str(heard.error)


# --- addresses that are stated


@pytest.mark.parametrize(
    "stated",
    [
        "http://elsewhere.test/x",
        "https://10.0.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[fd00::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://localhost/x",
        "https://printer.local/x",
        "https://vault.internal/x",
        "https://intranet/x",
        "https://100.64.0.1/x",
        "https://0.0.0.0/x",
        "ftp://elsewhere.test/x",
        "file:///etc/passwd",
        "https://user:secret@elsewhere.test/x",
        "javascript:alert(1)",
    ],
)
def test_an_address_leads_into_no_private_network(stated: str) -> None:
    heard = found([], stated=stated)
    assert isinstance(heard.error, InvalidUri)
    assert not heard.sent
    assert "secret" not in str(heard.error)


@pytest.mark.parametrize("api", ["https://10.0.0.1/v1", "https://api.internal/v1", "http://127.0.0.1:8000/v1"])
def test_an_api_in_a_private_network_may_lead_there(api: str) -> None:
    stated = "https://10.0.0.2/about"
    assert found([document(resource=api)], url=api, stated=stated).result.resource == api


def test_an_api_on_this_machine_may_lead_to_plain_http_here_and_nowhere_else() -> None:
    api = "http://127.0.0.1:8000/v1"
    here = "http://127.0.0.1:9000/about"
    assert found([document(resource=api)], url=api, stated=here).result
    assert isinstance(found([], url=api, stated="http://elsewhere.test/").error, InvalidEndpointUri)
    assert isinstance(found([], url="https://127.0.0.1/", stated=here).error, InvalidEndpointUri)


def test_a_hook_decides_about_more() -> None:
    asked: list[str] = []

    def accept(url: str) -> bool | None:
        asked.append(url)
        return {"https://10.0.0.1/x": True, "https://rebound.test/x": False}.get(url)

    assert found([document()], stated="https://10.0.0.1/x", accept_url=accept).result
    assert isinstance(found([], stated="https://rebound.test/x", accept_url=accept).error, InvalidEndpointUri)
    assert found([document()], stated=STATED, accept_url=accept).result
    assert asked == ["https://10.0.0.1/x", "https://rebound.test/x", STATED]


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8", "2606:4700::1111", "local.example.com"])
def test_a_public_host_is_not_private(host: str) -> None:
    assert is_private(host) is False


# --- the server that is named


def server(**members: Any) -> Answer:
    return answer(
        {
            "issuer": "https://as.test",
            "token_endpoint": "https://as.test/token",
            "authorization_endpoint": "https://as.test/authorize",
            **members,
        }
    )


def found_server(answers: list[Any], issuer: str = "https://as.test", **options: Any) -> Any:
    return play(protected_resource.find_server(ONCE, issuer, StatedAddresses(API), **options), answers)


def test_the_metadata_of_a_server_are_at_three_addresses() -> None:
    heard = found_server([NONE, HTML, server(issuer="https://as.test/t")], "https://as.test/t")
    assert urls(heard) == [
        "https://as.test/.well-known/oauth-authorization-server/t",
        "https://as.test/.well-known/openid-configuration/t",
        "https://as.test/t/.well-known/openid-configuration",
    ]
    assert urls(found_server([server()], oidc_first=True)) == ["https://as.test/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("issuer", "stated"), [("https://as.test/", "https://as.test")] * 1 + [("https://as.test", "https://as.test/")]
)
def test_a_slash_that_no_address_shows_may_differ(issuer: str, stated: str) -> None:
    assert found_server([server(issuer=stated)], issuer).result[1]["issuer"] == stated


@pytest.mark.parametrize(
    "stated", ["https://evil.test", "https://AS.test", "https://as.test/x", "https://as.test//", None]
)
def test_metadata_of_another_issuer_are_refused(stated: str | None) -> None:
    heard = found_server([server(issuer=stated)])
    assert isinstance(heard.error, MismatchingDiscoveryIssuer)


def test_a_server_leads_into_no_private_network_either() -> None:
    for endpoint in ("token_endpoint", "registration_endpoint", "jwks_uri", "authorization_endpoint"):
        heard = found_server([server(**{endpoint: "https://169.254.169.254/"})])
        assert isinstance(heard.error, InvalidEndpointUri), endpoint
        assert endpoint in str(heard.error)
    assert isinstance(found_server([], "https://10.0.0.1").error, InvalidEndpointUri)
    heard = found_server([server(mtls_endpoint_aliases={"token_endpoint": "https://10.0.0.1/"})])
    assert isinstance(heard.error, InvalidEndpointUri)


def test_a_server_that_fails_is_not_looked_for_elsewhere() -> None:
    heard = found_server([answer("", 503)])
    assert isinstance(heard.error, InvalidDiscoveryDocument)
    assert len(heard.sent) == 1


# --- challenges and URLs


def test_a_challenge_within_a_quoted_string_is_only_a_string() -> None:
    header = (
        r'Basic realm="a, Bearer resource_metadata=\"https://evil.test\"",'
        r' Bearer error_description="DPoP resource_metadata=\"https://evil.test\"", resource_metadata="https://good.test"'
    )
    basic, bearer = parse_challenges(header)
    assert basic.scheme == "basic"
    assert bearer.params["resource_metadata"] == "https://good.test"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://api.example.com",
        "api.example.com",
        "https://",
        "https://u:p@api.test",
        "https://api.test/a/../b",
    ],
)
def test_an_api_has_an_https_url(url: str) -> None:
    with pytest.raises(InvalidUri):
        OAuth2ResourceAuth(url, client="me")
