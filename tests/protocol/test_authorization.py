"""The callback, checked whole: signed answers (JARM) and ID tokens that came through the browser."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devkit.exchange import Answer
from devkit.flavors import Flavor
from devkit.play import play
from requests_oauth2client import (
    AuthorizationDenied,
    AuthorizationRequest,
    AuthorizationResponseError,
    ExpiredResponseJwt,
    InvalidAuthResponse,
    InvalidIdToken,
    InvalidResponseJwt,
    MismatchingIdTokenHash,
    MismatchingIdTokenNonce,
    MismatchingIssuer,
    MismatchingResponseJwtAudience,
    MismatchingState,
    MissingAuthCode,
    MissingEndpointUri,
    MissingIdToken,
    MissingIssuer,
    MissingResponseJwt,
    OAuth2Client,
    UncheckableResponseJwt,
    UnsupportedResponseJwtAlg,
)
from requests_oauth2client._jose import jwe, jws
from requests_oauth2client._jose.jwk import generate_private_jwk
from requests_oauth2client._jose.keys import public_jwk, secret_key, signing_key
from requests_oauth2client._protocol.authorization import authorization_endpoint

ISSUER = "https://as.local"
CALLBACK = "https://app.local/cb"
KEY = {**generate_private_jwk("RS256"), "kid": "one"}
OTHER_KEY = {**generate_private_jwk("RS256"), "kid": "two"}
OURS = generate_private_jwk("ECDH-ES")
JWKS = {"keys": [{name: value for name, value in public_jwk(KEY).items() if name != "alg"}]}
FOR_THE_JWT = {"iss": ISSUER, "aud": "id", "exp": int(time.time()) + 86_400}
SECRET = "hush-hush-hush-hush-hush-hush-hush"


def make(mode: str | None = "jwt", **more: Any) -> AuthorizationRequest:
    return AuthorizationRequest(
        f"{ISSUER}/authorize", "id", CALLBACK, **{"state": "s", "nonce": "n", "issuer": ISSUER, **more},
        response_mode=mode,
    )  # fmt: skip


def signed(key: Any = KEY, alg: str = "RS256", **claims: Any) -> str:
    payload = {**FOR_THE_JWT, "code": "c", "state": "s", **claims}
    return jws.sign({name: value for name, value in payload.items() if value is not None}, signing_key(key, alg=alg))


def with_jwks(flavor: Flavor, **more: Any) -> tuple[Any, list[Any]]:
    known = {"jwks_uri": f"{ISSUER}/jwks", "issuer": ISSUER, **more}
    return flavor.mocked(Answer(status_code=200, content=json.dumps(JWKS).encode()), **known)


# --- JARM: where it comes, and what is taken from it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "response_type", "shape"),
    [
        ("jwt", "code", "{cb}?response={jwt}"),
        ("query.jwt", "code", "{cb}?response={jwt}"),
        ("fragment.jwt", "code", "{cb}#response={jwt}"),
        ("fragment.jwt", "code", "#response={jwt}"),
        ("form_post.jwt", "code", "response={jwt}"),
        ("jwt", "none", "{cb}?response={jwt}"),
    ],
)
def test_a_signed_answer_is_read_in_every_mode(flavor: Flavor, mode: str, response_type: str, shape: str) -> None:
    client, received = with_jwks(flavor)
    request = make(mode, response_type=response_type)
    came = shape.format(cb=CALLBACK, jwt=signed(session_state="x"))
    answer = flavor.run(client.authorization_response(request, came))
    assert answer.code == ("c" if response_type == "code" else "")
    assert (answer.state, answer.session_state, answer.code_verifier) == ("s", "x", request.code_verifier)
    assert [one.url for one in received] == [f"{ISSUER}/jwks"]


def test_the_fields_of_a_form_post_are_taken(flavor: Flavor) -> None:
    client, _ = with_jwks(flavor)
    assert flavor.run(client.authorization_response(make("form_post.jwt"), {"response": signed()})).code == "c"
    assert flavor.run(client.authorization_response(make("form_post"), {"code": "c", "state": "s"})).code == "c"


def test_a_signed_request_stands_for_its_original(flavor: Flavor) -> None:
    client, _ = with_jwks(flavor)
    request = make().sign(generate_private_jwk("ES256"))
    assert flavor.run(client.authorization_response(request, f"response={signed()}")).code == "c"


def test_what_stands_beside_the_jwt_does_not_count(flavor: Flavor) -> None:
    client, _ = with_jwks(flavor)
    with pytest.raises(MissingAuthCode):
        flavor.run(client.authorization_response(make(), f"response={signed(code=None)}&code=planted&state=s"))
    answer = flavor.run(client.authorization_response(make(), f"response={signed()}&code=x&state=x&iss=x&error=x"))
    assert (answer.code, answer.kwargs) == ("c", {})


def test_an_encrypted_answer_is_opened(flavor: Flavor) -> None:
    client, _ = with_jwks(
        flavor, authorization_encrypted_response_alg="ECDH-ES", id_token_decryption_key={"keys": [OURS]}
    )
    inside = jwe.encrypt(signed(), public_jwk(OURS), alg="ECDH-ES", enc="A128CBC-HS256")
    assert flavor.run(client.authorization_response(make(), f"response={inside}")).code == "c"
    with pytest.raises(InvalidResponseJwt, match="expected 5 parts"):
        flavor.run(client.authorization_response(make(), f"response={signed()}"))


def test_a_key_that_opens_nothing_is_our_mistake(flavor: Flavor) -> None:
    client, _ = with_jwks(flavor, authorization_encrypted_response_alg="ECDH-ES", id_token_decryption_key={"keys": []})
    inside = jwe.encrypt(signed(), public_jwk(OURS), alg="ECDH-ES", enc="A128CBC-HS256")
    with pytest.raises(UncheckableResponseJwt):
        flavor.run(client.authorization_response(make(), f"response={inside}"))


def test_a_shared_secret_signs_only_where_it_is_registered_so(flavor: Flavor) -> None:
    jwt = jws.sign({**FOR_THE_JWT, "code": "c", "state": "s"}, secret_key(SECRET))
    registered, received = with_jwks(flavor, auth=("id", SECRET), authorization_signed_response_alg="HS256")
    assert flavor.run(registered.authorization_response(make(), f"response={jwt}")).code == "c"
    assert not received
    client, _ = with_jwks(flavor, auth=("id", SECRET))
    with pytest.raises(UnsupportedResponseJwtAlg, match=r"HS256.*RS256"):
        flavor.run(client.authorization_response(make(), f"response={jwt}"))


# --- JARM: what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jwt", "error"),
    [
        (signed(iss=None), MissingIssuer),
        (signed(iss="https://evil.local"), MismatchingIssuer),
        (signed(iss=5), MismatchingIssuer),
        (signed(aud=None), InvalidResponseJwt),
        (signed(aud="other"), MismatchingResponseJwtAudience),
        (signed(exp=None), InvalidResponseJwt),
        (signed(exp=int(time.time()) - 60), ExpiredResponseJwt),
        (signed(exp="soon"), InvalidResponseJwt),
        (signed(nbf=int(time.time()) + 86_400), InvalidResponseJwt),
        (signed(OTHER_KEY), InvalidResponseJwt),
        (signed({**OTHER_KEY, "kid": "one"}), InvalidResponseJwt),
        (signed({**KEY, "alg": "PS256"}), UnsupportedResponseJwtAlg),
        (jws.sign(FOR_THE_JWT, secret_key(SECRET)), UnsupportedResponseJwtAlg),
        (signed().rpartition(".")[0] + ".", InvalidResponseJwt),
        ("eyJhbGciOiJub25lIn0." + signed().split(".")[1] + ".", UnsupportedResponseJwtAlg),
        ("no-jwt-at-all", InvalidResponseJwt),
        (jwe.encrypt(signed(), public_jwk(OURS), alg="ECDH-ES", enc="A128GCM"), InvalidResponseJwt),
        (signed(state="other"), MismatchingState),
        (signed(state=5), MismatchingState),
        (signed(state=None), MismatchingState),
        (signed(code=None), MissingAuthCode),
        (signed(code=None, error="access_denied"), AuthorizationDenied),
    ],
)
def test_each_wrong_answer_has_its_error(jwt: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        make().validate_callback(f"{CALLBACK}?response={jwt}", jwks=JWKS)
    assert type(caught.value) is error
    assert jwt not in str(caught.value)


def test_a_plain_answer_is_no_signed_one(flavor: Flavor) -> None:
    client, received = with_jwks(flavor)
    for came in ("code=c&state=s", "error=access_denied&state=s", {"code": "c", "state": "s"}):
        with pytest.raises(MissingResponseJwt):
            flavor.run(client.authorization_response(make(), came))
        with pytest.raises(MissingResponseJwt):
            make().validate_callback(came, jwks=JWKS)
    assert not received


def test_without_keys_a_signed_answer_says_what_to_call() -> None:
    with pytest.raises(UncheckableResponseJwt, match=r"authorization_response\(request, callback\)"):
        make().validate_callback(f"response={signed()}")


def test_without_an_issuer_it_says_what_to_pass() -> None:
    with pytest.raises(UncheckableResponseJwt, match="issuer="):
        make(issuer=None).validate_callback(f"response={signed()}", jwks=JWKS)


def test_a_client_without_keys_says_so(flavor: Flavor) -> None:
    client, _ = flavor.mocked(Answer())
    with pytest.raises(MissingEndpointUri, match="jwks_uri"):
        flavor.run(client.authorization_response(make(), f"response={signed()}"))


def test_an_answer_for_somebody_else_fetches_no_keys(flavor: Flavor) -> None:
    client, received = with_jwks(flavor)
    for jwt in (signed(iss="https://evil.local"), signed(aud="other"), signed({**KEY, "alg": "PS256"})):
        with pytest.raises(InvalidAuthResponse):
            flavor.run(client.authorization_response(make(), f"response={jwt}"))
    assert not received


def test_keys_can_be_passed_and_the_alg_pinned() -> None:
    jwt = signed({**KEY, "alg": "PS256"})
    assert make().validate_callback(f"response={jwt}", jwks=JWKS, alg="PS256").code == "c"


# --- the hybrid flow -------------------------------------------------------------------------------------------------


def half(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def id_token(**claims: Any) -> str:
    now = int(time.time())
    right = {"sub": "alice", "iat": now, "nonce": "n", "c_hash": half("c"), "s_hash": half("s")}
    return signed(code=None, state=None, **{**right, **claims})


def hybrid(flavor: Flavor, came: str, response_type: str = "code id_token", **more: Any) -> Any:
    client, _ = with_jwks(flavor, id_token_signed_response_alg="RS256")
    return flavor.run(client.authorization_response(make(None, response_type=response_type, **more), came))


def test_code_and_id_token_come_in_the_fragment(flavor: Flavor) -> None:
    answer = hybrid(flavor, f"{CALLBACK}#code=c&state=s&id_token={id_token()}")
    assert (answer.code, answer.id_token.checked, answer.id_token.subject) == ("c", True, "alice")


def test_an_id_token_can_come_alone(flavor: Flavor) -> None:
    jwt = id_token(c_hash=None)
    answer = hybrid(flavor, f"{CALLBACK}#state=s&id_token={jwt}", "id_token")
    assert (answer.code, answer.id_token.checked) == ("", True)


def test_an_id_token_can_come_in_a_signed_answer(flavor: Flavor) -> None:
    client, _ = with_jwks(flavor)
    jwt = signed(id_token=id_token())
    answer = flavor.run(client.authorization_response(make(response_type="code id_token"), f"#response={jwt}"))
    assert answer.id_token.checked


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"c_hash": half("other")}, MismatchingIdTokenHash),
        ({"c_hash": None}, InvalidIdToken),
        ({"s_hash": half("other")}, MismatchingIdTokenHash),
        ({"nonce": "other"}, MismatchingIdTokenNonce),
        ({"nonce": None}, MismatchingIdTokenNonce),
        ({"key": OTHER_KEY}, InvalidIdToken),
    ],
)
def test_a_wrong_id_token_is_refused(flavor: Flavor, claims: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        hybrid(flavor, f"{CALLBACK}#code=c&state=s&id_token={id_token(**claims)}")


def test_an_id_token_names_the_issuer_as_well_as_the_parameter_does(flavor: Flavor) -> None:
    announced = {"authorization_response_iss_parameter_supported": True}
    assert hybrid(flavor, f"#code=c&state=s&id_token={id_token()}", **announced).code == "c"
    with pytest.raises(MissingIssuer):
        hybrid(flavor, "#error=access_denied&state=s", **announced)
    with pytest.raises(MismatchingIssuer):
        hybrid(flavor, f"#code=c&state=s&iss={ISSUER}&id_token={id_token(iss='https://evil.local')}", **announced)
    with pytest.raises(MismatchingIssuer):
        hybrid(flavor, f"#code=c&state=s&iss=https://evil.local&id_token={id_token()}", **announced)


def test_an_id_token_that_was_asked_for_must_come(flavor: Flavor) -> None:
    with pytest.raises(MissingIdToken):
        hybrid(flavor, f"{CALLBACK}#code=c&state=s")
    with pytest.raises(MissingIdToken):
        make(None, response_type="code id_token").validate_callback("#code=c&state=s")


def test_what_is_no_jwt_is_no_id_token() -> None:
    with pytest.raises(InvalidIdToken):
        make(None, response_type="code id_token").validate_callback("#code=c&state=s&id_token=planted")


def test_an_id_token_that_was_not_asked_for_does_not_count(flavor: Flavor) -> None:
    answer = hybrid(flavor, f"{CALLBACK}?code=c&state=s&id_token=planted", "code")
    assert answer.id_token is None


def test_without_a_client_the_id_token_is_there_but_unchecked() -> None:
    answer = make(None, response_type="code id_token").validate_callback(f"#code=c&state=s&id_token={id_token()}")
    assert answer.id_token is not None
    assert not answer.id_token.checked


def test_a_nonce_is_demanded_for_an_id_token_through_the_browser() -> None:
    with pytest.raises(ValueError, match="nonce"):
        make(None, response_type="id_token", nonce=None)


# --- whatever comes --------------------------------------------------------------------------------------------------

HEADERS = st.sampled_from(['{"alg":"RS256"}', '{"alg":"none"}', '{"alg":5}', "{}", "[", '{"alg":"HS256","kid":"one"}'])
PARTS = (HEADERS | st.text(max_size=30) | st.just(json.dumps(FOR_THE_JWT))).map(
    lambda text: base64.urlsafe_b64encode(text.encode(errors="replace")).rstrip(b"=").decode()
)
JWTS = st.lists(PARTS | st.text(max_size=10), max_size=6).map(".".join)
VALUES = st.none() | st.text(max_size=9) | st.integers() | st.lists(st.none(), max_size=2) | st.just("id")
CLAIMS = st.dictionaries(st.sampled_from([*FOR_THE_JWT, "code", "state", "error", "id_token", "self"]), VALUES)


@given(jwt=JWTS | CLAIMS.map(lambda claims: signed(**claims)), hybrid=st.booleans(), beside=st.text(max_size=20))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
def test_whatever_comes_only_documented_errors_come_out(jwt: str, hybrid: bool, beside: str) -> None:
    client = OAuth2Client(f"{ISSUER}/token", "id", issuer=ISSUER, authorization_server_jwks=JWKS)
    request = make(response_type="code id_token" if hybrid else "code")
    came = f"#{urlencode({'response': jwt, 'beside': beside})}" if hybrid else {"response": jwt, "beside": beside}
    heard = play(authorization_endpoint.authorization_response(client, request, came))
    assert heard.error is None or isinstance(
        heard.error, (InvalidAuthResponse, AuthorizationResponseError, InvalidIdToken)
    )
    assert heard.error is not None or heard.result.code
