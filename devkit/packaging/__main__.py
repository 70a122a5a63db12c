"""`python -m devkit.packaging [package|lowest|pythons]`: build and check what is published."""

from __future__ import annotations

import argparse
import shutil
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from . import contents, tried
from .environments import PROJECT, FailedError, empty, run

DIST = PROJECT / "dist"
BARE_PROGRAM = Path(__file__).with_name("bare_program.py")


def version() -> str:
    """Return the version in pyproject.toml."""
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def build() -> tuple[Path, Path]:
    """Build the source distribution, and the wheel from it, as an index will have them; return both."""
    shutil.rmtree(DIST, ignore_errors=True)
    run([sys.executable, "-m", "build", "--outdir", DIST])
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    return wheel, sdist


def package() -> None:
    """Build, check the description and what is in it, install the wheel where nothing is, and use it."""
    wheel, sdist = build()
    run([sys.executable, "-m", "twine", "check", "--strict", wheel, sdist])
    problems = [
        *(f"{wheel.name}: {problem}" for problem in contents.problems_of_wheel(wheel)),
        *(f"{sdist.name}: {problem}" for problem in contents.problems_of_sdist(sdist)),
    ]
    if problems:
        raise FailedError("\n".join(problems))
    with empty() as environment:
        environment.install(wheel)
        print(environment.ask("-I", BARE_PROGRAM, version(), PROJECT, folder=environment.python.parent).strip())
    print(f"{wheel.name} and {sdist.name} are in dist/")


JOBS = {"package": package, "lowest": tried.with_lowest_versions, "pythons": tried.with_other_pythons}


def main(arguments: Sequence[str]) -> int:
    """Run the jobs; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m devkit.packaging", description=__doc__)
    parser.add_argument("job", nargs="*", choices=[*JOBS, []], help="all by default")
    try:
        for job in parser.parse_args(arguments).job or JOBS:
            JOBS[job]()
    except FailedError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
