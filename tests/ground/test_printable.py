"""What others wrote can be printed: nothing in it moves the cursor, turns the line around or is invisible."""

from __future__ import annotations

import pickle
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.exchange import Answer, answer
from devkit.play import play
from requests_oauth2client import AuthorizationRequest, OAuth2Client
from requests_oauth2client._core.printable import LONGEST, kept, printable
from requests_oauth2client._protocol.grants import device, token_endpoint
from requests_oauth2client.challenges import api_error
from requests_oauth2client.exceptions import AuthorizationResponseError

EVIL = [
    "\u2066", "\u2069", "\u202e", "\u200b", "\u200d", "\u200f", "\ufeff", "\u2060", "\u00ad", "\u180e", "\u3164",
    "\x1b[31m", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\", "\x9b2J", "\x1bc", "\x00", "\r\n", "\u2028",
    "\x7f", "\U000e0041", "\U000e0001", "\ufe0f", "\ud800", "\x08", "\x1bP1;2|x\x1b\\",
]  # fmt: skip


def is_clean(text: str) -> bool:
    return all(unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in text)


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_a_text_is_printable_wherever_it_is_kept(evil: str) -> None:
    said = f"be{evil}fore {evil} after{evil}"
    client = OAuth2Client("https://as.local/t", ("id", "hush"), device_authorization_endpoint="https://as.local/d")
    refused = answer({"error": f"odd{evil}", "error_description": said, "error_uri": f"https://as.local/{evil}"}, 400)
    errors: list[Any] = [play(token_endpoint.client_credentials(client), [refused]).error]
    errors.append(api_error(Answer(status_code=401, headers={"WWW-Authenticate": challenge(said)})))
    request = AuthorizationRequest("https://as.local/a", "id", "https://app.local/cb", state="s")
    with pytest.raises(AuthorizationResponseError) as raised:
        request.validate_callback({
            "error": f"odd{evil}", "error_description": said, "state": "s"
        } if evil != "\ud800" else {"error": "odd", "error_description": "before after", "state": "s"})  # fmt: skip
    for error in [*errors, raised.value]:
        for text in (error.description, error.error, getattr(error, "uri", None) or "", str(error)):
            assert is_clean(text), ascii(text)
        assert "fore" in error.description
        assert "after" in error.description
        assert is_clean(str(pickle.loads(pickle.dumps(error))))  # noqa: S301  ours


def challenge(said: str) -> str:
    escaped = said.replace("\\", "\\\\")
    return f'Bearer realm="r", error="invalid_token", error_description="{escaped}"'


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_what_a_user_is_shown_is_printable(evil: str) -> None:
    codes = device.DeviceAuthorizationResponse(
        "dc", f"WDJB{evil}-MJHT", f"https://as.local/{evil}device", f"https://as.local/{evil}device?user_code=WDJB"
    )
    for text in (codes.user_code, codes.verification_uri, codes.verification_uri_complete or ""):
        assert is_clean(text), ascii(text)


@given(st.text())
def test_anything_becomes_printable_and_what_is_printable_stays(text: str) -> None:
    shown = printable(text)
    assert is_clean(shown)
    assert printable(shown) == shown


@pytest.mark.parametrize("text", ["Zugriff verweigert: ungültig", "アクセスが拒否されました", "رُفض الوصول", "❌ no"])
def test_other_languages_stay(text: str) -> None:
    assert printable(text) == text


def test_a_message_that_is_kept_is_bounded() -> None:
    assert kept(None) is None
    assert kept("x" * LONGEST) == "x" * LONGEST
    assert kept("x" * (LONGEST + 1)) == "x" * LONGEST + "…"
