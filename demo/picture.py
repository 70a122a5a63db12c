"""The picture of the demo: one page with all that was sent, opened in the browser of this machine if there is one."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

from requests_oauth2client import Story

from .narrator import Narrator


def show_picture(story: Story, file: str, narrator: Narrator) -> None:
    """Write the page, say where it is, and open it.

    Args:
        story: what was recorded.
        file: where to write; by default, into the folder for temporary files.
        narrator: says where it is.
    """
    path = Path(file) if file else Path(tempfile.mkdtemp(prefix="demo-")) / "picture.html"
    path.write_text(story.html("The demo, as a picture"), encoding="utf-8")
    narrator.say(f"The picture of all this: {path}")
    if not file and not webbrowser.open(path.resolve().as_uri()):
        narrator.say("No browser could be opened here: open that file yourself.")
