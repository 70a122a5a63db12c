"""Settings that make a single check more lenient, or stricter, than the specification: one name for each.

They show in the `repr` of a client wherever they differ from the default, so that they are not overlooked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..exceptions import InvalidParam


class InvalidLeniency(InvalidParam):
    """A setting that makes a check more lenient has a value that it can't have."""


def _strings(name: str, value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else None
    if found is None or not all(isinstance(one, str) and one for one in found):
        msg = f"{name}= is a str or an iterable of str that are not empty, got {value!r}."
        raise InvalidLeniency(msg)
    return found


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        msg = f"{name}= is a number of seconds from 0 on, got {value!r}."
        raise InvalidLeniency(msg)
    return value


def _seconds_or_none(name: str, value: Any) -> float | None:
    return None if value is None else _seconds(name, value)


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"{name}= is True or False, got {value!r}."
        raise InvalidLeniency(msg)
    return value


def _policy(name: str, value: Any) -> Any:
    if value not in (None, "demand", "report") and not callable(value):
        msg = f"{name}= is 'demand', 'report' or a function of the acr and of what was asked for, got {value!r}."
        raise InvalidLeniency(msg)
    return value


READERS: dict[str, Callable[[str, Any], Any]] = {
    "further_issuers": _strings,
    "id_token_leeway": _seconds,
    "trusted_audiences": _strings,
    "authorized_parties": _strings,
    "acr_policy": _policy,
    "refreshed_auth_time_may_change": _boolean,
    "bearer_token_types": _strings,
    "zero_lifetime_is_unlimited": _boolean,
    "logout_token_max_age": _seconds_or_none,
    "compare_callback_address": _boolean,
}
DEFAULTS: dict[str, Any] = {
    "further_issuers": (),
    "id_token_leeway": 0,
    "trusted_audiences": (),
    "authorized_parties": (),
    "acr_policy": None,
    "refreshed_auth_time_may_change": False,
    "bearer_token_types": (),
    "zero_lifetime_is_unlimited": False,
    "logout_token_max_age": 3600,
    "compare_callback_address": False,
}


def read(name: str, value: Any) -> Any:
    """Read one of these settings.

    Raises:
        InvalidLeniency: it has a value that it can't have.
    """
    return READERS[name](name, value)


def shown(settings: Mapping[str, Any]) -> str:
    """Return those that differ from the default, for a `repr`; `allow_unknown_issuer` is one of them."""
    defaults = {**DEFAULTS, "allow_unknown_issuer": False}
    return "".join(f" {name}={settings[name]!r}" for name, default in defaults.items() if settings[name] != default)
