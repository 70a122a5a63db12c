"""The demo shows the whole of each exchange and none of its secrets, ends by itself, and leaves nothing behind."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from rich.console import Console

from demo.browser import Listener, authorize
from demo.chapters import CHAPTERS, authorization_code, client_credentials, renewal
from demo.narrator import Narrator
from demo.picture import show_picture
from demo.stage import Stage
from demo.telling import Telling, answer_fields, request_fields
from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi
from requests_oauth2client import Exchange, recording

SECRETS = "access_token refresh_token id_token device_code client_secret registration_access_token".split()
ROOT = Path(__file__).parents[2]
HEADLESS = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}}

# What stands in for a person's browser: it walks the pages, then opens the callback, as a browser does.
WALKER = """\
import sys, requests
from devkit.browser import Browser
requests.get(Browser().authorize(sys.argv[1], login="carol"), timeout=10).raise_for_status()
"""


@pytest.fixture
def stage(authorization_server: AuthorizationServer, protected_api: ProtectedApi, browser: Browser) -> Iterator[Stage]:
    narrator = Narrator(Console(file=io.StringIO(), width=80))
    with recording(all_threads=True) as story:
        yield Stage(
            server=authorization_server, api=protected_api, person=browser, narrator=narrator, telling=Telling(story)
        )


def printed(stage: Stage) -> str:
    file = stage.narrator.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.fixture
def played(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[requests.Response]:
    """Play every chapter, and return every answer that came to anyone."""
    answers: list[requests.Response] = []
    send = requests.Session.send

    def watched(*args: Any, **options: Any) -> requests.Response:
        answers.append(send(*args, **options))
        return answers[-1]

    monkeypatch.setattr(requests.Session, "send", watched)
    for chapter in CHAPTERS:
        chapter.play(stage)
    return answers


def secrets_in(answers: list[requests.Response]) -> set[str]:
    bodies = [
        answer.text for answer in answers if answer.headers.get("Content-Type", "").startswith("application/json")
    ]
    received = {str(json.loads(body).get(name)) for body in bodies for name in SECRETS} - {"None"}
    sent = {value for answer in answers for value in re.findall(r"(?<!client_id)=([^&]+)", str(answer.request.body))}
    credentials = {str(answer.request.headers.get("Authorization", "none ")).split(" ")[1] for answer in answers}
    harmless = {"grant-type", "http"}
    secrets = {value for value in received | sent | credentials if len(value) > 30}
    return {value for value in secrets if not any(word in value for word in harmless)}


def test_no_secret_is_printed(stage: Stage, played: list[requests.Response]) -> None:
    secrets = secrets_in(played)
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in printed(stage)] == []


def test_the_picture_shows_what_was_sent_and_no_secret(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "picture.html"
    client_credentials.play(stage)
    show_picture(stage.telling.story, str(file), stage.narrator)
    page = file.read_text()
    assert page.count("<details") == 2
    assert str(file) in printed(stage)
    assert str(stage.server.clients["client_secret_basic"].client_secret) not in page


def test_a_newcomer_sees_every_exchange_and_its_checks(stage: Stage, played: list[requests.Response]) -> None:
    lines = [line.strip() for line in printed(stage).splitlines()]
    assert sum(line.startswith("→ ") for line in lines) == len(stage.telling.story.exchanges)
    assert {"error: authorization_pending", "code_challenge_method: S256", "sub: alice"} <= set(lines)
    assert {"✓ state (RFC 6749 §10.12)", "✓ nonce (OIDC Core 3.1.3.7 rule 11)"} <= set(lines)
    assert not [line for line in lines if line.startswith("✗")]


def test_the_renewal_is_a_real_one(stage: Stage) -> None:
    renewal.play(stage)
    requests_made = [line for line in printed(stage).splitlines() if line.strip().startswith("→")]
    assert ["token" in line for line in requests_made] == [True, False, False, True, False]


def test_what_is_told_is_told_once_and_cut(stage: Stage) -> None:
    long = exchange(url="https://as.example/token?a=b", request_body=f"scope={'x' * 200}&code=***")
    assert list(request_fields(long)) == [("a", "b"), ("scope", "x" * 80 + "…"), ("code", "***")]
    many = exchange(response_body=json.dumps({f"member{number}": number for number in range(50)}))
    assert list(answer_fields(many))[-1] == ("…", "and 36 more")
    assert list(answer_fields(exchange(response_body="<html a=b>"))) == []
    client_credentials.play(stage)
    before = printed(stage)
    stage.tell()
    assert printed(stage) == before


def exchange(**fields: Any) -> Exchange:
    empty = {"number": 1, "source": "application", "target": "API", "started_at": datetime.now(UTC), "offset": 0.0}
    return Exchange(**{**empty, "seconds": None, "method": "GET", "url": "https://as.example", **fields})


def use_as_browser(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "browser.py"
    path.write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("BROWSER", f"{sys.executable} {path} %s")
    monkeypatch.setattr("webbrowser._tryorder", None)  # it reads BROWSER once


def test_a_person_can_log_in_with_their_own_browser(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_as_browser(monkeypatch, tmp_path, WALKER)
    theirs = Stage(**{**stage.__dict__, "use_real_browser": True})
    authorization_code.play(theirs)
    assert "sub: carol" in printed(theirs)


def test_when_nobody_comes_the_demo_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_as_browser(monkeypatch, tmp_path, "")
    monkeypatch.setattr("demo.browser.PATIENCE", 0.2)
    theirs = Stage(**{**stage.__dict__, "use_real_browser": True})
    authorization_code.play(theirs)
    assert "Nobody came" in printed(theirs)
    assert "sub: alice" in printed(theirs)


def test_only_the_redirect_uri_is_a_callback() -> None:
    with Listener() as listener:
        other = requests.get(listener.redirect_uri.replace("/callback", "/favicon.ico"), timeout=5)
        assert (other.status_code, listener.wait(0)) == (404, None)
        callback = requests.get(f"{listener.redirect_uri}?code=c", timeout=5)
        assert (callback.status_code, listener.wait(0)) == (200, f"{listener.redirect_uri}?code=c")


def test_it_runs_to_its_end_without_a_terminal() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, env=HEADLESS, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "\x1b[" not in run.stdout
    assert all(f"━━━ {number}. {chapter.TITLE}" in run.stdout for number, chapter in enumerate(CHAPTERS, 1))


def test_ctrl_c_stops_the_servers() -> None:
    command = [sys.executable, "-u", "-m", "demo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout
        urls: list[str] = []
        while not urls:
            urls = re.findall(r"http://\S+", run.stdout.readline())
        run.send_signal(signal.SIGINT)
        rest, errors = run.communicate(timeout=20)
    assert (run.returncode, errors) == (1, "")
    assert "Interrupted; both servers are stopped." in rest
    for url in urls:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://{urlsplit(url).netloc}/", timeout=2)


def test_a_failure_is_told_in_one_sentence() -> None:
    script = (
        "import devkit.node as n, sys; n.FOLDER = n.FOLDER / 'nowhere'; import demo.__main__ as d; sys.exit(d.main([]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (1, "")
    assert "FileNotFoundError" in run.stdout


def test_no_browser_on_the_machine_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser._tryorder", [])
    theirs = Stage(**{**stage.__dict__, "use_real_browser": True})
    with Listener() as listener:
        url = str(authorization_code._ask(theirs, listener.redirect_uri))
        assert authorize(theirs, url, listener).startswith(listener.redirect_uri)
    assert "There is no browser on this machine" in printed(theirs)
