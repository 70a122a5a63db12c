"""What an API's answer leads to: learning what it wants, a login, another token, a wider scope; then the request again.

    401, no token was sent       learn, log in, once more
    401, the token was rejected  its metadata again, if it says where: another server, another login; else another token
    403 insufficient_scope       a login with what the token had and what is missing; at most `max_logins` of them, and
                                 what was in vain is not asked for again

One caller reacts at a time; those who wait find what came. No lock is held while a request to the API is under way.
Written as flows (see `_core/auth_flow`); knows no HTTP library.
"""

from __future__ import annotations

from typing import Any

from .._core.auth_flow import Flow, copied, rewind, was_shown
from .._core.effects import Now, Steps, Subtask
from .._core.frozen import replace
from .._core.scope import scope_words
from .._renewal.flight import alone
from .._renewal.handlers import manager_of
from .._renewal.manager import TokenManager
from .._renewal.rejected_tokens import IDEMPOTENT, checked, is_too_soon
from .._renewal.shared import ReplacedRecently
from .._tokens.bearer import BearerToken
from ..challenges import FORBIDDEN, INVALID_TOKEN, TOKEN_SCHEMES, UNAUTHORIZED, challenges_of, refusal_of_token
from ..exceptions import LoginNeeded, OAuth2Error
from .access import learn, load, params_of
from .handler import ResourceHandler, access_of, valid_token

INSUFFICIENT_SCOPE = "insufficient_scope"
PAUSE = 60.0  # seconds without a step-up, after an API has asked for more scope after each login


def authenticated(handler: ResourceHandler, token: BearerToken | None, request: Any) -> Flow:
    """Yield a request, with a token if there is one, be sent its answer, and do what `answered` does."""
    generation = access_of(handler).generation
    if token is None:
        response = yield request
    else:
        response = yield from token.answering(token.authenticate(request, allow_insecure_http=True))
    if response is not None:
        yield from answered(handler, generation, token, response)


def answered(handler: ResourceHandler, generation: int, token: BearerToken | None, response: Any) -> Flow:
    """Look at an answer; yield the request again with another token, as often as that may help.

    Args:
        handler: the handler.
        generation: what was known when the request was sent.
        token: what it was sent with, or None.
        response: the answer.

    Raises:
        ApiError: where the handler is to raise what an API demands.
        LoginNeeded: no login is possible here.
        OAuth2Error: and everything else that learning and logging in raise.
    """
    access = access_of(handler)
    for _ in range(access.max_logins):
        if not _concerns(handler, token, response):
            break
        if not _may_repeat(token, response):
            break
        other = yield Subtask(alone(access.state, _reacted(handler, generation, token, response)))
        if other is None:
            break
        again = copied(response.request)
        if not rewind(again):
            manager_of(handler).tell("unrepeated", other)
            break
        generation, token = access.generation, other
        response = yield from other.answering(other.authenticate(again, allow_insecure_http=True))
        if response.status_code != UNAUTHORIZED:
            manager_of(handler).state.on_trial = None
    else:
        yield Subtask(_paused(handler, token, response))
    if handler.raise_for_challenge and token is not None:
        yield from checked(token, response)


def _concerns(handler: ResourceHandler, token: BearerToken | None, response: Any) -> bool:
    """Tell whether an answer is one of the API to this token, or to none, and may want another."""
    if token is None:
        return response.status_code == UNAUTHORIZED and access_of(handler).is_for(str(response.request.url))
    return response.status_code in {UNAUTHORIZED, FORBIDDEN} and was_shown(token, response)


def _may_repeat(token: BearerToken | None, response: Any) -> bool:
    """Tell whether the refused request may be sent again: for certain it was refused for its token."""
    if token is None or response.status_code == FORBIDDEN or response.request.method in IDEMPOTENT:
        return True
    return any(one.scheme in TOKEN_SCHEMES for one in challenges_of(response))


def _reacted(
    handler: ResourceHandler, generation: int, token: BearerToken | None, response: Any
) -> Steps[BearerToken | None]:
    if response.status_code == FORBIDDEN:
        return (yield from _stepped_up(handler, token, response))
    access = access_of(handler)
    if token is None:
        if access.generation == generation or access.known is None:
            yield from learn(access, response)
        return (yield from _fresh(handler))
    if refusal_of_token(response, token.AUTHORIZATION_SCHEME) not in {INVALID_TOKEN, ""}:
        return None
    if params_of(response).get("resource_metadata") and access.generation == generation:
        before = manager_of(handler).state.is_on_trial(token, (yield Now()))
        if not before and (yield from learn(access, response)):
            return (yield from _fresh(handler))
    return (yield from _replaced(handler, manager_of(handler), token))


def _fresh(handler: ResourceHandler) -> Steps[BearerToken]:
    """Return a token of the login that is known now; it is not replaced at once if it is rejected."""
    token = yield from valid_token(handler)
    manager_of(handler).state.on_trial = (token, (yield Now()))
    return token


def _replaced(handler: ResourceHandler, manager: TokenManager, rejected: BearerToken) -> Steps[BearerToken | None]:
    """Return another token than a rejected one; None if no other would help."""
    now = yield Now()
    if is_too_soon(manager, rejected, now):
        manager.tell("refused", rejected)
        return None
    is_held = manager.token == rejected
    if is_held:
        manager.unusable = manager.state.rejected = rejected
        manager.tell("refused", rejected)
    try:
        other = yield from valid_token(handler)
    except ReplacedRecently:
        manager.unusable = manager.state.rejected = None
        return None
    except OAuth2Error as failure:
        if failure.is_transient and not isinstance(failure, LoginNeeded):
            return None  # the API's own answer says enough, and the next request tries again
        raise
    state = manager_of(handler).state
    state.on_trial = (other, now)
    if is_held:
        state.replaced_at = now
    return other if other.access_token != rejected.access_token else None


def _stepped_up(handler: ResourceHandler, token: BearerToken | None, response: Any) -> Steps[BearerToken | None]:
    """Return a token with the scope that is missing; None if that is unknown, or was in vain before."""
    demanded = _demanded(response)
    access = access_of(handler)
    now = (yield Now()).timestamp()
    if not demanded or token is None or now < access.paused_until:
        return None
    yield from load(access, again=True)
    known = access.known
    if known is None:
        return None
    asked = known.scope or ()
    if set(demanded) <= set(asked):
        current = yield from valid_token(handler)
        if current.access_token != token.access_token:
            return current  # another caller has logged in meanwhile
        if not known.is_vain(demanded):
            yield from access.hold(replace(known, vain=known.with_vain(demanded)))
        return None
    if known.is_vain(demanded):
        return None
    return (yield from valid_token(handler, _union(asked, token, demanded)))


def _demanded(response: Any) -> tuple[str, ...]:
    for challenge in challenges_of(response):
        if challenge.scheme in TOKEN_SCHEMES and challenge.params.get("error") == INSUFFICIENT_SCOPE:
            try:
                return tuple(scope_words(challenge.params.get("scope", "")))
            except OAuth2Error:  # what can't be asked for
                return ()
    return ()


def _union(asked: tuple[str, ...], token: BearerToken, demanded: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the login asked for, or was granted where it asked for nothing, and what is missing."""
    had = asked or tuple((token.scope or "").split())
    return tuple(dict.fromkeys((*had, *demanded)))


def _paused(handler: ResourceHandler, token: BearerToken | None, response: Any) -> Steps[None]:
    """Note that an API asks for more after each login."""
    if response.status_code != FORBIDDEN or token is None:
        return
    access, demanded = access_of(handler), _demanded(response)
    if demanded and access.known is not None:
        access.paused_until = (yield Now()).timestamp() + PAUSE
        yield from access.hold(replace(access.known, vain=access.known.with_vain(demanded)))
