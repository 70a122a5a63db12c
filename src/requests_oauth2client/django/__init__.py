"""Log users in to a Django site (the extra "django").

In INSTALLED_APPS: `requests_oauth2client.django`. In MIDDLEWARE, after those of sessions and authentication:
`requests_oauth2client.django.LoginMiddleware`. In AUTHENTICATION_BACKENDS: `requests_oauth2client.django.LoginBackend`.
"""

from __future__ import annotations

from typing import Any

try:
    import django as _django  # noqa: F401  to say what is missing
except ImportError as missing:
    _msg = (
        "requests_oauth2client.django needs the library django, which is not installed: install it with the extra"
        " 'django', that is requests_oauth2client[django]."
    )
    raise ImportError(_msg) from missing

_HOMES = {
    "DjangoStore": "store",
    "LoginBackend": "backend",
    "LoginMiddleware": "middleware",
    "Logins": "logins",
    "required": "views",
    "requires": "views",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is used: Django imports this package before its apps are ready."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


__all__ = ["DjangoStore", "LoginBackend", "LoginMiddleware", "Logins", "required", "requires"]
