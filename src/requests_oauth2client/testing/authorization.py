"""The authorization endpoint and pushed requests (RFC 6749 section 4.1, RFC 7636, RFC 9126, RFC 9101, OIDC Core 3.1.2).

What is wrong with client_id or redirect_uri is a page for the person; everything else goes back to the client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

from .. import _jose
from .._core.times import timestamp
from ..pkce import PkceUtils
from .clients import Client
from .issuing import id_token
from .messages import ReceivedRequest, Refusal, ServerResponse, as_json, as_page, as_redirect, single
from .records import PUSHED_LIFETIME, Code, Grant, Session, random_value

if TYPE_CHECKING:
    from .state import ServerState

REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
RESPONSE_TYPES = ("code", "id_token", "code id_token")
RESPONSE_MODES = ("query", "fragment", "form_post")
DPOP_JKT_LENGTH = 43


class Callback(str):
    """Where the browser is sent after a login: the client's redirect_uri with the response. It is a str: the whole URL.

    Attributes:
        form: the parameters of the response.
        redirect_uri: the address without them.
        response_mode: `query`, `fragment` or `form_post`; the browser posts `form` to `redirect_uri` for the last.
    """

    __slots__ = ("form", "redirect_uri", "response_mode")
    form: dict[str, str]
    redirect_uri: str
    response_mode: str

    def __new__(cls, redirect_uri: str, form: Mapping[str, Any], response_mode: str) -> Self:
        """Put the parameters where the response mode says; those of a form_post into the query too."""
        fields = {name: str(value) for name, value in form.items() if value is not None}
        mark = "#" if response_mode == "fragment" else "&" if urlsplit(redirect_uri).query else "?"
        made = super().__new__(cls, f"{redirect_uri}{mark}{urlencode(fields)}")
        made.form, made.redirect_uri, made.response_mode = fields, redirect_uri, response_mode
        return made

    def response(self) -> ServerResponse:
        """Return what sends a browser there (OAuth 2.0 Form Post Response Mode section 2)."""
        if self.response_mode != "form_post":
            return as_redirect(self)
        fields = "".join(
            f'<input type=hidden name="{escape(name)}" value="{escape(value)}">' for name, value in self.form.items()
        )
        form = f'<form method=post action="{escape(self.redirect_uri)}">{fields}<button>Continue</button></form>'
        return as_page("Continue", form=form + "<script>document.forms[0].submit()</script>")


class AuthorizationRefused(Refusal):
    """The authorization server shows an error to the person: client_id or redirect_uri can't be believed."""


class AuthorizationErrorResponse(Refusal):
    """What goes back to the client instead of a code (RFC 6749 section 4.1.2.1)."""


def params_of(server: ServerState, items: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the parameters of a request that a browser brings, by value or by reference."""
    given = single(items)
    uri = given.get("request_uri")
    if uri is not None:
        pushed, expires_at = server.records.pushed.pop(uri, ({}, 0.0))  # RFC 9126 section 4: once
        if not pushed or expires_at <= timestamp():
            raise AuthorizationRefused("invalid_request_uri", "the request_uri is unknown, expired or was used")
        if pushed.get("client_id") != given.get("client_id"):
            raise AuthorizationRefused("invalid_request", "client_id is not that of the pushed request")
        return pushed
    if server.profile == "fapi2":
        raise AuthorizationRefused("invalid_request", "the request has to be pushed (FAPI 2.0 section 5.3.2.2)")
    client = _client(server, given)
    if client.metadata.get("require_pushed_authorization_requests"):
        raise AuthorizationRefused("invalid_request", "the client's requests have to be pushed")
    return _unwrapped(server, client, given)


def _client(server: ServerState, params: Mapping[str, Any]) -> Client:
    if "client_id" not in params:
        raise AuthorizationRefused("invalid_request", "client_id is missing")
    try:
        return server.clients.get(params["client_id"])
    except Refusal as refusal:
        raise AuthorizationRefused("invalid_client", refusal.description) from None


def _unwrapped(server: ServerState, client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Return what a request object says (RFC 9101 section 6.3): nothing beside it counts but client_id."""
    jwt = params.get("request")
    if jwt is None:
        if client.metadata.get("require_signed_request_object"):
            raise AuthorizationRefused("invalid_request", "the client has to sign its requests")
        return params
    parsed = _read_request_object(client, jwt)
    claims: dict[str, Any] = parsed.claims()
    if claims.get("client_id") != params.get("client_id"):
        raise AuthorizationRefused("invalid_request_object", "client_id is not that of the request object")
    _check_request_object(server, client, claims)
    about_the_jwt = {"iss", "aud", "exp", "iat", "nbf", "jti"}
    return {name: _as_sent(value) for name, value in claims.items() if name not in about_the_jwt}


def _check_request_object(server: ServerState, client: Client, claims: Mapping[str, Any]) -> None:
    """Check who made a request object, for whom, and when (RFC 9101 sections 4 and 10.8)."""
    aud, now = claims.get("aud"), timestamp()
    if claims.get("iss") != client.client_id:
        raise AuthorizationRefused("invalid_request_object", "iss of the request object must be the client_id")
    if server.issuer not in (aud if isinstance(aud, list) else [aud]):
        raise AuthorizationRefused("invalid_request_object", "aud of the request object must be this issuer")
    if claims.get("exp", now + 1) <= now or claims.get("nbf", now) > now:
        raise AuthorizationRefused("invalid_request_object", "the request object is expired, or not yet valid")


def _read_request_object(client: Client, jwt: str) -> Any:
    try:
        parsed = _jose.compact.take_apart(jwt)
        expected = client.metadata.get("request_object_signing_alg")
        if expected is not None and parsed.alg != expected:
            raise AuthorizationRefused("invalid_request_object", f"the request object must be signed with {expected}")
        if client.is_known and parsed.alg.startswith("HS"):
            return _jose.jws.verify(jwt, algs=[parsed.alg], secret=str(client.metadata.get("client_secret", "")))
        if client.is_known:
            return _jose.jws.verify(jwt, algs=[parsed.alg], keys=client.jwks or {"keys": []})
    except ValueError as wrong:
        raise AuthorizationRefused("invalid_request_object", f"the request object is refused ({wrong})") from None
    return parsed


def _as_sent(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
        return json.dumps(value)
    return value if isinstance(value, list) else str(value)


def push(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Take a pushed request (RFC 9126 section 2)."""
    form = single(request.form_items)
    client = server.authenticate(request, form)
    if "request_uri" in form:
        raise Refusal("invalid_request", "request_uri can't be pushed (RFC 9126 section 2.1)")
    jkt = server.dpop.check(request)
    credentials = {"client_secret", "client_assertion", "client_assertion_type"}
    params = {name: value for name, value in form.items() if name not in credentials} | {"client_id": client.client_id}
    try:
        params = _unwrapped(server, client, params)
        if jkt and params.setdefault("dpop_jkt", jkt) != jkt:
            raise Refusal("invalid_dpop_proof", "the key of the proof is not the one of dpop_jkt")
        client.redirect_uri(params.get("redirect_uri"))
        check(server, client, params)
    except (AuthorizationRefused, AuthorizationErrorResponse) as refusal:
        raise Refusal(refusal.error, refusal.description) from None
    uri = REQUEST_URI + random_value()
    server.records.pushed[uri] = (params, timestamp() + PUSHED_LIFETIME)
    return as_json({"request_uri": uri, "expires_in": PUSHED_LIFETIME}, status=201)


def check(server: ServerState, client: Client, params: Mapping[str, Any]) -> None:
    """Check the parameters of a request whose client and redirect_uri are right."""

    def refuse(error: str, description: str) -> None:
        raise AuthorizationErrorResponse(error, description)

    response_type = " ".join(sorted((params.get("response_type") or "").split()))
    if response_type not in RESPONSE_TYPES:
        refuse(
            "unsupported_response_type", f"response_type {params.get('response_type')!r} is none of {RESPONSE_TYPES}"
        )
    if client.is_known and response_type not in {
        " ".join(sorted(t.split())) for t in client.metadata["response_types"]
    }:
        refuse("unauthorized_client", f"the client is not registered for response_type {response_type}")
    words = str(params.get("scope") or "").split()
    try:
        client.scope(words)
    except Refusal as refusal:
        refuse(refusal.error, refusal.description)
    if "id_token" in response_type and ("openid" not in words or not params.get("nonce")):
        refuse("invalid_request", "an ID token in the front channel needs the scope openid and a nonce")
    _check_response_mode(params.get("response_mode"), response_type)
    _check_pkce(server, client, params)
    prompts = (params.get("prompt") or "").split()
    if "none" in prompts and len(prompts) > 1:
        refuse("invalid_request", "prompt=none allows no other word")
    max_age = params.get("max_age")
    if max_age is not None and not str(max_age).isdigit():
        refuse("invalid_request", "max_age is no number of seconds")
    jkt = params.get("dpop_jkt")
    if jkt is not None and len(jkt) != DPOP_JKT_LENGTH:
        refuse("invalid_request", "dpop_jkt is no SHA-256 thumbprint")


def _check_response_mode(mode: str | None, response_type: str) -> None:
    if mode is not None and mode not in RESPONSE_MODES:
        description = f"response_mode {mode!r} is none of {RESPONSE_MODES}"
        raise AuthorizationErrorResponse("unsupported_response_mode", description)
    if mode == "query" and response_type != "code":
        raise AuthorizationErrorResponse("invalid_request", "an ID token is not sent in a query")


def _check_pkce(server: ServerState, client: Client, params: Mapping[str, Any]) -> None:
    challenge, method = params.get("code_challenge"), params.get("code_challenge_method")
    is_needed = server.profile is not None or (client.is_known and client.is_public)
    if "code" in (params.get("response_type") or "").split() and challenge is None and is_needed:
        raise AuthorizationErrorResponse("invalid_request", "PKCE is needed: code_challenge is missing (RFC 7636)")
    if method is not None and challenge is None:
        raise AuthorizationErrorResponse("invalid_request", "code_challenge_method came without code_challenge")
    if challenge is not None and (method or "plain") != "S256":
        raise AuthorizationErrorResponse("invalid_request", "code_challenge_method must be S256")


def log_in(server: ServerState, items: list[tuple[str, str]], user: str, deny: str | None) -> Callback:
    """Be the browser and its user: answer an authorization request.

    Raises:
        AuthorizationRefused: the server shows an error page.
    """
    params = params_of(server, items)
    client = _client(server, params)
    try:
        redirect_uri = client.redirect_uri(params.get("redirect_uri"))
    except Refusal as refusal:
        raise AuthorizationRefused(refusal.error, refusal.description) from None
    response_type = params.get("response_type") or ""
    mode = params.get("response_mode") or ("fragment" if "id_token" in response_type.split() else "query")
    form: dict[str, Any] = {"state": params.get("state"), "iss": server.liar.callback_issuer}
    try:
        check(server, client, params)
        if deny is not None:
            raise AuthorizationErrorResponse(deny, f"{user} has denied the request")
        form |= _granted(server, client, params, user)
    except AuthorizationErrorResponse as refusal:
        form |= {"error": refusal.error, "error_description": refusal.description}
    return Callback(redirect_uri, form, mode if mode in RESPONSE_MODES else "query")


def _granted(server: ServerState, client: Client, params: dict[str, Any], user: str) -> dict[str, Any]:
    """Grant what is asked for, and return the parameters of the response."""
    session = _session(server, params, user)
    session.clients.add(client.client_id)
    grant = Grant(
        client_id=client.client_id,
        scope=_scope(params),
        user=user,
        resource=params.get("resource") or [],
        authorization_details=json.loads(params.get("authorization_details") or "null"),
        params=params,
        session=session,
        dpop_jkt=params.get("dpop_jkt"),
    )
    wanted = params["response_type"].split()
    code = random_value() if "code" in wanted else None
    if code is not None:
        server.records.codes[code] = Code(
            grant=grant,
            redirect_uri=params.get("redirect_uri"),
            code_challenge=params.get("code_challenge"),
            code_challenge_method=params.get("code_challenge_method") or "plain",
        )
    token = None
    if "id_token" in wanted:
        token = id_token(server, grant, code=code, nonce=params.get("nonce"), state=params.get("state"))
    return {"code": code, "id_token": token}


def _session(server: ServerState, params: Mapping[str, Any], user: str) -> Session:
    """Return the session of the user, who logs in again where the request asks for that (OIDC Core 3.1.2.3)."""
    known = server.records.sessions.get(user)
    max_age = params.get("max_age")
    is_too_old = known is not None and max_age is not None and timestamp() - known.auth_time > int(max_age)
    prompts = (params.get("prompt") or "").split()
    if "none" in prompts and (known is None or is_too_old):
        raise AuthorizationErrorResponse("login_required", "prompt=none, and the user is not logged in")
    return server.records.log_in(user, again=is_too_old or "login" in prompts)


def _scope(params: Mapping[str, Any]) -> list[str]:
    """Return the words that are granted: offline_access only with consent (OIDC Core section 11)."""
    words = str(params.get("scope") or "").split()
    if "openid" in words and "offline_access" in words and "consent" not in (params.get("prompt") or "").split():
        words.remove("offline_access")
    return words


def authorize(server: ServerState, request: ReceivedRequest) -> ServerResponse:
    """Show a page where a person says who they are (GET), or take what they say (POST).

    A request with `prompt=none`, or with a mistake, is answered at once.
    """
    query, form = request.query_items, request.form
    if request.method == "POST" and "_decision" in form:
        return log_in(server, query, form.get("_user") or "alice", form["_decision"] or None).response()
    items = query if request.method == "GET" else request.form_items
    asked = dict(items)
    if "none" in asked.get("prompt", "").split() and server.records.sessions:
        return log_in(server, items, next(iter(server.records.sessions)), None).response()
    client = _client(server, asked)
    action = escape(f"?{urlencode(items)}")
    page = (
        f'<form method=post action="{action}"><label>User <input name=_user value=alice autofocus></label> '
        "<button name=_decision value=''>Log in</button> <button name=_decision value=access_denied>Deny</button>"
        "</form>"
    )
    return as_page("Log in", f"{client.client_id} asks for: {asked.get('scope', '')}", form=page)


def redeem(server: ServerState, client: Client, form: Mapping[str, Any], jkt: str | None) -> tuple[Grant, Code]:
    """Redeem a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9449 section 10).

    Raises:
        Refusal: the code is not this client's, is used, expired, or comes without what it is bound to.
    """
    code = server.records.codes.get(form.get("code") or "")
    if code is None or code.grant.client_id != client.client_id:
        raise Refusal("invalid_grant", "the code is unknown, or was issued to another client")
    if code.is_used:
        code.grant.is_ended = True  # RFC 6749 section 4.1.2
        raise Refusal("invalid_grant", "the code was used before: everything that came of it is revoked")
    if code.expires_at <= timestamp():
        raise Refusal("invalid_grant", "the code is expired")
    if code.redirect_uri is not None and form.get("redirect_uri") != code.redirect_uri:
        raise Refusal("invalid_grant", "redirect_uri is not the one of the authorization request")
    verifier = form.get("code_verifier")
    if (code.code_challenge is None) != (verifier is None):
        raise Refusal("invalid_grant", "code_verifier is missing, or came without a code_challenge before")
    if code.code_challenge is not None and not _fits(str(verifier), code.code_challenge):
        raise Refusal("invalid_grant", "code_verifier does not fit the code_challenge")
    if code.grant.dpop_jkt not in {None, jkt}:
        raise Refusal("invalid_grant", "the code is bound to another DPoP key")
    code.is_used = True
    return code.grant, code


def _fits(verifier: str, challenge: str) -> bool:
    try:
        return PkceUtils.validate_code_verifier(verifier, challenge, "S256")
    except ValueError:
        return False
