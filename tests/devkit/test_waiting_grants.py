"""The grants where the client waits for a person elsewhere: the device grant and CIBA."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import Any

import pytest
import requests

from devkit.authorization_server import AuthorizationServer, TestClient, start_authorization_server
from devkit.authorization_server.clients import CIBA, DEVICE, ROWS
from devkit.browser import Browser

from .helpers import granted, post

Server = AuthorizationServer


def start_device(server: Server) -> dict[str, Any]:
    client = server.clients["device"]
    return granted(post(server.device_authorization_endpoint, client, {"scope": "openid api.read"}))


def poll_device(server: Server, started: dict[str, Any]) -> requests.Response:
    data = {"grant_type": DEVICE, "device_code": started["device_code"]}
    return post(server.token_endpoint, server.clients["device"], data)


def start_ciba(server: Server, client: TestClient, **more: str) -> dict[str, Any]:
    data = {"scope": "openid api.read", "login_hint": "alice", **more}
    return granted(post(server.backchannel_authentication_endpoint, client, data))


def poll_ciba(server: Server, client: TestClient, started: dict[str, Any]) -> requests.Response:
    data = {"grant_type": CIBA, "auth_req_id": started["auth_req_id"]}
    return post(server.token_endpoint, client, data)


def test_a_device_waits_then_gets_tokens(authorization_server: Server, browser: Browser) -> None:
    started = start_device(authorization_server)
    assert started["interval"] == 1
    assert poll_device(authorization_server, started).json()["error"] == "authorization_pending"
    assert "Success" in browser.approve_device(started["verification_uri"], started["user_code"])
    assert {"access_token", "refresh_token", "id_token"} <= granted(poll_device(authorization_server, started)).keys()


def test_the_complete_uri_needs_no_typing(authorization_server: Server, browser: Browser) -> None:
    started = start_device(authorization_server)
    browser.approve_device(started["verification_uri_complete"], login="bob")
    assert granted(poll_device(authorization_server, started))["access_token"]


def test_polling_too_fast_is_slowed_down(authorization_server: Server) -> None:
    started = start_device(authorization_server)
    poll_device(authorization_server, started)
    refused = poll_device(authorization_server, started)
    assert (refused.status_code, refused.json()["error"]) == (400, "slow_down")
    time.sleep(started["interval"])
    assert poll_device(authorization_server, started).json()["error"] == "authorization_pending"


def test_a_person_can_deny_a_device(authorization_server: Server, browser: Browser) -> None:
    started = start_device(authorization_server)
    browser.approve_device(started["verification_uri"], started["user_code"], approve=False)
    assert poll_device(authorization_server, started).json()["error"] == "access_denied"


def test_a_wrong_user_code_changes_nothing(authorization_server: Server, browser: Browser) -> None:
    started = start_device(authorization_server)
    assert "incorrect" in browser.approve_device(started["verification_uri"], "WRONG-CODE")
    assert poll_device(authorization_server, started).json()["error"] == "authorization_pending"


def test_ciba_waits_then_gets_tokens(authorization_server: Server) -> None:
    client = authorization_server.clients["ciba"]
    started = start_ciba(authorization_server, client)
    assert started["interval"] == 1
    assert poll_ciba(authorization_server, client, started).json()["error"] == "authorization_pending"
    assert poll_ciba(authorization_server, client, started).json()["error"] == "slow_down"
    authorization_server.approve_ciba(started["auth_req_id"])
    tokens = granted(poll_ciba(authorization_server, client, started))
    assert {"access_token", "refresh_token", "id_token"} <= tokens.keys()
    assert tokens["scope"] == "openid api.read"


def test_a_person_can_deny_ciba(authorization_server: Server) -> None:
    client = authorization_server.clients["ciba"]
    started = start_ciba(authorization_server, client)
    authorization_server.deny_ciba(started["auth_req_id"])
    assert poll_ciba(authorization_server, client, started).json()["error"] == "access_denied"


def test_ciba_refuses_an_unknown_person(authorization_server: Server) -> None:
    data = {"scope": "openid", "login_hint": "nobody"}
    client = authorization_server.clients["ciba"]
    response = post(authorization_server.backchannel_authentication_endpoint, client, data)
    assert response.json()["error"] == "unknown_user_id"


def test_ciba_can_ping() -> None:
    pings: list[tuple[str, dict[str, str]]] = []

    class Notified(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            pings.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Notified) as listener:
        threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
        endpoint = f"https://127.0.0.1:{listener.server_port}/ping"
        row = {
            **ROWS["ciba"],
            "backchannel_token_delivery_mode": "ping",
            "backchannel_client_notification_endpoint": endpoint,
        }
        with start_authorization_server(clients={"ciba_ping": row}) as server:
            client = server.clients["ciba_ping"]
            started = start_ciba(server, client, client_notification_token="notify-me")
            server.approve_ciba(started["auth_req_id"])
            assert pings == [("Bearer notify-me", {"auth_req_id": started["auth_req_id"]})]
            assert granted(poll_ciba(server, client, started))["access_token"]
        listener.shutdown()


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_unknown_ciba_request_cannot_be_answered(authorization_server: Server, answer: str) -> None:
    url = f"{authorization_server.issuer}/devkit/ciba/{answer}"
    assert requests.post(url, params={"auth_req_id": "none"}, timeout=10).status_code == 404
