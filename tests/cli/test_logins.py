"""`login`, `logout`, `token` and `list`: only `login` logs in, and a stored token costs next to nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from requests_oauth2client import OAuth2Client, OAuth2LoginAuth
from requests_oauth2client.stores import FileStore
from requests_oauth2client.testing import AuthorizationServer

LOADED = """
import sys
from requests_oauth2client.cli import main
code = main(sys.argv[1:])
sys.stderr.write("loaded: " + " ".join(sorted({name.partition(".")[0] for name in sys.modules})))
sys.exit(code)
"""


def test_token_without_a_login_says_log_in_and_ends(run, server) -> None:
    ended = run("token", "-p", "work")
    assert (ended.code, ended.out) == (5, "")
    assert "oauth2client login -p work" in ended.err
    assert server.requests == []


def test_after_a_login_there_is_a_token_on_stdout_and_nothing_else(run, log_in, server) -> None:
    assert log_in().code == 0
    ended = run("token", "-p", "work")
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.split()) == 1
    assert run("token", "-p", "work", "--header").out == f"Authorization: Bearer {ended.out}"
    described = json.loads(run("token", "-p", "work", "--json").out)
    assert described["access_token"] == ended.out.strip()
    assert described["token_type"] == "Bearer"


def test_a_login_shows_no_token(log_in, run) -> None:
    ended = log_in("work", "--json")
    token = run("token", "-p", "work").out.strip()
    assert token not in ended.out + ended.err
    assert json.loads(ended.out)["profile"] == "work"


def test_a_second_login_asks_nobody_and_again_does(log_in, server) -> None:
    def logins() -> int:
        return [request.endpoint for request in server.requests].count("authorization")

    log_in()
    log_in()
    assert logins() == 1
    log_in("work", "--again")
    assert logins() == 2


def test_a_stored_token_is_written_without_an_http_library(run, log_in, server, place: Path) -> None:
    log_in()
    asked = len(server.requests)
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "token", "-p", "work"], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.partition("loaded: ")[2].split())
    assert done.stdout == run("token", "-p", "work").out
    assert loaded & {"requests", "urllib3", "httpx", "httpx2", "rich", "asyncio"} == set()
    assert len(server.requests) == asked


def test_a_token_for_an_api_is_found_too(run, log_in, server, place: Path) -> None:
    file = place / "oauth2client.toml"
    file.write_text(file.read_text().replace('scope = "openid', 'resource = "https://api.test/"\nscope = "openid', 1))
    assert log_in().code == 0
    asked = len(server.requests)
    assert run("token", "-p", "work").code == 0
    assert len(server.requests) == asked


def test_an_expired_token_is_renewed_and_nobody_logs_in(run, log_in, server) -> None:
    log_in()
    before = run("token", "-p", "work").out
    server.travel(3600)
    ended = run("token", "-p", "work")
    assert ended.code == 0
    assert ended.out != before
    assert [request.endpoint for request in server.requests].count("authorization") == 1


def test_a_refused_refresh_token_says_log_in(run, log_in, server) -> None:
    log_in()
    server.log_out()
    server.travel(3600)
    server.fail("token", status=400, body='{"error": "invalid_grant"}')
    ended = run("token", "-p", "work")
    assert ended.code == 5
    assert "log in" in ended.err.lower()


def test_logout_revokes_and_forgets(run, log_in, server) -> None:
    log_in()
    ended = run("logout", "-p", "work")
    assert ended.code == 0
    assert "revocation" in [request.endpoint for request in server.requests]
    assert run("token", "-p", "work").code == 5
    assert "No one was logged in" in run("logout", "-p", "work").err


def test_logout_ends_the_login_also_where_the_server_is_gone(run, log_in, server) -> None:
    log_in()
    server.fail("configuration", times=20)
    ended = run("logout", "-p", "work", "--json")
    assert ended.code == 0
    assert json.loads(ended.out) == {"profile": "work", "logged_out": True, "server_told": False}
    assert run("token", "-p", "work").code == 5


def test_a_client_of_its_own_needs_no_login(run, server) -> None:
    first = run("token", "-p", "robot")
    assert first.code == 0
    assert run("token", "-p", "robot").out == first.out
    assert [request.endpoint for request in server.requests].count("token") == 1


def test_a_program_that_uses_the_library_shares_the_login(run, log_in, server) -> None:
    log_in()
    key_file = FileStore(app="oauth2client").path.with_name("key")
    store = FileStore(app="oauth2client", key_file=key_file)
    client = OAuth2Client(issuer=server.issuer, client_id="my-cli")
    auth = OAuth2LoginAuth(client, False, scope="openid offline_access", store=store, subject="work")
    assert auth.get_token().access_token == run("token", "-p", "work").out.strip()


def test_list_says_who_is_logged_in_and_sends_nothing(run, log_in, server) -> None:
    log_in()
    asked = len(server.requests)
    rows = {row["profile"]: row for row in json.loads(run("list", "--json").out)}
    assert rows["work"]["logged_in"] is True
    assert rows["robot"]["logged_in"] is False
    assert "work\t" in run("list").out
    assert len(server.requests) == asked


# --- in a terminal


def test_a_person_logs_in_with_a_code(terminal, run, server: AuthorizationServer) -> None:
    screen = terminal("login", "-p", "work", "--with", "device")
    code = screen.read_until(r"type in the code (\S+)")[1]
    screen.read_until("Waiting for you")
    server.approve(code)
    assert screen.end() == 0
    assert "You are logged in" in screen.plain
    assert run("token", "-p", "work").code == 0


def test_a_person_pastes_an_address(terminal, run, server: AuthorizationServer) -> None:
    screen = terminal("login", "-p", "work", "--with", "paste")
    url = screen.read_until(r"log in: (http\S+)")[1]
    screen.read_until("Paste the address here:")
    screen.type(f"{server.log_in(url)}\n")
    assert screen.end() == 0
    assert run("token", "-p", "work").code == 0


def test_ctrl_c_is_130(terminal) -> None:
    screen = terminal("login", "-p", "work", "--with", "device")
    screen.read_until(r"type in the code (\S+)")
    screen.type("\x03")
    assert screen.end() == 130
    assert "Traceback" not in screen.plain


def test_no_color_is_obeyed(terminal) -> None:
    screen = terminal("token", "-p", "nobody", NO_COLOR="1")
    assert screen.end() == 2
    assert "\x1b" not in screen.screen


# --- in pipes


def test_in_a_pipe_there_is_neither_spinner_nor_question(piped, server) -> None:
    ended = piped("login", "-p", "work", "--with", "paste")
    assert ended.code == 5
    assert ended.out == ""
    assert "\x1b" not in ended.err
    assert "a terminal is needed" in ended.err


def test_a_device_login_works_in_a_pipe(place, server: AuthorizationServer) -> None:
    command = [sys.executable, "-m", "requests_oauth2client", "login", "-p", "work", "--with", "device", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        code = None
        while code is None:
            found = re.search(r"the code (\S+)", process.stderr.readline())
            code = found[1] if found else None
        server.approve(code)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["profile"] == "work"


def test_a_broken_pipe_is_no_traceback(place) -> None:
    command = f"{sys.executable} -m requests_oauth2client list; echo code=$? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({command}) | true"], check=False, capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    assert re.search(r"code=(0|141)", done.stderr)
    assert "Exception ignored" not in done.stderr


def test_any_encoding_of_stdout_is_enough(piped, server) -> None:
    token = server.token(sub="ünï").access_token
    ended = piped("inspect", "-", stdin=token, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ended.code == 0
    assert "sub\t" in ended.out


def test_a_bound_token_is_found_too_and_is_no_header(run, place: Path, server) -> None:
    file = place / "oauth2client.toml"
    file.write_text(file.read_text() + "dpop_bound_access_tokens = true\n")
    assert run("token", "-p", "robot").code == 0
    asked = len(server.requests)
    ended = run("token", "-p", "robot", "--header")
    assert ended.code == 2
    assert "oauth2client call" in ended.err
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    "arguments", [["list"], ["discover", "{issuer}"], ["token", "-p", "nobody", "--json"], ["--help"]]
)
def test_a_pipe_that_nobody_reads_ends_it_quietly(place, server, arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "requests_oauth2client", *(one.format(issuer=server.issuer) for one in arguments)]
    done = subprocess.run(command, check=False, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_colors_are_for_terminals_without_no_color(terminal, run) -> None:
    colored = terminal("token", "-p", "nobody")
    assert colored.end() == 2
    assert "\x1b[31m" in colored.screen
    assert "\x1b" not in run("token", "-p", "nobody").err


def test_the_spinner_turns_while_a_person_is_waited_for_and_goes_away(terminal, server: AuthorizationServer) -> None:
    screen = terminal("login", "-p", "work", "--with", "device", "--json", NO_COLOR="1")
    code = screen.read_until(r"type in the code (\S+)")[1]
    screen.read_until("(?s)(Waiting for you.*){3}")
    server.approve(code)
    assert screen.end() == 0
    assert "\x1b[?25h" in screen.screen  # the cursor is back
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.screen)
