"""What happens to tokens, told as it happens: to the log, and to whom a user names. No event holds a secret.

obtained   a token came, by a grant or a refresh token
adopted    another caller had renewed it: a thread, a task, or another process through the store
failed     no token came; `error` says why
refused    an API did not take the token
unrepeated it was replaced, but the request could not be sent again: the next one has the other token
unsaved    a new token could not be written to its store; this process goes on with it
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from .frozen import frozen

log = logging.getLogger("requests_oauth2client.tokens")

LEVELS = {  # others: INFO
    "failed": logging.WARNING,
    "refused": logging.WARNING,
    "unrepeated": logging.WARNING,
    "unsaved": logging.ERROR,
}


@frozen(kw_only=True)
class TokenEvent:
    """Something that happened to a token.

    Attributes:
        name: what: `obtained`, `adopted`, `failed`, `refused`, `unrepeated` or `unsaved`.
        client_id: the client, or None for a source without one.
        grant: how its tokens are got.
        subject: whose tokens, where the user of this package said it.
        expires_in: seconds that the token is good for now; None where that is unknown, or there is none.
        error: the class of the failure, or None.
    """

    name: str
    client_id: str | None
    grant: str
    subject: str | None = None
    expires_in: int | None = None
    error: str | None = None


OnEvent: TypeAlias = Callable[[TokenEvent], object]


def tell(event: TokenEvent, on_event: OnEvent | None) -> None:
    """Log an event, and give it to a hook; what the hook raises is logged and goes no further."""
    details = {name: value for name, value in vars(event).items() if value is not None}
    said = " ".join(f"{name}={value!r}" for name, value in details.items() if name != "name")
    log.log(LEVELS.get(event.name, logging.INFO), "token %s: %s", event.name, said, extra={"token_event": details})
    run_hook(on_event, event)


def run_hook(hook: Callable[[Any], object] | None, told: Any) -> None:
    """Call a user's hook, if there is one; what it raises is logged and goes no further."""
    if hook is None:
        return
    try:
        hook(told)
    except Exception:
        log.exception("a hook failed")
