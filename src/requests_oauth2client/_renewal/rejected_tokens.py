"""When an API rejects a token: another one is obtained, once, and the request sent again if that is safe.

    401 invalid_token      the token is replaced, and the request sent again if its body can be (RFC 6750 section 3.1)
    401 without a reason   the same, but what is not idempotent is not sent again: the API may mean something else
    401 with another one   it is not about the token: it stays as it is

A token that has replaced a rejected one is on trial: until an API has accepted it, it is not replaced in its turn for a
minute. And between two replacements that rejections cause is half a minute at least, also if they are by two processes:
an API that rejects all tokens, or every other request, must not use up refresh tokens. Written as flows (see
`_core/auth_flow`); knows no HTTP library.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .._core.auth_flow import Flow, copied, rewind, was_shown
from .._core.effects import Now, Steps, Subtask
from .._tokens.bearer import BearerToken
from ..challenges import INVALID_TOKEN, UNAUTHORIZED, api_error, refusal_of_token
from ..exceptions import LoginNeeded, NonRenewableTokenError
from .flight import BETWEEN_REFUSALS, is_within
from .handlers import TokenHandler, manager_of
from .manager import TokenManager, replaced_token
from .shared import ReplacedRecently

IDEMPOTENT = frozenset("GET HEAD OPTIONS TRACE PUT DELETE".split())  # RFC 9110 §9.2.2


def authenticated(handler: TokenHandler, token: BearerToken, request: Any) -> Flow:
    """Yield a request with a token, be sent its answer, and do what `answered` does."""
    response = yield from token.answering(token.authenticate(request, allow_insecure_http=True))
    if response is not None:
        yield from answered(handler, token, response)


def answered(handler: TokenHandler, token: BearerToken, response: Any) -> Flow:
    """Look at the answer to a request with a token; yield the request once more, with another, if that was rejected.

    Raises:
        ApiError: where the handler is to raise what an API demands.
        LoginNeeded: the AS refuses to renew the rejected token.
    """
    if response.status_code == UNAUTHORIZED and was_shown(token, response):
        token, response = yield from _sent_again(manager_of(handler), token, response)
    if handler.raise_for_challenge:
        yield from checked(token, response)


def checked(token: BearerToken, response: Any) -> Flow:
    """Raise what an API demands, if it was shown the token; a flow that sends nothing.

    Raises:
        ApiError: it demands something.
    """
    error = api_error(response) if was_shown(token, response) else None
    if error is not None:
        raise error
    yield from ()


def _sent_again(manager: TokenManager, token: BearerToken, response: Any) -> Flow:
    """Send a rejected request once more; return the token that was used last, and the last answer."""
    reason = refusal_of_token(response, token.AUTHORIZATION_SCHEME)
    if reason not in {INVALID_TOKEN, ""}:
        return token, response
    other = yield Subtask(_other_token(manager, token, is_certain=reason == INVALID_TOKEN))
    if other is None:
        return token, response
    again = copied(response.request)
    if not (reason or again.method in IDEMPOTENT) or not rewind(again):
        manager.tell("unrepeated", other)
        return token, response
    answer = yield from other.answering(other.authenticate(again, allow_insecure_http=True))
    if answer.status_code != UNAUTHORIZED:
        manager.state.on_trial = None
    return other, answer


def _other_token(manager: TokenManager, rejected: BearerToken, *, is_certain: bool) -> Steps[BearerToken | None]:
    """Return another token than the rejected one; None if there is none, or none that would help."""
    now = yield Now()
    state = manager.state
    if is_too_soon(manager, rejected, now) or not _may_be_replaced(manager, rejected):
        manager.tell("refused", rejected)
        return None
    is_held = manager.token == rejected
    try:
        other = yield from replaced_token(manager, rejected)
    except Exception as failure:  # it was reported
        if isinstance(failure, LoginNeeded) and not isinstance(failure, NonRenewableTokenError):
            raise
        if not is_certain or isinstance(failure, (NonRenewableTokenError, ReplacedRecently)):
            manager.unusable = state.rejected = None  # it may serve elsewhere, or it is the only one
        return None  # the API's own answer says enough
    state.on_trial = (other, now)
    if is_held:
        state.replaced_at = now
    return other if other.access_token != rejected.access_token else None


def is_too_soon(manager: TokenManager, rejected: BearerToken, now: datetime) -> bool:
    """Tell whether a token has been replaced just now because an API rejected it."""
    if rejected.is_expired():  # on the way, perhaps
        return False
    if manager.state.is_on_trial(rejected, now):
        return True
    is_shared = manager.store_entry is not None  # then the record says it, and whether there is another token
    return not is_shared and manager.token == rejected and is_within(manager.state.replaced_at, now, BETWEEN_REFUSALS)


def _may_be_replaced(manager: TokenManager, rejected: BearerToken) -> bool:
    """Tell whether asking for another token could help."""
    if manager.token != rejected or manager.source.is_repeatable or manager.store_entry is not None:
        return True
    base = manager.login.token
    return base is not None and base.refresh_token is not None and manager.source.client is not None
