"""The request: what is sent, what is kept, what is refused."""

import copy
import dataclasses
import json
import pickle
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client.authorization_details import InvalidAuthorizationDetails
from requests_oauth2client.authorization_request import (
    AuthorizationRequest,
    AuthorizationResponse,
    InvalidAuthorizationRequestParam,
    InvalidMaxAgeParam,
    InvalidPromptParam,
    InvalidRedirectUri,
    MissingIssuerParam,
)
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.pkce import InvalidCodeVerifierParam, PkceUtils, UnsupportedCodeChallengeMethod
from requests_oauth2client.tokens import IdToken
from requests_oauth2client.utils import InvalidEndpointUri, InvalidScopeParam

ENDPOINT = "https://as.local/authorize"
REDIRECT_URI = "http://localhost/callback"
VERIFIER = "planted-verifier-planted-verifier-planted-verifier"


class Key:
    """A stand-in for a DPoP key: all that an authorization request asks of one."""

    dpop_jkt = "thumbprint"


def make(**kwargs: Any) -> AuthorizationRequest:
    return AuthorizationRequest(ENDPOINT, "client", REDIRECT_URI, **kwargs)


def sent(request: AuthorizationRequest) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(str(request)).query, keep_blank_values=True, strict_parsing=True)


def names(request: AuthorizationRequest) -> list[str]:
    return [name for name, _ in sent(request)]


# --- what is sent --------------------------------------------------------------------------------------


def test_the_founding_example_sends_the_parameters_it_shows() -> None:
    request = AuthorizationRequest(
        "https://myas.local/authorize",
        "my_client_id",
        redirect_uri=REDIRECT_URI,
        scope="openid email profile",
        resource="https://my.resource.local/api",
    )
    assert sent(request) == [
        ("client_id", "my_client_id"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("state", request.state),
        ("nonce", request.nonce),
        ("scope", "openid email profile"),
        ("code_challenge", request.code_challenge),
        ("code_challenge_method", "S256"),
        ("resource", "https://my.resource.local/api"),
    ]
    assert "&scope=openid+email+profile&" in str(request)


def test_text_uri_and_request_are_the_same_url() -> None:
    request = make()
    assert str(request) == request.uri == f"{request}" == request.request.url
    assert request.request.method == "GET"


def test_the_first_nine_parameters_are_positional() -> None:
    request = AuthorizationRequest(ENDPOINT, "c", REDIRECT_URI, "openid", "code", "s", "n", VERIFIER, "plain")
    assert dict(sent(request)) == {
        "client_id": "c",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "response_type": "code",
        "state": "s",
        "nonce": "n",
        "code_challenge": VERIFIER,
        "code_challenge_method": "plain",
    }


def test_a_query_in_the_endpoint_is_kept() -> None:
    assert AuthorizationRequest(f"{ENDPOINT}?p=login", "c").uri.startswith(f"{ENDPOINT}?p=login&client_id=c&")
    assert AuthorizationRequest(f"{ENDPOINT}?", "c").uri.startswith(f"{ENDPOINT}?client_id=c&")


def test_a_parameter_in_the_endpoint_that_would_be_sent_twice_is_refused() -> None:
    with pytest.raises(InvalidEndpointUri, match="has client_id, p already"):
        AuthorizationRequest(f"{ENDPOINT}?client_id=other&p=1", "c", p="2")


def test_redirect_uri_scope_and_further_parameters_of_none_are_not_sent() -> None:
    assert names(AuthorizationRequest(ENDPOINT, "c", None, None, audience=None)) == [
        "client_id",
        "response_type",
        "state",
        "code_challenge",
        "code_challenge_method",
    ]


@pytest.mark.parametrize("scope", ["openid email", ["openid", "email"], ("openid", "email"), iter(["openid", "email"])])
def test_a_scope_is_a_text_or_words(scope: Any) -> None:
    request = make(scope=scope)
    assert request.scope == ("openid", "email")
    assert dict(sent(request))["scope"] == "openid email"


@pytest.mark.parametrize("scope", ["", [], "  "])
def test_an_empty_scope_is_not_sent(scope: Any) -> None:
    assert make(scope=scope).scope is None
    assert "scope" not in names(make(scope=scope))


@pytest.mark.parametrize("acr_values", ["a b", ["a", "b"], iter("ab")])
def test_acr_values_are_a_text_or_words(acr_values: Any) -> None:
    request = make(acr_values=acr_values)
    assert request.acr_values == ("a", "b")
    assert dict(sent(request))["acr_values"] == "a b"


def test_max_age_zero_is_sent() -> None:
    assert ("max_age", "0") in sent(make(max_age=0))


def test_several_resources_are_a_repeated_parameter() -> None:
    request = make(resource=["https://a", "https://b"])
    assert [pair for pair in sent(request) if pair[0] == "resource"] == [
        ("resource", "https://a"),
        ("resource", "https://b"),
    ]


def test_several_prompts_are_words_of_one_parameter() -> None:
    assert ("prompt", "login consent") in sent(make(prompt=["login", "consent"]))
    assert ("ui_locales", "fr en") in sent(make(ui_locales="fr en"))


def test_json_and_booleans_are_written_as_the_specs_say() -> None:
    claims = {"id_token": {"acr": None}}
    details = [{"type": "payment", "amount": 1}]
    query = dict(sent(make(claims=claims, authorization_details=details, flag=True, other=False)))
    assert json.loads(query["claims"]) == claims
    assert json.loads(query["authorization_details"]) == details
    assert (query["flag"], query["other"]) == ("true", "false")


@pytest.mark.parametrize(
    "name",
    "response_mode prompt display ui_locales login_hint id_token_hint claims resource authorization_details".split(),
)
def test_a_named_parameter_is_none_when_it_is_absent(name: str) -> None:
    assert getattr(make(), name) is None
    assert name not in names(make(**{name: None}))
    value = {"type": "x"} if name in ("claims", "authorization_details") else "x"
    assert name in names(make(**{name: value}))


def test_an_id_token_is_a_hint_as_it_is() -> None:
    token = IdToken("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
    assert dict(sent(make(id_token_hint=token)))["id_token_hint"] == str(token)


def test_an_iterator_is_read_once_and_sent_whole() -> None:
    request = make(resource=iter(["https://a", "https://b"]))
    assert request.resource == ["https://a", "https://b"]
    assert [value for name, value in sent(request) if name == "resource"] == request.resource


def test_prompt_none_stands_alone() -> None:
    assert make(prompt="none").prompt == "none"
    for prompt in ("none login", ["none", "consent"]):
        with pytest.raises(InvalidPromptParam, match="'none'"):
            make(prompt=prompt)


def test_claims_may_be_json() -> None:
    assert make(claims='{"userinfo": {"email": null}}').claims == {"userinfo": {"email": None}}


def test_args_are_the_parameters_as_values() -> None:
    request = make(resource=["https://a"], max_age=5)
    assert request.args["resource"] == ["https://a"]
    assert request.args["max_age"] == 5
    assert list(request.args) == names(request)


# --- state, nonce, PKCE, DPoP ----------------------------------------------------------------------------


def test_state_nonce_and_verifier_are_others_each_time() -> None:
    requests = [make() for _ in range(20)]
    for name in ("state", "nonce", "code_verifier"):
        assert len({getattr(request, name) for request in requests}) == 20
    assert all(len(request.state or "") >= 43 for request in requests)


@pytest.mark.parametrize("name", ["state", "nonce"])
@pytest.mark.parametrize("absent", [None, False])
def test_state_and_nonce_can_be_left_out(name: str, absent: Any) -> None:
    request = make(**{name: absent})
    assert getattr(request, name) is None
    assert name not in names(request)


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_state_and_nonce_can_be_given_or_asked_for(name: str) -> None:
    assert getattr(make(**{name: "a b&c"}), name) == "a b&c"
    assert dict(sent(make(**{name: "a b&c"})))[name] == "a b&c"
    assert len(getattr(make(**{name: True}, scope=None), name)) == 43


def test_a_nonce_is_made_only_for_openid() -> None:
    assert make(scope="email openid").nonce
    assert make(scope="email openid2").nonce is None
    assert make(scope=None).nonce is None


def test_the_challenge_belongs_to_the_verifier() -> None:
    request = make()
    query = dict(sent(request))
    assert PkceUtils.validate_code_verifier(request.code_verifier or "", query["code_challenge"])
    assert VERIFIER not in make(code_verifier=VERIFIER).uri


def test_a_given_verifier_may_be_bytes() -> None:
    assert make(code_verifier=VERIFIER.encode()).code_verifier == VERIFIER


def test_without_a_method_there_is_no_pkce() -> None:
    request = make(code_challenge_method=None, code_verifier=VERIFIER)
    assert (request.code_verifier, request.code_challenge) == (None, None)
    assert not any("code_challenge" in name for name in names(request))


def test_whoever_does_pkce_himself_can_send_his_challenge() -> None:
    request = make(code_challenge_method=None, code_challenge="mine")
    assert dict(sent(request))["code_challenge"] == "mine"


def test_a_dpop_key_is_announced_by_its_thumbprint() -> None:
    for request in (make(dpop=True, dpop_key=Key()), make(dpop_key=Key())):
        assert request.dpop
        assert request.dpop_jkt == dict(sent(request))["dpop_jkt"] == "thumbprint"


def test_without_dpop_there_is_no_key() -> None:
    assert (make().dpop, make().dpop_key, make().dpop_jkt) == (False, None, None)
    assert "dpop_jkt" not in names(make())


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint", ["http://as.example/authorize", "https://as.local", "https://u:p@as.local/a", f"{ENDPOINT}#x", "", None]
)
def test_a_bad_endpoint_is_refused(endpoint: Any) -> None:
    with pytest.raises(InvalidEndpointUri, match="authorization_endpoint"):
        AuthorizationRequest(endpoint, "c")


def test_an_endpoint_on_loopback_may_be_http_and_any_object_with_a_text() -> None:
    class Url:
        def __str__(self) -> str:
            return "http://127.0.0.1:8000/authorize"

    request = AuthorizationRequest(Url(), "c")  # type: ignore[arg-type]
    assert request.authorization_endpoint == "http://127.0.0.1:8000/authorize"


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb?x=1",
        "com.example.app:/cb",
        "http://[::1]:5000/",
        "urn:ietf:wg:oauth:2.0:oob",
        "postmessage",
    ],
)
def test_native_and_web_redirect_uris_are_taken(uri: str) -> None:
    assert dict(sent(AuthorizationRequest(ENDPOINT, "c", uri)))["redirect_uri"] == uri


@pytest.mark.parametrize("uri", ["", "https://a.example/c#f", "https://a/ b", "post\nmessage", "https:\\\\a"])
def test_a_bad_redirect_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidRedirectUri, match="redirect_uri"):
        AuthorizationRequest(ENDPOINT, "c", uri)


@pytest.mark.parametrize("max_age", [-1, 1.5, "10", True])
def test_a_bad_max_age_is_refused(max_age: Any) -> None:
    with pytest.raises(InvalidMaxAgeParam, match="seconds as an int"):
        make(max_age=max_age)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"scope": 5}, InvalidScopeParam),
        ({"code_verifier": "short"}, InvalidCodeVerifierParam),
        ({"code_challenge_method": "S512"}, UnsupportedCodeChallengeMethod),
        ({"state": ""}, InvalidAuthorizationRequestParam),
        ({"state": "\ud800"}, InvalidAuthorizationRequestParam),
        ({"nonce": 5}, InvalidAuthorizationRequestParam),
        ({"response_type": ""}, InvalidAuthorizationRequestParam),
        ({"acr_values": 5}, InvalidAuthorizationRequestParam),
        ({"acr_values": [5]}, InvalidAuthorizationRequestParam),
        ({"acr_values": ["a b"]}, InvalidAuthorizationRequestParam),
        ({"dpop_key": "key"}, InvalidAuthorizationRequestParam),
        ({"claims": {"a": object()}}, InvalidAuthorizationRequestParam),
        ({"audience": "\ud800"}, InvalidAuthorizationRequestParam),
        ({"claims": "{"}, InvalidAuthorizationRequestParam),
        ({"claims": "[]"}, InvalidAuthorizationRequestParam),
        ({"response_mode": ""}, InvalidAuthorizationRequestParam),
        ({"response_mode": 5}, InvalidAuthorizationRequestParam),
        ({"response_type": "id_token", "nonce": None}, InvalidAuthorizationRequestParam),
        ({"authorization_details": "{}"}, InvalidAuthorizationDetails),
        ({"prompt": "none login"}, InvalidPromptParam),
        ({"authorization_response_iss_parameter_supported": True}, MissingIssuerParam),
    ],
)
def test_each_bad_argument_has_its_error(bad: dict[str, Any], error: type[InvalidParam]) -> None:
    with pytest.raises(error) as caught:
        make(**bad)
    assert isinstance(caught.value, InvalidParam)


@pytest.mark.parametrize("client_id", [None, "", 5])
def test_a_client_id_is_needed(client_id: Any) -> None:
    with pytest.raises(InvalidAuthorizationRequestParam, match="'client_id'"):
        AuthorizationRequest(ENDPOINT, client_id)


@pytest.mark.parametrize("name", ["code_challenge", "request", "request_uri", "client_secret", "kwargs"])
def test_a_further_parameter_can_not_replace_what_the_request_is(name: str) -> None:
    with pytest.raises(InvalidAuthorizationRequestParam) as caught:
        make(**{name: "planted-value"})
    assert caught.value.name == name
    assert "planted" not in str(caught.value)


def test_a_dpop_thumbprint_can_not_stand_beside_a_key() -> None:
    with pytest.raises(InvalidAuthorizationRequestParam, match="dpop_jkt"):
        make(dpop_key=Key(), dpop_jkt="other")


# --- it is a value -------------------------------------------------------------------------------------------

further = st.dictionaries(
    st.sampled_from(["resource", "display", "login_hint", "ui_locales", "self", "uri", "x-y"]),
    st.text(max_size=20) | st.booleans() | st.integers() | st.lists(st.text(max_size=5), max_size=3),
)


@given(
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "scope": st.sampled_from([None, "openid", ["a", "b"]]),
            "state": st.none() | st.booleans() | st.text(min_size=1),
            "nonce": st.none() | st.booleans() | st.text(min_size=1),
            "code_challenge_method": st.sampled_from([None, "S256", "plain"]),
            "acr_values": st.sampled_from([None, "1 2", ["urn:x"]]),
            "max_age": st.none() | st.integers(min_value=0),
            "issuer": st.sampled_from([None, "https://as.local"]),
            "dpop_key": st.sampled_from([None, Key()]),
            "prompt": st.sampled_from([None, "none", "login consent", ["login", "consent"]]),
            "response_mode": st.sampled_from([None, "query", "form_post", "jwt"]),
            "claims": st.sampled_from([None, {"userinfo": {"email": None}}, '{"id_token": {}}']),
            "authorization_details": st.sampled_from([None, {"type": "a"}, [{"type": "b", "x": {"y": 1}}]]),
        },
    ),
    more=further,
)
def test_its_arguments_make_an_equal_one(arguments: dict[str, Any], more: dict[str, Any]) -> None:
    request = make(**arguments, **more)
    again = AuthorizationRequest(**request.as_dict())
    assert again == request
    assert hash(again) == hash(request)
    assert str(again) == str(request)
    assert len(set(names(request)) - {"resource"}) <= len(names(request))


def test_another_value_makes_another_request() -> None:
    request = make(resource="https://a")
    assert request != make(resource="https://a")
    assert request != request.replace(resource="https://b")
    assert request == request.replace(resource="https://a")
    assert request.replace(max_age=3).state == request.state
    assert request != str(request)


def test_the_ways_of_the_stdlib_to_replace_lose_nothing() -> None:
    request = make(resource="https://a")
    changed = request.__replace__(max_age=3)  # copy.replace, from Python 3.13 on
    assert (changed.max_age, changed.resource, changed.state) == (3, "https://a", request.state)
    with pytest.raises(InvalidAuthorizationRequestParam, match=r"replace\(\)"):
        dataclasses.replace(request, max_age=3)


def test_it_does_not_change() -> None:
    request = make(resource="https://a")
    with pytest.raises(AttributeError):
        request.state = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del request.state
    with pytest.raises(TypeError):
        request.kwargs["resource"] = "other"  # type: ignore[index]
    request.args["resource"] = "other"
    assert request.resource == "https://a"


def test_further_parameters_are_attributes() -> None:
    request = make(login_hint="me", uri="no")
    assert request.login_hint == request.kwargs["login_hint"] == "me"
    assert request.uri.startswith(ENDPOINT)
    with pytest.raises(AttributeError, match="AuthorizationRequest has no 'audience'"):
        _ = request.audience


def test_its_repr_shows_no_secret() -> None:
    request = make(
        state="planted-state", nonce="planted-nonce", code_verifier=VERIFIER, id_token_hint="planted", dpop_key=Key()
    )
    shown = repr(request) + repr(request.args) + repr(request.request) + repr(request.kwargs)
    assert "planted" not in shown
    assert ENDPOINT in shown


def test_it_is_not_pickled_but_copied() -> None:
    request = make()
    with pytest.raises(TypeError, match="AuthorizationRequestSerializer") as caught:
        pickle.dumps(request)
    assert str(request.state) not in str(caught.value)
    assert copy.copy(request) == copy.deepcopy(request) == request


def test_a_subclass_is_one_too() -> None:
    class Mine(AuthorizationRequest):
        def __init__(self, client_id: str, **kwargs: Any) -> None:
            super().__init__(ENDPOINT, client_id, **{"prompt": "login", **kwargs})

        @property
        def tenant(self) -> str:
            return "t"

    request = Mine("c", state="s")
    assert (request.prompt, request.tenant) == ("login", "t")
    assert request.validate_callback("code=x&state=s").code == "x"


def test_a_response_is_a_value_too() -> None:
    response = AuthorizationResponse(
        "planted-code", state="planted-state", code_verifier=VERIFIER, acr_values="1 2", x="y"
    )
    assert str(response) == f"{response}" == "planted-code"
    assert (response.acr_values, response.x) == (("1", "2"), "y")
    assert AuthorizationResponse(**response.as_dict()) == response
    assert hash(response.replace()) == hash(response)
    assert response.replace(code="other") != response
    assert "planted" not in repr(response)
    assert copy.deepcopy(response) == response
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(response)
    with pytest.raises(AttributeError):
        response.code = "other"  # type: ignore[misc]
