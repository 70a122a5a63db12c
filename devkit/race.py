"""The hard race: processes and threads that share one user's token, at a server that rotates refresh tokens.

`python -m devkit.race --store file --seconds 60` runs 8 processes of 16 threads, each calling the protected API again
and again with a token of 2 seconds; not so often that the calls take a large part of that, or tokens would expire on
their way. A second use of a refresh token would end the session at this server. `--kill` also kills processes with
SIGKILL; one that dies in the few milliseconds between the server's answer and the write takes the session with it, as
no protocol can prevent. `--restart` kills Redis in the middle, and starts it again after a while. Prints what came,
exits with 1 on a violation.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import sqlalchemy

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.postgres_server import start_postgres_server
from devkit.protected_api import start_protected_api
from devkit.redis_server import RedisServer, start_redis_server
from requests_oauth2client import OAuth2AccessTokenAuth, OAuth2Client
from requests_oauth2client.stores import FileStore, RedisStore, SqlStore, StoreUnavailable, TokenStore

KEY = b"the key of a race is no secret.."
DATABASES = ("sqlite", "postgresql")
LIFETIME = 2  # seconds, of the tokens of the client "web"
WHILE_THERE_IS_NO_STORE = (StoreUnavailable.__name__, "401")  # of the API, to a token that expired meanwhile
SPAWN = multiprocessing.get_context("spawn")


@dataclass(kw_only=True, frozen=True)
class Course:
    """What a runner needs to know."""

    kind: str
    place: str
    token_endpoint: str
    issuer: str
    jwks_uri: str
    client: tuple[str, str]
    api: str
    seconds: float
    threads: int
    pause: float = 0  # seconds between two calls of a thread, on average

    def store(self) -> TokenStore:
        """Open the store."""
        if self.kind in DATABASES:
            return SqlStore(sqlalchemy.create_engine(self.place, poolclass=sqlalchemy.NullPool), key=KEY)
        return FileStore(self.place, key=KEY) if self.kind == "file" else RedisStore(self.place, key=KEY)

    def handler(self, told: list[Any] | None = None, token: Any = None) -> OAuth2AccessTokenAuth:
        """Make a handler for the one user."""
        client = OAuth2Client(self.token_endpoint, self.client, issuer=self.issuer, jwks_uri=self.jwks_uri)
        hook = None if told is None else told.append
        return OAuth2AccessTokenAuth(client, token, store=self.store(), subject="alice", on_event=hook)


@dataclass(kw_only=True)
class Outcome:
    """How a race went."""

    answers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    refreshes: int = 0
    killed: int = 0
    seconds: float = 0

    @property
    def most_refreshes(self) -> int:
        """One for each lifetime that passed, and one at either end."""
        return int(self.seconds / (LIFETIME - 1)) + 2 + self.killed

    def violations(self, *, allowed: tuple[str, ...] = ()) -> list[str]:
        """List what should not have happened."""
        wrong = [f"{count} times {answer}" for answer, count in self.answers.items() if answer not in {"200", *allowed}]
        if self.refreshes > self.most_refreshes:
            wrong.append(f"{self.refreshes} refreshes, expected up to {self.most_refreshes}")
        return wrong if self.answers["200"] else [*wrong, "no call was answered 200"]


def run_threads(course: Course, results: Any) -> None:
    """Call the API from many threads through one handler; the body of a process."""
    told: list[Any] = []
    auth, answers, end = course.handler(told), Counter[str](), time.monotonic() + course.seconds

    def call() -> None:
        with requests.Session() as session:
            while time.monotonic() < end:
                answers[_answer(session, course.api, auth)] += 1
                time.sleep(random.uniform(0, 2 * course.pause))  # noqa: S311  no secret

    threads = [threading.Thread(target=call) for _ in range(course.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    auth.client.close()
    results.put((answers, Counter(event.name for event in told)))


def _answer(session: requests.Session, url: str, auth: Any) -> str:
    try:
        return str(session.get(url, auth=auth, timeout=30).status_code)
    except Exception as failure:  # noqa: BLE001  what is raised is what the race is about
        time.sleep(0.05)
        return type(failure).__name__


@contextmanager
def prepared(
    kind: str, *, seconds: float, threads: int, server: AuthorizationServer, durable: bool = True, pause: float = 0
) -> Iterator[tuple[Course, RedisServer | None]]:
    """Log the one user in, and store the token."""
    with ExitStack() as opened:
        api = opened.enter_context(start_protected_api(server))
        browser = opened.enter_context(Browser())
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        redis = opened.enter_context(start_redis_server(is_durable=durable)) if kind == "redis" else None
        place = redis.url if redis else str(folder / "tokens.db")
        if kind in DATABASES:
            place = f"sqlite:///{place}" if kind == "sqlite" else opened.enter_context(start_postgres_server())
        web = server.clients["web"]
        course = Course(
            kind=kind,
            place=place,
            token_endpoint=server.token_endpoint,
            issuer=server.issuer,
            jwks_uri=server.jwks_uri,
            client=(web.client_id, str(web.client_secret)),
            api=api.url,
            seconds=seconds,
            threads=threads,
            pause=pause,
        )
        log_in(course, server, browser)
        yield course, redis


def log_in(course: Course, server: AuthorizationServer, browser: Browser) -> None:
    """Log the one user in, in place of what is stored."""
    auth = course.handler()
    request = auth.client.replace(authorization_endpoint=server.authorization_endpoint).authorization_request(
        scope="openid offline_access api.read", redirect_uri=server.clients["web"].redirect_uri, prompt="consent"
    )
    auth.token = auth.client.authorization_code(request.validate_callback(browser.authorize(str(request))))
    assert requests.get(course.api, auth=auth, timeout=30).status_code == 200
    auth.client.close()


def run(course: Course, server: AuthorizationServer, *, processes: int, kills: int = 0, restart: Any = None) -> Outcome:
    """Run the race: all processes at once, some of them killed on the way, Redis restarted in the middle."""
    before, began, results = server.request_count(server.token_endpoint), time.monotonic(), SPAWN.Queue()
    runners = [SPAWN.Process(target=run_threads, args=(course, results)) for _ in range(processes + kills)]
    for runner in runners:
        runner.start()
    _disturb(course, runners[:kills], restart)
    outcome = Outcome(killed=kills)
    for _ in range(processes):
        answers, events = results.get(timeout=course.seconds + 90)
        outcome.answers += answers
        outcome.events += events
    for runner in runners:
        runner.join()
    outcome.seconds = time.monotonic() - began
    outcome.refreshes = server.request_count(server.token_endpoint) - before
    return outcome


def _disturb(course: Course, victims: list[Any], restart: Any) -> None:
    for victim in victims:
        time.sleep(course.seconds / (len(victims) + 1) * random.uniform(0.5, 1))  # noqa: S311  no secret
        os.kill(victim.pid, signal.SIGKILL)
    if restart is not None:
        time.sleep(course.seconds / 3)
        restart()


def outage(redis: RedisServer, seconds: float = 1) -> None:
    """Kill Redis, and start it again after a while."""
    redis.kill()
    time.sleep(seconds)
    redis.start()


def main() -> None:
    """Read the command line, run, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=["file", "redis", *DATABASES], default="file")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--kill", type=int, default=0, metavar="N", help="kill N further processes on the way")
    parser.add_argument("--restart", action="store_true", help="kill Redis in the middle, and start it again")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two calls of a thread, on average")
    asked = parser.parse_args()
    with (
        start_authorization_server() as server,
        prepared(asked.store, seconds=asked.seconds, threads=asked.threads, server=server, pause=asked.pause) as (
            course,
            redis,
        ),
    ):
        restart = functools.partial(outage, redis) if redis and asked.restart else None
        outcome = run(course, server, processes=asked.processes, kills=asked.kill, restart=restart)
    print(f"{asked.processes} processes of {asked.threads} threads, {outcome.seconds:.0f} s, store: {asked.store}")
    print(f"answers: {dict(outcome.answers)}")
    print(f"refreshes at the server: {outcome.refreshes} (at most {outcome.most_refreshes})")
    print(f"events: {dict(outcome.events)}")
    wrong = outcome.violations(allowed=WHILE_THERE_IS_NO_STORE if asked.restart else ())
    print("violations: " + ("; ".join(wrong) or "none"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
