"""Whatever the program writes, for people, for programs or as a picture, has no secret, but for what was asked for.

The server keeps what it got and gave; every command runs with and without --json and --trace, and once more at a server
that echoes the whole request in its error. `token`, `exec` and `call` are asked for a token or an API's answer: that
alone may be on stdout.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from requests_oauth2client.testing import AuthorizationServer, ReceivedRequest, ServerResponse

FIELDS = (  # of requests
    "client_secret code code_verifier refresh_token token device_code client_assertion password subject_token assertion"
).split()
MEMBERS = "access_token refresh_token id_token device_code client_secret registration_access_token".split()
PROFILES = """
[profile.work]
issuer = "{issuer}"
client_id = "my-cli"
scope = "openid offline_access"

[profile.robot]
issuer = "{issuer}"
client_id = "robot"
grant = "client_credentials"
client_secret_env = "ROBOT_SECRET"

[profile.signer]
issuer = "{issuer}"
client_id = "signer"
grant = "client_credentials"
private_key_file = "key.pem"
kid = "mine"
dpop_bound_access_tokens = true

[profile.fresh]
issuer = "{issuer}"
grant = "client_credentials"
registration = {{ token_endpoint_auth_method = "client_secret_basic" }}
"""


class Confidant(AuthorizationServer):
    """A server that remembers the secrets that it got and gave, and echoes requests where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}
        self.echoes = self.echoes_polls = False

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        answer = super().handle(request)
        sent = dict(request.form_items) if request.body[:1] != b"{" else {}
        for name in FIELDS:
            self.know(name, sent.get(name))
        for name in ("dpop", "authorization", "cookie"):
            self.know(name, request.headers.get(name, "").rpartition(" ")[2])
        if isinstance(answer.body, bytes) and answer.body[:1] == b"{":
            given = json.loads(answer.body)
            for name in MEMBERS:
                self.know(name, given.get(name))
        answer.headers["Set-Cookie"] = "session=planted-cookie-of-the-server; HttpOnly"
        self.know("cookie", "planted-cookie-of-the-server")
        self.echoes |= self.echoes_polls and self.requests[-1].endpoint == "device_authorization"
        is_echo = self.echoes and request.method == "POST" and self.requests[-1].endpoint != "device_authorization"
        return self.echo(request) if is_echo else answer

    def know(self, name: str, secret: Any) -> None:
        if secret:
            self.secrets.setdefault(str(secret), name)

    @staticmethod
    def echo(request: ReceivedRequest) -> ServerResponse:
        said = f"you sent {request.body.decode()} and {unquote(request.body.decode())} with {request.headers}"
        body = json.dumps({"error": "invalid_grant", "error_description": said})
        return ServerResponse(status=400, headers={"Content-Type": "application/json"}, body=body.encode())


@pytest.fixture
def server() -> Iterator[Confidant]:
    with Confidant().listening() as listening:
        yield listening


@pytest.fixture
def known(place: Path, server: Confidant) -> Confidant:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (place / "key.pem").write_text(pem)
    (place / "key.pem").chmod(0o600)
    (place / "oauth2client.toml").write_text(PROFILES.format(issuer=server.issuer))
    for line in pem.splitlines()[1:-1]:
        server.know("private key", line)
    server.know("client secret", "a-secret-of-the-robot")
    return server


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))

    return give


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return what the library has logged."""
    caplog.set_level(logging.DEBUG, "requests_oauth2client")
    return lambda: "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("requests_oauth2client"))


WAYS = ((), ("--json",), ("--trace",), ("--trace=page.html", "--json"))
COMMANDS = (
    ("token", "-p", "work"),
    ("token", "-p", "robot"),
    ("token", "-p", "signer"),
    ("userinfo", "-p", "work"),
    ("introspect", "-p", "work"),
    ("introspect", "-p", "robot", "-"),
    ("doctor", "-p", "work"),
    ("doctor", "-p", "robot"),
    ("doctor", "-p", "signer"),
    ("register", "-p", "fresh"),
    ("call", "{issuer}/userinfo", "-p", "work"),
    ("exec", "kubectl", "-p", "work"),
    ("exec", "git", "get", "-p", "work"),
    ("exec", "docker", "get", "-p", "work"),
    ("exec", "netrc", "git.example.com", "-p", "work"),
    ("list",),
    ("discover", "{issuer}"),
    ("revoke", "-p", "robot", "-"),
    ("logout", "-p", "work"),
)
ASKED_FOR = {"token", "exec"}  # a token is their result


def shown(known: Confidant, text: str) -> list[str]:
    """Return what is shown of the secrets, in whatever encoding."""
    return [
        f"{name}: {secret}"
        for secret, name in known.secrets.items()
        if any(form in text for form in {secret, quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]})
    ]


def run_all(known: Confidant, run: Any, log_in: Any, stdin: Any, place: Path) -> list[str]:
    found = []
    for further in WAYS:
        for command in COMMANDS:
            if command[0] == "list" and any(one.startswith("--trace") for one in further):
                continue
            if command[-1] == "-":
                stdin("a-foreign-token-on-stdin")
                known.know("foreign token", "a-foreign-token-on-stdin")
            elif command[0] == "exec":
                stdin("https://git.example.com\n" if "docker" in command else "protocol=https\nhost=git.example.com\n")
            (place / "page.html").unlink(missing_ok=True)
            ended = run(*(one.format(issuer=known.issuer) for one in command), *further)
            outputs = [ended.err, *(page.read_text() for page in place.glob("page.html"))]
            if command[0] not in ASKED_FOR:
                outputs.append(ended.out)
            found += [f"{command} {further}: {one}" for text in outputs for one in shown(known, text)]
            if command[0] == "logout" and not known.echoes:
                found += [f"login: {one}" for one in shown(known, "".join(log_in("work", *further)[1:]))]
    return found


def test_no_output_has_a_secret(known: Confidant, run, log_in, stdin, place: Path, logged) -> None:
    log_in()
    assert run_all(known, run, log_in, stdin, place) == []
    assert shown(known, logged()) == []
    assert set(known.secrets.values()) >= {
        "access_token", "refresh_token", "id_token", "code", "code_verifier", "registration_access_token", "cookie",
        "client secret", "client_assertion", "private key", "dpop", "foreign token",
    }  # fmt: skip


def test_no_output_has_a_secret_that_a_server_echoes(known: Confidant, run, log_in, stdin, place, logged) -> None:
    log_in()
    known.travel(3600)
    known.echoes = True
    assert run_all(known, run, log_in, stdin, place) == []
    ended = log_in("work", "--again", "--trace")
    assert "invalid_grant" in ended.err
    assert shown(known, ended.err + logged()) == []


def test_no_output_has_a_device_code_that_a_server_echoes(known: Confidant, run, logged) -> None:
    known.echoes_polls = True
    ended = run("login", "-p", "work", "--with", "device", "--trace")
    assert "invalid_grant" in ended.err
    assert "device_code" in known.secrets.values()
    assert shown(known, ended.err + ended.out + logged()) == []
