"""When a token is kept, renewed, waited for or given up; played, so that nobody sleeps and nothing is sent."""

import logging
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from freezegun import freeze_time

from devkit.exchange import answer, error, token
from devkit.play import NOON, Heard, play
from requests_oauth2client import (
    BearerToken,
    ExpiredAccessToken,
    InvalidClient,
    InvalidGrant,
    LoginNeeded,
    NonRenewableTokenError,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
)
from requests_oauth2client._core.effects import Lock, Spawn
from requests_oauth2client._core.events import TokenEvent
from requests_oauth2client._renewal.flight import FIRST_PAUSE, LONGEST_PAUSE
from requests_oauth2client.exceptions import TransportError

from .helpers import REFUSED, client, renew_token, replaced_token, valid_token

START = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  freezing tools patch datetime, not this
NO_NETWORK = TransportError("https://as.local/token", "no network")
BAD_CLIENT = error("invalid_client", 401)
SECRETS = ("hush-hush", "planted")


def manager(**kwargs: Any) -> OAuth2ClientCredentialsAuth:
    return OAuth2ClientCredentialsAuth(client(), **kwargs)


def ageing(name: str = "old", **kwargs: Any) -> BearerToken:
    """A token in its leeway."""
    return BearerToken(name, expires_in=10, **kwargs)


def expired(**kwargs: Any) -> BearerToken:
    return BearerToken("dead", expires_in=-10, **kwargs)


def at(seconds: float) -> datetime:
    """A moment for the rule's own clock."""
    return NOON + timedelta(seconds=seconds)


def failed_twice(**kwargs: Any) -> OAuth2ClientCredentialsAuth:
    """A manager whose token is expired, and which has failed to get another, at NOON the second time."""
    auth = manager(token=expired(), **kwargs)
    for _ in range(2):
        assert isinstance(play(valid_token(auth), [BAD_CLIENT]).error, InvalidClient)
    return auth


def asked(heard: Heard[Any]) -> int:
    return len(heard.sent)


def grants(heard: Heard[Any]) -> list[str]:
    return [form["grant_type"] for form in heard.forms]


def refused_lock(steps: Any) -> Any:
    """Run steps to their end, and let somebody else hold every lock that they try; return what they return."""
    try:
        command = next(steps)
        while True:
            if isinstance(command, Lock):
                command = steps.send(False)
            elif hasattr(command, "steps"):
                command = steps.send(refused_lock(command.steps))
            else:
                command = steps.send(NOON)
    except StopIteration as end:
        return end.value


# --- the leeway


@pytest.mark.parametrize(("lifetime", "good_for"), [(15, 11), (40, 29), (80, 59), (3600, 3579)])
def test_the_leeway_takes_at_most_a_quarter_of_the_lifetime(lifetime: int, good_for: int) -> None:
    with freeze_time(START) as clock:
        auth = manager()
        got = play(valid_token(auth), [token(expires_in=lifetime)]).result
        clock.tick(good_for)
        assert auth._manager.usable_token() is got
        clock.tick(1)
        assert auth._manager.usable_token() is None


def test_a_token_of_fifteen_seconds_is_not_renewed_at_each_call() -> None:
    with freeze_time(START):
        auth = manager()
        got = play(valid_token(auth), [token(expires_in=15)]).result
        assert [auth._manager.usable_token() for _ in range(3)] == [got] * 3


def test_of_a_token_that_was_given_nobody_knows_the_lifetime() -> None:
    with freeze_time(START):
        auth = manager()
        play(valid_token(auth), [token(expires_in=15)])
        auth.token = BearerToken("given", expires_at=START + timedelta(seconds=15))
        assert auth._manager.usable_token() is None


def test_a_token_without_expiry_is_good_for_ever() -> None:
    with freeze_time(START) as clock:
        auth = manager()
        got = play(valid_token(auth), [token(expires_in=None)]).result
        clock.tick(timedelta(days=3650))
        assert auth._manager.usable_token() is got


# --- in the leeway


def test_who_comes_first_in_the_leeway_renews_and_has_the_new_token() -> None:
    auth = manager(token=ageing())
    heard = play(valid_token(auth), [token()])
    assert heard.result == auth.token
    assert grants(heard) == ["client_credentials"]


def test_who_comes_second_goes_on_with_the_old_token() -> None:
    auth = manager(token=ageing())
    assert refused_lock(valid_token(auth)) is auth.token


def test_who_finds_the_token_renewed_in_the_meantime_takes_it() -> None:
    auth = manager(token=ageing())
    steps = valid_token(auth)
    next(steps)  # the time
    inner = steps.send(NOON).steps  # type: ignore[union-attr]
    next(inner)  # the lock: meanwhile, somebody renews
    auth._manager.hold(BearerToken("new", expires_in=3600), 3600)
    with pytest.raises(StopIteration) as end:
        inner.send(True)
    assert end.value.value is auth.token


@pytest.mark.parametrize("outcome", [NO_NETWORK, BAD_CLIENT, error("server_error", 500)])
def test_a_failure_in_the_leeway_changes_nothing(outcome: Any) -> None:
    auth = manager(token=ageing())
    held = auth.token
    assert play(valid_token(auth), [outcome]).result is held
    assert auth.token is held


def test_in_the_leeway_too_nobody_asks_during_a_pause() -> None:
    auth = manager(token=ageing())
    for _ in range(2):
        play(valid_token(auth), [BAD_CLIENT])
    heard = play(valid_token(auth), now=at(0.1))
    assert heard.result is auth.token
    assert asked(heard) == 0


# --- expired


@pytest.mark.parametrize("held", [None, expired()])
def test_without_a_good_token_the_failure_is_raised(held: BearerToken | None) -> None:
    auth = manager(token=held)
    assert isinstance(play(valid_token(auth), [BAD_CLIENT]).error, InvalidClient)


def test_after_one_failure_the_next_caller_asks_at_once() -> None:
    auth = manager()
    play(valid_token(auth), [BAD_CLIENT])
    assert play(valid_token(auth), [token()]).result is auth.token


def test_in_a_pause_the_same_error_is_raised_again_and_nobody_is_asked() -> None:
    auth = failed_twice()
    heard = [play(valid_token(auth), now=at(seconds)) for seconds in (0, 0.1, 0.2)]
    assert sum(map(asked, heard)) == 0
    errors = [one.error for one in heard]
    assert {str(one) for one in errors} == {str(auth._manager.flight.failure)}
    assert all(isinstance(one, InvalidClient) and one.error == "invalid_client" for one in errors)


def test_each_caller_gets_an_exception_of_its_own() -> None:
    auth = failed_twice()
    errors = [play(valid_token(auth)).error for _ in range(2)]
    assert len({id(one) for one in (*errors, auth._manager.flight.failure)}) == 3


def test_after_the_pause_somebody_asks_again_and_success_ends_it() -> None:
    auth = failed_twice()
    assert play(valid_token(auth), [token()], now=at(FIRST_PAUSE)).result is auth.token
    auth.forget_token()
    assert isinstance(play(valid_token(auth), [BAD_CLIENT], now=at(FIRST_PAUSE)).error, InvalidClient)
    assert asked(play(valid_token(auth), [BAD_CLIENT], now=at(FIRST_PAUSE))) == 1


def test_the_pause_grows_with_each_failure_up_to_its_limit() -> None:
    auth = failed_twice()
    now, lengths = NOON, []
    for _ in range(10):
        pause = auth._manager.flight._pause
        assert pause is not None
        lengths.append(pause[1].total_seconds())
        now += pause[1]
        assert asked(play(valid_token(auth), [BAD_CLIENT], now=now)) == 1
    for number, length in enumerate(lengths):
        whole = min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)
        assert whole / 2 <= length <= whole
    assert lengths[-1] >= LONGEST_PAUSE / 2


def test_a_server_that_is_down_for_days_does_not_break_the_count() -> None:
    auth = manager()
    for number in range(1100):
        auth._manager.flight.failed(NO_NETWORK, at(number))
    assert auth._manager.flight.is_paused(at(1099))


def test_a_clock_that_is_set_back_ends_the_pause() -> None:
    auth = failed_twice()
    assert play(valid_token(auth), [token()], now=at(-3600)).result is auth.token


def test_to_renew_by_hand_does_not_mind_a_pause() -> None:
    auth = failed_twice()
    assert asked(play(renew_token(auth), [token()])) == 1


def test_an_expired_token_without_a_way_to_renew_it_says_so() -> None:
    held = expired()
    heard = play(valid_token(OAuth2AccessTokenAuth(client(), held)))
    assert isinstance(heard.error, ExpiredAccessToken)
    assert heard.error.token is held


def test_those_who_waited_share_a_failure() -> None:
    auth = manager()
    waiting = valid_token(auth)
    steps = next(waiting).steps  # type: ignore[union-attr]
    next(steps)  # it stands in line; meanwhile, the first one fails
    play(valid_token(auth), [BAD_CLIENT])
    steps.send(True)
    with pytest.raises(InvalidClient):
        steps.send(NOON)


def test_those_who_waited_share_a_token() -> None:
    auth = manager()
    waiting = valid_token(auth)
    steps = next(waiting).steps  # type: ignore[union-attr]
    next(steps)
    play(valid_token(auth), [token()])
    with pytest.raises(StopIteration) as end:
        steps.send(True)
    assert end.value.value is auth.token


# --- clock jumps


def test_a_clock_that_jumps_ahead_is_believed() -> None:
    with freeze_time(START) as clock:
        auth = manager()
        play(valid_token(auth), [token(expires_in=3600)])
        clock.tick(timedelta(days=1))
        assert asked(play(valid_token(auth), [token(expires_in=3600)])) == 1
        assert auth._manager.usable_token() is not None


def test_a_clock_that_jumps_back_keeps_the_token() -> None:
    with freeze_time(START) as clock:
        auth = manager()
        got = play(valid_token(auth), [token(expires_in=3600)]).result
        clock.move_to(START - timedelta(days=1))
        assert auth._manager.usable_token() is got


# --- a refused token is never used again


def live(name: str = "live", **kwargs: Any) -> BearerToken:
    return BearerToken(name, expires_in=3600, **kwargs)


def test_a_forgotten_token_is_not_used_again_even_if_it_comes_back() -> None:
    auth = manager(token=live())
    refused = auth.token
    auth.forget_token()
    auth._manager.hold(live(expires_at=refused.expires_at), 3600)  # type: ignore[union-attr]
    assert auth._manager.usable_token() is None
    assert asked(play(valid_token(auth), [token()])) == 1


def test_to_forget_twice_does_not_forget_what_was_refused() -> None:
    auth = manager(token=live())
    refused = auth.token
    auth.forget_token()
    auth.forget_token()
    assert auth._manager.unusable is refused


def test_to_renew_replaces_a_token_that_is_good() -> None:
    auth = manager(token=live())
    assert grants(play(renew_token(auth), [token()])) == ["client_credentials"]
    assert str(auth.token) == "an-access-token"


def test_to_renew_does_nothing_if_somebody_did_it_meanwhile() -> None:
    auth = manager(token=live())
    inner = next(renew_token(auth)).steps  # type: ignore[union-attr]
    next(inner)
    play(renew_token(auth), [token()])
    with pytest.raises(StopIteration):
        inner.send(True)


def test_a_failed_renewal_by_hand_keeps_the_token_and_is_raised() -> None:
    auth = manager(token=live())
    held = auth.token
    assert isinstance(play(renew_token(auth), [BAD_CLIENT]).error, InvalidClient)
    assert auth._manager.usable_token() is held


def test_a_token_that_an_api_refused_is_replaced() -> None:
    auth = manager(token=live())
    refused = auth.token
    assert refused is not None
    heard = play(replaced_token(auth, refused), [token()])
    assert heard.result is auth.token
    assert heard.result != refused


def test_a_refused_token_is_not_used_though_it_can_not_be_replaced_now() -> None:
    auth = manager(token=live())
    refused = auth.token
    assert refused is not None
    assert isinstance(play(replaced_token(auth, refused), [BAD_CLIENT]).error, InvalidClient)
    assert auth._manager.usable_token() is None
    assert play(valid_token(auth), [token()]).result != refused


def test_only_the_first_of_those_whose_token_was_refused_gets_another() -> None:
    auth = manager(token=live())
    refused = auth.token
    assert refused is not None
    other = play(replaced_token(auth, refused), [token()]).result
    assert play(replaced_token(auth, refused)).result is other


# --- in the background


def spawned_by(auth: Any) -> list[Any]:
    heard = play(valid_token(auth))
    assert heard.result is auth.token
    assert (heard.sent, heard.locks) == ([], [])
    return heard.spawned


def test_in_the_background_the_old_token_is_given_and_one_renewal_begun() -> None:
    auth = manager(token=ageing(), background=True)
    (steps,) = spawned_by(auth)
    assert spawned_by(auth) == []
    assert asked(play(steps, [token()])) == 1
    assert str(auth._manager.usable_token()) == "an-access-token"


def test_a_failure_in_the_background_is_told_and_raised_nowhere() -> None:
    told: list[TokenEvent] = []
    auth = manager(token=ageing(), background=True, on_event=told.append)
    (steps,) = spawned_by(auth)
    assert play(steps, [BAD_CLIENT]).error is None
    assert [event.name for event in told] == ["failed"]
    assert len(spawned_by(auth)) == 1


def test_nothing_is_begun_in_the_background_during_a_pause() -> None:
    auth = manager(token=ageing(), background=True)
    for _ in range(2):
        (steps,) = spawned_by(auth)
        play(steps, [BAD_CLIENT])
    assert spawned_by(auth) == []


def test_a_renewal_in_the_background_that_never_ran_does_not_stop_that_of_the_next_token() -> None:
    auth = manager(token=ageing(), background=True)
    spawned_by(auth)  # and the event loop, or the process, ended
    auth.token = ageing("other")
    assert len(spawned_by(auth)) == 1


def test_where_no_thread_can_be_started_the_old_token_is_given() -> None:
    auth = manager(token=ageing(), background=True)
    steps = valid_token(auth)
    command = next(steps)
    while not isinstance(command, Spawn):
        command = steps.send(NOON)
    with pytest.raises(StopIteration) as end:
        steps.throw(RuntimeError("can't start new thread"))
    assert end.value.value is auth.token
    assert len(spawned_by(auth)) == 1


def test_what_is_expired_is_not_renewed_in_the_background() -> None:
    auth = manager(token=expired(), background=True)
    heard = play(valid_token(auth), [token()])
    assert (heard.spawned, asked(heard)) == ([], 1)


# --- what is told


def events(auth: Any) -> list[TokenEvent]:
    told: list[TokenEvent] = []
    auth.on_event = told.append
    return told


def test_each_thing_that_happens_is_told_by_its_name() -> None:
    auth = manager()
    told = events(auth)
    play(valid_token(auth), [token()])
    play(replaced_token(auth, auth.token), [token(access_token="other")])  # type: ignore[arg-type]
    auth.forget_token()
    play(valid_token(auth), [BAD_CLIENT])
    assert [event.name for event in told] == ["obtained", "refused", "obtained", "failed"]
    assert told[-1].error == "InvalidClient"


def test_an_event_says_who_and_for_how_long() -> None:
    with freeze_time(START):
        auth = manager(subject="somebody")
        told = events(auth)
        play(valid_token(auth), [token(expires_in=300)])
    assert told == [
        TokenEvent(
            name="obtained", client_id="id", grant="client_credentials", subject="somebody", expires_in=300, error=None
        )
    ]


def test_who_waited_is_told_that_another_one_got_the_token() -> None:
    auth = manager()
    told = events(auth)
    steps = next(valid_token(auth)).steps  # type: ignore[union-attr]
    next(steps)
    play(valid_token(auth), [token()])
    with pytest.raises(StopIteration):
        steps.send(True)
    assert [event.name for event in told] == ["obtained", "adopted"]


def test_no_event_and_no_log_record_holds_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    planted = ageing("planted", refresh_token="planted")
    auth = OAuth2ClientCredentialsAuth(client(auth=("id", "hush-hush")), token=planted)
    told = events(auth)
    with caplog.at_level(logging.DEBUG):
        play(valid_token(auth), [error("invalid_request", error_description="planted hush-hush")])
        play(renew_token(auth), [token(access_token="planted-too", refresh_token="planted-too")])
        play(replaced_token(auth, auth.token), [BAD_CLIENT])  # type: ignore[arg-type]
    said = repr(told) + caplog.text + repr([vars(record) for record in caplog.records])
    assert len(told) == 4
    assert not [secret for secret in SECRETS if secret in said]


def test_what_is_told_is_logged_with_its_weight(caplog: pytest.LogCaptureFixture) -> None:
    auth = manager()
    with caplog.at_level(logging.INFO, "requests_oauth2client.tokens"):
        play(valid_token(auth), [BAD_CLIENT])
        play(valid_token(auth), [token()])
    assert [(record.levelname, record.getMessage().split(":")[0]) for record in caplog.records] == [
        ("WARNING", "token failed"),
        ("INFO", "token obtained"),
    ]


def test_a_hook_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def hook(_: TokenEvent) -> None:
        raise RuntimeError("the hook")

    auth = manager(on_event=hook)
    assert play(valid_token(auth), [token()]).result is auth.token
    assert "a hook failed" in caplog.text


# --- invalid_grant


def test_where_no_user_is_needed_a_refused_refresh_token_is_no_failure() -> None:
    auth = manager(token=expired(refresh_token="r"))
    told = events(auth)
    heard = play(valid_token(auth), [REFUSED, token()])
    assert grants(heard) == ["refresh_token", "client_credentials"]
    assert [event.name for event in told] == ["obtained"]


@pytest.mark.parametrize("body", ["", " \n", "{}", "null"])
def test_a_refusal_without_a_word_is_one_too(body: str) -> None:
    auth = manager(token=expired(refresh_token="r"))
    heard = play(valid_token(auth), [answer(body, 400), token()])
    assert grants(heard) == ["refresh_token", "client_credentials"]
    of_user = OAuth2AuthorizationCodeAuth(client(), None, token=expired(refresh_token="r"))
    assert isinstance(play(valid_token(of_user), [answer(body, 400)]).error, LoginNeeded)


@pytest.mark.parametrize("came", [answer("<html>", 400), answer("", 429), answer("", 503), answer("{}", 502)])
def test_what_may_not_be_about_the_token_is_no_refusal(came: Any) -> None:
    auth = manager(token=expired(refresh_token="r"))
    heard = play(valid_token(auth), [came])
    assert grants(heard) == ["refresh_token"]
    assert not isinstance(heard.error, LoginNeeded)


def test_where_a_user_is_needed_the_error_says_to_log_in_again() -> None:
    auth = OAuth2AuthorizationCodeAuth(client(), None, token=expired(refresh_token="r"))
    heard = play(valid_token(auth), [REFUSED])
    assert isinstance(heard.error, InvalidGrant)
    assert "Log in again" in str(heard.error)
    assert "Log in again" in str(play(valid_token(auth), [REFUSED]).error)
    assert "Log in again" in str(play(valid_token(auth)).error)  # in the pause


def test_where_there_is_no_grant_the_error_says_to_log_in_again() -> None:
    heard = play(valid_token(OAuth2AccessTokenAuth(client(), None)))
    assert isinstance(heard.error, NonRenewableTokenError)
    assert "Log in again" in str(heard.error)
