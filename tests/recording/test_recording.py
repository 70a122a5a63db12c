"""What a recording sees: each exchange of each client, in order, with the checks that passed or failed."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import json
import threading
from typing import Any

import httpx2
import pytest
import requests

from requests_oauth2client import (
    ApiClient,
    AsyncApiClient,
    AsyncOAuth2Client,
    AsyncOAuth2ClientCredentialsAuth,
    Exchange,
    InvalidIdToken,
    MismatchingIssuer,
    MismatchingState,
    OAuth2AccessTokenAuth,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
    OAuth2Error,
    Retries,
    Story,
    TransportError,
    recording,
)
from requests_oauth2client.testing import AuthorizationServer

REDIRECT_URI = "https://app.test/callback"


def client_of(server: AuthorizationServer, **more: Any) -> OAuth2Client:
    more.setdefault("retries", None)
    return OAuth2Client.from_discovery_endpoint(
        issuer=server.issuer, auth=("app", "a-secret-of-the-app"), redirect_uri=REDIRECT_URI, **more
    )


def names(exchange: Exchange) -> list[str]:
    return [check.name for check in exchange.checks if check.passed]


def failed(exchange: Exchange) -> list[str]:
    return [str(check) for check in exchange.checks if not check.passed]


def notes(story: Story) -> list[str]:
    return [one.note for one in story.exchanges]


def test_a_login_is_recorded_in_order_with_its_checks(oauth_server: AuthorizationServer) -> None:
    with recording() as story:
        client = client_of(oauth_server)
        azr = client.authorization_request(scope="openid")
        client.authorization_code(azr.validate_callback(oauth_server.log_in(azr)))
    assert [(one.source, one.target, one.note) for one in story.exchanges] == [
        ("application", "authorization server", "metadata"),
        ("application", "authorization server", ""),
        ("browser", "authorization server", "authorization request"),
        ("browser", "application", "callback"),
        ("application", "authorization server", "authorization_code"),
    ]
    metadata, _, asked, callback, token = story.exchanges
    assert names(metadata) == ["issuer"]
    assert {"PKCE S256 sent", "state sent", "nonce sent"} <= set(names(asked))
    assert [str(check) for check in callback.checks] == ["state (RFC 6749 §10.12)", "iss (RFC 9207 §2.4)"]
    assert {"PKCE verifier sent", "token response", "issuer", "audience", "signature", "nonce"} <= set(names(token))
    assert "nonce (OIDC Core 3.1.3.7 rule 11)" in map(str, token.checks)
    assert token.status == 200
    assert not story.failures


def test_a_failed_check_is_the_last_one_with_its_clause_and_what_to_do(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    oauth_server.lie(nonce="another")
    azr = client.authorization_request(scope="openid")
    answer = azr.validate_callback(oauth_server.log_in(azr))
    with recording() as story, pytest.raises(InvalidIdToken):
        client.authorization_code(answer)
    token = story.exchanges[-1]
    assert failed(token) == ["nonce (OIDC Core 3.1.3.7 rule 11)"]
    assert "restart the login" in token.checks[-1].problem
    assert story.failures == (token,)


def test_checks_after_fetched_keys_belong_to_the_token_response(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    oauth_server.rotate_keys()
    with recording() as story:
        azr = client.authorization_request(scope="openid")
        client.authorization_code(azr.validate_callback(oauth_server.log_in(azr)))
    token, keys = story.exchanges[-2:]
    assert keys.method == "GET"
    assert keys.checks == ()
    assert {"signature", "expiry", "nonce"} <= set(names(token))


def test_a_forged_callback_fails_at_its_state(oauth_server: AuthorizationServer) -> None:
    azr = client_of(oauth_server).authorization_request(scope="openid")
    with recording() as story, pytest.raises(MismatchingState):
        azr.validate_callback(f"{REDIRECT_URI}?code=forged-code&state=forged-state")
    assert [failed(one) for one in story.exchanges] == [["state (RFC 6749 §10.12)"]]


def test_a_mixed_up_callback_fails_at_its_issuer(oauth_server: AuthorizationServer) -> None:
    azr = client_of(oauth_server).authorization_request(scope="openid")
    with recording() as story, pytest.raises(MismatchingIssuer):
        azr.validate_callback({"code": "c", "state": azr.state or "", "iss": "https://evil.test"})
    assert failed(story.exchanges[0]) == ["iss (RFC 9207 §2.4)"]
    assert names(story.exchanges[0]) == ["state"]


def test_a_refusal_of_the_user_is_a_failed_check(oauth_server: AuthorizationServer) -> None:
    azr = client_of(oauth_server).authorization_request(scope="openid")
    callback = oauth_server.log_in(azr, deny="access_denied")
    with recording() as story, pytest.raises(Exception, match="access_denied"):
        azr.validate_callback(callback)
    assert failed(story.exchanges[0]) == ["request granted (RFC 6749 §4.1.2.1)"]


def test_retries_are_numbered(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server, retries=Retries(attempts=3, backoff=0.001))
    oauth_server.fail("token", times=1, status=503)
    with recording() as story:
        client.client_credentials()
    assert [(one.status, one.note) for one in story.exchanges] == [
        (503, "client_credentials"),
        (200, "client_credentials, attempt 2"),
    ]


def test_a_demanded_nonce_is_seen(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    oauth_server.require_dpop_nonce()
    with recording() as story:
        client.client_credentials(dpop=True)
    assert notes(story) == ["client_credentials", "client_credentials, again with the nonce"]
    assert all("DPoP proof sent" in names(one) for one in story.exchanges)
    assert not story.failures


def test_polls_are_numbered_and_no_failure(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        codes = client.authorize_device()
        with pytest.raises(Exception, match="authorization_pending"):
            client.device_code(codes.device_code)
        oauth_server.approve(codes.user_code)
        client.device_code(codes.device_code)
    assert notes(story)[1:] == ["device_code", "device_code, poll 2"]
    assert not story.failures


@pytest.mark.parametrize("wrap", [False, True])
def test_calls_to_an_api_come_after_the_token_that_they_need(oauth_server: AuthorizationServer, wrap: bool) -> None:
    client = client_of(oauth_server)
    auth = OAuth2AccessTokenAuth(client, login(client, oauth_server).replace(expires_in=-10))
    url = f"{oauth_server.issuer}/userinfo"
    with recording() as story:
        answer = ApiClient(url, auth=auth).get() if wrap else requests.get(url, auth=auth, timeout=5)
    assert answer.json()["sub"] == "alice"
    assert [(one.target, one.note) for one in story.exchanges] == [
        ("authorization server", "refresh_token"),
        ("API", ""),
    ]
    assert json.loads(story.exchanges[1].response_body) == {"sub": "alice"}
    assert "access token sent" in names(story.exchanges[1])


def login(client: OAuth2Client, server: AuthorizationServer) -> Any:
    azr = client.authorization_request(scope="openid offline_access", prompt="consent")
    return client.authorization_code(azr.validate_callback(server.log_in(azr)))


def test_a_rejected_token_is_seen_with_its_renewal_in_between(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    auth = OAuth2AccessTokenAuth(client, login(client, oauth_server).replace(access_token="not-known-here"))
    with recording() as story:
        requests.get(f"{oauth_server.issuer}/userinfo", auth=auth, timeout=5)
    assert [(one.target, one.status) for one in story.exchanges] == [
        ("API", 401),
        ("authorization server", 200),
        ("API", 200),
    ]


def test_what_gets_no_response_has_an_error() -> None:
    client = OAuth2Client("http://127.0.0.1:9/token", ("app", "secret"), testing=True, retries=None)
    with recording() as story, pytest.raises(TransportError):
        client.client_credentials()
    with recording() as api_story, pytest.raises(requests.ConnectionError):
        ApiClient("http://127.0.0.1:9/").get()
    assert [(one.status, one.target) for one in (*story.exchanges, *api_story.exchanges)] == [
        (None, "authorization server"),
        (None, "API"),
    ]
    assert "no response" in story.text()
    assert story.failures
    assert api_story.failures


def test_the_async_clients_are_seen_in_all_their_tasks(oauth_server: AuthorizationServer) -> None:
    async def program() -> Story:
        client = AsyncOAuth2Client(f"{oauth_server.issuer}/token", ("app", "a-secret-of-the-app"), retries=None)
        auth = AsyncOAuth2ClientCredentialsAuth(client)
        with recording() as story:
            async with AsyncApiClient(oauth_server.issuer, auth=auth, raise_for_status=False) as api:
                await api.get("userinfo")
            await asyncio.gather(client.client_credentials(), client.client_credentials())
            async with httpx2.AsyncClient(auth=auth) as plain:
                await plain.get(f"{oauth_server.issuer}/jwks")
        return story

    story = asyncio.run(program())
    assert [(one.target, one.note) for one in story.exchanges if one.note] == [
        ("authorization server", "client_credentials")
    ] * len([one for one in story.exchanges if one.note])
    assert sum(one.target == "API" for one in story.exchanges) >= 2
    assert story.exchanges[-1].place.endswith("/jwks")
    assert '"keys"' in story.exchanges[-1].response_body


def test_a_thread_that_knows_the_context_is_recorded_and_others_are_not(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        in_context = functools.partial(contextvars.copy_context().run, client.client_credentials)
        for target in (client.client_credentials, in_context):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert notes(story) == ["client_credentials"]
    with recording(all_threads=True) as all_of_it:
        thread = threading.Thread(target=client.client_credentials)
        thread.start()
        thread.join()
    assert notes(all_of_it) == ["client_credentials"]
    client.client_credentials()
    assert len(all_of_it.exchanges) == 1


def test_a_renewal_in_the_background_is_recorded(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    renewed = threading.Event()
    auth = OAuth2ClientCredentialsAuth(client, background=True, leeway=800, on_token=lambda _: renewed.set())
    token = client.client_credentials()
    auth.token = token.replace(expires_in=100)
    renewed.clear()
    with recording() as story:
        requests.get(f"{oauth_server.issuer}/jwks", auth=auth, timeout=5)
        assert renewed.wait(10)
    assert {one.target for one in story.exchanges} == {"API", "authorization server"}


def test_recordings_can_be_nested(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as outer:
        client.client_credentials()
        with recording() as inner:
            client.client_credentials()
        client.client_credentials()
    assert (len(outer.exchanges), len(inner.exchanges)) == (3, 1)


def test_a_story_can_be_told_while_it_goes_on(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        assert "Nothing was recorded" in story.text()
        client.client_credentials()
        assert len(story.exchanges) == 1
        client.client_credentials()
        assert len(story.exchanges) == 2
    assert repr(story) == "<Story of 2 exchanges>"


def test_a_body_that_the_program_has_not_read_stays_unread(oauth_server: AuthorizationServer) -> None:
    token = oauth_server.token()
    with recording() as story:
        answer = requests.get(f"{oauth_server.issuer}/jwks", auth=token, stream=True, timeout=5)
        assert story.exchanges[0].response_body == "(not read by the program)"
        assert answer.json()["keys"]
    assert '"keys"' in story.exchanges[0].response_body


def test_a_check_without_any_message_is_recorded(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    id_token = login(client, oauth_server).id_token
    with recording() as story:
        client.check_id_token(id_token)
    assert "signature" in names(story.exchanges[0])


def test_the_archive_is_har_1_2(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        client.client_credentials()
    log = json.loads(story.har())["log"]
    assert log["version"] == "1.2"
    (entry,) = log["entries"]
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
    assert entry["response"]["status"] == 200
    assert entry["request"]["postData"]["text"].startswith("grant_type=client_credentials")


def test_the_diagram_has_an_arrow_for_each_exchange(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        login(client, oauth_server)
    lines = story.mermaid().splitlines()
    assert lines[0] == "sequenceDiagram"
    assert sum("->>" in line and "-->>" not in line for line in lines) == len(story.exchanges)


def test_the_page_stands_alone(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        login(client, oauth_server)
    page = story.html(title="A <login>")
    assert page.count("<details") == len(story.exchanges)
    assert "A &lt;login&gt;" in page
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert [tag for tag in ("<script", "<link", "<img", "src=", "@import", "url(") if tag in page] == []


def test_a_refused_logout_token_is_a_failed_check(oauth_server: AuthorizationServer) -> None:
    client = client_of(oauth_server)
    with recording() as story:
        client.client_credentials()
        with pytest.raises(OAuth2Error):
            client.logout_token(login(client, oauth_server).id_token)
    assert ["logout token (OIDC Back-Channel 2.6)"] in [failed(one) for one in story.exchanges]
