"""Which of `httpx2` and `httpx` is installed: the one module that knows. A client of either serves as session."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


def _installed() -> tuple[ModuleType, ...]:
    found = []
    for name in ("httpx2", "httpx"):
        try:
            found.append(importlib.import_module(name))
        except ImportError:
            continue
    return tuple(found)


LIBRARIES = _installed()
if not LIBRARIES:
    _msg = (
        "The async client needs httpx2 (or httpx), which is not installed: install it with the extra"
        " 'async', that is requests_oauth2client[async]."
    )
    raise ImportError(_msg)

LIBRARY = LIBRARIES[0]
CLIENTS = tuple(library.AsyncClient for library in LIBRARIES)
AUTHS = tuple(library.Auth for library in LIBRARIES)


def library_of(client: Any) -> Any:
    """Return the library that a client is of."""
    return next((library for library in LIBRARIES if isinstance(client, library.AsyncClient)), LIBRARY)
