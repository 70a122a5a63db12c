"""`python -m demo`: starts the servers, plays the chapters, stops the servers. Exit code 0, or 1 if one failed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from rich.console import Console

from devkit.authorization_server import start_authorization_server
from devkit.browser import Browser
from devkit.protected_api import start_protected_api
from requests_oauth2client import Story, recording

from .chapters import CHAPTERS
from .narrator import Narrator
from .picture import show_picture
from .stage import Stage
from .telling import Telling


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    narrator = _narrator(options)
    try:
        with ExitStack() as running:
            story = running.enter_context(recording(all_threads=True))
            stage = _open(running, narrator, story, use_real_browser=options.browser)
            for number, chapter in enumerate(CHAPTERS, 1):
                narrator.chapter(number, chapter.TITLE, chapter.STORY)
                chapter.play(stage)
            if options.picture is not None:
                show_picture(story, options.picture, narrator)
        narrator.end("Done; both servers are stopped. What next: README.md has each of these in under ten lines.")
    except KeyboardInterrupt:
        _narrator(options).fail("Interrupted; both servers are stopped.")
        return 1
    except Exception as failure:  # noqa: BLE001  whatever it was, a newcomer wants to read it, not its traceback
        _narrator(options).fail(f"{type(failure).__name__}: {failure}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Get, use and renew tokens of a real authorization server, and show each message.",
    )
    parser.add_argument("--browser", action="store_true", help="log in with your own browser, if there is one")
    parser.add_argument(
        "--picture",
        nargs="?",
        const="",
        metavar="FILE",
        help="write a page with a sequence diagram of all that was sent, and open it",
    )
    parser.add_argument("--no-color", action="store_true", help="print plain text")
    return parser


def _narrator(options: argparse.Namespace) -> Narrator:
    """Make a narrator; one that a Ctrl-C interrupted in the middle of a line prints no more (rich 15)."""
    return Narrator(Console(no_color=options.no_color or None, highlight=False))


def _open(running: ExitStack, narrator: Narrator, story: Story, *, use_real_browser: bool) -> Stage:
    narrator.say("Starting an authorization server (oidc-provider) and a protected API, both only on this machine…")
    server = running.enter_context(start_authorization_server())
    api = running.enter_context(start_protected_api(server))
    person = running.enter_context(Browser())
    narrator.say(f"Authorization server: {server.issuer}   API: {api.url}")
    return Stage(
        server=server,
        api=api,
        person=person,
        narrator=narrator,
        telling=Telling(story),
        use_real_browser=use_real_browser,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
