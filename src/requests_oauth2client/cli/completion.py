"""`completion`: what a shell needs to complete commands, options and profiles."""

from __future__ import annotations

import click

from .output import put, put_json
from .program import Command, program, with_json


@program.command("completion", cls=Command, example='eval "$(oauth2client completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@with_json
def completion_command(shell: str, as_json: bool) -> None:
    """Write the completion script of a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  click has these three
    script = kind(program, {}, "oauth2client", "_OAUTH2CLIENT_COMPLETE").source()
    if as_json:
        put_json({"shell": shell, "script": script})
    else:
        put(script)


__all__ = ["completion_command"]
