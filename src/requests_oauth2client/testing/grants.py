"""The token endpoint of the test server: a function for each grant (RFC 6749 section 4, RFC 8628, RFC 8693, CIBA)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._core.times import timestamp
from .authorization import redeem
from .clients import Client
from .issuing import access_token, narrowed, refresh_token, token_response
from .messages import ReceivedRequest, Refusal, ServerResponse, as_json, single
from .records import Grant, Pending, random_value, user_code

if TYPE_CHECKING:
    from .state import ServerState

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
POLL_TOLERANCE = 0.5  # seconds that a client may ask too early: clocks and schedulers differ


def token(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Answer a token request."""
    form = _form(request, repeatable=frozenset({"resource", "audience"}))
    client = server.authenticate(request, form)
    grant_type = form.get("grant_type")
    grant = GRANTS.get(grant_type or "")
    if grant_type is None:
        raise Refusal("invalid_request", "grant_type is missing")
    if grant is None:
        raise Refusal("unsupported_grant_type", f"there is no grant_type {grant_type!r} here")
    if not client.may_use(str(grant_type)):
        raise Refusal("unauthorized_client", f"the client is not registered for {grant_type}")
    jkt = server.dpop.check(request)
    if server.profile == "fapi2" and jkt is None:
        raise Refusal("invalid_request", "tokens have to be bound to a key: the request has no DPoP proof")
    if client.metadata.get("dpop_bound_access_tokens") and jkt is None:
        raise Refusal("invalid_request", "the client's tokens are bound to a key: the request has no DPoP proof")
    return as_json(grant(server, client, form, jkt))


def _form(request: ReceivedRequest, *, repeatable: frozenset[str] = frozenset({"resource"})) -> dict[str, Any]:
    if request.method != "POST":
        raise Refusal("invalid_request", "POST is needed", status=405, headers={"Allow": "POST"})
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        raise Refusal("invalid_request", "Content-Type must be application/x-www-form-urlencoded")
    return single(request.form_items, repeatable=repeatable)


def _client_credentials(
    server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None
) -> dict[str, Any]:
    if client.is_public:
        raise Refusal("unauthorized_client", "client_credentials needs a client with credentials")
    scope = client.scope(str(form.get("scope") or "").split())
    if "openid" in scope:
        raise Refusal("invalid_scope", "there is no user whom openid could be about")
    grant = Grant(client_id=client.client_id, scope=scope, resource=form.get("resource", []), dpop_jkt=jkt)
    return token_response(server, grant)


def _authorization_code(
    server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None
) -> dict[str, Any]:
    grant, code = redeem(server, client, form, jkt)
    grant.dpop_jkt = jkt
    return token_response(
        server,
        grant,
        refresh=_refresh_token(server, client, grant),
        nonce=grant.params.get("nonce"),
        code=form["code"] if code.grant.params.get("response_type") != "code" else None,
    )


def _refresh_token(server: ServerState, client: Client, grant: Grant) -> str | None:
    """Make a refresh token where the client may have one (OIDC Core section 11)."""
    is_wanted = "offline_access" in grant.scope or "openid" not in grant.scope
    return refresh_token(server, grant) if is_wanted and client.may_use("refresh_token") else None


def _refresh(server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None) -> dict[str, Any]:
    value = form.get("refresh_token") or ""
    grant = server.records.refresh_tokens.get(value)
    if grant is None or grant.client_id != client.client_id:
        raise Refusal("invalid_grant", "the refresh token is unknown, or was issued to another client")
    if value in grant.spent:
        if server.reuse_ends_session:
            grant.is_ended = True  # RFC 9700 section 4.14.2
        raise Refusal("invalid_grant", "the refresh token was used before")
    if grant.is_ended:
        raise Refusal("invalid_grant", "the refresh token is revoked")
    if grant.dpop_jkt is not None and client.is_public and grant.dpop_jkt != jkt:
        raise Refusal("invalid_grant", "the refresh token is bound to another DPoP key")
    scope = narrowed(form.get("scope"), grant.scope)
    resource = form.get("resource", [])
    if refused := [one for one in resource if grant.resource and one not in grant.resource]:
        raise Refusal("invalid_target", f"{refused[0]} was not granted")
    grant.dpop_jkt = jkt if grant.dpop_jkt is not None else None
    refresh = value
    if server.rotate_refresh_tokens:
        grant.spent.add(value)
        refresh = refresh_token(server, grant)
    given, grant.resource = grant.resource, resource or grant.resource
    try:
        return token_response(server, grant, scope=scope, refresh=refresh, is_refresh=True)
    finally:
        grant.resource = given


def _pending_token(server: ServerState, client: Client, pending: Pending | None, jkt: str | None) -> Any:
    """Answer a client that asks whether a person has decided (RFC 8628 section 3.5, CIBA Core section 11)."""
    if pending is None or pending.grant.client_id != client.client_id:
        raise Refusal("invalid_grant", "this is unknown, or was issued to another client")
    now, asked_at = timestamp(), pending.asked_at
    pending.asked_at = now
    if pending.expires_at <= now:
        raise Refusal("expired_token", "no user has decided in time")
    if pending.decision is None:
        if asked_at is not None and now - asked_at < pending.interval - POLL_TOLERANCE:
            pending.interval += 5
            raise Refusal("slow_down", f"wait {pending.interval} seconds")
        raise Refusal("authorization_pending", "no user has decided yet")
    if pending.decision != "approved":
        raise Refusal(pending.decision, "the person has said no")
    pending.decision, pending.grant.dpop_jkt = "invalid_grant", jkt
    pending.grant.session = server.records.log_in(str(pending.grant.user), again=False)
    return token_response(server, pending.grant, refresh=_refresh_token(server, client, pending.grant))


def _device_code(server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None) -> Any:
    return _pending_token(server, client, server.records.devices.get(form.get("device_code") or ""), jkt)


def _ciba(server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None) -> Any:
    return _pending_token(server, client, server.records.backchannel.get(form.get("auth_req_id") or ""), jkt)


def _token_exchange(server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None) -> dict[str, Any]:
    subject, granted = _exchanged(server, form, "subject_token")
    actor = _exchanged(server, form, "actor_token")[0] if "actor_token" in form else None
    requested = form.get("requested_token_type", f"{TOKEN_TYPE}access_token")
    if requested not in {f"{TOKEN_TYPE}access_token", f"{TOKEN_TYPE}jwt"}:
        raise Refusal("invalid_request", f"tokens of the type {requested} are not issued here")
    scope = narrowed(form.get("scope"), granted) if granted else str(form.get("scope") or "").split()
    target = [*form.get("resource", []), *form.get("audience", [])]
    grant = Grant(client_id=client.client_id, scope=scope, user=subject, resource=target, dpop_jkt=jkt)
    issued = access_token(server, grant, scope=scope, act={"sub": actor} if actor else None)
    return {
        "access_token": issued.value,
        "issued_token_type": requested,
        "token_type": "DPoP" if jkt else "Bearer",
        "expires_in": server.access_token_lifetime,
        "scope": " ".join(scope),
    }


def _exchanged(server: ServerState, form: Mapping[str, Any], name: str) -> tuple[str, list[str]]:
    """Return whom a token that is exchanged is about, and what it is good for."""
    value, kind = form.get(name), form.get(f"{name}_type")
    if value is None or kind is None:
        raise Refusal("invalid_request", f"{name} and {name}_type are needed")
    if kind == f"{TOKEN_TYPE}refresh_token":
        grant = server.records.refresh_tokens.get(value)
        if grant is not None and not grant.is_ended and value not in grant.spent:
            return str(grant.user), grant.scope
    elif kind == f"{TOKEN_TYPE}access_token":
        known = server.records.access_tokens.get(value)
        if known is not None and known.is_active:
            return str(known.claims["sub"]), str(known.claims.get("scope", "")).split()
    elif kind in {f"{TOKEN_TYPE}id_token", f"{TOKEN_TYPE}jwt"}:
        claims = server.keys.verified(value)
        if claims is not None and claims.get("exp", 0) > timestamp():
            return str(claims["sub"]), str(claims.get("scope", "")).split()
    else:
        raise Refusal("invalid_request", f"{name}_type {kind} is not known here")
    raise Refusal("invalid_grant", f"the {name} is unknown, expired or revoked")


GRANTS: dict[str, Callable[[ServerState, Client, Mapping[str, Any], str | None], dict[str, Any]]] = {
    "client_credentials": _client_credentials,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh,
    DEVICE_CODE: _device_code,
    CIBA: _ciba,
    TOKEN_EXCHANGE: _token_exchange,
}


def authorize_device(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Start a device authorization (RFC 8628 section 3.1)."""
    form = _form(request)
    client = server.authenticate(request, form)
    if not client.may_use(DEVICE_CODE):
        raise Refusal("unauthorized_client", "the client is not registered for the device grant")
    scope = client.scope(str(form.get("scope") or "").split())
    code, typed = random_value(), user_code()
    grant = Grant(client_id=client.client_id, scope=scope, resource=form.get("resource", []))
    pending = Pending(grant=grant, interval=server.polling_interval, user_code=typed)
    server.records.devices[code] = pending
    uri = f"{server.issuer}/device"
    return as_json({
        "device_code": code,
        "user_code": typed,
        "verification_uri": uri,
        "verification_uri_complete": f"{uri}?user_code={typed}",
        "expires_in": int(pending.expires_at - timestamp()),
        "interval": server.polling_interval,
    })  # fmt: skip


def authenticate_backchannel(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Start a CIBA request (CIBA Core section 7)."""
    form = _form(request)
    client = server.authenticate(request, form)
    if client.is_public:
        raise Refusal("invalid_client", "a backchannel authentication needs a client with credentials", status=401)
    hints = [name for name in ("login_hint", "id_token_hint", "login_hint_token") if name in form]
    if len(hints) != 1:
        raise Refusal("invalid_request", "exactly one of login_hint, id_token_hint and login_hint_token is needed")
    scope = client.scope(str(form.get("scope") or "").split())
    if "openid" not in scope:
        raise Refusal("invalid_scope", "the scope must have openid (CIBA Core section 7.1)")
    user: str = form.get("login_hint") or "alice"
    if hints == ["id_token_hint"]:
        claims = server.keys.verified(form["id_token_hint"])
        if claims is None:
            raise Refusal("invalid_request", "id_token_hint was not issued here")
        user = str(claims["sub"])
    params = {"acr_values": form.get("acr_values")}
    grant = Grant(client_id=client.client_id, scope=scope, user=user, params=params)
    pending = Pending(grant=grant, interval=server.polling_interval)
    auth_req_id = random_value()
    server.records.backchannel[auth_req_id] = pending
    expires_in = int(pending.expires_at - timestamp())
    return as_json({"auth_req_id": auth_req_id, "expires_in": expires_in, "interval": server.polling_interval})


def decide(server: ServerState, code: str, user: str, deny: str | None) -> None:
    """Let a person decide about a user code or an auth_req_id.

    Raises:
        LookupError: none is waiting.
    """
    typed = code.replace("-", "").replace(" ", "").upper()
    for pending in server.records.devices.values():
        if str(pending.user_code).replace("-", "") == typed:
            pending.grant.user = user
            break
    else:
        if code not in server.records.backchannel:
            msg = f"No device and no backchannel request waits for {code!r}. Pass a user_code or an auth_req_id."
            raise LookupError(msg)
        pending = server.records.backchannel[code]
    if pending.decision is not None or pending.expires_at <= timestamp():
        msg = "It is decided or expired already."
        raise LookupError(msg)
    pending.decision = deny or "approved"
