"""Where tokens come from: each source has one duty, to get one (`new_token`).

Every grant is a source. When to get a token, who of many callers does it, and where it is kept is decided in
`manager`. A source of one's own is a subclass of `TokenSource` with `get_token`.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Awaitable, Callable, Mapping
from types import CoroutineType, MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from .._core.credentials import File, ask, ask_for_jwt, checked_jwt, shown
from .._core.effects import RunInThread, Steps, inner
from .._core.messages import Form
from .._core.options import further_fields
from .._core.times import after
from .._core.token_syntax import JWT
from .._core.values import Discreet
from .._protocol.grants import token_endpoint
from .._protocol.grants.device import DEFAULT_INTERVAL, DeviceAuthorizationResponse, polling_interval
from .._protocol.grants.polling import poll
from .._protocol.http.dpop_nonce import with_one_key
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam, NonRenewableTokenError

if TYPE_CHECKING:
    from .._protocol.hooks import Client
    from ..authorization_request import AuthorizationResponse

Given: TypeAlias = BearerToken | Mapping[str, Any] | str

WHICH_API = frozenset({"resource", "audience"})  # form fields
NO_OTHER_API = "A {} can't ask for a token with {}: make another one, for that API."
FOR_EACH_REQUEST = ("dpop", "dpop_key", "requests_kwargs")  # of a handler: they count for a refresh too


def client_for_runner(client: Any, runner_class: Any, user: object) -> Client:
    """Return a client if it is sync or async as its user is, a handler or a polling job."""
    if not isinstance(client, runner_class):
        msg = (
            f"{type(user).__name__} takes a client of its own kind, got a {type(client).__name__}. AsyncOAuth2Client"
            " goes with what has Async in its name, OAuth2Client with all others."
        )
        raise InvalidParam(msg)
    ours: Client = client
    return ours


class TokenSource(Discreet):
    """Gets tokens. Subclass it with a `get_token` of your own, plain or async; the package's grants are such sources.

    Attributes:
        client: the client that asks, or None.
        grant: what its tokens are got with, for logs and for the names of stored entries.
        is_repeatable: whether it can get a token again and again.
        is_a_users: whether a user grants its tokens, at a login.
        needs_subject: whether a store has to be told whose its tokens are, since nothing else here tells.
        waits_for_user: whether getting one takes as long as the user does.
        is_one_request: whether getting one is a request of the client, and nothing else: no function of a user.
        token_kind: what its tokens are in a token exchange, as a short name or a URI (RFC 8693 section 3); None where
            each token says it.
        token_kwargs: further form fields for its token requests.
    """

    client: Any = None
    token_kwargs: dict[str, Any] = MappingProxyType({})  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    grant: ClassVar[str] = "custom"
    is_repeatable: bool = True
    is_a_users: ClassVar[bool] = False
    needs_subject: ClassVar[bool] = True
    waits_for_user: ClassVar[bool] = False
    is_one_request: ClassVar[bool] = False
    token_kind: ClassVar[str | None] = None

    def __init__(self, client: object = None, **token_kwargs: object) -> None:
        self.client = client
        self.token_kwargs = further_fields(type(self).__name__, token_kwargs)

    def get_token(self, held: BearerToken | None) -> Given | Awaitable[Given]:
        """Get a token.

        Args:
            held: the token to be replaced, or None.

        Returns:
            A token, a token response as a mapping, or an access token that never expires; for the async client, also
            an awaitable of it.
        """
        raise NonRenewableTokenError(held)

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Get a token; `held` is the one to be replaced, or None."""
        return _as_token((yield RunInThread(functools.partial(self.get_token, held))))

    def with_same_key(self, held: BearerToken | None) -> dict[str, Any]:
        """Return the arguments of the grant, with the DPoP key of the held token: the next is bound to it too."""
        known = {"dpop_key": key} if held is not None and (key := vars(held).get("dpop_key")) else {}
        return {**known, **{name: value for name, value in self.token_kwargs.items() if value is not None}}

    def refresh_kwargs(self) -> dict[str, Any]:
        """Return what goes along with a refresh token: what the AS granted once is not asked for again."""
        return {name: value for name, value in self.token_kwargs.items() if name in FOR_EACH_REQUEST}

    def for_api(self, fields: Mapping[str, Any]) -> TokenSource:
        """Return a source like this one that asks with other form fields, for another API.

        Args:
            fields: the form fields that say which: `resource`, `audience`, `scope`, ...
        """
        source = copy.copy(self)
        kept = {name: value for name, value in self.token_kwargs.items() if name not in WHICH_API}
        source.token_kwargs = {**self.token_kwargs, **fields} if not WHICH_API & {*fields} else {**kept, **fields}
        return source

    def end(self) -> None:
        """Forget what a token could be obtained with once: its login has ended."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={getattr(self.client, 'client_id', None)!r}>"


def _as_token(given: Any) -> BearerToken:
    if isinstance(given, CoroutineType):
        given.close()
        msg = "A source with an async get_token is for AsyncOAuth2TokenSourceAuth. Its tokens can't be awaited here."
        raise InvalidParam(msg)
    if isinstance(given, Mapping):
        return BearerToken(**given)
    return given if isinstance(given, BearerToken) else BearerToken(given)


class RefreshTokenSource(TokenSource):
    """Renews a token with its refresh token, and can do nothing else (RFC 6749 section 6)."""

    grant = "refresh_token"
    is_repeatable = False
    is_a_users = True

    def refresh_kwargs(self) -> dict[str, Any]:
        """Return what goes along with a refresh token: here, all that was given."""
        return self.token_kwargs


class ClientCredentialsSource(TokenSource):
    """Gets tokens with the client's own credentials (RFC 6749 section 4.4)."""

    grant = "client_credentials"
    is_one_request = True
    needs_subject = False

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Ask with the client's credentials."""
        return (yield from inner(self.client, token_endpoint.client_credentials, **self.with_same_key(held)))


class AuthorizationCodeSource(TokenSource):
    """Exchanges a code; it can be used once (RFC 6749 section 4.1.3)."""

    grant = "authorization_code"
    is_one_request = True
    is_repeatable = False
    is_a_users = True

    def __init__(self, client: object, code: str | AuthorizationResponse | None, **token_kwargs: object) -> None:
        super().__init__(client, **token_kwargs)
        self.code = code

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Exchange the code."""
        code, self.code = self.code, None
        if code is None:
            raise NonRenewableTokenError(held)
        return (yield from inner(self.client, token_endpoint.authorization_code, code, **self.token_kwargs))

    def refresh_kwargs(self) -> dict[str, Any]:
        """Return the options of the HTTP library; the key of the token comes along by itself."""
        return {name: value for name, value in self.token_kwargs.items() if name == "requests_kwargs"}

    def end(self) -> None:
        """Forget the code: its login has ended."""
        self.code = None


class ResourceOwnerPasswordSource(TokenSource):
    """Gets tokens with a user's name and password (RFC 6749 section 4.3)."""

    grant = "password"
    is_one_request = True
    needs_subject = False  # the username tells

    def __init__(self, client: object, *, username: str, password: str, **token_kwargs: object) -> None:
        super().__init__(client, **token_kwargs)
        self.username = username
        self.password = password

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Ask with name and password."""
        ask = token_endpoint.resource_owner_password
        return (yield from inner(self.client, ask, self.username, self.password, **self.with_same_key(held)))


class DeviceCodeSource(TokenSource):
    """Waits until the user has said yes (RFC 8628).

    A device code can be used once. A function that asks for one, and shows the user where to go with it, is called
    whenever a login is needed.
    """

    grant = "device_code"
    is_repeatable = False
    is_a_users = True
    waits_for_user = True

    def __init__(
        self,
        client: object,
        device_code: str | DeviceAuthorizationResponse | Callable[[], Any] | None,
        *,
        interval: float | None = None,
        expires_in: float | None = None,
        slow_down_interval: float = DEFAULT_INTERVAL,
        **token_kwargs: object,
    ) -> None:
        super().__init__(client, **token_kwargs)
        self.is_repeatable = callable(device_code)
        self.device_code = device_code
        self.interval = interval
        self.expires_in = expires_in
        self.slow_down_interval = slow_down_interval

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Ask until the user has answered."""
        device_code = yield from ask(self.device_code)
        if device_code is None:
            raise NonRenewableTokenError(held)
        login = DeviceLogin(self, device_code)
        token: BearerToken | None = None
        while token is None:
            token = yield from poll(login)
        if not self.is_repeatable:
            self.device_code = None
        return token

    def refresh_kwargs(self) -> dict[str, Any]:
        """Return the options of the HTTP library; the key of the token comes along by itself."""
        return {name: value for name, value in self.token_kwargs.items() if name == "requests_kwargs"}

    def end(self) -> None:
        """Forget the code: its login has ended."""
        self.device_code = self.device_code if self.is_repeatable else None


class DeviceLogin:
    """The time of a device code: how often to ask, and until when."""

    def __init__(self, source: DeviceCodeSource, device_code: Any) -> None:
        self.source, self.device_code = source, device_code
        own = getattr(device_code, "interval", None)
        self.interval = polling_interval(own if source.interval is None else source.interval)
        own = getattr(device_code, "expires_at", None)
        self.expires_at = own if source.expires_in is None else after(source.expires_in)
        self.slow_down_interval = source.slow_down_interval
        self.pause: float = 0
        self.failures = 0
        self.token_kwargs = with_one_key(source.client, source.token_kwargs)

    def ask(self) -> Steps[BearerToken]:
        """Ask once whether the user has said yes."""
        client: Client = self.source.client
        return (yield from inner(client, token_endpoint.device_code, self.device_code, **self.token_kwargs))


class TokenExchangeSource(TokenSource):
    """Exchanges a token for another one (RFC 8693).

    Args:
        client: the client.
        subject_token: the token to exchange; or where the current one comes from: another source, or a function.
        actor_token: the token of the party that acts, likewise.
        **token_kwargs: everything else that `OAuth2Client.token_exchange` takes. Without `subject_token_type` and
            `actor_token_type`, a source says what its tokens are: JWTs, or access tokens.
    """

    grant = "token_exchange"

    def __init__(
        self, client: object, subject_token: object, *, actor_token: object = None, **token_kwargs: object
    ) -> None:
        super().__init__(client, **token_kwargs)
        self.subject_token = subject_token
        self.actor_token = actor_token

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Exchange the token."""
        from .._protocol.grants.token_exchange import token_exchange  # noqa: PLC0415  for clients that exchange tokens

        given = Form(self.with_same_key(held))
        for name, source in (("subject_token", self.subject_token), ("actor_token", self.actor_token)):
            if source is not None:
                known = getattr(source, "token_kind", None) if isinstance(source, TokenSource) else None
                given.setdefault(f"{name}_type", known)
                given[name] = yield from asked_token(source, name, client=self.client)
        return (yield from inner(self.client, token_exchange, **given))


class JwtBearerSource(TokenSource):
    """Gets tokens for a signed JWT (RFC 7523 section 2.1).

    Args:
        client: the client.
        assertion: the JWT; or where the current one comes from: another source, a `SignedAssertion`, or a function.
        **token_kwargs: further form fields, such as `scope`.
    """

    grant = "jwt_bearer"

    def __init__(self, client: object, assertion: object, **token_kwargs: object) -> None:
        super().__init__(client, **token_kwargs)
        self.assertion = assertion

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Ask with the JWT."""
        is_asked = isinstance(self.assertion, (TokenSource, File)) or callable(self.assertion)
        if is_asked and not isinstance(self.assertion, BearerToken):
            made: Any = yield from ask_for_jwt(self.assertion, what="assertion", client=self.client)
        else:
            made = self.assertion
        return (yield from inner(self.client, token_endpoint.jwt_bearer, made, **self.with_same_key(held)))


def asked_token(source: object, what: str, *, client: Any) -> Steps[Any]:
    """Return a token, or what a source or a function says that it is now.

    Raises:
        CredentialUnavailable: the source has none, or what came is not a token.
    """
    token = yield from ask(source, client=client)
    if isinstance(source, TokenSource) and source.token_kind == JWT:
        return checked_jwt(token, where=shown(source, what))
    is_alone = isinstance(source, TokenSource) and source.token_kind is not None and isinstance(token, BearerToken)
    return token.access_token if is_alone else token  # whatever it is, it stands there


class CallableSource(TokenSource):
    """Gets tokens from a function.

    Args:
        function: returns a `BearerToken`, a token response as a mapping, or an access token; plain or async.
    """

    grant = "callable"

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__()
        self.function = function

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:  # noqa: ARG002  it knows by itself
        """Call the function."""
        return _as_token((yield RunInThread(self.function)))

    def for_api(self, fields: Mapping[str, Any]) -> TokenSource:
        """Refuse: a function takes no parameters."""
        raise InvalidParam(NO_OTHER_API.format(type(self).__name__, ", ".join(fields)))
