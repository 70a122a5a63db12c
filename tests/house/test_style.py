"""The house style that a machine can check: sizes, head docstrings, and what a public docstring says."""

from __future__ import annotations

import ast
import inspect
from statistics import median, quantiles
from typing import Any

import pytest

import requests_oauth2client as package
from devkit import root

FILES = sorted(path for path in root.PACKAGE.rglob("*.py") if path != root.ROOT)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def functions() -> dict[str, int]:
    return {
        f"{path.name}:{node.name}": body_lines(node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, FUNCTIONS)
    }


def test_files_have_at_most_600_lines_and_a_head_docstring() -> None:
    texts = {str(path.relative_to(root.PACKAGE)): path.read_text() for path in FILES}
    assert texts
    assert [name for name, text in texts.items() if len(text.splitlines()) > 600] == []
    assert [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []


def test_functions_are_short() -> None:
    sizes = functions()
    assert max(sizes.values()) <= 45, max(sizes, key=lambda name: sizes[name])
    assert median(sizes.values()) <= 6
    assert quantiles(sizes.values(), n=10)[-1] <= 20


def public_operations() -> list[tuple[str, Any]]:
    clients = {
        "OAuth2Client": package.OAuth2Client,
        "DeviceAuthorizationPollingJob": package.DeviceAuthorizationPollingJob,
    }
    found = []
    for owner, kind in clients.items():
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if hasattr(method, "operation"):
                found.append((f"{owner}.{name}", method))
    return found


@pytest.mark.parametrize(
    ("name", "operation"), public_operations(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_operation_says_what_it_takes_returns_and_raises_and_where_that_stands(name: str, operation: Any) -> None:
    said = inspect.getdoc(operation) or ""
    for part in ("Raises:", "Source: "):
        assert part in said, name
    named = list(inspect.signature(operation).parameters)
    assert not [parameter for parameter in named[1:] if f"{parameter}:" not in said and parameter != "job"], name


def test_public_names_have_docstrings() -> None:
    assert len(package.__all__) > 200
    assert [name for name in package.__all__ if not inspect.getdoc(getattr(package, name))] == []
