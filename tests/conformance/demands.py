"""What the suite's OP demands of client requests (section 7 of the facts): a function for each demand.

`OIDC` is the table: endpoint -> demands. A profile makes a table of its own of these and others. A demand says
`op.demand(fulfilled, "what was demanded")`; it does not answer. Those that read a request object leave it in
`op.store["request_object"]`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

import requests
from joserfc.errors import JoseError

from .keys import b64u, verified

if TYPE_CHECKING:
    from .op import Op
    from .server import Asked

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
DAY, FIVE_MINUTES = 86_400, 300


def sent_params(request: Asked) -> dict[str, str]:
    """Return what came, by GET or POST."""
    return request.form if request.method == "POST" else request.query


# --- client authentication ----------------------------------------------------------------------------------


def credentials_of(request: Asked) -> frozenset[str]:
    """Return the names of the form fields that are credentials."""
    return frozenset({"client_secret", "client_assertion", "client_assertion_type"} & request.form.keys())


def client_authentication(op: Op, request: Asked) -> None:
    """The registered method, and only that."""
    method, client_id = op.client["token_endpoint_auth_method"], op.client["client_id"]
    form = request.form
    op.demand(form.get("client_id", client_id) == client_id, "client_id is that of the client")
    op.demand(("authorization" in request.headers) is (method == "client_secret_basic"), "Basic only where registered")
    op.demand(("client_secret" in form) is (method == "client_secret_post"), "a secret in the body only if registered")
    op.demand(("client_assertion" in form) is method.endswith("_jwt"), "an assertion only where registered")
    AUTHENTICATION[method](op, request)


def _basic(op: Op, request: Asked) -> None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    op.demand(scheme == "Basic", "the scheme is Basic")
    sent = base64.b64decode(value, validate=True).decode()
    op.demand(sent.count(":") == 1, "Basic credentials have one colon (RFC 6749 2.3.1)")
    found = tuple(unquote_plus(part) for part in sent.split(":"))
    op.demand(found == (op.client["client_id"], op.client["client_secret"]), "Basic credentials are right when decoded")


def _post(op: Op, request: Asked) -> None:
    found = (request.form.get("client_id"), request.form.get("client_secret"))
    op.demand(found == (op.client["client_id"], op.client["client_secret"]), "both credentials are in the body")


def _assertion(op: Op, request: Asked) -> None:
    """Section 7.5."""
    form, method = request.form, op.client["token_endpoint_auth_method"]
    op.demand(form.get("client_assertion_type") == JWT_BEARER, "client_assertion_type is that of a JWT")
    symmetric = method == "client_secret_jwt"
    keys = op.client["client_secret"] if symmetric else op.client["jwks"]
    registered = op.client.get("token_endpoint_auth_signing_alg")
    algs = [registered] if registered else ["HS256"] if symmetric else ASSERTION_ALGS
    try:
        header, claims = verified(form.get("client_assertion", ""), keys, algs)
    except (JoseError, ValueError) as wrong:
        op.demand(False, f"the client assertion can be verified: {wrong}")
        return
    op.demand(symmetric or "kid" in header, "a client assertion has a kid")
    assertion_claims(op, claims)


def assertion_claims(op: Op, claims: Mapping[str, Any]) -> None:
    """Judge what a client assertion says (section 7.5)."""
    now = time.time()
    client_id = op.client["client_id"]
    op.demand(claims.get("iss") == claims.get("sub") == client_id, "iss and sub of an assertion are the client_id")
    seen = op.store.setdefault("assertion_jtis", set())
    op.demand(claims.get("jti") and claims["jti"] not in seen, "the jti of an assertion is used once")
    seen.add(claims.get("jti"))
    op.demand(claims.get("iat", DAY * DAY) <= now + DAY, "an assertion has an iat, at most a day ahead")
    op.demand(now - FIVE_MINUTES <= claims.get("exp", 0) <= now + DAY, "an assertion has an exp, up to a day ahead")
    op.demand(claims.get("nbf", 0) <= now + FIVE_MINUTES, "nbf of an assertion is at most 5 minutes ahead")
    aud = claims.get("aud")
    named = {op.issuer, op.url("token"), *op.store.get("assertion_audiences", ())}
    op.demand(named & set(aud if isinstance(aud, list) else [aud]), "aud of an assertion is the OP")


def _certificate(op: Op, request: Asked) -> None:
    op.demand(request.certificate is not None, "the client shows a certificate")
    op.demand(request.certificate == op.store.get("certificate"), "the certificate is that of the client")
    op.demand("client_id" in request.form, "with mTLS, client_id is in the body (RFC 8705 2)")
    op.demand(request.url.startswith("https:"), "with mTLS, the alias is called (RFC 8705 5)")


def _public(op: Op, request: Asked) -> None:
    op.demand(request.form.get("client_id") == op.client["client_id"], "a public client says its client_id")


AUTHENTICATION: dict[str, Callable[[Op, Asked], None]] = {
    "client_secret_basic": _basic,
    "client_secret_post": _post,
    "client_secret_jwt": _assertion,
    "private_key_jwt": _assertion,
    "tls_client_auth": _certificate,
    "self_signed_tls_client_auth": _certificate,
    "none": _public,
}


# --- authorization request ----------------------------------------------------------------------------------


def authorization_request(op: Op, request: Asked) -> None:
    """What a request has, wherever it is (section 7.1)."""
    params = {**sent_params(request), **op.store.get("request_object", {})}
    words = params.get("response_type", "").split()
    op.demand(params.get("client_id") == op.client["client_id"], "client_id is that of the client")
    wanted = op.store.get("response_type")
    op.demand(words and (wanted is None or set(words) == set(wanted.split())), "response_type is that of the plan")
    op.demand("openid" in str(params.get("scope", "")).split(), "scope has openid")
    op.demand("nonce" in params or "id_token" not in words, "nonce is there as soon as response_type has id_token")
    silent = str(params.get("max_age")) == "0" and params.get("prompt") == "none"
    op.demand(not silent or op.store.get("silent_login"), "max_age=0 with prompt=none can't succeed")
    if "code_challenge" in params:
        op.demand(params.get("code_challenge_method") == "S256", "PKCE is S256")
    op.demand(len(params.get("nonce", "")) <= 43, "nonce has at most 43 characters")
    op.demand(b64u_only(params.get("nonce", "")), "nonce is URL-safe")
    redirect_uri(op, params)


def b64u_only(text: str) -> bool:
    """Tell whether a text has only unreserved characters of URLs (RFC 3986 section 2.3)."""
    return all(char.isascii() and (char.isalnum() or char in "-._~") for char in text)


def redirect_uri(op: Op, params: Mapping[str, Any]) -> None:
    """Registered, to the letter; without a fragment."""
    uri = str(params.get("redirect_uri"))
    op.demand(uri in op.client.get("redirect_uris", [uri]), "redirect_uri is a registered one")
    op.demand("#" not in uri, "redirect_uri has no fragment")
    local = urlsplit(uri).hostname in LOOPBACK  # the double can't ask for https where there is no domain
    op.demand(uri.startswith("https:") or local, "redirect_uri is https")


def plain_request(op: Op, request: Asked) -> None:
    """Neither `request` nor `request_uri`."""
    op.demand(not {"request", "request_uri"} & sent_params(request).keys(), "a plain request has no request object")


def request_by_reference(op: Op, request: Asked) -> None:
    """Fetch the request object, and judge it (OIDC Core sections 6.1 and 6.2)."""
    params = sent_params(request)
    if not op.demand("request_uri" in params and "request" not in params, "request_uri is there, and no request"):
        return
    text = requests.get(params["request_uri"], timeout=10).text
    found = request_object(op, text, op.client.get("request_object_signing_alg"))
    for name in ("client_id", "response_type"):
        op.demand(params.get(name) == found.get(name), f"{name} is outside too, and equal (OIDC Core 6.1)")
    op.demand("openid" in params.get("scope", "").split(), "scope with openid is outside too (OIDC Core 6.1)")
    op.store["request_object"] = found


def request_object(op: Op, text: str, alg: str | None) -> dict[str, Any]:
    """Verify and judge a request object; return its claims, those about the JWT left out."""
    if alg == "none":
        head, payload, signature = text.split(".")
        header, found = _decoded(head), _decoded(payload)
        op.demand(header.get("alg") == "none" and not signature, "the object is unsigned, as registered")
    else:
        header, found = verified(text, op.client["jwks"], [alg or "RS256"])
        aud = found.get("aud", [])
        op.demand(found.get("iss") == op.client["client_id"], "iss of a signed object is the client")
        op.demand(op.issuer in ([aud] if isinstance(aud, str) else aud), "aud of a signed object has the issuer")
    now = time.time()
    op.demand(found.get("exp", now) >= now - FIVE_MINUTES, "the object has not expired")
    op.demand(now - DAY <= found.get("iat", now) <= now + FIVE_MINUTES, "iat of the object is not long ago")
    op.demand(not {"request", "request_uri"} & found.keys(), "there is no object in the object")
    op.demand(found.get("sub") != op.client["client_id"], "sub of the object is not the client")
    op.demand(not isinstance(found.get("max_age"), str), "max_age is a number")
    return {name: value for name, value in found.items() if name not in {"iss", "aud", "exp", "iat", "nbf", "jti"}}


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


# --- token request ------------------------------------------------------------------------------------------


def token_request(op: Op, request: Asked) -> None:
    """A code or a refresh token, of this client and this request (section 7.1)."""
    form = request.form
    op.demand(request.method == "POST" and not urlsplit(request.url).query, "the token endpoint is asked by POST")
    GRANTS.get(form.get("grant_type", ""), _other_grant)(op, request)


def _code(op: Op, request: Asked) -> None:
    form = request.form
    grant = op.grants.get(form.get("code", ""))
    if not op.demand(grant is not None and not grant.used, "the code is right, and was not used"):
        return
    assert grant
    op.demand(form.get("redirect_uri") == grant.params["redirect_uri"], "redirect_uri equals that of the request")
    if challenge := grant.params.get("code_challenge"):
        made = b64u(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        op.demand(hmac.compare_digest(made, challenge), "the code_verifier is right")


def _refresh(op: Op, request: Asked) -> None:
    form = request.form
    grant = op.grants.get(form.get("refresh_token", ""))
    if not op.demand(grant is not None, "the refresh token is the newest"):
        return
    assert grant
    op.demand(set(form.get("scope", grant.scope).split()) <= set(grant.scope.split()), "scope does not grow")


def _other_grant(op: Op, request: Asked) -> None:
    op.demand(False, f"the grant is a code or a refresh token, not {request.form.get('grant_type')!r}")


GRANTS: dict[str, Callable[[Op, Asked], None]] = {"authorization_code": _code, "refresh_token": _refresh}


# --- userinfo, registration, logout -------------------------------------------------------------------------


def token_of(request: Asked) -> tuple[str, str]:
    """Return the scheme and the access token of a request; scheme `body` where it is in the form."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if not text and "access_token" in request.form:
        return "body", request.form["access_token"]
    return scheme, text


def one_access_token(op: Op, request: Asked) -> None:
    """Exactly one, in the header or the body."""
    scheme, text = token_of(request)
    in_body = "access_token" in (request.form if request.headers.get("content-type", "").endswith("encoded") else {})
    op.demand("access_token" not in request.query, "no access token in a query")
    op.demand(text and scheme.lower() in {"bearer", "dpop", "body"}, "there is an access token")
    op.demand(not (in_body and "authorization" in request.headers), "the access token is in one place")


def jwks_first(op: Op, _request: Asked) -> None:
    """Who got an ID token has fetched the keys before asking userinfo."""
    if op.id_tokens and not op.alg.startswith("HS"):
        op.demand("jwks" in op.called(), "the keys are fetched before userinfo")


def discovery_first(op: Op, _request: Asked) -> None:
    """The metadata are fetched before anything else."""
    op.demand(op.calls[0].endpoint in {"metadata", "webfinger"}, "discovery comes first")


def registration(op: Op, request: Asked) -> None:
    """Metadata of a client (OIDC Registration section 2)."""
    said = json.loads(request.body)
    op.demand(request.method == "POST", "registration is a POST")
    op.demand(request.headers.get("content-type", "").startswith("application/json"), "registration is JSON")
    op.demand(said.get("redirect_uris"), "redirect_uris are there")
    for words in said.get("response_types", ["code"]):
        needed = {"authorization_code"} if "code" in words.split() else set()
        needed |= {"implicit"} if {"token", "id_token"} & set(words.split()) else set()
        op.demand(needed <= set(said.get("grant_types", ["authorization_code"])), "grant_types cover response_types")
    for answer in ("id_token", "userinfo"):
        enc = f"{answer}_encrypted_response_enc" in said
        op.demand(not enc or f"{answer}_encrypted_response_alg" in said, "enc needs alg")
    op.demand(not {"jwks", "jwks_uri"} <= said.keys(), "not both jwks and jwks_uri")
    asymmetric = said.get("token_endpoint_auth_method") == "private_key_jwt"
    op.demand(not asymmetric or {"jwks", "jwks_uri"} & said.keys(), "private_key_jwt needs keys")
    kids = [key.get("kid") for key in said.get("jwks", {}).get("keys", [])]
    op.demand(len(set(kids)) == len(kids), "kids of the client's keys are distinct")


def end_session(op: Op, request: Asked) -> None:
    """RP-Initiated Logout section 2, as section 2 of the facts says."""
    params = sent_params(request)
    op.demand(params.get("id_token_hint") in op.id_tokens, "id_token_hint is byte-equal to an ID token of this run")
    registered = op.client.get("post_logout_redirect_uris", [])
    op.demand(params.get("post_logout_redirect_uri") in registered, "post_logout_redirect_uri is registered")


OIDC: dict[str, tuple[Callable[[Op, Asked], None], ...]] = {
    "authorize": (discovery_first, plain_request, authorization_request),
    "token": (discovery_first, client_authentication, token_request),
    "userinfo": (discovery_first, one_access_token, jwks_first),
    "resource": (one_access_token,),
    "register": (registration,),
    "logout": (end_session,),
}
BY_REFERENCE = {**OIDC, "authorize": (discovery_first, request_by_reference, authorization_request)}
