"""The commands, the options that they share, and how each run ends. A command's module is loaded when it is called."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from .exits import BROKEN_PIPE, BUG, INTERRUPTED, USAGE, Failure, advice_of, as_document, code_of, sentence_of
from .output import Documents, marked, put_json, say

COMMANDS = {  # where each is; in the order of `--help`
    "login": "logins",
    "logout": "logins",
    "token": "logins",
    "list": "logins",
    "call": "calls",
    "userinfo": "calls",
    "introspect": "calls",
    "revoke": "calls",
    "register": "registering",
    "inspect": "jwts",
    "discover": "metadata",
    "doctor": "doctor",
    "exec": "helpers",
    "serve": "serving",
    "completion": "completion",
}
ON_STDERR = "-"  # where --trace shows its story, if no file is named
DEBUG = "OAUTH2CLIENT_DEBUG"  # set by those who look for a mistake in the program
SECRET_OPTIONS = ("--client-secret", "--secret", "--password", "--private-key", "--refresh-token", "--access-token")
SECRET_ADVICE = (
    "{name} is refused: what is on the command line can be read by every user of this machine, and stays in the"
    ' history. Write  client_secret_env = "NAME",  client_secret_file = "PATH",  client_secret_keyring = "SERVICE/NAME"'
    '  or  private_key_file = "PATH"  into the profile; tokens are read from stdin, with -.'
)


class Command(click.Command):
    """A command with an example in its help.

    Args:
        example: a line of the shell, or several.
        further: what click takes.
    """

    def __init__(self, *args: Any, example: str = "", **further: Any) -> None:
        lines = "\n".join(f"  {line}" for line in example.splitlines())
        super().__init__(*args, **{"epilog": f"\b\nExample:\n{lines}", **further})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse secrets before anything else looks at them."""
        for argument in args[: args.index("--")] if "--" in args else args:
            name = argument.partition("=")[0]
            if name in SECRET_OPTIONS:
                raise Failure(SECRET_ADVICE.format(name=name))
        return super().parse_args(ctx, _with_trace_file(args))


def _with_trace_file(args: list[str]) -> list[str]:
    """Write `--trace` with its value, so that it does not take an argument of the command for its file."""
    if "--trace" not in args:
        return args
    at = args.index("--trace")
    if args[at + 1 :] and args[at + 1].endswith((".html", ".htm")):
        return [*args[:at], f"--trace={args[at + 1]}", *args[at + 2 :]]
    return [*args[:at], f"--trace={ON_STDERR}", *args[at + 1 :]]


class Program(click.Group):
    """The program, which loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found: click.Command = getattr(importlib.import_module(f".{module}", __package__), f"{cmd_name}_command")
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command; suggest one where it is misspelt."""
        from .._core.options import close_to

        guess = close_to(args[0], COMMANDS) if args and args[0] not in COMMANDS else None
        if guess and not args[0].startswith("-"):
            raise click.UsageError(f"The command {args[0]!r} does not exist. Did you mean {guess!r}?", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Program, name="oauth2client", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="requests_oauth2client", prog_name="oauth2client")
def program() -> None:
    """OAuth 2.0 and OpenID Connect from the command line, by profile (oauth2client.toml).

    Results go to stdout, words for you to stderr. Exit codes: 2 usage, 3 refused, 4 unreachable, 5 log in needed,
    130 interrupted.
    """


def profile_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Complete the name of a profile."""
    from .profile_file import ProfileFile, find_file

    try:
        names = ProfileFile(find_file(ctx.params.get("config"))).names
    except (Failure, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]


with_profile = click.option("-p", "--profile", metavar="NAME", shell_complete=profile_names, help="Which profile.")
with_config = click.option("--config", metavar="FILE", is_eager=True, help="Another file than oauth2client.toml.")
with_json = click.option("--json", "as_json", is_flag=True, help="Write the result, or the error, as JSON.")
with_trace = click.option(
    "--trace",
    metavar="[=FILE.html]",
    is_flag=False,
    flag_value=ON_STDERR,
    help="Show what was sent and answered, on stderr or as a page.",
)


def by_profile(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that works with a profile; it gets a `Session`."""
    import functools

    @with_profile
    @with_config
    @with_json
    @with_trace
    @functools.wraps(function)
    def command(profile: str | None, config: str | None, trace: str | None, **options: Any) -> Any:
        with traced(trace):
            return function(open_session(profile, config), **options)

    return command


def open_session(profile: str | None, config: str | None) -> Any:
    """Read a profile."""
    from .profile_file import ProfileFile, find_file
    from .session import Session

    return Session(ProfileFile(find_file(config)).choose(profile))


@contextmanager
def traced(trace: str | None) -> Iterator[None]:
    """Record what is sent, and show it in the end, also of a command that fails."""
    if trace is None:
        yield
        return
    recording = getattr(importlib.import_module("requests_oauth2client"), "recording", None)
    if recording is None:
        raise Failure("--trace needs the recorder, requests_oauth2client.recording, which this version does not have.")
    with recording() as story:
        try:
            yield
        finally:
            _show(story, trace)


def _show(story: Any, trace: str) -> None:
    if trace == ON_STDERR:
        say(story.text())
        return
    try:
        with open(trace, "w", encoding="utf-8") as page:  # noqa: PTH123  as the user names it
            page.write(story.html())
    except OSError as problem:
        say(f"The page {trace} can't be written: {problem.strerror}.")
    else:
        say(f"What was sent: {trace}")


def run(argv: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code; without a traceback, whatever happens."""
    if "_OAUTH2CLIENT_COMPLETE" in os.environ:
        program.main(args=argv, prog_name="oauth2client")
    if not os.environ.get(DEBUG):  # errors say what happened, in the end; what is logged on the way is for programs
        logging.getLogger("requests_oauth2client").addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what it can't show is written as an escape
            stream.reconfigure(errors="backslashreplace")
    arguments = list(sys.argv[1:] if argv is None else argv)
    Documents.count = 0
    told = _Told(as_json="--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments))
    try:
        with program.make_context("oauth2client", arguments) as context:
            result = program.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return _flushed(end.exit_code)
    except BrokenPipeError:
        return _pipe_is_broken()
    except (KeyboardInterrupt, click.Abort):
        return _interrupted(arguments, told, is_own_process=argv is None)
    except click.ClickException as mistake:
        mistake.show(sys.stderr)
        return told.document(USAGE, mistake.format_message())
    except Exception as error:  # noqa: BLE001  told in a sentence
        return told.error(error)
    return result if isinstance(result, int) else 0


def _interrupted(arguments: list[str], told: _Told, *, is_own_process: bool) -> int:
    """End at Ctrl-C. A renewal goes on to its end, or its refresh token would be lost; waiting for a user does not."""
    say("\nInterrupted.")
    told.document(INTERRUPTED, "Interrupted.")
    if is_own_process and arguments[:1] == ["login"]:
        sys.stdout.flush()
        os._exit(INTERRUPTED)
    return INTERRUPTED


class _Told:
    """How a run that fails tells it: a sentence on stderr, and with --json a document on stdout.

    Args:
        as_json: whether programs read what comes.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def error(self, error: Exception) -> int:
        """Tell an error, and return the exit code."""
        code = code_of(error)
        if code is None:
            message = f"{type(error).__name__}. This is a mistake in oauth2client."
            say(marked("Error: ", "red", sys.stderr) + message)
            if os.environ.get(DEBUG):
                raise error
            return self.document(BUG, message)
        text, advice = (str(error),) * 2 if isinstance(error, Failure) else (sentence_of(error), advice_of(error))
        say("\nInterrupted." if code == INTERRUPTED else marked("Error: ", "red", sys.stderr) + advice)
        return self.document(code, text, error)

    def document(self, code: int, message: str, error: Exception | None = None) -> int:
        """Write the document where no result was written, and return the exit code."""
        if not self._as_json or Documents.count:
            return code
        try:
            put_json(as_document(code, message, error))
        except BrokenPipeError:
            return _pipe_is_broken()
        return _flushed(code)


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_is_broken()
    return code


def _pipe_is_broken() -> int:
    """End quietly: the reader of the pipe has what it wanted. Python must not try to write the rest at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


__all__ = ["Command", "by_profile", "program", "run"]
