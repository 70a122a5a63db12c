"""Auth handlers as users see them: their options, said once, and what they can be asked to do.

A handler is a `TokenManager` behind a small surface. Each grant adds its own parameters and says which source it is;
`auth` and `aio/auth` add how a token gets into a request, and how operations are run. Knows no HTTP library.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypedDict, TypeVar, Unpack, overload

from .._core.effects import Steps
from .._core.events import OnEvent
from .._core.options import close_to, further_fields
from .._core.values import Discreet
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam
from . import logout, manager, resources, sources
from .manager import TokenManager

if TYPE_CHECKING:
    import inspect

    from ..dpop import DPoPKey
    from ..stores.base import TokenStore

T = TypeVar("T")
CO_COROUTINE = 0x80  # of `inspect`, which not every program loads: the flag of an async function
OnToken = Callable[[BearerToken], object]


class HandlerOptions(TypedDict, total=False):
    """What every handler takes besides its own parameters: options, then further form fields of token requests.

    `TokenHandler` documents the options. A form field that is not here goes into `extra`.
    """

    store: TokenStore | None
    subject: str | None
    background: bool
    on_event: OnEvent | None
    on_token: OnToken | None
    raise_for_challenge: bool
    allow_insecure_http: bool

    scope: str | Iterable[str] | None
    resource: str | Iterable[str] | None
    audience: str | Iterable[str] | None
    authorization_details: Any
    redirect_uri: str | None
    code_verifier: str | None
    validate: bool
    dpop: bool | None
    dpop_key: DPoPKey | None
    requests_kwargs: Mapping[str, Any] | None
    extra: Mapping[str, Any]


class ResourceOptions(TypedDict, total=False):
    """What `for_resource` takes besides the API: how the tokens for it are kept, then further form fields."""

    leeway: float
    background: bool
    on_event: OnEvent | None
    on_token: OnToken | None
    raise_for_challenge: bool
    allow_insecure_http: bool

    authorization_details: Any
    requests_kwargs: Mapping[str, Any] | None
    extra: Mapping[str, Any]


class _OfManager(Generic[T]):
    """An attribute that a handler reads from its manager, and sets there."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, handler: None, owner: type) -> _OfManager[T]: ...
    @overload
    def __get__(self, handler: TokenHandler, owner: type) -> T: ...
    def __get__(self, handler: TokenHandler | None, owner: type) -> _OfManager[T] | T:
        if handler is None:
            return self
        value: T = getattr(self.home(handler), self.name)
        return value

    def __set__(self, handler: TokenHandler, value: T) -> None:
        setattr(self.home(handler), self.name, value)

    def home(self, handler: TokenHandler) -> object:
        """Return what has the attribute."""
        return manager_of(handler)


class SourceAttribute(_OfManager[T]):
    """An attribute that a handler reads from its source, and sets there."""

    def home(self, handler: TokenHandler) -> object:
        """Return what has the attribute: the source that logs in, also for another API."""
        return manager_of(handler).login.source


class _FullSignature:
    """The signature of a handler with its options named, which type checkers know from `HandlerOptions`."""

    def __get__(self, handler: TokenHandler | None, owner: type[TokenHandler]) -> inspect.Signature:
        import inspect  # noqa: PLC0415  not for every program

        if handler is not None:
            raise AttributeError  # so that a handler has that of its call
        own = inspect.signature(owner.__init__)
        shown = list(own.parameters.values())[1:]
        if shown and "HandlerOptions" in str(shown[-1].annotation):
            further = shown.pop().replace(name="token_kwargs", annotation="Any")
            options = list(inspect.signature(TokenHandler.__init__).parameters.values())[2:]
            shown += [option for option in options if option.name not in own.parameters] + [further]
        return own.replace(parameters=shown)


class TokenHandler(Discreet):
    """Keeps a valid token of a source, and puts it into requests.

    Args:
        source: where tokens come from.
        token: a token to begin with; a string is an access token that can't be renewed.
        leeway: seconds before expiry at which a token is renewed already; at most a quarter of its lifetime.
        store: where tokens are kept beyond this process, so that others share them and renew each only once.
        subject: whose tokens they are, as you like to call them: needed in a store where a user granted them.
        background: renew in the background while the old token is still valid, and not in the request that finds it so.
        on_event: called with a `TokenEvent` when something happens to the token.
        on_token: called with each new `BearerToken`, for programs that keep tokens themselves; a plain function, also
            for async clients.
        raise_for_challenge: raise an `ApiError` where an API demands more than the token gives, such as scope.
        allow_insecure_http: send the token over plain http to other machines too. Anyone on the network path can read
            it.
        **token_kwargs: further fields of the token requests, such as `scope`, `resource` or `audience`.

    Raises:
        InvalidParam: the source has a client of the other kind, or a store needs a subject.
    """

    _runner_class: ClassVar[Any] = object  # SyncRunner or AsyncRunner
    if not TYPE_CHECKING:
        __signature__ = _FullSignature()

    def __init__(
        self,
        source: sources.TokenSource,
        *,
        token: BearerToken | str | None = None,
        leeway: float = 20,
        store: TokenStore | None = None,
        subject: str | None = None,
        background: bool = False,
        on_event: OnEvent | None = None,
        on_token: OnToken | None = None,
        raise_for_challenge: bool = False,
        allow_insecure_http: bool = False,
    ) -> None:
        if not hasattr(source, "client"):
            msg = f"{type(self).__name__} takes a token source, got a {type(source).__name__}."
            msg += " CallableSource(function) makes one of a function."
            raise InvalidParam(msg)
        if source.client is not None:
            sources.client_for_runner(source.client, self._runner_class, self)
        _require_plain(on_token)
        self._manager = self._managed(
            source,
            leeway=leeway,
            store=store,
            subject=subject,
            background=background,
            on_event=on_event,
            on_token=on_token,
        )
        self.raise_for_challenge = raise_for_challenge
        self.allow_insecure_http = allow_insecure_http
        self._manager.begin_with(token)

    def _managed(self, source: sources.TokenSource, **options: Any) -> TokenManager:
        """Make the manager of its tokens."""
        return TokenManager(source, **options)

    source = _OfManager[sources.TokenSource]("Where tokens come from.")
    leeway = _OfManager[float]("Seconds before expiry at which a token is renewed already.")
    subject = _OfManager["str | None"]("Whose tokens they are, in the store.")
    background = _OfManager[bool]("Whether tokens are renewed in the background.")
    on_event = _OfManager["OnEvent | None"]("Called with a `TokenEvent` when something happens to the token.")
    on_token = _OfManager["OnToken | None"]("Called with each new token.")

    @property
    def token(self) -> BearerToken | None:
        """The token held now, or None.

        One that is set here also replaces the stored one, at the next request; `save_token` and `log_out` do it now.
        """
        return self._manager.token

    @token.setter
    def token(self, token: BearerToken | str | None) -> None:
        self._manager.replace_by(token)

    @property
    def client(self) -> Any:
        """The client that gets the tokens, or None."""
        return self._manager.source.client

    @client.setter
    def client(self, client: Any) -> None:
        self._manager.login.source.client = sources.client_for_runner(client, self._runner_class, self)

    @property
    def token_kwargs(self) -> dict[str, Any]:
        """The further form fields of its token requests."""
        return self._manager.source.token_kwargs

    def forget_token(self) -> None:
        """Drop the access token; the next request gets another one, with the refresh token if one is stored."""
        self._manager.forget()

    def for_resource(
        self,
        resource: str | Iterable[str] | None = None,
        *,
        scope: str | Iterable[str] | None = None,
        audience: str | Iterable[str] | None = None,
        **options: Unpack[ResourceOptions],
    ) -> Self:
        """Return another handler of the same login, whose access tokens are for another API, or of a narrower scope.

        A login has one refresh token, and any number of access tokens: they are obtained with it, one at a time, and
        are kept in the same entry of the store. Any handler renews, stores or ends the login for all. A grant without
        a user, such as client credentials, is asked again instead, and has an entry for each API.

        Args:
            resource: the API, or several. Without it and `audience`, the API is that of this handler.
            scope: the scope of its tokens, by default all that was granted, where a login has a refresh token.
            audience: the API, for servers that take its name in this parameter.
            **options: options of every handler, by default those of this one; an `on_token` hears only of the access
                tokens of its own handler, and the login's also of each new refresh token. Further form fields.

        Raises:
            InvalidParam: the source can't ask for another API, or an option belongs to the login, such as `store`.

        Source: RFC 8707 section 2.2 and RFC 6749 section 6.
        """
        ours, further = split_options(self, options)
        asked = {"resource": resource, "scope": scope, "audience": audience}
        fields = resources.fields_for(self._manager, asked, ours, further)
        handler = self._copied(fields)
        for name in {"raise_for_challenge", "allow_insecure_http"} & {*ours}:
            setattr(handler, name, ours[name])
        _require_plain(ours.get("on_token"))
        handler._manager = resources.manager_for(self._manager, fields, ours, handler._managed)  # noqa: SLF001
        return handler

    def _copied(self, fields: Mapping[str, Any]) -> Self:  # noqa: ARG002  a subclass keeps tokens by what they are for
        """Return a copy, to get a manager of its own."""
        return copy.copy(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={getattr(self.client, 'client_id', None)!r} token={self.token!r}>"

    if not TYPE_CHECKING:  # it would accept every misspelt name

        def __getattr__(self, name: str) -> Any:
            known = [one for one in dir(type(self)) if not one.startswith("_")]
            suggestion = None if name.startswith("_") else close_to(name, known)
            hint = f". Did you mean {suggestion!r}?" if suggestion else ""
            msg = f"{type(self).__name__!r} object has no attribute {name!r}{hint}"
            raise AttributeError(msg)


def _require_plain(on_token: object) -> None:
    if getattr(getattr(on_token, "__code__", None), "co_flags", 0) & CO_COROUTINE:
        msg = "on_token= is called where nothing can be awaited: pass a plain function, which may start a task."
        raise InvalidParam(msg)


def manager_of(handler: TokenHandler) -> TokenManager:
    """Return the manager behind a handler."""
    return handler._manager  # noqa: SLF001  its other half


def get_token(handler: TokenHandler, /, min_validity: float | None = None) -> Steps[BearerToken]:
    """Return a valid token, got or renewed as for a request; for everything that is not HTTP.

    Args:
        min_validity: seconds for which the token has to be valid, by default the handler's leeway. Where the server
            issues none that lasts so long, a new one is returned.

    Raises:
        LoginNeeded: only a new login helps; `ExpiredAccessToken` and `NonRenewableTokenError` are among these.
        TokenEndpointError: and everything else that a token request raises.
        TokenStoreError: the store can't be used.
        RecursiveRenewal: the renewal of this token itself asks for it.
    """
    held_by = manager_of(handler)
    if min_validity is not None:
        return (yield from manager.token_valid_for(held_by, min_validity))
    return held_by.usable_token() or (yield from manager.valid_token(held_by))


def renew_token(handler: TokenHandler, /) -> Steps[None]:
    """Get another token now, whether or not the held one is still valid.

    Raises:
        LoginNeeded: only a new login helps; `NonRenewableTokenError` is one.
        TokenEndpointError: and everything else that a token request raises.
        TokenStoreError: the store can't be used.
        RecursiveRenewal: the renewal of this token itself asks for it.
    """
    yield from manager.renew_token(manager_of(handler))


def save_token(handler: TokenHandler, /, token: BearerToken | str) -> Steps[None]:
    """Hold a token, and write it to the store now, in place of the stored one: a new login.

    Args:
        token: the token; a string is an access token that can't be renewed.

    Raises:
        TokenStoreError: the store can't be used. The token is held, and stored with the next request.
    """
    yield from manager.save_token(manager_of(handler), token)


def log_out(handler: TokenHandler, /, revoke: bool = True) -> Steps[bool]:
    """End the login: forget the token, empty its entry in the store now, and revoke it at the server.

    The entry is emptied under its lock, so that no renewal under way, in whatever process, brings the login back.

    Args:
        revoke: revoke the refresh token and the access token, where the server has an endpoint for that.

    Returns:
        False if the server could not be told; the login has ended here nevertheless.

    Raises:
        TokenStoreError: the store can't be used: what it has of the login is still there.

    Source: RFC 7009 section 2.
    """
    return (yield from logout.log_out(manager_of(handler), revoke=revoke))


def split_options(handler: object, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate the options of a handler from the form fields of its source, and refuse misspelt names."""
    options = {name: value for name, value in given.items() if name in OPTIONS}
    fields = {name: value for name, value in given.items() if name not in OPTIONS}
    return options, further_fields(type(handler).__name__, fields, known=OPTIONS)


OPTIONS = frozenset(
    """
    allow_insecure_http background leeway on_event on_token raise_for_challenge store subject token
    """.split()
)
