"""The stubs say what the sources say; `make types` also compares them with the package as it is imported."""

from __future__ import annotations

import ast

import pytest

import requests_oauth2client
from devkit import root, stubs


def test_the_stubs_are_as_the_sources_say() -> None:
    for path, text in stubs.written().items():
        assert path.read_text() == text, "run `python -m devkit.stubs`"


@pytest.mark.parametrize("module", stubs.MODULES)
def test_each_operation_is_a_method_with_its_docstring(module: str) -> None:
    source = ast.parse(stubs.path_of(module).read_text())
    stub = ast.parse(stubs.path_of(module).with_suffix(".pyi").read_text())
    methods = {node.name: node for node in ast.walk(stub) if isinstance(node, stubs.FUNCTIONS)}
    operations = [
        statement.targets[0].id
        for node in ast.walk(source)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        if isinstance(statement.value, ast.Call) and isinstance(statement.targets[0], ast.Name)
    ]
    assert operations
    for name in operations:
        assert ast.get_docstring(methods[name])
        kind = ast.AsyncFunctionDef if module.startswith("aio") else ast.FunctionDef
        assert isinstance(methods[name], kind)


def test_the_root_s_stub_exports_what_a_star_import_does() -> None:
    assert sorted(root.public_names_of(root.STUB)) == requests_oauth2client.__all__
