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


def test_a_misspelled_setting_is_refused() -> None:
    with pytest.raises(InvalidParam, match="Did you mean 'raise_for_status'"):
        ApiClient("https://api.local", raise_for_staus=False)
    assert ApiClient("https://api.local", verify=False).session.verify is False
