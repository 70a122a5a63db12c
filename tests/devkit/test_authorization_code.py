"""A person signs in with the browser, agrees or not, and the client gets tokens that it can renew."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import requests

from devkit.authorization_server import AuthorizationServer
from devkit.authorization_server.credentials import private_jwk
from devkit.browser import Browser, UnexpectedPage, callback_parameters

from .helpers import (
    TIMEOUT,
    VERIFIER,
    authorization_url,
    code_tokens,
    dpop_proof,
    granted,
    post,
    pushed_url,
    refresh,
    sign,
)

Server = AuthorizationServer


def test_a_public_client_gets_tokens(authorization_server: Server, browser: Browser) -> None:
    tokens = code_tokens(authorization_server, authorization_server.clients["none"], browser)
    assert {"access_token", "refresh_token", "id_token"} <= tokens.keys()
    assert tokens["scope"] == "openid api.read"


def test_the_callback_has_state_and_issuer(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["web"]
    url = browser.authorize(authorization_url(authorization_server, client))
    assert url.startswith(client.redirect_uri + "?")
    callback = callback_parameters(url)
    assert (callback["state"], callback["iss"]) == ("S", authorization_server.issuer)


def test_a_public_client_needs_pkce(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["none"]
    url = authorization_url(authorization_server, client, code_challenge="", code_challenge_method="")
    assert callback_parameters(browser.authorize(url))["error"] == "invalid_request"


def test_a_person_who_refuses_is_reported(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["none"]
    url = browser.authorize(authorization_url(authorization_server, client), consent=False)
    assert callback_parameters(url)["error"] == "access_denied"


def test_a_wrong_redirect_uri_is_never_followed(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["none"]
    url = authorization_url(authorization_server, client, redirect_uri="https://elsewhere.example/")
    with pytest.raises(UnexpectedPage, match="redirect_uri"):
        browser.authorize(url)


def test_form_post_gives_the_posted_fields(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["web"]
    url = authorization_url(authorization_server, client, response_mode="form_post")
    fields = browser.authorize_form_post(url)
    assert fields["state"] == "S"
    assert fields["code"]


@pytest.mark.parametrize("mode", ["query.jwt", "fragment.jwt", "jwt"])
def test_the_answer_can_be_a_jwt(authorization_server: Server, browser: Browser, mode: str) -> None:
    client = authorization_server.clients["web"]
    url = browser.authorize(authorization_url(authorization_server, client, response_mode=mode))
    assert callback_parameters(url)["response"].count(".") == 2


def test_the_hybrid_flow_answers_in_the_fragment(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["hybrid"]
    url = authorization_url(authorization_server, client, response_type="code id_token", nonce="N")
    callback = browser.authorize(url)
    assert callback.startswith(client.redirect_uri + "#")
    assert {"code", "id_token"} <= callback_parameters(callback).keys()


def test_a_pushed_request_is_honoured(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["par"]
    inline = authorization_url(authorization_server, client)
    assert callback_parameters(browser.authorize(inline))["error"] == "invalid_request"
    url = pushed_url(authorization_server, client, inline)
    assert "code" in callback_parameters(browser.authorize(url))


def test_a_signed_request_is_honoured(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["jar"]
    inline = authorization_url(authorization_server, client)
    assert callback_parameters(browser.authorize(inline))["error"] == "invalid_request"
    request_object = sign(
        client, {**callback_parameters(inline), "iss": client.client_id, "aud": authorization_server.issuer}
    )
    query = urlencode({"client_id": client.client_id, "request": request_object})
    assert "code" in callback_parameters(browser.authorize(f"{authorization_server.authorization_endpoint}?{query}"))


def test_the_fapi_client_gets_bound_tokens(authorization_server: Server, browser: Browser) -> None:
    client, key = authorization_server.clients["fapi"], private_jwk("ES256")
    inline = authorization_url(authorization_server, client)
    callback = callback_parameters(browser.authorize(pushed_url(authorization_server, client, inline)))
    data = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": client.redirect_uri,
        "code_verifier": VERIFIER,
    }
    headers = {"DPoP": dpop_proof(key, authorization_server.token_endpoint)}
    tokens = granted(post(authorization_server.token_endpoint, client, data, headers=headers))
    assert tokens["token_type"] == "DPoP"


def test_an_id_token_can_be_encrypted(authorization_server: Server, browser: Browser) -> None:
    tokens = code_tokens(authorization_server, authorization_server.clients["encrypted"], browser)
    assert tokens["id_token"].count(".") == 4


def test_userinfo_knows_who_signed_in(authorization_server: Server, browser: Browser) -> None:
    tokens = code_tokens(authorization_server, authorization_server.clients["none"], browser, scope="openid email")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = requests.get(authorization_server.userinfo_endpoint, headers=headers, timeout=TIMEOUT).json()
    assert told == {"sub": "alice", "email": "alice@devkit.example", "email_verified": True}


def test_authorization_details_are_granted(authorization_server: Server, browser: Browser) -> None:
    details = '[{"type":"devkit.payment","amount":"1.00"}]'
    client = authorization_server.clients["none"]
    resource = "urn:devkit:api"  # oidc-provider wants one with authorization_details
    tokens = code_tokens(authorization_server, client, browser, authorization_details=details, resource=resource)
    assert tokens["authorization_details"] == [{"type": "devkit.payment", "amount": "1.00"}]


def test_a_refresh_token_is_rotated_and_its_reuse_refused(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["web"]
    first = code_tokens(authorization_server, client, browser)
    second = refresh(authorization_server, client, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]

    reused = refresh(authorization_server, client, first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert refresh(authorization_server, client, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_revoked_refresh_token_is_refused(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["web"]
    token = code_tokens(authorization_server, client, browser)["refresh_token"]
    assert post(authorization_server.revocation_endpoint, client, {"token": token}).status_code == 200
    assert refresh(authorization_server, client, token).json()["error"] == "invalid_grant"


def test_logging_out_leads_back_to_the_client(authorization_server: Server, browser: Browser) -> None:
    client = authorization_server.clients["web"]
    code_tokens(authorization_server, client, browser)
    bye = client.metadata["post_logout_redirect_uris"][0]
    query = f"client_id={client.client_id}&post_logout_redirect_uri={bye}"
    assert browser.log_out(f"{authorization_server.end_session_endpoint}?{query}").startswith(bye)
