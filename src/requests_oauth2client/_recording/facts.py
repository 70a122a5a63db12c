"""What a message shows of the protection that it has: PKCE, client authentication, DPoP; and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .._core.story import Clause

SERVER_ERRORS = 500
TOO_MANY_REQUESTS = 429
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def authorization_facts(params: Mapping[str, str]) -> list[Clause]:
    """Return what an authorization request is protected by."""
    facts = []
    if "code_challenge" in params:
        facts.append(Clause(f"PKCE {params.get('code_challenge_method', 'plain')} sent", "RFC 7636 §4.3"))
    if "state" in params:
        facts.append(Clause("state sent", "RFC 6749 §10.12"))
    if "nonce" in params:
        facts.append(Clause("nonce sent", "OIDC Core 3.1.2.1"))
    if "request" in params:
        facts.append(Clause("request signed", "RFC 9101 §4"))
    if "dpop_jkt" in params:
        facts.append(Clause("code bound to a DPoP key", "RFC 9449 §10"))
    if str(params.get("request_uri", "")).startswith("urn:"):
        facts.append(Clause("request pushed", "RFC 9126 §4"))
    return facts


def request_facts(headers: Mapping[str, Any], params: Mapping[str, str], *, is_api: bool) -> list[Clause]:
    """Return what a request to a server or an API is protected by."""
    scheme = str(headers.get("Authorization") or "").partition(" ")[0].lower()
    facts = []
    if scheme in {"bearer", "dpop"}:
        facts.append(Clause("access token sent", "RFC 6750 §2.1" if scheme == "bearer" else "RFC 9449 §7.1"))
    elif is_api:
        pass
    elif scheme == "basic":
        facts.append(Clause("client authenticated: client_secret_basic", "RFC 6749 §2.3.1"))
    elif "client_secret" in params:
        facts.append(Clause("client authenticated: client_secret_post", "RFC 6749 §2.3.1"))
    elif params.get("client_assertion_type") == ASSERTION:
        facts.append(Clause("client authenticated: JWT assertion", "RFC 7523 §2.2"))
    if headers.get("DPoP"):
        facts.append(Clause("DPoP proof sent", "RFC 9449 §4"))
    if "code_verifier" in params:
        facts.append(Clause("PKCE verifier sent", "RFC 7636 §4.5"))
    return [*facts, *(authorization_facts(params) if "response_type" in params else [])]


def note_of(method: str, url: str, params: Mapping[str, str]) -> str:
    """Return what a request to a server is: a grant, a lookup, metadata."""
    if "grant_type" in params:
        return params["grant_type"].rpartition(":")[2]
    path = urlsplit(url).path
    if "/.well-known/" in path:
        return "metadata"
    if method == "POST" and "response_type" in params:
        return "pushed authorization request"
    return ""


def repeated(note: str, times: int, status: int | None, error: str | None) -> str:
    """Return the note of a request that follows the same one.

    Args:
        note: what the request is.
        times: how often it was made before.
        status: of the response before; None where none came.
        error: the OAuth error in it.
    """
    if error == "use_dpop_nonce":
        return f"{note}, again with the nonce".lstrip(", ")
    if error in {"authorization_pending", "slow_down"}:
        return f"{note}, poll {times + 1}".lstrip(", ")
    if status is None or status >= SERVER_ERRORS or status == TOO_MANY_REQUESTS:
        return f"{note}, attempt {times + 1}".lstrip(", ")
    return note
