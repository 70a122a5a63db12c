"""What a client says of itself to servers that it was never registered at (RFC 7591 section 2, and CIMD).

    ClientMetadata("My agent", url="https://me.example.com/client.json")
        the server knows client_id metadata documents: the URL is the client_id, and `document()` is served there
        else: the same metadata are sent to its registration endpoint

Sends nothing: `_resource/clients` decides which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ._core.options import accept_further
from ._core.urls import is_loopback, validate_uri
from ._core.values import Discreet
from .exceptions import InvalidParam, InvalidUri

NATIVE_REDIRECT_URIS = ("http://127.0.0.1/callback", "http://localhost/callback")  # RFC 8252 §7.3: any port
NAMES = frozenset(
    """
    client_uri logo_uri tos_uri policy_uri contacts jwks jwks_uri software_id software_version software_statement
    token_endpoint_auth_method token_endpoint_auth_signing_alg grant_types response_types scope application_type
    subject_type id_token_signed_response_alg default_max_age require_auth_time initiate_login_uri request_uris
    dpop_bound_access_tokens require_pushed_authorization_requests post_logout_redirect_uris
    """.split()
)  # RFC 7591 section 2, OIDC Registration section 2
OF_THE_SERVER = ("client_id", "client_secret", "client_secret_expires_at", "client_id_issued_at")
NOT_IN_A_DOCUMENT = frozenset({"client_secret_basic", "client_secret_post", "client_secret_jwt"})


class ClientMetadata(Discreet):
    """A client that any server may meet: it registers itself, or servers read what it says at its URL.

    Args:
        name: the name that users are shown.
        url: where `document()` is served; it is the client_id at servers that know client_id metadata documents.
        redirect_uris: where users come back to. By default that of the way to log in, or loopback on any port.
        **rfc7591: further metadata, such as `logo_uri`, `tos_uri` or `software_id`.

    Raises:
        InvalidParam: the name is missing, the URL can't be a client_id, or the metadata have what a server decides.
        UnknownParam: a name is close to a registered one, and so probably misspelled.

    Source: RFC 7591 section 2, draft-ietf-oauth-client-id-metadata-document sections 3 and 4.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str | None = None,
        redirect_uris: Iterable[str] | None = None,
        **rfc7591: Any,
    ) -> None:
        if not name or not isinstance(name, str):
            msg = "ClientMetadata needs a name, which users are shown when they log in."
            raise InvalidParam(msg)
        if isinstance(redirect_uris, str):
            msg = f"redirect_uris= are several URIs, got one string. Pass [{redirect_uris!r}]."
            raise InvalidParam(msg)
        if wrong := [one for one in OF_THE_SERVER if one in rfc7591]:
            msg = f"{', '.join(wrong)} is for the server to say. Pass client=({wrong[0]!r}, ...) if you have it."
            raise InvalidParam(msg)
        self.name = name
        self.url = None if url is None else validate_document_url(url)
        self.redirect_uris = None if redirect_uris is None else tuple(redirect_uris)
        self.further: Mapping[str, Any] = accept_further(
            {one: value for one, value in rfc7591.items() if one != "extra"},
            {*NAMES, "name", "url", "redirect_uris"},
            where="ClientMetadata",
            extra=rfc7591.get("extra"),
        )
        method = self.further.get("token_endpoint_auth_method")
        if self.url is not None and method in NOT_IN_A_DOCUMENT:
            msg = f"A client whose metadata are public has no secret: token_endpoint_auth_method={method!r} can't be."
            raise InvalidParam(msg)

    def document(self) -> dict[str, Any]:
        """Return what to serve at `url`, as JSON.

        Raises:
            InvalidParam: it has no URL.

        Source: draft-ietf-oauth-client-id-metadata-document section 4.1.
        """
        if self.url is None:
            msg = "Without a url there is nowhere to serve this document: pass ClientMetadata(..., url=...)."
            raise InvalidParam(msg)
        return {"client_id": self.url, **self.for_registration(self.redirect_uris or NATIVE_REDIRECT_URIS)}

    def for_registration(
        self, redirect_uris: Iterable[str], *, grant_types: Iterable[str] = (), method: str | None = "none"
    ) -> dict[str, Any]:
        """Return what to register.

        Args:
            redirect_uris: where users come back to.
            grant_types: what tokens are obtained with; by default a login, and then refresh tokens.
            method: the method of client authentication, if nothing else was said.
        """
        uris = list(redirect_uris)
        is_login = not grant_types
        known: dict[str, Any] = {
            "client_name": self.name,
            "redirect_uris": uris if is_login else None,
            "grant_types": list(grant_types) or ["authorization_code", "refresh_token"],
            "response_types": ["code"] if is_login else None,
            "token_endpoint_auth_method": method,
            "application_type": application_type(uris) if is_login else None,
        }
        return {name: value for name, value in {**known, **self.further}.items() if value is not None}

    def __repr__(self) -> str:
        return f"ClientMetadata({self.name!r}{'' if self.url is None else f', url={self.url!r}'})"


def application_type(redirect_uris: Iterable[str]) -> str:
    """Return what kind of application has some redirect URIs (OIDC Registration section 2).

    A program on the user's machine has loopback addresses or schemes of its own, a web site https ones.
    """
    for uri in redirect_uris:
        parts = urlsplit(uri)
        if parts.scheme.lower() != "https" or is_loopback(parts.hostname):
            return "native"
    return "web"


def validate_document_url(url: object) -> str:
    """Check a URL that is to be a client_id, and return it as a str.

    Raises:
        InvalidUri: it is not an https URL (plain http only for loopback), or has no path, a fragment, credentials, or a
            segment `.` or `..`.

    Source: draft-ietf-oauth-client-id-metadata-document section 3.
    """
    text = validate_uri(url, error=InvalidUri, name="url of the client metadata")
    path = urlsplit(text).path
    if path == "/" or {".", ".."} & {unquote(segment) for segment in path.split("/")}:
        raise InvalidUri(text, "it needs a path, without . or .. in it", "url of the client metadata")
    return text


__all__ = ["ClientMetadata"]
