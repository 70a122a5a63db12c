"""Mutual TLS with the real authorization server, on both clients (RFC 8705)."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer
from devkit.flavors import Flavor
from requests_oauth2client import InvalidClient, SelfSignedTlsClientAuth, TlsClientAuth

METHODS = {"mtls": TlsClientAuth, "mtls_self_signed": SelfSignedTlsClientAuth}


@pytest.fixture
def trusted(authorization_server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> AuthorizationServer:
    """The server, whose CA this process trusts."""
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(authorization_server.ca_certificate))
    return authorization_server


def method_of(server: AuthorizationServer, name: str, **more: Any) -> TlsClientAuth:
    known = server.clients[name]
    assert known.certificate
    return METHODS[name](known.client_id, (known.certificate.certificate_file, known.certificate.key_file), **more)


@pytest.mark.parametrize("name", METHODS)
def test_a_certificate_authenticates_and_its_tokens_are_bound_to_it(
    flavor: Flavor, trusted: AuthorizationServer, name: str
) -> None:
    client = flavor.run(
        flavor.named("OAuth2Client").from_discovery_endpoint(issuer=trusted.issuer, auth=method_of(trusted, name))
    )
    flavor.keep(client)
    assert client.endpoint("token_endpoint") == trusted.endpoint("token", mtls=True), "the alias is used"
    token = flavor.run(client.client_credentials(scope="api.read"))
    certificate = trusted.clients[name].certificate
    assert certificate
    said = flavor.run(client.introspect_token(token))
    assert said["cnf"]["x5t#S256"] == certificate.thumbprint


@pytest.mark.filterwarnings("ignore:The client certificate can't be shown:UserWarning")  # nobody can see that it is
def test_a_session_of_ones_own_shows_its_own_certificate(flavor: Flavor, trusted: AuthorizationServer) -> None:
    auth = method_of(trusted, "mtls")
    given: dict[str, Any] = {}
    if flavor.is_async:
        context = ssl.create_default_context(cafile=str(trusted.ca_certificate))
        context.load_cert_chain(*auth.certificate)
        given["session"] = flavor.session(verify=context)
    else:
        given["session"] = flavor.session()
    aliases = trusted.metadata["mtls_endpoint_aliases"]
    client = flavor.client(trusted.token_endpoint, auth, mtls_endpoint_aliases=aliases, **given)
    assert flavor.run(client.client_credentials(scope="api.read")).access_token


def test_another_certificate_is_refused(flavor: Flavor, trusted: AuthorizationServer) -> None:
    other = method_of(trusted, "mtls_self_signed").certificate
    auth = TlsClientAuth(trusted.clients["mtls"].client_id, other)
    client = flavor.client(
        trusted.token_endpoint, auth, mtls_endpoint_aliases=trusted.metadata["mtls_endpoint_aliases"]
    )
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())
