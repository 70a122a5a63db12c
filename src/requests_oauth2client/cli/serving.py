"""`serve`: the authorization server of `requests_oauth2client.testing` on this machine, to play with."""

from __future__ import annotations

import threading
from typing import Any

import click

from .exits import Failure
from .output import put, put_json, say
from .program import Command, program, with_json


@program.command("serve", cls=Command, example="oauth2client serve --port 8080")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="By default a free one.")
@click.option("--lifetime", type=click.IntRange(1), default=3600, help="Seconds for which access tokens are valid.")
@click.option(
    "--fail", "failing", multiple=True, metavar="MISBEHAVIOR", help="Misbehave once, as docs/testing.md has it."
)
@with_json
def serve_command(port: int, lifetime: int, failing: tuple[str, ...], as_json: bool) -> None:
    """Run a test server on 127.0.0.1 until Ctrl-C. It takes any client and any user: not for production."""
    from ..testing import AuthorizationServer

    server = AuthorizationServer(access_token_lifetime=lifetime)
    for name in failing:
        server.misbehave(name)
    try:
        with server.listening(port):
            _tell(server, as_json=as_json)
            _watch(server)
    except OSError as problem:
        raise Failure(f"Port {port} can't be used ({problem.strerror}). Choose another one, or none.") from None


def _tell(server: Any, *, as_json: bool) -> None:
    if as_json:
        put_json({"issuer": server.issuer, "metadata": server.metadata})
    else:
        put(server.issuer)
    say(
        "A profile for it:\n\n    [profile.play]"
        f'\n    issuer = "{server.issuer}"\n    client_id = "my-cli"\n\nCtrl-C ends it.'
    )


def _watch(server: Any) -> None:
    """Show what comes, until the user has enough."""
    seen, pause = 0, threading.Event()
    while not pause.wait(0.2):
        requests = server.requests[seen:]
        seen += len(requests)
        for request in requests:
            say(f"{request.method} {request.endpoint or request.path}")


__all__ = ["serve_command"]
