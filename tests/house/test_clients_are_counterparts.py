"""Both clients are made of the same rules: no operation is missing on one, and each says the same."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import requests_oauth2client as package
from devkit import root

ASYNC_NAMES = [name for names in root.homes(root.ASYNC_MODULES).values() for name in names]


def operations(flavor: type[Any]) -> dict[str, Any]:
    """Return the public methods that were made of a rule."""
    made = {name: getattr(flavor, name) for name in dir(flavor) if not name.startswith("_")}
    return {name: method for name, method in made.items() if hasattr(method, "operation")}


@pytest.mark.parametrize("name", ASYNC_NAMES)
def test_an_async_class_has_the_operations_of_its_twin(name: str) -> None:
    ours, counterpart = operations(getattr(package, name)), operations(getattr(package, name.removeprefix("Async")))
    assert ours.keys() == counterpart.keys()
    for method, asynchronous in ours.items():
        assert asynchronous.operation is counterpart[method].operation
        assert inspect.iscoroutinefunction(asynchronous)
        assert not inspect.iscoroutinefunction(counterpart[method])
        assert inspect.signature(asynchronous) == inspect.signature(counterpart[method])
        assert asynchronous.__doc__ == counterpart[method].__doc__


@pytest.mark.parametrize("name", ASYNC_NAMES)
def test_an_async_class_has_the_public_attributes_of_its_twin(name: str) -> None:
    def public(flavor: type[Any]) -> set[str]:
        return {attribute for attribute in dir(flavor) if not attribute.startswith("_")}

    of_the_library = {"aclose", "async_auth_flow", "auth_flow", "requires_request_body", "requires_response_body"}
    of_the_library |= {"sync_auth_flow", "close", "flavor"}
    ours, counterpart = public(getattr(package, name)), public(getattr(package, name.removeprefix("Async")))
    assert ours - of_the_library == counterpart - of_the_library


def test_the_clients_take_the_same_arguments() -> None:
    assert inspect.signature(package.OAuth2Client).parameters.keys() == (
        inspect.signature(package.AsyncOAuth2Client).parameters.keys()
    )
