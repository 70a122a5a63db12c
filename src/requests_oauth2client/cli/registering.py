"""`register`: the profile's client registers itself, and its secret goes into a file of its own (RFC 7591)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .exits import Failure
from .output import put, put_json, say
from .program import Command, by_profile, program

if TYPE_CHECKING:
    from .session import Session


@program.command(
    "register",
    cls=Command,
    example="oauth2client register -p work --name 'My tool' --redirect-uri http://127.0.0.1/callback",
)
@click.option("--name", help="The client_name that users are shown.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where users come back to; may be repeated.")
@click.option("--method", help="token_endpoint_auth_method; by default none, for a public client.")
@click.option("--initial-token", metavar="@FILE", help="The initial access token, from a file or - for stdin.")
@by_profile
def register_command(
    session: Session,
    name: str | None,
    redirect_uris: tuple[str, ...],
    method: str | None,
    initial_token: str | None,
    as_json: bool,
) -> None:
    """Register the profile's client at its server; writes what to put into the profile."""
    from ..client import OAuth2Client
    from .calls import read_token

    if initial_token is not None and initial_token[:1] not in {"@", "-"}:
        raise Failure("A token on the command line can be read by others. Pass --initial-token @FILE, or - for stdin.")
    settings = {key: value for key, value in session.profile.settings.items() if key in _FOR_REGISTRATION}
    metadata = _metadata(session, name, redirect_uris, method)
    with session.naming_the_file():
        client = OAuth2Client.register(
            metadata,
            initial_access_token=None if initial_token is None else read_token(initial_token),
            **settings,
        )
    assert client.registration is not None  # noqa: S101  that is what register() returns
    information = client.registration.as_dict()
    files = _keep(session, information)
    lines = {"client_id": information["client_id"], **files}
    if as_json:
        public = {key: value for key, value in information.items() if key not in _SECRET_MEMBERS}
        put_json({**public, "files": files})
        return
    for key, value in lines.items():
        if key != "registration_file":
            put(f"{key} = {json.dumps(value)}")
    say(f"Registered. Put these lines into [profile.{session.profile.name}] of {session.profile.path}.")


_FOR_REGISTRATION = ("issuer", "testing", "timeout", "registration_endpoint", "token_endpoint")
_SECRET_MEMBERS = ("client_secret", "registration_access_token")


def _metadata(session: Session, name: str | None, redirect_uris: tuple[str, ...], method: str | None) -> dict[str, Any]:
    said: Mapping[str, Any] = session.profile.own.get("registration", {})
    metadata: dict[str, Any] = {"token_endpoint_auth_method": "none", **said}
    given = {
        "client_name": name,
        "redirect_uris": list(redirect_uris) or None,
        "token_endpoint_auth_method": method,
    }
    metadata |= {key: value for key, value in given.items() if value is not None}
    if session.profile.is_a_users:
        metadata.setdefault(
            "redirect_uris", [session.profile.settings.get("redirect_uri", "http://127.0.0.1/callback")]
        )
        metadata.setdefault("grant_types", ["authorization_code", "refresh_token"])
    else:
        metadata.setdefault("grant_types", ["client_credentials"])
    return metadata


def _keep(session: Session, information: Mapping[str, Any]) -> dict[str, str]:
    """Write what is secret into files for the user alone, and return the keys of the profile that name them."""
    from .profile_file import config_folder

    folder, files = config_folder(), {}
    base = (
        f"{session.profile.name}.{session.profile.path.stat().st_ino}"
        if session.profile.path.parent != folder
        else (session.profile.name)
    )
    secret = information.get("client_secret")
    if secret:
        files["client_secret_file"] = str(_write(folder / f"{base}.secret", secret))
    if information.get("registration_access_token"):
        text = json.dumps(dict(information), default=str)
        files["registration_file"] = str(_write(folder / f"{base}.registration.json", text))
    return files


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise Failure(f"The client is registered, but {path} can't be written: {problem.strerror}.") from None
    return path


__all__ = ["register_command"]
