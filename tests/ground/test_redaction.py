"""What may be shown of a foreign text: the beginning, on one line, without anything that may be a secret."""

import base64
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st

from requests_oauth2client._core.redaction import READ, SHOWN, excerpt, one_line, sent_secrets, without_query

TRICKY = "p&s=w rd+%/é\"'\\"


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "planted"}',
        '{"access_token":"planted',
        "{'refresh_token': 'planted'}",
        'id_token: "planted"',
        "client_secret=planted&x=y",
        "code=planted",
        "code_verifier = planted",
        "device_code=planted",
        '"client_assertion" : "planted"',
        "password=planted;",
        "auth_req_id=planted",
        "Set-Cookie: planted",
        "Authorization: Bearer planted",
        "Authorization: Basic planted",
        "dpop planted",
        "eyJhbGciOiJub25lIn0.planted.planted",
        "opaque planted1planted2planted3",
        '{"jwt": "planted"}',
        '"tokens": ["planted", "planted"]',
        "access_tokens=[planted, [planted]]",
        '"refresh_token": {"value": "planted"}',
        '["access_token", "planted"]',
        "('client_secret', 'planted')",
        "<access_token>planted</access_token>",
        "<ns:Assertion ID='x'>planted",
        "<password><![CDATA[planted]]></password>",
        '<input type="hidden" name="code" value="planted"/>',
        "<input value='planted' name='access_token'>",
        "access_token%3Dplanted",
        "%22access_token%22%3A%22planted%22",
        '{\\"access_token\\":\\"planted\\"}',
        "access\u200b_token=planted",
        "api-key: planted",
        "Authorization: planted",
        "{:access_token=>planted}",
        "https://as.local/cb?code=planted",
        "https://user:planted@as.local/cb",
        "https://as.local/planted1planted2planted3planted4planted5planted6",
    ],
)
def test_what_may_be_a_secret_is_struck_out(text: str) -> None:
    assert "planted" not in excerpt(text)
    assert "***" in excerpt(text)
    assert "planted" not in excerpt(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "the code is used",
        "<title>Please sign in</title>",
        "invalid_client",
        "upstream connect error or disconnect/reset before headers",
        "scope=openid profile",
        "https://as.local/token",
        '{"errorCode": "invalid-2", "statusCode": 400, "error_code":"x"}',
        '{"code": 404, "message": "Not Found"}',
        '{"errors": [{"code": "invalid_client", "message": "unknown"}]}',
        "<Error><Code>AccessDenied</Code></Error>",
        '"access_token": null',
        "Trace ID: 0f8fad5b-d9cb-469f-a165-70867728950e",
        '"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"',
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "X-Request-Id=1-67891233-abcdef012345678912345678",
        "iss='https://as.local/realms/tenant-1234567890/v2.0', the request went to 'https://as.local/realms/t'",
        "https://login.example.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://dev-1234567890123456.okta.example/oauth2/aus1abcdefGHIJK2345d7",
        "HTTPSConnectionPool(host='keycloak-7d9f8b6c5d-x2x9z.corp.internal', port=443)",
        "org.springframework.security.oauth2.core.OAuth2AuthenticationException: failed",
        "invalid path: /etc/ssl/certs2026/ca-certificates.crt",
        "POST /oauth2/v1/tokens1/introspect2 failed",
        "Bearer token is missing",
        "jwt expired",
        'Bearer error="invalid_token"',
        'unknown: ["access_token", "refresh_token"]',
    ],
)
def test_what_helps_is_shown(text: str) -> None:
    assert excerpt(text) == text


def test_nothing_is_nothing() -> None:
    assert excerpt(None) == excerpt("") == excerpt(b"") == ""


@given(st.text() | st.binary())
def test_an_excerpt_is_one_short_line_that_can_be_printed(text: str | bytes) -> None:
    shown = excerpt(text)
    assert len(shown) <= SHOWN + 1
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & {"\x00", "\x1b", "\x9b", "\u202e", "\u2028"}
    shown.encode()


@given(st.text(min_size=4, max_size=100), st.text(max_size=50), st.integers(1, 200))
def test_a_hidden_value_does_not_show_wherever_it_stands(secret: str, around: str, times: int) -> None:
    assume(secret not in "***" * 200 and secret not in f"{around}***{around}" * 2 and "*" not in secret)
    assert secret not in excerpt((around + secret) * times, hide={secret})


@pytest.mark.parametrize("length", [10, 50, 90])
def test_a_hidden_value_that_is_cut_does_not_show_in_part(length: int) -> None:
    secret = ("not so random " * 10)[:length]
    shown = excerpt(secret * (READ // length + 2), hide={secret})
    assert "random"[: length - 1] not in shown


def test_one_line_is_one_line() -> None:
    assert one_line("a\r\nb\x1b[31m\u202ec") == "a b c"
    assert len(one_line("x" * 1000)) == SHOWN + 1
    assert one_line(7) == "7"


# --- what was sent


def prepared(**kwargs: Any) -> requests.PreparedRequest:
    return requests.Request("POST", "https://as.local/token", **kwargs).prepare()


def test_all_fields_are_secret_but_the_harmless_ones() -> None:
    fields = {"grant_type": "password", "scope": "openid", "client_id": "an-id", "username": "alice", "new": "value"}
    assert sent_secrets(prepared(data={**fields, "password": "hush"})) == {"alice", "value", "hush"}


def test_the_value_is_recognised_however_it_is_quoted() -> None:
    hide = sent_secrets(prepared(data={"client_secret": TRICKY}))
    for text in (TRICKY, quote(TRICKY), quote_plus(TRICKY), '{"x": "p&s=w rd+%/\\u00e9\\"\'\\\\"}'):
        assert not any(piece in excerpt(f"got {text}", hide=hide) for piece in ("w rd", "w%20rd", "w+rd"))


def test_credentials_in_the_header_are_secret() -> None:
    assert "abcdef" in sent_secrets(prepared(headers={"Authorization": "Bearer abcdef"}))
    basic = base64.b64encode(b"an-id:hush+hush").decode()
    found = sent_secrets(prepared(headers={"Authorization": f"Basic {basic}"}))
    assert {basic, "hush+hush"} <= found
    assert "an-id" not in found


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic \xff", "Basic YQ", ""])
def test_a_strange_header_is_no_error(header: str) -> None:
    assert isinstance(sent_secrets(prepared(headers={"Authorization": header})), set)


def test_many_fields_are_secret_too() -> None:
    assert "value of 999" in sent_secrets(prepared(data={str(n): f"value of {n}" for n in range(1000)}))


def test_short_values_would_strike_out_words() -> None:
    assert sent_secrets(prepared(data={"pin": "abc"})) == set()


@pytest.mark.parametrize("request_", [None, object(), prepared(), prepared(data=iter([b"x"]))])
def test_a_request_without_a_form_has_no_secret(request_: Any) -> None:
    assert sent_secrets(request_) == set()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@as.local/token?code=x#f", "https://as.local/token"),
        ("https://as.local", "https://as.local"),
        ("http://[", "an invalid URL"),
        (None, None),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str | None, shown: str | None) -> None:
    assert without_query(url) == shown
