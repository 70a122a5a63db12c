"""Log users in to a Django site (the extra "django").

In INSTALLED_APPS: `requests_oauth2client.django`. In MIDDLEWARE, after those of sessions and authentication:
`requests_oauth2client.django.LoginMiddleware`. In AUTHENTICATION_BACKENDS: `requests_oauth2client.django.LoginBackend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    import django as _django  # noqa: F401  to say what is missing
except ImportError as _missing:
    _msg = (
        "requests_oauth2client.django needs the library django, which is not installed: install it with the extra"
        " 'django', that is requests_oauth2client[django]."
    )
    raise ImportError(_msg) from _missing

if TYPE_CHECKING:
    from .backend import LoginBackend as LoginBackend
    from .logins import Login as Login
    from .logins import Logins as Logins
    from .middleware import LoginMiddleware as LoginMiddleware
    from .store import DjangoStore as DjangoStore
    from .users import NoUser as NoUser
    from .users import user_for as user_for
    from .views import required as required
    from .views import requires as requires
else:
    _HOME_OF = {
        "DjangoStore": "store",
        "Login": "logins",
        "LoginBackend": "backend",
        "LoginMiddleware": "middleware",
        "Logins": "logins",
        "NoUser": "users",
        "required": "views",
        "requires": "views",
        "user_for": "users",
    }

    def __getattr__(name):  # noqa: ANN001, ANN202  hidden from type checkers
        """Load a name when it is used: Django imports this package before its apps are ready."""
        if name not in _HOME_OF:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module  # noqa: PLC0415  nothing is loaded too early

        return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)


__all__ = [
    "DjangoStore",
    "Login",
    "LoginBackend",
    "LoginMiddleware",
    "Logins",
    "NoUser",
    "required",
    "requires",
    "user_for",
]
