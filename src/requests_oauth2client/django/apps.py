"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

MIDDLEWARE = "requests_oauth2client.django.LoginMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


class LoginsConfig(AppConfig):
    """The app with the tables for logins and identities."""

    name = "requests_oauth2client.django"
    label = "oauth2_logins"
    verbose_name = "Logins"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have `@login_required` lead to the first provider, unless the site says where; end logins with Django's."""
        from django.contrib.auth.signals import user_logged_out  # noqa: PLC0415  needs the apps

        from .logins import end_login  # noqa: PLC0415  needs the apps

        if not settings.is_overridden("LOGIN_URL"):
            settings.LOGIN_URL = "oauth2_logins:login"
        user_logged_out.connect(end_login, dispatch_uid="requests_oauth2client.django")
        checks.register(check_middleware)


def check_middleware(**_: object) -> list[checks.CheckMessage]:
    """Check that LoginMiddleware comes after the one that it builds on."""
    names = list(settings.MIDDLEWARE)
    if MIDDLEWARE in names and AUTHENTICATION in names[names.index(MIDDLEWARE) :]:
        msg = f"{MIDDLEWARE} has to come after {AUTHENTICATION} in MIDDLEWARE."
        return [checks.Error(msg, id="oauth2_logins.E001")]
    return []
