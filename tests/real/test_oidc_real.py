"""Discovery, keys and ID tokens on a real OpenID provider, on both clients."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser, callback_parameters
from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationRequest, InvalidParam
from requests_oauth2client.discovery import InvalidDiscoveryDocument
from requests_oauth2client.exceptions import InvalidAuthorizationServerJwks, MismatchingIssuer
from requests_oauth2client.tokens import (
    InvalidIdTokenSignature,
    MismatchingIdTokenAcr,
    MismatchingIdTokenAlg,
    MismatchingIdTokenAudience,
    MismatchingIdTokenHash,
    MismatchingIdTokenNonce,
)

Server = AuthorizationServer


@contextmanager
def entered(flavor: Flavor, client: Any) -> Iterator[Any]:
    """Use a client as a context manager, on the flavor at hand."""
    if not flavor.is_async:
        with client:
            yield client
        return
    flavor.run(client.__aenter__())
    try:
        yield client
    finally:
        flavor.run(client.__aexit__(None, None, None))


@contextmanager
def discovered(flavor: Flavor, server: Server, name: str, *, url: str | None = None, **more: Any) -> Iterator[Any]:
    """Discover the server, for one of the clients that it knows."""
    kind = flavor.named("OAuth2Client")
    settings = {"redirect_uri": server.clients[name].redirect_uri, **credentials(server, name), **more}
    if url is None:
        settings.setdefault("issuer", server.issuer)
    client = flavor.run(kind.from_discovery_endpoint(url, **settings))
    with entered(flavor, client):
        yield client


def credentials(server: Server, name: str) -> dict[str, Any]:
    known = server.clients[name]
    if known.private_jwk is not None:
        return {"client_id": known.client_id, "private_key": known.private_jwk}
    return {"client_id": known.client_id, "client_secret": known.client_secret}


def authorize(client: Any, browser: Browser, **more: Any) -> Any:
    """Send somebody through login and consent; returns the checked callback."""
    request = client.authorization_request(**more)
    return request.validate_callback(browser.authorize(str(request)))


class TestDiscovery:
    def test_an_issuer_leads_to_all_endpoints_and_keys(self, flavor: Flavor, authorization_server: Server) -> None:
        with discovered(flavor, authorization_server, "client_secret_post") as client:
            assert client.issuer == authorization_server.issuer
            for name in ("token", "revocation", "introspection", "userinfo", "authorization", "device_authorization"):
                assert getattr(client, f"{name}_endpoint") == authorization_server.endpoint(name)
            for name in ("pushed_authorization_request", "backchannel_authentication", "end_session", "registration"):
                assert getattr(client, f"{name}_endpoint") == authorization_server.endpoint(name)
            assert client.mtls_endpoint_aliases["token_endpoint"] == authorization_server.endpoint("token", mtls=True)
            assert client.authorization_response_iss_parameter_supported is True
            assert len(client.authorization_server_jwks["keys"]) > 3

    def test_a_url_serves_too(self, flavor: Flavor, authorization_server: Server) -> None:
        with discovered(
            flavor, authorization_server, "client_secret_post", url=authorization_server.discovery_url
        ) as c:
            assert c.issuer == authorization_server.issuer
            assert flavor.run(c.client_credentials("api.read")).access_token

    def test_another_issuer_is_refused_before_any_key_is_fetched(
        self, flavor: Flavor, authorization_server: Server
    ) -> None:
        before = authorization_server.request_count(authorization_server.jwks_uri)
        wrong = f"{authorization_server.issuer}/"
        with pytest.raises(InvalidParam) as refused, discovered(flavor, authorization_server, "none", issuer=wrong):
            pass
        assert repr(wrong) in str(refused.value)
        assert repr(authorization_server.issuer) in str(refused.value)
        assert authorization_server.request_count(authorization_server.jwks_uri) == before

    def test_where_nothing_is_published_all_addresses_are_named(
        self, flavor: Flavor, authorization_server: Server
    ) -> None:
        nobody = f"{authorization_server.issuer}/nobody/here"
        with (
            pytest.raises(InvalidDiscoveryDocument, match="oauth-authorization-server/nobody/here"),
            discovered(flavor, authorization_server, "none", issuer=nobody),
        ):
            pass


class TestKeys:
    def test_entering_a_client_fetches_the_keys_once(self, flavor: Flavor, authorization_server: Server) -> None:
        before = authorization_server.request_count(authorization_server.jwks_uri)
        client = flavor.client(
            authorization_server.token_endpoint, "none", jwks_uri=authorization_server.jwks_uri, issuer=None
        )
        assert client.authorization_server_jwks is None
        with entered(flavor, client):
            assert client.authorization_server_jwks["keys"]
        assert authorization_server.request_count(authorization_server.jwks_uri) == before + 1

    def test_what_is_no_key_set_is_refused(self, flavor: Flavor, authorization_server: Server) -> None:
        client = flavor.client(authorization_server.token_endpoint, "none", jwks_uri=authorization_server.discovery_url)
        with pytest.raises(InvalidAuthorizationServerJwks, match="keys are a NoneType"):
            flavor.run(client.update_authorization_server_public_keys())


class TestIdToken:
    def test_a_login_gives_a_checked_id_token(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            answer = authorize(client, browser, scope="openid email", max_age=600)
            token = flavor.run(client.authorization_code(answer))
            assert token.id_token.checked
            assert (token.id_token.subject, token.id_token.alg) == ("alice", "RS256")
            assert token.id_token.email == "alice@devkit.example"

    def test_an_acr_that_was_asked_for_is_demanded_or_reported(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web", acr_policy="demand") as client:
            answer = authorize(client, browser, acr_values="gold")  # this server has no acr
            with pytest.raises(MismatchingIdTokenAcr, match="has no acr"):
                flavor.run(client.authorization_code(answer))
        with discovered(flavor, authorization_server, "web") as client:
            answer = authorize(client, browser, acr_values="gold")
            assert flavor.run(client.authorization_code(answer)).id_token.missed_acr_values == ("gold",)

    @pytest.mark.parametrize("alg", ["PS256"])
    def test_the_alg_of_the_registration_is_pinned(
        self, flavor: Flavor, authorization_server: Server, browser: Browser, alg: str
    ) -> None:
        with discovered(flavor, authorization_server, "web", id_token_signed_response_alg=alg) as client:
            answer = authorize(client, browser)
            with pytest.raises(MismatchingIdTokenAlg, match="RS256"):
                flavor.run(client.authorization_code(answer))

    def test_an_encrypted_id_token_is_decrypted_and_checked(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        encrypted = {
            "id_token_encrypted_response_alg": "ECDH-ES",
            "id_token_encrypted_response_enc": "A256GCM",
            "id_token_decryption_key": authorization_server.clients["encrypted"].decryption_jwk,
        }
        with discovered(flavor, authorization_server, "encrypted", **encrypted) as client:
            token = flavor.run(client.authorization_code(authorize(client, browser)))
            assert token.id_token.checked
            assert token.id_token.subject == "alice"

    def test_a_client_that_is_not_registered_for_encryption_refuses_an_encrypted_id_token(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "encrypted") as client:
            answer = authorize(client, browser)
            with pytest.raises(MismatchingIdTokenAlg, match="ECDH-ES"):
                flavor.run(client.authorization_code(answer))

    def test_a_refreshed_id_token_is_checked_against_the_login(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            first = flavor.run(client.authorization_code(authorize(client, browser, scope="openid email")))
            second = flavor.run(client.refresh_token(first))
            assert second.id_token.checked
            assert second.id_token.subject == first.id_token.subject

    def test_a_refresh_for_another_login_is_refused(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            alice = flavor.run(client.authorization_code(authorize(client, browser)))
            with Browser() as other:
                request = client.authorization_request()
                answer = request.validate_callback(other.authorize(str(request), login="bob"))
                bob = flavor.run(client.authorization_code(answer))
            with pytest.raises(ValueError, match="sub='bob'"):
                flavor.run(client.refresh_token(alice.replace(refresh_token=bob.refresh_token)))

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"nonce": "another"}, MismatchingIdTokenNonce),
            ({"nonce": None}, MismatchingIdTokenNonce),
            ({"issuer": "https://elsewhere.example"}, MismatchingIssuer),
        ],
    )
    def test_what_does_not_answer_the_request_is_refused(
        self,
        flavor: Flavor,
        authorization_server: Server,
        browser: Browser,
        change: dict[str, Any],
        refusal: type[Exception],
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            answer = replace(authorize(client, browser), **change)
            with pytest.raises(refusal):
                flavor.run(client.authorization_code(answer))

    def test_validation_can_be_left_out_by_name(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            token = flavor.run(client.authorization_code(authorize(client, browser), validate=False))
            assert token.id_token.checked is False

    def test_validating_later_needs_no_request(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            answer = authorize(client, browser)
            token = flavor.run(client.authorization_code(answer, validate=False))
            before = authorization_server.request_count(authorization_server.jwks_uri)
            assert token.validate_id_token(client, answer).id_token.checked
            assert authorization_server.request_count(authorization_server.jwks_uri) == before

    def test_keys_of_another_as_are_refused(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk

        with discovered(flavor, authorization_server, "web") as client:
            kid = next(key["kid"] for key in client.authorization_server_jwks["keys"] if key.get("alg") == "RS256")
        false = {"keys": [public_jwk(generate_private_jwk("RS256", kid=kid))]}
        known = authorization_server.clients["web"]
        client = flavor.client(
            authorization_server.token_endpoint,
            (known.client_id, known.client_secret),
            issuer=authorization_server.issuer,
            authorization_server_jwks=false,
        )
        request = AuthorizationRequest(authorization_server.authorization_endpoint, known.client_id, known.redirect_uri)
        answer = request.validate_callback(browser.authorize(str(request)))
        with pytest.raises(InvalidIdTokenSignature):
            flavor.run(client.authorization_code(answer))
        assert client.authorization_server_jwks is false

    def test_a_token_for_another_client_is_refused(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "web") as client:
            answer = authorize(client, browser)
            token = flavor.run(client.authorization_code(answer, validate=False))
        with (
            discovered(flavor, authorization_server, "client_secret_post") as other,
            pytest.raises(MismatchingIdTokenAudience),
        ):
            token.validate_id_token(other, answer)


def test_a_client_that_knows_nothing_says_so_once(
    flavor: Flavor, authorization_server: Server, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    known = authorization_server.clients["web"]
    client = flavor.client(authorization_server.token_endpoint, (known.client_id, known.client_secret))
    for _ in range(2):
        request = AuthorizationRequest(authorization_server.authorization_endpoint, known.client_id, known.redirect_uri)
        token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
        assert token.id_token.checked is False
    said = [record for record in caplog.records if record.name == "requests_oauth2client.id_token"]
    assert len(said) == 1
    assert "issuer= and jwks_uri=" in said[0].getMessage()


def test_discovery_on_the_async_face_is_awaited(flavor: Flavor) -> None:
    kind = flavor.named("OAuth2Client")
    assert inspect.iscoroutinefunction(kind.from_discovery_endpoint) is flavor.is_async


class TestHybridFlow:
    def test_both_id_tokens_are_checked_and_about_one_user(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "hybrid") as client:
            request = client.authorization_request(response_type="code id_token")
            answer = flavor.run(client.authorization_response(request, browser.authorize(str(request))))
            assert answer.id_token.checked
            assert "c_hash" in answer.id_token
            token = flavor.run(client.authorization_code(answer))
            assert token.id_token.checked
            assert token.id_token.subject == answer.id_token.subject

    def test_a_code_that_was_swapped_on_the_way_is_noticed(
        self, flavor: Flavor, authorization_server: Server, browser: Browser
    ) -> None:
        with discovered(flavor, authorization_server, "hybrid") as client:
            request = client.authorization_request(response_type="code id_token")
            callback = browser.authorize(str(request))
            code = callback_parameters(callback)["code"]
            with pytest.raises(MismatchingIdTokenHash, match="c_hash"):
                flavor.run(client.authorization_response(request, callback.replace(code, f"{code}1")))
