"""Ending a login: its entry in the store is emptied under the lock, then its tokens are revoked (RFC 7009).

A renewal under way in this process is waited for; one in another process either ends before this one has the lock of
the entry, or finds that its fencing number is outdated when it wants to write. Knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Callable

from .._core.effects import Steps, inner
from .._protocol.tokens import revocation
from .._tokens.bearer import BearerToken
from ..exceptions import MissingEndpointUri, OAuth2Error, UnsupportedTokenType
from .flight import alone
from .manager import TokenManager
from .records import Record


def log_out(manager: TokenManager, /, *, revoke: bool) -> Steps[bool]:
    """Forget the tokens of a login, empty its entry, and revoke them; return False if the server could not be told."""
    manager = manager.login
    tokens = (yield from alone(manager.state, ended(manager))) or []
    if not revoke or manager.source.client is None:
        return True
    return (yield from _revoked(manager, tokens))


def ended(manager: TokenManager) -> Steps[list[BearerToken]]:
    """End a login here and in the store; return the tokens that are left of it, the stored one first."""
    held, login = manager.token, manager.state.login
    if manager.store_entry is None:
        record = Record(token=held, others=login.others)
    else:
        record = yield from manager.store_entry.emptied()
    manager.source.end()
    manager.token = None
    login.begin_anew()
    manager.state.flight.succeeded()  # earlier failures no longer matter
    others = (one.token for one in record.others.values() if not one.token.is_expired())
    return [token for token in (record.token, held, *others) if token is not None]


def _revoked(manager: TokenManager, tokens: list[BearerToken]) -> Steps[bool]:
    client = manager.source.client
    try:
        yield from client.find_endpoint("revocation_endpoint")
        client.endpoint("revocation_endpoint")
    except MissingEndpointUri:
        return True
    except OAuth2Error:  # it is not known whether there is one
        return False
    is_told = True
    options = {"requests_kwargs": manager.source.token_kwargs.get("requests_kwargs")}
    done: set[str] = set()
    operations: dict[str, Callable[..., Steps[bool]]] = {
        "refresh_token": revocation.revoke_refresh_token,
        "access_token": revocation.revoke_access_token,
    }
    for name, operation in operations.items():
        for token in tokens:
            value = getattr(token, name)
            if value is None or value in done or (name == "refresh_token" and done):
                continue  # an older refresh token was replaced by the stored one
            done.add(value)
            try:
                is_told = (yield from inner(client, operation, token, **options)) and is_told
            except UnsupportedTokenType:  # an access token that only expiry ends (RFC 7009 section 2.2.1)
                is_told = is_told and name == "access_token"
            except OAuth2Error:
                is_told = False
    return is_told
