"""Words beside a request object are one parameter, however they are given."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from requests_oauth2client import AuthorizationRequest, RequestUriParameterAuthorizationRequest
from requests_oauth2client._jose.keys import generate_private_jwk

REQUEST = AuthorizationRequest(
    "https://as.local/authorize", "client", "https://rp.local/cb", "openid accounts", issuer="https://as.local"
)
SIGNED = REQUEST.sign(generate_private_jwk("ES256"), iss=True, aud=True)


@pytest.mark.parametrize("scope", ["openid accounts", ("openid", "accounts"), ["openid", "accounts"], REQUEST.scope])
def test_words_are_one_parameter(scope: Any) -> None:
    pushed = RequestUriParameterAuthorizationRequest("https://as.local/authorize", "client", "urn:x", scope=scope)
    for request in (SIGNED.replace(scope=scope), pushed):
        assert parse_qs(urlsplit(request.uri).query)["scope"] == ["openid accounts"]


def test_what_may_be_sent_twice_is() -> None:
    resources = ["https://a.local", "https://b.local"]
    assert parse_qs(urlsplit(SIGNED.replace(resource=resources).uri).query)["resource"] == resources
