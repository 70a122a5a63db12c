"""CIBA on a real OpenID provider, on both clients: poll and ping, plain and signed, yes, no and slow down."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.authorization_server.clients import ROWS
from devkit.flavors import Flavor
from requests_oauth2client import (
    AccessDenied,
    AuthorizationPending,
    BackChannelAuthenticationError,
    ClientSecretBasic,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    PrivateKeyJwt,
    SlowDown,
)
from requests_oauth2client.backchannel_authentication import MismatchingClientNotificationToken, validate_ping_callback

Server = AuthorizationServer


def client_of(flavor: Flavor, server: Server, name: str = "ciba", **more: Any) -> Any:
    known = server.clients[name]
    if known.private_jwk is not None:
        auth: Any = PrivateKeyJwt(known.client_id, known.private_jwk)
    else:
        auth = ClientSecretBasic(known.client_id, known.client_secret or "")
    known_of_the_op = {
        "issuer": server.issuer,
        "jwks_uri": server.jwks_uri,
        "backchannel_authentication_endpoint": server.backchannel_authentication_endpoint,
    }
    return flavor.client(server.token_endpoint, auth, **{**known_of_the_op, **more})


def until_answered(flavor: Flavor, job: Any) -> Any:
    token = None
    while token is None:
        token = flavor.run(job())
    return token


def test_a_user_says_yes_after_a_while(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server)
    asked = flavor.run(client.backchannel_authentication_request(login_hint="alice", binding_message="W4SCT"))
    assert asked.expires_in > 0
    assert asked.interval == 1, "as the server announces"
    job = flavor.named("BackChannelAuthenticationPollingJob")(client, asked)
    assert flavor.run(job()) is None
    authorization_server.approve_ciba(asked.auth_req_id)
    token = until_answered(flavor, job)
    assert token.id_token.checked
    assert token.id_token.subject == "alice"
    with pytest.raises(InvalidGrant):
        flavor.run(client.ciba(asked))


def test_asking_too_often_is_slowed_down_for_good(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server)
    asked = flavor.run(client.backchannel_authentication_request(login_hint="alice"))
    with pytest.raises(AuthorizationPending):
        flavor.run(client.ciba(asked))
    with pytest.raises(SlowDown):
        flavor.run(client.ciba(asked.auth_req_id))
    job = flavor.named("BackChannelAuthenticationPollingJob")(client, asked, interval=0, slow_down_interval=1)
    assert flavor.run(job()) is None
    assert job.interval == 1


def test_a_user_says_no(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server)
    asked = flavor.run(client.backchannel_authentication_request(login_hint="alice"))
    authorization_server.deny_ciba(asked.auth_req_id)
    with pytest.raises(AccessDenied):
        flavor.run(client.ciba(asked))


def test_nobody_knows_this_user(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server)
    with pytest.raises(BackChannelAuthenticationError) as refused:
        flavor.run(client.backchannel_authentication_request(login_hint="nobody"))
    assert refused.value.error == "unknown_user_id"


def test_an_id_token_is_a_hint_for_the_next_login(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server)
    first = flavor.run(client.backchannel_authentication_request(login_hint="alice"))
    authorization_server.approve_ciba(first.auth_req_id)
    login = flavor.run(client.ciba(first))
    again = flavor.run(client.backchannel_authentication_request(id_token_hint=login.id_token))
    authorization_server.approve_ciba(again.auth_req_id)
    assert flavor.run(client.ciba(again)).id_token.subject == "alice"


def test_a_client_that_must_sign_its_requests_does(flavor: Flavor, authorization_server: Server) -> None:
    key = authorization_server.clients["ciba_signed"].private_jwk
    client = client_of(flavor, authorization_server, "ciba_signed")
    with pytest.raises(InvalidRequest):
        flavor.run(client.backchannel_authentication_request(login_hint="alice"))
    asked = flavor.run(client.backchannel_authentication_request(login_hint="alice", private_jwk=key))
    authorization_server.approve_ciba(asked.auth_req_id)
    assert flavor.run(client.ciba(asked)).id_token.subject == "alice"


def test_another_clients_request_is_not_answered(flavor: Flavor, authorization_server: Server) -> None:
    asked = flavor.run(client_of(flavor, authorization_server).backchannel_authentication_request(login_hint="alice"))
    authorization_server.approve_ciba(asked.auth_req_id)
    other = client_of(flavor, authorization_server, "ciba_signed")
    with pytest.raises((InvalidGrant, InvalidClient)):
        flavor.run(other.ciba(asked))


# --- ping -------------------------------------------------------------------------------------------------

PING = tuple[str | None, bytes]
NOTIFICATION_TOKEN = "tell-me-when-the-user-is-done"


@contextmanager
def listening() -> Iterator[tuple[str, list[PING]]]:
    """Be the client's notification endpoint, and keep what comes."""
    pings: list[PING] = []

    class Notified(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            pings.append((self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Notified) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.server_port}/ping", pings
        listener.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pinging() -> Iterator[tuple[Server, list[PING]]]:
    with listening() as (endpoint, pings):
        delivery = {
            "backchannel_token_delivery_mode": "ping",
            "backchannel_client_notification_endpoint": endpoint,
        }
        with start_authorization_server(clients={"ciba_ping": {**ROWS["ciba"], **delivery}}) as server:
            yield server, pings


def test_a_ping_says_when_to_ask(flavor: Flavor, pinging: tuple[Server, list[PING]]) -> None:
    server, pings = pinging
    pings.clear()
    client = client_of(flavor, server, "ciba_ping")
    request = {"login_hint": "alice", "client_notification_token": NOTIFICATION_TOKEN}
    asked = flavor.run(client.backchannel_authentication_request(**request))
    server.approve_ciba(asked.auth_req_id)
    deadline = time.monotonic() + 10
    while not pings and time.monotonic() < deadline:
        time.sleep(0.01)
    [(authorization, body)] = pings
    waiting = {asked.auth_req_id: NOTIFICATION_TOKEN}
    auth_req_id = validate_ping_callback(authorization, body, client_notification_token=waiting)
    assert flavor.run(client.ciba(auth_req_id)).id_token.subject == "alice"
    with pytest.raises(MismatchingClientNotificationToken):
        validate_ping_callback("Bearer another", body, client_notification_token=waiting)
