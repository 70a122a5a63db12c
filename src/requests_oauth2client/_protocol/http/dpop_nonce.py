"""Proving possession of a key to the AS (RFC 9449 sections 5 and 8).

Each request gets a proof of its own. When the AS demands a nonce, the request is made once more with it, client
authentication included: an assertion is for one request. Knows no endpoint; the rules of proofs and nonces are
in `dpop`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..._core.effects import RunInThread, Steps
from ..._core.late import operations
from ..._core.messages import Request, Response, is_success, read_oauth_error
from ...exceptions import InvalidParam

if TYPE_CHECKING:
    from ... import challenges
    from ... import dpop as proofs
    from ...dpop import DPoPKey
    from ..hooks import Client
else:  # for clients that use DPoP
    challenges = operations(__package__, "...challenges")
    proofs = operations(__package__, "...dpop")

HEADER = "DPoP"


def key_for(client: Client, *, dpop: bool | None, dpop_key: DPoPKey | None, alg: str | None = None) -> DPoPKey | None:
    """Decide which key a code or token shall be bound to; None for none.

    Args:
        client: whose `dpop_bound_access_tokens` counts where nothing else is said.
        dpop: whether to bind the token.
        dpop_key: the key; implies `dpop`. Otherwise one is generated.
        alg: the algorithm of that; by default the client's.

    Raises:
        InvalidDPoPKey: `dpop_key` is invalid.
        InvalidParam: a key is given, and dpop=False.
    """
    if dpop_key is not None:
        if dpop is False:
            msg = "dpop=False contradicts the DPoP key that was given, or that the code or token is bound to."
            raise InvalidParam(msg)
        return proofs.check_key(dpop_key)
    if client.dpop_bound_access_tokens if dpop is None else dpop:
        return proofs.check_key(client.dpop_key_generator(alg or client.dpop_alg))
    return None


def with_one_key(client: Client, token_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a token request that will be made several times, with a key for all of them."""
    key = key_for(client, dpop=token_kwargs.get("dpop"), dpop_key=token_kwargs.get("dpop_key"))
    return dict(token_kwargs) if key is None else {**token_kwargs, "dpop_key": key}


def send_with_proof(
    request: Request,
    key: DPoPKey,
    send: Callable[[Request], Steps[Response]],
    *,
    access_token: str | None = None,
) -> Steps[Response]:
    """Send a request with a proof, and once more if a nonce is demanded.

    Args:
        request: the request, not authenticated yet.
        key: the key to prove.
        send: authenticates and sends it.
        access_token: the access token that goes along, if one does.

    Raises:
        MissingDPoPNonce: a nonce is demanded, and none is given.
        RepeatedDPoPNonce: a nonce is demanded, and the one that was shown is given.
    """
    ath = None if access_token is None else proofs.access_token_hash(access_token)
    shown = key.nonce_for(request.url)
    response = yield from send((yield from _proved(request, key, ath, shown)))
    nonce = key.demanded_nonce(response, shown=shown, error=_error(response))
    if nonce is None:
        return response
    response = yield from send((yield from _proved(request, key, ath, nonce)))
    key.demanded_nonce(response, shown=nonce, error=_error(response))  # another one again is left to the caller
    return response


def _proved(request: Request, key: DPoPKey, ath: str | None, nonce: str | None) -> Steps[Request]:
    sign = partial(key.proof, request.method, request.url, ath, nonce)
    proof = (yield RunInThread(sign)) if key.is_external else sign()
    return request.with_headers(**{HEADER: proof})


def _error(response: Response) -> str | None:
    """Return the OAuth error of an answer: in its body (RFC 6749 section 5.2), or in its challenge (RFC 9449 7.1)."""
    if is_success(response):
        return None
    answer = read_oauth_error(response)
    return challenges.challenge_error(response, HEADER) if answer is None else str(answer["error"])
