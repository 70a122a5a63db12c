"""Showing a page to the user: whether there is a display here, and how a browser is opened on it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Mapping

SSH = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "CODESPACES")


def is_wsl(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether this is Linux inside Windows."""
    known = os.environ if environ is None else environ
    return "WSL_DISTRO_NAME" in known or "microsoft" in platform.release().lower()


def has_display(environ: Mapping[str, str] | None = None, system: str | None = None) -> bool:
    """Return whether a browser that is opened here is in front of the user: not over SSH."""
    known = os.environ if environ is None else environ
    if any(known.get(name) for name in SSH):
        return False
    if (system or sys.platform) in {"darwin", "win32"} or any(known.get(name) for name in DISPLAYS):
        return True
    return is_wsl(known)


def open_browser(url: str) -> bool:
    """Open a page in the user's browser; return whether that seems to have worked.

    `$BROWSER` goes first (as in Codespaces); inside WSL, the browser of Windows is asked.
    """
    if is_wsl() and not os.environ.get("BROWSER"):
        viewer = shutil.which("wslview")
        command = [viewer, url] if viewer else ["rundll32.exe", "url.dll,FileProtocolHandler", url]
        try:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        except OSError:
            return False
        return True
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
