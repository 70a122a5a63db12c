"""Reading a part of the answer that another request or an error follows: an API may send without end, or drip.

What is left unread is given up together with the connection. As long as nothing follows, the answer looks like one
that is still unread: it holds what has come. Knows responses of requests, httpx2 and httpx by what they look like, and
imports none of them.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from typing import Any

from .messages import Body

LIMIT = 1 << 16  # bytes
PATIENCE = 2.0  # seconds for all of it
CHUNK = 1 << 14  # bytes
LIBRARIES = ("httpx2", "httpx")


class _Part:
    """What has come of a body, as it came, and until when to wait for more."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.until = time.monotonic() + PATIENCE
        self.is_whole = False

    def is_enough(self, piece: bytes) -> bool:
        """Take a piece; tell whether to stop."""
        self.raw += piece[: LIMIT - len(self.raw)]
        return len(self.raw) >= LIMIT or time.monotonic() > self.until

    def take(self, pieces: Iterable[bytes]) -> None:
        """Take pieces until there are enough; what breaks them off ends them too."""
        with suppress(Exception):  # of any library
            self.is_whole = not any(self.is_enough(piece) for piece in pieces)

    def decoded(self, coding: str | None) -> bytes:
        """Return it without its coding; empty if the coding is none that we ask for."""
        body = Body(coding, LIMIT)
        body.add(bytes(self.raw))
        return bytes(body.content[:LIMIT])


def read_part(response: Any, *, for_good: bool) -> None:
    """Read a part of an answer.

    Args:
        response: of requests, or of the sync client of httpx2 or httpx.
        for_good: leave the part in it as its content, since another request or an error follows; else it stays unread.
    """
    if not hasattr(response, "is_stream_consumed"):
        _read_of_requests(response, for_good=for_good)
    elif _is_unread(response) and hasattr(response.stream, "__iter__"):
        part = _Part()
        extensions = response.request.extensions
        waits = extensions.get("timeout") or {}
        extensions["timeout"] = {**waits, "read": min(waits.get("read") or PATIENCE, PATIENCE)}
        try:
            part.take(response.iter_raw())
        finally:
            extensions["timeout"] = waits
        response.close()
        _leave(response, part, for_good=for_good)


async def read_part_async(response: Any, *, for_good: bool) -> None:
    """Read a part of an answer of the async client, as `read_part` does."""
    if not _is_unread(response) or not hasattr(response.stream, "__aiter__"):
        return
    part = _Part()
    anyio: Any = sys.modules.get("anyio")  # without it there is no connection either
    with nullcontext() if anyio is None else anyio.move_on_after(PATIENCE) as scope, suppress(Exception):
        async for piece in response.aiter_raw():
            if part.is_enough(piece):
                if scope is None:
                    break
                scope.cancel()  # the library's generators end where they wait; to leave them would strand them
    await response.aclose()
    _leave(response, part, for_good=for_good)


def _is_unread(response: Any) -> bool:
    return not (hasattr(response, "_content") or response.is_stream_consumed or response.is_closed)


def _leave(response: Any, part: _Part, *, for_good: bool) -> None:
    """Let a response of httpx2 or httpx hold what was read."""
    library = next(
        (one for name in LIBRARIES if (one := sys.modules.get(name)) and isinstance(response, one.Response)), None
    )
    if for_good or library is None:
        response._content = part.decoded(response.headers.get("Content-Encoding"))  # noqa: SLF001
        return
    response.stream = library.ByteStream(bytes(part.raw))
    response.is_stream_consumed = response.is_closed = False


def _read_of_requests(response: Any, *, for_good: bool) -> None:
    raw = response.raw
    if getattr(response, "_content", None) is not False:  # it was read
        return
    if not hasattr(raw, "read1") or not hasattr(raw, "decode_content"):  # of a test double, in memory
        _ = response.content
        return
    part, sock = _Part(), _socket_of(raw)
    before = None if sock is None else sock.gettimeout()
    if sock is not None:
        sock.settimeout(PATIENCE if before is None else min(before, PATIENCE))
    part.take(_pieces(raw))
    if sock is not None:
        with suppress(OSError):  # it may be closed
            sock.settimeout(before)
    if not part.is_whole:
        response.close()
    if for_good:
        response._content, response._content_consumed = part.decoded(response.headers.get("Content-Encoding")), True  # noqa: SLF001
    else:
        response.raw = _again(raw, bytes(part.raw))


def _pieces(raw: Any) -> Iterable[bytes]:
    """Yield what is there as it comes; a drip does not have to fill a chunk."""
    while piece := raw.read1(CHUNK, decode_content=False):
        yield piece


def _again(raw: Any, content: bytes) -> Any:
    """Return a raw response like this one, whose body is in memory."""
    return type(raw)(
        body=io.BytesIO(content),
        headers=raw.headers,
        status=raw.status,
        version=raw.version,
        reason=raw.reason,
        preload_content=False,
        decode_content=raw.decode_content,
        original_response=getattr(raw, "_original_response", None),
        enforce_content_length=False,
    )


def _socket_of(raw: Any) -> Any:
    """Return the socket that a raw response is read from, where it is read from one."""
    found = raw
    for name in ("_fp", "fp", "raw", "_sock"):
        found = getattr(found, name, None)
    return found if hasattr(found, "settimeout") else None
