"""With --json, stdout has exactly one JSON document, of every command: the result, or the error with its exit code."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from requests_oauth2client.cli.program import COMMANDS
from requests_oauth2client.testing import AuthorizationServer

HELPERS = ("kubectl", "git", "docker", "netrc")
GIT = "protocol=https\nhost=git.example.com\n\n"
WORKING: dict[str, tuple[str, ...]] = {  # each command as it works; "-p" stands where there is a profile
    "login": ("login", "-p", "work"),
    "token": ("token", "-p", "work"),
    "list": ("list",),
    "call": ("call", "{issuer}/userinfo", "-p", "work"),
    "userinfo": ("userinfo", "-p", "work"),
    "introspect": ("introspect", "-p", "work"),
    "register": ("register", "-p", "work"),
    "inspect": ("inspect", "@token.jwt"),
    "discover": ("discover", "{issuer}"),
    "doctor": ("doctor", "-p", "work"),
    "completion": ("completion", "bash"),
    "exec kubectl": ("exec", "kubectl", "-p", "work"),
    "exec git get": ("exec", "git", "get", "-p", "work"),
    "exec git store": ("exec", "git", "store", "-p", "work"),
    "exec git erase": ("exec", "git", "erase", "-p", "work"),
    "exec docker get": ("exec", "docker", "get", "-p", "work"),
    "exec docker store": ("exec", "docker", "store", "-p", "work"),
    "exec docker erase": ("exec", "docker", "erase", "-p", "work"),
    "exec docker list": ("exec", "docker", "list", "-p", "work"),
    "exec netrc": ("exec", "netrc", "git.example.com", "-p", "work"),
    "revoke": ("revoke", "-p", "work"),
    "logout": ("logout", "-p", "work"),
}


def document(text: str) -> Any:
    """Return the one document that there is."""
    return json.loads(text)


def error(ended: Any) -> dict[str, Any]:
    found: dict[str, Any] = document(ended.out)["error"]
    assert found["exit_code"] == ended.code
    assert found["message"] in " ".join(ended.err.split())
    return found


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))

    return give


def test_the_walk_knows_every_command() -> None:
    walked = {name.partition(" ")[0] for name in WORKING} | {"serve"}
    assert walked == set(COMMANDS)
    assert {name.split()[1] for name in WORKING if name.startswith("exec ")} == set(HELPERS)


def test_every_command_writes_one_document(
    run, log_in, stdin, place: Path, server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "token.jwt").write_text(server.token().access_token)
    log_in()
    for name, arguments in WORKING.items():
        stdin("https://git.example.com\n" if "docker" in name else GIT)
        ended = run(*(one.format(issuer=server.issuer) for one in arguments), "--json")
        assert ended.code == 0, (name, ended.err)
        document(ended.out)
        if name == "revoke":
            log_in()


@pytest.mark.parametrize("name", [name for name in WORKING if name not in {"completion", "inspect", "discover"}])
def test_every_command_tells_a_mistake_in_the_profile(run, place: Path, stdin, name: str) -> None:
    (place / "oauth2client.toml").write_text('[profile.work]\nisuer = "https://as.example.com"\nclient_id = "x"\n')
    stdin("")
    ended = run(*(one.format(issuer="https://as.test") for one in WORKING[name]), "--json")
    if name == "list":  # it lists also what can't be used
        assert "line 2" in document(ended.out)[0]["error"]
        return
    assert error(ended)["kind"] == "usage"
    assert "line 2" in error(ended)["message"]


NEEDS_LOGIN = ["token", "call", "userinfo", "introspect", "revoke", "exec kubectl", "exec git get", "exec docker get"]


@pytest.mark.parametrize("name", [*NEEDS_LOGIN, "exec netrc"])
def test_every_command_that_needs_a_login_says_so(run, stdin, name: str, server: AuthorizationServer) -> None:
    stdin("https://git.example.com\n" if "docker" in name else GIT)
    ended = run(*(one.format(issuer=server.issuer) for one in WORKING[name]), "--json")
    assert (ended.code, error(ended)["kind"]) == (5, "login_needed")
    assert "oauth2client login -p work" in error(ended)["message"]


def test_a_refusal_has_the_servers_error_code(run, server: AuthorizationServer) -> None:
    server.fail("token", times=5, status=401, body='{"error": "invalid_client"}')
    found = error(run("token", "-p", "robot", "--json"))
    assert found["kind"] == "refused"
    assert (found["type"], found["error"], found["status"]) == ("InvalidClient", "invalid_client", 401)


def test_a_server_that_is_gone_is_unreachable(run) -> None:
    found = error(run("discover", "http://127.0.0.1:1", "--json"))
    assert (found["kind"], found["exit_code"]) == ("unreachable", 4)


@pytest.mark.parametrize(
    "arguments",
    [["tokn"], ["token", "--nonsense"], ["call"], ["exec", "svn"], ["token", "--client-secret", "x"], ["inspect", "a"]],
)
def test_usage_errors_are_documents_too(run, arguments: list[str]) -> None:
    found = document(run(*arguments, "--json").out)["error"]
    assert (found["kind"], found["exit_code"]) == ("usage", 2)


def test_a_result_is_not_followed_by_an_error(run) -> None:
    ended = run("inspect", "e30.e30.AA", "--audience", "me", "--json")
    assert ended.code == 3
    assert document(ended.out)["checks"]


def test_a_bug_is_a_document_and_no_traceback(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from requests_oauth2client.cli import session

    def broken(self: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(session.Session, "token", broken)
    found = error(run("token", "-p", "robot", "--json"))
    assert (found["kind"], found["exit_code"]) == ("bug", 1)


def test_ctrl_c_is_a_document(place: Path) -> None:
    command = [sys.executable, "-m", "requests_oauth2client", "login", "-p", "work", "--with", "device", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "the code" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert document(out)["error"]["kind"] == "interrupted"


def test_without_json_stdout_has_nothing_of_an_error(run) -> None:
    assert run("token", "-p", "work").out == ""
    assert run("call", "nonsense", "-p", "robot", "--", "--json").out == ""
