"""Django's authentication backend for logins: users by identity, and permissions as in `ModelBackend`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from ..web.records import User
from .users import find_user


class LoginBackend(ModelBackend):
    """Knows users by their login at a provider. It takes no passwords: keep `ModelBackend` beside it for the admin."""

    def authenticate(self, request: HttpRequest | None, login: User | None = None, **_credentials: Any) -> Any:
        """Return the active user of the site with a login, or None."""
        del request  # the login says all
        user = None if login is None else find_user(login)
        return user if user is not None and self.user_can_authenticate(user) else None

    async def aauthenticate(self, request: HttpRequest | None, login: User | None = None, **_credentials: Any) -> Any:
        """Return the same, in an async view."""
        from asgiref.sync import sync_to_async  # noqa: PLC0415  of Django

        return await sync_to_async(self.authenticate)(request, login)


__all__ = ["LoginBackend"]
