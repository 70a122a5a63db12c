"""Seeing what happened: every exchange of every client, redacted, with the check that passed or failed.

    with recording() as story:
        ...  # any program
    Path("login.html").write_text(story.html())

When nothing is recorded, this costs each request the reading of one context variable.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import Token
from types import TracebackType
from typing import Any

from ._core import story as recorders
from ._recording.capture import Capture
from ._recording.exchange import Exchange

__all__ = ["Exchange", "Story", "recording"]


class Story:
    """What was recorded, in order, without secrets: tokens, codes, verifiers, state, nonces, passwords, keys, cookies.

    It can be told at any time, also while the recording goes on. Personal data that are no secret, such as the names
    in a userinfo response, are shown.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges, in the order in which they were sent."""
        return self._capture.exchanges()

    @property
    def failures(self) -> tuple[Exchange, ...]:
        """The exchanges without a response, and those with a failed check."""
        return tuple(one for one in self.exchanges if one.failed)

    def text(self) -> str:
        """Return the story as text, a few lines for each exchange."""
        from ._recording.text import as_text  # noqa: PLC0415  loaded when a story is told

        return as_text(self.exchanges, self._capture.left_out)

    def html(self, title: str = "What happened") -> str:
        """Return the story as one page: a sequence diagram whose arrows open to the messages and their checks.

        It works without network and without script, in light and in dark.

        Args:
            title: its heading.
        """
        from ._recording.page import as_page  # noqa: PLC0415  likewise

        return as_page(self.exchanges, title, self._capture.left_out)

    def mermaid(self) -> str:
        """Return the story as a sequence diagram in the language of Mermaid, which GitHub and others draw."""
        from ._recording.text import as_mermaid  # noqa: PLC0415  likewise

        return as_mermaid(self.exchanges)

    def har(self) -> str:
        """Return the story as an HTTP Archive (HAR 1.2), which is JSON."""
        from . import __version__  # noqa: PLC0415  likewise
        from ._recording.har import as_har  # noqa: PLC0415

        return as_har(self.exchanges, __version__)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Story of {len(self.exchanges)} exchanges>"


class recording:  # noqa: N801  used like a function
    """Record what happens inside a `with`: `with recording() as story:`.

    Recorded are the requests of all clients, calls of `ApiClient`, calls with a handler of this package, and what the
    browser is sent with and comes back with; also in tasks, and in threads that know this context. Recordings may be
    nested.

    Args:
        all_threads: record what every thread of this process does, such as a web server's.
    """

    def __init__(self, *, all_threads: bool = False) -> None:
        self._all_threads = all_threads
        self._token: Token[Any] | None = None
        self._capture: Capture | None = None

    def __enter__(self) -> Story:
        self._capture = Capture(recorders.recorder())
        if self._all_threads:
            recorders.of_process.append(self._capture)
        self._token = recorders.begin(self._capture)
        return Story(self._capture)

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        capture, token, self._capture, self._token = self._capture, self._token, None, None
        if capture is None or token is None:
            return
        if capture in recorders.of_process:
            recorders.of_process.remove(capture)
        with suppress(ValueError):  # it was begun in another context, which has ended
            recorders.end(token)
        capture.close()
