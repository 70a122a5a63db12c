"""The server that answers wrongly, seen with plain sockets: it does what its paths say, and records what comes."""

import contextlib
import gzip
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from devkit.exchange import Received, answer
from devkit.failing_server import ANSWERS, BEHAVIOURS, DRIP, MADE, STATUSES, TOKEN, FailingServer, start_failing_server


@pytest.fixture
def failing() -> Iterator[FailingServer]:
    with start_failing_server() as server:
        yield server


def ask(server: FailingServer, name: str, size: int = 1 << 16) -> bytes:
    """Send a request and return the first piece of the answer."""
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=2) as sock:
        sock.sendall(f"POST /{name} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b".encode())
        return sock.recv(size)


def test_it_records_what_comes(failing: FailingServer) -> None:
    requests.post(failing.endpoint("good"), data={"a": "b c"}, headers={"X-Name": "value"}, timeout=2)
    (request,) = failing.received
    assert (request.method, request.path, request.form, request.headers["x-name"], request.connection) == (
        "POST", "/good", {"a": "b c"}, "value", 1,
    )  # fmt: skip


def test_it_keeps_connections_whose_answers_are_whole(failing: FailingServer) -> None:
    with requests.Session() as session:
        for name in ("good", "error", "html_500", "echo"):
            session.post(failing.endpoint(name), timeout=2)
    assert [request.connection for request in failing.received] == [1, 1, 1, 1]


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_whole_answers_are_sent_as_they_stand(failing: FailingServer, name: str) -> None:
    assert ANSWERS[name].startswith(ask(failing, name))


@pytest.mark.parametrize("name", sorted({*BEHAVIOURS, *MADE} - {"reset", "close_at_once", "never", "drip_headers"}))
def test_other_answers_begin(failing: FailingServer, name: str) -> None:
    assert ask(failing, name).startswith((b"HTTP/1.1 ", b"220 "))


def test_headers_drip(failing: FailingServer) -> None:
    assert ask(failing, "drip_headers") == b"H"


def test_a_reset_is_one(failing: FailingServer) -> None:
    with pytest.raises(ConnectionResetError):
        ask(failing, "reset")


def test_a_close_is_one(failing: FailingServer) -> None:
    assert ask(failing, "close_at_once") == b""


def test_silence_is_silence(failing: FailingServer) -> None:
    where = urlsplit(failing.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=3 * DRIP) as sock:
        sock.sendall(b"GET /never HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            sock.recv(1)


@pytest.mark.parametrize("status", STATUSES)
def test_redirects_lead_to_the_other_origin(failing: FailingServer, status: int) -> None:
    requests.post(f"{failing.url}/redirect_{status}", timeout=2)
    assert [request.url for request in failing.received] == [
        f"{failing.url}/redirect_{status}",
        f"{failing.elsewhere}/good",
    ]
    assert [request.path for request in failing.received_elsewhere] == ["/good"]


def test_it_echoes_what_was_sent(failing: FailingServer) -> None:
    came = requests.post(failing.endpoint("echo"), data={"client_secret": "hush"}, auth=("a", "b"), timeout=2).json()
    assert "client_secret=hush" in came["error_description"]
    assert "Basic YTpi" in came["error_description"]


def test_the_bomb_is_small_on_the_wire() -> None:
    body = ANSWERS["gzip_bomb"].partition(b"\r\n\r\n")[2]
    assert len(body) < 1 << 17
    assert len(gzip.decompress(body)) == 1 << 26


def test_stopping_ends_open_conversations() -> None:
    with start_failing_server() as server:
        where = urlsplit(server.url)
        sock = socket.create_connection((where.hostname or "", where.port or 0), timeout=2)
        sock.sendall(b"GET /never HTTP/1.1\r\n\r\n")
    with sock, contextlib.suppress(ConnectionResetError):  # which it is if nobody accepted it before
        assert sock.recv(1) == b""


def test_a_field_sent_twice_does_not_go_unseen() -> None:
    with pytest.raises(AssertionError, match="twice"):
        assert Received(method="POST", url="https://x/", headers={}, body=b"a=1&a=2").form


def test_an_answer_is_json_unless_it_is_text() -> None:
    assert answer(TOKEN, 201).content == json.dumps(TOKEN).encode()
    assert answer("text", Content_Type="text/plain").headers == {"Content-Type": "text/plain"}
