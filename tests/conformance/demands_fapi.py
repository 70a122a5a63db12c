"""What the suite's OP demands under FAPI 2.0, FAPI 1.0 Advanced and FAPI-CIBA (sections 7.2 to 7.6 of the facts).

`FAPI2`, `FAPI1` and `CIBA_DEMANDS` are tables as `demands.OIDC` is. What binds a token: `op.store["bound"]`, `dpop`
(the default of FAPI 2.0) or `mtls`. `nonce_of("as")` and `nonce_of("rs")` answer in the place of an endpoint until a
proof has the nonce of the moment, unless `op.store["dpop_nonces"]` is False.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from devkit.exchange import Answer, answer

from .demands import (
    FIVE_MINUTES,
    client_authentication,
    credentials_of,
    discovery_first,
    one_access_token,
    request_object,
    sent_params,
    token_of,
    token_request,
)
from .keys import b64u
from .op import Op, alnum, json_answer
from .server import Asked

if TYPE_CHECKING:
    from .op import Grant

HOUR = 3600
FAPI1_ALGS = frozenset({"PS256", "ES256"})
FAPI2_ALGS = frozenset({*FAPI1_ALGS, "EdDSA", "Ed25519"})
CIBA = "urn:openid:params:grant-type:ciba"
PROOFS = jws.JWSRegistry(algorithms=list(FAPI2_ALGS))
PROOFS.max_header_length = 4096  # it holds a key


def header_of(jwt: str) -> dict[str, Any]:
    """Read the header of a JWT."""
    return _part(jwt, 0)


def claims_of(jwt: str) -> dict[str, Any]:
    """Read the claims of a JWT."""
    return _part(jwt, 1)


def _part(jwt: str, number: int) -> dict[str, Any]:
    part = jwt.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def entropy(text: str) -> float:
    """Estimate the bits of a text as the suite does: Shannon's formula over its characters, times its length."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)


def is_bound(op: Op, how: str) -> bool:
    """Tell what binds the tokens of this run."""
    return bool(op.store.get("bound", "dpop") == how)


# --- client authentication ------------------------------------------------------------------------------------


def assertion_for_issuer(op: Op, request: Asked) -> None:
    """The audience of an assertion is the issuer, as a plain text (FAPI 2.0 5.3.3.1-5)."""
    if assertion := request.form.get("client_assertion"):
        op.demand(claims_of(assertion).get("aud") == op.issuer, "aud of an assertion is the issuer, as a text")


def aliases_are_audiences(op: Op, _request: Asked) -> None:
    """The addresses for who shows a certificate are right audiences too (section 7.5)."""
    endpoints = ("token", "par", "backchannel")
    op.store["assertion_audiences"] = {op.url(name, mtls=mtls) for name in endpoints for mtls in (False, True)}


def shows_certificate(op: Op, request: Asked) -> None:
    """Where certificates bind, the client shows its own."""
    if is_bound(op, "mtls"):
        op.demand(request.certificate is not None, "the client shows a certificate")
        op.demand(request.certificate == op.store.get("certificate"), "the certificate is that of the client")


# --- requests ---------------------------------------------------------------------------------------------------


def judged_object(op: Op, text: str, *, longest_age: float = HOUR) -> dict[str, Any]:
    """Judge a signed request object (section 7.3), and keep what it says."""
    alg = header_of(text).get("alg")
    algs = FAPI1_ALGS if op.store.get("fapi1") else FAPI2_ALGS
    op.demand(alg in algs, f"a request object is signed with one of {sorted(algs)}")
    op.demand("kid" in header_of(text), "a request object has a kid")
    found, now = claims_of(text), time.time()
    op.demand(-FIVE_MINUTES <= found.get("exp", 0) - now <= HOUR, "exp of the object is at most an hour ahead")
    op.demand(-longest_age <= found.get("nbf", 0) - now <= FIVE_MINUTES, "nbf of the object is at most an hour ago")
    op.demand(isinstance(found.get("jti", ""), str), "jti of the object is a text")
    op.store["request_object"] = request_object(op, text, alg)
    return found


def _code_request(op: Op, params: Mapping[str, Any]) -> None:
    """What every code request of FAPI has."""
    op.demand(params.get("client_id") == op.client["client_id"], "client_id is that of the client")
    op.demand(params.get("redirect_uri") in op.client["redirect_uris"], "redirect_uri is a registered one")
    op.demand(params.get("scope") == op.store["scope"], "scope is the agreed one, to the letter")
    op.demand(re.fullmatch(r"[A-Za-z0-9._~-]{0,43}", str(params.get("nonce", ""))), "nonce is short and URL-safe")
    op.demand(re.fullmatch(r"[A-Za-z0-9._~-]{0,128}", str(params.get("state", ""))), "state is short and URL-safe")


def _pkce(op: Op, params: Mapping[str, Any]) -> None:
    op.demand(params.get("code_challenge_method") == "S256", "code_challenge_method is S256")
    op.demand(params.get("code_challenge"), "there is a code_challenge")


def pushed_request(op: Op, request: Asked) -> None:
    """A request that is pushed (RFC 9126), signed where this run wants that (section 7.2)."""
    form = request.form
    op.demand(request.method == "POST", "requests are pushed by POST")
    op.demand("request_uri" not in form, "no reference is pushed (RFC 9126 2.1)")
    params: Mapping[str, Any] = form
    if op.demand(("request" in form) is bool(op.store.get("signed")), "requests are signed where that is agreed"):
        params = judged_object(op, form["request"]) if "request" in form else form
    if "request" in form:
        op.demand(header_of(form["request"]).get("typ") == "oauth-authz-req+jwt", "the object says what it is")
        outside = form.keys() - credentials_of(request) - {"request", "client_id"}
        op.demand(not outside, "all parameters are inside the object")
    op.demand(params.get("response_type") == op.store["response_type"], "response_type is that of the plan")
    _code_request(op, params)
    _pkce(op, params)
    if "dpop" in request.headers:
        op.store["par_jkt"] = dpop_proof(op, request)
    if "dpop_jkt" in params:
        op.demand(op.store.setdefault("par_jkt", params["dpop_jkt"]) == params["dpop_jkt"], "dpop_jkt is the proof's")


def only_reference(op: Op, request: Asked) -> None:
    """The browser carries client_id and request_uri (FAPI 2.0 5.3.3.2-6)."""
    params = sent_params(request)
    op.demand(params.keys() == {"client_id", "request_uri"}, "the browser carries client_id and request_uri alone")
    op.demand(params.get("request_uri") in op.pushed, "request_uri is one of the OP's")
    op.store.pop("nonce_as", None)  # renewed


# --- DPoP -------------------------------------------------------------------------------------------------------


def dpop_proof(op: Op, request: Asked, *, token: str | None = None) -> str:
    """Judge a proof (section 7.2), and return the thumbprint of its key; empty where it can't be verified."""
    proof = request.headers.get("dpop", "")
    try:
        header = header_of(proof)
        key = JWKRegistry.import_key(header["jwk"])
        claims = json.loads(jws.deserialize_compact(proof, key, registry=PROOFS).payload or b"")
    except (JoseError, ValueError, KeyError) as wrong:
        op.demand(False, f"there is a DPoP proof that can be verified: {wrong!r}")
        return ""
    op.demand(header.get("typ") == "dpop+jwt", "a proof says that it is one")
    op.demand("d" not in header["jwk"], "the key in a proof is public")
    seen = op.store.setdefault("proof_jtis", set())
    op.demand(claims.get("jti") and claims["jti"] not in seen, "the jti of a proof is used once")
    seen.add(claims.get("jti"))
    op.demand(claims.get("htm") == request.method, "htm is the method")
    htu = urlsplit(claims.get("htu", ""))._replace(query="", fragment="").geturl()
    op.demand(htu == urlsplit(request.url)._replace(query="", fragment="").geturl(), "htu is the URL")
    op.demand(abs(claims.get("iat", 0) - time.time()) <= FIVE_MINUTES, "iat of a proof is now")
    ath = None if token is None else b64u(hashlib.sha256(token.encode()).digest())
    op.demand(claims.get("ath") == ath, "ath is that of the token, and only where there is one")
    thumbprint: str = key.thumbprint()
    return thumbprint


def token_is_bound(op: Op, request: Asked) -> None:
    """The client shows what its tokens shall be bound to; the same key as for the code."""
    if not is_bound(op, "dpop"):
        op.demand("dpop" not in request.headers, "where certificates bind, there is no proof")
        shows_certificate(op, request)
        return
    jkt = dpop_proof(op, request)
    op.demand(op.store.setdefault("par_jkt", jkt) == jkt, "the code was bound to the same key")
    op.store["jkt"] = jkt


def resource_call(op: Op, request: Asked) -> None:
    """The token is in the header, with what it is bound to."""
    scheme, token = token_of(request)
    expected = "dpop" if is_bound(op, "dpop") else "bearer"
    op.demand(scheme.lower() == expected, f"the scheme is {expected}")
    op.demand("access_token" not in request.body.decode(), "the token is in the header alone")
    if expected == "dpop":
        op.demand(dpop_proof(op, request, token=token) == op.store.get("jkt"), "the proof is of the token's key")
        op.demand(request.url.startswith("http:"), "with DPoP, the host for certificates is not called")
    else:
        shows_certificate(op, request)
    if interaction := request.headers.get("x-fapi-interaction-id"):
        op.demand(str(uuid.UUID(interaction)) == interaction.lower(), "x-fapi-interaction-id is a UUID")


def nonce_of(whose: str) -> Callable[[Op, Asked], Answer | None]:
    """Return what demands the nonce of the AS or of the RS, and lets pass whoever shows it."""

    def demanded(op: Op, request: Asked) -> Answer | None:
        proof = request.headers.get("dpop")
        if proof is None or not op.store.get("dpop_nonces", True) or not is_bound(op, "dpop"):
            return None
        nonce = op.store.setdefault(f"nonce_{whose}", alnum())
        if claims_of(proof).get("nonce") == nonce:
            if not request.path.endswith("/par"):
                op.store.pop(f"nonce_{whose}")  # each success has another one
            return None
        if whose == "as":
            return json_answer({"error": "use_dpop_nonce"}, 400, DPoP_Nonce=nonce)
        scheme = op.store.get("challenge_scheme", "DPoP")
        return answer(b"", 401, WWW_Authenticate=f'{scheme} error="use_dpop_nonce"', DPoP_Nonce=nonce)

    return demanded


# --- FAPI 1.0 Advanced ------------------------------------------------------------------------------------------


def signed_request(op: Op, request: Asked) -> None:
    """A request object by value (section 7.4); by PAR where there was one."""
    sent = sent_params(request)
    if "request_uri" in sent:
        only_reference(op, request)
        return
    if not op.demand("request" in sent, "there is a request object"):
        return
    params = judged_object(op, sent["request"])
    for name in () if op.store.get("jarm") else ("client_id", "response_type"):
        op.demand(sent.get(name) == params.get(name), f"{name} is outside too, and equal")
    if not op.store.get("jarm"):
        op.demand("openid" in sent.get("scope", "").split(), "scope with openid is outside too")
    fapi1_request(op, params)


def pushed_object(op: Op, request: Asked) -> None:
    """A request object that is pushed."""
    if op.demand("request" in request.form, "there is a request object"):
        params = judged_object(op, request.form["request"])
        fapi1_request(op, params)
        _pkce(op, params)


def fapi1_request(op: Op, params: Mapping[str, Any]) -> None:
    """What the request says."""
    words = set(str(params.get("response_type", "")).split())
    op.demand(words == set(op.store["response_type"].split()), "response_type is that of the plan")
    op.demand(params.get("nonce"), "there is a nonce")
    _code_request(op, params)


def bearer_header(op: Op, request: Asked) -> None:
    """The token is in the header, on the host for certificates."""
    scheme, _ = token_of(request)
    op.demand(scheme == "Bearer", "the token is in the header")
    shows_certificate(op, request)


# --- FAPI-CIBA --------------------------------------------------------------------------------------------------


def ciba_request(op: Op, request: Asked) -> None:
    """A signed request, all of it inside (section 7.6)."""
    form = request.form
    op.demand(request.method == "POST", "the request is a form POST")
    outside = form.keys() - credentials_of(request) - {"request", "client_id"}
    op.demand(not outside, f"all parameters are inside the object, not {sorted(outside)}")
    if not op.demand("request" in form, "the request is signed"):
        return
    found = judged_object(op, form["request"])
    op.demand("iat" in found, "the object has an iat")
    op.demand(found.get("jti"), "the object has a jti")
    op.demand(set(found.get("scope", "").split()) == set(op.store["scope"].split()), "scope is the agreed one")
    hints = [name for name in ("login_hint", "login_hint_token", "id_token_hint") if name in found]
    op.demand(len(hints) == 1, "there is exactly one hint")
    op.demand(int(found.get("requested_expiry", 1)) > 0, "requested_expiry is positive")
    if "id_token_hint" in found:
        op.demand(found["id_token_hint"] in op.id_tokens, "id_token_hint is one of the OP's")
    if op.store.get("ping"):
        token = op.store["notification_token"] = str(found.get("client_notification_token", ""))
        op.demand(len(token) <= 1024 and entropy(token) > 96, "client_notification_token is unguessable")


def assertion_for_backchannel(op: Op, request: Asked) -> None:
    """The audience of an assertion is a text that the endpoint's address begins with (section 7.6)."""
    if assertion := request.form.get("client_assertion"):
        aud = claims_of(assertion).get("aud")
        right = [op.url("backchannel"), op.url("backchannel", mtls=True)]
        fits = isinstance(aud, str) and any(one.startswith(aud) for one in right)
        op.demand(fits or set(right) & set(aud or ()), "aud of an assertion is the OP, or the endpoint")


def ciba_token_request(op: Op, request: Asked) -> None:
    """A poll with the auth_req_id; not too early, and not once it was refused. The clock is that of the client."""
    form, now = request.form, op.store.get("clock", 0)
    if form.get("grant_type") == "refresh_token":
        token_request(op, request)
        return
    op.demand(form.get("grant_type") == CIBA, "the grant is that of CIBA")
    grant: Grant | None = op.grants.get(form.get("auth_req_id", ""))
    op.demand(grant is not None and not grant.used, "the auth_req_id is right, and was not used")
    op.demand(not op.store.get("ended"), "an auth_req_id that was refused is not used again")
    last = op.store.get("answered_at")
    early = last is not None and now - last < op.store.get("interval", 5)
    op.demand(not early or op.store.get("pinged"), "the client waits for the interval")
    op.store["answered_at"] = now


# --- the tables -------------------------------------------------------------------------------------------------

FAPI2: dict[str, tuple[Callable[[Op, Asked], None], ...]] = {
    "par": (discovery_first, client_authentication, assertion_for_issuer, pushed_request),
    "authorize": (discovery_first, only_reference),
    "token": (discovery_first, client_authentication, assertion_for_issuer, token_request, token_is_bound),
    "resource": (discovery_first, resource_call),
}
FAPI1: dict[str, tuple[Callable[[Op, Asked], None], ...]] = {
    "par": (discovery_first, aliases_are_audiences, client_authentication, pushed_object),
    "authorize": (discovery_first, signed_request),
    "token": (discovery_first, aliases_are_audiences, client_authentication, shows_certificate, token_request),
    "resource": (discovery_first, one_access_token, bearer_header),
}
CIBA_DEMANDS: dict[str, tuple[Callable[[Op, Asked], None], ...]] = {
    "backchannel": (
        discovery_first,
        aliases_are_audiences,
        client_authentication,
        assertion_for_backchannel,
        ciba_request,
    ),
    "token": (discovery_first, aliases_are_audiences, client_authentication, shows_certificate, ciba_token_request),
    "resource": (discovery_first, one_access_token, bearer_header),
}
