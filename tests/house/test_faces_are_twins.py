"""Both faces are made of the same rules: no operation is missing on one, and each says the same."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import requests_oauth2client as package
from devkit import root

ASYNC_NAMES = [name for names in root.homes(root.ASYNC_MODULES).values() for name in names]


def operations(face: type[Any]) -> dict[str, Any]:
    """Return the public methods that were made of a rule."""
    made = {name: getattr(face, name) for name in dir(face) if not name.startswith("_")}
    return {name: method for name, method in made.items() if hasattr(method, "__wrapped__")}


@pytest.mark.parametrize("name", ASYNC_NAMES)
def test_an_async_class_has_the_operations_of_its_twin(name: str) -> None:
    ours, twin = operations(getattr(package, name)), operations(getattr(package, name.removeprefix("Async")))
    assert ours.keys() == twin.keys()
    for method, asynchronous in ours.items():
        assert asynchronous.__wrapped__ is twin[method].__wrapped__
        assert inspect.iscoroutinefunction(asynchronous)
        assert not inspect.iscoroutinefunction(twin[method])
        assert inspect.signature(asynchronous) == inspect.signature(twin[method])
        assert asynchronous.__doc__ == twin[method].__doc__


@pytest.mark.parametrize("name", ASYNC_NAMES)
def test_an_async_class_has_the_public_attributes_of_its_twin(name: str) -> None:
    def public(face: type[Any]) -> set[str]:
        return {attribute for attribute in dir(face) if not attribute.startswith("_")}

    of_the_library = {"aclose", "async_auth_flow", "auth_flow", "requires_request_body", "requires_response_body"}
    of_the_library |= {"sync_auth_flow", "close", "face"}
    ours, twin = public(getattr(package, name)), public(getattr(package, name.removeprefix("Async")))
    assert ours - of_the_library == twin - of_the_library


def test_the_clients_take_the_same_arguments() -> None:
    assert inspect.signature(package.OAuth2Client).parameters.keys() == (
        inspect.signature(package.AsyncOAuth2Client).parameters.keys()
    )
