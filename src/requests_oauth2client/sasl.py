"""Tokens for mail and other protocols with SASL: OAUTHBEARER (RFC 7628), and XOAUTH2, which came before it.

    smtp.auth(sasl.mechanism, sasl)            # sasl = SaslToken(auth, "alice@example.com")
    imap.authenticate(sasl.mechanism, sasl)

The strings are made here; who sends them has to use TLS, since anyone who reads them has the token. Knows no socket.
"""

from __future__ import annotations

import re
from typing import Any

from ._core.messages import parse_json_object
from ._core.redaction import one_line
from ._core.values import NotPickled
from ._drivers.handler_tokens import require_bearer, require_handler, token_of
from ._tokens.bearer import BearerToken
from .exceptions import ExpiredAccessToken, InvalidParam

SEPARATOR = "\x01"  # RFC 7628 §3.1: kvsep
OAUTHBEARER, XOAUTH2 = "OAUTHBEARER", "XOAUTH2"
# RFC 7628 §3.2.3: after the server's error, the client sends this, so that the exchange can end
LAST_ANSWER = {OAUTHBEARER: SEPARATOR, XOAUTH2: ""}
MAX_ERROR_SIZE = 1 << 13  # bytes
REFUSED = frozenset({"401", "invalid_token"})  # RFC 7628 §3.2.2, and what servers with XOAUTH2 say
MAX_PORT = 0xFFFF

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HOST = re.compile(r"[\x21-\x7e]+")


class SaslString(str):
    """A string that is sent in UTF-8 (RFC 7628 section 3.1), also by `smtplib`, which would take ASCII only."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002
        """Encode in UTF-8, whatever is asked for."""
        return super().encode("utf-8", errors)


def oauthbearer(
    token: BearerToken | str, user: str | None = None, *, host: str | None = None, port: int | None = None
) -> str:
    r"""Return the first message of a client with the mechanism OAUTHBEARER.

    It begins with the GS2 header, `n,a=user,`, in which `,` and `=` of the user are escaped; the fields follow, each
    after a `\x01`. Base64 is up to the protocol that carries it.

    Args:
        token: the access token.
        user: whose mailbox or account it is, for instance `alice@example.com`; None where the token says it.
        host: the host name that the client connected to, for servers that want it.
        port: the port there.

    Raises:
        InvalidParam: something contains control characters, or is empty.
        UnsupportedDPoPToken: the token is bound to a key: its proof has no place here.
        ExpiredAccessToken: the token has expired.

    Source: RFC 7628 section 3.1, RFC 5801 section 4.
    """
    authzid = "" if user is None else f"a={_saslname(user)}"
    fields = [f"n,{authzid},"]
    if host is not None:
        fields.append(f"host={_host(host)}")
    if port is not None:
        fields.append(f"port={_port(port)}")
    return SaslString(SEPARATOR.join([*fields, f"auth=Bearer {_access_token(token)}", "", ""]))


def xoauth2(token: BearerToken | str, user: str) -> str:
    r"""Return the first message of a client with the mechanism XOAUTH2, of servers that know no OAUTHBEARER.

    Args:
        token: the access token.
        user: whose mailbox it is, for instance `alice@example.com`.

    Raises:
        InvalidParam: something contains control characters, or is empty.
        UnsupportedDPoPToken: the token is bound to a key: its proof has no place here.
        ExpiredAccessToken: the token has expired.

    Source: "XOAUTH2 mechanism" of Google's and Microsoft's mail: `user={user}\x01auth=Bearer {token}\x01\x01`.
    """
    return SaslString(f"user={_plain(user, 'user')}\x01auth=Bearer {_access_token(token)}\x01\x01")


class SaslToken(NotPickled):
    """Authenticates connections of `smtplib` and `imaplib` with a valid token: the callback that they ask.

    Args:
        auth: an auth handler such as `OAuth2LoginAuth`, whose token is renewed when needed; or a token.
        user: whose mailbox it is, for instance `alice@example.com`; with OAUTHBEARER None where the token says it.
        mechanism: "OAUTHBEARER", or "XOAUTH2".
        host: the host name that the client connects to, for servers that want it; OAUTHBEARER only.
        port: the port there; OAUTHBEARER only.

    Attributes:
        error: what the server said against the last token, as it said it, or None: `status`, `scope` and others. A
            token that it refused with the status 401 or `invalid_token` is forgotten, and the next call gets another.

    Raises:
        InvalidParam: the handler is async, the mechanism unknown, or something contains control characters.

    Source: RFC 7628 section 3.
    """

    error: dict[str, Any] | None

    def __init__(
        self,
        auth: Any,
        user: str | None,
        mechanism: str = OAUTHBEARER,
        *,
        host: str | None = None,
        port: int | None = None,
    ) -> None:
        require_handler(auth, type(self).__name__, plain=True)
        self.auth = auth
        self.user = user
        self.mechanism = _mechanism(mechanism)
        self.host, self.port = host, port
        self.error = None
        self._sent: BearerToken | None = None
        self._message(BearerToken("…".encode().hex()))  # what can't be sent is said now

    def __call__(self, challenge: bytes | None = None) -> str:
        """Return what to send next: a message with a valid token, or the end of the exchange after an error.

        Args:
            challenge: what the server sent, decoded; None or empty at the beginning.

        Raises:
            UnsupportedDPoPToken: the token is bound to a key: its proof has no place here.
            LoginNeeded: and everything else that `get_token` of the handler raises.

        Source: RFC 7628 sections 3.1 and 3.2.3.
        """
        if challenge:
            self.error = _read_error(challenge)
            if self.error is not None and _said(self.error.get("status")) in REFUSED:
                self._forget()
            return SaslString(LAST_ANSWER[self.mechanism])
        self.error = None
        self._sent = token_of(self.auth, "SASL")
        return self._message(self._sent)

    def _message(self, token: BearerToken) -> str:
        if self.mechanism == XOAUTH2:
            return xoauth2(token, _plain(self.user, "user"))
        return oauthbearer(token, self.user, host=self.host, port=self.port)

    def _forget(self) -> None:
        """Drop the token that was refused, unless another one has replaced it meanwhile."""
        if hasattr(self.auth, "forget_token") and self._sent is not None and self.auth.token == self._sent:
            self.auth.forget_token()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.mechanism} user={self.user!r} auth={type(self.auth).__name__}>"


def _mechanism(name: object) -> str:
    known = str(name).upper()
    if known not in LAST_ANSWER:
        msg = f"The mechanism is {one_line(name)!r}, expected {' or '.join(LAST_ANSWER)}."
        raise InvalidParam(msg)
    return known


def _access_token(token: BearerToken | str) -> str:
    bearer = require_bearer(BearerToken(token) if isinstance(token, str) else token, "SASL")
    if bearer.is_expired():
        raise ExpiredAccessToken(bearer)
    if " " in bearer.access_token:
        msg = "The access_token contains a space, which no token may have (RFC 6750 section 2.1)."
        raise InvalidParam(msg)
    return bearer.access_token


def _saslname(user: str) -> str:
    """Escape what means something in a GS2 header (RFC 5801 section 4)."""
    return _plain(user, "user").replace("=", "=3D").replace(",", "=2C")


def _plain(value: object, name: str) -> str:
    """Return a string that ends no field: it could go on as another one."""
    if not isinstance(value, str) or not value:
        kind = "an empty string" if value == "" else type(value).__name__
        msg = f"The {name} is {kind}, expected a string such as 'alice@example.com'."
        raise InvalidParam(msg)
    if _UNSAFE.search(value):
        msg = f"The {name} {one_line(value)!r} contains control characters, which it can't (RFC 7628 section 3.1)."
        raise InvalidParam(msg)
    return value


def _host(host: object) -> str:
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        msg = f"The host is {one_line(host)!r}, expected a host name in ASCII (IDNA), without spaces."
        raise InvalidParam(msg)
    return host


def _port(port: object) -> int:
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= MAX_PORT:
        msg = f"The port is {one_line(port)!r}, expected a number from 1 to {MAX_PORT}."
        raise InvalidParam(msg)
    return port


def _read_error(challenge: bytes) -> dict[str, Any] | None:
    """Read the error that a server sends (RFC 7628 section 3.2.2); None for anything but a JSON object."""
    if len(challenge) > MAX_ERROR_SIZE:
        return None
    try:
        return parse_json_object(challenge)
    except ValueError:
        return None


def _said(status: object) -> str:
    return str(status).lower()


__all__ = ["SaslToken", "oauthbearer", "xoauth2"]
