"""One request to the AS with `requests`, and its whole answer within the limits of size and time.

Endpoints are called with nothing ambient (no netrc, no cookies, no credentials of the session) and no redirect is
followed.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Generator, Mapping
from typing import Any

import requests
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError
from urllib3.response import BaseHTTPResponse

from .._core.dual_errors import dual_error
from .._core.messages import ACCEPT_ENCODING, Body, Request
from ..exceptions import DeadlineExceeded, IncompleteResponse, InvalidParam, ResponseTooLarge, TransportError
from .advice import said
from .ambient import session_settings
from .deadlines import Exchange, keep_deadlines, until

CHUNK = 1 << 14  # bytes read at once
AMBIENT_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
OPTIONS = frozenset({"cert", "cookies", "proxies", "verify"})


def send(session: requests.Session, request: Request) -> requests.Response:
    """Send a request to the AS and read the whole answer.

    Raises:
        DeadlineExceeded: no whole answer in time; also a `requests.Timeout`.
        ResponseTooLarge: more than the limit came.
        IncompleteResponse: the connection broke in the middle; also a `requests.ConnectionError`.
        TransportError: no answer; also what `requests` raised.
    """
    timeout, total = read_timeout(request.timeout)
    with until(total, is_fresh=request.needs_fresh_connection) as exchange:
        answer = _Answer(request, exchange, total)
        try:
            prepared = _prepare(session, request)
            prepared.hooks["response"][:] = [answer.read, *prepared.hooks["response"], answer.settle]
            options = {"timeout": timeout, "cert": request.certificate, **request.options}
            response = _send_prepared(session, prepared, options)
        except (requests.RequestException, HTTPError) as failure:
            raise answer.did_not_come(failure) from failure
        return answer.whole(response)


def read_timeout(timeout: Any) -> tuple[Timeout, float]:
    """Return the timeouts of each wait and the seconds for the whole, from a number or `(connect, read)`."""
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    total = sum(timeout) if isinstance(timeout, tuple) else timeout
    return Timeout(connect=connect, read=read), total


def _prepare(session: requests.Session, request: Request) -> requests.PreparedRequest:
    """Prepare without what the session would add by itself: cookies, auth, netrc, parameters."""
    if unknown := request.options.keys() - OPTIONS:
        msg = (
            f"requests_kwargs can't contain {', '.join(sorted(unknown))}, only timeout, headers,"
            f" {', '.join(sorted(OPTIONS))}. Set the rest on the requests.Session in session=."
        )
        raise InvalidParam(msg)
    headers = {n: v for n, v in session.headers.items() if n.lower() not in AMBIENT_CREDENTIALS}
    body = request.body
    return requests.Request(
        request.method,
        request.url,
        headers=CaseInsensitiveDict({**headers, "Accept-Encoding": ACCEPT_ENCODING, **request.headers}),
        data=None if body is None else body.decode(),
        auth=request.foreign_auth,
        cookies=request.options.get("cookies"),
        hooks=session.hooks,
    ).prepare()


def _send_prepared(
    session: requests.Session, prepared: requests.PreparedRequest, options: Mapping[str, Any]
) -> requests.Response:
    """Send with the proxies, certificates and verification of the session and its environment."""
    asked = {name: options.get(name) for name in ("proxies", "verify", "cert")}
    settings = session_settings(session, str(prepared.url), stream=True, **asked)
    keep_deadlines(session, str(prepared.url), select_proxy(str(prepared.url), settings["proxies"]))
    return _without_jar(session).send(prepared, allow_redirects=False, timeout=options["timeout"], **settings)


def _without_jar(session: requests.Session) -> requests.Session:
    """Return a session like this one with cookies of its own: those of the AS are not for an API."""
    kind: Any = type(session)
    if not issubclass(kind, requests.Session):  # a test double
        return session
    apart: requests.Session = object.__new__(kind)
    apart.__dict__.update(session.__dict__, cookies=RequestsCookieJar())
    return apart


class _Answer:
    """What has come of an answer so far.

    Its methods are hooks that `requests` calls as soon as the headers are there, before it would read the body of
    a redirect itself, without a limit.
    """

    def __init__(self, request: Request, exchange: Exchange, total: float) -> None:
        self.request, self.exchange, self.deadline, self.total = request, exchange, exchange.deadline, total
        self.response: requests.Response | None = None
        self.location: str | None = None
        self.problem: Exception | None = None

    def read(self, response: requests.Response, **_: Any) -> None:
        """Read the body up to the limit, and leave it in the response."""
        if response is self.response:
            return
        limit = self.request.max_size
        self.response, self.problem, body = response, None, _body_of(response, limit)
        try:
            for piece in _pieces(response):
                body.add(piece)
                if time.monotonic() > self.deadline:
                    raise TimeoutError
                if not body.wants_more:
                    break
            body.end()
        except (HTTPError, OSError, http.client.HTTPException, requests.RequestException) as failure:
            self.problem = self._broken(failure)
        if body.problem:
            self.problem = self._undecodable(body.problem)
        if body.is_too_large:
            self.problem = ResponseTooLarge(self.request.url, limit=limit, response=response)
        response.close()
        response._content, response._content_consumed = bytes(body.content[:limit]), True  # type: ignore[attr-defined]  # noqa: SLF001

    def settle(self, response: requests.Response, **_: Any) -> None:
        """Read what another hook may have fetched instead, and keep `requests` from looking where a redirect goes."""
        self.read(response)
        self.location = response.headers.pop("Location", None)

    def whole(self, response: requests.Response) -> requests.Response:
        """Return the response, or raise what is wrong with it."""
        self.read(response)
        if self.location is not None:
            response.headers["Location"] = self.location
        if self.problem is not None:
            raise self.problem
        return response

    def _broken(self, failure: Exception) -> Exception:
        if time.monotonic() >= self.deadline or isinstance(failure, (TimeoutError, Urllib3TimeoutError)):
            return self._too_late(requests.exceptions.ReadTimeout)
        why = f"the connection broke before the answer was whole {said(failure, self.request.url)}"
        broken: Exception = dual_error(IncompleteResponse, _theirs(failure))(
            self.request.url, why, response=self.response
        )
        return broken

    def _undecodable(self, problem: str) -> Exception:
        theirs = requests.exceptions.ContentDecodingError
        why = f"the body can't be decoded: {problem}."
        undecodable: Exception = dual_error(IncompleteResponse, theirs)(self.request.url, why, response=self.response)
        return undecodable

    def did_not_come(self, failure: Exception) -> Exception:
        """Say why there is no answer."""
        theirs, known = _theirs(failure), self.exchange.sent
        sent = not _is_unsent(failure) if known is None else known
        if issubclass(theirs, requests.Timeout) or time.monotonic() >= self.deadline:
            return self._too_late(theirs, sent=sent)
        why = f"no answer came {said(failure, self.request.url)}"
        nothing: Exception = dual_error(TransportError, theirs)(self.request.url, why, sent=sent)
        return nothing

    def _too_late(self, theirs: type[Exception], *, sent: bool = True) -> Exception:
        late: Exception = dual_error(DeadlineExceeded, theirs)(
            self.request.url, seconds=self.total, response=self.response, sent=sent
        )
        return late


def _theirs(failure: Exception) -> type[Exception]:
    """Return the class of `requests` for a failure; urllib3's own come through too."""
    return type(failure) if isinstance(failure, requests.RequestException) else requests.exceptions.ConnectionError


def _is_unsent(failure: Exception) -> bool:
    """Tell from a failure alone whether there was no connection, or nothing to connect to."""
    cause = failure.args[0] if failure.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    cause = cause.original_error if isinstance(cause, ProxyError) else cause
    cause = cause.args[0] if isinstance(cause, SSLError) and cause.args else cause
    unconnected = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
    return isinstance(failure, (ValueError, requests.ConnectTimeout)) or isinstance(cause, unconnected)


def _is_raw(response: requests.Response) -> bool:
    """Tell whether the body is still to be read from a connection; that of a test double may be there already."""
    read: Any = response._content  # noqa: SLF001  False until it was read
    return read is False and isinstance(response.raw, BaseHTTPResponse)


def _body_of(response: requests.Response, limit: int) -> Body:
    return Body(response.headers.get("Content-Encoding") if _is_raw(response) else None, limit)


def _pieces(response: requests.Response) -> Generator[bytes, None, None]:
    """Yield what is there as it comes; a drip does not have to fill a chunk."""
    if not _is_raw(response):
        yield response.content or b""
        return
    while piece := response.raw.read1(CHUNK, decode_content=False):
        yield piece
