"""A Redis server for the cases that need one, or none where the machine has none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from devkit.redis_server import start_redis_server


@contextlib.contextmanager
def url() -> Iterator[str]:
    """Run a server and give its URL; "" where there is no server to run."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(start_redis_server())
        except (SystemExit, OSError, RuntimeError):  # devkit exits where there is none
            yield ""
        else:
            yield server.url
