"""The program against a listening test server, in a folder and a home of its own: here, piped, in a terminal."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from requests_oauth2client.cli import main
from requests_oauth2client.testing import AuthorizationServer

PATIENCE = 60  # seconds for a process that should have answered long ago
PROFILES = """
[profile.work]
issuer = "{issuer}"
client_id = "my-cli"
scope = "openid offline_access"

[profile.robot]
issuer = "{issuer}"
client_id = "robot"
grant = "client_credentials"
scope = "api.read"
client_secret_env = "ROBOT_SECRET"
"""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer().listening() as listening:
        yield listening


@pytest.fixture
def place(tmp_path: Path, server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a profile file; the user's own folders are beside it."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(folder))
    for name in ("NO_COLOR", "BROWSER", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "OAUTH2CLIENT_KEY_FILE", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROBOT_SECRET", "a-secret-of-the-robot")
    monkeypatch.setenv("TERM", "xterm")
    work = tmp_path / "work"
    work.mkdir()
    (work / "oauth2client.toml").write_text(PROFILES.format(issuer=server.issuer))
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run the program in this process."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        code = main(arguments)
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return Ended(code, shown.out, shown.err)

    return run


@pytest.fixture
def piped(place: Path) -> Callable[..., Ended]:
    """Run the program in a process of its own, in pipes."""

    def piped(*arguments: str, stdin: str = "", **env: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "requests_oauth2client", *arguments],
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **env},
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    return piped


class Terminal:
    """The program in a pseudo-terminal, with a person in front of it."""

    def __init__(self, *arguments: str, **env: str) -> None:
        import pty

        self.screen = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:  # pragma: no cover  the child
            os.environ.update(env)
            os.execv(sys.executable, [sys.executable, "-m", "requests_oauth2client", *arguments])  # noqa: S606

    def read_until(self, pattern: str) -> re.Match[str]:
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.plain)):
            if not self._read(end):
                raise AssertionError(f"{pattern!r} was not shown:\n{self.screen}")
        return found

    @property
    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.screen).replace("\r", "")

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def end(self) -> int:
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        if time.monotonic() > end:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)

    def _read(self, end: float) -> bool:
        if not select.select([self.descriptor], [], [], max(0, end - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # the other side is closed
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)


@pytest.fixture
def terminal(place: Path) -> type[Terminal]:
    return Terminal


@pytest.fixture
def log_in(
    run: Callable[..., Ended], server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Log in with the browser of a user who says yes."""
    import threading

    from requests_oauth2client._login import browsers

    def log_in(profile: str = "work", *further: str, user: str = "alice") -> Ended:
        visits: list[threading.Thread] = []

        def visit(url: str) -> bool:
            visits.append(threading.Thread(target=follow, args=(url,)))
            visits[-1].start()
            return True

        def follow(url: str) -> None:
            callback = server.log_in(url, user)
            if callback.response_mode == "form_post":
                requests.post(callback.redirect_uri, data=callback.form, timeout=10)
            else:
                requests.get(callback, timeout=10)

        monkeypatch.setattr(browsers, "open_browser", visit)
        monkeypatch.setattr(browsers, "has_display", lambda: True)
        ended = run("login", "-p", profile, *further)
        for thread in visits:
            thread.join(PATIENCE)
        return ended

    return log_in
