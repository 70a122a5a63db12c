"""What client libraries do when a server misbehaves: `python -m devkit.misbehaviors` prints a Markdown table.

Each library of `peers` meets each misbehavior of `requests_oauth2client.testing` at a test server of its own, in this
process. `--write` puts the table into docs/testing.md; `NAME ...` shows those only.

    a token            it goes on
    believed           a token came out of what should have been refused
    SomeError          what its user gets; MSAL returns errors, which is said
    secret sent away   the other host got the client's secret or a refresh token
    hung               no outcome after `PATIENCE` seconds
"""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import time
import warnings
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from devkit.peers import CANNOT, PEERS, Peer, Returned
from requests_oauth2client.testing import MISBEHAVIORS, AuthorizationServer, ReceivedRequest, ServerResponse
from requests_oauth2client.testing.misbehavior import ELSEWHERE, HUGE

PAGE = Path(__file__).parents[1] / "docs" / "testing.md"
HEAD = "<!-- python -m devkit.misbehaviors --write -->\n"
PATIENCE = 12  # seconds for a library; each is told to wait 5 for an answer
MIB = 1 << 20
WAYS = {  # what the library is doing meanwhile; else it gets a token with its own credentials
    "replayed_refresh_token_ends_session": "refresh",
    "keys_rotated": "login",
    "mixed_up_issuer": "find",
    "unsigned_id_token": "login",
    "redirects_with_secret": "refresh",
    "slow_down": "device",
    "nonce_demanded": "bound",
}
BY_THE_CLOCK = frozenset({"drip", "huge", "slow_down"})  # how they end also says how fast the machine is
SAID = {"html_502": "502"}  # what an error has to say
UNBELIEVABLE = frozenset(
    "unsigned_id_token mixed_up_issuer repeated_member wrong_token_type error_with_200 redirects_with_secret".split()
)


class WatchedServer(AuthorizationServer):
    """A test server that knows when requests came, and how much of its answers was read."""

    def __init__(self, issuer: str) -> None:
        super().__init__(issuer, polling_interval=1)
        self.came_at: list[tuple[str, float]] = []
        self.sent = 0

    def handle(self, request: ReceivedRequest) -> ServerResponse:
        """Answer a request."""
        started = time.monotonic()
        try:
            response = super().handle(request)
        finally:  # also where it loses the response
            self.came_at.append((self.requests[-1].endpoint, started))
        if not isinstance(response.body, bytes):
            response.body = self._counted(iter(response.body))
        return response

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.sent += len(piece)
            yield piece

    def times(self, endpoint: str) -> list[float]:
        """Return when requests for an endpoint came."""
        return [when for name, when in self.came_at if name == endpoint]


@dataclass(kw_only=True)
class Case:
    """A library that meets a misbehavior.

    Attributes:
        results: what came out, in order: a token or an error.
        mistake: why it could not even begin.
    """

    kind: type[Peer]
    name: str
    server: WatchedServer
    secret: str
    results: list[str] = field(default_factory=list)
    has_ended: bool = False
    mistake: Exception | None = None

    @property
    def way(self) -> str:
        """What the library is doing."""
        return WAYS.get(self.name, "service")

    @property
    def cannot(self) -> str | None:
        """Why it can't meet it."""
        return CANNOT.get((self.kind.library, self.way))

    def run(self) -> None:
        """Meet the misbehavior."""
        peer = self.kind(self.server.issuer, self.server.log_in, self.secret)
        if self.way in {"login", "refresh"}:
            try:
                peer.login()
            except Exception as error:  # noqa: BLE001  raised in the main thread
                self.mistake = error
                return
        self.server.came_at.clear()
        self.server.misbehave(self.name)
        if self.way == "device":
            self._note(lambda: peer.device(self.server.approve))
        else:
            for _ in range(2 if self.name.startswith("replayed") else 1):
                self._note(getattr(peer, self.way))
        self.has_ended = True

    def _note(self, call: Callable[[], str]) -> None:
        try:
            call()
        except Returned as returned:
            self.results.append(f"error `{returned}` returned")
        except Exception as error:  # noqa: BLE001  whatever its user gets
            hidden = SAID.get(self.name)
            is_silent = hidden is not None and hidden not in str(error)
            self.results.append(f"`{type(error).__name__}`" + (f", which does not say {hidden}" if is_silent else ""))
        else:
            self.results.append("**believed**" if self.name in UNBELIEVABLE else "a token")

    def told(self, elsewhere: AuthorizationServer) -> str:
        """Say what happened, as a cell of the table."""
        if self.cannot:
            return self.cannot
        if not self.has_ended:
            return "**hung**"
        said = ", then ".join(self.results)
        asked = self.server.times("token")
        if self.name == "slow_down" and len(asked) > 1:
            said += f", {round(asked[1] - asked[0])} seconds later"
        elif len(asked) > len(self.results) and self.way == "service":
            said += f", at attempt {len(asked)}"
        if self.name == "huge":
            said += f", after {self.server.sent // MIB} MiB" if self.server.sent < HUGE else ", **after all 64 MiB**"
        if self._is_known_to(elsewhere):
            said = f"**secret sent away**, then {said}"
        return said

    def _is_known_to(self, elsewhere: AuthorizationServer) -> bool:
        secrets = {self.secret, *self.server.records.refresh_tokens}
        for request in elsewhere.requests:
            credentials = b64decode(request.headers.get("authorization", "").removeprefix("Basic ") + "==")
            if any(secret in request.body.decode() + credentials.decode() for secret in secrets):
                return True
        return False


def run(names: Sequence[str], peers: Sequence[type[Peer]] = PEERS, patience: float = PATIENCE) -> dict[str, list[str]]:
    """Let each library meet each misbehavior.

    Args:
        names: of misbehaviors.
        peers: libraries.
        patience: seconds for a library.

    Returns:
        For each misbehavior, what each library did.
    """
    elsewhere = AuthorizationServer(ELSEWHERE)
    with elsewhere.installed():
        return {name: [case.told(elsewhere) for case in _row(name, peers, patience)] for name in names}


def _row(name: str, peers: Sequence[type[Peer]], patience: float) -> list[Case]:
    cases = [_case(kind, name) for kind in peers]
    running = [case for case in cases if not case.cannot]
    with ExitStack() as stack:
        for case in running:
            stack.enter_context(case.server.installed())
        threads = [threading.Thread(target=case.run, daemon=True) for case in running]  # one that hangs ends with us
        for thread in threads:
            thread.start()
        end = time.monotonic() + patience
        for thread in threads:
            thread.join(max(0, end - time.monotonic()))
        for case in running:
            if case.mistake is not None:
                raise case.mistake
        return cases


def _case(kind: type[Peer], name: str) -> Case:
    place = f"{kind.library}-{name}".replace(" ", "-").replace("_", "-").lower()
    server = WatchedServer(f"https://{place}.test/tenant")  # MSAL wants a path
    return Case(kind=kind, name=name, server=server, secret=f"secret-of-{place}")


def table(rows: Mapping[str, Sequence[str]], peers: Sequence[type[Peer]] = PEERS) -> str:
    """Return the table."""
    titles = ["Name", *(kind.title() for kind in peers)]
    lines = [titles, ["---"] * len(titles), *([f"`{name}`", *cells] for name, cells in rows.items())]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m devkit.misbehaviors", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="misbehaviors; by default all")
    parser.add_argument("--write", action="store_true", help="put the table into docs/testing.md")
    options = parser.parse_args(arguments)
    logging.disable()  # MSAL logs whole answers
    warnings.simplefilter("ignore")
    found = table(run(options.names or list(MISBEHAVIORS)))
    if options.write:
        before, _, rest = PAGE.read_text().partition(HEAD)
        PAGE.write_text(f"{before}{HEAD}{found}\n{rest[rest.index(chr(35) * 2 + chr(32)) :]}")
    print(found, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
