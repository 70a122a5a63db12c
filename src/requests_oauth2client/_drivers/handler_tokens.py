"""A handler's token for what is not HTTP: mail, Kafka, gRPC.

A plain handler is asked where it is, or in a thread if that would block an event loop; an async one is awaited. A token
that is bound to a DPoP key is refused: no request, so no place for its proof (RFC 9449 section 4).
"""

from __future__ import annotations

from typing import Any

from .._core.refusals import UnsupportedDPoPToken
from .._tokens.bearer import BearerToken
from ..exceptions import ExpiredAccessToken, InvalidParam, NonRenewableTokenError


def is_async(auth: Any) -> bool:
    """Tell whether the tokens of a handler are awaited."""
    import inspect  # noqa: PLC0415  not for programs that only make a SASL string

    return inspect.iscoroutinefunction(getattr(type(auth), "get_token", None))


def require_handler(auth: Any, user: str, *, plain: bool = False) -> None:
    """Refuse what gives no tokens.

    Args:
        auth: an auth handler, or a token.
        user: who asks it, for the message.
        plain: refuse async handlers too: nothing can be awaited there.

    Raises:
        InvalidParam: it gives no tokens, or they are awaited.
    """
    if isinstance(auth, type) or not (isinstance(auth, (str, BearerToken)) or hasattr(auth, "get_token")):
        if isinstance(getattr(auth, "token", None), BearerToken):
            return  # a BearerAuth
        msg = f"{user} takes an auth handler such as OAuth2ClientCredentialsAuth, or a token, got {_kind(auth)}."
        raise InvalidParam(msg)
    if plain and is_async(auth):
        msg = (
            f"{user} can't await, and {_kind(auth)} has to be awaited: pass the handler without Async in its name, with"
            " an OAuth2Client."
        )
        raise InvalidParam(msg)


def _kind(auth: object) -> str:
    return f"the class {auth.__name__}" if isinstance(auth, type) else f"a {type(auth).__name__}"


def token_of(auth: Any, protocol: str) -> BearerToken:
    """Return a valid token of a plain handler.

    Args:
        auth: the handler, or a token.
        protocol: what it is for, in messages.

    Raises:
        UnsupportedDPoPToken: the token is bound to a key.
        ExpiredAccessToken: a token was given, and has expired.
        LoginNeeded: and everything else that `get_token` raises.
    """
    if not hasattr(auth, "get_token"):
        return require_bearer(_given(auth), protocol)
    return require_bearer(auth.get_token(), protocol)


async def token_awaited(auth: Any, protocol: str) -> BearerToken:
    """Return a valid token of any handler; a plain one is asked in a thread, so that the event loop goes on.

    Args:
        auth: the handler, or a token.
        protocol: what it is for, in messages.

    Raises:
        UnsupportedDPoPToken: the token is bound to a key.
        ExpiredAccessToken: a token was given, and has expired.
        LoginNeeded: and everything else that `get_token` raises.
    """
    if not hasattr(auth, "get_token"):
        return token_of(auth, protocol)
    if is_async(auth):
        return require_bearer(await auth.get_token(), protocol)
    import asyncio  # noqa: PLC0415  like inspect

    return await asyncio.to_thread(token_of, auth, protocol)


def require_bearer(token: Any, protocol: str) -> BearerToken:
    """Return a token, unless it is bound to a key.

    Raises:
        UnsupportedDPoPToken: it is.
        InvalidParam: a `get_token` of another maker returned something else.
    """
    if not isinstance(token, BearerToken):
        msg = f"get_token() returned {_kind(token)}, expected a BearerToken."
        raise InvalidParam(msg)
    if token.TOKEN_TYPE.lower() == "dpop":
        raise UnsupportedDPoPToken(protocol)
    return token


def _given(auth: Any) -> BearerToken:
    """Return a token that was given as it is.

    Raises:
        ExpiredAccessToken: it has expired.
        NonRenewableTokenError: the handler has none.
    """
    token = auth if isinstance(auth, (str, BearerToken)) else auth.token
    if token is None:
        raise NonRenewableTokenError
    token = BearerToken(token) if isinstance(token, str) else token
    if token.is_expired():
        raise ExpiredAccessToken(token)
    return token
