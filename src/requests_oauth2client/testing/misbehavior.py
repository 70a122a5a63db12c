"""What a server does when it misbehaves, by name, each with what a good client does about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .. import _jose
from .._core.encoding import b64u_encode
from .messages import ReceivedRequest, ServerResponse, as_json

if TYPE_CHECKING:
    from .state import ServerState

HUGE = 64 << 20  # bytes
ELSEWHERE = "https://elsewhere.test"
Change = Callable[["ServerState", ReceivedRequest, ServerResponse], ServerResponse]


class ConnectionLost(Exception):
    """The server has done what it was asked, and the response is lost on its way."""


@dataclass(frozen=True, kw_only=True)
class Misbehavior:
    """One way in which a server misbehaves.

    Attributes:
        name: what `ServerState.misbehave` takes.
        endpoint: where it happens, unless another one is named.
        what: what the server does.
        good_client: what a good client does about it.
        change: makes the response; the endpoint has done its work before.
        instead: makes the response; the endpoint is never asked.
    """

    name: str
    endpoint: str
    what: str
    good_client: str
    change: Change | None = None
    instead: Change | None = None


def _fields(response: ServerResponse) -> dict[str, Any]:
    found = json.loads(response.body) if isinstance(response.body, bytes) and response.body else {}
    return found if isinstance(found, dict) else {}


def _with(response: ServerResponse, **fields: Any) -> ServerResponse:
    """Return a JSON response with other members; those that are None are left out. Errors stay as they are."""
    known = _fields(response)
    if "error" in known:
        return response
    changed = {name: value for name, value in {**known, **fields}.items() if value is not None}
    return as_json(changed, status=response.status)


def _html(status: int) -> Change:
    page = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1><hr>proxy"
    return lambda *_: ServerResponse(status=status, headers={"Content-Type": "text/html"}, body=page)


def _lost(*_: Any) -> ServerResponse:
    raise ConnectionLost


def _drip(_server: ServerState, _request: ReceivedRequest, response: ServerResponse) -> ServerResponse:
    body = b"".join(response.pieces())
    return replace(response, body=[body[i : i + 1] for i in range(len(body))], delay=0.2)


def _huge(*_: Any) -> ServerResponse:
    pieces = (b" " * (1 << 16) for _ in range(HUGE >> 16))
    return ServerResponse(headers={"Content-Type": "application/json"}, body=pieces)


def _redirect(_server: ServerState, request: ReceivedRequest, _response: ServerResponse) -> ServerResponse:
    return ServerResponse(status=307, headers={"Location": f"{ELSEWHERE}{request.path}"})


def _slow_down(*_: Any) -> ServerResponse:
    return as_json({"error": "slow_down", "error_description": "wait longer"}, status=400)


def _busy(status: int, after: str) -> Change:
    content = {"error": "temporarily_unavailable"}
    return lambda *_: as_json(content, status=status, headers={"Retry-After": after})


def _nonce_demanded(server: ServerState, request: ReceivedRequest, _response: ServerResponse) -> ServerResponse:
    server.require_dpop_nonce()
    return server.endpoint(request)


def _typed(content_type: str) -> Change:
    return lambda _server, _request, response: replace(
        response, headers={**response.headers, "Content-Type": content_type}
    )


def _unsigned(_server: ServerState, _request: ReceivedRequest, response: ServerResponse) -> ServerResponse:
    token = _fields(response).get("id_token")
    if token is None:
        return response
    claims = _jose.compact.take_apart(token).claims()
    header = b64u_encode(json.dumps({"alg": "none"}))
    return _with(response, id_token=f"{header}.{b64u_encode(json.dumps(claims))}.")


def _keys_rotated(server: ServerState, request: ReceivedRequest, _response: ServerResponse) -> ServerResponse:
    server.rotate_keys()
    return server.endpoint(request)


def _mixed_up(server: ServerState, request: ReceivedRequest, response: ServerResponse) -> ServerResponse:
    del server, request
    return _with(response, issuer=ELSEWHERE)


def _twice(_server: ServerState, _request: ReceivedRequest, response: ServerResponse) -> ServerResponse:
    known = _fields(response)
    if "access_token" not in known:
        return response
    body = json.dumps(known)[:-1] + ', "access_token": "another"}'
    return ServerResponse(headers={"Content-Type": "application/json"}, body=body.encode())


def _with_fields(**fields: Any) -> Change:
    return lambda _server, _request, response: _with(response, **fields)


def _ok_error(*_: Any) -> ServerResponse:
    return as_json({"error": "invalid_grant", "error_description": "the status says otherwise"})


ALL = (
    Misbehavior(
        name="replayed_refresh_token_ends_session",
        endpoint="token",
        what="a refresh succeeds and its response is lost; if the old refresh token is used again, the session is over",
        good_client="makes one renewal at a time; says that the user has to log in again, and does not retry forever",
        change=_lost,
    ),
    Misbehavior(
        name="lost_response",
        endpoint="token",
        what="the request is done, and the connection breaks before the response",
        good_client="repeats only what is safe to do twice; its error says that the request may have arrived",
        change=_lost,
    ),
    Misbehavior(
        name="keys_rotated",
        endpoint="token",
        what="the signing keys are replaced at once, without a time in which both are published",
        good_client="fetches the keys again when it sees an unknown kid, once, and goes on",
        instead=_keys_rotated,
    ),
    Misbehavior(
        name="html_502",
        endpoint="token",
        what="a proxy answers 502 with a page",
        good_client="asks again where that is safe; its error quotes the status and not the page as a token",
        instead=_html(502),
    ),
    Misbehavior(
        name="unavailable",
        endpoint="token",
        what="503 with Retry-After: 1",
        good_client="waits as long as it is told, and asks again a few times",
        instead=_busy(503, "1"),
    ),
    Misbehavior(
        name="rate_limited",
        endpoint="token",
        what="429 with Retry-After: 1",
        good_client="waits as long as it is told, and asks again a few times",
        instead=_busy(429, "1"),
    ),
    Misbehavior(
        name="drip",
        endpoint="token",
        what="the response comes one byte every 0.2 seconds",
        good_client="has a deadline for the whole response, not only for each read",
        change=_drip,
    ),
    Misbehavior(
        name="huge",
        endpoint="token",
        what="a response of 64 MiB",
        good_client="stops reading at a limit",
        instead=_huge,
    ),
    Misbehavior(
        name="redirects_with_secret",
        endpoint="token",
        what="307 to another host, which would repeat the request with its secrets there",
        good_client="does not follow redirects of an endpoint",
        instead=_redirect,
    ),
    Misbehavior(
        name="slow_down",
        endpoint="token",
        what="a client that polls is told to slow down",
        good_client="adds 5 seconds to this and every later wait (RFC 8628 section 3.5)",
        instead=_slow_down,
    ),
    Misbehavior(
        name="nonce_demanded",
        endpoint="token",
        what="DPoP proofs need a nonce that the client does not know yet (RFC 9449 section 8)",
        good_client="makes the request again, once, with the nonce",
        instead=_nonce_demanded,
    ),
    Misbehavior(
        name="mixed_up_issuer",
        endpoint="configuration",
        what="the metadata name another issuer than the one that was asked",
        good_client="refuses the metadata (RFC 8414 section 3.3)",
        change=_mixed_up,
    ),
    Misbehavior(
        name="unsigned_id_token",
        endpoint="token",
        what="the ID token has alg: none",
        good_client="refuses it",
        change=_unsigned,
    ),
    Misbehavior(
        name="repeated_member",
        endpoint="token",
        what="the JSON has access_token twice",
        good_client="refuses it, instead of picking one",
        change=_twice,
    ),
    Misbehavior(
        name="error_with_200",
        endpoint="token",
        what="an OAuth error with status 200",
        good_client="raises the error",
        instead=_ok_error,
    ),
    Misbehavior(
        name="json_as_text",
        endpoint="token",
        what="the token response is labeled text/html",
        good_client="reads the JSON that it is",
        change=_typed("text/html; charset=utf-8"),
    ),
    Misbehavior(
        name="no_token_type",
        endpoint="token",
        what="the response has no token_type",
        good_client="treats it as a bearer token",
        change=_with_fields(token_type=None),
    ),
    Misbehavior(
        name="wrong_token_type",
        endpoint="token",
        what="the token_type is one that was not asked for",
        good_client="refuses the token",
        change=_with_fields(token_type="mac"),
    ),
    Misbehavior(
        name="expires_in_string",
        endpoint="token",
        what="expires_in is a string",
        good_client="reads the number in it",
        change=_with_fields(expires_in="3600"),
    ),
    Misbehavior(
        name="no_expiry",
        endpoint="token",
        what="the response has no expires_in",
        good_client="uses the token until an API refuses it",
        change=_with_fields(expires_in=None),
    ),
)
MISBEHAVIORS: Mapping[str, Misbehavior] = {one.name: one for one in ALL}
