"""The source of tokens for an API: a login at the server that the API names, or any grant.

A login asks for the resource, in the authorization and in each token request (RFC 8707), and for `offline_access` where
the server lists it. No user is sent to a server that does not say that it checks PKCE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._core.effects import Steps
from .._core.scope import scope_words
from .._login import ways
from .._login.source import OFFLINE_ACCESS, LoginSource
from .._protocol.settings import stated_list
from .._renewal.sources import TokenSource
from .._tokens.bearer import BearerToken
from ..exceptions import LoginNeeded, OAuth2Error
from ..resource_metadata import MissingPkce
from .access import Access, load

if TYPE_CHECKING:
    from .._protocol.hooks import Client
    from .knowledge import Knowledge

S256 = "S256"
ABOUT_RESOURCE = frozenset({"invalid_target", "invalid_resource"})
WITHOUT_RESOURCE = " If this server does not know the parameter resource (RFC 8707), pass resource=None."


class Moved(OAuth2Error):
    """Another process knows more of the API: what is asked for is another token now."""


class ResourceLogin(LoginSource):
    """Logs the user in at the server of an API.

    Args:
        access: what is known of the API.
        known: the part of it that this login is for.
        client: the client for that server.
        scope: what to ask for.
        login: how to log in; False where no login is possible.
        request: further parameters of the authorization request.
    """

    def __init__(
        self,
        access: Access,
        known: Knowledge,
        client: object,
        scope: tuple[str, ...],
        login: Any,
        request: Mapping[str, Any],
    ) -> None:
        is_bound = access.dpop is True or (access.dpop is None and known.needs_dpop)
        further = {"dpop": True, **request} if is_bound else dict(request)
        super().__init__(client, login, scope=" ".join(scope) or None, resource=access.indicator(known), **further)
        if is_bound:
            self.token_kwargs["dpop"] = True
        self._access, self._known = access, known

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Log the user in, unless another process has found out that another login is needed."""
        access, known = self._access, self._known
        yield from load(access, again=True)
        now = access.known
        if now is not None and (now.issuer != known.issuer or _asks_for_more(now, self.scope)):
            raise Moved
        yield from self.client.find_endpoint("authorization_endpoint")
        check_pkce(access, self.client)
        if not (yield from access.clients.can_listen(self.client)) and (yield from access.clients.forget(known.issuer)):
            raise Moved
        return (yield from super().new_token(held))

    def prepared(self) -> Steps[LoginNeeded]:
        """Return the error for a login that can't take place here, with what it asks for."""
        yield from self.client.find_endpoint("authorization_endpoint")
        check_pkce(self._access, self.client)
        request = self._asked(self.client).build(self.client, self._access.clients.redirect_uri(self.client))
        needed = LoginNeeded(
            description=f"A user has to log in at {self._known.issuer}, which is not possible here. Send their browser"
            " to authorization_url of this error, and pass its authorization_request and the callback to"
            " finish_login()."
        )
        needed.authorization_request = request
        needed.authorization_url = yield from ways.address_of(self.client, request)
        return needed

    def _asked(self, client: Client) -> ways.LoginRequest:
        words = [] if self.scope is None else scope_words(self.scope)
        listed = stated_list(client.authorization_server_metadata, "scopes_supported")
        if words and OFFLINE_ACCESS in listed and OFFLINE_ACCESS not in words:
            words = [*words, OFFLINE_ACCESS]
        is_oidc = "openid" in words or "openid" in listed
        consent = {"prompt": "consent"} if OFFLINE_ACCESS in words and is_oidc else {}  # OIDC Core §11
        return ways.LoginRequest(
            scope=" ".join(words) or None, params={**consent, **self._request}, token_fields=self._fields
        )


def check_pkce(access: Access, client: Any) -> None:
    """Refuse a server that does not say that it checks PKCE.

    Raises:
        MissingPkce: it does not.
    """
    methods = stated_list(client.authorization_server_metadata, "code_challenge_methods_supported")
    if access.require_pkce and S256 not in methods:
        raise MissingPkce(str(client.issuer or client.token_endpoint), methods)


def _asks_for_more(now: Knowledge, scope: Any) -> bool:
    return now.is_logged_in and set(now.scope or ()) > set(scope_words(scope or ()))


def source_for(
    access: Access, known: Knowledge, client: Any, scope: tuple[str, ...], login: Any, request: Mapping[str, Any]
) -> TokenSource:
    """Return the source of tokens with some scope: a login, or the grant that was given."""
    if access.grant is None:
        return ResourceLogin(access, known, client, scope, login, request)
    is_bound = access.dpop is True or (access.dpop is None and known.needs_dpop)
    fields = {"scope": " ".join(scope) or None, "resource": access.indicator(known), "dpop": is_bound or None}
    made: TokenSource = access.grant(client, **{name: value for name, value in fields.items() if value is not None})
    return made


def advise(failure: OAuth2Error, access: Access) -> None:
    """Let an error say so where a server may have refused the parameter `resource`."""
    if access.resource is None or WITHOUT_RESOURCE in str(failure):
        return
    error = getattr(failure, "error", "")
    said = (failure.description or "").lower()
    is_about_it = error in ABOUT_RESOURCE or (error == "invalid_request" and "resource" in said)
    if is_about_it:
        failure.args = (f"{failure}{WITHOUT_RESOURCE}",)
