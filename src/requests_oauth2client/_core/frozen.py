"""Frozen values without the cost of `dataclasses`, for the modules that every program loads (decision 2).

`import dataclasses` loads `inspect`, `dis` and `ast`, and each class compiles its methods when it is defined: together
a tenth of `import requests`. Here a class costs what any class costs, and one set of methods serves all of them. To
callers and type checkers such a value is a frozen dataclass: `dataclasses.replace`, `fields` and `asdict` work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
_MISSING: Any = object()


class _Field:
    """What a class says of one of its fields."""

    __slots__ = ("compare", "default", "factory", "hash", "repr")

    def __init__(self, default: Any, factory: Any, *, repr: bool, compare: bool, hash: bool | None) -> None:  # noqa: A002
        self.default, self.factory, self.repr, self.compare = default, factory, repr, compare
        self.hash = compare if hash is None else hash


class _Fields:
    """The fields of a class, and what the shared methods need of them."""

    __slots__ = ("by_name", "compared", "defaults", "factories", "hashed", "positional", "shown")

    def __init__(self, by_name: dict[str, _Field], positional: tuple[str, ...]) -> None:
        self.by_name, self.positional = by_name, positional
        self.defaults = {name: one.default for name, one in by_name.items() if one.default is not _MISSING}
        self.factories = {name: one.factory for name, one in by_name.items() if one.factory is not _MISSING}
        self.shown = [name for name, one in by_name.items() if one.repr]
        self.compared = [name for name, one in by_name.items() if one.compare]
        self.hashed = [name for name, one in by_name.items() if one.hash]


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] = _MISSING,
    repr: bool = True,  # noqa: A002  as in dataclasses
    compare: bool = True,
    hash: bool | None = None,  # noqa: A002  likewise
) -> Any:
    """Describe a field, as `dataclasses.field` does."""
    return _Field(default, default_factory, repr=repr, compare=compare, hash=hash)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(*, kw_only: bool = False, init: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen value, as `dataclasses.dataclass(frozen=True)` does.

    Args:
        kw_only: whether its fields are given by name only.
        init: False for a class that has an `__init__` of its own.
    """

    def decorate(cls: type[T]) -> type[T]:
        inherited: _Fields | None = getattr(cls, "__frozen_fields__", None)
        own = {
            name: _take_field(cls, name)
            for name, annotation in cls.__annotations__.items()
            if not str(annotation).startswith("ClassVar")
        }
        positional = (*(inherited.positional if inherited else ()), *(() if kw_only else own))
        fields = _Fields({**(inherited.by_name if inherited else {}), **own}, tuple(dict.fromkeys(positional)))
        made = {**_METHODS, "__frozen_fields__": fields, "__match_args__": fields.positional}
        if init:
            made["__init__"] = _init_of(cls)
        for name, attribute in made.items():
            if name not in cls.__dict__ or (name == "__hash__" and cls.__dict__[name] is None):
                setattr(cls, name, attribute)
        return cls

    return decorate


def replace(value: T, **changes: Any) -> T:
    """Return a value like this one, with other fields."""
    return type(value)(**{**value.__dict__, **changes})


def _take_field(cls: type, name: str) -> _Field:
    given = cls.__dict__.get(name, _MISSING)
    if isinstance(given, _Field):
        delattr(cls, name)
        return given
    return _Field(given, _MISSING, repr=True, compare=True, hash=None)


def _fill(self: Any, *args: Any, **kwargs: Any) -> None:
    fields: _Fields = self.__frozen_fields__
    given = {**dict(zip(fields.positional, args, strict=False)), **kwargs}
    values = {**fields.defaults, **given}
    for name, factory in fields.factories.items():
        if name not in values:
            values[name] = factory()
    if values.keys() != fields.by_name.keys() or len(given) != len(args) + len(kwargs):
        _refuse(type(self), fields, args, kwargs)
    self.__dict__.update(values)
    del args, kwargs, given, values  # they may hold secrets, which error reporters would send with this frame
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _refuse(cls: type, fields: _Fields, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> NoReturn:
    """Say what is wrong with the arguments, as a function would."""
    positional = fields.positional[: len(args)]
    unknown = [name for name in kwargs if name not in fields.by_name]
    required = [name for name in fields.by_name if name not in {**fields.defaults, **fields.factories}]
    missing = [name for name in required if name not in kwargs and name not in positional]
    if unknown:
        problem = f"got an unexpected keyword argument {unknown[0]!r}"
    elif missing:
        problem = f"missing {len(missing)} required arguments: {', '.join(map(repr, missing))}"
    elif len(args) > len(fields.positional):
        problem = f"takes {len(fields.positional)} positional arguments but {len(args)} were given"
    else:
        problem = f"got multiple values for {next(name for name in positional if name in kwargs)!r}"
    msg = f"{cls.__name__}() {problem}"
    raise TypeError(msg)


def _show(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__frozen_fields__.shown)
    return f"{type(self).__qualname__}({shown})"


def _equals(self: Any, other: Any) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    return all(getattr(self, name) == getattr(other, name) for name in self.__frozen_fields__.compared)


def _hash(self: Any) -> int:
    return hash(tuple(getattr(self, name) for name in self.__frozen_fields__.hashed))


def _refuse_to_set(self: Any, name: str, value: Any) -> NoReturn:  # noqa: ARG001  the protocol of __setattr__
    _refuse_change(name, "assign to")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:  # noqa: ARG001  likewise
    _refuse_change(name, "delete")


def _refuse_change(name: str, action: str) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415  only for those who try

    msg = f"cannot {action} field {name!r}"
    raise FrozenInstanceError(msg)


class _DataclassFields:
    """What `dataclasses` reads of a class; made when it is first read."""

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses  # noqa: PLC0415  see the head of this file

        described = []
        for name, one in owner.__frozen_fields__.by_name.items():  # type: ignore[attr-defined]
            options: dict[str, Any] = {"repr": one.repr, "compare": one.compare, "hash": one.hash}
            if one.default is not _MISSING:
                options["default"] = one.default
            if one.factory is not _MISSING:
                options["default_factory"] = one.factory
            described.append((name, Any, dataclasses.field(**options)))
        made: Any = dataclasses.make_dataclass(owner.__name__, described, kw_only=True)
        return made.__dataclass_fields__


def _init_of(cls: type) -> Any:
    """Return the shared `__init__`, as one that shows the parameters of this class."""
    init: Any = FunctionType(_fill.__code__, _fill.__globals__, "__init__")
    init.__wrapped__ = _Parameters(cls)  # where inspect.signature() looks
    return init


class _Parameters:
    """The parameters of a class, made when `inspect.signature` asks."""

    def __init__(self, cls: type) -> None:
        self._cls: Any = cls

    @property
    def __signature__(self) -> Any:
        from inspect import Parameter, Signature  # noqa: PLC0415  see the head of this file

        fields: _Fields = self._cls.__frozen_fields__
        parameters = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
        for name in sorted(fields.by_name, key=lambda name: name not in fields.positional):
            kind = Parameter.POSITIONAL_OR_KEYWORD if name in fields.positional else Parameter.KEYWORD_ONLY
            default = fields.factories.get(name, fields.defaults.get(name, Parameter.empty))
            annotation = next(base.__annotations__[name] for base in self._cls.__mro__ if name in base.__annotations__)
            parameters.append(Parameter(name, kind, default=default, annotation=annotation))
        return Signature(parameters)


_METHODS: dict[str, Any] = {
    "__repr__": _show,
    "__eq__": _equals,
    "__hash__": _hash,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__dataclass_fields__": _DataclassFields(),
}
