"""Parameters of an authorization request: read back as words, sent as one string, refused where they are misspelled."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from requests_oauth2client import (
    AuthorizationRequest,
    AuthorizationRequestSerializer,
    AuthorizationResponse,
    BearerToken,
    InvalidAcrValuesParam,
    OAuth2Client,
    RequestParameterAuthorizationRequest,
    RequestUriParameterAuthorizationRequest,
    UnsupportedResponseTypeParam,
)
from requests_oauth2client._core.options import UnknownParam

ENDPOINT = "https://as.local/authorize"
CALLBACK = "https://app.local/callback"


def make(**kwargs: Any) -> AuthorizationRequest:
    return AuthorizationRequest(ENDPOINT, "client", CALLBACK, **kwargs)


def sent(request: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(request)).query)


ROUND_TRIPS = {
    "as_dict": lambda request: AuthorizationRequest(**request.as_dict()),
    "as_dict through JSON": lambda request: AuthorizationRequest(**json.loads(json.dumps(request.as_dict()))),
    "replace": lambda request: request.replace(),
    "serializer": lambda request: AuthorizationRequestSerializer().loads(
        AuthorizationRequestSerializer().dumps(request)
    ),
    "serializer with a key": lambda request: AuthorizationRequestSerializer(b"k" * 32).loads(
        AuthorizationRequestSerializer(b"k" * 32).dumps(request)
    ),
}


@pytest.mark.parametrize("again", ROUND_TRIPS.values(), ids=ROUND_TRIPS)
@pytest.mark.parametrize("given", ["openid email", ["openid", "email"], ("openid", "email")], ids=repr)
def test_scope_and_acr_values_are_words_when_they_are_read_and_one_string_when_they_are_sent(
    again: Any, given: Any
) -> None:
    request = again(make(scope=given, acr_values=given, extra={"prompts": "x"}, authorization_details={"type": "t"}))
    assert request.scope == request.acr_values == ("openid", "email")
    assert sent(request)["scope"] == sent(request)["acr_values"] == ["openid email"]
    assert sent(request)["prompts"] == ["x"]


@pytest.mark.parametrize("nothing", [None, "", " ", []], ids=repr)
def test_no_scope_is_none_and_not_sent(nothing: Any) -> None:
    request = make(scope=nothing, acr_values=nothing)
    assert request.scope is request.acr_values is None
    assert not {"scope", "acr_values"} & sent(request).keys()


@pytest.mark.parametrize("values", [5, [5], ["a b"], [""], [None]], ids=repr)
def test_acr_values_that_are_no_words_are_refused(values: Any) -> None:
    with pytest.raises(InvalidAcrValuesParam, match="acr_values"):
        make(acr_values=values)


@pytest.mark.parametrize("value", ["code", "id_token", "code id_token", "id_token code", "code token", "none"])
def test_response_types_that_are_understood(value: str) -> None:
    assert sent(make(response_type=value))["response_type"] == [value]


@pytest.mark.parametrize("value", ["cod", "code code", "none code", "vp_token", "code vp_token", "CODE", " "])
def test_a_response_type_that_nobody_can_answer_is_refused(value: str) -> None:
    with pytest.raises(UnsupportedResponseTypeParam, match="'code'"):
        make(response_type=value)
    with pytest.raises(UnsupportedResponseTypeParam):
        client().authorization_request(response_type=value)


@pytest.mark.parametrize(
    "uri",
    ["postmessage", "urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob:auto", "oob", "com.example.app:/cb", "/cb"],
)
def test_a_redirect_uri_is_sent_as_it_is(uri: str) -> None:
    request = AuthorizationRequest(ENDPOINT, "client", uri)
    assert sent(request)["redirect_uri"] == [uri]
    assert request.validate_callback({"code": "c", "state": request.state}).redirect_uri == uri


def client(**settings: Any) -> OAuth2Client:
    known = {"authorization_endpoint": ENDPOINT, "redirect_uri": CALLBACK, **settings}
    return OAuth2Client("https://as.local/token", ("client", "secret"), **known)


MISSPELLED = {
    "promt": "prompt",
    "acr_value": "acr_values",
    "login_hnt": "login_hint",
    "maxage": "max_age",
    "response_modes": "response_mode",
    "resources": "resource",
    "ui_locale": "ui_locales",
    "acess_type": "access_type",
}


@pytest.mark.parametrize(("name", "meant"), MISSPELLED.items())
def test_a_misspelled_parameter_is_refused_with_a_suggestion(name: str, meant: str) -> None:
    makers = [
        make,
        client().authorization_request,
        make().replace,
        lambda **more: RequestParameterAuthorizationRequest(ENDPOINT, "client", "a.b.c", **more),
        lambda **more: RequestUriParameterAuthorizationRequest(ENDPOINT, "client", "urn:x", **more),
    ]
    for maker in makers:
        with pytest.raises(UnknownParam, match=f"Did you mean '{meant}'"):
            maker(**{name: "x"})
        request = maker(extra={name: "x"})
        assert sent(request)[name] == ["x"]
        assert sent(request.replace(extra={"promts": "y"})).keys() >= {name, "promts"}


@pytest.mark.parametrize("name", ["code_verifer", "isuer", "dpop_algs", "testin"])
def test_a_misspelled_setting_of_a_request_is_not_sent_as_a_parameter(name: str) -> None:
    for maker in (make, client().authorization_request, make().replace):
        with pytest.raises(UnknownParam, match="Did you mean"):
            maker(**{name: "x"})


@pytest.mark.parametrize("name", ["access_type", "audience", "kc_idp_hint", "organization", "foo", "x"])
def test_further_parameters_are_still_free(name: str) -> None:
    assert sent(make(**{name: "v"}))[name] == ["v"]


def test_the_scope_in_a_callback_can_be_read() -> None:
    request = make()
    answer = request.validate_callback({"code": "c", "state": request.state, "scope": "openid email"})
    assert answer.scope == "openid email"
    assert AuthorizationResponse(**answer.as_dict()) == answer
    assert request.validate_callback({"code": "c", "state": request.state}).scope is None


def test_a_token_as_a_dict_is_json() -> None:
    token = BearerToken("access", expires_in=60, refresh_token="r", scope="a", further={"x": [1]})
    assert BearerToken(**json.loads(json.dumps(token.as_dict()))) == token
