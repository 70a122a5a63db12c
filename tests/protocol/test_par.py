"""Pushing an authorization request: what is sent, what is read, what is refused (RFC 9126)."""

import json
from typing import Any

import pytest

from devkit.exchange import Answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationRequest,
    InvalidPushedAuthorizationRequest,
    InvalidPushedAuthorizationResponse,
    InvalidRequest,
    InvalidRequestObject,
    MissingEndpointUri,
    RequestUriParameterAuthorizationRequest,
)
from requests_oauth2client._jose.jwk import generate_private_jwk

ENDPOINT = "https://as.local/authorize"
PAR_ENDPOINT = "https://as.local/par"
REQUEST_URI = "urn:ietf:params:oauth:request_uri:planted-reference"
PUSHED = {"request_uri": REQUEST_URI, "expires_in": 60}


def answer(body: Any = PUSHED, status: int = 201) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status_code=status, headers={"Content-Type": "application/json"}, content=content)


def client_of(flavor: Flavor, given: Answer | None = None, **more: Any) -> tuple[Any, list[Any]]:
    endpoints = {"authorization_endpoint": ENDPOINT, "pushed_authorization_request_endpoint": PAR_ENDPOINT}
    return flavor.mocked(given or answer(), **{**endpoints, "redirect_uri": "https://app.local/cb", **more})


def test_all_parameters_are_pushed_and_none_stays_in_the_url(flavor: Flavor) -> None:
    client, received = client_of(flavor)
    request = client.authorization_request(resource=["urn:a", "urn:b"], claims={"id_token": {"acr": None}})
    pushed = flavor.run(client.pushed_authorization_request(request))
    [sent] = received
    assert sent.url == PAR_ENDPOINT
    assert [value for name, value in sent.pairs if name == "resource"] == ["urn:a", "urn:b"]
    form = dict(sent.pairs)
    assert (form["state"], form["code_challenge"], form["client_id"]) == (request.state, request.code_challenge, "id")
    assert json.loads(form["claims"]) == {"id_token": {"acr": None}}
    assert str(pushed) == f"{ENDPOINT}?client_id=id&request_uri={REQUEST_URI.replace(':', '%3A')}"


def test_the_client_authenticates_itself(flavor: Flavor) -> None:
    client, received = client_of(flavor)
    flavor.run(client.pushed_authorization_request(client.authorization_request(), audience="x"))
    assert (received[0].form["client_secret"], received[0].form["audience"]) == ("hush-hush", "x")


@pytest.mark.parametrize("encrypted", [False, True])
def test_of_a_signed_request_only_the_jwt_is_pushed(flavor: Flavor, encrypted: bool) -> None:
    client, received = client_of(flavor)
    request, key = client.authorization_request(), generate_private_jwk("ES256")
    signed = request.sign_and_encrypt(key, generate_private_jwk("ECDH-ES")) if encrypted else request.sign(key)
    pushed = flavor.run(client.pushed_authorization_request(signed))
    assert received[0].form.keys() == {"client_id", "client_secret", "request"}
    assert received[0].form["request"] == signed.request
    assert pushed.authorization_request is request


def test_what_comes_back_remembers_the_request_and_when_it_ends(flavor: Flavor) -> None:
    client, _ = client_of(flavor)
    request = client.authorization_request(state="s")
    pushed = flavor.run(client.pushed_authorization_request(request))
    assert isinstance(pushed, RequestUriParameterAuthorizationRequest)
    assert 0 < pushed.expires_in <= 60
    assert pushed.request_uri == REQUEST_URI
    assert pushed.validate_callback("code=c&state=s").code_verifier == request.code_verifier
    assert "planted" not in repr(pushed)


def test_the_request_says_where_the_browser_goes(flavor: Flavor) -> None:
    client, _ = client_of(flavor, authorization_endpoint=None)
    request = AuthorizationRequest("https://login.local/a?p=1", "id")
    assert str(flavor.run(client.pushed_authorization_request(request))).startswith(
        "https://login.local/a?p=1&client_id="
    )


def test_a_dpop_key_is_announced_proved_and_kept(flavor: Flavor) -> None:
    client, received = client_of(flavor, dpop_bound_access_tokens=True)
    request = client.authorization_request()
    pushed = flavor.run(client.pushed_authorization_request(request))
    assert received[0].form["dpop_jkt"] == request.dpop_key.dpop_jkt
    assert "dpop" in received[0].headers
    assert pushed.dpop_key is request.dpop_key


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "no request_uri"),
        ({"expires_in": 60}, "no request_uri"),
        ({"request_uri": 5, "expires_in": 60}, "no request_uri"),
        ({"request_uri": "", "expires_in": 60}, "no request_uri"),
        ({"request_uri": "urn:é", "expires_in": 60}, "no request_uri"),
        ({"request_uri": "urn:x"}, "no expires_in"),
        ({"request_uri": "urn:x", "expires_in": 0}, "no expires_in"),
        ({"request_uri": "urn:x", "expires_in": "soon"}, "no expires_in"),
        ({"request_uri": "urn:x", "expires_in": True}, "no expires_in"),
        (["urn:x"], "a JSON array"),
        (b"<html>", "no JSON"),
        (b"", "no JSON"),
    ],
)
def test_an_answer_without_a_reference_is_refused(flavor: Flavor, body: Any, why: str) -> None:
    client, _ = client_of(flavor, answer(body))
    with pytest.raises(InvalidPushedAuthorizationResponse, match=why) as caught:
        flavor.run(client.pushed_authorization_request(client.authorization_request()))
    assert (caught.value.status, caught.value.endpoint) == (201, PAR_ENDPOINT)


@pytest.mark.parametrize(
    ("error", "kind"), [("invalid_request", InvalidRequest), ("invalid_request_object", InvalidRequestObject)]
)
@pytest.mark.parametrize("status", [400, 201])
def test_an_error_has_its_class(flavor: Flavor, error: str, kind: type[Exception], status: int) -> None:
    client, _ = client_of(flavor, answer({"error": error, "error_description": "no"}, status))
    with pytest.raises(kind, match="no") as caught:
        flavor.run(client.pushed_authorization_request(client.authorization_request()))
    assert type(caught.value) is kind


def test_an_error_that_is_none_says_what_was_expected(flavor: Flavor) -> None:
    client, _ = client_of(flavor, answer(b"oops", 500))
    with pytest.raises(InvalidPushedAuthorizationResponse, match="Expected a pushed authorization response"):
        flavor.run(client.pushed_authorization_request(client.authorization_request()))


def test_an_endpoint_is_needed(flavor: Flavor) -> None:
    client, received = client_of(flavor, pushed_authorization_request_endpoint=None)
    with pytest.raises(MissingEndpointUri, match="pushed_authorization_request_endpoint"):
        flavor.run(client.pushed_authorization_request(client.authorization_request()))
    assert not received


def test_what_can_not_be_pushed_is_refused_before_anything_is_sent(flavor: Flavor) -> None:
    client, received = client_of(flavor)
    others = [
        RequestUriParameterAuthorizationRequest(ENDPOINT, "id", "urn:x"),
        AuthorizationRequest(ENDPOINT, "another"),
        "https://as.local/authorize?client_id=id",
    ]
    for other in others:
        with pytest.raises(InvalidPushedAuthorizationRequest):
            flavor.run(client.pushed_authorization_request(other))
    assert not received


def test_both_hooks_can_be_overridden(flavor: Flavor) -> None:
    class Mine(flavor.named("OAuth2Client")):  # type: ignore[misc]
        def parse_pushed_authorization_response(self, response: Any, *, dpop_key: Any = None) -> Any:
            return super().parse_pushed_authorization_response(response, dpop_key=dpop_key).replace(hooked="yes")

        def on_pushed_authorization_error(self, response: Any, *, dpop_key: Any = None) -> Any:
            return RequestUriParameterAuthorizationRequest(ENDPOINT, "id", "urn:other")

    client, _ = client_of(flavor, cls=Mine)
    assert flavor.run(client.pushed_authorization_request(client.authorization_request())).hooked == "yes"
    failing, _ = client_of(flavor, answer({"error": "x"}, 400), cls=Mine)
    request = failing.authorization_request()
    assert flavor.run(failing.pushed_authorization_request(request)).request_uri == "urn:other"


# --- the request that a client makes ---------------------------------------------------------------------------


def test_a_request_of_a_client_carries_what_the_client_knows(flavor: Flavor) -> None:
    known = {
        "issuer": "https://as.local",
        "authorization_response_iss_parameter_supported": True,
        "code_challenge_method": "plain",
    }
    client, received = client_of(flavor, **known)
    request = client.authorization_request(scope=["openid", "email"], state="s", nonce="n", prompt="login")
    assert {name: getattr(request, name) for name in known} == known
    assert (request.authorization_endpoint, request.client_id) == (ENDPOINT, "id")
    assert (request.redirect_uri, request.scope, request.prompt) == (
        "https://app.local/cb",
        ("openid", "email"),
        "login",
    )
    assert client.authorization_request(redirect_uri="https://app.local/2").redirect_uri == "https://app.local/2"
    assert client.authorization_request(issuer="https://b.local").issuer == "https://b.local"
    assert not received


def test_a_client_without_an_authorization_endpoint_says_so(flavor: Flavor) -> None:
    client, _ = client_of(flavor, authorization_endpoint=None)
    with pytest.raises(MissingEndpointUri, match="authorization_endpoint"):
        client.authorization_request()


def test_a_client_for_tests_makes_requests_to_plain_http(flavor: Flavor) -> None:
    client, _ = client_of(flavor, testing=True, authorization_endpoint="http://as.test/authorize")
    request = client.authorization_request()
    assert str(request).startswith("http://as.test/authorize?")
    assert str(flavor.run(client.pushed_authorization_request(request))).startswith("http://as.test/authorize?")
