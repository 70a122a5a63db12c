"""Numbers that documents mention are those of the code: a setting that changes has to change there too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "requests_oauth2client"
MEBI = 1 << 20


def constant(module: str, name: str) -> Any:
    return getattr(import_module(f"{PACKAGE}.{module}"), name)


def default(module: str, name: str, parameter: str) -> Any:
    return inspect.signature(constant(module, name)).parameters[parameter].default


# Where, the words with {} for the number, and what the number is.
NUMBERS: list[tuple[str, str, Callable[[], Any]]] = [
    ("README.md", "`leeway={}` seconds", lambda: default("auth", "OAuth2ClientCredentialsAuth", "leeway")),
    ("README.md", "(`timeout={}`)", lambda: constant("_api.calls", "DEFAULT_TIMEOUT")),
    ("README.md", "same key of {} random bytes", lambda: constant("serializers", "MIN_KEY_SIZE")),
    ("CHANGELOG.md", "answer ({} seconds, `timeout=`)", lambda: constant("_core.messages", "DEFAULT_TIMEOUT")),
    ("CHANGELOG.md", "({} MiB, `max_response_size=`)",
     lambda: constant("_core.messages", "DEFAULT_MAX_RESPONSE_SIZE") / MEBI),
    ("CHANGELOG.md", "idle for {} seconds", lambda: constant("_drivers.deadlines", "LONGEST_IDLE")),
    ("docs/login.md", "within `timeout={}` seconds", lambda: default("login", "BrowserLogin", "timeout")),
    ("docs/mail-kafka-grpc.md", "librdkafka is told {} minutes", lambda: constant("kafka", "UNKNOWN_LIFETIME") / 60),
    ("docs/profiles.md", "exp {} seconds later", lambda: constant("profiles", "REQUEST_OBJECT_LIFETIME")),
    ("docs/profiles.md", "at most {} minutes after nbf",
     lambda: constant("_profiles.clauses", "LONGEST_REQUEST_OBJECT") / 60),
    ("docs/testing.md", "a response of {} MiB", lambda: constant("testing.misbehavior", "HUGE") / MEBI),
    ("docs/token-lifecycle.md", "({} by default, but at most a quarter",
     lambda: default("auth", "OAuth2AccessTokenAuth", "leeway")),
    ("docs/token-lifecycle.md", "doubled up to {}", lambda: constant("_renewal.flight", "LONGEST_PAUSE")),
    ("docs/token-lifecycle.md", "younger than {} seconds", lambda: constant("_renewal.records", "PENDING_FOR")),
    ("docs/token-lifecycle.md", "checks again for up to {} seconds",
     lambda: sum(constant("_renewal.shared", "PENDING_POLL_DELAYS"))),
    ("docs/token-lifecycle.md", "the next caller waits {} seconds",
     lambda: sum(constant("_renewal.shared", "PENDING_POLL_DELAYS"))),
    ("docs/token-lifecycle.md", "(Redis, after {} seconds", lambda: default("stores", "RedisStore", "lock_lifetime")),
    ("docs/token-lifecycle.md", "by the database's clock | after `lock_lifetime`, {} seconds",
     lambda: default("stores", "SqlStore", "lock_lifetime")),
    ("docs/token-lifecycle.md", "Up to {} access tokens", lambda: constant("_renewal.records", "MAX_OTHERS")),
    ("docs/token-lifecycle.md", "of {} characters together",
     lambda: f"{constant('_renewal.records', 'MAX_OTHERS_SIZE'):,}".replace(",", " ")),
    ("docs/decisions/0009-locks-in-redis.md", "expires after {} seconds",
     lambda: default("stores", "RedisStore", "lock_lifetime")),
    ("docs/decisions/0009-locks-in-redis.md", "again after {} to 250 ms",
     lambda: constant("stores.base", "FIRST_PAUSE") * 1000),
    ("docs/decisions/0009-locks-in-redis.md", "10 to {} ms", lambda: constant("stores.base", "LONGEST_PAUSE") * 1000),
]  # fmt: skip


@pytest.mark.parametrize(("page", "words", "read"), NUMBERS, ids=[f"{page} {words}" for page, words, _ in NUMBERS])
def test_a_number_in_a_document_is_that_of_the_code(page: str, words: str, read: Callable[[], Any]) -> None:
    value = read()
    number = value if isinstance(value, str) else f"{value:g}"
    assert words.format(number) in " ".join((ROOT / page).read_text().split())


def test_a_quarter_and_three_times() -> None:
    """Numbers that stand there as words."""
    text = " ".join((ROOT / "docs/token-lifecycle.md").read_text().split())
    assert constant("_renewal.manager", "MAX_LEEWAY_FRACTION") == 0.25
    assert "at most a quarter of its lifetime" in text
    assert constant("_renewal.flight", "FIRST_PAUSE") == 0.5
    assert "a pause of half a second" in text
    text = " ".join((ROOT / "docs/decisions/0010-retries.md").read_text().split())
    assert constant("retries", "Retries").attempts == 3
    assert "is made up to three times" in text
