"""What each endpoint of the double answers when nothing is wrong. What it demands is in `demands`."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from devkit.exchange import Answer, answer

from .demands import credentials_of, token_of
from .keys import b64u, public
from .op import SUB, Grant, Op, alnum, json_answer, punctuated, user_claims
from .server import Asked

AUTH_REQ_LIFETIME = 300
BACKCHANNEL_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def metadata(op: Op, _request: Asked) -> Answer:
    """Publish the metadata."""
    return json_answer(op.changed("metadata", op.metadata()))


def jwks(op: Op, _request: Asked) -> Answer:
    """Publish the keys."""
    found = op.keys.jwks()
    if op.store.get("spare"):
        found["keys"].append(public(op.keys.spare))
    return json_answer(op.changed("jwks", found))


def authorization_params(op: Op, request: Asked) -> dict[str, str]:
    """Return the parameters of an authorization request; those of a request object go before the others."""
    sent = request.form if request.method == "POST" else request.query
    pushed = op.pushed.get(sent.get("request_uri", ""))
    if pushed is not None:
        return {**sent, **pushed}
    found: Mapping[str, Any] = op.store.get("request_object") or {}  # a demand has read and judged it
    return {**sent, **{name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}}


def authorize(op: Op, request: Asked) -> Answer:
    """Let the user say yes at once, and send the browser back."""
    params = authorization_params(op, request)
    grant = Grant(params, scope=params.get("scope", ""))
    if op.store.pop("rotate_at_authorization", None):
        op.rotate_keys()
    return redirect(op, params, authorization_response(op, grant))


def authorization_response(op: Op, grant: Grant) -> dict[str, str]:
    """Make what was asked for."""
    given: dict[str, Any] = {}
    if "code" in grant.words:
        given["code"] = grant.code = alnum()
        op.grants[grant.code] = grant
    if "token" in grant.words:
        given |= op.issue(grant)
    if "id_token" in grant.words:
        hashes = {"c_hash": grant.code, "at_hash": given.get("access_token", ""), "s_hash": grant.params.get("state")}
        given["id_token"] = op.id_token(grant, "authorization", **hashes)
    if "state" in grant.params:
        given["state"] = grant.params["state"]
    if op.more_metadata.get("authorization_response_iss_parameter_supported"):
        given["iss"] = op.issuer
    if "sid" in op.store:
        given["session_state"] = alnum()
    op.changed("authorization_response", given)
    return {name: str(value) for name, value in given.items()}


def redirect(op: Op, params: Mapping[str, str], given: dict[str, str]) -> Answer:
    """Send the browser back, the way it was asked for."""
    mode, uri = params.get("response_mode", ""), params["redirect_uri"]
    if mode.endswith("jwt"):
        mode, given = mode.removesuffix("jwt").removesuffix("."), {"response": response_jwt(op, given)}
    mode = mode or ("fragment" if {"token", "id_token"} & set(params["response_type"].split()) else "query")
    if mode == "form_post":
        return answer(form_page(uri, given), Content_Type="text/html")
    return answer(b"", 302, Location=f"{uri}{'?' if mode == 'query' else '#'}{urlencode(given)}")


def response_jwt(op: Op, given: Mapping[str, str]) -> str:
    """Make the JWT of JARM: no iat, as the suite's."""
    given = {name: value for name, value in given.items() if name != "iss"}
    claims = {"iss": op.issuer, "aud": op.client["client_id"], "exp": int(time.time()) + 600, **given}
    draft = op.draft("response", claims)
    text: str = op.changed("response_jwt", draft).serialized()
    return text


def form_page(action: str, fields: Mapping[str, str]) -> str:
    """Make a page that a browser posts by itself (OAuth 2.0 Form Post Response Mode)."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(fields[name])}"/>' for name in fields)
    return f'<form method="post" action="{html.escape(action)}">{inputs}</form>'


def read_form(page: str) -> dict[str, str]:
    """Read the form of such a page."""
    return {name: html.unescape(value) for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', page)}


def token(op: Op, request: Asked) -> Answer:
    """Redeem a code or a refresh token; other grants are `answers` of a row."""
    form = request.form
    refresh = form.get("grant_type") == "refresh_token"
    grant = op.grants.get(form.get("refresh_token" if refresh else "code", ""))
    if grant is None or (grant.used and not refresh):
        return json_answer({"error": "invalid_grant"}, 400)
    grant.used = True
    return json_answer(token_response(op, grant, "refresh" if refresh else "token"))


def token_response(op: Op, grant: Grant, made_for: str) -> dict[str, Any]:
    """Make the tokens of a grant."""
    given = op.issue(grant, refresh=bool(op.store.get("refresh_tokens")))
    if op.store.pop("rotate_at_token", None):
        op.rotate_keys()
    if "openid" in grant.scope.split() and not (made_for == "refresh" and op.store.get("no_refreshed_id_token")):
        at_hash = given["access_token"] if op.store.get("at_hash", True) else ""
        given["id_token"] = op.id_token(grant, made_for, at_hash=at_hash)
    given = op.changed("token_response", given)
    return given if made_for != "refresh" else op.changed("refresh_response", given)


def grant_of(op: Op, request: Asked) -> Grant | None:
    """Return what the access token of a request stands for, if it is the newest of its grant."""
    _, text = token_of(request)
    found = op.grants.get(text)
    return found if found is not None and found.access_token == text else None


def userinfo(op: Op, request: Asked) -> Answer:
    """Tell about the user."""
    grant = grant_of(op, request)
    if grant is None:
        return answer(b"", 401, WWW_Authenticate='Bearer error="invalid_token"')
    claims = op.changed("userinfo", {"sub": SUB, **user_claims(grant.scope)})
    if "userinfo_signed_response_alg" not in op.client:
        return json_answer(claims)
    signed = op.draft("userinfo", {**claims, "iss": op.issuer, "aud": op.client["client_id"]})
    return answer(op.changed("userinfo_jwt", signed).serialized(), Content_Type="application/jwt")


def resource(op: Op, request: Asked) -> Answer:
    """Answer as an API does."""
    if grant_of(op, request) is None:
        return answer(b"", 401, WWW_Authenticate='Bearer error="invalid_token"')
    return json_answer({"accounts": []})


def register(op: Op, request: Asked) -> Answer:
    """Register the client; what it says is judged by the demands."""
    said = json.loads(request.body)
    op.client.update(said)
    if "id_token_signed_response_alg" in said:
        op.alg = said["id_token_signed_response_alg"]
    own = {name: op.client[name] for name in ("client_id", "client_secret")}
    return json_answer(op.changed("registration_response", {**said, **own, "client_secret_expires_at": 0}), 201)


def logout(op: Op, request: Asked) -> Answer:
    """End the session: tell the client's back channel, then send the browser back (RP-Initiated Logout)."""
    params = request.form if request.method == "POST" else request.query
    if uri := op.client.get("backchannel_logout_uri"):
        form = op.changed("logout_form", {"logout_token": logout_token(op)})
        op.store.setdefault("logout_answers", []).append(requests.post(uri, data=form, timeout=10))
    uri = params.get("post_logout_redirect_uri", "")
    back = op.changed("logout_response", {"state": params["state"]} if "state" in params else {})
    return answer(b"", 302, Location=f"{uri}?{urlencode(back)}" if back else uri)


def logout_token(op: Op) -> str:
    """Make a logout token as the suite does: no typ header."""
    now = int(time.time())
    claims = {
        "iss": op.issuer, "sub": SUB, "aud": op.client["client_id"], "sid": op.store.get("sid", "a-sid"),
        "jti": alnum(), "iat": now, "exp": now + 120, "events": {BACKCHANNEL_EVENT: {}},
    }  # fmt: skip
    draft = op.changed("logout_token", op.draft("logout", claims))
    text: str = draft.serialized()
    return text


def par(op: Op, request: Asked) -> Answer:
    """Take a pushed request (RFC 9126); credentials are not part of it."""
    form = {name: value for name, value in request.form.items() if name not in credentials_of(request)}
    found = {**form, **op.store.pop("request_object", {})}
    uri = f"urn:ietf:params:oauth:request_uri:{alnum()}"
    op.pushed[uri] = {name: v if isinstance(v, str) else json.dumps(v) for name, v in found.items()}
    return json_answer(op.changed("par_response", {"request_uri": uri, "expires_in": 600}), 201)


def backchannel(op: Op, request: Asked) -> Answer:
    """Begin a backchannel authentication (CIBA Core section 7)."""
    found = {**request.form, **op.store.pop("request_object", {})}
    grant = Grant({"scope": found.get("scope", "")}, scope=found.get("scope", ""))
    grant.code = punctuated(alnum())
    op.grants[grant.code] = grant
    op.store["backchannel"] = grant
    given = {"auth_req_id": grant.code, "expires_in": AUTH_REQ_LIFETIME, "interval": op.store.get("interval", 5)}
    return json_answer(op.changed("backchannel_response", given))


def claims(op: Op, _request: Asked) -> Answer:
    """Be the claims provider of the distributed-claims row."""
    return answer(op.draft("claims", {"credit_score": 650}).serialized(), Content_Type="application/jwt")


def federation(op: Op, _request: Asked) -> Answer:
    """Publish the entity configuration (OpenID Federation section 9)."""
    now = int(time.time())
    found = {
        "iss": op.issuer, "sub": op.issuer, "iat": now, "exp": now + 30, "jwks": op.keys.jwks(),
        "authority_hints": op.store.get("authority_hints", []), "metadata": {"openid_provider": op.metadata()},
    }  # fmt: skip
    draft = op.draft("federation", found)
    draft.header["typ"] = "entity-statement+jwt"
    return answer(
        op.changed("entity_configuration", draft).serialized(), Content_Type="application/entity-statement+jwt"
    )


def unsigned_jwt(found: Mapping[str, Any]) -> str:
    """Make a JWT that nobody signed."""
    return f"{b64u(json.dumps({'alg': 'none'}).encode())}.{b64u(json.dumps(found).encode())}."


ENDPOINTS: dict[str, Callable[[Op, Asked], Answer]] = {
    one.__name__: one
    for one in (
        metadata, jwks, authorize, token, userinfo, resource, register, logout, par, backchannel, claims, federation,
    )
}  # fmt: skip
