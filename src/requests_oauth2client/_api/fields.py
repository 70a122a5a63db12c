"""The fields of a call to an API: what becomes of None and of booleans, which HTTP has no words for.

`data`, `json` and `params` come in as Python values and leave as what both HTTP libraries send alike; what
the caller passed is never changed. Knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlencode

from ..exceptions import InvalidParam

NoneFields: TypeAlias = Literal["exclude", "include", "empty"]
BoolFields: TypeAlias = tuple[Any, Any] | None
Pairs: TypeAlias = list[tuple[Any, Any]]


class InvalidNoneFieldsParam(InvalidParam):
    """`none_fields` is not one of its three words."""

    def __init__(self, none_fields: object) -> None:
        super().__init__(
            f"none_fields is {none_fields!r}, expected one of {', '.join(map(repr, get_args(NoneFields)))}."
        )
        self.none_fields = none_fields


class InvalidBoolFieldsParam(InvalidParam):
    """`bool_fields` is neither a pair nor None."""

    def __init__(self, bool_fields: object) -> None:
        super().__init__(
            f"bool_fields is {bool_fields!r}, expected what True and what False become, such as ('true', 'false'),"
            " or None to leave them to Python."
        )
        self.bool_fields = bool_fields


def validate_bool_fields(bool_fields: BoolFields) -> BoolFields:
    """Check what True and False become, and return it.

    Args:
        bool_fields: what True and what False become; None leaves them to Python.

    Raises:
        InvalidBoolFieldsParam: it is not a pair.
    """
    if bool_fields is not None and not (isinstance(bool_fields, (tuple, list)) and len(bool_fields) == 2):  # noqa: PLR2004  a pair
        raise InvalidBoolFieldsParam(bool_fields)
    return bool_fields


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What becomes of None and of booleans.

    Args:
        none_fields: None is left out (`exclude`), stays (`include`), or becomes the empty text (`empty`).
        bool_fields: what True and what False become in forms and queries; None: what `str()` makes of them.

    Raises:
        InvalidNoneFieldsParam: another word.
        InvalidBoolFieldsParam: no pair.
    """

    none_fields: NoneFields = "exclude"
    bool_fields: BoolFields = ("true", "false")

    def __post_init__(self) -> None:
        if self.none_fields not in get_args(NoneFields):
            raise InvalidNoneFieldsParam(self.none_fields)
        validate_bool_fields(self.bool_fields)

    def but(self, *, none_fields: NoneFields | None, bool_fields: BoolFields) -> FieldRules:
        """Return these rules with what one call asks otherwise; None is not asked."""
        asked = {"none_fields": none_fields, "bool_fields": bool_fields}
        given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        return replace(self, **given) if given else self

    def form(self, data: Any) -> Any:
        """Return the fields of a form as pairs; what is no form (text, bytes, a file) as it is."""
        return self.pairs(data, none="" if self.none_fields == "empty" else None)

    def query(self, params: Any) -> str:
        """Return query parameters, encoded; those that are None are left out."""
        pairs = self.pairs(params)
        if isinstance(pairs, bytes):
            return pairs.decode()
        return pairs if isinstance(pairs, str) else urlencode(pairs or [])

    def json(self, value: Any) -> Any:
        """Return a JSON value; members of objects that are None are treated at every depth, items of arrays stay."""
        if self.none_fields == "include":
            return value
        if isinstance(value, Mapping):
            members = ((name, self._member(member)) for name, member in value.items())
            return {name: member for name, member in members if member is not None}
        if isinstance(value, (list, tuple)):
            return [self.json(item) for item in value]
        return value

    def _member(self, member: Any) -> Any:
        if member is None:
            return "" if self.none_fields == "empty" else None
        return self.json(member)

    def pairs(self, fields: Any, *, none: str | None = None) -> Any:
        """Return fields as pairs, one for each value; what is no fields as it is."""
        if isinstance(fields, Mapping):
            fields = list(fields.items())
        if not isinstance(fields, (list, tuple)):
            return fields
        pairs: Pairs = [(name, text) for name, value in fields for text in self._texts(value, none)]
        return pairs

    def _texts(self, value: Any, none: str | None) -> Iterator[Any]:
        """Yield what is sent for one field: a field with several values is repeated."""
        for item in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
            if isinstance(item, bool):
                yield str(item) if self.bool_fields is None else str(self.bool_fields[not item])
            elif item is not None:
                yield item
            elif none is not None:
                yield none
