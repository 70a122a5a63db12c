"""keys: how often the provider's keys are fetched, counted at a stub on loopback; no time is measured.

Each row starts with a client that knows no key. A thousand tokens of one key need one fetch. A thousand tokens with
made-up kids that come after a right one may cost one more, and then none until a cool-down is over: what anyone can
send must cause no storm of requests.
"""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import id_token_checks as checks
from benchmarks import workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Row, Setup, Target
from benchmarks.signer import Signer, new_key, publishing, with_kid

TOKENS = 1000


def one_fetch(context: Mapping[str, str]) -> Operation:
    """Fetch the keys."""
    return lambda: urllib.request.urlopen(context["url"], timeout=10).read()  # noqa: S310  the stub's


def known(make: Any) -> Setup:
    """Check a thousand ID tokens of one key."""

    def setup(context: Mapping[str, str]) -> Operation:
        signer = Signer(context["key"])
        texts = [signer.id_token(f"user {number}") for number in range(TOKENS)]

        def run() -> None:
            check = make(jwks_uri=context["url"])
            for text in texts:
                check(text)

        return run

    return setup


def unknown(make: Any) -> Setup:
    """Refuse a thousand ID tokens with kids that the provider never had, after a right one."""

    def setup(context: Mapping[str, str]) -> Operation:
        right = Signer(context["key"]).id_token()
        texts = [with_kid(right, f"made up {number}") for number in range(TOKENS)]

        def run() -> None:
            check = make(jwks_uri=context["url"])
            check(right)
            taken = [text for text in texts if not checks.refuses(check, text)]
            assert not taken, f"{len(taken)} tokens with an unknown kid were taken"

        return run

    return setup


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Count in one child for each environment; the worker's run before the first sample is not counted."""
    key = new_key()
    warm: set[Row] = set()
    with publishing(Signer(key).jwks) as server:
        context = {"url": server.url, "key": key}
        with workers.meter(interpreters, CASE.name, 1, context) as run:

            def measure(row: Row) -> float:
                if row not in warm:
                    run(row)
                    warm.add(row)
                before = server.fetches
                run(row)
                return float(server.fetches - before)

            yield measure


def profile(sort: str) -> str:
    """Profile a thousand unknown kids."""
    key = new_key()
    with publishing(Signer(key).jwks) as server:
        return workers.profile(CASE.name, "rule, unknown", 3, {"url": server.url, "key": key}, sort)


ONE, TWO = Target(limit=1), Target(limit=2)
FETCHES = "fetches"

CASE = Case(
    name="keys",
    rounds=3,
    quick_rounds=1,
    open_meter=open_meter,
    profile=profile,
    setups={
        "one fetch": one_fetch,
        "rule, known": known(checks.rule),
        "rule, unknown": unknown(checks.rule),
        "bearer token, known": known(checks.bearer_token),
        "authlib, known": known(checks.authlib),
        "authlib, unknown": unknown(checks.authlib),
        "pyjwt, known": known(checks.pyjwt),
        "pyjwt, unknown": unknown(checks.pyjwt),
    },
    rows=(
        Row(label="one fetch", setup="one fetch", counts=FETCHES, is_baseline=True),
        Row(label="ours, 1,000 ID tokens", setup="rule, known", counts=FETCHES, target=ONE),
        Row(label="ours, a token and 1,000 unknown kids", setup="rule, unknown", counts=FETCHES, target=TWO),
        Row(label="one fetch, among the peers", setup="one fetch", place=Place.PEERS, counts=FETCHES, is_baseline=True),
        Row(
            label="requests-oauth2client, 1,000 ID tokens; the caller fetches",
            setup="bearer token, known",
            place=Place.PEERS,
            counts=FETCHES,
        ),
        Row(label="authlib, 1,000 ID tokens", setup="authlib, known", place=Place.PEERS, counts=FETCHES),
        Row(
            label="authlib, a token and 1,000 unknown kids", setup="authlib, unknown", place=Place.PEERS, counts=FETCHES
        ),
        Row(label="PyJWT, 1,000 ID tokens", setup="pyjwt, known", place=Place.PEERS, counts=FETCHES),
        Row(label="PyJWT, a token and 1,000 unknown kids", setup="pyjwt, unknown", place=Place.PEERS, counts=FETCHES),
    ),
)
