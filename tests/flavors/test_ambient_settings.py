"""What is set on a session counts before the environment; both clients read the same variables."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
import httpx2
import pytest
import requests

from devkit.flavors import Flavor
from requests_oauth2client import TransportError
from requests_oauth2client._drivers.ambient import CA_VARIABLES, ca_path, proxy_for, session_settings
from requests_oauth2client._drivers.loop_transport import tls_context

PROXIES = [name for scheme in ("http", "https", "all", "no") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())]
URL = "https://as.local/token"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CA_VARIABLES, *PROXIES):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("number", range(len(CA_VARIABLES)))
def test_the_first_of_the_variables_counts(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ca_path() is None
    for name in CA_VARIABLES[number:]:
        monkeypatch.setenv(name, f"/{name}")
    assert ca_path() == f"/{CA_VARIABLES[number]}"


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_each_variable_counts_for_both(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cas = tmp_path / "cas.pem"
    one = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    cas.write_text(f"{one[0]}{one[1]}\n")
    monkeypatch.setenv(name, str(cas))
    assert session_settings(requests.Session(), URL)["verify"] == str(cas)
    assert len(tls_context(httpx2).get_ca_certs()) == 1
    assert len(tls_context(httpx2, trust_env=False).get_ca_certs()) > 1


def test_what_the_session_says_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/env")
    monkeypatch.setenv("HTTPS_PROXY", "http://env:1")
    session = requests.Session()
    assert session_settings(session, URL)["verify"] == "/env"
    assert session_settings(session, URL)["proxies"] == {"all": "http://env:1"}
    for mine in (False, "/mine"):
        session.verify = mine
        assert session_settings(session, URL)["verify"] == mine
    assert session_settings(session, URL, verify="/call")["verify"] == "/call"
    session.proxies = {"all": "http://mine:1"}
    assert session_settings(session, URL)["proxies"] == {"all": "http://mine:1"}
    assert session_settings(session, URL, proxies={"https": "http://call:1"})["proxies"]["https"] == "http://call:1"
    assert tls_context(httpx2, ssl.create_default_context())
    assert tls_context(httpx2, False).verify_mode == ssl.CERT_NONE


def test_no_environment_where_the_session_does_not_trust_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/env")
    monkeypatch.setenv("HTTPS_PROXY", "http://env:1")
    session = requests.Session()
    session.trust_env = False
    assert session_settings(session, URL) == {"proxies": {}, "verify": True, "cert": None, "stream": False}


class Proxy(BaseHTTPRequestHandler):
    """Answers what goes through it."""

    def do_POST(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        body = b'{"access_token": "proxied", "token_type": "Bearer"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("name", ["ALL_PROXY", "http_proxy", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_asked_by_both(
    flavor: Flavor, proxy: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
    client = flavor.client("http://as.invalid/good", testing=True, retries=None)
    assert flavor.run(client.client_credentials()).access_token == "proxied"
    assert proxy.asked == ["http://as.invalid/good"]
    monkeypatch.setenv("NO_PROXY", "as.invalid,127.0.0.0/8")
    assert proxy_for("http://as.invalid/good") is None
    with pytest.raises(TransportError):
        flavor.run(client.client_credentials())
    assert len(proxy.asked) == 1
