"""Getting a public JSON document of the AS: its metadata, its keys. A GET, without credentials.

Status, size and form are checked; a redirect is not followed. Knows neither document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.effects import Steps
from ..._core.messages import Request, Response, media_type, parse_json_object
from ..._core.redaction import one_line
from ...exceptions import IncompleteResponse, InvalidAnswer, ResponseTooLarge
from ..http.call import transport_options
from ..http.limits import Limits
from ..http.retrying import Repeat, retried

OK = 200


def get(
    limits: Limits,
    url: str,
    *,
    accept: str,
    invalid: type[InvalidAnswer],
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[Response]:
    """Get a document.

    Args:
        limits: what the request goes by.
        url: its address, already checked.
        accept: the media types to ask for.
        invalid: what to raise when the body is too large or breaks off.
        requests_kwargs: further arguments for the HTTP library; headers among them are not for this request.

    Raises:
        TransportError: no answer came.
    """
    options = transport_options(requests_kwargs)
    options.pop("headers", None)
    request = Request(
        url=url,
        method="GET",
        headers={"Accept": accept},
        timeout=options.pop("timeout", limits.timeout),
        max_size=limits.max_response_size,
        options=options,
    )
    try:
        response = yield from retried(limits, request, repeat=Repeat.ALWAYS)
    except (ResponseTooLarge, IncompleteResponse) as broken:
        if broken.response is None:
            raise
        raise invalid(response=broken.response, description=broken.description) from broken
    return response


def read(response: Response, *, what: str, invalid: type[InvalidAnswer]) -> dict[str, Any]:
    """Return the JSON object of an answer.

    Raises:
        InvalidAnswer: (the class in `invalid`) another status than 200, or no JSON object, whatever its media type.
    """
    if response.status_code != OK:
        where = response.headers.get("Location")
        problem = f" It redirects to {one_line(where).partition('?')[0]}, which is not followed." if where else ""
        msg = f"Expected {what}, with status {OK}.{problem}"
        raise invalid(response=response, description=msg)
    try:
        return parse_json_object(response.content or b"")
    except ValueError as wrong:
        kind = media_type(response)
        came_as = "" if kind in {None, "application/json"} else f" It came as {one_line(kind)}."
        msg = f"This is not {what}: {wrong}.{came_as}"
        raise invalid(response=response, description=msg) from None
