"""Databases of Django for a store: a place can be passed to another process, and opened there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from . import django_site  # configures Django

from requests_oauth2client.django import DjangoStore  # isort: skip

KEY = b"k" * 32


def settings_of(url: str) -> dict[str, Any]:
    """Return the settings of a database: a file's path, or the URL of a PostgreSQL server."""
    parts = urlsplit(url)
    given: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": url, "HOST": "", "PORT": "", "USER": ""}
    if parts.scheme:
        engine = {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path.strip("/")}
        given |= {**engine, "HOST": parts.hostname, "PORT": str(parts.port), "USER": parts.username}
    test = {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None}
    usual = {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    return {**given, **usual, "OPTIONS": {}, "TIME_ZONE": None, "PASSWORD": "", "TEST": test}


def open_store(url: str, **options: Any) -> DjangoStore:
    """Make a store on a database, whose table is made with the first one."""
    from django.db import connections

    django_site.configure()
    alias = f"at {url}"
    connections.settings.setdefault(alias, settings_of(url))
    return DjangoStore(using=alias, key=KEY, **options)


def migrate(url: str) -> None:
    """Make the table."""
    from django.core.management import call_command

    store = open_store(url)
    call_command("migrate", "oauth2_logins", database=store.using, verbosity=0)


def count(url: str, times: int) -> None:
    """Add to a number, which gets lost where two do so at once."""
    store = open_store(url)
    for _ in range(times):
        with store.lock("number", wait=30) as fence:
            store.put("number", str(int(store.get("number") or b"0") + 1).encode(), fence=fence)
    store.close()
