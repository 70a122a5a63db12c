"""Written by `python -m devkit.stubs` from src/requests_oauth2client/aio/api_client.py."""

from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any, Self, Unpack

import httpx2

from .._api.calls import Api
from .._api.fields import BoolFields, NoneFields
from .._api.message import BodyOptions, Message, Query, QueryOptions, Timeout
from .._api.urls import Path
from .._drivers.httpx import AsyncRunner

class AsyncApiClient(AsyncRunner, Api[httpx2.Response]):
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
    async def request(
        self,
        /,
        method: str,
        path: Path = None,
        *,
        params: Query = None,
        data: object = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str] | CookieJar | None = None,
        files: object = None,
        auth: object = None,
        timeout: Timeout | None = None,
        allow_redirects: bool | None = None,
        follow_redirects: bool | None = None,
        proxies: dict[str, str] | None = None,
        hooks: object = None,
        stream: bool | None = None,
        verify: bool | str | None = None,
        cert: str | tuple[str, str] | None = None,
        json: object = None,
        raise_for_status: bool | None = None,
        none_fields: NoneFields | None = None,
        bool_fields: BoolFields = None,
    ) -> httpx2.Response:
        """Send a request to the API.

        Args:
            method: the HTTP method.
            path: below the root: a str, bytes, or an iterable of str, bytes and int, each percent-encoded; a str may
                end with a query. None is the root itself. A full URL inside the root is sent with what this client
                carries, one elsewhere without it.
            params: query parameters: a mapping, pairs, or a query string.
            data: form fields as a mapping or pairs; or a body as bytes, str or what the HTTP library takes.
            headers: added to those of the client; one that is None removes the client's.
            cookies: added to those of the client.
            files: for a multipart form, as the HTTP library takes them.
            auth: instead of the client's.
            timeout: seconds for each wait, or `(connect, read)`.
            allow_redirects: follow redirects. Credentials (auth, cookies, and all headers that are not known to be
                harmless) stay with their origin; a body follows where HTTP says so (status 307 and 308).
            follow_redirects: the same, as httpx2 calls it.
            proxies: for the sync client only, as `requests` takes them.
            hooks: for the sync client only, likewise.
            stream: leave the body of the response unread.
            verify: for the sync client only, likewise; the async one has it on its session.
            cert: for the sync client only, likewise.
            json: a value to send as JSON.
            raise_for_status: whether a status of 400 and above is an error; by default as the client was made.
            none_fields: likewise, `exclude`, `include` or `empty` for fields of `data` and `json` that are None.
            bool_fields: likewise, what True and False become in `data` and `params`.

        Returns:
            The response of the HTTP library.

        Raises:
            InvalidPathParam: the path would leave the root.
            InsecureTransport: credentials would go over plain http to another machine.
            InvalidRedirect: a redirect that is to be followed leads to no http(s) URL.
            HTTPError: the status is an error; the async client raises `HTTPStatusError`. And whatever else the HTTP
                library raises.
            ApiError: it is an error of these, and the API says in a challenge what it demands: `InsufficientScope`,
                `InsufficientUserAuthentication`, or another token (`InvalidAccessToken`).

        Source: RFC 9110; for redirects, sections 15.4 and 17.16.
        """
    async def get(self, /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> httpx2.Response:
        """Send a GET request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.1.
        """
    async def head(self, /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> httpx2.Response:
        """Send a HEAD request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.2.
        """
    async def options(
        self, /, path: Path = None, params: Query = None, **kwargs: Unpack[BodyOptions]
    ) -> httpx2.Response:
        """Send an OPTIONS request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.7.
        """
    async def delete(
        self, /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]
    ) -> httpx2.Response:
        """Send a DELETE request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.5.
        """
    async def post(
        self, /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
    ) -> httpx2.Response:
        """Send a POST request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.3.
        """
    async def put(
        self, /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
    ) -> httpx2.Response:
        """Send a PUT request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.4.
        """
    async def patch(
        self, /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
    ) -> httpx2.Response:
        """Send a PATCH request. It takes what `request` takes, and raises what that raises.

        Source: RFC 5789 section 2.
        """
    async def aclose(self) -> None:
        """Close the connections, if the session is this client's own."""
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    def _open(self, session: Any, settings: dict[str, Any]) -> httpx2.AsyncClient:
        """Return the session to send with."""
    def _usable_auth(self, auth: Any) -> Any:
        """Return an auth handler that this client can use; None stays None."""
    def _session_params(self) -> list[tuple[Any, Any]]:
        """Return the query parameters that the session adds to each request."""
    def _prepare(self, message: Message) -> Any:
        """Make a request of the library, without auth."""
    def _prepare_redirect(self, request: Any, message: Message, *, keeps_body: bool) -> Any:
        """Make the request that follows a redirect; the body is that of the one before."""
    async def _send(self, request: Any, message: Message) -> httpx2.Response:
        """Authenticate a copy of a request and send that; follow no redirect."""
    def _location(self, response: httpx2.Response) -> str | None:
        """Return where a response redirects to."""
    async def _release(self, response: httpx2.Response) -> None:
        """Give the connection of a response back."""
    def _too_many_redirects(self, response: httpx2.Response) -> Exception:
        """Return what the library raises for this."""
    async def _check_status(self, response: httpx2.Response) -> None:
        """Raise what the library raises for an error status."""

__all__ = [
    "AsyncApiClient",
]
