"""Token services beyond JSON: answers that are signed or encrypted, whom userinfo is about, claims that others make.

Also on both clients: token exchange, the SAML grant, and the hooks of these endpoints.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import Answer, Received, answer, error
from devkit.flavors import Flavor, open_flavor
from requests_oauth2client import BearerToken, DPoPKey, DPoPToken, IntrospectionError, InvalidParam
from requests_oauth2client._core.messages import parse_json_object
from requests_oauth2client._jose import jwe, jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, secret_key, signing_key
from requests_oauth2client.client import (
    InvalidClaimSource,
    InvalidIntrospectionResponse,
    InvalidSamlAssertion,
    MismatchingUserInfoSubject,
    SecurityToken,
    aggregated_claims,
    read_claim_sources,
)
from requests_oauth2client.exceptions import InvalidUserInfoResponse, UnknownIntrospectionError
from requests_oauth2client.tokens import InvalidIdToken
from requests_oauth2client.utils import b64u_encode

ISSUER = "https://as.local"
AS_KEY = generate_private_jwk("ES256", kid="as")
OTHER_KEY = generate_private_jwk("ES256", kid="as")
OUR_KEY = generate_private_jwk("ECDH-ES", kid="enc")
OLD_KEY = generate_private_jwk("ECDH-ES", kid="old")
JWKS = {"keys": [public_jwk(AS_KEY)]}
URLS = {f"{name}_endpoint": f"{ISSUER}/{name}" for name in ("revocation", "introspection", "userinfo")}
KNOWN = {**URLS, "issuer": ISSUER, "authorization_server_jwks": JWKS}
PERSON = {"sub": "alice", "email": "alice@as.local"}


def signed(claims: dict[str, Any], key: Any = AS_KEY, **header: Any) -> str:
    return jws.sign(claims, signing_key(key), header=header)


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join([b64u_encode(json.dumps(part)) for part in ({"alg": "none"}, claims)] + [""])


def jwt(text: str, kind: str = "application/jwt") -> Answer:
    return answer(text, Content_Type=kind)


def id_token_of(sub: str) -> str:
    return signed({"iss": ISSUER, "sub": sub, "aud": "id"})


# --- introspection as a JWT (RFC 9701) --------------------------------------------------------------------

INTROSPECTED = {"active": True, "scope": "api.read"}


def introspection(typ: str | None = "token-introspection+jwt", key: Any = AS_KEY, **claims: Any) -> str:
    known = {"iss": ISSUER, "aud": "id", "iat": int(time.time()), "token_introspection": INTROSPECTED, **claims}
    return signed({name: claim for name, claim in known.items() if claim is not None}, key, typ=typ)


def introspect(flavor: Flavor, given: Answer, **settings: Any) -> tuple[Any, list[Received]]:
    registered = {"introspection_signed_response_alg": "ES256", **KNOWN, **settings}
    client, received = flavor.mocked(given, **registered)
    return flavor.run(client.introspect_token("a-token")), received


INTROSPECTION = "application/token-introspection+jwt"


def test_a_registered_client_asks_for_a_signed_answer_and_checks_it(flavor: Flavor) -> None:
    said, received = introspect(flavor, jwt(introspection(), INTROSPECTION))
    assert said == INTROSPECTED
    assert received[0].headers["accept"] == INTROSPECTION


@pytest.mark.parametrize(
    "wrong",
    [
        introspection(typ="JWT"),
        introspection(typ=None),
        introspection(key=OTHER_KEY),
        introspection(iss="https://other.local"),
        introspection(iss=None),
        introspection(aud="another"),
        introspection(aud=None),
        introspection(iat=None),
        introspection(iat=int(time.time()) + 3600),
        introspection(token_introspection=None),
        introspection(token_introspection="active"),
        jws.sign({"token_introspection": INTROSPECTED}, secret_key("hush-hush")),
        "no.jwt.here",
        "",
        unsigned({"token_introspection": INTROSPECTED}),
    ],
)
def test_a_signed_answer_that_breaks_a_rule_is_refused(flavor: Flavor, wrong: str) -> None:
    with pytest.raises(InvalidIntrospectionResponse) as refused:
        introspect(flavor, jwt(wrong, INTROSPECTION))
    assert isinstance(refused.value, UnknownIntrospectionError)
    assert "api.read" not in str(refused.value)


def test_a_registered_client_takes_no_unsigned_answer(flavor: Flavor) -> None:
    with pytest.raises(InvalidIntrospectionResponse, match="media type"):
        introspect(flavor, answer(INTROSPECTED))


def test_who_the_as_is_has_to_be_known(flavor: Flavor) -> None:
    with pytest.raises(InvalidIntrospectionResponse, match="issuer="):
        introspect(flavor, jwt(introspection(), INTROSPECTION), issuer=None)


def test_a_user_may_say_in_words_that_it_is_not_known(flavor: Flavor) -> None:
    settings = {"issuer": None, "allow_unknown_issuer": True}
    assert introspect(flavor, jwt(introspection(), INTROSPECTION), **settings)[0] == INTROSPECTED


def test_a_signed_answer_that_was_not_asked_for_is_checked_too(flavor: Flavor) -> None:
    with pytest.raises(InvalidIntrospectionResponse, match="RS256"):
        introspect(flavor, jwt(introspection(), INTROSPECTION), introspection_signed_response_alg=None)


def test_an_encrypted_answer_is_decrypted_with_the_registered_algorithms(flavor: Flavor) -> None:
    nested = jwe.encrypt(introspection(), public_jwk(OUR_KEY), alg="ECDH-ES", enc="A128CBC-HS256")
    settings = {
        "introspection_encrypted_response_alg": "ECDH-ES",
        "id_token_decryption_key": {"keys": [OLD_KEY, OUR_KEY]},
    }
    assert introspect(flavor, jwt(nested, INTROSPECTION), **settings)[0] == INTROSPECTED
    for wrong in ({"introspection_encrypted_response_enc": "A256GCM"}, {"id_token_decryption_key": None}):
        with pytest.raises(InvalidIntrospectionResponse):
            introspect(flavor, jwt(nested, INTROSPECTION), **{**settings, **wrong})


def test_a_refusal_is_read_as_ever(flavor: Flavor) -> None:
    with pytest.raises(IntrospectionError):
        introspect(flavor, error("unsupported_thing", 401))


# --- userinfo ---------------------------------------------------------------------------------------------


def ask(flavor: Flavor, given: Answer, token: Any = "access", **kwargs: Any) -> tuple[Any, list[Received]]:
    asking = {name: kwargs.pop(name) for name in ("method", "bearer_method") if name in kwargs}
    client, received = flavor.mocked(given, **KNOWN, **kwargs)
    return flavor.run(client.userinfo(token, **asking)), received


@pytest.mark.parametrize(
    ("how", "method", "header", "form"),
    [
        ({}, "POST", "Bearer access", {}),
        ({"method": "GET"}, "GET", "Bearer access", {}),
        ({"bearer_method": "body"}, "POST", None, {"access_token": "access"}),
    ],
)
def test_the_token_goes_where_it_is_asked_for(flavor: Flavor, how: Any, method: str, header: Any, form: Any) -> None:
    said, [came] = ask(flavor, answer(PERSON), **how)
    assert said == PERSON
    assert (came.method, came.headers.get("authorization"), came.form) == (method, header, form)
    assert "access" not in came.url
    assert ("content-type" in came.headers) is (method == "POST")


@pytest.mark.parametrize("how", [{"method": "PUT"}, {"method": "GET", "bearer_method": "body"}, {"bearer_method": "?"}])
def test_other_ways_to_ask_are_refused(flavor: Flavor, how: Any) -> None:
    with pytest.raises(InvalidParam):
        ask(flavor, answer(PERSON), **how)


def test_a_token_that_is_no_access_token_is_not_sent(flavor: Flavor) -> None:
    token = SecurityToken("x", issued_token_type="urn:ietf:params:oauth:token-type:saml2")
    for how in ("header", "body"):
        with pytest.raises(Exception, match="no access token"):
            ask(flavor, answer(PERSON), token, bearer_method=how)


def test_a_bound_token_is_proved_and_a_nonce_given(flavor: Flavor) -> None:
    token = DPoPToken("access", dpop_key=DPoPKey.generate())

    def respond(came: Received) -> Answer:
        claims = parse_json_object(jws.parse(came.headers["dpop"]).payload)
        assert came.headers["authorization"] == "DPoP access"
        assert claims["ath"]
        if claims.get("nonce") != "n0nce":
            challenge = 'DPoP error="use_dpop_nonce"'
            return answer(b"", 401, WWW_Authenticate=challenge, DPoP_Nonce="n0nce")
        return answer(PERSON)

    client, received = flavor.mocked(respond, **URLS)
    assert flavor.run(client.userinfo(token)) == PERSON
    assert len(received) == 2
    with pytest.raises(InvalidParam):
        flavor.run(client.userinfo(token, bearer_method="body"))


def test_userinfo_is_about_the_user_of_the_id_token(flavor: Flavor) -> None:
    token = BearerToken("access", id_token=id_token_of("alice"))
    assert ask(flavor, answer(PERSON), token)[0] == PERSON


@pytest.mark.parametrize("body", [{**PERSON, "sub": "mallory"}, {"email": "alice@as.local"}, {"sub": None}, {"sub": 1}])
def test_userinfo_about_another_user_is_refused(flavor: Flavor, body: Any) -> None:
    with pytest.raises(MismatchingUserInfoSubject) as refused:
        ask(flavor, answer(body), BearerToken("access", id_token=id_token_of("alice")))
    assert refused.value.expected == "alice"
    assert refused.value.received == body.get("sub")
    assert "alice@as.local" not in str(refused.value)


def test_an_id_token_that_nobody_can_read_is_compared_with_nothing(flavor: Flavor) -> None:
    encrypted = jwe.encrypt(id_token_of("alice"), public_jwk(OUR_KEY), alg="ECDH-ES", enc="A256GCM")
    client, received = flavor.mocked(answer(PERSON), **KNOWN)
    with pytest.raises(InvalidIdToken):
        flavor.run(client.userinfo(BearerToken("access", id_token=encrypted)))
    assert not received


@pytest.mark.parametrize("given", [answer([]), answer("<html>"), answer(b""), answer("alice")])
def test_what_is_no_json_object_is_no_userinfo(flavor: Flavor, given: Answer) -> None:
    with pytest.raises(InvalidUserInfoResponse):
        ask(flavor, given)


def test_a_signed_answer_is_checked(flavor: Flavor) -> None:
    claims = {**PERSON, "iss": ISSUER, "aud": ["id"]}
    said, received = ask(flavor, jwt(signed(claims)), userinfo_signed_response_alg="ES256")
    assert said == claims
    assert received[0].headers["accept"] == "application/jwt"


def test_a_signed_answer_without_iss_and_aud_is_taken(flavor: Flavor) -> None:
    assert ask(flavor, jwt(signed(PERSON)), userinfo_signed_response_alg="ES256")[0] == PERSON


def test_a_signed_answer_may_be_authenticated_with_the_client_secret(flavor: Flavor) -> None:
    text = jws.sign(PERSON, secret_key("hush-hush"))
    assert ask(flavor, jwt(text), userinfo_signed_response_alg="HS256")[0] == PERSON


@pytest.mark.parametrize(
    "wrong",
    [
        signed(PERSON, OTHER_KEY),
        signed({**PERSON, "iss": "https://other.local"}),
        signed({**PERSON, "aud": "another"}),
        signed({**PERSON, "exp": int(time.time()) - 60}),
        signed({**PERSON, "nbf": int(time.time()) + 86_400}),
        signed({**PERSON, "iat": int(time.time()) + 86_400}),
        jws.sign(PERSON, secret_key("hush-hush")),
        jws.sign(b"[]", signing_key(AS_KEY)),
        "nonsense",
        unsigned(PERSON),
    ],
)
def test_a_signed_userinfo_that_breaks_a_rule_is_refused(flavor: Flavor, wrong: str) -> None:
    with pytest.raises(InvalidUserInfoResponse):
        ask(flavor, jwt(wrong), userinfo_signed_response_alg="ES256")


def test_signed_userinfo_about_another_user_is_refused(flavor: Flavor) -> None:
    token = BearerToken("access", id_token=id_token_of("bob"))
    with pytest.raises(MismatchingUserInfoSubject):
        ask(flavor, jwt(signed(PERSON)), token, userinfo_signed_response_alg="ES256")


def test_a_client_registered_for_signed_userinfo_takes_no_other(flavor: Flavor) -> None:
    with pytest.raises(InvalidUserInfoResponse, match="application/jwt"):
        ask(flavor, answer(PERSON), userinfo_signed_response_alg="ES256")


def test_a_client_that_is_not_registered_for_signed_userinfo_takes_none(flavor: Flavor) -> None:
    with pytest.raises(InvalidUserInfoResponse, match="userinfo_signed_response_alg"):
        ask(flavor, jwt(signed(PERSON)))


@pytest.mark.parametrize("nested", [True, False])
def test_encrypted_userinfo_is_decrypted(flavor: Flavor, nested: bool) -> None:
    content = signed(PERSON) if nested else PERSON
    text = jwe.encrypt(content, public_jwk(OUR_KEY), alg="ECDH-ES", enc="A256GCM")
    settings = {
        "userinfo_signed_response_alg": "ES256" if nested else None,
        "userinfo_encrypted_response_alg": "ECDH-ES",
        "userinfo_encrypted_response_enc": "A256GCM",
        "id_token_decryption_key": OUR_KEY,
    }
    assert ask(flavor, jwt(text), **settings)[0] == PERSON
    turned = {**settings, "userinfo_signed_response_alg": None if nested else "ES256"}
    with pytest.raises(InvalidUserInfoResponse):
        ask(flavor, jwt(text), **turned)
    with pytest.raises(InvalidUserInfoResponse):
        ask(flavor, jwt(signed(PERSON)), **settings)


def test_userinfo_encrypted_with_the_client_secret_is_decrypted(flavor: Flavor) -> None:
    key = jwe.key_from_client_secret("hush-hush", "dir", "A128CBC-HS256")
    text = jwe.encrypt(PERSON, key, alg="dir", enc="A128CBC-HS256")
    assert ask(flavor, jwt(text), userinfo_encrypted_response_alg="dir")[0] == PERSON


def test_keys_are_fetched_when_an_answer_is_signed(flavor: Flavor) -> None:
    def respond(came: Received) -> Answer:
        return answer(JWKS) if came.path == "/jwks" else jwt(signed(PERSON))

    settings = {**URLS, "jwks_uri": f"{ISSUER}/jwks", "userinfo_signed_response_alg": "ES256"}
    client, received = flavor.mocked(respond, **settings)
    assert flavor.run(client.userinfo("access")) == PERSON
    assert flavor.run(client.userinfo("access")) == PERSON
    assert [came.path for came in received] == ["/userinfo", "/jwks", "/userinfo"]


def test_hooks_of_a_subclass_read_the_answers(flavor: Flavor) -> None:
    class Own(flavor.named("OAuth2Client")):  # type: ignore[misc]
        def parse_userinfo_response(self, response: Any, *, dpop_key: Any = None) -> Any:
            return {"raw": response.status_code}

        def on_introspection_error(self, response: Any, *, dpop_key: Any = None) -> Any:
            return {"active": None}

        def parse_backchannel_authentication_response(self, response: Any, *, dpop_key: Any = None) -> Any:
            return "mine"

    session, _ = flavor.answered_by(lambda came: answer({}, 400 if came.path == "/introspection" else 200))
    endpoint = f"{ISSUER}/backchannel"
    client = flavor.client(cls=Own, session=session, backchannel_authentication_endpoint=endpoint, **URLS)
    assert flavor.run(client.userinfo("access")) == {"raw": 200}
    assert flavor.run(client.introspect_token("access")) == {"active": None}
    assert flavor.run(client.backchannel_authentication_request(login_hint="alice")) == "mine"


# --- claims that others make (OIDC Core section 5.6.2) ----------------------------------------------------

BANK = "https://bank.local"
BANK_KEY = generate_private_jwk("ES256", kid="bank")
SCORE = signed({"iss": BANK, "credit_score": 650, "sub": "mallory"}, BANK_KEY)
UNSIGNED = unsigned({"phone_number": "1"})
TRUSTED = {BANK: {"keys": [public_jwk(BANK_KEY)]}}


def told(**sources: Any) -> dict[str, Any]:
    names = {"credit_score": "bank", "phone_number": "phone"}
    return {**PERSON, "_claim_names": names, "_claim_sources": sources}


def test_aggregated_claims_are_read_and_say_whether_they_were_checked() -> None:
    userinfo = told(bank={"JWT": SCORE}, phone={"JWT": UNSIGNED})
    found = aggregated_claims(userinfo, keys=TRUSTED)
    assert (found["bank"].claims, found["bank"].issuer, found["bank"].checked) == ({"credit_score": 650}, BANK, True)
    assert (found["phone"].claims, found["phone"].checked) == ({"phone_number": "1"}, False)
    assert not aggregated_claims(userinfo)["bank"].checked


@pytest.mark.parametrize(
    "wrong",
    [
        {"bank": {"JWT": signed({"iss": BANK, "credit_score": 999}, OTHER_KEY)}},
        {"bank": {"JWT": signed({"iss": BANK, "exp": 1}, BANK_KEY)}},
        {"bank": {"JWT": unsigned({"iss": BANK})}},
        {"bank": {"JWT": "nonsense"}},
        {"bank": {"JWT": SCORE, "endpoint": "https://bank.local/"}},
        {"bank": {"JWT": 1}},
        {"bank": {}},
        {"bank": "JWT"},
        {str(number): {"JWT": SCORE} for number in range(21)},
    ],
)
def test_sources_that_are_not_as_they_should_be_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidClaimSource):
        aggregated_claims(told(**wrong), keys=TRUSTED)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["JWT", "endpoint", "a"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["_claim_names", "_claim_sources", "sub"]), JSON))
def test_whatever_the_sources_are_only_our_error_comes(userinfo: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidClaimSource):
        read_claim_sources(userinfo)
        aggregated_claims(userinfo)


def test_distributed_claims_are_fetched_with_their_own_token_and_nothing_of_ours(flavor: Flavor) -> None:
    client, received = flavor.mocked(jwt(SCORE), **KNOWN)
    userinfo = told(bank={"endpoint": f"{BANK}/claims?x=1", "access_token": "t0ken"}, phone={"JWT": UNSIGNED})
    options = {"headers": {"X-Secret": "1"}, "timeout": 3}
    found = flavor.run(client.distributed_claims(userinfo, keys=TRUSTED, requests_kwargs=options))
    assert {name: (each.claims, each.checked) for name, each in found.items()} == {
        "bank": ({"credit_score": 650}, True)
    }
    [came] = received
    assert (came.method, came.url, came.headers["authorization"]) == ("GET", f"{BANK}/claims?x=1", "Bearer t0ken")
    assert not came.body
    assert "x-secret" not in came.headers


def test_a_source_without_a_token_is_asked_without_one(flavor: Flavor) -> None:
    client, received = flavor.mocked(jwt(SCORE), **KNOWN)
    flavor.run(client.distributed_claims(told(bank={"endpoint": f"{BANK}/claims"})))
    assert "authorization" not in received[0].headers


def test_only_the_sources_that_are_wanted_are_asked(flavor: Flavor) -> None:
    client, received = flavor.mocked(jwt(SCORE), **KNOWN)
    userinfo = told(bank={"endpoint": f"{BANK}/claims"}, phone={"endpoint": "https://phone.local/"})
    assert flavor.run(client.distributed_claims(userinfo, sources=["bank"])).keys() == {"bank"}
    assert len(received) == 1


@pytest.mark.parametrize(
    "endpoint", ["http://bank.local/claims", "http://127.0.0.1:1/claims", "file:///etc/passwd", "https://a@b/c", "bank"]
)
def test_an_endpoint_that_is_not_https_is_not_asked(flavor: Flavor, endpoint: str) -> None:
    client, received = flavor.mocked(jwt(SCORE), **KNOWN)
    with pytest.raises(InvalidClaimSource):
        flavor.run(client.distributed_claims(told(bank={"endpoint": endpoint, "access_token": "t0ken"})))
    assert not received


@pytest.mark.parametrize("given", [answer({"credit_score": 1}), answer(b"", 302, Location="https://x/"), error("no")])
def test_an_endpoint_that_gives_no_jwt_is_refused(flavor: Flavor, given: Answer) -> None:
    client, _ = flavor.mocked(given, **KNOWN)
    with pytest.raises(InvalidClaimSource) as refused:
        flavor.run(client.distributed_claims(told(bank={"endpoint": f"{BANK}/claims", "access_token": "t0ken-42"})))
    assert refused.value.source == "bank"
    assert "t0ken-42" not in str(refused.value)


# --- the two grants ---------------------------------------------------------------------------------------


def test_a_token_is_exchanged(flavor: Flavor) -> None:
    urn = "urn:ietf:params:oauth:token-type:saml2"
    client, received = flavor.mocked(answer({"access_token": "x", "token_type": "N_A", "issued_token_type": urn}))
    token = flavor.run(client.token_exchange(subject_token=BearerToken("access"), requested_token_type="saml2"))
    assert (str(token), token.issued_token_type) == ("x", urn)
    assert received[0].form["requested_token_type"] == urn


@pytest.mark.parametrize("grant", ["jwt_bearer", "saml2_bearer"])
def test_an_id_token_that_comes_for_an_assertion_is_checked(flavor: Flavor, grant: str) -> None:
    given = answer(
        {"access_token": "x", "token_type": "Bearer", "id_token": signed({**PERSON, "iss": "https://other"})}
    )
    client, _ = flavor.mocked(given, **KNOWN, id_token_signed_response_alg="ES256")
    with pytest.raises(InvalidIdToken):
        flavor.run(getattr(client, grant)("<x/>"))


ASSERTION = "<saml:Assertion>ü</saml:Assertion>"
ENCODED = b64u_encode(ASSERTION)


@pytest.mark.parametrize(
    "form", [ASSERTION, ASSERTION.encode(), ENCODED, ENCODED + "==", f"{ENCODED[:8]}\n{ENCODED[8:]}"]
)
def test_a_saml_assertion_goes_as_base64url(flavor: Flavor, form: Any) -> None:
    client, received = flavor.mocked(answer({"access_token": "x", "token_type": "Bearer"}))
    assert flavor.run(client.saml2_bearer(form, scope=["a", "b"])).access_token == "x"
    sent = {name: text for name, text in received[0].form.items() if not name.startswith("client_")}
    grant_type = "urn:ietf:params:oauth:grant-type:saml2-bearer"
    assert sent == {"grant_type": grant_type, "assertion": ENCODED, "scope": "a b"}


@pytest.mark.parametrize("wrong", ["", b"", "not/base64url+", "ümlaut", b"\xff\xfe", None])
def test_what_is_no_saml_assertion_is_not_sent(flavor: Flavor, wrong: Any) -> None:
    client, received = flavor.mocked(error("invalid_grant"))
    with pytest.raises(InvalidSamlAssertion):
        flavor.run(client.saml2_bearer(wrong))
    assert not received


def test_the_faces_have_the_same_operations() -> None:
    names = ("token_exchange", "saml2_bearer", "ciba", "backchannel_authentication_request", "distributed_claims")
    for flavor_name in ("requests", "httpx2"):
        with open_flavor(flavor_name) as flavor:
            assert all(hasattr(flavor.named("OAuth2Client"), name) for name in names)
