"""Many APIs: a manager for each, of one login where a user granted it, else of a source each.

    handler ── manager ─────────────┬── refresh token ── entry ── lock
       │                            │
       └─ for_resource("https://…") ┴── an access token more, in the same record

A login has one refresh token, which each renewal may replace. Two handlers that each kept it would log the user out: so
the manager of its own token keeps it for all, here, and one record has it in the store. Knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam
from .manager import TokenManager
from .records import access_key
from .refreshing import ASKED_FOR, NarrowedSource
from .sources import TokenSource

HOW_IT_IS_KEPT = frozenset("background leeway on_event on_token".split())  # options of a manager
OF_THE_LOGIN = frozenset("store subject token dpop dpop_key redirect_uri code_verifier".split())


class AccessManager(TokenManager):
    """Keeps an access token for one API of a login.

    Args:
        login: the manager of the login.
        source: what it is asked for with.
        **options: how it is kept.
    """

    def __init__(self, login: TokenManager, source: NarrowedSource, **options: Any) -> None:
        super().__init__(source, store=None, subject=login.subject, **options)
        self._login = login
        self.key = access_key(source.token_kwargs)
        self.store_entry = login.store_entry
        self.state = login.state.login.state_for(self.key)
        self._era = self.state.login.era

    @property
    def login(self) -> TokenManager:
        """The manager of the login."""
        return self._login

    @property
    def token(self) -> BearerToken | None:
        """The token held now, or None; one of a login that has ended is not held any more."""
        return self._token if self._era == self.state.login.era else None

    @token.setter
    def token(self, token: BearerToken | None) -> None:
        self._token = token

    def hold(self, token: BearerToken, lifetime: int | None) -> None:
        """Set the current token."""
        super().hold(token, lifetime)
        self._era = self.state.login.era

    def replace_by(self, token: BearerToken | str | None) -> None:
        """Replace the login."""
        self.login.replace_by(token)

    def forget(self) -> None:
        """Drop the access token; the login stays."""
        self.unusable = self.token or self.unusable
        self._token = None


def manager_for(
    manager: TokenManager, asked: Mapping[str, Any], options: Mapping[str, Any], make: Callable[..., TokenManager]
) -> TokenManager:
    """Return a manager of tokens for another API.

    Args:
        manager: that of the tokens so far.
        asked: the form fields that say what for.
        options: how the tokens are kept, if otherwise.
        make: makes a manager of a source.

    Raises:
        InvalidParam: the source can't ask for another API, or an option belongs to the login.
    """
    given = {name: value for name, value in options.items() if name in HOW_IT_IS_KEPT}
    known = {"leeway": manager.leeway, "background": manager.background, "on_event": manager.on_event, "on_token": None}
    login = manager.login
    if not login.source.is_a_users:
        return make(
            manager.source.for_api(asked),
            **{**known, **given},
            store=None if manager.store_entry is None else manager.store_entry.store,
            subject=manager.subject,
        )
    if not given and asked.keys() <= ASKED_FOR and is_own(login.source, asked):
        return login
    return AccessManager(login, NarrowedSource(login.source, asked), **{**known, **given})


def is_own(source: TokenSource, asked: Mapping[str, Any]) -> bool:
    """Tell whether a login's own access token is what is asked for."""
    own = {name: value for name, value in source.token_kwargs.items() if name in ASKED_FOR}
    scope = {"scope": own["scope"]} if own.get("scope") is not None and "scope" not in asked else {}
    return access_key(own) == access_key({**scope, **asked})


def fields_for(
    manager: TokenManager, asked: Mapping[str, Any], given: Mapping[str, Any], further: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the form fields that say which API, and what of it; without one, it is the API so far.

    Args:
        manager: of the tokens so far.
        asked: `resource`, `scope` and `audience`, or None for each.
        given: options that were given, by name.
        further: further form fields.

    Raises:
        InvalidParam: something belongs to the login.
    """
    if wrong := sorted(OF_THE_LOGIN & {*given, *further}):
        msg = (
            f"for_resource() takes no {', '.join(wrong)}: the handler that it returns is one of the same login, with"
            " its store, subject and keys. Make a handler of its own for another login."
        )
        raise InvalidParam(msg)
    fields = {name: value for name, value in {**asked, **further}.items() if value is not None}
    if not fields.keys() & {"resource", "audience"}:
        so_far = manager.source.token_kwargs
        fields |= {name: so_far[name] for name in ("resource", "audience") if so_far.get(name) is not None}
    return fields
