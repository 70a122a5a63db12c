"""CIBA: the request to authenticate a user, plain and signed, and the grant (CIBA Core sections 7, 10.1, 11)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import answer, error, token
from devkit.play import NOON, Heard, play
from requests_oauth2client import (
    AccessDenied,
    AuthorizationPending,
    BackChannelAuthenticationError,
    BearerToken,
    ExpiredLoginHintToken,
    IdToken,
    InvalidBackChannelAuthenticationResponse,
    InvalidParam,
    InvalidRequest,
    MissingEndpointUri,
    OAuth2Client,
    SlowDown,
    UnknownUserId,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, secret_key
from requests_oauth2client._protocol.grants.ciba import AUTH_REQ_ID_CLAIM, backchannel_authentication_request, ciba
from requests_oauth2client._protocol.grants.polling import poll
from requests_oauth2client.backchannel_authentication import (
    BackChannelAuthenticationPollingJob,
    BackChannelAuthenticationResponse,
    InvalidBackchannelAuthenticationRequestHintParam,
    InvalidClientNotificationToken,
    MismatchingIdTokenAuthReqId,
    MissingAuthRequestId,
)

ENDPOINT = "https://as.local/backchannel"
ASKED = answer({"auth_req_id": "the-id", "expires_in": 120, "interval": 2})
KEY = generate_private_jwk("ES256", kid="k1")


def client(**settings: Any) -> OAuth2Client:
    settings = {"backchannel_authentication_endpoint": ENDPOINT, **settings}
    return OAuth2Client("https://as.local/token", ("id", "hush-hush"), **settings)


def ask(*args: Any, using: Any = None, coming: Any = ASKED, **parameters: Any) -> Heard[Any]:
    return play(backchannel_authentication_request(using or client(), *args, **parameters), [coming])


def form_of(heard: Heard[Any]) -> dict[str, Any]:
    return {name: text for name, text in heard.forms[0].items() if name not in {"client_id", "client_secret"}}


# --- the request ------------------------------------------------------------------------------------------


def test_a_request_has_what_was_given_and_nothing_else() -> None:
    heard = ask(login_hint="alice", binding_message="W4SCT", acr_values=["high", "low"], requested_expiry=60)
    assert heard.sent[0].url == ENDPOINT
    assert form_of(heard) == {
        "scope": "openid",
        "login_hint": "alice",
        "binding_message": "W4SCT",
        "acr_values": "high low",
        "requested_expiry": 60,
    }
    assert (heard.result.auth_req_id, heard.result.interval) == ("the-id", 2)


def test_scope_words_are_joined_and_further_parameters_are_sent() -> None:
    form = form_of(ask(["openid", "email"], login_hint="alice", user_code="1234", resource="urn:x"))
    assert (form["scope"], form["user_code"], form["resource"]) == ("openid email", "1234", "urn:x")


def test_an_id_token_is_a_hint() -> None:
    text = jws.sign({"sub": "alice"}, secret_key("s" * 32))
    assert form_of(ask(id_token_hint=IdToken(text)))["id_token_hint"] == text


@pytest.mark.parametrize(
    "hints",
    [
        {},
        {"login_hint": ""},
        {"login_hint": "a", "id_token_hint": "b"},
        {"login_hint": "a", "login_hint_token": "b"},
        {"login_hint": "a", "login_hint_token": "b", "id_token_hint": "c"},
    ],
)
def test_there_is_exactly_one_hint(hints: Any) -> None:
    heard = play(backchannel_authentication_request(client(), **hints))
    assert isinstance(heard.error, InvalidBackchannelAuthenticationRequestHintParam)
    assert not heard.sent


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 1025, "\r\nX: y", 42])
def test_a_notification_token_can_be_sent_in_a_header(wrong: Any) -> None:
    assert form_of(ask(login_hint="a", client_notification_token="t0ken_-.~"))["client_notification_token"]
    heard = play(backchannel_authentication_request(client(), login_hint="a", client_notification_token=wrong))
    assert isinstance(heard.error, InvalidClientNotificationToken)


def test_without_the_endpoint_nothing_is_sent() -> None:
    using = client(backchannel_authentication_endpoint=None)
    heard = play(backchannel_authentication_request(using, login_hint="alice"))
    assert isinstance(heard.error, MissingEndpointUri)


def signed_claims(heard: Heard[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    form = form_of(heard)
    assert form.keys() == {"request"}, "CIBA Core section 7.1.1: the parameters are inside, and only there"
    parsed = jws.verify(form["request"], algs=["ES256"], keys=public_jwk(KEY))
    return parsed.header, parsed.claims()


def test_a_signed_request_carries_everything_and_says_who_whom_and_when() -> None:
    using = client(issuer="https://as.local")
    heard = ask(using=using, login_hint="alice", requested_expiry=60, private_jwk=KEY)
    header, claims = signed_claims(heard)
    now = int(NOON.timestamp())
    assert (header["alg"], header["kid"]) == ("ES256", "k1")
    assert claims.pop("jti")
    assert claims == {
        "scope": "openid",
        "login_hint": "alice",
        "requested_expiry": 60,
        "iss": "id",
        "aud": "https://as.local",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
    }


def test_each_signed_request_is_unique() -> None:
    first, second = (signed_claims(ask(login_hint="a", private_jwk=KEY))[1]["jti"] for _ in range(2))
    assert first != second


def test_a_client_that_does_not_know_its_issuer_signs_for_the_endpoint() -> None:
    assert signed_claims(ask(login_hint="a", private_jwk=KEY))[1]["aud"] == ENDPOINT


def test_no_parameter_can_replace_a_claim_of_the_signature() -> None:
    _, claims = signed_claims(ask(login_hint="a", private_jwk=KEY, iss="another", exp=1))
    assert claims["iss"] == "id"
    assert claims["exp"] == int(NOON.timestamp()) + 60


def test_a_key_may_stay_with_its_signer() -> None:
    from requests_oauth2client._jose.keys import signing_key

    own = signing_key(KEY)

    class Signer:
        public_jwk = public_jwk(KEY)

        def sign(self, data: bytes, alg: str) -> bytes:
            assert alg == "ES256"
            return own.sign(data)

    assert signed_claims(ask(login_hint="a", private_jwk=Signer()))


@pytest.mark.parametrize("options", [{"alg": "ES256"}, {"private_jwk": public_jwk(KEY)}, {"private_jwk": "secret"}])
def test_a_request_that_can_not_be_signed_is_not_sent(options: Any) -> None:
    heard = play(backchannel_authentication_request(client(), login_hint="a", **options))
    assert isinstance(heard.error, InvalidParam)
    assert not heard.sent


# --- what comes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coming", "wrong"),
    [
        (error("unknown_user_id"), UnknownUserId),
        (error("expired_login_hint_token"), ExpiredLoginHintToken),
        (error("invalid_request"), InvalidRequest),
        (error("access_denied", 403), AccessDenied),
        (answer({}), InvalidBackChannelAuthenticationResponse),
        (answer({"auth_req_id": 1}), InvalidBackChannelAuthenticationResponse),
        (answer({"auth_req_id": "", "expires_in": 120}), InvalidBackChannelAuthenticationResponse),
        (answer({"auth_req_id": "the-id"}), InvalidBackChannelAuthenticationResponse),
        (answer({"auth_req_id": "the-id", "expires_in": 0}), InvalidBackChannelAuthenticationResponse),
        (answer([]), InvalidBackChannelAuthenticationResponse),
        (answer("<html>", 500), InvalidBackChannelAuthenticationResponse),
        (answer({"error": "unknown_user_id"}), UnknownUserId),
    ],
)
def test_what_is_no_auth_req_id_has_its_own_error(coming: Any, wrong: type[Exception]) -> None:
    assert type(ask(login_hint="a", coming=coming).error) is wrong


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["auth_req_id", "expires_in", "expires_at", "interval", "error", "self", "kwargs"])


@given(st.binary() | st.dictionaries(FIELDS, JSON).map(lambda fields: json.dumps(fields).encode()))
def test_whatever_comes_it_is_a_response_or_one_of_our_errors(body: bytes) -> None:
    heard = ask(login_hint="a", coming=answer(body))
    if heard.error is None:
        assert heard.result.interval >= 0
    else:
        assert isinstance(heard.error, (InvalidBackChannelAuthenticationResponse, BackChannelAuthenticationError))


# --- the grant --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given_id", ["the-id", BackChannelAuthenticationResponse("the-id")], ids=["str", "response"])
def test_the_grant_asks_with_the_auth_req_id(given_id: Any) -> None:
    heard = play(ciba(client(), given_id), [token()])
    assert heard.forms[0]["grant_type"] == "urn:openid:params:grant-type:ciba"
    assert heard.forms[0]["auth_req_id"] == "the-id"
    assert heard.result.access_token


@pytest.mark.parametrize("nothing", [None, "", 1, BearerToken("x"), BackChannelAuthenticationResponse("")])
def test_without_an_auth_req_id_nothing_is_sent(nothing: Any) -> None:
    heard = play(ciba(client(), nothing))
    assert isinstance(heard.error, MissingAuthRequestId)
    assert not heard.sent


@pytest.mark.parametrize(
    ("code", "wrong"),
    [("authorization_pending", AuthorizationPending), ("slow_down", SlowDown), ("access_denied", AccessDenied)],
)
def test_an_answer_without_a_token_says_why(code: str, wrong: type[Exception]) -> None:
    assert isinstance(play(ciba(client(), "the-id"), [error(code)]).error, wrong)


def id_token(**claims: Any) -> str:
    now = int(NOON.timestamp())
    known = {"iss": "https://as.local", "sub": "alice", "aud": "id", "iat": now, "exp": now + 60}
    return jws.sign({**known, **claims}, secret_key("hush-hush"))


def granted(text: str) -> Heard[Any]:
    using = client(issuer="https://as.local", id_token_signed_response_alg="HS256")
    return play(ciba(using, "the-id"), [token(id_token=text)])


def test_the_id_token_is_checked() -> None:
    assert granted(id_token()).result.id_token.checked
    assert granted(id_token(aud="another")).error is not None


def test_an_id_token_that_names_another_request_is_refused() -> None:
    assert granted(id_token(**{AUTH_REQ_ID_CLAIM: "the-id"})).result.id_token.checked
    heard = granted(id_token(**{AUTH_REQ_ID_CLAIM: "another"}))
    assert isinstance(heard.error, MismatchingIdTokenAuthReqId)
    assert "the-id" not in str(heard.error)


# --- polling ----------------------------------------------------------------------------------------------


def test_a_job_waits_as_the_server_says_and_slows_down_for_good() -> None:
    job = BackChannelAuthenticationPollingJob(client(), BackChannelAuthenticationResponse("the-id", interval=2))
    waits = []
    for coming in (error("authorization_pending"), error("slow_down"), error("authorization_pending"), token()):
        heard = play(poll(job), [coming])
        waits += heard.sleeps
    assert waits == [2, 2, 7, 7]
    assert heard.result.access_token


def test_a_job_for_a_bare_auth_req_id_waits_five_seconds() -> None:
    assert BackChannelAuthenticationPollingJob(client(), "the-id").interval == 5


def test_a_job_stops_at_expiry_without_asking() -> None:
    asked = BackChannelAuthenticationResponse("the-id", expires_at=NOON.timestamp() + 1, interval=2)
    heard = play(poll(BackChannelAuthenticationPollingJob(client(), asked)))
    assert not heard.sent
    assert heard.error is not None
