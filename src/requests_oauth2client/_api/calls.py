"""Calls to an API: what both `ApiClient` and `AsyncApiClient` are, and the rules that make their methods.

A call goes below the root with what the client carries (auth, cookies, headers); to anywhere else only with what
the call itself passes. Redirects are followed when asked, here, one by one, so that credentials stay with their
origin. Knows no HTTP library: a client makes requests and sends them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from http.cookiejar import CookieJar
from typing import Any, ClassVar, Generic, Self, TypeVar, Unpack
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._core.effects import CallOverride, Steps, inner
from .._core.options import UnknownParam, close_to
from .._core.story import Clause
from .._core.values import NotPickled
from .._tokens.bearer import require_secure_transport
from ..exceptions import InvalidParam
from .fields import BoolFields, FieldRules, NoneFields
from .message import BodyOptions, Message, Query, QueryOptions, Timeout, merged_headers
from .urls import NEUTRAL_HEADERS, ApiRoot, Path, redirect_headers, redirect_method, redirect_url, with_query

Resp = TypeVar("Resp")
SETTINGS = (
    "base_url", "auth", "url", "timeout", "raise_for_status", "none_fields", "bool_fields", "cookies", "headers",
    "user_agent", "session", "trusted_origins", "allow_insecure_http",
)  # fmt: skip
REQUEST_OPTIONS = frozenset({*BodyOptions.__annotations__, *QueryOptions.__annotations__})
ACCESS = Clause("access granted", "RFC 6750 §3.1")
DEFAULT_TIMEOUT = 60.0  # seconds, for each wait


class Api(NotPickled, Generic[Resp]):
    """An API under a root URL, with one way to authenticate. What was given is readable under the same name."""

    pickle_advice: ClassVar[str] = "Make one in each process."

    def __init__(
        self,
        base_url: str | None = None,
        auth: object = None,
        *,
        url: str | None = None,
        timeout: Timeout | None = DEFAULT_TIMEOUT,
        raise_for_status: bool = True,
        none_fields: NoneFields = "exclude",
        bool_fields: BoolFields = ("true", "false"),
        cookies: Mapping[str, str] | CookieJar | None = None,
        headers: Mapping[str, Any] | None = None,
        user_agent: str | None = None,
        session: object = None,
        trusted_origins: Iterable[Any] = (),
        allow_insecure_http: bool = False,
        **session_kwargs: object,
    ) -> None:
        if base_url is not None and url is not None:
            msg = "url= is another name for base_url=. Pass one of them."
            raise InvalidParam(msg)
        self._root = ApiRoot(url if base_url is None else base_url, _several(trusted_origins))
        self.auth = self._usable_auth(auth)
        if auth is not None and self._root.home is None and not self._root.trusted:
            msg = (
                "auth= would never be sent: without a base_url, no URL is known to belong to this API. Pass a base_url,"
                " or trusted_origins= with the origins that may get these credentials."
            )
            raise InvalidParam(msg)
        self.timeout = DEFAULT_TIMEOUT if timeout is None else timeout
        self.raise_for_status = raise_for_status
        self._fields = FieldRules(none_fields, bool_fields)
        self.cookies = cookies
        self.headers = merged_headers(headers, {} if user_agent is None else {"User-Agent": user_agent})
        self.allow_insecure_http = allow_insecure_http
        self._owns_session = session is None
        self.session: Any = self._open(session, session_kwargs)

    @property
    def base_url(self) -> str | None:
        """The root."""
        return self._root.base

    @property
    def trusted_origins(self) -> frozenset[tuple[str, str, int | None]]:
        """The further origins that credentials may go to, each as scheme, host and port."""
        return self._root.trusted

    @property
    def none_fields(self) -> NoneFields:
        """What becomes of fields that are None."""
        return self._fields.none_fields

    @property
    def bool_fields(self) -> BoolFields:
        """What True and False become in forms and queries."""
        return self._fields.bool_fields

    def to_absolute_url(self, path: Path = None) -> str:
        """Return the URL that a path stands for.

        Args:
            path: below the root: a str, bytes, or an iterable of str, bytes and int, each percent-encoded. A full
                URL stands for itself; None for the root.

        Raises:
            InvalidPathParam: it would leave the root without being a full URL.
        """
        return self._root.url(path)

    def __getattr__(self, name: str) -> Self:
        if name.startswith("_"):
            msg = f"a {type(self).__name__} has no {name!r}"
            raise AttributeError(msg)
        return self[name]

    def __getitem__(self, path: Path) -> Self:
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, _root=self._root.below(path), _owns_session=False)
        return part

    __iter__ = None  # or Python would iterate over parts without end, because of __getitem__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} base_url={self.base_url!r}>"

    # --- what both clients do

    def _with_own(self, message: Message) -> Message:
        """Add the client's auth, cookies, headers and query to a request that belongs to its API."""
        own = dict(self.session.headers)
        if not self._root.trusts(message.url):
            neutral = {name: value for name, value in own.items() if name.lower() in NEUTRAL_HEADERS}
            return replace(message, headers=merged_headers(neutral, message.headers))
        asked = {name for name, _ in parse_qsl(urlsplit(message.url).query, keep_blank_values=True)}
        usual = urlencode([(name, value) for name, value in self._session_params() if name not in asked])
        return replace(
            message,
            is_ours=True,
            url=with_query(message.url, usual),
            headers=merged_headers(own, self.headers, message.headers),
            cookies=message.cookies if self.cookies is None else (self.cookies, *message.cookies),
            auth=next((auth for auth in (message.auth, self.auth, self.session.auth) if auth is not None), None),
        )

    def _exchange(self, message: Message, *, follows: bool) -> Steps[Resp]:
        """Send a request, and those that redirects ask for."""
        prepared = self._prepare(message)
        history: list[Any] = []
        while True:
            self._require_secure_transport(message)
            response: Any = yield CallOverride(partial(self._send, prepared, message))
            response.history = [*history, *response.history]
            location = self._location(response) if follows else None
            if location is None:
                result: Resp = response
                return result
            yield CallOverride(partial(self._release, response))
            history.append(response)
            if len(history) > self.session.max_redirects:
                raise self._too_many_redirects(response)
            message, keeps_body = self._redirected(message, prepared.headers, response, location)
            prepared = self._prepare_redirect(prepared, message, keeps_body=keeps_body)

    def _redirected(
        self, message: Message, headers: Mapping[str, Any], response: Any, location: str
    ) -> tuple[Message, bool]:
        """Return the request that a redirect asks for, and whether it has the body of the one before."""
        url = redirect_url(message.url, location, response)
        method = redirect_method(message.method, response.status_code)
        keeps_body = method == message.method
        stays = self._root.is_same_place(message.url, url)
        kept = redirect_headers(headers, stays=stays, keeps_body=keeps_body)
        following = replace(message, url=url, method=method, headers=kept)
        if stays:
            return following, keeps_body
        options = {name: value for name, value in message.options.items() if name != "cert"}
        return replace(following, is_ours=False, auth=None, cookies=(), options=options), keeps_body

    def _require_secure_transport(self, message: Message) -> None:
        """Refuse to send credentials over plain http to another machine; our own handlers see to it themselves."""
        if self.allow_insecure_http or hasattr(message.auth, "allow_insecure_http"):
            return
        if message.auth is not None or "authorization" in {name.lower() for name in message.headers}:
            require_secure_transport(message)

    # --- what the sync and the async client do

    @abstractmethod
    def _open(self, session: Any, settings: dict[str, Any]) -> Any:
        """Return the session to send with."""

    @abstractmethod
    def _usable_auth(self, auth: Any) -> Any:
        """Return an auth handler that this client can use; None stays None."""

    @abstractmethod
    def _session_params(self) -> list[tuple[Any, Any]]:
        """Return the query parameters that the session adds to each request."""

    @abstractmethod
    def _prepare(self, message: Message) -> Any:
        """Make a request of the library, without auth."""

    @abstractmethod
    def _prepare_redirect(self, request: Any, message: Message, *, keeps_body: bool) -> Any:
        """Make the request that follows a redirect; the body is that of the one before."""

    @abstractmethod
    def _send(self, request: Any, message: Message) -> Any:
        """Authenticate a copy of a request and send that; follow no redirect."""

    @abstractmethod
    def _location(self, response: Any) -> str | None:
        """Return where a response redirects to."""

    @abstractmethod
    def _release(self, response: Any) -> Any:
        """Give the connection of a response back."""

    @abstractmethod
    def _too_many_redirects(self, response: Any) -> Exception:
        """Return what the library raises for this."""

    @abstractmethod
    def _check_status(self, response: Any) -> Any:
        """Raise what the library raises for an error status."""


def _several(origins: Any) -> Iterable[Any]:
    return [origins] if isinstance(origins, (str, bytes)) else origins


# --- the rules -------------------------------------------------------------------------------------------


def request(
    api: Api[Resp],
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
) -> Steps[Resp]:
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
    fields = api._fields.but(none_fields=none_fields, bool_fields=bool_fields)
    given = {"proxies": proxies, "hooks": hooks, "verify": verify, "cert": cert}
    message = Message(
        method=method.upper(),
        url=with_query(api.to_absolute_url(path), fields.query(params)),
        headers=headers or {},
        cookies=() if cookies is None else (cookies,),
        auth=api._usable_auth(auth),  # noqa: SLF001
        is_ours=False,
        data=fields.form(data),
        json=fields.json(json),
        files=files,
        timeout=api.timeout if timeout is None else timeout,
        stream=stream,
        options={name: value for name, value in given.items() if value is not None},
    )
    follows = bool(allow_redirects or follow_redirects)
    response: Resp = yield from api._exchange(api._with_own(message), follows=follows)  # noqa: SLF001
    if api.raise_for_status if raise_for_status is None else raise_for_status:
        yield CallOverride(partial(api._check_status, response))  # noqa: SLF001
    return response


def _asked(api: Api[Resp], method: str, path: Path, **options: Any) -> Steps[Resp]:
    """Send a request; a subclass's override of `request` is honored."""
    for name in options.keys() - REQUEST_OPTIONS:  # an override may have further ones
        if meant := close_to(name, REQUEST_OPTIONS):
            raise UnknownParam(name, f"{method.lower()}()", meant)
    rule: Any = request  # for mypy, which takes no **options for its many parameters
    response: Resp = yield from inner(api, rule, method, path, **options)
    return response


def get(api: Api[Resp], /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> Steps[Resp]:
    """Send a GET request. It takes what `request` takes, and raises what that raises.

    Source: RFC 9110 section 9.3.1.
    """
    return (yield from _asked(api, "GET", path, params=params, **options))


def head(api: Api[Resp], /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> Steps[Resp]:
    """Send a HEAD request. It takes what `request` takes, and raises what that raises.

    Source: RFC 9110 section 9.3.2.
    """
    return (yield from _asked(api, "HEAD", path, params=params, **options))


def options(api: Api[Resp], /, path: Path = None, params: Query = None, **kwargs: Unpack[BodyOptions]) -> Steps[Resp]:
    """Send an OPTIONS request. It takes what `request` takes, and raises what that raises.

    Source: RFC 9110 section 9.3.7.
    """
    return (yield from _asked(api, "OPTIONS", path, params=params, **kwargs))


def delete(api: Api[Resp], /, path: Path = None, params: Query = None, **options: Unpack[BodyOptions]) -> Steps[Resp]:
    """Send a DELETE request. It takes what `request` takes, and raises what that raises.

    Source: RFC 9110 section 9.3.5.
    """
    return (yield from _asked(api, "DELETE", path, params=params, **options))


def post(
    api: Api[Resp], /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
) -> Steps[Resp]:
    """Send a POST request. It takes what `request` takes, and raises what that raises.

    Source: RFC 9110 section 9.3.3.
    """
    return (yield from _asked(api, "POST", path, data=data, json=json, **options))


def put(
    api: Api[Resp], /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
) -> Steps[Resp]:
    """Send a PUT request. It takes what `request` takes, and raises what that raises.

    Source: RFC 9110 section 9.3.4.
    """
    return (yield from _asked(api, "PUT", path, data=data, json=json, **options))


def patch(
    api: Api[Resp], /, path: Path = None, data: object = None, json: object = None, **options: Unpack[QueryOptions]
) -> Steps[Resp]:
    """Send a PATCH request. It takes what `request` takes, and raises what that raises.

    Source: RFC 5789 section 2.
    """
    return (yield from _asked(api, "PATCH", path, data=data, json=json, **options))
