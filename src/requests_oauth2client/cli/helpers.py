"""`exec`: tokens for kubectl, git, docker and what reads netrc files, in the forms that they ask for.

kubectl  an ExecCredential: the user's ID token where there is one, else the access token
git      get, store, erase of git-credential(1)
docker   get, store, erase, list of docker-credential-helpers
netrc    lines of a netrc file
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from .._core.redaction import one_line
from .._core.urls import is_loopback
from .exits import LOGIN_NEEDED, REFUSED, Failure
from .output import iso, put, put_json, say
from .program import Command, by_profile, program

if TYPE_CHECKING:
    from .session import Session

LEEWAY = 20  # seconds
MAX_REQUEST = 1 << 16  # characters that git or docker send
KUBECTL_INFO = "KUBERNETES_EXEC_INFO"
API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
NOT_FOUND = "credentials not found in native keychain"  # docker knows this very sentence
ACTIONS = click.Choice(["get", "store", "erase"])


@program.group("exec")
def exec_command() -> None:
    """Give tokens to kubectl, git, docker, or a netrc file."""


@exec_command.command("kubectl", cls=Command, example="oauth2client exec kubectl -p work")
@by_profile
def kubectl_command(session: Session, as_json: bool) -> None:  # noqa: ARG001  it is always JSON
    """Write an ExecCredential: the user's ID token where there is one, else the access token.

    In a kubeconfig: users: [{name: me, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command:
    oauth2client, args: [exec, kubectl, -p, work], interactiveMode: Never}}}]
    """
    value, expires_at = fresh_identity(session)
    status = {"token": value, "expirationTimestamp": iso(expires_at)}
    put_json(
        {
            "apiVersion": _api_version(),
            "kind": "ExecCredential",
            "status": {name: one for name, one in status.items() if one is not None},
        }
    )


def fresh_identity(session: Session) -> tuple[str, datetime | None]:
    """Return the user's ID token, renewed if it is expired, and when it expires; without one, the access token.

    Raises:
        Failure: it is expired, and a refresh brings no other.
    """
    token = session.token()
    if token.id_token is None:
        return token.access_token, token.expires_at
    identity = token.id_token
    if identity.is_expired(LEEWAY):
        handler = session.handler()
        handler.get_token()
        handler.renew_token()
        identity = handler.token.id_token or identity
        if identity.is_expired(LEEWAY):
            raise Failure(
                "The ID token is expired, and the server issues no other with a refresh. Run: oauth2client login"
                f" -p {session.profile.name} --again",
                LOGIN_NEEDED,
            )
    return str(identity), identity.expires_at


def _api_version() -> str:
    try:
        asked = json.loads(os.environ.get(KUBECTL_INFO, "{}")).get("apiVersion")
    except (ValueError, AttributeError):
        asked = None
    return asked if asked in API_VERSIONS else API_VERSIONS[0]


@exec_command.command(
    "git",
    cls=Command,
    example="git config --global credential.https://git.example.com.helper '!oauth2client exec git -p work'",
)
@click.argument("action", type=ACTIONS)
@by_profile
def git_command(session: Session, action: str, as_json: bool) -> None:
    """Be a credential helper of git: get, store or erase."""
    asked: dict[str, str] = {}
    for line in _request().splitlines():
        name, _, value = line.partition("=")
        asked[name] = value
    host = asked.get("host", "")
    is_for_it = action != "store" and _may_have(session, asked.get("protocol", "https"), host)
    if is_for_it and action == "erase":
        _erase(session, asked.get("password"))
    if action != "get" or not is_for_it:
        _done(as_json=as_json)
        return
    token = session.token()
    user = asked.get("username") or session.profile.own.get("username", "oauth2")
    found = {"username": str(user), "password": token.access_token}
    if token.expires_at is not None:
        found["password_expiry_utc"] = str(int(token.expires_at.timestamp()))
    if as_json:
        put_json(found)
        return
    for name, value in found.items():
        put(f"{name}={_one_line(value)}")


@exec_command.command(
    "docker",
    cls=Command,
    example="printf '#!/bin/sh\\nexec oauth2client exec docker -p work \"$1\"\\n' > ~/bin/docker-credential-work",
)
@click.argument("action", type=click.Choice(["get", "store", "erase", "list"]))
@by_profile
def docker_command(session: Session, action: str, as_json: bool) -> int:
    """Be a credential helper of docker: get, store, erase or list."""
    if action == "list":
        put_json({host: _username(session) for host in session.profile.hosts})
        return 0
    request = _request()
    if action == "store":
        return _done(as_json=as_json)
    server = request.strip()
    host = urlsplit(server if "://" in server else f"https://{server}").netloc
    if not server or not _may_have(session, server.partition("://")[0] if "://" in server else "https", host):
        if as_json:
            raise Failure(f"{NOT_FOUND}.", REFUSED)
        put(NOT_FOUND)
        return 1
    if action == "erase":
        _erase(session, None)
        return _done(as_json=as_json)
    put_json({"ServerURL": server, "Username": _username(session), "Secret": session.token().access_token})
    return 0


def _done(*, as_json: bool) -> int:
    if as_json:
        put_json({})
    return 0


@exec_command.command("netrc", cls=Command, example="oauth2client exec netrc git.example.com -p work > ~/.netrc")
@click.argument("hosts", nargs=-1)
@by_profile
def netrc_command(session: Session, hosts: tuple[str, ...], as_json: bool) -> None:
    """Write lines of a netrc file, for these hosts or those of the profile."""
    named = list(hosts) or session.profile.hosts
    if not named:
        raise Failure('No host is named. Pass one, or write  hosts = ["git.example.com"]  into the profile.')
    token, user = session.token().access_token, _username(session)
    if as_json:
        put_json([{"machine": host, "login": user, "password": token} for host in named])
        return
    for host in named:
        put(f"machine {_one_line(host)} login {_one_line(user)} password {token}")


def _username(session: Session) -> str:
    return str(session.profile.own.get("username", "oauth2accesstoken"))


def _may_have(session: Session, protocol: str, host: str) -> bool:
    """Return whether the token may go to a host: over an encrypted connection, and where the profile says."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if protocol != "https" and not (protocol == "http" and is_loopback(name.strip("[]"))):
        say(f"The token is not sent over {one_line(protocol)}, which anyone on the network path can read. Use https.")
        return False
    if session.profile.hosts and not {host, name} & set(session.profile.hosts):
        say(f"{one_line(host)} is not in hosts of profile {session.profile.name!r}, so it gets no token.")
        return False
    return True


def _erase(session: Session, password: str | None) -> None:
    """Make the next `get` renew the token, since it was refused. The login stays."""
    from .._core.compare import is_same_secret

    token = session.stored().token
    if token is None or (password is not None and not is_same_secret(password, token.access_token)):
        return
    session.handler().save_token(token.replace(expires_in=0) if token.refresh_token else token)


def _request() -> str:
    text = sys.stdin.read(MAX_REQUEST + 1)
    if len(text) > MAX_REQUEST:
        raise Failure(f"More than {MAX_REQUEST} characters came on stdin: that is not a request for credentials.")
    return text


def _one_line(value: Any) -> str:
    text = str(value)
    if any(not character.isprintable() for character in text):
        raise Failure("A line break or control character is in a name, where the other program would read a new line.")
    return text


__all__ = ["exec_command"]
