"""Functions and names that are loaded when they are first used, so that a program pays for what it uses (decision 2).

A client has some thirty operations, and a program calls a few. `operations` stands for a module of them; what it
hands out, a class keeps in the place of the method until it is first read.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any


class LateFunction:
    """A function that is not loaded yet. As an attribute of a class, it makes way for the function at its first use.

    Args:
        load: loads it.
        source: where it is defined: the module and its name there.
    """

    def __init__(self, load: Callable[[], Any], source: str) -> None:
        self.load = load
        self.source = source
        self._place: tuple[type, str] | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self._place = owner, name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        function = self.load()
        if self._place is not None:
            setattr(*self._place, function)  # from now on the class has a function like any other
        return function.__get__(instance, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.load()(*args, **kwargs)

    @property
    def __signature__(self) -> Any:
        from inspect import signature  # noqa: PLC0415  for those who look at a class without using it

        return signature(self.load())

    def __eq__(self, other: object) -> bool:
        return self is other or (callable(other) and self.load() == other)

    def __hash__(self) -> int:
        return hash(self.source)


class LateClassMethod(LateFunction, classmethod):  # type: ignore[type-arg]
    """The same for a class method, which looks like one before it is loaded, too."""


class operations:  # noqa: N801  reads as what it stands for
    """A module whose attributes are `LateFunction`s.

    Args:
        package: the `__package__` of the caller.
        module: the module, relative to that: `._protocol.grants.device`.
    """

    def __init__(self, package: str | None, module: str) -> None:
        self._load_module: Callable[[], Any] = lambda: import_module(module, package)
        above = len(module) - len(module.lstrip("."))
        self._name = ".".join([*str(package).split(".")[: 1 - above or None], module.lstrip(".")])

    def __getattr__(self, name: str) -> LateFunction:
        return LateFunction(lambda: attrgetter(name)(self._load_module()), f"{self._name}:{name}")


def late_names(module: str, homes: dict[str, str]) -> Callable[[str], Any]:
    """Return a `__getattr__` for a module that shows names of others (PEP 562).

    Args:
        module: the `__name__` of the module.
        homes: other modules, relative to the package of that, and their names in one string each.
    """
    package = module.rpartition(".")[0]
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def load(name: str) -> Any:
        if name not in home_of:
            msg = f"module {module!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module(home_of[name], package), name)

    return load
