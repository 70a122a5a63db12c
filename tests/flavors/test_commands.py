"""Tokens that commands print: without a shell, never longer than they may, with nothing left running."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import Any

import anyio
import pytest

from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import (
    CommandSource,
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialTimeout,
    CredentialUnavailable,
    InvalidCredential,
    InvalidParam,
)


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", textwrap.dedent(code)]


def get(flavor: Flavor, source: CommandSource) -> Any:
    return flavor.run(flavor.named("OAuth2TokenSourceAuth")(source).get_token())


def test_a_command_prints_a_token(every_flavor: Flavor) -> None:
    given = get(every_flavor, CommandSource(["printf", "from-a-command\\n"]))
    assert given.access_token == "from-a-command"
    assert 0 < given.expires_in <= 60


@pytest.mark.parametrize("member", [None, "accessToken"])
def test_it_may_print_json(flavor: Flavor, member: str | None) -> None:
    name = member or "access_token"
    source = CommandSource(["printf", f'{{"{name}": "t", "expires_in": 300}}'], member=member)
    given = get(flavor, source)
    assert given.access_token == "t"
    assert given.expires_in > 60 if member is None else given.expires_in <= 60


def test_arguments_are_no_shells(flavor: Flavor) -> None:
    with pytest.raises(InvalidCredential):
        get(flavor, CommandSource(["echo", "$HOME", "; true"]))


@pytest.mark.parametrize("argv", ["echo t", b"echo", [], [1], [""], ["a\0b"], None, {"echo"}])
def test_a_string_is_refused(argv: Any) -> None:
    with pytest.raises(InvalidParam, match="list"):
        CommandSource(argv)


def test_what_can_not_be_run_is_told_apart(flavor: Flavor, tmp_path: Path) -> None:
    with pytest.raises(CredentialNotFound, match="does not exist"):
        get(flavor, CommandSource([tmp_path / "nowhere"]))
    (tmp_path / "data").write_text("#!/bin/sh\n")
    (tmp_path / "data").chmod(0o600)
    with pytest.raises(CredentialNotPermitted):
        get(flavor, CommandSource([str(tmp_path / "data")]))


def test_a_command_that_fails_says_why_without_secrets(flavor: Flavor) -> None:
    argv = ["sh", "-c", "echo 'not logged in, token=planted-secret-1' >&2; exit 3", "planted-argument"]
    source = CommandSource(argv)
    with pytest.raises(CredentialUnavailable, match="status 3 and said: 'not logged in") as raised:
        get(flavor, source)
    assert type(raised.value) is CredentialUnavailable
    assert "planted" not in str(raised.value) + repr(source)


@pytest.mark.parametrize("output", ["", "<html>planted</html>", "two planted words", '{"planted": 1}'])
def test_what_is_no_token_is_refused_and_not_shown(flavor: Flavor, output: str) -> None:
    with pytest.raises(InvalidCredential) as raised:
        get(flavor, CommandSource(["printf", "%s", output]))
    assert "planted" not in str(raised.value)


def test_fifty_megabytes_are_no_token(flavor: Flavor) -> None:
    with pytest.raises(InvalidCredential, match="more than 1048576 bytes"):
        get(flavor, CommandSource(["head", "-c", str(50 << 20), "/dev/zero"]))


def test_endless_complaints_are_read_and_dropped(flavor: Flavor) -> None:
    source = CommandSource(["sh", "-c", f"head -c {1 << 20} /dev/zero >&2; printf t"])
    assert get(flavor, source).access_token == "t"


PARENT = """
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(600)
"""


def is_running(pid: int) -> bool:
    """Tell whether a process is there, and no zombie that waits for its parent."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_for_end(file: Path) -> None:
    pids = [int(pid) for pid in file.read_text().split()]
    while any(map(is_running, pids)):  # SIGKILL was sent; the kernel ends them
        os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_command_that_never_ends_is_killed_with_all_that_it_started(flavor: Flavor, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    source = CommandSource([*python(PARENT), str(pids)], timeout=2)
    with pytest.raises(CredentialTimeout, match="within 2 seconds, and is killed") as raised:
        get(flavor, source)
    assert raised.value.is_transient
    wait_for_end(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("name", ["httpx2", "httpx2-trio"])
def test_a_cancelled_task_waits_for_no_command(name: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with open_flavor(name) as flavor:
        auth = flavor.named("OAuth2TokenSourceAuth")(CommandSource([*python(PARENT), str(pids)], timeout=600))

        async def cancelled() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(auth.get_token)
                while not pids.exists():  # noqa: ASYNC110  another process makes it
                    await anyio.sleep(0.001)
                group.cancel_scope.cancel()

        flavor.run(cancelled())
    wait_for_end(pids)
