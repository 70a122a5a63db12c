"""handler: CPU time that an auth handler with a valid token adds to each request; nothing is sent.

The baseline prepares a request, the other rows prepare it and hand it to their handler.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import requests

from benchmarks import workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Quantity, Row, Target

API = "https://api.example.org/users/1?fields=name"
ACCESS_TOKEN = "a" * 64
TOKEN = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}
COUNT = 400


def bare(_context: Mapping[str, str]) -> Operation:
    """Prepare a request and no more."""
    return _request().prepare


def bearer_token(_context: Mapping[str, str]) -> Operation:
    """Use the `BearerToken` itself."""
    return _handled_by(import_module("requests_oauth2client").BearerToken(ACCESS_TOKEN, expires_in=3600))


def bearer_auth(_context: Mapping[str, str]) -> Operation:
    """Use `BearerAuth`, which only knows the token."""
    library = import_module("requests_oauth2client")
    return _handled_by(library.BearerAuth(library.BearerToken(ACCESS_TOKEN, expires_in=3600)))


def client_credentials_auth(_context: Mapping[str, str]) -> Operation:
    """Use the handler that would get a token itself if this one were about to expire."""
    library = import_module("requests_oauth2client")
    client = library.OAuth2Client("https://as.example.org/token", auth=("id", "secret"))
    token = library.BearerToken(ACCESS_TOKEN, expires_in=3600)
    return _handled_by(library.OAuth2ClientCredentialsAuth(client, token=token))


def authlib_session(_context: Mapping[str, str]) -> Operation:
    """Use the handler that Authlib's session gives to its requests."""
    library = import_module("authlib.integrations.requests_client")
    return _handled_by(library.OAuth2Session("id", "secret", token=dict(TOKEN)).token_auth)


def requests_oauthlib_auth(_context: Mapping[str, str]) -> Operation:
    """Use requests-oauthlib's handler."""
    return _handled_by(import_module("requests_oauthlib").OAuth2("id", token=dict(TOKEN)))


def _request() -> requests.Request:
    return requests.Request("GET", API, headers={"Accept": "application/json"})


def _handled_by(handler: Callable[[requests.PreparedRequest], Any]) -> Operation:
    request = _request()
    found = handler(request.prepare()).headers["Authorization"]
    if found != f"Bearer {ACCESS_TOKEN}":
        message = "the handler did not put the token in the header"
        raise AssertionError(message)
    return lambda: handler(request.prepare())


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure in one child for each environment."""
    with workers.meter(interpreters, CASE.name, COUNT, {}) as meter:
        yield meter


def profile(sort: str) -> str:
    """Profile the handler that can renew."""
    return workers.profile(CASE.name, "client credentials", 50 * COUNT, {}, sort)


TARGET = Target(limit=5e-6, quantity=Quantity.ADDED)

CASE = Case(
    name="handler",
    rounds=60,
    quick_rounds=10,
    open_meter=open_meter,
    profile=profile,
    setups={
        "bare": bare,
        "bearer token": bearer_token,
        "bearer": bearer_auth,
        "client credentials": client_credentials_auth,
        "authlib": authlib_session,
        "requests-oauthlib": requests_oauthlib_auth,
    },
    rows=(
        Row(label="no handler", setup="bare", is_baseline=True),
        Row(label="ours, `BearerToken`", setup="bearer token", target=TARGET),
        Row(label="ours, `BearerAuth`", setup="bearer", target=TARGET),
        Row(label="ours, `OAuth2ClientCredentialsAuth`", setup="client credentials", target=TARGET),
        Row(label="no handler, among the peers", setup="bare", place=Place.PEERS, is_baseline=True),
        Row(label="requests-oauth2client, `BearerToken`", setup="bearer token", place=Place.PEERS),
        Row(
            label="requests-oauth2client, `OAuth2ClientCredentialsAuth`",
            setup="client credentials",
            place=Place.PEERS,
        ),
        Row(label="authlib, `OAuth2Session.token_auth`", setup="authlib", place=Place.PEERS),
        Row(label="requests-oauthlib, `OAuth2`", setup="requests-oauthlib", place=Place.PEERS),
    ),
)
