"""Making tokens: at+jwt access tokens (RFC 9068), refresh tokens that rotate, ID tokens (OIDC Core section 2)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .._core.encoding import b64u_encode
from .._core.times import timestamp
from .messages import Refusal
from .records import AccessToken, Grant, random_value

if TYPE_CHECKING:
    from .state import ServerState

ID_TOKEN_LIFETIME = 3600  # seconds


def access_token(server: ServerState, grant: Grant, *, scope: list[str], **more: Any) -> AccessToken:
    """Make an access token. `more` are claims that replace others; None leaves one out."""
    now = int(timestamp())
    claims = {
        "iss": server.issuer,
        "aud": _one_or_many(grant.resource) or server.issuer,
        "sub": grant.user or grant.client_id,
        "client_id": grant.client_id,
        "iat": now,
        "exp": now + server.access_token_lifetime,
        "jti": random_value(),
        "scope": " ".join(scope),
        "cnf": {"jkt": grant.dpop_jkt} if grant.dpop_jkt else None,
        "authorization_details": grant.authorization_details,
        **more,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    issued = AccessToken(value=server.keys.sign(claims, typ="at+jwt"), grant=grant, claims=claims)
    server.records.access_tokens[issued.value] = issued
    return issued


def refresh_token(server: ServerState, grant: Grant) -> str:
    """Make a refresh token."""
    value = random_value()
    server.records.refresh_tokens[value] = grant
    return value


def token_response(
    server: ServerState,
    grant: Grant,
    *,
    scope: list[str] | None = None,
    refresh: str | None = None,
    nonce: str | None = None,
    code: str | None = None,
    is_refresh: bool = False,
) -> dict[str, Any]:
    """Make a token response (RFC 6749 section 5.1, OIDC Core section 3.1.3.3).

    Args:
        server: the server.
        grant: what was granted.
        scope: the words that this access token is for; by default all of the grant.
        refresh: the refresh token that goes along.
        nonce: that of the authorization request.
        code: the code that was redeemed.
        is_refresh: whether this answers a refresh: its ID token has no nonce (OIDC Core section 12.2).
    """
    words = grant.scope if scope is None else scope
    issued = access_token(server, grant, scope=words)
    response: dict[str, Any] = {
        "access_token": issued.value,
        "token_type": "DPoP" if grant.dpop_jkt else "Bearer",
        "expires_in": server.access_token_lifetime,
        "scope": " ".join(words),
    }
    if refresh is not None:
        response["refresh_token"] = refresh
    if "openid" in grant.scope and grant.user is not None:
        response["id_token"] = id_token(
            server, grant, access_token=issued.value, code=code, nonce=None if is_refresh else nonce
        )
    if grant.authorization_details is not None:
        response["authorization_details"] = grant.authorization_details
    return response


def id_token(
    server: ServerState,
    grant: Grant,
    *,
    access_token: str | None = None,
    code: str | None = None,
    nonce: str | None = None,
    state: str | None = None,
    **more: Any,
) -> str:
    """Make an ID token; what the server was told to lie about is in it as it was told."""
    now = int(timestamp())
    alg = server.clients.get(grant.client_id).metadata.get("id_token_signed_response_alg", "RS256")
    session = grant.session
    claims: dict[str, Any] = {
        "iss": server.issuer,
        "sub": grant.user,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIFETIME,
        "auth_time": session.auth_time if session else now,
        "sid": session.sid if session else None,
        "nonce": nonce,
        "acr": (grant.params.get("acr_values") or "").split(" ")[0] or None,
        "at_hash": half_hash(access_token, alg),
        "c_hash": half_hash(code, alg),
        "s_hash": half_hash(state, alg),
        **user_claims(server, str(grant.user), grant.scope),
        **more,
    }
    return server.liar.id_token({name: value for name, value in claims.items() if value is not None}, alg)


def user_claims(server: ServerState, user: str, scope: list[str]) -> dict[str, Any]:
    """Return what a scope says of a user (OIDC Core section 5.4); `server.users` has more."""
    known = {"name": user.title(), "preferred_username": user, "email": f"{user}@example.com", "email_verified": True}
    known |= server.users.get(user, {})
    by_scope = {"profile": ("name", "preferred_username"), "email": ("email", "email_verified")}
    asked = {name for word in scope for name in by_scope.get(word, ())}
    further = set(server.users.get(user, {})) - {name for names in by_scope.values() for name in names}
    return {name: value for name, value in known.items() if name in asked | further}


def half_hash(value: str | None, alg: str) -> str | None:
    """Return the left half of a hash (OIDC Core section 3.1.3.6)."""
    if value is None:
        return None
    digest = hashlib.new(f"sha{alg[-3:]}", value.encode()).digest()
    return b64u_encode(digest[: len(digest) // 2])


def narrowed(asked: str | None, granted: list[str]) -> list[str]:
    """Return the words of a scope that is no wider than what was granted (RFC 6749 section 6).

    Raises:
        Refusal: a word was not granted.
    """
    if asked is None:
        return granted
    words = asked.split()
    if refused := [word for word in words if word not in granted]:
        raise Refusal("invalid_scope", f"{' '.join(refused)} was not granted")
    return words


def _one_or_many(values: list[str]) -> str | list[str] | None:
    return values[0] if len(values) == 1 else values or None
