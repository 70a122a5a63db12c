"""renewal: how many token requests a crowd makes that meets one expired token, counted at a stub; no time is measured.

One is enough. Each further one is load for the authorization server, and where refresh tokens rotate (RFC 9700
section 4.14.2), a replay that can end the session.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

from benchmarks import redis_place, renewals, workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Row, Target, UnmeasurableError
from benchmarks.crowds import Context, begin, processes, tasks, threads, unable
from benchmarks.token_counter import counting


def one_request(context: Context) -> Operation:
    """Ask once."""
    call = renewals.one_request(context)

    def run() -> str:
        begin(context)
        return call()

    return run


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Count in one child for each environment."""
    with counting() as server, tempfile.TemporaryDirectory() as folder, redis_place.url() as redis:
        context = {"url": server.url, "folder": folder, "redis": redis}
        with workers.meter(interpreters, CASE.name, 1, context) as run:

            def measure(row: Row) -> float:
                run(row)
                if not server.requests:
                    raise UnmeasurableError("nobody asked for a token: the one to begin with was not expired")
                return float(server.requests)

            yield measure


def profile(sort: str) -> str:
    """Profile 64 threads."""
    with counting() as server:
        return workers.profile(CASE.name, "ours, threads", 3, {"url": server.url}, sort)


REQUESTS = "requests"
ONE = Target(limit=1)
NO_STORE = "each for itself"


def _theirs(label: str, setup: str) -> Row:
    return Row(label=label, setup=setup, place=Place.PEERS, counts=REQUESTS)


CASE = Case(
    name="renewal",
    rounds=3,
    quick_rounds=1,
    open_meter=open_meter,
    profile=profile,
    setups={
        "one request": one_request,
        "ours, threads": threads(renewals.ours),
        "ours, tasks": tasks(renewals.ours_async),
        "ours, processes, file": processes(renewals.ours_in_file),
        "ours, processes, redis": processes(renewals.ours_in_redis),
        "ours, processes": processes(renewals.ours),
        "release, tasks": unable("the release has no async client"),
        "authlib, threads": threads(renewals.authlib),
        "authlib, tasks": tasks(renewals.authlib_async),
        "authlib, processes": processes(renewals.authlib),
        "google-auth, threads": threads(renewals.google),
        "google-auth, tasks": unable("google.auth.aio has no credentials that renew a token"),
        "google-auth, processes": processes(renewals.google),
        "msal, threads": threads(renewals.msal),
        "msal, tasks": unable("MSAL for Python has no async client"),
        "msal, processes": processes(renewals.msal),
        "requests-auth, threads": threads(renewals.requests_auth),
        "requests-auth, tasks": unable("requests has no async client; httpx-auth is its twin"),
        "requests-auth, processes, file": processes(renewals.requests_auth_in_file),
        "httpx-auth, threads": threads(renewals.httpx_auth),
        "httpx-auth, tasks": tasks(renewals.httpx_auth_async),
        "httpx-auth, processes, file": processes(renewals.httpx_auth_in_file),
    },
    rows=(
        Row(label="one request", setup="one request", counts=REQUESTS, is_baseline=True),
        Row(label="ours, 64 threads", setup="ours, threads", counts=REQUESTS, target=ONE),
        Row(label="ours, 1,000 tasks", setup="ours, tasks", counts=REQUESTS, target=ONE),
        Row(label="ours, 8 processes, `FileStore`", setup="ours, processes, file", counts=REQUESTS, target=ONE),
        Row(label="ours, 8 processes, `RedisStore`", setup="ours, processes, redis", counts=REQUESTS, target=ONE),
        Row(label=f"ours, 8 processes, {NO_STORE}", setup="ours, processes", counts=REQUESTS),
        Row(
            label="one request, among the peers",
            setup="one request",
            place=Place.PEERS,
            counts=REQUESTS,
            is_baseline=True,
        ),
        _theirs("requests-oauth2client, 64 threads", "ours, threads"),
        _theirs("requests-oauth2client, 1,000 tasks", "release, tasks"),
        _theirs(f"requests-oauth2client, 8 processes, {NO_STORE}", "ours, processes"),
        _theirs("authlib, 64 threads", "authlib, threads"),
        _theirs("authlib, 1,000 tasks", "authlib, tasks"),
        _theirs(f"authlib, 8 processes, {NO_STORE}", "authlib, processes"),
        _theirs("google-auth, 64 threads", "google-auth, threads"),
        _theirs("google-auth, 1,000 tasks", "google-auth, tasks"),
        _theirs(f"google-auth, 8 processes, {NO_STORE}", "google-auth, processes"),
        _theirs("msal, 64 threads", "msal, threads"),
        _theirs("msal, 1,000 tasks", "msal, tasks"),
        _theirs(f"msal, 8 processes, {NO_STORE}", "msal, processes"),
        _theirs("requests-auth, 64 threads", "requests-auth, threads"),
        _theirs("requests-auth, 1,000 tasks", "requests-auth, tasks"),
        _theirs("requests-auth, 8 processes, `JsonTokenFileCache`", "requests-auth, processes, file"),
        _theirs("httpx-auth, 64 threads", "httpx-auth, threads"),
        _theirs("httpx-auth, 1,000 tasks", "httpx-auth, tasks"),
        _theirs("httpx-auth, 8 processes, `JsonTokenFileCache`", "httpx-auth, processes, file"),
    ),
)
