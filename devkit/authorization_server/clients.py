"""The clients that the authorization server knows: one per way to authenticate, and one per journey.

A row of `ROWS` is what is special about a client; `make_clients` adds fresh credentials. Knows no process.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .credentials import Certificate, Jwk, make_certificate, private_jwk, public_jwk, random_secret

LOOPBACK_REDIRECT_URI = "http://127.0.0.1/callback"
WEB_REDIRECT_URI = "https://client.devkit.example/callback"
SITE_REDIRECT_URI = "https://client.devkit.example/auth/main/callback"  # of the login routes of a site

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CIBA = "urn:openid:params:grant-type:ciba"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
USER_GRANTS = ["authorization_code", "refresh_token", DEVICE]
ALL_GRANTS = ["client_credentials", *USER_GRANTS]

NATIVE = {"application_type": "native", "redirect_uris": [LOOPBACK_REDIRECT_URI]}
PUBLIC = {**NATIVE, "token_endpoint_auth_method": "none", "grant_types": USER_GRANTS}
SECRET_METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt")


@dataclass(frozen=True, kw_only=True)
class TestClient:
    """A client of the authorization server, with everything it needs to authenticate."""

    __test__ = False  # not a class of tests, whatever pytest thinks of the name

    client_id: str
    auth_method: str
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    client_secret: str | None = field(default=None, repr=False)
    private_jwk: Jwk | None = field(default=None, repr=False)
    decryption_jwk: Jwk | None = field(default=None, repr=False)
    attester_jwk: Jwk | None = field(default=None, repr=False)
    certificate: Certificate | None = None
    metadata: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def redirect_uri(self) -> str:
        """The first redirect URI."""
        return self.redirect_uris[0]


def _private_key_jwt(alg: str, **more: Any) -> dict[str, Any]:
    method = {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": alg}
    return {**NATIVE, "grant_types": ALL_GRANTS, **method, **more}


def _secret(method: str, **more: Any) -> dict[str, Any]:
    return {**NATIVE, "grant_types": ALL_GRANTS, "token_endpoint_auth_method": method, **more}


ROWS: dict[str, dict[str, Any]] = {
    "client_secret_basic": _secret("client_secret_basic", client_id="basic:client+100% sure"),
    "client_secret_post": _secret("client_secret_post"),
    "client_secret_jwt": _secret("client_secret_jwt", token_endpoint_auth_signing_alg="HS256"),
    "private_key_jwt_RS256": _private_key_jwt("RS256"),
    "private_key_jwt_PS256": _private_key_jwt("PS256"),
    "private_key_jwt_ES256": _private_key_jwt("ES256"),
    "private_key_jwt_EdDSA": _private_key_jwt("EdDSA"),
    "private_key_jwt_Ed25519": _private_key_jwt("Ed25519"),
    "none": PUBLIC,
    "web": _secret(
        "client_secret_post",
        application_type="web",
        redirect_uris=[WEB_REDIRECT_URI, SITE_REDIRECT_URI],
        post_logout_redirect_uris=["https://client.devkit.example/bye"],
        access_token_ttl=2,
    ),
    "hybrid": _secret(
        "client_secret_basic",
        application_type="web",
        redirect_uris=[WEB_REDIRECT_URI],
        grant_types=["authorization_code", "refresh_token", "implicit"],
        response_types=["code", "id_token", "code id_token"],
    ),
    "short": _secret("client_secret_basic", access_token_ttl=2),
    "device": {**PUBLIC, "grant_types": [DEVICE, "refresh_token"], "response_types": []},
    "api": _secret("client_secret_basic", grant_types=["client_credentials"], redirect_uris=[], response_types=[]),
    "dpop": _private_key_jwt("ES256", dpop_bound_access_tokens=True),
    "dpop_public": {**PUBLIC, "dpop_bound_access_tokens": True},
    "par": _secret("client_secret_basic", require_pushed_authorization_requests=True),
    "jar": _private_key_jwt("ES256", require_signed_request_object=True, request_object_signing_alg="ES256"),
    "ciba": _secret(
        "client_secret_basic",
        grant_types=[CIBA, "refresh_token"],
        redirect_uris=[],
        response_types=[],
        backchannel_token_delivery_mode="poll",
    ),
    "fapi": _private_key_jwt(
        "PS256",
        application_type="web",
        redirect_uris=[WEB_REDIRECT_URI],
        fapi_profile="2.0",
        pkce_required=True,
        require_pushed_authorization_requests=True,
        dpop_bound_access_tokens=True,
        id_token_signed_response_alg="PS256",
    ),
    "encrypted": _private_key_jwt(
        "ES256",
        id_token_encrypted_response_alg="ECDH-ES",
        id_token_encrypted_response_enc="A256GCM",
        userinfo_signed_response_alg="ES256",
    ),
    "signed": _private_key_jwt(
        "ES256", userinfo_signed_response_alg="EdDSA", introspection_signed_response_alg="PS256"
    ),
    "sealed": _private_key_jwt(
        "ES256",
        id_token_encrypted_response_alg="ECDH-ES",
        userinfo_signed_response_alg="ES256",
        userinfo_encrypted_response_alg="ECDH-ES",
        userinfo_encrypted_response_enc="A256GCM",
        introspection_signed_response_alg="ES256",
        introspection_encrypted_response_alg="ECDH-ES",
        introspection_encrypted_response_enc="A128GCM",
    ),
    "exchange": _secret("client_secret_basic", grant_types=[*ALL_GRANTS, TOKEN_EXCHANGE]),
    "ciba_signed": _private_key_jwt(
        "ES256",
        grant_types=[CIBA],
        redirect_uris=[],
        response_types=[],
        backchannel_token_delivery_mode="poll",
        backchannel_authentication_request_signing_alg="ES256",
    ),
    "attested": {**NATIVE, "grant_types": ALL_GRANTS, "token_endpoint_auth_method": "attest_jwt_client_auth"},
    "mtls": {
        **NATIVE,
        "grant_types": ALL_GRANTS,
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=mtls",
        "tls_client_certificate_bound_access_tokens": True,
    },
    "mtls_self_signed": {
        **NATIVE,
        "grant_types": ALL_GRANTS,
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "tls_client_certificate_bound_access_tokens": True,
    },
}


def make_clients(folder: Path, ca: Certificate, more: dict[str, dict[str, Any]]) -> dict[str, TestClient]:
    """Make every client of `ROWS`, and `more` rows, with fresh credentials; certificates go to `folder`."""
    rows = itertools.chain(ROWS.items(), more.items())
    return {name: _make_client(name, row, folder, ca) for name, row in rows}


def _make_client(name: str, row: dict[str, Any], folder: Path, ca: Certificate) -> TestClient:
    method = row["token_endpoint_auth_method"]
    metadata = {"client_id": name, **row}
    secret = jwk = decryption_jwk = attester_jwk = certificate = None
    if method in SECRET_METHODS:
        secret = metadata["client_secret"] = f"{random_secret()}: +%/=&"
    elif method == "private_key_jwt":
        jwk = private_jwk(row["token_endpoint_auth_signing_alg"])
        metadata["jwks"] = {"keys": [public_jwk(jwk)]}
    elif method == "attest_jwt_client_auth":
        jwk, attester_jwk = private_jwk("ES256"), private_jwk("ES256")
        metadata["attester_jwk"] = public_jwk(attester_jwk)
    elif method == "tls_client_auth":
        certificate = make_certificate(name, folder, issuer=ca)
    elif method == "self_signed_tls_client_auth":
        certificate = make_certificate(name, folder)
        metadata["jwks"] = {"keys": [certificate.public_jwk]}
    if "id_token_encrypted_response_alg" in row:
        decryption_jwk = private_jwk(row["id_token_encrypted_response_alg"], use="enc")
        metadata["jwks"]["keys"].append(public_jwk(decryption_jwk))
    return TestClient(
        client_id=metadata["client_id"],
        auth_method=method,
        redirect_uris=tuple(row.get("redirect_uris", ())),
        grant_types=tuple(row["grant_types"]),
        client_secret=secret,
        private_jwk=jwk,
        decryption_jwk=decryption_jwk,
        attester_jwk=attester_jwk,
        certificate=certificate,
        metadata=metadata,
    )
