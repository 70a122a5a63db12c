"""Every registered error code has its class; an error says whether to try again and whether to log in again."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from devkit.exchange import Answer, answer
from devkit.play import play
from requests_oauth2client import AuthorizationRequest, ClientSecretPost, OAuth2Client, exceptions, stores
from requests_oauth2client._protocol.authorization import par
from requests_oauth2client._protocol.grants import ciba, device, token_endpoint
from requests_oauth2client.challenges import api_error

UTC = timezone.utc  # noqa: UP017  like the library
TOKEN = "https://as.local/token"
METADATA = {
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
    "grant_types_supported": ["authorization_code", "refresh_token"],
}
CLIENT = OAuth2Client(
    TOKEN,
    ClientSecretPost("id", "hush-hush"),
    device_authorization_endpoint="https://as.local/device",
    backchannel_authentication_endpoint="https://as.local/ciba",
    pushed_authorization_request_endpoint="https://as.local/par",
    authorization_server_metadata=METADATA,
)

# code: class. RFC 6749 5.2 and 4.1.2.1, 8628 3.5, 8707, 9396, 9449, 9126, OIDC Core 3.1.2.6, CIBA 11 to 13, 7009, 7591
CODES = {
    "invalid_request": "InvalidRequest",
    "invalid_client": "InvalidClient",
    "invalid_grant": "InvalidGrant",
    "unauthorized_client": "UnauthorizedClient",
    "unsupported_grant_type": "UnsupportedGrantType",
    "invalid_scope": "InvalidScope",
    "access_denied": "AccessDenied",
    "unsupported_response_type": "UnsupportedResponseType",
    "server_error": "ServerError",
    "temporarily_unavailable": "TemporarilyUnavailable",
    "authorization_pending": "AuthorizationPending",
    "slow_down": "SlowDown",
    "expired_token": "ExpiredToken",
    "invalid_target": "InvalidTarget",
    "invalid_resource": "InvalidTarget",
    "invalid_authorization_details": "RefusedAuthorizationDetails",
    "use_dpop_nonce": "UseDPoPNonce",
    "invalid_request_object": "InvalidRequestObject",
    "invalid_request_uri": "InvalidRequestUri",
    "request_not_supported": "RequestNotSupported",
    "request_uri_not_supported": "RequestUriNotSupported",
    "registration_not_supported": "RegistrationNotSupported",
    "interaction_required": "TokenInteractionRequired",
    "login_required": "TokenInteractionRequired",
    "consent_required": "TokenInteractionRequired",
    "unmet_authentication_requirements": "UnmetAuthenticationRequirements",
    "expired_login_hint_token": "ExpiredLoginHintToken",
    "unknown_user_id": "UnknownUserId",
    "missing_user_code": "MissingUserCode",
    "invalid_user_code": "InvalidUserCode",
    "invalid_binding_message": "InvalidBindingMessage",
    "transaction_failed": "TransactionFailed",
    "unsupported_token_type": "UnsupportedTokenType",
}


def refused(error: str, status: int = 400, description: str | None = None, **headers: str) -> Answer:
    return answer({"error": error, **({"error_description": description} if description else {})}, status, **headers)


def sent(response: Answer, **form: str) -> Answer:
    request = requests.Request("POST", TOKEN, data=form).prepare()
    return Answer(status_code=response.status_code, content=response.content, headers=response.headers, request=request)


def grant_error(response: Answer, client: Any = CLIENT) -> Any:
    return play(token_endpoint.client_credentials(client), [response]).error


@pytest.mark.parametrize("code", CODES)
def test_a_registered_code_has_its_class(code: str) -> None:
    assert type(grant_error(refused(code))) is getattr(exceptions, CODES[code])
    hint = {"login_hint": "alice"}
    for operation in (device.authorize_device(CLIENT), ciba.backchannel_authentication_request(CLIENT, **hint)):
        assert isinstance(play(operation, [refused(code)]).error, getattr(exceptions, CODES[code]))
    request = AuthorizationRequest("https://as.local/a", "id", "https://app.local/cb")
    pushed = play(par.pushed_authorization_request(CLIENT, request), [refused(code)]).error
    assert isinstance(pushed, getattr(exceptions, CODES[code]))


def test_an_unknown_code_is_a_token_endpoint_error() -> None:
    error = grant_error(refused("phase_of_the_moon"))
    assert type(error) is exceptions.UnknownTokenEndpointError
    assert isinstance(error, exceptions.TokenEndpointError)


def test_a_user_who_says_no_has_a_class_that_both_names_catch() -> None:
    request = AuthorizationRequest("https://as.local/a", "id", "https://app.local/cb", state="s")
    with pytest.raises(exceptions.AccessDenied) as raised:
        request.validate_callback("error=access_denied&error_description=not+now&state=s")
    error = raised.value
    assert type(error) is exceptions.AuthorizationDenied
    assert isinstance(error, exceptions.AuthorizationResponseError)
    assert (error.error, error.description, error.state) == ("access_denied", "not now", "s")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  ours
    assert (type(again), again.error, str(again)) == (type(error), "access_denied", str(error))


# --- transient, login

TRANSIENT = [
    (refused("server_error", 500), True),
    (refused("temporarily_unavailable", 503), True),
    (refused("server_error", 400), True),
    (refused("invalid_grant"), False),
    (refused("invalid_client", 401), False),
    (refused("invalid_request", 429, Retry_After="5"), True),
    (refused("slow_down"), True),
    (answer(b"<html>", 502), True),
    (answer(b"", 429), True),
    (answer(b"", 501), False),
    (answer(b"", 404), False),
    (answer(b"", 200), False),
]


@pytest.mark.parametrize(("response", "is_transient"), TRANSIENT)
def test_an_error_tells_whether_it_may_pass(response: Answer, is_transient: bool) -> None:
    error = grant_error(response, OAuth2Client(TOKEN, ClientSecretPost("id", "hush-hush"), retries=None))
    assert error.is_transient is is_transient
    assert pickle.loads(pickle.dumps(error)).is_transient is is_transient  # noqa: S301  ours


def test_other_errors_tell_it_too() -> None:
    assert exceptions.TransportError(TOKEN, "no answer came").is_transient
    assert not exceptions.TransportError(TOKEN, "[SSL: CERTIFICATE_VERIFY_FAILED]").is_transient
    assert not exceptions.ResponseTooLarge(TOKEN, limit=3).is_transient
    assert exceptions.DeadlineExceeded(TOKEN, seconds=3).is_transient
    assert stores.StoreUnavailable(description="away").is_transient
    assert not exceptions.InvalidParam("x").is_transient


GRANTS = {
    "authorization_code": True,
    "refresh_token": True,
    "urn:ietf:params:oauth:grant-type:device_code": True,
    "urn:openid:params:grant-type:ciba": True,
    "password": False,
    "client_credentials": False,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": False,
    "urn:ietf:params:oauth:grant-type:token-exchange": False,
}


@pytest.mark.parametrize("grant", GRANTS)
def test_a_login_is_advised_only_where_a_user_logged_in(grant: str) -> None:
    error: Any = exceptions.InvalidGrant(sent(refused("invalid_grant"), grant_type=grant), None, "invalid_grant")
    assert error.needs_login is GRANTS[grant]
    assert ("Log in again" in str(error)) is GRANTS[grant]
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  ours
    assert (again.grant_type, again.needs_login) == (grant, GRANTS[grant])


def test_errors_after_which_the_user_has_to_log_in_say_so() -> None:
    for error in (
        exceptions.NonRenewableTokenError(),
        exceptions.ExpiredAccessToken(),
        exceptions.ExpiredToken(None, None, "expired_token"),
        exceptions.LoginRequired(error="login_required"),
        grant_error(refused("interaction_required")),
        api_error(
            Answer(status_code=401, headers={"WWW-Authenticate": 'Bearer error="insufficient_user_authentication"'})
        ),
    ):
        assert error is not None
        assert error.needs_login, type(error)
    assert not exceptions.InvalidClient(error="invalid_client").needs_login


# --- what to do


def test_a_refused_client_is_told_how_it_authenticated_and_how_it_could() -> None:
    text = str(grant_error(refused("invalid_client", 401)))
    assert "The client authenticated with client_secret_post" in text
    assert "metadata list client_secret_basic, private_key_jwt" in text
    assert "Pass auth=ClientSecretBasic(client_id, client_secret)" in text
    assert "hush-hush" not in text


@pytest.mark.parametrize(("seconds", "which"), [(-600, "behind"), (7200, "ahead of")])
def test_a_clock_that_is_wrong_is_named(seconds: int, which: str) -> None:
    date = format_datetime(datetime.now(tz=UTC) - timedelta(seconds=seconds), usegmt=True)
    late = sent(refused("invalid_client", 401, Date=date), client_assertion="eyJ")
    text = str(exceptions.InvalidClient(late, None, "invalid_client"))
    assert f"seconds {which} the server's (by its Date header)" in text
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"', "Date": date}
    assert which in str(api_error(Answer(status_code=401, headers=challenge)))
    secret = sent(refused("invalid_client", 401, Date=date), client_secret="hush-hush")
    assert "clock" not in str(exceptions.InvalidClient(secret, None, "invalid_client"))


def test_what_was_asked_for_is_named() -> None:
    target = sent(refused("invalid_target"), resource="https://api.local/x", grant_type="client_credentials")
    assert "resource='https://api.local/x'" in str(exceptions.InvalidTarget(target, None, "invalid_target"))
    scope = sent(refused("invalid_scope"), scope="a b", grant_type="client_credentials")
    assert "scope='a b'" in str(exceptions.InvalidScope(scope, None, "invalid_scope"))
    grant = sent(refused("unsupported_grant_type"), grant_type="password")
    text = str(exceptions.UnsupportedGrantType(grant, CLIENT, "unsupported_grant_type"))
    assert "grant_type='password'" in text
    assert "metadata list authorization_code, refresh_token" in text


def test_the_parameter_of_ours_is_named() -> None:
    dpop = sent(refused("invalid_grant", description="DPoP proof JWT not provided"), grant_type="client_credentials")
    text = str(exceptions.InvalidGrant(dpop, None, "invalid_grant", "DPoP proof JWT not provided"))
    assert "dpop_bound_access_tokens=True" in text
    assert "Log in" not in text
    request = AuthorizationRequest("https://as.local/a", "id", "https://app.local/cb", state="s")
    with pytest.raises(exceptions.AuthorizationResponseError, match="code_challenge_method="):
        request.validate_callback("error=invalid_request&error_description=unknown+code_challenge_method&state=s")
