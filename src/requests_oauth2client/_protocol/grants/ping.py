"""The ping of CIBA: the OP tells the client that the user is done (OpenID Connect CIBA Core 1.0, section 10.2).

A ping shows the client_notification_token of the request. Knows no web framework: it is given the
Authorization header and the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.compare import is_same_secret
from ..._core.messages import parse_json_object
from ...exceptions import OAuth2Error

MAX_SIZE = 1 << 16  # bytes of a ping's body; one has about 60


class InvalidPingCallback(OAuth2Error, ValueError):
    """This is no ping of the OP; answer it with status 400 (CIBA Core section 10.2)."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description)


class MismatchingClientNotificationToken(InvalidPingCallback):
    """The sender does not know the client_notification_token; answer it with status 401."""


class MismatchingAuthReqId(InvalidPingCallback):
    """The ping is about no request that is waited for."""


def validate_ping_callback(
    authorization: str | None,
    body: str | bytes | Mapping[str, Any],
    *,
    client_notification_token: str | Mapping[str, str],
    auth_req_id: str | None = None,
) -> str:
    """Check a ping on the client's notification endpoint. Answer it with status 204, then ask with `ciba`.

    Args:
        authorization: the value of its Authorization header, or None.
        body: its body, or the JSON object in it.
        client_notification_token: the token that was sent with the request; or those of all requests that are
            waited for, by their auth_req_id.
        auth_req_id: the auth_req_id that is waited for, where there is only one.

    Returns:
        The auth_req_id to pass to `ciba`.

    Raises:
        InvalidPingCallback: this is no ping.
        MismatchingClientNotificationToken: it does not show the right token.
        MismatchingAuthReqId: it is about another request.

    Source: CIBA Core section 10.2.
    """
    received = _auth_req_id(body)
    tokens = client_notification_token
    expected = tokens.get(received) if isinstance(tokens, Mapping) else tokens
    scheme, _, shown = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not expected or not is_same_secret(shown.strip(), expected):
        came = "other credentials than" if scheme else "no credentials, not"
        msg = f"The ping shows {came} the client_notification_token of a request that is waited for. Refuse it."
        raise MismatchingClientNotificationToken(msg)
    if auth_req_id is not None and not is_same_secret(received, auth_req_id):
        msg = "The ping is about another auth_req_id than the one that is waited for. Refuse it."
        raise MismatchingAuthReqId(msg)
    return received


def _auth_req_id(body: str | bytes | Mapping[str, Any]) -> str:
    if isinstance(body, (str, bytes)) and len(body) > MAX_SIZE:
        msg = f"The body of the ping is larger than {MAX_SIZE} bytes; a ping has some 60."
        raise InvalidPingCallback(msg)
    try:
        ping = body if isinstance(body, Mapping) else parse_json_object(body)
    except ValueError as wrong:
        msg = f"The body of the ping can't be read: {wrong}."
        raise InvalidPingCallback(msg) from None
    received = ping.get("auth_req_id")
    if not isinstance(received, str) or not received:
        msg = f"The auth_req_id of the ping is {'no text' if 'auth_req_id' in ping else 'missing'}."
        raise InvalidPingCallback(msg)
    return received
