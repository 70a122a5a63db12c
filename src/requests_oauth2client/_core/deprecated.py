"""Names of the first generation that have a better one today: they work, and say what to write instead."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any


def deprecated_names(module: str, **names: tuple[str, str]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a module.

    Args:
        module: the module that has the names.
        **names: for each, where it is (`.module:name` in this package), and what to write instead.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807  it becomes the module's own
        if name not in names:
            msg = f"module {module!r} has no attribute {name!r}"
            raise AttributeError(msg)
        home, instead = names[name]
        warnings.warn(f"{module}.{name} is an old name: write {instead}.", DeprecationWarning, stacklevel=2)
        where, _, target = home.partition(":")
        return getattr(importlib.import_module(where, "requests_oauth2client"), target)

    return __getattr__
