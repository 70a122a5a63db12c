"""A token endpoint that costs next to nothing: every request gets the same token.

Made by hand because it must never be the slow side: a framework, or `http.server`, spends more on a request
than the clients that are measured. So nothing is looked at but where a request ends (its Content-Length),
and the answer is a constant. Loopback only, a port of the system's choice, in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, cast

ACCESS_TOKEN = "stub-" + "a" * 59  # as long as the opaque tokens that servers give
_BODY = json.dumps({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run the server in a process of its own and give the URL of its token endpoint."""
    server = subprocess.Popen([sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with server:
        try:
            yield f"http://127.0.0.1:{int(cast('IO[bytes]', server.stdout).readline())}/token"
        finally:
            server.terminate()


class _Responder(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while end := _end_of_request(self._received):
            del self._received[:end]
            self._transport.write(_ANSWER)


def _end_of_request(received: bytearray) -> int:
    """Give the length of the first request, 0 while it is incomplete."""
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return 0
    length = _LENGTH.search(received, 0, head + 2)
    end = head + 4 + (int(length[1]) if length else 0)
    return end if len(received) >= end else 0


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()  # ends when whoever started us is gone
    os._exit(0)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Responder, "127.0.0.1", 0)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
