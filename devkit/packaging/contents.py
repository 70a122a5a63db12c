"""What a wheel and a source distribution have to contain, and what neither may."""

from __future__ import annotations

import email.parser
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from .environments import PROJECT

PACKAGE = "requests_oauth2client"
SOURCES = PROJECT / "src"
IN_SDIST = ("tests/conftest.py", "docs/architecture.md", "examples", "devkit/fixtures.py", "benchmarks/README.md")
FILES_IN_SDIST = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "Makefile",
    "constraints.txt",
)
LINKS = ("Documentation", "Source", "Changelog", "Issues")
UNWANTED = {"__pycache__", "node_modules", ".venv", ".bench", ".git", ".hypothesis", ".pytest_cache"}


def problems_of_wheel(path: Path) -> list[str]:
    """Return what is wrong with a wheel."""
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        metadata = next(wheel.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    return [*_package_problems(names, ""), *_strangers(names), *_metadata_problems(metadata)]


def problems_of_sdist(path: Path) -> list[str]:
    """Return what is wrong with a source distribution."""
    with tarfile.open(path) as archive:
        names = [str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()]
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    missing = {*IN_SDIST, *FILES_IN_SDIST, "pyproject.toml"} - {*names, *folders}
    unwanted = sorted(name for name in names if UNWANTED & set(PurePosixPath(name).parts))
    return [
        *_package_problems(names, "src/"),
        *(f"{name} is missing" for name in sorted(missing)),
        *(f"{name} does not belong in it" for name in unwanted),
    ]


def _package_problems(names: Collection[str], prefix: str) -> Iterator[str]:
    """Compare with the sources: each module, stub and mark has to be there."""
    for path in sorted((SOURCES / PACKAGE).rglob("*")):
        name = prefix + path.relative_to(SOURCES).as_posix()
        if path.is_file() and "__pycache__" not in path.parts and name not in names:
            yield f"{name} is missing"


def _strangers(names: Collection[str]) -> Iterator[str]:
    for name in sorted(names):
        parts = PurePosixPath(name).parts
        if not (parts[0] == PACKAGE or parts[0].endswith(".dist-info")) or UNWANTED & set(parts):
            yield f"{name} does not belong in it"


def _metadata_problems(text: str) -> Iterator[str]:
    metadata = email.parser.Parser().parsestr(text)
    links = {value.partition(",")[0] for value in metadata.get_all("Project-URL", [])}
    yield from (f"the project URL {name!r} is missing" for name in LINKS if name not in links)
    for name in ("Summary", "License-Expression", "License-File", "Requires-Python", "Keywords", "Maintainer"):
        if not metadata[name]:
            yield f"its metadata has no {name}"
