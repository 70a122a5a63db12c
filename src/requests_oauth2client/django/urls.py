"""The routes of the logins: `path("auth/", include("requests_oauth2client.django.urls"))`, under any prefix."""

from __future__ import annotations

from django.urls import path

from .views import log_out, route

app_name = "oauth2_logins"
urlpatterns = [
    path("login", route, {"action": "login"}, name="login"),
    path("logout", log_out, name="logout"),
    path("<str:name>/<str:action>", route, name="route"),
]
