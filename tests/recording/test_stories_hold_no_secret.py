"""No form of a story shows a secret, wherever it was sent, and wherever a server echoes it."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
import requests
import responses

from requests_oauth2client import (
    ApiClient,
    BearerToken,
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    DPoPKey,
    OAuth2Client,
    OAuth2Error,
    PrivateKeyJwt,
    Story,
    recording,
)
from requests_oauth2client._jose.keys import generate_private_jwk
from requests_oauth2client.testing import AuthorizationServer

URL = "https://as.local"
KEY = generate_private_jwk("ES256") | {"kid": "k"}
JWT = ".".join(
    base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (b'{"alg":"RS256"}', b'{"sub":"x"}', b"sig")
)
PLANTED = {
    "client_secret": "planted client/secret+1",
    "access_token": "planted-access-token",
    "refresh_token": "planted-refresh-token",
    "id_token": JWT,
    "code": "planted-code",
    "code_verifier": "planted-verifier".ljust(43, "v"),
    "state": "planted-state",
    "nonce": "planted-nonce",
    "device_code": "planted-device-code",
    "user_code": "PLNT-USER",
    "password": "planted pass word",
    "registration_access_token": "planted-registration-token",
    "cookie": "planted-cookie-value",
    "api_key": "planted-api-key",
    "d": KEY["d"],
}


def forms_of(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


def told(story: Story) -> dict[str, str]:
    """Tell a story in all its forms."""
    return {
        "text": story.text(),
        "html": story.html(),
        "mermaid": story.mermaid(),
        "har": story.har(),
        "str": str(story),
        "repr": repr(story) + repr(story.exchanges),
        "fields": "\n".join(str(vars(one)) for one in story.exchanges),
        "pickle": pickle.dumps(story.exchanges).decode("latin-1"),
    }


def assert_clean(story: Story, *more: str) -> None:
    secrets = {form for secret in (*PLANTED.values(), *more) for form in forms_of(secret)}
    leaks = [(form, secret) for form, text in told(story).items() for secret in secrets if secret in text]
    assert leaks == []


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def echo(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
    """Answer with everything that came, in several encodings."""
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
    fields = {name: values[0] for name, values in parse_qs(body).items()}
    basic = str(request.headers.get("Authorization", ""))
    said = " ".join([*fields.values(), body, basic, quote(body), *map(quote, fields.values())])
    document = {
        "error": "invalid_grant",
        "error_description": f"I got {said}",
        "debug": {"echo": list(fields.values())},
    }
    headers = {"Content-Type": "application/json", "X-Debug": basic, "Set-Cookie": f"sid={PLANTED['cookie']}; Path=/"}
    return 400, headers, json.dumps(document)


@pytest.mark.parametrize(
    "auth",
    [
        ClientSecretBasic("app", PLANTED["client_secret"]),
        ClientSecretPost("app", PLANTED["client_secret"]),
        ClientSecretJwt("app", PLANTED["client_secret"].ljust(32)),
        PrivateKeyJwt("app", KEY, alg="ES256"),
    ],
    ids=lambda auth: type(auth).__name__,
)
def test_a_server_that_echoes_everything_shows_nothing(auth: Any, wire: responses.RequestsMock) -> None:
    wire.add_callback(responses.POST, f"{URL}/token", callback=echo)
    client = OAuth2Client(f"{URL}/token", auth, retries=None)
    key = DPoPKey(generate_private_jwk("ES256"))
    with recording() as story:
        for call in (
            lambda: client.refresh_token(PLANTED["refresh_token"]),
            lambda: client.authorization_code(PLANTED["code"], code_verifier=PLANTED["code_verifier"], validate=False),
            lambda: client.device_code(PLANTED["device_code"]),
            lambda: client.resource_owner_password("alice", PLANTED["password"]),
            lambda: client.client_credentials(dpop_key=key),
        ):
            with pytest.raises(OAuth2Error):
                call()
        assert_clean(story)
    assert len(story.exchanges) == 5
    sent = [str(call.request.body) + str(call.request.headers) for call in wire.calls]
    assertions = [part for text in sent for part in text.replace("&", " ").replace("'", " ").split() if "eyJ" in part]
    assert_clean(story, *(one.partition("=")[2] or one for one in assertions))


def test_what_a_server_returns_is_struck_out(wire: responses.RequestsMock) -> None:
    wire.add(responses.POST, f"{URL}/token", json=PLANTED | {"token_type": "Bearer", "key": KEY, "expires_in": 60})
    wire.add(responses.POST, f"{URL}/register", json=PLANTED | {"client_id": "c", "jwks": {"keys": [KEY]}})
    wire.add(
        responses.POST, f"{URL}/device", json=PLANTED | {
            "verification_uri": f"{URL}/go", "expires_in": 60,
            "verification_uri_complete": f"{URL}/go?user_code={PLANTED['user_code']}",
        }
    )  # fmt: skip
    client = OAuth2Client(f"{URL}/token", "app", device_authorization_endpoint=f"{URL}/device", retries=None)
    with recording() as story:
        client.client_credentials()
        client.authorize_device()
        OAuth2Client.register(
            {"redirect_uris": ["https://app.test/cb"]}, registration_endpoint=f"{URL}/register",
            token_endpoint=f"{URL}/token", initial_access_token=PLANTED["access_token"], retries=None,
        )  # fmt: skip
    assert len(story.exchanges) == 3
    assert_clean(story)


def test_a_secret_that_is_recognized_later_is_struck_out_before(wire: responses.RequestsMock) -> None:
    wire.add(responses.GET, f"{URL}/note/planted-access-token", json={"remark": "planted-access-token is strange"})
    with recording() as story:
        ApiClient(f"{URL}/note").get("planted-access-token")
        ApiClient(f"{URL}/note", auth=BearerToken("planted-access-token")).get("planted-access-token")
        assert_clean(story)
    assert_clean(story)


def test_cookies_keys_and_passwords_of_api_calls_are_struck_out(wire: responses.RequestsMock) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49planted\nabcdefgh\n-----END PRIVATE KEY-----\n"
    wire.add(
        responses.POST, f"{URL}/things", status=302, body=f"<p>{PLANTED['password']}</p>{pem}",
        headers={"Location": f"{URL}/?code={PLANTED['code']}", "Set-Cookie": f"a={PLANTED['cookie']}; HttpOnly"},
    )  # fmt: skip
    with recording() as story:
        api = ApiClient(URL, headers={"X-Api-Key": PLANTED["api_key"]}, cookies={"a": PLANTED["cookie"]})
        api.post("things", json={"password": PLANTED["password"], "pem": pem, "jwk": KEY})
        api.post(
            "things", data={"password": PLANTED["password"], "note": "hello"}, params={"api_key": PLANTED["api_key"]}
        )
    assert "hello" in story.text()
    assert_clean(story, "MIGHAgEAMBMGByqGSM49planted", "abcdefgh")


def test_a_login_shows_nothing_of_what_went_through_the_browser(oauth_server: AuthorizationServer) -> None:
    client = OAuth2Client.from_discovery_endpoint(
        issuer=oauth_server.issuer, auth=("app", PLANTED["client_secret"]), redirect_uri="https://app.test/cb"
    )
    with recording() as story:
        azr = client.authorization_request(
            scope="openid offline_access",
            prompt="consent",
            state=PLANTED["state"],
            nonce=PLANTED["nonce"],
            code_verifier=PLANTED["code_verifier"],
        )
        callback = oauth_server.log_in(azr)
        token = client.authorization_code(azr.validate_callback(callback))
    (code,) = parse_qs(urlsplit(callback).query)["code"]
    assert_clean(story, code, token.access_token, str(token.refresh_token), str(token.id_token))
    assert "code_challenge" in story.text()


@pytest.mark.parametrize("short", ["pw12", "open"])
def test_short_secrets_leave_words_readable(wire: responses.RequestsMock, short: str) -> None:
    wire.add(
        responses.POST, f"{URL}/token", json={"error": "invalid_grant", "error_description": f"not {short}: openid"}
    )
    with recording() as story, pytest.raises(OAuth2Error):
        OAuth2Client(f"{URL}/token", "app", retries=None).resource_owner_password("alice", short)
    assert "not ***: openid" in story.text()


def test_a_page_shows_markup_as_text(wire: responses.RequestsMock) -> None:
    wire.add(responses.GET, f"{URL}/x", body="<script>alert(1)</script>", content_type="text/html")
    with recording() as story:
        ApiClient(URL).get("x")
    assert "<script>" not in story.html()
