"""What API-CONTRACT.md says that a caller may read of a value, as data."""

from __future__ import annotations

from typing import Any

import pytest

from requests_oauth2client import (
    ApiClient,
    AuthorizationRequest,
    AuthorizationResponse,
    BackChannelAuthenticationResponse,
    BearerToken,
    DeviceAuthorizationResponse,
    DPoPKey,
    DPoPToken,
    EndpointError,
    IdToken,
    MismatchingState,
    OAuth2Client,
    OAuth2Error,
)
from requests_oauth2client.utils import b64u_encode

JWT = ".".join([b64u_encode('{"alg":"none"}'), b64u_encode('{"iss":"i","aud":"a","sub":"s","exp":1}'), "c2ln"])
ENDPOINT = "https://as.example/x"

ATTRIBUTES: list[tuple[Any, str]] = [
    (
        BearerToken("t", expires_in=60, extra="e"),
        """
        access_token expires_at expires_in scope refresh_token token_type id_token is_expired as_dict extra TOKEN_TYPE
        AUTHORIZATION_HEADER AUTHORIZATION_SCHEME validate_id_token
        """,
    ),
    (BearerToken(JWT), "access_token_jwt"),
    (DPoPKey.generate(), "public_jwk dpop_jkt proof"),
    (
        IdToken(JWT),
        """
        claims headers alg kid aud issuer audiences subject expires_at issued_at auth_datetime authorized_party
        is_expired checked iss sub exp
        """,
    ),
    (
        AuthorizationRequest(ENDPOINT, "c", dpop=True, resource="r"),
        """
        authorization_endpoint client_id redirect_uri scope response_type state nonce code_verifier
        code_challenge_method acr_values max_age issuer authorization_response_iss_parameter_supported dpop dpop_alg
        dpop_key code_challenge uri args as_dict dpop_jkt request validate_callback sign sign_and_encrypt
        sign_request_jwt sign_and_encrypt_request_jwt resource
        """,
    ),
    (
        AuthorizationResponse("c"),
        "code redirect_uri code_verifier state nonce acr_values max_age issuer dpop_key",
    ),
    (
        DeviceAuthorizationResponse("d", "u", ENDPOINT, expires_in=60),
        "device_code user_code verification_uri verification_uri_complete expires_at expires_in interval",
    ),
    (BackChannelAuthenticationResponse("a", expires_in=60), "auth_req_id expires_at expires_in interval"),
    (OAuth2Error(), "response client description request"),
    (EndpointError(error="e"), "error uri description response client request"),
    (MismatchingState(received="a", expected="b"), "received expected"),
    (ApiClient("https://api.example/root"), "session get post patch put delete request to_absolute_url users"),
    (OAuth2Client(ENDPOINT, "c"), "client_id client_secret client_jwks extra_metadata exception_classes auth"),
]


@pytest.mark.parametrize(
    ("value", "names"), ATTRIBUTES, ids=lambda it: "" if isinstance(it, str) else type(it).__name__
)
def test_it_has_what_the_contract_says(value: Any, names: str) -> None:
    assert [name for name in names.split() if not hasattr(value, name)] == []


def test_the_request_of_the_browser_has_a_url() -> None:
    request = AuthorizationRequest(ENDPOINT, "c")
    assert request.request.url == request.uri == str(request)


def test_a_bound_token_has_its_key() -> None:
    key = DPoPKey.generate()
    assert DPoPToken("t", dpop_key=key).dpop_key is key
