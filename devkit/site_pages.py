"""What the site adds to Sphinx: links that work in the repository work in the site too.

The pages of the repository's root (README.md and others) are pages of the site as well: a file of `docs/` stands for
each.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from devkit import site_api
from requests_oauth2client._core.errors import CATALOG

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# The pages of the site that show a file of the root.
SHOWN = {
    "overview": "README.md",
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "security": "SECURITY.md",
}
FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?P<mark>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^)\s]+)\)")
IMAGE = re.compile(r'\b(?P<attribute>src|srcset|href)="(?P<target>[^"]+)"')
# Addresses of the site and of its pictures: how they begin and end, and how a file of the site ends.
OWN = (
    (CATALOG.rpartition("/")[0] + "/", ".html", ".md"),
    ("https://github.com/guillp/requests_oauth2client/raw/main/docs/", "", ""),
)
IMAGES = (".svg", ".png")


def as_in_the_site(text: str, file: Path, page: str) -> str:
    """Return a document of the repository with its links as they are in the site.

    Args:
        text: the document.
        file: where it stands in the repository.
        page: the name of its page, such as `decisions/README`.
    """

    def link(found: re.Match[str]) -> str:
        target = _target(found["target"], file)
        if target is None:  # a file that is no page: its name is enough
            return found["text"]
        return f"{found['mark']}[{found['text']}]({target})"

    def image(found: re.Match[str]) -> str:  # in HTML, which Sphinx leaves as it is
        target = _target(found["target"], file)
        if target is None or not target.startswith("/"):
            return found[0]
        return f'{found["attribute"]}="{os.path.relpath(target, f"/{page}/..")}"'

    parts = FENCED.split(text)
    parts[::2] = [IMAGE.sub(image, LINK.sub(link, prose)) for prose in parts[::2]]
    return "".join(parts)


def _target(target: str, file: Path) -> str | None:
    """Return a link's target as a path from the top of the site; None for what is not in the site."""
    for base, ending, ours in OWN:  # README has whole addresses, which work on a package index too
        if target.startswith(base):
            path, hash_mark, anchor = target.removeprefix(base).partition("#")
            return f"/{path.removesuffix(ending) or 'index'}{ours}{hash_mark}{anchor}"
    if "://" in target or target.startswith(("#", "mailto:", "/")):
        return target
    path, hash_mark, anchor = target.partition("#")
    found = (file.parent / path).resolve()
    shown = next((page for page, name in SHOWN.items() if found == ROOT / name), None)
    if shown:
        return f"/{shown}.md{hash_mark}{anchor}"
    if found.is_relative_to(DOCS) and found.is_file():
        return f"/{found.relative_to(DOCS)}{hash_mark}{anchor}"
    return None


def _read(app: Any, page: str, source: list[str]) -> None:
    file = Path(app.env.doc2path(page))
    text = source[0]
    if page in SHOWN:
        file = ROOT / SHOWN[page]
        app.env.note_dependency(str(file))
        text = file.read_text()
    text = site_api.directives(text, page)
    if file.name in {"README.md", "index.md"} and file.parent != DOCS and page not in SHOWN:  # of a folder
        text += "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"
    source[0] = as_in_the_site(text, file, page)


def _copy_images(app: Any, failure: Exception | None) -> None:
    """Copy the images that HTML in the documents names."""
    for file in DOCS.rglob("*"):
        if failure is None and file.suffix in IMAGES and not file.is_relative_to(DOCS / "_static"):
            copy = Path(app.outdir) / file.relative_to(DOCS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def setup(app: Any) -> dict[str, bool]:
    """Take part in Sphinx's build."""
    app.connect("source-read", _read)
    app.connect("build-finished", _copy_images)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
