"""Proving a key to the AS: proofs, nonces that are asked for, and tokens that are bound, or else refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer, error, token
from devkit.flavors import Flavor
from devkit.play import Heard, play
from requests_oauth2client import (
    AuthorizationResponse,
    BearerToken,
    ClientSecretPost,
    OAuth2AccessTokenAuth,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
    OAuth2DeviceCodeAuth,
    PrivateKeyJwt,
)
from requests_oauth2client._core.effects import Send, Steps
from requests_oauth2client._core.messages import Request
from requests_oauth2client._jose.keys import generate_private_jwk
from requests_oauth2client._protocol.grants import token_endpoint
from requests_oauth2client._protocol.grants.ciba import ciba
from requests_oauth2client._protocol.grants.saml2 import saml2_bearer
from requests_oauth2client._protocol.grants.token_exchange import token_exchange
from requests_oauth2client._protocol.http.dpop_nonce import key_for, send_with_proof, with_one_key
from requests_oauth2client._protocol.oidc.userinfo import userinfo
from requests_oauth2client.dpop import (
    DPoPKey,
    DPoPToken,
    InvalidDPoPAlg,
    InvalidDPoPKey,
    MissingDPoPNonce,
    RefusedDPoPProof,
    RepeatedDPoPNonce,
    access_token_hash,
    validate_dpop_proof,
)
from requests_oauth2client.exceptions import InvalidParam, InvalidTokenResponse, UseDPoPNonce

from .helpers import valid_token

TOKEN_ENDPOINT = "https://as.local/token"
JWK = generate_private_jwk("ES256")
BOUND = token(token_type="DPoP")


@pytest.fixture
def key() -> DPoPKey:
    return DPoPKey(JWK)


def client(**settings: Any) -> OAuth2Client:
    settings = {
        "auth": ClientSecretPost("id", "hush-hush"),
        "userinfo_endpoint": "https://as.local/userinfo",
        **settings,
    }
    return OAuth2Client(TOKEN_ENDPOINT, **settings)


def giving(nonce: str, given: Answer) -> Answer:
    return replace(given, headers={**given.headers, "DPoP-Nonce": nonce})


def demanding(nonce: str | None = None, status: int = 400) -> Answer:
    demand = error("use_dpop_nonce", status)
    return demand if nonce is None else giving(nonce, demand)


def proofs(heard: Heard[Any]) -> list[dict[str, Any]]:
    """Return the claims of the proofs that were sent, each found good for its request."""
    found = []
    for request in heard.sent:
        ath = request.headers.get("Authorization")
        ath = access_token_hash(ath.removeprefix("DPoP ")) if ath and ath.startswith("DPoP ") else None
        judged = validate_dpop_proof(request.headers["DPoP"], htm=request.method, htu=request.url, ath=ath)
        found.append(dict(judged.claims))
    return found


def nonces(heard: Heard[Any]) -> list[str | None]:
    return [claims.get("nonce") for claims in proofs(heard)]


def ask(key: DPoPKey, answers: list[Any], **settings: Any) -> Heard[BearerToken]:
    return play(token_endpoint.client_credentials(client(**settings), dpop_key=key), answers)


# --- the retry --------------------------------------------------------------------------------------------


def test_a_token_request_has_a_proof_and_no_nonce_at_first(key: DPoPKey) -> None:
    heard = ask(key, [BOUND])
    assert nonces(heard) == [None]
    assert "dpop" not in heard.forms[0]
    assert "dpop_key" not in heard.forms[0]


@pytest.mark.parametrize("status", [400, 401])
def test_a_demanded_nonce_is_given(key: DPoPKey, status: int) -> None:
    heard = ask(key, [demanding("n1", status), BOUND])
    assert nonces(heard) == [None, "n1"]
    assert heard.result.access_token == "an-access-token"


def test_the_nonce_is_remembered_for_the_next_request(key: DPoPKey) -> None:
    ask(key, [demanding("n1"), BOUND])
    assert nonces(ask(key, [BOUND])) == ["n1"]


def test_a_nonce_on_a_success_is_remembered(key: DPoPKey) -> None:
    ask(key, [giving("n1", BOUND)])
    assert nonces(ask(key, [giving("n2", BOUND)])) == ["n1"]
    assert nonces(ask(key, [BOUND])) == ["n2"]


def test_a_nonce_on_another_error_is_remembered(key: DPoPKey) -> None:
    heard = ask(key, [giving("n1", error("invalid_scope"))])
    assert len(heard.sent) == 1
    assert nonces(ask(key, [BOUND])) == ["n1"]


def test_an_expired_nonce_is_replaced(key: DPoPKey) -> None:
    key.learn_nonce(giving("old", answer()))
    assert nonces(ask(key, [demanding("fresh"), BOUND])) == ["old", "fresh"]


def test_another_demand_after_the_retry_is_the_error_of_the_as(key: DPoPKey) -> None:
    heard = ask(key, [demanding("n1"), demanding("n2")])
    with pytest.raises(UseDPoPNonce):
        _ = heard.result
    assert nonces(heard) == [None, "n1"]


def test_a_demand_without_a_nonce_is_an_error(key: DPoPKey) -> None:
    with pytest.raises(MissingDPoPNonce) as missing:
        _ = ask(key, [demanding()]).result
    assert missing.value.status == 400


@pytest.mark.parametrize("known", [True, False])
def test_a_demand_for_the_nonce_that_was_shown_is_an_error(key: DPoPKey, known: bool) -> None:
    if known:
        key.learn_nonce(giving("same", answer()))
    heard = ask(key, [demanding("same")] * (1 if known else 2))
    with pytest.raises(RepeatedDPoPNonce, match="the same again"):
        _ = heard.result


def test_a_401_about_something_else_is_not_answered(key: DPoPKey) -> None:
    heard = ask(key, [giving("n1", error("invalid_client", 401))])
    assert len(heard.sent) == 1


def test_a_refused_proof_has_its_own_error(key: DPoPKey) -> None:
    with pytest.raises(RefusedDPoPProof, match="clock"):
        _ = ask(key, [error("invalid_dpop_proof")]).result


def test_a_failure_to_send_is_not_repeated(key: DPoPKey) -> None:
    heard = ask(key, [OSError("no route")])
    assert isinstance(heard.error, OSError)
    assert len(heard.sent) == 1


def test_the_retry_has_a_client_assertion_of_its_own(key: DPoPKey) -> None:
    auth = PrivateKeyJwt("id", JWK)
    heard = ask(key, [demanding("n1"), BOUND], auth=auth)
    first, second = (form["client_assertion"] for form in heard.forms)
    assert jti(first) != jti(second)
    assert proofs(heard)[0]["jti"] != proofs(heard)[1]["jti"]


def jti(jwt: str) -> str:
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(jwt.split(".")[1] + "=="))
    return claims["jti"]


def test_whatever_is_sent_gets_its_proof_before_it_is_authenticated(key: DPoPKey) -> None:
    def send(request: Request) -> Steps[Any]:
        assert "DPoP" in request.headers
        return (yield Send(ClientSecretPost("id", "s").authenticate(request)))

    heard = play(send_with_proof(Request(url=TOKEN_ENDPOINT), key, send), [demanding("n"), BOUND])
    assert [form["client_secret"] for form in heard.forms] == ["s", "s"]


# --- which key --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "dpop", "expected"),
    [(False, None, False), (False, True, True), (True, None, True), (True, False, False), (False, False, False)],
)
def test_the_client_decides_where_the_call_does_not(bound: bool, dpop: bool | None, expected: bool) -> None:
    key = key_for(client(dpop_bound_access_tokens=bound), dpop=dpop, dpop_key=None)
    assert isinstance(key, DPoPKey) is expected


def test_a_key_implies_dpop(key: DPoPKey) -> None:
    assert key_for(client(), dpop=None, dpop_key=key) is key


def test_a_key_contradicts_its_refusal(key: DPoPKey) -> None:
    with pytest.raises(InvalidParam, match="contradicts"):
        key_for(client(), dpop=False, dpop_key=key)


@pytest.mark.parametrize("given", [JWK, "key", 7])
def test_only_a_dpop_key_is_one(given: Any) -> None:
    with pytest.raises(InvalidDPoPKey):
        key_for(client(), dpop=None, dpop_key=given)


def test_each_grant_gets_a_key_of_its_own() -> None:
    keys = {play(token_endpoint.client_credentials(client(), dpop=True), [BOUND]).result.dpop_key for _ in range(2)}
    assert len(keys) == 2


def test_the_generator_of_the_client_makes_the_key(key: DPoPKey) -> None:
    asked: list[str] = []

    def generate(alg: str) -> DPoPKey:
        asked.append(alg)
        return key

    settings = {"dpop_bound_access_tokens": True, "dpop_key_generator": generate, "dpop_alg": "ES384"}
    heard = play(token_endpoint.client_credentials(client(**settings)), [BOUND])
    assert heard.result.dpop_key is key
    assert asked == ["ES384"]


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_client_can_t_have_an_algorithm_that_is_none_for_dpop(alg: str) -> None:
    with pytest.raises(InvalidDPoPAlg):
        client(dpop_alg=alg)


def test_the_settings_of_the_client_are_its_attributes() -> None:
    default = client()
    assert (default.dpop_bound_access_tokens, default.dpop_alg) == (False, "ES256")
    assert default.dpop_key_generator == DPoPKey.generate


def test_a_request_that_is_repeated_keeps_its_key() -> None:
    kwargs = with_one_key(client(), {"dpop": True, "scope": "a"})
    assert isinstance(kwargs.pop("dpop_key"), DPoPKey)
    assert kwargs == {"dpop": True, "scope": "a"}
    assert with_one_key(client(), {"scope": "a"}) == {"scope": "a"}


# --- tokens that are bound, or else refused ---------------------------------------------------------------


@pytest.mark.parametrize("token_type", ["DPoP", "dpop"])
def test_the_token_is_bound_to_the_key(key: DPoPKey, token_type: str) -> None:
    got = ask(key, [token(token_type=token_type)]).result
    assert isinstance(got, DPoPToken)
    assert got.dpop_key is key


@pytest.mark.parametrize(("token_type", "problem"), [("Bearer", "expected 'DPoP'"), (None, "no token_type")])
def test_a_token_that_is_not_bound_is_refused(key: DPoPKey, token_type: str | None, problem: str) -> None:
    with pytest.raises(InvalidTokenResponse, match=problem):
        _ = ask(key, [token(token_type=token_type)]).result


def test_a_bound_token_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(InvalidTokenResponse, match="expected 'Bearer'"):
        _ = play(token_endpoint.client_credentials(client()), [BOUND]).result


def test_the_as_cannot_choose_the_key(key: DPoPKey) -> None:
    assert ask(key, [token(token_type="DPoP", dpop_key="theirs")]).result.dpop_key is key


def test_a_class_of_the_user_is_kept_where_it_is_a_dpop_token(key: DPoPKey) -> None:
    class Mine(DPoPToken):
        pass

    assert type(ask(key, [BOUND], token_class=Mine).result) is Mine


GRANTS: dict[str, Any] = {
    "authorization_code": lambda c, **kw: token_endpoint.authorization_code(c, "code", **kw),
    "authorization_code_pkce": lambda c, **kw: token_endpoint.authorization_code_pkce(c, "code", "v" * 43, **kw),
    "refresh_token": lambda c, **kw: token_endpoint.refresh_token(c, "refresh", **kw),
    "device_code": lambda c, **kw: token_endpoint.device_code(c, "device", **kw),
    "jwt_bearer": lambda c, **kw: token_endpoint.jwt_bearer(c, "jwt", **kw),
    "password": lambda c, **kw: token_endpoint.resource_owner_password(c, "name", "word", **kw),
    "saml2_bearer": lambda c, **kw: saml2_bearer(c, b"<Assertion/>", **kw),
    "ciba": lambda c, **kw: ciba(c, "auth-req-id", **kw),
    "token_exchange": lambda c, **kw: token_exchange(c, subject_token=BearerToken("subject"), **kw),
    "client_credentials": token_endpoint.client_credentials,
    "token_request": lambda c, **kw: token_endpoint.token_request(c, {"grant_type": "urn:other"}, **kw),
}


@pytest.mark.parametrize("grant", GRANTS)
def test_every_grant_can_be_bound(key: DPoPKey, grant: str) -> None:
    heard = play(GRANTS[grant](client(), dpop_key=key), [demanding("n1"), BOUND])
    assert heard.result.dpop_key is key
    assert nonces(heard) == [None, "n1"]


def test_the_key_of_the_authorization_request_is_used_for_its_code(key: DPoPKey) -> None:
    answered = AuthorizationResponse("code", code_verifier="v" * 43, dpop_key=key)
    heard = play(token_endpoint.authorization_code(client(), answered), [BOUND])
    assert heard.result.dpop_key is key
    assert heard.forms[0].keys() >= {"code", "code_verifier"}


def test_an_authorization_request_of_the_client_has_a_key() -> None:
    settings = {"authorization_endpoint": "https://as.local/authorize", "redirect_uri": "https://app.local/cb"}
    request = client(dpop_bound_access_tokens=True, **settings).authorization_request()
    assert request.args["dpop_jkt"] == request.dpop_key.dpop_jkt
    assert client(**settings).authorization_request().dpop_key is None
    assert client(**settings).authorization_request(dpop=True, dpop_alg="ES384").dpop_key.alg == "ES384"


def test_a_refresh_uses_the_key_of_the_token(key: DPoPKey) -> None:
    held = DPoPToken("old", dpop_key=key, refresh_token="refresh")
    heard = play(token_endpoint.refresh_token(client(), held), [token(token_type="DPoP", access_token="new")])
    assert heard.result.dpop_key is key
    assert heard.result.refresh_token == "refresh"
    assert len(proofs(heard)) == 1


def test_a_refresh_that_loses_the_binding_is_refused(key: DPoPKey) -> None:
    held = DPoPToken("old", dpop_key=key, refresh_token="refresh")
    with pytest.raises(InvalidTokenResponse):
        _ = play(token_endpoint.refresh_token(client(), held), [token()]).result


# --- sources ----------------------------------------------------------------------------------------------


def test_a_source_renews_a_bound_token_as_a_bound_token(key: DPoPKey) -> None:
    source = OAuth2AccessTokenAuth(client(), DPoPToken("old", dpop_key=key, refresh_token="r", expires_in=1))
    heard = play(valid_token(source), [BOUND])
    assert heard.result.dpop_key is key
    assert source.token is heard.result


def test_a_source_keeps_its_key_from_one_grant_to_the_next() -> None:
    source = OAuth2ClientCredentialsAuth(client(), dpop=True)
    first = play(valid_token(source), [token(token_type="DPoP", expires_in=0)]).result
    second = play(valid_token(source), [token(token_type="DPoP", access_token="second")]).result
    assert second.access_token == "second"
    assert second.dpop_key is first.dpop_key


def test_a_source_passes_its_key_on(key: DPoPKey) -> None:
    source = OAuth2ClientCredentialsAuth(client(), dpop_key=key, scope="a")
    heard = play(valid_token(source), [BOUND])
    assert heard.result.dpop_key is key
    assert heard.forms[0]["scope"] == "a"


def test_a_polled_device_keeps_its_key() -> None:
    source = OAuth2DeviceCodeAuth(client(), "device", interval=1, dpop=True)
    pending = giving("n1", error("authorization_pending"))
    heard = play(valid_token(source), [pending, pending, BOUND])
    jkts = {validate_dpop_proof(r.headers["DPoP"], htm="POST", htu=r.url).dpop_jkt for r in heard.sent}
    assert jkts == {heard.result.dpop_key.dpop_jkt}
    assert nonces(heard) == [None, "n1", "n1"]


# --- userinfo ---------------------------------------------------------------------------------------------


def test_userinfo_is_asked_with_a_proof_of_the_token(key: DPoPKey) -> None:
    bound = DPoPToken("an-access-token", dpop_key=key)
    demand = replace(
        answer(status=401), headers={"WWW-Authenticate": 'DPoP error="use_dpop_nonce"', "DPoP-Nonce": "n1"}
    )
    heard = play(userinfo(client(), bound), [demand, answer({"sub": "alice"})])
    assert heard.result["sub"] == "alice"
    assert nonces(heard) == [None, "n1"]
    assert {claims["ath"] for claims in proofs(heard)} == {access_token_hash("an-access-token")}
    assert {request.headers["Authorization"] for request in heard.sent} == {"DPoP an-access-token"}


# --- both clients -------------------------------------------------------------------------------------------


def test_both_faces_answer_a_demand(flavor: Flavor, key: DPoPKey) -> None:
    def respond(request: Received) -> Answer:
        proof = validate_dpop_proof(request.headers["dpop"], htm="POST", htu=TOKEN_ENDPOINT)
        return BOUND if proof.claims.get("nonce") == "n1" else demanding("n1")

    using, received = flavor.mocked(respond)
    assert flavor.run(using.client_credentials(dpop_key=key)).dpop_key is key
    assert len(received) == 2
    assert flavor.run(using.client_credentials(dpop_key=key)).dpop_key is key
    assert len(received) == 3


def test_a_handler_of_both_faces_proves_itself_and_answers_the_api(flavor: Flavor, key: DPoPKey) -> None:
    using, _ = flavor.mocked(BOUND)
    auth = flavor.named("OAuth2ClientCredentialsAuth")(using, dpop_key=key)

    def api(request: Received) -> Answer:
        proof = validate_dpop_proof(
            request.headers["dpop"], htm="GET", htu=request.url, ath=access_token_hash("an-access-token")
        )
        known = proof.claims.get("nonce") == "api-nonce"
        return answer({}) if known else Answer(status_code=401, headers={"DPoP-Nonce": "api-nonce"})

    session, received = flavor.answered_by(api)
    for _ in range(2):
        assert flavor.get("https://api.local/", auth=auth, session=session).status_code == 200
    assert len(received) == 3
