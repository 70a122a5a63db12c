"""Tokens in a store: who reads, renews and writes them, and what happens when that fails; played."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun import freeze_time

from devkit.exchange import Answer, error, token
from devkit.play import NOON, Heard, play
from requests_oauth2client import (
    AsyncOAuth2ClientCredentialsAuth,
    BearerToken,
    DPoPKey,
    ExpiredAccessToken,
    InvalidGrant,
    NonRenewableTokenError,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
    OAuth2DeviceCodeAuth,
    OAuth2ResourceOwnerPasswordAuth,
    OAuth2TokenSourceAuth,
)
from requests_oauth2client._core.events import TokenEvent
from requests_oauth2client._renewal.records import PENDING_FOR, Record, RecordSerializer, entry_of
from requests_oauth2client._renewal.shared import PENDING_POLL_DELAYS
from requests_oauth2client.aio.client import AsyncOAuth2Client
from requests_oauth2client.exceptions import InvalidParam, LostStoredToken, TransportError
from requests_oauth2client.stores import EntryLocked, MemoryStore, StaleFence, StoreCorrupted, StoreUnavailable
from requests_oauth2client.token_sources import (
    CallableSource,
    ClientCredentialsSource,
    FileSource,
    JwtBearerSource,
    RefreshTokenSource,
    TokenExchangeSource,
    TokenSource,
)

from .helpers import REFUSED, client, renew_token, replaced_token, valid_token

KEY, OTHER_KEY = b"a key of a store, of 32 bytes ..", b"another key of a store, 32 bytes"
BAD_CLIENT = error("invalid_client", 401)
NO_NETWORK = TransportError("https://as.local/token", "no network")


class KilledError(BaseException):
    """The process ends here."""


class Store(MemoryStore):
    """A store that counts its calls, and fails where it is told to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.calls: list[str] = []
        self.failing: dict[str, Callable[[], BaseException | None]] = {}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        failure = self.failing.get(name, lambda: None)()
        if failure is not None:
            raise failure

    def get(self, entry: str) -> bytes | None:
        self._called("get")
        return super().get(entry)

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        self._called("put")
        super().put(entry, data, lifetime=lifetime, fence=fence)

    def delete(self, entry: str, *, fence: int | None = None) -> None:
        self._called("delete")
        super().delete(entry, fence=fence)

    def lock(self, entry: str, *, wait: float) -> AbstractContextManager[int]:
        self._called("lock")
        return super().lock(entry, wait=wait)

    def goes_down(self) -> None:
        self.failing = dict.fromkeys(("get", "put", "delete", "lock"), lambda: StoreUnavailable("It is down."))

    def comes_back(self) -> None:
        self.failing = {}

    def fails_once(self, name: str, failure: BaseException, *, after: int = 0) -> None:
        """Fail at one call, after some that go well."""
        coming = iter([*[None] * after, failure])
        self.failing[name] = lambda: next(coming, None)


def app(store: Any, token: Any = None, **kwargs: Any) -> OAuth2ClientCredentialsAuth:
    """A process that needs no user for its tokens."""
    return OAuth2ClientCredentialsAuth(client(), store=store, token=token, **kwargs)


def user(store: Any, token: Any = None, **kwargs: Any) -> OAuth2AccessTokenAuth:
    """A process that has its tokens from a user."""
    return OAuth2AccessTokenAuth(client(), token, store=store, subject="alice", **kwargs)


def live(name: str = "live", **kwargs: Any) -> BearerToken:
    return BearerToken(name, expires_in=3600, **kwargs)


def dead(name: str = "dead", **kwargs: Any) -> BearerToken:
    return BearerToken(name, expires_in=-10, **{"refresh_token": "r1", **kwargs})


def refreshed(number: int, **kwargs: Any) -> Answer:
    return token(access_token=f"a{number}", refresh_token=f"r{number}", **kwargs)


def stored(auth: Any) -> Record:
    """What the entry of a handler has."""
    record: Record = play(auth._manager.store_entry._read()).result
    return replace(record, fence=None)  # which differs each time


def entry(auth: Any) -> bytes:
    data: bytes | None = auth._manager.store_entry.store.get(auth._manager.store_entry.entry)
    assert data is not None
    return data


def refresh_tokens(*played: Heard[Any]) -> list[str]:
    """The refresh tokens that were sent."""
    return [form["refresh_token"] for heard in played for form in heard.forms]


def names(told: list[TokenEvent]) -> list[str]:
    return [event.name for event in told]


def logged_in(store: Store) -> OAuth2AccessTokenAuth:
    """Store a user's token that is expired, and return the handler that did."""
    auth = user(store)
    auth.token = dead()
    play(valid_token(auth), [refreshed(2, expires_in=-1)])
    assert stored(auth).token == auth.token
    return auth


# --- what is shared


def test_one_gets_a_token_and_the_others_take_it() -> None:
    store = Store()
    one, other = app(store), app(store)
    first = play(valid_token(one), [token()])
    second = play(valid_token(other))
    assert second.result == first.result
    assert second.sent == []


def test_both_faces_share_an_entry() -> None:
    store = Store()
    one = app(store)
    other = AsyncOAuth2ClientCredentialsAuth(
        AsyncOAuth2Client("https://as.local/token", ("id", "secret"), retries=None), store=store
    )
    play(valid_token(one), [token()])
    assert play(valid_token(other)).result == one.token


def test_what_is_good_is_read_without_the_lock() -> None:
    store = Store()
    play(valid_token(app(store)), [token()])
    store.calls.clear()
    play(valid_token(app(store)))
    assert store.calls == ["get"]


def test_a_token_that_is_held_asks_the_store_nothing() -> None:
    store = Store()
    auth = app(store)
    play(valid_token(auth), [token()])
    store.calls.clear()
    assert auth._manager.usable_token() is auth.token
    assert store.calls == []


def test_the_record_carries_the_lifetime_so_that_a_short_lived_token_is_not_renewed_by_each_process() -> None:
    with freeze_time(NOON) as clock:
        store = Store()
        play(valid_token(app(store)), [token(expires_in=15)])
        for _ in range(3):
            clock.tick(3)
            other = app(store)
            assert play(valid_token(other)).sent == []
            assert other._manager.usable_token() is not None


def test_a_rotated_refresh_token_is_used_by_the_next_process() -> None:
    store = Store()
    one, other = logged_in(store), user(store)
    first = play(valid_token(other), [refreshed(3, expires_in=-1)])
    second = play(valid_token(one), [refreshed(4)])
    assert refresh_tokens(first, second) == ["r2", "r3"]


def test_a_refresh_token_that_is_not_rotated_is_kept_in_the_store() -> None:
    store = Store()
    auth = logged_in(store)
    play(valid_token(auth), [token(access_token="a3")])
    record = stored(auth)
    assert record.token is not None
    assert (record.token.access_token, record.token.refresh_token) == ("a3", "r2")


def test_the_new_token_is_stored_before_anyone_has_it() -> None:
    store = Store()
    auth = app(store)
    seen: list[Any] = []
    auth.on_event = lambda event: seen.append((event.name, stored(auth).token))
    got = play(valid_token(auth), [token()]).result
    assert seen == [("obtained", got)]


def test_a_token_that_is_bound_to_a_key_comes_back_with_it() -> None:
    store = Store()
    key = DPoPKey.generate()
    one = OAuth2ClientCredentialsAuth(client(), store=store, dpop_key=key)
    play(valid_token(one), [token(token_type="DPoP")])
    other = OAuth2ClientCredentialsAuth(client(), store=store, dpop_key=key)
    assert play(valid_token(other)).result == one.token


def test_a_code_goes_on_as_what_is_stored() -> None:
    store = Store()
    web = OAuth2AuthorizationCodeAuth(client(), "c", redirect_uri="https://app/", store=store, subject="alice")
    play(valid_token(web), [refreshed(1)])
    assert play(valid_token(user(store))).result == web.token


# --- the names of entries

KEYS = [DPoPKey.generate() for _ in range(2)]
ENTRIES: dict[str, tuple[Any, str | None]] = {
    "plain": (ClientCredentialsSource(client()), None),
    "another issuer": (ClientCredentialsSource(client(issuer="https://as.local")), None),
    "another client": (ClientCredentialsSource(client(auth=("other", "secret"))), None),
    "another grant": (RefreshTokenSource(client()), "alice"),
    "another subject": (RefreshTokenSource(client()), "bob"),
    "a service's subject": (ClientCredentialsSource(client()), "alice"),
    "scope": (ClientCredentialsSource(client(), scope="a"), None),
    "another scope": (ClientCredentialsSource(client(), scope="a b"), None),
    "resource": (ClientCredentialsSource(client(), resource="https://api"), None),
    "audience": (ClientCredentialsSource(client(), audience="https://api"), None),
    "details": (ClientCredentialsSource(client(), authorization_details=[{"type": "t"}]), None),
    "key": (ClientCredentialsSource(client(), dpop_key=KEYS[0]), None),
    "another key": (ClientCredentialsSource(client(), dpop_key=KEYS[1]), None),
    "exchange": (TokenExchangeSource(client(), "t"), "alice"),
    "assertion": (JwtBearerSource(client(), "j"), "alice"),
}


def test_each_thing_that_is_asked_for_has_an_entry_of_its_own() -> None:
    entries = {name: entry_of(source, subject) for name, (source, subject) in ENTRIES.items()}
    assert len(set(entries.values())) == len(entries)


def test_the_order_of_words_in_a_scope_makes_no_other_entry() -> None:
    scopes = ["a b", "b a", ["a", "b"], ("b", "a")]
    assert len({entry_of(ClientCredentialsSource(client(), scope=scope), None) for scope in scopes}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ClientCredentialsSource(client(auth=("id", "secret"))), ClientCredentialsSource(client(auth=("id", "new")))),
        (TokenExchangeSource(client(), "t1", actor_token="a1"), TokenExchangeSource(client(), "t2", actor_token="a2")),
        (JwtBearerSource(client(), "j1"), JwtBearerSource(client(), "j2")),
    ],
)
def test_no_secret_is_part_of_a_name(one: TokenSource, other: TokenSource) -> None:
    assert entry_of(one, "alice") == entry_of(other, "alice")


def test_a_key_that_is_made_for_each_login_is_no_part_of_a_name() -> None:
    def auth() -> Any:
        return OAuth2DeviceCodeAuth(client(dpop_bound_access_tokens=True), "d", store=MemoryStore(), subject="alice")

    assert auth()._manager.store_entry.entry == auth()._manager.store_entry.entry


class OfMine(TokenSource):
    def get_token(self, held: BearerToken | None) -> str:
        return "mine"


@pytest.mark.parametrize(
    "source",
    [
        RefreshTokenSource(client()),
        TokenExchangeSource(client(), "t"),
        JwtBearerSource(client(), "j"),
        CallableSource(lambda: "t"),
        FileSource("/var/run/token"),
        OfMine(),
    ],
    ids=lambda source: type(source).__name__,
)
def test_where_nothing_else_tells_whose_tokens_they_are_a_subject_is_demanded(source: TokenSource) -> None:
    with pytest.raises(InvalidParam, match="subject="):
        OAuth2TokenSourceAuth(source, store=MemoryStore())
    assert OAuth2TokenSourceAuth(source, store=MemoryStore(), subject="alice")._manager.store_entry is not None


def test_a_username_is_a_subject() -> None:
    def auth(username: str) -> Any:
        return OAuth2ResourceOwnerPasswordAuth(client(), username=username, password="p", store=MemoryStore())

    assert auth("alice")._manager.store_entry.entry != auth("bob")._manager.store_entry.entry


def test_an_entry_is_good_under_its_own_name_only() -> None:
    store = Store(key=KEY)
    alice = logged_in(store)
    mallory = OAuth2AccessTokenAuth(client(), store=store, subject="mallory")
    assert mallory._manager.store_entry is not None
    store.put(mallory._manager.store_entry.entry, entry(alice))
    assert isinstance(play(valid_token(mallory)).error, StoreCorrupted)


def test_in_the_store_is_no_secret_in_clear() -> None:
    store = Store(key=KEY)
    auth = user(store)
    auth.token = live("planted", refresh_token="planted")
    play(valid_token(auth))
    assert b"planted" not in entry(auth)
    assert set(entry(auth)) <= set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


# --- tokens that a user sets


def test_a_token_given_to_the_constructor_starts_an_empty_entry() -> None:
    store = Store()
    auth = user(store, live("given", refresh_token="r"))
    assert play(valid_token(auth)).result == auth.token
    assert stored(auth).token == auth.token


def test_a_token_given_to_the_constructor_does_not_replace_a_stored_one() -> None:
    store = Store()
    play(valid_token(user(store, live("first", refresh_token="r"))))
    auth = user(store, live("given", refresh_token="used"))
    assert str(play(valid_token(auth)).result) == "first"
    assert str(auth.token) == "first"


def test_a_token_given_to_the_constructor_does_not_replace_a_stored_one_that_is_expired() -> None:
    store = Store()
    logged_in(store)
    heard = play(valid_token(user(store, live("given", refresh_token="used"))), [refreshed(3)])
    assert refresh_tokens(heard) == ["r2"]


def test_a_token_that_is_set_replaces_the_stored_one() -> None:
    store = Store()
    logged_in(store)
    auth = user(store)
    auth.token = live("set", refresh_token="r")
    assert str(play(valid_token(auth)).result) == "set"
    assert str(play(valid_token(user(store))).result) == "set"


def test_to_set_no_token_empties_the_entry() -> None:
    store = Store()
    auth = logged_in(store)
    auth.token = None
    assert isinstance(play(valid_token(auth)).error, NonRenewableTokenError)
    assert auth._manager.store_entry is not None
    assert store.get(auth._manager.store_entry.entry) is None
    assert isinstance(play(valid_token(user(store))).error, NonRenewableTokenError)


def test_a_token_that_is_set_during_a_renewal_is_not_overwritten_by_it() -> None:
    store = Store()
    auth = logged_in(store)
    put = store.put

    def set_meanwhile(*args: Any, **kwargs: Any) -> None:
        put(*args, **kwargs)
        if auth.token is not None and str(auth.token) != "set":
            auth.token = live("set")

    store.put = set_meanwhile  # type: ignore[method-assign]
    play(valid_token(auth), [refreshed(3)])
    assert str(play(valid_token(auth)).result) == "set"
    assert str(stored(auth).token) == "set"


# --- tokens that are not to be used again


def test_a_forgotten_token_is_not_taken_from_the_store_again() -> None:
    store = Store()
    auth = app(store)
    play(valid_token(auth), [token()])
    auth.forget_token()
    assert len(play(valid_token(auth), [token(access_token="other")]).sent) == 1
    assert str(stored(auth).token) == "other"


def test_to_forget_a_users_token_leaves_the_refresh_token_to_renew_it_with() -> None:
    store = Store()
    auth = user(store, live(refresh_token="r1"))
    play(valid_token(auth))
    auth.forget_token()
    heard = play(valid_token(auth), [refreshed(2)])
    assert refresh_tokens(heard) == ["r1"]
    assert stored(auth).token == auth.token


def test_what_another_process_has_got_since_is_taken_by_who_forgot() -> None:
    store = Store()
    one, other = app(store), app(store)
    play(valid_token(one), [token()])
    play(valid_token(other))
    play(renew_token(other), [token(access_token="other")])
    one.forget_token()
    assert str(play(valid_token(one)).result) == "other"


def test_to_renew_does_not_give_the_same_token_again() -> None:
    store = Store()
    auth = app(store)
    play(valid_token(auth), [token()])
    heard = play(renew_token(auth), [token(access_token="other")])
    assert len(heard.sent) == 1
    assert str(stored(auth).token) == "other"


def test_to_renew_takes_what_another_process_has_got_since_unless_it_is_expired() -> None:
    store = Store()
    one, other = app(store), app(store)
    play(valid_token(one), [token()])
    play(valid_token(other))
    play(renew_token(other), [token(access_token="other")])
    assert play(renew_token(one)).sent == []
    assert str(one.token) == "other"
    play(renew_token(other), [token(access_token="dead", expires_in=-1)])
    assert len(play(renew_token(one), [token(access_token="new")]).sent) == 1


def test_a_token_that_an_api_refused_is_not_taken_from_the_store_again() -> None:
    store = Store()
    one = app(store)
    refused = play(valid_token(one), [token()]).result
    assert str(play(replaced_token(one, refused), [token(access_token="other")]).result) == "other"


# --- who renews, and who waits


def test_only_one_process_renews() -> None:
    store = Store()
    one, other = logged_in(store), user(store)
    steps = valid_token(other)
    assert one._manager.store_entry is not None
    heard = play(valid_token(one), [refreshed(3)])
    assert play(steps).result == heard.result


def test_in_the_leeway_nobody_waits_for_another_process() -> None:
    store = Store()
    told: list[TokenEvent] = []
    ageing = BearerToken("ageing", expires_in=10, refresh_token="r1")
    auth = user(store, ageing)
    play(valid_token(auth), [NO_NETWORK])
    auth.on_event = told.append
    assert auth._manager.store_entry is not None
    with store.lock(auth._manager.store_entry.entry, wait=0):  # another process renews
        assert play(valid_token(auth)).result == ageing
    assert told == []
    assert not auth._manager.flight.is_paused(NOON)
    assert str(play(valid_token(auth), [refreshed(2)]).result) == "a2"


def test_a_lock_that_is_not_free_in_time_is_an_error_for_all_who_waited() -> None:
    store = Store()
    auth = logged_in(store)
    store.failing["lock"] = lambda: EntryLocked("entry", seconds=30)
    assert isinstance(play(valid_token(auth)).error, EntryLocked)
    assert isinstance(auth._manager.flight.failure, EntryLocked)


# --- a process that dies


def test_what_begins_is_said_before_it_begins() -> None:
    auth = logged_in(Store())
    with pytest.raises(KilledError):
        play(valid_token(auth), [KilledError()])
    record = stored(auth)
    assert record.token == auth.token
    assert record.pending == int(NOON.timestamp())


def test_a_renewal_whose_process_died_is_taken_up_after_a_while() -> None:
    store = Store()
    auth = logged_in(store)
    with pytest.raises(KilledError):
        play(valid_token(auth), [KilledError()])
    heard = play(valid_token(user(store)), [refreshed(3)])
    assert refresh_tokens(heard) == ["r2"]
    assert heard.sleeps == list(PENDING_POLL_DELAYS)
    assert stored(auth) == Record(token=heard.result, lifetime=60)


def test_a_renewal_that_began_long_ago_is_taken_up_at_once() -> None:
    store = Store()
    auth = logged_in(store)
    with pytest.raises(KilledError):
        play(valid_token(auth), [KilledError()])
    heard = play(valid_token(user(store)), [refreshed(3)], now=NOON + timedelta(seconds=PENDING_FOR))
    assert (heard.sleeps, refresh_tokens(heard)) == ([], ["r2"])


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1)])
def test_a_clock_that_jumps_does_not_make_anybody_wait_for_the_dead(jump: timedelta) -> None:
    store = Store()
    with pytest.raises(KilledError):
        play(valid_token(logged_in(store)), [KilledError()])
    assert play(valid_token(user(store)), [refreshed(3)], now=NOON + jump).sleeps == []


def test_who_waits_for_a_renewal_that_ends_takes_its_token() -> None:
    store = Store()
    auth = logged_in(store)
    with pytest.raises(KilledError):
        play(valid_token(auth), [KilledError()])
    assert auth._manager.store_entry is not None
    ended = RecordSerializer(auth._manager.store_entry.entry, None).dumps(
        Record(token=live("theirs", refresh_token="r3"))
    )
    heard = play(valid_token(user(store)), meanwhile=lambda: store.put(auth._manager.store_entry.entry, ended))
    assert (heard.sleeps, heard.sent) == ([PENDING_POLL_DELAYS[0]], [])
    assert str(heard.result) == "theirs"


def test_in_the_leeway_nobody_waits_for_a_renewal_that_has_not_ended() -> None:
    store = Store()
    auth = user(store, BearerToken("ageing", expires_in=10, refresh_token="r1"))
    play(valid_token(auth), [NO_NETWORK])
    with pytest.raises(KilledError):
        play(renew_token(auth), [KilledError()])
    heard = play(valid_token(auth))
    assert (heard.sleeps, heard.sent, str(heard.result)) == ([], [], "ageing")


@pytest.mark.parametrize("failure", [NO_NETWORK, BAD_CLIENT])
def test_a_renewal_that_failed_is_no_longer_pending(failure: Any) -> None:
    store = Store()
    auth = logged_in(store)
    play(valid_token(auth), [failure])
    assert stored(auth).pending is None
    heard = play(valid_token(user(store)), [refreshed(3)])
    assert (heard.sleeps, refresh_tokens(heard)) == ([], ["r2"])


def test_where_no_refresh_token_is_used_nothing_is_written_before() -> None:
    store = Store()
    auth = app(store)
    with pytest.raises(KilledError):
        play(valid_token(auth), [KilledError()])
    assert store.calls == ["get", "lock", "get"]
    assert play(valid_token(app(store)), [token()]).sleeps == []


# --- a refresh token that the server refuses


def test_a_refused_refresh_token_is_not_tried_by_anybody_again() -> None:
    store = Store()
    auth = logged_in(store)
    heard = play(valid_token(auth), [REFUSED])
    assert isinstance(heard.error, InvalidGrant)
    assert "Log in again" in str(heard.error)
    other = play(valid_token(user(store)))
    assert other.sent == []
    assert isinstance(other.error, NonRenewableTokenError)
    again = play(valid_token(auth), now=NOON + timedelta(minutes=1))
    assert isinstance(again.error, ExpiredAccessToken)
    assert "log in again" in str(again.error)


def test_after_a_new_login_all_is_well() -> None:
    store = Store()
    auth = logged_in(store)
    play(valid_token(auth), [REFUSED])
    user_again = user(store)
    user_again.token = live("new", refresh_token="r9")
    assert str(play(valid_token(user_again)).result) == "new"
    assert str(play(valid_token(auth)).result) == "new"


def test_a_refused_code_says_so_each_time() -> None:
    auth = OAuth2AuthorizationCodeAuth(client(), "c", store=Store(), subject="alice")
    assert isinstance(play(valid_token(auth), [REFUSED]).error, InvalidGrant)
    assert isinstance(play(valid_token(auth)).error, NonRenewableTokenError)


def test_where_no_user_is_needed_a_refused_refresh_token_is_replaced() -> None:
    store = Store()
    auth = app(store, dead())
    heard = play(valid_token(auth), [REFUSED, token()])
    assert [form["grant_type"] for form in heard.forms] == ["refresh_token", "client_credentials"]
    assert stored(auth) == Record(token=auth.token, lifetime=60)


# --- entries that vanish


def vanish(auth: Any) -> None:
    auth._manager.store_entry.store.delete(auth._manager.store_entry.entry)


def test_a_refresh_token_whose_entry_has_vanished_is_not_used_again() -> None:
    auth = logged_in(Store())
    vanish(auth)
    heard = play(valid_token(auth))
    assert isinstance(heard.error, LostStoredToken)
    assert "Log in again" in str(heard.error)
    assert heard.sent == []


def test_a_good_token_whose_entry_has_vanished_is_used_on() -> None:
    auth = user(Store(), live(refresh_token="r1"))
    play(valid_token(auth))
    vanish(auth)
    assert auth._manager.usable_token() is auth.token


def test_an_expired_token_without_refresh_token_is_not_lost_but_expired() -> None:
    store = Store()
    auth = user(store, BearerToken("t", expires_in=-5))
    assert isinstance(play(valid_token(auth)).error, ExpiredAccessToken)
    vanish(auth)
    assert isinstance(play(valid_token(auth)).error, ExpiredAccessToken)


def test_where_no_user_is_needed_a_vanished_entry_is_made_anew_without_the_old_refresh_token() -> None:
    auth = app(Store(), dead())
    play(valid_token(auth), [refreshed(2, expires_in=-1)])
    vanish(auth)
    heard = play(valid_token(auth), [token()])
    assert [form["grant_type"] for form in heard.forms] == ["client_credentials"]
    assert stored(auth).token == auth.token


# --- a store that is down


def test_while_the_token_is_good_nobody_minds_a_store_that_is_down() -> None:
    store = Store()
    auth = user(store, live(refresh_token="r1"))
    play(valid_token(auth))
    store.goes_down()
    assert auth._manager.usable_token() is auth.token


def test_in_the_leeway_a_store_that_is_down_fails_no_request() -> None:
    store = Store()
    auth = user(store, BearerToken("ageing", expires_in=10, refresh_token="r1"))
    play(valid_token(auth), [NO_NETWORK])
    store.goes_down()
    heard = play(valid_token(auth))
    assert (heard.sent, str(heard.result)) == ([], "ageing")


def test_an_expired_token_is_not_renewed_without_the_store() -> None:
    store = Store()
    auth = logged_in(store)
    store.goes_down()
    heard = play(valid_token(auth))
    assert isinstance(heard.error, StoreUnavailable)
    assert heard.sent == []
    store.comes_back()
    assert str(play(valid_token(auth), [refreshed(3)]).result) == "a3"


@pytest.mark.parametrize("how", ["given", "set"])
def test_a_good_token_that_the_store_can_not_be_told_of_is_used_meanwhile(how: str) -> None:
    store = Store()
    store.goes_down()
    auth = user(store, live(refresh_token="r1") if how == "given" else None)
    if how == "set":
        auth.token = live(refresh_token="r1")
    for _ in range(3):
        assert play(valid_token(auth)).result == auth.token
    store.comes_back()
    play(valid_token(auth), now=NOON + timedelta(minutes=1))
    assert stored(auth).token == auth.token


def test_a_store_that_is_under_another_key_is_an_error_even_if_the_token_is_good() -> None:
    store = Store(key=KEY)
    auth = logged_in(store)
    other = user(Store(key=OTHER_KEY), live())
    other._manager.store_entry.store.put(other._manager.store_entry.entry, entry(auth))  # type: ignore[union-attr]
    heard = play(valid_token(other))
    assert isinstance(heard.error, StoreCorrupted)
    assert "key" in str(heard.error)


@pytest.mark.parametrize("data", [b"", b"rubbish", b"eNqrVkpUslJQSkxKVqoFACAzBGY", b"\xff" * 100])
def test_a_damaged_entry_is_an_error_and_is_not_overwritten(data: bytes) -> None:
    auth = logged_in(Store())
    assert auth._manager.store_entry is not None
    auth._manager.store_entry.store.put(auth._manager.store_entry.entry, data)
    heard = play(valid_token(auth))
    assert isinstance(heard.error, StoreCorrupted)
    assert heard.sent == []
    assert entry(auth) == data


# --- a token that came, and could not be written


@pytest.mark.parametrize(
    "failure", [StoreUnavailable("It is down."), StaleFence("entry"), OSError("of a store of one's own")]
)
def test_a_token_that_can_not_be_written_is_used_and_told(failure: Exception) -> None:
    store = Store()
    auth = logged_in(store)
    told: list[TokenEvent] = []
    auth.on_event = told.append
    store.fails_once("put", failure, after=1)
    heard = play(valid_token(auth), [refreshed(3)])
    assert str(heard.result) == "a3"
    assert auth.token is heard.result
    assert names(told) == ["unsaved", "obtained"]
    assert told[0].error == type(failure).__name__


def unsaved(store: Store, **kwargs: Any) -> tuple[OAuth2AccessTokenAuth, Any]:
    """Get a token while the store goes down; the handler, and the steps that save it in the background."""
    auth = logged_in(store)
    store.fails_once("put", StoreUnavailable("It is down."), after=1)
    heard = play(valid_token(auth), [refreshed(3, **kwargs)])
    (saving,) = heard.spawned
    return auth, saving


def test_it_is_written_as_soon_as_the_store_is_there() -> None:
    store = Store()
    auth, saving = unsaved(store)
    failures = iter([StoreUnavailable("It is down.")] * 3)
    store.failing["put"] = lambda: next(failures, None)
    heard = play(saving)
    assert len(heard.sleeps) == 4
    assert sum(heard.sleeps) < 2
    assert stored(auth).token == auth.token


def test_it_is_given_up_after_a_minute_without_an_error() -> None:
    store = Store()
    _, saving = unsaved(store)
    store.goes_down()
    heard = play(saving)
    assert heard.error is None
    assert 50 < sum(heard.sleeps) < PENDING_FOR


def test_whoever_finds_it_pending_waits_until_it_is_written() -> None:
    store = Store()
    auth, saving = unsaved(store)
    heard = play(valid_token(user(store)), meanwhile=lambda: play(saving))
    assert (heard.result, heard.sent) == (auth.token, [])


def test_it_is_written_even_if_another_has_had_the_lock_since() -> None:
    store = Store()
    auth, saving = unsaved(store)
    assert auth._manager.store_entry is not None
    with store.lock(auth._manager.store_entry.entry, wait=0):
        pass
    play(saving)
    assert stored(auth).token == auth.token


def test_it_does_not_overwrite_what_another_has_written_since() -> None:
    store = Store()
    auth, saving = unsaved(store)
    login = user(store)
    login.token = live("login", refresh_token="r9")
    play(valid_token(login))
    play(saving)
    assert str(stored(auth).token) == "login"


def test_who_could_not_write_it_does_so_with_the_next_renewal_and_uses_the_new_refresh_token() -> None:
    store = Store()
    auth, _ = unsaved(store, expires_in=-1)  # whose steps in the background never ran
    heard = play(valid_token(auth), [refreshed(4)])
    assert refresh_tokens(heard) == ["r3"]
    assert stored(auth).token == auth.token


def test_once_it_is_written_nothing_more_is_tried() -> None:
    store = Store()
    auth, saving = unsaved(store, expires_in=-1)
    play(valid_token(auth), [refreshed(4)])
    store.calls.clear()
    play(saving)
    assert store.calls == []
    assert str(stored(auth).token) == "a4"


def test_a_failed_renewal_whose_end_can_not_be_written_raises_the_failure_itself() -> None:
    store = Store()
    auth = logged_in(store)
    store.fails_once("put", StoreUnavailable("It is down."), after=1)
    assert isinstance(play(valid_token(auth), [REFUSED]).error, InvalidGrant)


# --- what is told


def test_what_comes_from_the_store_is_told_as_adopted() -> None:
    store = Store()
    told: list[TokenEvent] = []
    play(valid_token(app(store)), [token()])
    play(valid_token(app(store, on_event=told.append)))
    assert names(told) == ["adopted"]


def test_a_store_that_fails_is_told() -> None:
    store = Store()
    told: list[TokenEvent] = []
    store.goes_down()
    play(valid_token(user(store, on_event=told.append)))
    assert [(event.name, event.error) for event in told] == [("failed", "StoreUnavailable")]


# --- the record


@pytest.mark.parametrize("keys", [None, (KEY,), (OTHER_KEY, KEY)])
@pytest.mark.parametrize(
    "record",
    [
        Record(),
        Record(token=live(refresh_token="r", scope="a b", anything=[1, {"x": None}]), lifetime=3600),
        Record(token=dead(), pending=1_800_000_000),
        Record(token=BearerToken("no expiry")),
    ],
)
def test_a_record_comes_back_as_it_was(record: Record, keys: Any) -> None:
    written = RecordSerializer("entry", (KEY,) if keys else None).dumps(record)
    assert RecordSerializer("entry", keys).loads(written) == record
