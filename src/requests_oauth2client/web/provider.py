"""A provider that users of a site log in with: what each login asks for, and which claims say who has logged in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .._core.effects import Steps, inner
from .._protocol.oidc import userinfo
from .._tokens.bearer import BearerToken
from ..authorization_request import AuthorizationRequest
from ..exceptions import InvalidParam
from ..serializers import DPoPKeySerializer
from .errors import WebLoginError
from .pending import Pending

OFFLINE_ACCESS = "offline_access"
OF_EACH_LOGIN = frozenset({"scope", "redirect_uri", "state", "code_verifier", "dpop_key", "prompt", "response_mode"})

ClaimsFunction: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Provider:
    """A provider that users of the site log in with.

    Args:
        name: its name in the routes.
        client: the site's client there.
        scope: what is asked for.
        claims: `userinfo` merges those of the userinfo endpoint; a function is given what that endpoint answers, and
            returns the claims to merge, `sub` among them where the provider calls it otherwise.
        prompt: for every login; by default `consent` where the scope has offline_access (OIDC Core section 11). An
            empty string sends none.
        response_mode: `query` or `form_post`.
        post_logout_redirect_uri: where the provider sends users after a logout; by default the root of the site.
        params: further parameters of each authorization request; `{"nonce": None}` sends no nonce.

    Raises:
        InvalidParam: the name can't be used, `claims` is something else, or `params` has what is made anew for each
            login.
    """

    def __init__(
        self,
        name: str,
        client: Any,
        *,
        scope: str,
        claims: str | ClaimsFunction | None,
        prompt: str | None,
        response_mode: str | None,
        post_logout_redirect_uri: str | None,
        params: Mapping[str, Any] | None,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name) or name == "logout":
            msg = f"name={name!r} can't be used for a provider: it has other than letters, digits, - and _."
            raise InvalidParam(msg)
        if claims not in {None, "userinfo"} and not callable(claims):
            msg = f"claims={claims!r} is unknown. Pass 'userinfo', a function of what userinfo answers, or None."
            raise InvalidParam(msg)
        if taken := sorted(OF_EACH_LOGIN & set(params or ())):
            msg = f"params= can't have {', '.join(taken)}: an argument of add(), or made anew for each login."
            raise InvalidParam(msg)
        if (params or {}).get("nonce") is not None:
            msg = "params= can't fix the nonce, which is made anew for each login; only {'nonce': None} sends none."
            raise InvalidParam(msg)
        self.name, self.client, self.scope, self.claims = name, client, scope, claims
        self.prompt = ("consent" if OFFLINE_ACCESS in scope.split() else None) if prompt is None else prompt or None
        self.response_mode = response_mode
        self.post_logout_redirect_uri = post_logout_redirect_uri
        client.note_scope(scope)
        self.params = dict(params or {})

    def request(self, pending: Pending, redirect_uri: str) -> AuthorizationRequest:
        """Make the authorization request of a login in flight: the same each time."""
        key = None if pending.dpop is None else DPoPKeySerializer().value_of(dict(pending.dpop))
        asked = {"prompt": self.prompt, "response_mode": self.response_mode, **self.params, **pending.extra}
        nonce = pending.nonce if "openid" in self.scope.split() and "nonce" not in self.params else None
        request: AuthorizationRequest = self.client.authorization_request(
            scope=self.scope,
            redirect_uri=redirect_uri,
            state=pending.state,
            nonce=nonce,
            code_verifier=pending.code_verifier,
            dpop_key=key,
            **{name: value for name, value in asked.items() if value is not None},
        )
        return request

    def claims_of(self, token: BearerToken) -> Steps[dict[str, Any]]:
        """Return the claims about the user who has logged in; `sub` says who that is.

        Raises:
            WebLoginError: nothing says it.
        """
        claims: dict[str, Any] = {} if token.id_token is None else dict(token.id_token.claims)
        if self.claims is not None:
            answer = yield from inner(self.client, userinfo.userinfo, token)
            claims |= self.claims(answer) if callable(self.claims) else answer
        if not isinstance(claims.get("sub"), str):
            msg = (
                "The provider does not say who has logged in: there is no ID token. Ask for the scope openid, or pass"
                " claims='userinfo' for a provider whose userinfo says it. Where that calls the user otherwise, pass a"
                " function: claims=lambda user: {'sub': str(user['id'])}."
            )
            raise WebLoginError(msg)
        return claims


__all__ = ["Provider"]
