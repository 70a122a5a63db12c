"""The string enums equal the names that they stand for, and are taken wherever those are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from devkit.play import play
from requests_oauth2client import AuthorizationRequest, OAuth2Client, PkceUtils, api_client, deprecated, enums, utils
from requests_oauth2client import __all__ as at_the_root
from requests_oauth2client._jose import algs
from requests_oauth2client._protocol.grants import token_endpoint

UTC = timezone.utc  # noqa: UP017  like the library


def test_a_member_is_its_name() -> None:
    assert str(enums.GrantTypes.DEVICE_CODE) == "urn:ietf:params:oauth:grant-type:device_code"
    assert enums.CodeChallengeMethods.S256 == "S256"
    assert f"{enums.Endpoints.USER_INFO}" == "userinfo_endpoint"
    assert enums.AccessTokenTypes("DPoP") is enums.AccessTokenTypes.DPOP


def test_the_algorithms_are_those_that_are_known_here() -> None:
    assert set(enums.SignatureAlgs) == algs.SIGNATURE.keys()
    assert set(enums.KeyManagementAlgs) == algs.KEY_MANAGEMENT.keys()
    assert set(enums.EncryptionAlgs) == algs.ENCRYPTION.keys()


def test_a_client_and_a_request_take_members() -> None:
    client = OAuth2Client(
        "https://as.local/t",
        ("id", "secret-secret"),
        code_challenge_method=enums.CodeChallengeMethods.S256,
        id_token_signed_response_alg=enums.SignatureAlgs.ES256,
    )
    assert client.endpoint(enums.Endpoints.TOKEN) == "https://as.local/t"
    data = {"grant_type": enums.GrantTypes.CLIENT_CREDENTIALS}
    request = play(token_endpoint.token_request(client, data)).sent[0]
    assert "grant_type=client_credentials" in str(request.body)
    request = AuthorizationRequest(
        "https://as.local/a", "id", "https://app.local/cb", response_type=enums.ResponseTypes.CODE
    )
    assert "response_type=code&" in str(request)
    verifier = PkceUtils.generate_code_verifier()
    assert PkceUtils.derive_challenge(verifier, enums.CodeChallengeMethods.plain) == verifier


@utils.accepts_expires_in
def until(*, expires_at: datetime | None = None) -> datetime | None:
    return expires_at


def test_a_decorated_function_takes_a_lifetime() -> None:
    decorated: Any = until
    soon = decorated(expires_in=60)
    assert timedelta(seconds=55) < soon - datetime.now(tz=UTC) <= timedelta(seconds=60)
    then = datetime(2030, 1, 1, tzinfo=UTC)
    assert decorated(expires_at=then, expires_in=60) == then
    assert decorated() is None


def test_bool_fields_are_a_pair_or_none() -> None:
    assert api_client.validate_bool_fields(("yes", "no")) == ("yes", "no")
    assert api_client.validate_bool_fields(None) is None
    for wrong in ("yes", ("yes",), ("a", "b", "c"), 1):
        with pytest.raises(api_client.InvalidBoolFieldsParam):
            api_client.validate_bool_fields(wrong)  # type: ignore[arg-type]


def test_old_names_are_at_the_root_too() -> None:
    assert set(deprecated.__all__) - set(at_the_root) == set()
