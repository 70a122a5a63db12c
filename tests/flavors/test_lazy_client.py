"""A client that finds its server when it needs it: `OAuth2Client(issuer=..., auth=...)`."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import anyio
import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from devkit.play import NOON, After, play
from requests_oauth2client import (
    AuthorizationRequest,
    ClientSecretBasic,
    ClientSecretPost,
    InvalidIdToken,
    InvalidLogoutToken,
    MismatchingDiscoveryIssuer,
    MissingEndpointUri,
    MissingServer,
    OAuth2Client,
    TransportError,
    UndiscoveredServer,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key
from requests_oauth2client._protocol.grants import token_endpoint
from requests_oauth2client._protocol.metadata import server_metadata
from requests_oauth2client._protocol.oidc import logout
from requests_oauth2client.discovery import InvalidDiscoveryDocument
from requests_oauth2client.utils import b64u_encode

ISSUER = "https://as.local"
OIDC, OAUTH2 = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
RS, ES, PS = (generate_private_jwk(alg, kid=alg) for alg in ("RS256", "ES256", "PS384"))
JWKS = {"keys": [public_jwk(key) for key in (RS, ES, PS)]}
TOKEN = answer({"access_token": "at", "token_type": "Bearer"})


def document(**members: Any) -> dict[str, Any]:
    known = {
        "issuer": ISSUER,
        "token_endpoint": f"{ISSUER}/token",
        "authorization_endpoint": f"{ISSUER}/authorize",
        "revocation_endpoint": f"{ISSUER}/revoke",
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": True,
    }
    return {name: value for name, value in {**known, **members}.items() if value is not None}


def signed(key: Any, **claims: Any) -> str:
    now = int(time.time())
    known = {"iss": ISSUER, "sub": "alice", "aud": "id", "iat": now, "exp": now + 300}
    return jws.sign({**known, **claims}, signing_key(key))


def left_half(text: str) -> str:
    return b64u_encode(hashlib.sha256(text.encode()).digest()[:16])


class Server:
    """Has metadata and a token endpoint, and counts."""

    def __init__(self, **pages: Any) -> None:
        self.pages: dict[str, Any] = {OIDC: document(), "/token": TOKEN, "/revoke": answer(""), **pages}
        self.asked: list[str] = []

    def __call__(self, received: Received) -> Answer:
        self.asked.append(received.path)
        page = self.pages.get(received.path, answer("", 404))
        return answer(page) if isinstance(page, dict) else page


def connect(flavor: Flavor, server: Server, **settings: Any) -> Any:
    session, _ = flavor.answered_by(server)
    return flavor.client(None, ("id", "hush"), issuer=ISSUER, session=session, **settings)


def test_making_it_does_nothing_and_the_first_operation_finds_the_server(flavor: Flavor) -> None:
    server = Server()
    client = connect(flavor, server)
    assert server.asked == []
    assert ISSUER in repr(client)
    for _ in range(3):
        flavor.run(client.client_credentials())
    assert server.asked == [OAUTH2, OIDC, "/token", "/token", "/token"]
    assert flavor.run(client.revoke_access_token("at")) is True
    assert client.token_endpoint == f"{ISSUER}/token"
    assert client.authorization_response_iss_parameter_supported is True
    assert isinstance(client.auth, ClientSecretBasic)


def test_it_can_be_told_to_do_so_now(flavor: Flavor) -> None:
    server = Server()
    client = connect(flavor, server)
    assert flavor.run(client.discover())["issuer"] == ISSUER
    flavor.run(client.discover())
    assert server.asked == [OAUTH2, OIDC] * 2
    flavor.run(client.client_credentials())
    assert server.asked[4:] == ["/token"]


def test_arguments_go_before_metadata(flavor: Flavor) -> None:
    server = Server()
    client = connect(
        flavor,
        server,
        revocation_endpoint="https://other.local/revoke",
        authorization_response_iss_parameter_supported=False,
        default_auth_handler=ClientSecretPost,
        id_token_signed_response_alg="RS256",
    )
    server.pages[OIDC] = document(id_token_signing_alg_values_supported=["ES256"])
    flavor.run(client.discover())
    assert client.revocation_endpoint == "https://other.local/revoke"
    assert client.authorization_response_iss_parameter_supported is False
    assert isinstance(client.auth, ClientSecretPost)
    assert client.id_token_signed_response_alg == "RS256"


@pytest.mark.parametrize(
    ("listed", "alg"),
    [(["ES256"], "ES256"), (["HS256", "PS256"], "PS256"), (["ES256", "RS256"], "RS256"), (["HS256", "none"], "RS256")],
)
def test_the_alg_of_id_tokens_is_an_asymmetric_one_that_is_listed(flavor: Flavor, listed: list[str], alg: str) -> None:
    client = connect(flavor, Server(**{OIDC: document(id_token_signing_alg_values_supported=listed)}))
    flavor.run(client.discover())
    assert client.id_token_signed_response_alg == alg
    metadata = document(id_token_signing_alg_values_supported=listed)
    assert flavor.named("OAuth2Client").from_discovery_document(metadata, auth="id").id_token_signed_response_alg == alg


def test_one_fetch_serves_all_who_ask_at_once(flavor: Flavor) -> None:
    server = Server()
    client = connect(flavor, server)

    async def crowd() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(client.client_credentials)

    if flavor.is_async:
        flavor.run(crowd())
    else:
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda _: client.client_credentials(), range(10)))
    assert server.asked.count(OIDC) == 1


def test_one_fetch_serves_all_threads_that_make_a_request(flavor: Flavor) -> None:
    if flavor.is_async:
        return  # the async client says to discover first
    server = Server()
    client = connect(flavor, server, redirect_uri="https://rp.local/cb")
    together = threading.Barrier(8)

    def make(_: int) -> Any:
        together.wait()
        return client.authorization_request().authorization_endpoint

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(make, range(8))) == {f"{ISSUER}/authorize"}
    assert server.asked == [OIDC]


@pytest.mark.parametrize("key", [ES, PS], ids=["ES256", "PS384"])
def test_where_rs256_is_not_listed_each_asymmetric_alg_that_is_listed_is_accepted(flavor: Flavor, key: Any) -> None:
    listed = ["HS256", "ES256", "PS384", "none"]
    server = Server(**{OIDC: document(id_token_signing_alg_values_supported=listed, jwks_uri=f"{ISSUER}/jwks")})
    server.pages["/jwks"] = JWKS
    client = connect(flavor, server)
    assert flavor.run(client.check_id_token(signed(key))).checked
    with pytest.raises(InvalidIdToken, match="ES512"):
        flavor.run(client.check_id_token(signed(generate_private_jwk("ES512"))))


def test_a_logout_token_is_the_first_that_a_client_sees(flavor: Flavor) -> None:
    server = Server(**{OIDC: document(jwks_uri=f"{ISSUER}/jwks"), "/jwks": JWKS})
    event = {"http://schemas.openid.net/event/backchannel-logout": {}}
    claims = {"sid": "S", "jti": "j", "events": event}
    assert flavor.run(connect(flavor, server).logout_token(signed(RS, **claims))).sid == "S"
    assert server.asked == [OIDC, "/jwks"]
    with pytest.raises(InvalidLogoutToken, match=r"iss=.https://evil"):
        flavor.run(connect(flavor, server).logout_token(signed(RS, **claims, iss="https://evil.local")))
    assert server.asked == [OIDC, "/jwks"]  # nothing is fetched for a stranger


def test_a_callback_is_the_first_that_a_client_sees(flavor: Flavor) -> None:
    server = Server(**{OIDC: document(jwks_uri=f"{ISSUER}/jwks"), "/jwks": JWKS})
    request = AuthorizationRequest(
        f"{ISSUER}/authorize", "id", "https://rp.local/cb", "openid", "code id_token", "s", "n", issuer=ISSUER
    )
    front = signed(RS, nonce="n", c_hash=left_half("abc"))
    callback = f"https://rp.local/cb#state=s&code=abc&id_token={front}"
    assert flavor.run(connect(flavor, server).authorization_response(request, callback)).id_token.checked
    assert server.asked == [OIDC, "/jwks"]
    plain = AuthorizationRequest(f"{ISSUER}/authorize", "id", "https://rp.local/cb", "openid", state="s", issuer=ISSUER)
    answered = flavor.run(connect(flavor, server).authorization_response(plain, "https://rp.local/cb?state=s&code=abc"))
    assert answered.code == "abc"
    assert server.asked == [OIDC, "/jwks"]  # a plain code needs neither


def test_the_end_of_a_session_needs_the_metadata(flavor: Flavor) -> None:
    server = Server(**{OIDC: document(), OAUTH2: document(end_session_endpoint=f"{ISSUER}/logout")})
    client = connect(flavor, server)
    if flavor.is_async:
        with pytest.raises(UndiscoveredServer, match=r"await client\.discover\(\)"):
            client.end_session_request()
        return
    assert client.end_session_request().uri.startswith(f"{ISSUER}/logout?")
    assert server.asked == [OIDC, OAUTH2]


def test_a_server_that_is_down_is_not_asked_for_each_token() -> None:
    client, token = lazy(), signed(RS)
    assert play(token_endpoint.client_credentials(client), [answer("", 503)]).error is not None
    for _ in range(20):
        logout_heard = play(logout.logout_token(client, token))
        assert isinstance(logout_heard.error, InvalidLogoutToken)
        assert "503" in str(logout_heard.error)
    heard = play(server_metadata.discover(client), [answer(document())])  # asks in any case
    assert heard.result["issuer"] == ISSUER
    assert ask(client, [TOKEN], after=0) == ["POST"]


def test_a_server_that_is_down_is_found_later() -> None:
    client = lazy()
    assert play(token_endpoint.client_credentials(client), [answer("", 503)]).error is not None
    heard = play(token_endpoint.client_credentials(client), now=NOON + timedelta(seconds=4))
    assert isinstance(heard.error, InvalidDiscoveryDocument)
    assert ask(client, [answer(document()), TOKEN], after=5) == ["GET", "POST"]


def test_metadata_of_another_issuer_are_refused(flavor: Flavor) -> None:
    server = Server(**{OIDC: document(issuer="https://evil.local")})
    with pytest.raises(MismatchingDiscoveryIssuer):
        flavor.run(connect(flavor, server).client_credentials())
    assert server.asked == [OAUTH2, OIDC]


def test_an_authorization_request_needs_the_metadata(flavor: Flavor) -> None:
    server = Server()
    client = connect(flavor, server, redirect_uri="https://rp.local/cb")
    if flavor.is_async:
        with pytest.raises(UndiscoveredServer, match=r"await client\.discover\(\)"):
            client.authorization_request()
        flavor.run(client.discover())
    request = client.authorization_request()
    assert request.authorization_endpoint == f"{ISSUER}/authorize"
    assert request.authorization_response_iss_parameter_supported is True
    assert server.asked == [OIDC]


def test_a_client_needs_a_server() -> None:
    with pytest.raises(MissingServer, match="issuer="):
        OAuth2Client(auth=("id", "hush"))


def test_a_replaced_client_finds_its_server_again(flavor: Flavor) -> None:
    server = Server()
    client = connect(flavor, server)
    flavor.run(client.client_credentials())
    other = client.replace(timeout=5)
    assert other.token_endpoint is None
    flavor.run(other.client_credentials())
    assert server.asked == [OAUTH2, OIDC, "/token"] * 2


# --- freshness


def lazy() -> OAuth2Client:
    return OAuth2Client(issuer=ISSUER, auth=("id", "hush"), retries=None)


def ask(client: OAuth2Client, answers: list[Any], after: float) -> list[str]:
    heard = play(token_endpoint.client_credentials(client), answers, now=NOON + timedelta(seconds=after))
    assert heard.result.access_token == "at"
    return [request.method for request in heard.sent]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 3600),
        ({"Cache_Control": "max-age=600"}, 600),
        ({"Cache_Control": "no-store"}, 60),
        ({"Cache_Control": "max-age=1"}, 60),
        ({"Cache_Control": "max-age=31536000"}, 86_400),
    ],
    ids=str,
)
def test_metadata_are_read_again_when_they_are_no_longer_fresh(headers: dict[str, str], seconds: int) -> None:
    client = lazy()
    found = answer(document(), **headers)
    assert ask(client, [found, TOKEN], 0) == ["GET", "POST"]
    assert ask(client, [TOKEN], seconds - 1) == ["POST"]
    assert ask(client, [found, TOKEN], seconds) == ["GET", "POST"]
    assert ask(client, [found, TOKEN], -86_400) == ["GET", "POST"], "a clock that was set back proves nothing"


@pytest.mark.parametrize("failure", [answer("", 503), answer("<html>"), TransportError(ISSUER, "no answer came")])
def test_the_last_good_ones_are_kept_while_the_server_fails(failure: Any) -> None:
    client = lazy()
    ask(client, [answer(document()), TOKEN], 0)
    answers = (
        [failure, TOKEN]
        if not isinstance(failure, Answer) or failure.status_code == 503
        else [
            failure,
            answer("", 404),
            TOKEN,
        ]
    )
    assert ask(client, answers, 3600)[-1] == "POST"
    assert ask(client, [TOKEN], 3659) == ["POST"]
    assert ask(client, [answer(document(token_endpoint=f"{ISSUER}/new")), TOKEN], 3660) == ["GET", "POST"]
    assert client.token_endpoint == f"{ISSUER}/new"


def test_an_endpoint_that_is_gone_from_the_metadata_is_gone() -> None:
    client = lazy()
    ask(client, [After(0, answer(document())), TOKEN], 0)
    assert client.revocation_endpoint is not None
    ask(client, [answer(document(revocation_endpoint=None)), TOKEN], 3600)
    assert client.revocation_endpoint is None


# --- two documents of one server


def test_two_documents_complete_each_other(flavor: Flavor) -> None:
    oidc = document(revocation_endpoint=None, userinfo_endpoint=f"{ISSUER}/userinfo")
    server = Server(**{OIDC: oidc, OAUTH2: document(introspection_endpoint=f"{ISSUER}/introspect")})
    server.pages["/introspect"] = {"active": True}
    session, _ = flavor.answered_by(server)
    making = flavor.named("OAuth2Client").from_discovery_endpoint(issuer=ISSUER, auth=("id", "hush"), session=session)
    for client in (flavor.run(making), connect(flavor, server)):
        server.asked.clear()
        client.note_scope("openid")  # as a login does
        assert flavor.run(client.revoke_access_token("at")) is True
        assert flavor.run(client.introspect_token("at"))["active"] is True
        assert [path for path in server.asked if path != OIDC] == [OAUTH2, "/revoke", "/introspect"]
        assert client.userinfo_endpoint == f"{ISSUER}/userinfo"


@pytest.mark.parametrize("other", [None, document(issuer="https://evil.local"), answer("", 503)], ids=str)
def test_what_no_document_has_is_missing_and_says_what_was_read(flavor: Flavor, other: Any) -> None:
    oidc = document(revocation_endpoint=None, introspection_endpoint=None)
    server = Server(**{OIDC: oidc, **({} if other is None else {OAUTH2: other})})
    client = connect(flavor, server, retries=None)
    client.note_scope("openid")
    for _ in range(2):
        with pytest.raises(MissingEndpointUri, match=f"{ISSUER}{OIDC}"):
            flavor.run(client.introspect_token("at"))
    assert server.asked == [OIDC, OAUTH2]
    assert server_metadata.cache_of(client).is_complete
