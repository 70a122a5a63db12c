"""What an API demands: read from the header of any library's answer, and raised as that library's error too."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import httpx2
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import Answer
from requests_oauth2client import AuthorizationRequest
from requests_oauth2client.challenges import (
    MAX_HEADER_SIZE,
    ApiError,
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidAccessToken,
    api_error,
    refusal_of_token,
)
from requests_oauth2client.exceptions import OAuth2Error
from requests_oauth2client.utils import InvalidScopeParam

URL = "https://api.local/things?secret=query"
STEP_UP = (
    'Bearer realm="r", error="insufficient_user_authentication", error_description="log in again",'
    ' acr_values="urn:gold silver", max_age="300"'
)


def answered(challenge: str | None, status: int = 401) -> Answer:
    headers = {} if challenge is None else {"WWW-Authenticate": challenge}
    return Answer(status_code=status, headers=headers, url=URL)


def error_of(challenge: str, status: int = 401) -> ApiError:
    error = api_error(answered(challenge, status))
    assert error is not None
    return error


# --- what is demanded


def test_more_scope_is_demanded() -> None:
    error = error_of('Bearer realm="r", error="insufficient_scope", scope="api.write api.admin"', 403)
    assert type(error) is InsufficientScope
    assert isinstance(error, OAuth2Error)
    assert (error.status, error.error, error.scheme, error.realm) == (403, "insufficient_scope", "bearer", "r")
    assert error.scope == ("api.write", "api.admin")


def test_a_better_login_is_demanded() -> None:
    error = error_of(STEP_UP)
    assert type(error) is InsufficientUserAuthentication
    assert error.acr_values == ("urn:gold", "silver")
    assert error.max_age == 300
    assert error.description == "log in again"


def test_another_token_is_demanded() -> None:
    assert type(error_of('DPoP algs="ES256", error="invalid_token"')) is InvalidAccessToken


def test_the_challenge_that_says_why_counts() -> None:
    assert type(error_of('Basic realm="r", Bearer, DPoP error="insufficient_scope"', 403)) is InsufficientScope


@pytest.mark.parametrize(
    ("challenge", "status"),
    [
        (None, 401),
        (None, 403),
        ("Bearer", 401),
        ('Bearer error="invalid_request"', 401),
        ('Bearer error="use_dpop_nonce"', 401),
        ('Bearer error="invalid_token", error="insufficient_scope"', 401),
        ('Bearer error="insufficient_scope', 403),
        ('Bearer error="insufficient_scope"', 200),
        ('Bearer error="insufficient_scope"', 400),
        ('Bearer error="insufficient_scope", x="' + "x" * MAX_HEADER_SIZE + '"', 403),
    ],
)
def test_other_answers_demand_nothing(challenge: str | None, status: int) -> None:
    assert api_error(answered(challenge, status)) is None


@pytest.mark.parametrize("max_age", ["", "-1", "1.5", "soon", "1" * 11, "\u0663"])
def test_a_max_age_that_is_no_number_of_seconds_is_none(max_age: str) -> None:
    assert error_of(f'Bearer error="insufficient_user_authentication", max_age="{max_age}"').max_age is None


@pytest.mark.parametrize("scope", ['a \\"b', "a \u00e4", "a\x00"])
def test_a_scope_that_can_not_be_asked_for_is_none(scope: str) -> None:
    assert error_of(f'Bearer error="insufficient_scope", scope="{scope}"', 403).scope == ()


@given(st.text(max_size=80), st.sampled_from([401, 403]))
def test_any_header_is_a_demand_or_none(text: str, status: int) -> None:
    for header in (text, f"Bearer {text}", f'Bearer error="insufficient_scope", scope="{text}"'):
        error = api_error(answered(header, status))
        if error is not None:
            assert str(error)
            assert pickle.loads(pickle.dumps(error)).scope == error.scope  # noqa: S301  ours


# --- what to ask for then


def test_a_new_authorization_request_asks_for_what_is_demanded() -> None:
    params = error_of(STEP_UP).authorization_params()
    assert params == {"acr_values": "urn:gold silver", "max_age": 300}
    request = AuthorizationRequest("https://as.local/authorize", "id", "https://app.local/", **params)
    assert (request.args["acr_values"], request.args["max_age"]) == ("urn:gold silver", 300)


def test_a_login_may_have_to_be_fresh() -> None:
    params = error_of('Bearer error="insufficient_user_authentication", max_age=0').authorization_params()
    assert params == {"max_age": 0}


@pytest.mark.parametrize("had", ["openid api.write", ["openid", "api.write"]])
def test_demanded_scope_is_added_to_what_one_had(had: Any) -> None:
    error = error_of('Bearer error="insufficient_scope", scope="api.write api.admin"', 403)
    assert error.authorization_params(scope=had) == {"scope": "openid api.write api.admin"}
    assert error.authorization_params() == {"scope": "api.write api.admin"}


def test_what_one_had_has_to_be_a_scope() -> None:
    with pytest.raises(InvalidScopeParam):
        error_of(STEP_UP).authorization_params(scope=5)


# --- the exception


def test_the_message_says_what_came_and_what_to_do() -> None:
    text = str(error_of(STEP_UP))
    assert text.startswith("https://api.local/things answered 401 error='insufficient_user_authentication': log in")
    assert "acr_values='urn:gold silver', max_age=300" in text
    assert "authorization_params()" in text
    assert "secret" not in text


def _of_requests(headers: dict[str, str]) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url = 403, URL
    response.headers.update(headers)
    response.request = requests.Request("GET", URL).prepare()
    return response


RESPONSES: dict[Any, Any] = {
    requests.HTTPError: _of_requests,
    httpx2.HTTPStatusError: lambda headers: httpx2.Response(403, headers=headers, request=httpx2.Request("GET", URL)),
    httpx.HTTPStatusError: lambda headers: httpx.Response(403, headers=headers, request=httpx.Request("GET", URL)),
}


@pytest.mark.parametrize("theirs", RESPONSES)
def test_the_exception_is_also_that_of_the_library(theirs: Any) -> None:
    response = RESPONSES[theirs]({"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="a"'})
    error = api_error(response)
    assert isinstance(error, InsufficientScope)
    assert isinstance(error, theirs)
    assert error.response is response
    assert error.request is response.request


@pytest.mark.parametrize("theirs", RESPONSES)
def test_the_exception_can_be_pickled_and_is_ours_then(theirs: Any) -> None:
    error = api_error(RESPONSES[theirs]({"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="a b"'}))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  ours
    assert type(again) is InsufficientScope
    assert (str(again), again.scope, again.status, again.response) == (str(error), ("a", "b"), 403, None)


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_token_that_the_api_echoes_does_not_show(library: Any) -> None:
    request = library.Request("POST", URL, content=b"x", headers={"Authorization": "Bearer short-one"})
    challenge = 'Bearer error="insufficient_scope", error_description="not with short-one", scope="short-one"'
    error = api_error(library.Response(403, headers={"WWW-Authenticate": challenge}, request=request))
    assert "short-one" not in str(error)
    assert "short-one" not in repr(error)


# --- whether a token is refused


@pytest.mark.parametrize(
    ("challenge", "scheme", "reason"),
    [
        (None, "Bearer", ""),
        ("", "Bearer", ""),
        ('Bearer error="', "Bearer", ""),
        ("Bearer", "Bearer", ""),
        ('Bearer realm="r", error="invalid_token"', "Bearer", "invalid_token"),
        ('bearer ERROR=invalid_token, DPoP algs="ES256"', "Bearer", "invalid_token"),
        ('Bearer error="insufficient_scope"', "Bearer", "insufficient_scope"),
        ('DPoP error="invalid_token"', "DPoP", "invalid_token"),
        ('Bearer error="invalid_token"', "DPoP", "invalid_token"),
        ('Bearer error="invalid_token", DPoP error="invalid_dpop_proof"', "DPoP", "invalid_dpop_proof"),
        ('DPoP error="invalid_token"', "Bearer", None),
        ('DPoP algs="ES256"', "Bearer", None),
        ('Basic realm="r"', "Bearer", ""),
        ("Token", "Bearer", ""),
        ('OAuth realm="r"', "DPoP", ""),
        ('JWT realm="api"', "Bearer", ""),
        ('Basic realm="r", DPoP algs="ES256"', "Bearer", None),
    ],
)
def test_a_401_says_whether_it_is_about_the_token(challenge: str | None, scheme: str, reason: str | None) -> None:
    assert refusal_of_token(answered(challenge), scheme) == reason


@pytest.mark.parametrize("status", [200, 400, 403, 407])
def test_only_a_401_refuses_a_token(status: int) -> None:
    assert refusal_of_token(answered('Bearer error="invalid_token"', status), "Bearer") is None
