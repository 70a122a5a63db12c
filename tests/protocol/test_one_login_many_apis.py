"""`for_resource`: one login, one refresh token, and an access token for each API; played."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import error, token
from devkit.play import play
from requests_oauth2client import (
    BearerToken,
    DPoPKey,
    DPoPToken,
    LoginNeeded,
    LostStoredToken,
    NonRenewableTokenError,
    OAuth2AccessTokenAuth,
    OAuth2AuthorizationCodeAuth,
    OAuth2ClientCredentialsAuth,
    OAuth2DeviceCodeAuth,
    OAuth2ResourceOwnerPasswordAuth,
    OAuth2TokenSourceAuth,
)
from requests_oauth2client._core.options import UnknownParam
from requests_oauth2client._protocol.grants.token_endpoint import MissingRefreshToken
from requests_oauth2client._renewal import flight, logout, manager, records
from requests_oauth2client._renewal.handlers import manager_of
from requests_oauth2client._renewal.records import Access, Record
from requests_oauth2client.exceptions import InvalidParam, InvalidScope, InvalidTarget, RecursiveRenewal
from requests_oauth2client.stores import MemoryStore, StoreUnavailable
from requests_oauth2client.token_sources import CallableSource, FileSource, JwtBearerSource, TokenExchangeSource

from .helpers import REFUSED, client, renew_token, replaced_token, valid_token

ONE, TWO = "https://one.local", "https://two.local"
KEY = b"k" * 32
STORES = [lambda: None, MemoryStore, lambda: MemoryStore(key=KEY)]


def login(**kwargs: Any) -> BearerToken:
    return BearerToken("a0", **{"expires_in": 3600, "refresh_token": "r0", "scope": "read write", **kwargs})


def user(store: Any = None, held: Any = None, **kwargs: Any) -> OAuth2AccessTokenAuth:
    return OAuth2AccessTokenAuth(client(), held, store=store, subject="alice", **kwargs)


def rotated(number: int, **kwargs: Any) -> Any:
    return token(**{"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": 3600, **kwargs})


def spent(heard: Any) -> list[Any]:
    return [form.get("refresh_token") for form in heard.forms]


def stored(auth: Any) -> Record:
    entry = manager_of(auth).login.store_entry
    assert entry is not None
    data = entry.store.get(entry.entry)
    return Record() if data is None else entry._serializer.loads(data)


def other_process(store: Any) -> None:
    """Forget what this process knows, as if what follows were another one."""
    flight._states.pop(store, None)


# --- one refresh token, an access token for each


@pytest.mark.parametrize("make", STORES)
def test_each_api_has_an_access_token_and_all_have_one_refresh_token(make: Any) -> None:
    auth = user(make(), login())
    one, two = auth.for_resource(ONE), auth.for_resource(TWO)
    first = play(valid_token(one), [rotated(1)])
    second = play(valid_token(two), [rotated(2)])
    assert (str(first.result), str(second.result), str(play(valid_token(auth)).result)) == ("a1", "a2", "a0")
    assert (first.forms[0]["resource"], second.forms[0]["resource"]) == (ONE, TWO)
    assert spent(first) + spent(second) + spent(play(renew_token(auth), [rotated(3)])) == ["r0", "r1", "r2"]
    assert [str(play(valid_token(each)).result) for each in (one, two, auth)] == ["a1", "a2", "a3"]
    assert spent(play(renew_token(one), [rotated(4)])) == ["r3"]


def test_the_access_tokens_are_in_one_entry_and_come_back_from_it() -> None:
    store = MemoryStore(key=KEY)
    auth = user(store, login())
    play(valid_token(auth.for_resource(ONE)), [rotated(1)])
    play(valid_token(auth.for_resource(TWO)), [rotated(2)])
    assert len(store._entries) == 1
    other_process(store)
    again = user(store)
    tokens = [again.for_resource(ONE), again.for_resource(TWO), again]
    assert [str(play(valid_token(each)).result) for each in tokens] == ["a1", "a2", "a0"]
    assert stored(again).token == login(refresh_token="r2")


@pytest.mark.parametrize("make", STORES)
def test_handlers_for_the_same_api_share_its_token(make: Any) -> None:
    auth = user(make(), login())
    play(valid_token(auth.for_resource([TWO, ONE])), [rotated(1)])
    heard = play(valid_token(auth.for_resource([ONE, TWO])))
    assert (str(heard.result), heard.sent) == ("a1", [])


def test_two_processes_renew_for_two_apis_with_one_refresh_token_each_time() -> None:
    store = MemoryStore()
    play(valid_token(user(store, login(expires_in=-10))), [rotated(1)])
    handlers = []
    for api in (ONE, TWO):
        other_process(store)
        handlers.append(user(store).for_resource(api))
    used = []
    for number in range(2, 8):
        used += spent(play(renew_token(handlers[number % 2]), [rotated(number)]))
    assert used == ["r1", "r2", "r3", "r4", "r5", "r6"]


@pytest.mark.parametrize("make", STORES)
def test_a_refresh_token_that_is_not_rotated_is_kept(make: Any) -> None:
    auth = user(make(), login())
    play(valid_token(auth.for_resource(ONE)), [token(access_token="a1", expires_in=3600)])
    assert spent(play(renew_token(auth), [rotated(2)])) == ["r0"]


@pytest.mark.parametrize("make", STORES)
def test_a_narrower_scope_is_that_of_one_access_token_only(make: Any) -> None:
    auth = user(make(), login(), resource=ONE)
    narrow = auth.for_resource(scope="read")
    heard = play(valid_token(narrow), [rotated(1, scope="read")])
    assert (heard.forms[0]["scope"], heard.forms[0]["resource"]) == ("read", ONE)
    assert heard.result.scope == "read"
    assert play(valid_token(auth)).result.scope == "read write"
    again = play(renew_token(auth), [rotated(2)])
    assert (again.forms[0].get("scope"), again.forms[0]["resource"]) == (None, ONE)
    assert "scope" not in play(valid_token(narrow.for_resource(TWO)), [rotated(3)]).forms[0]


def test_an_audience_replaces_the_resource() -> None:
    auth = user(None, login(), resource=ONE)
    form = play(valid_token(auth.for_resource(audience="api")), [rotated(1)]).forms[0]
    assert (form.get("resource"), form["audience"]) == (None, "api")


def test_the_api_of_the_login_itself_has_the_token_of_the_login() -> None:
    auth = user(None, login(), resource=ONE, scope="write read")
    for same in (auth.for_resource(), auth.for_resource(ONE), auth.for_resource([ONE], scope="read write")):
        assert str(play(valid_token(same)).result) == "a0"
    back = auth.for_resource(TWO).for_resource(ONE)
    assert str(play(valid_token(back)).result) == "a0"


def test_the_access_tokens_have_no_refresh_token_and_no_id_token() -> None:
    auth = user(None, login())
    got = play(valid_token(auth.for_resource(ONE)), [rotated(1)]).result
    assert (got.refresh_token, got.id_token) == (None, None)
    assert auth.token is not None
    assert (str(auth.token), auth.token.refresh_token) == ("a0", "r1")


def test_the_key_of_the_login_signs_for_all() -> None:
    store, key = MemoryStore(), DPoPKey.generate()
    held = DPoPToken("a0", expires_in=3600, refresh_token="r0", dpop_key=key)
    auth = user(store, held)
    got: Any = play(valid_token(auth.for_resource(ONE)), [rotated(1, token_type="DPoP")]).result
    assert got.dpop_key == key
    other_process(store)
    again = user(store)
    own: Any = play(valid_token(again)).result
    back: Any = play(valid_token(again.for_resource(ONE))).result
    assert back.dpop_key is own.dpop_key  # with the nonces that servers gave


# --- other ways to log in


def test_a_code_is_exchanged_first() -> None:
    auth = OAuth2AuthorizationCodeAuth(client(), "c", redirect_uri="https://rp.local/cb")
    heard = play(valid_token(auth.for_resource(ONE)), [rotated(1), rotated(2)])
    assert [form["grant_type"] for form in heard.forms] == ["authorization_code", "refresh_token"]
    assert (heard.forms[1]["refresh_token"], heard.forms[1]["resource"]) == ("r1", ONE)
    assert str(heard.result) == "a2"
    assert str(play(valid_token(auth)).result) == "a1"


def test_a_login_that_is_refused_is_repeated_once_where_that_is_possible() -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("a code")
        return "dc"

    store = MemoryStore()
    auth = OAuth2DeviceCodeAuth(client(), ask, store=store, subject="alice", token=login(expires_in=-1))
    one, two = auth.for_resource(ONE), auth.for_resource(TWO)
    play(valid_token(two), [rotated(1)])
    heard = play(valid_token(one), [REFUSED, rotated(5), rotated(6)])
    assert spent(heard) == ["r1", None, "r5"]
    assert (str(heard.result), asked) == ("a6", ["a code"])
    assert two.token is None  # it was of another login, perhaps another user
    assert spent(play(valid_token(two), [rotated(7)])) == ["r6"]


def test_a_login_is_kept_though_a_token_for_an_api_can_not_be_had() -> None:
    for store in (None, MemoryStore()):
        auth = OAuth2AuthorizationCodeAuth(client(), "c", store=store, subject="alice")
        heard = play(valid_token(auth.for_resource(ONE)), [rotated(1), error("invalid_target")])
        assert isinstance(heard.error, InvalidTarget)
        assert str(play(valid_token(auth)).result) == "a1"
        assert spent(play(valid_token(auth.for_resource(TWO)), [rotated(2)])) == ["r1"]


def test_a_login_without_a_refresh_token_serves_one_api() -> None:
    auth = user(None, login(refresh_token=None))
    assert isinstance(play(valid_token(auth.for_resource(ONE))).error, NonRenewableTokenError)
    asked: list[str] = []
    device = OAuth2DeviceCodeAuth(client(), lambda: asked.append("a code") or "dc")
    one = device.for_resource(ONE)
    for answers in ([rotated(1, refresh_token=None)], []):
        assert isinstance(play(valid_token(one), answers).error, MissingRefreshToken)
        assert manager_of(one).flight.failure is not None
        manager_of(one).flight.succeeded()
    assert asked == ["a code"]


# --- failures


@pytest.mark.parametrize("make", STORES)
@pytest.mark.parametrize(("code", "kind"), [("invalid_target", InvalidTarget), ("invalid_scope", InvalidScope)])
def test_an_api_that_the_server_does_not_know_ends_no_login(make: Any, code: str, kind: type[Exception]) -> None:
    auth = user(make(), login())
    failed = play(valid_token(auth.for_resource(ONE)), [error(code)])
    assert isinstance(failed.error, kind)
    assert not isinstance(failed.error, LoginNeeded)
    assert spent(play(renew_token(auth), [rotated(1)])) == ["r0"]


def test_a_failure_for_one_api_is_none_for_another() -> None:
    auth = user(None, login())
    one = auth.for_resource(ONE)
    for _ in range(2):
        play(valid_token(one), [error("invalid_target")])
    assert isinstance(play(valid_token(one)).error, InvalidTarget)  # it is too early to ask again
    assert str(play(valid_token(auth.for_resource(TWO)), [rotated(1)]).result) == "a1"


@pytest.mark.parametrize("make", STORES)
def test_a_refused_refresh_token_ends_the_login_for_all(make: Any) -> None:
    auth = user(make(), login())
    heard = play(valid_token(auth.for_resource(ONE)), [REFUSED])
    assert isinstance(heard.error, LoginNeeded)
    other = play(valid_token(auth.for_resource(TWO)), [] if manager_of(auth).store_entry else [REFUSED])
    assert isinstance(other.error, LoginNeeded)


def test_a_login_that_has_vanished_from_its_store_is_lost_for_who_is_not_the_newest() -> None:
    store = MemoryStore()
    auth = user(store, login())
    one = auth.for_resource(ONE)
    play(valid_token(one), [rotated(1)])
    store.delete(manager_of(auth).store_entry.entry)  # type: ignore[union-attr]
    assert isinstance(play(renew_token(one)).error, LostStoredToken)


def test_an_old_record_that_is_put_back_does_not_spend_a_used_refresh_token() -> None:
    store = MemoryStore()
    auth = user(store, login())
    one, entry = auth.for_resource(ONE), manager_of(auth).store_entry
    assert entry is not None
    play(valid_token(one), [rotated(1)])
    old = store.get(entry.entry)
    assert old is not None
    play(renew_token(one), [rotated(2)])
    store.put(entry.entry, old)
    assert spent(play(renew_token(one), [rotated(3)])) == ["r2"]


class Full(MemoryStore):
    writes_left = 100

    def put(self, *args: Any, **kwargs: Any) -> None:
        self.writes_left -= 1
        if self.writes_left < 0:
            raise StoreUnavailable("It is full.")
        super().put(*args, **kwargs)


def test_a_token_that_could_not_be_written_is_written_later() -> None:
    store = Full()
    auth = user(store, login())
    play(valid_token(auth))
    one = auth.for_resource(ONE)
    store.writes_left = 1
    heard = play(valid_token(one), [rotated(1)])
    assert str(heard.result) == "a1"
    store.writes_left = 100
    play(heard.spawned[0])
    other_process(store)
    assert str(play(valid_token(user(store).for_resource(ONE))).result) == "a1"
    assert spent(play(valid_token(user(store).for_resource(TWO)), [rotated(2)])) == ["r1"]


@pytest.mark.parametrize("make", STORES)
def test_a_token_that_an_api_rejects_is_replaced_for_that_api(make: Any) -> None:
    auth = user(make(), login())
    one, two = auth.for_resource(ONE), auth.for_resource(TWO)
    rejected = play(valid_token(one), [rotated(1)]).result
    play(valid_token(two), [rotated(2)])
    heard = play(replaced_token(one, rejected), [rotated(3)])
    assert (str(heard.result), spent(heard)) == ("a3", ["r2"])
    assert [str(play(valid_token(each)).result) for each in (two, auth)] == ["a2", "a0"]


# --- the end of a login


@pytest.mark.parametrize("make", STORES)
def test_any_handler_ends_the_login_for_all(make: Any) -> None:
    auth = user(make(), login())
    one, two = auth.for_resource(ONE), auth.for_resource(TWO)
    play(valid_token(one), [rotated(1)])
    play(valid_token(two), [rotated(2)])
    assert play(logout.log_out(manager_of(one), revoke=True)).result is True
    assert (auth.token, one.token, two.token) == (None, None, None)
    for handler in (auth, one, two, auth.for_resource(ONE)):
        assert isinstance(play(valid_token(handler)).error, NonRenewableTokenError)


@pytest.mark.parametrize("make", STORES)
def test_all_access_tokens_are_revoked(make: Any) -> None:
    revoking = client(revocation_endpoint="https://as.local/revoke")
    auth = OAuth2AccessTokenAuth(revoking, login(), store=make(), subject="alice")
    one = auth.for_resource(ONE)
    play(valid_token(one), [rotated(1)])
    heard = play(logout.log_out(manager_of(one), revoke=True), [token()] * 3)
    assert [form["token"] for form in heard.forms] == ["r1", "a0", "a1"]


@pytest.mark.parametrize("make", STORES)
def test_a_saved_token_replaces_the_login_for_all(make: Any) -> None:
    auth = user(make(), login())
    one = auth.for_resource(ONE)
    play(valid_token(one), [rotated(1)])
    play(manager.save_token(manager_of(one), BearerToken("b0", expires_in=3600, refresh_token="s0")))
    assert (one.token, str(play(valid_token(auth)).result)) == (None, "b0")
    assert spent(play(valid_token(one), [rotated(2)])) == ["s0"]


@pytest.mark.parametrize("make", STORES)
def test_a_token_that_is_set_replaces_the_login_with_the_next_request(make: Any) -> None:
    auth = user(make(), login())
    one = auth.for_resource(ONE)
    play(valid_token(one), [rotated(1)])
    one.token = BearerToken("b0", expires_in=3600, refresh_token="s0")
    assert spent(play(valid_token(one), [rotated(2)])) == ["s0"]
    assert str(play(valid_token(auth)).result) == "b0"


@pytest.mark.parametrize("make", STORES)
def test_a_forgotten_access_token_leaves_the_login(make: Any) -> None:
    auth = user(make(), login())
    one = auth.for_resource(ONE)
    play(valid_token(one), [rotated(1)])
    one.forget_token()
    assert str(play(valid_token(one), [rotated(2)]).result) == "a2"
    assert str(play(valid_token(auth)).result) == "a0"


# --- grants without a user


@pytest.mark.parametrize("make", STORES)
def test_a_grant_without_a_user_is_asked_again(make: Any) -> None:
    store = make()
    auth = OAuth2ClientCredentialsAuth(client(), store=store, resource=ONE, scope="read")
    two = auth.for_resource(TWO)
    forms = [play(valid_token(one), [token()]).forms[0] for one in (auth, two)]
    assert [(form["resource"], form["scope"]) for form in forms] == [(ONE, "read"), (TWO, "read")]
    assert store is None or len(store._entries) == 2
    form = play(valid_token(auth.for_resource(audience="x", scope="a")), [token()]).forms[0]
    assert (form.get("resource"), form["audience"], form["scope"]) == (None, "x", "a")
    play(logout.log_out(manager_of(two), revoke=True))
    assert auth.token is not None


SOURCES: list[Any] = [
    lambda c: OAuth2TokenSourceAuth(TokenExchangeSource(c, subject_token="t", subject_token_type="access_token")),
    lambda c: OAuth2TokenSourceAuth(JwtBearerSource(c, "e.y.j")),
    lambda c: OAuth2ResourceOwnerPasswordAuth(c, username="u", password="p"),
]


@pytest.mark.parametrize("make", SOURCES)
def test_so_is_each_of_them(make: Any) -> None:
    heard = play(valid_token(make(client()).for_resource(ONE)), [token()])
    assert heard.forms[0]["resource"] == ONE


@pytest.mark.parametrize("source", [CallableSource(lambda: "t"), FileSource("token")])
def test_what_can_not_ask_for_an_api_says_so(source: Any) -> None:
    with pytest.raises(InvalidParam, match="can't ask for a token with resource"):
        OAuth2TokenSourceAuth(source).for_resource(ONE)


# --- options


def test_what_belongs_to_the_login_is_refused() -> None:
    auth: Any = user(None, login())
    for option in ({"store": MemoryStore()}, {"subject": "bob"}, {"dpop_key": DPoPKey.generate()}, {"token": "t"}):
        with pytest.raises(InvalidParam, match="one of the same login"):
            auth.for_resource(ONE, **option)
    with pytest.raises(UnknownParam, match="Did you mean 'leeway'"):
        auth.for_resource(ONE, leway=3)


def test_options_are_those_of_the_login_unless_they_are_given() -> None:
    told: list[Any] = []
    auth = user(None, login(), leeway=7, on_event=told.append, on_token=told.append, raise_for_challenge=True)
    one = auth.for_resource(ONE)
    assert (one.leeway, one.on_event, one.on_token, one.raise_for_challenge) == (7, auth.on_event, None, True)
    other = auth.for_resource(ONE, leeway=3, on_token=print, raise_for_challenge=False, allow_insecure_http=True)
    assert (other.leeway, other.on_token, other.raise_for_challenge, other.allow_insecure_http) == (
        3,
        print,
        False,
        True,
    )
    assert (auth.leeway, auth.raise_for_challenge, auth.allow_insecure_http) == (7, True, False)


@pytest.mark.parametrize("make", STORES)
def test_the_login_hears_of_the_refresh_token_that_came_with_another_token(make: Any) -> None:
    logins: list[BearerToken] = []
    tokens: list[BearerToken] = []
    auth = user(make(), login(), on_token=logins.append)
    play(valid_token(auth.for_resource(ONE, on_token=tokens.append)), [rotated(1)])
    assert [(str(one), one.refresh_token) for one in logins] == [("a0", "r1")]
    assert [(str(one), one.refresh_token) for one in tokens] == [("a1", None)]


def test_a_renewal_that_asks_another_handler_of_its_login_is_no_deadlock() -> None:
    device = OAuth2DeviceCodeAuth(client(), lambda: play(valid_token(asking)).result)
    asking = device.for_resource(ONE)
    assert isinstance(play(valid_token(device)).error, RecursiveRenewal)


# --- what is stored


def test_a_record_is_bounded_and_drops_what_is_expired_first() -> None:
    old = Access(token=BearerToken("x", expires_in=3600))
    dead = Access(token=BearerToken("x", expires_in=-1))
    others = {"dead": dead, **{str(number): old for number in range(records.MAX_OTHERS)}, "late": dead, "new": old}
    left = records._bounded(others, "new")
    assert list(left) == [*map(str, range(1, records.MAX_OTHERS)), "new"]
    large = Access(token=BearerToken("x" * 150_000, expires_in=3600))
    assert list(records._bounded({"1": large, "2": old, "3": large}, "3")) == ["2", "3"]
    assert list(records._bounded({"1": dead}, "1")) == ["1"]


def test_many_large_tokens_leave_a_record_that_can_be_read() -> None:
    store = MemoryStore(key=KEY)
    auth = user(store, login())
    for number in range(8):
        api = auth.for_resource(f"https://{number}.local")
        play(valid_token(api), [rotated(number, access_token=str(number) * 60_000)])
    assert 2 <= len(stored(auth).others) <= 4
    other_process(store)
    assert spent(play(valid_token(user(store).for_resource(ONE)), [rotated(9)])) == ["r7"]


def test_records_without_other_tokens_are_as_before() -> None:
    auth = user(MemoryStore(), login())
    entry: Any = manager_of(auth).store_entry
    fields = entry._serializer.fields_of(Record(token=login(), lifetime=3600))
    assert set(fields) == {"entry", "token", "lifetime", "pending"}
    assert entry._serializer.value_of(dict(fields)) == Record(token=login(), lifetime=3600)


def test_nothing_of_a_login_is_kept_for_the_next_one() -> None:
    store = MemoryStore()
    auth = user(store, login())
    play(valid_token(auth.for_resource(ONE)), [rotated(1)])
    play(manager.save_token(manager_of(auth), BearerToken("b0", expires_in=3600, refresh_token="s0")))
    assert stored(auth).others == {}
    other_process(store)
    assert spent(play(valid_token(user(store).for_resource(ONE)), [rotated(2)])) == ["s0"]
