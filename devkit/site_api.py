"""How the site shows the blocks of `devkit.documented`: each becomes directives of Sphinx's autodoc.

A method is shown once, with the signatures of the sync and of the async client above one text. Types and errors that a
signature or a docstring names lead to where they are documented.
"""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from enum import Enum
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util.nodes import make_refnode

from devkit import documented
from devkit.documented import Entry, Member, public

SECTION = re.compile(r"^(Args|Raises):\n((?:(?: {4}.*)?\n)*)", re.MULTILINE)
ERRORS = "errors"


def directives(text: str, page: str) -> str:
    """Return a page with its blocks as directives that Sphinx knows."""
    found = iter(documented.entries_of(text, page))

    def block(match: re.Match[str]) -> str:
        rst = "\n".join(_entry(next(found)) for _ in match["names"].split())
        return f"````{{eval-rst}}\n{rst}\n````"

    return documented.BLOCK.sub(block, text)


def _entry(entry: Entry) -> str:
    name = entry.full_name
    if entry.owner:
        other = documented.counterpart(entry.owner)
        method = entry.name.rpartition(".")[2]
        owner = public()[entry.owner]
        member = next(member for member in documented.members(owner) if member.name == method)
        return _member(member, entry.owner, other)
    value = public()[name]
    if documented.is_alias(name):
        return f".. py:data:: {name}\n\n   Another name of :py:obj:`{value.__name__}`.\n"
    if inspect.isclass(value):
        return "\n".join(_class(one) for one in (name, documented.counterpart(name)) if one)
    if inspect.isroutine(value):
        return f".. autofunction:: {name}\n"
    return f".. py:data:: {name}\n"


def _class(full_name: str) -> str:
    value = public()[full_name]
    head = f".. autoclass:: {full_name}\n   :no-members:\n"
    if value.__name__ != full_name.rpartition(".")[2]:  # autodoc would only say which name is its own, a private one
        said = GoogleDocstring(inspect.getdoc(value) or "").lines()
        module, _, name = full_name.rpartition(".")
        head = f".. py:class:: {name}\n   :module: {module}\n\n{textwrap.indent(chr(10).join(said), '   ')}\n"
    if issubclass(value, BaseException):
        head = f".. autoexception:: {full_name}\n   :no-members:\n"
    if issubclass(value, Enum):
        return f".. autoclass:: {full_name}\n   :members:\n   :undoc-members:\n"
    other = documented.counterpart(full_name)
    below = "\n".join(_member(member, full_name, other) for member in documented.shown()[full_name])
    return f"{head}\n{textwrap.indent(below, '   ')}\n"


def _member(member: Member, owner: str, other: str | None) -> str:
    value: Any = member.value
    name = f"{owner}.{member.name}"
    if isinstance(value, property):
        return f".. autoproperty:: {name}\n   :no-index-entry:\n"
    if isinstance(value, functools.cached_property) or not inspect.isroutine(value):
        said = textwrap.indent(inspect.getdoc(value) or "", "   ")
        return f".. py:attribute:: {member.name}\n\n{said}\n"
    names = [name]
    if other and hasattr(public()[other], member.name):
        names.append(f"{other}.{member.name}")
    lines = "\n".join(f"   .. automethod:: {one}" for one in names)
    return f".. one-text::\n\n{lines}\n"


class OneText(Directive):
    """Directives for several objects become one entry: their signatures, and the text of the first."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse them, and move the signatures together."""
        parsed = nodes.container()
        self.state.nested_parse(StringList(self.content), self.content_offset, parsed)
        first, *others = [node for node in parsed.children if isinstance(node, addnodes.desc)]
        for other in others:
            for signature in other.findall(addnodes.desc_signature):
                first.insert(len(first) - 1, signature.deepcopy())
            parsed.remove(other)
        return list(parsed.children)


def _docstring(_app: Any, what: str, name: str, value: Any, _options: Any, lines: list[str]) -> None:
    """Let a handler say what its private bases say of its parameters."""
    if what == "class" and inspect.isclass(value) and re.search(r"OAuth2\w+Auth$", name):
        text = "\n".join(lines) + "\n"
        parameters = inspect.signature(value).parameters
        docs = [inspect.getdoc(base) or "" for base in value.__mro__ if base.__module__.startswith(documented.PACKAGE)]
        sections: dict[str, dict[str, str]] = {"Args": {}, "Raises": {}}
        for match in (match for said in docs for match in SECTION.finditer(f"{said}\n")):
            for item in re.findall(r"^ {4}\S.*\n(?: {5,}.*\n)*", match[2], re.MULTILINE):
                sections[match[1]].setdefault(item.partition(":")[0].strip(), item)
        given = {key: item for key, item in sections["Args"].items() if key.lstrip("*") in parameters}
        body = SECTION.sub("", text).rstrip() + "\n"
        for head, items in (("Args", given), ("Raises", sections["Raises"])):
            if items:
                body += f"\n{head}:\n{''.join(items.values())}"
        lines[:] = body.splitlines()


@functools.cache
def _error_names() -> frozenset[str]:
    return (
        frozenset(re.findall(r"^#+ (\w+)$", documented.ERRORS.read_text(), re.MULTILINE))
        if documented.ERRORS.exists()
        else frozenset()
    )


def _reference(app: Any, env: Any, node: Any, shown: Any) -> nodes.Node | None:
    """Lead a type or an error to where it is documented; one of another package, or a private one, is plain text."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    if name in _error_names():
        return make_refnode(app.builder, node["refdoc"], ERRORS, name.lower(), shown, name)
    full_name = _by_last_word(env).get(name)
    if full_name is None:
        return shown
    there = env.get_domain("py").objects[full_name]
    return make_refnode(app.builder, node["refdoc"], there.docname, there.node_id, shown, full_name)


def _exactly(_app: Any, document: Any) -> None:
    """Let Sphinx look names up exactly, which is fast; what it does not find so, `_reference` does."""
    for node in document.findall(addnodes.pending_xref):
        if node.get("refdomain") == "py":
            node["refspecific"] = False


@functools.cache
def _by_last_word(env: Any) -> dict[str, str]:
    """Return the full names of what is no method by their last words; where several have the same, the shortest."""
    kinds = {"class", "exception", "function", "data"}
    names = [name for name, there in env.get_domain("py").objects.items() if there.objtype in kinds]
    return {name.rpartition(".")[2]: name for name in sorted(names, key=len, reverse=True)}


def setup(app: Any) -> dict[str, bool]:
    """Take part in Sphinx's build."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("one-text", OneText)
    app.connect("autodoc-process-docstring", _docstring, priority=100)  # before napoleon
    app.connect("doctree-read", _exactly)
    app.connect("missing-reference", _reference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
