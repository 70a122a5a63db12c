"""Settings of a client: a misspelled one is refused, free metadata are kept, and what can't work is not made."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    InvalidParam,
    MissingIdTokenEncryptedResponseAlgParam,
    MissingIssuerParam,
)
from requests_oauth2client._core.options import UnknownParam
from requests_oauth2client._jose.jwk import generate_private_jwk

ISSUER = "https://as.local"
MISSPELLED = {
    "isuer": "issuer",
    "id_token_sign_response_alg": "id_token_signed_response_alg",
    "id_token_signed_response_algs": "id_token_signed_response_alg",
    "userinfo_signed_respose_alg": "userinfo_signed_response_alg",
    "introspection_encrypted_response_ecn": "introspection_encrypted_response_enc",
    "authorization_response_iss_parameter_suported": "authorization_response_iss_parameter_supported",
    "dpop_bound_access_token": "dpop_bound_access_tokens",
    "code_challenge_methods": "code_challenge_method",
    "timout": "timeout",
    "profil": "profile",
    "jwks_url": "jwks_uri",
    "redirect_url": "redirect_uri",
    "token_endpoints": "token_endpoint",
}


@pytest.mark.parametrize(("name", "meant"), MISSPELLED.items())
def test_a_misspelled_setting_is_refused_with_a_suggestion(flavor: Flavor, name: str, meant: str) -> None:
    with pytest.raises(UnknownParam, match=f"Did you mean '{meant}'") as refused:
        flavor.client(**{name: "x"})
    assert isinstance(refused.value, InvalidParam)
    assert isinstance(refused.value, TypeError)
    assert refused.value.suggestion == meant


@pytest.mark.parametrize("maker", ["from_discovery_endpoint", "from_discovery_document", "from_federation", "register"])
def test_every_constructor_refuses_it_before_anything_is_sent(flavor: Flavor, maker: str) -> None:
    session, received = flavor.answered_by(lambda _: answer({"issuer": ISSUER}))
    given: dict[str, Any] = {
        "from_discovery_endpoint": {"issuer": ISSUER},
        "from_discovery_document": {"discovery": {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}},
        "from_federation": {"entity_id": ISSUER, "trust_anchors": {ISSUER: {"keys": []}}},
        "register": {"metadata": {}, "issuer": ISSUER},
    }[maker]
    make = getattr(flavor.named("OAuth2Client"), maker)
    with pytest.raises(UnknownParam, match="redirect_uri"):
        flavor.run(make(**given, session=session, redirect_url="https://rp.local/cb"))
    assert received == []


def test_replace_refuses_it_too(flavor: Flavor) -> None:
    with pytest.raises(UnknownParam, match="userinfo_endpoint"):
        flavor.client().replace(userinfo_endpont="https://as.local/userinfo")


def test_free_metadata_are_kept_and_close_names_by_extra(flavor: Flavor) -> None:
    client = flavor.client(tenant="t", extra={"redirect_uris": ["https://rp.local/cb"]})
    assert client.extra_metadata == {"tenant": "t", "redirect_uris": ["https://rp.local/cb"]}
    other = client.replace(extra={"scopes": ["a"]}, contact="me")
    assert other.extra_metadata == {**client.extra_metadata, "scopes": ["a"], "contact": "me"}
    assert flavor.client(extra={}).extra_metadata == {}


def test_a_subclass_may_have_settings_of_its_own(flavor: Flavor) -> None:
    class Custom(flavor.named("OAuth2Client")):  # type: ignore[misc]
        def __init__(self, *args: Any, issuers: tuple[str, ...] = (), **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.issuers = issuers

    document = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}
    client = Custom.from_discovery_document(document, auth="id", issuers=(ISSUER,))
    assert flavor.keep(client).issuers == (ISSUER,)


@pytest.mark.parametrize("name", ["timout", "header", "verfy", "cookie"])
def test_a_misspelled_transport_option_is_refused_unsent(flavor: Flavor, name: str) -> None:
    def never(_: Received) -> Any:
        raise AssertionError

    session, received = flavor.answered_by(never)
    client = flavor.client(session=session, jwks_uri=f"{ISSUER}/jwks")
    with pytest.raises(UnknownParam, match="Did you mean"):
        flavor.run(client.client_credentials(requests_kwargs={name: 1}))
    with pytest.raises(UnknownParam, match="Did you mean"):
        flavor.run(client.update_authorization_server_public_keys(requests_kwargs={name: 1}))
    assert received == []


def test_an_announced_iss_needs_the_issuer(flavor: Flavor) -> None:
    with pytest.raises(MissingIssuerParam, match="issuer="):
        flavor.client(authorization_response_iss_parameter_supported=True)
    client = flavor.client(authorization_response_iss_parameter_supported=True, issuer=ISSUER)
    with pytest.raises(MissingIssuerParam):
        client.replace(issuer=None)


def test_a_decryption_key_needs_an_alg(flavor: Flavor) -> None:
    key = generate_private_jwk("ECDH-ES", use="enc")
    with pytest.raises(MissingIdTokenEncryptedResponseAlgParam, match="id_token_encrypted_response_alg="):
        flavor.client(id_token_decryption_key=key)
    for answer_ in ("id_token", "userinfo", "introspection", "authorization"):
        assert flavor.client(id_token_decryption_key=key, **{f"{answer_}_encrypted_response_alg": "ECDH-ES"})
