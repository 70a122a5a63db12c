"""The journeys of a user, on a real authorization server, on both clients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.flavors import Flavor
from devkit.protected_api import ProtectedApi
from requests_oauth2client import (
    AccessDenied,
    AuthorizationPending,
    AuthorizationRequest,
    InvalidGrant,
    NonRenewableTokenError,
    SlowDown,
)


def client_of(flavor: Flavor, server: AuthorizationServer, name: str, **more: Any) -> Any:
    """Make a client for one that the server knows."""
    known = server.clients[name]
    auth = (known.client_id, known.client_secret) if known.client_secret else known.client_id
    endpoints = {
        "revocation_endpoint": server.revocation_endpoint,
        "introspection_endpoint": server.introspection_endpoint,
        "userinfo_endpoint": server.userinfo_endpoint,
        "authorization_endpoint": server.authorization_endpoint,
        "device_authorization_endpoint": server.device_authorization_endpoint,
    }
    return flavor.client(server.token_endpoint, auth, **{**endpoints, **more})


def authorize(server: AuthorizationServer, browser: Browser, name: str, **more: Any) -> Any:
    """Send somebody through login and consent; returns the checked callback."""
    known = server.clients[name]
    request = AuthorizationRequest(server.authorization_endpoint, known.client_id, known.redirect_uri, **more)
    return request.validate_callback(browser.authorize(str(request)))


class TestAuthorizationCode:
    def test_code_refresh_rotation_and_replay(
        self, flavor: Flavor, authorization_server: AuthorizationServer, browser: Browser
    ) -> None:
        client = client_of(flavor, authorization_server, "web")
        answer = authorize(authorization_server, browser, "web", scope="openid offline_access", prompt="consent")
        first = flavor.run(client.authorization_code(answer))
        assert first.refresh_token
        assert first.id_token.subject == "alice"

        second = flavor.run(client.refresh_token(first))
        assert second.access_token != first.access_token
        assert second.refresh_token != first.refresh_token, "this server rotates"

        with pytest.raises(InvalidGrant) as replayed:
            flavor.run(client.refresh_token(first))
        assert replayed.value.status == 400
        assert first.refresh_token not in str(replayed.value)

    def test_a_code_can_be_used_once(
        self, flavor: Flavor, authorization_server: AuthorizationServer, browser: Browser
    ) -> None:
        client = client_of(flavor, authorization_server, "web")
        answer = authorize(authorization_server, browser, "web")
        flavor.run(client.authorization_code(answer))
        with pytest.raises(InvalidGrant):
            flavor.run(client.authorization_code(answer))

    def test_another_verifier_is_refused(
        self, flavor: Flavor, authorization_server: AuthorizationServer, browser: Browser
    ) -> None:
        client = client_of(flavor, authorization_server, "web")
        answer = authorize(authorization_server, browser, "web")
        with pytest.raises(InvalidGrant):
            flavor.run(client.authorization_code(replace(answer, code_verifier="x" * 43)))

    def test_the_handler_calls_the_api_across_a_real_expiry(
        self, flavor: Flavor, authorization_server: AuthorizationServer, protected_api: ProtectedApi, browser: Browser
    ) -> None:
        client = client_of(flavor, authorization_server, "web")
        scope = "openid offline_access api.read"
        answer = authorize(authorization_server, browser, "web", scope=scope, prompt="consent")
        auth = flavor.named("OAuth2AuthorizationCodeAuth")(client, answer, leeway=1)
        assert flavor.get(protected_api.url, auth=auth).status_code == 200
        first = auth.token
        while auth.token is first:
            assert flavor.get(protected_api.url, auth=auth).status_code == 200
        assert first.is_expired(1), "a token that is good is kept"
        assert auth.token.refresh_token != first.refresh_token


class TestClientCredentials:
    def test_the_handler_calls_the_api_across_a_real_expiry(
        self, flavor: Flavor, authorization_server: AuthorizationServer, protected_api: ProtectedApi
    ) -> None:
        client = client_of(flavor, authorization_server, "short")
        auth = flavor.named("OAuth2ClientCredentialsAuth")(client, leeway=1, scope="api.read")
        assert flavor.get(protected_api.url, auth=auth).status_code == 200
        first = auth.token
        while auth.token is first:
            assert flavor.get(protected_api.url, auth=auth).status_code == 200
        assert first.is_expired(1), "a token that is good is kept"

    def test_a_token_that_is_revoked_is_no_longer_active(
        self, flavor: Flavor, authorization_server: AuthorizationServer
    ) -> None:
        client = client_of(flavor, authorization_server, "client_secret_post")
        token = flavor.run(client.client_credentials(scope="api.read"))
        assert flavor.run(client.introspect_token(token))["active"] is True
        assert flavor.run(client.revoke_access_token(token)) is True
        assert flavor.run(client.introspect_token(token)) == {"active": False}


class TestDevice:
    @pytest.fixture
    def asked(self, flavor: Flavor, authorization_server: AuthorizationServer) -> tuple[Any, Any]:
        client = client_of(flavor, authorization_server, "device")
        return client, flavor.run(client.authorize_device(scope="openid offline_access"))

    def test_pending_then_a_token(
        self, flavor: Flavor, authorization_server: AuthorizationServer, browser: Browser, asked: tuple[Any, Any]
    ) -> None:
        client, codes = asked
        job = flavor.named("DeviceAuthorizationPollingJob")(client, codes)
        assert flavor.run(job()) is None
        browser.approve_device(codes.verification_uri, codes.user_code)
        token = None
        while token is None:
            token = flavor.run(job())
        assert token.access_token

    def test_asking_too_often_is_slowed_down_for_good(
        self, flavor: Flavor, authorization_server: AuthorizationServer, asked: tuple[Any, Any]
    ) -> None:
        client, codes = asked
        job = flavor.named("DeviceAuthorizationPollingJob")(client, codes, interval=0, slow_down_interval=1)
        with pytest.raises(AuthorizationPending):
            flavor.run(client.device_code(codes))
        with pytest.raises(SlowDown):
            flavor.run(client.device_code(codes))
        assert flavor.run(job()) is None
        assert job.interval == 1, "the server said slow_down once more"

    def test_a_no_is_access_denied(
        self, flavor: Flavor, authorization_server: AuthorizationServer, browser: Browser, asked: tuple[Any, Any]
    ) -> None:
        client, codes = asked
        browser.approve_device(codes.verification_uri, codes.user_code, approve=False)
        job = flavor.named("DeviceAuthorizationPollingJob")(client, codes)
        with pytest.raises(AccessDenied):
            flavor.run(job())

    def test_the_handler_waits_for_the_user_and_then_calls(
        self,
        flavor: Flavor,
        authorization_server: AuthorizationServer,
        protected_api: ProtectedApi,
        browser: Browser,
    ) -> None:
        client = client_of(flavor, authorization_server, "device")
        codes = flavor.run(client.authorize_device(scope="api.read"))
        browser.approve_device(codes.verification_uri, codes.user_code)
        auth = flavor.named("OAuth2DeviceCodeAuth")(client, codes)
        assert flavor.get(protected_api.url, auth=auth).status_code == 200
        auth.forget_token()
        with pytest.raises(NonRenewableTokenError):
            flavor.get(protected_api.url, auth=auth)


def test_a_server_that_asks_for_pkce_gets_it(flavor: Flavor, browser: Browser) -> None:
    with start_authorization_server(pkce_required=True) as server:
        client = client_of(flavor, server, "web")
        token = flavor.run(client.authorization_code(authorize(server, browser, "web")))
        assert token.access_token
