"""When a credential can't be had, neither the message nor any frame of ours holds what came, or what was shown."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devkit.answering_server import start_answering_server
from devkit.exchange import answer, token
from devkit.flavors import Flavor
from requests_oauth2client import (
    ClientAssertionFrom,
    ClientAttestation,
    ClientSecretPost,
    CommandSource,
    CredentialUnavailable,
    EnvironmentSource,
    File,
    FileSource,
    JwtBearerSource,
    KubernetesSource,
    TokenExchangeSource,
    UrlSource,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key

SECRET = "planted-secret"
KEY = generate_private_jwk("ES256")
EXPIRED = jws.sign({"sub": "app", "exp": 1, SECRET: 1}, signing_key(KEY))


def demand_no_secret(failure: BaseException) -> None:
    """Look at the message and the frames of ours, also of what it was raised from."""
    while True:
        assert SECRET not in str(failure)
        for frame, _ in traceback.walk_tb(failure.__traceback__):
            if frame.f_globals["__name__"].startswith("requests_oauth2client"):
                shown = [f"{frame.f_code.co_qualname}: {name}={value!r}" for name, value in frame.f_locals.items()]
                assert not [line for line in shown if SECRET in line or EXPIRED in line]
        if failure.__context__ is None:
            return
        failure = failure.__context__


SOURCES: dict[str, Callable[[Path, str], Any]] = {
    "file": lambda path, _: FileSource(path),
    "kubernetes": lambda path, _: KubernetesSource(path),
    "environment": lambda *_: EnvironmentSource("PLANTED_TOKEN"),
    "command": lambda *_: CommandSource(["sh", "-c", f"echo token={SECRET} >&2; exit 1", SECRET]),
    "output": lambda *_: CommandSource(["echo", f"{SECRET} {SECRET}"]),
    "url": lambda _, url: UrlSource(f"{url}/200?sig={SECRET}", headers={"Authorization": f"Bearer {SECRET}"}),
    "refused": lambda _, url: UrlSource(f"{url}/403?sig={SECRET}", headers={"Authorization": f"Bearer {SECRET}"}),
    "member": lambda _, url: UrlSource(f"{url}/200", member="value"),
}
METHODS: dict[str, Callable[[Path], Any]] = {
    "assertion": lambda _: ClientAssertionFrom("app", lambda: f"{SECRET} {SECRET}"),
    "expired": lambda _: ClientAssertionFrom("app", lambda: EXPIRED),
    "file": lambda path: ClientAssertionFrom("app", path),
    "attestation": lambda _: ClientAttestation("app", lambda: f"{SECRET} {SECRET}", KEY),
    "other attestation": lambda _: ClientAttestation(
        "app", lambda: jws.sign({"sub": SECRET, "exp": 9e9}, signing_key(KEY)), KEY
    ),
    "secret": lambda path: ClientSecretPost("app", File(path.with_name("nowhere"))),
}


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "token").write_text(f"{SECRET} {SECRET}")
    monkeypatch.setenv("PLANTED_TOKEN", f"{SECRET} {SECRET}")
    return tmp_path / "token"


@pytest.mark.parametrize("name", SOURCES)
def test_of_a_source(flavor: Flavor, planted: Path, name: str) -> None:
    with start_answering_server(lambda came: answer(f"{SECRET} {SECRET}", int(came.path[1:]))) as server:
        auth = flavor.named("OAuth2TokenSourceAuth")(SOURCES[name](planted, server.url))
        with pytest.raises(CredentialUnavailable) as raised:
            flavor.run(auth.get_token())
    demand_no_secret(raised.value)


@pytest.mark.parametrize("name", METHODS)
def test_of_a_method(flavor: Flavor, planted: Path, name: str) -> None:
    client, sent = flavor.mocked(token(), auth=METHODS[name](planted), issuer="https://as.local")
    with pytest.raises(CredentialUnavailable) as raised:
        flavor.run(client.client_credentials())
    demand_no_secret(raised.value)
    assert sent == []


@pytest.mark.parametrize("make", [JwtBearerSource, TokenExchangeSource])
def test_of_a_grant(flavor: Flavor, planted: Path, make: Any) -> None:
    client, sent = flavor.mocked(token())
    with pytest.raises(CredentialUnavailable) as raised:
        flavor.run(flavor.named("OAuth2TokenSourceAuth")(make(client, KubernetesSource(planted))).get_token())
    demand_no_secret(raised.value)
    assert sent == []
