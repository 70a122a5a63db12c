"""A headless Chromium for the tests: the system's own, driven by Playwright (whose own download is not needed).

`find()` looks for one, and installs Debian's where that can be done: as root, with apt-get. Elsewhere it says how.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--no-sandbox",  # as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
INSTALL_TIMEOUT = 300.0
HOW = "No Chromium is installed: apt-get install chromium, or put Chrome's folder into PATH."


class NoChromium(RuntimeError):
    """There is no Chromium, and it can't be installed from here."""


def find() -> str:
    """Return the path of a Chromium.

    Raises:
        NoChromium: there is none; the message says how to get one.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, check=False, capture_output=True, timeout=INSTALL_TIMEOUT)
        found = shutil.which("chromium")
    if found is None:
        raise NoChromium(HOW)
    return found


@contextmanager
def open_page(*, width: int = 1200, dark: bool = False) -> Iterator[Page]:
    """Open a page of a new browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  loaded where it is used

    executable = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser.new_page(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
        finally:
            browser.close()
