"""Frozen values are dataclasses to whoever uses them, and to `dataclasses` itself."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, ClassVar

import pytest

from requests_oauth2client._core.frozen import field, frozen, replace


@frozen()
class Point:
    kind: ClassVar[str] = "point"
    x: int
    y: int = 2
    secret: str = field(default="planted", repr=False)
    note: list[str] = field(default_factory=list, compare=False)


@frozen(kw_only=True)
class Named(Point):
    name: str


@frozen(init=False)
class OwnInit(Point):
    def __init__(self, text: str) -> None:
        self.__dict__.update(x=int(text), y=0, secret="", note=[])


def test_fields_are_given_by_place_or_by_name() -> None:
    assert vars(Point(1, y=3)) == {"x": 1, "y": 3, "secret": "planted", "note": []}
    assert Point(1).note is not Point(1).note
    assert vars(Named(1, name="a"))["name"] == "a"


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ((), {}, "missing 1 required arguments: 'x'"),
        ((1,), {"z": 1}, "unexpected keyword argument 'z'"),
        ((1,), {"x": 1}, "multiple values for 'x'"),
        ((1, 2, "", [], 5), {}, "takes 4 positional arguments but 5 were given"),
    ],
)
def test_other_arguments_are_a_type_error(args: tuple[Any, ...], kwargs: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        Point(*args, **kwargs)


def test_a_value_does_not_change() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x


def test_equal_fields_make_equal_values_of_one_class() -> None:
    assert Point(1, note=["a"]) == Point(1, note=["b"])
    assert hash(Point(1, note=["a"])) == hash(Point(1, note=["b"]))
    assert Point(1) != Point(2)
    assert Point(1) != Named(1, name="a")
    assert len({Point(1), Point(1), Point(2)}) == 2


def test_a_secret_field_does_not_show() -> None:
    assert repr(Point(1)) == "Point(x=1, y=2, note=[])"


def test_dataclasses_takes_it_for_one_of_its_own() -> None:
    point = Point(1)
    assert dataclasses.is_dataclass(point)
    assert [one.name for one in dataclasses.fields(point)] == ["x", "y", "secret", "note"]
    assert dataclasses.replace(point, x=5) == replace(point, x=5) == Point(5)
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "secret": "planted", "note": []}


def test_its_signature_is_that_of_its_fields() -> None:
    assert list(inspect.signature(Point).parameters) == ["x", "y", "secret", "note"]
    parameters = inspect.signature(Named).parameters
    assert parameters["y"].default == 2
    assert parameters["name"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["name"].annotation == "str"
    assert list(inspect.signature(OwnInit).parameters) == ["text"]


def test_fields_are_matched_by_place() -> None:
    match Point(1, 3):
        case Point(x, y):
            assert (x, y) == (1, 3)


def test_what_it_has_itself_is_kept() -> None:
    @frozen()
    class Shouting(Point):
        def __repr__(self) -> str:
            return "POINT"

        def __post_init__(self) -> None:
            self.__dict__["x"] = self.x + 1

    assert repr(Shouting(1)) == "POINT"
    assert Shouting(1).x == 2
