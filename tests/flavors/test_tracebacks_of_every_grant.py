"""Whatever a client or a handler does, the traceback of its failure is short, and its frames hold no secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import AuthorizationRequest, BearerToken, DeviceAuthorizationResponse, InvalidClient

MOST = 12  # entries of ours
ISSUER = "https://as.local"
API = "https://api.local/"
SECRET = "planted-secret"
URLS = {
    f"{name}_endpoint": f"{ISSUER}/{name}"
    for name in """
        authorization revocation introspection userinfo device_authorization backchannel_authentication
        pushed_authorization_request
    """.split()
}
CODES = {"device_code": SECRET, "user_code": "u", "verification_uri": f"{ISSUER}/d", "expires_in": 60}


def request() -> AuthorizationRequest:
    return AuthorizationRequest(f"{ISSUER}/a", "id", "https://app.local/cb", state="s")


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "client_credentials": lambda client: client.client_credentials(custom=SECRET),
    "authorization_code": lambda client: client.authorization_code(SECRET, validate=False),
    "refresh_token": lambda client: client.refresh_token(SECRET),
    "device_code": lambda client: client.device_code(SECRET),
    "ciba": lambda client: client.ciba(SECRET),
    "token_exchange": lambda client: client.token_exchange(subject_token=SECRET, subject_token_type="access_token"),
    "jwt_bearer": lambda client: client.jwt_bearer(SECRET),
    "saml2_bearer": lambda client: client.saml2_bearer(f"<{SECRET}/>"),
    "resource_owner_password": lambda client: client.resource_owner_password("alice", SECRET),
    "revoke_token": lambda client: client.revoke_token(SECRET),
    "introspect_token": lambda client: client.introspect_token(SECRET),
    "authorize_device": lambda client: client.authorize_device(custom=SECRET),
    "pushed_authorization_request": lambda client: client.pushed_authorization_request(request()),
    "backchannel_authentication_request": lambda client: client.backchannel_authentication_request(login_hint="alice"),
}
EXPIRED = {"expires_in": -60, "refresh_token": SECRET}


def logging_in(flavor: Flavor, client: Any) -> Any:
    def log_in(azr: AuthorizationRequest) -> str:
        return f"{azr.redirect_uri}?code={SECRET}&state={azr.state}"

    return flavor.named("OAuth2LoginAuth")(client, login=log_in, redirect_uri="http://127.0.0.1/cb")


HANDLERS: dict[str, Callable[[Flavor, Any], Any]] = {
    "client credentials": lambda flavor, client: flavor.named("OAuth2ClientCredentialsAuth")(client),
    "access token": lambda flavor, client: flavor.named("OAuth2AccessTokenAuth")(
        client, BearerToken(SECRET, **EXPIRED)
    ),
    "code": lambda flavor, client: flavor.named("OAuth2AuthorizationCodeAuth")(client, SECRET),
    "password": lambda flavor, client: flavor.named("OAuth2ResourceOwnerPasswordAuth")(
        client, username="alice", password=SECRET
    ),
    "device": lambda flavor, client: flavor.named("OAuth2DeviceCodeAuth")(client, DeviceAuthorizationResponse(**CODES)),
    "login": logging_in,
}


def refuses(received: Received) -> Answer:
    return answer({}) if received.url.startswith(API) else answer({"error": "invalid_client"}, 401)


def check(flavor: Flavor, call: Callable[[], Any]) -> None:
    with pytest.raises(InvalidClient) as raised:
        flavor.run(call())
    ours = [
        frame
        for frame, _ in traceback.walk_tb(raised.value.__traceback__)
        if frame.f_globals["__name__"].startswith("requests_oauth2client")
    ]
    assert 0 < len(ours) <= MOST, traceback.format_tb(raised.value.__traceback__)
    shown = [
        f"{frame.f_code.co_qualname}: {name}={value!r}" for frame in ours for name, value in frame.f_locals.items()
    ]
    assert not [line for line in shown if SECRET in line]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_of_an_operation(flavor: Flavor, operation: str) -> None:
    client, _ = flavor.mocked(refuses, auth=("id", SECRET), **URLS)
    check(flavor, lambda: OPERATIONS[operation](client))


@pytest.mark.parametrize("way", ["get_token", "library", "api client"])
@pytest.mark.parametrize("handler", HANDLERS)
def test_of_a_handler(flavor: Flavor, handler: str, way: str) -> None:
    client, _ = flavor.mocked(refuses, auth=("id", SECRET), **URLS)
    auth = HANDLERS[handler](flavor, client)
    session, _ = flavor.answered_by(refuses)
    if way == "get_token":
        check(flavor, auth.get_token)
    elif way == "library":
        check(flavor, lambda: flavor.get(API, auth=auth, session=session))
    else:
        api = flavor.named("ApiClient")(API, auth, session=session)
        check(flavor, lambda: api.get("x"))
