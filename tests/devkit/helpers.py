"""What a client sends, with plain `requests`: these tests prove the devkit, not the library."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import JWKRegistry

from devkit.authorization_server import AuthorizationServer, TestClient
from devkit.authorization_server.credentials import Jwk, public_jwk
from devkit.browser import Browser, callback_parameters

TIMEOUT = 10
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def post(url: str, client: TestClient, data: dict[str, str], **more: Any) -> requests.Response:
    """Post a form as this client, authenticated its way."""
    fields, credentials = authenticate(issuer_of(url), client)
    return requests.post(url, data={**fields, **data}, auth=credentials, timeout=TIMEOUT, **more)


def authenticate(issuer: str, client: TestClient) -> tuple[dict[str, str], tuple[str, str] | None]:
    """Say how a client shows who it is: with form fields, or HTTP Basic."""
    secret = client.client_secret or ""
    match client.auth_method:
        case "client_secret_basic":
            return {}, (quote_plus(client.client_id), quote_plus(secret))
        case "client_secret_post":
            return {"client_id": client.client_id, "client_secret": secret}, None
        case "client_secret_jwt":
            encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
            return _assertion(issuer, client, {"kty": "oct", "k": encoded}, "HS256"), None
        case "private_key_jwt":
            assert client.private_jwk
            return _assertion(issuer, client, client.private_jwk, client.private_jwk["alg"]), None
    return {"client_id": client.client_id}, None


def _assertion(issuer: str, client: TestClient, jwk: Jwk, alg: str) -> dict[str, str]:
    signed = encode(jwk, alg, {"iss": client.client_id, "sub": client.client_id, "aud": issuer})
    return {"client_id": client.client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


def dpop_proof(jwk: Jwk, url: str, nonce: str | None = None) -> str:
    """Make a DPoP proof for a POST (RFC 9449 section 4.2)."""
    claims = {"htm": "POST", "htu": url, **({"nonce": nonce} if nonce else {})}
    return encode(jwk, jwk["alg"], claims, typ="dpop+jwt", jwk=public_jwk(jwk))


def authorization_url(server: AuthorizationServer, client: TestClient, **more: str) -> str:
    """Make an authorization request for a code, with PKCE."""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": "openid api.read",
        "state": "S",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{server.authorization_endpoint}?{urlencode(parameters)}"


def pushed_url(server: AuthorizationServer, client: TestClient, inline: str) -> str:
    """Push an authorization request, and make the one that refers to it (RFC 9126)."""
    pushed = post(server.pushed_authorization_request_endpoint, client, callback_parameters(inline))
    assert pushed.status_code == 201, pushed.text
    query = urlencode({"client_id": client.client_id, "request_uri": pushed.json()["request_uri"]})
    return f"{server.authorization_endpoint}?{query}"


def sign(client: TestClient, claims: dict[str, Any]) -> str:
    """Sign a JWT with the client's key, good for a minute."""
    jwk = client.private_jwk
    assert jwk
    return encode(jwk, jwk["alg"], claims)


def encode(key: Jwk, alg: str, claims: dict[str, Any], **header: Any) -> str:
    """Sign a JWT with a unique id, good for a minute."""
    now = int(time.time())
    claims = {"iat": now, "nbf": now, "exp": now + 60, "jti": secrets.token_urlsafe(), **claims}
    named = {"kid": key["kid"]} if "kid" in key else {}
    return jwt.encode({"alg": alg, **named, **header}, claims, JWKRegistry.import_key(key), algorithms=[alg])


def issuer_of(url: str) -> str:
    """Cut an endpoint's path off."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def code_tokens(server: AuthorizationServer, client: TestClient, browser: Browser, **more: str) -> dict[str, Any]:
    """Walk the authorization code journey to its tokens."""
    callback = callback_parameters(browser.authorize(authorization_url(server, client, **more)))
    data = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": client.redirect_uri,
        "code_verifier": VERIFIER,
    }
    return granted(post(server.token_endpoint, client, data))


def refresh(server: AuthorizationServer, client: TestClient, refresh_token: str) -> requests.Response:
    """Use a refresh token."""
    return post(server.token_endpoint, client, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def granted(response: requests.Response) -> dict[str, Any]:
    """Read the tokens of an answer that must have them."""
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens
