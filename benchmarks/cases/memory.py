"""memory: what 10,000 cached tokens take, of different users, as each library keeps them; counted by `tracemalloc`.

Each sample comes from a fresh interpreter that has the library loaded and one token made before it counts.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Row, Setup, UnmeasurableError
from benchmarks.renewals import KEY
from benchmarks.workers import environment

TOKENS = 10_000
ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys
sys.path.insert(0, {root})
from benchmarks.cases.memory import CASE
print(CASE.setups[{setup}]({{}})())
"""

Response = Mapping[str, Any]
Keep = Callable[[str, Response], object]
"""Keep the token of a user, given the user and the token response."""


def kept(prepare: Callable[[], Keep]) -> Setup:
    """Count the KiB of 10,000 tokens, which come one after the other, as token responses do."""

    def setup(_context: Mapping[str, str]) -> Operation:
        keep = prepare()
        keep("user", json.loads(_response(TOKENS)))  # what a library loads late, it has loaded

        def run() -> float:
            gc.collect()
            tracemalloc.start()
            for number in range(TOKENS):
                keep(f"user {number}", json.loads(_response(number)))
            gc.collect()
            return tracemalloc.get_traced_memory()[0] / 1024

        return run

    return setup


def in_dict(make: Callable[[Response], object]) -> Keep:
    """Keep what is made of a response in a dict, by its user."""
    cache: dict[str, object] = {}
    return lambda user, response: cache.update({user: make(response)})


def _response(number: int) -> str:
    """Give the text of a token response, with tokens as long as the opaque ones that servers give."""
    tokens = {"access_token": f"access{number:058}", "refresh_token": f"refresh{number:057}"}
    return json.dumps({**tokens, "token_type": "Bearer", "expires_in": 3600, "scope": "read write"})


def parsed() -> Keep:
    """Keep the parsed response: a dict, and no library."""
    return in_dict(lambda response: response)


def bearer_token() -> Keep:
    """Keep a `BearerToken`, of ours or of the release."""
    library = import_module("requests_oauth2client")
    return in_dict(lambda response: library.BearerToken(**response))


def handler() -> Keep:
    """Keep an auth handler for each user, of one client, of ours or of the release."""
    library = import_module("requests_oauth2client")
    client = library.OAuth2Client("https://as.example.org/token", auth=("id", "secret"))
    return in_dict(lambda response: library.OAuth2AccessTokenAuth(client, library.BearerToken(**response)))


def entry() -> Keep:
    """Keep an entry in a `MemoryStore`."""
    return _entry_in(None)


def encrypted_entry() -> Keep:
    """Keep an encrypted entry in a `MemoryStore`."""
    return _entry_in(KEY)


def _entry_in(key: bytes | None) -> Keep:
    library, storing = import_module("requests_oauth2client"), import_module("requests_oauth2client._renewal.records")
    client = library.OAuth2Client("https://as.example.org/token", auth=("id", "secret"))
    source = import_module("requests_oauth2client.token_sources").RefreshTokenSource(client)
    store = import_module("requests_oauth2client.stores").MemoryStore(key=key)

    def keep(user: str, response: Response) -> None:
        name, token = storing.entry_of(source, user), library.BearerToken(**response)
        record = storing.Record(token=token, lifetime=token.expires_in)
        store.put(name, storing.RecordSerializer(name, store.keys).dumps(record), lifetime=3600)

    return keep


def authlib() -> Keep:
    """Keep Authlib's `OAuth2Token`, which is a dict."""
    library = import_module("authlib.oauth2.rfc6749")
    return in_dict(library.OAuth2Token.from_dict)


def google() -> Keep:
    """Keep `Credentials` of google-auth."""
    library = import_module("google.oauth2.credentials")
    settings = {"token_uri": "https://as.example.org/token", "client_id": "id", "client_secret": "secret"}

    def make(response: Response) -> object:
        expiry = datetime.now(tz=UTC).replace(tzinfo=None) + timedelta(seconds=response["expires_in"])
        tokens = {"refresh_token": response["refresh_token"], "scopes": response["scope"].split()}
        return library.Credentials(response["access_token"], expiry=expiry, **tokens, **settings)

    return in_dict(make)


def msal() -> Keep:
    """Keep the entries of MSAL's `TokenCache`: a user, an access token and a refresh token."""
    cache = import_module("msal").TokenCache()

    def keep(user: str, response: Response) -> None:
        _add_to_msal(cache, user, response)

    return keep


def msal_text() -> Keep:
    """Keep the text that MSAL's `SerializableTokenCache` gives for the cache of one user, as web applications do."""
    library = import_module("msal")

    texts: dict[str, str] = {}

    def keep(user: str, response: Response) -> None:
        cache = library.SerializableTokenCache()
        _add_to_msal(cache, user, response)
        texts[user] = cache.serialize()

    return keep


def _add_to_msal(cache: Any, user: str, response: Response) -> None:
    client_info = json.dumps({"uid": user, "utid": "tenant"}).encode()
    cache.add({
        "client_id": "id",
        "scope": response["scope"].split(),
        "environment": "as.example.org",
        "token_endpoint": "https://as.example.org/tenant/token",
        "response": {**response, "client_info": base64.urlsafe_b64encode(client_info).decode()},
    })  # fmt: skip


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Give a meter that starts a child for each sample."""

    def measure(row: Row) -> float:
        code = CHILD.format(root=json.dumps(str(ROOT)), setup=json.dumps(row.setup))
        return float(_run(interpreters[row.place], code))

    yield measure


def _run(interpreter: str, code: str) -> str:
    child = subprocess.run(
        [interpreter, "-I", "-c", code], capture_output=True, text=True, check=False, env=environment()
    )
    if child.returncode:
        raise UnmeasurableError((child.stderr.strip().splitlines() or ["the child process ended without a word"])[-1])
    return child.stdout


def profile(sort: str) -> str:
    """Profile the making of tokens, while their memory is counted."""
    return workers.profile(CASE.name, "bearer token", 1, {}, sort)


KIB = "KiB"


def _theirs(label: str, setup: str) -> Row:
    return Row(label=label, setup=setup, place=Place.PEERS, counts=KIB)


CASE = Case(
    name="memory",
    rounds=1,  # it comes out the same, but for a KiB
    quick_rounds=1,
    open_meter=open_meter,
    profile=profile,
    setups={
        "parsed": kept(parsed),
        "bearer token": kept(bearer_token),
        "handler": kept(handler),
        "entry": kept(entry),
        "encrypted entry": kept(encrypted_entry),
        "authlib": kept(authlib),
        "google-auth": kept(google),
        "msal": kept(msal),
        "msal, text": kept(msal_text),
    },
    rows=(
        Row(label="parsed token responses, dicts", setup="parsed", counts=KIB, is_baseline=True),
        Row(label="ours, `BearerToken`", setup="bearer token", counts=KIB),
        Row(label="ours, `OAuth2AccessTokenAuth`, each with its token", setup="handler", counts=KIB),
        Row(label="ours, entries of a `MemoryStore`", setup="entry", counts=KIB),
        Row(label="ours, entries of a `MemoryStore` with a key", setup="encrypted entry", counts=KIB),
        Row(
            label="parsed token responses, among the peers",
            setup="parsed",
            place=Place.PEERS,
            counts=KIB,
            is_baseline=True,
        ),
        _theirs("requests-oauth2client, `BearerToken`", "bearer token"),
        _theirs("requests-oauth2client, `OAuth2AccessTokenAuth`, each with its token", "handler"),
        _theirs("authlib, `OAuth2Token`", "authlib"),
        _theirs("google-auth, `Credentials`", "google-auth"),
        _theirs("msal, entries of a `TokenCache`", "msal"),
        _theirs("msal, a serialized `TokenCache` for each user", "msal, text"),
    ),
)
