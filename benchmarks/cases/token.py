"""token: CPU time of the client for a client credentials request, against a bare `session.post`.

Every row posts the same form over its own kept-alive connection to the stub, with a session as its library
makes it and the same timeout.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from operator import attrgetter, itemgetter
from typing import Any

import requests

from benchmarks import stub_server, workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Row, Target

COUNT = 40
TIMEOUT = 10
FORM = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}
HEADERS = {"Accept": "application/json"}


def bare(context: Mapping[str, str]) -> Operation:
    """Post the form and leave the answer unparsed."""
    session, url = requests.Session(), context["url"]
    return _checked(
        lambda: session.post(url, data=FORM, headers=HEADERS, timeout=TIMEOUT),
        read=lambda answer: answer.json()["access_token"],
    )


def bare_parsed(context: Mapping[str, str]) -> Operation:
    """Post the form and parse the answer: the least that any library must do."""
    session, url = requests.Session(), context["url"]
    return _checked(lambda: session.post(url, data=FORM, headers=HEADERS, timeout=TIMEOUT).json())


def oauth2_client(context: Mapping[str, str]) -> Operation:
    """Use `OAuth2Client.client_credentials`."""
    library = import_module("requests_oauth2client")
    client = library.OAuth2Client(context["url"], auth=("id", "secret"), testing=True)  # the stub has no TLS
    return _checked(client.client_credentials, read=attrgetter("access_token"))


def recorded_client(context: Mapping[str, str]) -> Operation:
    """Use `OAuth2Client.client_credentials` while it is recorded."""
    library = import_module("requests_oauth2client")
    client = library.OAuth2Client(context["url"], auth=("id", "secret"), testing=True)

    def recorded() -> object:
        with library.recording():
            return client.client_credentials()

    return _checked(recorded, read=attrgetter("access_token"))


def authlib_session(context: Mapping[str, str]) -> Operation:
    """Use Authlib's session, with the credentials in the form."""
    library, url = import_module("authlib.integrations.requests_client"), context["url"]
    session = library.OAuth2Session("id", "secret", token_endpoint_auth_method="client_secret_post")
    return _checked(lambda: session.fetch_token(url, grant_type="client_credentials", timeout=TIMEOUT))


def requests_oauthlib_session(context: Mapping[str, str]) -> Operation:
    """Use requests-oauthlib's session, with the credentials in the form."""
    client = import_module("oauthlib.oauth2").BackendApplicationClient(client_id="id")
    session, url = import_module("requests_oauthlib").OAuth2Session(client=client), context["url"]
    return _checked(lambda: session.fetch_token(url, client_secret="secret", include_client_id=True, timeout=TIMEOUT))


def _checked(operation: Operation, read: Callable[[Any], object] = itemgetter("access_token")) -> Operation:
    if read(operation()) != stub_server.ACCESS_TOKEN:
        message = "this is not the token of the stub"
        raise AssertionError(message)
    return operation


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure in one child for each environment, against one stub for all."""
    with stub_server.running() as url, workers.meter(interpreters, CASE.name, COUNT, {"url": url}) as meter:
        yield meter


def profile(sort: str) -> str:
    """Profile our token request."""
    with stub_server.running() as url:
        return workers.profile(CASE.name, "oauth2 client", 25 * COUNT, {"url": url}, sort)


CASE = Case(
    name="token",
    rounds=60,
    quick_rounds=10,
    open_meter=open_meter,
    profile=profile,
    setups={
        "bare": bare,
        "bare parsed": bare_parsed,
        "oauth2 client": oauth2_client,
        "recorded": recorded_client,
        "authlib": authlib_session,
        "requests-oauthlib": requests_oauthlib_session,
    },
    rows=(
        Row(label="bare `session.post`", setup="bare", is_baseline=True),
        Row(label="bare `session.post`, `.json()`", setup="bare parsed"),
        Row(label="ours", setup="oauth2 client", target=Target(limit=1.15)),
        Row(label="ours, recorded", setup="recorded"),
        Row(label="bare `session.post`, among the peers", setup="bare", place=Place.PEERS, is_baseline=True),
        Row(label="requests-oauth2client", setup="oauth2 client", place=Place.PEERS),
        Row(label="authlib", setup="authlib", place=Place.PEERS),
        Row(label="requests-oauthlib", setup="requests-oauthlib", place=Place.PEERS),
    ),
)
