"""Counts bare `Any` in the public signatures: where a type checker could find a user's mistake, and does not.

`python -m devkit.any_count` prints where each one is, and the share. A signature is public if a program can reach it
from a public name: functions, constructors, and the public methods and properties of public classes, inherited or not.
Counted are parameters and results, without `self` and `cls`; bare is `Any` alone, also of `*args` and `**kwargs`.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from devkit import root

PACKAGE = "requests_oauth2client"
MODULES = [*root.MODULES, *root.ASYNC_MODULES, "stores", "flask", "vendor_specific"]
BARE = {"Any", "Any | None", "None | Any", "Optional[Any]"}


def public_annotations() -> dict[str, str]:
    """Return the annotation of each parameter and result of the public signatures, by place; each function once."""
    found = {}
    for module in MODULES:
        home = importlib.import_module(f"{PACKAGE}.{module}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            things = [getattr(home, name) for name in home.__all__]
        for thing in things:
            for function in _functions_of(thing):
                operation = getattr(function, "operation", None)  # its first parameter is no user's to pass
                said = list(inspect.get_annotations(operation or function).items())
                for parameter, annotation in said[1:] if operation else said:
                    if parameter == "cls":
                        continue
                    place = f"{function.__module__}:{function.__qualname__}({parameter})"
                    found[place] = str(annotation).removeprefix("Steps[").removesuffix("]")
    return found


def _functions_of(thing: Any) -> Iterator[Callable[..., Any]]:
    if inspect.isfunction(thing):
        yield thing
    elif isinstance(thing, type):
        for owner in thing.__mro__:
            if owner.__module__.startswith(PACKAGE):
                for name in list(vars(owner)):
                    if not name.startswith("_") or name in {"__init__", "__call__"}:
                        yield from _method(owner, name)


def _method(owner: type, name: str) -> Iterator[Callable[..., Any]]:
    getattr(owner, name, None)  # it may be loaded late, and takes its place then
    member = inspect.getattr_static(owner, name)
    member = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    if inspect.isfunction(member) and member.__module__.startswith(PACKAGE):
        yield member


def bare() -> list[str]:
    """Return the places that say `Any`."""
    return sorted(place for place, annotation in public_annotations().items() if annotation in BARE)


if __name__ == "__main__":
    everything, places = public_annotations(), bare()
    if "-q" not in sys.argv:
        print(*places, sep="\n")
    print(f"{len(places)} of {len(everything)}: {len(places) / len(everything):.1%}")
