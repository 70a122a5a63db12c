"""How long the event loop stands still while a client authenticates with something that takes its time.

`python -m devkit.stall` prints, for each kind of source and each event loop, the longest time for which a task that
only wakes up could not. A source that blocked the loop would make that as long as the source takes. Other programs on
the machine add to it, and nothing takes from it: so the best of some measurements counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx2

from devkit.answering_server import start_answering_server
from devkit.exchange import Received, answer, token
from requests_oauth2client import (
    AsyncOAuth2Client,
    BaseClientAuthenticationMethod,
    ClientAssertionFrom,
    ClientSecretPost,
    CommandSource,
    File,
    PrivateKeyJwt,
    UrlSource,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key

BEAT = 0.001  # seconds between two wake-ups
JWK = {**generate_private_jwk("ES256"), "kid": "k"}


def assertion() -> str:
    """Sign an assertion as a platform does."""
    return jws.sign({"sub": "me", "exp": time.time() + 600}, signing_key(JWK))


class Kms:
    """A signer that is far away."""

    def __init__(self, seconds: float) -> None:
        self.public_jwk = {name: value for name, value in JWK.items() if name != "d"}
        self._seconds, self._key = seconds, signing_key(JWK)

    def sign(self, data: bytes, alg: str) -> bytes:  # noqa: ARG002  a signer is told
        """Sign, in its own time."""
        time.sleep(self._seconds)
        return self._key.sign(data)


class SlowFile(File):
    """A file on a disk that is slow."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(path)
        self._seconds = seconds

    def read(self) -> str:
        """Read it, in its own time."""
        time.sleep(self._seconds)
        return super().read()


class Own(BaseClientAuthenticationMethod):
    """A method of somebody's own."""

    client_id = "me"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def authenticate(self, request: Any) -> Any:
        """Add a proof, in its own time."""
        time.sleep(self._seconds)
        return request.with_fields(client_id=self.client_id)


def kinds(seconds: float, folder: Path, url: str) -> dict[str, Callable[[], Any]]:
    """Return what to measure."""
    secret = folder / "secret"
    secret.write_text("s")

    def function() -> str:
        time.sleep(seconds)
        return assertion()

    async def later() -> str:
        await anyio.sleep(seconds)
        return assertion()

    command = ["sh", "-c", f"sleep {seconds}; printf {assertion()}"]
    return {
        "nothing (for comparison)": lambda: ClientSecretPost("me", "s"),
        "a file": lambda: ClientSecretPost("me", SlowFile(secret, seconds)),
        "a function": lambda: ClientAssertionFrom("me", function),
        "an async function": lambda: ClientAssertionFrom("me", later),
        "a URL": lambda: ClientAssertionFrom("me", UrlSource(url)),
        "a command": lambda: ClientAssertionFrom("me", CommandSource(command)),
        "a KMS": lambda: PrivateKeyJwt("me", Kms(seconds)),
        "a method of one's own": lambda: Own(seconds),
    }


async def stall(auth: Any, token_endpoint: str) -> float:
    """Return the longest time, in seconds, for which a task could not wake up during a token request."""
    session = httpx2.AsyncClient()
    client = AsyncOAuth2Client(token_endpoint, auth, session=session)
    longest = 0.0
    async with anyio.create_task_group() as group:

        async def beat() -> None:
            nonlocal longest
            last = time.perf_counter()
            while True:
                await anyio.sleep(BEAT)
                now = time.perf_counter()
                longest, last = max(longest, now - last - BEAT), now

        group.start_soon(beat)
        await anyio.sleep(10 * BEAT)
        longest = 0.0
        await client.client_credentials()
        group.cancel_scope.cancel()
    await session.aclose()
    return longest


def main() -> int:
    """Measure and print; the exit code tells whether the limit was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="that each source takes")
    parser.add_argument("--limit", type=float, default=20, help="milliseconds that the loop may stand still")
    parser.add_argument("--repeat", type=int, default=5, help="measurements of each; the best counts")
    options = parser.parse_args()
    too_long = False

    def respond(request: Received) -> Any:
        if request.path == "/token":
            return token()
        time.sleep(options.seconds)
        return answer(assertion())

    with tempfile.TemporaryDirectory() as folder, start_answering_server(respond) as server:
        for backend in ("asyncio", "trio"):
            for name, make in kinds(options.seconds, Path(folder), f"{server.url}/assertion").items():
                measure = partial(anyio.run, stall, make(), f"{server.url}/token", backend=backend)
                measure()  # what is loaded at first use
                found = sorted(measure() for _ in range(options.repeat))
                too_long = too_long or found[0] * 1000 > options.limit
                median = found[len(found) // 2]
                print(f"{backend:8} {name:26} best {found[0] * 1000:5.1f} ms, median {median * 1000:.1f} ms")
    return int(too_long)


if __name__ == "__main__":
    sys.exit(main())
