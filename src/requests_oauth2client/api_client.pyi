"""Written by `python -m devkit.stubs` from src/requests_oauth2client/api_client.py."""

from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any, Self, Unpack

import requests

from ._api.calls import Api
from ._api.fields import BoolFields, InvalidBoolFieldsParam, InvalidNoneFieldsParam, NoneFields, validate_bool_fields
from ._api.message import BodyOptions, Message, Query, QueryOptions, Timeout
from ._api.urls import InvalidPathParam, InvalidRedirect, Path
from ._drivers.requests import SyncRunner

class ApiClient(SyncRunner, Api[requests.Response]):
    """An API under a root URL, with one way to authenticate.

    A path is below the root: with `https://h/root`, "x" and "/x" are `https://h/root/x`. A request never leaves
    the root unless it is given a full URL, and then goes without what this client carries (auth, cookies,
    headers). Parts of the API are clients too: `api.users` and `api["users"]`.

    Args:
        base_url: the root URL, without query and fragment. A client without one takes full URLs only.
        auth: how to authenticate: any auth handler of this package or of `requests`, or `(name, password)`.
        url: another name for `base_url`.
        timeout: seconds for each wait (to connect, and for each part of the answer), or `(connect, read)`.
        raise_for_status: whether a status of 400 and above is an error: an `ApiError` where the API says in a
            challenge what it demands, such as more scope.
        none_fields: fields of `data` and `json` that are None are left out (`exclude`), stay (`include`: null in
            JSON; a form has no such value and leaves them out), or become empty texts (`empty`). In JSON this holds
            for the members of objects at every depth. Query parameters that are None are always left out.
        bool_fields: what True and False become in `data` and `params`; None: what `str()` makes of them.
        cookies: a mapping or a cookie jar; sent with each request.
        headers: sent with each request.
        user_agent: the User-Agent; by default that of the HTTP library.
        session: the session to send with; it is neither changed nor closed. By default one of its own, which `with`
            and `close()` (`async with` and `aclose()`) close.
        trusted_origins: further origins, such as `https://other.example`, that are as good as the root: full URLs
            there are sent with what this client carries, and redirects between them keep it.
        allow_insecure_http: send passwords and foreign auth handlers over plain http to other machines too. Anyone
            on the network path can read them. The handlers of this package have a parameter of their own for this.
        **session_kwargs: set on the session: attributes of a `requests.Session`, such as `verify`, `cert` and
            `proxies`; on the async client, arguments for an `httpx2.AsyncClient`.

    Attributes:
        session: the session that requests are sent with.
        base_url: the root.

    Raises:
        InvalidUri: the root, or a trusted origin, is no usable URL.
        InvalidNoneFieldsParam: `none_fields` is another word.
        InvalidBoolFieldsParam: `bool_fields` is not a pair.
        InvalidParam: another argument can't be used.
    """
    def request(
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
    ) -> requests.Response:
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
    def get(self, /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> requests.Response:
        """Send a GET request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.1.
        """
    def head(self, /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> requests.Response:
        """Send a HEAD request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.2.
        """
    def options(self, /, path: Path = None, params: Query = None, **kwargs: Unpack[BodyOptions]) -> requests.Response:
        """Send an OPTIONS request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.7.
        """
    def delete(self, /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> requests.Response:
        """Send a DELETE request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.5.
        """
    def post(
        self, /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
    ) -> requests.Response:
        """Send a POST request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.3.
        """
    def put(
        self, /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
    ) -> requests.Response:
        """Send a PUT request. It takes what `request` takes, and raises what that raises.

        Source: RFC 9110 section 9.3.4.
        """
    def patch(
        self, /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
    ) -> requests.Response:
        """Send a PATCH request. It takes what `request` takes, and raises what that raises.

        Source: RFC 5789 section 2.
        """
    def close(self) -> None:
        """Close the connections, if the session is this client's own."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def _open(self, session: Any, settings: dict[str, Any]) -> requests.Session:
        """Return the session to send with."""
    def _usable_auth(self, auth: Any) -> Any:
        """Return an auth handler that this client can use; None stays None."""
    def _session_params(self) -> list[tuple[Any, Any]]:
        """Return the query parameters that the session adds to each request."""
    def _prepare(self, message: Message) -> requests.PreparedRequest:
        """Make a request of the library, without auth."""
    def _prepare_redirect(
        self, request: requests.PreparedRequest, message: Message, *, keeps_body: bool
    ) -> requests.PreparedRequest:
        """Make the request that follows a redirect; the body is that of the one before."""
    def _send(self, request: requests.PreparedRequest, message: Message) -> requests.Response:
        """Authenticate a copy of a request and send that; follow no redirect."""
    def _location(self, response: requests.Response) -> str | None:
        """Return where a response redirects to."""
    def _release(self, response: requests.Response) -> None:
        """Give the connection of a response back."""
    def _too_many_redirects(self, response: requests.Response) -> Exception:
        """Return what the library raises for this."""
    def _check_status(self, response: requests.Response) -> None:
        """Raise what the library raises for an error status."""

__all__ = [
    "ApiClient",
    "InvalidBoolFieldsParam",
    "InvalidNoneFieldsParam",
    "InvalidPathParam",
    "InvalidRedirect",
    "validate_bool_fields",
]
