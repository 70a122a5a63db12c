"""The other endpoints of the test server: metadata, keys, userinfo, introspection, revocation, registration, logout."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .. import _jose
from .._core.times import timestamp
from .._tokens.dpop_proof import DPOP_ALGS
from .grants import GRANTS, decide
from .issuing import ID_TOKEN_LIFETIME, user_claims
from .keys import ALGS
from .messages import ReceivedRequest, Refusal, ServerResponse, as_json, as_page, as_redirect, single
from .records import AccessToken, random_value

if TYPE_CHECKING:
    from .state import ServerState

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ENDPOINTS = {  # the short name: the path and the name in the metadata
    "authorization": ("/authorize", "authorization_endpoint"),
    "token": ("/token", "token_endpoint"),
    "userinfo": ("/userinfo", "userinfo_endpoint"),
    "jwks": ("/jwks", "jwks_uri"),
    "introspection": ("/introspect", "introspection_endpoint"),
    "revocation": ("/revoke", "revocation_endpoint"),
    "registration": ("/register", "registration_endpoint"),
    "end_session": ("/logout", "end_session_endpoint"),
    "device_authorization": ("/device_authorization", "device_authorization_endpoint"),
    "pushed_authorization_request": ("/par", "pushed_authorization_request_endpoint"),
    "backchannel_authentication": ("/bc-authorize", "backchannel_authentication_endpoint"),
}


def metadata(server: ServerState, request: ReceivedRequest | None = None) -> ServerResponse:  # noqa: ARG001
    """Answer with the metadata (RFC 8414, OIDC Discovery)."""
    known = {**metadata_of(server), **server.further_metadata}
    return as_json({name: value for name, value in known.items() if value is not None})


def metadata_of(server: ServerState) -> dict[str, Any]:
    """Return the metadata of the server."""
    methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]
    algs = [*_jose.algs.SIGNATURE]
    return {
        "issuer": server.issuer,
        **{name: f"{server.issuer}{path}" for path, name in ENDPOINTS.values()},
        "response_types_supported": ["code", "id_token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [*GRANTS],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [*ALGS],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "request_object_signing_alg_values_supported": algs,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": [*DPOP_ALGS],
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": server.profile == "fapi2",
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "backchannel_token_delivery_modes_supported": ["poll"],
        "backchannel_user_code_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "claims_parameter_supported": False,
    }


def jwks(server: ServerState, request: ReceivedRequest) -> ServerResponse:  # noqa: ARG001
    """Answer with the public keys."""
    return as_json(server.keys.jwks(), headers={"Cache-Control": "max-age=60"})


def userinfo(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Answer with claims of the user (OIDC Core section 5.3)."""
    token = check_access_token(server, request, "openid")
    grant = token.grant
    scope = str(token.claims.get("scope", "")).split()
    return as_json({"sub": token.claims["sub"], **user_claims(server, str(grant.user or token.claims["sub"]), scope)})


def check_access_token(server: ServerState, request: ReceivedRequest, scope: str | None) -> AccessToken:
    """Return the token of a request to a protected resource (RFC 6750, RFC 9449 section 7).

    Raises:
        Refusal: with the challenge of the RFCs.
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not value and request.method == "POST":
        scheme, value = "Bearer", request.form.get("access_token", "")
    if not value:
        raise Refusal("invalid_request", "no access token", status=401, headers={"WWW-Authenticate": "Bearer"})
    token = server.records.access_tokens.get(value)
    if token is None or not token.is_active:
        raise _challenge("invalid_token", "the access token is unknown, expired or revoked")
    bound = token.claims.get("cnf", {}).get("jkt")
    if (scheme.lower() == "dpop") != (bound is not None):
        raise _challenge(
            "invalid_token", "the scheme is not that of the token's type", scheme="DPoP" if bound else "Bearer"
        )
    if bound is not None:
        try:
            jkt = server.dpop.check(request, access_token=value)
        except Refusal as refusal:
            raise _challenge(refusal.error, refusal.description, scheme="DPoP", headers=refusal.headers) from None
        if jkt != bound:
            raise _challenge("invalid_token", "the token is bound to another key", scheme="DPoP")
    if scope is not None and scope not in str(token.claims.get("scope", "")).split():
        raise _challenge("insufficient_scope", f"the scope {scope} is needed", status=403, scope=scope)
    return token


def _challenge(
    error: str,
    description: str,
    *,
    scheme: str = "Bearer",
    status: int = 401,
    headers: dict[str, str] | None = None,
    scope: str | None = None,
) -> Refusal:
    more = f', scope="{scope}"' if scope else ""
    value = f'{scheme} error="{error}", error_description="{description.replace(chr(34), chr(39))}"{more}'
    return Refusal(error, description, status=status, headers={"WWW-Authenticate": value, **(headers or {})})


def introspect(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Answer what a token is (RFC 7662)."""
    form = single(request.form_items)
    client = server.authenticate(request, form)
    if client.is_public and client.is_known:
        raise Refusal("invalid_client", "introspection needs a client with credentials", status=401)
    value = form.get("token")
    if value is None:
        raise Refusal("invalid_request", "token is missing")
    token = server.records.access_tokens.get(value)
    if token is not None:
        kind = "DPoP" if "cnf" in token.claims else "Bearer"
        return as_json({"active": True, **token.claims, "token_type": kind} if token.is_active else {"active": False})
    grant = server.records.refresh_tokens.get(value)
    if grant is None or grant.is_ended or value in grant.spent:
        return as_json({"active": False})
    return as_json({
        "active": True, "client_id": grant.client_id, "sub": grant.user, "scope": " ".join(grant.scope),
        "iss": server.issuer,
    })  # fmt: skip


def revoke(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Revoke a token (RFC 7009): of a refresh token, everything that came of the same grant."""
    form = single(request.form_items)
    client = server.authenticate(request, form)
    value = form.get("token")
    if value is None:
        raise Refusal("invalid_request", "token is missing")
    token, grant = server.records.access_tokens.get(value), server.records.refresh_tokens.get(value)
    owner = token.grant if token is not None else grant
    if owner is not None and owner.client_id != client.client_id:
        raise Refusal("invalid_request", "the token was issued to another client")
    if token is not None:
        token.is_revoked = True
    if grant is not None:
        grant.is_ended = True
    return ServerResponse(status=200, headers={"Content-Length": "0"})


def register(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Register a client, or read, update or delete one (RFC 7591, RFC 7592)."""
    client_id = request.path.removeprefix(ENDPOINTS["registration"][0]).strip("/")
    if not client_id:
        registered = server.clients.register(_client_metadata(request))
        registered["registration_access_token"] = random_value()
        registered["registration_client_uri"] = (
            f"{server.issuer}{ENDPOINTS['registration'][0]}/{registered['client_id']}"
        )
        return as_json(registered, status=201)
    known = server.clients.registered.get(client_id)
    _, _, shown = request.headers.get("authorization", "").partition(" ")
    if known is None or shown != known["registration_access_token"]:
        raise _challenge("invalid_token", "this is not the registration access token of the client")
    if request.method == "DELETE":
        del server.clients.registered[client_id]
        return ServerResponse(status=204)
    if request.method == "PUT":
        kept = {name: known[name] for name in known if name.startswith(("client_id", "client_secret", "registration_"))}
        known = server.clients.registered[client_id] = {**_client_metadata(request), **kept}
    return as_json(known)


def _client_metadata(request: ReceivedRequest) -> dict[str, Any]:
    try:
        found = request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refusal("invalid_client_metadata", "the body has to be a JSON object")
    return found


def end_session(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Log a user out (OIDC RP-Initiated Logout section 2)."""
    asked = single(request.query_items if request.method == "GET" else request.form_items)
    hint = asked.get("id_token_hint")
    claims = server.keys.verified(hint) if hint else None
    if hint and claims is None:
        return as_page("Logout failed", "id_token_hint was not issued here.", status=400)
    client_id = asked.get("client_id") or (claims or {}).get("aud")
    target = asked.get("post_logout_redirect_uri")
    if target is not None:
        try:
            known = server.clients.get(str(client_id))
        except Refusal as refusal:
            return as_page("Logout failed", refusal.description, status=400)
        if client_id is None or (known.is_known and target not in known.metadata.get("post_logout_redirect_uris", [])):
            return as_page("Logout failed", "post_logout_redirect_uri is not registered.", status=400)
    if claims is not None:
        end_sessions(server, str(claims["sub"]))
    elif server.records.sessions:
        end_sessions(server, next(iter(server.records.sessions)))
    if target is None:
        return as_page("Logged out", "You are logged out.")
    state = asked.get("state")
    mark = "&" if "?" in target else "?"
    return as_redirect(target + (f"{mark}{urlencode({'state': state})}" if state else ""))


def device_page(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Show a page where a person types a user code, or take it (RFC 8628 section 3.3)."""
    if request.method == "POST":
        form = request.form
        try:
            decide(server, form.get("user_code", ""), form.get("user") or "alice", form.get("decision") or None)
        except LookupError:
            return as_page("Unknown code", "Type the code that your device shows.", status=400)
        return as_page("Done", "You can go back to your device.")
    code = escape(request.query.get("user_code", ""))
    page = (
        f"<form method=post><label>Code <input name=user_code value='{code}'></label> <label>User <input name=user "
        "value=alice></label> <button name=decision value=''>Approve</button> "
        "<button name=decision value=access_denied>Deny</button></form>"
    )
    return as_page("Connect a device", form=page)


def logout_token(server: ServerState, client_id: str, user: str, sid: str) -> str:
    """Make a logout token (OIDC Back-Channel Logout section 2.4)."""
    now = int(timestamp())
    claims = {
        "iss": server.issuer,
        "sub": user,
        "aud": client_id,
        "iat": now,
        "exp": now + min(120, ID_TOKEN_LIFETIME),
        "jti": random_value(),
        "sid": sid,
        "events": {LOGOUT_EVENT: {}},
    }
    return server.keys.sign(json.loads(json.dumps(claims)), typ="logout+jwt")


def end_sessions(server: ServerState, user: str) -> list[str]:
    """End a user's session; logout tokens are posted after the request that this is done for."""
    session = server.records.sessions.pop(user, None)
    if session is None:
        return []
    for grant in {id(one): one for one in server.records.refresh_tokens.values()}.values():
        if grant.session is session and "offline_access" not in grant.scope:
            grant.is_ended = True  # OIDC Back-Channel Logout section 2.7
    tokens = []
    for client_id in sorted(session.clients):
        token = logout_token(server, client_id, user, session.sid)
        uri = server.clients.get(client_id).metadata.get("backchannel_logout_uri")
        if uri is not None:
            server.outbox.append((str(uri), token))
        tokens.append(token)
    return tokens
