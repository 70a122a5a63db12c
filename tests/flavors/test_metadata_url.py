"""`metadata_url`: metadata that are not where the issuer says, read when they are needed."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client.discovery import MismatchingDiscoveryIssuer
from requests_oauth2client.exceptions import InvalidParam, UndiscoveredServer

ISSUER = "https://login.local/{tenantid}/v2.0"
WHERE = "https://login.local/common/metadata"
METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "token_endpoint": "https://login.local/common/token",
    "authorization_endpoint": "https://login.local/common/authorize",
}
TOKEN = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}


def client_at(flavor: Flavor, metadata: Any, **settings: Any) -> tuple[Any, list[Any]]:
    return flavor.mocked(
        lambda request: answer(metadata if request.url == WHERE else TOKEN),
        **{"token_endpoint": None, "issuer": ISSUER, "metadata_url": WHERE, **settings},
    )


def test_metadata_are_read_where_the_client_was_told(flavor: Flavor) -> None:
    client, sent = client_at(flavor, METADATA)
    for _ in range(2):
        assert flavor.run(client.client_credentials()).access_token == "a"
    assert [request.url for request in sent] == [WHERE, METADATA["token_endpoint"], METADATA["token_endpoint"]]


def test_arguments_go_before_what_such_metadata_say(flavor: Flavor) -> None:
    lacking = {name: value for name, value in METADATA.items() if name != "token_endpoint"}
    client, sent = client_at(flavor, lacking, token_endpoint="https://login.local/other")
    flavor.run(client.discover())
    flavor.run(client.client_credentials())
    assert sent[-1].url == "https://login.local/other"
    assert client.authorization_endpoint == METADATA["authorization_endpoint"]


def test_the_metadata_must_name_the_issuer_and_no_other_address_is_tried(flavor: Flavor) -> None:
    client, sent = client_at(flavor, METADATA, issuer="https://login.local/a")
    with pytest.raises(MismatchingDiscoveryIssuer):
        flavor.run(client.client_credentials())
    assert {request.url for request in sent} == {WHERE}
    known, sent = client_at(flavor, METADATA)
    with pytest.raises(AttributeError, match="revocation_endpoint"):
        flavor.run(known.revoke_token("a"))
    assert {request.url for request in sent} == {WHERE}


def test_a_template_does_not_say_where_its_metadata_are(flavor: Flavor) -> None:
    client, sent = client_at(flavor, METADATA, metadata_url=None)
    with pytest.raises(InvalidParam, match="metadata_url="):
        flavor.run(client.client_credentials())
    assert sent == []


def test_whom_the_metadata_must_name_has_to_be_said(flavor: Flavor) -> None:
    for issuer in (None, lambda claims: True):
        with pytest.raises(InvalidParam, match="issuer="):
            flavor.client("https://login.local/token", issuer=issuer, metadata_url=WHERE)


def test_a_client_that_reads_metadata_says_so_where_it_can_not_wait(flavor: Flavor) -> None:
    client, _ = client_at(flavor, METADATA, redirect_uri="https://app.local/callback")
    if flavor.is_async:
        with pytest.raises(UndiscoveredServer):
            client.authorization_request()
        flavor.run(client.discover())
    assert client.authorization_request().uri.startswith(METADATA["authorization_endpoint"])
