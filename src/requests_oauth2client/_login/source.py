"""The source of tokens that logs a user in when it has to, and the handler of its tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._authorization.params import KNOWN
from .._core.effects import Steps
from .._core.options import accept_further
from .._core.scope import scope_words
from .._renewal.handlers import OPTIONS, TokenHandler
from .._renewal.sources import TokenSource
from .._tokens.bearer import BearerToken
from ..exceptions import NonRenewableTokenError
from . import ways

if TYPE_CHECKING:
    from .._protocol.hooks import Client
    from ..stores.base import TokenStore

OFFLINE_ACCESS = "offline_access"  # OIDC Core section 11


class LoginSource(TokenSource):
    """Logs the user in when there is no token, or when it can't be renewed any more.

    Args:
        client: the client.
        login: a way to log in, of `requests_oauth2client.login`; or a function, plain or async, from an
            `AuthorizationRequest` to the callback. None: a browser, another device or a pasted address, whichever can
            work here. False: no login is possible here, so that `LoginNeeded` is raised at once.
        scope: what to ask for. `offline_access` is added where the server lists it, so that the user stays logged in.
        resource: for which APIs the token is (RFC 8707); it goes into token requests too.
        **request: further parameters of the authorization request.
    """

    grant = "login"
    is_a_users = True
    waits_for_user = True

    def __init__(
        self,
        client: object,
        login: ways.LoginWay | ways.LoginFunction | bool | None = None,
        *,
        scope: str | Iterable[str] | None = "openid",
        resource: str | Iterable[str] | None = None,
        **request: object,
    ) -> None:
        check_spelling(request, LoginSource.__init__, where=type(self).__name__)
        fields = {} if resource is None else {"resource": resource}
        super().__init__(client, extra={"scope": scope, **fields})
        self.is_repeatable = login is not False
        self.way: ways.LoginWay = ways.as_way(login) if login else ways.Login()
        self.scope = scope
        self._fields: dict[str, Any] = dict(fields)
        self._request: dict[str, Any] = {**request, **fields}

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Log the user in."""
        if not self.is_repeatable:
            raise NonRenewableTokenError(held)
        self.client.note_scope(self.scope)
        yield from self.client.find_endpoint("authorization_endpoint")
        return (yield from self.way.steps(self.client, self._asked(self.client)))

    def refresh_kwargs(self) -> dict[str, Any]:
        """Return what goes along with a refresh token: the resources."""
        return dict(self._fields)

    def _asked(self, client: Client) -> ways.LoginRequest:
        words = [] if self.scope is None else scope_words(self.scope)
        listed = client.authorization_server_metadata.get("scopes_supported") or ()
        if "openid" in words and OFFLINE_ACCESS not in words and OFFLINE_ACCESS in listed:
            words = [*words, OFFLINE_ACCESS]
        consent: Mapping[str, Any] = {"prompt": "consent"} if "openid" in words and OFFLINE_ACCESS in words else {}
        params = {**consent, **self._request}
        return ways.LoginRequest(scope=" ".join(words) or None, params=params, token_fields=self._fields)


class LoginHandler(TokenHandler):
    """Logs the user in when a request needs that, and keeps them logged in (RFC 8252).

    Args:
        client: the client.
        login: how to log in, as for `LoginSource`; by default a browser, another device, or a pasted address.
        scope: what to ask for; `offline_access` is added where the server lists it.
        store: where the login is kept beyond this process: one process asks the user, the others wait for it.
        subject: whose login it is, as you like to call them; needed with a store.
        resource: for which APIs the tokens are (RFC 8707).
        **request: options of every handler (`leeway`, `on_token`, ...), and further parameters of the authorization
            request.

    Raises:
        InvalidParam: `login` is no way to log in, the client is of the other kind, or a store needs a subject.
    """

    def __init__(
        self,
        client: object,
        login: ways.LoginWay | ways.LoginFunction | bool | None = None,
        *,
        scope: str | Iterable[str] | None = "openid",
        store: TokenStore | None = None,
        subject: str | None = None,
        resource: str | Iterable[str] | None = None,
        **request: object,
    ) -> None:
        options: Any = {name: request.pop(name) for name in tuple(request) if name in OPTIONS}
        check_spelling(request, LoginHandler.__init__, where=type(self).__name__)
        source = LoginSource(client, login, scope=scope, resource=resource, **request)
        super().__init__(source, store=store, subject=subject, **options)


def check_spelling(request: Mapping[str, Any], takes: Any, *, where: str) -> None:
    """Refuse a further parameter of the authorization request that is probably a misspelled option of a handler.

    Args:
        request: the further parameters; those in its `extra` are not looked at.
        takes: the function that has taken them.
        where: what takes them, for the message.

    Raises:
        UnknownParam: a name is close to a known one.
    """
    further = {name: value for name, value in request.items() if name != "extra"}
    if further.keys() - KNOWN:
        from inspect import signature  # noqa: PLC0415  few requests have parameters of a server's own

        accept_further(further, {*signature(takes).parameters, *OPTIONS, *KNOWN}, where=where)
