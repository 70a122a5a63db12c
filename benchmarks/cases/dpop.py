"""dpop: CPU time of a DPoP proof with ath and nonce; the baseline is the ES256 signature alone, of as many bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from benchmarks import workers
from benchmarks.case import Case, Interpreters, Meter, Operation, Place, Row, Target

API = "https://api.example.org/users/1?fields=name"
ATH, NONCE = "a" * 43, "n" * 43
COUNT = 500


def signature(_context: Mapping[str, str]) -> Operation:
    """Sign with `cryptography` and no more."""
    ec = import_module("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = import_module("cryptography.hazmat.primitives.hashes")
    key, ecdsa = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    signed = str(_dpop().DPoPKey.generate().proof("GET", API, ATH, NONCE)).rpartition(".")[0].encode()
    return lambda: key.sign(signed, ecdsa)


def proof(_context: Mapping[str, str]) -> Operation:
    """Make a proof as for each API request; the key knows the nonce of the origin."""
    key = _dpop().DPoPKey.generate(nonces={"https://api.example.org": NONCE})
    found = _dpop().validate_dpop_proof(key.proof("GET", API, ATH), htm="GET", htu=API, ath=ATH, nonce=NONCE)
    if found.dpop_jkt != key.dpop_jkt:
        message = "the proof is of another key"
        raise AssertionError(message)
    return lambda: key.proof("GET", API, ATH)


def proof_of_release(_context: Mapping[str, str]) -> Operation:
    """Make a proof as the release does, which is told the nonce."""
    key = _dpop().DPoPKey.generate()
    return lambda: str(key.proof("GET", API, ATH, NONCE))


def _dpop() -> Any:
    return import_module("requests_oauth2client.dpop")


@contextlib.contextmanager
def open_meter(interpreters: Interpreters) -> Iterator[Meter]:
    """Measure in one child."""
    with workers.meter(interpreters, CASE.name, COUNT, {}) as meter:
        yield meter


def profile(sort: str) -> str:
    """Profile our proof."""
    return workers.profile(CASE.name, "proof", 20 * COUNT, {}, sort)


CASE = Case(
    name="dpop",
    rounds=40,
    quick_rounds=10,
    open_meter=open_meter,
    profile=profile,
    setups={"signature": signature, "proof": proof, "proof of release": proof_of_release},
    rows=(
        Row(label="`cryptography`, ES256 signature", setup="signature", is_baseline=True),
        Row(label="ours, `DPoPKey.proof`", setup="proof", target=Target(limit=1.8)),
        Row(
            label="`cryptography`, ES256 signature, among the peers",
            setup="signature",
            place=Place.PEERS,
            is_baseline=True,
        ),
        Row(label="requests-oauth2client, `DPoPKey.proof`", setup="proof of release", place=Place.PEERS),
    ),
)
