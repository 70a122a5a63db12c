"""The examples run, each started by its one command, with a person who logs in at the test server's page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from bs4 import BeautifulSoup

from devkit.redis_server import free_port
from requests_oauth2client.testing import AuthorizationServer

EXAMPLES = Path(__file__).parents[2] / "examples"
SITES = ("flask_site", "fastapi_site", "django_site")
MOST_LINES = 60
START = 60  # seconds


@contextmanager
def running(example: str, port: int) -> Iterator[None]:
    env = {**os.environ, "PORT": str(port)}
    command = [sys.executable, str(EXAMPLES / example)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        yield
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
        except requests.ConnectionError:
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def press_the_button(http: requests.Session, page: requests.Response) -> requests.Response:
    """Submit the form of a page, as it is filled in."""
    form = BeautifulSoup(page.text, "html.parser").find("form")
    named = [field for field in form.find_all("input") if field.get("name")] + form.find_all("button")[:1]
    fields = {field["name"]: field.get("value", "") for field in named if field.get("name")}
    headers = {"Origin": re.match(r"https?://[^/]+", page.url)[0]}
    return http.post(urljoin(page.url, form.get("action")), data=fields, headers=headers, timeout=10)


@pytest.mark.parametrize("example", SITES)
def test_a_site_logs_its_user_in_and_out(example: str) -> None:
    port = free_port()
    home = f"http://127.0.0.1:{port}/"
    with running(example, port), requests.Session() as http:
        assert "Log in" in http.get(home, timeout=10).text
        page = http.get(f"{home}profile", timeout=10)
        assert "<title>Log in" in page.text
        profile = press_the_button(http, page)
        assert profile.url == f"{home}profile"
        assert profile.json()["sub"] == "alice"
        greeting = http.get(home, timeout=10)
        assert "Hello, alice" in greeting.text
        press_the_button(http, greeting)
        assert "Hello" not in http.get(home, timeout=10).text


def test_the_command_line_tool_stays_logged_in(tmp_path: Path) -> None:
    places = {"XDG_STATE_HOME": str(tmp_path), "KEY_FILE": str(tmp_path / "key"), "BROWSER": "true"}
    with AuthorizationServer().listening() as server:
        env = {**os.environ, **places, "ISSUER": server.issuer}

        def tool(command: str, *, logs_in: bool = False) -> str:
            command_line = [sys.executable, str(EXAMPLES / "cli_tool"), command]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            with subprocess.Popen(command_line, env=env, text=True, **pipes) as process:
                if logs_in:
                    url = re.search(r"http\S+", process.stderr.readline())[0]
                    with requests.Session() as http:
                        page = press_the_button(http, http.get(url, timeout=10))
                        if "Continue" in page.text:
                            press_the_button(http, page)
                shown, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            return shown

        assert tool("me", logs_in=True) == "You are alice.\n"
        assert tool("me") == "You are alice.\n"
        assert [request.endpoint for request in server.requests].count("token") == 1
        assert len(tool("token")) > 20
        assert "You are logged out" in tool("logout")


@pytest.mark.parametrize("example", [*SITES, "cli_tool"])
def test_an_example_is_short(example: str) -> None:
    written = [line for file in (EXAMPLES / example).glob("*.py") for line in file.read_text().splitlines()]
    assert len([line for line in written if line.strip()]) < MOST_LINES
