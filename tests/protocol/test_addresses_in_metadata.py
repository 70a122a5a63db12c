"""Metadata of a server elsewhere don't lead to this machine, and a subclass may keep a client away from more."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import pytest

from devkit.exchange import Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import OAuth2Client
from requests_oauth2client._protocol.oidc.claim_sources import InvalidClaimSource
from requests_oauth2client._protocol.settings import ENDPOINTS
from requests_oauth2client.utils import InvalidEndpointUri
from requests_oauth2client.webfinger import ISSUER_REL, InvalidWebFingerResponse

ISSUER = "https://as.example"
HERE = [
    "http://127.0.0.1:9200/x",
    "http://localhost:9200/x",
    "http://[::1]/x",
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://localhost./x",
    "https://db.localhost/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://0.0.0.0/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f.0.0.1/x",
    "https://[::127.0.0.1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://[2002:7f00:1::]/x",
    "https://\uff11\uff12\uff17.0.0.1/x",
    "https://127\u30020\u30020\u30021/x",
    "https://127.0.0.1%2e/x",
    "https://localhost.localdomain/x",
    "https://ip6-localhost/x",
    "http://as.example/x",
]
CALLS = {
    "revocation_endpoint": lambda client: client.revoke_token("t"),
    "introspection_endpoint": lambda client: client.introspect_token("t"),
    "userinfo_endpoint": lambda client: client.userinfo("t"),
    "device_authorization_endpoint": lambda client: client.authorize_device(),
    "pushed_authorization_request_endpoint": lambda client: client.pushed_authorization_request(
        client.authorization_request(redirect_uri="https://rp.example/cb")
    ),
    "backchannel_authentication_endpoint": lambda client: client.backchannel_authentication_request(login_hint="me"),
    "jwks_uri": lambda client: client.update_authorization_server_public_keys(),
    "end_session_endpoint": lambda client: client.end_session_request(),
    "authorization_endpoint": lambda client: client.authorization_request(redirect_uri="https://rp.example/cb"),
}


def document(issuer: str = ISSUER, **members: Any) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "authorization_endpoint": f"{issuer}/authorize",
        **members,
    }


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("uri", HERE)
def test_nothing_is_sent_to_this_machine(flavor: Flavor, name: str, uri: str) -> None:
    session, received = flavor.answered_by(lambda _: answer({}))
    kind = flavor.named("OAuth2Client")
    client = kind.from_discovery_document(document(**{name: uri}), auth=("id", "hush"), session=session)
    with pytest.raises(InvalidEndpointUri, match=name):
        flavor.run(CALLS[name](client))
    assert received == []


@pytest.mark.parametrize("uri", HERE)
def test_a_token_endpoint_on_this_machine_makes_no_client(flavor: Flavor, uri: str) -> None:
    session, received = flavor.answered_by(lambda _: answer(document(token_endpoint=uri)))
    kind = flavor.named("OAuth2Client")
    with pytest.raises(InvalidEndpointUri, match="token_endpoint"):
        flavor.run(kind.from_discovery_endpoint(issuer=ISSUER, auth=("id", "hush"), session=session))
    assert [request.path for request in received] == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("uri", HERE)
def test_nor_do_sources_of_claims_lead_there(flavor: Flavor, uri: str) -> None:
    client, received = flavor.mocked(answer(""), issuer=ISSUER)
    userinfo = {"_claim_names": {"a": "x"}, "_claim_sources": {"x": {"endpoint": uri, "access_token": "t0ken"}}}
    with pytest.raises(InvalidClaimSource, match="endpoint of the claims"):
        flavor.run(client.distributed_claims(userinfo))
    assert received == []


@pytest.mark.parametrize("uri", HERE)
def test_nor_does_webfinger_lead_there(flavor: Flavor, uri: str) -> None:
    links = [{"rel": ISSUER_REL, "href": uri}]
    redirect = answer("", 302, Location=uri) if uri.isascii() else answer({"links": links})  # as headers are
    for found in (answer({"links": links}), redirect):
        session, received = flavor.answered_by(lambda _, found=found: found)
        with pytest.raises(InvalidWebFingerResponse):
            flavor.run(flavor.named("OAuth2Client").find_issuer("joe@as.example", session=session))
        assert len(received) == 1


@pytest.mark.parametrize("uri", HERE)
def test_nor_do_aliases_lead_there(uri: str) -> None:
    metadata = document(mtls_endpoint_aliases={"token_endpoint": uri})
    client = OAuth2Client.from_discovery_document(metadata, auth="id", client_certificate="cert.pem")
    assert client.endpoint("token_endpoint") == f"{ISSUER}/token"


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9200", "http://localhost:9200", "http://[::1]:9200"])
def test_a_server_on_this_machine_may_lead_to_it(issuer: str) -> None:
    metadata = document(issuer, revocation_endpoint=f"{issuer}/revoke")
    client = OAuth2Client.from_discovery_document(metadata, auth="id")
    assert client.endpoint("revocation_endpoint") == f"{issuer}/revoke"


def test_arguments_and_tests_may_lead_there() -> None:
    here = "http://localhost:9200/x"
    client = OAuth2Client.from_discovery_document(document(), auth="id", revocation_endpoint=here)
    assert client.endpoint("revocation_endpoint") == here
    client = OAuth2Client.from_discovery_document(document(revocation_endpoint=here), auth="id", testing=True)
    assert client.endpoint("revocation_endpoint") == here


def test_an_override_keeps_a_client_away_from_private_networks(flavor: Flavor) -> None:
    class Careful(flavor.named("OAuth2Client")):  # type: ignore[misc]
        @classmethod
        def check_discovered_uri(cls, name: str, uri: str) -> None:
            try:
                is_private = ipaddress.ip_address(urlsplit(uri).hostname or "").is_private
            except ValueError:
                return
            if is_private:
                raise InvalidEndpointUri(uri, "it is in a private network", name)

    def never(_: Received) -> Any:
        raise AssertionError

    session, received = flavor.answered_by(never)
    metadata = document(revocation_endpoint="https://10.0.0.1/x", introspection_endpoint="https://169.254.169.254/x")
    client = Careful.from_discovery_document(metadata, auth=("id", "hush"), session=session)
    with pytest.raises(InvalidEndpointUri, match="private network"):
        flavor.run(client.revoke_token("t"))
    with pytest.raises(InvalidEndpointUri, match="private network"):
        flavor.run(client.introspect_token("t"))
    assert received == []
    assert set(CALLS) < set(ENDPOINTS)
