"""Counts the lines of the package, layer by layer: `python -m devkit.lines`.

The layers are those that import-linter checks, in pyproject.toml. Code is what is neither blank, comment nor docstring.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from pathlib import Path

from devkit.root import PACKAGE

NAMES = (
    "python -m",
    "program",
    "testing",
    "tokens outside of HTTP",
    "extras",
    "web",
    "aio",
    "login",
    "clients",
    "drivers",
    "protected resources",
    "ways to log in, sources",
    "renewal and API",
    "protocol",
    "stores",
    "model",
    "jose",
    "core",
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
QUIET = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def layers() -> list[list[str]]:
    """Return the modules of each layer, from the top down."""
    settings = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [re.split(r"\s*:\s*", layer.strip()) for layer in contract["layers"]]


def files_of(module: str) -> list[Path]:
    """Return the files of a module or a subpackage."""
    folder = PACKAGE / module
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{module}.py"]


def code_lines(path: Path) -> int:
    """Count the lines with code."""
    text = path.read_text()
    docs: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docs |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {line for t in tokens if t.type not in QUIET for line in range(t.start[0], t.end[0] + 1)}
    return len(lines - docs)


def main() -> None:
    """Print the table."""
    print("| Layer | Files | Lines | Code |\n|---|---|---|---|")
    total = [0, 0, 0]
    rows = [*zip(NAMES, layers(), strict=True), ("root", ["__init__"])]
    for name, modules in rows:
        paths = [path for module in modules for path in files_of(module)]
        row = [len(paths), sum(len(p.read_text().splitlines()) for p in paths), sum(map(code_lines, paths))]
        total = [a + b for a, b in zip(total, row, strict=True)]
        print(f"| {name} | {row[0]} | {row[1]} | {row[2]} |")
    print(f"| all | {total[0]} | {total[1]} | {total[2]} |")


if __name__ == "__main__":
    main()
