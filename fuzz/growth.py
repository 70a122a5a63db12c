"""What texts of others cost: four times the text may take some four times as long, never sixteen.

An input is three lines: how a text begins, what is repeated in it, and how it ends. Times are compared with each other
and not with a clock's number, so that a slow machine finds nothing that a fast one doesn't.
"""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable
from contextlib import suppress

from devkit.exchange import Answer
from devkit.play import play
from requests_oauth2client import AuthorizationRequest, KubernetesSource, OAuth2Client
from requests_oauth2client._core.printable import printable
from requests_oauth2client._core.redaction import READ, excerpt, one_line
from requests_oauth2client._core.token_syntax import LONGEST_TOKEN
from requests_oauth2client._protocol.grants import device, token_endpoint
from requests_oauth2client.challenges import MAX_HEADER_SIZE, api_error, parse_challenges
from requests_oauth2client.exceptions import OAuth2Error

MOST = 9.0  # times as long for four times the text
NOTHING = 0.01  # seconds; less is too little to tell: what grows with the square takes seconds at these lengths

AS = "https://as.local"
CLIENT = OAuth2Client(f"{AS}/token", ("client", "a-client-secret"), device_authorization_endpoint=f"{AS}/device")
REQUEST = AuthorizationRequest(f"{AS}/authorize", "client", "https://app.local/cb", state="s")


def _shown(error: Exception | None) -> None:
    if error is not None:
        pickle.dumps((str(error), repr(error), error))


def _callback(text: str) -> None:
    try:
        REQUEST.validate_callback({"error": text, "error_description": text, "error_uri": text, "state": "s"})
    except OAuth2Error as error:
        _shown(error)


def _refusal(text: str) -> None:
    answer = Answer(
        status_code=400, content=json.dumps({"error": text, "error_description": text, "error_uri": text}).encode()
    )
    for operation in (token_endpoint.client_credentials, device.authorize_device):
        _shown(play(operation(CLIENT), [answer]).error)


def _no_refusal(text: str) -> None:
    answer = Answer(status_code=200, content=text.encode(errors="replace"))
    _shown(play(token_endpoint.client_credentials(CLIENT), [answer]).error)


def _challenge(text: str) -> None:
    for header in (text, f'Bearer error="insufficient_scope", error_description="{text}", scope="{text}"'):
        _shown(api_error(Answer(status_code=403, headers={"WWW-Authenticate": header[:MAX_HEADER_SIZE]})))
        with suppress(ValueError):
            parse_challenges(header[:MAX_HEADER_SIZE])


def _credential(text: str) -> None:
    source = KubernetesSource()
    for given in (text, f"e30.{text}.c2ln", f'{{"access_token": "{text}"}}'):
        try:
            source.dated(source.read(given))
        except OAuth2Error as error:
            _shown(error)


# By what reads it: the longest text that costs anything.
READERS: dict[str, tuple[Callable[[str], object], int]] = {
    "excerpt": (excerpt, READ),
    "one line": (one_line, READ),
    "printable": (printable, 1 << 13),
    "callback": (_callback, READ),
    "refusal": (_refusal, READ),
    "body that is no refusal": (_no_refusal, READ),
    "challenge": (_challenge, MAX_HEADER_SIZE),
    "credential": (_credential, LONGEST_TOKEN),
}


def seconds(read: Callable[[str], object], text: str, times: int) -> float:
    """Return the processor time that reading a text takes, the least of some."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        read(text)
        found.append(time.process_time() - begun)
    return min(found)


def grows_too_fast(name: str, begin: str, piece: str, end: str) -> float | None:
    """Return how many times as long four times the text takes, where that is too much.

    Args:
        name: of the reader.
        begin: how the text begins.
        piece: what is repeated until the text is as long as costs anything.
        end: how it ends.
    """
    read, longest = READERS[name]
    room = max(longest - len(begin) - len(end), 4)
    whole = (piece * (room // len(piece) + 1))[:room]
    ratio = 0.0
    for times in (1, 4, 16, 64):  # a measurement may have been disturbed, and a longer one less so
        long = seconds(read, begin + whole + end, times)
        if long < NOTHING:
            return None
        ratio = long / max(seconds(read, begin + whole[: room // 4] + end, times), 1e-6)
        if ratio < MOST:
            return None
    return ratio


def cost(data: bytes) -> None:
    """Measure what an input costs each reader.

    Raises:
        AssertionError: one takes too long.
    """
    begin, _, rest = data.decode(errors="replace").partition("\n")
    piece, _, end = rest.partition("\n")
    for name in READERS:
        ratio = grows_too_fast(name, begin[:64], piece[:64] or "a", end[:64])
        assert ratio is None, f"{name} of {begin!r} {piece!r} {end!r}: {ratio:.0f} times as long"
