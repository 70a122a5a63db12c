"""Windows: no module needs what it lacks. Tried in a process from which that is taken away.

What Windows has and this machine has not (`msvcrt`, its keyring, its rules for open files) is tried by the workflow of
`.github`, on a machine of theirs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devkit.root import PACKAGE

# Libraries that know the system themselves: loaded first, with all that this machine has.
LIBRARIES = """
import asyncio, http.server, multiprocessing, pathlib, shutil, socketserver, sqlite3, ssl, subprocess, tempfile
import cryptography.x509, filelock, joserfc.jwk, joserfc.jws, keyring, platformdirs, requests, webbrowser
"""
LIBRARIES_OF_EXTRAS = """
import aiohttp, aiokafka, anyio._backends._asyncio, click, confluent_kafka, django, flask, grpc.aio, httpx2, pytest
import django.contrib.admin, django.core.handlers.wsgi, django.db.backends.sqlite3.base, redis, rich.console, rich.live
import sqlalchemy.dialects.sqlite, starlette.applications, starlette.requests, trio
"""
# Our modules get another `os`, `signal` and `socket`, without what Windows lacks.
HIDDEN = '''
import os, signal, socket, sys, types

MODULES = ("fcntl", "grp", "pwd", "posix", "pty", "resource", "syslog", "termios", "tty")
MISSING = {
    os: """
        chown chroot fchmod fchown fork forkpty geteuid getegid getgid getgroups getpgid getpgrp getpriority getsid
        getuid initgroups killpg lchown mkfifo mknod nice openpty posix_spawn register_at_fork sched_getaffinity setegid
        seteuid setgid setsid setuid statvfs sync uname wait wait3 WEXITSTATUS WIFEXITED WIFSIGNALED WNOHANG
        O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC
    """,
    signal: """
        SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH alarm pause
        pthread_kill pthread_sigmask setitimer siginterrupt sigwait
    """,
    socket: "AF_UNIX SO_REUSEPORT CMSG_LEN sendmsg",
}
for module, names in MISSING.items():
    other = types.ModuleType(module.__name__)
    vars(other).update({name: value for name, value in vars(module).items() if name not in names.split()})
    sys.modules[module.__name__] = other
sys.modules.update(dict.fromkeys(MODULES))
sys.modules["os"].name, sys.platform = "nt", "win32"
'''
EVERY_MODULE = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
)
IMPORTS = f"""
import importlib
from django.conf import settings
import django
settings.configure(INSTALLED_APPS=[
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "requests_oauth2client.django"],
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}, SECRET_KEY="x")
django.setup()
failed = []
for name in {EVERY_MODULE!r}:
    try:
        importlib.import_module(name)
    except Exception as failure:
        failed.append(f"{{name}}: {{failure!r}}")
assert not failed, failed
"""
USE = """
from requests_oauth2client import ApiClient, BrowserLogin, OAuth2Client, OAuth2ClientCredentialsAuth, OAuth2LoginAuth
from requests_oauth2client.stores import FileStore, MemoryStore
from requests_oauth2client.testing import AuthorizationServer
store = FileStore({path!r}, key=b"k" * 32)
with AuthorizationServer().listening() as server:
    client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=("my-service", "my-secret"))
    auth = OAuth2ClientCredentialsAuth(client, store=store)
    assert ApiClient(server.issuer, auth=auth).get(".well-known/openid-configuration").ok
    asked = len(server.requests)
    assert OAuth2ClientCredentialsAuth(client, store=store).get_token().access_token == auth.token.access_token
    assert len(server.requests) == asked
    store.purge()
    store.close()
    own_key = FileStore({path!r} + ".other", key_file={path!r} + ".key")
    assert OAuth2ClientCredentialsAuth(client, store=own_key).get_token().access_token
    own_key.close()
    user = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth="my-cli")
    assert OAuth2LoginAuth(user, login=BrowserLogin(), store=MemoryStore(key=b"k" * 32), subject="me")
"""


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("use", ["import os; os.geteuid()", "from os import O_NOFOLLOW", "import fcntl"])
def test_what_windows_lacks_is_hidden(use: str) -> None:
    with pytest.raises(AssertionError, match=r"(Attribute|Import|ModuleNotFound)Error"):
        run(f"{HIDDEN}\n{use}")


def test_every_module_can_be_imported() -> None:
    run(LIBRARIES + LIBRARIES_OF_EXTRAS + HIDDEN + IMPORTS)


def test_tokens_are_got_and_kept_in_files(tmp_path: Path) -> None:
    run(LIBRARIES + HIDDEN + USE.format(path=str(tmp_path / "tokens.db")))
