"""What to do about a refusal, from the request that was refused and what the client knows: advice that names things.

Each function returns a sentence, or "" where it has nothing to say. Knows no error class and no client class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from .redaction import HARMLESS, one_line
from .times import http_date, now

CLOCKS_DIFFER = 30.0  # seconds; less is the way of the answer, and servers allow for it
LONGEST_FORM = 1 << 16  # bytes

METHODS = {  # what to pass as `auth=`
    "client_secret_basic": "ClientSecretBasic(client_id, client_secret)",
    "client_secret_post": "ClientSecretPost(client_id, client_secret)",
    "client_secret_jwt": "ClientSecretJwt(client_id, client_secret)",
    "private_key_jwt": "PrivateKeyJwt(client_id, private_jwk)",
    "tls_client_auth": "TlsClientAuth(client_id, certificate)",
    "self_signed_tls_client_auth": "SelfSignedTlsClientAuth(client_id, certificate)",
    "attest_jwt_client_auth": "ClientAttestation(client_id, attestation, key)",
    "none": "PublicApp(client_id)",
}
TIMED = frozenset({"assertion", "client_assertion", "request"})  # fields that hold a JWT with times of this machine


def form_of(request: Any) -> dict[str, str]:
    """Return the fields of a form POST of any library; none where it is something else."""
    body = getattr(request, "body", None) or getattr(request, "_content", None) or b""
    if isinstance(body, str):
        body = body.encode(errors="replace")
    if not isinstance(body, bytes) or len(body) > LONGEST_FORM:
        return {}
    return dict(parse_qsl(body.decode(errors="replace")))


def headers_of(message: Any) -> Mapping[str, str]:
    """Return the headers of a request or a response of any library."""
    found = getattr(message, "headers", None)
    return found if isinstance(found, Mapping) else {}


def what_was_sent(form: Mapping[str, str], *names: str) -> str:
    """Say what was asked for, where that is no secret."""
    sent = ", ".join(f"{name}={one_line(form[name])!r}" for name in names if name in form and name in HARMLESS)
    return f"The request said {sent}." if sent else ""


def clock_difference(response: Any) -> str:
    """Say by how much the clocks of this machine and of the server differ, where that is much."""
    theirs = http_date(headers_of(response).get("Date"))
    if theirs is None:
        return ""
    ahead = (now() - theirs).total_seconds()
    if abs(ahead) < CLOCKS_DIFFER:
        return ""
    which = "ahead of" if ahead > 0 else "behind"
    return (
        f"The clock of this machine is {abs(ahead):.0f} seconds {which} the server's (by its Date header): correct it."
    )


def authentication(client: Any) -> str:
    """Say how the client authenticated, and what the server's metadata list."""
    used = getattr(getattr(client, "auth", None), "method", None)
    if not isinstance(used, str):
        return ""
    tried = [used, *(one.method for one in getattr(client, "_alternatives", ()))]
    said = f"The client authenticated with {', then '.join(dict.fromkeys(tried))}"
    listed = _listed(client, "token_endpoint_auth_methods_supported")
    if not listed:
        return f"{said}."
    known = f"{said}; the server's metadata list {', '.join(map(one_line, listed))}."
    others = [METHODS[one] for one in listed if one in METHODS]
    if used in listed or not others:
        return known
    return f"{known} Pass auth={' or '.join(others)}."


def grants(client: Any, form: Mapping[str, str]) -> str:
    """Say which grant was used, and what the server's metadata list."""
    listed = _listed(client, "grant_types_supported")
    known = f"The server's metadata list {', '.join(map(one_line, listed))}." if listed else ""
    return " ".join(part for part in (what_was_sent(form, "grant_type"), known) if part)


def _listed(client: Any, name: str) -> list[str]:
    metadata = getattr(client, "authorization_server_metadata", None)
    found = metadata.get(name) if isinstance(metadata, Mapping) else None
    return [one for one in found if isinstance(one, str)] if isinstance(found, (list, tuple)) else []


def demanded(description: str | None, request: Any) -> str:
    """Say which parameter of ours turns on, or off, what the server's words are about."""
    said = (description or "").lower()
    found = []
    if "dpop" in said and "DPoP" not in headers_of(request) and "dpop" not in headers_of(request):
        found.append(
            "No DPoP proof was sent: pass dpop_bound_access_tokens=True to the client, or dpop=True to the call."
        )
    if "code_verifier" not in form_of(request):
        found.append(pkce(description))
    if "request object" in said or "request_uri" in said or "pushed authorization" in said:
        found.append("Signed requests are made by sign(), pushed ones by client.pushed_authorization_request().")
    return " ".join(filter(None, found))


def pkce(description: str | None) -> str:
    """Say which parameter of ours decides about PKCE, where the server's words are about that."""
    said = (description or "").lower()
    if "pkce" not in said and "code_challenge" not in said and "code challenge" not in said:
        return ""
    return (
        "PKCE is decided by code_challenge_method= of the client and of the request: 'S256'; None for a server without."
    )


def times_matter(request: Any) -> bool:
    """Whether a request holds a JWT with times of this machine."""
    headers = headers_of(request)
    return "DPoP" in headers or "dpop" in headers or not TIMED.isdisjoint(form_of(request))
