"""Waiting for the user: each wait has its length, and it ends when it has to (RFC 8628 section 3.5)."""

from datetime import timedelta
from typing import Any

import pytest

from devkit.exchange import error
from devkit.play import NOON, play
from requests_oauth2client import (
    AccessDenied,
    BearerToken,
    DeviceAuthorizationPollingJob,
    DeviceAuthorizationResponse,
    ExpiredDeviceCode,
    ExpiredToken,
    InvalidClient,
    NonRenewableTokenError,
    OAuth2DeviceCodeAuth,
    ServerError,
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


def test_another_failure_to_send_is_raised() -> None:
    heard = play(valid_token(waiting()), [TransportError("https://as.local/token", "no network")])
    assert isinstance(heard.error, TransportError)
    assert heard.sleeps == [5]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(DENIED, AccessDenied), (EXPIRED, ExpiredDeviceCode), (error("invalid_client"), InvalidClient),
     (error("server_error"), ServerError)],
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
    assert heard.sleeps == [5, 5, 5]
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
