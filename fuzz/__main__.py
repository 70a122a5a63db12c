"""`python -m fuzz --seconds 60`: fuzz with atheris. `python -m fuzz --replay BASE64`: run one input again."""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from .inputs import chosen, run, write_corpus

LONGEST_INPUT = 4096  # bytes; what is beyond a limit, tests/fuzz tries
SECONDS_OF_ONE = 5  # an input that takes longer is a defect
MEMORY = 1024  # MiB, with the instrumentation


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz whatever reads bytes from outside.")
    parser.add_argument("--seconds", type=int, default=60, help="how long (default 60)")
    parser.add_argument("--replay", metavar="BASE64", help="run this input, without atheris")
    options = parser.parse_args(arguments)
    if options.replay is not None:
        return _replay(base64.b64decode(options.replay))
    if find_spec("atheris") is None:
        _say("atheris is not installed; the dependency group `fuzz` has it.")
        return 2
    with tempfile.TemporaryDirectory() as directory:
        return _fuzz(Path(directory), options.seconds)


def _fuzz(directory: Path, seconds: int) -> int:
    corpus, found = directory / "corpus", directory / "found"
    corpus.mkdir()
    found.mkdir()
    write_corpus(corpus)
    limits = (f"-timeout={SECONDS_OF_ONE}", f"-rss_limit_mb={MEMORY}", f"-max_len={LONGEST_INPUT}")
    output = ("-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={found}/")
    command = [sys.executable, "-m", "fuzz.target", str(corpus), f"-max_total_time={seconds}", *limits, *output]
    code = subprocess.run(command, check=False).returncode
    for path in sorted(found.iterdir()):
        data = path.read_bytes()
        _say(f"{path.name.partition('-')[0]} of {chosen(data)[0]!r}: python -m fuzz --replay {_b64(data)}")
    return int(code != 0)


def _replay(data: bytes) -> int:
    name, _, given = chosen(data)
    _say(f"{name}: {given!r}")
    run(data)
    return 0


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
