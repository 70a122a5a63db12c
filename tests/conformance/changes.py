"""How a row misbehaves, in words: small functions that change a document before the double sends it.

A change takes a `Draft` (its claims are meant, where members are changed) or a dict, and the double.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from .keys import Draft

Change: TypeAlias = Callable[[Any, Any], None]  # what is sent, the double


def members(target: Any) -> dict[str, Any]:
    """Return the members that a change is about."""
    found: dict[str, Any] = target.claims if isinstance(target, Draft) else target
    return found


def suffixed(name: str, suffix: str = "1") -> Change:
    """Append to a member; one that is not there counts as the text `null`, as in the suite."""

    def change(target: Any, _op: Any) -> None:
        found = members(target)
        found[name] = str(found.get(name, "null")) + suffix

    return change


def without(*names: str) -> Change:
    """Leave members out."""

    def change(target: Any, _op: Any) -> None:
        for name in names:
            members(target).pop(name, None)

    return change


def put(**values: Any) -> Change:
    """Set members; a function is called with the value that is there."""

    def change(target: Any, _op: Any) -> None:
        found = members(target)
        for name, value in values.items():
            found[name] = value(found.get(name)) if callable(value) else value

    return change


def unsigned(draft: Any, _op: Any) -> None:
    """Don't sign."""
    draft.alg, draft.with_kid = "none", False


def broken_signature(draft: Any, _op: Any) -> None:
    """Sign wrongly."""
    draft.broken = True


def signed_as(alg: str) -> Change:
    """Sign with another alg, and a published key for it (the client secret for HS256)."""

    def change(draft: Any, op: Any) -> None:
        draft.alg = alg
        draft.key = op.client["client_secret"] if alg.startswith("HS") else op.keys.pick(alg)

    return change


def signed_with_the_spare_key(draft: Any, op: Any) -> None:
    """Sign RS256 with the published RSA key that is for nothing (alternate-alg)."""
    draft.alg, draft.key = "RS256", op.keys.spare


def kid_absent(draft: Any, _op: Any) -> None:
    """Name no key."""
    draft.with_kid = False


def both(*changes: Change) -> Change:
    """Do several changes, one after the other."""

    def change(target: Any, op: Any) -> None:
        for one in changes:
            one(target, op)

    return change


def shown(value: Any) -> str:
    """Return a text of a value, for messages of the double."""
    return json.dumps(value, default=str)[:200]
