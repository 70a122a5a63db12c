"""`inspect`, `discover`, `doctor`, `serve` and `completion`: for people who look for a mistake."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from requests_oauth2client.cli.metadata import lint
from requests_oauth2client.cli.program import COMMANDS, program
from requests_oauth2client.testing import AuthorizationServer


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))

    return give


# --- inspect


def test_inspect_explains_and_says_that_nothing_is_verified(run, server) -> None:
    token = server.token(scope="a b").access_token
    ended = run("inspect", token)
    assert ended.code == 0
    assert f"iss\t{server.issuer}\twho issued it" in ended.out
    assert "from now" in ended.out
    assert "Not verified" in ended.err
    assert "@FILE, or on stdin" in ended.err


def test_inspect_reads_stdin_and_files(run, server, stdin, tmp_path: Path) -> None:
    token = server.token().access_token
    stdin(f"{token}\n")
    from_stdin = run("inspect", "--json")
    path = tmp_path / "token.jwt"
    path.write_text(token)
    assert run("inspect", f"@{path}", "--json").out == from_stdin.out
    assert json.loads(from_stdin.out)["verified"] is False


def test_inspect_verifies(run, server) -> None:
    token = server.token(aud="my-api").access_token
    found = json.loads(run("inspect", token, "--issuer", server.issuer, "--audience", "my-api", "--json").out)
    assert found["verified"] is True
    assert all(check["passed"] for check in found["checks"])
    assert run("inspect", token, "--issuer", server.issuer, "--audience", "another").code == 3


def test_inspect_finds_a_changed_token(run, server) -> None:
    head, body, signature = server.token().access_token.split(".")
    changed = f"{head}.{body}.{'A' * 20}{signature[20:]}"
    ended = run("inspect", changed, "--issuer", server.issuer)
    assert ended.code == 3
    assert "signature" in ended.err


def test_inspect_finds_an_expired_token(run, server) -> None:
    token = server.token().access_token
    server.travel(7200)
    ended = run("inspect", token, "--issuer", server.issuer)
    assert ended.code == 3
    assert "exp" in ended.err


@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", "..", "e30.e30.", "eyJhbGciOiJub25lIn0.bm90IGpzb24.", "ü.ü.ü", "a b c", "x" * 100_000]
)
def test_what_is_no_jwt_is_said_in_a_sentence(run, token: str) -> None:
    ended = run("inspect", token)
    assert (ended.code, ended.out) == (2, "") or token == "e30.e30."
    assert len(ended.err) < 1000


def test_a_token_of_a_megabyte_is_refused(run, stdin) -> None:
    stdin("A" * 400_000 + "." + "A" * 400_000 + ".A")
    assert run("inspect").code == 2
    stdin("A" * 2_000_000)
    ended = run("inspect")
    assert ended.code == 2
    assert len(ended.err) < 500


def test_escape_sequences_of_a_token_are_not_obeyed(run) -> None:
    from requests_oauth2client._core.encoding import b64u_encode

    body = json.dumps({"sub": "\x1b[31mred", "name": "a\tb\nc"}).encode()
    shown = run("inspect", f"{b64u_encode(b'{}')}.{b64u_encode(body)}.AA").out
    assert "\x1b" not in shown
    assert all(line.count("\t") == 2 for line in shown.splitlines())


# --- discover


def test_discover_writes_metadata(run, server) -> None:
    ended = run("discover", server.issuer)
    assert ended.code == 0
    assert f"token_endpoint\t{server.issuer}/token" in ended.out
    found = json.loads(run("discover", f"{server.issuer}/.well-known/openid-configuration", "--json").out)
    assert found["metadata"]["issuer"] == server.issuer
    assert [finding for finding in found["findings"] if finding["level"] == "error"] == []


def test_discover_refuses_metadata_of_another(run, server) -> None:
    lie = {**server.metadata, "issuer": "https://evil.example"}
    server.fail("configuration", times=5, status=200, body=json.dumps(lie))
    ended = run("discover", server.issuer)
    assert ended.code == 3
    assert "evil.example" in ended.err


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"issuer": 5}', "null", "{" * 5000])
def test_discover_says_what_is_no_metadata(run, server, body: str) -> None:
    server.fail("configuration", times=10, status=200, body=body)
    ended = run("discover", server.issuer)
    assert ended.code == 3
    assert ended.err


def test_discover_of_a_server_that_is_gone_is_unreachable(run) -> None:
    assert run("discover", "http://127.0.0.1:1").code == 4


def test_discover_of_a_failing_server_is_unreachable(run, server) -> None:
    server.fail("configuration", times=50, status=503)
    assert run("discover", server.issuer).code == 4


LIES = {
    "http endpoint": {"token_endpoint": "http://as.example.com/token"},
    "list that is a string": {"scopes_supported": "openid"},
    "flag that is a string": {"require_pushed_authorization_requests": "true"},
    "none as a signature": {"token_endpoint_auth_signing_alg_values_supported": ["none"]},
    "no response types": {"response_types_supported": None},
    "endpoint that is a number": {"token_endpoint": 5},
    "fragment": {"authorization_endpoint": "https://as.example.com/#a"},
    "missing keys": {"jwks_uri": None, "scopes_supported": ["openid"]},
}


@pytest.mark.parametrize("lie", LIES)
def test_lint_finds(lie: str) -> None:
    metadata = {**AuthorizationServer().metadata, **LIES[lie]}
    metadata = {name: value for name, value in metadata.items() if value is not None}
    assert [finding.member for finding in lint(metadata) if finding.level == "error"]


def test_lint_has_nothing_against_the_test_server() -> None:
    assert [finding for finding in lint(AuthorizationServer().metadata) if finding.level == "error"] == []


# --- doctor


def test_doctor_finds_nothing_to_change(run, log_in) -> None:
    log_in()
    ended = run("doctor", "-p", "work")
    assert ended.code == 0, ended.out
    assert "error" not in ended.out


def test_doctor_says_what_to_change(run, place: Path, server) -> None:
    (place / "oauth2client.toml").write_text(
        f'[profile.work]\nissuer = "{server.issuer}"\nclient_id = "x"\nscope = "openid offline_acces"\n'
        'redirect_uri = "https://app.example.com/callback"\n'
    )
    ended = run("doctor", "-p", "work")
    assert ended.code == 3
    assert "Did you mean 'offline_access'?" in ended.out
    assert "Register http://127.0.0.1/callback" in ended.out
    assert "oauth2client login -p work" in ended.out
    advice = json.loads(run("doctor", "-p", "work", "--json").out)
    assert {"level", "about", "text"} == advice[0].keys()


def test_doctor_compares_clocks(run, server) -> None:
    server.travel(300)
    ended = run("doctor", "-p", "work")
    assert "Set the clock" in ended.out
    assert ended.code == 3


def test_doctor_of_a_server_that_is_gone_is_unreachable(run, place: Path) -> None:
    (place / "oauth2client.toml").write_text('[profile.a]\nissuer = "http://127.0.0.1:1"\nclient_id = "x"\n')
    ended = run("doctor")
    assert ended.code == 4
    assert "Check the host name" in ended.out


# --- serve, completion, help, trace


def test_serve_says_where_it_is_and_ends_with_130(place) -> None:
    command = [sys.executable, "-m", "requests_oauth2client", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", issuer)
        found = subprocess.run(
            [sys.executable, "-m", "requests_oauth2client", "discover", issuer], capture_output=True, check=False
        )
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert found.returncode == 0
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(run, shell: str) -> None:
    assert "_OAUTH2CLIENT_COMPLETE" in run("completion", shell).out


def test_profiles_are_completed(piped) -> None:
    ended = piped(_OAUTH2CLIENT_COMPLETE="bash_complete", COMP_WORDS="oauth2client token -p ro", COMP_CWORD="3")
    assert ended.out == "plain,robot\n"


def test_every_command_has_an_example_and_json(run) -> None:
    names = [(name,) for name in COMMANDS if name != "exec"]
    names += [("exec", name) for name in ("kubectl", "git", "docker", "netrc")]
    for name in names:
        ended = run(*name, "--help")
        assert ended.code == 0
        assert "Example:" in ended.out, name
        assert "--json" in ended.out, name


def test_help_is_shown_without_arguments(run) -> None:
    ended = run()
    assert "Commands:" in ended.out + ended.err
    assert program.name == "oauth2client"
