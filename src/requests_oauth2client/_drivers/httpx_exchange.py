"""One request to the AS with `httpx2` or `httpx`, and its whole answer within the limits of size and time.

As in `requests_exchange`, nothing ambient goes along, and no redirect is followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from .._core.dual_errors import dual_error
from .._core.messages import ACCEPT_ENCODING, Body, Request
from ..exceptions import DeadlineExceeded, IncompleteResponse, InvalidParam, ResponseTooLarge, TransportError
from .advice import said
from .httpx_library import library_of
from .loop_transport import FRESH, check_loop

if TYPE_CHECKING:
    import httpx2

AMBIENT_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
OPTIONS = frozenset({"extensions", "cookies"})
UNSENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"})


async def send(session: httpx2.AsyncClient, request: Request) -> httpx2.Response:
    """Send a request to the AS and read the whole answer.

    Raises:
        DeadlineExceeded: no whole answer in time; also a `TimeoutException` of the library.
        ResponseTooLarge: more than the limit came.
        IncompleteResponse: the connection broke in the middle; also what the library raised.
        TransportError: no answer; also what the library raised.
    """
    came = _Answer(library_of(session), request)
    wait, total = read_timeout(request.timeout)
    try:
        prepared = _prepare(came.library, session, request, wait)
        came.watch(prepared)
        with anyio.fail_after(total):
            await came.read(session, prepared)
    except TimeoutError as failure:
        raise came.too_late(came.library.ReadTimeout, total) from failure
    except came.library.TimeoutException as failure:
        raise came.too_late(type(failure), total) from failure
    except (came.library.TransportError, came.library.DecodingError, came.library.InvalidURL) as failure:
        raise came.broken(failure) from failure
    except UnicodeError as failure:  # trio lets it through, for an invalid host name
        raise came.broken(came.library.ConnectError(str(failure))) from failure
    response: httpx2.Response = came.response()
    return response


def read_timeout(timeout: Any) -> tuple[Any, float]:
    """Return the timeouts of each wait and the seconds for the whole, from a number or `(connect, read)`."""
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    total = sum(timeout) if isinstance(timeout, tuple) else timeout
    return {"connect": connect, "read": read, "write": read, "pool": connect}, total


def _prepare(library: Any, session: Any, request: Request, wait: Any) -> Any:
    """Prepare without what the session would add by itself: cookies, auth, parameters."""
    options = dict(request.options)
    if unknown := options.keys() - OPTIONS:
        msg = (
            f"requests_kwargs can't contain {', '.join(sorted(unknown))} on the async client, only timeout, headers,"
            " cookies and extensions. Set the rest (proxies, verify, cert) on the httpx2.AsyncClient in session=."
        )
        raise InvalidParam(msg)
    headers = {n: v for n, v in session.headers.items() if n.lower() not in AMBIENT_CREDENTIALS}
    extensions = {"timeout": wait, FRESH: request.needs_fresh_connection, **(options.pop("extensions", None) or {})}
    return library.Request(
        request.method,
        request.url,
        headers={**headers, "accept-encoding": ACCEPT_ENCODING, **{n.lower(): v for n, v in request.headers.items()}},
        content=request.body,
        extensions=extensions,
        **options,
    )


def _without_jar(library: Any, session: Any) -> Any:
    """Return a client like this one with cookies of its own: those of the AS are not for an API."""
    kind = type(session)
    if not issubclass(kind, library.AsyncClient):  # a test double
        return session
    apart = object.__new__(kind)
    apart.__dict__.update(session.__dict__)
    apart.cookies = library.Cookies()
    return apart


class _Answer:
    """What has come of an answer so far."""

    def __init__(self, library: Any, request: Request) -> None:
        self.library = library
        self.request = request
        self.streamed: Any = None
        self.body = Body(None, request.max_size)
        self.sent: bool | None = None  # whether the request began to be written; None when nothing is known

    def watch(self, prepared: Any) -> None:
        """Let the connections tell how far the request has come; a user's own trace is told too."""
        told = prepared.extensions.get("trace")

        async def trace(event: str, info: Any) -> None:
            if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":  # to a proxy
                self.sent = True
            self.sent = bool(self.sent)
            if told is not None:
                await told(event, info)

        prepared.extensions["trace"] = trace

    async def read(self, session: Any, prepared: Any) -> None:
        """Send, and read the body up to the limit."""
        check_loop(session)
        options = {"auth": self.request.foreign_auth, "follow_redirects": False, "stream": True}
        self.streamed = await _without_jar(self.library, session).send(prepared, **options)
        try:
            if self.streamed.is_stream_consumed:  # by a test double, or an event hook
                self.body.add(self.streamed.content)
            else:
                await self._read_body()
        finally:
            await self.streamed.aclose()
        if self.body.is_too_large:
            raise ResponseTooLarge(self.request.url, limit=self.request.max_size, response=self.response())
        if self.body.problem:
            msg = f"the body can't be decoded: {self.body.problem}"
            raise self.library.DecodingError(msg)

    async def _read_body(self) -> None:
        self.body = Body(self.streamed.headers.get("Content-Encoding"), self.request.max_size)
        with anyio.CancelScope() as enough:
            async for piece in self.streamed.aiter_raw():
                self.body.add(piece)
                if not self.body.wants_more:
                    enough.cancel()  # the library's generators end where they wait; to leave them would strand them
        self.body.end()

    def response(self) -> Any:
        """Return a response that holds the body, decoded; None when nothing came."""
        came = self.streamed
        if came is None:
            return None
        headers = [(n, v) for n, v in came.headers.raw if n.lower() not in {b"content-encoding", b"content-length"}]
        content = bytes(self.body.content[: self.request.max_size])
        return self.library.Response(came.status_code, headers=headers, content=content, request=came.request)

    def too_late(self, theirs: type[Exception], total: float) -> Any:
        """Say that the time is over."""
        sent = self._may_be_sent(theirs)
        return dual_error(DeadlineExceeded, theirs)(
            self.request.url, seconds=total, response=self.response(), sent=sent
        )

    def broken(self, failure: Exception) -> Any:
        """Say what the connection did."""
        response = self.response()
        what = "no answer came" if response is None else "the connection broke before the answer was whole"
        why = f"{what} {said(failure, self.request.url)}"
        ours = TransportError if response is None else IncompleteResponse
        sent = self._may_be_sent(type(failure))
        return dual_error(ours, type(failure))(self.request.url, why, response=response, sent=sent)

    def _may_be_sent(self, theirs: type[Exception]) -> bool:
        if self.sent is not None:
            return self.sent
        return theirs.__name__ not in UNSENT
