"""Profiles with the real authorization server, on both clients: one word, discovery, and the whole journey.

The server demands a nonce in each DPoP proof, and of its client `fapi` all that FAPI 2.0 does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.authorization_server.clients import ROWS
from devkit.authorization_server.credentials import private_jwk, public_jwk
from devkit.browser import Browser, callback_parameters
from devkit.flavors import Flavor
from devkit.protected_api import ProtectedApi, start_protected_api
from requests_oauth2client import AuthorizationRequest, DPoPToken, EndpointError, InvalidAuthResponse, TlsClientAuth
from requests_oauth2client.exceptions import AuthorizationResponseError, InvalidClient, MissingIssuer
from requests_oauth2client.profiles import ProfileViolation

SCOPE = "openid offline_access api.read"


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    """An AS that takes no proof without a nonce."""
    signing = {"authorization_signed_response_alg": "PS256", "require_signed_request_object": True}
    with start_authorization_server(
        dpop_require_nonce=True, clients={"fapi_signing": {**ROWS["fapi"], **signing}}
    ) as started:
        yield started


@pytest.fixture(scope="module")
def api(server: AuthorizationServer) -> Iterator[ProtectedApi]:
    """An API that takes none either."""
    with start_protected_api(server, dpop_require_nonce=True) as started:
        yield started


def discovered(flavor: Flavor, server: AuthorizationServer, name: str = "fapi", **more: Any) -> Any:
    known = server.clients[name]
    settings = {"client_id": known.client_id, "private_key": known.private_jwk, "redirect_uri": known.redirect_uri}
    kind = flavor.named("OAuth2Client")
    return flavor.keep(flavor.run(kind.from_discovery_endpoint(issuer=server.issuer, **{**settings, **more})))


def test_fapi_from_discovery_to_an_api_call_and_a_refresh(
    flavor: Flavor, server: AuthorizationServer, api: ProtectedApi, browser: Browser
) -> None:
    client = discovered(flavor, server, profile="fapi2")
    request = client.authorization_request(scope=SCOPE, prompt="consent")
    pushed = flavor.run(client.pushed_authorization_request(request))
    assert callback_parameters(str(pushed)).keys() == {"client_id", "request_uri"}
    answer = flavor.run(client.authorization_response(pushed, browser.authorize(str(pushed))))
    assert (answer.issuer, answer.profile) == (server.issuer, "fapi2")

    token = flavor.run(client.authorization_code(answer))
    assert isinstance(token, DPoPToken)
    assert token.dpop_key is request.dpop_key
    assert (token.id_token.checked, token.id_token.alg, token.id_token.subject) == (True, "PS256", "alice")
    called = flavor.get(api.url, auth=token)
    assert (called.status_code, called.json()["client_id"]) == (200, "fapi")

    again = flavor.run(client.refresh_token(token))
    assert again.dpop_key is token.dpop_key
    assert again.access_token != token.access_token
    assert flavor.get(api.url, auth=again).status_code == 200


def test_fapi_with_a_signed_request_and_a_signed_answer(
    flavor: Flavor, server: AuthorizationServer, browser: Browser
) -> None:
    key = server.clients["fapi_signing"].private_jwk
    client = discovered(flavor, server, "fapi_signing", profile="fapi2")
    signed = client.authorization_request(scope=SCOPE, response_mode="jwt").sign(key)
    pushed = flavor.run(client.pushed_authorization_request(signed))
    answer = flavor.run(client.authorization_response(pushed, browser.authorize(str(pushed))))
    assert flavor.run(client.authorization_code(answer)).id_token.checked


def test_fapi_with_a_handler(flavor: Flavor, server: AuthorizationServer, api: ProtectedApi) -> None:
    auth = flavor.named("OAuth2ClientCredentialsAuth")(discovered(flavor, server, profile="fapi2"), scope="api.read")
    assert flavor.get(api.url, auth=auth).status_code == 200
    assert isinstance(auth.token, DPoPToken)


def test_a_client_that_registers_itself_under_fapi(
    flavor: Flavor, server: AuthorizationServer, api: ProtectedApi, browser: Browser
) -> None:
    key = private_jwk("PS256")
    metadata = {"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": [public_jwk(key)]}}
    kind = flavor.named("OAuth2Client")
    client = flavor.keep(flavor.run(kind.register(metadata, issuer=server.issuer, private_key=key, profile="fapi2")))
    pushed = flavor.run(client.pushed_authorization_request(client.authorization_request(scope="openid api.read")))
    answer = pushed.validate_callback(browser.authorize(str(pushed)))
    assert flavor.get(api.url, auth=flavor.run(client.authorization_code(answer))).status_code == 200


def test_what_the_profile_refuses_this_server_refuses_too(
    flavor: Flavor, server: AuthorizationServer, browser: Browser
) -> None:
    strict, loose = (discovered(flavor, server, profile=profile) for profile in ("fapi2", None))
    with pytest.raises(ProfileViolation, match=r"5\.3\.3\.2-2"):
        str(strict.authorization_request())
    unpushed = loose.authorization_request()
    with pytest.raises(AuthorizationResponseError):
        unpushed.validate_callback(browser.authorize(str(unpushed)))

    plain = loose.authorization_request(code_challenge_method="plain")
    with pytest.raises(ProfileViolation, match=r"5\.3\.3\.2-3"):
        flavor.run(strict.pushed_authorization_request(plain))
    with pytest.raises(EndpointError, match="code_challenge"):
        flavor.run(loose.pushed_authorization_request(plain))

    with pytest.raises(ProfileViolation, match=r"5\.3\.3\.1-5"):
        strict.replace(auth=strict.auth.addressed_to(server.token_endpoint))
    misaddressed = flavor.keep(loose.replace(auth=strict.auth.addressed_to("https://other.example")))
    with pytest.raises(InvalidClient):
        flavor.run(misaddressed.client_credentials())


def test_an_answer_without_iss_is_none(flavor: Flavor, server: AuthorizationServer, browser: Browser) -> None:
    client = discovered(flavor, server, profile="fapi2")
    pushed = flavor.run(client.pushed_authorization_request(client.authorization_request()))
    params = callback_parameters(browser.authorize(str(pushed)))
    with pytest.raises(MissingIssuer):
        pushed.validate_callback({name: value for name, value in params.items() if name != "iss"})
    with pytest.raises(InvalidAuthResponse):
        pushed.validate_callback({**params, "iss": "https://other.example"})


def test_a_certificate_is_enough_under_fapi(
    flavor: Flavor, server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(server.ca_certificate))
    certificate = server.clients["mtls"].certificate
    assert certificate
    auth = TlsClientAuth("mtls", (certificate.certificate_file, certificate.key_file))
    kind = flavor.named("OAuth2Client")
    client = flavor.keep(flavor.run(kind.from_discovery_endpoint(issuer=server.issuer, auth=auth, profile="fapi2")))
    token = flavor.run(client.client_credentials("api.read"))
    assert flavor.run(client.introspect_token(token))["cnf"]["x5t#S256"] == certificate.thumbprint


def test_oauth21_with_a_public_client(flavor: Flavor, server: AuthorizationServer, browser: Browser) -> None:
    client = discovered(flavor, server, "none", private_key=None, profile="oauth2.1")
    request = client.authorization_request(scope=SCOPE, prompt="consent")
    token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
    assert token.id_token.checked
    assert flavor.run(client.refresh_token(token)).access_token
    by_hand = AuthorizationRequest(server.authorization_endpoint, "none", client.redirect_uri, scope="openid")
    code = by_hand.validate_callback(browser.authorize(str(by_hand))).code
    with pytest.raises(ProfileViolation, match=r"4\.1\.3"):
        flavor.run(client.authorization_code(code, redirect_uri=client.redirect_uri))
