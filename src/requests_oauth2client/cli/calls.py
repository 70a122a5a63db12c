"""`call`, `userinfo`, `introspect` and `revoke`: what is done with a token."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from .._core.redaction import STRUCK, one_line
from .exits import LOGIN_NEEDED, REFUSED, UNREACHABLE, USAGE, Failure
from .output import plain, put_json, put_table, say, shown
from .program import Command, by_profile, program

if TYPE_CHECKING:
    from .session import Session

MAX_INPUT = 1 << 20  # bytes of a token that is read
TIMEOUT = 60  # seconds, for each wait
UNAUTHORIZED, REDIRECTS, CLIENT_ERRORS, SERVER_ERRORS = 401, 300, 400, 500
OURS = ("authorization", "dpop", "proxy-authorization")  # headers that are not taken from the command line


@program.command(
    "call",
    cls=Command,
    example="oauth2client call https://api.example.com/me -p work\n"
    """oauth2client call https://api.example.com/things -p work -d '{"color": "blue"}'""",
)
@click.argument("url")
@click.option("-X", "--request", "method", metavar="METHOD", help="By default GET, or POST with -d.")
@click.option("-d", "--data", metavar="DATA", help="The body: a string, @FILE, or - for stdin. JSON is sent as JSON.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A further header.")
@by_profile
def call_command(
    session: Session, url: str, method: str | None, data: str | None, headers: tuple[str, ...], as_json: bool
) -> int:
    """Call an API with the profile's token, and write its answer on stdout. Redirects are not followed."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Failure(f"{one_line(url)!r} is not the URL of an API. Write it with https://.")
    further = _headers(headers)
    session.token()  # or it says that a login is needed
    import requests

    body = None if data is None else _body(data)
    if body is not None:
        further.setdefault(
            "Content-Type", "application/json" if _is_json(body) else "application/x-www-form-urlencoded"
        )
    response = requests.request(
        method or ("GET" if body is None else "POST"),
        url,
        data=body,
        headers=further,
        auth=session.handler(),
        timeout=TIMEOUT,
        allow_redirects=False,
        stream=True,
    )
    with response:
        _write(response, as_json=as_json)
    return _ended(session, response)


def _write(response: Any, *, as_json: bool) -> None:
    if not as_json:
        for chunk in response.iter_content(1 << 16):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        if sys.stdout.isatty():
            say("")
        return
    content = response.content
    try:
        body = json.loads(content)
    except ValueError:
        body = content.decode(errors="replace")
    headers = {name: STRUCK if name.lower() == "set-cookie" else value for name, value in response.headers.items()}
    put_json({"status": response.status_code, "headers": headers, "body": body})


def _ended(session: Session, response: Any) -> int:
    status = response.status_code
    if status < REDIRECTS:
        return 0
    if status < CLIENT_ERRORS:
        say(f"The API answered {status}: it is at {one_line(response.headers.get('Location'))}. Call that.")
        return REFUSED
    say(f"The API answered {status} {one_line(response.reason)}.")
    if status >= SERVER_ERRORS:
        return UNREACHABLE
    if status == UNAUTHORIZED and session.profile.is_a_users:
        say(f"It does not accept the token. Log in again: oauth2client login -p {session.profile.name} --again")
        return LOGIN_NEEDED
    return REFUSED


def _headers(lines: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Failure(f"A header is written as -H 'Name: value', got {one_line(name)!r}.")
        if name.strip().lower() in OURS:
            raise Failure(f"{name.strip()} is set by this program, from the profile. Leave it out.")
        found[name.strip()] = value.strip()
    return found


def _body(data: str) -> bytes:
    if data == "-":
        return sys.stdin.buffer.read()
    if not data.startswith("@"):
        return data.encode()
    try:
        return Path(data[1:]).expanduser().read_bytes()
    except OSError as problem:
        raise Failure(f"{data[1:]} can't be read: {problem.strerror}.") from None


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


@program.command("userinfo", cls=Command, example="oauth2client userinfo -p work")
@by_profile
def userinfo_command(session: Session, as_json: bool) -> None:
    """Ask the server about the user who is logged in."""
    if not session.profile.is_a_users:
        raise Failure(f"Profile {session.profile.name!r} has no user: its grant is {session.profile.grant}.")
    token = session.token()
    _put(plain(session.discovered().userinfo(token)), as_json=as_json)


@program.command(
    "introspect", cls=Command, example="oauth2client introspect -p work\npbpaste | oauth2client introspect -p work -"
)
@click.argument("token", required=False)
@by_profile
def introspect_command(session: Session, token: str | None, as_json: bool) -> None:
    """Ask the server about a token: by default that of the profile; - reads one from stdin, @FILE from a file."""
    asked = session.token() if token is None else read_token(token)
    _put(plain(session.discovered().introspect_token(asked)), as_json=as_json)


@program.command("revoke", cls=Command, example="oauth2client revoke -p work\npbpaste | oauth2client revoke -p work -")
@click.argument("token", required=False)
@by_profile
def revoke_command(session: Session, token: str | None, as_json: bool) -> int:
    """Revoke a token at the server: by default the login of the profile, which then ends; - reads one from stdin."""
    if token is None:
        if session.stored().token is None:
            raise session.needs_login()
        session.discovered().endpoint("revocation_endpoint")
        is_done = session.handler().log_out()
    else:
        is_done = session.discovered().revoke_token(read_token(token))
    say("The token is revoked." if is_done else "The server has not revoked the token.")
    if as_json:
        put_json({"revoked": bool(is_done)})
    return 0 if is_done else REFUSED


def read_token(given: str | None) -> str:
    """Read a token: the argument itself, stdin for -, or a file for @FILE.

    Raises:
        Failure: there is none, or it is too long.
    """
    if given is None or given == "-":
        if given is None and sys.stdin.isatty():
            raise Failure("A token is missing. Pass it as an argument, as @FILE, or on stdin.")
        text = sys.stdin.buffer.read(MAX_INPUT + 1)
    elif given.startswith("@"):
        try:
            with Path(given[1:]).expanduser().open("rb") as file:
                text = file.read(MAX_INPUT + 1)
        except OSError as problem:
            raise Failure(f"{given[1:]} can't be read: {problem.strerror}.") from None
    else:
        say("Other users of this machine can read the command line: pass tokens as @FILE, or on stdin with -.")
        text = given.encode(errors="surrogateescape")
    if len(text) > MAX_INPUT:
        raise Failure(f"What came has more than {MAX_INPUT} bytes: it is not a token.", USAGE)
    token = text.decode(errors="replace").strip()
    if not token:
        raise Failure("A token is missing: what came is empty.")
    if any(not character.isprintable() or character == " " for character in token):
        raise Failure("What came is not a token: it has spaces or control characters.")
    return token


def _put(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        put_json(found)
    else:
        put_table(["name", "value"], [[name, shown(value)] for name, value in found.items()])


__all__ = ["call_command", "introspect_command", "read_token", "revoke_command", "userinfo_command"]
