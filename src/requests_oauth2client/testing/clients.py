"""Which clients the test server knows, and whether a request is from one of them (RFC 6749 section 2.3, RFC 7591)."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from .. import _jose
from .._core.compare import is_same_secret
from .._core.times import timestamp
from .._core.urls import is_loopback
from .messages import ReceivedRequest, Refusal
from .records import Records

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LEEWAY = 60  # seconds that a client's clock may be ahead
SECRET_METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt")
DEFAULTS = {  # RFC 7591 section 2
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
}


class Client:
    """A client: its metadata (RFC 7591 section 2), or any client where the server takes all of them."""

    def __init__(self, client_id: str, metadata: Mapping[str, Any] | None, method: str = "none") -> None:
        self.client_id = client_id
        self.is_known = metadata is not None
        self.metadata = {**DEFAULTS, **metadata} if metadata is not None else {}
        self.method: str = self.metadata.get("token_endpoint_auth_method", method)

    @property
    def is_public(self) -> bool:
        """Whether it has no credentials."""
        return self.method == "none"

    def may_use(self, grant_type: str) -> bool:
        """Return whether it is registered for a grant."""
        return not self.is_known or grant_type in self.metadata["grant_types"]

    def scope(self, asked: list[str]) -> list[str]:
        """Return the words of a scope that it may ask for; all of them where its metadata have none."""
        allowed = self.metadata.get("scope")
        if allowed is None:
            return asked
        if refused := [word for word in asked if word not in allowed.split()]:
            raise Refusal("invalid_scope", f"the client may not ask for {' '.join(refused)}")
        return asked

    def redirect_uri(self, asked: str | None) -> str:
        """Return where the response goes: compared to the letter, but for the port of a loopback address (RFC 8252).

        Raises:
            Refusal: it is not registered; the browser is not sent there.
        """
        registered: list[str] = self.metadata.get("redirect_uris", [])
        if not self.is_known and asked is not None:
            return asked
        if asked is None and len(registered) == 1:
            return registered[0]
        if asked is None:
            raise Refusal("invalid_request", "redirect_uri is missing")
        if asked in registered or _without_port(asked) in {_without_port(uri) for uri in registered}:
            return asked
        raise Refusal("invalid_request", f"redirect_uri {asked!r} is not registered for this client")

    @property
    def jwks(self) -> Any:
        """Its public keys, or None."""
        return self.metadata.get("jwks")


def _without_port(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        return uri
    return parts._replace(netloc=str(parts.hostname)).geturl()


class Clients:
    """All clients. `known` maps a client_id to its metadata; None takes any client with any credentials."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]] | None) -> None:
        self.known = None if known is None else {client_id: dict(metadata) for client_id, metadata in known.items()}
        self.registered: dict[str, dict[str, Any]] = {}

    def get(self, client_id: str, *, method: str = "none") -> Client:
        """Return a client.

        Raises:
            Refusal: the server knows no such client.
        """
        metadata = self.registered.get(client_id) or (self.known or {}).get(client_id)
        if metadata is None and self.known is not None:
            raise Refusal("invalid_client", f"there is no client {client_id!r}", status=401)
        return Client(client_id, metadata, method)

    def authenticate(
        self, request: ReceivedRequest, form: Mapping[str, Any], *, issuer: str, records: Records
    ) -> Client:
        """Return the client that a request comes from.

        Raises:
            Refusal: it has no, several or wrong credentials, or those of another method than it is registered for.
        """
        found = [*_basic(request), *_post(form), *_assertion(form)]
        if len(found) > 1:
            raise Refusal("invalid_request", "the request has several ways to authenticate the client")
        if not found and "client_id" not in form:
            raise Refusal("invalid_client", "the request has no client authentication", status=401)
        method, client_id, proof = found[0] if found else ("none", form["client_id"], "")
        if form.get("client_id", client_id) != client_id:
            raise Refusal("invalid_request", "client_id is not the one that is authenticated")
        headers = {"WWW-Authenticate": "Basic"} if method == "client_secret_basic" else {}
        try:
            client = self.get(client_id, method=method)
            if method == "assertion":
                self._check_assertion(client, proof, {issuer, request.url.partition("?")[0]}, records)
            elif client.method != method and client.is_known:
                raise Refusal("invalid_client", f"the client is registered for {client.method}, not {method}")
            elif client.is_known and method != "none":
                _check_secret(client, proof)
        except Refusal as refusal:
            raise Refusal("invalid_client", refusal.description, status=401, headers=headers) from None
        return client

    def _check_assertion(self, client: Client, assertion: str, audiences: set[str], records: Records) -> None:
        """Check a JWT that authenticates a client (RFC 7523 section 3)."""
        parsed = _jose.compact.take_apart(assertion)
        method = "client_secret_jwt" if parsed.alg.startswith("HS") else "private_key_jwt"
        if client.is_known and client.method != method:
            raise Refusal("invalid_client", f"the client is registered for {client.method}, not {method}")
        client.method = method
        _verify_assertion(client, assertion, parsed.alg)
        claims = parsed.claims()
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise Refusal("invalid_client", "iss and sub of the assertion must be the client_id")
        aud = claims.get("aud")
        issuer_and_endpoints = {*audiences, *(f"{one.rstrip('/')}/token" for one in audiences)}
        if not issuer_and_endpoints & set(aud if isinstance(aud, list) else [aud]):
            raise Refusal("invalid_client", "aud of the assertion names neither the issuer nor this endpoint")
        exp, now = claims.get("exp"), timestamp()
        if not isinstance(exp, (int, float)) or exp <= now:
            raise Refusal("invalid_client", "the assertion is expired, or has no exp")
        if any(
            isinstance(claims.get(name), (int, float)) and claims[name] > now + ASSERTION_LEEWAY
            for name in ("iat", "nbf")
        ):
            raise Refusal("invalid_client", "the assertion is from the future")
        if not records.use_once(claims.get("jti")):
            raise Refusal("invalid_client", "the jti of the assertion is missing or was used before")

    def register(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Register a client (RFC 7591 section 3); returns its metadata, with credentials where it needs some."""
        registered = {
            **DEFAULTS,
            **metadata,
            "client_id": secrets.token_hex(8),
            "client_id_issued_at": int(timestamp()),
        }
        if "authorization_code" in registered["grant_types"] and not registered.get("redirect_uris"):
            raise Refusal("invalid_redirect_uri", "redirect_uris is missing")
        if registered["token_endpoint_auth_method"] in SECRET_METHODS:
            registered |= {"client_secret": secrets.token_urlsafe(32), "client_secret_expires_at": 0}
        elif registered["token_endpoint_auth_method"] == "private_key_jwt" and not registered.get("jwks"):
            raise Refusal("invalid_client_metadata", "private_key_jwt needs jwks")
        self.registered[registered["client_id"]] = registered
        return registered


def _check_secret(client: Client, secret: str) -> None:
    expected = str(client.metadata.get("client_secret", ""))
    if not expected or not is_same_secret(secret, expected):
        raise Refusal("invalid_client", "the client secret is wrong")


def _verify_assertion(client: Client, assertion: str, alg: str) -> None:
    """Check the signature of an assertion; of a client that the server does not know, there is no key."""
    if not client.is_known:
        return
    expected = client.metadata.get("token_endpoint_auth_signing_alg")
    if expected is not None and expected != alg:
        raise Refusal("invalid_client", f"the assertion must be signed with {expected}")
    try:
        if alg.startswith("HS"):
            _jose.jws.verify(assertion, algs=[alg], secret=str(client.metadata.get("client_secret", "")))
        else:
            _jose.jws.verify(assertion, algs=[alg], keys=client.jwks or {"keys": []})
    except ValueError as wrong:
        raise Refusal("invalid_client", f"the signature of the assertion is wrong ({wrong})") from None


def _basic(request: ReceivedRequest) -> list[tuple[str, str, str]]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        client_id, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = client_id = secret = ""
    if not colon:
        raise Refusal("invalid_request", "the Basic credentials can't be read")
    return [("client_secret_basic", unquote_plus(client_id), unquote_plus(secret))]  # RFC 6749 section 2.3.1


def _post(form: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if "client_secret" not in form:
        return []
    return [("client_secret_post", form.get("client_id", ""), form["client_secret"])]


def _assertion(form: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if "client_assertion" not in form:
        return []
    if form.get("client_assertion_type") != JWT_BEARER:
        raise Refusal("invalid_client", f"client_assertion_type must be {JWT_BEARER}", status=401)
    try:
        claims = _jose.compact.take_apart(form["client_assertion"]).claims()
    except _jose.errors.JoseError as wrong:
        raise Refusal("invalid_client", f"the client assertion can't be read ({wrong})", status=401) from None
    return [("assertion", str(claims.get("sub")), form["client_assertion"])]
