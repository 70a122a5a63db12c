"""Whether a token is kept, refreshed, fetched anew or refused; and that nothing is sent where nothing helps."""

from typing import Any

import pytest
from freezegun import freeze_time

from devkit.exchange import answer, error, token
from devkit.play import Heard, play
from requests_oauth2client import (
    BearerToken,
    ExpiredAccessToken,
    InvalidClient,
    InvalidGrant,
    NonRenewableTokenError,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
    OAuth2ResourceOwnerPasswordAuth,
)
from requests_oauth2client.exceptions import TransportError

from .helpers import DEAD, LIVE, REFUSED, TOKEN, client, renew_token, valid_token

RENEWABLE = DEAD.replace(refresh_token="r")


def grants(heard: Heard[Any]) -> list[str]:
    return [form["grant_type"] for form in heard.forms]


def test_the_first_need_gets_a_token() -> None:
    source = OAuth2ClientCredentialsAuth(client(), scope="a", audience="api")
    heard = play(valid_token(source), [TOKEN])
    assert heard.forms == [
        {"grant_type": "client_credentials", "scope": "a", "audience": "api", "client_id": "id",
         "client_secret": "secret"},
    ]  # fmt: skip
    assert source.token == heard.result


def test_only_one_caller_renews() -> None:
    source = OAuth2ClientCredentialsAuth(client())
    heard = play(valid_token(source), [TOKEN])
    assert len(heard.locks) == 1
    again = play(valid_token(source))
    assert (again.result, again.locks) == (heard.result, heard.locks)


@pytest.mark.parametrize(
    ("seconds", "leeway", "renewed"),
    [
        (100, 20, False),
        (21, 20, False),
        (20, 20, False),
        (10, 20, True),
        (5, 20, True),
        (5, 0, False),
        (0, 0, True),
        (-1, 0, True),
    ],
)
def test_a_token_is_renewed_when_its_leeway_begins(seconds: int, leeway: int, renewed: bool) -> None:
    with freeze_time("2026-01-01"):
        held = BearerToken("held", expires_in=seconds, refresh_token="r")
        source = OAuth2ClientCredentialsAuth(client(), token=held, leeway=leeway)
        heard = play(valid_token(source), [TOKEN] if renewed else [])
    assert grants(heard) == ["refresh_token"] * renewed


def test_a_token_is_renewed_when_time_has_passed() -> None:
    with freeze_time("2026-01-01") as clock:
        source = OAuth2ClientCredentialsAuth(client(), token=BearerToken("held", expires_in=60))
        assert source._manager.usable_token() is not None
        clock.tick(39)
        assert source._manager.usable_token() is not None
        clock.tick(1)
        assert source._manager.usable_token() is None


def test_a_token_without_expiry_is_kept() -> None:
    source = OAuth2ClientCredentialsAuth(client(), token="forever")
    assert play(valid_token(source)).result == BearerToken("forever")


def test_a_refresh_token_that_is_not_rotated_is_kept() -> None:
    source = OAuth2AuthorizationCodeAuth(client(), None, token=RENEWABLE)
    play(valid_token(source), [TOKEN])
    assert source.token is not None
    assert source.token.refresh_token == "r"


def test_a_rotated_refresh_token_is_used_from_then_on() -> None:
    source = OAuth2AuthorizationCodeAuth(client(), None, token=RENEWABLE)
    heard = [play(renew_token(source), [token(refresh_token=name)]) for name in ("r2", "r3")]
    assert [one.forms[0]["refresh_token"] for one in heard] == ["r", "r2"]


def test_a_code_is_exchanged_and_then_refreshed() -> None:
    source = OAuth2AuthorizationCodeAuth(client(), "c", redirect_uri="https://app/")
    first = play(renew_token(source), [token(refresh_token="r")])
    assert first.forms[0]["redirect_uri"] == "https://app/"
    second = play(renew_token(source), [TOKEN])
    assert grants(first) + grants(second) == ["authorization_code", "refresh_token"]
    assert "redirect_uri" not in second.forms[0]


def test_a_code_whose_exchange_failed_is_not_tried_again() -> None:
    source = OAuth2AuthorizationCodeAuth(client(), "c")
    assert isinstance(play(valid_token(source), [REFUSED]).error, InvalidGrant)
    assert isinstance(play(valid_token(source)).error, NonRenewableTokenError)


@pytest.mark.parametrize(
    "source",
    [OAuth2ClientCredentialsAuth(client(), token=RENEWABLE),
     OAuth2ResourceOwnerPasswordAuth(client(), username="u", password="p", token=RENEWABLE)],
)  # fmt: skip
def test_where_the_grant_can_be_repeated_a_refused_refresh_falls_back_to_it(source: Any) -> None:
    heard = play(valid_token(source), [REFUSED, TOKEN])
    assert grants(heard)[0] == "refresh_token"
    assert grants(heard)[1] in {"client_credentials", "password"}
    assert source.token == heard.result


@pytest.mark.parametrize("source_class", [OAuth2AccessTokenAuth, OAuth2AuthorizationCodeAuth])
def test_where_it_can_not_a_refused_refresh_is_an_error(source_class: Any) -> None:
    args = (RENEWABLE,) if source_class is OAuth2AccessTokenAuth else (None,)
    kwargs = {} if source_class is OAuth2AccessTokenAuth else {"token": RENEWABLE}
    source = source_class(client(), *args, **kwargs)
    assert isinstance(play(valid_token(source), [REFUSED]).error, InvalidGrant)
    assert source.token is RENEWABLE


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (error("invalid_client"), InvalidClient),
        (answer(b"", 500), Exception),
        (TransportError("https://as.local/token", "no network"), TransportError),
    ],
)
def test_another_failure_to_refresh_is_an_error_everywhere(outcome: Any, expected: type[Exception]) -> None:
    source = OAuth2ClientCredentialsAuth(client(), token=RENEWABLE)
    heard = play(valid_token(source), [outcome])
    assert isinstance(heard.error, expected)
    assert grants(heard) == ["refresh_token"]
    assert source.token is RENEWABLE


def test_an_expired_token_that_can_not_be_renewed_is_refused_before_anything_is_sent() -> None:
    heard = play(valid_token(OAuth2AccessTokenAuth(client(), DEAD)))
    assert isinstance(heard.error, ExpiredAccessToken)
    assert heard.error.token is DEAD
    assert heard.sent == []


def test_a_token_in_its_leeway_that_can_not_be_renewed_is_still_good() -> None:
    nearly = BearerToken("nearly", expires_in=10)
    assert play(valid_token(OAuth2AccessTokenAuth(client(), nearly))).result is nearly


def test_no_token_and_no_way_to_get_one_is_refused() -> None:
    for rule in (valid_token, renew_token):
        assert isinstance(play(rule(OAuth2AccessTokenAuth(client(), None))).error, NonRenewableTokenError)


def test_a_live_token_without_refresh_token_can_not_be_renewed_by_hand() -> None:
    source = OAuth2AccessTokenAuth(client(), LIVE)
    assert isinstance(play(renew_token(source)).error, NonRenewableTokenError)
    assert source.token is LIVE


def test_further_fields_go_into_the_refresh_of_a_token_that_was_given() -> None:
    heard = play(renew_token(OAuth2AccessTokenAuth(client(), RENEWABLE, resource="https://api")), [TOKEN])
    assert heard.forms[0]["resource"] == "https://api"


def test_a_forgotten_token_is_got_anew() -> None:
    source = OAuth2ClientCredentialsAuth(client(), token=LIVE)
    source.forget_token()
    assert grants(play(valid_token(source), [TOKEN])) == ["client_credentials"]


def test_a_source_shows_no_token() -> None:
    shown = repr(OAuth2ClientCredentialsAuth(client(), token=BearerToken("planted", refresh_token="planted")))
    assert "planted" not in shown
    assert "client_id='id'" in shown
