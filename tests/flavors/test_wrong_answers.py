"""Each way in which a token endpoint can answer wrongly has its own error, on both clients.

The error tells the status, the endpoint and the beginning of the body, and shows nothing that was sent.
"""

import pickle
import traceback
from typing import Any

import pytest

from devkit.failing_server import FailingServer
from devkit.flavors import Flavor
from requests_oauth2client.exceptions import (
    DeadlineExceeded,
    IncompleteResponse,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    InvalidTokenResponse,
    OAuth2Error,
    ResponseTooLarge,
    TransportError,
    UnknownTokenEndpointError,
)

SECRETS = ("the-client-secret", "sw0rdfish")
IN_TIME = 5.0  # seconds; a server that does answer does so long before
TOO_SHORT = 0.3

# path: the error, its status, what its text says
OAUTH_ERRORS: dict[str, tuple[type[OAuth2Error], int, str]] = {
    "error": (InvalidGrant, 400, "the code is used"),
    "error_with_200": (InvalidClient, 200, "no such client"),
    "error_as_html": (InvalidScope, 400, "invalid_scope"),
    "unknown_error": (UnknownTokenEndpointError, 418, "out_of_coffee"),
    "echo": (InvalidRequest, 400, "can't use"),
}
NO_TOKENS: dict[str, tuple[int, str]] = {
    "numeric_error": (400, "42"),
    "html": (200, "Please sign in"),
    "html_500": (500, "Please sign in"),
    "empty": (200, "The body is empty"),
    "empty_400": (400, "The body is empty"),
    "no_content": (204, "The body is empty"),
    "truncated": (200, "no JSON"),
    "list": (200, "array, not an object"),
    "string": (200, "string, not an object"),
    "text_503": (503, "upstream connect error"),
    "missing_access_token": (200, "no access_token"),
    "null_access_token": (200, "access_token must be a string, not NoneType"),
    "numeric_access_token": (200, "access_token must be a string, not int"),
    "empty_access_token": (200, "access_token must be a string, not empty"),
    "access_token_with_newline": (200, "access_token has characters that no token may have"),
    "other_token_type": (200, "token_type is 'mac', expected 'Bearer'"),
    "duplicate_members": (200, "repeats the members ['access_token']"),
    "nan": (200, "NaN, which is no JSON"),
    "deep": (200, "nested deeper"),
    "deep_400": (400, "or an OAuth error as JSON"),
    "invalid_utf8": (200, "not UTF-8"),
    "unknown_coding": (200, "Content-Encoding 'br', which was not asked for"),
    "broken_gzip": (200, "its compression is broken"),
    "truncated_gzip": (200, "its compression breaks off"),
    "gzip_bomb": (200, "larger than the limit of 1048576 bytes"),
    "huge": (200, "larger than the limit of 1048576 bytes"),
    "huge_without_length": (200, "larger than the limit of 1048576 bytes"),
    "huge_chunks": (200, "larger than the limit of 1048576 bytes"),
    "huge_redirect": (302, "larger than the limit of 1048576 bytes"),
    "reset_in_body": (200, "the connection broke before the answer was whole"),
    "close_in_body": (200, "the connection broke before the answer was whole"),
    "bad_chunks": (200, "the connection broke before the answer was whole"),
    "redirect_301": (301, "never followed"),
    "redirect_302": (302, "never followed"),
    "redirect_303": (303, "never followed"),
    "redirect_307": (307, "never followed"),
    "redirect_308": (308, "never followed"),
    "location_is_no_url": (302, "redirects to http://["),
    "location_is_no_text": (302, "redirects to /"),
    "redirect_without_location": (302, "redirects to nowhere"),
    "echo_as_text": (500, "500: ["),
}
NO_ANSWERS = ("reset", "close_at_once", "no_http")
LATE_ANSWERS = ("never", "no_body", "drip_headers", "drip_body", "drip_redirect")


def ask(flavor: Flavor, failing: FailingServer, name: str, **kwargs: Any) -> Any:
    client = flavor.client(failing.endpoint(name), ("id", SECRETS[0]), **{"timeout": IN_TIME, **kwargs})
    return flavor.run(client.resource_owner_password("alice", SECRETS[1]))


def refusal(flavor: Flavor, failing: FailingServer, name: str, **kwargs: Any) -> OAuth2Error:
    with pytest.raises(OAuth2Error) as caught:
        ask(flavor, failing, name, **kwargs)
    shown = [str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value))]
    shown += [repr(pickle.dumps(caught.value))]
    for secret in SECRETS:
        assert not any(secret in text for text in shown), f"{name} shows what was sent"
    return caught.value


@pytest.mark.parametrize("name", ["wrong_type", "no_type", "form"])
def test_a_token_is_read_whatever_it_is_called(flavor: Flavor, failing: FailingServer, name: str) -> None:
    assert ask(flavor, failing, name).access_token == "an-access-token"


@pytest.mark.parametrize("name", OAUTH_ERRORS)
def test_an_oauth_error_is_the_class_of_its_code(flavor: Flavor, failing: FailingServer, name: str) -> None:
    expected, status, said = OAUTH_ERRORS[name]
    error = refusal(flavor, failing, name)
    assert (type(error), error.status, error.endpoint) == (expected, status, failing.endpoint(name))
    assert said in str(error)


@pytest.mark.parametrize("name", NO_TOKENS)
def test_what_is_neither_token_nor_error_is_an_invalid_token_response(
    flavor: Flavor, failing: FailingServer, name: str
) -> None:
    status, said = NO_TOKENS[name]
    error = refusal(flavor, failing, name)
    assert (type(error), error.status, error.endpoint) == (InvalidTokenResponse, status, failing.endpoint(name))
    assert said in str(error)


@pytest.mark.parametrize("name", ["html", "text_503", "reset_in_body", "truncated"])
def test_the_error_quotes_the_beginning_of_the_body(flavor: Flavor, failing: FailingServer, name: str) -> None:
    assert "The body begins: " in str(refusal(flavor, failing, name))


def test_half_a_token_is_not_quoted(flavor: Flavor, failing: FailingServer) -> None:
    for name in ("reset_in_body", "truncated", "invalid_utf8", "duplicate_members"):
        assert not {"half-a-tok", "an-access-token", "two"} & set(str(refusal(flavor, failing, name)).split('"'))


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_no_answer_is_a_transport_error(flavor: Flavor, failing: FailingServer, name: str) -> None:
    error = refusal(flavor, failing, name)
    assert isinstance(error, TransportError)
    assert not isinstance(error, (DeadlineExceeded, ResponseTooLarge, IncompleteResponse))
    assert (error.status, error.endpoint) == (None, failing.endpoint(name))
    assert "no answer came" in str(error)


@pytest.mark.parametrize("name", LATE_ANSWERS)
def test_an_answer_that_is_late_exceeds_the_deadline(flavor: Flavor, failing: FailingServer, name: str) -> None:
    error = refusal(flavor, failing, name, timeout=TOO_SHORT)
    assert isinstance(error, DeadlineExceeded)
    assert error.endpoint == failing.endpoint(name)
    assert "no whole answer within 0.3 seconds" in str(error)


def test_nobody_listening_is_a_transport_error(flavor: Flavor) -> None:
    client = flavor.client("http://127.0.0.1:1/token")
    with pytest.raises(TransportError, match=r"^http://127.0.0.1:1/token: no answer came"):
        flavor.run(client.client_credentials())


@pytest.mark.parametrize("name", ["good", "no_type", "gzip"])
def test_a_right_answer_is_a_token(flavor: Flavor, failing: FailingServer, name: str) -> None:
    assert ask(flavor, failing, name).access_token == "an-access-token"


def test_the_answer_can_be_read_from_the_error(flavor: Flavor, failing: FailingServer) -> None:
    error = refusal(flavor, failing, "html_500")
    assert error.response.status_code == 500
    assert b"Please sign in" in error.response.content
    assert error.response.headers["content-type"] == "text/html"
    assert str(error.request.url) == failing.endpoint("html_500")


def test_a_redirect_in_the_error_still_says_where_it_leads(flavor: Flavor, failing: FailingServer) -> None:
    assert refusal(flavor, failing, "redirect_307").response.headers["location"] == f"{failing.elsewhere}/good"
