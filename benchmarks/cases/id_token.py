"""id_token: CPU time of checking an RS256 ID token, from its text to its claims, against its bare verification."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import id_token_checks as checks
from benchmarks import workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Row, Setup, Target
from benchmarks.signer import Signer, new_key

COUNT = 200


def signature(_context: Mapping[str, str]) -> Operation:
    """Verify with `cryptography` and no more: octets and signature are there already."""
    from base64 import urlsafe_b64decode

    signer = Signer(new_key())
    signed, _, tail = signer.id_token().rpartition(".")
    key, octets, made = signer.public_key, signed.encode(), urlsafe_b64decode(tail + "==")
    return lambda: key.verify(made, octets, *signer.rs256)


def checked(make: Any) -> Setup:
    """Check a right token again and again; that a wrong one is refused is tried first."""

    def setup(_context: Mapping[str, str]) -> Operation:
        signer = Signer(new_key())
        check, text = make(jwks=signer.jwks), signer.id_token()
        if not checks.refuses(check, Signer(new_key()).id_token()):
            message = "a token with the signature of another key was taken"
            raise AssertionError(message)
        return lambda: check(text)

    return setup


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure in one child for each environment."""
    with workers.meter(interpreters, CASE.name, COUNT, {}) as meter:
        yield meter


def profile(sort: str) -> str:
    """Profile what each token response is checked with."""
    return workers.profile(CASE.name, "rule", 20 * COUNT, {}, sort)


TARGET = Target(limit=2.5)

CASE = Case(
    name="id_token",
    rounds=40,
    quick_rounds=10,
    open_meter=open_meter,
    profile=profile,
    setups={
        "signature": signature,
        "bearer token": checked(checks.bearer_token),
        "rule": checked(checks.rule),
        "authlib": checked(checks.authlib),
        "pyjwt": checked(checks.pyjwt),
    },
    rows=(
        Row(label="`cryptography`, RS256 verification", setup="signature", is_baseline=True),
        Row(label="ours, `BearerToken(…).validate_id_token`", setup="bearer token", target=TARGET),
        Row(label="ours, as each token response is checked", setup="rule", target=TARGET),
        Row(
            label="`cryptography`, RS256 verification, among the peers",
            setup="signature",
            place=Place.PEERS,
            is_baseline=True,
        ),
        Row(
            label="requests-oauth2client, `BearerToken(…).validate_id_token`",
            setup="bearer token",
            place=Place.PEERS,
        ),
        Row(label="authlib, `parse_id_token`", setup="authlib", place=Place.PEERS),
        Row(label="PyJWT, `decode`, which compares no nonce", setup="pyjwt", place=Place.PEERS),
    ),
)
