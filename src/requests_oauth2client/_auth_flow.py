"""Being an `Auth` of httpx2 and of httpx without importing either.

They let a callable change a request, but never show it the answer; only an `Auth` of their own sees it and may
send again, which a demanded DPoP nonce needs (RFC 9449 section 9). Whether something is an `Auth`, they ask with
`isinstance`, which believes `__class__`: so a handler says there what it is, once one of them is loaded.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncGenerator, Generator
from typing import Any, TypeAlias

LIBRARIES = ("httpx2", "httpx")


Flow: TypeAlias = Generator[Any, Any, None]  # yields each request to send, and is sent its answer


class AsyncFlow:
    """A handler for async clients."""

    async def prepare_flow(self, request: Any) -> Flow:
        """Return what authenticates a request; what has to be awaited for it, is awaited here."""
        raise NotImplementedError

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Drive the flow of a request, for an async client."""
        flow = await self.prepare_flow(request)
        sent = next(flow)
        while True:
            response = yield sent
            try:
                sent = flow.send(response)
            except StopIteration:
                return


class AuthFlow(AsyncFlow):
    """A handler that both libraries take for one of their own, for sync and for async clients."""

    def auth_flow(self, request: Any) -> Flow:
        """Authenticate a request, and answer what is demanded."""
        raise NotImplementedError

    def sync_auth_flow(self, request: Any) -> Flow:
        """Drive the flow of a request, for a sync client."""
        yield from self.auth_flow(request)

    async def prepare_flow(self, request: Any) -> Flow:
        """Return the flow of a request: nothing has to be awaited."""
        return self.auth_flow(request)

    @property  # type: ignore[misc]  # object's can be set
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        auths = [getattr(sys.modules.get(name), "Auth", None) for name in LIBRARIES]
        known = tuple(auth for auth in auths if auth is not None)
        kind: Any = type(self)
        return _seen_as(kind, known) if known else kind


@functools.cache
def _seen_as(kind: Any, auths: tuple[Any, ...]) -> type:
    return type(kind.__name__, (kind, *auths), {"__module__": kind.__module__, "__doc__": kind.__doc__})


def rewind(request: Any) -> bool:
    """Tell whether the body of a request can be sent again; a file is put back to where it was read from."""
    if not hasattr(request, "body"):  # httpx2 and httpx, which don't show a stream
        try:
            return request.content is not None
        except RuntimeError:
            return False
    body, start = request.body, getattr(request, "_body_position", None)
    if body is None or isinstance(body, (str, bytes)):
        return True
    if not isinstance(start, int) or not hasattr(body, "seek"):
        return False
    body.seek(start)
    return True
