"""Calls to an API of which only the URL is known, against the test server, on both clients."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest
import requests

from devkit.flavors import Flavor
from requests_oauth2client import (
    ApiError,
    BearerToken,
    ClientCredentialsSource,
    ClientMetadata,
    InvalidParam,
    LoginNeeded,
    OAuth2ResourceAuth,
    ProtectedResource,
    UntrustedIssuer,
)
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer, ProtectedApi

from .conftest import ME, World


def test_the_url_is_all_that_is_needed(world: World) -> None:
    auth = world.auth()
    assert world.get(auth, "/things").json()["sub"] == "alice"
    assert world.endpoints == ["configuration", "registration", "authorization", "token"]
    (login,) = world.logins
    assert login.scope == ("read", "offline_access"), "what the challenge asks for, and to stay logged in"
    assert login.kwargs["resource"] == "https://api.test/v1"
    assert login.code_challenge_method == "S256"
    assert world.server.requests[-1].form["resource"] == "https://api.test/v1"
    assert world.get(auth, "/things").json()["sub"] == "alice"
    assert (len(world.logins), len(world.api.requests)) == (1, 4)


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_it_is_an_auth_of_the_sync_clients_of_httpx_too(library: Any) -> None:
    server = AuthorizationServer()
    api = ProtectedApi(server, "https://api.test/v1", scopes={"/v1/secrets": "secrets"})
    auth = OAuth2ResourceAuth(api.url, client=ME, login=lambda request: server.log_in(request.uri))
    with server.installed(), api.installed(), library.Client(auth=auth) as client:
        assert client.post(api.url, json={"a": 1}).json()["sub"] == "alice"
        assert client.get(f"{api.url}/secrets").json()["scope"] == "secrets offline_access"


def test_a_restart_with_a_valid_token_costs_one_request(world: World, store: MemoryStore) -> None:
    world.get(world.auth(store=store))
    before = world.counts()
    assert world.get(world.auth(store=store)).status_code == 200
    assert world.counts() == (before[0], before[1] + 1)


def test_a_restart_with_an_expired_token_refreshes_it(world: World, store: MemoryStore) -> None:
    world.get(world.auth(store=store))
    before = world.counts()
    world.server.travel(3601)
    assert world.get(world.auth(store=store)).status_code == 200
    assert len(world.logins) == 1
    asked = [request.endpoint for request in world.server.requests[before[0] :]]
    assert asked[-1] == "token"
    assert world.server.requests[-1].form["grant_type"] == "refresh_token"
    assert world.server.requests[-1].form["resource"] == "https://api.test/v1"


def test_a_revoked_token_is_replaced(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)
    first = auth.token
    world.server.records.access_tokens.pop(first.access_token)
    assert world.get(auth).status_code == 200
    assert len(world.logins) == 1
    assert auth.token != first


def test_a_login_that_was_ended_elsewhere_is_begun_again(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)
    world.server.records.refresh_tokens.clear()
    world.server.records.access_tokens.clear()
    assert world.get(auth).status_code == 200
    assert len(world.logins) == 2


def test_more_scope_is_asked_for_where_it_is_needed(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)
    assert world.get(auth, "/secrets").json()["scope"].split() == ["read", "secrets", "offline_access"]
    assert world.scopes == ["read offline_access", "read secrets offline_access"]
    before = world.counts()
    again = world.auth(store=store)
    assert world.get(again, "/secrets").status_code == 200
    assert world.get(again).status_code == 200
    assert world.counts() == (before[0], before[1] + 2)
    assert len(world.logins) == 2


def test_another_origin_is_shown_no_token(world: World) -> None:
    other = ProtectedApi(world.server, "https://other.test")
    auth = world.auth()
    world.get(auth)
    with other.installed():
        assert world.flavor.get(other.url, auth=auth).status_code == 401
        assert "authorization" not in other.requests[0].headers
        aliased = world.auth(aliases=[other.url])
        world.get(aliased)
        assert world.flavor.get(other.url, auth=aliased).status_code == 200


def test_a_program_that_can_not_log_in_gets_the_request(world: World, store: MemoryStore) -> None:
    auth = world.auth(login=False, store=store, client=ClientMetadata("site", redirect_uris=["https://me.test/cb"]))
    with pytest.raises(LoginNeeded) as raised:
        world.get(auth)
    request = raised.value.authorization_request
    assert request is not None
    assert raised.value.authorization_url == request.uri
    assert request.redirect_uri == "https://me.test/cb"
    callback = world.server.log_in(raised.value.authorization_url)
    elsewhere = world.auth(
        login=False, store=store, client=ClientMetadata("site", redirect_uris=["https://me.test/cb"])
    )
    assert isinstance(world.flavor.run(elsewhere.finish_login(request, callback)), BearerToken)
    assert world.get(elsewhere).status_code == 200
    assert world.get(auth).status_code == 200
    assert world.endpoints.count("registration") == 1


def test_a_login_before_the_first_call(world: World) -> None:
    auth = world.auth()
    token = world.flavor.run(auth.log_in())
    assert token == auth.token == world.flavor.run(auth.get_token())
    assert world.scopes == [None], "without a challenge or a list, nothing is asked for"
    assert len(world.logins) == 1


def test_a_logout_ends_it_for_all(world: World, store: MemoryStore) -> None:
    auth, other = world.auth(store=store), world.auth(store=store)
    world.get(auth)
    assert world.flavor.run(other.log_out()) is True
    assert world.endpoints.count("revocation") == 2
    assert world.get(world.auth(store=store)).status_code == 200
    assert len(world.logins) == 2


def test_any_grant_gets_the_tokens(world: World) -> None:
    auth = world.auth(client=("id", "secret"), grant=ClientCredentialsSource)
    assert world.get(auth).json()["sub"] == "id"
    form = world.server.requests[-1].form
    assert (form["scope"], form["resource"]) == ("read", "https://api.test/v1")


def test_tokens_are_bound_to_a_key_where_the_api_demands_it(world: World, store: MemoryStore) -> None:
    world.api.metadata["dpop_bound_access_tokens_required"] = True
    auth = world.auth(store=store)
    assert world.get(auth).status_code == 200
    assert type(auth.token).__name__ == "DPoPToken"
    assert world.get(world.auth(store=store)).status_code == 200
    assert len(world.logins) == 1


def test_credentials_are_for_one_server(world: World) -> None:
    other = AuthorizationServer("https://elsewhere.test")
    auth = world.auth(client=("id", "secret"), grant=ClientCredentialsSource)
    world.get(auth)
    world.api.metadata["authorization_servers"] = [other.issuer]
    world.server.records.access_tokens.clear()
    with (
        other.installed(),
        pytest.raises(UntrustedIssuer, match=r"https://elsewhere\.test, expected 'https://as\.test'"),
    ):
        world.get(auth)
    assert not other.requests


def test_another_server_is_registered_at_anew(world: World, store: MemoryStore) -> None:
    other = AuthorizationServer("https://elsewhere.test")
    auth = world.auth(store=store)
    world.get(auth)
    first = world.logins[0]
    world.server.records.access_tokens.clear()
    world.api.metadata["authorization_servers"] = [other.issuer]
    with other.installed():
        here, world.server = world.server, other
        world.api.server = other
        assert world.get(auth).status_code == 200
        world.server = here
    assert [request.endpoint for request in other.requests] == [
        "configuration",
        "registration",
        "authorization",
        "token",
    ]
    assert world.logins[1].issuer == other.issuer
    assert first.client_id not in str(other.requests)


def test_a_url_as_client_id_where_the_server_knows_that(world: World) -> None:
    me = ClientMetadata("My agent", url="https://me.test/client.json", logo_uri="https://me.test/logo.png")
    assert me.document() == {
        "client_id": "https://me.test/client.json",
        "client_name": "My agent",
        "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "logo_uri": "https://me.test/logo.png",
    }
    world.server.further_metadata["client_id_metadata_document_supported"] = True
    assert world.get(world.auth(client=me)).status_code == 200
    assert world.logins[0].client_id == me.url
    assert "registration" not in world.endpoints


def test_what_the_api_says_of_itself(world: World) -> None:
    world.api.metadata["scopes_supported"] = ["read", "secrets"]
    fetch = ProtectedResource.afetch if world.flavor.is_async else ProtectedResource.fetch
    found = world.flavor.run(fetch(f"{world.api.url}/"))
    assert found.resource == world.api.url
    assert found.authorization_servers == (world.server.issuer,)
    assert found.scopes_supported == ("read", "secrets")
    assert found.metadata_url == "https://api.test/.well-known/oauth-protected-resource/v1"


def test_a_client_of_the_server_that_an_api_names(flavor: Flavor, world: World) -> None:
    client = flavor.keep(flavor.named("OAuth2Client").from_resource(world.api.url, auth=("id", "secret")))
    assert (world.counts(), client.issuer) == ((0, 0), None)
    assert flavor.run(client.client_credentials(scope="read"))
    assert client.issuer == world.server.issuer
    settings = {"auth": ("id", "secret"), "issuer": "https://elsewhere.test"}
    other = flavor.keep(flavor.named("OAuth2Client").from_resource(world.api.url, **settings))
    with pytest.raises(UntrustedIssuer):
        flavor.run(other.discover())


def test_a_challenge_is_raised_where_that_is_wanted(world: World) -> None:
    response = world.flavor.get(world.api.url)
    error = world.auth(raise_for_challenge=True)
    assert error.raise_for_challenge
    found = _api_error(response)
    assert isinstance(found, ApiError)
    assert found.resource_metadata == world.api.metadata_url
    assert world.api.metadata_url in str(found)


def _api_error(response: Any) -> Any:
    from requests_oauth2client import api_error

    return api_error(response)


def test_a_store_needs_to_know_whose_login_it_is(world: World, store: MemoryStore) -> None:
    with pytest.raises(InvalidParam, match="subject="):
        OAuth2ResourceAuth(world.api.url, client=ME, store=store)


def test_requests_are_sent_as_they_are_where_the_api_wants_nothing(world: World) -> None:
    from requests_oauth2client.testing import ServerResponse

    world.api.responses["/v1/open"] = ServerResponse(body=b"{}")
    assert world.get(world.auth(), "/open").status_code == 200
    assert (len(world.logins), world.endpoints) == (0, [])
    assert requests.codes.ok == 200
