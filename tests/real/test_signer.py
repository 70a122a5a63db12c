"""Signing keys that stay elsewhere, at a real authorization server: in a PKCS#11 token, and in another process."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from devkit.authorization_server import AuthorizationServer
from devkit.flavors import Flavor
from requests_oauth2client import PrivateKeyJwt

PIN = "1234"
MODULES = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
]
MODULE = next((path for path in MODULES if Path(path).exists()), None)
needs_softhsm2 = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None, reason="softhsm2 is not installed (apt install softhsm2)"
)


def registered(server: AuthorizationServer, public_jwk: dict[str, Any]) -> str:
    """Register a client that authenticates with a key; returns its client_id."""
    metadata = {
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": public_jwk["alg"],
        "jwks": {"keys": [public_jwk]},
    }
    answer = requests.post(server.registration_endpoint, json=metadata, timeout=10)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["client_id"])


def get_token(flavor: Flavor, server: AuthorizationServer, signer: Any) -> Any:
    """Get a token for a new client whose key is the signer's."""
    auth = PrivateKeyJwt(registered(server, signer.public_jwk), signer)
    client = flavor.client(server.token_endpoint, auth)
    return flavor.run(client.client_credentials())


# --- a key in a soft token


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session in a fresh soft token."""
    import pkcs11  # PyPI: python-pkcs11

    folder = tmp_path_factory.mktemp("softhsm2")
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(config))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "test", "--pin", PIN, "--so-pin", "5678"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        with pkcs11.lib(str(MODULE)).get_token(token_label="test").open(rw=True, user_pin=PIN) as opened:
            yield opened


@needs_softhsm2
def test_a_key_in_a_pkcs11_token_authenticates(
    flavor: Flavor, authorization_server: AuthorizationServer, session: Any
) -> None:
    from examples.pkcs11_signer import Pkcs11Signer, make_key

    label = str(uuid4())
    make_key(session, label)
    assert get_token(flavor, authorization_server, Pkcs11Signer(session, label)).access_token


@needs_softhsm2
def test_the_token_never_gives_the_key_away(session: Any) -> None:
    import pkcs11

    from examples.pkcs11_signer import make_key

    make_key(session, "kept")
    private = session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, label="kept")
    assert (private[pkcs11.Attribute.SENSITIVE], private[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        _ = private[pkcs11.Attribute.VALUE]


# --- a key in another process


def agent(pipe: Any) -> None:
    """Keep a key: show its public half first, then sign what comes."""
    from requests_oauth2client._jose.keys import generate_private_jwk, signing_key

    key = signing_key(generate_private_jwk("PS256"))
    pipe.send(key.public_jwk)
    while (data := pipe.recv()) is not None:
        pipe.send(key.sign(data))


class AgentSigner:
    """Asks the agent; there is no key in this process that could be read."""

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe
        self.public_jwk = pipe.recv()
        self.asked: list[str] = []

    def sign(self, data: bytes, alg: str) -> bytes:
        self.asked.append(alg)
        self.pipe.send(data)
        signature: bytes = self.pipe.recv()
        return signature


@pytest.fixture(scope="module")
def agent_signer() -> Iterator[AgentSigner]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=agent, args=(there,), daemon=True)
    process.start()
    try:
        yield AgentSigner(here)
    finally:
        here.send(None)
        process.join(10)
        process.close()


def test_a_key_in_another_process_authenticates(
    flavor: Flavor, authorization_server: AuthorizationServer, agent_signer: AgentSigner
) -> None:
    agent_signer.asked.clear()
    assert get_token(flavor, authorization_server, agent_signer).access_token
    assert agent_signer.asked == ["PS256"]
