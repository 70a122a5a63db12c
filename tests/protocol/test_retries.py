"""Asking a failing AS again: what is repeated, how long the waits are, and what the error at the end tells."""

import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import Answer, answer, error, token
from devkit.play import After, Heard, play
from requests_oauth2client import (
    ClientSecretPost,
    DeviceAuthorizationPollingJob,
    DPoPKey,
    InvalidParam,
    OAuth2Client,
    PrivateKeyJwt,
)
from requests_oauth2client._core.effects import Steps
from requests_oauth2client._core.retry_info import LONGEST, retry_after
from requests_oauth2client._jose.keys import generate_private_jwk
from requests_oauth2client._protocol.authorization import par
from requests_oauth2client._protocol.grants import ciba, device, saml2, token_endpoint, token_exchange
from requests_oauth2client._protocol.grants.polling import poll
from requests_oauth2client._protocol.http.limits import FetchLimits
from requests_oauth2client._protocol.http.retrying import GRANTS
from requests_oauth2client._protocol.metadata import discovery, server_keys
from requests_oauth2client._protocol.oidc import userinfo
from requests_oauth2client._protocol.tokens import introspection, revocation
from requests_oauth2client.exceptions import (
    DeadlineExceeded,
    IncompleteResponse,
    InvalidClient,
    InvalidTokenResponse,
    OAuth2Error,
    ResponseTooLarge,
    ServerError,
    TransportError,
    UnknownTokenEndpointError,
)
from requests_oauth2client.retries import Retries

URL = "https://as.local/token"
CREDENTIALS = ClientSecretPost("id", "hush-hush")
ENDPOINTS = {
    name: f"https://as.local/{name}"
    for name in (
        "revocation_endpoint introspection_endpoint userinfo_endpoint authorization_endpoint jwks_uri"
        " device_authorization_endpoint backchannel_authentication_endpoint pushed_authorization_request_endpoint"
    ).split()
}
Rule = Callable[[OAuth2Client], Steps[Any]]


def steadily(**settings: Any) -> Retries:
    """Retries whose waits are as long as they can be."""
    return Retries(**{"jitter": lambda: 1.0, **settings})


def client(retries: Retries | None = None, auth: Any = CREDENTIALS, **settings: Any) -> OAuth2Client:
    known = {**ENDPOINTS, "redirect_uri": "https://rp.local/cb", "retries": retries or steadily(), **settings}
    return OAuth2Client(URL, auth, **known)


def ask(*answers: Any, retries: Retries | None = None, rule: Rule | None = None, **settings: Any) -> Heard[Any]:
    asking = client(retries, **settings)
    return play(token_endpoint.client_credentials(asking) if rule is None else rule(asking), answers)


def unreachable() -> TransportError:
    return TransportError(URL, "no answer came (refused).", sent=False)


def reset() -> TransportError:
    return TransportError(URL, "no answer came (reset).")


def late(*, sent: bool = True) -> DeadlineExceeded:
    return DeadlineExceeded(URL, seconds=10, sent=sent)


def broken() -> IncompleteResponse:
    return IncompleteResponse(URL, "the connection broke before the answer was whole.", response=answer(b'{"acc'))


BUSY = answer(b"busy", 503)
TOKEN = token()


# --- how long it waits


def test_waits_double() -> None:
    heard = ask(BUSY, BUSY, BUSY, TOKEN, retries=steadily(attempts=4))
    assert heard.result.access_token == "an-access-token"
    assert heard.sleeps == [0.5, 1, 2]


@pytest.mark.parametrize(("random", "waits"), [(0.0, [0.25, 0.5]), (0.5, [0.375, 0.75]), (1.0, [0.5, 1.0])])
def test_half_of_each_wait_is_random(random: float, waits: list[float]) -> None:
    assert ask(BUSY, BUSY, TOKEN, retries=Retries(jitter=lambda: random)).sleeps == waits


def test_no_wait_is_longer_than_the_longest() -> None:
    patient = steadily(attempts=5, max_wait=1.5, max_total=100)
    assert ask(BUSY, BUSY, BUSY, BUSY, TOKEN, retries=patient).sleeps == [0.5, 1, 1.5, 1.5]


def test_ever_so_many_attempts_do_not_overflow() -> None:
    assert steadily(max_wait=60).wait(5000) == 60


def test_the_time_that_the_as_asks_for_comes_before_its_own_wait() -> None:
    assert ask(answer(b"", 503, Retry_After="2"), TOKEN).sleeps == [2.5]
    assert ask(answer(b"", 429, Retry_After="0"), TOKEN).sleeps == [0.5]


def test_the_time_that_the_as_asks_for_can_be_a_date_by_its_own_clock() -> None:
    dates = {"Date": "Thu, 01 Jan 2026 10:00:00 GMT", "Retry_After": "Thu, 01 Jan 2026 10:00:03 GMT"}
    assert ask(answer(b"", 503, **dates), TOKEN).sleeps == [3.5]


def test_the_as_is_not_asked_when_it_wants_more_time_than_the_longest_wait() -> None:
    heard = ask(answer(b"", 503, Retry_After="11"), retries=steadily(max_total=1000))
    assert isinstance(heard.error, InvalidTokenResponse)
    assert (heard.error.retry_after, heard.error.attempts, heard.sleeps) == (11, 1, [])
    assert "asks to come again in 11 seconds" in str(heard.error)


# --- how long it takes together


def test_all_attempts_together_take_no_longer_than_one_answer_may() -> None:
    heard = ask(*[After(1.5, BUSY)] * 3, retries=steadily(attempts=9), timeout=6)
    assert [request.timeout for request in heard.sent] == [6, 4, 1.5]
    assert heard.sleeps == [0.5, 1]


def test_a_wait_leaves_at_least_as_much_time_for_the_answer() -> None:
    assert ask(answer(b"", 503, Retry_After="4"), TOKEN).sleeps == [4.5]
    assert isinstance(ask(answer(b"", 503, Retry_After="5")).error, InvalidTokenResponse)


def test_both_parts_of_a_timeout_get_shorter() -> None:
    heard = ask(BUSY, TOKEN, timeout=(1, 3))
    assert [request.timeout for request in heard.sent] == [(1, 3), (0.875, 2.625)]


def test_a_timeout_leaves_no_time_for_another_attempt() -> None:
    heard = ask(After(10, late()))
    assert (len(heard.sent), heard.sleeps) == (1, [])


def test_with_a_total_of_its_own_each_attempt_may_take_the_whole_timeout() -> None:
    heard = ask(*[After(10, late())] * 3, retries=steadily(max_total=60))
    assert [request.timeout for request in heard.sent] == [10, 10, 10]
    assert isinstance(heard.error, DeadlineExceeded)


def test_a_clock_that_is_set_back_wins_no_time() -> None:
    heard = ask(*[After(-3600, BUSY)] * 5, retries=steadily(attempts=9))
    assert heard.sleeps == [0.5, 1, 2, 4]


# --- what is repeated

REPEATED: dict[str, Rule] = {
    "client_credentials": token_endpoint.client_credentials,
    "password": lambda c: token_endpoint.resource_owner_password(c, "alice", "pw"),
    "token_exchange": lambda c: token_exchange.token_exchange(c, subject_token="t", subject_token_type="jwt"),
    "introspection": lambda c: introspection.introspect_token(c, "t"),
    "revocation": lambda c: revocation.revoke_token(c, "t"),
    "userinfo": lambda c: userinfo.userinfo(c, "t"),
    "pushed_authorization_request": lambda c: par.pushed_authorization_request(c, c.authorization_request()),
    "device_authorization": device.authorize_device,
    "jwks": server_keys.update_authorization_server_public_keys,
    "discovery": lambda c: discovery.discover(
        FetchLimits.of({"retries": c.retries}, testing=False), issuer="https://as.local"
    ),
}
REPEATED_UNSENT: dict[str, Rule] = {
    "authorization_code": lambda c: token_endpoint.authorization_code(c, "the-code", code_verifier="the-verifier"),
    "refresh_token": lambda c: token_endpoint.refresh_token(c, "the-refresh-token"),
    "jwt_bearer": lambda c: token_endpoint.jwt_bearer(c, "the-assertion"),
    "saml2_bearer": lambda c: saml2.saml2_bearer(c, "<assertion/>"),
    "unknown": lambda c: token_endpoint.token_request(c, {"grant_type": "urn:example:own"}),
    "ciba_request": lambda c: ciba.backchannel_authentication_request(c, login_hint="alice"),
}
NOT_REPEATED: dict[str, Rule] = {
    "device_code": lambda c: token_endpoint.device_code(c, "dc"),
    "ciba": lambda c: ciba.ciba(c, "the-auth-req-id"),
}
PASSING = (BUSY, answer(b"", 500), answer(b"", 502), answer(b"", 504), answer(b"", 520), answer(b"", 429))


def rules(table: dict[str, Rule]) -> Any:
    return pytest.mark.parametrize("rule", table.values(), ids=table.keys())


@rules(REPEATED)
def test_what_is_safe_to_repeat_is_repeated_whatever_happened(rule: Rule) -> None:
    for failed_attempt in (lambda: BUSY, unreachable, reset, late):
        assert len(ask(failed_attempt(), failed_attempt(), failed_attempt(), rule=rule).sent) == 3


@rules(REPEATED_UNSENT)
def test_what_the_as_may_take_once_is_repeated_if_it_did_not_get_it(rule: Rule) -> None:
    heard = ask(unreachable(), late(sent=False), unreachable(), rule=rule)
    assert heard.sleeps == [0.5, 1]
    assert isinstance(heard.error, TransportError)
    assert (heard.error.attempts, heard.error.sent) == (3, False)


@rules(REPEATED_UNSENT)
def test_what_the_as_may_take_once_is_not_repeated_once_it_may_have_got_it(rule: Rule) -> None:
    for failed_attempt in (BUSY, reset(), late(), broken()):
        heard = ask(failed_attempt, rule=rule)
        assert heard.sleeps == []
        assert isinstance(heard.error, OAuth2Error)
        assert "not tried again: the server may have acted on it" in str(heard.error)


def test_it_stops_when_the_server_may_have_got_it_at_last() -> None:
    heard = ask(unreachable(), reset(), rule=REPEATED_UNSENT["refresh_token"])
    assert isinstance(heard.error, TransportError)
    assert heard.error.attempts == 2
    assert "It was tried 2 times. It was not tried again" in str(heard.error)


@rules(NOT_REPEATED)
def test_who_polls_repeats_by_a_rule_of_its_own(rule: Rule) -> None:
    for failed_attempt in (BUSY, unreachable(), late(sent=False)):
        assert ask(failed_attempt, rule=rule).sleeps == []


def test_a_poll_without_answer_doubles_the_interval_and_nothing_else() -> None:
    job = DeviceAuthorizationPollingJob(client(steadily(max_total=1000)), "dc")
    assert play(poll(job), [late(sent=False)]).sleeps == [5]
    assert job.interval == 10


def test_the_table_names_grants_as_the_rules_do() -> None:
    named = {token_exchange.TOKEN_EXCHANGE, token_endpoint.DEVICE_CODE, ciba.CIBA}
    assert GRANTS.keys() == named | {"client_credentials", "password"}


# --- which failures pass


@pytest.mark.parametrize("failing", PASSING, ids=lambda failing: str(failing.status_code))
def test_an_overloaded_or_failing_as_is_asked_again(failing: Answer) -> None:
    assert ask(failing, TOKEN).result.access_token == "an-access-token"


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 501, 505])
def test_an_answer_that_will_be_the_same_tomorrow_is_final(status: int) -> None:
    assert isinstance(ask(answer(b"no", status)).error, InvalidTokenResponse)


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable", "too_many_requests"])
def test_an_oauth_error_that_may_pass_is_asked_about_again(code: str) -> None:
    assert ask(error(code, 503), TOKEN).result.access_token == "an-access-token"


def test_an_oauth_error_that_says_what_is_wrong_is_final_whatever_its_status() -> None:
    assert isinstance(ask(error("invalid_client", 500)).error, InvalidClient)
    assert isinstance(ask(error("too_many_attempts", 429)).error, UnknownTokenEndpointError)  # Auth0: locked out


def test_an_oauth_error_with_a_time_to_come_again_is_asked_about_again() -> None:
    limited = answer({"error": "slow_tenant"}, 429, Retry_After="1")
    assert ask(limited, TOKEN).sleeps == [1.5]


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    assert ask(broken(), TOKEN).sleeps == [0.5]
    ended = ask(broken(), broken(), broken()).error
    assert isinstance(ended, InvalidTokenResponse)
    assert ended.attempts == 3


def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    large = ResponseTooLarge(URL, limit=10, response=answer(b"x" * 10))
    assert isinstance(ask(large).error, InvalidTokenResponse)


def test_revocation_is_repeated_although_it_makes_no_error_of_a_failing_as() -> None:
    heard = ask(BUSY, BUSY, BUSY, rule=REPEATED["revocation"])
    assert (heard.result, len(heard.sent)) == (False, 3)


# --- each attempt is a request of its own


def test_each_attempt_has_a_client_assertion_of_its_own() -> None:
    auth = PrivateKeyJwt("id", generate_private_jwk("ES256"))
    heard = ask(BUSY, BUSY, TOKEN, auth=auth)
    assert len({form["client_assertion"] for form in heard.forms}) == 3


def test_each_attempt_has_a_proof_of_its_own() -> None:
    key = DPoPKey.generate()
    heard = ask(BUSY, BUSY, token(token_type="DPoP"), rule=lambda c: token_endpoint.client_credentials(c, dpop_key=key))
    assert len({request.headers["DPoP"] for request in heard.sent}) == 3
    assert heard.result.dpop_key is key


def test_a_nonce_that_was_demanded_is_used_in_the_next_attempt() -> None:
    key = DPoPKey.generate()
    demand = answer({"error": "use_dpop_nonce"}, 400, DPoP_Nonce="n")
    heard = ask(
        demand, BUSY, token(token_type="DPoP"), rule=lambda c: token_endpoint.client_credentials(c, dpop_key=key)
    )
    assert (len(heard.sent), heard.sleeps) == (3, [0.5])


def test_a_code_that_was_refused_for_want_of_a_nonce_can_be_sent_again() -> None:
    key = DPoPKey.generate()
    demand = answer({"error": "use_dpop_nonce"}, 400, DPoP_Nonce="n")
    code: Rule = lambda c: token_endpoint.authorization_code(c, "the-code", dpop_key=key)  # noqa: E731
    assert ask(demand, unreachable(), token(token_type="DPoP"), rule=code).result.access_token == "an-access-token"


# --- the setting


def test_none_switches_it_off() -> None:
    heard = play(token_endpoint.client_credentials(OAuth2Client(URL, CREDENTIALS, retries=None)), [BUSY])
    assert isinstance(heard.error, InvalidTokenResponse)


def test_a_client_retries_unless_told_otherwise() -> None:
    assert OAuth2Client(URL, CREDENTIALS).retries == Retries()


def test_a_client_that_is_replaced_keeps_it() -> None:
    seldom = Retries(attempts=2)
    assert client(seldom).replace(timeout=5).retries is seldom


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"backoff": -1}, {"max_wait": float("nan")}, {"max_total": -0.1}])
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidParam, match=next(iter(wrong))):
        Retries(**wrong)  # type: ignore[arg-type]


def test_a_number_is_no_setting() -> None:
    with pytest.raises(InvalidParam, match=r"retries=3: expected Retries\(attempts"):
        OAuth2Client(URL, CREDENTIALS, retries=3)  # type: ignore[arg-type]


# --- what can be seen


def test_the_error_at_the_end_tells_how_often_was_asked() -> None:
    failed = ask(error("server_error", 500), error("server_error", 500), error("server_error", 500)).error
    assert isinstance(failed, ServerError)
    assert failed.attempts == 3
    assert failed.message.endswith("It was tried 3 times.")
    lost = ask(reset(), reset(), reset()).error
    assert isinstance(lost, TransportError)
    assert lost.message == f"{URL}: no answer came (reset). It was tried 3 times."


def test_an_error_at_the_first_attempt_says_nothing_about_attempts() -> None:
    refused = ask(error("invalid_client", 401)).error
    assert isinstance(refused, InvalidClient)
    assert (refused.attempts, refused.retry_after) == (1, None)
    assert "tried" not in str(refused)


def test_what_an_error_tells_about_attempts_is_pickled() -> None:
    failed = ask(answer(b"", 503, Retry_After="60")).error
    lost = ask(unreachable(), unreachable(), unreachable()).error
    assert pickle.loads(pickle.dumps(failed)).retry_after == 60  # noqa: S301  its own pickle
    again = pickle.loads(pickle.dumps(lost))  # noqa: S301
    assert (again.attempts, again.sent, str(again)) == (3, False, str(lost))


def test_each_failed_attempt_is_logged_with_what_comes_next(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "requests_oauth2client.retries")
    ask(answer(b"", 503, Retry_After="1"), reset(), BUSY)
    seen = [
        (r.levelname, *(getattr(r, name) for name in ("attempt", "trouble", "wait", "sent"))) for r in caplog.records
    ]
    assert seen == [
        ("INFO", 1, "status 503", 1.5, True),
        ("INFO", 2, "TransportError", 1, True),
        ("WARNING", 3, "status 503", None, True),
    ]
    assert caplog.messages[0] == (f"Attempt 1 of 3 at {URL} failed: status 503. The next one in 1.50 seconds.")


@rules(REPEATED | REPEATED_UNSENT)
def test_nothing_that_is_logged_or_raised_is_a_secret(rule: Rule, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("hush-hush", "the-code", "the-verifier", "the-refresh-token", "the-assertion", "alice")
    for failed_attempt in (unreachable, lambda: BUSY):
        heard = play(rule(client(steadily(attempts=1))), [failed_attempt()])
        shown = f"{heard.error} {caplog.text} {[vars(record) for record in caplog.records]}"
        assert not [secret for secret in secrets if secret in shown]


# --- Retry-After


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), (" 120 ", 120), ("9" * 30, LONGEST), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), ("", None), ("-1", None),
     ("1.5", None), ("soon", None), ("9" * 5000, None), ("Thu, 99 Foo 2026 99:99:99 GMT", None)],
)  # fmt: skip
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}) == seconds


def test_there_need_not_be_one() -> None:
    assert retry_after({}) is None
    assert retry_after(None) is None


@given(text=st.text(max_size=80), date=st.text(max_size=80))
def test_whatever_it_says_it_is_nothing_or_a_time(text: str, date: str) -> None:
    found = retry_after({"Retry-After": text, "Date": date})
    assert found is None or 0 <= found <= LONGEST


def test_a_hook_counts_the_failures() -> None:
    seen: list[Any] = []
    retries = Retries(backoff=0.1, jitter=lambda: 1.0, on_failure=seen.append)
    play(token_endpoint.client_credentials(client(retries=retries)), [answer("", 503), TOKEN])
    assert [(each["status"], each["attempt"], each["attempts"], each["wait"]) for each in seen] == [(503, 1, 3, 0.1)]
