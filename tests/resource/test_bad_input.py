"""What goes wrong between an API, its server and a user: typed errors, nothing lost, and no login in vain."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
import requests

from requests_oauth2client import (
    ClientCredentialsSource,
    ClientMetadata,
    InsufficientScope,
    InvalidParam,
    InvalidResourceMetadata,
    InvalidTarget,
    LoginFailed,
    MismatchingResource,
    MissingPkce,
    OAuth2ResourceAuth,
    RecursiveRenewal,
    ServerError,
    UntrustedIssuer,
)
from requests_oauth2client.discovery import MismatchingDiscoveryIssuer
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer, ProtectedApi, ReceivedRequest, ServerResponse

from .conftest import ME, World

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def challenge(value: str, status: int = 401) -> ServerResponse:
    return ServerResponse(status=status, headers={"WWW-Authenticate": value})


# --- the server


def test_a_server_that_does_not_say_that_it_checks_pkce_is_refused(world: World) -> None:
    for listed in (None, ["plain"]):
        world.server.further_metadata["code_challenge_methods_supported"] = listed
        with pytest.raises(MissingPkce, match="require_pkce=False") as raised:
            world.get(world.auth())
        assert (raised.value.issuer, raised.value.received) == (world.server.issuer, tuple(listed or ()))
    assert not world.logins
    assert world.get(world.auth(require_pkce=False)).status_code == 200
    assert world.logins[0].code_challenge_method == "S256", "it is used nevertheless"


def test_metadata_of_another_resource_lead_to_no_login(world: World) -> None:
    world.api.metadata["resource"] = "https://other.test"
    with pytest.raises(MismatchingResource):
        world.get(world.auth())
    assert (world.logins, world.endpoints) == ([], [])


def test_metadata_of_another_issuer_lead_to_no_login(world: World) -> None:
    world.server.further_metadata["issuer"] = "https://evil.test"
    with pytest.raises(MismatchingDiscoveryIssuer):
        world.get(world.auth())
    assert world.endpoints == ["configuration"]


def test_an_issuer_that_the_api_does_not_name_is_refused(world: World) -> None:
    with pytest.raises(UntrustedIssuer, match=r"expected 'https://mine\.test'"):
        world.get(world.auth(issuer="https://mine.test"))
    client = world.flavor.client(None, ("id", "secret"), issuer="https://mine.test")
    with pytest.raises(UntrustedIssuer):
        world.get(world.auth(client=client, grant=ClientCredentialsSource))
    assert not world.endpoints


def test_a_client_of_the_server_is_used_as_it_is(world: World) -> None:
    client = world.flavor.client(None, ("id", "secret"), issuer=world.server.issuer)
    assert world.get(world.auth(client=client, grant=ClientCredentialsSource)).json()["sub"] == "id"


def test_endless_metadata_end(world: World) -> None:
    piece = b" " * (1 << 16)
    world.api.responses[f"{WELL_KNOWN}/v1"] = ServerResponse(body=(piece for _ in range(10**9)))
    with pytest.raises(InvalidResourceMetadata, match=r"larger than the limit"):
        world.get(world.auth())
    assert not world.endpoints


@pytest.mark.parametrize("body", [b"<!doctype html>", b"", b"[]", b"{", b"null", b'{"a":1,"a":2}'])
def test_a_page_where_metadata_could_be(world: World, body: bytes) -> None:
    world.api.responses[f"{WELL_KNOWN}/v1"] = ServerResponse(headers={"Content-Type": "text/html"}, body=body)
    world.api.responses[WELL_KNOWN] = ServerResponse(
        body=b'{"resource": "https://api.test", "authorization_servers": ["https://as.test"]}'
    )
    assert world.get(world.auth()).status_code == 200
    assert world.logins[0].kwargs["resource"] == "https://api.test"


def test_an_api_that_says_nothing_of_itself_needs_an_issuer(world: World) -> None:
    world.api.responses |= {WELL_KNOWN: ServerResponse(status=404), f"{WELL_KNOWN}/v1": ServerResponse(status=404)}
    with pytest.raises(InvalidResourceMetadata, match="issuer="):
        world.get(world.auth())
    assert world.get(world.auth(issuer=world.server.issuer)).status_code == 200
    assert world.logins[0].kwargs["resource"] == "https://api.test/v1"


def test_servers_of_the_first_mcp_specification_are_found_at_their_own_origin(world: World) -> None:
    server = AuthorizationServer("https://old.test")
    api = ProtectedApi(server, "https://old.test/mcp")
    seen: list[str] = []

    class Both:
        """An API that is its own authorization server, without metadata."""

        issuer = "https://old.test"

        def handle(self, request: ReceivedRequest) -> ServerResponse:
            seen.append(request.path)
            if request.path.startswith("/.well-known"):
                return ServerResponse(status=404)
            return (api if request.path.startswith("/mcp") else server).handle(request)

    from requests_oauth2client.testing import transports

    auth = world.auth(url=api.url, require_pkce=False, login=lambda request: str(server.log_in(request.uri)))
    with transports.installed(Both()):
        assert world.flavor.get(api.url, auth=auth).status_code == 200
    assert [path for path in seen if not path.startswith("/.well-known")] == ["/mcp", "/register", "/token", "/mcp"]


def test_the_second_server_where_the_first_has_no_metadata(world: World) -> None:
    world.api.metadata["authorization_servers"] = ["https://api.test/none", world.server.issuer]
    world.api.responses |= {
        f"/.well-known/{name}/none": ServerResponse(status=404)
        for name in ("oauth-authorization-server", "openid-configuration")
    }
    world.api.responses["/none/.well-known/openid-configuration"] = ServerResponse(status=404)
    assert world.get(world.auth()).status_code == 200


def test_slashes_do_not_matter(world: World) -> None:
    world.api.metadata |= {"resource": "https://api.test/v1/", "authorization_servers": ["https://as.test/"]}
    assert world.get(world.auth(url="https://api.test/v1/")).status_code == 200
    assert world.logins[0].kwargs["resource"] == "https://api.test/v1/"
    assert world.logins[0].issuer == "https://as.test"


def test_a_server_that_refuses_the_resource_says_what_to_do(world: World) -> None:
    world.server.fail("token", status=400, body='{"error": "invalid_target"}')
    with pytest.raises(InvalidTarget, match="resource=None"):
        world.get(world.auth())
    assert world.get(world.auth(resource=None)).status_code == 200
    assert "resource" not in world.logins[-1].kwargs
    assert "resource" not in world.server.requests[-1].form


def test_a_server_that_takes_no_stranger_says_what_to_do(world: World) -> None:
    world.server.further_metadata["registration_endpoint"] = None
    with pytest.raises(InvalidParam, match="client="):
        world.get(world.auth())


# --- several challenges


@pytest.mark.parametrize(
    "value",
    [
        'Basic realm="x", Bearer scope="read", resource_metadata="{}"',
        'Bearer realm="x", DPoP algs="ES256", Bearer resource_metadata="{}"',
        'Bearer error_description="Basic resource_metadata=\\"https://evil.test\\"", resource_metadata="{}"',
        'Negotiate abcd==, Bearer error="invalid_token",, resource_metadata="{}"',
    ],
)
def test_several_challenges(world: World, value: str) -> None:
    elsewhere = ProtectedApi(world.server, "https://docs.test")
    elsewhere.responses["/about"] = ServerResponse(
        body=b'{"resource": "https://api.test/v1", "authorization_servers": ["https://as.test"]}'
    )
    world.api.responses["/v1/once"] = challenge(value.format("https://docs.test/about"))
    auth = world.auth(scope="read")
    with elsewhere.installed():
        assert world.get(auth, "/once").status_code == 401
    assert [request.path for request in elsewhere.requests][:1] == ["/about"]
    assert len(world.logins) == 1
    assert world.get(auth).status_code == 200


def test_a_header_that_breaks_the_grammar_is_none(world: World) -> None:
    world.api.responses["/v1/odd"] = challenge('Bearer resource_metadata="https://evil.test')
    auth = world.auth()
    assert world.get(auth, "/odd").status_code == 401
    assert len(world.logins) == 1, "the well-known address says enough"


# --- scope


def test_scope_is_yours_else_the_challenges_else_that_of_the_list(world: World) -> None:
    world.api.metadata["scopes_supported"] = ["a", "b"]
    world.get(world.auth(scope="mine read"))
    world.get(world.auth())
    world.api.scope = None
    world.get(world.auth())
    assert [scope and scope.removesuffix(" offline_access") for scope in world.scopes] == ["mine read", "read", "a b"]


def test_offline_access_is_asked_for_only_where_the_server_lists_it(world: World) -> None:
    world.server.further_metadata["scopes_supported"] = ["openid"]
    world.get(world.auth())
    assert world.scopes == ["read"]


def test_what_was_in_vain_is_not_asked_for_again(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)
    world.api.responses["/v1/never"] = challenge('Bearer error="insufficient_scope", scope="more"', 403)
    for _ in range(3):
        assert world.get(auth, "/never").status_code == 403
    assert world.get(world.auth(store=store), "/never").status_code == 403
    assert world.scopes == ["read offline_access", "read more offline_access"]
    strict = world.auth(store=store, raise_for_challenge=True)
    with pytest.raises(InsufficientScope):
        world.get(strict, "/never")
    assert len(world.logins) == 2


def test_an_api_that_asks_for_more_each_time_is_left_alone(world: World) -> None:
    class Greedy(dict[str, ServerResponse]):
        def __getitem__(self, path: str) -> ServerResponse:
            return challenge(f'Bearer error="insufficient_scope", scope="s{len(world.logins)}"', 403)

    world.api.responses = Greedy({"/v1/greedy": ServerResponse()})
    auth = world.auth()
    world.get(auth)
    for _ in range(3):
        assert world.get(auth, "/greedy").status_code == 403
    assert len(world.logins) == 1 + 3
    assert world.get(auth).status_code == 200
    few = world.auth(max_logins=1)
    world.get(few)
    before = len(world.logins)
    assert world.get(few, "/greedy").status_code == 403
    assert len(world.logins) == before + 1


@pytest.mark.parametrize(
    "value",
    ['Bearer error="insufficient_scope"', 'Bearer scope="more"', 'Basic error="insufficient_scope", scope="more"', ""],
)
def test_a_403_that_names_no_scope_is_only_a_403(world: World, value: str) -> None:
    world.api.responses["/v1/no"] = challenge(value, 403)
    auth = world.auth()
    world.get(auth)
    assert world.get(auth, "/no").status_code == 403
    assert len(world.logins) == 1


# --- users, and what is lost


def test_a_login_that_fails_is_tried_again_with_the_next_call(world: World) -> None:
    def cancel() -> None:
        world.meanwhile = None
        raise LoginFailed("The user has left.")

    world.meanwhile = cancel
    auth = world.auth()
    with pytest.raises(LoginFailed):
        world.get(auth)
    assert world.get(auth).status_code == 200
    assert world.endpoints.count("registration") == 1


def test_a_failed_step_up_loses_nothing(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)

    def cancel() -> None:
        raise LoginFailed("The user has left.")

    world.meanwhile = cancel
    with pytest.raises(LoginFailed):
        world.get(auth, "/secrets")
    world.server.travel(3601)
    assert world.get(auth).status_code == 200
    assert world.get(world.auth(store=store)).status_code == 200


def test_a_503_at_a_refresh_loses_nothing(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)
    world.server.travel(3601)
    world.server.fail("token", status=503, body='{"error": "server_error"}')
    with pytest.raises(ServerError):
        world.get(auth)
    assert world.get(auth).status_code == 200
    assert len(world.logins) == 1


def test_a_client_that_the_server_has_forgotten_is_registered_anew(world: World, store: MemoryStore) -> None:
    auth = world.auth(store=store)
    world.get(auth)
    world.server.travel(3601)
    world.server.fail("token", status=401, body='{"error": "invalid_client"}')
    assert world.get(auth).status_code == 200
    assert world.endpoints.count("registration") == 2
    assert len(world.logins) == 2
    assert world.logins[0].client_id != world.logins[1].client_id


def test_a_login_that_needs_its_own_token_is_an_error(world: World) -> None:
    auth = world.auth()
    world.meanwhile = lambda: requests.get(world.api.url, auth=auth, timeout=5) if not world.flavor.is_async else None
    if world.flavor.is_async:
        return
    with pytest.raises(RecursiveRenewal):
        world.get(auth)


def test_a_body_that_can_not_be_sent_again_is_left_alone(world: World) -> None:
    auth = world.auth()
    send = (
        (lambda: requests.post(world.api.url, data=iter([b"a"]), auth=auth, timeout=5))
        if not world.flavor.is_async
        else None
    )
    if send is None:
        return
    assert send().status_code == 401
    assert send().status_code == 200


def test_registrations_ask_for_what_the_server_lists(world: World) -> None:
    for listed, method in ((["client_secret_post"], "client_secret_post"), (["private_key_jwt"], None), ([], "none")):
        world.server.further_metadata["token_endpoint_auth_methods_supported"] = listed
        auth = world.auth()
        world.get(auth)
        sent = next(one for one in reversed(world.server.requests) if one.endpoint == "registration").json()
        assert sent.get("token_endpoint_auth_method") == method
        assert sent["application_type"] == "native"
        assert sent["grant_types"] == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x", "redirect_uris": "https://one.test"},
        {"name": "x", "client_id": "mine"},
        {"name": "x", "url": "http://me.test/client.json"},
        {"name": "x", "url": "https://me.test"},
        {"name": "x", "url": "https://me.test/a/../b"},
        {"name": "x", "url": "https://me.test/c#d"},
        {"name": "x", "url": "https://me.test/c", "token_endpoint_auth_method": "client_secret_basic"},
        {"name": "x", "logo_url": "https://me.test/logo"},
    ],
)
def test_metadata_of_a_client_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParam):
        ClientMetadata(**wrong)


# --- many at once


def test_one_login_serves_all_threads(world: World) -> None:
    auth = world.auth()
    if world.flavor.is_async:

        async def crowd() -> list[int]:
            statuses: list[int] = []

            async def one() -> None:
                async with world.flavor.library.AsyncClient(auth=auth) as client:
                    statuses.append((await client.get(world.api.url)).status_code)

            async with anyio.create_task_group() as group:
                for _ in range(8):
                    group.start_soon(one)
            return statuses

        assert world.flavor.run(crowd()) == [200] * 8
    else:
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda _: requests.get(world.api.url, auth=auth, timeout=30).status_code, range(8)))
        assert got == [200] * 8
    assert len(world.logins) == 1
    assert world.endpoints.count("registration") == 1


def test_one_login_serves_all_who_share_a_store(store: MemoryStore) -> None:
    server = AuthorizationServer()
    api = ProtectedApi(server, "https://api.test/v1", scope="read")
    logins: list[Any] = []

    def login(request: Any) -> str:
        logins.append(request)
        return str(server.log_in(request.uri))

    def call(_: int) -> int:
        auth = OAuth2ResourceAuth(api.url, client=ME, login=login, store=store, subject="me")
        return requests.get(api.url, auth=auth, timeout=30).status_code

    with server.installed(), api.installed():
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(call, range(6))) == [200] * 6
        assert len(logins) == 1
        assert [request.endpoint for request in server.requests].count("registration") == 1
        server.records.access_tokens.clear()
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(call, range(6))) == [200] * 6
    assert len(logins) == 1


def test_a_slow_request_holds_up_no_other(world: World) -> None:
    slow, free = threading.Event(), threading.Event()

    class Slow(dict[str, ServerResponse]):
        def __getitem__(self, path: str) -> ServerResponse:
            slow.set()
            assert free.wait(30)
            return ServerResponse(body=b"{}")

    auth = world.auth()
    world.get(auth)
    world.api.responses = Slow({"/v1/slow": ServerResponse()})
    with ThreadPoolExecutor(1) as pool:
        other = OAuth2ResourceAuth if not world.flavor.is_async else None
        if other is None:
            free.set()
            return
        waiting = pool.submit(lambda: requests.get(f"{world.api.url}/slow", auth=auth, timeout=60).status_code)
        assert slow.wait(30)
        assert world.get(auth).status_code == 200
        world.server.records.access_tokens.clear()
        assert world.get(auth).status_code == 200, "also where a token has to be replaced meanwhile"
        assert not waiting.done()
        free.set()
        assert waiting.result() == 200
