"""Tokens of an API by an assertion of the user's identity provider (ID-JAG).

    ID token ──► the provider: token exchange, for an ID-JAG that is meant for the API's server
    ID-JAG   ──► the API's server: the JWT bearer grant

So an enterprise decides which of its users' agents may call what, and no user is asked. Source:
draft-ietf-oauth-identity-assertion-authz-grant sections 4.3 and 4.4.
"""

from __future__ import annotations

from typing import Any

from .._core.effects import RunInThread, Steps, inner
from .._core.times import timestamp
from .._oidc.id_token import IdToken
from .._protocol.grants import token_endpoint
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidAnswer, InvalidParam, NonRenewableTokenError
from .sources import TokenSource

ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"  # draft-ietf-oauth-identity-assertion-authz-grant section 4.3
ID_TOKEN = "id_token"
ABOUT_THE_TARGET = ("resource", "scope", "authorization_details")


class InvalidIdentityAssertion(InvalidAnswer):
    """The identity provider gave something else than the assertion that was asked for.

    Attributes:
        received: the type of what came.
    """

    def __init__(self, received: object) -> None:
        self.received = received
        super().__init__(
            description=f"The identity provider answered with issued_token_type={received!r}, expected {ID_JAG}."
            " Nothing was sent to the API's server. Does the provider know identity assertions?"
        )


class IdentityAssertionSource(TokenSource):
    """Gets tokens at an API's server with an assertion that the user's identity provider makes (ID-JAG).

    Args:
        client: the client at the API's authorization server.
        idp: the client at the identity provider.
        id_token: the user's ID token: a value, a function that returns the current one (plain or async), or a source
            or handler of the tokens that it came with.
        **kw: `scope` and `resource` for the assertion and the token; everything else that `jwt_bearer` takes.

    Raises:
        InvalidParam: `idp` is not a client.

    Source: draft-ietf-oauth-identity-assertion-authz-grant.
    """

    grant = "identity_assertion"

    def __init__(self, client: object, *, idp: Any, id_token: Any, **kw: object) -> None:
        super().__init__(client, **kw)
        if not hasattr(idp, "token_endpoint"):
            msg = f"idp= is the client at the identity provider, an OAuth2Client, got {type(idp).__name__}."
            raise InvalidParam(msg)
        self.idp, self.id_token = idp, id_token
        self._held: BearerToken | None = None  # of the source of ID tokens

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:
        """Exchange the ID token for an assertion, and that for a token.

        Raises:
            InvalidIdentityAssertion: the provider gave something else.
            TokenEndpointError: one of the two servers refused.
        """
        from .._protocol.grants.token_exchange import token_exchange  # noqa: PLC0415  for clients that exchange tokens

        subject_token = yield from self._current()
        yield from self.client.find_endpoint("token_endpoint")
        audience = self.client.issuer or self.client.token_endpoint
        kwargs = self.with_same_key(held)
        target = {name: kwargs[name] for name in ABOUT_THE_TARGET if name in kwargs}
        assertion: Any = yield from inner(
            self.idp,
            token_exchange,
            subject_token=str(subject_token),
            subject_token_type=ID_TOKEN,
            requested_token_type=ID_JAG,
            audience=kwargs.pop("audience", audience),
            **target,
        )
        kind = getattr(assertion, "issued_token_type", None)
        if kind != ID_JAG:
            raise InvalidIdentityAssertion(kind)
        return (yield from inner(self.client, token_endpoint.jwt_bearer, str(assertion), **kwargs))

    def _current(self) -> Steps[Any]:
        """Return the ID token that is valid now."""
        given = self.id_token
        get_token = getattr(given, "get_token", None)
        if isinstance(given, TokenSource):
            if self._held is None or self._held.is_expired() or _is_spent(self._held.id_token):
                self._held = yield from given.new_token(self._held)
            return self._held.id_token or self._held.access_token  # what a file has is the ID token itself
        elif get_token is not None and not isinstance(given, BearerToken):
            given = yield RunInThread(get_token)
        elif callable(given) and not isinstance(given, BearerToken):
            given = yield RunInThread(given)
        if not isinstance(given, BearerToken):
            return given
        if given.id_token is None:
            raise NonRenewableTokenError(given)
        return given.id_token


def _is_spent(token: IdToken | None) -> bool:
    expires_at = None if token is None else token.expires_at
    return expires_at is not None and expires_at.timestamp() <= timestamp()
