"""Token answers as forms and under other media types, bare 401s, registrations that leave things out, proofs at
revocation and introspection."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    ClientSecretBasic,
    ClientSecretPost,
    DPoPKey,
    DPoPToken,
    InvalidClient,
    InvalidGrant,
    InvalidParam,
    InvalidTokenResponse,
)

AS = "https://as.local"
FORM = "application/x-www-form-urlencoded"
METADATA = {"redirect_uris": ["https://rp.local/cb"]}


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=utf-8", "application/octet-stream", "text/json"])
def test_json_is_read_under_any_name(flavor: Flavor, kind: str) -> None:
    client, _ = flavor.mocked(answer('{"access_token":"at","token_type":"Bearer"}', Content_Type=kind))
    assert flavor.run(client.client_credentials()).access_token == "at"


@pytest.mark.parametrize("kind", [FORM, f"{FORM};charset=UTF-8", "text/plain"])
def test_a_form_is_a_token_response(flavor: Flavor, kind: str) -> None:
    body = "access_token=at%2B1&expires_in=3600&scope=a+b&token_type=bearer"
    client, _ = flavor.mocked(answer(body, Content_Type=kind))
    token = flavor.run(client.client_credentials())
    assert (token.access_token, token.scope) == ("at+1", "a b")
    assert 3590 < token.expires_in <= 3600


@pytest.mark.parametrize("status", [200, 400])
def test_a_form_may_be_an_error(flavor: Flavor, status: int) -> None:
    body = "error=invalid_grant&error_description=used+already"
    client, _ = flavor.mocked(answer(body, status, Content_Type=FORM))
    with pytest.raises(InvalidGrant, match="used already"):
        flavor.run(client.authorization_code("c", validate=False))


@pytest.mark.parametrize("body", ["access_token=a&access_token=b", "hello", "a=1&b", "access_token", ""])
def test_what_is_no_form_is_no_token(flavor: Flavor, body: str) -> None:
    client, _ = flavor.mocked(answer(body, Content_Type=FORM))
    with pytest.raises(InvalidTokenResponse):
        flavor.run(client.client_credentials())


@pytest.mark.parametrize(
    "refusal",
    [
        answer("", 401),
        answer("<html>", 401, WWW_Authenticate='Basic realm="x"'),
        answer("no", 401, WWW_Authenticate="Basic"),
    ],
    ids=str,
)
def test_a_bare_401_refuses_the_client(flavor: Flavor, refusal: Answer) -> None:
    client, _ = flavor.mocked(refusal, auth=ClientSecretBasic("id", "hush"))
    for calling in (client.client_credentials, lambda: client.refresh_token("rt")):
        with pytest.raises(InvalidClient, match="client_secret_basic"):
            flavor.run(calling())


def register(flavor: Flavor, answered: Any, asked: dict[str, Any], **more: Any) -> Any:
    session, _ = flavor.answered_by(lambda _: answer(answered, 201))
    kind = flavor.named("OAuth2Client")
    endpoints = {"registration_endpoint": f"{AS}/register", "token_endpoint": f"{AS}/token"}
    return flavor.keep(flavor.run(kind.register({**METADATA, **asked}, session=session, **endpoints, **more)))


CREATED = {"client_id": "new", "client_secret": "hush"}


def test_what_was_asked_for_counts_where_the_answer_is_silent(flavor: Flavor) -> None:
    asked = {
        "token_endpoint_auth_method": "client_secret_post",
        "id_token_signed_response_alg": "ES256",
        "dpop_bound_access_tokens": True,
    }
    client = register(flavor, CREATED, asked)
    assert isinstance(client.auth, ClientSecretPost)
    assert client.id_token_signed_response_alg == "ES256"
    assert client.dpop_bound_access_tokens is True
    assert client.redirect_uri == METADATA["redirect_uris"][0]
    assert client.registration.token_endpoint_auth_method == "client_secret_post"
    client = register(flavor, {**CREATED, "token_endpoint_auth_method": "client_secret_basic"}, asked)
    assert isinstance(client.auth, ClientSecretBasic), "what the server says counts"
    client = register(flavor, {**CREATED, "token_endpoint_auth_method": None}, asked)
    assert isinstance(client.auth, ClientSecretPost)
    assert isinstance(register(flavor, CREATED, {}).auth, ClientSecretBasic), "RFC 7591 section 2"


def test_a_method_in_a_list_is_that_method(flavor: Flavor) -> None:
    client = register(flavor, {**CREATED, "token_endpoint_auth_method": ["client_secret_post"]}, {})
    assert isinstance(client.auth, ClientSecretPost)


@pytest.mark.parametrize("method", ["magic", ["client_secret_post", "none"], "private_key_jwt", "tls_client_auth"])
def test_an_error_after_the_server_acted_carries_what_it_gave(flavor: Flavor, method: Any) -> None:
    with pytest.raises(InvalidParam) as refused:
        register(flavor, {**CREATED, "token_endpoint_auth_method": method}, {})
    registration: Any = refused.value.registration
    assert (registration.client_id, registration.client_secret) == ("new", "hush")
    assert "hush" not in str(refused.value)
    with pytest.raises(InvalidParam) as refused:
        register(flavor, CREATED, {}, timeout=None, authorization_response_iss_parameter_supported=True)
    registration = refused.value.registration
    assert registration.client_secret == "hush"


@pytest.mark.parametrize(
    "operation", ["revoke_access_token", "revoke_refresh_token", "revoke_token", "introspect_token"]
)
def test_a_proof_goes_along_where_a_dpop_token_is_shown(flavor: Flavor, operation: str) -> None:
    def server(request: Received) -> Answer:
        return answer({"active": True}) if request.headers.get("dpop") else answer({"error": "invalid_dpop_proof"}, 400)

    session, received = flavor.answered_by(server)
    client = flavor.client(
        session=session, revocation_endpoint=f"{AS}/revoke", introspection_endpoint=f"{AS}/introspect"
    )
    token = DPoPToken(access_token="at", refresh_token="rt", token_type="DPoP", dpop_key=DPoPKey.generate("ES256"))
    assert flavor.run(getattr(client, operation)(token))
    assert len(received) == 1
