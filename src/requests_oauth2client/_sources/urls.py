"""Tokens that a service gives to whom it knows by where it runs: a GET, whose answer is a token or has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.credential_errors import (
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialTimeout,
    CredentialUnavailable,
    InvalidCredential,
)
from .._core.effects import Steps
from .._core.messages import DEFAULT_TIMEOUT, Request, Response, is_success
from .._core.redaction import excerpt, without_query
from .._core.urls import is_loopback, split_url, validate_uri
from .._core.values import NotPickled
from .._protocol.http.limits import FetchLimits
from .._protocol.http.retrying import Repeat, retried
from .._tokens.bearer import BearerToken
from ..exceptions import DeadlineExceeded, InvalidParam, NonRenewableTokenError, ResponseTooLarge, TransportError
from .reading import LIFETIME, CredentialSource

REFUSED, ABSENT = frozenset({401, 403}), frozenset({404, 410})  # status codes
MAX_SIZE = 1 << 20  # bytes


class UrlSource(NotPickled, CredentialSource):
    """Gets tokens with a GET, such as from the metadata service of a machine.

    It is asked with the session of the client that asks for the token, and where there is none, with one of its own. No
    redirect is followed. What the answer says of the token's lifetime counts, and what a JWT says of its own.

    Args:
        url: the address.
        headers: of the request; their values are not shown anywhere.
        member: the member of the JSON answer that is the token. Without it, JSON is a token response, and anything else
            the token itself.
        timeout: seconds for the whole answer.
        lifetime: seconds after which a token that does not say its expiry itself is asked for again.
        allow_insecure_http: ask over plain http on other machines too. Anyone on the network path can read the token,
            and answer with another one.

    Raises:
        InvalidUri: the URL is invalid, or plain http to another machine.
    """

    grant = "url"

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        member: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        lifetime: float = LIFETIME,
        allow_insecure_http: bool = False,
    ) -> None:
        super().__init__(lifetime=lifetime)
        self.url = checked_url(url, allow_insecure_http=allow_insecure_http, what=type(self).__name__)
        self._headers = dict(headers or {})
        self.member = member
        self.timeout = timeout

    @property
    def place(self) -> str:
        """The address, without its query."""
        return str(without_query(self.url))

    def request(self) -> tuple[str, dict[str, str]]:
        """Return the address to ask now, and the headers.

        Raises:
            CredentialUnavailable: it is unknown what to ask.
        """
        return self.url, self._headers

    def get_token(self, held: BearerToken | None) -> BearerToken:
        """Refuse: only a handler or a client can make requests.

        Raises:
            NonRenewableTokenError: always.
        """
        raise NonRenewableTokenError(held)

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:  # noqa: ARG002  who asks is known
        """Ask for a token.

        Raises:
            CredentialNotFound: no server listens there, or it does not know the resource.
            CredentialNotPermitted: the answer is 401 or 403.
            CredentialTimeout: there was no whole answer in time.
            InvalidCredential: the answer is not a token.
        """
        url, headers = self.request()
        limits = FetchLimits(timeout=self.timeout, max_response_size=MAX_SIZE)
        asked = Request(
            url=url, method="GET", headers={"Accept": "application/json, text/plain, */*;q=0.1", **headers},
            timeout=self.timeout, max_size=MAX_SIZE,
        )  # fmt: skip
        try:
            response = yield from retried(limits, asked, repeat=Repeat.ALWAYS)
        except TransportError as failure:
            lost = self._lost(failure)
        else:
            refused = self._refused(response, headers)
            if refused is not None:
                raise refused
            return self.dated(self.read(bytes(response.content or b"").decode("utf-8", "replace"), member=self.member))
        raise lost

    def _lost(self, failure: TransportError) -> CredentialUnavailable:
        """Say what it means that no whole answer came."""
        if isinstance(failure, ResponseTooLarge):
            return InvalidCredential(self.place, f"the answer has more than {MAX_SIZE} bytes, which no credential has.")
        if isinstance(failure, DeadlineExceeded):
            return CredentialTimeout(self.place, f"no whole answer came within {self.timeout:g} seconds.")
        said = str(failure.description)
        return (CredentialUnavailable if failure.sent else CredentialNotFound)(self.place, said)

    def _refused(self, response: Response, headers: Mapping[str, str]) -> CredentialUnavailable | None:
        """Say what an answer other than a success means."""
        status = response.status_code
        if is_success(response):
            return None
        if 300 <= status < 400:  # noqa: PLR2004
            problem = f"it answers {status}, a redirect, and those are not followed. Pass the address that answers."
            return InvalidCredential(self.place, problem, response=response)
        hide = [value for value in headers.values() if value]
        hide += [word for value in hide for word in value.split() if len(word) > 3]  # noqa: PLR2004
        body = excerpt(response.content, hide=hide)
        problem = f"it answers {status}" + (f": {body!r}." if body else ".")
        kind = CredentialNotPermitted if status in REFUSED else CredentialNotFound if status in ABSENT else None
        return (kind or CredentialUnavailable)(self.place, problem, response=response)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} url={self.place!r}>"


def checked_url(url: Any, *, allow_insecure_http: bool, what: str) -> str:
    """Check the address of a service that gives out tokens.

    Raises:
        InvalidUri: it is not a URL, or plain http to another machine.
    """
    text, parts = split_url(url)
    if parts.scheme.lower() != "https" and not is_loopback(parts.hostname) and not allow_insecure_http:
        msg = (
            f"{what} asks over https, or on this machine: anyone on the network path to {parts.hostname} could read the"
            " token. Pass allow_insecure_http=True to accept that, as for a metadata service that has no https."
        )
        raise InvalidParam(msg)
    return validate_uri(text, https=False)
