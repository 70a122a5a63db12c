"""What a site may say about a provider: further parameters, the claims, the prompt."""

from __future__ import annotations

from typing import Any

import pytest

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.flask import Logins

ENDPOINTS: dict[str, Any] = {
    "authorization_endpoint": "https://as.test/authorize",
    "token_endpoint": "https://as.test/token",
    "auth": ("id", "secret"),
}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"params": {"state": "s"}}, "params= can't have state"),
        ({"params": {"prompt": "login"}}, "params= can't have prompt"),
        ({"params": {"nonce": "n"}}, "can't fix the nonce"),
        ({"access_type": "offline"}, "Pass params="),
        ({"audience": "https://api.test"}, "Pass params="),
        ({"claims": "id_token"}, "claims='id_token' is unknown"),
        ({"name": "log in"}, "can't be used"),
        ({"name": "logout"}, "can't be used"),
    ],
)
def test_what_can_not_be_is_refused_when_the_site_starts(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParam, match=message):
        Logins().add(**{"name": "main", **ENDPOINTS, **options})


def test_a_name_is_taken_once() -> None:
    logins = Logins()
    logins.add("main", **ENDPOINTS)
    with pytest.raises(InvalidParam, match="taken"):
        logins.add("main", **ENDPOINTS)


@pytest.mark.parametrize(
    ("prompt", "expected"), [(None, "consent"), ("", None), ("login", "login")], ids=["unsaid", "none", "said"]
)
def test_no_prompt_is_sent_where_the_site_wants_none(prompt: str | None, expected: str | None) -> None:
    logins = Logins()
    logins.add("main", **ENDPOINTS, scope="openid offline_access", prompt=prompt)
    assert logins.providers["main"].prompt == expected
