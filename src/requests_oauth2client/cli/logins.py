"""`login`, `logout`, `token` and `list`: the user's logins. Only `login` logs in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .exits import USAGE, Failure, sentence_of
from .output import iso, put, put_json, put_table, say, until
from .program import Command, by_profile, program, with_config, with_json

if TYPE_CHECKING:
    from .._tokens.bearer import BearerToken
    from .output import Waiting
    from .session import Session


@program.command("login", cls=Command, example="oauth2client login -p work\noauth2client login -p work --with device")
@click.option("--with", "way", type=click.Choice(["browser", "device", "paste"]), help="How to log in.")
@click.option("--again", is_flag=True, help="Log in also where a login is stored.")
@by_profile
def login_command(session: Session, way: str | None, again: bool, as_json: bool) -> None:
    """Log in: with the browser, with a code on another device, or by pasting an address."""
    from .output import waiting

    if not session.profile.is_a_users:
        token = session.handler().get_token()
        say(f"Profile {session.profile.name!r} needs no login: it got a token with the client's own credentials.")
    else:
        session.discovered()
        with waiting("Waiting for you to log in ...") as shown:
            token = _logged_in(session, way, shown, again=again)
        say(f"You are logged in with profile {session.profile.name!r}; the token is valid: {until(token.expires_at)}.")
    if as_json:
        put_json(_described(session, token))


def _logged_in(session: Session, way: str | None, shown: Waiting, *, again: bool) -> BearerToken:
    from .._renewal.handlers import manager_of

    handler = session.handler(_way(session, way, shown))
    if not again:
        return handler.get_token()  # type: ignore[no-any-return]
    token: BearerToken = session.client._drive(manager_of(handler).source.new_token(None))  # noqa: SLF001
    handler.save_token(token)
    return token


def _way(session: Session, name: str | None, shown: Waiting) -> Any:
    """Return the way to log in: the one that is named, those of the profile, or whichever can work here."""
    from .._login import browsers
    from .profile_file import GRANTS

    wanted = [name] if name else session.profile.own.get("login") or GRANTS[session.profile.grant]
    if not wanted:
        wanted = ["browser", "device", "paste"] if browsers.has_display() else ["device", "paste", "browser"]
    from ..login import Login

    return Login(*(_one_way(session, one, shown) for one in ([wanted] if isinstance(wanted, str) else wanted)))


def _one_way(session: Session, name: str, shown: Waiting) -> Any:
    from ..login import BrowserLogin, DeviceLogin, PasteLogin

    if name == "device":
        return DeviceLogin(tell=shown.tell)
    if name == "browser":
        return BrowserLogin(ports=session.profile.own.get("ports", (0,)), tell=shown.tell)

    class Paste(PasteLogin):
        """Asks on stderr: stdout is for programs."""

        def why_not(self, client: Any) -> str | None:  # noqa: ARG002
            return None if sys.stdin.isatty() else "a terminal is needed to paste an address into"

    return Paste(ask=_asking(shown), tell=shown.tell)


def _asking(shown: Waiting) -> Callable[[str], str]:
    def ask(prompt: str) -> str:
        shown.pause()
        click.echo(prompt, err=True, nl=False)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line

    return ask


@program.command("logout", cls=Command, example="oauth2client logout -p work")
@click.option("--keep-tokens-valid", is_flag=True, help="Forget the login here, and do not revoke it at the server.")
@by_profile
def logout_command(session: Session, keep_tokens_valid: bool, as_json: bool) -> None:
    """Log out: forget the login, and revoke its tokens at the server."""
    from ..exceptions import OAuth2Error

    try:
        was_there = session.stored().token is not None
    except Failure:  # it can't be read, but dropped
        was_there = True
    is_told = True
    if was_there and not keep_tokens_valid:
        try:
            session.discovered()
        except OAuth2Error:  # the login ends here nevertheless
            is_told = False
    if was_there:
        is_told = session.handler().log_out(revoke=not keep_tokens_valid and is_told) and is_told
    if not was_there:
        say(f"No one was logged in with profile {session.profile.name!r}.")
    elif is_told:
        say(f"You are logged out of profile {session.profile.name!r}.")
    else:
        say("You are logged out here; the server could not be told, so the tokens are valid until they expire.")
    if as_json:
        put_json({"profile": session.profile.name, "logged_out": was_there, "server_told": was_there and is_told})


@program.command(
    "token",
    cls=Command,
    example='oauth2client token -p work\ncurl -H "$(oauth2client token -p work --header)" https://api.example.com/me',
)
@click.option("--header", is_flag=True, help="Write it as a header, for curl -H.")
@by_profile
def token_command(session: Session, header: bool, as_json: bool) -> None:
    """Write a valid access token on stdout: the stored one, or it renewed. Never logs in."""
    if header and as_json:
        raise Failure("--header and --json contradict each other. Keep one.", USAGE)
    token = session.token()
    if as_json:
        put_json({**_described(session, token), "access_token": token.access_token})
    elif header:
        if token.TOKEN_TYPE.lower() != "bearer":
            raise Failure(f"A {token.TOKEN_TYPE} token needs a proof with each request. Use: oauth2client call URL")
        put(f"Authorization: {token.authorization_header()}")
    else:
        put(token.access_token)


def _described(session: Session, token: BearerToken) -> dict[str, Any]:
    found = {
        "profile": session.profile.name,
        "token_type": token.TOKEN_TYPE,
        "expires_at": iso(token.expires_at),
        "expires_in": token.expires_in,
        "scope": token.scope,
    }
    return {name: value for name, value in found.items() if value is not None}


@program.command("list", cls=Command, example="oauth2client list\noauth2client list --json")
@with_config
@with_json
def list_command(config: str | None, as_json: bool) -> None:
    """List the profiles, and who is logged in. Nothing is sent."""
    from .profile_file import ProfileFile, find_file

    file = ProfileFile(find_file(config))
    rows = [_row(file, name) for name in file.names]
    if as_json:
        put_json(rows)
        return
    cells = [[row["profile"], row["server"], row["client_id"], row["login"]] for row in rows]
    put_table(["profile", "server", "client", "login"], cells)
    if not rows:
        say(f"{file.path} has no profiles.")


def _row(file: Any, name: str) -> dict[str, Any]:
    from ..exceptions import OAuth2Error
    from .session import Session

    row = {"profile": name, "server": "", "client_id": "", "login": "", "logged_in": False}
    try:
        session = Session(file.choose(name))
        settings = session.profile.settings
        row |= {
            "server": str(settings.get("issuer") or settings.get("token_endpoint")),
            "client_id": str(settings.get("client_id", "")),
        }
        token = session.stored().token
    except (Failure, OAuth2Error, OSError) as error:
        said = sentence_of(error)
        return {**row, "login": f"can't be read: {said}", "error": said}
    if token is None:
        state = "not logged in" if session.profile.is_a_users else "no token yet"
        return {**row, "login": state}
    state = "valid" if not token.is_expired() else "can be renewed" if token.refresh_token else "expired"
    is_in = state != "expired" or not session.profile.is_a_users
    return {
        **row,
        "login": f"{state}: {until(token.expires_at)}",
        "logged_in": is_in,
        "expires_at": iso(token.expires_at),
    }


__all__ = ["list_command", "login_command", "logout_command", "token_command"]
