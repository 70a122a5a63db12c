"""Authenticating a request to the AS, and again where the AS asks for another proof.

    send_authenticated ──► DPoP proof, and again for its nonce ──► authenticated ──► sent
           ▲                                                                           │
           └────────── the AS demands another proof of the client: all of it once more ┘

Each attempt is authenticated anew, and has a DPoP proof of its own. What the proof of a client is, each method knows;
knows no endpoint.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..._core.client_auth import ClientAuthentication
from ..._core.effects import Send, Steps
from ..._core.frozen import replace
from ..._core.messages import Request, Response
from .dpop_nonce import send_with_proof

if TYPE_CHECKING:
    from ...dpop import DPoPKey
    from ..hooks import Client


def authenticated(client: Client, method: Any, request: Request) -> Steps[Request]:
    """Add the proof of who the client is.

    Args:
        client: the client.
        method: how it authenticates: a `ClientAuthentication`, or an auth handler of the HTTP library.
        request: the request.
    """
    if not isinstance(method, ClientAuthentication):
        return replace(request, foreign_auth=method)
    return (yield from method.authenticating(request, client))


def send_authenticated(client: Client, method: Any, dpop_key: DPoPKey | None, request: Request) -> Steps[Response]:
    """Authenticate and send a request; once more, if the AS asks for another proof of the same client.

    Args:
        client: the client.
        method: how it authenticates.
        dpop_key: the key to prove, or None.
        request: the request, not authenticated yet.
    """
    sent: list[Request] = []  # the last one
    send = partial(_send, client, method, sent)
    attempt = send if dpop_key is None else partial(send_with_proof, key=dpop_key, send=send)
    response = yield from attempt(request)
    if isinstance(method, ClientAuthentication) and method.is_asked_again(sent[0], response):
        response = yield from attempt(request)
        method.is_asked_again(sent[0], response)  # it learns from the answer; being asked again is left to the caller
    return response


def _send(client: Client, method: Any, sent: list[Request], request: Request) -> Steps[Response]:
    proved = yield from authenticated(client, method, request)
    sent[:] = [proved]
    response: Response = yield Send(proved)
    return response
