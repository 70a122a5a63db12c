"""The public keys of a client."""

from __future__ import annotations

from typing import Any

from requests_oauth2client import OAuth2Client, PrivateKeyJwt
from requests_oauth2client._jose.jwk import generate_private_jwk

SIGNING, DECRYPTING = generate_private_jwk("ES256"), generate_private_jwk("ECDH-ES", use="enc")
TOKEN_ENDPOINT = "https://as.example/token"
ENCRYPTED: Any = {"id_token_encrypted_response_alg": "ECDH-ES"}


def test_they_are_those_that_it_signs_and_decrypts_with() -> None:
    client = OAuth2Client(TOKEN_ENDPOINT, PrivateKeyJwt("c", SIGNING), **ENCRYPTED, id_token_decryption_key=DECRYPTING)
    keys = client.client_jwks["keys"]
    assert [(key["kid"], key["alg"]) for key in keys] == [(SIGNING["kid"], "ES256"), (DECRYPTING["kid"], "ECDH-ES")]
    assert not [key for key in keys if "d" in key], "only public members"


def test_a_set_of_decryption_keys_is_published_whole() -> None:
    client = OAuth2Client(TOKEN_ENDPOINT, "c", **ENCRYPTED, id_token_decryption_key={"keys": [DECRYPTING, SIGNING]})
    assert len(client.client_jwks["keys"]) == 2


def test_a_client_with_a_secret_has_none() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0"}
    client = OAuth2Client(TOKEN_ENDPOINT, ("c", "s"), **ENCRYPTED, id_token_decryption_key=secret)
    assert client.client_jwks == {"keys": []}
