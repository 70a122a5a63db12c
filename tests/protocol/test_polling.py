"""Waiting for the user: each wait has its length, and it ends when it has to (RFC 8628 section 3.5)."""

from datetime import timedelta
from typing import Any

import pytest

from devkit.exchange import answer, error
from devkit.play import NOON, play
from requests_oauth2client import (
    AccessDenied,
    BackChannelAuthenticationPollingJob,
    BackChannelAuthenticationResponse,
    BearerToken,
    DeviceAuthorizationPollingJob,
    DeviceAuthorizationResponse,
    ExpiredDeviceCode,
    ExpiredToken,
    InvalidClient,
    InvalidGrant,
    InvalidParam,
    InvalidTokenResponse,
    NonRenewableTokenError,
    OAuth2DeviceCodeAuth,
)
from requests_oauth2client._protocol.grants.polling import poll
from requests_oauth2client.exceptions import DeadlineExceeded, TransportError

from .helpers import DENIED, EXPIRED, PENDING, SLOW_DOWN, TOKEN, client, valid_token

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def job(**kwargs: Any) -> DeviceAuthorizationPollingJob:
    return DeviceAuthorizationPollingJob(client(), "dc", **kwargs)


def waiting(**kwargs: Any) -> OAuth2DeviceCodeAuth:
    """A source that polls until there is an answer."""
    return OAuth2DeviceCodeAuth(client(), "dc", **kwargs)


def codes(**kwargs: Any) -> DeviceAuthorizationResponse:
    return DeviceAuthorizationResponse("dc", "UC", "https://as.local/device", **kwargs)


def late() -> DeadlineExceeded:
    return DeadlineExceeded("https://as.local/token", seconds=10)


def test_a_job_waits_before_it_asks() -> None:
    heard = play(poll(job(interval=7)), [TOKEN])
    assert heard.sleeps == [7]
    assert heard.forms == [
        {"grant_type": DEVICE_CODE, "device_code": "dc", "client_id": "id", "client_secret": "secret"},
    ]
    assert heard.result is not None


def test_the_interval_is_five_seconds_unless_someone_says_otherwise() -> None:
    assert play(poll(job()), [PENDING]).sleeps == [5]
    assert play(poll(DeviceAuthorizationPollingJob(client(), codes(interval=9))), [PENDING]).sleeps == [9]
    assert play(poll(DeviceAuthorizationPollingJob(client(), codes(interval=9), 2)), [PENDING]).sleeps == [2]


def test_pending_gives_nothing_and_changes_nothing() -> None:
    asking = job()
    assert play(poll(asking), [PENDING]).result is None
    assert play(poll(asking), [PENDING]).sleeps == [5]


def test_slow_down_lengthens_every_later_wait() -> None:
    heard = play(valid_token(waiting()), [PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, TOKEN])
    assert heard.sleeps == [5, 5, 10, 10, 15]
    assert isinstance(heard.result, BearerToken)


def test_the_seconds_that_slow_down_adds_can_be_set() -> None:
    assert play(valid_token(waiting(interval=1, slow_down_interval=2)), [SLOW_DOWN, SLOW_DOWN, TOKEN]).sleeps == [
        1,
        3,
        5,
    ]


def test_a_job_remembers_to_be_slower() -> None:
    asking = job()
    assert [play(poll(asking), [answer]).sleeps for answer in (SLOW_DOWN, PENDING)] == [[5], [10]]
    assert asking.interval == 10


def test_an_answer_that_does_not_come_in_time_doubles_the_wait() -> None:
    assert play(valid_token(waiting()), [late(), PENDING, TOKEN]).sleeps == [5, 10, 10]


PASSING = [
    TransportError("https://as.local/token", "reset"),
    late(),
    error("server_error"),
    error("temporarily_unavailable", 503),
    answer(b"<html>Bad Gateway</html>", 502),
    answer(b"", 503),
    answer(b"", 429),
    error("slow_down_please", 500),
]


@pytest.mark.parametrize("failure", PASSING, ids=repr)
def test_what_may_pass_does_not_end_the_login(failure: Any) -> None:
    until = codes(expires_at=NOON + timedelta(seconds=900))
    heard = play(valid_token(OAuth2DeviceCodeAuth(client(), until)), [failure, PENDING, TOKEN])
    assert isinstance(heard.result, BearerToken)
    assert heard.sleeps == [5, 10, 10]


def test_failures_lengthen_the_wait_up_to_a_minute_and_until_the_code_expires() -> None:
    until = codes(expires_at=NOON + timedelta(seconds=200))
    heard = play(valid_token(OAuth2DeviceCodeAuth(client(), until)), [answer(b"", 502)] * 6)
    assert isinstance(heard.error, ExpiredToken)
    assert heard.sleeps == [5, 10, 20, 40, 60, 60, 5]


def test_where_nobody_knows_when_the_code_expires_ten_failures_in_a_row_are_enough() -> None:
    heard = play(valid_token(waiting()), [PENDING, *[answer(b"", 502)] * 9, PENDING, *[answer(b"", 502)] * 10])
    assert isinstance(heard.error, InvalidTokenResponse)


def test_a_server_that_says_when_to_come_again_is_obeyed_once() -> None:
    until = codes(expires_at=NOON + timedelta(seconds=900))
    heard = play(
        valid_token(OAuth2DeviceCodeAuth(client(), until)), [answer(b"", 503, Retry_After="70"), PENDING, TOKEN]
    )
    assert heard.sleeps == [5, 70, 10]


def test_the_interval_that_slow_down_says_itself_counts() -> None:
    assert play(valid_token(waiting()), [error("slow_down", interval=25), TOKEN]).sleeps == [5, 25]


def test_nobody_sleeps_longer_than_the_code_lives() -> None:
    until = codes(expires_at=NOON + timedelta(seconds=1), interval=3600)
    heard = play(poll(DeviceAuthorizationPollingJob(client(), until)))
    assert isinstance(heard.error, ExpiredToken)
    assert heard.sleeps == [1]


@pytest.mark.parametrize("interval", [1e10, 1e300, "1e12", 10**400])
def test_an_absurd_interval_is_an_hour_at_most(interval: Any) -> None:
    assert play(poll(DeviceAuthorizationPollingJob(client(), "dc", interval)), [PENDING]).sleeps[0] <= 3600


def test_ciba_is_as_patient() -> None:
    job = BackChannelAuthenticationPollingJob(
        client(), BackChannelAuthenticationResponse("a", expires_at=NOON + timedelta(seconds=60), interval=2)
    )
    assert [play(poll(job), [one]).result for one in (answer(b"", 503), late(), PENDING)] == [None] * 3
    assert job.interval == 8


def test_a_misspelt_option_of_a_job_is_refused() -> None:
    with pytest.raises(InvalidParam, match="Did you mean 'slow_down_interval'"):
        job(slow_down_intervall=3)
    assert job(extra={"scop": "x"}).token_kwargs == {"scop": "x"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(DENIED, AccessDenied), (EXPIRED, ExpiredDeviceCode), (error("invalid_client"), InvalidClient),
     (error("invalid_grant", 403), InvalidGrant)],
)  # fmt: skip
def test_any_other_answer_ends_the_waiting(answer: Any, expected: type[Exception]) -> None:
    heard = play(valid_token(waiting()), [PENDING, answer])
    assert type(heard.error) is expected
    assert heard.sleeps == [5, 5]


def test_the_waiting_ends_when_the_code_expires() -> None:
    until = codes(expires_at=NOON + timedelta(seconds=12))
    heard = play(valid_token(OAuth2DeviceCodeAuth(client(), until)), [PENDING, PENDING])
    with pytest.raises(ExpiredToken, match="nothing was sent"):
        _ = heard.result
    assert heard.sleeps == [5, 5, 2]
    assert len(heard.sent) == 2


def test_an_expired_code_is_not_waited_for() -> None:
    heard = play(poll(DeviceAuthorizationPollingJob(client(), codes(expires_at=NOON))))
    assert isinstance(heard.error, ExpiredDeviceCode)
    assert (heard.sleeps, heard.sent) == ([], [])


def test_further_fields_and_options_go_into_each_question() -> None:
    heard = play(poll(job(requests_kwargs={"timeout": 3}, audience="api")), [TOKEN])
    assert heard.sent[0].timeout == 3
    assert heard.forms[0]["audience"] == "api"


def test_a_device_code_is_used_once() -> None:
    source = waiting()
    play(valid_token(source), [TOKEN])
    source.forget_token()
    assert isinstance(play(valid_token(source)).error, NonRenewableTokenError)
