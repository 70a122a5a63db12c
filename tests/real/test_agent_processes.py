"""Programs started at once, each a process of its own, that meet an API of which they know only the URL: one login."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import requests

from requests_oauth2client.testing import AuthorizationServer, ProtectedApi

PROGRAM = """
import sys
import requests
from requests_oauth2client import BrowserLogin, ClientMetadata, OAuth2ResourceAuth
from requests_oauth2client.stores import FileStore

def open_browser(url):
    print(url, flush=True)
    return True

url, path = sys.argv[1:]
login = BrowserLogin(open_browser=open_browser, tell=lambda _: None)
store = FileStore(path, key=bytes(32))
auth = OAuth2ResourceAuth(url, client=ClientMetadata("My agent"), login=login, store=store, subject="me")
print(requests.get(url, auth=auth, timeout=100).status_code, flush=True)
"""
PROCESSES = 3


def test_programs_started_at_once_log_in_once(tmp_path: Path) -> None:
    server = AuthorizationServer()
    api = ProtectedApi(server, "http://127.0.0.1/v1", scope="read")
    opened: list[str] = []
    statuses: list[str] = []

    def watch(process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("http"):
                opened.append(line)
                requests.get(server.log_in(line.strip()), timeout=30)
            else:
                statuses.append(line.strip())

    with server.listening(), api.listening():
        command = [sys.executable, "-c", PROGRAM, api.url, str(tmp_path / "tokens.db")]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        threads = [threading.Thread(target=watch, args=(process,)) for process in processes]
        for thread in threads:
            thread.start()
        for thread, process in zip(threads, processes, strict=True):
            thread.join(100)
            assert process.wait(30) == 0
        for process in processes:
            assert process.stdout is not None
            process.stdout.close()
    assert statuses == ["200"] * PROCESSES
    assert len(opened) == 1
    endpoints = [request.endpoint for request in server.requests]
    assert (endpoints.count("registration"), endpoints.count("token")) == (1, 1)
