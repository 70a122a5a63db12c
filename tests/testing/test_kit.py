"""The test kit, used as its users do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import requests
import responses
from authlib.integrations.requests_client import OAuth2Session

from devkit.flavors import Flavor
from requests_oauth2client import (
    ApiClient,
    AsyncOAuth2ClientCredentialsAuth,
    AuthorizationPending,
    BearerToken,
    InvalidGrant,
    InvalidIdToken,
    InvalidParam,
    OAuth2AccessTokenAuth,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
    SlowDown,
    TransportError,
)
from requests_oauth2client.stores import FileStore, MemoryStore, TokenStore
from requests_oauth2client.testing import (
    LIES,
    MISBEHAVIORS,
    AuthorizationRefused,
    AuthorizationServer,
    Refusal,
)
from requests_oauth2client.testing import plugin as fixtures

REDIRECT_URI = "https://app.test/callback"
pytest_plugins: list[str] = []


def client_of(server: AuthorizationServer, **more: Any) -> OAuth2Client:
    more.setdefault("retries", None)
    return OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=("app", "secret"), **more)


def log_in(server: AuthorizationServer, client: OAuth2Client, **more: Any) -> BearerToken:
    request = {"scope": "openid offline_access", "prompt": "consent", "redirect_uri": REDIRECT_URI, **more}
    azr = client.authorization_request(**request)
    return client.authorization_code(azr.validate_callback(server.log_in(azr)))


# --- where it answers


def test_it_answers_every_library_in_this_process(oauth_server: AuthorizationServer) -> None:
    url = f"{oauth_server.issuer}/.well-known/openid-configuration"
    expected = oauth_server.metadata
    assert requests.get(url, timeout=5).json() == expected
    for library in (httpx, httpx2):
        assert library.get(url).json() == expected

        async def ask(library: Any = library) -> Any:
            async with library.AsyncClient() as http:
                return (await http.get(url)).json()

        assert asyncio.run(ask()) == expected
    assert [request.endpoint for request in oauth_server.requests] == ["configuration"] * 5


def test_other_origins_go_their_way(oauth_server: AuthorizationServer) -> None:
    with responses.RequestsMock() as others:
        others.get("https://api.test/things", json=["a thing"])
        auth = OAuth2ClientCredentialsAuth(client_of(oauth_server))
        assert ApiClient("https://api.test", auth=auth).get("things").json() == ["a thing"]
        assert others.calls[0].request.headers["Authorization"].startswith("Bearer ")


def test_nothing_is_left_when_the_context_ends() -> None:
    before = (requests.Session.get_adapter, httpx.HTTPTransport.handle_request)
    with AuthorizationServer().installed(), AuthorizationServer("https://other.test").installed() as other:
        assert requests.get(f"{other.issuer}/jwks", timeout=5).ok
        with pytest.raises(RuntimeError, match="another issuer"), AuthorizationServer().installed():
            pass
    assert (requests.Session.get_adapter, httpx.HTTPTransport.handle_request) == before


def test_it_listens_with_a_loopback_issuer() -> None:
    server = AuthorizationServer()
    with server.listening() as listening:
        assert listening.issuer.startswith("http://127.0.0.1:")
        token = log_in(listening, client_of(listening))
        assert token.id_token is not None
        assert token.id_token.issuer == listening.issuer
    assert server.issuer == "https://as.test"


def test_a_client_that_goes_away_is_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    import socket
    import struct

    with AuthorizationServer().listening() as server:
        host, port = server.issuer.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /jwks HTTP/1.1\r\n")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets it
        assert requests.get(f"{server.issuer}/jwks", timeout=5).ok
    assert capfd.readouterr().err == ""


def test_a_browser_finds_pages(oauth_server_url: str) -> None:
    client = OAuth2Client.from_discovery_endpoint(issuer=oauth_server_url, auth=("app", "secret"))
    azr = client.authorization_request(redirect_uri=REDIRECT_URI)
    page = requests.get(azr.uri, timeout=5)
    assert "Log in" in page.text
    answer = requests.post(azr.uri, data={"_user": "bob", "_decision": ""}, timeout=5, allow_redirects=False)
    token = client.authorization_code(azr.validate_callback(answer.headers["Location"]))
    assert token.id_token is not None
    assert token.id_token.subject == "bob"
    codes = client.authorize_device(scope="openid")
    assert codes.user_code in requests.get(str(codes.verification_uri_complete), timeout=5).text
    requests.post(codes.verification_uri, data={"user_code": codes.user_code}, timeout=5)
    assert client.device_code(codes).access_token


# --- people


def test_a_login_takes_three_lines(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    azr = client.authorization_request(redirect_uri=REDIRECT_URI)
    token = client.authorization_code(azr.validate_callback(oauth_server.log_in(azr.uri, user="bob")))
    assert token.id_token is not None
    assert (token.id_token.subject, token.id_token.checked) == ("bob", True)


def test_a_user_may_say_no(oauth_server: AuthorizationServer) -> None:
    azr = client_of(oauth_server).authorization_request(redirect_uri=REDIRECT_URI)
    callback = oauth_server.log_in(azr.uri, deny="access_denied")
    assert callback.form["error"] == "access_denied"
    with pytest.raises(Exception, match="access_denied"):
        azr.validate_callback(callback)


def test_a_form_post_is_a_form(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    azr = client.authorization_request(redirect_uri=REDIRECT_URI, response_mode="form_post")
    callback = oauth_server.log_in(azr)
    assert (callback.redirect_uri, callback.response_mode) == (REDIRECT_URI, "form_post")
    assert azr.validate_callback(callback.form).code == callback.form["code"]


def test_another_url_is_a_mistake_of_the_test(oauth_server: AuthorizationServer) -> None:
    with pytest.raises(InvalidParam, match="not the authorization endpoint"):
        oauth_server.log_in("https://app.test/login")


def test_known_clients_are_held_to_their_metadata() -> None:
    known = {"app": {"client_secret": "s", "redirect_uris": [REDIRECT_URI]}}
    with AuthorizationServer(clients=known).installed() as server:
        client = client_of(server)
        with pytest.raises(AuthorizationRefused, match="not registered"):
            server.log_in(client.authorization_request(redirect_uri="https://evil.test/"))


def test_devices_and_phones_are_approved(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    codes = client.authorize_device(scope="openid")
    with pytest.raises(AuthorizationPending):
        client.device_code(codes)
    with pytest.raises(SlowDown):
        client.device_code(codes)
    oauth_server.approve(codes.user_code, user="bob")
    token = client.device_code(codes)
    assert token.id_token is not None
    assert token.id_token.subject == "bob"
    started = client.backchannel_authentication_request(login_hint="carol")
    oauth_server.approve(started.auth_req_id)
    token = client.ciba(started)
    assert token.id_token is not None
    assert token.id_token.subject == "carol"
    with pytest.raises(LookupError, match="No device"):
        oauth_server.approve("AAAA-BBBB")


def test_a_logout_reaches_the_application() -> None:
    received = []
    known = {
        "app": {
            "client_secret": "secret",
            "token_endpoint_auth_method": "client_secret_post",
            "redirect_uris": [REDIRECT_URI],
            "backchannel_logout_uri": "https://app.test/logout",
        }
    }
    with AuthorizationServer(clients=known).installed() as server, responses.RequestsMock() as application:

        def log_out(request: Any) -> tuple[int, dict[str, str], str]:
            received.append(request.body)
            client_of(server).logout_token(request.body.partition("=")[2])  # asks the server for its keys
            return 200, {}, ""

        application.add_callback("POST", "https://app.test/logout", log_out)
        client = client_of(server)
        log_in(server, client, scope="openid", prompt=None)
        (token,) = server.log_out("alice")
        assert client.logout_token(token).sub == "alice"
        assert len(received) == 1
        assert server.log_out("alice") == []


# --- tokens and time


def test_a_token_is_known_to_introspection_and_userinfo(
    oauth_server: AuthorizationServer, issued_token: BearerToken
) -> None:
    client = client_of(oauth_server)
    assert client.introspect_token(issued_token)["sub"] == "alice"
    assert issued_token.access_token_jwt.headers["typ"] == "at+jwt"
    token = oauth_server.token(sub="bob", scope="openid email", aud="https://api.test")
    assert client.userinfo(token)["email"] == "bob@example.com"
    assert client.introspect_token(token)["aud"] == "https://api.test"


def test_time_travels_for_the_server_and_the_library(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    auth = OAuth2AccessTokenAuth(client, log_in(oauth_server, client))
    first = auth.token
    assert first is not None
    oauth_server.travel(3000)
    oauth_server.travel(700)
    assert first.is_expired()
    with pytest.raises(Exception, match="invalid_token"):
        client.userinfo(first.access_token)
    assert client.userinfo(str(auth.get_token()))["sub"] == "alice"


def test_the_present_comes_back() -> None:
    with AuthorizationServer().installed() as server:
        token = server.token()
        server.travel(10_000)
        assert token.is_expired()
    assert not token.is_expired()


# --- what goes wrong


def test_an_endpoint_fails_as_often_as_it_is_told_to(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    for name in ("token", "token_endpoint"):
        oauth_server.fail(name, times=2, status=500, body='{"error": "server_error"}')
        for _ in range(2):
            with pytest.raises(Exception, match="server_error"):
                client.client_credentials()
        assert client.client_credentials().access_token
    with pytest.raises(InvalidParam, match="no endpoint 'tokn'"):
        oauth_server.fail("tokn")


def test_every_lie_is_refused(lying_server: AuthorizationServer) -> None:
    with pytest.raises(InvalidIdToken):
        log_in(lying_server, client_of(lying_server))


def test_the_fixture_knows_every_lie() -> None:
    assert [lie.rule for lie in LIES] == fixtures.RULES


def test_a_lie_ends(oauth_server: AuthorizationServer) -> None:
    oauth_server.lie(iss="https://evil.test")
    with pytest.raises(InvalidIdToken):
        log_in(oauth_server, client_of(oauth_server))
    oauth_server.lie()
    assert log_in(oauth_server, client_of(oauth_server))


def test_new_keys_are_found(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    log_in(oauth_server, client)
    oauth_server.rotate_keys()
    oauth_server.travel(60)  # past the cool-down of the key set
    assert log_in(oauth_server, client)


GOOD = {"keys_rotated", "json_as_text", "nonce_demanded", "no_token_type", "expires_in_string", "no_expiry"}


@pytest.mark.parametrize("name", MISBEHAVIORS)
def test_our_clients_do_what_a_good_client_does(name: str, flavor: Flavor, oauth_server: AuthorizationServer) -> None:
    misbehavior = MISBEHAVIORS[name]
    assert misbehavior.what
    assert misbehavior.good_client
    client = flavor.client(
        oauth_server.metadata["token_endpoint"], ("app", "secret"), retries=None, timeout=0.5 if name == "drip" else 5
    )
    oauth_server.misbehave(name)
    if misbehavior.endpoint != "token":
        with pytest.raises(InvalidParam):
            client_of(oauth_server)
    elif name in GOOD:
        assert flavor.run(client.client_credentials(dpop=name == "nonce_demanded")).access_token
    elif name == "unsigned_id_token":
        assert flavor.run(client.client_credentials())  # there is no ID token to be unsigned
    else:
        with pytest.raises(Exception) as caught:
            flavor.run(client.client_credentials())
        assert isinstance(caught.value, (TransportError, ValueError, Exception))
        assert "secret" not in str(caught.value)


def test_a_lost_refresh_ends_the_session(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    token = log_in(oauth_server, client)
    oauth_server.misbehave("replayed_refresh_token_ends_session")
    with pytest.raises(TransportError):
        client.refresh_token(token)
    with pytest.raises(InvalidGrant):
        client.refresh_token(token)


def test_a_misspelled_misbehavior_is_a_mistake_of_the_test(oauth_server: AuthorizationServer) -> None:
    with pytest.raises(InvalidParam, match="html_502"):
        oauth_server.misbehave("html_503")


# --- profiles


def test_fapi2_is_enforced() -> None:
    with AuthorizationServer(profile="fapi2").installed() as server:
        with pytest.raises(Exception, match="private_key_jwt"):
            client_of(server).client_credentials()
        url = f"{server.metadata['authorization_endpoint']}?client_id=app"
        with pytest.raises(AuthorizationRefused, match="pushed"):
            server.log_in(url)
    with pytest.raises(InvalidParam, match="fapi2"):
        AuthorizationServer(profile="fapi3")  # type: ignore[arg-type]


# --- other libraries


def test_it_serves_authlib(oauth_server: AuthorizationServer) -> None:
    session = OAuth2Session("app", "secret", redirect_uri=REDIRECT_URI, scope="openid", code_challenge_method="S256")
    verifier = "v" * 48
    url, _ = session.create_authorization_url(oauth_server.metadata["authorization_endpoint"], code_verifier=verifier)
    token = session.fetch_token(
        oauth_server.metadata["token_endpoint"],
        authorization_response=oauth_server.log_in(url),
        code_verifier=verifier,
    )
    assert token["id_token"]


def test_it_serves_plain_httpx(oauth_server: AuthorizationServer) -> None:
    response = httpx.post(
        oauth_server.metadata["token_endpoint"], data={"grant_type": "client_credentials"}, auth=("app", "secret")
    )
    assert response.json()["token_type"] == "Bearer"


def test_async_handlers_work(oauth_server: AuthorizationServer) -> None:
    async def call() -> Any:
        from requests_oauth2client import AsyncOAuth2Client

        async with AsyncOAuth2Client(oauth_server.metadata["token_endpoint"], ("app", "secret")) as client:
            return await AsyncOAuth2ClientCredentialsAuth(client).get_token()

    assert asyncio.run(call()).access_token


def test_an_api_of_ones_own_checks_tokens(oauth_server: AuthorizationServer) -> None:
    from requests_oauth2client.testing import ReceivedRequest

    token = oauth_server.token(scope="things")
    headers = {"authorization": f"Bearer {token}"}
    request = ReceivedRequest(method="GET", url="https://api.test/things", headers=headers)
    assert oauth_server.check_access_token(request, scope="things").claims["sub"] == "alice"
    with pytest.raises(Refusal, match="insufficient_scope"):
        oauth_server.check_access_token(request, scope="other")


# --- stores


def test_our_stores_pass_the_check(check_store: Callable[[Callable[[], TokenStore]], None], tmp_path: Path) -> None:
    check_store(lambda: FileStore(tmp_path / "tokens", key=b"k" * 32))


def test_a_store_that_is_no_shared_place_fails_the_check(
    check_store: Callable[[Callable[[], TokenStore]], None],
) -> None:
    with pytest.raises(AssertionError, match="another store object"):
        check_store(MemoryStore)
