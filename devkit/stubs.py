"""Writes the stubs of the modules whose methods are made of operations, so that editors and type checkers see methods.

`client_credentials = blocking(token_endpoint.client_credentials)` is a variable to an editor. In the stub it is a
method, with the operation's own signature, result and docstring.

    python -m devkit.stubs              writes all stubs and the root
    python -m devkit.stubs --check      only compares them
    python -m devkit.stubs --sources    lets mypy check the modules that the stubs hide from it
    python -m devkit.stubs --stubtest   lets it compare the stubs with the package as it is imported
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from devkit import root

PACKAGE = "requests_oauth2client"
MODULES = [
    "client",
    "aio.client",
    "api_client",
    "aio.api_client",
    "auth",
    "aio.auth",
    "protected_resource",
    "aio.protected_resource",
]  # those with a table of operations
HEAD = '"""Written by `python -m devkit.stubs` from {path}."""\n\n'
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LITERALS = (str, bytes, int, float, bool, type(None))


def path_of(module: str) -> Path:
    """Return the source of a module of ours, by its name below the package."""
    path = root.PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


class Origins:
    """Where the names that a module uses come from, read from its source; imports for types only count too."""

    def __init__(self, module: str) -> None:
        tree = ast.parse(Path(str(importlib.import_module(module).__file__)).read_text())
        self.module = module
        self.found: dict[str, tuple[str, str | None]] = {}  # the module, and the name in it
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.found.update({alias.asname or alias.name: (alias.name, None) for alias in node.names})
            elif isinstance(node, ast.ImportFrom):
                source = self._absolute(node)
                self.found.update({alias.asname or alias.name: (source, alias.name) for alias in node.names})
        for statement in tree.body:
            self.found.update({name: (module, name) for name in _defined(statement)})

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return str(node.module)
        is_package = Path(str(importlib.import_module(self.module).__file__)).stem == "__init__"
        parts = self.module.split(".")
        parts = parts[: len(parts) - node.level + is_package]
        return ".".join([*parts, *([node.module] if node.module else [])])


@functools.cache
def origins_of(module: str) -> Origins:
    """Read where the names of a module come from, once."""
    return Origins(module)


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, (ast.ClassDef, *FUNCTIONS)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


class Stub:
    """The stub of one module, as it is being written."""

    def __init__(self, module: str) -> None:
        self.name = f"{PACKAGE}.{module}"
        self.path = path_of(module)
        self.source = self.path.read_text()
        self.tree = ast.parse(self.source)
        self.module = importlib.import_module(self.name)
        self.imports: dict[str, str] = {}  # the name, and the statement that brings it
        self.own = {name for statement in self.tree.body for name in _defined(statement)}
        self.meant: dict[str, ast.expr] = {}  # what a base or a type variable of the class at hand stands for

    def text(self) -> str:
        """Return the text of the stub."""
        bases = {base.id for node in self.tree.body if isinstance(node, ast.ClassDef) for base in _names(node.bases)}
        body = []
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and (not node.name.startswith("_") or node.name in bases):
                body.append(self.class_stub(node))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                body.append(ast.unparse(node))  # a second name
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("TypeVar("):
                (name,) = _defined(node)
                if re.search(rf"\b{name}\b", "\n".join(body)):
                    body.insert(0, ast.unparse(node))
                    self.imports["TypeVar"] = "from typing import TypeVar"
        exported = root.public_names_of(self.path)
        for name in sorted(set(exported) - self.own):
            self.import_name(name, origins_of(self.name))
        head = HEAD.format(path=self.path.relative_to(root.PACKAGE.parent.parent))
        lines = "".join(f"{statement}\n" for statement in sorted(set(self.imports.values())))
        listed = "".join(f"    {name!r},\n" for name in exported)
        text = "\n".join(body)
        return root.formatted(f"{head}{lines}\n{text}\n\n__all__ = [\n{listed}]\n", self.path.with_suffix(".pyi"))

    def class_stub(self, node: ast.ClassDef) -> str:
        """Return a class with its public members; those that are inherited stay where they are."""
        made = vars(self.module)[node.name]
        origins = origins_of(self.name)
        self.meant = self.variables(node)
        bases = ", ".join(self.annotation(ast.unparse(base), origins) for base in node.bases)
        lines = [f"class {node.name}({bases}):", _docstring(made.__dict__.get("__doc__"))]
        lines += [f"    {line}" for line in self.attributes(node, origins)]
        if "Session" in self.meant and "Session" in inspect.get_annotations(made.__init__).get("session", ""):
            lines.append(
                textwrap.indent(self.function("__init__", made.__init__, ""), "    ")
            )  # which session it takes
        for name, member in vars(made).items():
            is_demanded = any(
                getattr(getattr(base, name, None), "__isabstractmethod__", False) for base in made.__bases__
            )
            if _is_public(name, member) or is_demanded:
                lines.append(textwrap.indent(self.member(made, name, node), "    "))
        return "\n".join([*lines, ""])

    def variables(self, node: ast.ClassDef) -> dict[str, ast.expr]:
        """Return what a base that is assigned for type checkers stands for, and what its type variables do here."""
        seen = [
            statement
            for branch in self.tree.body
            if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
            for statement in branch.body
        ]
        assigned = {one.targets[0].id: one.value for one in seen if isinstance(one, ast.Assign)}  # type: ignore[attr-defined]
        assigned |= {one.name: one.bases[0] for one in seen if isinstance(one, ast.ClassDef)}
        meant = dict(assigned)
        for base in node.bases:
            generic = assigned.get(base.id, base) if isinstance(base, ast.Name) else base
            if isinstance(generic, ast.Subscript):
                made = eval(ast.unparse(generic.value), vars(self.module))  # noqa: S307  a class of ours, by its name
                meant[made.__parameters__[0].__name__] = generic.slice
        return meant

    def attributes(self, node: ast.ClassDef, origins: Origins) -> Iterator[str]:
        """Yield the annotated attributes of a class; an attribute without an annotation would be lost."""
        annotated = set()
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                annotated.add(statement.target.id)
                yield f"{statement.target.id}: {self.annotation(ast.unparse(statement.annotation), origins)}"
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name):
                yield f"{ast.unparse(statement.targets[0])} = {self.annotation(statement.value.id, origins)}"
        assigned = {
            target.attr
            for target in ast.walk(node)
            if isinstance(target, ast.Attribute) and isinstance(target.ctx, ast.Store)
            if ast.unparse(target.value) == "self" and not target.attr.startswith("_")
        }
        inherited = {name for base in vars(self.module)[node.name].__mro__[1:] for name in base.__dict__} | {
            name for base in vars(self.module)[node.name].__mro__[1:] for name in getattr(base, "__annotations__", {})
        }
        if lost := assigned - annotated - inherited:
            raise SystemExit(f"{self.path.name}: annotate {sorted(lost)} in the body of {node.name} for its stub.")

    def member(self, owner: type[Any], name: str, node: ast.ClassDef) -> str:
        """Return a method, a class method or a property."""
        getattr(owner, name)  # it may be loaded late, and takes its place then
        found = inspect.getattr_static(owner, name)
        decorator = ""
        if isinstance(found, property):
            decorator, function = "@property\n", cast("Callable[..., Any]", found.fget)
        elif isinstance(found, (classmethod, staticmethod)):
            decorator, function = f"@{type(found).__name__}\n", found.__func__
        else:
            function = found if inspect.isfunction(found) else getattr(owner, name)
        return decorator + self.function(name, function, self._ignored(name, node))

    def function(self, name: str, function: Callable[..., Any], ignored: str) -> str:
        """Return a function of the source, or an operation as a method."""
        operation = getattr(function, "operation", None)
        origins = origins_of(inspect.unwrap(function).__module__)
        signature = inspect.signature(function)
        parameters = list(signature.parameters.values())
        returned = str(signature.return_annotation)
        runs_for = operation and operation.__annotations__.get(operation.__code__.co_varnames[0])
        if "Self" in returned or returned == runs_for:  # a client like this one
            self.imports["Self"], returned = "from typing import Self", "Self"
        if operation:
            parameters[0] = parameters[0].replace(annotation=inspect.Parameter.empty)
        said = _with_marks([self.parameter(p, origins) for p in parameters], parameters)
        result = returned if returned == "Self" else self.annotation(returned, origins)
        keyword = "async def" if inspect.iscoroutinefunction(function) else "def"
        said_of = function.__doc__ if name.startswith("__") else inspect.getdoc(function)
        head = f"{keyword} {name}({', '.join(said)}) -> {result}:{ignored}"
        return "\n".join([head, _docstring(said_of) or "    ..."])

    def parameter(self, parameter: inspect.Parameter, origins: Origins) -> str:
        """Return a parameter as it stands in a signature."""
        text = str(
            parameter.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
        )  # with its stars
        if parameter.annotation is not inspect.Parameter.empty:
            text += f": {self.annotation(str(parameter.annotation), origins)}"
        if parameter.default is not inspect.Parameter.empty:
            text += f" = {parameter.default!r}" if type(parameter.default) in LITERALS else " = ..."
        return text

    def annotation(self, text: str, origins: Origins) -> str:
        """Return a type as it reads in this stub, and import what it names."""
        shortened = _Shortened(self, origins).visit(ast.parse(text, mode="eval"))
        return ast.unparse(shortened)

    def import_name(self, name: str, origins: Origins) -> None:
        """Import a name that another module of ours uses."""
        if hasattr(builtins, name):
            return
        if name not in origins.found:
            raise SystemExit(f"{origins.module} uses {name}, and does not say where it comes from.")
        module, inside = _home(*origins.found[name])
        if module == self.name:
            return
        if inside is None:
            statement = f"import {module}" if module == name else f"import {module} as {name}"
        else:
            statement = f"from {self._relative(module)} import {inside}" + (f" as {name}" if inside != name else "")
        if self.imports.setdefault(name, statement) != statement:
            raise SystemExit(f"{self.name}: {name} would come from two places: {statement}; {self.imports[name]}")

    def _relative(self, module: str) -> str:
        if module.partition(".")[0] != PACKAGE:
            return module
        here = self.name.split(".")[:-1] if self.path.stem != "__init__" else self.name.split(".")
        there = module.split(".")
        shared = next(
            (n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there))
        )
        return "." * (len(here) - shared + 1) + ".".join(there[shared:])

    def _ignored(self, name: str, node: ast.ClassDef) -> str:
        """Return the comment that silences mypy at a function of the source."""
        lines = self.source.splitlines()
        for statement in node.body:
            if isinstance(statement, FUNCTIONS) and statement.name == name:
                head = "\n".join(lines[statement.lineno - 1 : statement.body[0].lineno - 1])
                found = re.search(r"  # type: ignore\[[^\]]*\]", head)
                return found[0] if found else ""
        return ""


class _Shortened(ast.NodeTransformer):
    """`device.DeviceAuthorizationResponse` by its own name: in a class with such a method, `device` is the method."""

    def __init__(self, stub: Stub, origins: Origins) -> None:
        self.stub, self.origins = stub, origins

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Import what an attribute of a module is, and name that."""
        if isinstance(node.value, ast.Name):
            module, inside = self.origins.found.get(node.value.id, ("", None))
            if inside is not None and isinstance(_module(f"{module}.{inside}"), ModuleType):
                origins = origins_of(f"{module}.{inside}")
                self.stub.import_name(node.attr, origins)
                return ast.Name(node.attr)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Import a name, or put in what it stands for."""
        if node.id in self.stub.meant:
            meant = self.stub.meant[node.id]
            return ast.parse(self.stub.annotation(ast.unparse(meant), origins_of(self.stub.name)), mode="eval").body
        self.stub.import_name(node.id, self.origins)
        return node


def _home(module: str, name: str | None) -> tuple[str, str | None]:
    """Follow a name to the module of ours that defines it."""
    while module.startswith(PACKAGE) and name is not None and _module(f"{module}.{name}") is None:
        following = origins_of(module).found[name]
        if following == (module, name):
            break
        module, name = following
    return module, name


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _names(nodes: list[ast.expr]) -> list[ast.Name]:
    return [node for node in nodes if isinstance(node, ast.Name)]


def _is_public(name: str, member: Any) -> bool:
    """Whether a member belongs into the stub: what has a public name and a docstring, and what operators call."""
    if name.startswith("__"):
        return inspect.isfunction(getattr(member, "__wrapped__", member))
    return not name.startswith("_") and bool(inspect.getdoc(member)) and not isinstance(member, type)


def _docstring(text: str | None) -> str:
    if not text:
        return ""
    raw = "r" if "\\" in text else ""
    return textwrap.indent(f'{raw}"""{inspect.cleandoc(text)}{chr(10) if chr(10) in text else ""}"""', "    ")


def _with_marks(said: list[str], parameters: list[inspect.Parameter]) -> list[str]:
    """Put `/` and `*` where they belong."""
    marked: list[str] = []
    kinds = [p.kind for p in parameters]
    for n, text in enumerate(said):
        before = kinds[n - 1] if n else None
        if before == inspect.Parameter.POSITIONAL_ONLY and kinds[n] != inspect.Parameter.POSITIONAL_ONLY:
            marked.append("/")
        starts = kinds[n] == inspect.Parameter.KEYWORD_ONLY and inspect.Parameter.VAR_POSITIONAL not in kinds
        if starts and before != inspect.Parameter.KEYWORD_ONLY:
            marked.append("*")
        marked.append(text)
    return [*marked, "/"] if kinds and kinds[-1] == inspect.Parameter.POSITIONAL_ONLY else marked


def written() -> dict[Path, str]:
    """Return the text of each file that is generated."""
    return {**root.written_files(), **{path_of(m).with_suffix(".pyi"): Stub(m).text() for m in MODULES}}


def check_sources() -> int:
    """Let mypy check the modules that have a stub: in a copy of the package without stubs."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root.PACKAGE, Path(folder) / PACKAGE, ignore=shutil.ignore_patterns("*.pyi", "__pycache__"))
        config = root.PACKAGE.parent.parent / "pyproject.toml"
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(config),
            *(str(Path(folder) / PACKAGE / path_of(m).relative_to(root.PACKAGE)) for m in MODULES),
        ]
        return subprocess.run(command, cwd=folder, env={**os.environ, "MYPYPATH": folder}, check=False).returncode


def compare_with_runtime() -> int:
    """Let mypy's stubtest compare the stubs with what is there when the package is imported."""
    home = root.PACKAGE.parent.parent
    config = ["--mypy-config-file", "pyproject.toml", "--allowlist", "devkit/stubtest_allowlist.txt"]
    command = [sys.executable, "-m", "mypy.stubtest", *config, "--ignore-unused-allowlist", PACKAGE]
    return subprocess.run(command, cwd=home, env={**os.environ, "MYPYPATH": "src"}, check=False).returncode


def main() -> None:
    """Do what the command line says."""
    if "--sources" in sys.argv:
        raise SystemExit(check_sources())
    if "--stubtest" in sys.argv:
        raise SystemExit(compare_with_runtime())
    files = written()
    if "--check" not in sys.argv:
        for path, text in files.items():
            path.write_text(text)
    elif wrong := [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]:
        raise SystemExit(f"{', '.join(wrong)}: not as the source says. Run `python -m devkit.stubs`.")


if __name__ == "__main__":
    main()
