"""One user's rotating refresh token, shared by processes and threads, at a server that ends the session at a replay.

The long run is `python -m devkit.race`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import requests

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.postgres_server import find_programs
from devkit.race import SPAWN, WHILE_THERE_IS_NO_STORE, Course, log_in, outage, prepared, run
from requests_oauth2client import InvalidGrant
from requests_oauth2client.stores import FileStore


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with start_authorization_server() as started:
        yield started


@pytest.mark.parametrize("kind", ["file", "redis", "sqlite", "postgresql"])
def test_no_refresh_token_is_used_twice_and_every_call_succeeds(server: AuthorizationServer, kind: str) -> None:
    if kind == "postgresql" and (find_spec("psycopg") is None or find_programs() is None):
        pytest.skip("PostgreSQL is not installed here")
    with prepared(kind, seconds=6, threads=4, server=server) as (course, _):
        outcome = run(course, server, processes=3)
    assert outcome.violations() == []
    assert outcome.refreshes == outcome.events["obtained"], "each refresh gave one process a token"
    assert outcome.events["adopted"] > 0, "and the others took it"


def test_an_outage_of_redis_ends_no_session(server: AuthorizationServer) -> None:
    with prepared("redis", seconds=8, threads=4, server=server) as (course, redis):
        assert redis
        outcome = run(course, server, processes=3, restart=lambda: outage(redis))
    assert outcome.violations(allowed=WHILE_THERE_IS_NO_STORE) == []


def hold_the_lock(course: Course, ready: Any) -> None:
    auth = course.handler()
    assert auth._manager.store_entry
    with auth._manager.store_entry.hold(10):
        ready.set()
        time.sleep(60)


def die_before_writing(course: Course) -> None:
    auth = course.handler()
    assert auth._manager.store_entry

    class Dies(FileStore):
        writes = 0

        def put(self, *args: Any, **kwargs: Any) -> None:
            self.writes += 1
            if self.writes == 2:  # the first says that a renewal begins, the second has the new token
                os.kill(os.getpid(), signal.SIGKILL)
            super().put(*args, **kwargs)

    auth.renew_token()  # takes the stored one
    auth._manager.store_entry.store = Dies(course.place, key=auth._manager.store_entry.store.keys)
    auth.renew_token()


def test_a_process_that_dies_with_the_lock_stops_nobody(server: AuthorizationServer) -> None:
    with prepared("file", seconds=1, threads=1, server=server) as (course, _):
        ready = SPAWN.Event()
        victim = SPAWN.Process(target=hold_the_lock, args=(course, ready))
        victim.start()
        assert ready.wait(20)
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        auth = course.handler()
        auth.renew_token()
        assert requests.get(course.api, auth=auth, timeout=10).status_code == 200
        auth.client.close()


def test_what_dies_between_the_answer_and_the_write_needs_a_new_login(
    server: AuthorizationServer, browser: Browser
) -> None:
    with prepared("file", seconds=1, threads=1, server=server) as (course, _):
        victim = SPAWN.Process(target=die_before_writing, args=(course,))
        victim.start()
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        auth = course.handler()
        auth.renew_token()  # takes the stored one, whose refresh token is used
        with pytest.raises(InvalidGrant, match="Log in again"):
            auth.renew_token()
        log_in(course, server, browser)
        assert requests.get(course.api, auth=course.handler(), timeout=10).status_code == 200
        auth.client.close()
