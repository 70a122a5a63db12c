"""Late functions: nothing is loaded before the first use, and after it the class looks like any other."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from unittest import mock

import pytest

from requests_oauth2client._core.effects import awaitable, blocking
from requests_oauth2client._core.late import late_names, operations

SOURCE = '''
def greet(client, /, name, *, loud=False) -> "Steps[str]":
    """Greet."""
    return f"{name}!" if loud else name
    yield

def plain(self): return self.name
VALUE = 7
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "late_example"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "greeting.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "late_example"
    for name in [name for name in sys.modules if name.startswith("late_example")]:
        del sys.modules[name]


def client_class(package: str) -> type:
    greeting = operations(package, ".greeting")

    class Client:
        name = "client"
        greet = blocking(greeting.greet)
        greet_later = awaitable(greeting.greet)
        plain = greeting.plain

        def _drive(self, steps: Iterator[object]) -> object:
            try:
                next(steps)
            except StopIteration as stop:
                return stop.value
            return None

    return Client


def test_a_module_is_loaded_by_the_first_call_of_its_operations(package: str) -> None:
    client = client_class(package)()
    assert "late_example.greeting" not in sys.modules
    assert client.greet("a", loud=True) == "a!"
    assert client.plain() == "client"
    assert "late_example.greeting" in sys.modules


def test_after_that_the_class_has_a_plain_function(package: str) -> None:
    kind = client_class(package)
    assert isinstance(kind.greet, FunctionType)
    assert vars(kind)["greet"] is kind.greet
    assert kind.greet.__doc__ == "Greet."
    assert str(inspect.signature(kind.greet)) == "(self, /, name, *, loud=False) -> 'str'"
    assert inspect.iscoroutinefunction(kind.greet_later)


def test_who_looks_at_the_class_without_using_it_sees_the_function(package: str) -> None:
    found = inspect.getattr_static(client_class(package), "greet")
    assert str(inspect.signature(found)) == "(self, /, name, *, loud=False) -> 'str'"


def test_a_subclass_overrides_it_and_calls_super(package: str) -> None:
    class Child(client_class(package)):  # type: ignore[misc]
        def greet(self, name: str) -> str:
            return f"<{super().greet(name)}>"

    assert Child().greet("a") == "<a>"


def test_it_can_be_patched_and_mocked(package: str) -> None:
    kind = client_class(package)
    with mock.patch.object(kind, "greet", return_value="mocked"):
        assert kind().greet("a") == "mocked"
    assert kind().greet("a") == "a"
    double = mock.create_autospec(kind)
    with pytest.raises(TypeError):
        double.greet()


def test_outside_a_class_it_is_called_like_the_function(package: str) -> None:
    assert operations(package, ".greeting").plain(mock.Mock()) is not None


def test_a_module_shows_names_of_others(package: str) -> None:
    load = late_names(f"{package}.front", {".greeting": "VALUE greet"})
    assert load("VALUE") == 7
    with pytest.raises(AttributeError, match=r"module 'late_example.front' has no attribute 'value'"):
        load("value")
