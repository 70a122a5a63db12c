"""Writes the pages of the reference that come from docstrings, and counts what stands on no page.

python -m devkit.reference            writes docs/errors.md and docs/reference/settings.md, and counts
python -m devkit.reference --check    only compares and counts
"""

from __future__ import annotations

import sys
import warnings

from devkit import documented, error_catalog, settings_page

HOW = (
    "To put a name on a page, add a line to an {api} block of the page in docs/reference that is about its task."
    " What to do about an error stands in devkit/error_advice.toml."
)


def counts() -> dict[str, list[str]]:
    """Return what is missing or wrong, by what it is."""
    return {
        f"of {len(documented.public())} public names stand on no page": documented.unlisted_names(),
        "methods of clients and handlers stand on no page": documented.unlisted_methods(),
        "parameters of clients and handlers have no word said of them": documented.undescribed_parameters(),
        f"of {len(documented.entries())} lines of the reference are wrong": documented.mistakes(),
    }


def main() -> int:
    """Do what the command line says."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of older names
    pages = {error_catalog.PAGE: error_catalog.written_page(), settings_page.PAGE: settings_page.written_page()}
    stale = [page.name for page, text in pages.items() if not page.exists() or page.read_text() != text]
    if "--check" not in sys.argv:
        for page, text in pages.items():
            page.write_text(text)
    elif stale:
        print(f"{' and '.join(stale)}: not as the docstrings say. Run `python -m devkit.reference`.")
    found = counts()
    for what, missing in found.items():
        print(f"{len(missing):4} {what}", *missing, sep="\n       ")
    if any(found.values()):
        print(HOW)
    return int(any(found.values()) or ("--check" in sys.argv and bool(stale)))


if __name__ == "__main__":
    sys.exit(main())
