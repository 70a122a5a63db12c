"""`call`, `userinfo`, `introspect`, `revoke`, `register` and `exec`: what is done with a token."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from requests_oauth2client.testing import AuthorizationServer


class Api(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, str, str, bytes]]] = []
    kinds: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.kinds.append(self.headers.get("Content-Type", ""))
        self.seen.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        status = int(self.path.strip("/").partition("?")[0] or 200)
        self.send_response(status)
        self.send_header("Location", "/200")
        self.end_headers()
        self.wfile.write(b'{"hello": "world"}')

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[str]:
    Api.seen, Api.kinds = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as http:
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))

    return give


def test_call_sends_the_token_and_writes_the_answer(run, api) -> None:
    ended = run("call", f"{api}/200?a=b", "-p", "robot")
    assert (ended.code, json.loads(ended.out), ended.err) == (0, {"hello": "world"}, "")
    token = run("token", "-p", "robot").out.strip()
    assert Api.seen == [("GET", "/200?a=b", f"Bearer {token}", b"")]


def test_call_sends_data(run, api, stdin) -> None:
    stdin('{"color": "blue"}')
    assert run("call", f"{api}/200", "-p", "robot", "-d", "-").code == 0
    assert Api.seen[0][0::3] == ("POST", b'{"color": "blue"}')


def test_call_has_json_with_status_and_headers(run, api) -> None:
    answer = json.loads(run("call", f"{api}/404", "-p", "robot", "--json").out)
    assert answer["status"] == 404
    assert answer["body"] == {"hello": "world"}


@pytest.mark.parametrize(("status", "code"), [(404, 3), (503, 4), (302, 3), (401, 3)])
def test_call_ends_as_the_api_answers(run, api, status: int, code: int) -> None:
    ended = run("call", f"{api}/{status}", "-p", "robot")
    assert ended.code == code
    assert str(status) in ended.err
    assert ended.out == '{"hello": "world"}'


def test_an_api_that_refuses_a_users_token_needs_a_login(run, log_in, api) -> None:
    log_in()
    assert run("call", f"{api}/401", "-p", "work").code == 5


def test_call_without_a_login_sends_nothing(run, api) -> None:
    assert run("call", f"{api}/200", "-p", "work").code == 5
    assert Api.seen == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", "http://", "/etc/passwd"])
def test_what_is_no_url_is_a_usage_error(run, url: str) -> None:
    assert run("call", url, "-p", "robot").code == 2


def test_the_token_does_not_go_over_plain_http(run) -> None:
    assert run("call", "http://api.example.com/", "-p", "robot").code == 3


def test_an_api_that_is_not_there_is_unreachable(run) -> None:
    assert run("call", "http://127.0.0.1:1/", "-p", "robot").code == 4


def test_userinfo(run, log_in) -> None:
    log_in()
    assert json.loads(run("userinfo", "-p", "work", "--json").out)["sub"] == "alice"
    assert "sub\talice" in run("userinfo", "-p", "work").out
    assert run("userinfo", "-p", "robot").code == 2


def test_introspect(run, log_in, stdin) -> None:
    log_in()
    assert json.loads(run("introspect", "-p", "work", "--json").out)["active"] is True
    stdin("some-other-token\n")
    assert json.loads(run("introspect", "-p", "work", "--json", "-").out)["active"] is False


def test_revoke(run, log_in) -> None:
    assert run("revoke", "-p", "work").code == 5
    log_in()
    token = run("token", "-p", "work").out.strip()
    assert run("revoke", "-p", "work").code == 0
    assert run("token", "-p", "work").code == 5
    log_in()
    assert json.loads(run("introspect", "-p", "work", "--json", token).out)["active"] is False


def test_register_keeps_the_secret_in_a_file(run, place: Path, server: AuthorizationServer) -> None:
    (place / "oauth2client.toml").write_text(
        f'[profile.fresh]\nissuer = "{server.issuer}"\ngrant = "client_credentials"\n'
        'registration = { token_endpoint_auth_method = "client_secret_basic", client_name = "Mine" }\n'
    )
    ended = run("register", "-p", "fresh")
    assert ended.code == 0
    lines = dict(line.split(" = ") for line in ended.out.splitlines())
    secret_file = Path(json.loads(lines["client_secret_file"]))
    assert secret_file.stat().st_mode & 0o077 == 0
    assert secret_file.read_text() not in ended.out + ended.err
    (place / "oauth2client.toml").write_text(
        f'[profile.fresh]\nissuer = "{server.issuer}"\ngrant = "client_credentials"\n{ended.out}'
    )
    assert run("token", "-p", "fresh").code == 0


# --- helpers


def test_kubectl_gets_the_users_id_token(run, log_in) -> None:
    log_in()
    credential = json.loads(run("exec", "kubectl", "-p", "work").out)
    assert credential["kind"] == "ExecCredential"
    assert credential["apiVersion"] == "client.authentication.k8s.io/v1"
    claims = json.loads(run("inspect", credential["status"]["token"], "--json").out)["claims"]
    assert (claims["sub"], claims["aud"]) == ("alice", "my-cli")
    assert credential["status"]["expirationTimestamp"].endswith("Z")


def test_kubectl_gets_a_fresh_id_token(run, log_in, server: AuthorizationServer) -> None:
    log_in()
    before = json.loads(run("exec", "kubectl", "-p", "work").out)["status"]["token"]
    server.travel(3600)
    after = run("exec", "kubectl", "-p", "work")
    assert after.code == 0
    assert json.loads(after.out)["status"]["token"] != before


def test_kubectl_without_an_id_token_gets_the_access_token(run, monkeypatch) -> None:
    info = {"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential"}
    monkeypatch.setenv("KUBERNETES_EXEC_INFO", json.dumps(info))
    credential = json.loads(run("exec", "kubectl", "-p", "robot").out)
    assert credential["status"]["token"] == run("token", "-p", "robot").out.strip()
    assert credential["apiVersion"] == info["apiVersion"]


def test_kubectl_without_a_login_says_log_in(run) -> None:
    ended = run("exec", "kubectl", "-p", "work")
    assert (ended.code, ended.out) == (5, "")


def test_git_gets_stores_and_erases(run, log_in, stdin, server: AuthorizationServer) -> None:
    log_in()
    token = run("token", "-p", "work").out.strip()
    request = "protocol=https\nhost=git.example.com\n"
    stdin(f"{request}\n")
    found = dict(line.split("=", 1) for line in run("exec", "git", "-p", "work", "get").out.splitlines())
    assert found["password"] == token
    assert found["username"]
    assert int(found["password_expiry_utc"]) > 0
    stdin(f"{request}username=oauth2\npassword={token}\n")
    assert run("exec", "git", "-p", "work", "store") == (0, "", "")
    stdin(f"{request}username=oauth2\npassword=another\n")
    assert run("exec", "git", "-p", "work", "erase").code == 0
    assert run("token", "-p", "work").out.strip() == token
    stdin(f"{request}username=oauth2\npassword={token}\n")
    assert run("exec", "git", "-p", "work", "erase").code == 0
    assert run("token", "-p", "work").out.strip() != token


def test_git_gets_nothing_over_plain_http_and_for_other_hosts(run, place: Path, stdin) -> None:
    stdin("protocol=http\nhost=git.example.com\n")
    assert run("exec", "git", "-p", "robot", "get").out == ""
    file = place / "oauth2client.toml"
    file.write_text(file.read_text() + 'hosts = ["git.example.com"]\n')
    stdin("protocol=https\nhost=evil.example\n")
    ended = run("exec", "git", "-p", "robot", "get")
    assert ended.out == ""
    assert "evil.example" in ended.err


def test_docker_gets_stores_erases_and_lists(run, stdin) -> None:
    token = run("token", "-p", "robot").out.strip()
    stdin("https://registry.example.com\n")
    found = json.loads(run("exec", "docker", "-p", "robot", "get").out)
    assert found["ServerURL"] == "https://registry.example.com"
    assert found["Secret"] == token
    stdin('{"ServerURL": "https://registry.example.com", "Username": "x", "Secret": "y"}')
    assert run("exec", "docker", "-p", "robot", "store").code == 0
    stdin("https://registry.example.com\n")
    assert run("exec", "docker", "-p", "robot", "erase").code == 0
    assert json.loads(run("exec", "docker", "-p", "robot", "list").out) == {}


def test_netrc(run) -> None:
    token = run("token", "-p", "robot").out.strip()
    line = run("exec", "netrc", "-p", "robot", "git.example.com").out
    assert line == f"machine git.example.com login oauth2accesstoken password {token}\n"
    assert run("exec", "netrc", "-p", "robot").code == 2
    assert run("exec", "netrc", "-p", "robot", "a\nmachine b").code == 2


# --- what call takes


@pytest.mark.parametrize(
    ("arguments", "kind", "body"),
    [
        (["-d", '{"a": 1}'], "application/json", b'{"a": 1}'),
        (["-d", "a=1"], "application/x-www-form-urlencoded", b"a=1"),
        (["-d", "@thing.json"], "application/json", b"[1]"),
        (["-d", "a: 1", "-H", "Content-Type: application/yaml"], "application/yaml", b"a: 1"),
    ],
)
def test_call_says_what_the_body_is(run, api, place: Path, arguments: list[str], kind: str, body: bytes) -> None:
    (place / "thing.json").write_text("[1]")
    assert run("call", f"{api}/200", "-p", "robot", *arguments).code == 0
    assert (Api.seen[0][0], Api.seen[0][3], Api.kinds[0]) == ("POST", body, kind)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-H", "nonsense"], "Name: value"),
        (["-H", ": value"], "Name: value"),
        (["-H", "Authorization: Bearer planted"], "Leave it out"),
        (["-d", "@no-such-file"], "can't be read"),
    ],
)
def test_call_refuses_what_it_cannot_send(run, api, arguments: list[str], said: str) -> None:
    ended = run("call", f"{api}/200", "-p", "robot", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "planted" not in ended.err
    assert Api.seen == []


def test_call_follows_no_redirect_and_says_where_it_leads(run, api) -> None:
    ended = run("call", f"{api}/307", "-p", "robot", "-X", "PUT")
    assert ended.code == 3
    assert "it is at /200" in ended.err
    assert [one[0] for one in Api.seen] == ["PUT"]


@pytest.mark.parametrize("given", ["@no-such-file", "@empty", "a b", "a\nb", "@big"])
def test_what_is_no_token_is_a_usage_error(run, place: Path, given: str) -> None:
    (place / "empty").write_text("\n")
    (place / "big").write_text("a" * (2 << 20))
    ended = run("introspect", "-p", "robot", given)
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err) < 500


def test_revoke_of_a_token_that_was_given(run, log_in, stdin, server) -> None:
    stdin("some-refresh-token")
    ended = run("revoke", "-p", "robot", "-", "--json")
    assert (ended.code, json.loads(ended.out)) == (0, {"revoked": True})
    sent = [one for one in server.requests if one.endpoint == "revocation"]
    assert b"token=some-refresh-token" in sent[0].body
