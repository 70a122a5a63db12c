"""Tokens for gRPC (the extra "grpc"): call credentials for channels of `grpc` and of `grpc.aio`.

    credentials = grpc.composite_channel_credentials(grpc.ssl_channel_credentials(), call_credentials(auth))
    channel = grpc.secure_channel("api.example.com:443", credentials)

gRPC asks for the metadata of each call in a thread of its own, and sends them over encrypted channels only. A handler
that is awaited belongs to the event loop in which its credentials were made: that is where it is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeAlias

from ._drivers.handler_tokens import is_async, require_handler, token_awaited, token_of
from ._tokens.bearer import BearerToken
from .exceptions import InvalidParam, OtherEventLoop

try:
    import grpc
except ImportError as _missing:
    _msg = (
        "requests_oauth2client.grpc needs the library grpcio, which is not installed: install it with the extra 'grpc',"
        " that is requests_oauth2client[grpc]."
    )
    raise ImportError(_msg) from _missing

Metadata: TypeAlias = tuple[tuple[str, str], ...]
Callback: TypeAlias = Callable[[Metadata, Exception | None], None]


def call_credentials(auth: Any) -> Any:
    """Return credentials that put a valid token into the metadata of each call.

    Without one, the call fails with the message of the error. gRPC shows no answer to credentials: where a
    server refuses a token with UNAUTHENTICATED though it has not expired, call `auth.forget_token()`.

    Args:
        auth: an auth handler, plain, or awaited: then this is called in the event loop that the handler belongs to,
            and calls from within that loop have to be awaited, with `grpc.aio`. Or a token.

    Returns:
        A `grpc.CallCredentials`, for `grpc.composite_channel_credentials` or the `credentials=` of a call.

    Raises:
        InvalidParam: `auth` gives no tokens, or has to be awaited and no event loop is running.

    Source: RFC 6750 section 2.1; gRPC's "Authentication".
    """
    require_handler(auth, "grpc.call_credentials")
    ask = _awaited(auth) if is_async(auth) else _plain(auth)
    return grpc.metadata_call_credentials(_Plugin(ask), name="requests_oauth2client")


class _Plugin(grpc.AuthMetadataPlugin):  # type: ignore[misc]  # gRPC has no types of its own
    """What gRPC asks for the metadata of a call."""

    def __init__(self, ask: Callable[[Callback], None]) -> None:
        self._ask = ask

    def __call__(self, context: Any, callback: Callback) -> None:  # noqa: ARG002  which call it is for
        """Give the metadata to a callback, now or later."""
        try:
            self._ask(callback)
        except Exception as failure:  # noqa: BLE001  the call fails with it
            callback((), failure)


def _plain(auth: Any) -> Callable[[Callback], None]:
    def ask(callback: Callback) -> None:
        callback(_metadata(token_of(auth, "gRPC")), None)

    return ask


def _awaited(auth: Any) -> Callable[[Callback], None]:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        msg = (
            f"grpc.call_credentials can't await a {type(auth).__name__} here: no event loop is running. Make the"
            " credentials inside of the event loop, or pass the handler without Async in its name."
        )
        raise InvalidParam(msg) from None

    def ask(callback: Callback) -> None:
        if not loop.is_running():
            raise OtherEventLoop
        asking = token_awaited(auth, "gRPC")
        try:
            asyncio.run_coroutine_threadsafe(asking, loop).add_done_callback(lambda done: _tell(done, callback))
        except RuntimeError:  # the loop was closed just now
            asking.close()
            raise OtherEventLoop from None

    return ask


def _tell(done: Future[BearerToken], callback: Callback) -> None:
    try:
        metadata = _metadata(done.result())
    except CancelledError:  # the loop ends
        callback((), OtherEventLoop())
    except Exception as failure:  # noqa: BLE001  the call fails with it
        callback((), failure)
    else:
        callback(metadata, None)


def _metadata(token: BearerToken) -> Metadata:
    return ((token.AUTHORIZATION_HEADER.lower(), token.authorization_header()),)


__all__ = ["call_credentials"]
