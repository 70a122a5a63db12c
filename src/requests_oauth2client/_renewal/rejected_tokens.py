"""When an API refuses a token: another one is got, once, and the request sent again if that is safe.

    401 invalid_token      the token is replaced, and the request sent again if its body can be (RFC 6750 section 3.1)
    401 without a reason   the same, but what is not idempotent is not sent again: the API may mean something else
    401 with another one   it is not about the token: it stays as it is

A token that has replaced a refused one is on trial: until an API has taken it, it is not replaced in its turn for a
minute, so that an API that refuses everybody does not make this client ask for tokens without end. Written as flows
(see `_core/auth_flow`); knows no HTTP library.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .._core.auth_flow import Flow, copied, rewind, was_shown
from .._core.effects import Now, Steps, Subtask
from .._tokens.bearer import BearerToken
from ..challenges import INVALID_TOKEN, UNAUTHORIZED, api_error, refusal_of_token
from ..exceptions import NonRenewableTokenError
from .manager import TokenManager, replaced_token

TRIAL = timedelta(seconds=60)
IDEMPOTENT = frozenset("GET HEAD OPTIONS TRACE PUT DELETE".split())  # RFC 9110 §9.2.2


def authenticated(manager: TokenManager, token: BearerToken, request: Any) -> Flow:
    """Yield a request with a token, be sent its answer, and do what `answered` does."""
    response = yield from token.answering(token.authenticate(request, allow_insecure_http=True))
    if response is not None:
        yield from answered(manager, token, response)


def answered(manager: TokenManager, token: BearerToken, response: Any) -> Flow:
    """Look at the answer to a request with a token; yield the request once more, with another, if that was refused.

    Raises:
        ApiError: where the handler is to raise what an API demands.
    """
    if response.status_code == UNAUTHORIZED and was_shown(token, response):
        token, response = yield from _sent_again(manager, token, response)
    if manager.raise_for_challenge:
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
    """Send a refused request once more; return the token that was used last, and the last answer."""
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
        manager.on_trial = None
    return other, answer


def _other_token(manager: TokenManager, refused: BearerToken, *, is_certain: bool) -> Steps[BearerToken | None]:
    """Give another token than the refused one; None if there is none to be had, or none that would help."""
    now = yield Now()
    trial = manager.on_trial
    is_on_trial = trial is not None and trial[0] == refused and timedelta(0) <= now - trial[1] < TRIAL
    is_on_trial = is_on_trial and not refused.is_expired()  # on the way, perhaps
    if is_on_trial or not _may_be_replaced(manager, refused):
        manager.tell("refused", refused)
        return None
    try:
        other = yield from replaced_token(manager, refused)
    except Exception as failure:  # noqa: BLE001  it was told, and the API's own answer says enough
        if not is_certain or isinstance(failure, NonRenewableTokenError):
            manager.refused = None  # it may serve elsewhere, or it is the only one
        return None
    manager.on_trial = (other, now)
    return other if other.access_token != refused.access_token else None


def _may_be_replaced(manager: TokenManager, refused: BearerToken) -> bool:
    """Tell whether there may be another token: nobody has to hear that there is none, but who is refused."""
    if manager.token != refused or manager.source.is_repeatable or manager.store_entry is not None:
        return True
    return refused.refresh_token is not None and manager.client is not None
