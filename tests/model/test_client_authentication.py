"""Client authentication: each method adds its proof to a form POST, and to nothing else."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import time
import types
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from requests_oauth2client._core.messages import Form, Request
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key
from requests_oauth2client.client_authentication import (
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretJwt,
    ClientSecretPost,
    InvalidClientAssertionSigningKeyOrAlg,
    InvalidRequestForClientAuthentication,
    PrivateKeyJWT,
    PrivateKeyJwt,
    PublicApp,
    UnsupportedClientCredentials,
    client_auth_factory,
)
from requests_oauth2client.exceptions import InvalidParam

URL = "https://as.example/token"
ISSUER = "https://as.example"
SECRET = "planted-secret, long enough for HS512 since joserfc asks for 64 bytes of it"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ODD = "a:b+c d%e/f=g&h?ä€\U0001f511"
PRIVATE = {alg: generate_private_jwk(alg) for alg in ("RS256", "PS256", "ES256", "ES512", "EdDSA", "Ed25519")}
ES256 = PRIVATE["ES256"]


def prepared(method: str = "POST", **kwargs: Any) -> requests.PreparedRequest:
    return requests.Request(method, URL, **kwargs).prepare()


def posted(auth: Any, **fields: Any) -> requests.PreparedRequest:
    """Return what plain `requests` sends with this method as `auth=`."""
    return prepared(data={"grant_type": "client_credentials", **fields}, auth=auth)


def form_of(request: requests.PreparedRequest) -> dict[str, list[str]]:
    return parse_qs(request.body if isinstance(request.body, str) else (request.body or b"").decode())


def judged(assertion: str, key: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Verify an assertion with joserfc alone, and return its header and claims."""
    importer: Any = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey, "oct": OctKey}[key["kty"]]
    algorithms = ["RS256", "PS256", "ES256", "ES512", "EdDSA", "Ed25519", "HS256", "HS384", "HS512"]
    found = joserfc_jws.deserialize_compact(assertion, importer.import_key(key), algorithms=algorithms)
    return dict(found.headers()), json.loads(found.payload or b"")


def oct_jwk(secret: str) -> dict[str, Any]:
    return {"kty": "oct", "k": base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()}


def native(jwk: dict[str, Any]) -> Any:
    return ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y", "d")}).raw_value


class Signer:
    """Keeps its key elsewhere: whoever looks for it finds nothing but a public JWK and a method."""

    def __init__(self, jwk: dict[str, Any]) -> None:
        key = signing_key(jwk)
        self.public_jwk = key.public_jwk
        self.asked: list[str] = []
        self._sign_elsewhere = key.sign

    def sign(self, data: bytes, alg: str) -> bytes:
        self.asked.append(alg)
        return self._sign_elsewhere(data)

    def __getattr__(self, name: str) -> Any:
        if name in {"d", "k", "key", "private_key", "private_numbers", "private_bytes", "keys", "__getitem__"}:
            raise AssertionError(f"somebody looked for the key: {name}")
        raise AttributeError(name)


# --- client_secret_basic


def test_basic_puts_id_and_secret_in_the_header() -> None:
    request = posted(ClientSecretBasic("id", "secret"))
    assert request.headers["Authorization"] == "Basic aWQ6c2VjcmV0"
    assert form_of(request) == {"grant_type": ["client_credentials"]}


words = st.text(min_size=1).map(lambda text: text.strip("\r\n") or "x")


@given(client_id=words, secret=words)
def test_basic_form_encodes_both_first(client_id: str, secret: str) -> None:
    try:
        (client_id + secret).encode()
    except UnicodeEncodeError:
        return
    header = posted(ClientSecretBasic(client_id, secret)).headers["Authorization"]
    pair = base64.b64decode(header.removeprefix("Basic ")).decode("ascii")
    assert [unquote_plus(part) for part in pair.split(":")] == [client_id, secret]


def test_basic_form_encodes_as_the_rfc_does() -> None:
    header = posted(ClientSecretBasic(ODD, " %&+£€")).headers["Authorization"]
    pair = base64.b64decode(header.removeprefix("Basic ")).decode()
    # RFC 6749 appendix B has the second as its example, with + for the space, which servers don't agree on
    assert pair == "a%3Ab%2Bc%20d%25e%2Ff%3Dg%26h%3F%C3%A4%E2%82%AC%F0%9F%94%91:%20%25%26%2B%C2%A3%E2%82%AC"


# --- client_secret_post and none


def test_post_puts_id_and_secret_in_the_form() -> None:
    request = posted(ClientSecretPost("id", ODD), scope="a b")
    assert form_of(request) == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "client_id": ["id"],
        "client_secret": [ODD],
    }
    assert "Authorization" not in request.headers
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Content-Length"] == str(len(request.body or ""))


def test_a_public_client_only_says_its_id() -> None:
    request = posted(PublicApp("id"))
    assert form_of(request) == {"grant_type": ["client_credentials"], "client_id": ["id"]}
    assert "Authorization" not in request.headers


def test_no_field_is_sent_twice() -> None:
    request = posted(ClientSecretPost("id", "secret"), client_id="another", resource=["urn:a", "urn:b"])
    assert form_of(request)["client_id"] == ["id"]
    assert form_of(request)["resource"] == ["urn:a", "urn:b"]


# --- client_secret_jwt


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_client_secret_jwt_signs_with_the_secret(alg: str) -> None:
    form = form_of(posted(ClientSecretJwt("id", SECRET, alg=alg)))
    header, claims = judged(form["client_assertion"][0], oct_jwk(SECRET))
    assert header == {"alg": alg, "typ": "client-authentication+jwt"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("id", "id", URL)
    assert form["client_assertion_type"] == [ASSERTION_TYPE]
    assert form["client_id"] == ["id"]
    assert SECRET not in str(form)


@pytest.mark.parametrize(
    ("args", "lifetime", "alg"),
    [
        ((), 60, "HS256"),
        ((30,), 30, "HS256"),
        ((30, "HS512"), 30, "HS512"),
        (("HS512",), 60, "HS512"),
        (("HS512", 30), 30, "HS512"),
    ],
)
def test_the_third_and_fourth_argument_are_told_apart_by_type(args: Any, lifetime: int, alg: str) -> None:
    method = ClientSecretJWT("id", SECRET, *args)
    assert (method.lifetime, method.alg) == (lifetime, alg)


@pytest.mark.parametrize("alg", ["RS256", "none", None, "hs256"])
def test_client_secret_jwt_has_symmetric_algorithms_only(alg: Any) -> None:
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg, match="HS256, HS384 or HS512"):
        ClientSecretJwt("id", SECRET, alg=alg)


# --- private_key_jwt


@pytest.mark.parametrize("alg", PRIVATE)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
def test_private_key_jwt_signs_with_the_key(alg: str) -> None:
    form = form_of(posted(PrivateKeyJwt("id", PRIVATE[alg])))
    header, claims = judged(form["client_assertion"][0], public_jwk(PRIVATE[alg]))
    assert header == {"alg": alg, "kid": PRIVATE[alg]["kid"], "typ": "client-authentication+jwt"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("id", "id", URL)
    assert form["client_assertion_type"] == [ASSERTION_TYPE]


@freeze_time("2026-01-01T00:00:00.9Z")
def test_an_assertion_is_good_for_its_lifetime() -> None:
    method = PrivateKeyJwt("id", ES256, lifetime=30, jti_gen=lambda: "unique")
    _, claims = judged(method.client_assertion(ISSUER), ES256)
    assert claims == {
        "iss": "id",
        "sub": "id",
        "aud": ISSUER,
        "iat": 1767225600,
        "exp": 1767225630,
        "jti": "unique",
    }


def test_lifetime_and_jti_of_one_assertion_can_be_given() -> None:
    _, claims = judged(PrivateKeyJwt("id", ES256).client_assertion([ISSUER, URL], lifetime=5, jti="mine"), ES256)
    assert (claims["exp"] - claims["iat"], claims["jti"], claims["aud"]) == (5, "mine", [ISSUER, URL])
    assert abs(claims["iat"] - time.time()) < 60


def test_each_assertion_has_an_id_of_its_own() -> None:
    for method in (PrivateKeyJwt("id", ES256), ClientSecretJwt("id", SECRET)):
        key = ES256 if isinstance(method, PrivateKeyJwt) else oct_jwk(SECRET)
        ids = {judged(method.client_assertion(URL), key)[1]["jti"] for _ in range(5)}
        assert len(ids) == 5


@pytest.mark.parametrize("aud", [ISSUER, [ISSUER, URL]])
def test_the_audience_that_the_user_gave_is_used(aud: Any) -> None:
    for method, key in ((PrivateKeyJwt("id", ES256, aud=aud), ES256), (ClientSecretJwt("id", SECRET, aud=aud), None)):
        assertion = form_of(posted(method))["client_assertion"][0]
        assert judged(assertion, key or oct_jwk(SECRET))[1]["aud"] == aud


def test_the_key_may_have_any_form() -> None:
    bare = native(ES256)
    pem = bare.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    theirs = ECKey.import_key({**ES256, "kid": "id"})
    for key in (types.MappingProxyType(ES256), bare, pem, pem.decode(), theirs, Signer(ES256)):
        header, _ = judged(PrivateKeyJwt("id", key, kid="mine").client_assertion(URL), public_jwk(ES256))
        assert header["alg"] == "ES256"
        assert header["kid"] in {ES256["kid"], "mine", "id"}


def test_the_jwk_is_kept_as_it_was_passed() -> None:
    assert PrivateKeyJwt("id", ES256).private_jwk is ES256


def test_the_public_half_is_what_the_as_has_to_know() -> None:
    assert PrivateKeyJwt("id", ES256).public_jwk == public_jwk(ES256)


def test_the_alg_of_the_jwk_wins() -> None:
    jwk = {**PRIVATE["RS256"], "alg": "PS512"}
    assert PrivateKeyJwt("id", jwk, alg="RS256").alg == PrivateKeyJwt("id", jwk, alg=None).alg == "PS512"


def test_the_alg_is_inferred_when_nobody_says_it() -> None:
    assert PrivateKeyJwt("id", ec.generate_private_key(ec.SECP384R1()), kid="mine").alg == "ES384"


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


@pytest.mark.parametrize(
    ("key", "options", "why"),
    [
        (public_jwk(ES256), {}, "public key only"),
        (oct_jwk(SECRET), {"kid": "k"}, "symmetric"),
        (without(ES256, "kid"), {}, "no kid"),
        (without(ES256, "alg"), {"alg": None}, "alg="),
        (native(ES256), {"alg": None, "kid": "k"}, "alg="),
        (ES256 | {"alg": "RS256"}, {}, "RS256"),
        (without(ES256, "alg"), {"alg": "HS256"}, "HS256"),
        (without(ES256, "alg"), {"alg": "none"}, "none"),
        ({**ES256, "use": "enc"}, {}, "use='enc'"),
        ("no key at all", {}, "neither a PEM nor a DER"),
        (None, {}, "NoneType"),
    ],
)
def test_an_unusable_key_is_refused(key: Any, options: Any, why: str) -> None:
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg, match=why) as caught:
        PrivateKeyJwt("id", key, **options)
    assert isinstance(caught.value, InvalidParam)
    assert ES256["d"] not in str(caught.value)


# --- signers


def test_a_signer_signs_and_its_key_is_never_read() -> None:
    signer = Signer(ES256)
    form = form_of(posted(PrivateKeyJwt("id", signer)))
    header, _ = judged(form["client_assertion"][0], public_jwk(ES256))
    assert header["kid"] == ES256["kid"]
    assert signer.asked == ["ES256"]


def test_a_signer_is_asked_for_each_assertion() -> None:
    signer = Signer(ES256)
    method = PrivateKeyJwt("id", signer)
    assert signer.asked == []
    method.client_assertion(URL)
    method.client_assertion(URL)
    assert signer.asked == ["ES256", "ES256"]


def test_a_signer_with_an_alg_needs_no_other() -> None:
    assert PrivateKeyJwt("id", Signer(ES256), alg=None).alg == "ES256"


# --- what it authenticates


@pytest.mark.parametrize(
    "request_",
    [
        prepared("GET"),
        prepared("GET", params={"a": "b"}),
        prepared("PUT", data={"a": "b"}),
        prepared(json={"a": "b"}),
        prepared(data="raw"),
        prepared(data={"a": "b"}, files={"f": b"x"}),
        prepared(data=iter([b"a=b"]), headers={"Content-Type": "application/x-www-form-urlencoded"}),
        prepared(data=b"\xff", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        prepared(data={"a": "b"}, headers={"Content-Type": "none"}),
        None,
        object(),
    ],
)
@pytest.mark.parametrize(
    "method",
    [
        ClientSecretBasic("id", SECRET),
        ClientSecretPost("id", SECRET),
        ClientSecretJwt("id", SECRET),
        PrivateKeyJwt("id", ES256),
        PublicApp("id"),
    ],
)
def test_what_is_no_form_post_is_refused(method: Any, request_: Any) -> None:
    with pytest.raises(InvalidRequestForClientAuthentication, match="needs a POST with Content-Type"):
        method(request_)


def test_a_post_without_a_body_gets_one() -> None:
    assert form_of(prepared(auth=PublicApp("id"))) == {"client_id": ["id"]}


def test_a_charset_in_the_content_type_does_no_harm() -> None:
    headers = {"Content-Type": "application/X-WWW-form-urlencoded; charset=utf-8"}
    assert form_of(prepared(data={"a": "ä"}, headers=headers, auth=PublicApp("id"))) == {
        "a": ["ä"],
        "client_id": ["id"],
    }


@responses.activate
def test_a_method_is_an_auth_handler_of_plain_requests() -> None:
    responses.post(URL, json={"access_token": "AT"})
    requests.post(URL, data={"a": "b", "empty": ""}, auth=ClientSecretPost("id", "secret"), timeout=1)
    assert responses.calls[0].request.body == b"a=b&empty=&client_id=id&client_secret=secret"


def test_a_request_of_ours_is_not_changed_but_copied() -> None:
    request = Request(url=URL, form=Form(a="b"))
    ours = ClientSecretPost("id", SECRET).authenticate(request)
    assert request.form == {"a": "b"}
    assert ours.form == {"a": "b", "client_id": "id", "client_secret": SECRET}


# --- the values themselves

METHODS = [
    ClientSecretBasic("id", SECRET),
    ClientSecretPost("id", SECRET),
    ClientSecretJwt("id", SECRET),
    PrivateKeyJwt("id", ES256),
    PublicApp("id"),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_no_secret_shows(method: Any) -> None:
    request = Request(url=URL, form=Form(a="b"))
    shown = repr(method) + str(method) + repr(method.authenticate(request))
    assert "id" in repr(method)
    for secret in (SECRET, ES256["d"], SECRET[:14]):
        assert secret not in shown


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_a_method_is_not_pickled_but_copied_as_itself(method: Any) -> None:
    with pytest.raises(TypeError, match="secrets and is not pickled"):
        pickle.dumps(method)
    assert copy.copy(method) is copy.deepcopy(method) is method


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_a_method_can_not_be_changed(method: Any) -> None:
    with pytest.raises(AttributeError):
        method.client_id = "another"


def test_methods_are_compared_by_value_and_can_be_in_sets() -> None:
    assert ClientSecretPost("id", SECRET) == ClientSecretPost("id", SECRET)
    assert ClientSecretPost("id", SECRET) != ClientSecretBasic("id", SECRET)
    assert PrivateKeyJwt("id", dict(ES256), aud=[URL]) == PrivateKeyJwt("id", dict(ES256), aud=[URL])
    assert len({PrivateKeyJwt("id", ES256), PrivateKeyJwt("id", ES256), *METHODS}) == len(METHODS)


def test_each_method_says_its_registered_name() -> None:
    names = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]
    assert [method.method for method in METHODS] == names


def test_the_founding_spellings_are_the_same_classes() -> None:
    assert (ClientSecretJWT, PrivateKeyJWT) == (ClientSecretJwt, PrivateKeyJwt)


@pytest.mark.parametrize("cls", [ClientSecretBasic, ClientSecretPost, ClientSecretJwt])
@pytest.mark.parametrize(("client_id", "secret"), [("", "s"), ("id", ""), (None, "s"), ("id", None), ("id", b"s")])
def test_id_and_secret_are_texts(cls: Any, client_id: Any, secret: Any) -> None:
    with pytest.raises(UnsupportedClientCredentials, match=r"must be a string, got (an empty string|a )"):
        cls(client_id, secret)


# --- what a client makes of what its user passed


def made(*args: Any, **kwargs: Any) -> Any:
    return client_auth_factory(*args, **kwargs)


def test_an_id_and_a_secret_make_client_secret_post() -> None:
    expected = ClientSecretPost("id", SECRET)
    assert made(("id", SECRET)) == made(["id", SECRET]) == expected
    assert made(None, client_id="id", client_secret=SECRET) == expected


def test_the_method_for_an_id_and_a_secret_can_be_chosen() -> None:
    assert made(("id", SECRET), default_auth_handler=ClientSecretBasic) == ClientSecretBasic("id", SECRET)
    assert made(("id", SECRET), default_auth_handler=ClientSecretJwt) == ClientSecretJwt("id", SECRET)


def test_an_id_and_a_key_make_private_key_jwt() -> None:
    theirs = ECKey.import_key(ES256)
    pem = theirs.as_pem(private=True).decode()
    for key in (ES256, types.MappingProxyType(ES256), theirs, Signer(ES256)):
        for method in (made(("id", key)), made(None, client_id="id", private_key=key)):
            assert (type(method), method.kid) == (PrivateKeyJwt, ES256["kid"])
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg, match="no kid"):
        made(("id", pem))


def test_a_method_that_is_made_here_has_the_issuer_as_audience() -> None:
    assert made(None, client_id="id", private_key=ES256, issuer=ISSUER).aud == ISSUER
    assert made(("id", ES256), issuer=ISSUER).aud == ISSUER
    assert made(PrivateKeyJwt("id", ES256), issuer=ISSUER).aud is None


def test_an_id_alone_makes_a_public_client() -> None:
    assert made("id") == made(None, client_id="id") == PublicApp("id")


def test_a_handler_is_kept_as_it_is() -> None:
    for handler in (METHODS[0], requests.auth.HTTPBasicAuth("a", "b"), lambda request: request):
        assert made(handler) is handler


@pytest.mark.parametrize(
    ("auth", "options"),
    [
        (None, {}),
        (None, {"client_secret": SECRET}),
        (None, {"private_key": ES256}),
        (None, {"client_id": "id", "client_secret": SECRET, "private_key": ES256}),
        (("id", SECRET), {"client_secret": SECRET}),
        ("id", {"private_key": ES256}),
        (("id",), {}),
        (("id", SECRET, "more"), {}),
        (("id", None), {}),
        (("", SECRET), {}),
        (("id", ""), {}),
        ("", {}),
        (5, {}),
        (ClientSecretPost, {}),
        ({"id": SECRET}, {}),
    ],
)
def test_credentials_that_are_missing_or_contradict_are_refused(auth: Any, options: Any) -> None:
    with pytest.raises(UnsupportedClientCredentials) as caught:
        made(auth, **options)
    assert isinstance(caught.value, (TypeError, ValueError))
    assert SECRET not in str(caught.value)
