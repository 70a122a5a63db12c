"""Clients without secrets at a real authorization server: attested ones, and assertions that another party signs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer, TestClient
from devkit.flavors import Flavor
from requests_oauth2client import (
    ClientAssertionFrom,
    ClientAttestation,
    File,
    InvalidClient,
    KubernetesSource,
    PrivateKeyJwt,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key

ATTESTATION = {"typ": "oauth-client-attestation+jwt"}


def attestation(known: TestClient, *, lifetime: float = 300, **claims: Any) -> str:
    """Attest the key of an instance, as the backend of a client does."""
    now = int(time.time())
    jwk = public_jwk(known.private_jwk or {})
    claims = {"sub": known.client_id, "iat": now, "exp": now + lifetime, "cnf": {"jwk": jwk}, **claims}
    return jws.sign(claims, signing_key(known.attester_jwk), header=ATTESTATION)


def attested(flavor: Flavor, server: AuthorizationServer, **settings: Any) -> Any:
    known = server.clients["attested"]
    method = ClientAttestation(known.client_id, lambda: attestation(known), known.private_jwk)
    return flavor.client(None, method, issuer=server.issuer, **settings)


def test_an_attested_instance_gets_tokens(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    client = attested(flavor, authorization_server)
    for _ in range(2):
        token = flavor.run(client.client_credentials(scope="api.read"))
        assert token.scope == "api.read"
    seen = flavor.run(client.introspect_token(token))
    assert (seen["active"], seen["client_id"]) == (True, "attested")


def test_a_challenge_that_is_demanded_is_shown(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    """The client knows the token endpoint only, so that nothing says where to ask for a challenge."""
    known = authorization_server.clients["attested"]
    method = ClientAttestation(known.client_id, attestation(known), known.private_jwk)
    client = flavor.client(authorization_server.token_endpoint, method, issuer=authorization_server.issuer)
    assert flavor.run(client.client_credentials(scope="api.read")).scope == "api.read"


def test_an_attested_instance_may_bind_its_tokens_to_a_key(
    flavor: Flavor, authorization_server: AuthorizationServer
) -> None:
    token = flavor.run(attested(flavor, authorization_server).client_credentials(dpop=True))
    assert token.token_type == "DPoP"


def test_a_refused_attestation_is_an_invalid_client(flavor: Flavor, authorization_server: AuthorizationServer) -> None:
    known = authorization_server.clients["attested"]
    forged = signing_key(generate_private_jwk("ES256"))
    now = int(time.time())
    claims = {"sub": known.client_id, "iat": now, "exp": now + 60, "cnf": {"jwk": public_jwk(known.private_jwk or {})}}
    method = ClientAttestation(known.client_id, jws.sign(claims, forged, header=ATTESTATION), known.private_jwk)
    client = flavor.client(None, method, issuer=authorization_server.issuer)
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())


# --- assertions from a file that another party rotates


class Kubelet:
    """Rotates assertions in place, as the kubelet does with what it projects: each is in a folder of its own, and a
    link leads to the newest."""

    def __init__(self, folder: Path, known: TestClient, audience: str) -> None:
        self.folder = folder
        self.path = folder / "token"
        self._method = PrivateKeyJwt(known.client_id, known.private_jwk, lifetime=60)
        self._audience = audience
        self._count = 0
        self.path.symlink_to(Path("..data") / "token")
        self.rotate()

    def rotate(self) -> None:
        """Write the next assertion."""
        self._count += 1
        made = self.folder / f"..{self._count}"
        made.mkdir()
        (made / "token").write_text(self._method.client_assertion(self._audience))
        (self.folder / "..new").symlink_to(made.name)
        (self.folder / "..new").rename(self.folder / "..data")


@pytest.mark.parametrize("make", [str, Path, File, KubernetesSource])
def test_assertions_come_from_a_file_that_is_rotated(
    flavor: Flavor, authorization_server: AuthorizationServer, tmp_path: Path, make: Any
) -> None:
    known = authorization_server.clients["private_key_jwt_ES256"]
    kubelet = Kubelet(tmp_path, known, authorization_server.issuer)
    auth = ClientAssertionFrom(known.client_id, make(kubelet.path))
    client = flavor.client(authorization_server.token_endpoint, auth)
    handler = flavor.named("OAuth2ClientCredentialsAuth")(client, scope="api.read")
    first = flavor.run(handler.get_token())
    with pytest.raises(InvalidClient):  # this server takes an assertion once
        flavor.run(client.client_credentials())
    kubelet.rotate()
    flavor.run(handler.renew_token())
    assert handler.token != first


def test_rotating_under_load_loses_nothing(
    flavor: Flavor, authorization_server: AuthorizationServer, tmp_path: Path
) -> None:
    """What is read is always a whole assertion, however often it is replaced meanwhile."""
    known = authorization_server.clients["private_key_jwt_ES256"]
    kubelet = Kubelet(tmp_path, known, authorization_server.issuer)
    source = KubernetesSource(kubelet.path)
    stop = threading.Event()

    def keep_rotating() -> None:
        while not stop.is_set():
            kubelet.rotate()

    rotating = threading.Thread(target=keep_rotating)
    rotating.start()
    try:
        auth = flavor.named("OAuth2TokenSourceAuth")(source)
        for _ in range(50):
            flavor.run(auth.renew_token())
    finally:
        stop.set()
        rotating.join()
