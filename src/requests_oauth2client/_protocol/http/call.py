"""Calling an endpoint of the AS: a form POST, authenticated; and telling which error an answer is.

What is common to all of them (RFC 6749 sections 3.2 and 5.2). Knows no particular endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from ... import profiles
from ..._core.effects import Steps
from ..._core.messages import Form, Request, Response, is_success, read_oauth_error
from ..._core.options import UnknownParam, close_to
from ..._core.redaction import one_line
from ..._core.retry_info import SERVER_ERRORS, TOO_MANY_REQUESTS
from ...exceptions import (
    EndpointError,
    IncompleteResponse,
    InvalidAnswer,
    InvalidParam,
    ResponseTooLarge,
    TransportError,
)
from .authentication import send_authenticated
from .limits import Limits
from .retrying import Attempt, Repeat, once, retried

if TYPE_CHECKING:
    from ...dpop import DPoPKey
    from ..hooks import Client

UNAUTHORIZED = 401
FORM_HEADERS = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
OURS = frozenset({"method", "url", "data", "json", "content", "auth", "allow_redirects", "follow_redirects", "stream"})
# What the HTTP libraries take besides; a session of the user's own may take more.
TRANSPORT_OPTIONS = "params headers cookies files timeout proxies hooks verify cert extensions".split()


def call_endpoint(
    client: Client,
    endpoint_name: str,
    data: Mapping[str, Any],
    *,
    invalid: type[InvalidAnswer],
    dpop_key: DPoPKey | None = None,
    accept: str = "application/json",
    timeout: Any = None,
    repeat: Repeat = Repeat.UNSENT,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[Response]:
    """POST a form to an endpoint.

    Args:
        client: whose endpoint, credentials and limits count.
        endpoint_name: as in the metadata of the AS, such as `token_endpoint`.
        data: the fields; those that are None are not sent.
        invalid: what to raise when the body is too large or breaks off.
        dpop_key: the key to prove; a nonce that is demanded is given.
        accept: the media type to ask for.
        timeout: seconds for the whole answer.
        repeat: when the request may be made again, should the server be failing.
        requests_kwargs: further arguments for the HTTP library; its `timeout` and `headers` count too.

    Raises:
        MissingEndpointUri: the client does not know the address.
        TransportError: no answer came.
    """
    if client.finds_its_server or getattr(client, endpoint_name, None) is None:
        yield from client.find_endpoint(endpoint_name)
    request = build_request(
        client, client.endpoint(endpoint_name), data, accept=accept, timeout=timeout, requests_kwargs=requests_kwargs
    )

    def attempt(method: Any) -> Attempt:
        return partial(send_authenticated, client, method, dpop_key)

    first = attempt(client.auth)
    response = yield from send_request(client, request, invalid=invalid, repeat=repeat, attempt=first)
    if not client._alternatives:  # noqa: SLF001  a client as operations see it
        return response
    if not is_client_refused(response):
        if not is_failing(response):
            client.settle_auth(client.auth)
        return response
    for other in client._alternatives:  # noqa: SLF001
        sending = send_request(client, request, invalid=invalid, repeat=repeat, attempt=attempt(other))
        again = yield from accepted_answer(sending)
        if again is not None:
            client.settle_auth(other)
            return again
    return response


def accepted_answer(sending: Steps[Response]) -> Steps[Response | None]:
    """Try another way to authenticate; None unless the AS accepted it: then its first refusal is what counts."""
    try:
        response = yield from sending
    except (TransportError, InvalidAnswer):
        return None
    return response if is_client_accepted(response) else None


def is_client_refused(response: Response) -> bool:
    """Tell whether the AS did not accept how the client authenticated (RFC 6749 section 5.2)."""
    if is_success(response):
        return False
    answer = read_oauth_error(response)
    return is_bare_refusal(response) if answer is None else answer["error"] == "invalid_client"


def is_bare_refusal(response: Response) -> bool:
    """Tell whether a 401 without an OAuth error is about the client: it is empty, or asks for Basic (RFC 6749 5.2)."""
    challenge = response.headers.get("WWW-Authenticate") or ""
    is_empty = not response.content or challenge[:6].lower() == "basic "
    return response.status_code == UNAUTHORIZED and (is_empty or challenge.lower() == "basic")


def is_client_accepted(response: Response) -> bool:
    """Tell whether an answer proves that the AS accepted the client: a success, or an error about something else.

    `invalid_request` proves nothing: some servers answer it to credentials that they can't decode.
    """
    if is_success(response):
        return True
    answer = read_oauth_error(response)
    unproven = ("invalid_client", "invalid_request", "server_error", "temporarily_unavailable")
    return answer is not None and answer["error"] not in unproven and not is_failing(response)


def is_failing(response: Response) -> bool:
    """Tell whether an answer says nothing about the request, only that the server can't answer now."""
    return response.status_code >= SERVER_ERRORS or response.status_code == TOO_MANY_REQUESTS


def build_request(
    client: Client,
    url: str,
    data: Mapping[str, Any],
    *,
    accept: str = "application/json",
    timeout: Any = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Request:
    """Put a form POST together."""
    options = transport_options(requests_kwargs)
    profiles.check(client.profile, "transport", options)
    asked = options.pop("timeout", None)
    return Request(
        url=url,
        headers={**FORM_HEADERS, "Accept": accept, **(options.pop("headers", None) or {})},
        form=Form(data),
        certificate=client.client_certificate,
        timeout=next((t for t in (timeout, asked) if t is not None), client.timeout),
        max_size=client.max_response_size,
        options=options,
    )


def transport_options(requests_kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Check what a caller wants the HTTP library to be given, and copy it.

    Raises:
        InvalidParam: an option is not the caller's to choose.
        UnknownParam: an option is probably misspelled.
    """
    options = dict(requests_kwargs or {})
    if taken := OURS & options.keys():
        msg = f"requests_kwargs can't contain {', '.join(sorted(taken))}: the operation itself decides that."
        raise InvalidParam(msg)
    for name in options.keys() - set(TRANSPORT_OPTIONS):
        if meant := close_to(name, TRANSPORT_OPTIONS):
            raise UnknownParam(name, "requests_kwargs", meant)
    return options


def send_request(
    client: Client | Limits,
    request: Request,
    *,
    invalid: type[InvalidAnswer],
    repeat: Repeat = Repeat.UNSENT,
    attempt: Attempt = once,
) -> Steps[Response]:
    """Send a request; a body that can't be read to its end is an invalid answer of that endpoint.

    Args:
        client: whose limits count.
        request: the request.
        invalid: what to raise when the body is too large or breaks off.
        repeat: when it may be made again, should the server be failing.
        attempt: authenticates and sends it.

    Raises:
        TransportError: no answer came.
    """
    try:
        response = yield from retried(client, request, repeat=repeat, attempt=attempt)
    except (ResponseTooLarge, IncompleteResponse) as broken:
        if broken.response is None:
            raise
        raise invalid(response=broken.response, client=client, description=broken.description) from broken
    return response


def raise_oauth_error(
    client: Client,
    response: Response,
    *,
    unknown: type[EndpointError],
    invalid: type[InvalidAnswer],
    expected: str,
    problem: str | None = None,
    is_authenticated: bool = True,
) -> NoReturn:
    """Raise what an answer that is no success means.

    Args:
        client: whose `exception_classes` count.
        response: the answer.
        unknown: the class for an error code without one of its own.
        invalid: the class for an answer without an OAuth error.
        expected: what a right answer would be, in words.
        problem: what is wrong with it, where that is known.
        is_authenticated: the client authenticates at this endpoint, so that a bare 401 refuses it (RFC 6749 5.2).
    """
    answer = read_oauth_error(response)
    if answer is None and is_authenticated and is_bare_refusal(response):
        answer = {"error": "invalid_client", "error_description": "A 401 without an OAuth error."}
    if answer is None:
        raise invalid(response=response, client=client, description=problem or _what_came(response, expected))
    error = answer["error"]
    raise client.exception_classes.get(error, unknown)(
        response=response,
        client=client,
        error=error,
        description=_text(answer.get("error_description")),
        uri=_text(answer.get("error_uri")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _what_came(response: Response, expected: str) -> str:
    """Say why an answer without success is not even an OAuth error."""
    if 300 <= response.status_code < 400:  # noqa: PLR2004
        where = one_line(response.headers.get("Location", "nowhere")).partition("?")[0]
        return (
            f"It redirects to {where}, and endpoints are never followed through redirects: credentials would go"
            " where they don't belong. Configure the address that answers."
        )
    return f"Expected {expected}, or an OAuth error as JSON."
