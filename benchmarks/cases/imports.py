"""import: CPU time of a cold import, in a fresh interpreter each time, against `import requests`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from operator import attrgetter

from benchmarks import fresh
from benchmarks.case import Case, Interpreters, Meter, Place, Row, Target

OURS = "from requests_oauth2client import OAuth2Client"


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure each import in an interpreter of its own."""
    with fresh.meter(interpreters, attrgetter("setup")) as meter:
        yield meter


def profile(sort: str) -> str:
    """Profile the import of our client."""
    return fresh.profile(OURS, sort)


CASE = Case(
    name="import",
    rounds=20,
    quick_rounds=3,
    open_meter=open_meter,
    profile=profile,
    rows=(
        Row(label="requests", setup="import requests", is_baseline=True),
        Row(label="ours", setup="import requests_oauth2client", target=Target(limit=1.05)),
        Row(label="ours, and its `OAuth2Client`", setup=OURS, target=Target(limit=1.25)),
        Row(label="requests, among the peers", setup="import requests", place=Place.PEERS, is_baseline=True),
        Row(label="requests-oauth2client", setup="import requests_oauth2client", place=Place.PEERS),
        Row(label="requests-oauth2client, and its `OAuth2Client`", setup=OURS, place=Place.PEERS),
        Row(label="requests-oauthlib", setup="import requests_oauthlib", place=Place.PEERS),
        Row(label="authlib", setup="import authlib.integrations.requests_client", place=Place.PEERS),
        Row(
            label="google-auth",
            setup="import google.oauth2.credentials, google.auth.transport.requests",
            place=Place.PEERS,
        ),
        Row(label="msal", setup="import msal", place=Place.PEERS),
    ),
)
