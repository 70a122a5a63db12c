"""Tokens for `aiohttp` (the extra "aiohttp"): a middleware of its client session.

    session = aiohttp.ClientSession(middlewares=[middleware(auth)])

To a middleware each hop of a redirect is a request like any other. So the token goes to one origin, that of the first
request, and to those that are named: a redirect to another machine does not take it along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from ._core.auth_flow import AsyncFlow, AuthFlow
from ._core.urls import origin, validate_uri
from ._tokens.bearer import BearerToken
from .auth import BearerAuth
from .exceptions import InvalidParam

try:
    import aiohttp
    from multidict import CIMultiDict  # which comes with it
except ImportError as _missing:
    _msg = (
        "requests_oauth2client.aiohttp needs the library aiohttp, which is not installed: install it with the extra"
        " 'aiohttp', that is requests_oauth2client[aiohttp]."
    )
    raise ImportError(_msg) from _missing

Origin: TypeAlias = tuple[str, str, int | None]
Handler: TypeAlias = Callable[["aiohttp.ClientRequest"], Awaitable["aiohttp.ClientResponse"]]
SCHEMES = {"ws": "http", "wss": "https"}  # a WebSocket begins as a request (RFC 6455 section 4.1)


def middleware(auth: Any, *, origins: Iterable[str] = ()) -> TokenMiddleware:
    """Return a middleware that authenticates the requests of an aiohttp session.

    It does what the handler does elsewhere: gets and renews tokens, gets another one where the API refuses one, proves
    the possession of a DPoP key, and answers a demanded nonce.

    Args:
        auth: an auth handler, awaited (`AsyncOAuth2ClientCredentialsAuth`) or plain, which runs in a thread; or a
            token.
        origins: the origins that get the token, such as `https://api.example.com`; by default the origin of the first
            request. All other requests, and redirects that lead elsewhere, go without it.

    Returns:
        The middleware, for `ClientSession(middlewares=[...])` or for the `middlewares=` of one request.

    Raises:
        InvalidParam: `auth` gives no tokens.
        InvalidUri: an origin is not a URL.

    Source: RFC 6750 section 2.1, RFC 9449 section 7.
    """
    return TokenMiddleware(auth, origins)


class TokenMiddleware:
    """A middleware of aiohttp: see `middleware`. Called with a request, and with what sends it.

    Attributes:
        origins: those that get the token, each as scheme, host and port; empty before the first request.
    """

    origins: frozenset[Origin]

    def __init__(self, auth: Any, origins: Iterable[str] = ()) -> None:
        if isinstance(auth, (str, BearerToken)) and not isinstance(auth, AuthFlow):
            auth = BearerAuth(auth)
        if not isinstance(auth, AsyncFlow):
            msg = (
                f"aiohttp.middleware takes an auth handler such as AsyncOAuth2ClientCredentialsAuth, got {type(auth)}."
            )
            raise InvalidParam(msg)
        self._auth = auth
        named = [origins] if isinstance(origins, str) else origins
        self.origins = frozenset(_origin(validate_uri(one, path=False, name="origin")) for one in named)

    async def __call__(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Send a request, with a valid token if it goes where the token may go.

        Raises:
            InsecureTransport: it is plain http to another machine.
            LoginNeeded: and everything else that the handler raises.
        """
        self.origins = self.origins or frozenset({_origin(str(request.url))})
        if _origin(str(request.url)) not in self.origins:
            return await handler(request)
        return await self._authenticated(request, handler)

    async def _authenticated(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Do what the flow of the auth handler says."""
        flow = _flow(self._auth, _Request(request))
        response: aiohttp.ClientResponse | None = None
        try:
            step = await flow.begin()
            while step is not None:
                if response is not None:
                    response.release()
                response = await handler(request)
                step = await flow.go_on(_Response(response, request))
        except BaseException:
            if response is not None:
                response.release()
            raise
        finally:
            await flow.end()
        assert response is not None  # noqa: S101  each flow sends its request
        return response

    def __repr__(self) -> str:
        return f"<{type(self).__name__} auth={self._auth!r} origins={sorted(self.origins)}>"


def _flow(auth: AsyncFlow, request: _Request) -> _Awaited | _Threaded:
    if isinstance(auth, AuthFlow) and hasattr(auth, "get_token"):
        return _Threaded(auth, request)
    return _Awaited(auth, request)


class _Awaited:
    """The flow of an async handler."""

    def __init__(self, auth: AsyncFlow, request: _Request) -> None:
        self._flow = auth.async_auth_flow(request)

    async def begin(self) -> Any:
        return await anext(self._flow, None)

    async def go_on(self, response: _Response) -> Any:
        try:
            return await self._flow.asend(response)
        except StopAsyncIteration:
            return None

    async def end(self) -> None:
        await self._flow.aclose()


class _Threaded:
    """The flow of a plain handler, in threads: it may wait for an answer."""

    def __init__(self, auth: AuthFlow, request: _Request) -> None:
        self._flow = auth.sync_auth_flow(request)

    async def begin(self) -> Any:
        return await asyncio.to_thread(next, self._flow, None)

    async def go_on(self, response: _Response) -> Any:
        return await asyncio.to_thread(self._sent, response)

    def _sent(self, response: _Response) -> Any:
        try:
            return self._flow.send(response)
        except StopIteration:  # it can't leave a thread
            return None

    async def end(self) -> None:
        self._flow.close()


class _Request:
    """A request of aiohttp as auth handlers see one."""

    def __init__(self, request: aiohttp.ClientRequest) -> None:
        self._request = request
        self.method = request.method
        self.url = _as_http(str(request.url))
        self.headers = request.headers
        self.stream = None
        self.extensions: dict[str, Any] = {}

    @property
    def content(self) -> bytes | None:
        """Its body: None if that is used up, or may be, and can't be sent again."""
        body: Any = self._request.body
        is_used_up = not isinstance(body, bytes) and getattr(body, "consumed", True)
        return None if is_used_up else b""


class _Response:
    """A response of aiohttp as auth handlers see one; its body stays unread."""

    content = b""
    is_stream_consumed = is_closed = True

    def __init__(self, response: aiohttp.ClientResponse, request: aiohttp.ClientRequest) -> None:
        self.status_code = response.status
        self.url = _as_http(str(response.url))
        self.headers = CIMultiDict({name: ", ".join(response.headers.getall(name)) for name in response.headers})
        self.request = _Request(request)


def _as_http(url: str) -> str:
    scheme, colon, rest = url.partition(":")
    return f"{SCHEMES.get(scheme, scheme)}{colon}{rest}"


def _origin(url: str) -> Origin:
    return origin(_as_http(url))


__all__ = ["TokenMiddleware", "middleware"]
