"""A misspelled option of a call to an API is refused with a suggestion, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from devkit.flavors import Flavor
from requests_oauth2client import ApiClient, InvalidParam


@pytest.mark.parametrize("method", ["get", "head", "options", "delete", "post", "put", "patch"])
@pytest.mark.parametrize(
    ("given", "meant"), [("tiemout", "timeout"), ("raise_for_staus", "raise_for_status"), ("header", "headers")]
)
def test_a_misspelled_option_is_refused(flavor: Flavor, method: str, given: str, meant: str) -> None:
    api = flavor.keep(flavor.named("ApiClient")("https://api.local"))
    options: dict[str, Any] = {given: 1}
    with pytest.raises((TypeError, InvalidParam), match=f"Did you mean '{meant}'"):
        flavor.run(getattr(api, method)("x", **options))


@pytest.mark.parametrize(
    ("given", "meant"), [("pramas", "params"), ("tiemout", "timeout"), ("raise_for_staus", "raise_for_status")]
)
def test_a_misspelled_option_of_request_is_refused(flavor: Flavor, given: str, meant: str) -> None:
    api = flavor.keep(flavor.named("ApiClient")("https://api.local"))
    options: dict[str, Any] = {given: 1}
    with pytest.raises(InvalidParam, match=f"Did you mean '{meant}'") as refused:
        flavor.run(api.request("GET", "x", **options))
    assert isinstance(refused.value, TypeError)


def test_a_misspelled_argument_of_an_operation_is_refused(flavor: Flavor) -> None:
    client = flavor.client()
    with pytest.raises(InvalidParam, match="Did you mean 'requests_kwargs'"):
        flavor.run(client.userinfo("at", request_kwargs={}))
    with pytest.raises(TypeError, match="unexpected keyword argument 'zzz'"):
        flavor.run(client.userinfo("at", zzz=1))


@pytest.mark.parametrize(
    ("given", "meant"), [("raise_for_staus", "raise_for_status"), ("veryfy", "verify"), ("base_uri", "base_url")]
)
def test_a_misspelled_setting_is_refused(flavor: Flavor, given: str, meant: str) -> None:
    options: dict[str, Any] = {given: False}
    with pytest.raises(InvalidParam, match=f"Did you mean '{meant}'"):
        flavor.named("ApiClient")("https://api.local", **options)
    if not flavor.is_async:
        assert ApiClient("https://api.local", verify=False).session.verify is False
