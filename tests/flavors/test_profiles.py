"""Profiles on both clients: an operation that breaks a clause sends nothing; one that keeps them all goes through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devkit.authorization_server.credentials import private_jwk, public_jwk
from devkit.exchange import Answer, Received, answer, token
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationRequest,
    AuthorizationResponse,
    DPoPKey,
    DPoPToken,
    PublicApp,
    RequestParameterAuthorizationRequest,
    TlsClientAuth,
)
from requests_oauth2client._jose import jws
from requests_oauth2client.exceptions import InvalidTokenResponse
from requests_oauth2client.profiles import ProfileViolation

ISSUER = "https://as.local"
REDIRECT_URI = "https://app.local/cb"
VERIFIER = "v" * 43
METADATA = {
    "issuer": ISSUER,
    **{
        f"{name}_endpoint": f"{ISSUER}/{name}"
        for name in ("token", "authorization", "pushed_authorization_request", "backchannel_authentication",
                     "registration", "revocation")
    },
}  # fmt: skip
ES256 = private_jwk("ES256")
BARE_RSA = {name: value for name, value in private_jwk("RS256").items() if name not in ("alg", "use")}
CERTIFICATE = TlsClientAuth("app", "cert.pem")
FAPI = "FAPI 2.0 Security Profile"
OAUTH21 = "OAuth 2.1 section"
PASSWORD = {"grant_type": "password", "username": "alice", "password": "hush"}
DPOP_TOKEN = token(token_type="DPoP", refresh_token="a-refresh-token")
REGISTRATION = {"redirect_uris": [REDIRECT_URI], "jwks": {"keys": [public_jwk(ES256)]}}


def answering(request: Received) -> Answer:
    """Answer as an AS that keeps to the profile."""
    answers = {
        "/token": DPOP_TOKEN,
        "/pushed_authorization_request": answer({"request_uri": "urn:x:1", "expires_in": 60}, 201),
        "/backchannel_authentication": answer({"auth_req_id": "1", "expires_in": 60}),
    }
    return answers.get(request.path, answer({}))


def fapi(flavor: Flavor, respond: Any = answering, **more: Any) -> tuple[Any, list[Received]]:
    session, received = flavor.answered_by(respond)
    known = {} if "auth" in more else {"client_id": "app", "private_key": ES256}
    known = {"redirect_uri": REDIRECT_URI, "profile": "fapi2", "session": session, **known, **more}
    return flavor.keep(flavor.named("OAuth2Client").from_discovery_document(METADATA, **known)), received


def oauth21(flavor: Flavor, **more: Any) -> tuple[Any, list[Received]]:
    known = {"auth": ("app", "hush"), "authorization_endpoint": f"{ISSUER}/authorization"}
    endpoint = f"{ISSUER}/pushed_authorization_request"
    known |= {"pushed_authorization_request_endpoint": endpoint, "redirect_uri": REDIRECT_URI, "profile": "oauth2.1"}
    return flavor.mocked(answering, **{**known, **more})


def by_hand(**more: Any) -> AuthorizationRequest:
    known = {"authorization_endpoint": f"{ISSUER}/authorization", "client_id": "app", "redirect_uri": REDIRECT_URI}
    return AuthorizationRequest(**{**known, "issuer": ISSUER, **more})


def answered(**more: Any) -> AuthorizationResponse:
    return AuthorizationResponse("a-code", REDIRECT_URI, **{"code_verifier": VERIFIER, "profile": "fapi2", **more})


JWT_BY_HAND = RequestParameterAuthorizationRequest(f"{ISSUER}/authorization", "app", "a.b.c")
SIGNED_ELSEWHERE = by_hand().sign(ES256)
WEAK_KEY = DPoPKey.generate("RS256")

# the function that judges, its clause, how the client is made, the operation, its arguments
Row = tuple[str, str, dict[str, Any], str, tuple[Any, ...], dict[str, Any]]
BROKEN: dict[str, Row] = {
    "password": ("_password", f"{FAPI} 5.3.2.1-2", {}, "resource_owner_password", ("alice", "hush"), {}),
    "password by hand": ("_password", f"{FAPI} 5.3.2.1-2", {}, "token_request", (PASSWORD,), {}),
    "password in disguise": (
        "_password", f"{FAPI} 5.3.2.1-2", {}, "client_credentials", (), {"grant_type": "password"},
    ),
    "bearer": ("_unbound_token", f"{FAPI} 5.3.3.1-1", {}, "client_credentials", (), {"dpop": False}),
    "weak key": ("_weak_key", f"{FAPI} 5.4.1-1", {}, "client_credentials", (), {"dpop_key": WEAK_KEY}),
    "weak generator": (
        "_weak_key", f"{FAPI} 5.4.1-1", {"dpop_key_generator": lambda _: WEAK_KEY}, "client_credentials", (), {},
    ),
    "bare code": (
        "_unchecked_code", f"{FAPI} 5.3.3.2-5", {}, "authorization_code", ("c",), {"code_verifier": VERIFIER},
    ),
    "code and verifier": ("_unchecked_code", f"{FAPI} 5.3.3.2-5", {}, "authorization_code_pkce", ("c", VERIFIER), {}),
    "code of another profile": (
        "_unchecked_code", f"{FAPI} 5.3.3.2-5", {}, "authorization_code", (answered(profile="oauth2.1"),), {},
    ),
    "code without pkce": (
        "_no_verifier", f"{FAPI} 5.3.3.2-3", {}, "authorization_code", (answered(code_verifier=None),), {},
    ),
    "code by hand": (
        "_no_verifier", f"{FAPI} 5.3.3.2-3", {}, "token_request", ({"grant_type": "authorization_code", "code": "c"},),
        {},
    ),
    "push a plain jwt": (
        "_unknown_content", f"{FAPI} 5.3.3.2-2", {}, "pushed_authorization_request", (JWT_BY_HAND,), {},
    ),
    "push one signed elsewhere": (
        "_unknown_content", f"{FAPI} 5.3.3.2-2", {}, "pushed_authorization_request", (SIGNED_ELSEWHERE,), {},
    ),
    "push and override": (
        "_overriding", f"{FAPI} 5.3.3.2-2", {}, "pushed_authorization_request", (by_hand(),),
        {"code_challenge_method": "plain"},
    ),
    "push hybrid": (
        "_no_code", f"{FAPI} 5.3.3.2-1", {}, "pushed_authorization_request", (by_hand(response_type="code id_token"),),
        {},
    ),
    "push plain": (
        "_no_s256", f"{FAPI} 5.3.3.2-3", {}, "pushed_authorization_request", (by_hand(code_challenge_method="plain"),),
        {},
    ),
    "push for another issuer": (
        "_foreign_issuer", f"{FAPI} 5.3.3.2-5", {}, "pushed_authorization_request",
        (by_hand(issuer="https://other.local"),), {},
    ),
    "unverified": (
        "_unverified", f"{FAPI} 5.2.1-5", {}, "client_credentials", (), {"requests_kwargs": {"verify": False}},
    ),
    "unverified revocation": (
        "_unverified", f"{FAPI} 5.2.1-5", {}, "revoke_token", ("t",), {"requests_kwargs": {"verify": False}},
    ),
    "CIBA unsigned": (
        "_unsigned", "FAPI-CIBA 5.2.3.1-1", {}, "backchannel_authentication_request", (), {"login_hint": "alice"},
    ),
    "CIBA weak": (
        "_weak_signature", f"{FAPI} 5.4.1-1", {}, "backchannel_authentication_request", (),
        {"login_hint": "alice", "private_jwk": {**BARE_RSA, "alg": "RS256"}},
    ),
    "1 password": ("_password", f"{OAUTH21} 10", {}, "resource_owner_password", ("alice", "hush"), {}),
    "1 no verifier": ("_no_verifier", f"{OAUTH21} 4.1.3", {}, "authorization_code", ("c",), {}),
    "1 public": ("_public_client", f"{OAUTH21} 4.2", {"auth": PublicApp("app")}, "client_credentials", (), {}),
    "1 push and override": (
        "_overriding", f"{OAUTH21} 4.1.1", {}, "pushed_authorization_request", (by_hand(),),
        {"response_type": "token"},
    ),
    "1 push implicit": (
        "_implicit", f"{OAUTH21} 10.1", {}, "pushed_authorization_request",
        (by_hand(response_type="token", code_challenge_method=None),), {},
    ),
    # of `register`, below
    "grants": ("_old_grants", f"{FAPI} 5.3.2.1-2", {}, "register", ({"grant_types": ["implicit"]},), {}),
    "response types": (
        "_other_response_types", f"{FAPI} 5.3.2.2-1", {}, "register", ({"response_types": ["code id_token"]},), {},
    ),
    "method": (
        "_weak_registration", f"{FAPI} 5.3.3.1-2", {}, "register",
        ({"token_endpoint_auth_method": "client_secret_basic"},), {},
    ),
    "no key": ("_weak_registration", f"{FAPI} 5.3.3.1-2", {}, "register", ({},), {"private_key": None}),
    "alg": (
        "_weak_registered_algs", f"{FAPI} 5.4.1-1", {}, "register", ({"id_token_signed_response_alg": "RS256"},), {},
    ),
    "key": ("_weak_signature", f"{FAPI} 5.4.1-1", {}, "register", ({},), {"private_key": private_jwk("ES384")}),
    "1 grants": (
        "_old_grants", f"{OAUTH21} 10", {}, "register", ({"grant_types": ["authorization_code", "password"]},), {},
    ),
    "1 response types": (
        "_old_response_types", f"{OAUTH21} 10.1", {}, "register", ({"response_types": ["code token"]},), {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, row in BROKEN.items() if row[3] != "register"])
def test_an_operation_that_the_profile_forbids_sends_nothing(flavor: Flavor, name: str) -> None:
    _, clause, settings, operation, arguments, options = BROKEN[name]
    client, received = (oauth21 if clause.startswith("OAuth") else fapi)(flavor, **settings)
    with pytest.raises(ProfileViolation) as caught:
        flavor.run(getattr(client, operation)(*arguments, **options))
    assert caught.value.clause == clause
    assert received == []


@pytest.mark.parametrize("name", [name for name, row in BROKEN.items() if row[3] == "register"])
def test_a_registration_that_the_profile_forbids_is_not_sent(flavor: Flavor, name: str) -> None:
    _, clause, _, _, (metadata,), options = BROKEN[name]
    profile = "oauth2.1" if clause.startswith("OAuth") else "fapi2"
    session, received = flavor.answered_by(answering)
    known = {**METADATA, "private_key": ES256, "profile": profile, "session": session, **options}
    with pytest.raises(ProfileViolation) as caught:
        flavor.run(flavor.named("OAuth2Client").register({**REGISTRATION, **metadata}, **known))
    assert caught.value.clause == clause
    assert received == []


def test_the_password_handler_sends_nothing_either(flavor: Flavor) -> None:
    client, received = oauth21(flavor)
    handler = flavor.named("OAuth2ResourceOwnerPasswordAuth")(client, username="alice", password="hush")
    with pytest.raises(ProfileViolation, match=r"OAuth 2\.1 section 10"):
        flavor.run(handler.renew_token())
    assert received == []


# --- what goes through


def test_a_token_is_asked_for_with_a_proof_and_an_assertion_for_the_issuer(flavor: Flavor) -> None:
    client, received = fapi(flavor)
    got = flavor.run(client.client_credentials("a"))
    assert isinstance(got, DPoPToken)
    (sent,) = received
    assert jws.parse(sent.headers["dpop"]).alg == "ES256"
    assertion = jws.parse(sent.form["client_assertion"])
    assert assertion.claims()["aud"] == ISSUER


def test_a_bearer_token_instead_of_a_bound_one_is_refused(flavor: Flavor) -> None:
    client, _ = fapi(flavor, lambda _: token())
    with pytest.raises(InvalidTokenResponse, match="DPoP"):
        flavor.run(client.client_credentials())


def test_a_token_that_is_bound_to_a_certificate_is_a_bearer_token(flavor: Flavor) -> None:
    client, received = fapi(flavor, lambda _: token(), auth=CERTIFICATE)
    assert flavor.run(client.client_credentials(dpop=False)).token_type == "Bearer"
    assert "dpop" not in received[0].headers


def test_a_request_is_pushed_its_answer_checked_and_its_code_redeemed(flavor: Flavor) -> None:
    client, received = fapi(flavor)
    request = client.authorization_request(scope="a", nonce=None)
    pushed = flavor.run(client.pushed_authorization_request(request))
    assert received[0].form["code_challenge_method"] == "S256"
    assert str(pushed) == f"{ISSUER}/authorization?client_id=app&request_uri=urn%3Ax%3A1"
    assert pushed.original is request
    response = pushed.validate_callback(f"{REDIRECT_URI}?code=c&state={request.state}&iss={ISSUER}")
    got = flavor.run(client.authorization_code(response))
    assert received[1].form["code_verifier"] == request.code_verifier
    assert got.dpop_key is request.dpop_key
    assert flavor.run(client.refresh_token(got)).dpop_key is request.dpop_key


def test_a_code_need_not_be_bound_to_the_key_of_its_token(flavor: Flavor) -> None:
    client, _ = fapi(flavor)
    request = client.authorization_request(scope="a", dpop=False)
    assert request.dpop_jkt is None
    response = request.validate_callback(f"{REDIRECT_URI}?code=c&state={request.state}&iss={ISSUER}")
    assert isinstance(flavor.run(client.authorization_code(response)), DPoPToken)


def test_a_request_made_by_hand_gets_the_profile_when_it_is_pushed(flavor: Flavor) -> None:
    client, received = fapi(flavor)
    request = by_hand()
    pushed = flavor.run(client.pushed_authorization_request(request, purpose="x"))
    assert received[0].form["purpose"] == "x"
    assert (request.profile, pushed.original.profile) == (None, "fapi2")
    callback = f"{REDIRECT_URI}?code=c&state={request.state}&iss={ISSUER}"
    with pytest.raises(ProfileViolation, match="validate_callback of the pushed request"):
        flavor.run(client.authorization_code(request.validate_callback(callback)))
    assert pushed.validate_callback(callback).profile == "fapi2"


def test_a_signed_request_is_pushed(flavor: Flavor) -> None:
    client, received = fapi(flavor)
    signed = client.authorization_request().sign(BARE_RSA)
    pushed = flavor.run(client.pushed_authorization_request(signed))
    pushed_jwt = jws.parse(received[0].form["request"])
    assert (pushed_jwt.alg, pushed_jwt.claims()["aud"]) == ("PS256", ISSUER)
    assert pushed.original is signed.original


def test_a_signed_ciba_request_goes_through(flavor: Flavor) -> None:
    client, received = fapi(flavor)
    flavor.run(client.backchannel_authentication_request(login_hint="alice", private_jwk=BARE_RSA))
    request = jws.parse(received[0].form["request"])
    assert (request.alg, request.claims()["aud"]) == ("PS256", ISSUER)


def test_oauth21_lets_a_confidential_client_and_a_code_with_its_verifier_through(flavor: Flavor) -> None:
    client, received = oauth21(flavor)
    flavor.run(client.client_credentials(dpop_key=DPoPKey.generate()))
    flavor.run(client.authorization_code("c", code_verifier=VERIFIER, dpop_key=DPoPKey.generate()))
    flavor.run(client.pushed_authorization_request(client.authorization_request(), prompt="login"))
    assert [request.path for request in received] == ["/token", "/token", "/pushed_authorization_request"]


def test_oauth21_pushes_a_request_object_by_hand(flavor: Flavor) -> None:
    client, received = oauth21(flavor)
    flavor.run(client.pushed_authorization_request(JWT_BY_HAND))
    assert received[0].form["request"] == "a.b.c"


def registering(flavor: Flavor, key: Any = ES256, **said: Any) -> tuple[Any, list[Received]]:
    """Register with an AS that says yes to everything, and something more."""

    def respond(request: Received) -> Answer:
        if request.method == "GET":
            return answer(METADATA)
        return answer({**json.loads(request.body), "client_id": "new", **said}, 201)

    session, received = flavor.answered_by(respond)
    known = {"issuer": ISSUER, "private_key": key, "profile": "fapi2", "session": session}
    return flavor.run(flavor.named("OAuth2Client").register(REGISTRATION, **known)), received


@pytest.mark.parametrize("key", [ES256, BARE_RSA], ids=["ES256", "bare RSA"])
def test_a_registration_asks_for_what_the_profile_needs(flavor: Flavor, key: dict[str, Any]) -> None:
    client, received = registering(flavor, key)
    asked = json.loads(received[-1].body)
    assert (asked["require_pushed_authorization_requests"], asked["dpop_bound_access_tokens"]) == (True, True)
    assert (asked["token_endpoint_auth_method"], asked["id_token_signed_response_alg"]) == ("private_key_jwt", "PS256")
    assert (client.client_id, client.profile, client.auth.aud) == ("new", "fapi2", ISSUER)
    assert client.auth.alg == asked["token_endpoint_auth_signing_alg"] == key.get("alg", "PS256")


def test_what_the_as_registers_against_the_profile_is_refused(flavor: Flavor) -> None:
    with pytest.raises(ProfileViolation, match="dpop_bound_access_tokens=False"):
        registering(flavor, dpop_bound_access_tokens=False)
