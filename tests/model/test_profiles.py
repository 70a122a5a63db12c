"""Profiles: what is switched on, and what each clause refuses before anything is sent.

`BROKEN` and `BROKEN_REQUESTS` have a row for each function of the table that judges settings or authorization
requests; tests/flavors/test_profiles.py has those of the operations. Together they are all.
"""

from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devkit.authorization_server.credentials import private_jwk
from requests_oauth2client import (
    AuthorizationRequest,
    AuthorizationRequestSerializer,
    ClientSecretJwt,
    DPoPKey,
    InvalidParam,
    OAuth2Client,
    PrivateKeyJwt,
    PublicApp,
    RequestUriParameterAuthorizationRequest,
    TlsClientAuth,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._profiles.clauses import DEMANDS
from requests_oauth2client.client_authentication import ClientSecretBasic
from requests_oauth2client.exceptions import MissingIssuer
from requests_oauth2client.profiles import ProfileViolation
from requests_oauth2client.registration import ClientInformation

ISSUER = "https://as.local"
TOKEN = f"{ISSUER}/token"
REDIRECT_URI = "https://app.local/cb"
METADATA = {
    "issuer": ISSUER,
    "token_endpoint": TOKEN,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "pushed_authorization_request_endpoint": f"{ISSUER}/par",
    "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.as.local/token"},
}
ES256, PS256, RS256, EDDSA, ES384 = (private_jwk(alg) for alg in ("ES256", "PS256", "RS256", "EdDSA", "ES384"))
BARE_RSA = {name: value for name, value in RS256.items() if name not in ("alg", "use")}
FAPI = "FAPI 2.0 Security Profile"
SIGNING = "FAPI 2.0 Message Signing"


def fapi(**more: Any) -> OAuth2Client:
    credentials = {} if "auth" in more else {"client_id": "app", "private_key": ES256}
    known = {"redirect_uri": REDIRECT_URI, "profile": "fapi2"}
    return OAuth2Client.from_discovery_document(METADATA, **{**known, **credentials, **more})


def oauth21(**more: Any) -> OAuth2Client:
    known = {"auth": "app", "authorization_endpoint": f"{ISSUER}/authorize", "redirect_uri": REDIRECT_URI}
    return OAuth2Client(TOKEN, **{**known, "profile": "oauth2.1", **more})


def given(**settings: Any) -> Callable[[], Any]:
    return lambda: fapi(**settings)


# --- settings: the function that judges, its clause, what breaks it

BROKEN: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "testing": ("_unencrypted", f"{FAPI} 5.2.1-1", given(testing=True)),
    "http": ("_unencrypted", f"{FAPI} 5.2.1-1", given(https=False)),
    "unverified session": ("_unverified_session", f"{FAPI} 5.2.1-5", lambda: fapi(session=unverified())),
    "public": ("_weak_method", f"{FAPI} 5.3.3.1-2", given(auth=PublicApp("app"))),
    "secret": ("_weak_method", f"{FAPI} 5.3.3.1-2", given(auth=("app", "secret"))),
    "basic": ("_weak_method", f"{FAPI} 5.3.3.1-2", given(auth=ClientSecretBasic("app", "secret"))),
    "secret jwt": ("_weak_method", f"{FAPI} 5.3.3.1-2", given(auth=ClientSecretJwt("app", "secret" * 9, aud=ISSUER))),
    "of a user": ("_weak_method", f"{FAPI} 5.3.3.1-2", given(auth=lambda request: request)),
    "no issuer": ("_unknown_issuer", f"{FAPI} 5.3.3.1-10", lambda: undiscovered(issuer=None)),
    "any issuer": ("_unknown_issuer", f"{FAPI} 5.3.3.1-10", given(allow_unknown_issuer=True)),
    "audience": ("_other_audience", f"{FAPI} 5.3.3.1-5", given(auth=PrivateKeyJwt("app", ES256, aud=TOKEN))),
    "audience list": ("_other_audience", f"{FAPI} 5.3.3.1-5", given(auth=PrivateKeyJwt("app", ES256, aud=[ISSUER]))),
    "endpoint": ("_undiscovered", f"{FAPI} 5.3.3.1-9", given(token_endpoint="https://other.local/token")),
    "unpublished": ("_undiscovered", f"{FAPI} 5.3.3.1-9", given(userinfo_endpoint=f"{ISSUER}/me")),
    "alias": ("_undiscovered", f"{FAPI} 5.3.3.1-9", given(mtls_endpoint_aliases={"token_endpoint": TOKEN})),
    "issuer": ("_undiscovered", f"{FAPI} 5.3.3.1-9", lambda: fapi().replace(issuer="https://other.local", **KEY)),
    "bearer": ("_unbound", f"{FAPI} 5.3.3.1-1", given(dpop_bound_access_tokens=False)),
    "plain": ("_no_s256", f"{FAPI} 5.3.3.2-3", given(code_challenge_method="plain")),
    "no pkce": ("_no_s256", f"{FAPI} 5.3.3.2-3", given(code_challenge_method=None)),
    "id_token": ("_weak_settings", f"{FAPI} 5.4.1-1", given(id_token_signed_response_alg="RS256")),
    "id_token hmac": ("_weak_settings", f"{FAPI} 5.4.1-1", given(id_token_signed_response_alg="HS256")),
    "userinfo": ("_weak_settings", f"{FAPI} 5.4.1-1", given(userinfo_signed_response_alg="ES512")),
    "introspection": ("_weak_settings", f"{FAPI} 5.4.1-1", given(introspection_signed_response_alg="RS256")),
    "jarm": ("_weak_settings", f"{FAPI} 5.4.1-1", given(authorization_signed_response_alg="RS256")),
    "dpop": ("_weak_settings", f"{FAPI} 5.4.1-1", given(dpop_alg="RS256")),
    "assertion": ("_weak_assertion", f"{FAPI} 5.4.1-1", given(auth=("app", RS256))),
    "assertion of a method": ("_weak_assertion", f"{FAPI} 5.4.1-1", given(auth=PrivateKeyJwt("app", ES384))),
    "1 testing": ("_unencrypted", "OAuth 2.1 section 1.5", lambda: oauth21(testing=True)),
    "1 plain": ("_no_s256", "OAuth 2.1 section 4.1.1", lambda: oauth21(code_challenge_method="plain")),
    "1 no pkce": ("_no_s256", "OAuth 2.1 section 4.1.1", lambda: oauth21(code_challenge_method=None)),
}
KEY = {"auth": PrivateKeyJwt("app", ES256)}


def unverified() -> Any:
    import requests

    session = requests.Session()
    session.verify = False
    return session


def undiscovered(**more: Any) -> OAuth2Client:
    known = {"client_id": "app", "private_key": ES256, "issuer": ISSUER, "profile": "fapi2"}
    return OAuth2Client(TOKEN, **{**known, **more})


@pytest.mark.parametrize("name", BROKEN)
def test_settings_that_contradict_the_profile_are_refused_by_its_clause(name: str) -> None:
    _, clause, make = BROKEN[name]
    with pytest.raises(ProfileViolation) as caught:
        make()
    assert caught.value.clause == clause
    assert caught.value.profile == ("oauth2.1" if clause.startswith("OAuth") else "fapi2")
    assert clause in str(caught.value)
    assert isinstance(caught.value, InvalidParam)


def test_a_violation_survives_a_pickle() -> None:
    again = pickle.loads(pickle.dumps(ProfileViolation("fapi2", f"{FAPI} 5.2.1-1", "it is http.")))  # noqa: S301
    assert (again.profile, again.clause) == ("fapi2", f"{FAPI} 5.2.1-1")
    assert "it is http." in str(again)


@pytest.mark.parametrize("profile", ["fapi", "FAPI2", "", 2, ["fapi2"]])
def test_an_unknown_profile_is_refused_with_the_known_ones(profile: Any) -> None:
    for make in (lambda: oauth21(profile=profile), lambda: request_of(profile=profile)):
        with pytest.raises(InvalidParam, match=r"'oauth2\.1', 'fapi2'"):
            make()


def test_without_a_profile_nothing_changes() -> None:
    client = OAuth2Client(TOKEN, "app")
    assert client.profile is None
    assert (client.id_token_signed_response_alg, client.dpop_bound_access_tokens) == ("RS256", False)
    assert type(client.id_token_signed_response_alg) is str
    assert type(client.dpop_bound_access_tokens) is bool
    assert client.authorization_signed_response_alg is None
    assert client.authorization_response_iss_parameter_supported is False
    shown = inspect.signature(OAuth2Client).parameters
    assert (repr(shown["dpop_bound_access_tokens"].default), shown["dpop_alg"].default) == ("False", "ES256")


# --- what is switched on


def test_fapi2_switches_on_what_it_demands() -> None:
    client = fapi()
    assert client.profile == "fapi2"
    assert client.dpop_bound_access_tokens is True
    assert client.id_token_signed_response_alg == "PS256"
    assert client.authorization_signed_response_alg == "PS256"
    assert client.authorization_response_iss_parameter_supported is True
    assert client.code_challenge_method == "S256"
    assert client.auth.aud == ISSUER
    assert undiscovered().dpop_bound_access_tokens is True


def test_what_is_given_and_allowed_stays() -> None:
    client = fapi(id_token_signed_response_alg="ES256", dpop_alg="EdDSA", userinfo_signed_response_alg="PS256")
    assert client.id_token_signed_response_alg == "ES256"
    assert client.dpop_alg == "EdDSA"


@pytest.mark.parametrize("jwk", [ES256, PS256, EDDSA, BARE_RSA], ids=["ES256", "PS256", "EdDSA", "bare RSA"])
def test_assertions_have_the_issuer_as_their_only_audience_and_an_alg_of_the_profile(jwk: dict[str, Any]) -> None:
    client = fapi(client_id="app", private_key=jwk)
    assertion = jws.parse(client.auth.client_assertion(client.auth.aud))
    assert assertion.claims()["aud"] == ISSUER
    assert assertion.alg == jwk.get("alg", "PS256")


def test_a_method_that_the_user_built_is_addressed_to_the_issuer_too() -> None:
    built = PrivateKeyJwt("app", ES256, lifetime=30)
    client = fapi(auth=built)
    assert (client.auth.aud, client.auth.lifetime, client.auth.kid) == (ISSUER, 30, built.kid)
    assert built.aud is None, "what the user has stays as it is"
    assert fapi(auth=PrivateKeyJwt("app", ES256, aud=ISSUER)).auth.aud == ISSUER
    assert OAuth2Client(TOKEN, built, issuer=ISSUER).auth is built


def test_an_rsa_key_without_an_alg_stays_with_rs256_where_no_profile_objects() -> None:
    assert OAuth2Client(TOKEN, client_id="app", private_key=BARE_RSA).auth.alg == "RS256"


def test_with_a_certificate_tokens_are_bound_to_it_unless_dpop_is_wanted() -> None:
    auth = TlsClientAuth("app", "cert.pem")
    assert fapi(auth=auth).dpop_bound_access_tokens is False
    assert fapi(auth=auth, dpop_bound_access_tokens=True).dpop_bound_access_tokens is True
    assert fapi(auth=auth).endpoint("token_endpoint") == "https://mtls.as.local/token"
    assert fapi(client_certificate="cert.pem").dpop_bound_access_tokens is False
    assert fapi(auth=auth, dpop_bound_access_tokens=False).client_certificate == "cert.pem"


def test_replace_takes_a_profile_on_and_off() -> None:
    plain = OAuth2Client(TOKEN, client_id="app", private_key=ES256, issuer=ISSUER)
    strict = plain.replace(profile="fapi2")
    assert (strict.dpop_bound_access_tokens, strict.id_token_signed_response_alg) == (True, "PS256")
    assert strict.replace(timeout=3).profile == "fapi2"
    assert strict.replace(timeout=3).id_token_signed_response_alg == "PS256"
    back = strict.replace(profile=None)
    assert (back.dpop_bound_access_tokens, back.id_token_signed_response_alg) == (False, "RS256")
    chosen = plain.replace(id_token_signed_response_alg="RS256")
    with pytest.raises(ProfileViolation, match="id_token_signed_response_alg='RS256'"):
        chosen.replace(profile="fapi2")


def test_oauth21_leaves_a_public_client_as_it_is() -> None:
    client = oauth21()
    assert (client.dpop_bound_access_tokens, client.id_token_signed_response_alg) == (False, "RS256")
    request = client.authorization_request()
    assert request.profile == "oauth2.1"
    assert request.args["code_challenge_method"] == "S256"
    assert str(request).startswith(f"{ISSUER}/authorize?client_id=app")


# --- authorization requests


def request_of(**more: Any) -> AuthorizationRequest:
    known = {"authorization_endpoint": f"{ISSUER}/authorize", "client_id": "app", "redirect_uri": REDIRECT_URI}
    return AuthorizationRequest(**{**known, "issuer": ISSUER, "profile": "fapi2", **more})


def asking(**more: Any) -> Callable[[], Any]:
    return lambda: fapi().authorization_request(**more)


def asking21(**more: Any) -> Callable[[], Any]:
    return lambda: oauth21().authorization_request(**more)


class Weak:
    """A DPoP key of an algorithm that FAPI has not."""

    alg, dpop_jkt, public_jwk = "RS256", "thumbprint", {"kty": "RSA"}


def registered() -> OAuth2Client:
    information = ClientInformation({"client_id": "app", "redirect_uris": [REDIRECT_URI]})
    return oauth21(registration=information)


def pushed(request: AuthorizationRequest, **more: Any) -> RequestUriParameterAuthorizationRequest:
    return RequestUriParameterAuthorizationRequest(
        request.authorization_endpoint, "app", "urn:x:1", authorization_request=request, **more
    )


BROKEN_REQUESTS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "hybrid": ("_no_code", f"{FAPI} 5.3.3.2-1", asking(response_type="code id_token")),
    "implicit": ("_no_code", f"{FAPI} 5.3.3.2-1", asking(response_type="token")),
    "plain": ("_no_s256", f"{FAPI} 5.3.3.2-3", asking(code_challenge_method="plain")),
    "no pkce": ("_no_s256", f"{FAPI} 5.3.3.2-3", asking(code_challenge_method=None)),
    "no issuer": ("_no_request_issuer", f"{FAPI} 5.3.3.2-5", asking(issuer=None)),
    "other issuer": ("_foreign_issuer", f"{FAPI} 5.3.3.2-5", asking(issuer="https://other.local")),
    "no redirect_uri": ("_no_redirect_uri", f"{FAPI} 5.3.2.2-6", lambda: request_of(redirect_uri=None)),
    "http": ("_unencrypted_redirect", f"{FAPI} 5.3.2.2-8", asking(redirect_uri="http://app.local/cb")),
    "weak key": ("_weak_proof_key", f"{FAPI} 5.4.1-1", lambda: request_of(dpop_key=Weak())),
    "weak alg": ("_weak_proof_key", f"{FAPI} 5.4.1-1", asking(dpop_key=DPoPKey.generate("ES384"))),
    "url": ("_unpushed", f"{FAPI} 5.3.3.2-2", lambda: str(fapi().authorization_request())),
    "uri": ("_unpushed", f"{FAPI} 5.3.3.2-2", lambda: fapi().authorization_request().uri),
    "browser": ("_unpushed", f"{FAPI} 5.3.3.2-2", lambda: fapi().authorization_request().request),
    "signed": ("_unpushed", f"{FAPI} 5.3.3.2-2", lambda: str(fapi().authorization_request().sign(ES256))),
    "more": ("_further_parameters", f"{FAPI} 5.3.3.2-6", lambda: str(pushed(request_of(), prompt="login"))),
    "sign weak": ("_weak_signature", f"{FAPI} 5.4.1-1", lambda: request_of().sign(RS256)),
    "sign hmac": ("_weak_signature", f"{FAPI} 5.4.1-1", lambda: request_of().sign({"kty": "oct", "k": "c2" * 32})),
    "unsigned": ("_weak_signature", f"{FAPI} 5.4.1-1", lambda: request_of().unsigned_request_jwt()),
    "aud": ("_other_request_audience", f"{SIGNING} 5.3.2-2", lambda: request_of().sign(ES256, aud="https://other")),
    "no aud": ("_other_request_audience", f"{SIGNING} 5.3.2-2", lambda: request_of().sign(ES256, aud=None)),
    "iss": ("_other_request_audience", f"{SIGNING} 5.3.2-2", lambda: request_of().sign(ES256, iss="other")),
    "no nbf": ("_no_nbf", f"{SIGNING} 5.3.2-3", lambda: request_of().sign(ES256, nbf=None)),
    "lifetime": ("_long_lived", f"{SIGNING} 5.3.2-4", lambda: request_of().sign(ES256, lifetime=3601)),
    "no exp": ("_long_lived", f"{SIGNING} 5.3.2-4", lambda: request_of().sign(ES256, exp=None)),
    "early nbf": ("_long_lived", f"{SIGNING} 5.3.2-4", lambda: request_of().sign(ES256, nbf=1)),
    "answer": (
        "_weak_answer", f"{FAPI} 5.4.1-1",
        lambda: request_of(response_mode="jwt").validate_callback("?response=a.b.c", jwks={"keys": []}),
    ),
    "1 implicit": ("_implicit", "OAuth 2.1 section 10.1", asking21(response_type="code token")),
    "1 plain": ("_code_without_s256", "OAuth 2.1 section 4.1.1", asking21(code_challenge_method="plain")),
    "1 no pkce": ("_code_without_s256", "OAuth 2.1 section 4.1.1", asking21(code_challenge_method=None)),
    "1 http": ("_unencrypted_redirect", "OAuth 2.1 section 1.5", asking21(redirect_uri="http://app.local/")),
    "1 unregistered": (
        "_unregistered_redirect", "OAuth 2.1 section 2.3.1",
        lambda: registered().authorization_request(redirect_uri=f"{REDIRECT_URI}/"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN_REQUESTS)
def test_a_request_that_contradicts_the_profile_is_refused_by_its_clause(name: str) -> None:
    _, clause, make = BROKEN_REQUESTS[name]
    with pytest.raises(ProfileViolation) as caught:
        make()
    assert caught.value.clause == clause


@pytest.mark.parametrize("redirect_uri", [REDIRECT_URI, "http://127.0.0.1:8080/cb", "http://[::1]/cb", "com.app:/cb"])
def test_redirects_that_stay_on_the_machine_are_fine(redirect_uri: str) -> None:
    for client in (fapi(), oauth21()):
        assert client.authorization_request(redirect_uri=redirect_uri).redirect_uri == redirect_uri


@pytest.mark.parametrize("redirect_uri", [REDIRECT_URI, "http://127.0.0.1:8080/cb"])
def test_a_registered_redirect_uri_and_loopback_with_its_free_port_are_fine(redirect_uri: str) -> None:
    assert registered().authorization_request(redirect_uri=redirect_uri).redirect_uri == redirect_uri


def test_oauth21_has_nothing_against_an_id_token_alone() -> None:
    request = oauth21().authorization_request(response_type="id_token", code_challenge_method=None)
    assert "code_challenge" not in request.args


def test_a_client_with_a_profile_makes_no_request_without_it() -> None:
    assert fapi().authorization_request(profile=None).profile == "fapi2"
    assert oauth21().authorization_request(profile=None).profile == "oauth2.1"
    assert OAuth2Client(TOKEN, "app", authorization_endpoint=TOKEN).authorization_request().profile is None


def test_the_url_of_a_pushed_request_has_two_parameters() -> None:
    assert str(pushed(request_of())) == f"{ISSUER}/authorize?client_id=app&request_uri=urn%3Ax%3A1"


def test_an_answer_without_iss_is_refused_whatever_the_metadata_say() -> None:
    request = fapi().authorization_request(authorization_response_iss_parameter_supported=False)
    callback = f"{REDIRECT_URI}?code=c&state={request.state}"
    with pytest.raises(MissingIssuer):
        request.validate_callback(callback)
    answer = request.validate_callback(f"{callback}&iss={ISSUER}&profile=oauth2.1")
    assert answer.profile == "fapi2", "nothing in the callback says under which profile it was checked"


def test_a_request_keeps_its_profile_while_it_is_stored() -> None:
    serializer = AuthorizationRequestSerializer()
    request = fapi().authorization_request()
    again = serializer.loads(serializer.dumps(request))
    assert again == request
    assert again.profile == "fapi2"


# --- signed requests


@pytest.mark.parametrize("jwk", [ES256, PS256, EDDSA, BARE_RSA], ids=["ES256", "PS256", "EdDSA", "bare RSA"])
def test_a_signed_request_has_the_claims_that_fapi_demands(jwk: dict[str, Any]) -> None:
    request = request_of()
    signed = request.sign(jwk)
    parsed = jws.parse(signed.request)
    claims = parsed.claims()
    assert (claims["iss"], claims["aud"], parsed.alg) == ("app", ISSUER, jwk.get("alg", "PS256"))
    assert claims["exp"] - claims["nbf"] == 300
    assert claims["iat"] == claims["nbf"]
    assert claims["jti"]
    assert parsed.header["typ"] == "oauth-authz-req+jwt"
    assert signed.expires_in is not None
    assert 295 <= signed.expires_in <= 300


def test_a_signed_request_may_live_for_an_hour_and_say_more() -> None:
    claims = jws.parse(request_of().sign_request_jwt(ES256, lifetime=3600, purpose="x")).claims()
    assert (claims["exp"] - claims["nbf"], claims["purpose"]) == (3600, "x")


def test_a_request_that_is_encrypted_too_is_signed_likewise() -> None:
    encrypted = request_of().sign_and_encrypt(ES256, private_jwk("ECDH-ES", use="enc"))
    assert encrypted.expires_in is not None
    with pytest.raises(ProfileViolation, match=re.escape("5.3.2-4")):
        request_of().sign_and_encrypt(ES256, private_jwk("ECDH-ES", use="enc"), lifetime=7200)


def test_without_fapi_a_signed_request_has_only_its_parameters() -> None:
    for request in (request_of(profile=None), request_of(profile="oauth2.1")):
        assert jws.parse(request.sign_request_jwt(RS256)).claims() == dict(request.args)


def test_an_rs256_key_is_not_turned_into_a_ps256_one() -> None:
    with pytest.raises(ProfileViolation, match="RS256"):
        request_of().sign({**BARE_RSA, "alg": "RS256"})


# --- the table


def test_every_function_of_the_table_has_a_row_that_breaks_it() -> None:
    from tests.flavors import test_profiles as operations

    judged = {(row[0], row[1]) for rows in (BROKEN, BROKEN_REQUESTS, operations.BROKEN) for row in rows.values()}
    assert {(demand.problem.__name__, demand.clause) for rows in DEMANDS.values() for demand in rows} == judged


def test_the_page_names_every_clause_of_the_table_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text()
    enforced = page.partition("## What is not enforced")[0]
    named = set(re.findall(r"^\| ((?:OAuth 2\.1|FAPI)[^|]*?) \|", enforced, re.MULTILINE))
    assert named == {demand.clause for rows in DEMANDS.values() for demand in rows}
