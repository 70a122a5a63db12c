"""What a profile demands of a client, clause by clause: a table, and a function for each row.

A row of `DEMANDS` says what is checked, which clause demands it, and the function that says in a sentence what breaks
it. `docs/profiles.md` has the same rows in words. OAuth 2.1 is draft-ietf-oauth-v2-1. FAPI 2.0 is the Security Profile
and Message Signing, both final, and for CIBA the FAPI-CIBA profile. Looks at the settings, requests and forms that it
is shown. Knows none of their classes, and raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from .._core.issuers import is_exact
from .._core.redaction import one_line
from .._core.urls import is_loopback

OAUTH21, FAPI2 = "oauth2.1", "fapi2"

Moment: TypeAlias = Literal[
    "client",
    "request",
    "own request",
    "push",
    "browser",
    "code",
    "grant",
    "transport",
    "signature",
    "request object",
    "CIBA request",
    "signed answer",
    "registration",
]
Problem: TypeAlias = Callable[..., str | None]

FAPI_ALGS = ("PS256", "ES256", "EdDSA", "Ed25519")  # FAPI 2.0 Security Profile 5.4.1-1; EdDSA on Ed25519 only
FAPI_METHODS = ("private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth")  # 5.3.3.1-2
LONGEST_REQUEST_OBJECT = 3600  # seconds; FAPI 2.0 Message Signing 5.3.2-4
CHECKED = frozenset({"response_type", "redirect_uri", "code_challenge", "code_challenge_method"})
ONLY_ALGS, ONLY_METHODS = (f"and only {', '.join(these)} are allowed." for these in (FAPI_ALGS, FAPI_METHODS))


# --- moment "client": its settings ------------------------------------------------------------------------------


def _unencrypted(client: Any) -> str | None:
    return "testing=True allows plain http to any host. Leave it out; loopback needs none." if client.testing else None


def _unverified_session(client: Any) -> str | None:
    unverified = getattr(client._given_session, "verify", True) is False  # noqa: SLF001  asking session= would make one
    return "the session has verify=False, so that anyone can pass for the AS. Leave it out." if unverified else None


def _no_s256(value: Any) -> str | None:
    method = value.code_challenge_method
    return None if method == "S256" else f"code_challenge_method={one_line(method)!r}, and PKCE needs 'S256'."


def _weak_method(client: Any) -> str | None:
    method = getattr(client.auth, "method", None)
    came = f"a {type(client.auth).__name__}" if method is None else repr(method)
    if method in FAPI_METHODS:
        return None
    return f"the client authenticates with {came}, {ONLY_METHODS} Pass private_key=."


def _unknown_issuer(client: Any) -> str | None:
    if not is_exact(client.issuer) or client.allow_unknown_issuer:
        return "the issuer of the AS has to be known. Make the client with from_discovery_endpoint, or pass issuer=."
    return None


def _other_audience(client: Any) -> str | None:
    aud = getattr(client.auth, "aud", client.issuer)
    if getattr(client.auth, "method", None) != "private_key_jwt" or aud == client.issuer:
        return None
    return f"aud={one_line(aud)!r} in client assertions, and the issuer is needed, as a string: {client.issuer!r}."


def _undiscovered(client: Any) -> str | None:
    """Compare the addresses with the metadata, where there are some: what is in them can't be overridden."""
    found = client.authorization_server_metadata
    ours = {name: uri for name, uri in vars(client).items() if name.endswith(("_endpoint", "jwks_uri", "issuer"))}
    pairs = [(name, uri, found.get(name)) for name, uri in ours.items() if isinstance(uri, str)]
    aliases = found.get("mtls_endpoint_aliases") or {}
    pairs += [(name, uri, aliases.get(name)) for name, uri in client.mtls_endpoint_aliases.items()]
    for name, uri, published in pairs if found else ():
        if uri != published:
            return f"{name}={one_line(uri)!r}, and the metadata of the AS say {one_line(published)!r}."
    return None


def _unbound(client: Any) -> str | None:
    if client.dpop_bound_access_tokens or client.client_certificate is not None:
        return None
    return "dpop_bound_access_tokens=False, and there is no client_certificate that tokens could be bound to."


def _weak_settings(client: Any) -> str | None:
    named = ["id_token", "userinfo", "introspection", "authorization"]
    algs = {f"{answer}_signed_response_alg": getattr(client, f"{answer}_signed_response_alg") for answer in named}
    weak = {name: alg for name, alg in {**algs, "dpop_alg": client.dpop_alg}.items() if alg not in (None, *FAPI_ALGS)}
    for name, alg in weak.items():
        return f"{name}={one_line(alg)!r}, {ONLY_ALGS}"
    return None


def _weak_assertion(client: Any) -> str | None:
    key = getattr(client.auth, "key", None)
    return None if key is None else _weak_signature(key)


def _weak_signature(key: Any) -> str | None:
    """Check a key by its algorithm; that RSA keys are long enough, `_jose` sees to."""
    crv = (key.public_jwk or {}).get("crv")
    if key.alg in FAPI_ALGS and not (key.alg == "EdDSA" and crv != "Ed25519"):
        return None
    return f"the key signs with {one_line(key.alg)}{f' on {crv}' if crv else ''}, {ONLY_ALGS}"


# --- moment "request": an authorization request; "own request": and whose it is ------------------------------------


def _implicit(request: Any) -> str | None:
    if "token" not in request.response_type.split():
        return None
    return f"response_type={request.response_type!r} brings an access token through the browser. Ask for 'code'."


def _code_without_s256(request: Any) -> str | None:
    return _no_s256(request) if "code" in request.response_type.split() else None


def _no_code(request: Any) -> str | None:
    return None if request.response_type == "code" else f"response_type={request.response_type!r}, expected 'code'."


def _unencrypted_redirect(request: Any) -> str | None:
    parts = urlsplit(request.redirect_uri or "")
    if parts.scheme.lower() != "http" or is_loopback(parts.hostname):
        return None
    return f"redirect_uri={one_line(request.redirect_uri)!r} is plain http to another machine. Use https."


def _no_redirect_uri(request: Any) -> str | None:
    return None if request.redirect_uri else "the request has no redirect_uri. Give it, or the client, one."


def _no_request_issuer(request: Any) -> str | None:
    return None if request.issuer else "the request has no issuer to compare the answer's `iss` with. Pass issuer=."


def _weak_proof_key(request: Any) -> str | None:
    return _weak_signature(request.dpop_key) if hasattr(request.dpop_key, "alg") else None


def _foreign_issuer(client: Any, request: Any) -> str | None:
    if request.issuer == client.issuer:
        return None
    return f"the request has issuer={one_line(request.issuer)!r}, that of the client is {client.issuer!r}."


def _unregistered_redirect(client: Any, request: Any) -> str | None:
    """Compare with the registered ones, where they are known; the port of loopback is free (RFC 8252 section 7.3)."""
    registered = client.registration["redirect_uris"] if "redirect_uris" in (client.registration or ()) else None
    uri = request.redirect_uri
    if not registered or uri is None or uri in registered or is_loopback(urlsplit(uri).hostname):
        return None
    return f"redirect_uri={one_line(uri)!r} is none of the registered ones, to the letter: {one_line(registered)}."


# --- moment "push": what goes to the PAR endpoint; "browser": what goes through the browser -----------------------


def _unknown_content(client: Any, request: Any, _data: Any) -> str | None:
    original = getattr(request, "authorization_request", request)
    if original is not None and (original is request or original.profile == client.profile):
        return None
    return "what this JWT says was not checked. Push what sign() of the client's authorization_request returns."


def _overriding(_client: Any, _request: Any, data: Mapping[str, Any]) -> str | None:
    twice = sorted(CHECKED & data.keys())
    return f"{', '.join(twice)} would override what the request says. Say it in the request." if twice else None


def _unpushed(request: Any) -> str | None:
    if hasattr(request, "request_uri"):
        return None
    return "this request has to be pushed. Open the URL of what client.pushed_authorization_request(request) returns."


def _further_parameters(request: Any) -> str | None:
    more = sorted(request.args.keys() - {"client_id", "request_uri"})
    return (
        f"the URL has {', '.join(more)} beside client_id and request_uri. Push them in the request." if more else None
    )


# --- moments "code", "grant", "transport": what goes to the token endpoint, and how --------------------------------


def _unchecked_code(client: Any, code: Any) -> str | None:
    if getattr(code, "profile", None) == client.profile:
        return None
    return (
        "it is unknown whether the request for this code was pushed, and `iss` of its answer checked. Pass what"
        " validate_callback of the pushed request returned."
    )


def _password(_client: Any, data: Mapping[str, Any], _key: Any) -> str | None:
    return "the password grant shows the client the user's password." if data.get("grant_type") == "password" else None


def _no_verifier(_client: Any, data: Mapping[str, Any], _key: Any) -> str | None:
    missing = data.get("grant_type") == "authorization_code" and not data.get("code_verifier")
    return "the code comes without a code_verifier, the secret half of PKCE." if missing else None


def _public_client(client: Any, data: Mapping[str, Any], _key: Any) -> str | None:
    public = data.get("grant_type") == "client_credentials" and getattr(client.auth, "method", None) == "none"
    return "a public client has no credentials, so it can't use client_credentials." if public else None


def _unbound_token(client: Any, _data: Any, key: Any) -> str | None:
    if key is not None or client.client_certificate is not None:
        return None
    return "with dpop=False the token would be bound to nothing. Leave it out."


def _weak_key(_client: Any, _data: Any, key: Any) -> str | None:
    return None if key is None else _weak_signature(key)


def _unverified(options: Mapping[str, Any]) -> str | None:
    return "verify=False lets anyone pass for the AS. Leave it out." if options.get("verify") is False else None


# --- moments "request object", "CIBA request", "signed answer", "registration" -------------------------------------


def _other_request_audience(claims: Mapping[str, Any], issuer: Any) -> str | None:
    aud, iss = claims.get("aud"), claims.get("iss")
    if aud == issuer and iss == claims.get("client_id"):
        return None
    return f"the request object has iss={one_line(iss)!r}, aud={one_line(aud)!r}; expected client_id and {issuer!r}."


def _no_nbf(claims: Mapping[str, Any], _issuer: Any) -> str | None:
    return None if isinstance(claims.get("nbf"), int) else "the request object has no nbf. Leave it to us."


def _long_lived(claims: Mapping[str, Any], _issuer: Any) -> str | None:
    exp, nbf = claims.get("exp"), claims.get("nbf", 0)
    if isinstance(exp, int) and 0 < exp - nbf <= LONGEST_REQUEST_OBJECT:
        return None
    return f"the request object needs an exp, up to {LONGEST_REQUEST_OBJECT} seconds after nbf. Pass lifetime=."


def _unsigned(private_jwk: Any) -> str | None:
    return "the request has to be signed. Pass private_jwk=." if private_jwk is None else None


def _weak_answer(alg: Any) -> str | None:
    return None if alg in FAPI_ALGS else f"alg={one_line(alg)!r}, {ONLY_ALGS}"


def _old_grants(metadata: Mapping[str, Any]) -> str | None:
    old = sorted({"password", "implicit"} & {*(metadata.get("grant_types") or ())})
    return f"grant_types has {', '.join(old)}." if old else None


def _old_response_types(metadata: Mapping[str, Any]) -> str | None:
    old = [one for one in metadata.get("response_types") or () if "token" in str(one).split()]
    return f"response_types has {one_line(old[0])!r}." if old else None


def _other_response_types(metadata: Mapping[str, Any]) -> str | None:
    others = [one for one in metadata.get("response_types") or () if one != "code"]
    return f"response_types has {one_line(others[0])!r}, expected 'code' alone." if others else None


def _weak_registration(metadata: Mapping[str, Any]) -> str | None:
    method = metadata.get("token_endpoint_auth_method") or "client_secret_basic"  # RFC 7591 §2
    if method in FAPI_METHODS:
        return None
    return f"token_endpoint_auth_method={one_line(method)!r}, {ONLY_METHODS}"


def _weak_registered_algs(metadata: Mapping[str, Any]) -> str | None:
    named = {name: alg for name, alg in metadata.items() if str(name).endswith(("signed_response_alg", "signing_alg"))}
    for name, alg in named.items():
        if alg not in (None, *FAPI_ALGS):
            return f"{name}={one_line(alg)!r}, {ONLY_ALGS}"
    return None


# --- the tables -----------------------------------------------------------------------------------------------------


class Demand(NamedTuple):
    """A clause, and the function that says what breaks it: a sentence, or None."""

    moment: Moment
    clause: str
    problem: Problem


def _rows(specification: str, *rows: tuple[Moment, str, Problem]) -> Iterator[Demand]:
    for moment, clause, problem in rows:
        yield Demand(moment, f"{specification} {clause}", problem)


DEMANDS: Mapping[str, tuple[Demand, ...]] = {
    OAUTH21: tuple(
        _rows(
            "OAuth 2.1 section",
            ("client", "1.5", _unencrypted),
            ("client", "4.1.1", _no_s256),
            ("request", "10.1", _implicit),
            ("request", "4.1.1", _code_without_s256),
            ("request", "1.5", _unencrypted_redirect),
            ("own request", "2.3.1", _unregistered_redirect),
            ("push", "4.1.1", _overriding),
            ("grant", "10", _password),
            ("grant", "4.1.3", _no_verifier),
            ("grant", "4.2", _public_client),
            ("registration", "10", _old_grants),
            ("registration", "10.1", _old_response_types),
        )
    ),
    FAPI2: (
        *_rows(
            "FAPI 2.0 Security Profile",
            ("client", "5.2.1-1", _unencrypted),
            ("client", "5.2.1-5", _unverified_session),
            ("client", "5.3.3.1-2", _weak_method),
            ("client", "5.3.3.1-10", _unknown_issuer),
            ("client", "5.3.3.1-5", _other_audience),
            ("client", "5.3.3.1-9", _undiscovered),
            ("client", "5.3.3.1-1", _unbound),
            ("client", "5.3.3.2-3", _no_s256),
            ("client", "5.4.1-1", _weak_settings),
            ("client", "5.4.1-1", _weak_assertion),
            ("request", "5.3.3.2-1", _no_code),
            ("request", "5.3.3.2-3", _no_s256),
            ("request", "5.3.3.2-5", _no_request_issuer),
            ("request", "5.3.2.2-6", _no_redirect_uri),
            ("request", "5.3.2.2-8", _unencrypted_redirect),
            ("request", "5.4.1-1", _weak_proof_key),
            ("own request", "5.3.3.2-5", _foreign_issuer),
            ("push", "5.3.3.2-2", _unknown_content),
            ("push", "5.3.3.2-2", _overriding),
            ("browser", "5.3.3.2-2", _unpushed),
            ("browser", "5.3.3.2-6", _further_parameters),
            ("code", "5.3.3.2-5", _unchecked_code),
            ("grant", "5.3.2.1-2", _password),
            ("grant", "5.3.3.2-3", _no_verifier),
            ("grant", "5.3.3.1-1", _unbound_token),
            ("grant", "5.4.1-1", _weak_key),
            ("transport", "5.2.1-5", _unverified),
            ("signature", "5.4.1-1", _weak_signature),
            ("signed answer", "5.4.1-1", _weak_answer),
            ("registration", "5.3.2.1-2", _old_grants),
            ("registration", "5.3.2.2-1", _other_response_types),
            ("registration", "5.3.3.1-2", _weak_registration),
            ("registration", "5.4.1-1", _weak_registered_algs),
        ),
        *_rows(
            "FAPI 2.0 Message Signing",
            ("request object", "5.3.2-2", _other_request_audience),
            ("request object", "5.3.2-3", _no_nbf),
            ("request object", "5.3.2-4", _long_lived),
        ),
        *_rows("FAPI-CIBA", ("CIBA request", "5.2.3.1-1", _unsigned)),
    ),
}
