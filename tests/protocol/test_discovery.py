"""Discovery: the right addresses in the right order, and nothing believed before the issuer was compared."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from devkit.passing import passes
from devkit.play import NOON, Heard, play
from requests_oauth2client import InvalidParam, MissingEndpointUri, OAuth2Client
from requests_oauth2client._protocol.http.limits import FetchLimits
from requests_oauth2client._protocol.metadata import discovery
from requests_oauth2client._protocol.metadata.discovery import DocumentCache, client_arguments, discover
from requests_oauth2client.client_authentication import ClientSecretBasic, PublicApp
from requests_oauth2client.discovery import (
    InvalidDiscoveryDocument,
    MismatchingDiscoveryIssuer,
    discovery_urls,
    issuers_of,
    oauth2_discovery_document_url,
    oidc_discovery_document_url,
    well_known_uri,
)
from requests_oauth2client.exceptions import InvalidAuthorizationServerJwks, OAuth2Error, TransportError
from requests_oauth2client.utils import InvalidEndpointUri, InvalidIssuer, InvalidUri

ISSUER = "https://as.local"
OIDC_URL = f"{ISSUER}/.well-known/openid-configuration"
NOT_FOUND = answer("not here", 404)
CREDENTIALS = {"client_id": "client", "client_secret": "hush-hush"}


def document(issuer: str | None = ISSUER, **members: Any) -> dict[str, Any]:
    return {"issuer": issuer, "token_endpoint": f"{ISSUER}/token", **members}


def found(answers: list[Any], *, cache: DocumentCache | None = None, now: Any = NOON, **asked: Any) -> Heard[Any]:
    testing = asked.pop("testing", False)
    heard: Heard[Any] = play(
        discover(FetchLimits(testing=testing, retries=None), **asked, cache=cache), answers, now=now
    )
    if heard.error is None:
        heard.returned = heard.returned[1]
    return heard


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "at_root", "url"),
    [
        ("https://as.example", True, "https://as.example/.well-known/openid-configuration"),
        ("https://as.example/", False, "https://as.example/.well-known/openid-configuration"),
        ("https://as.example/path", True, "https://as.example/.well-known/openid-configuration/path"),
        ("https://as.example/path", False, "https://as.example/path/.well-known/openid-configuration"),
        ("https://as.example:8443/a/b/", True, "https://as.example:8443/.well-known/openid-configuration/a/b"),
    ],
)
def test_a_well_known_uri_is_at_the_root_or_behind_the_path(origin: str, at_root: bool, url: str) -> None:
    assert well_known_uri(origin, "openid-configuration", at_root=at_root) == url


def test_the_two_documents_have_their_own_places() -> None:
    assert (
        oidc_discovery_document_url("https://as.example/p") == "https://as.example/p/.well-known/openid-configuration"
    )
    assert oauth2_discovery_document_url("https://as.example/p") == (
        "https://as.example/.well-known/oauth-authorization-server/p"
    )


@pytest.mark.parametrize("issuer", ["", "as.example", "ftp://as.example", "https://", "https://a b"])
def test_what_is_no_url_has_no_well_known_uri(issuer: str) -> None:
    with pytest.raises(InvalidUri):
        oidc_discovery_document_url(issuer)


@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/", f"{ISSUER}/a", f"{ISSUER}/a/b/"])
def test_every_address_of_an_issuer_leads_back_to_it(issuer: str) -> None:
    for url in discovery_urls(issuer):
        assert issuer in issuers_of(url)


@pytest.mark.parametrize(
    "url", [f"{ISSUER}/metadata", f"{ISSUER}/.well-known/other", f"{ISSUER}/a/.well-known/openid-configuration/b"]
)
def test_any_other_url_does_not_tell_its_issuer(url: str) -> None:
    assert issuers_of(url) == []


def test_an_issuer_with_a_path_is_looked_for_at_three_addresses_in_order() -> None:
    heard = found([NOT_FOUND, NOT_FOUND, NOT_FOUND], issuer=f"{ISSUER}/tenant")
    assert [request.url for request in heard.sent] == [
        f"{ISSUER}/.well-known/oauth-authorization-server/tenant",
        f"{ISSUER}/.well-known/openid-configuration/tenant",
        f"{ISSUER}/tenant/.well-known/openid-configuration",
    ]
    with pytest.raises(InvalidDiscoveryDocument, match="no metadata"):
        assert heard.result


def test_an_issuer_without_a_path_is_looked_for_at_two_addresses() -> None:
    heard = found([NOT_FOUND, answer(document())], issuer=ISSUER)
    assert [request.url for request in heard.sent] == [
        f"{ISSUER}/.well-known/oauth-authorization-server",
        OIDC_URL,
    ]
    assert heard.result == document()


def test_openid_connect_goes_first_where_it_is_asked_for() -> None:
    heard = found([NOT_FOUND, NOT_FOUND, NOT_FOUND], issuer=f"{ISSUER}/tenant", oidc_first=True)
    assert [request.url for request in heard.sent] == [
        f"{ISSUER}/tenant/.well-known/openid-configuration",
        f"{ISSUER}/.well-known/oauth-authorization-server/tenant",
        f"{ISSUER}/.well-known/openid-configuration/tenant",
    ]


def test_the_slash_that_an_address_can_not_show_may_differ_where_an_api_names_the_issuer() -> None:
    for issuer, stated in ((ISSUER, f"{ISSUER}/"), (f"{ISSUER}/", ISSUER)):
        heard = found([answer(document(issuer=stated))], issuer=issuer, slash_may_differ=True)
        assert heard.result["issuer"] == stated
        with pytest.raises(MismatchingDiscoveryIssuer):
            assert found([answer(document(issuer=stated))], issuer=issuer).result


def test_the_first_document_ends_the_search() -> None:
    heard = found([answer(document())], issuer=ISSUER)
    assert [request.method for request in heard.sent] == ["GET"]


# --- the issuer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("received", [f"{ISSUER}/", f"{ISSUER}INVALID", "HTTPS://as.local", None, 1, ["x"]])
def test_another_issuer_is_refused_and_both_are_named(received: Any) -> None:
    with pytest.raises(MismatchingDiscoveryIssuer) as refused:
        found([answer(document(received))], issuer=ISSUER).result  # noqa: B018
    assert isinstance(refused.value, InvalidParam)
    assert (refused.value.received, refused.value.expected) == (received, ISSUER)
    assert str(received) in str(refused.value)
    assert ISSUER in str(refused.value)


@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/"])
def test_with_a_well_known_url_alone_the_issuer_is_its_own(issuer: str) -> None:
    assert found([answer(document(issuer))], url=OIDC_URL).result["issuer"] == issuer
    with pytest.raises(MismatchingDiscoveryIssuer):
        found([answer(document("https://evil.local"))], url=OIDC_URL).result  # noqa: B018


def test_with_another_url_alone_the_document_says_the_issuer() -> None:
    assert found([answer(document())], url=f"{ISSUER}/metadata").result == document()


def test_with_url_and_issuer_the_issuer_counts() -> None:
    with pytest.raises(MismatchingDiscoveryIssuer):
        found([answer(document())], url=OIDC_URL, issuer=f"{ISSUER}/").result  # noqa: B018


def test_the_issuer_is_compared_before_anything_else_is_read() -> None:
    wrong = document("https://evil.local", token_endpoint=5, jwks_uri="http://evil.local/jwks")
    with pytest.raises(MismatchingDiscoveryIssuer):
        found([answer(wrong)], issuer=ISSUER).result  # noqa: B018
    with pytest.raises(MismatchingDiscoveryIssuer):
        client_arguments(wrong, issuer=ISSUER)


# --- what is asked with, and what comes ---------------------------------------------------------------------


def test_neither_url_nor_issuer_is_an_error() -> None:
    with pytest.raises(InvalidParam, match="neither"):
        found([]).result  # noqa: B018


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"issuer": "http://as.local"}, InvalidIssuer),
        ({"issuer": "https://as.local?tenant=1"}, InvalidIssuer),
        ({"issuer": "https://user:pw@as.local"}, InvalidIssuer),
        ({"issuer": "as.local"}, InvalidIssuer),
        ({"url": "http://as.local/.well-known/openid-configuration"}, InvalidEndpointUri),
        ({"url": "https://as.local/#x"}, InvalidEndpointUri),
        ({"url": "file:///etc/passwd"}, InvalidEndpointUri),
        ({"url": OIDC_URL, "issuer": "http://as.local"}, InvalidIssuer),
    ],
)
def test_a_bad_url_fails_before_any_request(asked: dict[str, str], refusal: type[InvalidUri]) -> None:
    heard = found([], **asked)
    assert not heard.sent
    with pytest.raises(refusal):
        assert heard.result
    with pytest.raises(InvalidParam):
        assert heard.result


def test_plain_http_has_to_be_allowed_by_name() -> None:
    issuer = "http://as.local"
    assert found([answer(document(issuer))], issuer=issuer, testing=True).result["issuer"] == issuer


FAILING = [answer("oops", 500), answer({"error": "x"}, 503), answer("slow down", 429)]
NO_DOCUMENT = [
    answer({"error": "x"}, 403),
    answer("log in", 401),
    answer("", 302, Location="https://elsewhere.local"),
    answer("<html>", Content_Type="text/html"),
    answer("{", Content_Type="application/json"),
    answer([document()]),
    answer('{"issuer":"https://as.local","issuer":"https://as.local"}', Content_Type="application/json"),
    answer(""),
]


def _shown(bad: Answer) -> str:
    return f"{bad.status_code} {bad.content[:9]!r}"


@pytest.mark.parametrize("bad", FAILING, ids=_shown)
def test_a_failing_server_ends_the_search(bad: Answer) -> None:
    with pytest.raises(InvalidDiscoveryDocument) as refused:
        found([bad], issuer=ISSUER).result  # noqa: B018
    assert refused.value.status == bad.status_code


@pytest.mark.parametrize("bad", NO_DOCUMENT, ids=_shown)
def test_what_is_no_document_leads_to_the_next_address(bad: Answer) -> None:
    heard = found([bad, answer(document())], issuer=ISSUER)
    assert heard.result == document()
    assert len(heard.sent) == 2


@pytest.mark.parametrize("bad", NO_DOCUMENT, ids=_shown)
def test_what_is_no_document_is_named_where_no_address_has_one(bad: Answer) -> None:
    for answers, asked in (([bad, NOT_FOUND], {"issuer": ISSUER}), ([bad], {"url": OIDC_URL})):
        with pytest.raises(InvalidDiscoveryDocument) as refused:
            found(answers, **asked).result  # noqa: B018
        assert refused.value.status == bad.status_code


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/html", "text/json; charset=utf-8"])
def test_json_is_read_whatever_it_is_called(kind: str) -> None:
    document_ = answer(json.dumps(document()), Content_Type=kind)
    assert found([document_], issuer=ISSUER).result == document()


def test_a_failing_network_is_no_reason_to_try_another_address() -> None:
    with pytest.raises(TransportError):
        found([TransportError(OIDC_URL, "no answer came")], issuer=ISSUER).result  # noqa: B018


# --- what is read -------------------------------------------------------------------------------------------


def test_all_endpoints_are_taken() -> None:
    endpoints = {name: f"{ISSUER}/{name}" for name in discovery.ENDPOINTS}
    aliases = {"token_endpoint": "https://mtls.as.local/token", "unknown_endpoint": "https://mtls.as.local/x"}
    full = document(
        **endpoints,
        mtls_endpoint_aliases=aliases,
        authorization_response_iss_parameter_supported=True,
        code_challenge_methods_supported=["S256"],
    )
    client = OAuth2Client.from_discovery_document(full, **CREDENTIALS)
    assert {name: getattr(client, name) for name in endpoints} == endpoints
    assert dict(client.mtls_endpoint_aliases) == {"token_endpoint": "https://mtls.as.local/token"}
    assert client.authorization_response_iss_parameter_supported is True
    assert client.authorization_server_metadata["code_challenge_methods_supported"] == ["S256"]
    assert client.issuer == ISSUER
    assert client.extra_metadata == {}


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("issuer", ["https://as.local"]),
        ("token_endpoint", 5),
        ("authorization_response_iss_parameter_supported", "maybe"),
        ("authorization_response_iss_parameter_supported", 1),
    ],
)
def test_what_a_client_is_made_of_is_named_where_its_type_is_wrong(member: str, wrong: Any) -> None:
    with pytest.raises(InvalidDiscoveryDocument, match=member):
        client_arguments(document(**{member: wrong}))


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("jwks_uri", {"keys": []}),
        ("end_session_endpoint", ["x"]),
        ("require_pushed_authorization_requests", 1),
        ("claims_parameter_supported", "true"),
        ("scopes_supported", "openid"),
        ("code_challenge_methods_supported", {"S256": True}),
        ("id_token_signing_alg_values_supported", [1]),
        ("mtls_endpoint_aliases", ["x"]),
        ("mtls_endpoint_aliases", {"token_endpoint": 1}),
        ("userinfo_endpoint", ""),
    ],
)
def test_what_is_not_needed_may_be_wrong(member: str, wrong: Any) -> None:
    client = OAuth2Client.from_discovery_document(document(**{member: wrong}), **CREDENTIALS)
    assert client.token_endpoint == f"{ISSUER}/token"


@pytest.mark.parametrize(("text", "flag"), [("true", True), ("True", True), ("false", False)])
def test_a_flag_may_be_a_string(text: str, flag: bool) -> None:
    metadata = document(authorization_response_iss_parameter_supported=text)
    client = OAuth2Client.from_discovery_document(metadata, **CREDENTIALS)
    assert client.authorization_response_iss_parameter_supported is flag


def test_unknown_members_may_be_anything() -> None:
    assert client_arguments(document(credential_configurations_supported={"a": 1}, x=[None]))


def test_null_is_as_good_as_absent() -> None:
    client = OAuth2Client.from_discovery_document(document(jwks_uri=None, mtls_endpoint_aliases=None), **CREDENTIALS)
    assert client.jwks_uri is None


@pytest.mark.parametrize("without", [{}, {"issuer": ISSUER}, {"token_endpoint": None}])
def test_without_a_token_endpoint_there_is_no_client(without: dict[str, Any]) -> None:
    with pytest.raises(InvalidDiscoveryDocument, match="token_endpoint"):
        OAuth2Client.from_discovery_document(without, **CREDENTIALS)


BAD = ["http://as.local/x", "https://u:p@as.local/x", "javascript:alert(1)", "x"]


@pytest.mark.parametrize("url", BAD)
def test_a_bad_token_endpoint_in_a_document_is_named(url: str) -> None:
    with pytest.raises(InvalidEndpointUri, match="token_endpoint"):
        OAuth2Client.from_discovery_document(document(token_endpoint=url), **CREDENTIALS)


@pytest.mark.parametrize("member", [name for name in discovery.ENDPOINTS if name != "token_endpoint"])
@pytest.mark.parametrize("url", BAD)
def test_any_other_bad_address_is_named_when_it_is_used(member: str, url: str) -> None:
    client = OAuth2Client.from_discovery_document(document(**{member: url}), **CREDENTIALS)
    assert getattr(client, member) is None
    with pytest.raises(InvalidEndpointUri, match=member):
        client.endpoint(member)


@pytest.mark.parametrize("wrong", [5, ["https://as.local/x"], {}, True])
def test_an_address_that_is_no_string_is_named_when_it_is_used(wrong: Any) -> None:
    client = OAuth2Client.from_discovery_document(document(revocation_endpoint=wrong), **CREDENTIALS)
    with pytest.raises(InvalidDiscoveryDocument, match="revocation_endpoint"):
        client.endpoint("revocation_endpoint")


@pytest.mark.parametrize("wrong", [["x"], {"a": 1}, 1, True])
def test_an_address_that_is_no_string_is_named_by_the_operation_too(flavor: Flavor, wrong: Any) -> None:
    kind = flavor.named("OAuth2Client")
    client = kind.from_discovery_document(document(revocation_endpoint=wrong), **CREDENTIALS)
    with pytest.raises(InvalidDiscoveryDocument, match="revocation_endpoint"):
        flavor.run(client.revoke_access_token("at"))
    session, _ = flavor.answered_by(lambda _: answer(document(revocation_endpoint=wrong)))
    client = kind(issuer=ISSUER, auth=("client", "hush-hush"), session=session)
    with pytest.raises(InvalidDiscoveryDocument, match="revocation_endpoint"):
        flavor.run(client.revoke_access_token("at"))


def test_an_empty_address_is_none() -> None:
    client = OAuth2Client.from_discovery_document(document(revocation_endpoint=""), **CREDENTIALS)
    with pytest.raises(MissingEndpointUri, match="revocation_endpoint"):
        client.endpoint("revocation_endpoint")


@pytest.mark.parametrize("allowed", [{"https": False}, {"testing": True}], ids=str)
def test_plain_http_in_a_document_has_to_be_allowed_by_name(allowed: dict[str, bool]) -> None:
    plain = {"issuer": "http://as.local", "token_endpoint": "http://as.local/token"}
    assert OAuth2Client.from_discovery_document(plain, **CREDENTIALS, **allowed).issuer == "http://as.local"


def test_what_the_document_lacks_may_be_an_argument(flavor: Flavor) -> None:
    lacking = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize"}
    endpoint = f"{ISSUER}/token"
    kind = flavor.named("OAuth2Client")
    client = flavor.keep(kind.from_discovery_document(lacking, **CREDENTIALS, token_endpoint=endpoint))
    assert client.token_endpoint == endpoint
    session, _ = flavor.answered_by(lambda _: answer(lacking))
    client = flavor.run(
        kind.from_discovery_endpoint(issuer=ISSUER, session=session, **CREDENTIALS, token_endpoint=endpoint)
    )
    assert client.token_endpoint == endpoint


def test_the_callers_settings_go_before_the_document() -> None:
    client = OAuth2Client.from_discovery_document(
        document(), auth=("client", "hush-hush"), token_endpoint=f"{ISSUER}/other", issuer=ISSUER
    )
    assert client.token_endpoint == f"{ISSUER}/other"


@pytest.mark.parametrize("auth", [("client", "hush-hush"), "client", ClientSecretBasic("client", "hush-hush")], ids=str)
def test_an_auth_in_second_place_is_told_by_its_type(auth: Any) -> None:
    client = OAuth2Client.from_discovery_document(document(), auth)
    assert client.client_id == "client"
    assert client.issuer == ISSUER
    assert (auth == "client") == isinstance(client.auth, PublicApp)


def test_two_auths_are_one_too_many() -> None:
    with pytest.raises(InvalidParam):
        OAuth2Client.from_discovery_document(document(), "client", auth="client")


def test_an_issuer_in_second_place_is_compared() -> None:
    with pytest.raises(InvalidParam, match=r"evil\.local"):
        OAuth2Client.from_discovery_document(document(), "https://evil.local", auth="client")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(f"{ISSUER}/x"),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=5,
)
member_names = st.sampled_from(
    (
        "issuer",
        *discovery.ENDPOINTS,
        discovery.ISS_FLAG,
        "mtls_endpoint_aliases",
        "scopes_supported",
        "x_alg_values_supported",
    )
)


documents = st.dictionaries(member_names, json_values, max_size=4)


def read_document(members: dict[str, Any]) -> OAuth2Client:
    return OAuth2Client.from_discovery_document({**document(), **members}, **CREDENTIALS)


def test_some_of_what_a_document_says_gets_through() -> None:
    assert find(documents, lambda members: len(members) > 1 and passes(OAuth2Error, read_document, members))


@given(members=documents)
def test_whatever_a_document_says_only_documented_errors_come_out(members: dict[str, Any]) -> None:
    with contextlib.suppress(OAuth2Error):
        read_document(members)


# --- how long documents are kept ----------------------------------------------------------------------------

AN_HOUR = answer(document(), Cache_Control="max-age=3600")


def test_a_document_is_kept_as_long_as_http_says() -> None:
    cache = DocumentCache()
    found([AN_HOUR], issuer=ISSUER, cache=cache)
    assert not found([], issuer=ISSUER, cache=cache, now=NOON + timedelta(minutes=59)).sent
    assert found([AN_HOUR], issuer=ISSUER, cache=cache, now=NOON + timedelta(minutes=61)).sent


def test_a_document_that_does_not_say_how_long_is_not_kept() -> None:
    cache = DocumentCache()
    found([answer(document())], issuer=ISSUER, cache=cache)
    assert found([answer(document())], issuer=ISSUER, cache=cache).sent


def test_a_document_is_kept_for_a_day_at_most() -> None:
    cache = DocumentCache()
    found([answer(document(), Cache_Control="max-age=31536000")], issuer=ISSUER, cache=cache)
    assert found([AN_HOUR], issuer=ISSUER, cache=cache, now=NOON + timedelta(days=1)).sent


def test_a_kept_document_is_compared_again() -> None:
    cache = DocumentCache()
    found([AN_HOUR], url=OIDC_URL, cache=cache)
    heard = found([], url=OIDC_URL, issuer="https://other.local", cache=cache)
    with pytest.raises(MismatchingDiscoveryIssuer):
        assert heard.result


def test_only_so_many_documents_are_kept() -> None:
    cache = DocumentCache(most=3)
    for number in range(10):
        cache.keep(f"https://as{number}.local", {}, NOON + timedelta(hours=1))
    kept = [number for number in range(10) if cache.get(f"https://as{number}.local", NOON) is not None]
    assert kept == [7, 8, 9]


# --- on the flavors -------------------------------------------------------------------------------------------


def site(received: Received) -> Answer:
    """An AS with metadata and keys."""
    pages = {
        "/.well-known/openid-configuration": answer(document(jwks_uri=f"{ISSUER}/jwks"), Cache_Control="max-age=3600"),
        "/jwks": answer({"keys": []}),
    }
    return pages.get(received.path, NOT_FOUND)


def test_first_the_document_then_the_keys(flavor: Flavor) -> None:
    session, received = flavor.answered_by(site)
    kind = flavor.named("OAuth2Client")
    client = flavor.run(kind.from_discovery_endpoint(issuer=ISSUER, session=session, **CREDENTIALS))
    assert [request.path for request in received] == ["/.well-known/openid-configuration", "/jwks"]
    assert client.authorization_server_jwks == {"keys": []}
    assert client.session is session
    assert all("authorization" not in request.headers for request in received)


def test_documents_through_a_session_of_the_user_are_not_kept(flavor: Flavor) -> None:
    session, received = flavor.answered_by(site)
    kind = flavor.named("OAuth2Client")
    for _ in range(2):
        flavor.run(kind.from_discovery_endpoint(issuer=ISSUER, session=session, **CREDENTIALS))
    assert len(received) == 4


@pytest.mark.parametrize("asked", [{"issuer": "http://as.local"}, {"url": "http://as.local/x"}, {}], ids=str)
def test_bad_arguments_fail_before_any_request_on_either_flavor(flavor: Flavor, asked: dict[str, str]) -> None:
    session, received = flavor.answered_by(site)
    kind = flavor.named("OAuth2Client")
    with pytest.raises(InvalidParam):
        flavor.run(kind.from_discovery_endpoint(**asked, session=session, **CREDENTIALS))
    assert not received


def test_a_user_error_inside_with_is_not_swallowed_and_a_given_session_stays_open(flavor: Flavor) -> None:
    client, received = flavor.mocked(site, jwks_uri=f"{ISSUER}/jwks")

    async def enter() -> None:
        async with client:
            raise KeyError

    def enter_blocking() -> None:
        with client:
            raise KeyError

    with pytest.raises(KeyError):
        flavor.run(enter()) if flavor.is_async else enter_blocking()
    assert [request.path for request in received] == ["/jwks"]
    assert flavor.run(client.update_authorization_server_public_keys()) == {"keys": []}


def test_a_client_whose_keys_cant_be_fetched_is_not_entered(flavor: Flavor) -> None:
    client, _ = flavor.mocked(site, jwks_uri=f"{ISSUER}/nowhere")
    with pytest.raises(InvalidAuthorizationServerJwks):
        flavor.run(client.__aenter__() if flavor.is_async else client.__enter__())


def test_a_client_that_closed_the_session_it_made_can_be_used_again(flavor: Flavor) -> None:
    client = flavor.named("OAuth2Client")(f"{ISSUER}/token", "client")
    first = client.session
    flavor.run(client.aclose() if flavor.is_async else client.close())
    assert client.session is not first or not first.is_closed  # other event loops go on with the async one
    flavor.run(client.aclose() if flavor.is_async else client.close())
