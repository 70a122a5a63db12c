"""Request objects: what is signed, who can read it, and what is left in the URL (RFC 9101)."""

import dataclasses
import json
import pickle
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from freezegun import freeze_time

from requests_oauth2client._jose import jwe, jws
from requests_oauth2client._jose.errors import InvalidKey
from requests_oauth2client._jose.jwk import generate_private_jwk
from requests_oauth2client._jose.keys import public_jwk
from requests_oauth2client.authorization_request import (
    AuthorizationRequest,
    InvalidAuthorizationRequestParam,
    RequestParameterAuthorizationRequest,
    RequestUriParameterAuthorizationRequest,
)
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.profiles import ProfileViolation
from requests_oauth2client.utils import InvalidEndpointUri, b64u_decode

ISSUER = "https://as.local"
ENDPOINT = f"{ISSUER}/authorize"
NOON = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
NOON_SECONDS = int(NOON.timestamp())
KEY = {**generate_private_jwk("ES256"), "kid": "mine", "alg": "ES256"}
ENC_KEYS = {
    "RSA-OAEP-256": generate_private_jwk("RSA-OAEP-256"),
    "ECDH-ES+A128KW": generate_private_jwk("ECDH-ES+A128KW"),
}


def make(**kwargs: Any) -> AuthorizationRequest:
    return AuthorizationRequest(ENDPOINT, "client", "https://app.local/cb", **{"issuer": ISSUER, **kwargs})


def claims_of(jwt: object) -> dict[str, Any]:
    return jws.verify(jwt, algs=["ES256"], keys=public_jwk(KEY)).claims()


def query_of(request: object) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(str(request)).query, strict_parsing=True))


# --- what is signed -----------------------------------------------------------------------------------------


def test_the_claims_are_exactly_the_parameters_of_the_request() -> None:
    request = make(max_age=5, resource=["urn:a", "urn:b"], prompt=["login"], claims={"id_token": {"acr": None}})
    assert claims_of(request.sign_request_jwt(KEY)) == dict(request.args)
    assert claims_of(request.sign_request_jwt(KEY))["resource"] == ["urn:a", "urn:b"]


def test_json_is_json_in_the_claims_and_not_a_text() -> None:
    request = make(claims='{"id_token": {"acr": null}}', authorization_details='[{"type": "a"}]')
    claims = claims_of(request.sign_request_jwt(KEY))
    assert claims["claims"] == {"id_token": {"acr": None}}
    assert claims["authorization_details"] == [{"type": "a"}]


def test_the_header_says_what_it_is() -> None:
    header = jws.parse(make().sign_request_jwt(KEY)).header
    assert header == {"alg": "ES256", "kid": "mine", "typ": "oauth-authz-req+jwt"}


@freeze_time(NOON)
def test_a_lifetime_adds_when_it_was_made_and_when_it_ends() -> None:
    signed = make().sign(KEY, lifetime=60)
    claims = claims_of(signed.request)
    assert (claims["iat"], claims["exp"]) == (NOON_SECONDS, NOON_SECONDS + 60)
    assert (signed.expires_in, signed.is_expired(), signed.is_expired(60)) == (60, False, True)


@freeze_time(NOON)
def test_further_claims_are_added_on_request_and_true_fills_them_in() -> None:
    signed = make().sign(KEY, iss=True, aud=True, nbf=True, iat=True, jti=True, vip=True)
    claims = claims_of(signed.request)
    assert (claims["iss"], claims["aud"], claims["vip"]) == ("client", ISSUER, True)
    assert (claims["nbf"], claims["iat"]) == (NOON_SECONDS, NOON_SECONDS)
    assert claims["jti"] != claims_of(make().sign_request_jwt(KEY, jti=True))["jti"]
    assert query_of(signed).keys() == {"client_id", "request", "response_type", "redirect_uri", "scope"}


def test_further_claims_may_be_any_value() -> None:
    claims = claims_of(make().sign_request_jwt(KEY, iss="me", aud=[ISSUER, "x"], jti="1", gone=None))
    assert (claims["iss"], claims["aud"], claims["jti"]) == ("me", [ISSUER, "x"], "1")
    assert "gone" not in claims


@pytest.mark.parametrize("name", ["scope", "client_id", "state", "request", "request_uri"])
def test_a_further_claim_can_not_replace_a_parameter(name: str) -> None:
    with pytest.raises(InvalidAuthorizationRequestParam, match=name):
        make().sign(KEY, **{name: "x"})


def test_an_audience_can_not_be_filled_in_without_an_issuer() -> None:
    with pytest.raises(InvalidAuthorizationRequestParam, match="issuer"):
        make(issuer=None).sign(KEY, aud=True)


def test_an_alg_is_needed_only_where_the_key_says_none() -> None:
    key = generate_private_jwk("PS256")
    bare = {name: value for name, value in key.items() if name != "alg"}
    assert jws.parse(make().sign_request_jwt(bare, "PS256")).alg == "PS256"
    assert jws.parse(make().sign_request_jwt(bare)).alg == "RS256"


def test_a_signer_keeps_its_key() -> None:
    class Hsm:
        public_jwk = public_jwk(KEY)

        def sign(self, data: bytes, alg: str) -> bytes:
            from requests_oauth2client._jose.keys import signing_key

            return signing_key(KEY, alg=alg).sign(data)

    assert claims_of(make().sign(Hsm()).request)["client_id"] == "client"


def test_an_unsigned_request_object_has_the_parameters_and_no_signature() -> None:
    request = make(state="s", nonce="n")
    head, payload, signature = request.unsigned_request_jwt(60, aud=True).split(".")
    found = json.loads(b64u_decode(payload))
    assert (json.loads(b64u_decode(head)), signature) == ({"alg": "none"}, "")
    assert found.pop("exp") - found.pop("iat") == 60
    assert found == {**request.args, "aud": ISSUER}


def test_fapi_forbids_unsigned_request_objects() -> None:
    with pytest.raises(ProfileViolation, match=r"5\.4\.1"):
        make(profile="fapi2").unsigned_request_jwt()


def test_a_public_key_can_not_sign() -> None:
    with pytest.raises(InvalidKey):
        make().sign(public_jwk(KEY))


# --- encrypted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ENC_KEYS)
def test_an_encrypted_request_opens_to_the_signed_one(alg: str) -> None:
    request = make()
    public = {name: value for name, value in public_jwk(ENC_KEYS[alg]).items() if name != "alg"}
    encrypted = request.sign_and_encrypt(KEY, public, lifetime=60)
    assert jwe.parse_header(encrypted.request)["alg"] == alg
    assert jwe.parse_header(encrypted.request)["cty"] == "JWT"
    opened = jwe.decrypt(encrypted.request, ENC_KEYS[alg], algs=[alg], encs=["A128CBC-HS256"])
    assert claims_of(opened).items() >= request.args.items()
    seen = {"response_type": "code", "redirect_uri": "https://app.local/cb", "scope": "openid"}
    assert query_of(encrypted) == {"client_id": "client", "request": encrypted.request, **seen}


def test_the_algorithms_of_encryption_can_be_chosen() -> None:
    alg = "RSA-OAEP-256"
    jwt = make().sign_and_encrypt_request_jwt(KEY, public_jwk(ENC_KEYS[alg]), "ES256", alg, "A256GCM", aud=True)
    assert jwe.parse_header(jwt)["enc"] == "A256GCM"
    assert claims_of(jwe.decrypt(jwt, ENC_KEYS[alg], algs=[alg], encs=["A256GCM"]))["aud"] == ISSUER
    with pytest.raises(InvalidParam, match="enc='A1'"):
        make().sign_and_encrypt(KEY, public_jwk(ENC_KEYS[alg]), enc="A1")


# --- what the browser is sent with ----------------------------------------------------------------------------


def test_it_stands_for_the_request_that_it_was_made_of() -> None:
    request = make(state="s")
    signed = request.sign(KEY)
    assert signed.authorization_request is request
    assert signed.validate_callback("code=c&state=s").code_verifier == request.code_verifier


@pytest.mark.parametrize("kind", [RequestParameterAuthorizationRequest, RequestUriParameterAuthorizationRequest])
def test_made_by_hand_it_does_not_know_what_the_answer_must_fit(kind: Any) -> None:
    with pytest.raises(InvalidAuthorizationRequestParam, match="authorization_request"):
        kind(ENDPOINT, "c", "x").validate_callback("code=c")


def test_a_request_by_reference_has_the_reference_in_its_url() -> None:
    request = RequestUriParameterAuthorizationRequest(f"{ENDPOINT}?p=1", "c", "urn:x y", login_hint="me")
    assert request.uri == str(request) == f"{ENDPOINT}?p=1&login_hint=me&client_id=c&request_uri=urn%3Ax+y"
    assert (request.request_uri, request.login_hint, request.expires_in) == ("urn:x y", "me", None)


def test_a_jwt_may_be_bytes_or_any_object_with_a_text() -> None:
    class Jwt:
        def __str__(self) -> str:
            return "a.b.c"

    for jwt in (b"a.b.c", Jwt(), "a.b.c"):
        assert RequestParameterAuthorizationRequest(ENDPOINT, "c", jwt).request == "a.b.c"


@pytest.mark.parametrize("kind", [RequestParameterAuthorizationRequest, RequestUriParameterAuthorizationRequest])
def test_both_are_values(kind: Any) -> None:
    one = kind(ENDPOINT, "c", "planted-reference", expires_at=NOON, x="planted-value")
    assert one == kind(**one.as_dict()) != one.replace(client_id="d")
    assert hash(one) == hash(kind(**one.as_dict()))
    assert "planted" not in repr(one)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.client_id = "d"
    with pytest.raises(TypeError, match="AuthorizationRequest"):
        pickle.dumps(one)


def test_the_repr_of_a_signed_request_shows_nothing_of_the_request() -> None:
    request = make(state="planted-state", nonce="planted-nonce", login_hint="planted")
    signed = request.sign(KEY)
    assert "planted" not in repr(signed)
    assert signed.request not in repr(signed)
    assert str(request.code_verifier) not in repr(signed)


@pytest.mark.parametrize("kind", [RequestParameterAuthorizationRequest, RequestUriParameterAuthorizationRequest])
def test_bad_arguments_are_refused(kind: Any) -> None:
    with pytest.raises(InvalidEndpointUri):
        kind("http://as.example/authorize", "c", "x")
    for client_id, reference in (("", "x"), ("c", ""), ("c", None)):
        with pytest.raises(InvalidAuthorizationRequestParam):
            kind(ENDPOINT, client_id, reference)
    assert kind("http://as.example/authorize", "c", "x", testing=True).uri.startswith("http://as.example/authorize?")
