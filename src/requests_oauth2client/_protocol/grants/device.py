"""Device authorization: the user says yes on another device (RFC 8628).

device authorization endpoint -> codes (sections 3.1 and 3.2). Asking for the token is a grant, in
`token_endpoint`; waiting between the questions is `polling`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from ..._core.effects import Steps
from ..._core.messages import Response, is_success, read_json_object
from ..._core.printable import kept
from ..._core.scope import join_scope
from ..._core.times import Expiring, expiry, seconds
from ..._core.urls import split_url
from ..._core.values import Received
from ...exceptions import DeviceAuthorizationError, InvalidDeviceAuthorizationResponse, InvalidUri
from ..http.call import call_endpoint, raise_oauth_error
from ..http.retrying import Repeat

if TYPE_CHECKING:
    from ..hooks import Client

DEFAULT_INTERVAL = 5  # seconds, RFC 8628 section 3.2
MAX_INTERVAL = 3600  # seconds


class DeviceAuthorizationResponse(Expiring, Received):
    """What the AS gives a device that asks for authorization (RFC 8628 section 3.2).

    Show `user_code` and `verification_uri` to the user, or `verification_uri_complete` as a QR code.

    Args:
        device_code: what the device asks the token endpoint with.
        user_code: what the user types in.
        verification_uri: where the user goes.
        verification_uri_complete: the same, with the code in it; None when the AS has none.
        expires_at: when the codes expire: a datetime (naive = local time), or seconds since 1970.
        expires_in: or in how many seconds from now.
        interval: seconds to wait between two questions.
        **kwargs: the other fields of the answer; they are attributes.
    """

    pickle_advice = "Store its `device_code` where secrets may be stored."

    def __init__(
        self,
        /,
        device_code: str,
        user_code: str,
        verification_uri: str,
        verification_uri_complete: str | None = None,
        *,
        expires_at: datetime | float | str | None = None,
        expires_in: float | str | None = None,
        interval: float | str | None = DEFAULT_INTERVAL,
        **kwargs: object,
    ) -> None:
        self.device_code = device_code
        self.user_code = kept(user_code) or ""  # people print these
        self.verification_uri = kept(verification_uri) or ""
        self.verification_uri_complete = kept(verification_uri_complete)
        self.expires_at = expiry(expires_at, expires_in)
        self.interval = polling_interval(interval)
        self.kwargs = kwargs

    def __repr__(self) -> str:
        return f"<DeviceAuthorizationResponse verification_uri={self.verification_uri!r} interval={self.interval}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceAuthorizationResponse) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.device_code)


def polling_interval(value: Any) -> float:
    """Read an `interval` in seconds; nonsense counts as the default of 5, more than an hour as an hour."""
    number = seconds(value)
    if number is None or number < 0:
        return DEFAULT_INTERVAL
    number = min(number, float(MAX_INTERVAL))
    return int(number) if number.is_integer() else number


def authorize_device(
    client: Client,
    /,
    *,
    scope: str | Iterable[str] | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **data: object,
) -> Steps[DeviceAuthorizationResponse]:
    """Ask for a device code and a user code.

    Args:
        scope: what to ask for; a str or an iterable of words.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **data: further form fields, such as `resource`.

    Returns:
        The codes, and where the user goes with them.

    Raises:
        MissingEndpointUri: the client has no device_authorization_endpoint.
        DeviceAuthorizationError: or another `EndpointError`: the AS refused.
        InvalidDeviceAuthorizationResponse: the answer is neither codes nor an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 8628 sections 3.1 and 3.2.
    """
    response = yield from call_endpoint(
        client,
        "device_authorization_endpoint",
        {"scope": join_scope(scope), **data},
        invalid=InvalidDeviceAuthorizationResponse,
        repeat=Repeat.ALWAYS,
        requests_kwargs=requests_kwargs,
    )
    read = client.parse_device_authorization_response if is_success(response) else client.on_device_authorization_error
    codes: DeviceAuthorizationResponse = read(response)
    return codes


def parse(client: Client, response: Response) -> DeviceAuthorizationResponse:
    """Read a 2xx answer; without codes in it, its `error` decides."""
    try:
        answer = read_json_object(response)
        if "verification_url" in answer:  # Google says it so, 2026-11
            answer.setdefault("verification_uri", answer.pop("verification_url"))
        for name in ("device_code", "user_code", "verification_uri"):
            _demand_text(answer, name)
        for name in ("verification_uri", "verification_uri_complete"):
            if answer.get(name):
                split_url(answer[name], name=name)  # the user is sent there
        return DeviceAuthorizationResponse(**answer)
    except (ValueError, InvalidUri) as wrong:
        _fail(client, response, f"This is no device authorization response: {wrong}.")


def _demand_text(answer: Mapping[str, Any], name: str) -> None:
    if not isinstance(answer.get(name), str) or not answer[name]:
        msg = f"its {name} is {'missing' if name not in answer else 'no text'}"
        raise ValueError(msg)


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer without codes means."""
    _fail(client, response, None)


def _fail(client: Client, response: Response, problem: str | None) -> NoReturn:
    raise_oauth_error(
        client,
        response,
        unknown=DeviceAuthorizationError,
        invalid=InvalidDeviceAuthorizationResponse,
        expected="a device authorization response",
        problem=problem,
    )
