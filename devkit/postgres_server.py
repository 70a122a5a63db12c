"""A PostgreSQL server on loopback, for tests, where the machine has its programs (Debian: package `postgresql`).

`start_postgres_server()` starts one in a folder of its own, on a free port, and stops it by its process id. PostgreSQL
does not run as root, so root starts it as another user.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devkit.redis_server import free_port

FOLDERS = "/usr/lib/postgresql/*/bin"  # of Debian, which keeps them off the path
PROGRAMS = ("postgres", "initdb", "pg_isready")
USERS = ("postgres", "nobody")
START, STOP = 30, 10  # seconds


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest if there are several; None without them."""
    on_path = [Path(found).resolve().parent for found in (shutil.which(name) for name in PROGRAMS) if found]
    folders = [*on_path, *sorted(Path("/").glob(FOLDERS[1:]), reverse=True)]
    return next((folder for folder in folders if all((folder / name).exists() for name in PROGRAMS)), None)


def _as_user(folder: Path) -> dict[str, Any]:
    """Give the folder to who runs the server; return that user for `subprocess`."""
    if os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415  not on Windows

    for name in USERS:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(folder, user.pw_uid, user.pw_gid)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and there is no other user to run it as.")


@contextlib.contextmanager
def start_postgres_server() -> Iterator[str]:
    """Run a server for the time of the block; gives a SQLAlchemy URL for the driver psycopg."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("There is no PostgreSQL here: `apt-get install postgresql`, as root.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        options: dict[str, Any] = {
            **_as_user(folder),
            "cwd": folder,
            "env": {"LC_ALL": "C", "PATH": os.environ["PATH"]},
        }
        data, port = folder / "data", free_port()
        made = [str(programs / "initdb"), "--no-sync", "--auth=trust", "--username=test", "--encoding=UTF8", str(data)]
        subprocess.run(made, check=True, capture_output=True, **options)
        command = [str(programs / "postgres"), "-D", str(data)]
        command += ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
        with (folder / "log").open("wb") as log:
            server: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=log, stderr=log, **options)
        try:
            _wait_for(server, programs / "pg_isready", port, folder / "log")
            yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # ends the sessions
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(STOP)
            if server.poll() is None:
                server.kill()
                server.wait()


def _wait_for(server: subprocess.Popen[bytes], is_ready: Path, port: int, log: Path) -> None:
    deadline = time.monotonic() + START
    command = [str(is_ready), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(command, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)
