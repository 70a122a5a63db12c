"""The test server is as strict as a certified one: the same journeys end in the same way at both."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from devkit.authorization_server.clients import WEB_REDIRECT_URI
from requests_oauth2client import (
    AuthorizationRequest,
    ClientSecretJwt,
    DPoPKey,
    InvalidGrant,
    OAuth2Client,
    PkceUtils,
    PrivateKeyJwt,
    UseDPoPNonce,
)

from .places import Page, Place

OTHER_URI = "https://elsewhere.example/callback"


def error_of(response: requests.Response) -> tuple[int, str]:
    """Return how a request was refused."""
    return response.status_code, response.json()["error"]


def request_of(place: Place, name: str = "web", **more: Any) -> AuthorizationRequest:
    """Make an authorization request."""
    known = place.clients[name]
    settings = {"scope": "openid", "client_id": known.client_id, "redirect_uri": known.redirect_uri, **more}
    return AuthorizationRequest(place.endpoint("authorization"), **settings)


def logged_in(place: Place, name: str = "web", **more: Any) -> Any:
    """Log alice in; returns the token."""
    azr = request_of(place, name, **{"scope": "openid offline_access", "prompt": "consent", **more})
    return place.client(name).authorization_code(azr.validate_callback(place.callback(azr.uri)))


# --- who asks


CREDENTIALS = {
    "wrong secret": {"client_id": "client_secret_post", "client_secret": "wrong"},
    "unknown client": {"client_id": "nobody", "client_secret": "x"},
    "no secret": {"client_id": "client_secret_post"},
    "another method": {"client_id": "short", "client_secret": "x"},
}


@pytest.mark.parametrize("fields", CREDENTIALS.values(), ids=CREDENTIALS)
def test_who_can_not_prove_who_it_is_is_refused(place: Place, fields: dict[str, str]) -> None:
    form = {"grant_type": "client_credentials", **fields}
    response = requests.post(place.endpoint("token"), data=form, timeout=10)
    assert error_of(response) == (401, "invalid_client")


def test_basic_credentials_are_form_encoded_first(place: Place) -> None:
    assert place.client("client_secret_basic").client_credentials().access_token
    known = place.clients["client_secret_basic"]
    raw = base64.b64encode(f"{known.client_id}:{known.client_secret}".encode()).decode()
    response = requests.post(
        place.endpoint("token"),
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {raw}"},
        timeout=10,
    )
    assert error_of(response)[1] in {"invalid_client", "invalid_request"}


def test_two_ways_to_authenticate_are_one_too_many(place: Place) -> None:
    known = place.clients["client_secret_post"]
    response = place.post("token", {"grant_type": "client_credentials"}, auth=(known.client_id, known.client_secret))
    assert error_of(response) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["private_key_jwt_ES256", "private_key_jwt_RS256", "client_secret_jwt"])
def test_assertions_are_verified(place: Place, name: str) -> None:
    client, known = place.client(name), place.clients[name]
    if name == "client_secret_jwt":
        client = client.replace(auth=ClientSecretJwt(known.client_id, str(known.client_secret)))
    assert client.client_credentials().access_token
    other = place.clients["private_key_jwt_PS256"].private_jwk
    wrong: Any = (
        ClientSecretJwt(known.client_id, "another-secret-of-32-bytes-or-more")
        if name == "client_secret_jwt"
        else PrivateKeyJwt(known.client_id, {**(other or {}), "kid": "other"})
    )
    response = requests.post(
        place.endpoint("token"),
        data={
            "grant_type": "client_credentials",
            "client_id": known.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": wrong.client_assertion(place.metadata["issuer"]),
        },
        timeout=10,
    )
    assert error_of(response) == (401, "invalid_client")


def test_an_assertion_is_good_for_one_request(place: Place) -> None:
    known = place.clients["private_key_jwt_ES256"]
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": PrivateKeyJwt(known.client_id, known.private_jwk).client_assertion(
            place.metadata["issuer"]
        ),
    }
    assert requests.post(place.endpoint("token"), data=form, timeout=10).ok
    assert error_of(requests.post(place.endpoint("token"), data=form, timeout=10)) == (401, "invalid_client")


# --- token requests


TOKEN_REQUESTS: dict[str, tuple[Any, str]] = {
    "no grant_type": ({}, "invalid_request"),
    "unknown grant_type": ({"grant_type": "magic"}, "unsupported_grant_type"),
    "a code that nobody issued": (
        {"grant_type": "authorization_code", "code": "x", "redirect_uri": OTHER_URI},
        "invalid_grant",
    ),
    "a refresh token that nobody issued": ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    "a repeated parameter": (
        [("grant_type", "client_credentials"), ("scope", "api.read"), ("scope", "api.write")],
        "invalid_request",
    ),
}


@pytest.mark.parametrize(("form", "error"), TOKEN_REQUESTS.values(), ids=TOKEN_REQUESTS)
def test_a_token_request_is_refused(place: Place, form: Any, error: str) -> None:
    assert error_of(place.post("token", form)) == (400, error)


def test_a_grant_that_a_client_is_not_registered_for_is_refused(place: Place) -> None:
    response = place.post("token", {"grant_type": "client_credentials"}, name="none")
    assert response.status_code == 400
    assert error_of(response)[1] in {"unauthorized_client", "invalid_request"}


def test_a_token_request_is_a_form(place: Place) -> None:
    response = requests.post(place.endpoint("token"), json={"grant_type": "client_credentials"}, timeout=10)
    assert error_of(response) == (400, "invalid_request")


# --- authorization requests


PAGES: dict[str, dict[str, Any]] = {
    "unknown client": {"client_id": "nobody"},
    "another redirect_uri": {"redirect_uri": OTHER_URI},
    "a longer redirect_uri": {"redirect_uri": f"{WEB_REDIRECT_URI}/more"},
    "a redirect_uri with a query": {"redirect_uri": f"{WEB_REDIRECT_URI}?a=b"},
}


@pytest.mark.parametrize("more", PAGES.values(), ids=PAGES)
def test_a_browser_is_not_sent_where_it_should_not_go(place: Place, more: dict[str, Any]) -> None:
    with pytest.raises(Page):
        place.callback(request_of(place, **more).uri)


def test_a_loopback_redirect_uri_may_have_any_port(place: Place) -> None:
    azr = request_of(place, "none", redirect_uri="http://127.0.0.1:54321/callback")
    assert "code" in place.callback(azr.uri)


CALLBACKS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown response_type": ({"response_type": "magic"}, "unsupported_response_type"),
    "plain PKCE": ({"code_challenge_method": "plain"}, "invalid_request"),
    "prompt none and login": ({"prompt": "none login"}, "invalid_request"),
    "prompt none, not logged in": ({"prompt": "none"}, "login_required"),
    "max_age that is no number": ({"max_age": "soon"}, "invalid_request"),
    "unknown response_mode": ({"response_mode": "pigeon"}, "unsupported_response_mode"),
}


@pytest.mark.parametrize(("more", "error"), CALLBACKS.values(), ids=CALLBACKS)
def test_a_mistake_goes_back_to_the_client(place: Place, more: dict[str, Any], error: str) -> None:
    azr = request_of(place)
    fields = {**azr.args, **more}
    if "code_challenge_method" in more:
        fields["code_challenge"] = azr.code_verifier
    url = requests.Request("GET", place.endpoint("authorization"), params=fields).prepare().url
    callback = place.callback(str(url))
    assert (callback["error"], callback["state"]) == (error, azr.state)
    assert callback["iss"] == place.metadata["issuer"]


def test_a_public_client_needs_pkce(place: Place) -> None:
    azr = request_of(place, "none", code_challenge_method=None)
    assert place.callback(azr.uri)["error"] == "invalid_request"


def test_requests_that_have_to_be_pushed_are_refused_otherwise(place: Place) -> None:
    azr = request_of(place, "par")
    assert refusal_of(place, azr.uri)
    pushed = place.client("par").pushed_authorization_request(azr)
    assert "code" in place.callback(pushed.uri)
    assert refusal_of(place, pushed.uri), "a request_uri is good for one visit"


def test_requests_that_have_to_be_signed_are_refused_otherwise(place: Place) -> None:
    azr, key = request_of(place, "jar", issuer=place.metadata["issuer"]), place.clients["jar"].private_jwk
    assert "code" in place.callback(azr.sign(key, iss=True, aud=True).uri)
    another = place.clients["dpop"].private_jwk
    for wrong in (azr, azr.sign(key), azr.sign(another, iss=True, aud=True), azr.sign(key, iss=True, aud="https://x")):
        assert refusal_of(place, wrong.uri)


def test_a_response_type_of_other_clients_is_refused(place: Place) -> None:
    assert refusal_of(place, request_of(place, response_type="code id_token", nonce="n").uri)


def refusal_of(place: Place, url: str) -> str | None:
    """Return how an authorization request is refused: on a page, or to the client; None if it is not."""
    try:
        return place.callback(url).get("error")
    except Page as page:
        return str(page)


# --- codes and refresh tokens


def test_a_code_is_good_once_and_for_what_it_was_asked_for(place: Place) -> None:
    azr = request_of(place)
    client = place.client("web")
    response = azr.validate_callback(place.callback(azr.uri))
    other = PkceUtils.generate_code_verifier()
    for wrong in (response.replace(code_verifier=other), response.replace(redirect_uri=OTHER_URI)):
        with pytest.raises(InvalidGrant):
            client.authorization_code(wrong)
    again = request_of(place)
    answer = again.validate_callback(place.callback(again.uri))
    token = client.authorization_code(answer)
    with pytest.raises(InvalidGrant):
        client.authorization_code(answer)
    assert client.introspect_token(token)["active"] is False, "a code that is used twice takes its tokens with it"


def test_a_refresh_token_rotates_and_its_reuse_ends_the_login(place: Place) -> None:
    client = place.client("web")
    first = logged_in(place)
    second = client.refresh_token(first)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(InvalidGrant):
        client.refresh_token(first)
    with pytest.raises(InvalidGrant):
        client.refresh_token(second)


def test_offline_access_needs_consent(place: Place) -> None:
    assert logged_in(place).refresh_token is not None
    assert "offline_access" not in str(logged_in(place, prompt=None).scope)


def test_a_scope_is_not_widened_by_a_refresh(place: Place) -> None:
    token = logged_in(place)
    response = place.post(
        "token",
        {"grant_type": "refresh_token", "refresh_token": token.refresh_token, "scope": "openid email"},
        name="web",
    )
    assert error_of(response) == (400, "invalid_scope")


def test_a_token_of_another_client_is_refused(place: Place) -> None:
    token = logged_in(place)
    form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
    assert error_of(place.post("token", form)) == (400, "invalid_grant")


def test_a_revoked_refresh_token_is_worthless(place: Place) -> None:
    client, token = place.client("web"), logged_in(place)
    assert client.revoke_refresh_token(token)
    with pytest.raises(InvalidGrant):
        client.refresh_token(token)
    assert client.introspect_token(str(token.refresh_token))["active"] is False


# --- the other endpoints


def test_userinfo_wants_a_good_token(place: Place) -> None:
    assert place.client("web").userinfo(logged_in(place))["sub"] == "alice"
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        response = requests.get(place.endpoint("userinfo"), headers=headers, timeout=10)
        assert response.status_code in {400, 401}
        assert "WWW-Authenticate" in response.headers or response.json()["error"]


def test_nobody_introspects_without_credentials(place: Place) -> None:
    response = requests.post(place.endpoint("introspection"), data={"token": "x"}, timeout=10)
    assert error_of(response)[1] in {"invalid_request", "invalid_client"}


def test_a_device_waits_for_its_user(place: Place) -> None:
    client = place.client("device")
    codes = client.authorize_device(scope="openid")
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": codes.device_code}
    assert error_of(place.post("token", form, name="device")) == (400, "authorization_pending")
    assert error_of(place.post("token", form, name="device")) == (400, "slow_down")
    place.approve(codes.user_code)
    assert client.device_code(codes).access_token
    assert error_of(place.post("token", form, name="device")) == (400, "invalid_grant")


def test_ciba_takes_one_hint_and_waits(place: Place) -> None:
    client = place.client("ciba")
    known = place.clients["ciba"]
    for hints in ({}, {"login_hint": "alice", "login_hint_token": "x"}):
        response = requests.post(
            place.endpoint("backchannel_authentication"),
            data={"scope": "openid", **hints},
            auth=(known.client_id, _encoded(str(known.client_secret))),
            timeout=10,
        )
        assert error_of(response) == (400, "invalid_request")
    started = client.backchannel_authentication_request(login_hint="alice")
    place.approve(started.auth_req_id)
    assert client.ciba(started).access_token


def _encoded(secret: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(secret)


def test_dpop_binds_tokens_to_a_key(place: Place) -> None:
    client: OAuth2Client = place.client("dpop")
    key = DPoPKey.generate()
    token = client.client_credentials(dpop_key=key)
    assert token.token_type == "DPoP"
    response = requests.post(
        place.endpoint("token"),
        data={"grant_type": "client_credentials"} | _assertion(place),
        headers={"DPoP": key.proof("POST", f"{place.endpoint('token')}/other")},
        timeout=10,
    )
    assert error_of(response) == (400, "invalid_dpop_proof")
    without = requests.post(
        place.endpoint("token"), data={"grant_type": "client_credentials"} | _assertion(place), timeout=10
    )
    assert without.status_code == 400


def _assertion(place: Place) -> dict[str, str]:
    known = place.clients["dpop"]
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": PrivateKeyJwt(known.client_id, known.private_jwk).client_assertion(
            place.metadata["issuer"]
        ),
    }


def test_a_proof_is_good_once(place: Place) -> None:
    proof = DPoPKey.generate().proof("POST", place.endpoint("token"))
    for expected in (200, 400):
        form = {"grant_type": "client_credentials"} | _assertion(place)
        response = requests.post(place.endpoint("token"), data=form, headers={"DPoP": proof}, timeout=10)
        assert response.status_code == expected
    assert UseDPoPNonce  # the nonce is played in test_misbehavior


def test_registration_gives_credentials_that_work(place: Place) -> None:
    metadata = {"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
    made = requests.post(place.endpoint("registration"), json=metadata, timeout=10)
    assert made.status_code == 201
    known = made.json()
    response = requests.post(
        place.endpoint("token"),
        data={"grant_type": "client_credentials"},
        auth=(known["client_id"], known["client_secret"]),
        timeout=10,
    )
    assert response.ok
    wrong = requests.post(place.endpoint("registration"), json={"redirect_uris": []}, timeout=10)
    assert error_of(wrong)[0] == 400
