"""Tokens for mail: the strings to the letter, and logins at an SMTP and an IMAP server."""

from __future__ import annotations

import base64
import imaplib
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from requests_oauth2client import (
    BearerAuth,
    BearerToken,
    DPoPKey,
    DPoPToken,
    ExpiredAccessToken,
    InvalidParam,
    NonRenewableTokenError,
    SaslToken,
    UnsupportedDPoPToken,
    oauthbearer,
    xoauth2,
)

from .conftest import Issuer
from .mail_servers import Mailbox, imap_server, smtp_server

USER = "alice@example.com"
MECHANISMS = ["OAUTHBEARER", "XOAUTH2"]


# --- the strings


def test_oauthbearer_is_that_of_the_rfc() -> None:
    example = (  # RFC 7628 section 4.1
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52"
        "YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )
    token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    made = oauthbearer(token, "user@example.com", host="server.example.com", port=143)
    assert base64.b64encode(made.encode()).decode() == example


def test_xoauth2_is_that_of_its_description() -> None:
    token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"
    assert xoauth2(token, "someuser@example.com") == f"user=someuser@example.com\x01auth=Bearer {token}\x01\x01"


@pytest.mark.parametrize(
    ("user", "header"),
    [
        (None, "n,,"),
        ("alice", "n,a=alice,"),
        ("a,b=c", "n,a=a=2Cb=3Dc,"),
        ("=2C", "n,a==3D2C,"),
        ("zoé@example.com", "n,a=zoé@example.com,"),
    ],
)
def test_the_user_is_escaped(user: str | None, header: str) -> None:
    assert oauthbearer("t", user) == f"{header}\x01auth=Bearer t\x01\x01"


@pytest.mark.parametrize("user", ["", "a\x01b", "a\0b", "a\r\nb", "a\x7fb", "a\x85b", "\ud800", 7, b"alice"])
@pytest.mark.parametrize("make", [oauthbearer, xoauth2, SaslToken])
def test_a_user_that_would_be_read_as_another_field_is_refused(make: Callable[..., Any], user: Any) -> None:
    with pytest.raises(InvalidParam, match="user"):
        make("t", user)


@pytest.mark.parametrize("token", ["", "a b", "a\x01b", "a\nb", "é"])
@pytest.mark.parametrize("make", [oauthbearer, xoauth2])
def test_what_is_no_token_is_refused_and_not_shown(make: Callable[..., Any], token: str) -> None:
    with pytest.raises(InvalidParam, match="token") as refused:
        make(token, USER)
    assert not token or repr(token) not in str(refused.value)


@pytest.mark.parametrize("more", [{"host": "a\x01b"}, {"host": ""}, {"host": "a b"}, {"host": "é"}, {"host": 7}])
def test_a_host_is_a_host_name(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidParam, match="host"):
        oauthbearer("t", USER, **more)


@pytest.mark.parametrize("port", [0, 65536, -1, True, "143", "1\x01"])
def test_a_port_is_a_number(port: Any) -> None:
    with pytest.raises(InvalidParam, match="port"):
        oauthbearer("t", USER, port=port)


def test_a_bearer_token_goes_in_as_it_is() -> None:
    assert xoauth2(BearerToken("t", expires_in=60), "u") == "user=u\x01auth=Bearer t\x01\x01"


@pytest.mark.parametrize("make", [oauthbearer, xoauth2])
def test_a_token_that_needs_a_proof_or_has_expired_is_refused(make: Callable[..., Any]) -> None:
    with pytest.raises(UnsupportedDPoPToken, match="proof"):
        make(DPoPToken("bound", dpop_key=DPoPKey.generate()), USER)
    with pytest.raises(ExpiredAccessToken):
        make(BearerToken("old", expires_in=-1), USER)


def test_any_mechanism_but_the_two_is_refused() -> None:
    assert SaslToken("t", USER, "xoauth2").mechanism == "XOAUTH2"
    with pytest.raises(InvalidParam, match="expected OAUTHBEARER or XOAUTH2"):
        SaslToken("t", USER, "PLAIN")
    with pytest.raises(InvalidParam, match="user"):
        SaslToken("t", None, "XOAUTH2")


# --- what it takes its tokens from


def test_async_handlers_are_refused(issuer: Issuer) -> None:
    with pytest.raises(InvalidParam, match="without Async in its name"):
        SaslToken(issuer.async_auth(), USER)


@pytest.mark.parametrize("auth", [None, ("user", "password"), 7, BearerToken])
def test_what_gives_no_tokens_is_refused(auth: Any) -> None:
    with pytest.raises(InvalidParam, match="takes an auth handler"):
        SaslToken(auth, USER)


@pytest.mark.parametrize("auth", ["t", BearerToken("t"), BearerAuth("t")])
def test_a_token_that_one_has_is_enough(auth: Any) -> None:
    sasl = SaslToken(auth, USER)
    assert sasl() == oauthbearer("t", USER)
    assert sasl(b'{"status": "401"}') == "\x01", "there is nothing to forget"


def test_a_handler_without_a_token_says_so() -> None:
    auth = BearerAuth("t")
    sasl = SaslToken(auth, USER)
    auth.token = None
    with pytest.raises(NonRenewableTokenError):
        sasl()


def test_dpop_tokens_are_refused_before_anything_is_sent(issuer: Issuer) -> None:
    sasl = SaslToken(issuer.auth(dpop_bound_access_tokens=True), USER)
    with pytest.raises(UnsupportedDPoPToken, match="dpop=False"):
        sasl()


def test_its_repr_shows_no_token(issuer: Issuer) -> None:
    auth = issuer.auth()
    sasl = SaslToken(auth, USER)
    assert auth.get_token().access_token in sasl()
    assert auth.get_token().access_token not in repr(sasl)


# --- at servers


class Mail:
    """A server of one of the two protocols, and how Python's library logs in there."""

    def __init__(self, protocol: str, port: int, mailbox: Mailbox) -> None:
        self.protocol, self.port, self.mailbox = protocol, port, mailbox

    def log_in(self, sasl: SaslToken, **options: Any) -> None:
        if self.protocol == "imap":
            with imaplib.IMAP4("127.0.0.1", self.port) as imap:
                imap.authenticate(sasl.mechanism, sasl)
            return
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost") as smtp:
            smtp.ehlo()
            smtp.auth(sasl.mechanism, sasl, **options)


REFUSALS = (smtplib.SMTPAuthenticationError, imaplib.IMAP4.error)


@contextmanager
def serving(protocol: str, mailbox: Mailbox) -> Iterator[Mail]:
    serve = {"imap": imap_server, "smtp": smtp_server}[protocol]
    with serve(mailbox) as port:
        yield Mail(protocol, port, mailbox)


@pytest.fixture(params=["smtp", "imap"], scope="module")
def opened(request: pytest.FixtureRequest) -> Iterator[Mail]:
    with serving(request.param, Mailbox(None)) as mail:
        yield mail


@pytest.fixture
def mail(opened: Mail, issuer: Issuer) -> Mail:
    opened.mailbox.__init__(issuer.is_valid)  # type: ignore[misc]  as new
    return opened


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_user_logs_in(mail: Mail, issuer: Issuer, mechanism: str) -> None:
    auth = issuer.auth()
    sasl = SaslToken(auth, USER, mechanism)
    mail.log_in(sasl)
    mail.log_in(sasl)
    assert [(seen["user"], seen["token"]) for seen in mail.mailbox.seen] == [(USER, auth.get_token().access_token)] * 2
    assert (issuer.token_requests, sasl.error) == (1, None)


def test_host_and_port_go_along(mail: Mail) -> None:
    mail.log_in(SaslToken("t", "é,=", host="mail.example.com", port=587))
    assert mail.mailbox.seen == [{"user": "é=2C=3D", "host": "mail.example.com", "port": "587", "token": "t"}]


def test_smtp_may_ask_first(issuer: Issuer) -> None:
    with serving("smtp", Mailbox(issuer.is_valid)) as mail:
        mail.log_in(SaslToken("t", USER), initial_response_ok=False)
        assert mail.mailbox.seen[0]["user"] == USER


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("status", ["invalid_token", 401])
def test_a_refused_token_is_forgotten_and_the_next_login_gets_another(
    mail: Mail, issuer: Issuer, mechanism: str, status: Any
) -> None:
    mail.mailbox.error = {"status": status, "scope": "https://mail.example.com/", "schemes": "bearer"}
    auth = issuer.auth()
    issuer.refused = {auth.get_token().access_token}
    sasl = SaslToken(auth, USER, mechanism)
    with pytest.raises(REFUSALS):
        mail.log_in(sasl)
    assert sasl.error == mail.mailbox.error
    mail.log_in(sasl)
    assert (sasl.error, issuer.token_requests) == (None, 2)


@pytest.mark.parametrize(
    ("refusal", "read"),
    [
        (
            {"status": "insufficient_scope", "scope": "mail.send"},
            {"status": "insufficient_scope", "scope": "mail.send"},
        ),
        ({"status": "400"}, {"status": "400"}),
        (b"<html>no</html>", None),
        (b'["status"]', None),
        (b'{"status": "401", "status": "400"}', None),
        (b"\xff", None),
        (None, None),
    ],
)
def test_another_refusal_keeps_the_token(mail: Mail, issuer: Issuer, refusal: Any, read: Any) -> None:
    mail.mailbox.error = refusal
    auth = issuer.auth()
    issuer.refused = {auth.get_token().access_token}
    sasl = SaslToken(auth, USER)
    with pytest.raises(REFUSALS):
        mail.log_in(sasl)
    assert (sasl.error, auth.token) == (read, auth.get_token())
    assert issuer.token_requests == 1


def test_a_token_that_was_renewed_meanwhile_is_kept(issuer: Issuer) -> None:
    auth = issuer.auth()
    sasl = SaslToken(auth, USER)
    sasl()
    auth.renew_token()
    renewed = auth.token
    sasl(b'{"status": "invalid_token"}')
    assert auth.token == renewed


def test_a_refusal_of_many_megabytes_is_not_kept() -> None:
    sasl = SaslToken("t", USER)
    sasl(b'{"status": "%s"}' % (b"4" * (1 << 22)))
    assert sasl.error is None
