"""Which public names, methods and parameters stand in the reference, and which don't: `python -m devkit.reference`.

A page of `docs/reference` names what it documents in blocks, a name on each line:

    ```{api}
    OAuth2ClientCredentialsAuth
    OAuth2Client.client_credentials
    ```

A name of another module than the root needs that module after `{api}`. A class comes with its public methods and
properties, but for those that have a line of their own, and with its async counterpart. Errors stand in
`docs/errors.md`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
ERRORS = ROOT / "docs" / "errors.md"
PACKAGE = "requests_oauth2client"
PROGRAM = {"cli", "__main__"}  # which is no API

OLDER = "reference/older-names.md"  # what it has are other names for what stands elsewhere
BLOCK = re.compile(r"^```\{api\} *(?P<module>[\w.]*)\n(?P<names>.*?)^```$", re.MULTILINE | re.DOTALL)
# What only the package itself, or the HTTP library, calls.
MACHINERY = set(
    """answering async_auth_flow auth_flow authenticate check_discovered_uri endpoint find_endpoint issuer_rule learn
    note_scope
    pickle_advice prepare_flow run_between settle_auth sync_auth_flow""".split()
)


@dataclass(frozen=True)
class Entry:
    """A line of a block: what it names, and on which page it stands."""

    page: str
    module: str
    name: str
    prose: str = ""  # what stands between the heading and the block

    @property
    def full_name(self) -> str:
        """The name, from the package on."""
        return f"{self.module}.{self.name}"

    @property
    def owner(self) -> str:
        """The class, where the line names a method; else ""."""
        return self.full_name.rpartition(".")[0] if "." in self.name else ""


@dataclass(frozen=True)
class Member:
    """A public method, property or attribute of a class."""

    owner: type[Any]
    name: str
    definer: type[Any]

    @property
    def value(self) -> Any:
        """The method as a program gets it, or the property."""
        found = getattr(self.owner, self.name)  # one that is loaded late takes its place now
        raw = inspect.getattr_static(self.owner, self.name)
        return found if inspect.isroutine(found) else raw

    @property
    def is_documented(self) -> bool:
        """Whether it has a docstring of its own."""
        return bool(inspect.getdoc(self.value)) and inspect.getdoc(self.value) != inspect.getdoc(type(self.value))


def entries_of(text: str, page: str) -> Iterator[Entry]:
    """Read the lines of the blocks of a page."""
    for block in BLOCK.finditer(text):
        module = f"{PACKAGE}.{block['module']}".rstrip(".")
        prose = re.split(r"^#.*$", text[: block.start()], flags=re.MULTILINE)[-1]
        yield from (Entry(page, module, name, prose) for name in block["names"].split())


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Read the lines of all blocks."""
    pages = sorted(REFERENCE.glob("*.md"))
    return tuple(entry for page in pages for entry in entries_of(page.read_text(), f"reference/{page.name}"))


@functools.cache
def public() -> dict[str, Any]:
    """Return every public object by its full name; what a module has from the root, by that in the root."""
    root = importlib.import_module(PACKAGE)
    found = {f"{PACKAGE}.{name}": getattr(root, name) for name in (*root.__all__, *root._HOME_OF)}  # noqa: SLF001
    for module in sorted(one.name for one in pkgutil.iter_modules(root.__path__)):
        if module.startswith("_") or module in PROGRAM:
            continue
        if module == "django":
            _set_django_up()
        loaded = importlib.import_module(f"{PACKAGE}.{module}")
        for name in loaded.__all__:
            if getattr(root, name, None) is not getattr(loaded, name):
                found[f"{PACKAGE}.{module}.{name}"] = getattr(loaded, name)
    return found


def _set_django_up() -> None:
    import django  # noqa: PLC0415  a part of the package needs its settings
    from django.conf import settings  # noqa: PLC0415

    if not settings.configured:
        apps = ["django.contrib.auth", "django.contrib.contenttypes", f"{PACKAGE}.django"]
        settings.configure(
            INSTALLED_APPS=apps, SECRET_KEY="of the reference", DEFAULT_AUTO_FIELD="django.db.models.AutoField"
        )
        django.setup()


def is_error(full_name: str) -> bool:
    """Whether a public name is that of an error, which the catalog of errors documents."""
    value, name = public()[full_name], full_name.rpartition(".")[2]
    root = public()[f"{PACKAGE}.OAuth2Error"]
    return inspect.isclass(value) and issubclass(value, root) and value.__name__ == name


def is_alias(full_name: str) -> bool:
    """Whether a public name is another one for what has a public name of its own."""
    value = public()[full_name]
    name = getattr(value, "__name__", full_name.rpartition(".")[2])
    return name != full_name.rpartition(".")[2] and public().get(f"{PACKAGE}.{name}") is value


def counterpart(full_name: str) -> str | None:
    """Return the full name of a class's async counterpart; None where there is none."""
    module, _, name = full_name.rpartition(".")
    other = f"{module}.Async{name}"
    return other if other in public() else None


def members(owner: type[Any]) -> list[Member]:
    """List the public members of a class that code of ours defines, in the order of their definition."""
    found = []
    for name in dict.fromkeys(name for base in owner.__mro__ for name in vars(base)):
        definer = next(base for base in owner.__mro__ if name in vars(base))
        raw = vars(definer)[name]
        is_kind = inspect.isroutine(raw) or hasattr(type(raw), "__get__")
        is_ours = definer.__module__.partition(".")[0] == PACKAGE and name not in MACHINERY
        if is_ours and is_kind and not name.startswith("_") and not inspect.isclass(raw):
            found.append(Member(owner, name, definer))
    return found


@functools.cache
def shown() -> dict[str, tuple[Member, ...]]:
    """Return for each class that has a line the members that stand below it: each once."""
    alone = {entry.full_name for entry in entries() if entry.owner}
    taken = {(_definer(name), name.rpartition(".")[2]) for name in alone}
    classes = [entry.full_name for entry in entries() if inspect.isclass(public().get(entry.full_name))]
    own = {public()[name] for name in classes}
    older = {entry.full_name for entry in entries() if entry.page == OLDER}
    below: dict[str, tuple[Member, ...]] = {}
    for name in classes:
        owner = public()[name]
        if issubclass(owner, Enum) or name in older or is_alias(name):
            below[name] = ()
            continue
        kept = []
        for member in members(owner):
            elsewhere = member.definer in own and member.definer is not owner
            if not elsewhere and (member.definer, member.name) not in taken:
                kept.append(member)
                taken.add((member.definer, member.name))
        below[name] = tuple(kept)
        if other := counterpart(name):
            names = {member.name for member in members(owner)}
            below[other] = tuple(member for member in members(public()[other]) if member.name not in names)
    return below


def _definer(full_name: str) -> type[Any] | None:
    owner, _, name = full_name.rpartition(".")
    kind = public().get(owner)
    return next((base for base in getattr(kind, "__mro__", ()) if name in vars(base)), None)


def clients_and_handlers() -> list[str]:
    """List the clients, the auth handlers and the API clients."""
    is_one = re.compile(r"\.(Async)?(OAuth2Client|OAuth2\w+Auth|ApiClient)$")
    return [name for name, value in public().items() if inspect.isclass(value) and is_one.search(name)]


def unlisted_names() -> list[str]:
    """List the public names that stand on no page."""
    listed = {entry.full_name for entry in entries()}
    listed |= {other for name in listed if (other := counterpart(name))}
    anchors = set(re.findall(r"^#+ (\w+)$", ERRORS.read_text(), re.MULTILINE)) if ERRORS.exists() else set()
    return sorted(
        name
        for name, value in public().items()
        if not (value.__name__ in anchors if is_error(name) else name in listed)
    )


def unlisted_methods() -> list[str]:
    """List the methods of clients and handlers that stand on no page, or there without a word."""
    missing: list[str] = []
    for full_name in clients_and_handlers():
        found = members(public()[full_name])
        lost = (member for member in found if not _is_on_a_page(member) or not member.is_documented)
        missing.extend(f"{full_name}.{member.name}" for member in lost)
    return sorted(missing)


@functools.cache
def _on_pages() -> set[tuple[type[Any] | None, str]]:
    alone = {(_definer(entry.full_name), entry.name.rpartition(".")[2]) for entry in entries() if entry.owner}
    return alone | {(member.definer, member.name) for found in shown().values() for member in found}


def _is_on_a_page(member: Member) -> bool:
    """Whether a member is shown for its class, a base of it, or the sync counterpart of one."""
    names = {base.__name__.removeprefix("Async") for base in member.owner.__mro__}
    return any(
        name == member.name
        and (definer is member.definer or getattr(definer, "__name__", "") in names | _sync_bases(names))
        for definer, name in _on_pages()
    )


def _sync_bases(names: set[str]) -> set[str]:
    kinds = [public().get(f"{PACKAGE}.{name}") for name in names]
    return {base.__name__ for kind in kinds if inspect.isclass(kind) for base in kind.__mro__}


def undescribed_parameters() -> list[str]:
    """List the parameters of clients and handlers, and of their methods, of which no docstring says anything."""
    missing = []
    for full_name in clients_and_handlers():
        owner = public()[full_name]
        sync = public().get(full_name.replace(".Async", "."), owner)
        bases = [base for kind in (owner, sync) for base in kind.__mro__ if base.__module__.startswith(PACKAGE)]
        told = "\n".join(inspect.getdoc(base) or "" for base in bases)
        missing += [f"{full_name}({name})" for name in _undescribed(inspect.signature(owner), told)]
        for member in members(owner):
            if inspect.isroutine(member.value):
                said = f"{inspect.getdoc(member.value)}\n{_prose(sync, member.name)}"
                signature = inspect.signature(getattr(object.__new__(owner), member.name))
                missing += [f"{full_name}.{member.name}({name})" for name in _undescribed(signature, said)]
    return sorted(missing)


def _prose(owner: type[Any], name: str) -> str:
    return "".join(entry.prose for entry in entries() if entry.name == f"{owner.__name__}.{name}")


def _undescribed(signature: inspect.Signature, said: str) -> list[str]:
    """List the parameters that have neither a line of their own nor stand in backticks."""
    names = [name for name in signature.parameters if not name.startswith("_")]
    return [name for name in names if not re.search(rf"^\s*\**{name}:|`\**{name}`", said, re.MULTILINE)]


def mistakes() -> list[str]:
    """List the lines of blocks that name nothing, or name it again."""
    known = {entry.full_name for entry in entries()}
    wrong = [
        f"{entry.page}: {entry.full_name} is listed twice"
        for n, entry in enumerate(entries())
        if entry.full_name in {other.full_name for other in entries()[:n]}
    ]
    for entry in entries():
        owner = public().get(entry.owner) if entry.owner else None
        there = hasattr(owner, entry.name.rpartition(".")[2]) if entry.owner else entry.full_name in public()
        if not there:
            wrong.append(f"{entry.page}: there is no {entry.full_name}")
        elif entry.owner and entry.owner not in known:
            wrong.append(f"{entry.page}: {entry.owner} has no line of its own")
        elif not entry.owner and is_error(entry.full_name):
            wrong.append(f"{entry.page}: {entry.full_name} is an error, which stands in errors.md by itself")
    return wrong
