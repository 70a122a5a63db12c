"""Entries that were put back, stores that are away, certificates, clocks, and two handlers of one login; played."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devkit.exchange import answer, token
from devkit.play import NOON, play
from requests_oauth2client import (
    BearerToken,
    DPoPKey,
    LoginNeeded,
    OAuth2AccessTokenAuth,
    OAuth2ClientCredentialsAuth,
    TlsClientAuth,
)
from requests_oauth2client._core.times import now
from requests_oauth2client._protocol.grants import token_endpoint
from requests_oauth2client._renewal import flight
from requests_oauth2client._renewal.records import Record, certificate_thumbprint, entry_of
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import MemoryStore, StoreCorrupted, StoreUnavailable
from requests_oauth2client.token_sources import ClientCredentialsSource

from .helpers import client, renew_token, replaced_token, valid_token

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def user(store: Any, held: Any = None, **kwargs: Any) -> OAuth2AccessTokenAuth:
    return OAuth2AccessTokenAuth(client(), held, store=store, **{"subject": "alice", **kwargs})


def app(store: Any, **kwargs: Any) -> OAuth2ClientCredentialsAuth:
    return OAuth2ClientCredentialsAuth(client(), store=store, **kwargs)


def rotated(number: int, **kwargs: Any) -> Any:
    return token(**{"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": -1, **kwargs})


def login() -> BearerToken:
    return BearerToken("a1", expires_in=-10, refresh_token="r1")


def refresh_tokens(heard: Any) -> list[str]:
    return [form["refresh_token"] for form in heard.forms]


def name_of(auth: Any) -> str:
    name: str = auth._manager.store_entry.entry
    return name


# --- put back


def test_an_entry_that_was_put_back_spends_no_used_refresh_token() -> None:
    store = MemoryStore(key=KEY)
    auth = user(store, login())
    play(valid_token(auth), [rotated(2)])
    old = store.get(name_of(auth))
    assert old is not None
    play(valid_token(auth), [rotated(3)])
    store.put(name_of(auth), old)
    assert refresh_tokens(play(valid_token(auth), [rotated(4)])) == ["r3"]


def test_who_does_not_know_the_newest_token_says_that_it_is_lost() -> None:
    store = MemoryStore(key=KEY)
    auth, other = user(store, login()), user(store)
    play(valid_token(auth), [rotated(2)])
    old = store.get(name_of(auth))
    assert old is not None
    play(valid_token(auth), [rotated(3)])
    store.put(name_of(auth), old)
    heard = play(valid_token(other))
    assert isinstance(heard.error, LoginNeeded)
    assert heard.sent == []


def test_records_of_the_last_release_are_read() -> None:
    store = MemoryStore()
    auth = user(store)
    entry: Any = auth._manager.store_entry
    fields = {"entry": entry.entry, "token": None, "lifetime": None, "pending": None}
    assert entry._serializer.value_of(fields) == Record()


# --- storms


def test_a_process_does_not_replace_what_another_has_just_replaced_for_a_rejection() -> None:
    store = MemoryStore()
    auth = user(store, BearerToken("a1", expires_in=3600, refresh_token="r1"))
    play(valid_token(auth))
    assert auth.token is not None
    play(replaced_token(auth, auth.token), [rotated(2, expires_in=3600)])
    flight._states.clear()  # another process
    other = user(store)
    held = play(valid_token(other)).result
    again = play(replaced_token(other, held))
    assert again.sent == []
    later = play(replaced_token(other, held), [rotated(3, expires_in=3600)], now=NOON + timedelta(seconds=31))
    assert refresh_tokens(later) == ["r2"]


# --- a store that is away, or has another key


class Away(MemoryStore):
    is_away = True

    def _fail(self) -> None:
        if self.is_away:
            raise StoreUnavailable("It is down.")

    def get(self, entry: str) -> bytes | None:
        self._fail()
        return super().get(entry)

    def put(self, *args: Any, **kwargs: Any) -> None:
        self._fail()
        super().put(*args, **kwargs)

    def lock(self, entry: str, *, wait: float) -> Any:
        self._fail()
        return super().lock(entry, wait=wait)


def test_client_credentials_go_on_without_the_store_and_come_back_to_it() -> None:
    store = Away()
    auth = app(store)
    heard = play(valid_token(auth), [token()])
    assert auth._manager.usable_token() is heard.result
    (saving,) = heard.spawned
    store.is_away = False
    play(saving)
    other = play(valid_token(app(store)))
    assert (other.sent, other.result) == ([], heard.result)


def test_a_users_grant_needs_the_lock() -> None:
    heard = play(valid_token(user(Away(), login())))
    assert isinstance(heard.error, StoreUnavailable)
    assert heard.sent == []


def test_under_another_key_a_repeatable_grant_is_repeated() -> None:
    store = MemoryStore(key=KEY)
    play(valid_token(app(store)), [token()])
    store._keys = (OTHER_KEY,)
    auth = app(store)
    assert str(play(valid_token(auth), [token(access_token="new")]).result) == "new"
    assert str(play(valid_token(app(store))).result) == "new"


def test_under_another_key_a_user_has_to_log_in_and_then_all_is_well() -> None:
    store = MemoryStore(key=KEY)
    play(valid_token(user(store, login())), [rotated(2)])
    store._keys = (OTHER_KEY,)
    auth = user(store)
    heard = play(valid_token(auth))
    assert isinstance(heard.error, LoginNeeded)
    assert isinstance(heard.error, StoreCorrupted)
    assert "log in again" in str(heard.error)
    auth.token = BearerToken("new", expires_in=3600, refresh_token="r9")
    assert str(play(valid_token(auth)).result) == "new"
    assert str(play(valid_token(user(store))).result) == "new"


# --- certificates, keys


def pem(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / f"{hashlib.sha256(content).hexdigest()}.pem"
    body = base64.encodebytes(content).decode()
    path.write_text(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
    return str(path)


def test_each_certificate_has_an_entry_of_its_own(tmp_path: Path) -> None:
    def entry(certificate: Any) -> str:
        return entry_of(ClientCredentialsSource(client(auth=TlsClientAuth("id", certificate))), None)

    one, other = pem(tmp_path, b"one"), pem(tmp_path, b"other")
    without = entry_of(ClientCredentialsSource(client()), None)
    assert len({entry(one), entry(other), entry((other, "key.pem")), without}) == 3
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(b"one").digest()).rstrip(b"=").decode()
    assert certificate_thumbprint(one) == thumbprint


def test_nonces_outlive_a_handler() -> None:
    store, key = MemoryStore(), DPoPKey.generate()
    first = app(store, dpop_key=key)
    play(valid_token(first), [token(token_type="DPoP", expires_in=3600)])
    made = [app(store, dpop_key=DPoPKey(key.private_key)) for _ in range(2)]
    keys: list[Any] = [play(valid_token(auth)).result for auth in made]
    assert keys[0].dpop_key is keys[1].dpop_key


# --- two handlers of one login


def test_a_refresh_token_is_in_one_entry_of_a_store() -> None:
    store = MemoryStore()
    shared = BearerToken("a1", expires_in=3600, refresh_token="r1")
    user(store, shared, resource="https://one.local")
    with pytest.raises(InvalidParam, match="Use one handler"):
        user(store, shared, resource="https://two.local")
    user(store, shared, resource="https://one.local")
    user(store, shared, subject="bob")


# --- the same to all handlers of an entry


def test_handlers_of_one_entry_share_what_is_known_and_little_is_kept() -> None:
    store = MemoryStore()
    one, other = app(store), app(store)
    assert one._manager.state is other._manager.state
    assert one._manager.state is not app(MemoryStore())._manager.state
    state = one._manager.state
    for number in range(flight.MAX_STATES + 10):
        app(store, subject=str(number))
    assert len(flight._states[store].recent) <= flight.MAX_STATES
    assert app(store)._manager.state is state


# --- clocks


def test_a_duration_wins_over_the_clock_of_the_server() -> None:
    hours_ago = int(now().timestamp()) - 7 * 3600
    got = play(token_endpoint.client_credentials(client()), [token(expires_in=3600, expires_at=hours_ago)]).result
    assert 3590 < (got.expires_in or 0) <= 3600


@pytest.mark.parametrize("expires_in", [None, "soon"])
def test_milliseconds_are_understood(expires_in: Any) -> None:
    soon = int(now().timestamp()) + 600
    fields = {"access_token": "t", "token_type": "Bearer", "expires_in": expires_in, "expires_at": soon * 1000}
    got = play(token_endpoint.client_credentials(client()), [answer(fields)]).result
    assert 590 < (got.expires_in or 0) <= 600


def test_the_lifetime_can_be_replaced() -> None:
    assert 55 < (BearerToken("t", expires_in=3600).replace(expires_in=60).expires_in or 0) <= 60
    assert BearerToken("t", expires_in=3600).replace(scope="a").expires_in == 3600


def test_a_fresh_token_of_twenty_seconds_is_not_renewed_at_once() -> None:
    auth = OAuth2AccessTokenAuth(client(), BearerToken("t", expires_in=20, refresh_token="r"))
    assert play(valid_token(auth)).sent == []
    assert auth._manager.usable_token() is auth.token


def test_a_token_can_be_renewed_by_hand_at_any_time() -> None:
    auth = user(MemoryStore(), login())
    play(renew_token(auth), [rotated(2)])
    assert refresh_tokens(play(renew_token(auth), [rotated(3)])) == ["r2"]
