"""Calls to an API below one root URL, on httpx2 (or httpx): `AsyncApiClient`, the async counterpart of `ApiClient`."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from .._api import calls
from .._api.message import Message
from .._core.effects import awaitable
from .._core.options import UnknownParam, close_to
from .._core.story import failed, recorder
from .._drivers import httpx as driver
from .._drivers.httpx import AsyncRunner
from .._renewal.handlers import TokenHandler
from ..challenges import api_error
from ..exceptions import InvalidParam
from .auth import AsyncTokenHandler

if TYPE_CHECKING:
    import httpx2

    _Api = calls.Api[httpx2.Response]
else:
    _Api = calls.Api

__all__ = ["AsyncApiClient"]


class AsyncApiClient(AsyncRunner, _Api):
    """An API under a root URL, with one way to authenticate; its methods are awaited.

    It takes what `ApiClient` takes, but for:

    Args:
        session: an `httpx2.AsyncClient` or an `httpx.AsyncClient` to send with; it is neither changed nor closed. By
            default one of its own, which `async with` and `aclose()` close. Tasks, threads and event loops may share
            it: each `async with` opens it again, and the last one to leave closes it.
        auth: an async auth handler of this package, a `BearerToken` or `BearerAuth`, an `Auth` of the library, or
            `(name, password)`. A handler that gets its tokens with the sync client can't serve here.
        **session_kwargs: arguments for the `httpx2.AsyncClient` that it makes.

    Raises:
        InvalidParam: and everything else that `ApiClient` raises.
    """

    request = awaitable(calls.request)
    get = awaitable(calls.get)
    head = awaitable(calls.head)
    options = awaitable(calls.options)
    delete = awaitable(calls.delete)
    post = awaitable(calls.post)
    put = awaitable(calls.put)
    patch = awaitable(calls.patch)

    async def aclose(self) -> None:
        """Close the connections, if the session is this client's own."""
        if self._owns_session:
            await driver.close_session(self.session, for_good=True)

    async def __aenter__(self) -> Self:
        if self._owns_session:
            driver.enter_session(self.session)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._owns_session:
            await driver.close_session(self.session, for_good=True, is_left=True)

    @property
    def _library(self) -> Any:
        return driver.library_of(self.session)

    def _open(self, session: Any, settings: dict[str, Any]) -> httpx2.AsyncClient:
        if session is None:
            try:
                opened = driver.new_session(**settings)
            except TypeError as wrong:
                taken = driver.LIBRARY.AsyncClient.__init__.__code__
                known = [*taken.co_varnames[1 : taken.co_argcount + taken.co_kwonlyargcount], *calls.SETTINGS]
                for name in settings.keys() - set(known):
                    raise UnknownParam(name, f"{type(self).__name__}, or its session,", close_to(name, known)) from None
                msg = f"The session can't be made with {', '.join(sorted(settings))}: {wrong}."
                raise InvalidParam(msg) from None
            return opened
        given: httpx2.AsyncClient = session
        if not isinstance(session, driver.CLIENTS):
            msg = f"session= takes an httpx2.AsyncClient or an httpx.AsyncClient, got a {type(session).__name__}."
            raise InvalidParam(msg)
        if settings:
            msg = f"A session that was made already can't be given {', '.join(sorted(settings))}. Make it with them."
            raise InvalidParam(msg)
        return given

    def _usable_auth(self, auth: Any) -> Any:
        if isinstance(auth, TokenHandler) and not isinstance(auth, AsyncTokenHandler):
            name = type(auth).__name__
            msg = f"A {name} would block the event loop. Use Async{name}, with an AsyncOAuth2Client."
            raise InvalidParam(msg)
        pair = isinstance(auth, tuple) and len(auth) == 2  # noqa: PLR2004  name and password
        if auth is None or pair or callable(auth) or isinstance(auth, driver.AUTHS):
            return auth
        msg = f"auth= takes an auth handler of httpx2, or (name, password), got a {type(auth).__name__}."
        raise InvalidParam(msg)

    def _session_params(self) -> list[tuple[Any, Any]]:
        return list(self.session.params.multi_items())

    def _cookies(self, message: Message) -> Any:
        library = self._library
        merged = library.Cookies()
        for cookies in (*((self.session.cookies,) if message.is_ours else ()), *message.cookies):
            merged.update(cookies)
        return merged

    def _prepare(self, message: Message) -> Any:
        if message.options:
            msg = (
                f"{', '.join(sorted(message.options))} can't be set for one call of the async client."
                " Pass a session that was made with them."
            )
            raise InvalidParam(msg)
        headers, body = _body(message)
        return self._library.Request(
            message.method,
            message.url,
            headers={**headers, **{name.lower(): value for name, value in message.headers.items()}},
            cookies=self._cookies(message),
            extensions={"timeout": _waits(message.timeout)},
            **body,
        )

    def _prepare_redirect(self, request: Any, message: Message, *, keeps_body: bool) -> Any:
        url = self._library.URL(message.url)
        return self._with_stream(
            request.stream if keeps_body else None,
            method=message.method,
            url=url,
            headers={"host": url.netloc.decode(), **message.headers},
            cookies=self._cookies(message),
            extensions=request.extensions,
        )

    def _with_stream(self, stream: Any, **parts: Any) -> Any:
        """Make a request with the body of another; what is in memory is loaded, as auth handlers may want it."""
        made = self._library.Request(stream=stream, **parts)
        if isinstance(stream, self._library.ByteStream):
            made.read()
        return made

    async def _send(self, request: Any, message: Message) -> httpx2.Response:
        recording = recorder()
        if recording is None:
            return await self._send_unseen(request, message)
        with recording.watched(request, is_api=True) as came:
            response: httpx2.Response = came(await self._send_unseen(request, message))
            return response

    async def _send_unseen(self, request: Any, message: Message) -> httpx2.Response:
        ready = self._with_stream(
            request.stream,
            method=request.method,
            url=request.url,
            headers=request.headers,
            extensions=request.extensions,
        )
        driver.check_loop(self.session)
        response = await self.session.send(
            ready, auth=message.auth, follow_redirects=False, stream=bool(message.stream)
        )
        response.next_request = None  # made by the library, with credentials that another origin must not get
        return response

    def _location(self, response: httpx2.Response) -> str | None:
        return response.headers["Location"] if response.has_redirect_location else None

    async def _release(self, response: httpx2.Response) -> None:
        await response.aclose()

    def _too_many_redirects(self, response: httpx2.Response) -> Exception:
        msg = f"Exceeded {self.session.max_redirects} redirects."
        error: Exception = self._library.TooManyRedirects(msg, request=response.request)
        return error

    async def _check_status(self, response: httpx2.Response) -> None:
        if response.status_code >= HTTPStatus.BAD_REQUEST:  # httpx2 raises for a redirect too
            await response.aclose()
            error = api_error(response)
            if error is not None:
                failed(calls.ACCESS, error)
                raise error
            response.raise_for_status()


def _body(message: Message) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the body as the library takes it, and the header that says what it is where the library would not."""
    data, files, json = message.data, message.files, message.json
    if files:
        fields: dict[Any, list[Any]] = {}
        for name, value in data or ():
            fields.setdefault(name, []).append(value)
        return {}, {"data": fields, "files": files}
    if isinstance(data, list) and data:
        return {"content-type": "application/x-www-form-urlencoded"}, {"content": urlencode(data).encode()}
    if data:
        return {}, {"content": data if isinstance(data, (str, bytes, AsyncIterable)) else _chunks(data)}
    return {}, {} if json is None else {"json": json}


async def _chunks(data: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield what a file or another iterable holds, which the async libraries do not take."""
    for chunk in data:
        yield chunk


def _waits(timeout: Any) -> Any:
    """Return the seconds for each wait, from a number, `(connect, read)`, or a `Timeout` of the library."""
    return timeout.as_dict() if hasattr(timeout, "as_dict") else driver.read_timeout(timeout)[0]
