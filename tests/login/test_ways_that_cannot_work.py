"""A way to log in that can't work here says so at once, also when it is the only one."""

from __future__ import annotations

import io
import sys

import pytest

from requests_oauth2client import LoginImpossible, OAuth2Client, OAuth2LoginAuth
from requests_oauth2client.login import BrowserLogin, PasteLogin

ADDRESSES = {"authorization_endpoint": "https://as.example.com/authorize"}


@pytest.mark.parametrize("way", [BrowserLogin, PasteLogin])
def test_it_does_not_wait(way: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    client = OAuth2Client(
        "https://as.example.com/token", "my-app", redirect_uri="https://app.example.com/callback", **ADDRESSES
    )
    with pytest.raises(LoginImpossible):
        OAuth2LoginAuth(client, way(), scope="openid").get_token()
