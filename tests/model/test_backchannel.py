"""What a backchannel authentication request gives, and the ping that follows (CIBA Core sections 7.3 and 10.2)."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client.backchannel_authentication import (
    BackChannelAuthenticationPollingJob,
    BackChannelAuthenticationPoolingJob,
    BackChannelAuthenticationResponse,
    InvalidPingCallback,
    MismatchingAuthReqId,
    MismatchingClientNotificationToken,
    validate_ping_callback,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)  # noqa: UP017
SECRET = "the-auth-req-id"
BODY = json.dumps({"auth_req_id": SECRET})


@freeze_time(NOON)
def test_a_response_counts_down() -> None:
    asked = BackChannelAuthenticationResponse(SECRET, expires_in=120, acr="high")
    assert asked.expires_at == NOON + timedelta(seconds=120)
    assert (asked.expires_in, asked.interval, asked.acr) == (120, 20, "high")
    assert asked.is_expired() is False
    assert asked.is_expired(leeway=120) is True


@pytest.mark.parametrize(("said", "seconds"), [(None, 20), ("7", 7), (2, 2), ("soon", 5), (-1, 5)])
def test_an_interval_that_is_nonsense_counts_as_five_seconds(said: Any, seconds: float) -> None:
    assert BackChannelAuthenticationResponse(SECRET, interval=said).interval == seconds


def test_what_the_server_did_not_send_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="did not send"):
        _ = BackChannelAuthenticationResponse(SECRET).acr


def test_responses_are_equal_by_value() -> None:
    one, same = (BackChannelAuthenticationResponse(SECRET, expires_at=NOON) for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)
    assert one != BackChannelAuthenticationResponse("another")


def test_the_auth_req_id_is_not_shown_and_not_pickled() -> None:
    asked = BackChannelAuthenticationResponse(SECRET, expires_in=120)
    assert SECRET not in repr(asked) + str(asked)
    with pytest.raises(TypeError):
        pickle.dumps(asked)


def test_the_founding_name_of_the_job_is_kept() -> None:
    assert BackChannelAuthenticationPoolingJob is BackChannelAuthenticationPollingJob


# --- the ping ---------------------------------------------------------------------------------------------


def ping(authorization: str | None = "Bearer t0ken", body: Any = BODY, **expected: Any) -> str:
    return validate_ping_callback(authorization, body, **{"client_notification_token": "t0ken", **expected})


@pytest.mark.parametrize("body", [BODY, BODY.encode(), {"auth_req_id": SECRET}])
def test_a_ping_tells_its_auth_req_id(body: Any) -> None:
    assert ping(body=body, auth_req_id=SECRET) == SECRET


def test_several_requests_are_told_apart_by_their_auth_req_id() -> None:
    assert ping(client_notification_token={SECRET: "t0ken", "another": "other"}) == SECRET
    with pytest.raises(MismatchingClientNotificationToken):
        ping(client_notification_token={SECRET: "other", "another": "t0ken"})
    with pytest.raises(MismatchingClientNotificationToken):
        ping(client_notification_token={})


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer t0ken2", "Basic t0ken", "t0ken", "Bearer \ud800"]
)
def test_whoever_does_not_know_the_token_is_refused(authorization: str | None) -> None:
    with pytest.raises(MismatchingClientNotificationToken) as refused:
        ping(authorization)
    assert "t0ken" not in str(refused.value)


def test_an_empty_token_never_matches() -> None:
    with pytest.raises(MismatchingClientNotificationToken):
        ping("Bearer ", client_notification_token="")


def test_a_ping_about_another_request_is_refused() -> None:
    with pytest.raises(MismatchingAuthReqId) as refused:
        ping(auth_req_id="another")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("body", [b"", "[]", "{}", '{"auth_req_id": 1}', '{"auth_req_id": ""}', b"\xff", "x" * 70_000])
def test_a_body_that_is_no_ping_is_refused(body: Any) -> None:
    with pytest.raises(InvalidPingCallback):
        ping(body=body)


@given(st.none() | st.text(), st.binary() | st.text() | st.dictionaries(st.text(), st.none() | st.text()))
def test_whatever_is_sent_only_our_error_comes(authorization: str | None, body: Any) -> None:
    with pytest.raises(InvalidPingCallback):
        ping(authorization, body, client_notification_token="a-token-that-nobody-guesses")
