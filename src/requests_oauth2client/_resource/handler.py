"""The handler of tokens for an API of which only the URL is known, and what it can be asked to do.

    valid_token(handler)     ──► a token, with the login that is known; nothing is known: learn, register, log in
    wider scope, other server ─► another source and another manager; the one before stays until a token has come

Each scope at each server has a manager of its own, and an entry of its own in the store: so one process logs in, and
the others find what came. Which of them counts is in what is known of the API. Knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from .._core.effects import Steps, inner
from .._core.frozen import replace
from .._login import ways
from .._login.errors import LoginImpossible
from .._login.source import OFFLINE_ACCESS, check_spelling
from .._protocol.authorization import authorization_endpoint
from .._protocol.client import Client as AnyClient
from .._protocol.grants import token_endpoint
from .._protocol.metadata.protected_resource import AcceptUrl, StatedAddresses
from .._protocol.settings import check_settings
from .._renewal import logout, manager
from .._renewal.flight import alone
from .._renewal.handlers import OPTIONS, TokenHandler, manager_of
from .._renewal.manager import TokenManager
from .._renewal.sources import TokenSource, client_for_runner
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidClient, InvalidParam, LoginNeeded, OAuth2Error
from .access import FROM_METADATA, Access, Resource, learn, load, validated
from .clients import Clients
from .knowledge import words_of
from .login import Moved, ResourceLogin, advise, source_for

if TYPE_CHECKING:
    from ..client_metadata import ClientMetadata
    from ..stores.base import TokenStore

MAX_MOVES = 3  # registrations and servers that may change under one request
OF_MANAGERS = ("leeway", "background", "on_event", "on_token")


class _Nothing(TokenSource):
    """Stands where nothing is known of the API yet."""


class ResourceHandler(TokenHandler):
    """Keeps a valid token for an API of which only the URL is known (RFC 9728).

    The API says which authorization server it trusts, that server says the rest; the client registers itself there, or
    servers read its metadata. The token goes to the API's origin only; requests to others are sent as they are.

    Args:
        url: of the API, for instance that of an MCP server.
        client: who asks: a `ClientMetadata`, which fits any server; or credentials, as for `OAuth2Client`, or an
            `OAuth2Client`, for one server. Credentials stay with the server that they were first used at: name it with
            `issuer`.
        login: how users log in, as for `OAuth2LoginAuth`. False: no login is possible here, so that
            `LoginNeeded` is raised, with the authorization request.
        grant: a source that gets the tokens instead, called as `grant(client, scope=..., resource=...)`, such as
            `ClientCredentialsSource`.
        issuer: which authorization server, if the API names several, or none.
        scope: what to ask for; by default what the API's challenge asks for, else what its metadata list.
        resource: the resource indicator to send (RFC 8707); None sends none, for servers that refuse it.
        aliases: other URLs of the same API.
        store: where logins, registrations, and what is known of the API are kept beyond this process.
        subject: whose login it is, as you like to call them; needed with a store.
        dpop: bind tokens to a key; by default if the API demands it.
        require_pkce: refuse servers that do not say that they check PKCE with S256. Without it, one that ignores PKCE
            lets others redeem the user's code.
        max_logins: how often one request may lead to a login, where the API asks for more and more scope.
        accept_url: called with each address that the API or its servers state, before it is used; it may resolve the
            host. It returns False to refuse it, True to take it although it is in a private network, else None.
        settings: further settings of `OAuth2Client`, such as `timeout` or `session`.
        **request: options of every handler (`leeway`, `on_token`, ...), and further parameters of the authorization
            request.

    Raises:
        InvalidUri: a URL is not acceptable.
        InvalidParam: `login` can't log in, the client is of the other kind, or a store needs a subject.
        UnsupportedClientCredentials: `client` is nothing that makes a client.
    """

    _client_class: ClassVar[Any] = None  # OAuth2Client or AsyncOAuth2Client

    def __init__(
        self,
        url: str,
        *,
        client: ClientMetadata | Any,
        login: ways.LoginWay | ways.LoginFunction | bool | None = None,
        grant: Callable[..., TokenSource] | None = None,
        issuer: str | None = None,
        scope: str | Iterable[str] | None = None,
        resource: Resource = FROM_METADATA,
        aliases: Iterable[str] = (),
        store: TokenStore | None = None,
        subject: str | None = None,
        dpop: bool | None = None,
        require_pkce: bool = True,
        max_logins: int = 3,
        accept_url: AcceptUrl | None = None,
        settings: Mapping[str, Any] | None = None,
        **request: Any,
    ) -> None:
        options: Any = {name: request.pop(name) for name in tuple(request) if name in OPTIONS}
        check_spelling(request, ResourceHandler.__init__, where=type(self).__name__)
        further = dict(settings or {})
        check_settings(self._client_class, further)
        if isinstance(client, AnyClient):
            client_for_runner(client, self._runner_class, self)
        if store is not None and subject is None and grant is None:
            msg = f"In a store, the tokens of {type(self).__name__} need a subject=: whose they are, as you call them."
            raise InvalidParam(msg)
        if max_logins < 1:
            msg = f"max_logins={max_logins!r} allows no login. Pass login=False if no login is possible here."
            raise InvalidParam(msg)
        testing = bool(further.get("testing", getattr(client, "testing", False)))
        https = not (testing or options.get("allow_insecure_http"))
        self.url, others = validated(url, aliases, https=https)
        self._login, self._request, self._store = login, request, store
        self._managers: dict[Any, TokenManager] = {}
        self._access = Access(
            self.url,
            aliases=others,
            issuer=issuer,
            scope=scope,
            resource=resource,
            require_pkce=require_pkce,
            max_logins=max_logins,
            dpop=dpop,
            subject=subject,
            clients=Clients(
                client,
                self._client_class,
                settings=further,
                store=store,
                way=way_of(login) if grant is None else None,
                grant=grant,
                addresses=StatedAddresses(self.url, accept_url=accept_url, testing=testing),
            ),
        )
        super().__init__(_Nothing(), subject=subject, **options)

    def for_resource(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: this handler finds out which resource its tokens are for.

        Raises:
            InvalidParam: always.
        """
        msg = f"A {type(self).__name__} belongs to its URL. Make another one for another API, with the same store."
        raise InvalidParam(msg)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url} token={self.token!r}>"


def way_of(login: Any) -> Any:
    """Return the way to log in; None where no login is possible.

    Raises:
        InvalidParam: this can't log in.
    """
    if login is False:
        return None
    return ways.as_way(login) if login else ways.Login()


def access_of(handler: ResourceHandler) -> Access:
    """Return what a handler knows of its API."""
    return handler._access  # noqa: SLF001  its other half


def selected(handler: ResourceHandler, scope: tuple[str, ...]) -> Steps[TokenManager]:
    """Return the manager of the tokens with some scope, at the server that is known."""
    access, known = access_of(handler), handler._access.known  # noqa: SLF001
    assert known is not None  # noqa: S101  it was learned
    client = yield from access.clients.client_for(known)
    key = known.issuer, client.client_id, frozenset(scope), known.needs_dpop, access.indicator(known)
    made = handler._managers.get(key)  # noqa: SLF001
    if made is None:
        source = source_for(access, known, client, scope, handler._login, handler._request)  # noqa: SLF001
        now = manager_of(handler)
        options = {name: getattr(now, name) for name in OF_MANAGERS}
        made = handler._managed(source, store=handler._store, subject=now.subject, **options)  # noqa: SLF001
        made = handler._managers.setdefault(key, made)  # noqa: SLF001  of two threads, both get the same
    return made


def valid_token(
    handler: ResourceHandler, /, scope: tuple[str, ...] | None = None, *, min_validity: float | None = None
) -> Steps[BearerToken]:
    """Return a valid token; log in where that is needed, with a wider scope if one is given.

    Raises:
        LoginNeeded: no login is possible here.
        LoginFailed: the login did not succeed.
        MissingPkce: the server does not say that it checks PKCE.
        TokenEndpointError: and everything else that a token request raises.
    """
    access = access_of(handler)
    for attempt in range(MAX_MOVES):
        known = access.known
        assert known is not None  # noqa: S101  it was learned
        wanted = scope or (known.scope if known.is_logged_in else None)
        if wanted is None:
            wanted = access.scope_for(known)
        chosen = yield from selected(handler, wanted)
        try:
            token = yield from _token_of(chosen, min_validity)
        except Moved:
            yield from load(access, again=True)
            if scope is not None and access.known is not None:
                scope = tuple(dict.fromkeys((*(access.known.scope or ()), *scope)))
            continue
        except InvalidClient:
            if attempt or not (yield from access.clients.forget(known.issuer)):
                raise
            continue
        except (LoginNeeded, LoginImpossible) as needed:
            raise (yield from _prepared(chosen, needed)) from needed
        except OAuth2Error as failure:
            advise(failure, access)
            raise
        handler._manager = chosen  # noqa: SLF001
        if not known.is_logged_in or known.scope != wanted:
            yield from access.hold(replace(access.known or known, is_logged_in=True, scope=wanted))
        return token
    msg = f"What is known of {access.url} keeps changing. Try again."
    raise OAuth2Error(description=msg)


def _token_of(chosen: TokenManager, min_validity: float | None) -> Steps[BearerToken]:
    if min_validity is not None:
        return (yield from manager.token_valid_for(chosen, min_validity))
    return chosen.usable_token() or (yield from manager.valid_token(chosen))


def _prepared(chosen: TokenManager, needed: Exception) -> Steps[Exception]:
    """Return an error that has the authorization request, if no login is possible here."""
    source = chosen.source
    is_possible = isinstance(needed, LoginNeeded) and source.is_repeatable
    if not isinstance(source, ResourceLogin) or is_possible:
        return needed
    return (yield from source.prepared())


def token_if_known(handler: ResourceHandler) -> Steps[BearerToken | None]:
    """Return a valid token, or None before the first login: then the API is asked what it wants."""
    access = access_of(handler)
    yield from load(access)
    if access.known is None or not access.known.is_logged_in:
        return manager_of(handler).usable_token()
    return (yield from valid_token(handler))


def _ensure(handler: ResourceHandler) -> Steps[None]:
    access = access_of(handler)
    yield from load(access)
    if access.known is None:
        yield from alone(access.state, _learned(access))


def _learned(access: Access) -> Steps[None]:
    if access.known is None:
        yield from learn(access)


# --- what users call; the handler of what other handlers can be asked too is not named, since theirs is another ----


def log_in(handler: ResourceHandler, /) -> Steps[BearerToken]:
    """Log in now, before the first call; where a user is logged in already, nothing happens.

    Returns:
        A valid token.

    Raises:
        LoginNeeded: no login is possible here: it has the authorization request.
        LoginFailed: the login did not succeed.
        InvalidResourceMetadata: the API does not say which server it trusts; likewise `MismatchingResource`,
            `UntrustedIssuer` and `MissingPkce`.
        TokenEndpointError: and everything else that a token request raises.
    """
    yield from _ensure(handler)
    return (yield from valid_token(handler))


def get_token(handler: Any, /, min_validity: float | None = None) -> Steps[BearerToken]:
    """Return a valid token, got or renewed as for a request; for everything that is not HTTP.

    Args:
        min_validity: seconds for which the token has to be valid, by default the handler's leeway. Where the server
            issues none that lasts so long, a new one is returned.

    Raises:
        LoginNeeded: and everything else that `log_in` raises.
    """
    yield from _ensure(handler)
    return (yield from valid_token(handler, min_validity=min_validity))


def finish_login(handler: ResourceHandler, /, request: Any, callback: ways.Callback) -> Steps[BearerToken]:
    """Finish a login that began elsewhere: exchange its code, and keep what comes.

    Args:
        request: the `authorization_request` of the `LoginNeeded`.
        callback: the URL that the user came back to, or its parameters.

    Returns:
        The token.

    Raises:
        InvalidParam: it is unknown which login this is: it was begun by a handler with another store.
        InvalidAuthResponse: the callback does not answer the request.
        AuthorizationResponseError: the server said no.
        TokenEndpointError: and everything else that a token request raises.

    Source: RFC 6749 section 4.1.
    """
    access = access_of(handler)
    yield from load(access, again=True)
    known = access.known
    if known is None or access.grant is not None:
        msg = f"Nothing is known of a login at {access.url}: finish it with the store that it was begun with."
        raise InvalidParam(msg)
    client = yield from access.clients.client_for(known)
    asked = words_of(getattr(request, "scope", None)) or ()
    own = access.scope_for(known)
    scope = tuple(word for word in asked if word != OFFLINE_ACCESS or word in own)
    indicator = access.indicator(known)
    fields: dict[str, Any] = {} if indicator is None else {"resource": indicator}
    try:
        answer = yield from inner(client, authorization_endpoint.authorization_response, request, callback)
        token: BearerToken = yield from inner(client, token_endpoint.authorization_code, answer, **fields)
    except OAuth2Error as failure:
        advise(failure, access)
        raise
    chosen = yield from selected(handler, scope)
    yield from manager.save_token(chosen, token)
    handler._manager = chosen  # noqa: SLF001
    yield from access.hold(replace(known, is_logged_in=True, scope=scope))
    return token


def renew_token(handler: Any, /) -> Steps[None]:
    """Get another token now, whether or not the held one is still valid.

    Raises:
        LoginNeeded: and everything else that `log_in` raises.
    """
    yield from _ensure(handler)
    token = yield from valid_token(handler)
    if manager_of(handler).token == token:
        yield from manager.renew_token(manager_of(handler))


def save_token(handler: Any, /, token: BearerToken | str) -> Steps[None]:
    """Hold a token, and write it to the store now, in place of the stored one: a new login.

    Args:
        token: the token; a string is an access token that can't be renewed.

    Raises:
        TokenStoreError: the store can't be used.
        InvalidResourceMetadata: and everything else that is raised where the API does not say which server it trusts.
    """
    yield from _ensure(handler)
    access, known = access_of(handler), handler._access.known  # noqa: SLF001
    assert known is not None  # noqa: S101  it was learned
    scope = access.scope_for(known)
    chosen = yield from selected(handler, scope)
    yield from manager.save_token(chosen, token)
    handler._manager = chosen  # noqa: SLF001
    yield from access.hold(replace(known, is_logged_in=True, scope=scope, vain=()))


def log_out(handler: Any, /, revoke: bool = True) -> Steps[bool]:
    """End the login: forget the token, empty its entry in the store now, and revoke it at the server.

    Args:
        revoke: revoke the refresh token and the access token, where the server has an endpoint for that.

    Returns:
        False if the server could not be told; the login has ended here nevertheless.

    Raises:
        TokenStoreError: the store can't be used: what it has of the login is still there.

    Source: RFC 7009 section 2.
    """
    access = access_of(handler)
    yield from load(access, again=True)
    known = access.known
    if known is None or not known.is_logged_in:
        manager_of(handler).token = None
        return True
    chosen = yield from selected(handler, known.scope or ())
    is_told = yield from logout.log_out(chosen, revoke=revoke)
    handler._manager = chosen  # noqa: SLF001
    yield from access.hold(replace(known, is_logged_in=False, scope=None, vain=()))
    return is_told


__all__ = ["FROM_METADATA", "ResourceHandler"]
