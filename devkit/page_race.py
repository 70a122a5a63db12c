"""One page, 24 requests, one expired token: `python -m devkit.page_race` shows what becomes of the user's login.

A site that keeps its user's tokens is asked 24 times at once, as a page with many parts asks it, just after the access
token has expired. The provider replaces refresh tokens, and takes the second use of an old one for a theft, as RFC
9700 section 4.14.2 recommends. Each site is written as its library documents it.
"""

from __future__ import annotations

import secrets
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import flask
from authlib.integrations.flask_client import OAuth  # type: ignore[import-untyped]

from requests_oauth2client import OAuth2Error
from requests_oauth2client.flask import Logins
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer

REQUESTS = 24
LIFETIME = 5  # seconds of an access token
SCOPE = "openid offline_access"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a race."""

    library: str
    answered: int
    refreshes: int
    is_logged_in: bool


def ours(issuer: str) -> flask.Flask:
    """Make a site with this library."""
    app = flask.Flask("ours")
    logins = Logins(app, store=MemoryStore(key=secrets.token_bytes(32)))
    logins.add("main", issuer=issuer, auth=("site", "secret"), scope=SCOPE)

    @app.get("/part")
    @logins.required
    def part() -> Any:
        return logins.api(issuer).get("userinfo").json()

    return app


def authlib(issuer: str) -> flask.Flask:
    """Make a site with Authlib: the token is in the Flask session, and `update_token` saves a new one there."""
    app = flask.Flask("authlib")
    app.secret_key = secrets.token_bytes(32)
    oauth = OAuth(app)

    def save(token: Any, refresh_token: str | None = None, access_token: str | None = None) -> None:  # noqa: ARG001
        flask.session["token"] = token

    oauth.register(
        "main",
        client_id="site",
        client_secret="secret",
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE},
        fetch_token=lambda: flask.session.get("token"),
        update_token=save,
    )

    @app.get("/auth/main/login")
    def login() -> Any:
        return oauth.main.authorize_redirect(flask.url_for("callback", _external=True), prompt="consent")

    @app.get("/auth/main/callback")
    def callback() -> Any:
        flask.session["token"] = {k: v for k, v in oauth.main.authorize_access_token().items() if k != "userinfo"}
        return flask.redirect("/")

    @app.get("/part")
    def part() -> Any:
        response = oauth.main.get(f"{issuer}/userinfo")
        return (response.json(), response.status_code)

    return app


def race(library: str, make: Callable[[str], flask.Flask]) -> Outcome:
    """Log a user in, wait until the token has expired, and ask for all parts of the page at once."""
    server = AuthorizationServer(access_token_lifetime=LIFETIME)
    with server.listening():
        app = make(server.issuer)
        browser = app.test_client()
        browser.get(server.log_in(browser.get("/auth/main/login").location))
        assert _status(browser) == 200, f"{library}: one request alone has to work"
        time.sleep(LIFETIME + 0.1)
        before = _refreshes(server)
        start = threading.Barrier(REQUESTS)
        cookies = dict(browser._cookies or {})  # noqa: SLF001  a test client has no other way to share them

        def ask(_: int) -> Any:
            tab = app.test_client()
            tab._cookies = dict(cookies)  # noqa: SLF001
            start.wait()
            return _status(tab), tab

        with ThreadPoolExecutor(REQUESTS) as pool:
            outcomes = list(pool.map(ask, range(REQUESTS)))
        refreshes = _refreshes(server) - before
        time.sleep(LIFETIME + 0.1)  # the next page, later: with the cookies of any answer
        later = [_status(tab) for status, tab in outcomes if status == 200]
    answered = sum(status == 200 for status, _ in outcomes)
    return Outcome(library=library, answered=answered, refreshes=refreshes, is_logged_in=200 in later)


def _status(tab: Any) -> int:
    try:
        return int(tab.get("/part").status_code)
    except (OAuth2Error, OSError, AssertionError, ValueError):
        return 500
    except Exception as failure:  # what a library raises in a view is an error page
        if type(failure).__module__.startswith("authlib"):
            return 500
        raise


def _refreshes(server: AuthorizationServer) -> int:
    return sum(
        request.endpoint == "token" and request.form.get("grant_type") == "refresh_token" for request in server.requests
    )


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as a Markdown table."""
    said = {True: "yes", False: "**no**"}
    rows = [
        f"| {one.library} | {one.answered} of {REQUESTS} | {one.refreshes} | {said[one.is_logged_in]} |"
        for one in outcomes
    ]
    head = ["| | answered | refreshes | the user is still logged in |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def main() -> None:
    """Race, and print the table."""
    warnings.simplefilter("ignore")
    print(table([race("this library", ours), race(f"Authlib {version('authlib')}", authlib)]))


if __name__ == "__main__":
    main()
