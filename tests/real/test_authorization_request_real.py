"""Every kind of authorization request, on a real authorization server, on both clients."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.authorization_server import AuthorizationServer
from devkit.authorization_server.credentials import private_jwk
from devkit.browser import Browser
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationDetail,
    AuthorizationResponseError,
    DPoPToken,
    EndpointError,
    InvalidAuthResponse,
    MissingResponseJwt,
    UncheckableResponseJwt,
)

Server = AuthorizationServer


def client_of(flavor: Flavor, server: Server, name: str, **more: Any) -> Any:
    """Make a client for one that the server knows, with all that it needs to check answers."""
    known = server.clients[name]
    if known.private_jwk:
        credentials = {"client_id": known.client_id, "private_key": known.private_jwk}
    elif known.auth_method == "client_secret_basic":
        credentials = {"auth": flavor_auth("ClientSecretBasic", known)}
    else:
        credentials = {"client_id": known.client_id, "client_secret": known.client_secret}
    settings = {
        "auth": None,
        "authorization_endpoint": server.authorization_endpoint,
        "pushed_authorization_request_endpoint": server.pushed_authorization_request_endpoint,
        "jwks_uri": server.jwks_uri,
        "issuer": server.issuer,
        "authorization_response_iss_parameter_supported": True,
        "redirect_uri": known.redirect_uri,
        "id_token_signed_response_alg": known.metadata.get("id_token_signed_response_alg", "RS256"),
    }
    return flavor.client(server.token_endpoint, **{**settings, **credentials, **more})


def flavor_auth(name: str, known: Any) -> Any:
    import requests_oauth2client

    return getattr(requests_oauth2client, name)(known.client_id, known.client_secret)


def server_key(server: Server, alg: str) -> dict[str, Any]:
    """Return the public key of the server that encrypts to it."""
    import requests

    keys = requests.get(server.jwks_uri, timeout=10).json()["keys"]
    return next(key for key in keys if key.get("alg") == alg and key.get("use") == "enc")


def test_a_code_of_a_request_of_the_client(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(max_age=600)
    answer = flavor.run(client.authorization_response(request, browser.authorize(str(request))))
    token = flavor.run(client.authorization_code(answer))
    assert (token.id_token.subject, token.id_token.checked) == ("alice", True)


def test_prompt_none_without_a_login_is_refused_by_its_class(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(prompt="none")
    callback = browser.authorize(str(request))
    with pytest.raises(AuthorizationResponseError) as caught:
        request.validate_callback(callback)
    assert type(caught.value).__name__ == "LoginRequired"


def test_claims_display_and_hints_are_understood(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(
        claims={"id_token": {"email": None}}, display="page", ui_locales=["fr", "en"], login_hint="alice"
    )
    token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
    assert token.id_token.email == "alice@devkit.example"
    again = client.authorization_request(id_token_hint=token.id_token, prompt="none")
    assert again.validate_callback(browser.authorize(str(again))).code


# --- pushed ---------------------------------------------------------------------------------------------------


def test_a_pushed_request(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "par")
    plain = client.authorization_request()
    with pytest.raises(AuthorizationResponseError):
        plain.validate_callback(browser.authorize(str(plain)))
    pushed = flavor.run(client.pushed_authorization_request(client.authorization_request()))
    assert 0 < pushed.expires_in <= 60
    answer = pushed.validate_callback(browser.authorize(str(pushed)))
    assert flavor.run(client.authorization_code(answer)).id_token.checked


def test_a_pushed_request_that_the_server_refuses(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server, "par", redirect_uri="https://elsewhere.example/")
    with pytest.raises(EndpointError, match="redirect_uri") as caught:
        flavor.run(client.pushed_authorization_request(client.authorization_request()))
    assert caught.value.status == 400


def test_fapi_a_pushed_request_with_a_dpop_key(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "fapi", dpop_bound_access_tokens=True)
    pushed = flavor.run(client.pushed_authorization_request(client.authorization_request(scope="openid api.read")))
    answer = flavor.run(client.authorization_response(pushed, browser.authorize(str(pushed))))
    assert answer.dpop_key is pushed.dpop_key
    token = flavor.run(client.authorization_code(answer))
    assert isinstance(token, DPoPToken)
    assert token.dpop_key is answer.dpop_key


# --- signed -----------------------------------------------------------------------------------------------------


def test_a_signed_request(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client, key = client_of(flavor, authorization_server, "jar"), authorization_server.clients["jar"].private_jwk
    plain = client.authorization_request()
    with pytest.raises(AuthorizationResponseError):
        plain.validate_callback(browser.authorize(str(plain)))
    request = client.authorization_request().sign(key, lifetime=60, iss=True, aud=True, nbf=True, jti=True)
    answer = request.validate_callback(browser.authorize(str(request)))
    assert flavor.run(client.authorization_code(answer)).id_token.checked


def test_this_server_wants_an_issuer_and_an_audience_in_a_signed_request(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client, key = client_of(flavor, authorization_server, "jar"), authorization_server.clients["jar"].private_jwk
    bare = client.authorization_request().sign(key)
    with pytest.raises(AuthorizationResponseError) as caught:
        bare.validate_callback(browser.authorize(str(bare)))
    assert caught.value.error == "invalid_request_object"
    full = bare.original.sign(key, iss=True, aud=True)
    assert full.validate_callback(browser.authorize(str(full))).code


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES"])
def test_a_signed_and_encrypted_request_is_pushed(
    flavor: Flavor, authorization_server: Server, browser: Browser, alg: str
) -> None:
    client, key = client_of(flavor, authorization_server, "jar"), authorization_server.clients["jar"].private_jwk
    request = client.authorization_request(resource=["urn:devkit:api"], claims={"id_token": {"name": None}})
    encrypted = request.sign_and_encrypt(key, server_key(authorization_server, alg), lifetime=60, iss=True, aud=True)
    pushed = flavor.run(client.pushed_authorization_request(encrypted))
    assert pushed.validate_callback(browser.authorize(str(pushed))).code
    assert encrypted.validate_callback(browser.authorize(str(encrypted))).code


def test_a_signature_of_another_key_is_refused(flavor: Flavor, authorization_server: Server) -> None:
    client = client_of(flavor, authorization_server, "jar")
    request = client.authorization_request().sign(private_jwk("ES256"), lifetime=60)
    with pytest.raises(EndpointError) as caught:
        flavor.run(client.pushed_authorization_request(request))
    assert caught.value.error == "invalid_request_object"


# --- rich, and for several APIs -----------------------------------------------------------------------------------


def test_authorization_details_come_back_in_the_token(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "web")
    detail = AuthorizationDetail("devkit.payment", actions=["initiate"], amount={"currency": "EUR", "value": "1.00"})
    request = client.authorization_request(authorization_details=[detail], resource="urn:devkit:api")
    token = flavor.run(client.authorization_code(request.validate_callback(browser.authorize(str(request)))))
    assert token.authorization_details == [detail]


def test_several_resources(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "web")
    resources = ["urn:devkit:api", "urn:devkit:jwt-api"]
    request = client.authorization_request(scope="openid api.read", resource=resources)
    answer = request.validate_callback(browser.authorize(str(request)))
    token = flavor.run(client.authorization_code(answer, resource="urn:devkit:jwt-api"))
    assert token.access_token_jwt.audiences == ["urn:devkit:jwt-api"]


# --- how the answer comes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["query", "fragment"])
def test_query_and_fragment(flavor: Flavor, authorization_server: Server, browser: Browser, mode: str) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(response_mode=mode)
    callback = browser.authorize(str(request))
    assert ("#" in callback) == (mode == "fragment")
    assert flavor.run(client.authorization_code(request.validate_callback(callback))).access_token
    if mode == "fragment":
        with pytest.raises(InvalidAuthResponse, match="fragment"):
            request.replace(response_mode=None).validate_callback(callback)


def test_form_post(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(response_mode="form_post")
    answer = request.validate_callback(browser.authorize_form_post(str(request)))
    assert flavor.run(client.authorization_code(answer)).access_token


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"])
def test_a_signed_answer(flavor: Flavor, authorization_server: Server, browser: Browser, mode: str) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(response_mode=mode)
    walk: Any = browser.authorize_form_post if mode.startswith("form_post") else browser.authorize
    callback = walk(str(request))
    with pytest.raises(UncheckableResponseJwt):
        request.validate_callback(callback)
    answer = flavor.run(client.authorization_response(request, callback))
    assert flavor.run(client.authorization_code(answer)).id_token.checked
    keys = client.authorization_server_jwks
    assert request.validate_callback(callback, jwks=keys).code == answer.code


def test_a_refusal_is_signed_too(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request(response_mode="jwt")
    callback = browser.authorize(str(request), consent=False)
    with pytest.raises(AuthorizationResponseError) as caught:
        flavor.run(client.authorization_response(request, callback))
    assert caught.value.error == "access_denied"


def test_a_plain_answer_to_a_request_for_a_signed_one_is_refused(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "web")
    request = client.authorization_request()
    callback = browser.authorize(str(request))
    with pytest.raises(MissingResponseJwt):
        flavor.run(client.authorization_response(request.replace(response_mode="jwt"), callback))


# --- ID tokens through the browser --------------------------------------------------------------------------------


def test_the_hybrid_flow(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "hybrid")
    request = client.authorization_request(response_type="code id_token")
    answer = flavor.run(client.authorization_response(request, browser.authorize(str(request))))
    assert (answer.id_token.checked, answer.id_token.subject) == (True, "alice")
    token = flavor.run(client.authorization_code(answer))
    assert token.id_token.subject == answer.id_token.subject


def test_an_id_token_alone(flavor: Flavor, authorization_server: Server, browser: Browser) -> None:
    client = client_of(flavor, authorization_server, "hybrid")
    request = client.authorization_request(response_type="id_token", response_mode="form_post")
    answer = flavor.run(client.authorization_response(request, browser.authorize_form_post(str(request))))
    assert (answer.code, answer.id_token.checked) == ("", True)


def test_a_code_of_another_login_beside_an_id_token_is_refused(
    flavor: Flavor, authorization_server: Server, browser: Browser
) -> None:
    client = client_of(flavor, authorization_server, "hybrid")
    request = client.authorization_request(response_type="code id_token", response_mode="form_post")
    fields = browser.authorize_form_post(str(request))
    with pytest.raises(ValueError, match="c_hash"):
        flavor.run(client.authorization_response(request, {**fields, "code": "another"}))
