"""`get_token`, `save_token`, `log_out`, `on_token` and `LoginNeeded`, on every handler of both clients."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer, error, token
from devkit.flavors import Flavor
from requests_oauth2client import (
    BearerToken,
    ExpiredAccessToken,
    InvalidGrant,
    LoginNeeded,
    LostStoredToken,
    NonRenewableTokenError,
)
from requests_oauth2client.exceptions import InvalidParam, UnauthorizedClient
from requests_oauth2client.stores import EntryLocked, MemoryStore

REVOCATION = "https://as.local/revoke"


class Server:
    """An AS that rotates refresh tokens and takes tokens back."""

    def __init__(self, revoking: Answer | None = None) -> None:
        self.given = 1
        self.revoking = revoking or answer(b"")
        self.lifetime = 3600
        self.meanwhile: Any = None

    def __call__(self, request: Received) -> Answer:
        if request.url == REVOCATION:
            return self.revoking
        if self.meanwhile is not None:
            self.meanwhile()
        self.given += 1
        return token(access_token=f"a{self.given}", refresh_token=f"r{self.given}", expires_in=self.lifetime)


def first(**kwargs: Any) -> BearerToken:
    return BearerToken("a1", **{"expires_in": 3600, "refresh_token": "r1", **kwargs})


def dead() -> BearerToken:
    return first(expires_in=-10)


def user(flavor: Flavor, held: Any = None, server: Any = None, **kwargs: Any) -> tuple[Any, list[Received]]:
    client, asked = flavor.mocked(server or Server(), revocation_endpoint=REVOCATION)
    kwargs.setdefault("subject", "alice" if "store" in kwargs else None)
    return flavor.named("OAuth2AccessTokenAuth")(client, held, **kwargs), asked


def entry_in(store: MemoryStore) -> list[str]:
    return list(store._entries)


# --- get_token


def test_a_token_is_returned_as_for_a_request(flavor: Flavor) -> None:
    auth, asked = user(flavor, first())
    assert str(flavor.run(auth.get_token())) == "a1"
    assert asked == []


def test_an_expired_token_is_renewed(flavor: Flavor) -> None:
    auth, _ = user(flavor, dead())
    assert str(flavor.run(auth.get_token())) == "a2"


def test_a_token_that_is_not_valid_for_long_enough_is_renewed(flavor: Flavor) -> None:
    auth, asked = user(flavor, first(expires_in=100))
    assert str(flavor.run(auth.get_token(90))) == "a1"
    assert str(flavor.run(auth.get_token(min_validity=110))) == "a2"
    assert len(asked) == 1


def test_where_no_token_lasts_so_long_a_new_one_is_returned(flavor: Flavor) -> None:
    auth, asked = user(flavor, first(expires_in=100))
    assert str(flavor.run(auth.get_token(min_validity=86_400))) == "a2"
    assert len(asked) == 1


def test_what_can_not_be_made_valid_for_long_enough_is_an_error(flavor: Flavor) -> None:
    auth, _ = user(flavor, BearerToken("a", expires_in=100))
    assert str(flavor.run(auth.get_token())) == "a"
    with pytest.raises(LoginNeeded):
        flavor.run(auth.get_token(min_validity=200))


# --- save_token


def test_a_token_is_stored_now(flavor: Flavor) -> None:
    store = MemoryStore()
    auth, _ = user(flavor, store=store)
    flavor.run(auth.save_token(first()))
    assert len(entry_in(store)) == 1
    other, asked = user(flavor, store=store)
    assert str(flavor.run(other.get_token())) == "a1"
    assert asked == []


def test_a_token_that_can_not_be_stored_now_is_stored_later(flavor: Flavor) -> None:
    store = MemoryStore()
    auth, _ = user(flavor, store=store)
    with store.lock(auth._manager.store_entry.entry, wait=0):
        auth._manager.store_entry.hold = lambda _: store.lock(auth._manager.store_entry.entry, wait=0)
        with pytest.raises(EntryLocked):
            flavor.run(auth.save_token(first()))
    assert str(auth.token) == "a1"
    assert str(flavor.run(auth.get_token())) == "a1"
    assert len(entry_in(store)) == 1


def test_without_a_store_a_token_is_held(flavor: Flavor) -> None:
    auth, _ = user(flavor)
    flavor.run(auth.save_token("opaque"))
    assert str(auth.token) == "opaque"


# --- log_out


def test_a_logout_empties_the_entry_and_revokes_both_tokens(flavor: Flavor) -> None:
    store = MemoryStore()
    auth, asked = user(flavor, store=store)
    flavor.run(auth.save_token(first()))
    assert flavor.run(auth.log_out()) is True
    assert entry_in(store) == []
    assert auth.token is None
    assert [(request.form["token"], request.form["token_type_hint"]) for request in asked] == [
        ("r1", "refresh_token"),
        ("a1", "access_token"),
    ]
    with pytest.raises(LoginNeeded):
        flavor.run(auth.get_token())


def test_what_another_process_has_renewed_is_revoked(flavor: Flavor) -> None:
    store = MemoryStore()
    auth, asked = user(flavor, store=store)
    flavor.run(auth.save_token(first()))
    other, _ = user(flavor, store=store)
    flavor.run(other.renew_token())
    flavor.run(other.renew_token())
    flavor.run(auth.log_out())
    assert [request.form["token"] for request in asked] == [str(other.token.refresh_token), str(other.token), "a1"]
    assert entry_in(store) == []


@pytest.mark.parametrize("answered", [answer(b"", 503), error("invalid_client", 401), error("unsupported_token_type")])
def test_a_server_that_could_not_be_told_is_said(flavor: Flavor, answered: Answer) -> None:
    store = MemoryStore()
    auth, _ = user(flavor, store=store, server=Server(revoking=answered))
    flavor.run(auth.save_token(first()))
    assert flavor.run(auth.log_out()) is False
    assert entry_in(store) == []


def test_nobody_has_to_be_told(flavor: Flavor) -> None:
    store = MemoryStore()
    auth, asked = user(flavor, store=store)
    flavor.run(auth.save_token(first()))
    assert flavor.run(auth.log_out(revoke=False)) is True
    assert (asked, entry_in(store)) == ([], [])
    client, asked = flavor.mocked(Server())  # without a revocation endpoint
    auth = flavor.named("OAuth2AccessTokenAuth")(client, first())
    assert flavor.run(auth.log_out()) is True
    assert (asked, auth.token) == ([], None)


def test_a_code_that_was_not_used_is_forgotten(flavor: Flavor) -> None:
    client, asked = flavor.mocked(Server())
    auth = flavor.named("OAuth2AuthorizationCodeAuth")(client, "code")
    flavor.run(auth.log_out())
    with pytest.raises(LoginNeeded):
        flavor.run(auth.get_token())
    assert asked == []


def test_a_store_that_is_away_is_an_error_and_the_login_goes_on(flavor: Flavor) -> None:
    store = MemoryStore()
    auth, _ = user(flavor, store=store)
    flavor.run(auth.save_token(first()))
    auth._manager.store_entry.hold = lambda _: store.lock(auth._manager.store_entry.entry, wait=0)
    with store.lock(auth._manager.store_entry.entry, wait=0), pytest.raises(EntryLocked):
        flavor.run(auth.log_out())
    assert str(auth.token) == "a1"


def test_a_renewal_under_way_elsewhere_does_not_bring_an_ended_login_back(flavor: Flavor) -> None:
    """The lease of its lock ends while it waits for the server; then another process logs out."""
    store, server = MemoryStore(), Server()
    auth, _ = user(flavor, store=store, server=server)
    flavor.run(auth.save_token(first(expires_in=-10)))
    name = auth._manager.store_entry.entry

    def log_out_elsewhere() -> None:
        server.meanwhile = None
        store._locks._places.pop(name)  # the lease
        with store.lock(name, wait=0) as fence:
            store.delete(name, fence=fence)

    server.meanwhile = log_out_elsewhere
    assert str(flavor.run(auth.get_token())) == "a2"  # of this request; it is not stored
    owed = auth._manager.store_entry._owed
    flavor.run(auth._drive(auth._manager.store_entry._saved(owed)))
    assert entry_in(store) == []


# --- on_token


def test_those_who_keep_tokens_themselves_get_each_new_one(flavor: Flavor) -> None:
    kept: list[BearerToken] = []
    auth, _ = user(flavor, dead(), on_token=kept.append)
    flavor.run(auth.get_token())
    flavor.run(auth.renew_token())
    flavor.run(auth.get_token())
    assert [(str(one), one.refresh_token) for one in kept] == [("a2", "r2"), ("a3", "r3")]


def test_what_the_function_raises_breaks_nothing(flavor: Flavor, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: BearerToken) -> None:
        raise RuntimeError("disk full")

    auth, _ = user(flavor, dead(), on_token=fail)
    assert str(flavor.run(auth.get_token())) == "a2"
    assert "a hook failed" in caplog.text


def test_an_async_function_is_refused(flavor: Flavor) -> None:
    async def keep(_: BearerToken) -> None: ...

    with pytest.raises(InvalidParam, match="plain function"):
        user(flavor, dead(), on_token=keep)


# --- LoginNeeded


@pytest.mark.parametrize(
    ("answered", "kind"),
    [(error("invalid_grant"), InvalidGrant), (error("unauthorized_client"), UnauthorizedClient)],
)
def test_a_refusal_of_a_refresh_is_a_login_needed(flavor: Flavor, answered: Answer, kind: type[Exception]) -> None:
    auth, _ = user(flavor, dead(), server=lambda _: answered)
    with pytest.raises(LoginNeeded) as refused:
        flavor.run(auth.get_token())
    assert isinstance(refused.value, kind)


def test_a_client_that_refreshes_itself_learns_it_too(flavor: Flavor) -> None:
    client, _ = flavor.mocked(error("invalid_grant"))
    with pytest.raises(LoginNeeded, match="Log in again"):
        flavor.run(client.refresh_token("r1"))
    with pytest.raises(InvalidGrant) as refused:
        flavor.run(client.authorization_code("code"))
    assert not isinstance(refused.value, LoginNeeded)


@pytest.mark.parametrize(("held", "kind"), [(None, NonRenewableTokenError), ("expired", ExpiredAccessToken)])
def test_no_way_to_renew_is_a_login_needed(flavor: Flavor, held: Any, kind: type[Exception]) -> None:
    auth, _ = user(flavor, BearerToken("a1", expires_in=-1) if held else None)
    with pytest.raises(LoginNeeded) as needed:
        flavor.run(auth.get_token())
    assert isinstance(needed.value, kind)


def test_a_vanished_entry_is_a_login_needed(flavor: Flavor) -> None:
    server, store = Server(), MemoryStore()
    server.lifetime = -1
    auth, _ = user(flavor, dead(), store=store, server=server)
    flavor.run(auth.renew_token())
    store._entries.clear()
    with pytest.raises(LostStoredToken):
        flavor.run(auth.get_token())
    assert issubclass(LostStoredToken, LoginNeeded)


# --- the surface

HANDLERS = [
    "OAuth2AccessTokenAuth", "OAuth2ClientCredentialsAuth", "OAuth2AuthorizationCodeAuth",
    "OAuth2ResourceOwnerPasswordAuth", "OAuth2DeviceCodeAuth",
]  # fmt: skip
USERS_NEED = {
    "token", "client", "source", "leeway", "subject", "background", "on_event", "on_token", "token_kwargs", "get_token",
    "raise_for_challenge", "allow_insecure_http", "renew_token", "forget_token", "save_token", "log_out",
    "for_resource", "code", "username", "password", "device_code", "interval",
}  # fmt: skip
OF_THE_LIBRARIES = {
    "async_auth_flow", "sync_auth_flow", "auth_flow", "prepare_flow", "run_between", "requires_request_body",
    "requires_response_body",
}  # fmt: skip


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_shows_only_what_users_need(flavor: Flavor, name: str) -> None:
    handler = flavor.named(name)
    shown = {attribute for attribute in dir(handler) if not attribute.startswith("_")}
    assert shown <= USERS_NEED | OF_THE_LIBRARIES
    named = inspect.signature(handler).parameters
    assert {"store", "subject", "background", "on_event", "on_token", "leeway", "token"} <= named.keys()


def test_a_misspelt_attribute_is_an_error_with_a_suggestion(flavor: Flavor) -> None:
    auth, _ = user(flavor, first())
    with pytest.raises(AttributeError, match="Did you mean 'renew_token'"):
        _ = auth.renew_tokn


@pytest.mark.parametrize("name", ["bakground", "subjet", "scop", "on_evnt", "requests_kwarg"])
def test_a_misspelt_option_is_refused_unless_one_insists(flavor: Flavor, name: str) -> None:
    client, _ = flavor.mocked(Server())
    handler = flavor.named("OAuth2ClientCredentialsAuth")
    with pytest.raises(TypeError, match="Did you mean"):
        handler(client, **{name: "x"})
    assert handler(client, extra={name: "x"}, tenant="t").token_kwargs == {name: "x", "tenant": "t"}


def test_options_are_said_once() -> None:
    from requests_oauth2client import OAuth2TokenSourceAuth
    from requests_oauth2client._renewal.handlers import OPTIONS, HandlerOptions

    assert inspect.signature(OAuth2TokenSourceAuth).parameters.keys() - {"source"} == OPTIONS
    assert HandlerOptions.__annotations__.keys() >= OPTIONS - {"token", "leeway"}
