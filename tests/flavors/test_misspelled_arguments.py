"""Misspelled arguments of grants, other requests and handlers are refused, and never sent as form fields."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    AsyncOAuth2ResourceAuth,
    OAuth2ResourceAuth,
)
from requests_oauth2client._core.options import UnknownParam
from requests_oauth2client.login import LoginSource

TOKEN = {"access_token": "a", "token_type": "Bearer"}
ENDPOINTS = {
    "introspection_endpoint": "https://as.local/introspect",
    "revocation_endpoint": "https://as.local/revoke",
    "device_authorization_endpoint": "https://as.local/device",
    "backchannel_authentication_endpoint": "https://as.local/ciba",
    "pushed_authorization_request_endpoint": "https://as.local/par",
}
CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], str]] = {
    "client credentials": ("client_credentials", (), {"scop": "x"}, "scope"),
    "refresh": ("refresh_token", ("r",), {"resorce": "x"}, "resource"),
    "code": ("authorization_code", ("c",), {"validte": False}, "validate"),
    "password": ("resource_owner_password", ("u", "p"), {"audince": "x"}, "audience"),
    "exchange": ("token_exchange", (), {"subject_token": "t", "actor_tokn": "x"}, "actor_token"),
    "jwt bearer": ("jwt_bearer", ("a.b.c",), {"scpoe": "x"}, "scope"),
    "device": ("authorize_device", (), {"scop": "x"}, "scope"),
    "ciba": ("backchannel_authentication_request", (), {"login_hnt": "x"}, "login_hint"),
    "introspection": ("introspect_token", ("t",), {"token_type_hnt": "x"}, "token_type_hint"),
    "revocation": ("revoke_token", ("t",), {"token_typ_hint": "x"}, "token_type_hint"),
}


@pytest.mark.parametrize(("method", "args", "wrong", "meant"), CALLS.values(), ids=CALLS)
def test_a_misspelled_argument_is_refused_before_anything_is_sent(
    flavor: Flavor, method: str, args: tuple[Any, ...], wrong: dict[str, Any], meant: str
) -> None:
    client, sent = flavor.mocked(lambda _: answer(TOKEN), **ENDPOINTS)
    with pytest.raises(UnknownParam, match=f"Did you mean '{meant}'"):
        flavor.run(getattr(client, method)(*args, **wrong))
    assert not sent


def test_a_name_that_looks_misspelled_is_sent_where_it_is_insisted_on(flavor: Flavor) -> None:
    client, sent = flavor.mocked(lambda _: answer(TOKEN))
    flavor.run(client.client_credentials(extra={"scop": "x"}, tenant="t"))
    (request,) = sent
    assert (request.form["scop"], request.form["tenant"]) == ("x", "t")
    assert "extra" not in request.form


def test_further_fields_of_real_servers_are_no_misspellings(flavor: Flavor) -> None:
    client, sent = flavor.mocked(lambda _: answer(TOKEN))
    fields = {"requested_token_use": "on_behalf_of", "client_info": "1", "claim_token": "c", "device_id": "d"}
    flavor.run(client.jwt_bearer("a.b.c", **fields))
    assert {name: sent[0].form[name] for name in fields} == fields


@pytest.mark.parametrize(("wrong", "meant"), [("scop", "scope"), ("leewy", "leeway"), ("promt", "prompt")])
def test_handlers_that_log_in_refuse_misspelled_options_when_they_are_made(
    flavor: Flavor, wrong: str, meant: str
) -> None:
    client, _ = flavor.mocked(lambda _: answer(TOKEN))
    with pytest.raises(UnknownParam, match=f"Did you mean '{meant}'"):
        flavor.named("OAuth2LoginAuth")(client, **{wrong: "x"})


@pytest.mark.parametrize("kind", [OAuth2ResourceAuth, AsyncOAuth2ResourceAuth])
def test_a_handler_of_an_api_refuses_misspelled_options(kind: Any) -> None:
    with pytest.raises(UnknownParam, match="Did you mean 'max_logins'"):
        kind("https://api.local", client="an-id", max_logns=1)


def test_a_source_that_logs_in_refuses_a_misspelled_parameter(flavor: Flavor) -> None:
    client, _ = flavor.mocked(lambda _: answer(TOKEN))
    with pytest.raises(UnknownParam, match="Did you mean 'login_hint'"):
        LoginSource(client, login_hnt="alice")
    LoginSource(client, extra={"login_hnt": "alice"}, ui_locales="de")
