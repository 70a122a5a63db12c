"""A Django site for the tests."""

from __future__ import annotations

import atexit
import tempfile
from http.cookies import SimpleCookie
from pathlib import Path
from types import ModuleType
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.test import Client, override_settings
from django.urls import include, path

from .browsers import BASE, Wire

BACKENDS = ["django.contrib.auth.backends.ModelBackend", "requests_oauth2client.django.LoginBackend"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "requests_oauth2client.django.LoginMiddleware",
]
APPS = ["admin", "auth", "contenttypes", "sessions", "messages"]
FOLDER = tempfile.TemporaryDirectory(prefix="django-site-")
atexit.register(FOLDER.cleanup)


def configure() -> None:
    """Set Django up, once in this process, with a database in a file of this process."""
    if settings.configured:
        return
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in APPS), "requests_oauth2client.django"],
        MIDDLEWARE=MIDDLEWARE,
        AUTHENTICATION_BACKENDS=BACKENDS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(FOLDER.name) / "site.db")}},
        ROOT_URLCONF="tests.web.django_site",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",  # another one than the app's
        USE_TZ=True,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


configure()

from requests_oauth2client.django import required, requires  # noqa: E402  needs the apps
from requests_oauth2client.django.logins import Logins, logins  # noqa: E402  needs the apps

urlpatterns: list[Any] = []


def urlconf(*views: Any, prefix: str = "auth/") -> ModuleType:
    """Make a module of routes."""
    module = ModuleType("urls_of_a_site")
    module.urlpatterns = [path(prefix, include("requests_oauth2client.django.urls")), *views]
    return module


def views(api: str) -> list[Any]:
    """Make the pages."""

    @required
    def home(request: Any) -> Any:
        user = request.login.user
        return JsonResponse({"user": user.subject, "claims": dict(user.claims), "acr": user.acr})

    def open_page(request: Any) -> Any:
        return JsonResponse({"user": None if request.login.user is None else request.login.user.subject})

    @required
    def things(request: Any) -> Any:
        return JsonResponse(request.login.api(api).get("things").json())

    @required
    def whoami(request: Any) -> Any:
        return JsonResponse(request.login.api(api).get("me").json())

    def unguarded(request: Any) -> Any:
        return JsonResponse(request.login.api(api).get("things").json())

    @requires(acr_values="urn:mfa", max_age=300)
    def strong(request: Any) -> Any:
        return JsonResponse({"acr": request.login.user.acr})

    @required
    def post(request: HttpRequest) -> Any:
        return JsonResponse({})

    return [
        path("", home),
        path("open", open_page),
        path("things", things),
        path("whoami", whoami),
        path("unguarded", unguarded),
        path("strong", strong),
        path("post", post),
    ]


current: list[Any] = []


def build(
    providers: dict[str, dict[str, Any]], api: str, *, more: Any = (), prefix: str = "auth/", **options: Any
) -> tuple[Logins, Wire]:
    """Have Django serve a site, instead of the one before: its settings are of the whole process."""
    base = options.pop("test_base", BASE)
    settings_of_site: dict[str, Any] = options.pop("settings", {})
    while current:
        current.pop().disable()
    changed = override_settings(
        OAUTH2_LOGINS=providers,
        OAUTH2_LOGINS_OPTIONS=options,
        ROOT_URLCONF=urlconf(*views(api), *more, prefix=prefix),
        **settings_of_site,
    )
    changed.enable()
    current.append(changed)
    return logins(), wire_of(base)


def application(providers: dict[str, dict[str, Any]], api: str, **options: Any) -> tuple[Logins, WSGIHandler]:
    """Make a WSGI application of a site."""
    return build(providers, api, **options)[0], WSGIHandler()


def wire_of(base: str = BASE, **settings_of_client: Any) -> Wire:
    """Make what sends requests to the handlers of Django."""

    def wire(method: str, path: str, headers: dict[str, str], form: Any | None) -> Any:
        client = Client(raise_request_exception=False, **settings_of_client)
        given = dict(headers)
        client.cookies = SimpleCookie(given.pop("Cookie", ""))
        send = client.post if method == "POST" else client.get
        response = send(path, form or {}, headers=given, secure=base.startswith("https:"), SERVER_NAME="app.test")
        cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        return response.status_code, [*response.items(), *cookies], response.content.decode()

    return wire
