"""Requests that a method of authentication makes otherwise than RFC 6749: JSON, GET, another address."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import BaseClientAuthenticationMethod, ClientSecretPost
from requests_oauth2client.exceptions import InvalidGrant, InvalidParam, InvalidTokenResponse

TOKEN = answer({"access_token": "at", "token_type": "Bearer"})


class Json(ClientSecretPost):
    def authenticate(self, request: Any) -> Any:
        return super().authenticate(request).as_json()


class Get(BaseClientAuthenticationMethod):
    client_id = "me"

    def authenticate(self, request: Any) -> Any:
        elsewhere = request.with_url("https://as.local/elsewhere?v=1")
        return elsewhere.with_fields(appid="me", secret="hush-hush").as_get()


def test_json_instead_of_a_form(flavor: Flavor) -> None:
    client, sent = flavor.mocked(TOKEN, auth=Json("id", "hush-hush"))
    flavor.run(client.client_credentials(scope="a b"))
    assert sent[0].headers["content-type"] == "application/json"
    expected = {"grant_type": "client_credentials", "scope": "a b", "client_id": "id", "client_secret": "hush-hush"}
    assert json.loads(sent[0].body) == expected
    flavor.run(client.refresh_token("rt"))
    assert json.loads(sent[1].body)["refresh_token"] == "rt"


def test_a_get_at_another_address(flavor: Flavor) -> None:
    client, sent = flavor.mocked(TOKEN, auth=Get())
    flavor.run(client.client_credentials())
    assert (sent[0].method, sent[0].body) == ("GET", b"")
    assert sent[0].url == "https://as.local/elsewhere?v=1&grant_type=client_credentials&appid=me&secret=hush-hush"
    assert "content-type" not in sent[0].headers


@pytest.mark.parametrize(
    ("given", "expected"),
    [(answer({"error": "invalid_grant"}, 400), InvalidGrant), (answer("<html>", 200), InvalidTokenResponse)],
    ids=["an error", "a page"],
)
def test_what_is_in_the_url_is_not_in_the_message(flavor: Flavor, given: Any, expected: type[Exception]) -> None:
    client, _ = flavor.mocked(given, auth=Get())
    with pytest.raises(expected) as refused:
        flavor.run(client.client_credentials())
    assert "hush-hush" not in f"{refused.value} {refused.value!r}"


def test_a_function_is_no_source_and_the_message_says_what_makes_one(flavor: Flavor) -> None:
    with pytest.raises(InvalidParam, match="CallableSource"):
        flavor.named("OAuth2TokenSourceAuth")(lambda: "token")
