"""Errors that are ours and the HTTP library's at once, so that either name catches them.

Pickled, such an error becomes ours alone. Knows no HTTP library.
"""

from __future__ import annotations

from typing import Any

from ..exceptions import OAuth2Error

_made: dict[tuple[type, type], Any] = {}


def dual_error(ours: type[OAuth2Error], theirs: type[Exception]) -> Any:
    """Make a class that is both our error and the HTTP library's."""
    if (ours, theirs) not in _made:
        body = {"__module__": ours.__module__, "__doc__": ours.__doc__, "twin_of": ours}
        _made[ours, theirs] = type(ours.__name__, (ours, theirs), body)
    return _made[ours, theirs]
