"""Misspelt options: an unknown name is refused if it is close to a known one.

Further names are allowed where a specification lets a server define its own: form fields, client metadata, parameters
of an authorization request. There, `extra={...}` passes a name on as it is, however close it is to another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..exceptions import InvalidParam

FORM_FIELDS = frozenset(
    """
    acr_values actor_token actor_token_type audience authorization_details client_assertion client_assertion_type
    code_verifier dpop dpop_key redirect_uri requested_token_type requested_token_use requests_kwargs resource scope
    subject_token subject_token_type validate
    """.split()
)  # of token requests: registered names, and settings of the operations
SIMILARITY = 0.8  # of difflib: one wrong, missing or swapped letter in a name of five or more


class UnknownParam(InvalidParam, TypeError):
    """An argument has a name that is not known here.

    Attributes:
        name: the name that came.
        suggestion: the known name that it is close to, or None.
    """

    def __init__(self, name: str, where: str, suggestion: str | None, *, insist: bool = False) -> None:
        hint = f" Did you mean {suggestion!r}?" if suggestion else ""
        way = f" If {name!r} is what you want, pass extra={{{name!r}: ...}}." if insist else ""
        super().__init__(f"{where} has no parameter {name!r}.{hint}{way}")
        self.name, self.suggestion = name, suggestion


def close_to(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a name is probably a misspelling of, or None."""
    from difflib import get_close_matches  # noqa: PLC0415  rarely needed

    matches = get_close_matches(name, [one for one in known if one != name], n=1, cutoff=SIMILARITY)
    return matches[0] if matches else None


def refuse_unknown(given: Iterable[str], known: Iterable[str], *, where: str) -> None:
    """Refuse every name that is not known, for functions that take no others.

    Args:
        given: the names that came.
        known: the names that are taken.
        where: what takes them, for the message.

    Raises:
        UnknownParam: one is not known; the message suggests the closest.
    """
    names = list(known)
    for name in given:
        if name not in names:
            raise UnknownParam(name, where, close_to(name, names))


def accept_further(
    given: Mapping[str, Any], known: Iterable[str], *, where: str, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return further fields that a caller may name freely, together with those in `extra`.

    Args:
        given: the further fields.
        known: the named parameters, and the registered names of further fields.
        where: what takes them, for the message.
        extra: fields that are passed on unlooked at.

    Raises:
        UnknownParam: a name is close to a known one, and so probably a mistake.
    """
    names = frozenset(known)
    for name in given:
        if name not in names and (suggestion := close_to(name, names)):
            raise UnknownParam(name, where, suggestion, insist=True)
    return {**given, **(extra or {})}


def further_fields(where: str, fields: Mapping[str, Any], known: Iterable[str] = ()) -> dict[str, Any]:
    """Return the further form fields that a caller names freely; `extra={...}` passes names on unlooked at.

    Raises:
        UnknownParam: a name is close to a known one, and so probably a mistake.
    """
    extra = fields.get("extra")
    if not isinstance(extra, Mapping):  # a field of that name
        return accept_further(fields, {*known, *FORM_FIELDS, "extra"}, where=where)
    named = {name: value for name, value in fields.items() if name != "extra"}
    return accept_further(named, {*known, *FORM_FIELDS}, where=where, extra=extra)
