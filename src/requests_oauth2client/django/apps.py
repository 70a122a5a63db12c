"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class LoginsConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """The app with the tables for logins and identities."""

    name = "requests_oauth2client.django"
    label = "oauth2_logins"
    verbose_name = "Logins"
    default_auto_field = "django.db.models.BigAutoField"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]
