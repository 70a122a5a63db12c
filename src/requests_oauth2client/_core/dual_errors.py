"""Errors that are ours and the HTTP library's at once, so that either name catches them.

Pickled, such an error becomes ours alone. Knows no HTTP library.
"""

from __future__ import annotations

from typing import Any

from ..exceptions import InvalidGrant, LoginNeeded, OAuth2Error, RefusedRefreshToken
from .oauth_errors import AGAIN

_made: dict[tuple[type, type], Any] = {}


def dual_error(ours: type[OAuth2Error], theirs: type[Exception]) -> Any:
    """Make a class that is both our error and the HTTP library's."""
    if (ours, theirs) not in _made:
        body = {"__module__": ours.__module__, "__doc__": ours.__doc__, "twin_of": ours}
        _made[ours, theirs] = type(ours.__name__, (ours, theirs), body)
    return _made[ours, theirs]


def copied_error(failure: Exception, kind: type[Exception] | None = None) -> Exception:
    """Copy an exception, so that each thread raises one of its own; as another class, if one is named."""
    kind = kind or type(failure)
    again = kind.__new__(kind, *failure.args)
    again.args = failure.args
    again.__dict__.update(failure.__dict__)
    if isinstance(failure, OSError) and isinstance(again, OSError) and failure.filename is not None:
        again.filename = failure.filename  # which is not among its args
    return again


def login_needed(failure: OAuth2Error) -> Exception:
    """Return a refusal of a refresh token as an error of its own class that is also a `LoginNeeded`, and says so."""
    if isinstance(failure, LoginNeeded):
        return failure
    kind = RefusedRefreshToken if type(failure) is InvalidGrant else dual_error(type(failure), LoginNeeded)
    again = copied_error(failure, kind)
    if AGAIN not in failure.message:
        again.args = (f"{failure.message}{AGAIN}",)
    return again
