"""Calls to an API below one root URL, on `requests`: `ApiClient`.

Its rules are in `_api.calls`, where URLs lead in `_api/urls`, what becomes of fields in `_api/fields`.
"""

from __future__ import annotations

from http.cookiejar import CookieJar
from typing import Any, Self

import requests
from requests.cookies import RequestsCookieJar, cookiejar_from_dict
from requests.sessions import merge_hooks
from requests.structures import CaseInsensitiveDict
from requests.utils import rewind_body

from ._api import calls
from ._api.fields import InvalidBoolFieldsParam, InvalidNoneFieldsParam, validate_bool_fields
from ._api.message import Message
from ._api.urls import InvalidPathParam, InvalidRedirect
from ._core.effects import blocking
from ._core.options import UnknownParam, close_to
from ._core.story import failed, recorder
from ._drivers.ambient import session_settings
from ._drivers.requests import SyncRunner
from .challenges import api_error
from .exceptions import InvalidParam, OAuth2Error

__all__ = [
    "ApiClient",
    "InvalidBoolFieldsParam",
    "InvalidNoneFieldsParam",
    "InvalidPathParam",
    "InvalidRedirect",
    "validate_bool_fields",
]


class ApiClient(SyncRunner, calls.Api[requests.Response]):
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

    request = blocking(calls.request)
    get = blocking(calls.get)
    head = blocking(calls.head)
    options = blocking(calls.options)
    delete = blocking(calls.delete)
    post = blocking(calls.post)
    put = blocking(calls.put)
    patch = blocking(calls.patch)

    def close(self) -> None:
        """Close the connections, if the session is this client's own."""
        if self._owns_session:
            self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, session: Any, settings: dict[str, Any]) -> requests.Session:
        if session is not None and not isinstance(session, requests.Session):
            msg = f"session= takes a requests.Session, got a {type(session).__name__}."
            raise InvalidParam(msg)
        opened = requests.Session() if session is None else session
        for name, value in settings.items():
            if name not in requests.Session.__attrs__:
                known = [*requests.Session.__attrs__, *calls.SETTINGS]
                raise UnknownParam(name, f"{type(self).__name__}, or its requests.Session,", close_to(name, known))
            setattr(opened, name, value)
        return opened

    def _usable_auth(self, auth: Any) -> Any:
        if auth is None or callable(auth) or (isinstance(auth, tuple) and len(auth) == 2):  # noqa: PLR2004  a pair
            return auth
        msg = f"auth= takes an auth handler of requests, or (name, password), got a {type(auth).__name__}."
        raise InvalidParam(msg)

    def _session_params(self) -> list[tuple[Any, Any]]:
        pairs: list[tuple[Any, Any]] = self._fields.pairs(self.session.params)
        return pairs

    def _cookies(self, message: Message) -> RequestsCookieJar:
        jar = RequestsCookieJar()
        own = (self.session.cookies,) if message.is_ours else ()
        for cookies in (*own, *message.cookies):
            jar.update(cookies if isinstance(cookies, CookieJar) else cookiejar_from_dict(dict(cookies)))  # type: ignore[no-untyped-call]
        return jar

    def _prepare(self, message: Message) -> requests.PreparedRequest:
        return requests.Request(
            message.method,
            message.url,
            headers=message.headers,
            data=message.data,
            json=message.json,
            files=message.files,
            cookies=self._cookies(message),
            hooks=merge_hooks(message.options.get("hooks"), self.session.hooks),  # type: ignore[no-untyped-call]
        ).prepare()

    def _prepare_redirect(
        self, request: requests.PreparedRequest, message: Message, *, keeps_body: bool
    ) -> requests.PreparedRequest:
        following = request.copy()
        following.method = message.method
        following.prepare_url(message.url, None)
        following.headers = CaseInsensitiveDict(message.headers)
        following.prepare_cookies(self._cookies(message))
        if not keeps_body:
            following.body = None
        body: Any = following.body
        if body is not None and not isinstance(body, (bytes, str)):
            rewind_body(following)
        return following

    def _send(self, request: requests.PreparedRequest, message: Message) -> requests.Response:
        recording = recorder()
        if recording is None:
            return self._send_unseen(request, message)
        with recording.watched(request, is_api=True) as came:
            response: requests.Response = came(self._send_unseen(request, message))
            return response

    def _send_unseen(self, request: requests.PreparedRequest, message: Message) -> requests.Response:
        ready = request.copy()
        ready.hooks = {event: list(called) for event, called in request.hooks.items()}  # auth adds to them
        if message.auth is not None:
            ready.prepare_auth(message.auth)
        given = message.options
        no_cert: Any = False  # for requests, None would be the one of the session
        settings = session_settings(
            self.session,
            str(ready.url),
            proxies=given.get("proxies"),
            verify=given.get("verify"),
            cert=given.get("cert", None if message.is_ours else no_cert),
            stream=message.stream,
        )
        try:
            response = self.session.send(ready, timeout=message.timeout, allow_redirects=False, **settings)
        except (requests.RequestException, OAuth2Error):
            raise
        except ValueError as wrong:  # requests reads each Location, followed or not
            msg = f"The API redirects to something that is no URL ({wrong})."
            raise requests.exceptions.InvalidURL(msg) from wrong
        response.__dict__["_next"] = None  # made by requests, with credentials that another origin must not get
        return response

    def _location(self, response: requests.Response) -> str | None:
        return self.session.get_redirect_target(response)

    def _release(self, response: requests.Response) -> None:
        response.close()

    def _too_many_redirects(self, response: requests.Response) -> Exception:
        msg = f"Exceeded {self.session.max_redirects} redirects."
        return requests.TooManyRedirects(msg, response=response)

    def _check_status(self, response: requests.Response) -> None:
        error = api_error(response)
        if error is not None:
            failed(calls.ACCESS, error)
            raise error
        response.raise_for_status()
