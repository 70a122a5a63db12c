"""Builds the site: `make docs`, or `python -m devkit.site`, with the folder to write to as an argument.

It needs no network. A warning is an error: a page that no table of contents names, a link or an anchor that leads
nowhere.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from devkit import documented

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "build" / "site"


def build(output: Path = OUTPUT) -> str:
    """Build the site, and return what Sphinx said.

    Raises:
        SystemExit: there was a warning; the message has them all.
    """
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "--fail-on-warning",
        "--keep-going",
        "--nitpicky",
        "-E",
        "-a",
    ]
    command += ["--quiet", "--doctree-dir", str(output.parent / f"{output.name}-doctrees"), "docs", str(output)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The site has mistakes:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class _Page(HTMLParser):
    """The anchors of a page, and where its links lead."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.links: list[str] = []
        self.feed(file.read_text())

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag has of both."""
        found = dict(attrs)
        self.anchors.update(value for value in (found.get("id"), found.get("name")) if value)
        self.links.extend(value for name in ("href", "src", "srcset") if (value := found.get(name)))


def broken_links(output: Path) -> list[str]:
    """List the links of a site that lead to no file or no anchor of it, each after its page."""
    pages = {file.resolve(): _Page(file) for file in output.rglob("*.html")}
    broken = []
    for file, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            target = (file.parent / unquote(address.path)).resolve() if address.path else file
            if address.scheme or address.netloc:
                continue
            there = pages.get(target)
            if not target.exists() or (there and unquote(address.fragment) not in there.anchors):
                broken.append(f"{file.relative_to(output.resolve())}: {link}")
    return broken


def missing_objects(output: Path) -> list[str]:
    """List the names and methods of the reference that the site's inventory lacks: what autodoc could not show."""
    lines = zlib.decompress((output / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode().splitlines()
    there = {line.partition(" ")[0] for line in lines}
    listed = {entry.full_name for entry in documented.entries()}
    listed |= {f"{name}.{member.name}" for name, below in documented.shown().items() for member in below}
    return sorted(listed - there)


def main() -> None:
    """Build the site into the folder that the command line names, and look whether it is whole."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of older names
    started = time.monotonic()
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else OUTPUT
    build(folder)
    for what, found in {"Links that lead nowhere": broken_links, "Not in the inventory": missing_objects}.items():
        if missing := found(folder):
            raise SystemExit("\n".join([f"{what}:", *missing]))
    pages = sum(1 for _ in folder.rglob("*.html"))
    print(f"{pages} pages in {time.monotonic() - started:.0f} seconds: {folder / 'index.html'}")


if __name__ == "__main__":
    main()
