"""The tree of errors: who is caught by which name, what they say, and that they travel in a pickle without secrets."""

import copy
import inspect
import pickle
from typing import Any

import httpx
import httpx2
import pytest
import requests

import requests_oauth2client
from devkit.exchange import answer
from requests_oauth2client import exceptions as e
from requests_oauth2client._core.dual_errors import dual_error
from requests_oauth2client.tokens import (
    ExpiredIdToken,
    InvalidIdToken,
    MismatchingIdTokenAcr,
    MismatchingIdTokenAlg,
    MismatchingIdTokenAudience,
    MismatchingIdTokenAzp,
    MismatchingIdTokenIssuer,
    MismatchingIdTokenNonce,
    MissingIdToken,
    UnsupportedIdTokenAlg,
)

TREE: dict[type[Exception], tuple[type[Exception], ...]] = {
    e.OAuth2Error: (Exception,),
    e.EndpointError: (e.OAuth2Error,),
    e.TokenEndpointError: (e.EndpointError,),
    **dict.fromkeys(
        (e.InvalidRequest, e.InvalidClient, e.InvalidScope, e.InvalidTarget, e.InvalidGrant, e.UseDPoPNonce),
        (e.TokenEndpointError,),
    ),
    **dict.fromkeys(
        (e.AuthorizationPending, e.SlowDown, e.ExpiredToken), (e.TokenEndpointError, e.DeviceAuthorizationError)
    ),
    **dict.fromkeys(
        (e.UnknownTokenEndpointError, e.ServerError, e.AccessDenied, e.UnauthorizedClient, e.DeviceAuthorizationError,
         e.IntrospectionError, e.BackChannelAuthenticationError, e.RevocationError),
        (e.EndpointError,),
    ),
    e.UnsupportedTokenType: (e.RevocationError,),
    **dict.fromkeys(
        (e.InvalidTokenResponse, e.UnknownIntrospectionError, e.InvalidDeviceAuthorizationResponse,
         e.InvalidBackChannelAuthenticationResponse, e.InvalidPushedAuthorizationResponse, e.InvalidUserInfoResponse,
         e.TransportError, e.AccessTokenError, e.AuthorizationResponseError),
        (e.OAuth2Error,),
    ),
    e.ResponseTooLarge: (e.TransportError,),
    e.IncompleteResponse: (e.TransportError,),
    e.DeadlineExceeded: (e.TransportError,),
    e.InvalidAuthResponse: (e.OAuth2Error, ValueError),
    **dict.fromkeys(
        (e.MissingAuthCode, e.RepeatedParameter, e.MissingIssuer, e.MismatchingIssuer, e.MismatchingState),
        (e.InvalidAuthResponse,),
    ),
    e.InteractionRequired: (e.AuthorizationResponseError,),
    **dict.fromkeys(
        (e.LoginRequired, e.AccountSelectionRequired, e.SessionSelectionRequired, e.ConsentRequired),
        (e.InteractionRequired,),
    ),
    e.MissingEndpointUri: (e.OAuth2Error, AttributeError),
    e.InvalidParam: (e.OAuth2Error, ValueError),
    e.ExpiredAccessToken: (e.AccessTokenError,),
    e.ExpiredBearerToken: (e.ExpiredAccessToken, e.ExpiredToken),
    e.NonRenewableTokenError: (e.AccessTokenError,),
    e.InsecureTransport: (e.AccessTokenError,),
    InvalidIdToken: (e.OAuth2Error, ValueError),
    **dict.fromkeys(
        (MissingIdToken, ExpiredIdToken, UnsupportedIdTokenAlg, MismatchingIdTokenIssuer, MismatchingIdTokenNonce,
         MismatchingIdTokenAcr, MismatchingIdTokenAudience, MismatchingIdTokenAzp, MismatchingIdTokenAlg),
        (InvalidIdToken,),
    ),
}  # fmt: skip


def public_errors() -> list[type[Exception]]:
    """Every error class that the package hands out, once."""
    found = [getattr(requests_oauth2client, name) for name in requests_oauth2client.__all__]
    errors = {one for one in found if inspect.isclass(one) and issubclass(one, Exception)}
    return sorted(errors, key=lambda one: one.__name__)


def test_errors_are_where_the_contract_puts_them() -> None:
    pairs = [(error, parent) for error, parents in TREE.items() for parent in parents]
    assert [pair for pair in pairs if not issubclass(*pair)] == []


def test_every_public_error_is_one_of_ours_and_says_what_it_is_for() -> None:
    errors = public_errors()
    assert len(errors) > 100
    assert [error for error in errors if not issubclass(error, e.OAuth2Error)] == []
    assert [error for error in errors if not (error.__doc__ or "").strip()] == []


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("TokenResponseError", "TokenEndpointError"),
        ("UnknownTokenResponseError", "UnknownTokenEndpointError"),
        ("InvalidState", "MismatchingState"),
        ("ExpiredDeviceCode", "ExpiredToken"),
        ("InvalidUrl", "InvalidUri"),
    ],
)
def test_the_founding_names_are_the_same_classes(alias: str, name: str) -> None:
    assert getattr(requests_oauth2client, alias) is getattr(requests_oauth2client, name)


# --- text

BODY = {"error": "invalid_grant", "error_description": "code is used", "error_uri": "https://as.local/why"}


def sent(**fields: str) -> requests.PreparedRequest:
    return requests.Request("POST", "https://as.local/endpoint", data=fields).prepare()


def test_an_endpoint_error_says_where_what_and_what_to_do() -> None:
    response = answer(BODY, 400)
    error = e.InvalidGrant(response, None, "invalid_grant", "code is used", "https://as.local/why")
    assert error.message == (
        "https://as.local/endpoint answered with status 400 error='invalid_grant': code is used. See https://as.local/why"
        f" {e.InvalidGrant.advice}"
    )
    assert (error.response, error.client, error.status, error.endpoint) == (response, None, 400, response.url)
    assert (error.error, error.description, error.uri) == ("invalid_grant", "code is used", "https://as.local/why")


def test_an_invalid_answer_quotes_the_beginning_of_the_body() -> None:
    assert e.InvalidTokenResponse(answer("<h1>hello</h1>", 502), description="No token.").message == (
        "https://as.local/endpoint answered 502. No token. The body begins: '<h1>hello</h1>'."
    )
    assert "The body is empty." in str(e.InvalidTokenResponse(answer()))


def test_an_error_without_a_response_can_be_made() -> None:
    error = e.OAuth2Error(description="something")
    assert (error.message, error.response, error.request, error.status, error.endpoint) == ("something", *[None] * 4)
    assert str(e.InvalidGrant(error="invalid_grant")).startswith("The endpoint answered error='invalid_grant'.")


ADDRESS = "https://requests-oauth2client.readthedocs.io/en/latest/errors.html#"


def test_a_message_ends_with_the_address_of_what_the_documentation_says_of_its_class() -> None:
    error = e.MismatchingState("a", "b")
    assert error.args == (error.message,)
    assert str(error) == f"{error.message} See {ADDRESS}mismatchingstate"
    assert str(e.OAuth2Error()) == f"See {ADDRESS}oauth2error"


def test_a_class_of_the_users_own_has_the_address_of_its_base() -> None:
    class Refused(e.InvalidGrant):
        pass

    assert str(Refused()).endswith(f" See {ADDRESS}invalidgrant")


def test_a_class_of_the_users_own_may_have_its_own_words() -> None:
    class Refused(e.InvalidGrant):
        def __init__(self) -> None:
            super().__init__()
            self.message = "No."

    assert str(Refused()) == f"No. See {ADDRESS}invalidgrant"


def test_an_error_that_is_the_http_librarys_too_has_the_address_of_ours() -> None:
    lost = dual_error(e.DeadlineExceeded, requests.exceptions.ReadTimeout)("https://as.local/token", seconds=3)
    assert str(lost).endswith(f" See {ADDRESS}deadlineexceeded")


def test_an_error_that_quotes_another_has_its_own_address_only() -> None:
    quoting = e.InvalidAnswer(description=f"Too bad: {e.MismatchingState('a', 'b')} And more.")
    assert "login of the same browser. And more." in str(quoting)
    assert ADDRESS not in f"{quoting.message}{quoting.description}"
    assert str(quoting).count(ADDRESS) == 1


def test_a_response_that_was_built_without_a_request_has_none() -> None:
    for library in (httpx2, httpx):
        assert e.InvalidTokenResponse(library.Response(500)).request is None


def test_what_was_sent_does_not_show_when_it_comes_back() -> None:
    came = answer("you sent planted", 500)
    echo = type(came)(status_code=500, content=came.content, request=sent(client_secret="planted"))
    for error in (
        e.InvalidTokenResponse(echo, description="planted"),
        e.InvalidGrant(echo, None, "planted", "planted", "https://x/planted"),
        e.OAuth2Error(echo, description="planted"),
    ):
        assert "planted" not in str(error) + repr(error)
        assert b"planted" not in pickle.dumps(error)


def test_a_state_is_not_shown() -> None:
    error = e.MismatchingState("received-planted", "expected-planted")
    assert (error.received, error.expected) == ("received-planted", "expected-planted")
    assert "planted" not in str(error) + repr(error)
    assert b"planted" not in pickle.dumps(error)


# --- pickles


NEEDED: dict[str, Any] = {
    "names": ["a"], "seconds": 3.0, "limit": 3, "endpoint": "https://as.local/",
    "challenge": ("bearer", {"error": "x"}),
}  # fmt: skip


def make(cls: type[Exception]) -> Exception:
    """Make an error of a class, with something for each parameter that it demands."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.default is inspect.Parameter.empty and parameter.kind in {
            inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
        }:  # fmt: skip
            given[name] = NEEDED.get(name, name)
    return cls(**given)


def test_every_public_error_comes_back_from_a_pickle() -> None:
    for cls in public_errors():
        comes_back_from_a_pickle(cls)


def comes_back_from_a_pickle(cls: type[Exception]) -> None:
    error = make(cls)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  its own pickle
        assert type(again) is cls
        assert (str(again), again.args) == (str(error), (error.message,))
        assert vars(again).keys() >= {name for name in vars(error) if not name.startswith("_")}
    assert str(copy.copy(error)) == str(copy.deepcopy(error)) == str(error)


def test_a_pickle_keeps_what_is_harmless_and_drops_the_rest() -> None:
    error = e.InvalidGrant(answer(BODY, 400), object(), "invalid_grant", "code is used", "https://as.local/why")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  its own pickle
    assert (again.error, again.description, again.uri) == ("invalid_grant", "code is used", "https://as.local/why")
    assert (again.status, again.endpoint) == (400, "https://as.local/endpoint")
    assert (again.response, again.client, again.request) == (None, None, None)


TWINS = [
    (e.DeadlineExceeded, {"seconds": 3.0}, requests.exceptions.ReadTimeout),
    (e.DeadlineExceeded, {"seconds": 3.0}, requests.exceptions.ConnectTimeout),
    (e.DeadlineExceeded, {"seconds": 3.0}, httpx2.ReadTimeout),
    (e.DeadlineExceeded, {"seconds": 3.0}, httpx.PoolTimeout),
    (e.TransportError, {"description": "x"}, requests.exceptions.ConnectionError),
    (e.TransportError, {"description": "x"}, requests.exceptions.SSLError),
    (e.TransportError, {"description": "x"}, httpx2.ConnectError),
    (e.IncompleteResponse, {"description": "x"}, requests.exceptions.ChunkedEncodingError),
    (e.IncompleteResponse, {"description": "x"}, httpx.RemoteProtocolError),
]


@pytest.mark.parametrize(("ours", "kwargs", "theirs"), TWINS)
def test_a_twin_is_both_and_travels_as_ours(ours: Any, kwargs: dict[str, Any], theirs: Any) -> None:
    cls = dual_error(ours, theirs)
    error = cls("https://as.local/token?x=y", **kwargs)
    assert isinstance(error, ours)
    assert isinstance(error, theirs)
    assert cls is dual_error(ours, theirs)
    assert (cls.__name__, cls.__module__) == (ours.__name__, ours.__module__)
    assert str(error).startswith("https://as.local/token: ")
    assert error.request is None
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  its own pickle
    assert type(again) is ours
    assert (str(again), again.endpoint) == (str(error), "https://as.local/token")
