"""web: CPU time of a page that needs a login, from the request to the answer; nobody is sent anywhere.

The view returns who is logged in. The baseline is the way of Authlib's documentation, claims and token in Flask's
session; beside it a view without a login. All rows need Flask and run in the house.
"""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from benchmarks import redis_place, workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Row, Target
from benchmarks.renewals import redis_of

COUNT = 100
CLAIMS = {"sub": "alice", "email": "alice@example.com", "iss": "https://as.example.org", "aud": "app", "exp": 1 << 33}
TOKEN = {"access_token": "a" * 200, "token_type": "Bearer", "expires_at": 1 << 33, "refresh_token": "r" * 60}


def bare(_context: Mapping[str, str]) -> Operation:
    """A Flask view without a login."""
    flask = import_module("flask")
    app = flask.Flask("bare")
    app.get("/")(lambda: "alice")
    return _visits(app, {})


def authlib_session(_context: Mapping[str, str]) -> Operation:
    """Claims and token in Flask's signed session, checked by the view."""
    flask = import_module("flask")
    import_module("authlib.integrations.flask_client").OAuth(app := flask.Flask("authlib"))
    app.secret_key = secrets.token_bytes(32)

    def view() -> Any:
        user = flask.session.get("user")
        return flask.redirect("/login") if user is None else user["sub"]

    app.get("/")(view)
    with app.test_client() as client:
        with client.session_transaction() as session:
            session["user"], session["token"] = CLAIMS, TOKEN
        cookie = client.get_cookie("session")
    return _visits(app, {"Cookie": f"session={cookie.value if cookie else ''}"})


def _ours(store: Any) -> Operation:
    flask, site = import_module("flask"), import_module("requests_oauth2client.flask")
    records = import_module("requests_oauth2client.web.records")
    runner = import_module("requests_oauth2client._drivers.requests").SyncRunner()
    app = flask.Flask("ours")
    logins = site.Logins(app, store=store)
    logins.add("main", token_endpoint="https://as.example.org/token", auth=("app", "secret"))
    user = records.User(provider="main", issuer=CLAIMS["iss"], subject="alice", claims=CLAIMS)
    record = records.LoginRecord(login_id=records.Logins.new_id(), user=user, begun=0.0)
    runner._drive(logins.logins.write(record))  # noqa: SLF001  what a login does
    app.get("/")(logins.required(lambda: logins.user.subject))
    return _visits(app, {"Cookie": f"__Host-oauth2-session={record.login_id}"})


def ours_in_memory(_context: Mapping[str, str]) -> Operation:
    """Ours, with a MemoryStore."""
    return _ours(import_module("requests_oauth2client.stores").MemoryStore(key=secrets.token_bytes(32)))


def ours_in_a_file(context: Mapping[str, str]) -> Operation:
    """Ours, with a FileStore."""
    store = import_module("requests_oauth2client.stores").FileStore
    return _ours(store(f"{context['folder']}/tokens", key=secrets.token_bytes(32)))


def ours_in_redis(context: Mapping[str, str]) -> Operation:
    """Ours, with a RedisStore: one round trip for each page."""
    store = import_module("requests_oauth2client.stores").RedisStore
    return _ours(store(redis_of(context), key=secrets.token_bytes(32)))


def _visits(app: Any, headers: dict[str, str]) -> Operation:
    """Call the application as a WSGI server does; the page has to be the user's."""
    environ_of: Callable[..., Any] = import_module("werkzeug.test").EnvironBuilder

    def visit() -> None:
        environ = environ_of(path="/", base_url="https://app.example.org", headers=headers).get_environ()
        seen: list[str] = []
        body = b"".join(app.wsgi_app(environ, lambda status, *_: seen.append(status)))
        if body != b"alice":
            message = f"the page was answered with {seen}"
            raise AssertionError(message)

    visit()
    return visit


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure in one child for each environment, beside a Redis server on loopback."""
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_place.url() as redis,
        workers.meter(interpreters, CASE.name, COUNT, {"folder": folder, "redis": redis}) as meter,
    ):
        yield meter


def profile(sort: str) -> str:
    """Profile ours in memory."""
    return workers.profile(CASE.name, "memory", 20 * COUNT, {}, sort)


CASE = Case(
    name="web",
    rounds=30,
    quick_rounds=5,
    open_meter=open_meter,
    profile=profile,
    setups={
        "bare": bare,
        "authlib": authlib_session,
        "memory": ours_in_memory,
        "file": ours_in_a_file,
        "redis": ours_in_redis,
    },
    rows=(
        Row(label="Authlib's way: claims and token in Flask's session", setup="authlib", is_baseline=True),
        Row(label="Flask, a view without a login", setup="bare"),
        Row(label="ours, `@logins.required`, `MemoryStore`", setup="memory", target=Target(limit=1.2)),
        Row(label="ours, `@logins.required`, `FileStore`", setup="file"),
        Row(label="ours, `@logins.required`, `RedisStore`", setup="redis"),
    ),
)
