"""Rules of the token endpoint, played: what they send, and what they never send."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import Answer, answer
from devkit.play import play
from requests_oauth2client import BearerToken, InvalidTokenResponse
from requests_oauth2client._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT
from requests_oauth2client._protocol.grants import token_endpoint
from requests_oauth2client.exceptions import (
    EndpointError,
    IncompleteResponse,
    MissingEndpointUri,
    ResponseTooLarge,
    TransportError,
)

from .helpers import TOKEN, client

CLIENT = client()
URL = "https://as.local/token"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    "access_token token_type expires_in expires_at scope refresh_token id_token authorization_details error"
    " error_description error_uri self kwargs cls response token_class".split()
)
dates = st.datetimes().map(str) | st.sampled_from(["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
objects = st.dictionaries(names | st.text(), json_values | dates, max_size=8)


@given(objects, st.sampled_from([200, 201, 400, 500]))
def test_any_json_object_is_a_token_or_a_documented_error(fields: dict[str, Any], status: int) -> None:
    heard = play(token_endpoint.client_credentials(CLIENT), [answer(fields, status)])
    assert isinstance(heard.error, (InvalidTokenResponse, EndpointError)) or isinstance(heard.result, BearerToken)
    if heard.error is not None:
        str(heard.error).encode()


@given(objects)
def test_with_an_access_token_too(fields: dict[str, Any]) -> None:
    fields = {**fields, "access_token": "t", "token_type": "Bearer"}
    heard = play(token_endpoint.client_credentials(CLIENT), [answer(fields)])
    if heard.error is None:
        kept = heard.result.as_dict()
        assert type(heard.result)(**kept) == heard.result
        assert repr(heard.result)
    else:
        assert isinstance(heard.error, InvalidTokenResponse)


@given(st.binary(max_size=200), st.sampled_from([None, "application/json", "text/html"]))
def test_any_bytes_are_a_documented_error(body: bytes, kind: str | None) -> None:
    given_answer = Answer(content=body, headers={"Content-Type": kind} if kind else {})
    heard = play(token_endpoint.client_credentials(CLIENT), [given_answer])
    assert isinstance(heard.error, (InvalidTokenResponse, EndpointError))


def test_a_request_has_the_limits_of_its_client() -> None:
    (request,) = play(token_endpoint.client_credentials(CLIENT), [TOKEN]).sent
    assert (request.timeout, request.max_size) == (DEFAULT_TIMEOUT, DEFAULT_MAX_RESPONSE_SIZE)
    own = client(timeout=3, max_response_size=99)
    (request,) = play(token_endpoint.client_credentials(own), [TOKEN]).sent
    assert (request.timeout, request.max_size) == (3, 99)


def test_a_request_shows_the_names_of_its_fields_and_no_value() -> None:
    rule = token_endpoint.resource_owner_password(CLIENT, "alice", "planted")
    (request,) = play(rule, [TOKEN]).sent
    assert "planted" not in repr(request)
    assert "password" in repr(request)


@pytest.mark.parametrize("broken", [ResponseTooLarge(URL, limit=9), IncompleteResponse(URL, "it broke")])
def test_a_body_that_broke_off_is_an_invalid_answer_if_it_began(broken: Any) -> None:
    assert play(token_endpoint.client_credentials(CLIENT), [broken]).error is broken
    broken.response = answer(b"<html>", 200)
    error = play(token_endpoint.client_credentials(CLIENT), [broken]).error
    assert isinstance(error, InvalidTokenResponse)
    assert error.__cause__ is broken


def test_no_answer_is_what_the_face_raised() -> None:
    failure = TransportError(URL, "no network")
    assert play(token_endpoint.client_credentials(CLIENT), [failure]).error is failure


def test_a_client_without_a_token_endpoint_says_so() -> None:
    from requests_oauth2client import DeviceAuthorizationClient

    only_devices = DeviceAuthorizationClient("https://as.local/device", ("id", "secret"))
    heard = play(token_endpoint.client_credentials(only_devices))
    assert isinstance(heard.error, MissingEndpointUri)


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "https://as.local/errors?code=planted-9"])
def test_what_the_as_says_is_kept_with_the_error(uri: str) -> None:
    fields = {"error": "invalid_scope", "error_description": "no\nway\x1b[31m", "error_uri": uri}
    error: Any = play(token_endpoint.client_credentials(CLIENT), [answer(fields, 400)]).error
    assert (error.error, error.description, error.uri) == ("invalid_scope", "no way", uri)
    assert "no way" in str(error)
    assert "planted-9" not in str(error)


@pytest.mark.parametrize("wrong", [7, None, [], {}])
def test_a_description_that_is_no_text_is_left_out(wrong: Any) -> None:
    fields = {"error": "invalid_scope", "error_description": wrong, "error_uri": wrong}
    error: Any = play(token_endpoint.client_credentials(CLIENT), [answer(fields, 400)]).error
    assert (error.description, error.uri) == (None, None)
