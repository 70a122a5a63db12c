"""Who shares an entry with whom, and what comes back from it: nothing of another, and no lesser token."""

from typing import Any

import pytest

from devkit.exchange import token
from devkit.play import play
from requests_oauth2client import (
    BearerToken,
    DPoPKey,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
    OAuth2ResourceOwnerPasswordAuth,
)
from requests_oauth2client._core.effects import Sleep
from requests_oauth2client._renewal.records import Record
from requests_oauth2client._renewal.shared import SAVE_RETRY_DELAYS
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.stores.base import StoreCorrupted, StoreUnavailable

from .helpers import client, replaced_token, valid_token

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
DPOP_KEY, OTHER_DPOP_KEY = DPoPKey.generate(), DPoPKey.generate()


def service(store: Any, **kwargs: Any) -> OAuth2ClientCredentialsAuth:
    """A manager of what the client gets for itself."""
    return OAuth2ClientCredentialsAuth(client(), store=store, **kwargs)


def user(store: Any, held: Any = None, subject: str = "alice") -> OAuth2AccessTokenAuth:
    """A manager of what a user granted."""
    return OAuth2AccessTokenAuth(client(), held, store=store, subject=subject)


def entry(auth: Any) -> str:
    name: str = auth._manager.store_entry.entry
    return name


def live(name: str) -> BearerToken:
    return BearerToken(name, expires_in=3600, refresh_token=name)


def with_stored(store: Any, stored: BearerToken) -> OAuth2AccessTokenAuth:
    """A manager of another process than the one that has stored a token."""
    auth = user(store)
    store.put(entry(auth), auth._manager.store_entry._serializer.dumps(Record(token=stored)))  # type: ignore[union-attr]
    return auth


# --- names


DIFFERENT: dict[str, Any] = {
    "plain": service,
    "issuer": lambda store: OAuth2ClientCredentialsAuth(client(issuer="https://as.local"), store=store),
    "client": lambda store: OAuth2ClientCredentialsAuth(client(auth=("other", "secret")), store=store),
    "grant": lambda store: OAuth2ResourceOwnerPasswordAuth(client(), username="u", password="p", store=store),
    "user name": lambda store: OAuth2ResourceOwnerPasswordAuth(client(), username="v", password="p", store=store),
    "scope": lambda store: service(store, scope="a"),
    "further scope": lambda store: service(store, scope="a b"),
    "resource": lambda store: service(store, resource="https://api"),
    "audience": lambda store: service(store, audience="https://api"),
    "subject": lambda store: service(store, subject="alice"),
    "other subject": lambda store: service(store, subject="bob"),
    "user": user,
    "DPoP key": lambda store: service(store, dpop_key=DPOP_KEY),
    "other DPoP key": lambda store: service(store, dpop_key=OTHER_DPOP_KEY),
    "DPoP": lambda store: service(store, dpop=True),
}


def test_what_is_asked_for_otherwise_is_shared_with_nobody() -> None:
    entries = {what: entry(make(MemoryStore())) for what, make in DIFFERENT.items()}
    assert [(a, b) for a in entries for b in entries if a < b and entries[a] == entries[b]] == []


@pytest.mark.parametrize("scope", ["b a", ["a", "b"], {"a", "b"}, "a b a"])
def test_the_same_scopes_are_shared_however_they_are_written(scope: Any) -> None:
    assert entry(service(MemoryStore(), scope=scope)) == entry(service(MemoryStore(), scope="a b"))


def test_how_a_request_is_sent_makes_no_other_entry() -> None:
    assert entry(service(MemoryStore(), requests_kwargs={"timeout": 3})) == entry(service(MemoryStore()))


def test_who_binds_tokens_to_keys_does_not_share_with_who_does_not() -> None:
    store = MemoryStore()
    binding = OAuth2ClientCredentialsAuth(client(dpop_bound_access_tokens=True), store=store)
    assert entry(binding) == entry(service(store, dpop=True))
    assert entry(binding) != entry(service(store))
    play(valid_token(service(store)), [token(access_token="unbound")])
    assert str(play(valid_token(binding), [token(access_token="bound", token_type="DPoP")]).result) == "bound"


def test_the_ways_to_log_in_share_what_a_user_granted() -> None:
    store = MemoryStore()
    code = OAuth2AuthorizationCodeAuth(client(), "c", store=store, subject="alice")
    assert entry(code) == entry(user(store))


# --- what comes back


class Odd(BearerToken):
    """A token class of a user."""


def test_a_token_comes_back_as_what_the_client_makes_of_an_answer() -> None:
    store = MemoryStore()
    handlers = [OAuth2ClientCredentialsAuth(client(token_class=Odd), store=store) for _ in range(2)]
    got = play(valid_token(handlers[0]), [token()]).result
    assert type(got) is Odd
    assert play(valid_token(handlers[1])).result == got


def test_a_refused_token_of_a_class_of_ones_own_is_not_taken_again() -> None:
    auth = OAuth2ClientCredentialsAuth(client(token_class=Odd), store=MemoryStore())
    refused = play(valid_token(auth), [token()]).result
    assert str(play(replaced_token(auth, refused), [token(access_token="new")]).result) == "new"


def test_the_key_of_a_store_can_be_replaced() -> None:
    store, both = MemoryStore(key=KEY), MemoryStore(key=[OTHER_KEY, KEY])
    with_stored(store, live("stored"))
    auth = user(both)
    both.put(entry(auth), store.get(entry(auth)) or b"")
    assert str(play(valid_token(auth)).result) == "stored"


@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_stored_for_one_user_is_not_believed_of_another(key: bytes | None) -> None:
    store = MemoryStore(key=key)
    alice = with_stored(store, live("planted"))
    mallory = user(store, subject="mallory")
    store.put(entry(mallory), store.get(entry(alice)) or b"")
    heard = play(valid_token(mallory))
    assert isinstance(heard.error, StoreCorrupted)
    assert "planted" not in str(heard.error)


# --- a token that can't be written


class ReadOnly(MemoryStore):
    """A store that takes nothing any more, after some writes."""

    writes_left = 0

    def put(self, entry: str, data: bytes, *, lifetime: float | None = None, fence: int | None = None) -> None:
        self.writes_left -= 1
        if self.writes_left < 0:
            raise StoreUnavailable("It is full.")
        super().put(entry, data, lifetime=lifetime, fence=fence)


EXPIRED = BearerToken("old", expires_in=-10, refresh_token="r")


def test_a_refresh_token_is_not_used_before_it_is_written_that_it_will_be() -> None:
    store = ReadOnly()
    store.writes_left = 1
    heard = play(valid_token(with_stored(store, EXPIRED)))
    assert isinstance(heard.error, StoreUnavailable)
    assert heard.sent == []


def test_nothing_is_locked_between_the_attempts_to_write_a_token() -> None:
    store, slept = ReadOnly(), []
    store.writes_left = 2
    auth = with_stored(store, EXPIRED)
    (saving,) = play(valid_token(auth), [token(refresh_token="r2")]).spawned

    def asleep(seconds: float) -> None:
        slept.append(seconds)
        with store.lock(entry(auth), wait=0) as fence:
            assert fence

    auth._drive(without_sleep(saving, asleep))
    assert len(slept) == len(SAVE_RETRY_DELAYS)


def without_sleep(steps: Any, asleep: Any) -> Any:
    """Run steps with a real driver, and say it where they sleep."""
    resume, outcome = steps.send, None
    while True:
        try:
            command = resume(outcome)
        except StopIteration:
            return
        resume, outcome = steps.send, None
        if isinstance(command, Sleep):
            asleep(command.seconds)
            continue
        try:
            outcome = yield command
        except Exception as failure:  # noqa: BLE001  the steps decide what it means
            resume, outcome = steps.throw, failure
