"""Mail servers on loopback that take SASL strings: SMTP by aiosmtpd, and a small IMAP server of our own.

Both check the string to the letter, with a grammar of their own, and refuse a token with the error of RFC 7628 that
they are told to give.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socketserver
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio.from_thread
from aiosmtpd.smtp import SMTP, AuthResult

OAUTHBEARER = re.compile(
    r"n,(?:a=(?P<user>(?:[^,=\0]|=2C|=3D)+))?,\x01(?:host=(?P<host>[^\x01]+)\x01)?(?:port=(?P<port>\d+)\x01)?"
    r"auth=Bearer (?P<token>[\w.~+/-]+=*)\x01\x01"
)
XOAUTH2 = re.compile(r"user=(?P<user>[^\x01]+)\x01auth=Bearer (?P<token>[\w.~+/-]+=*)\x01\x01")
GRAMMAR = {"OAUTHBEARER": OAUTHBEARER, "XOAUTH2": XOAUTH2}
END = {"OAUTHBEARER": b"\x01", "XOAUTH2": b""}


@dataclass
class Mailbox:
    """What a mail server takes, and what it saw."""

    is_valid: Any  # a function of the access token
    error: dict[str, Any] | bytes | None = field(default_factory=lambda: {"status": "invalid_token", "scope": "mail"})
    seen: list[dict[str, str | None]] = field(default_factory=list)
    ended: list[bytes] = field(default_factory=list)

    def takes(self, mechanism: str, message: bytes) -> bool:
        """Read a message, and say whether its token is valid."""
        read = GRAMMAR[mechanism].fullmatch(message.decode())
        assert read, message
        self.seen.append(read.groupdict())
        return bool(self.is_valid(read["token"]))

    @property
    def refusal(self) -> bytes | None:
        """What is sent against a token, before the end."""
        return json.dumps(self.error).encode() if isinstance(self.error, dict) else self.error


class _SmtpAuth:
    """What aiosmtpd asks: a method for each mechanism."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def auth_OAUTHBEARER(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        return await self._auth(server, args)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        return await self._auth(server, args)

    async def _auth(self, server: Any, args: list[str]) -> AuthResult:
        mechanism, *first = args
        message = base64.b64decode(first[0]) if first else await server.challenge_auth("")
        if self.mailbox.takes(mechanism, message):
            return AuthResult(success=True)
        if self.mailbox.refusal is not None:
            self.mailbox.ended.append(await server.challenge_auth(self.mailbox.refusal))
            assert self.mailbox.ended[-1] == END[mechanism]
        return AuthResult(success=False, handled=False)


class _Smtp(SMTP):
    """aiosmtpd, but for its limit to lines: 512 bytes; RFC 4954 section 4 wants 12288 for AUTH."""

    command_size_limit = 12288
    command_size_limits = defaultdict(lambda: 12288)  # noqa: RUF012  its own is such a one


@contextmanager
def smtp_server(mailbox: Mailbox) -> Iterator[int]:
    """Serve SMTP; gives the port."""

    async def listen() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: _Smtp(_SmtpAuth(mailbox), hostname="localhost", auth_require_tls=False), "127.0.0.1", 0
        )

    async def close(server: asyncio.Server) -> None:
        server.close()
        await asyncio.sleep(0)  # connections that were left end with the loop

    with anyio.from_thread.start_blocking_portal() as portal:
        server = portal.call(listen)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            portal.call(close, server)


class _Imap(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.say("* OK IMAP4rev1 ready")
        while line := self.rfile.readline().decode().strip():
            tag, command, *words = line.split(" ")
            if command == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER AUTH=XOAUTH2", f"{tag} OK done")
            elif command == "AUTHENTICATE":
                self.say(f"{tag} OK in" if self.authenticated(*words) else f"{tag} NO not for you")
            elif command == "LOGOUT":
                self.say("* BYE bye", f"{tag} OK done")

    def authenticated(self, mechanism: str) -> bool:
        mailbox: Mailbox = self.server.mailbox  # type: ignore[attr-defined]
        self.say("+ ")
        if mailbox.takes(mechanism, self.read()):
            return True
        if mailbox.refusal is not None:
            self.say(f"+ {base64.b64encode(mailbox.refusal).decode()}")
            mailbox.ended.append(self.read())
            assert mailbox.ended[-1] == END[mechanism]
        return False

    def read(self) -> bytes:
        return base64.b64decode(self.rfile.readline(), validate=False)

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def imap_server(mailbox: Mailbox) -> Iterator[int]:
    """Serve IMAP; gives the port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Imap) as server:
        server.daemon_threads = True
        server.mailbox = mailbox  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
