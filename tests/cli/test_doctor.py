"""`doctor` says what to change: each thing that can be wrong with a profile, its server, and the way between."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from requests_oauth2client.cli.metadata import lint_keys
from requests_oauth2client.testing import AuthorizationServer

WORK = 'client_id = "my-cli"\n'
ROBOT = 'client_id = "robot"\ngrant = "client_credentials"\nclient_secret_env = "ROBOT_SECRET"\n'
SIGNER = 'client_id = "signer"\ngrant = "client_credentials"\nprivate_key_file = "key.jwk"\n'
Advice = dict[str, tuple[str, str]]


@pytest.fixture
def advise(run: Any, place: Path, server: AuthorizationServer) -> Callable[..., tuple[int, Advice]]:
    """Write a profile, change what the server says of itself, and return the exit code and the advice by subject."""

    def advise(profile: str, *, issuer: str | None = None, **changes: Any) -> tuple[int, Advice]:
        head = "" if issuer == "" else f'issuer = "{issuer or server.issuer}"\n'
        (place / "oauth2client.toml").write_text(f"[profile.x]\n{head}{profile}")
        if changes:
            said = {name: value for name, value in {**server.metadata, **changes}.items() if value is not None}
            server.fail("configuration", times=20, status=200, body=json.dumps(said))
        ended = run("doctor", "-p", "x", "--json")
        return ended.code, {one["about"]: (one["level"], one["text"]) for one in json.loads(ended.out)}

    return advise


def test_a_missing_secret_ends_it_and_nothing_is_sent(advise, server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROBOT_SECRET")
    code, advice = advise(ROBOT)
    assert code == 3
    assert advice["credentials"][0] == "error"
    assert "ROBOT_SECRET" in advice["credentials"][1]
    assert server.requests == []


def test_a_secret_that_others_can_read(advise, place: Path) -> None:
    (place / "robot.secret").write_text("secret")
    (place / "robot.secret").chmod(0o644)
    code, advice = advise(ROBOT.replace('client_secret_env = "ROBOT_SECRET"', 'client_secret_file = "robot.secret"'))
    assert (code, advice["client_secret_file"][0]) == (0, "warning")
    assert f"chmod 600 {place / 'robot.secret'}" in advice["client_secret_file"][1]


def test_a_profile_without_an_issuer(advise, server) -> None:
    code, advice = advise(f'{ROBOT}token_endpoint = "{server.issuer}/token"\n', issuer="")
    assert code == 0
    assert "Write  issuer = " in advice["metadata"][1]


def test_metadata_of_another_server(advise, server) -> None:
    code, advice = advise(WORK, issuer=server.issuer.replace("127.0.0.1", "localhost"))
    assert code == 3
    assert "Check issuer in the profile" in advice["metadata"][1]


def test_metadata_that_break_a_rule(advise) -> None:
    code, advice = advise(WORK, response_types_supported=None)
    assert code == 3
    assert "Tell those who run the server" in advice["metadata, response_types_supported"][1]


@pytest.mark.parametrize(("seconds", "level", "side"), [(20, "warning", "ahead of"), (-20, "warning", "behind")])
def test_a_clock_that_is_a_little_wrong(advise, server, seconds: int, level: str, side: str) -> None:
    server.travel(seconds)
    _, advice = advise(WORK)
    assert advice["clock"][0] == level
    assert side in advice["clock"][1]
    assert "id_token_leeway = " in advice["clock"][1]


def test_keys_that_cannot_be_read(advise, server) -> None:
    server.fail("jwks", times=20, status=200, body="<html>")
    code, advice = advise(WORK)
    assert code == 3
    assert "its keys can't be read" in advice["keys"][1]


def test_keys_with_their_private_part_and_without_names() -> None:
    keys = [{"kty": "EC", "kid": "a", "d": "planted"}, {"kty": "EC", "kid": "b"}, {"kty": "EC", "kid": "b"}]
    found = [(one.level, one.message) for one in lint_keys({"keys": keys})]
    assert [level for level, _ in found] == ["error", "warning"]
    assert "planted" not in str(found)
    assert next(lint_keys({"keys": []})).level == "error"


METHODS = "token_endpoint_auth_methods_supported"
ADVICE: dict[str, tuple[str, dict[str, Any], str, str]] = {  # profile, what the server says, subject, what to do
    "public client": (WORK, {METHODS: ["private_key_jwt"]}, "authentication", "Write client_secret_env"),
    "signing": (SIGNER, {METHODS: ["client_secret_post"]}, "authentication", "client_secret_env instead"),
    "secret": (ROBOT, {METHODS: ["tls_client_auth"]}, "authentication", "Register the client for one of them"),
    "robot": (ROBOT, {"grant_types_supported": ["authorization_code"]}, "grant", 'Write  grant = "login"'),
    "refresh": (WORK, {"grant_types_supported": ["authorization_code"]}, "grant", "followed by another login"),
    "device": (f'{WORK}grant = "device"\n', {"device_authorization_endpoint": None}, "grant", 'grant = "login"'),
    "openid": (f'{WORK}scope = "email"\n', {"scopes_supported": ["openid", "email"]}, "scope", "Add openid"),
    "unknown": (f'{WORK}scope = "openid zzz"\n', {"scopes_supported": ["openid"]}, "scope", "so it may work"),
    "localhost": (
        f'{WORK}redirect_uri = "http://localhost/callback"\n', {}, "redirect URI", "Use 127.0.0.1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ADVICE)
def test_what_the_server_does_not_have(advise, place: Path, name: str) -> None:
    from requests_oauth2client._jose.keys import generate_private_jwk

    (place / "key.jwk").write_text(json.dumps(generate_private_jwk("ES256") | {"kid": "k"}))
    (place / "key.jwk").chmod(0o600)
    profile, said, about, what_to_do = ADVICE[name]
    _, advice = advise(profile, **said)
    assert advice[about][0] in {"warning", "error"}
    assert what_to_do in advice[about][1]


def test_a_port_that_is_in_use(advise) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        _, advice = advise(f"{WORK}ports = [{other.getsockname()[1]}]\n")
    assert "End the program that uses it" in advice["redirect URI"][1]


def test_a_login_that_cannot_be_read(run, log_in, tmp_path: Path) -> None:
    log_in()
    (key,) = (tmp_path / "xdg_state_home" / "oauth2client").glob("key")
    key.write_text("A" * 43 + "\n")
    ended = run("doctor", "-p", "work")
    assert ended.code == 3
    assert "oauth2client login -p work --again" in ended.out


# --- TLS, and a server without a clock


class Silent(BaseHTTPRequestHandler):
    """Answers 404 to everything, without a Date."""

    def do_GET(self) -> None:
        self.send_response_only(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def certificate(days: int) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begins = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + timedelta(days=1 + days))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server whose certificate ends in five days; its CA is `ca.pem`."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    key, cert = certificate(5)
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "ca.pem").write_bytes(cert)
    with HTTPServer(("127.0.0.1", 0), Silent) as http:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
        http.socket = context.wrap_socket(http.socket, server_side=True)
        http.handle_error = lambda *_: None  # type: ignore[method-assign]  a client that does not trust it goes away
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        yield f"https://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_a_certificate_that_is_not_trusted(advise, https: str) -> None:
    code, advice = advise(WORK, issuer=https)
    assert code == 4
    assert "REQUESTS_CA_BUNDLE" in advice["TLS"][1]


def test_a_certificate_that_ends_soon(advise, https: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    code, advice = advise(WORK, issuer=https)
    assert code == 3
    assert "renew its certificate" in advice["TLS"][1]
    assert "sends no Date" in advice["clock"][1]


def test_behind_a_proxy_tls_is_not_looked_at(advise, https: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    code, advice = advise(WORK, issuer=https)
    assert code == 4
    assert "a proxy is between" in advice["TLS"][1]


def test_a_server_that_is_not_there(advise) -> None:
    code, advice = advise(WORK, issuer="https://127.0.0.1:1")
    assert code == 4
    assert "Check the network" in advice["TLS"][1]
    assert "Check the host name" in advice["metadata"][1]
