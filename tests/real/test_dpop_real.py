"""DPoP with an AS and an API that demand nonces, on both clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.flavors import BOTH, Flavor, open_flavor
from devkit.protected_api import ProtectedApi, start_protected_api
from requests_oauth2client import OAuth2Client, OAuth2ClientCredentialsAuth, PrivateKeyJwt, PublicApp
from requests_oauth2client.dpop import DPoPKey, DPoPToken, UnrepeatableRequestBody
from requests_oauth2client.exceptions import InvalidGrant

SCOPE = "openid offline_access api.read"


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    """An AS that takes no proof without a nonce."""
    with start_authorization_server(dpop_require_nonce=True) as started:
        yield started


@pytest.fixture(scope="module")
def api(server: AuthorizationServer) -> Iterator[ProtectedApi]:
    """An API that takes none either."""
    with start_protected_api(server, dpop_require_nonce=True) as started:
        yield started


@pytest.fixture(params=BOTH)
def flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    with open_flavor(request.param) as opened:
        yield opened


def settings_of(server: AuthorizationServer, name: str) -> tuple[Any, dict[str, Any]]:
    known = server.clients[name]
    auth = PrivateKeyJwt(known.client_id, known.private_jwk) if known.private_jwk else PublicApp(known.client_id)
    return auth, {
        "authorization_endpoint": server.authorization_endpoint,
        "device_authorization_endpoint": server.device_authorization_endpoint,
        "pushed_authorization_request_endpoint": server.pushed_authorization_request_endpoint,
        "userinfo_endpoint": server.userinfo_endpoint,
        "redirect_uri": known.redirect_uri,
        "jwks_uri": server.jwks_uri,
        "issuer": server.issuer,
        "dpop_bound_access_tokens": True,
    }


def client_of(flavor: Flavor, server: AuthorizationServer, name: str = "dpop") -> Any:
    auth, settings = settings_of(server, name)
    return flavor.client(server.token_endpoint, auth, **settings)


class Counted:
    """How many requests came to the token endpoint, or to the API, since the last time one asked."""

    def __init__(self, server: AuthorizationServer, api: ProtectedApi) -> None:
        self.server, self.api = server, api
        self.before = self._now()

    def _now(self) -> tuple[int, int]:
        return self.server.request_count(self.server.token_endpoint), self.api.request_count

    def since(self) -> tuple[int, int]:
        """Return both, and begin anew."""
        now, before = self._now(), self.before
        self.before = now
        return now[0] - before[0], now[1] - before[1]


@pytest.fixture
def counted(server: AuthorizationServer, api: ProtectedApi) -> Counted:
    return Counted(server, api)


def test_client_credentials_then_an_api_call(
    flavor: Flavor, server: AuthorizationServer, api: ProtectedApi, counted: Counted
) -> None:
    client, key = client_of(flavor, server), DPoPKey.generate()
    token = flavor.run(client.client_credentials("api.read", dpop_key=key))
    assert isinstance(token, DPoPToken)
    assert counted.since() == (2, 0), "the AS demanded a nonce"

    again = flavor.run(client.client_credentials("api.read", dpop_key=key))
    assert counted.since() == (1, 0), "its nonce is remembered"

    session = flavor.session()
    for auth, requests_sent in ((token, 2), (token, 1), (again, 1)):
        answered = flavor.get(f"{api.url}/things?a=b", auth=auth, session=session)
        assert (answered.status_code, answered.json()["client_id"]) == (200, "dpop")
        assert counted.since() == (0, requests_sent)


def test_a_nonce_that_the_api_changed_is_taken_from_its_answer(
    flavor: Flavor, server: AuthorizationServer, api: ProtectedApi, counted: Counted
) -> None:
    token = flavor.run(client_of(flavor, server).client_credentials("api.read"))
    assert flavor.get(api.url, auth=token).status_code == 200
    counted.since()
    api.dpop.rotate_nonce()
    assert flavor.get(api.url, auth=token).status_code == 200
    assert counted.since() == (0, 2)


def test_code_refresh_and_userinfo_with_one_key(flavor: Flavor, server: AuthorizationServer, browser: Browser) -> None:
    client = client_of(flavor, server, "dpop_public")
    request = client.authorization_request(scope=SCOPE, prompt="consent")
    assert request.args["dpop_jkt"] == request.dpop_key.dpop_jkt
    answered = request.validate_callback(browser.authorize(str(request)))

    first = flavor.run(client.authorization_code(answered))
    assert first.dpop_key is request.dpop_key
    assert flavor.run(client.userinfo(flavor.run(client.refresh_token(first))))["sub"] == "alice"


def test_a_code_that_is_bound_to_a_key_is_not_given_for_another(
    flavor: Flavor, server: AuthorizationServer, browser: Browser
) -> None:
    client = client_of(flavor, server, "dpop_public")
    request = client.authorization_request(scope=SCOPE, prompt="consent")
    answered = request.validate_callback(browser.authorize(str(request)))
    with pytest.raises(InvalidGrant):
        flavor.run(client.authorization_code(answered, dpop_key=DPoPKey.generate()))


def test_the_refresh_token_of_a_public_client_is_worth_nothing_without_the_key(
    flavor: Flavor, server: AuthorizationServer, browser: Browser
) -> None:
    client = client_of(flavor, server, "dpop_public")
    request = client.authorization_request(scope=SCOPE, prompt="consent")
    token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
    with pytest.raises(InvalidGrant):
        flavor.run(client.refresh_token(str(token.refresh_token)))
    assert flavor.run(client.refresh_token(token)).dpop_key is token.dpop_key


def test_a_pushed_request_keeps_its_key(flavor: Flavor, server: AuthorizationServer, browser: Browser) -> None:
    client = client_of(flavor, server)
    request = client.authorization_request(scope="openid api.read")
    pushed = flavor.run(client.pushed_authorization_request(request))
    token = flavor.run(client.authorization_code(pushed.validate_callback(browser.authorize(str(pushed)))))
    assert token.dpop_key == request.dpop_key


def test_a_handler_renews_as_dpop_and_calls_the_api(
    flavor: Flavor, server: AuthorizationServer, api: ProtectedApi, counted: Counted
) -> None:
    auth = flavor.named("OAuth2ClientCredentialsAuth")(client_of(flavor, server), scope="api.read")
    session = flavor.session()
    assert flavor.get(api.url, auth=auth, session=session).status_code == 200
    assert counted.since() == (2, 2)
    first = auth.token
    flavor.run(auth.renew_token())
    assert flavor.get(api.url, auth=auth, session=session).status_code == 200
    assert counted.since() == (1, 1), "the same key, so the nonces are known"
    assert auth.token is not first
    assert auth.token.dpop_key is first.dpop_key


def test_an_access_token_handler_refreshes_with_the_same_key(
    flavor: Flavor, server: AuthorizationServer, api: ProtectedApi, browser: Browser
) -> None:
    client = client_of(flavor, server, "dpop_public")
    request = client.authorization_request(scope=SCOPE, prompt="consent", resource="urn:devkit:api")
    token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
    auth = flavor.named("OAuth2AccessTokenAuth")(client, token.replace(expires_at=None, expires_in=1))
    assert flavor.get(api.url, auth=auth).status_code == 200
    assert auth.token.dpop_key is token.dpop_key
    assert auth.token.access_token != token.access_token


def test_a_device_is_polled_with_one_key(flavor: Flavor, server: AuthorizationServer, browser: Browser) -> None:
    client = client_of(flavor, server, "dpop_public")
    asked = flavor.run(client.authorize_device(scope="openid"))
    job = flavor.named("DeviceAuthorizationPollingJob")(client, asked)
    assert flavor.run(job()) is None
    browser.approve_device(asked.verification_uri_complete)
    assert isinstance(flavor.run(job()), DPoPToken)


def test_a_body_goes_along_again(flavor: Flavor, server: AuthorizationServer, api: ProtectedApi) -> None:
    token = flavor.run(client_of(flavor, server).client_credentials("api.read"))
    session = flavor.session()
    sent = session.post(api.url, auth=token, json={"a": 1})
    answered = flavor.run(sent)
    assert answered.status_code == 200
    assert answered.json()["received"] > 0
    flavor.run(session.aclose() if flavor.is_async else session.close())


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_sync_client_of_httpx_answers_the_api_too(
    library: Any, server: AuthorizationServer, api: ProtectedApi, counted: Counted
) -> None:
    auth, settings = settings_of(server, "dpop")
    with OAuth2Client(server.token_endpoint, auth, **settings) as client, library.Client() as http:
        handler = OAuth2ClientCredentialsAuth(client, scope="api.read")
        counted.since()
        assert http.get(api.url, auth=handler).status_code == 200
        assert http.get(api.url, auth=handler.token).status_code == 200
        assert counted.since() == (2, 3)
        api.dpop.rotate_nonce()
        with pytest.raises(UnrepeatableRequestBody):
            http.post(api.url, auth=handler, content=iter([b"once"]))
        assert http.post(api.url, auth=handler, content=iter([b"again"])).json()["received"] == 5
